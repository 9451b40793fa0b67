/* app_pool_parts.h - an AppPool action, read; shared by app_pool*.c and included by nothing else. */
#ifndef SG_ACTIONS_APP_POOL_PARTS_H
#define SG_ACTIONS_APP_POOL_PARTS_H

#include "actions/companion.h"
#include "actions/kinds.h"

enum sg_app_pool_which { SG_POOL_AUTO_START, SG_POOL_START_MODE, SG_POOL_ATTRIBUTES };
struct sg_app_pool_attribute {
	const char *name, *words[2]; /* of the feed and of IIS alike */
};
extern const struct sg_app_pool_attribute sg_app_pool_attributes[SG_POOL_ATTRIBUTES];

struct sg_app_pool {
	char *name;
	char *wanted[SG_POOL_ATTRIBUTES]; /* NULL: it stays as it is */
	bool stopped;                     /* run="Stopped" */
	bool may_miss;                    /* if-missing="skip" */
	struct sg_companions companions;
};
/* Reads and checks: everything that can be wrong with the action by itself. SG_EINVAL. */
int sg_app_pool_read(const struct sg_mitigation *m, const struct sg_action *a, struct sg_app_pool *ret,
        struct sg_err *err);
void sg_app_pool_release(struct sg_app_pool *p);

/* The kind's functions; the contract of each is in action.h. */
int sg_app_pool_check(const struct sg_mitigation *m, const struct sg_action *a, struct sg_err *err);
int sg_app_pool_plan(const struct sg_mitigation *m, const struct sg_action *a, const struct sg_host *host,
        const struct sg_drives *drives, const struct sg_holds *own, struct sg_wishes *ret,
        struct sg_err *err);
int sg_app_pool_prove(const struct sg_mitigation *m, const struct sg_action *a, const struct sg_host *host,
        struct sg_iis_files *files, struct sg_proof *ret, struct sg_err *err);
void sg_app_pool_effects(const struct sg_mitigation *m, const struct sg_action *a, const struct sg_host *host,
        bool out, struct sg_strs *ret);
void sg_app_pool_by_hand(const struct sg_wish *wish, bool undo, struct sg_buf *out);

#endif
