/* rest.h - what a container would be without any value of ours: the one thing that tells a file which others replaced from one out of which a person took
 * our value. Looks only. */
#ifndef SG_ENGINE_REST_H
#define SG_ENGINE_REST_H

#include "engine/ctx.h"

/* What came of it, by all that it depends on: an operation of many members asks the same of the same file for each of them, and so does the next one. Nothing
 * in it can be out of date. {0} is empty; there is nothing to release. Owner: the engine. */
struct sg_rests {
	struct sg_rest_known {
		bool used;
		struct sg_hash asked, rest;
	} at[16];
	size_t next; /* the oldest */
};

/* SHA-256 of the container's octets with every value of `list` at its before, those found OTHER as they are. false: it cannot be told. */
bool sg_rest(struct sg_ctx *ctx, const struct sg_hold *const *list, size_t n, const char *container,
        struct sg_hash *ret);
/* Whether others put another file in this one's place since the hold was written: its identity AND the octets that are not ours changed. */
bool sg_rest_replaced(struct sg_ctx *ctx, const struct sg_holds *holds, const struct sg_hold *h);
/* Whether a claimed scaffold that exists is another one: the file was replaced, and nothing of ours stands inside. It is theirs, and stays. */
bool sg_rest_theirs(struct sg_ctx *ctx, const struct sg_holds *holds, const struct sg_hold *scaffold);
/* Whether `inner` lies inside `scaffold`. */
bool sg_addr_inside(const struct sg_addr *scaffold, const struct sg_addr *inner);

/* Whether the file that the hold is in is another one than the one it was taken from: replaced by others, and without any value of ours. One that an editor
 * saved has them still. */
bool sg_rest_another(struct sg_ctx *ctx, const struct sg_holds *holds, const struct sg_hold *h);

#endif
