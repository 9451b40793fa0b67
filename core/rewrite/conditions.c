/* conditions.c - groups of conditions, in three-valued logic: what decides for certain decides, whatever else is unknown.
 *
 * IIS evaluates in order and stops as soon as the answer is certain (a false one under MatchAll, a true one under
 * MatchAny). {C:n} refers to the last condition whose pattern matched, so a negated condition leaves it as it was;
 * with trackAllCaptures the groups of all matched conditions are numbered on, {C:0} is the first one's whole match.
 */
#include "rewrite/rules.h"

enum sg_rw_answer sg_rw_not(enum sg_rw_answer a)
{
	return a == SG_RW_MAYBE ? SG_RW_MAYBE : a == SG_RW_YES ? SG_RW_NO : SG_RW_YES;
}

/* The captures of one matched condition join those of the ones before. */
static void join(const struct sg_rw_conditions *list, const struct sg_rw_caps *new, struct sg_rw_caps *c)
{
	size_t from = 0;

	if (list->track_all && c->state == SG_RW_CAPS_UNKNOWN)
		return;
	if (list->track_all && c->state == SG_RW_CAPS_KNOWN)
		from = 1;
	else
		sg_rw_caps_clear(c);
	for (size_t i = from; i < new->n; i++)
		sg_rw_caps_add(c, new->at[i].data, new->at[i].len);
	c->state = SG_RW_CAPS_KNOWN;
}

static enum sg_rw_answer holds(struct sg_rw_eval *e, const struct sg_rw_conditions *list,
        const struct sg_rw_condition *one, const struct sg_rw_caps *r, struct sg_rw_caps *c)
{
	struct sg_buf input = { 0 };
	struct sg_rw_caps new = { 0 };
	enum sg_rw_answer answer = SG_RW_MAYBE;

	if (one->type != SG_RW_PATTERN)
		sg_rw_why_set(&e->why, "whether the %s is there (%s)",
		        one->type == SG_RW_IS_FILE ? "file" : "folder",
		        one->type == SG_RW_IS_FILE ? "IsFile" : "IsDirectory");
	else if (sg_rw_expand(e, r, c, one->input, &input))
		answer = sg_rw_pattern_match(&one->pattern, sg_buf_bytes(&input), &new, e);
	if (one->pattern.negate) {
		answer = sg_rw_not(answer);
	} else if (answer == SG_RW_YES) {
		join(list, &new, c);
	} else if (answer == SG_RW_MAYBE && one->type == SG_RW_PATTERN) {
		sg_rw_caps_clear(c);
		c->state = SG_RW_CAPS_UNKNOWN;
	}
	sg_rw_caps_release(&new);
	sg_buf_release(&input);
	return answer;
}

enum sg_rw_answer sg_rw_conditions_hold(struct sg_rw_eval *e, const struct sg_rw_conditions *list,
        const struct sg_rw_caps *r, struct sg_rw_caps *c)
{
	enum sg_rw_answer certain = list->any ? SG_RW_YES : SG_RW_NO;
	enum sg_rw_answer sum = list->n ? sg_rw_not(certain) : SG_RW_YES;

	c->many = list->track_all;
	for (size_t i = 0; i < list->n; i++) {
		enum sg_rw_answer answer = holds(e, list, &list->at[i], r, c);
		if (answer == certain) {
			/* Under MatchAny an unknown one before this might have been the one that counts. */
			if (list->any && sum == SG_RW_MAYBE) {
				sg_rw_caps_clear(c);
				c->state = SG_RW_CAPS_UNKNOWN;
			}
			return certain;
		}
		if (answer == SG_RW_MAYBE)
			sum = SG_RW_MAYBE;
	}
	return sum;
}
