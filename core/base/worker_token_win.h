/* worker_token_win.h - what a worker is allowed on Windows; for worker_win.c only. */
#ifndef SG_BASE_WORKER_TOKEN_WIN_H
#define SG_BASE_WORKER_TOKEN_WIN_H

#include "base/err.h"
#include "base/worker_cage.h"
#include <wchar.h>

/* Whether this process is the system's own account; one that cannot tell is. */
bool sg_worker_is_system(void);
/* A primary token, which the caller closes, and what Windows says that it is. What it does not say counts as not kept. */
int sg_worker_token(
        enum sg_worker_rights rights, void **ret, struct sg_worker_token *ret_is, struct sg_err *err);
/* A desktop that nobody looks at, which each of these tokens may connect to; NULL: there is none, and its parent's must do. Kept for good. */
const wchar_t *sg_worker_desktop(void);

#endif
