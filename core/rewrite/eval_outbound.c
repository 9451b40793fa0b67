/* eval_outbound.c - the outbound rules that work on response headers.
 *
 * The headers that are known are the one that is asked for and Content-Type. PreConditions look at them as the application
 * sent them ("before any rules evaluation begins"), conditions as earlier rules left them. A rewrite replaces the whole
 * value; a header that was not sent counts as empty, and a rewrite makes it. Rules on bodies and on other headers change
 * nothing here. stopProcessing ends the rules for its own header.
 */
#include "rewrite/rules.h"
#include "base/text.h"
#include <stdlib.h>
#include <string.h>

#define PREFIX "RESPONSE_"
enum { PREFIX_LEN = sizeof(PREFIX) - 1 };

/* Header-Name as the variable's name has it. */
static char *variable_name(const char *header)
{
	char *name = sg_strdup(header);

	for (char *p = name; *p; p++)
		if (*p == '-')
			*p = '_';
	return name;
}

static struct sg_rw_var *variable_of(const struct sg_rw_eval *e, const struct sg_rw_rule *rule)
{
	const char *name = rule->variable;

	if (!name || !sg_same_n(name, PREFIX, PREFIX_LEN) || strlen(name) <= PREFIX_LEN)
		return NULL;
	return sg_rw_vars_find(&e->response, name + PREFIX_LEN, strlen(name) - PREFIX_LEN);
}

static enum sg_rw_answer pre_holds(struct sg_rw_eval *first, const struct sg_rw_rule *rule)
{
	struct sg_rw_caps r = { 0 }, c = { 0 };

	if (!rule->pre || !rule->pre[0])
		return SG_RW_YES;
	const struct sg_rw_pre *pre = sg_rw_pre_find(first->rules, rule->pre);
	if (!pre) {
		sg_rw_why_set(
		        &first->why, "the preCondition '%.100s', which these rules do not have", rule->pre);
		return SG_RW_MAYBE;
	}
	enum sg_rw_answer answer = sg_rw_conditions_hold(first, &pre->conditions, &r, &c);
	sg_rw_caps_release(&r);
	sg_rw_caps_release(&c);
	return answer;
}

/* "Exact string search is performed within the input string", says the 2.0 reference of outbound rules; IIS Manager calls it
 * an exact match. Where the two differ, it is not known. */
static enum sg_rw_answer match_value(
        const struct sg_rw_pattern *p, struct sg_bytes value, struct sg_rw_caps *r, struct sg_rw_eval *e)
{
	enum sg_rw_answer answer = sg_rw_pattern_match(p, value, r, e);
	size_t len = p->syntax == SG_RW_EXACT && answer == SG_RW_NO ? strlen(p->text) : 0;

	for (size_t i = 0; len && i + len <= value.len; i++) {
		if (p->ignore_case ? sg_same_n((const char *)value.data + i, p->text, len)
		                   : !memcmp(value.data + i, p->text, len)) {
			sg_rw_why_set(
			        &e->why, "whether ExactMatch finds '%.100s' inside a longer value", p->text);
			return SG_RW_MAYBE;
		}
	}
	return answer;
}

/* Sets the variable to what the rule makes of it, or to not known. */
static void rewrite(struct sg_rw_eval *e, const struct sg_rw_rule *rule, struct sg_rw_var *var,
        const struct sg_rw_caps *r, const struct sg_rw_caps *c)
{
	struct sg_buf value = { 0 };

	e->why.text[0] = 0;
	if (!rule->replace && var->value.len)
		sg_rw_why_set(&e->why, "what replace=\"false\" makes of a header that has a value");
	else if (sg_rw_expand(e, r, c, rule->value, &value))
		sg_buf_set(&var->value, value.data, value.len);
	if (e->why.text[0]) {
		free(var->unknown);
		var->unknown = sg_strdup(e->why.text);
	}
	sg_buf_release(&value);
}

/* Runs one rule on its header. `changed` gets true when it rewrote the value, or may have. */
static void run_rule(struct sg_rw_eval *first, struct sg_rw_eval *e, const struct sg_rw_rule *rule,
        struct sg_rw_var *var, bool *changed)
{
	struct sg_rw_caps r = { 0 }, c = { 0 };

	first->why.text[0] = e->why.text[0] = 0;
	enum sg_rw_answer applies = pre_holds(first, rule);
	if (applies == SG_RW_MAYBE)
		e->why = first->why;
	if (applies != SG_RW_NO) {
		enum sg_rw_answer match = SG_RW_MAYBE;
		if (var->unknown)
			sg_rw_why_set(&e->why, "%s", var->unknown);
		else
			match = match_value(&rule->match, sg_buf_bytes(&var->value), &r, e);
		if (rule->match.negate) {
			match = sg_rw_not(match);
			sg_rw_caps_clear(&r);
		}
		if (match == SG_RW_MAYBE)
			r.state = SG_RW_CAPS_UNKNOWN;
		if (match != SG_RW_YES)
			applies = match;
	}
	if (applies != SG_RW_NO) {
		enum sg_rw_answer hold = sg_rw_conditions_hold(e, &rule->conditions, &r, &c);
		if (hold != SG_RW_YES)
			applies = hold;
	}
	if (applies == SG_RW_YES && rule->action == SG_RW_REWRITE) {
		rewrite(e, rule, var, &r, &c);
		*changed = true;
	} else if (applies == SG_RW_MAYBE && !var->unknown && (rule->action == SG_RW_REWRITE || rule->stop)) {
		var->unknown = sg_strdup(e->why.text);
		*changed = true;
	}
	if (applies == SG_RW_YES && rule->stop)
		var->stopped = true;
	sg_rw_caps_release(&r);
	sg_rw_caps_release(&c);
}

/* Both evaluations start with the headers as the application sent them. */
static void start(struct sg_rw_eval *e, const char *type, const char *header, const char *is)
{
	char *name = variable_name(header);
	struct sg_buf value = { 0 };

	sg_rw_vars_set(&e->response, "CONTENT_TYPE", sg_bytes_of(type ? type : ""),
	        type ? NULL : "the value of {RESPONSE_CONTENT_TYPE}");
	sg_buf_str(&value, is ? is : "");
	sg_rw_to_utf8(&value);
	sg_rw_vars_set(&e->response, name, sg_buf_bytes(&value), NULL);
	sg_buf_release(&value);
	free(name);
}

int sg_rw_response(const struct sg_rw_rules *rules, const struct sg_rw_request *req, const char *type,
        const char *header, const char *is, struct sg_rw_result *ret, struct sg_err *err)
{
	struct sg_rw_result result = { 0 };
	struct sg_rw_eval first = { 0 }, e = { 0 };
	char *name = variable_name(header);
	bool asked = false;
	int r = sg_rw_eval_init(&first, rules, req, err);

	if (!r)
		r = sg_rw_eval_init(&e, rules, req, err);
	if (!r && is && strlen(is) > SG_RW_TEXT_MAX)
		r = sg_fail(err, SG_ELIMIT, "the response header %s has more than %d octets", header,
		        SG_RW_TEXT_MAX);
	if (r)
		goto out;
	start(&first, type, header, is);
	start(&e, type, header, is);
	for (size_t i = 0; !first.bad && i < rules->n[SG_RW_OUTBOUND]; i++) {
		const struct sg_rw_rule *rule = rules->at[SG_RW_OUTBOUND][i];
		struct sg_rw_var *var = variable_of(&e, rule);
		bool changed = false;
		if (!rule->enabled || !var || var->stopped)
			continue;
		run_rule(&first, &e, rule, var, &changed);
		if (changed && sg_same(var->name, name)) {
			free(result.rule);
			result.rule = sg_strdup(rule->name);
			asked = true;
		}
	}
	struct sg_rw_var *var = sg_rw_vars_find(&e.response, name, strlen(name));
	if (first.bad || (asked && var->unknown)) {
		result.outcome = SG_RW_UNKNOWN;
		result.why = sg_format("the header depends on %s",
		        var->unknown ? var->unknown : "a URL that HTTP.sys does not accept");
	} else if (is || asked) {
		result.url = sg_strdup(var->value.data ? (const char *)var->value.data : "");
	}
	*ret = result;
out:
	sg_rw_eval_release(&first);
	sg_rw_eval_release(&e);
	free(name);
	return r;
}
