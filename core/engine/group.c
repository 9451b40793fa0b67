/* group.c - several mitigations in one operation: one replace per file, so that ten of them restart the child applications once. One's trouble is not
 * everybody's: who does not fit is left out, and where a group fails in the writing it goes in parts. */
#include "engine/group.h"

#include "actions/iis_effective.h"

#include <stdlib.h>

static bool goes_on(int code)
{
	return code != SG_EFATAL && code != SG_ECANCELED;
}

static int operate(struct sg_ctx *ctx, enum sg_op op, struct sg_member *members, size_t n, struct sg_err *err)
{
	return op == SG_OP_REVERT ? sg_op_out(ctx, members, n, err) : sg_op_in(ctx, op, members, n, err);
}

static int preview(struct sg_ctx *ctx, enum sg_op op, struct sg_member *members, size_t n,
        struct sg_step_plan *ret, struct sg_err *err)
{
	struct sg_moves moves = { 0 };
	int code = op == SG_OP_REVERT ? sg_op_preview_out(ctx, members, n, ret, &moves, NULL, err)
	                              : sg_op_preview_in(ctx, op, members, n, ret, &moves, NULL, err);

	sg_moves_release(&moves);
	return code;
}

/* --- apart: what failed together is done again in smaller groups */

/* The files that the member would change; what cannot be told touches none. */
static void files_of(struct sg_ctx *ctx, enum sg_op op, struct sg_member *m, struct sg_strs *ret)
{
	struct sg_step_plan plan = { 0 };
	struct sg_err why = SG_ERR_INIT;

	if (preview(ctx, op, m, 1, &plan, &why) == 0) {
		for (size_t i = 0; i < plan.n_files; i++)
			sg_strs_add(ret, plan.files[i].native);
	}
	sg_step_plan_release(&plan);
}

/* Whether all of them together would change one file, which is then each one's: most groups do, and one preview tells it. */
static bool one_file(
        struct sg_ctx *ctx, enum sg_op op, struct sg_member *members, size_t n, struct sg_strs *ret)
{
	struct sg_step_plan plan = { 0 };
	struct sg_err why = SG_ERR_INIT;
	bool one = preview(ctx, op, members, n, &plan, &why) == 0 && plan.n_files == 1;

	for (size_t i = 0; one && i < n; i++)
		sg_strs_add(&ret[i], plan.files[0].native);
	sg_step_plan_release(&plan);
	return one;
}

/* Nothing is written between the previews, so that they share what they read. */
static void all_files_of(
        struct sg_ctx *ctx, enum sg_op op, struct sg_member *members, size_t n, struct sg_strs *ret)
{
	struct sg_iis_files *files = NULL;
	struct sg_ctx sharing = *ctx;
	struct sg_host host;

	if (ctx->host && ctx->host->iis) {
		host = *ctx->host;
		host.files = files = sg_iis_files_new(host.iis, ctx->drives);
		sharing.host = &host;
	}
	if (!one_file(&sharing, op, members, n, ret))
		for (size_t i = 0; i < n; i++)
			files_of(&sharing, op, &members[i], &ret[i]);
	sg_iis_files_free(files);
}

static bool share(const struct sg_strs *a, const struct sg_strs *b)
{
	for (size_t i = 0; i < a->n; i++) {
		if (sg_strs_has(b, a->at[i]))
			return true;
	}
	return false;
}

/* Brings those that touch a file of the first one, or of one that does, to the front. Their number. */
static size_t related(struct sg_member *members, struct sg_strs *files, size_t n)
{
	size_t count = 1;

	for (size_t i = 0; i < count; i++) {
		for (size_t k = count; k < n; k++) {
			struct sg_member m = members[k];
			struct sg_strs f = files[k];

			if (!share(&files[i], &f))
				continue;
			members[k] = members[count];
			files[k] = files[count];
			members[count] = m;
			files[count++] = f;
		}
	}
	return count;
}

/* The failure that is in the rows was the group's: the next one counts alone. */
static int again(struct sg_ctx *ctx, enum sg_op op, struct sg_member *members, size_t n, struct sg_err *err)
{
	struct sg_err why = SG_ERR_INIT;
	int code;

	for (size_t i = 0; i < n; i++) {
		if (members[i].row->attempts)
			members[i].row->attempts--;
	}
	code = operate(ctx, op, members, n, &why);
	return code ? sg_fail(err, code, "%s", why.msg) : 0;
}

/* Two members at least, in halves, down to the one that it is because of. Where all of it fails, a few failures are enough to see that: the rest keep what the group's said, and have
 * their turn when they are tried again. */
static int halve(struct sg_ctx *ctx, enum sg_op op, struct sg_member *members, size_t n, size_t *left,
        struct sg_err *err)
{
	size_t half = n / 2, at[] = { 0, half, n };
	int code = 0;

	for (size_t i = 0; *left && i < 2; i++) {
		struct sg_member *some = members + at[i];
		size_t count = at[i + 1] - at[i];
		int one = again(ctx, op, some, count, err);

		if (one && goes_on(one)) {
			(*left)--;
			code = SG_EIO;
			if (count > 1)
				one = halve(ctx, op, some, count, left, err);
		}
		if (!goes_on(one))
			return one;
	}
	return code;
}

/* File by file, so that a file that cannot be written keeps back only those that need it; then in halves. */
static int apart(struct sg_ctx *ctx, enum sg_op op, struct sg_member *members, size_t n, struct sg_err *err)
{
	enum { FAILURES = 16 };
	struct sg_strs *files = sg_alloc(n * sizeof(*files));
	int code = 0;

	all_files_of(ctx, op, members, n, files);
	for (size_t at = 0, count; goes_on(code) && at < n; at += count) {
		size_t left = FAILURES;

		count = related(members + at, files + at, n - at);
		code = count < n ? again(ctx, op, members + at, count, err) : SG_EIO;
		if (count > 1 && code && goes_on(code))
			code = halve(ctx, op, members + at, count, &left, err);
	}
	for (size_t i = 0; i < n; i++)
		sg_strs_release(&files[i]);
	free(files);
	return code;
}

/* --- in */

struct fit {
	struct sg_ctx *ctx;
	enum sg_op op;
	struct sg_member *together; /* room for all */
	size_t n;
};

static bool fits(struct fit *f, size_t n)
{
	struct sg_step_plan plan = { 0 };
	struct sg_err why = SG_ERR_INIT;
	bool well = preview(f->ctx, f->op, f->together, n, &plan, &why) == 0;

	sg_step_plan_release(&plan);
	return well;
}

/* Halves what does not fit as a whole: few previews where few members are in the way. Depth: the logarithm of n. */
static void fit(struct fit *f, const struct sg_member *from, size_t n)
{
	for (size_t i = 0; i < n; i++)
		f->together[f->n + i] = from[i];
	if (fits(f, f->n + n)) {
		f->n += n;
	} else if (n > 1) {
		fit(f, from, n / 2);
		fit(f, from + n / 2, n - n / 2);
	}
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
		if (f.n > 1 && code && goes_on(code))
			code = apart(ctx, op, f.together, f.n, err);
		/* Whoever was left out is looked at again when the files are as they now are. */
	} else {
		/* Nobody fits, so each says why; what one of them writes is to be read before the next. */
		for (size_t i = 0; goes_on(code) && !written && i < n; i++) {
			sg_err_clear(&why);
			code = sg_op_in(ctx, op, &members[i], 1, &why);
			written = code == 0;
		}
	}
	if (code)
		sg_fail(err, code, "%s", why.msg);
	free(f.together);
	return code;
}

/* --- out */

/* All of them failed alike: it was the writing. */
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

	if (n > 1 && code && goes_on(code) && refused(members, n))
		code = apart(ctx, SG_OP_REVERT, members, n, err);
	return code ? sg_fail(err, code, "%s", why.msg) : 0;
}
