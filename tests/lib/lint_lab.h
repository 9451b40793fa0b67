/* lint_lab.h - a mitigation with nothing wrong in it, its parts to be replaced one by one, and what lint says of it. */
#ifndef SG_TESTS_LIB_LINT_LAB_H
#define SG_TESTS_LIB_LINT_LAB_H

#include "engine/lint_parts.h"

#define LINT_NOW      1795000000000LL /* 2026-11-18 */
#define LINT_NEW_RULE "<rule name=\"stopgap CORP-7 - inbound\" stopProcessing=\"true\">"
#define LINT_DENY                                                                                            \
	"<action type=\"CustomResponse\" statusCode=\"403\" statusReason=\"Forbidden\" "                     \
	"statusDescription=\"Refused\"/>"

/* A mitigation with nothing wrong in it, but for what is put in the place of one of its parts. */
struct t_lint {
	const char *attrs, *applicability, *tests, *rules, *actions;
};
extern const struct t_lint t_lint_good;
char *t_lint_config(struct t_lint p);   /* one Config; a part that is NULL is the good one's */
char *t_lint_feed(const char *configs); /* a document of the feed "corp" with these Configs */
bool t_lint_has(const struct sg_findings *f, const char *rule, enum sg_lint_level level);
void t_lint_show(const struct sg_findings *f); /* all findings, on stderr */

#endif
