/* report.c - what people see, as value trees: the shapes of schemas/control.md. Reads rows and files, decides nothing. */
#include "engine/inside.h"
#include "engine/sched.h"

#include <stdlib.h>
#include <string.h>

static void set_time(struct sg_val *map, const char *key, int64_t ms)
{
	if (ms)
		sg_val_set_int(map, key, ms);
	else
		sg_val_set(map, key, sg_val_nil());
}

static void set_who(struct sg_val *map, const struct sg_who *who)
{
	sg_val_set_str(map, "account", who->account);
	sg_val_set_str(map, "reason", who->reason);
	sg_val_set_str(map, "ticket", who->ticket);
	sg_val_set_str(map, "on_behalf_of", who->on_behalf_of);
}

/* What people read about it: why it has no effect comes before that it is in place. */
static const char *sentence(const struct sg_row *row)
{
	bool defeated = row->state == SG_APPLIED && row->effective == SG_EFFECTIVE_NO && row->effective_text;

	return defeated ? row->effective_text : row->text;
}

struct sg_val *sg_report_row(const struct sg_world *w, const struct sg_row *row)
{
	struct sg_val *m = sg_val_map();
	bool holds = sg_holds_any(&w->holds, &row->key);

	sg_val_set_str(m, "feed", row->key.feed);
	sg_val_set_str(m, "id", row->key.id);
	sg_val_set_str(m, "revision", row->applied_revision ? row->applied_revision : row->offered_revision);
	sg_val_set_str(m, "desc", row->desc);
	sg_val_set_str(m, "severity", sg_severity_name((enum sg_severity)row->severity));
	sg_val_set_str(m, "state", sg_state_name(row->state));
	sg_val_set_str(m, "reason", sg_reason_name(row->reason));
	sg_val_set_str(m, "text", sentence(row));
	sg_val_set_str(m, "verdict", sg_verdict_name(sg_row_verdict(row, holds)));
	sg_val_set_str(m, "applies", sg_applies_name(row->applies));
	sg_val_set_str(m, "proof", row->proof);
	sg_val_set_str(m, "effective", sg_effective_name(row->effective));
	set_time(m, "since", row->since);
	sg_val_set_str(m, "offered_revision", row->offered_revision);
	sg_val_set_bool(m, "missing", row->missing);
	set_time(m, "retry_at", row->retry_at);
	return m;
}

struct sg_val *sg_report_blocks(const struct sg_world *w, const char *id)
{
	struct sg_val *list = sg_val_array();

	for (size_t i = 0; i < w->blocks.n; i++) {
		const struct sg_block *b = &w->blocks.at[i];
		struct sg_val *m;

		if (id && !sg_same(id, b->id))
			continue;
		m = sg_val_push(list, sg_val_map());
		sg_val_set_str(m, "id", b->id);
		sg_val_set_str(m, "feed", b->feed);
		sg_val_set_str(m, "revision", b->revision);
		sg_val_set_str(m, "source", b->source);
		sg_val_set_bool(m, "keep", b->keep);
		set_who(m, &b->who);
		set_time(m, "created", b->created);
		set_time(m, "until", b->until);
	}
	return list;
}

struct sg_val *sg_report_list(struct sg_engine *e, const struct sg_world *w)
{
	struct sg_val *v = sg_val_map();
	struct sg_val *list;

	(void)e;
	sg_val_set_str(v, "schema", "stopgap.list.v1");
	list = sg_val_set(v, "mitigations", sg_val_array());
	for (size_t i = 0; i < w->rows.n; i++)
		sg_val_push(list, sg_report_row(w, w->rows.at[i]));
	sg_val_set(v, "blocks", sg_report_blocks(w, NULL));
	return v;
}

static const struct sg_feed_row *feed_of(const struct sg_world *w, const char *name)
{
	for (size_t i = 0; i < w->feeds.n; i++) {
		if (strcmp(w->feeds.at[i].name, name) == 0)
			return &w->feeds.at[i];
	}
	return NULL;
}

/* Feeds as configured; *ret_stale: the first that has not verified within its stale-after. */
static void status_feeds(
        struct sg_engine *e, const struct sg_world *w, struct sg_val *v, const char **ret_stale)
{
	const struct sg_conf *conf = sg_engine_conf(e);
	struct sg_val *list = sg_val_set(v, "feeds", sg_val_array());

	for (size_t i = 0; i < conf->n_feeds; i++) {
		const struct sg_conf_feed *f = &conf->feeds[i];
		const struct sg_feed_row *row = feed_of(w, f->name);
		struct sg_val *m = sg_val_push(list, sg_val_map());
		bool stale = !row || !row->verified || w->now.wall - row->verified > f->stale_after;

		sg_val_set_str(m, "name", f->name);
		sg_val_set_str(m, "url", f->url);
		sg_val_set_int(m, "serial", row ? (int64_t)row->serial : 0);
		set_time(m, "verified", row ? row->verified : 0);
		set_time(m, "issued", row ? row->issued : 0);
		set_time(m, "expires", row ? row->expires : 0);
		set_time(m, "tried", row ? row->tried : 0);
		set_time(m, "next", sg_sched_poll(f, row, w->now.wall, e->started, &e->rand));
		sg_val_set_bool(m, "stale", stale);
		sg_val_set_str(m, "signer", row ? row->signer : NULL);
		sg_val_set_str(m, "error", row ? row->error : NULL);
		if (stale && !*ret_stale)
			*ret_stale = f->name;
	}
}

static void status_products(const struct sg_engine *e, struct sg_val *v)
{
	struct sg_val *list = sg_val_set(v, "products", sg_val_array());

	for (size_t i = 0; e->host && i < e->host->n_products; i++) {
		const struct sg_host_product *p = &e->host->products[i];
		struct sg_val *m = sg_val_push(list, sg_val_map());
		char text[48];

		sg_version_format(&p->version, text);
		sg_val_set_str(m, "name", p->name);
		sg_val_set_str(m, "role", p->role);
		sg_val_set_str(m, "version", p->version.n ? text : NULL);
		sg_val_set_str(m, "app", p->app);
		sg_val_set_str(m, "source", p->source);
	}
	sg_val_set_str(v, "host_error", e->host_error);
}

/* The worst of all: EXPOSED before UNKNOWN before WAITING counts as exposed; nothing is PROTECTED without a feed that verified in time. */
static void status_verdict(struct sg_engine *e, const struct sg_world *w, struct sg_val *v, const char *stale)
{
	int64_t counts[SG_V_UNKNOWN + 1] = { 0 };
	const struct sg_row *exposed = NULL, *waiting = NULL, *unknown = NULL;
	struct sg_val *c = sg_val_set(v, "counts", sg_val_map());
	struct sg_buf why = { 0 };
	const char *verdict;

	for (size_t i = 0; i < w->rows.n; i++) {
		const struct sg_row *row = w->rows.at[i];
		enum sg_verdict one = sg_row_verdict(row, sg_holds_any(&w->holds, &row->key));

		counts[one]++;
		if (one == SG_V_EXPOSED && !exposed)
			exposed = row;
		if (one == SG_V_WAITING && !waiting)
			waiting = row;
		if (one == SG_V_UNKNOWN && !unknown)
			unknown = row;
	}
	for (int i = SG_V_IN_FORCE; i <= SG_V_UNKNOWN; i++)
		sg_val_set_int(c, sg_verdict_name((enum sg_verdict)i), counts[i]);
	if (!sg_engine_conf(e)->n_feeds) {
		verdict = "EXPOSED";
		sg_buf_str(&why, "no feed configured");
	} else if (exposed) {
		verdict = "EXPOSED";
		sg_buf_fmt(&why, "%s: %s", exposed->key.id, sentence(exposed) ? sentence(exposed) : "?");
	} else if (waiting) {
		verdict = "EXPOSED";
		sg_buf_fmt(&why, "%s waits: %s", waiting->key.id, waiting->text ? waiting->text : "?");
	} else if (unknown) {
		verdict = "UNKNOWN";
		sg_buf_fmt(&why, "%s: %s", unknown->key.id, unknown->text ? unknown->text : "?");
	} else if (stale) {
		verdict = "UNKNOWN";
		sg_buf_fmt(&why, "feed %s has not verified within its stale-after", stale);
	} else {
		verdict = "PROTECTED";
		sg_buf_str(&why, "everything that this server needs is in force, and every feed is fresh");
	}
	sg_val_set_str(v, "verdict", verdict);
	sg_val_set_str(v, "why", (const char *)why.data);
	sg_buf_release(&why);
}

struct sg_val *sg_report_status(struct sg_engine *e, const struct sg_world *w)
{
	static const char *const modes[] = {
		[SG_MODE_ENFORCE] = "enforce", [SG_MODE_ASK] = "ask", [SG_MODE_OBSERVE] = "observe"
	};
	const struct sg_val *pause = w->facts ? sg_val_get(w->facts, "pause") : NULL;
	int64_t until = pause ? sg_val_get_int(pause, "until", 0) : 0;
	bool paused = pause && (!until || w->now.wall < until);
	struct sg_val *v = sg_val_map(), *m;
	struct sg_journal_space space;
	const char *stale = NULL;

	sg_val_set_str(v, "schema", "stopgap.status.v1");
	sg_val_set(v, "verdict", sg_val_nil());
	sg_val_set(v, "why", sg_val_nil());
	sg_val_set_str(v, "version", SG_VERSION);
	set_time(v, "started", e->started);
	set_time(v, "now", w->now.wall);
	sg_val_set_str(v, "mode", modes[sg_engine_conf(e)->mode]);
	sg_val_set_bool(v, "paused", paused);
	set_time(v, "paused_until", paused ? until : 0);
	status_feeds(e, w, v, &stale);
	status_verdict(e, w, v, stale);
	sg_journal_space(e->journal, &space);
	m = sg_val_set(v, "journal", sg_val_map());
	sg_val_set_str(m, "folder", sg_journal_folder(e->journal));
	sg_val_set_int(m, "size", (int64_t)space.size);
	sg_val_set_int(m, "used", (int64_t)space.used);
	sg_val_set_bool(m, "full", space.used >= space.first_threshold);
	status_products(e, v);
	m = sg_val_set(v, "config", sg_val_map());
	sg_val_set_str(m, "file", e->conf_file);
	sg_val_set_bool(m, "last_good", e->conf_error != NULL);
	sg_val_set_str(m, "error", e->conf_error);
	return v;
}

struct sg_val *sg_report_line(const struct sg_audit *line)
{
	static const char *const levels[] = { [SG_DEBUG] = "debug",
		[SG_INFO] = "info",
		[SG_WARNING] = "warning",
		[SG_ERROR] = "error",
		[SG_CRITICAL] = "critical" };
	const struct sg_event_info *info = sg_event_info(line->code);
	struct sg_val *m = sg_val_map();

	sg_val_set_int(m, "seq", (int64_t)line->seq);
	sg_val_set_int(m, "time", line->wall);
	sg_val_set_int(m, "code", line->code);
	sg_val_set_str(m, "name", info ? info->name : "?");
	sg_val_set_str(m, "level", levels[info ? info->level : SG_INFO]);
	sg_val_set_str(m, "feed", line->key.feed);
	sg_val_set_str(m, "id", line->key.id);
	set_who(m, &line->who);
	sg_val_set_str(m, "text", line->text);
	return m;
}

struct history {
	struct sg_val *lines;
	const char *id;
	int64_t left;
};

static int add_line(void *arg, const struct sg_audit *line)
{
	struct history *h = arg;

	if (h->id && !sg_same(h->id, line->key.id))
		return 0;
	sg_val_push(h->lines, sg_report_line(line));
	return --h->left <= 0;
}

/* The newest `limit` lines, oldest first. */
static int newest(struct sg_engine *e, const char *id, int64_t limit, struct sg_val **ret, struct sg_err *err)
{
	struct history h = { .lines = sg_val_array(), .id = id, .left = limit };
	int code = sg_journal_audits(e->read, 0, true, add_line, &h, err);

	for (size_t i = 0, k = h.lines->n; i + 1 < k; i++, k--) {
		struct sg_val *swap = h.lines->kid[i];

		h.lines->kid[i] = h.lines->kid[k - 1];
		h.lines->kid[k - 1] = swap;
	}
	if (code < 0)
		sg_val_free(h.lines);
	else
		*ret = h.lines;
	return code < 0 ? code : 0;
}

int sg_report_history(
        struct sg_engine *e, const char *id, int64_t limit, struct sg_val **ret, struct sg_err *err)
{
	struct sg_val *lines = NULL;
	int code = newest(e, id, limit, &lines, err);

	if (code)
		return code;
	*ret = sg_val_map();
	sg_val_set_str(*ret, "schema", "stopgap.history.v1");
	sg_val_set(*ret, "lines", lines);
	return 0;
}

static const char *kind_name(enum sg_value_kind kind)
{
	switch (kind) {
	case SG_VALUE_ELEMENT: return "element";
	case SG_VALUE_SCAFFOLD: return "scaffold";
	case SG_VALUE_ATTRIBUTE: return "attribute";
	case SG_VALUE_SERVICE: return "service";
	}
	return "?";
}

static const char *seen_name(enum sg_seen seen)
{
	switch (seen) {
	case SG_SEEN_FROM: return "before";
	case SG_SEEN_TO: return "after";
	case SG_SEEN_OTHER: return "other";
	case SG_SEEN_GONE: return "gone";
	case SG_SEEN_FAILED: return "failed";
	}
	return "?";
}

static void set_content(struct sg_val *m, const char *key, const struct sg_content *c)
{
	if (!c->present)
		sg_val_set(m, key, sg_val_nil());
	else
		sg_val_set(m, key, sg_val_strn((const char *)c->octets.data, c->octets.len));
}

/* Every held value as it is now; `key` NULL: of all mitigations. Returns how many are not at their after. */
static int64_t values(struct sg_engine *e, const struct sg_world *w, const struct sg_key *key, bool contents,
        struct sg_val *list)
{
	int64_t findings = 0;

	for (size_t i = 0; i < w->holds.n; i++) {
		const struct sg_hold *h = &w->holds.at[i];
		struct sg_seen_value seen = { 0 };
		struct sg_moves one = { 0 };
		struct sg_move *move;
		struct sg_val *m;

		if (key && !sg_keys_has(&h->holders, key))
			continue;
		move = sg_moves_add(&one);
		sg_addr_copy(&move->addr, &h->addr);
		sg_content_copy(&move->from, &h->before);
		sg_content_copy(&move->to, &h->after);
		if (sg_step_look(e->options.drives, &one, &seen, NULL))
			seen.seen = SG_SEEN_FAILED;
		if (seen.seen != SG_SEEN_TO)
			findings++;
		m = sg_val_push(list, sg_val_map());
		if (h->holders.n) {
			sg_val_set_str(m, "feed", h->holders.at[0].feed);
			sg_val_set_str(m, "id", h->holders.at[0].id);
		}
		sg_val_set_str(m, "container", h->addr.container);
		sg_val_set_str(m, "path", h->addr.path);
		sg_val_set_str(m, "kind", kind_name(h->addr.kind));
		sg_val_set_str(m, "seen", seen_name(seen.seen));
		sg_val_set_str(m, "why", seen.why);
		if (contents) {
			struct sg_val *holders = sg_val_set(m, "holders", sg_val_array());

			set_content(m, "before", &h->before);
			set_content(m, "after", &h->after);
			for (size_t k = 0; k < h->holders.n; k++)
				sg_val_push(holders, sg_val_str(h->holders.at[k].id));
		}
		sg_seen_release(&seen, 1);
		sg_moves_release(&one);
	}
	return findings;
}

static void show_body(struct sg_engine *e, const struct sg_world *w, const struct sg_mitigation *m,
        bool by_hand, struct sg_val *v)
{
	struct sg_val *map = sg_val_set(v, "body", sg_val_map()), *list;
	struct sg_proof proof = { 0 };

	sg_val_set_str(map, "fixed_by", m->fixed_by);
	list = sg_val_set(map, "references", sg_val_array());
	for (size_t i = 0; i < m->references.n; i++)
		sg_val_push(list, sg_val_str(m->references.at[i]));
	list = sg_val_set(map, "side_effects", sg_val_array());
	for (size_t i = 0; i < m->side_effects.n; i++)
		sg_val_push(list, sg_val_str(m->side_effects.at[i]));
	list = sg_val_set(v, "tests", sg_val_array());
	if (e->host && sg_actions_prove(m, e->host, e->options.drives, &proof, NULL) == 0) {
		for (size_t i = 0; i < proof.n; i++) {
			struct sg_val *line = sg_val_push(list, sg_val_map());

			sg_val_set_bool(line, "passed", proof.at[i].passed);
			sg_val_set_str(line, "text", proof.at[i].text);
		}
	}
	sg_proof_release(&proof);
	if (by_hand && e->host) {
		struct sg_buf apply = { 0 }, undo = { 0 };

		for (size_t i = 0; i < m->n_actions; i++) {
			const struct sg_action_kind *kind = sg_action_kind(m->actions[i].type);
			struct sg_wishes wishes = { 0 };

			if (kind && kind->by_hand &&
			        kind->plan(m, &m->actions[i], e->host, e->options.drives, &w->holds, &wishes,
			                NULL) == 0) {
				for (size_t k = 0; k < wishes.n; k++)
					kind->by_hand(&wishes.at[k], false, &apply);
				for (size_t k = wishes.n; k > 0; k--)
					kind->by_hand(&wishes.at[k - 1], true, &undo);
			}
			sg_wishes_release(&wishes);
		}
		map = sg_val_set(v, "by_hand", sg_val_map());
		sg_val_set_str(map, "apply", apply.len ? (const char *)apply.data : "");
		sg_val_set_str(map, "undo", undo.len ? (const char *)undo.data : "");
		sg_buf_release(&apply);
		sg_buf_release(&undo);
	}
}

int sg_report_show(struct sg_engine *e, const struct sg_world *w, const struct sg_row *row, bool by_hand,
        struct sg_val **ret, struct sg_err *err)
{
	const struct sg_hash *hash = sg_hash_is_zero(&row->applied) ? &row->offered : &row->applied;
	const struct sg_mitigation *m =
	        sg_hash_is_zero(hash) ? NULL : sg_engine_body(e, row->key.feed, hash, NULL);
	struct sg_val *v = sg_val_map(), *lines = NULL, *map;
	char hex[65];
	int code = newest(e, row->key.id, 10, &lines, err);

	if (code) {
		sg_val_free(v);
		return code;
	}
	sg_val_set_str(v, "schema", "stopgap.show.v1");
	map = sg_val_set(v, "mitigation", sg_report_row(w, row));
	sg_hash_hex(hash, hex);
	sg_val_set_str(map, "body", sg_hash_is_zero(hash) ? NULL : hex);
	set_time(map, "applied_at", row->applied_at);
	sg_val_set_str(map, "effective_text", row->effective_text);
	sg_val_set_str(map, "approved_by", row->approved_who.account);
	sg_val_set_str(map, "withdraw_reason", row->withdraw_reason);
	values(e, w, &row->key, true, sg_val_set(v, "values", sg_val_array()));
	if (m)
		show_body(e, w, m, by_hand, v);
	sg_val_set(v, "blocks", sg_report_blocks(w, row->key.id));
	sg_val_set(v, "history", lines);
	*ret = v;
	return 0;
}

int sg_report_audit(struct sg_engine *e, const struct sg_world *w, struct sg_val **ret, struct sg_err *err)
{
	struct sg_val *v = sg_val_map();
	int64_t findings;

	(void)err;
	sg_val_set_str(v, "schema", "stopgap.audit.v1");
	findings = values(e, w, NULL, false, sg_val_set(v, "values", sg_val_array()));
	sg_val_set_int(v, "findings", findings);
	if (findings)
		sg_val_set_str(v, "text", "some held values are not as they were written; see the list");
	else
		sg_val_set_str(
		        v, "text", w->holds.n ? "every held value is as it was written" : "nothing is held");
	*ret = v;
	return 0;
}
