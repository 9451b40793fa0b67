/* rules_apart.c - the questions of the octet call "rules" (rules_apart.h): gathered and packed. rules_ask.c asks them. */
#include "actions/rules_apart.h"

#include "actions/rules_parts.h"
#include "actions/url_rewrite_parts.h"

#include <stdlib.h>
#include <string.h>

struct sg_rules *sg_rules_new(void)
{
	return sg_alloc(sizeof(struct sg_rules));
}

void sg_rules_drop_questions(struct sg_rules *rules)
{
	for (size_t i = 0; i < rules->n_compared; i++)
		free(rules->compared[i].folder);
	rules->n_judged = rules->n_compared = 0;
}

void sg_rules_free(struct sg_rules *rules)
{
	if (!rules)
		return;
	sg_rules_drop_questions(rules);
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

void sg_rules_pack(const struct sg_rules *rules, struct sg_buf *out)
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
