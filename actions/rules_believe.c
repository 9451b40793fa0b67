/* rules_believe.c - what is believed of an answer about rules: what such questions can have as answers, and names of elements that are there. Judges no rule. */
#include "actions/iis_parts.h"
#include "actions/rules_apart.h"
#include "actions/rules_parts.h"
#include "actions/url_rewrite_parts.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

static int lies(const char *what, struct sg_err *err)
{
	return sg_fail(err, SG_EIO, "the answer about rules is none to what was asked: %s", what);
}

static const struct sg_val *list_of(const struct sg_val *v, size_t n)
{
	return v && v->type == SG_VAL_ARRAY && v->n == n ? v : NULL;
}

/* The piece's number, if it is one of the chain's. */
static bool piece_in(const struct sg_rules *rules, size_t chain, const struct sg_val *answer,
        const struct sg_rules_piece **ret)
{
	const struct sg_rules_chain *c = &rules->chains[chain];
	int64_t piece = sg_val_get_int(answer, "piece", -1);

	for (size_t i = 0; i < c->n; i++)
		if ((int64_t)c->at[i] == piece) {
			*ret = &rules->pieces[piece];
			return true;
		}
	return false;
}

static bool can_be(enum sg_test_kind kind, int64_t fate)
{
	switch (fate) {
	case SG_FATE_UNKNOWN: return true;
	case SG_FATE_SERVED:
	case SG_FATE_REFUSED:
	case SG_FATE_OTHER: return kind != SG_TEST_RESPONSE;
	case SG_FATE_BECOMES:
	case SG_FATE_DIFFERS: return kind == SG_TEST_RESPONSE;
	default: return false;
	}
}

static int believe_fate(const struct sg_rules *rules, const struct sg_rules_judged *j,
        const struct sg_val *answer, struct sg_judgement *ret, struct sg_err *err)
{
	int64_t fate = sg_val_get_int(answer, "fate", -1);
	const char *text = sg_val_get_str(answer, "text", "");
	const struct sg_rules_piece *piece = NULL;
	struct sg_buf safe = { 0 };

	if (!can_be(j->test->kind, fate))
		return lies("a fate that such a test cannot have", err);
	if (!*text || strlen(text) > SG_RULES_TEXT)
		return lies("a text of another length", err);
	if (sg_val_get_int(answer, "piece", 0) != -1 &&
	        (fate != SG_FATE_UNKNOWN || !piece_in(rules, j->chain, answer, &piece)))
		return lies("a section that does not count there", err);
	sg_text_safe(text, &safe);
	ret->fate = (enum sg_fate)fate;
	ret->text = piece ? sg_format("not known: %s:%u: %s", piece->container,
	                            piece->cfg->nodes[piece->node].line, (const char *)safe.data)
	                  : sg_strdup((const char *)safe.data);
	sg_buf_release(&safe);
	return 0;
}

/* The last rule of that name: an earlier one was removed in between, or IIS would refuse the section. */
static uint32_t rule_named(const struct sg_rules_piece *piece, const char *name)
{
	uint32_t found = SG_NO_NODE;

	for (uint32_t kid = sg_cfg_first_element(piece->cfg, piece->node); kid != SG_NO_NODE;
	        kid = sg_cfg_next_element(piece->cfg, kid)) {
		const char *is =
		        sg_cfg_is(piece->cfg, kid, "rule") ? sg_cfg_attr(piece->cfg, kid, "name") : NULL;

		if (is && sg_same(is, name))
			found = kid;
	}
	return found;
}

static int believe_equal(const struct sg_rules *rules, const struct sg_rules_compared *c, size_t item,
        const struct sg_val *answer, struct sg_rules_equals *ret, struct sg_err *err)
{
	const struct sg_rules_piece *piece = NULL;
	uint32_t rule = SG_NO_NODE;

	if (!piece_in(rules, c->chain, answer, &piece) ||
	        !sg_cfg_is(piece->cfg, piece->node, sg_ur_section_names[c->ur->items[item].section]))
		return lies("a section that does not count there", err);
	rule = rule_named(piece, sg_val_get_str(answer, "name", ""));
	if (rule == SG_NO_NODE)
		return lies("a rule that is not there", err);
	ret->at = sg_grow(ret->at, ret->n, &ret->cap, sizeof(*ret->at));
	ret->at[ret->n++] = (struct sg_rules_equal){ item, piece->container, piece->cfg, piece->node, rule };
	return 0;
}

static int believe_equals(const struct sg_rules *rules, const struct sg_rules_compared *c,
        const struct sg_val *answer, struct sg_rules_equals *ret, struct sg_err *err)
{
	int r = list_of(answer, c->ur->n) ? 0 : lies("the number of rules of ours", err);

	for (size_t i = 0; !r && i < c->ur->n; i++) {
		const struct sg_val *equals = answer->kid[i];

		if (equals->type != SG_VAL_ARRAY)
			r = lies("something else than rules", err);
		else if (equals->n > SG_RULES_EQUALS)
			r = lies("more rules than are asked for", err);
		for (size_t k = 0; !r && k < equals->n; k++)
			r = believe_equal(rules, c, i, equals->kid[k], ret, err);
	}
	return r;
}

int sg_rules_believe(const struct sg_rules *rules, const struct sg_val *answer,
        struct sg_judgement *ret_fates, struct sg_rules_equals *ret_equals, struct sg_err *err)
{
	const struct sg_val *fates = list_of(sg_val_get(answer, "judge"), rules->n_judged),
	                    *same = list_of(sg_val_get(answer, "same"), rules->n_compared);
	int r = fates && same ? 0 : lies("the number of questions", err);

	for (size_t i = 0; !r && i < rules->n_judged; i++)
		r = believe_fate(rules, &rules->judged[i], fates->kid[i], &ret_fates[i], err);
	for (size_t i = 0; !r && i < rules->n_compared; i++)
		r = believe_equals(rules, &rules->compared[i], same->kid[i], &ret_equals[i], err);
	return r;
}
