/* service_parts.h - a Service action, read, and one service's start type as a wish; shared by service*.c, companion.c and app_pool.c, included by nothing else. */
#ifndef SG_ACTIONS_SERVICE_PARTS_H
#define SG_ACTIONS_SERVICE_PARTS_H

#include "actions/companion.h"
#include "actions/kinds.h"

struct sg_service_action {
	char *name;
	enum sg_start_type start;
	bool stopped;  /* run="Stopped" */
	bool may_miss; /* if-missing="skip" */
	struct sg_companions companions;
};
/* Reads and checks: everything that can be wrong with the action by itself. SG_EINVAL. */
int sg_service_read(const struct sg_mitigation *m, const struct sg_action *a, struct sg_service_action *ret,
        struct sg_err *err);
void sg_service_action_release(struct sg_service_action *s);
/* What may be the name of a service, and of one that a mitigation may touch. SG_EINVAL. */
int sg_service_check_name(const struct sg_action_reader *r, const char *name);

/* SG_ENOENT: the server has no such service; SG_EUNSUPPORTED: its services cannot be read. */
int sg_service_find(
        const struct sg_host *host, const char *name, const struct sg_service **ret, struct sg_err *err);
/* SG_EUNSUPPORTED: a driver that Windows loads at its start, or services that may not be changed here now. */
int sg_service_wish(const struct sg_host *host, const struct sg_service *service, enum sg_start_type start,
        bool stop, bool companion, const struct sg_holds *own, struct sg_wishes *ret, struct sg_err *err);
void sg_service_prove_start(
        const struct sg_service *service, enum sg_start_type start, struct sg_proof *proof);
/* What is not there when the service is off. */
void sg_service_say(const struct sg_host *host, const struct sg_service *service, enum sg_start_type start,
        bool out, struct sg_strs *ret);

/* The kind's functions; the contract of each is in action.h. */
int sg_service_check(const struct sg_mitigation *m, const struct sg_action *a, struct sg_err *err);
int sg_service_plan(const struct sg_mitigation *m, const struct sg_action *a, const struct sg_host *host,
        const struct sg_drives *drives, const struct sg_holds *own, struct sg_wishes *ret,
        struct sg_err *err);
int sg_service_prove(const struct sg_mitigation *m, const struct sg_action *a, const struct sg_host *host,
        struct sg_iis_files *files, struct sg_proof *ret, struct sg_err *err);
void sg_service_effects(const struct sg_mitigation *m, const struct sg_action *a, const struct sg_host *host,
        bool out, struct sg_strs *ret);
void sg_service_by_hand(const struct sg_wish *wish, bool undo, struct sg_buf *out);

#endif
