/* rewrite_lab.c - see rewrite_lab.h. */
#include "tests/lib/rewrite_lab.h"
#include "tests/lib/as_canonical.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

struct sg_mitigation *t_ur_decode(const char *config)
{
	struct sg_err err = SG_ERR_INIT;
	struct sg_mitigation *m = NULL;

	if (decode_mitigation("test", sg_bytes_of(config), &m, &err))
		fail_msg("%s", err.msg);
	return m;
}

int t_ur_setup(void **state)
{
	struct t_ur *f = sg_alloc(sizeof(*f));

	f->dir = t_drive_make();
	t_drive_drives(f->dir, &f->drives);
	*state = f;
	return 0;
}

int t_ur_teardown(void **state)
{
	struct t_ur *f = *state;

	sg_proof_release(&f->proof);
	sg_wishes_release(&f->wishes);
	sg_mitigation_free(f->m);
	sg_host_free(f->host);
	sg_drives_release(&f->drives);
	t_drive_free(f->dir);
	free(f);
	return 0;
}

void t_ur_use(struct t_ur *f, const char *config)
{
	sg_mitigation_free(f->m);
	f->m = t_ur_decode(config);
	sg_host_free(f->host);
	f->host = NULL;
	assert_int_equal(sg_host_read(&f->drives, &f->host, &f->err), 0);
}

int t_ur_plan(struct t_ur *f, const char *config, const struct sg_holds *own)
{
	t_ur_use(f, config);
	sg_wishes_release(&f->wishes);
	sg_err_clear(&f->err);
	return sg_actions_plan(f->m, f->host, &f->drives, own, &f->wishes, &f->err);
}

void t_ur_refused(struct t_ur *f, const char *config, int code, const char *says)
{
	struct t_snapshot *before = t_drive_snapshot(f->dir);
	int r = t_ur_plan(f, config, NULL);

	if (r != code)
		fail_msg("%d (%s) where %d (%s) was expected", r, f->err.msg, code, says);
	if (!strstr(f->err.msg, says))
		fail_msg("\"%s\" does not say \"%s\"", f->err.msg, says);
	assert_int_equal(f->wishes.n, 0);
	assert_true(t_drive_same(f->dir, before));
	t_snapshot_free(before);
}

/* Plans, and moves every wish from what is there to what is wanted; *ret gets the moves as they were made. */
void t_ur_apply(struct t_ur *f, const char *config, struct sg_moves *ret)
{
	struct sg_moves moves = { 0 };
	struct sg_seen_value *now;
	struct sg_step_plan p = { 0 };
	size_t n = 0;

	if (t_ur_plan(f, config, NULL))
		fail_msg("%s", f->err.msg);
	for (size_t i = 0; i < f->wishes.n; i++) {
		struct sg_move *m = sg_moves_add(&moves);

		sg_addr_copy(&m->addr, &f->wishes.at[i].addr);
		sg_content_copy(&m->to, &f->wishes.at[i].to);
	}
	now = sg_alloc(moves.n * sizeof(*now));
	sg_step_look(&f->drives, &moves, now, &f->err);
	for (size_t i = 0; i < moves.n; i++)
		if (now[i].seen == SG_SEEN_TO) {
			sg_move_release(&moves.at[i]);
		} else {
			sg_content_release(&moves.at[i].from);
			sg_content_copy(&moves.at[i].from, &now[i].now);
			moves.at[n++] = moves.at[i];
		}
	sg_seen_release(now, moves.n);
	free(now);
	moves.n = n;
	if (sg_step_plan(&f->drives, &moves, false, f->host->iis->max_web_config, &p, &f->err) ||
	        sg_step_write(&p, false, NULL, NULL, &f->err))
		fail_msg("%s", f->err.msg);
	for (size_t i = 0; i < moves.n; i++) {
		sg_content_release(&moves.at[i].to);
		sg_content_copy(&moves.at[i].to, &p.written[i]);
	}
	sg_step_plan_release(&p);
	if (ret)
		*ret = moves;
	else
		sg_moves_release(&moves);
}

void t_ur_revert(struct t_ur *f, struct sg_moves *moves)
{
	struct sg_step_plan p = { 0 };

	for (size_t i = 0; i < moves->n; i++) {
		struct sg_content c = moves->at[i].from;

		moves->at[i].from = moves->at[i].to;
		moves->at[i].to = c;
	}
	sg_err_clear(&f->err);
	if (sg_step_plan(&f->drives, moves, false, f->host->iis->max_web_config, &p, &f->err) ||
	        sg_step_write(&p, false, NULL, NULL, &f->err))
		fail_msg("%s", f->err.msg);
	sg_step_plan_release(&p);
	sg_moves_release(moves);
}

enum sg_effective t_ur_prove(struct t_ur *f, const char *config)
{
	t_ur_use(f, config);
	sg_proof_release(&f->proof);
	sg_err_clear(&f->err);
	if (sg_actions_prove(f->m, f->host, &f->drives, &f->proof, &f->err))
		fail_msg("%s", f->err.msg);
	return f->proof.effective;
}

void t_ur_proof_says(const struct t_ur *f, const char *text)
{
	if (!f->proof.text || !strstr(f->proof.text, text))
		fail_msg("\"%s\" does not say \"%s\"", f->proof.text ? f->proof.text : "", text);
}
