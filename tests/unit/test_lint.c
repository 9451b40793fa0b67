/* test_lint.c - what lint finds in a mitigation: each rule by a document that breaks it, beside one that does not. */
#include "base/os.h"
#include "base/xml.h"
#include "tests/lib/lint_lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void expect(struct t_lint p, const char *rule, enum sg_lint_level level)
{
	char *text = t_lint_config(p);
	struct sg_findings f;

	sg_lint(sg_bytes_of(text), LINT_NOW, &f);
	if (!t_lint_has(&f, rule, level)) {
		t_lint_show(&f);
		fail_msg("no %s [%s] for\n%s", sg_lint_level_name(level), rule, text);
	}
	for (size_t i = 0; i < f.n; i++) {
		assert_true(f.at[i].line > 0);
		assert_true(f.at[i].text[0] && f.at[i].advice && f.at[i].advice[0]);
	}
	sg_findings_release(&f);
	free(text);
}

static void a_good_mitigation_has_neither_errors_nor_warnings(void **state)
{
	char *text = t_lint_config(t_lint_good);
	struct sg_findings f;

	(void)state;
	sg_lint(sg_bytes_of(text), LINT_NOW, &f);
	if (f.errors || f.warnings)
		t_lint_show(&f);
	assert_int_equal(f.errors + f.warnings, 0);
	assert_int_equal(f.mitigations, 1);
	sg_findings_release(&f);
	free(text);
}

/* --- each rule */

#define RULE(url, conditions) LINT_NEW_RULE "<match url=\"" url "\"/>" conditions LINT_DENY "</rule>"
#define COND(input, pattern)  "<conditions><add input=\"" input "\" pattern=\"" pattern "\"/></conditions>"
#define FIXED(lines)                                                                                         \
	"<sg:Product name=\"Exchange\"><sg:Affected from=\"15.1\" below=\"15.3\"/>" lines "</sg:Product>"
#define LINE(branch, from) "<sg:Fixed branch=\"" branch "\" from=\"" from "\"/>"

static const struct {
	const char *rule;
	enum sg_lint_level level;
	struct t_lint p;
} table[] = {
	{ "schema", SG_LINT_ERROR, { .attrs = "id=\"CORP-7\" sg:severity=\"grave\"" } },
	{ "action", SG_LINT_ERROR,
	        { .rules = "<rule name=\"other\"><match url=\".*\"/>" LINT_DENY "</rule>" } },
	{ "duplicate-name", SG_LINT_ERROR, { .rules = RULE("a", "") RULE("b", "") } },
	{ "url-star", SG_LINT_ERROR, { .rules = RULE("*", "") } },
	{ "pattern-catastrophic", SG_LINT_ERROR, { .rules = RULE("^owa/(a+)+$", "") } },
	{ "pattern-catastrophic", SG_LINT_ERROR,
	        { .rules = RULE("^owa/x", COND("{QUERY_STRING}", "^(\\w+\\s?)*$")) } },
	{ "pattern-catastrophic", SG_LINT_ERROR, { .rules = RULE("^owa/(a|a)*$", "") } },
	{ "pattern-nested", SG_LINT_WARNING, { .rules = RULE("^owa/(a+)+", "") } },
	{ "pattern-overlap", SG_LINT_WARNING, { .rules = RULE("^owa/(\\w|\\d)*", "") } },
	{ "pattern-lookahead", SG_LINT_NOTE, { .rules = RULE("(?=.*owa)(?=.*x)", "") } },
	{ "pattern-slow", SG_LINT_NOTE, { .rules = RULE("(.*)a(.*)b(.*)c", "") } },
	{ "pattern-everything", SG_LINT_WARNING, { .rules = RULE("^owa/x", COND("{QUERY_STRING}", ".*")) } },
	{ "refuses-everything", SG_LINT_ERROR, { .rules = RULE(".*", "") } },
	{ "refuses-everything", SG_LINT_ERROR, { .rules = RULE(".*", COND("{HTTP_HOST}", "^")) } },
	{ "rule-hidden", SG_LINT_ERROR,
	        { .rules = "<rule name=\"stopgap CORP-7 first\" stopProcessing=\"true\"><match "
	                   "url=\"^.*$\"/><action "
	                   "type=\"None\"/></rule>" RULE("^owa/x\\.aspx", "") } },
	{ "rule-disabled", SG_LINT_WARNING,
	        { .rules = "<rule name=\"stopgap CORP-7 x\" enabled=\"false\"><match "
	                   "url=\"^owa/x\"/>" LINT_DENY "</rule>" } },
	{ "abort", SG_LINT_NOTE,
	        { .rules = "<rule name=\"stopgap CORP-7 x\"><match url=\"^owa/x\"/><action "
	                   "type=\"AbortRequest\"/></rule>" } },
	{ "test-missing", SG_LINT_WARNING, { .tests = "<sg:Serve uri=\"/owa/\"/>" } },
	{ "serve-missing", SG_LINT_WARNING, { .tests = "<sg:Refuse uri=\"/owa/x.aspx?cmd=run\"/>" } },
	{ "test-fails", SG_LINT_ERROR,
	        { .tests = "<sg:Refuse uri=\"/owa/y.aspx\"/><sg:Serve uri=\"/owa/\"/>" } },
	{ "test-unknown", SG_LINT_WARNING,
	        { .rules = RULE("^owa/x", COND("{LOCAL_ADDR}", "^10\\.")),
	                .tests = "<sg:Refuse uri=\"/owa/x\"/><sg:Serve uri=\"/owa/\"/>" } },
	{ "healthcheck", SG_LINT_ERROR, { .rules = RULE("^owa/.*\\.htm", "") } },
	{ "escape-encoding", SG_LINT_ERROR,
	        { .rules = RULE(".*", COND("{REQUEST_URI}", "^/owa/x\\.aspx\\?cmd=run")) } },
	{ "escape-encoding", SG_LINT_ERROR,
	        { .rules = RULE("^owa/x\\.aspx", COND("{QUERY_STRING}", "cmd=run")) } },
	{ "escape-double-encoding", SG_LINT_WARNING,
	        { .rules = RULE("^owa/x\\.aspx", COND("{UrlDecode:{QUERY_STRING}}", "cmd=run")) } },
	{ "escape-case", SG_LINT_ERROR,
	        { .rules = LINT_NEW_RULE "<match url=\"^owa/x\\.aspx\" ignoreCase=\"false\"/>" LINT_DENY
	                                 "</rule>",
	                .tests = "<sg:Refuse uri=\"/owa/x.aspx\"/><sg:Serve uri=\"/owa/\"/>" } },
	{ "escape-order", SG_LINT_WARNING,
	        { .rules = RULE("^owa/x", COND("{UrlDecode:{UrlDecode:{QUERY_STRING}}}", "a=1&amp;b=2")),
	                .tests = "<sg:Refuse uri=\"/owa/x?a=1&amp;b=2\"/><sg:Serve uri=\"/owa/\"/>" } },
	{ "escape-path", SG_LINT_ERROR,
	        { .rules = RULE(".*", COND("{UrlDecode:{REQUEST_URI}}", "^/owa/x\\.aspx")),
	                .tests = "<sg:Refuse uri=\"/owa/x.aspx\"/><sg:Serve uri=\"/owa/\"/>" } },
	{ "escape-path", SG_LINT_WARNING,
	        { .rules = RULE("^owa/x\\.aspx$", ""),
	                .tests = "<sg:Refuse uri=\"/owa/x.aspx\"/><sg:Serve uri=\"/owa/\"/>" } },
	{ "review-by-missing", SG_LINT_WARNING, { .attrs = "id=\"CORP-7\"" } },
	{ "review-by-past", SG_LINT_WARNING, { .attrs = "id=\"CORP-7\" sg:review-by=\"2026-01-01\"" } },
	{ "review-by-far", SG_LINT_NOTE, { .attrs = "id=\"CORP-7\" sg:review-by=\"2029-01-01\"" } },
	{ "remove-after", SG_LINT_WARNING, { .attrs = "id=\"CORP-7\" sg:remove-after=\"2027-01-01\"" } },
	{ "remove-after-past", SG_LINT_ERROR, { .attrs = "id=\"CORP-7\" sg:remove-after=\"2026-01-01\"" } },
	{ "id-form", SG_LINT_NOTE,
	        { .attrs = "id=\"other_7\"",
	                .rules = "<rule name=\"stopgap other_7 x\"><match url=\"^a\"/>" LINT_DENY
	                         "</rule>" } },
	{ "desc-missing", SG_LINT_WARNING, { .attrs = "id=\"CORP-7\"" } },
	{ "severity-missing", SG_LINT_NOTE, { .attrs = "id=\"CORP-7\"" } },
	{ "companion-long", SG_LINT_WARNING,
	        { .tests = "",
	                .actions = "<Action type=\"Service\" scope=\"Server\"><sg:Service name=\"X\" "
	                           "start=\"Disabled\" "
	                           "run=\"Stopped\"><sg:Companion "
	                           "name=\"MSExchangeHM\"/></sg:Service></Action>" } },
	{ "applicability-unknown", SG_LINT_ERROR, { .applicability = "<sg:Moon phase=\"full\"/>" } },
	{ "applicability-unknown", SG_LINT_ERROR,
	        { .applicability = "<sg:Product name=\"Exchnge\" role=\"Mailbox\"/>" } },
	{ "applicability-unknown", SG_LINT_ERROR,
	        { .applicability = "<sg:Product name=\"Exchange\" role=\"Mailbx\"/>" } },
	{ "affected-overlap", SG_LINT_WARNING,
	        { .applicability = "<sg:Product name=\"Exchange\"><sg:Affected from=\"15.1\" "
	                           "below=\"15.3\"/><sg:Affected from=\"15.2\" "
	                           "below=\"15.4\"/></sg:Product>" } },
	{ "affected-missing", SG_LINT_NOTE,
	        { .applicability = "<sg:Product name=\"Exchange\">" LINE(
	                  "15.2.986", "15.2.986.36") "</sg:Product>" } },
	{ "fixed-twice", SG_LINT_ERROR,
	        { .applicability = FIXED(LINE("15.2.986", "15.2.986.36") LINE("15.2.986", "15.2.986.40")) } },
	{ "fixed-inside", SG_LINT_WARNING, { .applicability = FIXED(LINE("15.2", "15.2.986.36")) } },
	{ "fixed-contradiction", SG_LINT_ERROR,
	        { .applicability = FIXED(LINE("15.2.986", "15.2.986.36") LINE("15.2", "15.2.900.0")) } },
	{ "fixed-unaffected", SG_LINT_WARNING, { .applicability = FIXED(LINE("15.3.1", "15.3.1.2")) } },
	{ "fixed-whole-branch", SG_LINT_WARNING, { .applicability = FIXED(LINE("15.2.986", "15.2.986.0")) } },
};

static void each_rule_finds_what_breaks_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		expect(table[i].p, table[i].rule, table[i].level);
}

static void each_rule_has_its_line_in_the_page_for_authors(void **state)
{
	struct sg_buf page = { 0 };

	(void)state;
	assert_int_equal(sg_os_read(SG_SOURCE_DIR "/schemas/author.md", 1 << 20, &page, NULL, NULL), 0);
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		char *name = sg_format("`%s`", table[i].rule);

		if (!strstr((const char *)page.data, name))
			fail_msg("schemas/author.md does not list %s", name);
		free(name);
	}
	sg_buf_release(&page);
}

static void a_finding_has_the_line_of_what_is_wrong(void **state)
{
	struct t_lint p = t_lint_good;
	struct sg_findings f;
	char *text, *at;
	unsigned line = 1;

	(void)state;
	p.rules = "\n\n" RULE("^owa/(a+)+$", "");
	text = t_lint_config(p);
	at = strstr(text, "<match");
	for (char *c = text; c < at; c++)
		line += *c == '\n';
	sg_lint(sg_bytes_of(text), LINT_NOW, &f);
	for (size_t i = 0; i < f.n; i++)
		if (!strcmp(f.at[i].rule, "pattern-catastrophic"))
			assert_int_equal(f.at[i].line, line);
	assert_true(t_lint_has(&f, "pattern-catastrophic", SG_LINT_ERROR));
	sg_findings_release(&f);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_mitigation_has_neither_errors_nor_warnings),
		cmocka_unit_test(each_rule_finds_what_breaks_it),
		cmocka_unit_test(each_rule_has_its_line_in_the_page_for_authors),
		cmocka_unit_test(a_finding_has_the_line_of_what_is_wrong),
	};

	sg_xml_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
