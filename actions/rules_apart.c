/* rules_apart.c - the asking half of the octet call "rules" (rules_apart.h): questions gathered, packed, and asked at once. */
#include "actions/rules_apart.h"

#include "actions/rules_parts.h"
#include "actions/url_rewrite_parts.h"
#include "base/os.h"

#include <stdlib.h>
#include <string.h>

struct sg_rules *sg_rules_new(void)
{
	return sg_alloc(sizeof(struct sg_rules));
}

static void drop_questions(struct sg_rules *rules)
{
	for (size_t i = 0; i < rules->n_compared; i++)
		free(rules->compared[i].folder);
	rules->n_judged = rules->n_compared = 0;
}

void sg_rules_free(struct sg_rules *rules)
{
	if (!rules)
		return;
	drop_questions(rules);
	for (size_t i = 0; i < rules->n_pieces; i++)
		free(rules->pieces[i].folder);
	for (size_t i = 0; i < rules->n_chains; i++)
		free(rules->chains[i].at);
	free(rules->pieces);
	free(rules->chains);
	free(rules->judged);
	free(rules->compared);
	free(rules);
}

void sg_rules_equals_release(struct sg_rules_equals *equals)
{
	free(equals->at);
	*equals = (struct sg_rules_equals){ 0 };
}

/* --- gathering */

/* The same element may stand for several URLs; where it counts as written in the same folder it is one piece. */
static size_t piece_of(struct sg_rules *rules, const struct sg_iis_met *met)
{
	char *folder = sg_ur_folder(met->url);
	struct sg_rules_piece *p;
	size_t i = 0;

	while (i < rules->n_pieces &&
	        (rules->pieces[i].cfg != met->cfg || rules->pieces[i].node != met->node ||
	                strcmp(rules->pieces[i].folder, folder) != 0))
		i++;
	if (i < rules->n_pieces) {
		free(folder);
		return i;
	}
	rules->pieces = sg_grow(rules->pieces, rules->n_pieces, &rules->cap_pieces, sizeof(*rules->pieces));
	p = &rules->pieces[rules->n_pieces++];
	*p = (struct sg_rules_piece){ met->container, met->cfg, met->node, folder };
	return i;
}

/* Takes `chain`, or finds it among those that are there. */
static size_t chain_of(struct sg_rules *rules, struct sg_rules_chain *chain)
{
	for (size_t i = 0; i < rules->n_chains; i++)
		if (rules->chains[i].n == chain->n && (!chain->n || !memcmp(rules->chains[i].at, chain->at,
		                                                            chain->n * sizeof(*chain->at)))) {
			free(chain->at);
			return i;
		}
	rules->chains = sg_grow(rules->chains, rules->n_chains, &rules->cap_chains, sizeof(*rules->chains));
	rules->chains[rules->n_chains] = *chain;
	return rules->n_chains++;
}

int sg_rules_chain(struct sg_rules *rules, struct sg_iis_files *files, const struct sg_iis_site *site,
        const char *url, size_t *ret, struct sg_err *err)
{
	static const char *const sections[] = { "system.webServer/rewrite/rewriteMaps",
		"system.webServer/rewrite/globalRules", "system.webServer/rewrite/rules",
		"system.webServer/rewrite/outboundRules" };
	struct sg_rules_chain chain = { 0 };
	int r = 0;

	for (size_t s = 0; !r && s < sizeof(sections) / sizeof(*sections); s++) {
		struct sg_iis_effective e = { 0 };

		sg_iis_effective(files, sections[s], site, url, &e);
		if (e.broken)
			r = sg_fail(err, SG_EPARSE, "%s", e.broken);
		for (size_t i = 0; !r && i < e.n; i++) {
			chain.at = sg_grow(chain.at, chain.n, &chain.cap, sizeof(*chain.at));
			chain.at[chain.n++] = piece_of(rules, &e.at[i]);
		}
		sg_iis_effective_release(&e);
	}
	if (r)
		free(chain.at);
	else
		*ret = chain_of(rules, &chain);
	return r;
}

void sg_rules_judge(
        struct sg_rules *rules, size_t chain, const struct sg_test *test, struct sg_judgement *ret)
{
	rules->judged = sg_grow(rules->judged, rules->n_judged, &rules->cap_judged, sizeof(*rules->judged));
	rules->judged[rules->n_judged++] = (struct sg_rules_judged){ chain, test, ret };
}

void sg_rules_compare(struct sg_rules *rules, size_t chain, const struct sg_ur *ur, const char *folder,
        struct sg_rules_equals *ret)
{
	if (!rules->chains[chain].n)
		return;
	rules->compared =
	        sg_grow(rules->compared, rules->n_compared, &rules->cap_compared, sizeof(*rules->compared));
	rules->compared[rules->n_compared++] =
	        (struct sg_rules_compared){ chain, ur, sg_strdup(folder), ret };
}

/* --- the request */

static void put_pieces(const struct sg_rules *rules, struct sg_val *into)
{
	struct sg_val *pieces = sg_val_set(into, "pieces", sg_val_array()),
	              *chains = sg_val_set(into, "chains", sg_val_array());

	for (size_t i = 0; i < rules->n_pieces; i++) {
		const struct sg_rules_piece *p = &rules->pieces[i];
		const struct sg_cfg_node *node = &p->cfg->nodes[p->node];
		struct sg_val *v = sg_val_push(pieces, sg_val_map());

		sg_val_set_bin(v, "octets", p->cfg->octets.data + node->at, node->end - node->at);
		sg_val_set_bin(v, "folder", p->folder, strlen(p->folder));
	}
	for (size_t i = 0; i < rules->n_chains; i++) {
		struct sg_val *v = sg_val_push(chains, sg_val_array());

		for (size_t k = 0; k < rules->chains[i].n; k++)
			sg_val_push(v, sg_val_int((int64_t)rules->chains[i].at[k]));
	}
}

static void put_test(const struct sg_rules_judged *j, struct sg_val *v)
{
	const struct sg_test *test = j->test;
	struct sg_val *headers = sg_val_set(v, "headers", sg_val_array());

	sg_val_set_int(v, "chain", (int64_t)j->chain);
	sg_val_set_int(v, "kind", test->kind);
	sg_val_set_str(v, "method", test->method);
	sg_val_set_str(v, "uri", test->uri);
	for (size_t i = 0; i < test->n_headers; i++) {
		struct sg_val *header = sg_val_push(headers, sg_val_map());

		sg_val_set_str(header, "name", test->headers[i].name);
		sg_val_set_str(header, "value", test->headers[i].value);
	}
	sg_val_set_str(v, "type", test->type);
	sg_val_set_str(v, "header", test->header);
	sg_val_set_str(v, "is", test->is);
	sg_val_set_str(v, "becomes", test->becomes);
}

static void put_ours(const struct sg_rules_compared *c, struct sg_val *v)
{
	struct sg_val *items = sg_val_set(v, "items", sg_val_array());

	sg_val_set_int(v, "chain", (int64_t)c->chain);
	sg_val_set_bin(v, "ours", c->ur->rewrite.data, c->ur->rewrite.len);
	sg_val_set_bin(v, "folder", c->folder, strlen(c->folder));
	for (size_t i = 0; i < c->ur->n; i++) {
		struct sg_val *item = sg_val_push(items, sg_val_map());

		sg_val_set_int(item, "section", c->ur->items[i].section);
		sg_val_set_str(item, "name", c->ur->items[i].pre ? "" : c->ur->items[i].name);
	}
}

static void pack_request(const struct sg_rules *rules, struct sg_buf *out)
{
	struct sg_val *request = sg_val_map(), *list;

	put_pieces(rules, request);
	list = sg_val_set(request, "judge", sg_val_array());
	for (size_t i = 0; i < rules->n_judged; i++)
		put_test(&rules->judged[i], sg_val_push(list, sg_val_map()));
	list = sg_val_set(request, "same", sg_val_array());
	for (size_t i = 0; i < rules->n_compared; i++)
		put_ours(&rules->compared[i], sg_val_push(list, sg_val_map()));
	sg_pack(request, out);
	sg_val_free(request);
}

/* --- asking */

static int ask_here(struct sg_bytes request, struct sg_val **ret, struct sg_err *err)
{
	struct sg_buf reply = { 0 };
	int r = sg_rules_job(request, &reply)
	                ? sg_fail(err, SG_EIO, "the questions about rules are too large")
	                : sg_unpack(sg_buf_bytes(&reply), &sg_rules_limits, ret, err);

	sg_buf_release(&reply);
	return r;
}

/* A section that hangs its worker is in many mitigations' proofs: for a minute after one that took all its time, the next ones get a tenth of it. That is
 * still many times what they need, and the change lane goes on. */
static int64_t hurried_until; /* monotonic ms */

static int ask_worker(struct sg_bytes request, struct sg_val **ret, struct sg_err *err)
{
	struct sg_clock before = { 0 }, after = { 0 };
	int64_t may_take = SG_ACTION_WORKER_MS;
	int r;

	sg_os_clock(&before);
	if (before.mono < hurried_until)
		may_take /= 10;
	r = sg_action_ask(SG_JOB_RULES, "the rules", request, may_take, ret, err);
	sg_os_clock(&after);
	if (r && after.mono - before.mono >= may_take)
		hurried_until = after.mono + SG_MINUTE;
	return r;
}

void sg_rules_forget(void)
{
	hurried_until = 0;
	sg_rules_forget_answers();
}

/* Asks, believes, and remembers what could be believed. */
static int ask(const struct sg_rules *rules, struct sg_judgement *ret_fates,
        struct sg_rules_equals *ret_equals, struct sg_err *err)
{
	struct sg_buf request = { 0 }, reply = { 0 };
	struct sg_val *answer = NULL;
	struct sg_hash hash = { 0 };
	bool apart = sg_actions_are_apart(), known = false;
	int r;

	pack_request(rules, &request);
	if (apart) {
		hash = sg_sha256(sg_buf_bytes(&request));
		known = sg_rules_remembered(&hash, &reply);
	}
	if (known)
		r = sg_unpack(sg_buf_bytes(&reply), &sg_rules_limits, &answer, err);
	else if (apart)
		r = ask_worker(sg_buf_bytes(&request), &answer, err);
	else
		r = ask_here(sg_buf_bytes(&request), &answer, err);
	if (!r)
		r = sg_action_refusal(answer, err);
	if (!r)
		r = sg_rules_believe(rules, answer, ret_fates, ret_equals, err);
	if (!r && apart && !known) {
		sg_pack(answer, &reply);
		sg_rules_remember(&hash, sg_buf_bytes(&reply));
	}
	sg_val_free(answer);
	sg_buf_release(&request);
	sg_buf_release(&reply);
	return r ? SG_EIO : 0;
}

static void settle(struct sg_judgement *ret, struct sg_judgement *said, const char *why)
{
	ret->fate = why ? SG_FATE_UNKNOWN : said->fate;
	ret->text = why ? sg_format("not known: %s", why) : said->text;
	if (why)
		free(said->text);
	said->text = NULL;
	if (ret->fate == SG_FATE_REFUSED || ret->fate == SG_FATE_BECOMES) {
		free(ret->defeat);
		ret->defeat = NULL;
	}
}

int sg_rules_answer(struct sg_rules *rules, struct sg_err *err)
{
	struct sg_judgement *fates = sg_alloc((rules->n_judged + 1) * sizeof(*fates));
	struct sg_rules_equals *equals = sg_alloc((rules->n_compared + 1) * sizeof(*equals));
	struct sg_err why = SG_ERR_INIT;
	int r = 0;

	if (rules->n_judged || rules->n_compared)
		r = ask(rules, fates, equals, &why);
	for (size_t i = 0; i < rules->n_judged; i++)
		settle(rules->judged[i].ret, &fates[i], r ? why.msg : NULL);
	for (size_t i = 0; i < rules->n_compared; i++) {
		if (!r)
			*rules->compared[i].ret = equals[i];
		else
			sg_rules_equals_release(&equals[i]);
	}
	if (r)
		sg_fail(err, r, "%s", why.msg);
	drop_questions(rules);
	free(fates);
	free(equals);
	return r;
}
