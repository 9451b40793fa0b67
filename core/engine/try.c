/* try.c - copies, runs the engine over the copy, asks each mitigation what became of it, takes all out and compares. Writes below `scratch` only. */
#include "engine/try.h"

#include "base/log.h"
#include "base/os.h"
#include "base/tar.h"
#include "engine/gather.h"
#include "engine/inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_ROUNDS = 10000 };
#define JOURNAL_SIZE (16 << 20)
#define HOUR         (3600 * (int64_t)1000)

void sg_try_release(struct sg_try *t)
{
	for (size_t i = 0; i < t->n; i++) {
		free(t->at[i].id);
		free(t->at[i].text);
	}
	free(t->at);
	free(t->build);
	free(t->broken);
	sg_strs_release(&t->notes);
	*t = (struct sg_try){ 0 };
}

/* One server under trial. */
struct trial {
	const struct sg_feed *feed;
	char *folder;          /* ours, in the scratch folder */
	struct sg_drives copy; /* below it */
	struct sg_strs before; /* "path<TAB>hash" of every file of the copy */
	struct sg_engine *engine;
	struct sg_try *ret;
};

static char *scratch_folder(const char *scratch)
{
	unsigned char name[8];
	struct sg_buf path = { 0 };

	sg_os_random(name, sizeof(name));
	sg_buf_fmt(&path, "%s/stopgap-try-", scratch);
	for (size_t i = 0; i < sizeof(name); i++)
		sg_buf_fmt(&path, "%02x", name[i]);
	return sg_buf_detach(&path);
}

/* --- the copy */

/* A file with the folders above it. */
static int put(const char *root, const char *rel, struct sg_bytes octets, struct sg_err *err)
{
	char *path = sg_format("%s/%s", root, rel), *slash = strrchr(path, '/');
	int r;

	*slash = 0;
	r = sg_os_mkdirs(path, err);
	*slash = '/';
	if (!r)
		r = sg_os_create(path, octets, NULL, err);
	free(path);
	return r;
}

static int copy_one(const struct sg_drives *from, const struct sg_gathered *g, const char *root,
        struct sg_try *ret, struct sg_err *err)
{
	struct sg_err why = SG_ERR_INIT;
	struct sg_buf octets = { 0 };
	char *path;
	int r;

	if (g->folder) {
		path = sg_format("%s/%s", root, g->rel);
		r = sg_os_mkdirs(path, err);
		free(path);
		return r;
	}
	r = sg_gathered_read(from, g, &octets, &why);
	if (r)
		sg_strs_add(
		        &ret->notes, why.msg); /* as it would be on the server: there, and not to be read */
	else
		r = put(root, g->rel, sg_buf_bytes(&octets), err);
	ret->files += !r;
	sg_buf_release(&octets);
	return why.code ? 0 : r;
}

static int copy(struct trial *t, const struct sg_drives *from, const struct sg_host *host, struct sg_err *err)
{
	struct sg_gather g = { 0 };
	int r = sg_os_mkdirs(t->folder, err);

	sg_gather(from, host, (const struct sg_mitigation *const *)t->feed->at, t->feed->n, &g);
	for (int i = 0; !r && i < 26; i++) {
		char *root = sg_format("%s/%c", t->folder, 'A' + i), *arg = sg_format("%c=%s", 'A' + i, root);

		if (from->dir[i]) {
			r = sg_os_mkdirs(root, err);
			for (size_t k = 0; !r && k < g.n; k++)
				if (g.at[k].drive == 'A' + i)
					r = copy_one(from, &g.at[k], root, t->ret, err);
			if (!r)
				r = sg_drives_add(&t->copy, arg, err);
		}
		free(arg);
		free(root);
	}
	for (size_t i = 0; i < g.notes.n; i++)
		sg_strs_add(&t->ret->notes, g.notes.at[i]);
	sg_gather_release(&g);
	return r;
}

/* Every file below, but what stopgap keeps for itself. */
static int list(const char *dir, const char *rel, struct sg_strs *ret, struct sg_err *err)
{
	struct sg_strs names = { 0 };
	char *here = *rel ? sg_format("%s/%s", dir, rel) : sg_strdup(dir);
	int r = sg_same(rel, "ProgramData/stopgap") ? 0 : sg_os_list(here, &names, err);

	for (size_t i = 0; !r && i < names.n; i++) {
		char *inside = *rel ? sg_format("%s/%s", rel, names.at[i]) : sg_strdup(names.at[i]);
		char *path = sg_format("%s/%s", dir, inside);
		struct sg_file_id id;

		r = sg_os_stat(path, &id, err);
		if (!r && id.is_dir) {
			r = list(dir, inside, ret, err);
		} else if (!r) {
			struct sg_buf octets = { 0 };
			char hex[65], *line;

			r = sg_os_read(path, SIZE_MAX, &octets, NULL, err);
			if (!r) {
				struct sg_hash hash = sg_sha256(sg_buf_bytes(&octets));

				sg_hash_hex(&hash, hex);
				line = sg_format("%s\t%s", inside, hex);
				sg_strs_add(ret, line);
				free(line);
			}
			sg_buf_release(&octets);
		}
		free(path);
		free(inside);
	}
	sg_strs_release(&names);
	free(here);
	return r;
}

static int list_all(const struct trial *t, struct sg_strs *ret, struct sg_err *err)
{
	int r = 0;

	for (int i = 0; !r && i < 26; i++)
		if (t->copy.dir[i])
			r = list(t->copy.dir[i], "", ret, err);
	return r;
}

/* --- the engine over it */

static int configure(struct trial *t, struct sg_err *err)
{
	struct sg_conf *conf = NULL;
	char *xml =
	        sg_format("<stopgap xmlns=\"" SG_CONF_NS "\" mode=\"enforce\"><trust><anchor name=\"none\" "
	                  "file=\"none.pem\"/></trust><feed name=\"%s\" "
	                  "url=\"https://try.invalid/feed.xml\"%s/></stopgap>",
	                t->feed->name, t->feed->serial ? "" : " profile=\"eocs\"");
	int r = sg_conf_decode(sg_bytes_of(xml), "/try.xml", NULL, &conf, err);

	if (!r)
		t->engine->conf = conf;
	free(xml);
	return r;
}

/* The rows that an accepted document makes: the journal's `accept`, without asking who signed it. */
static int offer(struct trial *t, struct sg_err *err)
{
	const struct sg_feed *feed = t->feed;
	struct sg_row **rows = sg_alloc((feed->n + 1) * sizeof(struct sg_row *));
	struct sg_body *bodies = sg_alloc((feed->n + 1) * sizeof(*bodies));
	struct sg_feed_row *frow = sg_feed_row_new(feed->name);
	struct sg_change change = { .rows = rows, .bodies = bodies, .feeds = frow, .n_feeds = 1 };
	struct sg_clock now;
	int r;

	sg_engine_clock(t->engine, &now);
	frow->eocs = !feed->serial;
	frow->serial = feed->serial;
	frow->document = feed->document;
	frow->issued = frow->verified = frow->tried = now.wall;
	frow->expires = now.wall + 24 * HOUR;
	for (size_t i = 0; i < feed->n; i++) {
		const struct sg_mitigation *m = feed->at[i];
		struct sg_row *row;

		if (m->tombstone)
			continue;
		row = sg_row_new(feed->name, m->id);
		row->offered = m->hash;
		row->offered_revision = sg_strdup(m->revision);
		row->offered_at = now.wall;
		row->offered_serial = feed->serial;
		row->remove_after = m->remove_after;
		row->severity = (enum sg_severity_row)m->severity;
		row->desc = sg_strdup(m->desc);
		sg_policy_deadlines(t->engine->conf, m, row, now.wall);
		sg_row_move(row, SG_PENDING, SG_WHY_NEW, now.wall, "recorded; to be evaluated");
		bodies[change.n_bodies++] = (struct sg_body){ m->hash, sg_buf_bytes(&m->body) };
		rows[change.n_rows++] = row;
	}
	r = sg_journal_accept(t->engine->journal, &change, &now, err);
	for (size_t i = 0; i < change.n_rows; i++)
		sg_row_free(rows[i]);
	sg_feed_row_release(frow);
	free(frow);
	free(bodies);
	free(rows);
	return r;
}

static int run(struct trial *t, struct sg_err *err)
{
	int r = 1;

	for (int i = 0; r > 0 && i < MOST_ROUNDS; i++)
		r = sg_engine_run(t->engine, err);
	return r > 0 ? sg_fail(err, SG_ESTATE, "the engine does not come to rest on this drive") : r;
}

/* --- what became of it */

static enum sg_try_outcome outcome_of(const struct sg_row *row, char **ret_text)
{
	const char *text = row->text ? row->text : "";

	if (row->state == SG_APPLIED && row->effective == SG_EFFECTIVE_NO) {
		*ret_text = sg_format(
		        "in place without effect: %s", row->effective_text ? row->effective_text : text);
		return SG_TRY_REFUSED;
	}
	if (row->state == SG_APPLIED) {
		*ret_text = row->effective == SG_EFFECTIVE_YES
		                    ? sg_strdup("its tests hold")
		                    : sg_format("whether it takes effect cannot be told: %s",
		                              row->effective_text ? row->effective_text : "it has no tests");
		return SG_TRY_APPLIED;
	}
	if (row->in_force_by_others) {
		*ret_text = sg_format("in force by others: %s", row->others_text ? row->others_text : text);
		return SG_TRY_NOT_NEEDED;
	}
	if (row->applies == SG_APPLIES_NO) {
		*ret_text = sg_strdup(row->proof ? row->proof : text);
		return SG_TRY_NOT_NEEDED;
	}
	if (row->applies == SG_APPLIES_UNKNOWN)
		*ret_text =
		        sg_format("whether it is needed cannot be told: %s", row->proof ? row->proof : text);
	else
		*ret_text = sg_strdup(text);
	return SG_TRY_REFUSED;
}

static struct sg_try_one *add_one(struct sg_try *t, const char *id)
{
	t->at = sg_realloc(t->at, (t->n + 1) * sizeof(*t->at));
	t->at[t->n] = (struct sg_try_one){ .id = sg_strdup(id), .outcome = SG_TRY_REFUSED };
	return &t->at[t->n++];
}

static int ask(struct trial *t, struct sg_err *err)
{
	struct sg_world w = { 0 };
	int r = sg_world_load(t->engine, &w, err);

	for (size_t i = 0; !r && i < t->feed->n; i++) {
		struct sg_key key = { t->feed->name, t->feed->at[i]->id };
		const struct sg_row *row = sg_world_row(&w, &key);
		struct sg_try_one *one;

		if (!row)
			continue;
		one = add_one(t->ret, row->key.id);
		one->outcome = outcome_of(row, &one->text);
	}
	for (size_t i = 0; !r && i < t->feed->n_refused; i++)
		add_one(t->ret, t->feed->refused[i].id)->text = sg_strdup(t->feed->refused[i].text);
	sg_world_release(&w);
	return r;
}

static int take_out(struct trial *t, struct sg_err *err)
{
	struct sg_val *params = sg_val_map(), *reply = NULL;
	int r;

	sg_val_set_bool(params, "all", true);
	sg_val_set_str(params, "reason", "a trial");
	r = sg_engine_request(t->engine, "rollback", params, "stopgap-feed try", &reply, err);
	sg_val_free(reply);
	sg_val_free(params);
	return r;
}

static int compare(struct trial *t, struct sg_err *err)
{
	struct sg_strs after = { 0 };
	int r = list_all(t, &after, err);

	for (size_t i = 0; !r && !t->ret->broken && i < t->before.n; i++)
		if (!sg_strs_has(&after, t->before.at[i]))
			t->ret->broken = sg_format("after the rollback %.*s is not as it was",
			        (int)strcspn(t->before.at[i], "\t"), t->before.at[i]);
	for (size_t i = 0; !r && !t->ret->broken && i < after.n; i++)
		if (!sg_strs_has(&t->before, after.at[i]))
			t->ret->broken = sg_format("after the rollback %.*s is there, and was not",
			        (int)strcspn(after.at[i], "\t"), after.at[i]);
	sg_strs_release(&after);
	return r;
}

static void conclude(struct sg_try *t, const struct sg_host *host)
{
	struct sg_buf build = { 0 };

	t->outcome = t->broken ? SG_TRY_REFUSED : SG_TRY_NOT_NEEDED;
	for (size_t i = 0; i < t->n; i++)
		if (t->at[i].outcome == SG_TRY_REFUSED || t->outcome == SG_TRY_NOT_NEEDED)
			t->outcome = t->at[i].outcome == SG_TRY_NOT_NEEDED ? t->outcome : t->at[i].outcome;
	for (size_t i = 0; i < host->n_products; i++) {
		char v[48] = "?";

		if (host->products[i].version.n)
			sg_version_format(&host->products[i].version, v);
		sg_buf_fmt(&build, "%s%s %s", i ? ", " : "", host->products[i].name, v);
	}
	t->build = build.len ? sg_buf_detach(&build) : sg_strdup("");
}

/* What the engine says of a copy is the answer's business, and nobody's log. */
static void silent(void *arg, enum sg_level level, int code, const char *text, const struct sg_val *data)
{
	(void)arg;
	(void)level;
	(void)code;
	(void)text;
	(void)data;
}

int sg_try(const struct sg_drives *drives, const struct sg_feed *feed, const char *scratch,
        struct sg_try *ret, struct sg_err *err)
{
	struct sg_try result = { 0 };
	struct trial t = { .feed = feed, .folder = scratch_folder(scratch), .ret = &result };
	struct sg_engine_options options = {
		.drives = &t.copy, .any_machine = true, .journal_size = JOURNAL_SIZE
	};
	char *journal = sg_format("%s/journal", t.folder);
	struct sg_host *host = NULL;
	int r = sg_host_read(drives, &host, err);

	sg_log_to(silent, NULL);
	if (!r)
		r = copy(&t, drives, host, err);
	if (!r)
		r = list_all(&t, &t.before, err);
	options.journal = journal;
	if (!r)
		r = sg_engine_open(&options, &t.engine, err);
	if (!r)
		r = configure(&t, err);
	if (!r)
		r = offer(&t, err);
	if (!r)
		r = run(&t, err);
	if (!r)
		r = ask(&t, err);
	if (!r)
		r = take_out(&t, err);
	sg_engine_close(t.engine);
	if (!r)
		r = compare(&t, err);
	if (!r) {
		conclude(&result, host);
		*ret = result;
		result = (struct sg_try){ 0 };
	}
	sg_log_to(NULL, NULL);
	sg_os_remove_tree(t.folder, NULL);
	sg_try_release(&result);
	sg_host_free(host);
	sg_strs_release(&t.before);
	sg_drives_release(&t.copy);
	free(t.folder);
	free(journal);
	return r;
}

int sg_try_unpack(struct sg_bytes tar, const char *folder, struct sg_drives *ret, struct sg_err *err)
{
	struct sg_drives drives = { 0 };
	struct sg_tar_entry e;
	size_t at = 0;
	int r;

	while ((r = sg_tar_next(tar, &at, &e, err)) > 0) {
		char letter = e.name[0], *path;

		if (letter < 'A' || letter > 'Z' || (e.name[1] && e.name[1] != '/'))
			continue; /* the list of what was taken */
		path = sg_format("%s/%c", folder, letter);
		r = sg_os_mkdirs(path, err);
		free(path);
		path = sg_format("%s/%s", folder, e.name);
		if (!r)
			r = e.folder ? sg_os_mkdirs(path, err) : put(folder, e.name, e.octets, err);
		free(path);
		if (!r && !drives.dir[letter - 'A']) {
			path = sg_format("%c=%s/%c", letter, folder, letter);
			r = sg_drives_add(&drives, path, err);
			free(path);
		}
		if (r)
			break;
	}
	if (!r && !drives.dir['C' - 'A'])
		r = sg_fail(err, SG_EPARSE,
		        "there is no drive C in the archive: was it made by stopgapctl collect?");
	if (r)
		sg_drives_release(&drives);
	else
		*ret = drives;
	return r;
}
