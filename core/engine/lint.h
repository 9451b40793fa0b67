/* lint.h - what an author would regret about a feed or a single Config, found before anybody signs it. Pure: no file is opened, no server asked.
 *
 * Every rule has a stable name, so that a script may look for it; the level says whether the document may go out as it is. The findings are those of
 * the document alone: what a certain server makes of it is the question of engine/try.h.
 */
#ifndef SG_ENGINE_LINT_H
#define SG_ENGINE_LINT_H

#include "base/buf.h"
#include "base/err.h"

enum sg_lint_level { SG_LINT_NOTE, SG_LINT_WARNING, SG_LINT_ERROR };

struct sg_finding {
	enum sg_lint_level level;
	const char *rule;   /* "pattern-catastrophic": static */
	char *id;           /* of the mitigation; NULL: the document */
	unsigned line;      /* in the document; 0: not known */
	char *text;         /* a sentence */
	const char *advice; /* what to do: static */
};
struct sg_findings { /* in the order of lines; {0} is none */
	struct sg_finding *at;
	size_t n, cap;
	size_t mitigations; /* that could be read */
	size_t errors, warnings, notes;
};
/* `document`: an EOCS document, signed or not, or one Config by itself. `now`: wall ms, for dates. What cannot be read is a finding, too. */
void sg_lint(struct sg_bytes document, int64_t now, struct sg_findings *ret);
void sg_findings_release(struct sg_findings *f);
const char *sg_lint_level_name(enum sg_lint_level level); /* "error", "warning", "note" */

#endif
