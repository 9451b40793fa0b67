/* op_build.h - private to op_*.c and recover*.c: what an operation is going to do, collected before anything is written. */
#ifndef SG_ENGINE_OP_BUILD_H
#define SG_ENGINE_OP_BUILD_H

#include "engine/op.h"

#define SG_NO_MOVE SIZE_MAX

/* A hold as it will be when the operation ends. */
struct sg_staged {
	struct sg_hold hold;
	size_t move;  /* the move that brings it there, or SG_NO_MOVE */
	bool opening; /* goes into the journal with the intent: it is new, or its before is taken afresh */
	bool drop;    /* gone when the operation ends */
	bool run; /* its hook: a wish of this operation asks for it, or the value is at its before again */
	bool running; /* as it was seen before the intent */
	bool only_hook; /* goes into the journal with the intent for its hook alone: whoever joins is no holder yet */
	bool disown; /* dropped already with the intent: the file was replaced, and the scaffold in it is not the one that we made */
};
struct sg_build {
	struct sg_holds holds; /* the journal's, as they are */
	struct sg_moves moves;
	struct sg_staged *staged;
	size_t n, cap;
};
void sg_build_release(struct sg_build *b);
struct sg_staged *sg_build_find(struct sg_build *b, const struct sg_addr *addr);
/* The staged copy of a hold, made from the journal's when it is not staged yet, or a new empty one. */
struct sg_staged *sg_build_stage(struct sg_build *b, const struct sg_addr *addr);
/* Adds a move and ties it to the staged hold. Contents are copied. */
void sg_build_move(struct sg_build *b, struct sg_staged *s, const struct sg_content *from,
        const struct sg_content *to, bool settle_to);

int sg_build_in(struct sg_ctx *ctx, enum sg_op op, const struct sg_member *members, size_t n,
        struct sg_build *b, struct sg_err *err);
/* ret_kept per member: 0 nothing stays claimed, SG_ECONFLICT some value is OTHER, SG_EIO some could not be looked at; ret_why: the first reason. */
int sg_build_out(struct sg_ctx *ctx, const struct sg_member *members, size_t n, struct sg_build *b,
        int *ret_kept, char **ret_why, struct sg_err *err);

/* Opens the intent for the build, with the temporary names of the plan. */
int sg_build_open(struct sg_ctx *ctx, enum sg_op op, struct sg_build *b, const struct sg_step_plan *plan,
        const struct sg_member *members, size_t n, struct sg_intent *ret, struct sg_err *err);
/* Fills the staged holds with what was written, and collects what a close puts and drops. The arrays are freed by sg_close_write() (contents borrowed). */
struct sg_close {
	struct sg_hold *put;
	struct sg_addr *drop;
	size_t n_put, n_drop;
};
void sg_build_close(
        struct sg_ctx *ctx, struct sg_build *b, const struct sg_step_plan *plan, struct sg_close *ret);
/* The operation's end in the journal, in one transaction: the rows, what is held from now on, and the lines; closes the intent, where there is one. */
int sg_close_write(struct sg_ctx *ctx, bool intent, struct sg_row *const *rows, size_t n_rows,
        struct sg_close *closing, const struct sg_lines *lines, struct sg_err *err);
/* For an audit line: the values that moved, as hashes of their contents. */
struct sg_val *sg_build_values(const struct sg_moves *moves);

/* What a row becomes when an operation fails before or after its intent: state, reason, sentence, retry. Used by op_in and recover. */
void sg_row_failed(
        struct sg_row *row, enum sg_op op, const struct sg_err *cause, bool holder, bool holds, int64_t now);
/* The same for a revert that leads to `done_why`: what a person began to take out is remembered as taken out by hand. */
void sg_row_revert_failed(
        struct sg_row *row, enum sg_reason done_why, const struct sg_err *cause, int64_t now);
/* What a row becomes when a body is in. */
void sg_row_applied(
        struct sg_row *row, const struct sg_hash *body, const char *revision, enum sg_op op, int64_t now);
/* What a row becomes when it was taken out. */
void sg_row_out(struct sg_row *row, enum sg_state done, enum sg_reason why, const char *text, int64_t now);

#endif
