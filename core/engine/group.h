/* group.h - private to core/engine: several mitigations in one operation. */
#ifndef SG_ENGINE_GROUP_H
#define SG_ENGINE_GROUP_H

#include "engine/op.h"

/* sg_op_in() for as many of the members as go together; the rest keep their turn for the next call. Members that fit nowhere are tried one by one, until
 * one of them writes. What became of each is in its row. Errors: the last one; only SG_EFATAL and SG_ECANCELED are the caller's concern. */
int sg_group_in(struct sg_ctx *ctx, enum sg_op op, struct sg_member *members, size_t n, struct sg_err *err);

/* sg_op_out() for all members, and in smaller parts when all of them failed together. */
int sg_group_out(struct sg_ctx *ctx, struct sg_member *members, size_t n, struct sg_err *err);

#endif
