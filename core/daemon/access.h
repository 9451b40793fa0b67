/* access.h - from the names in <access> to the ids that authorise.h decides with. */
#ifndef SG_DAEMON_ACCESS_H
#define SG_DAEMON_ACCESS_H

#include "daemon/authorise.h"

/* Fills the lists from <access read="..." change="...">: comma-separated accounts, and groups with a leading '%'. An account is a name or, on POSIX, a
 * number; on Windows a name ("CORP\anna") or a SID, the sign before groups is optional, and "root" is the administrators.
 * `remote` lets sessions that came over the network ask, too; POSIX knows no such difference. Looks names up in the system (blocking). A name that it does not know is SG_EINVAL: better no service for it than the wrong person's. */
int sg_access_resolve(
        const char *read, const char *change, bool remote, struct sg_access **ret, struct sg_err *err);

/* Who runs this process. Owned by the caller. */
char *sg_access_self(void);

/* "uid 1000 (anna)", "CORP\anna (S-1-5-21-...)": an id of authorise.h for the audit trail. Looks the name up (blocking); owned by the caller. */
char *sg_access_account(const char *id);

/* Before the service does what `file` says: SG_EACCES when others than closed_win.h trusts may change it or put another in its place, with who they are and what
 * to do about it. POSIX: 0; the folder of the configuration is whoever's the unit that starts the service is, and sg_os_ours() judges what it pins. That
 * others may write the configuration itself is obeyed there; --check-config and the doctor warn of it. */
int sg_access_check_file(const char *file, struct sg_err *err);

/* Before any of them is judged: in the folders that `stopgapd install` closed, the service's own (with `live`: on this machine's drives) and the journal's,
 * takes the rights to change something back that administrators gave themselves without wanting to, as mend_win.h says. Sentences about what was put back
 * and what was left; that is refused where it is judged. Blocking. POSIX: nothing. */
void sg_access_mend(bool live, const char *journal, struct sg_strs *ret_put_back, struct sg_strs *ret_left);

/* The same in the service's own folder on this machine's drives, where `file` lies in it. */
void sg_access_mend_around(const char *file, struct sg_strs *ret_put_back, struct sg_strs *ret_left);

#endif
