/* What lint finds: each rule by a document that breaks it, beside one that does not. */
#include "base/os.h"
#include "base/xml.h"
#include "engine/lint_parts.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define NOW      1795000000000LL /* 2026-11-18 */
#define NEW_RULE "<rule name=\"stopgap CORP-7 - inbound\" stopProcessing=\"true\">"
#define DENY                                                                                                 \
	"<action type=\"CustomResponse\" statusCode=\"403\" statusReason=\"Forbidden\" "                     \
	"statusDescription=\"Refused\"/>"

/* A mitigation with nothing wrong in it, but for what is put in the place of one of its parts. */
struct parts {
	const char *attrs, *applicability, *tests, *rules, *actions;
};
static const struct parts good = {
	.attrs = "id=\"CORP-7\" desc=\"x\" sg:severity=\"high\" sg:review-by=\"2027-02-01\"",
	.applicability =
	        "<sg:Product name=\"Exchange\"><sg:Affected from=\"15.1\" below=\"15.3\"/></sg:Product>",
	.tests = "<sg:Refuse uri=\"/owa/x.aspx?cmd=run\"/><sg:Serve uri=\"/owa/x.aspx\"/>",
	.rules = NEW_RULE
	"<match url=\"^owa/x\\.aspx\"/><conditions><add input=\"{UrlDecode:{UrlDecode:{QUERY_STRING}}}\" "
	"pattern=\"(^|&amp;)cmd=run\"/></conditions>" DENY "</rule>",
};

static char *config(struct parts p)
{
	char *actions =
	        p.actions ? sg_strdup(p.actions)
	                  : sg_format("<Action type=\"UrlRewrite\" scope=\"Site\"><sg:At sites=\"Default Web "
	                              "Site\" path=\"/\" "
	                              "inherit=\"yes\"/><rewrite><rules>\n%s\n</rules></rewrite></Action>",
	                            p.rules ? p.rules : good.rules);
	char *s = sg_format("<Config xmlns:sg=\"" SG_FEED_NS
	                    "\" %s>\n<sg:Reference type=\"cve\">CVE-2026-1</sg:Reference>"
	                    "<sg:SideEffect>None "
	                    "known.</sg:SideEffect>\n<sg:Applicability>%s</sg:Applicability>\n%s%s%s\n"
	                    "<ActionList>%s</ActionList>\n</Config>",
	        p.attrs ? p.attrs : good.attrs, p.applicability ? p.applicability : good.applicability,
	        p.tests && !*p.tests ? "" : "<sg:Test>", p.tests ? p.tests : good.tests,
	        p.tests && !*p.tests ? "" : "</sg:Test>", actions);

	free(actions);
	return s;
}

static bool has(const struct sg_findings *f, const char *rule, enum sg_lint_level level)
{
	for (size_t i = 0; i < f->n; i++)
		if (!strcmp(f->at[i].rule, rule) && f->at[i].level == level)
			return true;
	return false;
}

static void show(const struct sg_findings *f)
{
	for (size_t i = 0; i < f->n; i++)
		fprintf(stderr, "  line %u: %s [%s] %s\n", f->at[i].line, sg_lint_level_name(f->at[i].level),
		        f->at[i].rule, f->at[i].text);
}

static void expect(struct parts p, const char *rule, enum sg_lint_level level)
{
	char *text = config(p);
	struct sg_findings f;

	sg_lint(sg_bytes_of(text), NOW, &f);
	if (!has(&f, rule, level)) {
		show(&f);
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
	char *text = config(good);
	struct sg_findings f;

	(void)state;
	sg_lint(sg_bytes_of(text), NOW, &f);
	if (f.errors || f.warnings)
		show(&f);
	assert_int_equal(f.errors + f.warnings, 0);
	assert_int_equal(f.mitigations, 1);
	sg_findings_release(&f);
	free(text);
}

/* --- each rule */

#define RULE(url, conditions) NEW_RULE "<match url=\"" url "\"/>" conditions DENY "</rule>"
#define COND(input, pattern)  "<conditions><add input=\"" input "\" pattern=\"" pattern "\"/></conditions>"
#define FIXED(lines)                                                                                         \
	"<sg:Product name=\"Exchange\"><sg:Affected from=\"15.1\" below=\"15.3\"/>" lines "</sg:Product>"
#define LINE(branch, from) "<sg:Fixed branch=\"" branch "\" from=\"" from "\"/>"

static const struct {
	const char *rule;
	enum sg_lint_level level;
	struct parts p;
} table[] = {
	{ "schema", SG_LINT_ERROR, { .attrs = "id=\"CORP-7\" sg:severity=\"grave\"" } },
	{ "action", SG_LINT_ERROR, { .rules = "<rule name=\"other\"><match url=\".*\"/>" DENY "</rule>" } },
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
	        { .rules = "<rule name=\"stopgap CORP-7 x\" enabled=\"false\"><match url=\"^owa/x\"/>" DENY
	                   "</rule>" } },
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
	        { .rules = NEW_RULE "<match url=\"^owa/x\\.aspx\" ignoreCase=\"false\"/>" DENY "</rule>",
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
	                .rules = "<rule name=\"stopgap other_7 x\"><match url=\"^a\"/>" DENY "</rule>" } },
	{ "desc-missing", SG_LINT_WARNING, { .attrs = "id=\"CORP-7\"" } },
	{ "severity-missing", SG_LINT_NOTE, { .attrs = "id=\"CORP-7\"" } },
	{ "companion-long", SG_LINT_WARNING,
	        { .tests = "",
	                .actions = "<Action type=\"Service\" scope=\"Server\"><sg:Service name=\"X\" "
	                           "start=\"Disabled\" "
	                           "run=\"Stopped\"><sg:Companion "
	                           "name=\"MSExchangeHM\"/></sg:Service></Action>" } },
	{ "applicability-unknown", SG_LINT_ERROR, { .applicability = "<sg:Moon phase=\"full\"/>" } },
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

/* --- places, feeds */

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
	struct parts p = good;
	struct sg_findings f;
	char *text, *at;
	unsigned line = 1;

	(void)state;
	p.rules = "\n\n" RULE("^owa/(a+)+$", "");
	text = config(p);
	at = strstr(text, "<match");
	for (char *c = text; c < at; c++)
		line += *c == '\n';
	sg_lint(sg_bytes_of(text), NOW, &f);
	for (size_t i = 0; i < f.n; i++)
		if (!strcmp(f.at[i].rule, "pattern-catastrophic"))
			assert_int_equal(f.at[i].line, line);
	assert_true(has(&f, "pattern-catastrophic", SG_LINT_ERROR));
	sg_findings_release(&f);
	free(text);
}

static char *feed_of(const char *configs)
{
	return sg_format("<EOCS version=\"1\" xmlns:sg=\"" SG_FEED_NS "\" sg:feed=\"corp\" sg:serial=\"3\" "
	                 "sg:issued=\"2026-11-18T00:00:00Z\" sg:expires=\"2026-12-01T00:00:00Z\">%s</EOCS>",
	        configs);
}

static void a_mitigation_whose_requests_another_stops_is_found(void **state)
{
	struct parts stops = good, second = good;
	struct sg_findings f;
	char *a, *b, *both, *feed;

	(void)state;
	stops.attrs = "id=\"CORP-1\" desc=\"x\" sg:severity=\"high\" sg:review-by=\"2027-02-01\"";
	stops.tests = "<sg:Refuse uri=\"/owa/y\"/><sg:Serve uri=\"/ecp/\"/>";
	stops.rules = "<rule name=\"stopgap CORP-1 a\"><match url=\"^owa/y\"/>" DENY
	              "</rule><rule name=\"stopgap CORP-1 b\" stopProcessing=\"true\"><match "
	              "url=\"^owa/x\"/><action type=\"None\"/></rule>";
	a = config(stops);
	b = config(second);
	both = sg_format("%s%s", a, b);
	feed = feed_of(both);
	sg_lint(sg_bytes_of(feed), NOW, &f);
	if (!has(&f, "hidden", SG_LINT_ERROR))
		show(&f);
	assert_true(has(&f, "hidden", SG_LINT_ERROR));
	sg_findings_release(&f);
	free(feed);
	/* one of them alone hides nothing */
	feed = feed_of(b);
	sg_lint(sg_bytes_of(feed), NOW, &f);
	assert_false(has(&f, "hidden", SG_LINT_ERROR));
	assert_int_equal(f.errors, 0);
	sg_findings_release(&f);
	free(feed);
	free(both);
	free(a);
	free(b);
}

static void what_another_mitigation_refuses_is_found(void **state)
{
	struct parts first = good;
	struct sg_findings f;
	char *a, *b, *both, *feed;

	(void)state;
	first.attrs = "id=\"CORP-1\" desc=\"x\" sg:severity=\"high\" sg:review-by=\"2027-02-01\"";
	first.tests =
	        "<sg:Refuse uri=\"/owa/x.aspx\"/><sg:Serve uri=\"/ecp/\"/>"; /* which the other serves */
	first.rules = "<rule name=\"stopgap CORP-1 a\"><match url=\"^owa/x\"/>" DENY "</rule>";
	a = config(first);
	b = config(good);
	both = sg_format("%s%s", a, b);
	feed = feed_of(both);
	sg_lint(sg_bytes_of(feed), NOW, &f);
	assert_true(has(&f, "refused-by-other", SG_LINT_WARNING));
	sg_findings_release(&f);
	free(feed);
	feed = feed_of(b);
	sg_lint(sg_bytes_of(feed), NOW, &f);
	assert_false(has(&f, "refused-by-other", SG_LINT_WARNING));
	sg_findings_release(&f);
	free(feed);
	free(both);
	free(a);
	free(b);
}

/* What the text says from `from` to `to` becomes `with`. */
static char *instead(char *text, const char *from, const char *to, const char *with)
{
	char *at = strstr(text, from), *end, *made;

	assert_non_null(at);
	end = strstr(at, to);
	assert_non_null(end);
	made = sg_format("%.*s%s%s", (int)(at - text), text, with, end + strlen(to));
	free(text);
	return made;
}

/* Of a document that has nothing else: each is not found before, and found after one part was changed. */
static void what_is_left_out_and_times_of_a_document_are_found(void **state)
{
	static const struct {
		const char *rule;
		enum sg_lint_level level;
		const char *from, *to, *with;
	} rows[] = {
		{ "side-effect-missing", SG_LINT_NOTE, "<sg:SideEffect>", "</sg:SideEffect>", "" },
		{ "reference-missing", SG_LINT_NOTE, "<sg:Reference", "</sg:Reference>", "" },
		{ "applicability-missing", SG_LINT_NOTE, "<sg:Applicability>", "</sg:Applicability>", "" },
		{ "expires-past", SG_LINT_WARNING, "sg:expires=\"2026-12-01", "T00",
		        "sg:expires=\"2026-11-18T01" },
		{ "expires-far", SG_LINT_NOTE, "sg:expires=\"2026-12-01", "T", "sg:expires=\"2027-03-01T" },
		{ "issued-future", SG_LINT_WARNING, "sg:issued=\"2026-11-18", "T",
		        "sg:issued=\"2026-11-21T" },
		{ "feed", SG_LINT_ERROR, "sg:serial=\"3", "\" sg", "sg:serial=\"-3\" sg" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char *one = config(good), *feed = feed_of(one);
		struct sg_findings f;

		sg_lint(sg_bytes_of(feed), NOW, &f);
		assert_false(has(&f, rows[i].rule, rows[i].level));
		sg_findings_release(&f);
		feed = instead(feed, rows[i].from, rows[i].to, rows[i].with);
		sg_lint(sg_bytes_of(feed), NOW, &f);
		if (!has(&f, rows[i].rule, rows[i].level)) {
			show(&f);
			fail_msg("no %s in\n%s", rows[i].rule, feed);
		}
		sg_findings_release(&f);
		free(feed);
		free(one);
	}
}

static void what_is_no_feed_is_one_error_with_its_line(void **state)
{
	static const char *const texts[] = { "", "<a", "<EOCS>\n<Config/>\n</EOCS>", "<html/>",
		"<!DOCTYPE a><EOCS/>", "<EOCS xmlns:sg=\"urn:stopgap:feed:1\" sg:feed=\"x\"/>" };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct sg_findings f;

		sg_lint(sg_bytes_of(texts[i]), NOW, &f);
		assert_true(f.errors >= 1);
		sg_findings_release(&f);
	}
}

/* --- patterns */

static void patterns_are_judged_by_their_loops(void **state)
{
	static const struct {
		const char *pattern;
		bool ambiguous, overlapping, everything, unreadable;
	} p[] = {
		{ "(a+)+", true, false, false, false },
		{ "(a*)*b", true, false, true, false }, /* nullable but for b: see below */
		{ "([^/]+/)*x", false, false, false, false },
		{ "(\\d+\\.)*\\d+", false, false, false, false },
		{ "(.*,)*$", true, false, true, false },
		{ "(a|ab)*c", true, true, false, false },
		{ "(foo|bar)*c", false, false, false, false },
		{ "(foo|fob)*c", false, false, false, false },
		{ "(\\w|_)*c", true, true, false, false },
		{ "", false, false, true, false },
		{ ".*", false, false, true, false },
		{ "^.*$", false, false, true, false },
		{ "^(.*)$", false, false, true, false },
		{ ".", false, false, true, false },
		{ "x?", false, false, true, false },
		{ "^$", false, false, false, false },
		{ "^a*$", false, false, false, false },
		{ "a|.*", false, false, true, false },
		{ "[a-z]{2,5}\\x41[^\\]]", false, false, false, false },
		{ "(?<n>a)", false, false, false, true },
		{ "(a", false, false, false, true },
		{ "a)", false, false, false, true },
		{ "*a", false, false, false, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(p) / sizeof(*p); i++) {
		struct sg_pattern_faults f;

		sg_lint_pattern(p[i].pattern, true, &f);
		if (i == 1) { /* (a*)*b */
			assert_true(f.ambiguous);
			assert_false(f.everything);
		} else if (f.ambiguous != p[i].ambiguous || f.overlapping != p[i].overlapping ||
		           f.everything != p[i].everything || f.unreadable != p[i].unreadable) {
			fail_msg("\"%s\": ambiguous %d overlapping %d everything %d unreadable %d",
			        p[i].pattern, f.ambiguous, f.overlapping, f.everything, f.unreadable);
		}
		sg_pattern_faults_release(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_mitigation_has_neither_errors_nor_warnings),
		cmocka_unit_test(each_rule_finds_what_breaks_it),
		cmocka_unit_test(each_rule_has_its_line_in_the_page_for_authors),
		cmocka_unit_test(a_finding_has_the_line_of_what_is_wrong),
		cmocka_unit_test(a_mitigation_whose_requests_another_stops_is_found),
		cmocka_unit_test(what_another_mitigation_refuses_is_found),
		cmocka_unit_test(what_is_left_out_and_times_of_a_document_are_found),
		cmocka_unit_test(what_is_no_feed_is_one_error_with_its_line),
		cmocka_unit_test(patterns_are_judged_by_their_loops),
	};

	sg_xml_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
