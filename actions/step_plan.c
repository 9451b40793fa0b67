/* step_plan.c - from moves to the edited octets of each file, in memory. Nothing is written here, and a value found OTHER is never edited (P2). */
#include "actions/step_parts.h"

#include <stdlib.h>
#include <string.h>

static const char apphost_name[] = "\\applicationHost.config";

void sg_step_plan_release(struct sg_step_plan *plan)
{
	for (size_t i = 0; i < plan->n_files; i++) {
		struct sg_step_file *f = &plan->files[i];

		free(f->container);
		free(f->native);
		free(f->temp);
		free(f->temp_win);
		sg_buf_release(&f->before);
		sg_buf_release(&f->after);
		for (size_t k = 0; k < f->n_patches; k++) {
			free(f->patches[k].text);
			free(f->patches[k].service);
		}
		free(f->patches);
	}
	for (size_t i = 0; i < plan->n && plan->written; i++)
		sg_content_release(&plan->written[i]);
	free(plan->files);
	free(plan->seen);
	free(plan->kept_foreign);
	free(plan->written);
	memset(plan, 0, sizeof(*plan));
}

static char *folder_of(const char *path, char separator)
{
	const char *last = strrchr(path, separator);

	return sg_strndup(path, last ? (size_t)(last - path) : 0);
}

static void name_temp(struct sg_step_file *f)
{
	unsigned char random[8];
	struct sg_buf name = { 0 };
	char *folder;
	char separator = strchr(f->native, '/') ? '/' : '\\';

	sg_os_random(random, sizeof(random));
	sg_buf_str(&name, "stopgap-");
	for (size_t i = 0; i < sizeof(random); i++)
		sg_buf_fmt(&name, "%02x", random[i]);
	sg_buf_str(&name, ".config");
	folder = folder_of(f->native, separator);
	f->temp = sg_format("%s%c%s", folder, separator, (const char *)name.data);
	free(folder);
	folder = folder_of(f->container, '\\');
	f->temp_win = sg_format("%s\\%s", folder, (const char *)name.data);
	free(folder);
	sg_buf_release(&name);
}

/* --- order: what goes is taken from the inside out, then scaffolds come from the outside in, then elements as they were given */

enum phase { REMOVE, SCAFFOLD, REST };

struct task {
	const struct sg_move *move;
	const struct sg_content *target;
	size_t index;
	enum phase phase;
};

static size_t depth_of(const char *path)
{
	size_t depth = 0;
	char quote = 0;

	for (; *path; path++) {
		if (quote)
			quote = *path == quote ? 0 : quote;
		else if (*path == '\'' || *path == '"')
			quote = *path;
		else
			depth += *path == '/';
	}
	return depth;
}

static int task_cmp(const void *a, const void *b)
{
	const struct task *x = a, *y = b;
	size_t dx = depth_of(x->move->addr.path), dy = depth_of(y->move->addr.path);

	if (x->phase != y->phase)
		return x->phase < y->phase ? -1 : 1;
	if (x->phase == REMOVE && dx != dy)
		return dx > dy ? -1 : 1;
	if (x->phase == SCAFFOLD && dx != dy)
		return dx < dy ? -1 : 1;
	return x->index < y->index ? -1 : x->index > y->index;
}

/* Whether `on` brings the element behind which t's stood. */
static bool stands_on(const struct task *t, const struct task *on)
{
	const char *after = t->target->after;
	char *parent, *step, *path;
	bool counted, is;

	if (t->phase != REST || on->phase != REST || !after || !*after ||
	        t->move->addr.kind != SG_VALUE_ELEMENT || on->move->addr.kind != SG_VALUE_ELEMENT)
		return false;
	parent = sg_path_parent(t->move->addr.path);
	step = sg_strndup(after, sg_content_anchor(after, &counted));
	path = sg_path_join(parent, step);
	is = path && strcmp(path, on->move->addr.path) == 0;
	free(path);
	free(step);
	free(parent);
	return is;
}

/* Elements that come back find the one behind which they stood: that comes first. */
static void order_elements(struct task *tasks, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t first = i;

		for (size_t tries = 0; tries < n; tries++) { /* a circle cannot be, and would end here */
			size_t k = i;

			while (k < n && (k == first || !stands_on(&tasks[first], &tasks[k])))
				k++;
			if (k == n)
				break;
			first = k;
		}
		if (first != i) {
			struct task t = tasks[first];

			memmove(&tasks[i + 1], &tasks[i], (first - i) * sizeof(*tasks));
			tasks[i] = t;
		}
	}
}

/* Whether reaching the target takes something away: an element out, or a scaffold out or back to its self-closed form. */
static bool takes_away(const struct sg_move *move, const struct sg_content *target)
{
	static const struct sg_content open = { .present = true };

	if (!target->present)
		return true;
	return move->addr.kind == SG_VALUE_SCAFFOLD && !sg_content_same(SG_VALUE_SCAFFOLD, target, &open);
}

/* What a plan is for. */
struct ask {
	bool toward_settle, to_write;
	uint64_t max_web_config;
};

/* --- one file */

static int edit_live(struct sg_step_file *f, const struct task *tasks, size_t n, struct sg_step_plan *plan,
        struct sg_err *err)
{
	int r = 0;

	for (size_t i = 0; !r && i < n; i++)
		r = sg_step_live_set(
		        &tasks[i].move->addr, tasks[i].target, f, &plan->written[tasks[i].index], err);
	f->changed = f->n_patches > 0;
	return r;
}

static int edit_hive(const struct sg_step_group *group, struct sg_step_file *f, const struct task *tasks,
        size_t n, struct sg_step_plan *plan, struct sg_err *err)
{
	int r = 0;

	for (size_t i = 0; !r && i < n; i++)
		r = sg_step_hive_set(
		        group, &tasks[i].move->addr, tasks[i].target, f, &plan->written[tasks[i].index], err);
	f->changed = f->n_patches > 0;
	return r ? r : sg_step_hive_referee(f, err);
}

/* What is only looked at needs no state between two values: all elements that go, go at once. *ret: they are gone. */
static int take_out_at_once(
        struct sg_step_file *f, const struct task *tasks, size_t n, bool *ret, struct sg_err *err)
{
	const struct sg_addr **addrs = sg_alloc((n + 1) * sizeof(*addrs));
	size_t n_out = 0;
	int r = 0;

	while (n_out < n && tasks[n_out].phase == REMOVE) {
		addrs[n_out] = &tasks[n_out].move->addr;
		n_out++;
	}
	if (n_out > 1)
		r = sg_cfg_take_out(&f->after, f->container, addrs, n_out, ret, err);
	free(addrs);
	return r;
}

static int edit(struct sg_step_file *f, struct task *tasks, size_t n, bool to_write,
        struct sg_step_plan *plan, struct sg_err *err)
{
	struct sg_addr *addrs = sg_alloc(n * sizeof(*addrs)); /* borrowed contents, for the referee */
	struct sg_cfg cfg = { 0 };
	bool gone = false;
	int r = 0;

	if (n)
		qsort(tasks, n, sizeof(*tasks), task_cmp);
	order_elements(tasks, n);
	if (!to_write)
		r = take_out_at_once(f, tasks, n, &gone, err);
	for (size_t i = 0; !r && i < n; i++) {
		const struct task *t = &tasks[i];
		enum sg_edit_result result = SG_EDIT_DONE;

		addrs[i] = t->move->addr;
		if (gone && t->phase == REMOVE && t->move->addr.kind == SG_VALUE_ELEMENT)
			continue;
		r = sg_cfg_set_next(&f->after, &cfg, f->container, &t->move->addr, t->target,
		        &plan->written[t->index], &result, err);
		if (!r)
			plan->kept_foreign[t->index] = result == SG_EDIT_KEPT_FOREIGN;
	}
	sg_cfg_release(&cfg);
	f->changed = !sg_bytes_equal(sg_buf_bytes(&f->before), sg_buf_bytes(&f->after));
	if (!r && f->changed)
		r = sg_cfg_referee(
		        sg_buf_bytes(&f->before), sg_buf_bytes(&f->after), f->container, addrs, n, err);
	free(addrs);
	return r;
}

static bool is_apphost(const char *container)
{
	size_t len = strlen(container), tail = sizeof(apphost_name) - 1;

	return len > tail && sg_win_same(container + len - tail, apphost_name);
}

static int check_hive(const struct sg_drives *drives, const struct sg_step_group *group, struct sg_err *err)
{
	char *why = sg_hive_locked(drives, &group->hive);
	int r = why ? sg_fail(err, SG_EUNSUPPORTED, "%s", why) : 0;

	free(why);
	return r;
}

static int check_file(
        const struct sg_step_file *f, uint32_t links, uint64_t max_web_config, struct sg_err *err)
{
	if (links > 1 && f->in_place)
		return sg_fail(err, SG_EUNSUPPORTED,
		        "%s has %u hard links: what is written into it would be in the others, too",
		        f->container, (unsigned)links);
	if (links > 1)
		return sg_fail(err, SG_EUNSUPPORTED,
		        "%s has %u hard links: a replace would leave the others as they were", f->container,
		        (unsigned)links);
	if (max_web_config && !is_apphost(f->container) && f->after.len > max_web_config &&
	        f->after.len > f->before.len)
		return sg_fail(err, SG_ELIMIT, "%s would have %zu bytes, and IIS reads at most %llu",
		        f->container, f->after.len, (unsigned long long)max_web_config);
	return 0;
}

/* What a value found so means for the plan: 0 and *ret_target, NULL for "leave it". */
static int decide(const struct sg_move *move, const struct sg_seen_value *now, int failed, bool toward_settle,
        const struct sg_content **ret_target, struct sg_err *err)
{
	const struct sg_content *settle = move->settle_to ? &move->to : &move->from;

	*ret_target = NULL;
	switch (now->seen) {
	case SG_SEEN_FROM: *ret_target = toward_settle ? settle : &move->to; break;
	case SG_SEEN_TO: *ret_target = toward_settle ? settle : NULL; break;
	case SG_SEEN_OTHER:
		if (!toward_settle)
			return sg_fail(err, SG_ECONFLICT, "%s in %s: %s", move->addr.path,
			        move->addr.container, now->why);
		break;
	case SG_SEEN_GONE:
		if (!toward_settle)
			return sg_fail(err, SG_ENOENT, "%s", now->why);
		break;
	case SG_SEEN_FAILED:
		if (!toward_settle)
			return sg_fail(err, failed, "%s", now->why);
		break;
	}
	if (*ret_target && sg_content_same(move->addr.kind, &now->now, *ret_target))
		*ret_target = NULL;
	return 0;
}

static int plan_group(const struct sg_drives *drives, const struct sg_moves *moves, size_t first, bool *done,
        const struct ask *ask, struct sg_step_plan *plan, struct sg_err *err)
{
	const char *container = moves->at[first].addr.container;
	struct task *tasks = sg_alloc((moves->n - first) * sizeof(*tasks));
	const struct sg_buf *octets;
	struct sg_step_group group;
	struct sg_step_file *f;
	size_t n = 0;
	int r = 0;

	sg_step_group_load(drives, &moves->at[first].addr, &group);
	for (size_t i = first; i < moves->n; i++) {
		const struct sg_move *move = &moves->at[i];
		const struct sg_content *target = NULL;
		struct sg_seen_value now;
		int failed;

		if (done[i] || !sg_win_same(move->addr.container, container))
			continue;
		done[i] = true;
		failed = sg_step_group_compare(&group, move, &now);
		plan->seen[i] = now.seen;
		if (!r)
			r = decide(move, &now, failed, ask->toward_settle, &target, err);
		if (!r && target)
			tasks[n++] = (struct task){ move, target, i,
				takes_away(move, target)               ? REMOVE
				: move->addr.kind == SG_VALUE_SCAFFOLD ? SCAFFOLD
				                                       : REST };
		if (!r && !target)
			sg_content_copy(&plan->written[i], &now.now);
		sg_seen_release(&now, 1);
	}
	if (r || group.code)
		goto out;
	plan->files = sg_grow(plan->files, plan->n_files, &plan->cap_files, sizeof(*plan->files));
	f = &plan->files[plan->n_files++];
	*f = (struct sg_step_file){ 0 };
	f->container = sg_strdup(container);
	f->native = sg_strdup(group.native);
	octets = group.is_hive ? &group.hive.octets : &group.octets;
	sg_buf_set(&f->before, octets->data, octets->len);
	sg_buf_set(&f->after, octets->data, octets->len);
	f->id = (struct sg_container_id){ group.id.dev, group.id.ino, sg_sha256(sg_buf_bytes(&f->before)) };
	f->in_place = group.is_hive;
	f->live = group.live;
	if (!f->in_place)
		name_temp(f);
	if (f->live)
		r = edit_live(f, tasks, n, plan, err);
	else
		r = f->in_place ? edit_hive(&group, f, tasks, n, plan, err)
		                : edit(f, tasks, n, ask->to_write, plan, err);
	if (!r && ask->to_write && f->changed)
		r = check_file(f, group.id.links, ask->max_web_config, err);
	if (!r && ask->to_write && f->changed && f->in_place && !f->live)
		r = check_hive(drives, &group, err);
out:
	sg_step_group_release(&group);
	free(tasks);
	return r;
}

static int plan_all(const struct sg_drives *drives, const struct sg_moves *moves, const struct ask *ask,
        struct sg_step_plan *ret, struct sg_err *err)
{
	bool *done = sg_alloc(moves->n * sizeof(*done));
	struct sg_step_plan plan = { .drives = drives, .n = moves->n };
	int r = 0;

	plan.seen = sg_alloc(moves->n * sizeof(*plan.seen));
	plan.kept_foreign = sg_alloc(moves->n * sizeof(*plan.kept_foreign));
	plan.written = sg_alloc(moves->n * sizeof(*plan.written));
	for (size_t i = 0; !r && i < moves->n; i++)
		if (!done[i])
			r = plan_group(drives, moves, i, done, ask, &plan, err);
	if (!r) {
		*ret = plan;
		plan = (struct sg_step_plan){ 0 };
	}
	sg_step_plan_release(&plan);
	free(done);
	return r;
}

int sg_step_plan(const struct sg_drives *drives, const struct sg_moves *moves, bool toward_settle,
        uint64_t max_web_config, struct sg_step_plan *ret, struct sg_err *err)
{
	struct ask ask = {
		.toward_settle = toward_settle, .to_write = true, .max_web_config = max_web_config
	};

	return plan_all(drives, moves, &ask, ret, err);
}

int sg_step_rest(
        const struct sg_drives *drives, const struct sg_moves *moves, struct sg_hash *ret, struct sg_err *err)
{
	struct ask ask = { .toward_settle = true };
	struct sg_step_plan plan = { 0 };
	int r = plan_all(drives, moves, &ask, &plan, err);

	if (!r && plan.n_files != 1)
		r = sg_fail(err, SG_ENOENT, "%s cannot be read",
		        moves->n ? moves->at[0].addr.container : "nothing");
	if (!r)
		*ret = sg_sha256(sg_buf_bytes(&plan.files[0].after));
	sg_step_plan_release(&plan);
	return r;
}
