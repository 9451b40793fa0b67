/* step_parts.h - what step's files share; nothing outside actions/ includes it.
 *
 * A group is one container with the values that are asked of it: a config file, or the services: those of the SYSTEM hive's control set on a drive, and
 * of running Windows where drives are live. The sg_step_hive_* and sg_step_live_* functions are their side of sg_step_group_* and of the plan.
 */
#ifndef SG_ACTIONS_STEP_PARTS_H
#define SG_ACTIONS_STEP_PARTS_H

#include "actions/config_edit.h"
#include "actions/hive.h"
#include "actions/step.h"
#include "base/os.h"

struct sg_step_group {
	const char *container; /* borrowed from the first address */
	char *native;          /* NULL when gone */
	struct sg_buf octets;
	struct sg_cfg cfg;
	bool is_hive;
	bool live; /* is_hive, and the services are running Windows's: nothing is read ahead, each is asked for */
	struct sg_hive hive; /* it has the octets then */
	uint32_t services;   /* the key of the control set's services */
	unsigned set;        /* its number */
	struct sg_file_id id;
	int code; /* 0, SG_ENOENT when gone, or why it cannot be used */
	struct sg_err err;
};

/* Reads and scans the container; always fills `code`. */
void sg_step_group_load(
        const struct sg_drives *drives, const struct sg_addr *addr, struct sg_step_group *ret);
void sg_step_group_release(struct sg_step_group *group);
/* The value as it is now; seen is FROM for "could be read" until somebody compares. Returns why it FAILED, or 0. */
int sg_step_group_look(
        const struct sg_step_group *group, const struct sg_addr *addr, struct sg_seen_value *ret);
/* The same, compared with the move's two contents. */
int sg_step_group_compare(
        const struct sg_step_group *group, const struct sg_move *move, struct sg_seen_value *ret);

/* Whether the container is the one of services, and drives are live: it has no octets and one identity then. */
bool sg_step_live(const struct sg_drives *drives, const char *container);

/* Octets that a container may have: a hive is larger than any config file. */
size_t sg_step_max(const char *container);
/* Whether values of this kind are in the SYSTEM hive; the address must be a service's then. */
bool sg_step_in_hive(const struct sg_addr *addr);
int sg_step_hive_load(const struct sg_drives *drives, struct sg_step_group *group, struct sg_err *err);
/* SG_ENOENT: the service or its Start is not there; SG_EUNSUPPORTED: it is nothing that could be changed in place. */
int sg_step_hive_look(const struct sg_step_group *group, const struct sg_addr *addr, struct sg_content *ret,
        struct sg_err *err);
/* Four octets of f->after, and the patch that says so. `before` must have the group's octets. */
int sg_step_hive_set(const struct sg_step_group *group, const struct sg_addr *addr,
        const struct sg_content *to, struct sg_step_file *f, struct sg_content *ret_written,
        struct sg_err *err);
/* That f->after differs from f->before in the patches alone (P10). */
int sg_step_hive_referee(const struct sg_step_file *f, struct sg_err *err);
/* Writes the patches into the file, which must be the very one and unchanged; one sync; reads them back. SG_EFATAL. */
int sg_step_hive_write(const struct sg_step_file *f, struct sg_err *err);

/* The same of running Windows. SG_ECONFLICT of a look: the registry and the service control manager do not agree. */
int sg_step_live_look(const struct sg_addr *addr, struct sg_content *ret, struct sg_err *err);
int sg_step_live_set(const struct sg_addr *addr, const struct sg_content *to, struct sg_step_file *f,
        struct sg_content *ret_written, struct sg_err *err);
/* That every start type is where it was planned from. */
int sg_step_live_check(const struct sg_step_file *f, struct sg_err *err);
/* Moves one after the other, durably; the caller settles when a later one fails. */
int sg_step_live_write(const struct sg_step_file *f, struct sg_err *err);

#endif
