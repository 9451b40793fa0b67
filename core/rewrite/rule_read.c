/* rule_read.c - one rule, or one group of conditions, from its element.
 *
 * What IIS would refuse when it loads or runs the rule is refused here, so that no rule is written that takes a site down.
 */
#include "rewrite/rules.h"
#include "rewrite/read.h"
#include "base/text.h"
#include <stdlib.h>
#include <string.h>

const char *const sg_rw_syntaxes[] = { "ECMAScript", "Wildcard", "ExactMatch", NULL };
const char *const sg_rw_groupings[] = { "MatchAll", "MatchAny", NULL };
static const char *const match_types[] = { "Pattern", "IsFile", "IsDirectory", NULL };
static const char *const inbound_actions[] = { "None", "Rewrite", "Redirect", "CustomResponse",
	"AbortRequest", NULL };
static const char *const outbound_actions[] = { "None", "Rewrite", NULL };
static const char *const redirects[] = { "Permanent", "Found", "SeeOther", "Temporary", NULL };
static const unsigned redirect_status[] = { 301, 302, 303, 307 };
static const char *const cache_directives[] = { "Auto", "Always", "Never", "NotIfRuleMatched", NULL };
static const char *const tag_names[] = { "None", "A", "Area", "Base", "Form", "Frame", "Head", "IFrame",
	"Img", "Input", "Link", "Script", "CustomTags", NULL };

int sg_rw_unknown_element(const xmlNode *node, const xmlNode *in, const char *allowed, struct sg_err *err)
{
	return sg_fail(err, SG_EPARSE, "line %ld: <%s> in <%s>; allowed: %s", xmlGetLineNo(node),
	        (const char *)node->name, (const char *)in->name, allowed);
}

static bool is(const xmlNode *node, const char *name)
{
	return sg_xml_is(node, NULL, name);
}

static int read_condition(const xmlNode *node, enum sg_rw_syntax syntax, struct sg_rw_conditions *list,
        const char *what, struct sg_err *err)
{
	list->at = sg_grow(list->at, list->n, &list->cap, sizeof(*list->at));
	struct sg_rw_condition *c = &list->at[list->n++];
	*c = (struct sg_rw_condition){ .pattern = { .syntax = syntax, .ignore_case = true } };
	int type = SG_RW_PATTERN;
	struct sg_rw_attr attrs[] = {
		{ "input", SG_RW_A_TEXT, &c->input, NULL },
		{ "matchType", SG_RW_A_ENUM, &type, match_types },
		{ "pattern", SG_RW_A_TEXT, &c->pattern.text, NULL },
		{ "ignoreCase", SG_RW_A_BOOL, &c->pattern.ignore_case, NULL },
		{ "negate", SG_RW_A_BOOL, &c->pattern.negate, NULL },
	};
	int r = sg_rw_attrs(node, attrs, N_OF(attrs), err);

	if (r)
		return r;
	c->type = (enum sg_rw_input)type;
	if (sg_xml_first(node))
		return sg_rw_unknown_element(sg_xml_first(node), node, "nothing", err);
	if (c->type == SG_RW_PATTERN && (!c->input || !c->pattern.text))
		return sg_fail(err, SG_EINVAL, "%s: the condition in line %ld needs input and pattern", what,
		        xmlGetLineNo(node));
	if (!c->input)
		c->input = sg_strdup("");
	if (!c->pattern.text)
		c->pattern.text = sg_strdup("");
	r = sg_rw_template_check(c->input, what, err);
	if (!r && c->type == SG_RW_PATTERN)
		r = sg_rw_pattern_compile(&c->pattern, what, err);
	return r;
}

int sg_rw_read_conditions(const xmlNode *node, enum sg_rw_syntax syntax, struct sg_rw_conditions *list,
        const char *what, struct sg_err *err)
{
	for (const xmlNode *kid = sg_xml_first(node); kid; kid = sg_xml_next(kid)) {
		if (!is(kid, "add"))
			return sg_rw_unknown_element(kid, node, "add", err);
		int r = read_condition(kid, syntax, list, what, err);
		if (r)
			return r;
	}
	return 0;
}

static int read_rule_conditions(
        const xmlNode *node, struct sg_rw_rule *rule, const char *what, struct sg_err *err)
{
	int grouping = 0;
	struct sg_rw_attr attrs[] = {
		{ "logicalGrouping", SG_RW_A_ENUM, &grouping, sg_rw_groupings },
		{ "trackAllCaptures", SG_RW_A_BOOL, &rule->conditions.track_all, NULL },
	};
	int r = sg_rw_attrs(node, attrs, N_OF(attrs), err);

	if (r)
		return r;
	rule->conditions.any = grouping == 1;
	return sg_rw_read_conditions(node, rule->match.syntax, &rule->conditions, what, err);
}

static int read_sets(const xmlNode *node, struct sg_rw_rule *rule, const char *what, struct sg_err *err)
{
	int r = sg_rw_attrs(node, NULL, 0, err);

	for (const xmlNode *kid = sg_xml_first(node); !r && kid; kid = sg_xml_next(kid)) {
		if (!is(kid, "set"))
			return sg_rw_unknown_element(kid, node, "set", err);
		rule->set = sg_grow(rule->set, rule->n_set, &rule->cap_set, sizeof(*rule->set));
		struct sg_rw_set *set = &rule->set[rule->n_set++];
		*set = (struct sg_rw_set){ .replace = true };
		struct sg_rw_attr attrs[] = {
			{ "name", SG_RW_A_TEXT, &set->name, NULL },
			{ "value", SG_RW_A_TEXT, &set->value, NULL },
			{ "replace", SG_RW_A_BOOL, &set->replace, NULL },
		};
		r = sg_rw_attrs(kid, attrs, N_OF(attrs), err);
		if (r)
			return r;
		if (!set->name || !set->name[0])
			return sg_fail(err, SG_EINVAL, "%s: the server variable in line %ld has no name",
			        what, xmlGetLineNo(kid));
		for (size_t i = 0; i + 1 < rule->n_set; i++)
			if (sg_same(rule->set[i].name, set->name))
				return sg_fail(err, SG_EINVAL, "%s: the server variable '%s' is set twice",
				        what, set->name);
		if (!set->value)
			set->value = sg_strdup("");
		r = sg_rw_template_check(set->value, what, err);
	}
	return r;
}

static int read_action(const xmlNode *node, enum sg_rw_kind kind, struct sg_rw_rule *rule, const char *what,
        struct sg_err *err)
{
	int type = 0, redirect = 0;
	bool has_status = false;
	struct sg_rw_attr inbound[] = {
		{ "type", SG_RW_A_ENUM, &type, inbound_actions }, { "url", SG_RW_A_TEXT, &rule->value, NULL },
		{ "appendQueryString", SG_RW_A_BOOL, &rule->append_query, NULL },
		{ "redirectType", SG_RW_A_ENUM, &redirect, redirects },
		{ "statusCode", SG_RW_A_NUMBER, &rule->status, NULL },
		{ "subStatusCode", SG_RW_A_NUMBER, &rule->substatus, NULL },
		{ "statusReason", SG_RW_A_ANY, NULL, NULL }, { "statusDescription", SG_RW_A_ANY, NULL, NULL },
		{ "logRewrittenUrl", SG_RW_A_BOOL, &has_status, NULL }, /* last: globalRules do not have it */
	};
	struct sg_rw_attr outbound[] = {
		{ "type", SG_RW_A_ENUM, &type, outbound_actions },
		{ "value", SG_RW_A_TEXT, &rule->value, NULL },
		{ "replace", SG_RW_A_BOOL, &rule->replace, NULL },
	};
	int r = kind == SG_RW_OUTBOUND
	                ? sg_rw_attrs(node, outbound, N_OF(outbound), err)
	                : sg_rw_attrs(node, inbound, N_OF(inbound) - (kind == SG_RW_GLOBAL), err);
	if (r)
		return r;
	rule->action = (enum sg_rw_action)type;
	if (rule->value && (r = sg_rw_template_check(rule->value, what, err)))
		return r;
	if (rule->substatus > 999)
		return sg_fail(
		        err, SG_EPARSE, "%s: subStatusCode is %u; allowed: 0 to 999", what, rule->substatus);
	switch (rule->action) {
	case SG_RW_DO_NOTHING:
	case SG_RW_ABORT: break;
	case SG_RW_REDIRECT:
		rule->status = redirect_status[redirect];
		rule->substatus = 0;
		if (!rule->value || !rule->value[0])
			return sg_fail(err, SG_EINVAL, "%s: its action has no url", what);
		break;
	case SG_RW_REWRITE:
		if (!rule->value && kind == SG_RW_OUTBOUND)
			rule->value = sg_strdup("");
		if (!rule->value || (!rule->value[0] && kind != SG_RW_OUTBOUND))
			return sg_fail(err, SG_EINVAL, "%s: its action has no url", what);
		break;
	case SG_RW_RESPOND:
		if (rule->status < 100 || rule->status > 999 || (rule->status >= 300 && rule->status <= 307))
			return sg_fail(err, SG_EINVAL,
			        "%s: its statusCode is %u; allowed: 100 to 999 but for 300 to 307", what,
			        rule->status);
		break;
	}
	return 0;
}

static int read_tags(const char *flags, const xmlNode *node, struct sg_err *err)
{
	for (const char *p = flags; *p;) {
		size_t skip = strspn(p, ", "), len = strcspn(p + skip, ", ");
		bool known = !len;
		p += skip;
		for (size_t i = 0; tag_names[i] && !known; i++)
			known = strlen(tag_names[i]) == len && sg_same_n(tag_names[i], p, len);
		if (!known)
			return sg_fail(err, SG_EPARSE,
			        "line %ld: <match> has filterByTags=\"%.100s\"; allowed: None, A, Area, "
			        "Base, Form, "
			        "Frame, Head, IFrame, Img, Input, Link, Script, CustomTags",
			        xmlGetLineNo(node), flags);
		p += len;
	}
	return 0;
}

/* A rule without pattern: for ECMAScript the empty one, which every URL matches. */
static int no_pattern(struct sg_rw_rule *rule, const char *what, struct sg_err *err)
{
	if (rule->match.syntax != SG_RW_ECMASCRIPT)
		return sg_fail(err, SG_EINVAL, "%s: its match has no pattern", what);
	rule->match.text = sg_strdup("");
	return 0;
}

static int read_match(const xmlNode *node, enum sg_rw_kind kind, struct sg_rw_rule *rule, const char *what,
        struct sg_err *err)
{
	char *tags = NULL;
	struct sg_rw_attr inbound[] = {
		{ "url", SG_RW_A_TEXT, &rule->match.text, NULL },
		{ "ignoreCase", SG_RW_A_BOOL, &rule->match.ignore_case, NULL },
		{ "negate", SG_RW_A_BOOL, &rule->match.negate, NULL },
	};
	struct sg_rw_attr outbound[] = {
		{ "filterByTags", SG_RW_A_TEXT, &tags, NULL },
		{ "customTags", SG_RW_A_ANY, NULL, NULL },
		{ "serverVariable", SG_RW_A_TEXT, &rule->variable, NULL },
		{ "pattern", SG_RW_A_TEXT, &rule->match.text, NULL },
		{ "occurrences", SG_RW_A_ANY, NULL, NULL },
		{ "ignoreCase", SG_RW_A_BOOL, &rule->match.ignore_case, NULL },
		{ "negate", SG_RW_A_BOOL, &rule->match.negate, NULL },
	};
	int r = kind == SG_RW_OUTBOUND ? sg_rw_attrs(node, outbound, N_OF(outbound), err)
	                               : sg_rw_attrs(node, inbound, N_OF(inbound), err);
	if (!r && tags)
		r = read_tags(tags, node, err);
	/* Validated as non-empty by the schema; left out, it is the empty pattern, which many a Node.js site relies on. */
	if (!r && kind != SG_RW_OUTBOUND && rule->match.text && !rule->match.text[0])
		r = sg_fail(err, SG_EINVAL, "%s: its match has an empty url", what);
	if (!r && !rule->match.text)
		r = no_pattern(rule, what, err);
	if (!r)
		r = sg_rw_pattern_compile(&rule->match, what, err);
	free(tags);
	return r;
}

static int read_rule_parts(const xmlNode *node, enum sg_rw_kind kind, struct sg_rw_rule *rule,
        const char *what, struct sg_err *err)
{
	bool seen[4] = { false };
	static const char *const parts[] = { "match", "conditions", "action", "serverVariables" };
	size_t n = kind == SG_RW_OUTBOUND ? 3 : 4;

	for (const xmlNode *kid = sg_xml_first(node); kid; kid = sg_xml_next(kid)) {
		size_t i = 0;
		while (i < n && !is(kid, parts[i]))
			i++;
		if (i == n)
			return sg_rw_unknown_element(kid, node,
			        n == 3 ? "match, conditions, action"
			               : "match, conditions, serverVariables, action",
			        err);
		if (seen[i])
			return sg_fail(err, SG_EPARSE, "line %ld: a second <%s> in %s", xmlGetLineNo(kid),
			        parts[i], what);
		seen[i] = true;
		int r = i == 0   ? read_match(kid, kind, rule, what, err)
		        : i == 1 ? read_rule_conditions(kid, rule, what, err)
		        : i == 2 ? read_action(kid, kind, rule, what, err)
		                 : read_sets(kid, rule, what, err);
		if (r)
			return r;
	}
	if (seen[0])
		return 0;
	int r = no_pattern(rule, what, err);
	return r ? r : sg_rw_pattern_compile(&rule->match, what, err);
}

int sg_rw_read_rule(const xmlNode *node, enum sg_rw_kind kind, struct sg_rw_rules *rules, struct sg_err *err)
{
	struct sg_rw_rule *rule = sg_alloc(sizeof(*rule));
	char *what = NULL;
	int syntax = 0, cache = 0;
	struct sg_rw_attr attrs[] = {
		{ "name", SG_RW_A_TEXT, &rule->name, NULL },
		{ "enabled", SG_RW_A_BOOL, &rule->enabled, NULL },
		{ "patternSyntax", SG_RW_A_ENUM, &syntax, sg_rw_syntaxes },
		{ "stopProcessing", SG_RW_A_BOOL, &rule->stop, NULL },
		{ "responseCacheDirective", SG_RW_A_ENUM, &cache, cache_directives },
		{ "preCondition", SG_RW_A_TEXT, &rule->pre, NULL }, /* last: outbound rules only */
	};

	rule->enabled = rule->match.ignore_case = rule->append_query = rule->replace = true;
	rule->conditions.track_all = kind == SG_RW_OUTBOUND;
	int r = sg_rw_attrs(node, attrs, N_OF(attrs) - (kind != SG_RW_OUTBOUND), err);
	rule->match.syntax = (enum sg_rw_syntax)syntax;
	if (!r && (!rule->name || !rule->name[0]))
		r = sg_fail(err, SG_EPARSE, "line %ld: a <rule> without name", xmlGetLineNo(node));
	if (r)
		goto out;
	what = sg_format("rule '%s'", rule->name);
	for (size_t i = 0; !r && i < rules->n[kind]; i++)
		if (sg_same(rules->at[kind][i]->name, rule->name))
			r = sg_fail(err, SG_EINVAL, "line %ld: the name '%s' is there twice",
			        xmlGetLineNo(node), rule->name);
	if (!r)
		r = read_rule_parts(node, kind, rule, what, err);
	if (r)
		goto out;
	rules->at[kind] =
	        sg_grow(rules->at[kind], rules->n[kind], &rules->cap[kind], sizeof(*rules->at[kind]));
	rules->at[kind][rules->n[kind]++] = rule;
	rule = NULL;
out:
	sg_rw_rule_free(rule);
	free(what);
	return r;
}
