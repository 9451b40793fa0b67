/* once.h - one piece of work without a daemon, a feed or a configuration: recovery, and perhaps one request. What `stopgapd --once` and
 * `stopgapctl rollback --offline` have in common. */
#ifndef SG_ENGINE_ONCE_H
#define SG_ENGINE_ONCE_H

#include "engine/engine.h"

/* Opens the journal (which locks, checks and recovers), does the request (`method` NULL: none) and closes it. SG_EBUSY when a daemon
 * holds the journal: its message names the process and says to use stopgapctl. *ret_reply is the caller's, nil without a method. */
int sg_engine_once(const struct sg_engine_options *options, const char *method, const struct sg_val *params,
        const char *account, struct sg_val **ret_reply, struct sg_err *err);

#endif
