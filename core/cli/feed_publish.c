/* feed_publish.c - `publish` and `mirror`: a signed document goes into its place with the same octets.
 *
 * Guarantees that nothing is put in place that is not signed, is older than what is there, or, where anchors are named, does not verify; that the
 * detached signature is there before the document that needs it; and that a reader sees whole files. Not the two of them at one instant: a server that
 * fetches in between refuses the pair, keeps its last good document, and asks again.
 */
#include "cli/feed_work.h"

#include "base/os.h"
#include "cli/table.h"
#include "feed/verify.h"

#include <stdlib.h>
#include <string.h>

struct pair {
	struct sg_author_doc doc;
	struct sg_buf p7s;
};

static void pair_release(struct pair *p)
{
	sg_author_doc_release(&p->doc);
	sg_buf_release(&p->p7s);
}

/* The document with its detached signature, verified by the anchors; without any, its own signature is seen to, and trust is not asked. */
static int read_pair(const struct sg_author_args *a, const struct sg_author_trust *t, const char *where,
        struct pair *ret, struct sg_err *err)
{
	struct sg_signed taken = { 0 };
	struct sg_err why = SG_ERR_INIT;
	struct sg_feed_rules rules;
	int event = 0, r = sg_author_load(a, where, &ret->doc, err);

	if (!r)
		r = sg_author_beside(a, where, &ret->p7s, err);
	if (!r && !sg_layout_signed(&ret->doc.layout) && !ret->p7s.len)
		r = sg_fail(err, SG_ETRUST, "%s: the document is not signed; \"stopgap-feed sign\" does that",
		        where);
	if (!r && t->n_anchors) {
		rules = sg_author_rules(a, t, &ret->doc, sg_buf_bytes(&ret->p7s), a->now);
		return sg_author_check(&rules, &ret->doc, err);
	}
	if (!r && sg_layout_signed(&ret->doc.layout) &&
	        sg_verify_take(
	                sg_buf_bytes(&ret->doc.octets), sg_author_eocs(a), where, &taken, &event, &why))
		r = sg_fail(err, why.code, "%s: %s", where, why.msg);
	sg_signed_release(&taken);
	return r ? r : sg_author_decode(a, &ret->doc, err);
}

/* The path of a file: `to`, or, when it is a folder, the name of `from` in it. */
static char *target_of(const char *to, const char *from)
{
	struct sg_file_id id;

	if (sg_os_stat(to, &id, NULL) == 0 && id.is_dir)
		return sg_format("%s/%s", to, sg_os_last(from));
	return sg_strdup(to);
}

/* Whether the document may take the place of the one that is there. *ret_same: it is the very same, and so is its detached signature. */
static int check_target(const struct sg_author_args *a, const struct pair *p, const char *path,
        bool *ret_same, struct sg_err *err)
{
	struct sg_author_doc old = { 0 };
	struct sg_buf p7s = { 0 };
	struct sg_file_id id;
	int r;

	*ret_same = false;
	if (sg_os_stat(path, &id, NULL) == SG_ENOENT)
		return 0;
	r = sg_author_load(a, path, &old, err);
	if (!r)
		r = sg_author_beside(a, path, &p7s, err);
	if (!r)
		r = sg_author_decode(a, &old, err);
	if (!r && strcmp(old.name, p->doc.name) != 0)
		r = sg_fail(err, SG_EINVAL, "%s holds the feed '%.80s', and %s is of '%.80s'", path, old.name,
		        p->doc.where, p->doc.name);
	if (!r) {
		struct sg_feed_before before = {
			.serial = old.feed->serial, .document = old.feed->document, .now = a->now
		};
		struct sg_err why = SG_ERR_INIT;
		int event = 0;

		*ret_same = sg_bytes_equal(sg_buf_bytes(&old.octets), sg_buf_bytes(&p->doc.octets)) &&
		            sg_bytes_equal(sg_buf_bytes(&p7s), sg_buf_bytes(&p->p7s));
		if (!*ret_same && p->doc.feed->serial && p->doc.feed->serial <= old.feed->serial &&
		        !sg_hash_equal(&old.feed->document, &p->doc.feed->document))
			r = sg_fail(err, SG_ETRUST,
			        "%s has serial %llu, and %s, which is published, has %llu: servers would "
			        "refuse it",
			        p->doc.where, (unsigned long long)p->doc.feed->serial, path,
			        (unsigned long long)old.feed->serial);
		else if (sg_feed_follows(p->doc.feed, &before, 0, &event, &why))
			r = sg_fail(err, why.code, "%s: %s", p->doc.where, why.msg);
	}
	sg_author_doc_release(&old);
	sg_buf_release(&p7s);
	return r;
}

/* `same`: both are there already, and only what a run that was killed has left is removed. */
static int put_pair(const struct pair *p, bool same, const char *path, struct sg_err *err)
{
	char *p7s = sg_format("%s.p7s", path);
	struct sg_file_id id;
	int r = 0;

	sg_author_tidy(path);
	sg_author_tidy(p7s);
	if (same) {
		free(p7s);
		return 0;
	}
	if (p->p7s.len)
		r = sg_author_put(p7s, sg_buf_bytes(&p->p7s), false, err);
	if (!r)
		r = sg_author_put(path, sg_buf_bytes(&p->doc.octets), false, err);
	/* one of an older document would make servers refuse this one */
	if (!r && !p->p7s.len && sg_os_stat(p7s, &id, NULL) == 0)
		r = sg_os_unlink(p7s, err);
	free(p7s);
	return r;
}

static void say(const struct pair *p, const char *did, const char *path, struct sg_author_out *out)
{
	const struct sg_feed *f = p->doc.feed;

	sg_buf_fmt(&out->text, "%s: %s%s, feed ", path, did, p->p7s.len ? " with its .p7s" : "");
	sg_put_safe(f->name, &out->text);
	if (f->serial)
		sg_buf_fmt(&out->text, ", serial %llu", (unsigned long long)f->serial);
	if (f->signer) {
		sg_buf_str(&out->text, ", signed by ");
		sg_put_safe(f->signer, &out->text);
	}
	sg_buf_char(&out->text, '\n');
}

static void set_json(const struct pair *p, bool same, const char *path, struct sg_author_out *out)
{
	struct sg_val *list, *one;

	if (!out->json) {
		out->json = sg_val_map();
		sg_val_set_str(out->json, "schema", "stopgap.feed-publish.v1");
		sg_val_set(out->json, "documents", sg_val_array());
	}
	list = out->json->kid[1];
	one = sg_val_push(list, sg_val_map());
	sg_val_set_str(one, "path", path);
	sg_val_set_bool(one, "unchanged", same);
	sg_val_set_bool(one, "cms", p->p7s.len > 0);
	sg_val_set_str(one, "feed", p->doc.feed->name);
	sg_val_set_int(one, "serial", (int64_t)p->doc.feed->serial);
	sg_val_set_str(one, "signer", p->doc.feed->signer);
}

/* Fetched as servers do, the same octets, and good by the anchors. */
static int check_url(const struct sg_author_args *a, const struct sg_author_trust *t, const struct pair *p,
        const char *url, struct sg_err *err)
{
	struct pair back = { 0 };
	struct sg_err why = SG_ERR_INIT;
	int r = read_pair(a, t, url, &back, &why);

	if (r)
		r = sg_fail(err, r, "it was written, but servers do not get it: %s", why.msg);
	else if (!sg_bytes_equal(sg_buf_bytes(&back.doc.octets), sg_buf_bytes(&p->doc.octets)) ||
	         !sg_bytes_equal(sg_buf_bytes(&back.p7s), sg_buf_bytes(&p->p7s)))
		r = sg_fail(err, SG_ENET,
		        "it was written, but %s still serves something else: is it the right address, and is "
		        "there a cache in between?",
		        url);
	pair_release(&back);
	return r;
}

int sg_author_publish(const struct sg_author_args *a, struct sg_author_out *out, struct sg_err *err)
{
	const char *to = sg_author_value(a, SG_AUTHOR_TO), *url = sg_author_value(a, SG_AUTHOR_URL);
	struct sg_author_trust trust = { 0 };
	struct pair p = { 0 };
	char *path = NULL;
	bool same = false;
	int r;

	if (!to)
		return sg_author_usage(out, err, "publish needs a place: --to PATH");
	if (url && !sg_author_has(a, SG_AUTHOR_ANCHOR))
		return sg_author_usage(out, err,
		        "--url fetches the feed back as a server would, which needs what servers trust: "
		        "--anchor PEM");
	r = sg_author_trust_read(a, &trust, err);
	if (!r)
		r = read_pair(a, &trust, a->words.at[0], &p, err);
	if (!r)
		r = sg_author_whole(&p.doc, err);
	if (!r) {
		path = target_of(to, a->words.at[0]);
		r = check_target(a, &p, path, &same, err);
	}
	if (!r)
		r = put_pair(&p, same, path, err);
	if (!r && url)
		r = check_url(a, &trust, &p, url, err);
	if (!r) {
		say(&p, same ? "unchanged" : "published", path, out);
		if (url)
			sg_buf_fmt(&out->text, "%s: served, and it verifies\n", url);
		set_json(&p, same, path, out);
	}
	free(path);
	pair_release(&p);
	sg_author_trust_release(&trust);
	return r;
}

/* --- mirror */

static int mirror_one(const struct sg_author_args *a, const struct sg_author_trust *t, const char *from,
        const char *to, struct sg_author_out *out, struct sg_err *err)
{
	struct pair p = { 0 };
	char *path = target_of(to, from);
	bool same = false;
	int r = read_pair(a, t, from, &p, err);

	if (!r)
		r = check_target(a, &p, path, &same, err);
	if (!r)
		r = put_pair(&p, same, path, err);
	if (!r) {
		say(&p, same ? "unchanged" : "mirrored", path, out);
		set_json(&p, same, path, out);
	}
	free(path);
	pair_release(&p);
	return r;
}

static bool is_feed_name(const char *name)
{
	size_t n = strlen(name);

	return n > 4 && name[0] != '.' && sg_same(name + n - 4, ".xml");
}

/* Each document by itself: one that is refused leaves the others. The first refusal is the verb's. */
static int mirror_folder(const struct sg_author_args *a, const struct sg_author_trust *t, const char *from,
        const char *to, struct sg_author_out *out, struct sg_err *err)
{
	struct sg_strs names = { 0 };
	struct sg_file_id id;
	size_t n = 0;
	int r = sg_os_list(from, &names, err), bad = 0;

	if (!r && (sg_os_stat(to, &id, NULL) || !id.is_dir))
		r = sg_fail(err, SG_EINVAL, "%s is a folder, so --to must be one that is there; %s is not",
		        from, to);
	for (size_t i = 0; !r && i < names.n; i++) {
		struct sg_err why = SG_ERR_INIT;
		char *path;

		if (!is_feed_name(names.at[i]))
			continue;
		path = sg_format("%s/%s", from, names.at[i]);
		n++;
		if (mirror_one(a, t, path, to, out, &why)) {
			sg_buf_str(&out->text, "REFUSED ");
			sg_put_safe(why.msg, &out->text);
			sg_buf_char(&out->text, '\n');
			bad = sg_fail(err, why.code, "%s", why.msg);
		}
		free(path);
	}
	if (!r && !n)
		r = sg_fail(err, SG_ENOENT, "%s holds no .xml file", from);
	sg_strs_release(&names);
	return r ? r : bad;
}

int sg_author_mirror(const struct sg_author_args *a, struct sg_author_out *out, struct sg_err *err)
{
	const char *from = a->words.at[0], *to = sg_author_value(a, SG_AUTHOR_TO);
	struct sg_author_trust trust = { 0 };
	struct sg_file_id id;
	bool folder;
	int r;

	if (!to)
		return sg_author_usage(out, err, "mirror needs a place: --to PATH");
	if (!sg_author_has(a, SG_AUTHOR_ANCHOR))
		return sg_author_usage(out, err,
		        "mirror verifies what it hands on, which needs what servers trust: --anchor PEM");
	folder = !strstr(from, "://") && sg_os_stat(from, &id, NULL) == 0 && id.is_dir;
	r = sg_author_trust_read(a, &trust, err);
	if (!r)
		r = folder ? mirror_folder(a, &trust, from, to, out, err)
		           : mirror_one(a, &trust, from, to, out, err);
	sg_author_trust_release(&trust);
	return r;
}
