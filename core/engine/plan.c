/* plan.c - what would happen now, without doing it: the cell of each mitigation, and each file as a unified diff (a hive: its services' lines). */
#include "engine/inside.h"

#include "actions/config_edit.h"
#include "base/diff.h"

#include <stdlib.h>
#include <string.h>

/* The sibling rules that a new one gets, for people: order decides in URL Rewrite. */
static void neighbours(const struct sg_step_file *file, const struct sg_moves *moves, struct sg_val *list)
{
	struct sg_cfg cfg = { 0 };

	if (file->in_place || sg_cfg_scan(sg_buf_bytes(&file->after), file->container, &cfg, NULL))
		return;
	for (size_t i = 0; i < moves->n; i++) {
		const struct sg_move *m = &moves->at[i];
		struct sg_content now = { 0 };

		if (m->addr.kind != SG_VALUE_ELEMENT || !m->to.present || !strstr(m->addr.path, "/rule[") ||
		        !sg_win_same(m->addr.container, file->container))
			continue;
		if (sg_cfg_look(&cfg, &m->addr, &now, NULL) == 0 && now.present) {
			bool counted = false;
			size_t len = now.after ? sg_content_anchor(now.after, &counted) : 0;
			char *text = sg_format("%s: %s%.*s", m->addr.path,
			        len ? "behind " : "first in its section", (int)len,
			        now.after ? now.after : "");

			sg_val_push(list, sg_val_str(text));
			free(text);
		}
		sg_content_release(&now);
	}
	sg_cfg_release(&cfg);
}

static bool uses(const struct sg_cfg *cfg, const char *element, const char *attribute, const char *value)
{
	for (uint32_t i = 0; i < cfg->n_nodes; i++) {
		const char *is = sg_cfg_is(cfg, i, element) ? sg_cfg_attr(cfg, i, attribute) : NULL;

		if (is && strcmp(is, value) == 0)
			return true;
	}
	return false;
}

/* A rule of somebody else that makes way leaves its preCondition, which may be used by nothing then: it does no harm and stays where it is, so that a
 * rollback gives back what was there. */
static void left_behind(const struct sg_step_file *file, const struct sg_moves *moves, struct sg_val *effects)
{
	struct sg_cfg after = { 0 };

	if (file->in_place || sg_cfg_scan(sg_buf_bytes(&file->after), file->container, &after, NULL))
		return;
	for (size_t i = 0; i < moves->n; i++) {
		const struct sg_move *m = &moves->at[i];
		struct sg_cfg rule = { 0 };

		if (m->to.present || !m->from.present || !strstr(m->addr.path, "/outboundRules/rule[") ||
		        !sg_win_same(m->addr.container, file->container) ||
		        sg_cfg_scan(sg_buf_bytes(&m->from.octets), file->container, &rule, NULL))
			continue;
		for (uint32_t k = 0; k < rule.n_nodes; k++) {
			const char *name =
			        sg_cfg_is(&rule, k, "rule") ? sg_cfg_attr(&rule, k, "preCondition") : NULL;
			char *text;

			if (!name || !uses(&after, "preCondition", "name", name) ||
			        uses(&after, "rule", "preCondition", name))
				continue;
			text = sg_format(
			        "%s: no rule uses the preCondition '%s' then; it is not ours, does no harm, "
			        "and stays",
			        file->container, name);
			sg_val_push(effects, sg_val_str(text));
			free(text);
		}
		sg_cfg_release(&rule);
	}
	sg_cfg_release(&after);
}

static void add_files(struct sg_engine *e, const struct sg_step_plan *plan, const struct sg_moves *moves,
        struct sg_val *files)
{
	for (size_t i = 0; i < plan->n_files; i++) {
		const struct sg_step_file *f = &plan->files[i];
		struct sg_strs restarts = { 0 };
		struct sg_buf diff = { 0 };
		struct sg_val *m, *list;

		if (!f->changed)
			continue;
		m = sg_val_push(files, sg_val_map());
		sg_val_set_str(m, "container", f->container);
		for (size_t k = 0; k < f->n_patches; k++) /* a hive's octets say nothing to people */
			sg_buf_fmt(&diff, "%s\n", f->patches[k].text);
		if (!f->in_place)
			sg_diff_unified(sg_buf_bytes(&f->before), sg_buf_bytes(&f->after), f->container,
			        f->container, 3, &diff);
		sg_val_set(m, "diff", sg_val_strn((const char *)diff.data, diff.len));
		list = sg_val_set(m, "restarts", sg_val_array());
		if (e->host && e->host->iis && !f->in_place)
			sg_iis_restarts(e->host->iis, f->container, &restarts);
		for (size_t k = 0; k < restarts.n; k++)
			sg_val_push(list, sg_val_str(restarts.at[k]));
		neighbours(f, moves, sg_val_set(m, "neighbours", sg_val_array()));
		sg_strs_release(&restarts);
		sg_buf_release(&diff);
	}
}

/* What their kinds have to say about them, each sentence once. */
static void add_effects(
        struct sg_engine *e, const struct sg_member *members, size_t n, bool out, struct sg_val *effects)
{
	struct sg_strs lines = { 0 };

	for (size_t i = 0; i < n && e->host; i++)
		if (members[i].m)
			sg_actions_effects(members[i].m, e->host, out, &lines);
	for (size_t i = 0; i < lines.n; i++)
		sg_val_push(effects, sg_val_str(lines.at[i]));
	sg_strs_release(&lines);
}

static enum sg_op op_of(enum sg_work work)
{
	switch (work) {
	case SG_WORK_SUPERSEDE: return SG_OP_SUPERSEDE;
	case SG_WORK_REPAIR: return SG_OP_REPAIR;
	case SG_WORK_REVERT: return SG_OP_REVERT;
	case SG_WORK_APPLY:
	case SG_WORK_NONE:
	case SG_WORK_NOTE:
	case SG_WORK_DROP: break;
	}
	return SG_OP_APPLY;
}

/* All mitigations that want the same work, in memory and in one go, as the engine would do it; one by one when that fails. */
static void preview(struct sg_engine *e, enum sg_op op, struct sg_member *members, size_t n,
        struct sg_val *files, struct sg_val *effects)
{
	struct sg_step_plan plan = { 0 };
	struct sg_moves moves = { 0 };
	struct sg_strs runs = { 0 };
	struct sg_err why = SG_ERR_INIT;
	struct sg_ctx ctx;
	int code;

	sg_engine_ctx(e, NULL, &ctx);
	if (op == SG_OP_REVERT)
		code = sg_op_preview_out(&ctx, members, n, &plan, &moves, &runs, &why);
	else
		code = sg_op_preview_in(&ctx, op, members, n, &plan, &moves, &runs, &why);
	if (!code) {
		add_files(e, &plan, &moves, files);
		for (size_t i = 0; i < plan.n_files; i++)
			left_behind(&plan.files[i], &moves, effects);
		if (moves.n)
			add_effects(e, members, n, op == SG_OP_REVERT, effects);
		for (size_t i = 0; i < runs.n; i++)
			sg_val_push(effects, sg_val_str(runs.at[i]));
	} else if (n > 1) {
		for (size_t i = 0; i < n; i++)
			preview(e, op, &members[i], 1, files, effects);
	} else {
		char *text = sg_format("%s cannot go %s: %s", members[0].row->key.id,
		        op == SG_OP_REVERT ? "out" : "in", why.msg);

		sg_val_push(effects, sg_val_str(text));
		free(text);
	}
	sg_strs_release(&runs);
	sg_step_plan_release(&plan);
	sg_moves_release(&moves);
}

/* Nothing of it is there, and it waits, or is needed and only observed or paused. */
static bool waits(const struct sg_decision *d)
{
	return d->situation == SG_SIT_WAIT ||
	       (d->situation == SG_SIT_HOLD && !d->facts.holds && !d->facts.setup_running);
}

static void decide_again(struct sg_decision *d)
{
	d->want = sg_state_want(&d->facts);
	d->situation = sg_state_situation(d->slot, d->want, &d->facts);
	d->cell = sg_state_cell(d->slot, d->situation);
}

/* One that waits is shown as `apply ID` would do it, so that what is about to be approved, or to be observed no longer, can be read first. */
static void as_applied(struct sg_decision *d)
{
	if (!waits(d) && d->situation != SG_SIT_NEWER_WAITS)
		return;
	d->facts.go = true;
	d->facts.paused = d->facts.observe = false;
	decide_again(d);
}

/* The facts as the verb would leave them: what is done then is the table's matter, here as there. */
static void as_asked(struct sg_decision *d, enum sg_plan_as as)
{
	switch (as) {
	case SG_AS_IS: return;
	case SG_AS_APPLY:
		d->facts.admin_out = false;
		decide_again(d);
		as_applied(d);
		return;
	case SG_AS_BLOCK:
		d->facts.blocked = d->facts.asked = true;
		d->facts.keep = false;
		break;
	case SG_AS_BLOCK_KEEP: d->facts.blocked = d->facts.keep = true; break;
	case SG_AS_UNBLOCK:
		d->facts.blocked = d->facts.keep = false;
		if (d->slot == SG_SLOT_ADMIN)
			d->slot = SG_SLOT_PENDING; /* evaluated at once */
		decide_again(d);
		as_applied(d); /* it waits for its turn at most */
		return;
	case SG_AS_ROLLBACK: d->facts.admin_out = d->facts.asked = d->facts.retry_due = true; break;
	case SG_AS_PAUSE: d->facts.paused = true; break;
	case SG_AS_RESUME: d->facts.paused = false; break;
	case SG_AS_APPROVE:
	case SG_AS_RETRY:
	case SG_AS_TAKE_OVER:
	case SG_AS_ACCEPT: return;
	}
	decide_again(d);
}

static bool works(const struct sg_decision *d)
{
	return d->cell->kind == SG_CELL_WORK && d->cell->work != SG_WORK_NOTE;
}

/* What it waits for, or what holds it back; NULL: neither. */
static char *waits_for(const struct sg_decision *d)
{
	if (d->situation == SG_SIT_WAIT)
		return sg_strdup(d->go.why == SG_WHY_RETRY && d->row->text ? d->row->text : d->go.text);
	return waits(d) ? sg_decision_sentence(d, sg_state_want_reason(&d->facts)) : NULL;
}

/* Takes the supposition in, and says why that is what would be done: what it waited for before, what it waits for then, or what the table says. */
static char *suppose(struct sg_decision *d, enum sg_plan_as as, bool one)
{
	bool worked = works(d);
	const char *was = d->cell->text;
	char *text = as <= SG_AS_APPLY ? waits_for(d) : NULL;

	if (as == SG_AS_IS && one)
		as_applied(d);
	else
		as_asked(d, as);
	if (as == SG_AS_PAUSE && worked && !works(d))
		text = sg_format("held back until 'stopgapctl resume': %s", was);
	else if (as == SG_AS_TAKE_OVER)
		text = sg_strdup("what is there now is what a rollback gives back, and ours is written");
	else if (as == SG_AS_ACCEPT)
		text = sg_strdup("what is there now stays and is none of ours any more; nothing is written");
	else if (as > SG_AS_APPLY && !works(d) && !text)
		text = waits_for(d);
	if (!text)
		text = sg_strdup(
		        !works(d) && d->row->text && as != SG_AS_RETRY ? d->row->text : d->cell->text);
	return text;
}

/* What is written by no cell of the table: ours, over what a person was asked about. */
static void preview_take_over(
        struct sg_engine *e, const struct sg_decision *d, struct sg_val *files, struct sg_val *effects)
{
	struct sg_member member = { .row = d->row, .m = d->held ? d->held : d->m };

	if (member.m)
		preview(e, SG_OP_TAKE_OVER, &member, 1, files, effects);
	else
		sg_val_push(effects, sg_val_str("its body is not in the journal"));
}

static const char *work_of(const struct sg_decision *d, enum sg_plan_as as)
{
	if (as == SG_AS_TAKE_OVER)
		return sg_op_name(SG_OP_TAKE_OVER);
	return as != SG_AS_ACCEPT && works(d) ? sg_work_name(d->cell->work) : "none";
}

int sg_report_plan(struct sg_engine *e, const struct sg_world *w, const struct sg_key *only,
        enum sg_plan_as as, struct sg_val **ret, struct sg_err *err)
{
	static const enum sg_work order[] = { SG_WORK_REVERT, SG_WORK_REPAIR, SG_WORK_SUPERSEDE,
		SG_WORK_APPLY };
	struct sg_decision *list = sg_alloc((w->rows.n + 1) * sizeof(*list));
	struct sg_member *members = sg_alloc((w->rows.n + 1) * sizeof(*members));
	struct sg_val *v = sg_val_map(), *rows, *files, *effects;
	bool change = false;

	(void)err;
	sg_val_set_str(v, "schema", "stopgap.plan.v1");
	sg_val_set_bool(v, "would_change", false);
	rows = sg_val_set(v, "mitigations", sg_val_array());
	files = sg_val_set(v, "files", sg_val_array());
	effects = sg_val_set(v, "effects", sg_val_array());
	for (size_t i = 0; i < w->rows.n; i++) {
		struct sg_val *m;
		char *text;

		sg_decide(e, w, w->rows.at[i], &list[i]);
		if (only && !sg_key_equal(only, &w->rows.at[i]->key))
			continue;
		text = suppose(&list[i], as, only != NULL);
		m = sg_val_push(rows, sg_val_map());
		sg_val_set_str(m, "feed", w->rows.at[i]->key.feed);
		sg_val_set_str(m, "id", w->rows.at[i]->key.id);
		sg_val_set_str(m, "work", work_of(&list[i], as));
		sg_val_set_str(m, "text", text);
		free(text);
		if (as == SG_AS_TAKE_OVER) {
			preview_take_over(e, &list[i], files, effects);
			change = true;
		}
	}
	for (size_t k = 0; k < sizeof(order) / sizeof(order[0]) && as < SG_AS_TAKE_OVER; k++) {
		size_t n = 0;

		for (size_t i = 0; i < w->rows.n; i++) {
			const struct sg_decision *d = &list[i];
			const struct sg_mitigation *m =
			        (order[k] == SG_WORK_REPAIR || order[k] == SG_WORK_REVERT) && d->held
			                ? d->held
			                : d->m;

			if (d->cell->kind != SG_CELL_WORK || d->cell->work != order[k] ||
			        (only && !sg_key_equal(only, &d->row->key)))
				continue;
			if (order[k] != SG_WORK_REVERT && !m)
				continue;
			members[n] = (struct sg_member){ .row = d->row, .m = m };
			members[n++].adopt =
			        order[k] == SG_WORK_APPLY && d->facts.equivalent && d->facts.adopt;
		}
		change = change || n > 0;
		if (n)
			preview(e, op_of(order[k]), members, n, files, effects);
	}
	if (files->n && !e->options.runner && !sg_drives_live(e->options.drives))
		sg_val_push(effects, sg_val_str("no service or application pool is stopped or started"));
	sg_val_set_bool(v, "would_change", change);
	for (size_t i = 0; i < w->rows.n; i++)
		sg_decision_release(&list[i]);
	free(list);
	free(members);
	*ret = v;
	return 0;
}
