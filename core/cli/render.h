/* render.h - replies as lines for a person. All text that comes from a feed, a file or another person is made safe for a terminal. Pure;
 * lenient: a key that is missing is shown as "-", so that an older stopgapctl can show what a newer daemon says. Times are UTC. */
#ifndef SG_CLI_RENDER_H
#define SG_CLI_RENDER_H

#include "base/buf.h"
#include "base/val.h"

void sg_render_status(const struct sg_val *reply, struct sg_buf *out);
void sg_render_short(
        const struct sg_val *reply, struct sg_buf *out); /* of `status`: the verdict, and what to type next */
void sg_render_list(const struct sg_val *reply, struct sg_buf *out);
void sg_render_done(const struct sg_val *reply, struct sg_buf *out);
void sg_render_show(const struct sg_val *reply, struct sg_buf *out);
void sg_render_plan(const struct sg_val *reply, struct sg_buf *out);
void sg_render_history(const struct sg_val *reply, struct sg_buf *out);
void sg_render_coverage(const struct sg_val *reply, struct sg_buf *out);
void sg_render_doctor(const struct sg_val *reply, struct sg_buf *out);
void sg_render_audit(const struct sg_val *reply, struct sg_buf *out);
void sg_render_event(const struct sg_val *line, struct sg_buf *out); /* one history line */

#endif
