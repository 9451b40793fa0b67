/* token_win.h - what a token says of whoever has it, in the terms of authorise.h. Includes no header of Windows: a HANDLE is a void *. */
#ifndef SG_DAEMON_TOKEN_WIN_H
#define SG_DAEMON_TOKEN_WIN_H

#include "daemon/authorise.h"

/* `token` needs TOKEN_QUERY. A group that is enabled counts for its account; one that is there and not enabled (deny-only, as UAC leaves them) against it.
 * The integrity level is an id like a group. A restricted token is barred as S-1-5-12, one of an app container as S-1-15-2-1. What cannot be read of these
 * marks counts against the token: its level is Low then, and it is restricted. */
int sg_token_caller(void *token, struct sg_caller *ret, struct sg_err *err);

/* Whether this process runs at high integrity: elevated, or a service. */
bool sg_token_is_high(void);

#endif
