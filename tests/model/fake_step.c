/* fake_step.c - looking at and moving the model's values, in step.h's words: F and G are replaced one after the other, each in one instant. */
#include "actions/config_edit.h"
#include "actions/iis_effective.h"
#include "actions/pool_copies.h"
#include "engine/rerun.h"
#include "world.h"

#include <stdlib.h>
#include <string.h>

bool sg_content_same(enum sg_value_kind kind, const struct sg_content *a, const struct sg_content *b)
{
	if (a->present != b->present || !a->present || kind == SG_VALUE_SCAFFOLD)
		return a->present == b->present;
	return sg_bytes_equal(sg_buf_bytes(&a->octets), sg_buf_bytes(&b->octets));
}

void sg_seen_release(struct sg_seen_value *seen, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		sg_content_release(&seen[i].now);
		free(seen[i].why);
	}
}

int sg_step_read(const struct sg_drives *drives, const struct sg_addr *addrs, size_t n,
        struct sg_seen_value *ret, struct sg_err *err)
{
	(void)drives;
	(void)err;
	for (size_t i = 0; i < n; i++) {
		int v = world_value(&addrs[i]);

		ret[i] = (struct sg_seen_value){ .seen = SG_SEEN_OTHER };
		world_content(v, the_run.w->disk[v], &ret[i].now);
	}
	return 0;
}

static enum sg_seen seen_of(const struct sg_move *m)
{
	int now = the_run.w->disk[world_value(&m->addr)];

	if (now == world_content_of(&m->from))
		return SG_SEEN_FROM;
	return now == world_content_of(&m->to) ? SG_SEEN_TO : SG_SEEN_OTHER;
}

int sg_step_look(const struct sg_drives *drives, const struct sg_moves *moves, struct sg_seen_value *ret,
        struct sg_err *err)
{
	(void)drives;
	(void)err;
	for (size_t i = 0; i < moves->n; i++) {
		int v = world_value(&moves->at[i].addr);

		ret[i] = (struct sg_seen_value){ .seen = seen_of(&moves->at[i]) };
		world_content(v, the_run.w->disk[v], &ret[i].now);
	}
	return 0;
}

int sg_step_identify(const struct sg_drives *drives, const char *container, struct sg_container_id *ret,
        struct sg_err *err)
{
	struct sg_buf octets = { 0 };

	(void)drives;
	(void)err;
	*ret = (struct sg_container_id){ .dev = 1,
		.ino = strcmp(container, world_container(VB)) == 0 ? 1 : the_run.w->gen + 1u };
	sg_buf_add(&octets, the_run.w->disk, sizeof(the_run.w->disk));
	sg_buf_char(&octets, (char)the_run.w->gen);
	sg_buf_char(&octets, (char)the_run.w->in_s);
	ret->file = sg_sha256(sg_buf_bytes(&octets));
	sg_buf_release(&octets);
	return 0;
}

static struct sg_step_file *file_of(struct sg_step_plan *plan, int v)
{
	unsigned char gen = v == VB ? 0 : the_run.w->gen;
	struct sg_step_file *f;

	for (size_t i = 0; i < plan->n_files; i++) {
		if (strcmp(plan->files[i].container, world_container(v)) == 0)
			return &plan->files[i];
	}
	plan->files = sg_grow(plan->files, plan->n_files, &plan->cap_files, sizeof(*plan->files));
	f = &plan->files[plan->n_files++];
	*f = (struct sg_step_file){ .container = sg_strdup(world_container(v)) };
	f->temp_win = sg_strdup("C:\\temp.config");
	sg_buf_set(&f->after, &gen, 1); /* what stands for the octets that are not ours */
	return f;
}

/* `before` of a planned file carries its assignments, as pairs of value and content. */
static void assign(struct sg_step_plan *plan, uint8_t *next, int v, int content)
{
	struct sg_step_file *f = file_of(plan, v);
	unsigned char pair[2] = { (unsigned char)v, (unsigned char)content };

	sg_buf_add(&f->before, pair, 2);
	f->changed = true;
	next[v] = (uint8_t)content;
}

int sg_step_plan(const struct sg_drives *drives, const struct sg_moves *moves, bool toward_settle,
        uint64_t max_web_config, struct sg_step_plan *ret, struct sg_err *err)
{
	struct sg_step_plan plan = { 0 };
	uint8_t next[NV];
	size_t scaffold = SIZE_MAX;

	(void)drives;
	(void)max_web_config;
	memcpy(next, the_run.w->disk, sizeof(next));
	plan.n = moves->n;
	plan.seen = sg_alloc((moves->n + 1) * sizeof(*plan.seen));
	plan.kept_foreign = sg_alloc((moves->n + 1) * sizeof(*plan.kept_foreign));
	plan.written = sg_alloc((moves->n + 1) * sizeof(*plan.written));
	for (size_t i = 0; i < moves->n; i++) {
		const struct sg_move *m = &moves->at[i];
		int v = world_value(&m->addr);
		int to = world_content_of(toward_settle && !m->settle_to ? &m->from : &m->to);

		plan.seen[i] = seen_of(m);
		file_of(&plan, v);
		if (plan.seen[i] == SG_SEEN_OTHER &&
		        the_run.mutant != 2) { /* mutant 2: OTHER is written like anything else */
			if (!toward_settle) {
				sg_step_plan_release(&plan);
				return sg_fail(err, SG_ECONFLICT, "%s is somebody else's", world_path(v));
			}
			continue;
		}
		if (v == VS && !to)
			scaffold = i;
		else if (next[v] != to)
			assign(&plan, next, v, to);
		world_content(v, to, &plan.written[i]);
	}
	if (scaffold != SIZE_MAX && next[VS]) {
		if (next[VA] || next[VC] || next[VE] || the_run.w->in_s)
			plan.kept_foreign[scaffold] = true;
		else
			assign(&plan, next, VS, 0);
	}
	if ((next[VA] || next[VC] || next[VE]) && !next[VS]) {
		sg_step_plan_release(&plan);
		return sg_fail(err, SG_ENOENT, "there is no scaffold to put it into");
	}
	*ret = plan;
	return 0;
}

int sg_step_rest(
        const struct sg_drives *drives, const struct sg_moves *moves, struct sg_hash *ret, struct sg_err *err)
{
	struct sg_step_plan plan = { 0 };
	int code = sg_step_plan(drives, moves, true, 0, &plan, err);

	if (!code && plan.n_files == 1)
		*ret = sg_sha256(sg_buf_bytes(&plan.files[0].after));
	else if (!code)
		code = SG_ENOENT;
	sg_step_plan_release(&plan);
	return code;
}

void sg_step_plan_release(struct sg_step_plan *plan)
{
	for (size_t i = 0; i < plan->n_files; i++) {
		free(plan->files[i].container);
		free(plan->files[i].temp_win);
		sg_buf_release(&plan->files[i].before);
		sg_buf_release(&plan->files[i].after);
	}
	for (size_t i = 0; plan->written && i < plan->n; i++)
		sg_content_release(&plan->written[i]);
	free(plan->files);
	free(plan->seen);
	free(plan->kept_foreign);
	free(plan->written);
	*plan = (struct sg_step_plan){ 0 };
}

/* Every write of ours is judged here: what is overwritten, and whether its before is safe. */
static void write_value(int v, int content)
{
	struct world *w = the_run.w;

	if (!w->hold[v].present)
		broken("P1: %s is written and nothing holds its before", world_path(v));
	else if (w->hold[v].before != w->orig[v])
		broken("P1: %s is written; its before is kept as %d and was %d", world_path(v),
		        w->hold[v].before, w->orig[v]);
	/* What an administrator took over is the before, and at its before a value is missing, not somebody else's. */
	if (w->disk[v] == FOREIGN && !the_run.taking_over && w->hold[v].before != FOREIGN)
		broken("P2: %s is somebody else's and is written", world_path(v));
	if (!w->intent.open)
		broken("P1: %s is written without an intent", world_path(v));
	w->disk[v] = (uint8_t)content;
	if ((v == VA || v == VC || v == VE) && content && !w->disk[VS])
		broken("P10: %s is put where there is no scaffold", world_path(v));
}

int sg_step_write(const struct sg_step_plan *plan, bool sync_unchanged, bool (*stop)(void *arg), void *arg,
        struct sg_err *err)
{
	(void)sync_unchanged;
	(void)stop;
	(void)arg;
	for (size_t i = 0; i < plan->n_files; i++) {
		const struct sg_step_file *f = &plan->files[i];
		int code;

		if (!f->changed)
			continue;
		code = point(SG_EIO, err);
		if (code)
			return code;
		for (int removals = 1; removals >= 0;
		        removals--) { /* one instant: the order inside is no matter but for the judging */
			for (size_t k = 0; k + 1 < f->before.len; k += 2) {
				if ((f->before.data[k + 1] == 0) == (removals == 1))
					write_value(f->before.data[k], f->before.data[k + 1]);
			}
		}
	}
	return 0;
}

int sg_step_clean(const struct sg_drives *drives, const struct sg_strs *temps, struct sg_err *err)
{
	(void)drives;
	(void)temps;
	(void)err;
	return 0;
}

/* --- the two questions that operations ask of actions */

struct sg_wish *sg_wishes_add(struct sg_wishes *w)
{
	w->at = sg_grow(w->at, w->n, &w->cap, sizeof(*w->at));
	w->at[w->n] = (struct sg_wish){ 0 };
	return &w->at[w->n++];
}

void sg_wishes_release(struct sg_wishes *w)
{
	for (size_t i = 0; i < w->n; i++) {
		sg_addr_release(&w->at[i].addr);
		sg_content_release(&w->at[i].to);
	}
	free(w->at);
	*w = (struct sg_wishes){ 0 };
}

static void wish(struct sg_wishes *w, int v, int content)
{
	struct sg_wish *one = sg_wishes_add(w);

	one->addr =
	        (struct sg_addr){ world_kind(v), sg_strdup(world_container(v)), sg_strdup(world_path(v)) };
	world_content(v, content, &one->to);
}

int sg_actions_plan(const struct sg_mitigation *m, const struct sg_host *host, const struct sg_drives *drives,
        const struct sg_holds *own, struct sg_wishes *ret, struct sg_err *err)
{
	int body = world_body_of(&m->hash);

	(void)host;
	(void)drives;
	(void)own;
	(void)err;
	for (int v = 0; v < NV; v++) {
		int content = world_wish(strcmp(m->id, "M1") != 0, body, v);

		if (content)
			wish(ret, v, content);
	}
	return 0;
}

int sg_actions_others(const struct sg_mitigation *m, const struct sg_host *host,
        const struct sg_drives *drives, const struct sg_holds *own, struct sg_others *ret, struct sg_err *err)
{
	(void)host;
	(void)drives;
	(void)own;
	(void)err;
	*ret = (struct sg_others){ 0 };
	if (strcmp(m->id, "M2") != 0 || !world_equivalent())
		return 0;
	ret->all = true;
	ret->at = sg_alloc(sizeof(*ret->at));
	ret->n = 1;
	ret->at[0].addr =
	        (struct sg_addr){ world_kind(VE), sg_strdup(world_container(VE)), sg_strdup(world_path(VE)) };
	return 0;
}

void sg_others_release(struct sg_others *o)
{
	for (size_t i = 0; i < o->n; i++)
		sg_addr_release(&o->at[i].addr);
	free(o->at);
	*o = (struct sg_others){ 0 };
}

bool sg_other_adoptable(const struct sg_other *o, const struct sg_host *host)
{
	(void)o;
	(void)host;
	return true;
}

char *sg_path_parent(const char *path)
{
	const char *last = strrchr(path, '/');

	return last && last != path ? sg_strndup(path, (size_t)(last - path)) : NULL;
}

int sg_actions_prove(const struct sg_mitigation *m, const struct sg_host *host,
        const struct sg_drives *drives, struct sg_proof *ret, struct sg_err *err)
{
	(void)m;
	(void)host;
	(void)drives;
	(void)err;
	*ret = (struct sg_proof){ .effective = SG_EFFECTIVE_YES };
	return 0;
}

void sg_proof_release(struct sg_proof *p)
{
	*p = (struct sg_proof){ 0 };
}

int sg_iis_read(const struct sg_drives *drives, struct sg_iis **ret, struct sg_err *err)
{
	(void)drives;
	(void)ret;
	return sg_fail(err, SG_ENOENT, "the model has no IIS");
}

void sg_iis_free(struct sg_iis *iis)
{
	(void)iis;
}

void sg_step_plan_rename(struct sg_step_plan *plan, const struct sg_strs *temps)
{
	(void)plan;
	(void)temps;
}

void sg_pool_copies_read(const struct sg_drives *drives, struct sg_pool_copies *ret)
{
	(void)drives;
	(void)ret;
}

void sg_pool_copies_release(struct sg_pool_copies *c)
{
	(void)c;
}

void sg_pool_copies_stale(
        const struct sg_pool_copies *before, const struct sg_pool_copies *now, struct sg_strs *ret)
{
	(void)before;
	(void)now;
	(void)ret;
}

int sg_services_read(const struct sg_drives *drives, struct sg_services **ret, struct sg_err *err)
{
	(void)drives;
	(void)ret;
	return sg_fail(err, SG_ENOENT, "this world has no services");
}

void sg_services_free(struct sg_services *s)
{
	(void)s;
}

/* The model's values lie in no files of IIS, and its host has none. */
struct sg_iis_files *sg_iis_files_new(const struct sg_iis *iis, const struct sg_drives *drives)
{
	(void)iis;
	(void)drives;
	abort();
}

void sg_iis_files_free(struct sg_iis_files *files)
{
	if (files)
		abort();
}

/* Nothing runs in the model's world, so that nothing fails to start. */
char *sg_rerun_note(struct sg_lines *lines, const struct sg_ctx *ctx, enum sg_hook_kind kind,
        const char *name, const struct sg_row *row, const struct sg_err *why)
{
	(void)lines;
	(void)ctx;
	(void)kind;
	(void)row;
	(void)why;
	return sg_strdup(name);
}

char *sg_rerun_wait(struct sg_lines *lines, const struct sg_ctx *ctx, enum sg_hook_kind kind,
        const char *name, const struct sg_row *row, const char *waits_for, struct sg_err *ret_why)
{
	(void)waits_for;
	return sg_rerun_note(lines, ctx, kind, name, row, ret_why);
}

void sg_rerun_renew(struct sg_lines *lines, const struct sg_ctx *ctx)
{
	(void)lines;
	(void)ctx;
}
