/* worker_token_win.h - what a worker is allowed on Windows; for worker_win.c only. */
#ifndef SG_BASE_WORKER_TOKEN_WIN_H
#define SG_BASE_WORKER_TOKEN_WIN_H

#include "base/err.h"
#include <stdbool.h>
#include <wchar.h>

/* From strict to what always starts. */
enum sg_worker_rights {
	SG_RIGHTS_RESTRICTED, /* both this account and the ordinary users of this machine must be allowed what it does; Low */
	SG_RIGHTS_LOWERED, /* this account without its privileges and its administrators' groups; Low */
	SG_RIGHTS_NETWORK, /* LOWERED, and of the account LocalService where this process is the system itself */
};
/* A primary token; the caller closes it. */
int sg_worker_token(enum sg_worker_rights rights, void **ret, struct sg_err *err);
/* A desktop that nobody looks at, which even a RESTRICTED process may connect to; NULL: there is none, and its parent's must do. Kept for good. */
const wchar_t *sg_worker_desktop(void);

#endif
