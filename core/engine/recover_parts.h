/* recover_parts.h - private to recover*.c: an intent on its way to its end. */
#ifndef SG_ENGINE_RECOVER_PARTS_H
#define SG_ENGINE_RECOVER_PARTS_H

#include "engine/recover.h"

/* Where one value of the intent stands once settling was tried. */
enum sg_end { END_SETTLED, END_OTHER, END_GONE, END_STUCK, END_LEFT };

struct sg_settling {
	struct sg_ctx *ctx;
	const struct sg_intent *intent;
	const struct sg_rans *
	        stopped; /* what the operation itself had stopped; NULL: it crashed, the holds know, or it is a revert */
	bool touch; /* false: nothing is written, stopped or started any more */
	struct sg_holds holds;
	bool *theirs; /* per hold: a scaffold of a file that others put there: they brought it */
	bool *left; /* per move: absent because others replaced the file: the claim stays, a repair follows */
	enum sg_end *end;      /* per move */
	struct sg_content *at; /* per move: what is there, when settled */
	bool foreign;          /* some value is OTHER */
	bool stuck;            /* some value could not be brought to settle */
	char *why;
};

/* Where the value is to go. */
const struct sg_content *sg_settle_goal(const struct sg_move *m);
/* Closes the intent by what was seen: which claims end, which stay and as what, and what each mitigation becomes. One durable write. */
int sg_settle_close(struct sg_settling *s, const struct sg_err *cause, struct sg_row *const *rows, size_t n,
        struct sg_err *err);

#endif
