/* lint_rules.c - names, patterns and reach of a mitigation's rules, as they stand in the author's document. Pure.
 *
 * A pattern that looks ambiguous is run by the evaluator against a text made for it: what exhausts its bounds there is an error, the rest a warning.
 */
#include "engine/lint_parts.h"

#include "rewrite/rewrite.h"

#include <stdlib.h>
#include <string.h>

static bool attr_is(const xmlNode *node, const char *name, const char *value)
{
	char *s = sg_xml_attr(node, NULL, name);
	bool is = s && !strcmp(s, value);

	free(s);
	return is;
}

static bool named(const xmlNode *node, const char *name)
{
	return sg_xml_is(node, NULL, name);
}

/* A rule where IIS has rules. */
static bool is_rule(const xmlNode *node)
{
	return named(node, "rule") && node->parent &&
	       (named(node->parent, "rules") || named(node->parent, "globalRules") ||
	               named(node->parent, "outboundRules"));
}

static bool ecmascript(const xmlNode *rule)
{
	char *syntax = sg_xml_attr(rule, NULL, "patternSyntax");
	bool is = !syntax || !strcmp(syntax, "ECMAScript");

	free(syntax);
	return is;
}

/* --- names: what servers would refuse with one long sentence */

struct names {
	struct sg_lint *l;
	struct sg_strs seen;
	bool wrong;
};

static void see_name(struct names *n, const xmlNode *node, const char *attr)
{
	char *name = sg_xml_attr(node, NULL, attr), *key;

	if (!name)
		return;
	key = sg_format("%s/%s", (const char *)node->parent->name, name);
	for (char *p = key; *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p | 0x20);
	if (sg_strs_has(&n->seen, key)) {
		n->wrong = true;
		sg_lint_add(n->l, SG_LINT_ERROR, "duplicate-name", sg_lint_line(node),
		        "give each its own name: IIS answers 500.19 when it meets one twice",
		        "\"%s\" stands in <%s> twice", name, (const char *)node->parent->name);
	}
	sg_strs_add(&n->seen, key);
	free(key);
	free(name);
}

static void see_names(void *arg, const xmlNode *node)
{
	struct names *n = arg;

	if (is_rule(node) || named(node, "preCondition"))
		see_name(n, node, "name");
	else if (named(node, "add") && node->parent &&
	         (named(node->parent, "denyUrlSequences") || named(node->parent, "denyQueryStringSequences")))
		see_name(n, node, "sequence");
	if (named(node, "match") && attr_is(node, "url", "*") && node->parent && ecmascript(node->parent)) {
		n->wrong = true;
		sg_lint_add(n->l, SG_LINT_ERROR, "url-star", sg_lint_line(node),
		        "write url=\".*\", or patternSyntax=\"Wildcard\" on the rule",
		        "url=\"*\" is no regular expression: IIS answers every request with 500");
	}
}

bool sg_lint_names(struct sg_lint *l)
{
	struct names n = { .l = l };

	sg_lint_walk(l->config, see_names, &n);
	sg_strs_release(&n.seen);
	return !n.wrong;
}

/* --- patterns */

static void add_attr(struct sg_buf *out, const char *name, const char *value)
{
	sg_buf_fmt(out, " %s=\"", name);
	for (const char *p = value; *p; p++)
		switch (*p) {
		case '&': sg_buf_str(out, "&amp;"); break;
		case '<': sg_buf_str(out, "&lt;"); break;
		case '"': sg_buf_str(out, "&quot;"); break;
		case '\t':
		case '\n':
		case '\r': sg_buf_fmt(out, "&#%d;", *p); break;
		default: sg_buf_char(out, *p);
		}
	sg_buf_char(out, '"');
}

/* Whether the evaluator can tell what becomes of the text. */
static bool told(const struct sg_rw_rules *rules, const char *text)
{
	const struct sg_rw_header header = { "X-Lint", text };
	const struct sg_rw_request req = { .uri = "/", .headers = &header, .n_headers = 1 };
	struct sg_rw_result res = { 0 };
	bool is;

	if (sg_rw_request(rules, &req, &res, NULL))
		return true;
	is = res.outcome != SG_RW_UNKNOWN;
	sg_rw_result_release(&res);
	return is;
}

static bool runs_away(const char *pattern, const struct sg_buf *attack)
{
	struct sg_rw_rules *rules = NULL;
	struct sg_buf xml = { 0 };
	bool away = false;

	sg_buf_str(&xml, "<rewrite><rules><rule name=\"x\"><match url=\".*\"/><conditions><add "
	                 "input=\"{HTTP_X_LINT}\"");
	add_attr(&xml, "pattern", pattern);
	sg_buf_str(&xml, "/></conditions><action type=\"AbortRequest\"/></rule></rules></rewrite>");
	if (attack->len && sg_rw_read(sg_buf_bytes(&xml), &rules, NULL) == 0)
		away = told(rules, "a") && !told(rules, (const char *)attack->data);
	sg_rw_free(rules);
	sg_buf_release(&xml);
	return away;
}

static void about_pattern(struct sg_lint *l, const xmlNode *node, const char *pattern, bool condition)
{
	struct sg_pattern_faults f;
	unsigned line = sg_lint_line(node);
	bool away;

	sg_lint_pattern(pattern, true, &f);
	away = f.ambiguous && runs_away(pattern, &f.attack);
	if (away)
		sg_lint_add(l, SG_LINT_ERROR, "pattern-catastrophic", line,
		        "let each round of the loop begin with what the one before cannot hold",
		        "the pattern \"%.200s\" runs away: a request of %zu octets exhausts the evaluator, "
		        "and a worker process of IIS",
		        pattern, f.attack.len);
	else if (f.overlapping)
		sg_lint_add(l, SG_LINT_WARNING, "pattern-overlap", line,
		        "let the alternatives begin with different characters",
		        "the pattern \"%.200s\" has a loop over alternatives that begin alike", pattern);
	else if (f.ambiguous)
		sg_lint_add(l, SG_LINT_WARNING, "pattern-nested", line,
		        "one loop is enough: take the inner or the outer away",
		        "the pattern \"%.200s\" has a loop in a loop, and both can take the same text",
		        pattern);
	if (f.slow && !away)
		sg_lint_add(l, SG_LINT_NOTE, "pattern-slow", line,
		        "what stands in front of .* may be left out: it is a search",
		        "the pattern \"%.200s\" has several loops in a row over the same text: long requests "
		        "cost much time",
		        pattern);
	if (f.lookahead)
		sg_lint_add(l, SG_LINT_NOTE, "pattern-lookahead", line, "begin the pattern with ^",
		        "the look-ahead of \"%.200s\" is tried at every place of the text", pattern);
	if (f.everything && condition)
		sg_lint_add(l, SG_LINT_WARNING, "pattern-everything", line,
		        "say what is to be refused, or take it away",
		        "the condition's pattern \"%.200s\" matches every text: %s", pattern,
		        attr_is(node, "negate", "true") ? "negated, the rule never applies"
		                                        : "it decides nothing");
	sg_pattern_faults_release(&f);
}

/* --- rules */

/* Applies to every request: no condition, and a pattern that everything matches. */
static bool unbounded(const xmlNode *rule)
{
	const xmlNode *match = sg_xml_child(rule, NULL, "match"),
	              *conditions = sg_xml_child(rule, NULL, "conditions");
	char *url = match ? sg_xml_attr(match, NULL, "url") : NULL;
	struct sg_pattern_faults f = { 0 };
	bool all;

	if (url && ecmascript(rule))
		sg_lint_pattern(url, true, &f);
	all = !match || f.everything || (url && !ecmascript(rule) && !strcmp(url, "*"));
	if (match && attr_is(match, "negate", "true"))
		all = false;
	sg_pattern_faults_release(&f);
	free(url);
	return all && (!conditions || !sg_xml_first(conditions)) && !attr_is(rule, "enabled", "false");
}

static void about_rule(struct sg_lint *l, const xmlNode *rule)
{
	const xmlNode *action = sg_xml_child(rule, NULL, "action");
	bool outbound = named(rule->parent, "outboundRules");
	char *name = sg_xml_attr(rule, NULL, "name");

	if (action && attr_is(action, "type", "AbortRequest"))
		sg_lint_add(l, SG_LINT_NOTE, "abort", sg_lint_line(action),
		        "CustomResponse with 403 is seen in logs, and clients do not try again",
		        "rule \"%s\" drops the connection without an answer", name ? name : "");
	if (attr_is(rule, "enabled", "false"))
		sg_lint_add(l, SG_LINT_WARNING, "rule-disabled", sg_lint_line(rule),
		        "take enabled=\"false\" away", "rule \"%s\" is switched off", name ? name : "");
	for (const xmlNode *before = outbound ? NULL : sg_xml_first(rule->parent); before && before != rule;
	        before = sg_xml_next(before)) {
		const xmlNode *end = sg_xml_child(before, NULL, "action");
		char *first;

		if (!is_rule(before) || !unbounded(before) ||
		        !(attr_is(before, "stopProcessing", "true") ||
		                (end && (attr_is(end, "type", "AbortRequest") ||
		                                attr_is(end, "type", "CustomResponse")))))
			continue;
		first = sg_xml_attr(before, NULL, "name");
		sg_lint_add(l, SG_LINT_ERROR, "rule-hidden", sg_lint_line(rule),
		        "put it in front, or narrow the other one",
		        "rule \"%s\" never runs: \"%s\" in front of it stops every request", name ? name : "",
		        first ? first : "");
		free(first);
		break;
	}
	free(name);
}

static void see_rules(void *arg, const xmlNode *node)
{
	struct sg_lint *l = arg;
	bool condition = named(node, "add") && node->parent &&
	                 (named(node->parent, "conditions") || named(node->parent, "preCondition"));
	const xmlNode *owner = condition ? node->parent->parent : node->parent;
	char *pattern = NULL;

	if (is_rule(node))
		about_rule(l, node);
	if (condition && named(node->parent, "preCondition"))
		owner = node->parent; /* which carries the syntax itself */
	if (condition || named(node, "match")) {
		pattern = sg_xml_attr(node, NULL, "pattern");
		if (!pattern)
			pattern = sg_xml_attr(node, NULL, "url");
		if (pattern && owner && ecmascript(owner))
			about_pattern(l, node, pattern, condition);
	}
	free(pattern);
}

/* --- what is refused at all */

static void see_place(void *arg, const xmlNode *node)
{
	struct sg_strs *uris = arg;
	char *path = sg_xml_is(node, SG_FEED_NS, "At") ? sg_xml_attr(node, NULL, "path") : NULL;

	if (path && path[0] == '/' && path[1]) {
		char *uri = sg_format("%s/stopgap-lint.txt?x=1", path);

		sg_strs_add(uris, path);
		sg_strs_add(uris, uri);
		free(uri);
	}
	free(path);
}

static void everything(struct sg_lint *l)
{
	static const char *const harmless[] = { "/", "/stopgap-lint.txt?x=1", "/owa/",
		"/owa/auth/logon.aspx?url=%2fowa%2f", "/ecp/default.aspx", "/EWS/Exchange.asmx",
		"/images/a/b.png" };
	const struct sg_mitigation *m = l->m;
	struct sg_bare *bare = NULL;
	struct sg_strs uris = { 0 };
	size_t asked = 0, refused = 0;

	for (size_t i = 0; i < sizeof(harmless) / sizeof(*harmless); i++)
		sg_strs_add(&uris, harmless[i]);
	sg_lint_walk(l->config, see_place, &uris);
	if (sg_bare_new(&m, 1, &bare, NULL) == 0)
		for (size_t i = 0; i < uris.n; i++) {
			const struct sg_test test = { .kind = SG_TEST_SERVE, .uri = uris.at[i] };
			struct sg_judgement j = { .fate = SG_FATE_NONE };

			if (sg_bare_judge(bare, &test, &j, NULL) == 0) {
				asked += j.fate != SG_FATE_NONE;
				refused += j.fate == SG_FATE_REFUSED;
			}
			sg_judgement_release(&j);
		}
	if (asked && asked == refused)
		sg_lint_add(l, SG_LINT_ERROR, "refuses-everything", sg_lint_line(sg_lint_action(l, 0)),
		        "narrow the rule: a mitigation refuses an attack, not the site",
		        "every harmless request where it applies is refused, %s among them",
		        uris.at[uris.n - 1]);
	sg_strs_release(&uris);
	sg_bare_free(bare);
}

void sg_lint_rules(struct sg_lint *l)
{
	sg_lint_walk(l->config, see_rules, l);
	everything(l);
}
