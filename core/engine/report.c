/* report.c - what people see, as value trees: the shapes of schemas/control.md. Reads rows and files, decides nothing. */
#include "engine/report_parts.h"
#include "engine/rerun.h"
#include "engine/sched.h"

#include <stdlib.h>
#include <string.h>

void sg_report_time(struct sg_val *map, const char *key, int64_t ms)
{
	if (ms)
		sg_val_set_int(map, key, ms);
	else
		sg_val_set(map, key, sg_val_nil());
}

void sg_report_who(struct sg_val *map, const struct sg_who *who)
{
	sg_val_set_str(map, "account", who->account);
	sg_val_set_str(map, "reason", who->reason);
	sg_val_set_str(map, "ticket", who->ticket);
	sg_val_set_str(map, "on_behalf_of", who->on_behalf_of);
}

/* What people read about it: why it has no effect comes before that it is in place, and that it refuses all the same before that it was edited. */
static char *sentence(const struct sg_row *row)
{
	bool defeated = row->state == SG_APPLIED && row->effective == SG_EFFECTIVE_NO && row->effective_text;
	bool edited =
	        row->state == SG_BLOCKED && row->reason == SG_WHY_DRIFT && row->effective == SG_EFFECTIVE_YES;

	char *unseen = row->state == SG_APPLIED && !defeated ? sg_row_sight(row) : NULL;

	if (unseen)
		return unseen;
	if (edited)
		return sg_format("in force, edited by hand: %s", row->text ? row->text : "");
	return sg_strdup(defeated ? row->effective_text : row->text);
}

/* The kinds of its actions as its author wrote them, each once; "": no body of it is known. */
static char *types(struct sg_engine *e, const struct sg_row *row)
{
	const struct sg_mitigation *m = sg_engine_in_place(e, row);
	struct sg_buf text = { 0 };

	for (size_t i = 0; m && i < m->n_actions; i++) {
		bool said = false;

		for (size_t k = 0; k < i && !said; k++)
			said = strcmp(m->actions[k].type, m->actions[i].type) == 0;
		if (!said)
			sg_buf_fmt(&text, "%s%s", text.len ? ", " : "", m->actions[i].type);
	}
	return sg_buf_detach(&text);
}

/* One line about it: its sentence, or its reason where there is none, behind what its feed says of it no longer. */
static char *why(const struct sg_row *row, const char *text, const struct sg_strs *down)
{
	struct sg_buf line = { 0 };

	sg_buf_fmt(&line, "%s%s",
	        row->missing && !row->tombstone ? "no longer in its feed, and not withdrawn; " : "",
	        text && *text ? text : sg_reason_name(row->reason));
	for (size_t i = 0; i < down->n; i++)
		sg_buf_fmt(&line, "; %s", down->at[i]);
	return sg_buf_detach(&line);
}

struct sg_val *sg_report_row(struct sg_engine *e, const struct sg_world *w, const struct sg_row *row)
{
	struct sg_val *m = sg_val_map();
	enum sg_verdict verdict = sg_row_verdict(row, sg_holds_any(&w->holds, &row->key));
	char *text = sentence(row), *line, *type = types(e, row);
	struct sg_strs down = { 0 };
	struct sg_val *list;

	sg_rerun_texts(w, &row->key, &down, NULL);
	line = why(row, text, &down);

	sg_val_set_str(m, "server", e->server);
	sg_val_set_str(m, "feed", row->key.feed);
	sg_val_set_str(m, "id", row->key.id);
	sg_val_set_str(m, "revision", row->applied_revision ? row->applied_revision : row->offered_revision);
	sg_val_set_str(m, "desc", row->desc);
	sg_val_set_str(m, "severity", sg_severity_name((enum sg_severity)row->severity));
	sg_val_set_str(m, "state", sg_state_name(row->state));
	sg_val_set_str(m, "reason", sg_reason_name(row->reason));
	sg_val_set_str(m, "text", text);
	sg_val_set_str(m, "verdict", sg_verdict_name(verdict));
	sg_val_set_str(m, "status", sg_state_status(row->state, row->reason, verdict));
	sg_val_set_str(m, "type", *type ? type : NULL);
	sg_val_set_str(m, "why", line);
	free(text);
	free(line);
	free(type);
	sg_val_set_str(m, "applies", sg_applies_name(row->applies));
	sg_val_set_str(m, "proof", row->proof);
	sg_val_set_str(m, "effective", sg_effective_name(row->effective));
	sg_report_time(m, "since", row->since);
	sg_val_set_str(m, "offered_revision", row->offered_revision);
	sg_val_set_bool(m, "missing", row->missing);
	sg_val_set_bool(m, "withdrawn", row->tombstone);
	sg_val_set_str(m, "shadowed_by", row->shadowed_by);
	sg_report_time(m, "retry_at", row->retry_at);
	list = sg_val_set(m, "not_running", sg_val_array());
	for (size_t i = 0; i < down.n; i++)
		sg_val_push(list, sg_val_str(down.at[i]));
	sg_strs_release(&down);
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
		sg_report_who(m, &b->who);
		sg_report_time(m, "created", b->created);
		sg_report_time(m, "until", b->until);
	}
	return list;
}

struct sg_val *sg_report_list(struct sg_engine *e, const struct sg_world *w)
{
	struct sg_val *v = sg_val_map();
	struct sg_val *list;

	sg_val_set_str(v, "schema", "stopgap.list.v1");
	list = sg_val_set(v, "mitigations", sg_val_array());
	for (size_t i = 0; i < w->rows.n; i++)
		sg_val_push(list, sg_report_row(e, w, w->rows.at[i]));
	sg_val_set(v, "blocks", sg_report_blocks(w, NULL));
	return v;
}

/* Feeds as configured; *ret_stale: the first that has not verified within its stale-after. */
static void status_feeds(
        struct sg_engine *e, const struct sg_world *w, struct sg_val *v, const char **ret_stale)
{
	const struct sg_conf *conf = sg_engine_conf(e);
	struct sg_val *list = sg_val_set(v, "feeds", sg_val_array());

	for (size_t i = 0; i < conf->n_feeds; i++) {
		const struct sg_conf_feed *f = &conf->feeds[i];
		const struct sg_feed_row *row = sg_world_feed(w, f->name);
		struct sg_val *m = sg_val_push(list, sg_val_map());
		bool stale = !row || !row->verified || w->now.wall - row->verified > f->stale_after;

		sg_val_set_str(m, "name", f->name);
		sg_val_set_str(m, "url", f->url);
		sg_val_set_int(m, "serial", row ? (int64_t)row->serial : 0);
		sg_report_time(m, "verified", row ? row->verified : 0);
		sg_report_time(m, "issued", row ? row->issued : 0);
		sg_report_time(m, "expires", row ? row->expires : 0);
		sg_report_time(m, "tried", row ? row->tried : 0);
		sg_report_time(
		        m, "next", f->url ? sg_sched_poll(f, row, w->now.wall, e->started, &e->rand) : 0);
		sg_val_set_bool(m, "stale", stale);
		sg_val_set_str(m, "signer", row ? row->signer : NULL);
		sg_val_set_str(m, "error", row ? row->error : NULL);
		if (stale && !*ret_stale)
			*ret_stale = f->name;
	}
}

/* The nearest end of what the feeds rest on. */
static void status_ends(const struct sg_engine *e, const struct sg_world *w, struct sg_val *v)
{
	const struct sg_end *first = NULL;
	struct sg_ends ends = { 0 };
	struct sg_val *m;

	sg_engine_ends(e, w, &ends);
	for (size_t i = 0; i < ends.n; i++) {
		if (!first || ends.at[i].at < first->at)
			first = &ends.at[i];
	}
	if (first) {
		m = sg_val_set(v, "ends", sg_val_map());
		sg_val_set_str(m, "what", first->what);
		sg_val_set_int(m, "at", first->at);
	} else {
		sg_val_set(v, "ends", sg_val_nil());
	}
	sg_ends_release(&ends);
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

/* What goes on on this server beside stopgap, as sentences; nil where nothing does. */
static void status_host(const struct sg_engine *e, struct sg_val *v)
{
	const struct sg_host *host = e->host;
	struct sg_val *m = sg_val_set(v, "host", sg_val_map());

	sg_val_set_str(m, "setup", host ? host->setup_text : NULL);
	sg_val_set_str(m, "restart", host ? host->restart_text : NULL);
	sg_val_set_str(m, "maintenance", host ? host->maintenance_text : NULL);
	sg_val_set_str(m, "registry", host ? host->registry_text : NULL);
	sg_val_set_str(m, "em", sg_em_name(host ? host->em : SG_EM_UNKNOWN));
}

/* The first feed whose last try failed; NULL: none. */
static const char *unreachable(const struct sg_world *w, const struct sg_conf *conf)
{
	for (size_t i = 0; i < conf->n_feeds; i++) {
		const struct sg_feed_row *row = sg_world_feed(w, conf->feeds[i].name);

		if (row && row->error)
			return conf->feeds[i].name;
	}
	return NULL;
}

/* The worst of all: EXPOSED before UNKNOWN before WAITING counts as exposed; nothing is PROTECTED without a feed that verified in time. */
static void status_verdict(struct sg_engine *e, const struct sg_world *w, struct sg_val *v, const char *stale)
{
	int64_t counts[SG_V_UNKNOWN + 1] = { 0 };
	const struct sg_row *exposed = NULL, *waiting = NULL, *unknown = NULL;
	struct sg_val *c = sg_val_set(v, "counts", sg_val_map());
	struct sg_buf why = { 0 };
	const char *verdict;
	char *text;

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
		text = sentence(exposed);
		sg_buf_fmt(&why, "%s: %s", exposed->key.id, text ? text : "?");
		free(text);
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
		const char *silent = unreachable(w, sg_engine_conf(e));

		verdict = "PROTECTED";
		sg_buf_str(&why, "everything that this server needs is in force, and every feed is fresh");
		if (silent)
			sg_buf_fmt(&why,
			        "; but feed %s could not be had at the last try: what is newer is not known",
			        silent);
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
	sg_report_time(v, "started", e->started);
	sg_report_time(v, "now", w->now.wall);
	sg_val_set_str(v, "mode", modes[sg_engine_conf(e)->mode]);
	sg_val_set_bool(v, "paused", paused);
	sg_report_time(v, "paused_until", paused ? until : 0);
	status_feeds(e, w, v, &stale);
	sg_val_set_int(v, "documents_read", (int64_t)e->documents_read);
	status_ends(e, w, v);
	status_verdict(e, w, v, stale);
	sg_journal_space(e->journal, &space);
	m = sg_val_set(v, "journal", sg_val_map());
	sg_val_set_str(m, "folder", sg_journal_folder(e->journal));
	sg_val_set_int(m, "size", (int64_t)space.size);
	sg_val_set_int(m, "used", (int64_t)space.used);
	sg_val_set_bool(m, "full", space.used >= space.first_threshold);
	status_products(e, v);
	status_host(e, v);
	m = sg_val_set(v, "config", sg_val_map());
	sg_val_set_str(m, "file", e->conf_file);
	sg_val_set_bool(m, "last_good", e->conf_error != NULL);
	sg_val_set_str(m, "error", e->conf_error);
	return v;
}
