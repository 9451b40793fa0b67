/* collect.h - `stopgapctl collect`: no daemon is asked, and nothing on the drives is changed. */
#ifndef SG_CLI_COLLECT_H
#define SG_CLI_COLLECT_H

#include "base/drive.h"
#include "base/rpc.h"
#include "cli/args.h"

/* Writes the archive a->word, which must not be there; the reply is stopgap.collect.v1. */
int sg_collect_run(
        const struct sg_args *a, const struct sg_drives *drives, struct sg_val **ret, struct sg_err *err);
void sg_collect_render(const struct sg_val *reply, struct sg_buf *out);

#endif
