/* step_parts.h - what step's files share; nothing outside actions/ includes it.
 *
 * A group is one container with the values that are asked of it. Config files are the only kind of container so far: another one brings its own
 * load and look behind sg_step_group_*.
 */
#ifndef SG_ACTIONS_STEP_PARTS_H
#define SG_ACTIONS_STEP_PARTS_H

#include "actions/config_edit.h"
#include "actions/step.h"
#include "base/os.h"

struct sg_step_group {
	const char *container; /* borrowed from the first address */
	char *native;          /* NULL when gone */
	struct sg_buf octets;
	struct sg_cfg cfg;
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

#endif
