/* diff.h - a unified diff of two texts, for people. Pure; linear in the equal head and tail, Myers in between (bounded:
 * beyond 4,000 differing lines it says "replaced" instead of searching). */
#ifndef SG_BASE_DIFF_H
#define SG_BASE_DIFF_H

#include "base/buf.h"

/* Appends "--- old\n+++ new\n@@ ... @@\n..." with `context` lines around each change; nothing when the texts are equal.
 * CR at the end of a line is shown as it is; a last line without newline is followed by "\ No newline at end of file".
 */
void sg_diff_unified(struct sg_bytes a, struct sg_bytes b, const char *name_a, const char *name_b,
        int context, struct sg_buf *out);

#endif
