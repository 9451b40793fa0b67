/* authorise.h - who may do what over the control pipe (P11). Pure: no look-ups, no state, asked anew for each request.
 *
 * The account that runs the service and who administers the machine (uid 0; SYSTEM and elevated administrators) may do everything. Everybody else may
 * do what the configuration's lists say: `change` includes `read`. Nobody else reads.
 */
#ifndef SG_DAEMON_AUTHORISE_H
#define SG_DAEMON_AUTHORISE_H

#include "base/buf.h"
#include "base/err.h"

enum sg_right { SG_RIGHT_READ = 1, SG_RIGHT_CHANGE };

/* How the daemon answers a method. */
enum sg_answered {
	SG_BY_SNAPSHOT = 1, /* at once, from memory */
	SG_BY_READING,      /* on the change lane, and it moves nothing */
	SG_BY_ENGINE,       /* on the change lane */
	SG_BY_DOCTOR,       /* on the change lane, once the feeds' ways were walked */
	SG_BY_REFRESH,      /* after polls */
	SG_BY_WATCH,        /* at once, and then events */
};

/* Every method of schemas/control.md. */
struct sg_method {
	const char *name;
	enum sg_right right;
	enum sg_answered by;
};
const struct sg_method *sg_method_find(const char *name); /* NULL: there is no such method */
const struct sg_method *sg_method_at(size_t i);           /* NULL past the last */

/* Accounts and groups by the name that the system vouches for and never gives to another: "uid 1000" and "gid 2001" on POSIX, a SID ("S-1-5-32-544")
 * on Windows. Looked up beforehand (access.h). {0}: nobody may do anything. */
struct sg_access {
	struct sg_strs
	        always; /* may do everything: the service's own account, and who administers the machine */
	struct sg_strs never;        /* nothing at all, whatever else is listed */
	struct sg_strs read, change; /* of the configuration: may read; may change, and read */
};
void sg_access_free(struct sg_access *access);         /* NULL is fine */
bool sg_access_others(const struct sg_access *access); /* anybody is listed who is not in `always` */

/* Who asks, as the kernel says. {0} is nobody, and a valid one to release. */
struct sg_caller {
	char *account;      /* for the record and for counting; decides nothing */
	struct sg_strs ids; /* the account, and every group, that count for it */
	struct sg_strs
	        barred; /* what may count against it and never for it: a filtered administrator's "Administrators" */
	int64_t pid; /* for the record */
};
void sg_caller_release(struct sg_caller *caller);
/* Adds Windows's integrity level by its relative id (SECURITY_MANDATORY_..._RID). One that could not be read, and whatever lies below Medium, counts as Low,
 * which access_win.c never lets in. */
void sg_caller_level(struct sg_caller *caller, bool known, uint32_t level);
const char *sg_caller_account(const struct sg_caller *caller); /* borrowed; "nobody" without one */

bool sg_authorise(const struct sg_access *access, const struct sg_caller *caller, enum sg_right right);

#endif
