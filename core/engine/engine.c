/* engine.c - opening, recovering, configuring, and the things that every part of the engine asks for. */
#include "engine/calm.h"
#include "engine/inside.h"

#include "actions/apart.h"
#include "base/os.h"
#include "engine/recover.h"
#include "engine/sched.h"
#include "engine/watch.h"

#include <stdlib.h>
#include <string.h>

void sg_engine_clock(const struct sg_engine *e, struct sg_clock *ret)
{
	*ret = (struct sg_clock){ 0 };
	if (e->options.clock)
		e->options.clock(e->options.clock_arg, ret);
	else
		sg_os_clock(ret);
}

const struct sg_conf *sg_engine_conf(const struct sg_engine *e)
{
	return e->conf ? e->conf : e->defaults;
}

void sg_engine_ctx(struct sg_engine *e, const struct sg_who *who, struct sg_ctx *ret)
{
	*ret = (struct sg_ctx){ .journal = e->journal,
		.read = e->read,
		.drives = e->options.drives,
		.runner = e->options.runner ? e->options.runner : sg_runner_of(e->options.drives),
		.host = e->host,
		.who = who,
		.stop = e->options.stop,
		.stop_arg = e->options.stop_arg,
		.rests = &e->rests };
	sg_engine_clock(e, &ret->now);
}

int sg_engine_fail(struct sg_engine *e, int code)
{
	if (code == SG_EFATAL)
		e->fatal = true;
	return code;
}

void sg_engine_host(struct sg_engine *e, int64_t max_age)
{
	struct sg_host *host = NULL;
	struct sg_err err = SG_ERR_INIT;
	struct sg_clock now;

	sg_engine_clock(e, &now);
	if (e->host && e->host->setup_running && max_age > SG_SETUP_LOOK)
		max_age = SG_SETUP_LOOK;
	if (e->host_at && now.wall - e->host_at < max_age && now.wall >= e->host_at)
		return;
	free(e->host_error);
	e->host_error = NULL;
	if (sg_host_read(e->options.drives, &host, &err))
		e->host_error = sg_strdup(err.msg);
	else if (host->iis_error)
		e->host_error = sg_strdup(host->iis_error);
	sg_host_free(e->host);
	e->host = host;
	e->host_at = now.wall;
}

void sg_engine_forget_views(struct sg_engine *e)
{
	for (size_t i = 0; i < e->n_views; i++) {
		sg_look_result_release(&e->views[i].look);
		e->views[i].at = 0;
	}
	sg_engine_forget_others(e);
}

void sg_engine_touched(struct sg_engine *e, const struct sg_strs *native)
{
	(void)native; /* a look is cheap beside what a missed change costs: all of them are looked at again */
	sg_engine_forget_views(e);
	sg_watch_forget(e);
	e->host_at = 0;
	e->touched = true;
}

const struct sg_mitigation *sg_engine_body(
        struct sg_engine *e, const char *feed, const struct sg_hash *hash, struct sg_err *err)
{
	struct sg_buf octets = { 0 };
	struct sg_mitigation *m = NULL;
	int code;

	for (size_t i = 0; i < e->n_cache; i++) {
		if (sg_hash_equal(&e->cache[i].hash, hash) && strcmp(e->cache[i].m->feed, feed) == 0)
			return e->cache[i].m;
	}
	code = sg_journal_body(e->read, hash, &octets, err);
	if (!code)
		code = sg_mitigation_decode(feed, sg_buf_bytes(&octets), &m, err);
	sg_buf_release(&octets);
	if (code)
		return NULL;
	e->cache = sg_grow(e->cache, e->n_cache, &e->cap_cache, sizeof(*e->cache));
	e->cache[e->n_cache++] = (struct sg_cached){ *hash, m };
	return m;
}

const struct sg_mitigation *sg_engine_offered(struct sg_engine *e, const struct sg_row *row)
{
	return sg_hash_is_zero(&row->offered) ? NULL : sg_engine_body(e, row->key.feed, &row->offered, NULL);
}

const struct sg_mitigation *sg_engine_in_place(struct sg_engine *e, const struct sg_row *row)
{
	return sg_hash_is_zero(&row->applied) ? sg_engine_offered(e, row)
	                                      : sg_engine_body(e, row->key.feed, &row->applied, NULL);
}

static void line_of_service(struct sg_engine *e, int code, const char *text)
{
	struct sg_lines lines = { 0 };
	struct sg_change change = { 0 };
	struct sg_ctx ctx;

	sg_engine_ctx(e, NULL, &ctx);
	sg_line(&lines, &ctx, code, NULL, NULL, "%s", text);
	change.audits = lines.at;
	change.n_audits = lines.n;
	sg_journal_note(e->journal, &change, &ctx.now, NULL);
	sg_lines_release(&lines);
}

static int last_line(void *arg, const struct sg_audit *line)
{
	*(uint64_t *)arg = line->seq;
	return 1;
}

int sg_engine_open(const struct sg_engine_options *options, struct sg_engine **ret, struct sg_err *err)
{
	struct sg_engine *e = sg_alloc(sizeof(*e));
	struct sg_journal_options jo = { .map_size = options->journal_size,
		.any_machine = options->any_machine,
		.unguarded = options->unguarded };
	bool recovered = false;
	struct sg_clock now;
	struct sg_ctx ctx;
	int code;

	e->options = *options;
	sg_actions_stop_when(options->stop, options->stop_arg);
	e->defaults = sg_conf_default();
	e->events = sg_val_array();
	e->server = sg_os_host();
	e->rand.s = options->seed;
	e->wake = INT64_MAX;
	sg_engine_clock(e, &now);
	e->started = now.wall;
	e->audited = now.wall;
	sg_engine_host(e, 0);
	jo.machine = e->host ? e->host->machine : NULL;
	code = sg_journal_open(options->journal, &jo, &now, &e->journal, err);
	if (code)
		goto out;
	e->read = sg_journal_reader(e->journal);
	if (sg_journal_audits(e->read, 0, true, last_line, &e->told, NULL) < 0)
		e->told = 0;
	sg_engine_ctx(e, NULL, &ctx);
	code = sg_recover(&ctx, &recovered, err);
	if (!code)
		code = sg_engine_note_start(e, err);
	if (recovered)
		e->host_at = 0;
	sg_engine_tell(e);
out:
	if (code)
		sg_engine_close(e);
	else
		*ret = e;
	return code;
}

void sg_engine_close(struct sg_engine *e)
{
	if (!e)
		return;
	if (e->journal && e->read && !e->fatal)
		line_of_service(e, SG_EV_STOPPED, "stopped; mitigations stay in place");
	sg_engine_forget_views(e);
	sg_calm_forget(e);
	for (size_t i = 0; i < e->n_views; i++)
		sg_key_release(&e->views[i].key);
	free(e->views);
	free(e->neighbours);
	for (size_t i = 0; i < e->n_cache; i++)
		sg_mitigation_free(e->cache[i].m);
	free(e->cache);
	sg_host_free(e->host);
	free(e->host_error);
	sg_trust_release(&e->trust);
	sg_strs_release(&e->again);
	sg_strs_release(&e->stale);
	sg_watch_forget(e);
	sg_conf_free(e->conf);
	sg_conf_free(e->defaults);
	free(e->conf_file);
	free(e->conf_error);
	sg_strs_release(&e->said);
	free(e->server);
	sg_val_free(e->events);
	sg_journal_close(e->journal);
	sg_actions_stop_when(NULL, NULL);
	free(e);
}

/* In force with this trust, which is taken when it went well; `change` may bring what is recorded with it. */
static int put_in_force(struct sg_engine *e, struct sg_conf *conf, const char *file, struct sg_trust *trust,
        struct sg_change *change, struct sg_err *err)
{
	struct sg_val *data = sg_val_map(), *names = sg_val_set(data, "feeds", sg_val_array());
	struct sg_lines lines = { 0 };
	struct sg_ctx ctx;
	int code;

	sg_engine_ctx(e, NULL, &ctx);
	for (size_t i = 0; i < conf->n_feeds; i++)
		sg_val_push(names, sg_val_str(conf->feeds[i].name));
	sg_line(&lines, &ctx, SG_EV_RELOADED, NULL, data, "the configuration %s is in force", file);
	change->audits = lines.at;
	change->n_audits = lines.n;
	code = sg_journal_note(e->journal, change, &ctx.now, err);
	sg_lines_release(&lines);
	if (code)
		return sg_engine_fail(e, code);
	sg_trust_release(&e->trust);
	e->trust = *trust;
	*trust = (struct sg_trust){ 0 };
	sg_conf_free(e->conf);
	e->conf = conf;
	free(e->conf_file);
	e->conf_file = sg_strdup(file);
	free(e->conf_error);
	e->conf_error = NULL;
	code = sg_engine_sync_blocks(e, err);
	if (code)
		e->conf = NULL; /* the caller's still */
	sg_engine_tell(e);
	return sg_engine_fail(e, code);
}

int sg_engine_configure(struct sg_engine *e, struct sg_conf *conf, struct sg_bytes octets, const char *file,
        struct sg_err *err)
{
	struct sg_trust fresh = { 0 };
	struct sg_hash hash = sg_sha256(octets);
	struct sg_body body = { hash, octets };
	struct sg_val *facts, *good;
	struct sg_change change = { .bodies = &body, .n_bodies = 1 };
	char hex[65];
	int code = sg_trust_read(conf, &fresh, err);

	if (code)
		return code == SG_EFATAL ? code : SG_EINVAL;
	sg_hash_hex(&hash, hex);
	facts = sg_val_map();
	good = sg_val_set(facts, "configuration", sg_val_map());
	sg_val_set_str(good, "hash", hex);
	sg_val_set_str(good, "file", file);
	change.facts = facts;
	code = put_in_force(e, conf, file, &fresh, &change, err);
	sg_trust_release(&fresh);
	sg_val_free(facts);
	return code;
}

int sg_engine_configure_again(struct sg_engine *e, struct sg_conf *conf, const char *file,
        struct sg_err *distrust, struct sg_err *err)
{
	struct sg_trust fresh = { 0 };
	struct sg_change change = { 0 };
	int code = distrust->code ? 0 : sg_trust_read(conf, &fresh, distrust);

	if (code == SG_EFATAL)
		return sg_fail(err, code, "%s", distrust->msg);
	code = put_in_force(e, conf, file, &fresh, &change, err);
	sg_trust_release(&fresh);
	return code;
}

int sg_engine_last_good(struct sg_engine *e, struct sg_buf *ret_octets, char **ret_file, struct sg_err *err)
{
	struct sg_val *facts = NULL;
	const struct sg_val *good;
	struct sg_hash hash;
	int code = sg_journal_facts(e->read, &facts, err);

	if (code)
		return code;
	good = sg_val_get(facts, "configuration");
	if (!good || !sg_hash_from_hex(sg_val_get_str(good, "hash", ""), &hash)) {
		code = sg_fail(err, SG_ENOENT, "the journal has no configuration that was ever in force");
	} else {
		code = sg_journal_body(e->read, &hash, ret_octets, err);
		if (code == SG_ENOENT) /* it was in force, and is lost */
			code = SG_EDAMAGED;
	}
	if (!code)
		*ret_file = sg_strdup(sg_val_get_str(good, "file", "?"));
	sg_val_free(facts);
	return code;
}

void sg_engine_refused_conf(struct sg_engine *e, const struct sg_err *why)
{
	free(e->conf_error);
	e->conf_error = sg_strdup(why->msg);
	line_of_service(e, SG_EV_CONFIG_REFUSED, why->msg);
	sg_engine_tell(e);
}

void sg_engine_say(struct sg_engine *e, int code, const char *text)
{
	sg_strs_add_once(&e->said, text);
	line_of_service(e, code, text);
	sg_engine_tell(e);
}

struct sg_snapshot *sg_engine_snapshot(struct sg_engine *e)
{
	struct sg_snapshot *s = sg_alloc(sizeof(*s));
	struct sg_world w = { 0 };

	s->wake = e->wake;
	s->fatal = e->fatal;
	s->events = e->events;
	e->events = sg_val_array();
	if (!e->fatal && sg_world_load(e, &w, NULL) == 0) {
		s->status = sg_report_status(e, &w);
		s->list = sg_report_list(e, &w);
		sg_polls_add(e, &w, s);
		sg_watch_snapshot(e, &w, s);
		sg_world_release(&w);
	} else {
		s->fatal = true;
	}
	return s;
}

void sg_snapshot_free(struct sg_snapshot *s)
{
	if (!s)
		return;
	sg_val_free(s->status);
	sg_val_free(s->list);
	sg_val_free(s->events);
	sg_strs_release(&s->watch);
	sg_strs_release(&s->watch_roots);
	sg_polls_release(s);
	free(s);
}
