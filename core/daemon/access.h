/* access.h - from the names in <access> to the numbers that authorise.h decides with. */
#ifndef SG_DAEMON_ACCESS_H
#define SG_DAEMON_ACCESS_H

#include "daemon/authorise.h"

/* Fills the lists from <access read="..." change="...">: comma-separated uids, user names, and group names or gids with a leading '%'.
 * Looks names up in the system (blocking). A name that it does not know is SG_EINVAL: better no service for it than the wrong person's. */
int sg_access_resolve(const char *read, const char *change, struct sg_access **ret, struct sg_err *err);

/* "uid 1000 (anna)", for the audit trail. Looks the name up (blocking); owned by the caller. */
char *sg_access_account(uint32_t uid);

#endif
