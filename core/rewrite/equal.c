/* equal.c - whether two rules do the same. Errs towards "not certain": what is not compared part by part is different. */
#include "rewrite/rules.h"
#include "base/text.h"
#include <string.h>

/* Does any part of the rule use what its pattern captures (which 'R') or its conditions capture (which 'C')? */
static bool uses(const struct sg_rw_rule *rule, char which)
{
	bool does = sg_rw_template_has(rule->value, which);

	for (size_t i = 0; i < rule->conditions.n; i++)
		does = does || sg_rw_template_has(rule->conditions.at[i].input, which);
	for (size_t i = 0; i < rule->n_set; i++)
		does = does || sg_rw_template_has(rule->set[i].value, which);
	return does;
}

/* Matches every text that there is. */
static bool is_all(const struct sg_rw_pattern *p)
{
	if (p->syntax == SG_RW_WILDCARD)
		return !strcmp(p->text, "*");
	return p->syntax == SG_RW_ECMASCRIPT &&
	       (!strcmp(p->text, ".*") || !strcmp(p->text, "(.*)") || !*p->text);
}

static bool same_pattern(const struct sg_rw_pattern *a, const struct sg_rw_pattern *b, bool captures_count)
{
	if (a->negate != b->negate)
		return false;
	if (!captures_count && is_all(a) && is_all(b))
		return true;
	return a->syntax == b->syntax && a->ignore_case == b->ignore_case && !strcmp(a->text, b->text);
}

static bool same_conditions(
        const struct sg_rw_conditions *a, const struct sg_rw_conditions *b, bool captures_count)
{
	if (a->n != b->n)
		return false;
	if (a->n > 1 && (a->any != b->any || (captures_count && a->track_all != b->track_all)))
		return false;
	for (size_t i = 0; i < a->n; i++) {
		const struct sg_rw_condition *x = &a->at[i], *y = &b->at[i];
		if (x->type != y->type || strcmp(x->input, y->input) ||
		        x->pattern.negate != y->pattern.negate)
			return false;
		if (x->type == SG_RW_PATTERN && !same_pattern(&x->pattern, &y->pattern, captures_count))
			return false;
	}
	return true;
}

static bool same_sets(const struct sg_rw_rule *a, const struct sg_rw_rule *b)
{
	if (a->n_set != b->n_set)
		return false;
	for (size_t i = 0; i < a->n_set; i++)
		if (!sg_same(a->set[i].name, b->set[i].name) || strcmp(a->set[i].value, b->set[i].value) ||
		        a->set[i].replace != b->set[i].replace)
			return false;
	return true;
}

static bool forbids(const struct sg_rw_rule *rule)
{
	return rule->action == SG_RW_ABORT || (rule->action == SG_RW_RESPOND && rule->status == 403);
}

static bool ends(const struct sg_rw_rule *rule)
{
	return rule->action == SG_RW_ABORT || rule->action == SG_RW_RESPOND || rule->action == SG_RW_REDIRECT;
}

static bool same_action(const struct sg_rw_rule *a, const struct sg_rw_rule *b)
{
	if (forbids(a) && forbids(b))
		return true;
	if (a->action != b->action || (!ends(a) && a->stop != b->stop))
		return false;
	switch (a->action) {
	case SG_RW_DO_NOTHING:
	case SG_RW_ABORT: break;
	case SG_RW_RESPOND: return a->status == b->status && a->substatus == b->substatus;
	case SG_RW_REDIRECT:
		return a->status == b->status && a->append_query == b->append_query &&
		       sg_str_equal(a->value, b->value);
	case SG_RW_REWRITE:
		if (a->append_query != b->append_query || a->replace != b->replace ||
		        !sg_str_equal(a->value, b->value))
			return false;
		break;
	}
	return ends(a) || same_sets(a, b);
}

/* Rules that match whatever the URL is and refuse or do nothing: the folder that the URL is relative to makes no difference to them. */
static bool anywhere(const struct sg_rw_rule *rule)
{
	return is_all(&rule->match) && !uses(rule, 'R') &&
	       (rule->action == SG_RW_ABORT || rule->action == SG_RW_RESPOND ||
	               rule->action == SG_RW_DO_NOTHING);
}

static bool same_pre(
        const struct sg_rw_rules *a, const char *name_a, const struct sg_rw_rules *b, const char *name_b)
{
	bool has_a = name_a && name_a[0], has_b = name_b && name_b[0];
	const struct sg_rw_pre *x = has_a ? sg_rw_pre_find(a, name_a) : NULL;
	const struct sg_rw_pre *y = has_b ? sg_rw_pre_find(b, name_b) : NULL;

	if (has_a != has_b)
		return false;
	return !has_a || (x && y && same_conditions(&x->conditions, &y->conditions, true));
}

bool sg_rw_equivalent(
        const struct sg_rw_rules *a, size_t ia, const struct sg_rw_rules *b, size_t ib, enum sg_rw_kind kind)
{
	const struct sg_rw_rule *x = a->at[kind][ia], *y = b->at[kind][ib];

	if (x->enabled != y->enabled || (!sg_str_equal(x->base, y->base) && !(anywhere(x) && anywhere(y))))
		return false;
	if (kind == SG_RW_OUTBOUND &&
	        (!sg_same(x->variable, y->variable) || !x->variable || !same_pre(a, x->pre, b, y->pre)))
		return false;
	bool c = uses(x, 'C') || uses(y, 'C'), r = uses(x, 'R') || uses(y, 'R');
	return same_pattern(&x->match, &y->match, r) && same_conditions(&x->conditions, &y->conditions, c) &&
	       same_action(x, y);
}
