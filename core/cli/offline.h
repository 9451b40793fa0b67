/* offline.h - `rollback --offline`: opens the engine in this process. For a server that boots no more, or a daemon that does not start. */
#ifndef SG_CLI_OFFLINE_H
#define SG_CLI_OFFLINE_H

#include "base/drive.h"
#include "cli/args.h"

/* Errors: those of sg_engine_once(). The reply is the caller's. */
int sg_offline_rollback(
        const struct sg_args *a, const struct sg_drives *drives, struct sg_val **ret, struct sg_err *err);

#endif
