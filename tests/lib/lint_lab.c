/* lint_lab.c - see lint_lab.h. */
#include "tests/lib/lint_lab.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct t_lint t_lint_good = {
	.attrs = "id=\"CORP-7\" desc=\"x\" sg:severity=\"high\" sg:review-by=\"2027-02-01\"",
	.applicability =
	        "<sg:Product name=\"Exchange\"><sg:Affected from=\"15.1\" below=\"15.3\"/></sg:Product>",
	.tests = "<sg:Refuse uri=\"/owa/x.aspx?cmd=run\"/><sg:Serve uri=\"/owa/x.aspx\"/>",
	.rules = LINT_NEW_RULE
	"<match url=\"^owa/x\\.aspx\"/><conditions><add input=\"{UrlDecode:{UrlDecode:{QUERY_STRING}}}\" "
	"pattern=\"(^|&amp;)cmd=run\"/></conditions>" LINT_DENY "</rule>",
};

char *t_lint_config(struct t_lint p)
{
	char *actions =
	        p.actions ? sg_strdup(p.actions)
	                  : sg_format("<Action type=\"UrlRewrite\" scope=\"Site\"><sg:At sites=\"Default Web "
	                              "Site\" path=\"/\" "
	                              "inherit=\"yes\"/><rewrite><rules>\n%s\n</rules></rewrite></Action>",
	                            p.rules ? p.rules : t_lint_good.rules);
	char *s = sg_format("<Config xmlns:sg=\"" SG_FEED_NS
	                    "\" %s>\n<sg:Reference type=\"cve\">CVE-2026-1</sg:Reference>"
	                    "<sg:SideEffect>None "
	                    "known.</sg:SideEffect>\n<sg:Applicability>%s</sg:Applicability>\n%s%s%s\n"
	                    "<ActionList>%s</ActionList>\n</Config>",
	        p.attrs ? p.attrs : t_lint_good.attrs,
	        p.applicability ? p.applicability : t_lint_good.applicability,
	        p.tests && !*p.tests ? "" : "<sg:Test>", p.tests ? p.tests : t_lint_good.tests,
	        p.tests && !*p.tests ? "" : "</sg:Test>", actions);

	free(actions);
	return s;
}

bool t_lint_has(const struct sg_findings *f, const char *rule, enum sg_lint_level level)
{
	for (size_t i = 0; i < f->n; i++)
		if (!strcmp(f->at[i].rule, rule) && f->at[i].level == level)
			return true;
	return false;
}

void t_lint_show(const struct sg_findings *f)
{
	for (size_t i = 0; i < f->n; i++)
		fprintf(stderr, "  line %u: %s [%s] %s\n", f->at[i].line, sg_lint_level_name(f->at[i].level),
		        f->at[i].rule, f->at[i].text);
}

char *t_lint_feed(const char *configs)
{
	return sg_format("<EOCS version=\"1\" xmlns:sg=\"" SG_FEED_NS "\" sg:feed=\"corp\" sg:serial=\"3\" "
	                 "sg:issued=\"2026-11-18T00:00:00Z\" sg:expires=\"2026-12-01T00:00:00Z\">%s</EOCS>",
	        configs);
}
