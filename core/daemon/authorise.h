/* authorise.h - who may do what over the control pipe (P11). Pure: no look-ups, no state, asked anew for each request.
 *
 * The account that runs the service and uid 0 may do everything. Everybody else may do what the configuration's lists say: `change`
 * includes `read`. Nobody else reads.
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

/* Accounts that were looked up beforehand. {0}: nobody but the service's own account and uid 0. */
struct sg_ids {
	uint32_t *at;
	size_t n, cap;
};
struct sg_access {
	uint32_t self;                          /* the uid that runs the service */
	struct sg_ids read_uids, read_gids;     /* may read */
	struct sg_ids change_uids, change_gids; /* may change, and read */
};
void sg_ids_add(struct sg_ids *ids, uint32_t id);
void sg_access_free(struct sg_access *access);
bool sg_access_others(const struct sg_access *access); /* anybody besides uid 0 and self is listed */

/* Who asks, as the kernel says. `groups` is borrowed: the supplementary ones. */
struct sg_caller {
	uint32_t uid, gid;
	const uint32_t *groups;
	size_t n_groups;
};
bool sg_authorise(const struct sg_access *access, const struct sg_caller *caller, enum sg_right right);

#endif
