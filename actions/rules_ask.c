/* rules_ask.c - the questions of the octet call "rules" asked: of the memory, of a worker, of this thread where nobody is apart; and who ended a worker.
 *
 * Guarantees that each question gets an answer or the reason why there is none, and that asking ends: a worker takes what apart_time.c allows, and at most
 * ASKS of them are asked for one call.
 */
#include "actions/rules_apart.h"

#include "actions/rules_parts.h"
#include "base/os.h"

#include <stdlib.h>
#include <string.h>

enum { ASKS = 64 };

/* One call of sg_rules_answer(). */
struct asking {
	const struct sg_rules *rules;
	size_t left; /* of ASKS */
	bool any;    /* a chain was answered */
	struct sg_err why;
};

/* --- one request */

static int ask_here(struct sg_bytes request, struct sg_val **ret, struct sg_err *err)
{
	struct sg_buf reply = { 0 };
	int r = sg_rules_job(request, &reply)
	                ? sg_fail(err, SG_EIO, "the questions about rules are too large")
	                : sg_unpack(sg_buf_bytes(&reply), &sg_rules_limits, ret, err);

	sg_buf_release(&reply);
	return r;
}

/* Asks, believes, and remembers what could be believed. *ret_guilty: it is the octets' fault that there is no answer. */
static int ask(const struct sg_rules *rules, struct sg_judgement *ret_fates,
        struct sg_rules_equals *ret_equals, bool *ret_guilty, struct sg_err *err)
{
	struct sg_buf request = { 0 }, reply = { 0 };
	struct sg_val *answer = NULL;
	struct sg_hash hash = { 0 };
	bool apart = sg_actions_are_apart(), known = false;
	int r;

	*ret_guilty = false;
	sg_rules_pack(rules, &request);
	if (apart) {
		hash = sg_sha256(sg_buf_bytes(&request));
		known = sg_rules_remembered(&hash, &reply);
	}
	if (known)
		r = sg_unpack(sg_buf_bytes(&reply), &sg_rules_limits, &answer, err);
	else if (apart)
		r = sg_action_ask(SG_ACTION_RULES, SG_FOR_TELLING, "the rules", sg_buf_bytes(&request),
		        &answer, ret_guilty, err);
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

/* --- the questions about some chains */

/* A copy of what concerns these chains and nothing else, numbered anew; folders and what is written to are the whole's. */
static void take_part(const struct sg_rules *all, const size_t *chains, size_t n_chains, struct sg_rules *ret)
{
	size_t *of_piece = sg_alloc((all->n_pieces + 1) * sizeof(*of_piece)),
	       *of_chain =
	               sg_alloc((all->n_chains + 1) * sizeof(*of_chain)); /* new number + 1; 0: not here */

	*ret = (struct sg_rules){
		.pieces = sg_alloc((all->n_pieces + 1) * sizeof(*ret->pieces)),
		.chains = sg_alloc((n_chains + 1) * sizeof(*ret->chains)),
		.judged = sg_alloc((all->n_judged + 1) * sizeof(*ret->judged)),
		.compared = sg_alloc((all->n_compared + 1) * sizeof(*ret->compared)),
	};
	for (size_t i = 0; i < n_chains; i++) {
		const struct sg_rules_chain *from = &all->chains[chains[i]];
		struct sg_rules_chain *to = &ret->chains[ret->n_chains];

		of_chain[chains[i]] = ++ret->n_chains;
		to->at = sg_alloc((from->n + 1) * sizeof(*to->at));
		for (size_t k = 0; k < from->n; k++) {
			size_t *number = &of_piece[from->at[k]];

			if (!*number) {
				ret->pieces[ret->n_pieces] = all->pieces[from->at[k]];
				*number = ++ret->n_pieces;
			}
			to->at[to->n++] = *number - 1;
		}
	}
	for (size_t i = 0; i < all->n_judged; i++)
		if (of_chain[all->judged[i].chain]) {
			ret->judged[ret->n_judged] = all->judged[i];
			ret->judged[ret->n_judged++].chain = of_chain[all->judged[i].chain] - 1;
		}
	for (size_t i = 0; i < all->n_compared; i++)
		if (of_chain[all->compared[i].chain]) {
			ret->compared[ret->n_compared] = all->compared[i];
			ret->compared[ret->n_compared++].chain = of_chain[all->compared[i].chain] - 1;
		}
	free(of_piece);
	free(of_chain);
}

static void release_part(struct sg_rules *part)
{
	for (size_t i = 0; i < part->n_chains; i++)
		free(part->chains[i].at);
	free(part->pieces);
	free(part->chains);
	free(part->judged);
	free(part->compared);
}

static void settle_judged(struct sg_judgement *ret, struct sg_judgement *said, const char *why)
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

/* Hands out what was said of the part, or why nothing was. Takes over what is in both. */
static void settle(const struct sg_rules *part, struct sg_judgement *fates, struct sg_rules_equals *equals,
        const char *why)
{
	for (size_t i = 0; i < part->n_judged; i++)
		settle_judged(part->judged[i].ret, &fates[i], why);
	for (size_t i = 0; i < part->n_compared; i++) {
		if (!why)
			*part->compared[i].ret = equals[i];
		else
			sg_rules_equals_release(&equals[i]);
	}
}

/* --- who it was */

/* The files of a chain, each once, as a sentence's end. */
static char *files_of(const struct sg_rules *rules, const struct sg_rules_chain *chain)
{
	struct sg_buf text = { 0 };
	const char *last = "";

	for (size_t i = 0; i < chain->n; i++) {
		const char *file = rules->pieces[chain->at[i]].container;

		if (strcmp(file, last) != 0)
			sg_buf_fmt(&text, "%s%s", text.len ? ", " : "", file);
		last = file;
	}
	return text.len ? sg_buf_detach(&text) : sg_strdup("no section");
}

static void accuse(struct asking *a, size_t chain, const struct sg_err *why, struct sg_err *ret)
{
	const struct sg_rules_chain *c = &a->rules->chains[chain];
	char *files = files_of(a->rules, c);
	struct sg_clock now = { 0 };

	sg_os_clock(&now);
	sg_fail(ret, SG_EIO, "%s (with %s)", why->msg, files);
	if (c->n)
		sg_rules_suspect(a->rules, c, now.mono, ret->msg);
	free(files);
}

/* Halves what gets no answer together: few workers where few chains are in the way. Depth: the logarithm of n. */
static void answer(struct asking *a, const size_t *chains, size_t n, const char *known_why)
{
	struct sg_err why = SG_ERR_INIT, said = SG_ERR_INIT;
	struct sg_judgement *fates;
	struct sg_rules_equals *equals;
	struct sg_rules part;
	bool guilty = false;
	int r = 0;

	if (!n)
		return;
	take_part(a->rules, chains, n, &part);
	fates = sg_alloc((part.n_judged + 1) * sizeof(*fates));
	equals = sg_alloc((part.n_compared + 1) * sizeof(*equals));
	if (known_why) {
		r = sg_fail(&said, SG_EIO, "%s", known_why);
	} else if (!a->left) {
		r = sg_fail(&said, SG_EIO, "the rules: not asked: %d workers gave no answer or a part of one",
		        ASKS);
	} else {
		a->left--;
		r = ask(&part, fates, equals, &guilty, &why);
		if (r && guilty && n == 1)
			accuse(a, chains[0], &why, &said);
		else if (r)
			sg_fail(&said, r, "%s", why.msg);
	}
	if (r && guilty && n > 1) {
		for (size_t i = 0; i < part.n_judged; i++)
			sg_judgement_release(&fates[i]);
		for (size_t i = 0; i < part.n_compared; i++)
			sg_rules_equals_release(&equals[i]);
		answer(a, chains, n / 2, NULL);
		answer(a, chains + n / 2, n - n / 2, NULL);
	} else {
		settle(&part, fates, equals, r ? said.msg : NULL);
		a->any = a->any || !r;
		if (r)
			sg_fail(&a->why, r, "%s", said.msg);
	}
	release_part(&part);
	free(fates);
	free(equals);
}

int sg_rules_answer(struct sg_rules *rules, struct sg_err *err)
{
	struct asking a = { .rules = rules, .left = ASKS, .why = SG_ERR_INIT };
	size_t *together = sg_alloc((rules->n_chains + 1) * sizeof(*together)),
	       *alone = sg_alloc((rules->n_chains + 1) * sizeof(*alone)), n_together = 0, n_alone = 0;
	bool *used = sg_alloc(rules->n_chains + 1);
	struct sg_clock now = { 0 };
	bool failed;

	sg_os_clock(&now);
	for (size_t i = 0; i < rules->n_judged; i++)
		used[rules->judged[i].chain] = true;
	for (size_t i = 0; i < rules->n_compared; i++)
		used[rules->compared[i].chain] = true;
	for (size_t i = 0; i < rules->n_chains; i++) {
		bool same = false;
		const struct sg_rules_suspect *s =
		        used[i] ? sg_rules_suspected(rules, &rules->chains[i], now.mono, &same) : NULL;

		if (s && same && now.mono < s->until)
			answer(&a, &i, 1, s->why);
		else if (s)
			alone[n_alone++] = i;
		else if (used[i])
			together[n_together++] = i;
	}
	answer(&a, together, n_together, NULL);
	for (size_t i = 0; i < n_alone; i++)
		answer(&a, &alone[i], 1, NULL);
	failed = a.why.code && !a.any;
	if (failed)
		sg_fail(err, SG_EIO, "%s", a.why.msg);
	sg_rules_drop_questions(rules);
	free(together);
	free(alone);
	free(used);
	return failed ? SG_EIO : 0;
}

void sg_rules_forget(void)
{
	sg_action_lost_forget();
	sg_rules_suspect_nobody();
	sg_rules_forget_answers();
}
