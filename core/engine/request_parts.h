/* request_parts.h - private to request*.c: one request under way, and the methods that change something. */
#ifndef SG_ENGINE_REQUEST_PARTS_H
#define SG_ENGINE_REQUEST_PARTS_H

#include "engine/inside.h"

struct sg_request {
	struct sg_engine *e;
	const struct sg_val *params;
	struct sg_who who;
	struct sg_world w;
	struct sg_row *row; /* of params' id, for methods that need one; owned by w */
	struct sg_val *reply;
	struct sg_err *err;
};

/* A parameter that is a text and not empty, or NULL; borrowed. */
const char *sg_request_param(const struct sg_request *r, const char *key);
/* Does the work that follows from what was noted, then reads the world again; r->row points into the new one. */
int sg_request_settle(struct sg_request *r);
/* One durable note: the row (may be NULL), what more changes (may be NULL) and a line that names who asked. */
int sg_request_note(
        struct sg_request *r, int event, struct sg_row *row, const struct sg_change *more, const char *text);
/* The reply of a method that changed something: a sentence, and the row when there is one. */
void sg_request_done(struct sg_request *r, bool changed, const char *fmt, ...)
        __attribute__((format(printf, 3, 4)));

/* The row that params name, into r->row. Without an id: none, SG_EINVAL where it is `needed`. SG_ENOENT, and SG_EINVAL where two feeds have it. */
int sg_request_find_row(struct sg_request *r, bool needed);
/* SG_ESTATE while Setup is at work. */
int sg_request_refuse_in_setup(struct sg_request *r);
/* What a person can do about a row (may be NULL) that does not move, as the end of a sentence; or "". */
const char *sg_request_way_out(const struct sg_row *row);
/* Whether the verb would be refused for r->row, and its first write to the row: `plan --as` asks, too. `how`: retry, take-over, accept, or wrong. */
int sg_request_check_approve(struct sg_request *r);
int sg_request_check_resolve(struct sg_request *r, const char *how);
void sg_request_resolve_row(struct sg_request *r, const char *how);

/* request_plan.c */
int sg_request_do_plan(struct sg_request *r);
/* request_change.c */
int sg_request_do_approve(struct sg_request *r);
int sg_request_do_apply(struct sg_request *r);
int sg_request_do_block(struct sg_request *r);
int sg_request_do_unblock(struct sg_request *r);
int sg_request_do_rollback(struct sg_request *r);
int sg_request_do_pause(struct sg_request *r);
int sg_request_do_resume(struct sg_request *r);
int sg_request_do_refresh(struct sg_request *r);
/* request_resolve.c */
int sg_request_do_resolve(struct sg_request *r);
/* request_feed.c */
int sg_request_do_import(struct sg_request *r);
int sg_request_do_reset_serial(struct sg_request *r);
#endif
