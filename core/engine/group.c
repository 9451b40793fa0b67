/* group.c - several mitigations in one operation: one replace per file, so that ten of them restart the child applications once. One's trouble is not
 * everybody's: who does not fit is left out, and where a group fails in the writing each goes by itself. */
#include "engine/group.h"

#include <stdlib.h>

static bool goes_on(int code)
{
	return code != SG_EFATAL && code != SG_ECANCELED;
}

/* --- in */

struct fit {
	struct sg_ctx *ctx;
	enum sg_op op;
	struct sg_member *together; /* room for all */
	size_t n;
};

static bool previews(struct fit *f, size_t n)
{
	struct sg_step_plan plan = { 0 };
	struct sg_moves moves = { 0 };
	struct sg_err why = SG_ERR_INIT;
	bool well = sg_op_preview_in(f->ctx, f->op, f->together, n, &plan, &moves, NULL, &why) == 0;

	sg_step_plan_release(&plan);
	sg_moves_release(&moves);
	return well;
}

/* Halves what does not fit as a whole: few previews where few members are in the way. Depth: the logarithm of n. */
static void fit(struct fit *f, const struct sg_member *from, size_t n)
{
	for (size_t i = 0; i < n; i++)
		f->together[f->n + i] = from[i];
	if (previews(f, f->n + n)) {
		f->n += n;
	} else if (n > 1) {
		fit(f, from, n / 2);
		fit(f, from + n / 2, n - n / 2);
	}
}

/* The failure that the group's end wrote to the row was the group's; this one counts alone. */
static int alone(struct sg_ctx *ctx, enum sg_op op, struct sg_member *m, bool again, struct sg_err *err)
{
	struct sg_err why = SG_ERR_INIT;
	int code;

	if (again && m->row->attempts)
		m->row->attempts--;
	code = op == SG_OP_REVERT ? sg_op_out(ctx, m, 1, &why) : sg_op_in(ctx, op, m, 1, &why);
	if (code)
		sg_fail(err, code, "%s", why.msg);
	return code;
}

int sg_group_in(struct sg_ctx *ctx, enum sg_op op, struct sg_member *members, size_t n, struct sg_err *err)
{
	struct fit f = { .ctx = ctx, .op = op, .together = sg_alloc(n * sizeof(*members)) };
	struct sg_err why = SG_ERR_INIT;
	bool written = false;
	int code = 0;

	if (n > 1)
		fit(&f, members, n);
	if (f.n) {
		code = sg_op_in(ctx, op, f.together, f.n, &why);
		for (size_t i = 0; f.n > 1 && code && goes_on(code) && i < f.n; i++) {
			int one = alone(ctx, op, &f.together[i], true, err);

			if (!goes_on(one))
				code = one;
		}
		/* Whoever was left out is looked at again when the files are as they now are. */
	} else {
		/* Nobody fits, so each says why; what one of them writes is to be read before the next. */
		for (size_t i = 0; goes_on(code) && !written && i < n; i++) {
			code = alone(ctx, op, &members[i], false, err);
			written = code == 0;
		}
	}
	if (code)
		sg_fail(err, code, "%s", why.msg);
	free(f.together);
	return code;
}

/* --- out */

static bool refused(const struct sg_member *members, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (members[i].row->state != SG_BLOCKED || members[i].row->reason != SG_WHY_IO)
			return false;
	}
	return true;
}

int sg_group_out(struct sg_ctx *ctx, struct sg_member *members, size_t n, struct sg_err *err)
{
	struct sg_err why = SG_ERR_INIT;
	int code = sg_op_out(ctx, members, n, &why);
	bool apart = n > 1 && code && goes_on(code) && refused(members, n);

	for (size_t i = 0; apart && i < n; i++) {
		int one = alone(ctx, SG_OP_REVERT, &members[i], true, err);

		if (!goes_on(one)) {
			code = one;
			break;
		}
	}
	if (code)
		sg_fail(err, code, "%s", why.msg);
	return code;
}
