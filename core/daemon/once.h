/* once.h - `stopgapd --once`: recovery or a rollback without feed, configuration and running daemon. */
#ifndef SG_DAEMON_ONCE_H
#define SG_DAEMON_ONCE_H

#include "base/rpc.h"
#include "daemon/options.h"

/* Says on stdout what came of it. `run` is SG_RUN_RECOVER, SG_RUN_ROLLBACK or SG_RUN_ROLLBACK_ALL. Before threads start. */
enum sg_exit sg_once_run(const struct sg_options *o, const char *journal, struct sg_err *err);

#endif
