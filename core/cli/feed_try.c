/* feed_try.c - the verb try: a feed or a single Config on copies of servers' drives (engine/try.h), one line per server. */
#include "cli/feed_check.h"

#include "base/os.h"
#include "cli/ask.h"
#include "cli/feed_work.h"
#include "cli/table.h"
#include "engine/try.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_TAR = 1 << 30 };

struct trying {
	struct sg_author_out *out;
	struct sg_val *list;
	size_t applied, not_needed, refused;
};

static const char *word_of(enum sg_try_outcome outcome)
{
	switch (outcome) {
	case SG_TRY_APPLIED: return "would apply";
	case SG_TRY_NOT_NEEDED: return "not needed";
	case SG_TRY_REFUSED: return "REFUSED";
	}
	return "";
}

/* "would apply: A, B" - of the outcome; the reason of each where it is no success. */
static void print_outcome(const struct sg_try *t, enum sg_try_outcome outcome, bool *any, struct sg_buf *out)
{
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++) {
		if (t->at[i].outcome != outcome)
			continue;
		if (!n++)
			sg_buf_fmt(out, "%s%s: ", *any ? "; " : "", word_of(outcome));
		else
			sg_buf_str(out, outcome == SG_TRY_APPLIED ? ", " : "; ");
		sg_put_safe(t->at[i].id, out);
		if (outcome != SG_TRY_APPLIED) {
			sg_buf_str(out, " (");
			sg_put_safe(t->at[i].text ? t->at[i].text : "", out);
			sg_buf_char(out, ')');
		}
	}
	*any = *any || n;
}

static void report(struct trying *t, const char *name, const struct sg_try *result)
{
	struct sg_val *v = sg_val_push(t->list, sg_val_map()), *ones, *notes;
	struct sg_buf *out = &t->out->text;
	bool any = false;

	sg_val_set_str(v, "server", name);
	sg_val_set_str(v, "outcome", word_of(result->outcome));
	sg_val_set_str(v, "products", result->build);
	sg_val_set_bool(v, "restored", !result->broken);
	sg_val_set_str(v, "broken", result->broken);
	sg_val_set_int(v, "files", (int64_t)result->files);
	ones = sg_val_set(v, "mitigations", sg_val_array());
	notes = sg_val_set(v, "notes", sg_val_array());
	for (size_t i = 0; i < result->n; i++) {
		struct sg_val *one = sg_val_push(ones, sg_val_map());

		sg_val_set_str(one, "id", result->at[i].id);
		sg_val_set_str(one, "outcome", word_of(result->at[i].outcome));
		sg_val_set_str(one, "text", result->at[i].text);
	}
	for (size_t i = 0; i < result->notes.n; i++)
		sg_val_push(notes, sg_val_str(result->notes.at[i]));
	sg_put_safe(name, out);
	sg_buf_str(out, ": ");
	if (result->broken) {
		sg_buf_str(out, "REFUSED: ");
		sg_put_safe(result->broken, out);
		any = true;
	}
	print_outcome(result, SG_TRY_REFUSED, &any, out);
	print_outcome(result, SG_TRY_APPLIED, &any, out);
	print_outcome(result, SG_TRY_NOT_NEEDED, &any, out);
	if (!any)
		sg_buf_str(out, "not needed: the feed offers nothing");
	sg_buf_char(out, '\n');
	t->applied += result->outcome == SG_TRY_APPLIED;
	t->not_needed += result->outcome == SG_TRY_NOT_NEEDED;
	t->refused += result->outcome == SG_TRY_REFUSED;
}

/* What could not even be tried is REFUSED, and the next server is asked. */
static void report_failure(struct trying *t, const char *name, const struct sg_err *why)
{
	struct sg_val *v = sg_val_push(t->list, sg_val_map());

	sg_val_set_str(v, "server", name);
	sg_val_set_str(v, "outcome", word_of(SG_TRY_REFUSED));
	sg_val_set_str(v, "products", "");
	sg_val_set_bool(v, "restored", true); /* nothing was touched */
	sg_val_set_str(v, "broken", why->msg);
	sg_val_set_int(v, "files", 0);
	sg_val_set(v, "mitigations", sg_val_array());
	sg_val_set(v, "notes", sg_val_array());
	sg_put_safe(name, &t->out->text);
	sg_buf_str(&t->out->text, ": REFUSED: ");
	sg_put_safe(why->msg, &t->out->text);
	sg_buf_char(&t->out->text, '\n');
	t->refused++;
}

/* A folder is drive C:, or holds folders of one letter that are drives. */
static int open_folder(const char *path, struct sg_drives *ret, struct sg_err *err)
{
	struct sg_drives drives = { 0 };
	struct sg_strs names = { 0 };
	int r = sg_os_list(path, &names, err);
	bool letters = false;

	for (size_t i = 0; i < names.n; i++)
		letters = letters || !strcmp(names.at[i], "C");
	for (size_t i = 0; !r && letters && i < names.n; i++) {
		char *arg = sg_format("%s=%s/%s", names.at[i], path, names.at[i]);

		if (names.at[i][0] >= 'A' && names.at[i][0] <= 'Z' && !names.at[i][1])
			r = sg_drives_add(&drives, arg, err);
		free(arg);
	}
	if (!r && !letters) {
		char *arg = sg_format("C=%s", path);

		r = sg_drives_add(&drives, arg, err);
		free(arg);
	}
	if (r)
		sg_drives_release(&drives);
	else
		*ret = drives;
	sg_strs_release(&names);
	return r;
}

static char *unpack_folder(const char *scratch)
{
	unsigned char n[6];

	sg_os_random(n, sizeof(n));
	return sg_format(
	        "%s/stopgap-try-%02x%02x%02x%02x%02x%02x", scratch, n[0], n[1], n[2], n[3], n[4], n[5]);
}

static void one(struct trying *t, const char *path, const struct sg_feed *feed, const char *scratch)
{
	struct sg_drives drives = { 0 };
	struct sg_err why = SG_ERR_INIT;
	struct sg_try result = { 0 };
	struct sg_buf tar = { 0 };
	struct sg_file_id id = { 0 };
	char *folder = NULL;
	int r = sg_os_stat(path, &id, &why);

	if (!r && id.is_dir) {
		r = open_folder(path, &drives, &why);
	} else if (!r) {
		folder = unpack_folder(scratch);
		r = sg_os_read(path, MOST_TAR, &tar, NULL, &why);
		if (!r)
			r = sg_os_mkdirs(folder, &why);
		if (!r)
			r = sg_try_unpack(sg_buf_bytes(&tar), folder, &drives, &why);
	}
	if (!r)
		r = sg_try(&drives, feed, scratch, &result, &why);
	if (r)
		report_failure(t, path, &why);
	else
		report(t, path, &result);
	if (folder)
		sg_os_remove_tree(folder, NULL);
	free(folder);
	sg_buf_release(&tar);
	sg_drives_release(&drives);
	sg_try_release(&result);
}

/* The feed, or a feed that holds the one Config. `single` owns it then. */
static int read_feed(const struct sg_author_args *a, struct sg_author_doc *doc, struct sg_feed *single,
        struct sg_mitigation **m, const struct sg_feed **ret, struct sg_err *err)
{
	static char name[] = "feed";
	struct sg_buf octets = { 0 };
	int r = sg_author_config(a->words.at[0], &octets, m, err);

	if (!r && *m) {
		*single = (struct sg_feed){ .name = name, .serial = 1, .at = m, .n = 1 };
		*ret = single;
	} else if (!r) {
		r = sg_author_take(a, a->words.at[0], sg_buf_bytes(&octets), doc, err);
		if (!r)
			r = sg_author_decode(a, doc, err);
		*ret = doc->feed;
	}
	sg_buf_release(&octets);
	return r;
}

int sg_author_try(const struct sg_author_args *a, struct sg_author_out *out, struct sg_err *err)
{
	const struct sg_strs *drives = &a->opt[SG_AUTHOR_DRIVES];
	const char *given = sg_author_value(a, SG_AUTHOR_SCRATCH);
	size_t n = drives->n + a->words.n - 1;
	struct trying t = { .out = out };
	struct sg_author_doc doc = { 0 };
	struct sg_feed single;
	struct sg_mitigation *m = NULL;
	const struct sg_feed *feed = NULL;
	char *scratch;
	int r;

	if (!n)
		return sg_author_usage(out, err,
		        "try needs copies of servers' drives: --drives DIR, or archives of \"stopgapctl "
		        "collect\"");
	scratch = given ? sg_strdup(given) : sg_os_temp();
	r = read_feed(a, &doc, &single, &m, &feed, err);
	out->json = sg_val_map();
	sg_val_set_str(out->json, "schema", "stopgap.try.v1");
	t.list = sg_val_set(out->json, "servers", sg_val_array());
	for (size_t i = 0; !r && i < n; i++) {
		const char *path = i < drives->n ? drives->at[i] : a->words.at[1 + i - drives->n];

		if (n > 1 && sg_ask_progress())
			fprintf(stderr, "\r%zu of %zu\r", i + 1, n);
		one(&t, path, feed, scratch);
	}
	if (!r)
		sg_buf_fmt(&out->text, "%zu server%s: %zu would apply, %zu not needed, %zu REFUSED\n", n,
		        n == 1 ? "" : "s", t.applied, t.not_needed, t.refused);
	sg_val_set_int(out->json, "would_apply", (int64_t)t.applied);
	sg_val_set_int(out->json, "not_needed", (int64_t)t.not_needed);
	sg_val_set_int(out->json, "refused", (int64_t)t.refused);
	if (t.refused)
		out->status = SG_EXIT_FAILED;
	sg_mitigation_free(m);
	sg_author_doc_release(&doc);
	free(scratch);
	return r;
}
