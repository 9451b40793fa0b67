/* run_win.h - what the Windows runner's files share; nothing else includes it. */
#ifndef SG_ACTIONS_RUN_WIN_H
#define SG_ACTIONS_RUN_WIN_H

#include "actions/run.h"
#include <wchar.h>

/* Full path of IIS's appcmd.exe, there or not; owned by the caller. */
wchar_t *sg_run_appcmd(void);

/* The calls of struct sg_runner, for one kind each. Names are checked already. */
int sg_run_pool_look(const char *name, enum sg_run_state *ret, struct sg_err *err);
int sg_run_pool_turn(const char *name, bool on, int64_t timeout_ms, struct sg_err *err);
int sg_run_pool_recycle(const char *name, int64_t timeout_ms, struct sg_err *err);
int sg_run_service_look(
        const char *name, enum sg_run_state *ret, struct sg_strs *ret_dependants, struct sg_err *err);
int sg_run_service_needs(const char *name, struct sg_strs *ret, struct sg_err *err);
int sg_run_service_stop(const char *name, int64_t timeout_ms, struct sg_err *err);
int sg_run_service_start(const char *name, int64_t timeout_ms, struct sg_err *err);

#endif
