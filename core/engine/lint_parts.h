/* lint_parts.h - what the files of lint share; included by lint*.c and nothing else. */
#ifndef SG_ENGINE_LINT_PARTS_H
#define SG_ENGINE_LINT_PARTS_H

#include "actions/action.h"
#include "actions/bare.h"
#include "base/xml.h"
#include "engine/lint.h"

/* One mitigation under the lens. All borrowed. */
struct sg_lint {
	struct sg_findings *found;
	const struct sg_mitigation *m;
	const xmlNode *config; /* its element in the author's own document, for lines */
	int64_t now;
};

/* `rule` and `advice` are static; the text is formatted. */
void sg_lint_add(struct sg_lint *l, enum sg_lint_level level, const char *rule, unsigned line,
        const char *advice, const char *fmt, ...) __attribute__((format(printf, 6, 7)));
unsigned sg_lint_line(const xmlNode *node); /* 0 for NULL */
/* The i-th Refuse, Serve or Response, and the i-th Action. */
const xmlNode *sg_lint_test(const struct sg_lint *l, size_t i);
const xmlNode *sg_lint_action(const struct sg_lint *l, size_t i);
/* Calls `each` for every element below `node` (itself not), in document order. */
void sg_lint_walk(const xmlNode *node, void (*each)(void *arg, const xmlNode *node), void *arg);

/* lint_about.c: what people are told, dates, companions. */
void sg_lint_about(struct sg_lint *l);
/* lint_builds.c: affected and fixed builds against each other. */
void sg_lint_builds(struct sg_lint *l);
/* lint_rules.c: rules and sequences. False: something is so wrong that the action cannot be read, and that was said. */
bool sg_lint_names(struct sg_lint *l);
void sg_lint_rules(struct sg_lint *l);
/* lint_forms.c: the mitigation's tests, and other forms of the requests that it refuses. */
void sg_lint_tests(struct sg_lint *l);
void sg_lint_forms(struct sg_lint *l);
/* lint_across.c: mitigations of one document against each other. `at` has the same order as the lenses. */
void sg_lint_across(struct sg_lint *lenses, size_t n);

/* --- lint_pattern.c: an ECMAScript pattern by itself. Pure. */
struct sg_pattern_faults {
	bool unreadable; /* it is not understood here: nothing is said */
	bool everything; /* it matches every text */
	bool ambiguous; /* a loop whose rounds can divide one text in several ways: time grows exponentially */
	bool overlapping; /* alternatives in a loop that begin alike */
	bool slow; /* loops one after the other that meet the same text: time grows with a power of its length */
	bool lookahead;       /* a look-ahead that is tried at every place of the text */
	struct sg_buf attack; /* a text that makes an ambiguous pattern run away, to try */
};
void sg_lint_pattern(const char *pattern, bool ignore_case, struct sg_pattern_faults *ret);
void sg_pattern_faults_release(struct sg_pattern_faults *f);

#endif
