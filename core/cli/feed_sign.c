/* feed_sign.c - `sign` and `keygen`.
 *
 * Guarantees that nothing is written which a server would refuse: the result is read by the servers' own reader, with both signatures, against the
 * authorities that are named or came with the key; and that serials only go up, and tombstones stay as long as they must.
 */
#include "cli/feed_work.h"

#include "base/os.h"
#include "cli/table.h"
#include "feed/sign.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_KEYS = 8 };

struct job {
	const struct sg_author_args *a;
	struct sg_author_trust trust;
	struct sg_author_doc doc, before, result;
	bool first; /* --previous none */
	bool ended; /* the signer of the previous document has, since it was issued */
	struct sg_val *changes;
	struct sg_sign_key *keys[MAX_KEYS];
	size_t n_keys;
	struct sg_buf p7s;
};

static void release(struct job *j)
{
	sg_author_trust_release(&j->trust);
	sg_author_doc_release(&j->doc);
	sg_author_doc_release(&j->before);
	sg_author_doc_release(&j->result);
	sg_val_free(j->changes);
	for (size_t i = 0; i < j->n_keys; i++)
		sg_sign_key_free(j->keys[i]);
	sg_buf_release(&j->p7s);
}

static int check_usage(const struct sg_author_args *a, struct sg_author_out *out, struct sg_err *err)
{
	const struct sg_strs *keys = &a->opt[SG_AUTHOR_KEY], *certs = &a->opt[SG_AUTHOR_CERT];

	if (!keys->n)
		return sg_author_usage(
		        out, err, "sign needs a key: --key FILE, or --key pkcs11:... for one in a token");
	if (keys->n > MAX_KEYS)
		return sg_author_usage(out, err, "at most %d keys can sign", MAX_KEYS);
	if (certs->n > keys->n)
		return sg_author_usage(
		        out, err, "there are more --cert than --key: authorities go into --chain");
	if (keys->n > 1 && !sg_author_has(a, SG_AUTHOR_CMS))
		return sg_author_usage(out, err,
		        "only a detached signature has several signers: add --cms, or give one --key");
	if (!sg_author_has(a, SG_AUTHOR_PREVIOUS))
		return sg_author_usage(out, err,
		        "say what is published now: --previous FILE or URL, or --previous none for a feed's "
		        "first document");
	if (!sg_author_has(a, SG_AUTHOR_OUT))
		return sg_author_usage(out, err, "say where the signed document goes: --out PATH");
	return 0;
}

/* --- what is to be signed */

static int check_document(struct job *j, struct sg_err *err)
{
	struct sg_feed_before before = { .now = j->a->now };
	struct sg_err why = SG_ERR_INIT;
	const struct sg_feed *f;
	int event = 0, r = sg_author_load(j->a, j->a->words.at[0], &j->doc, err);

	if (!r)
		r = sg_author_decode(j->a, &j->doc, err);
	if (!r)
		r = sg_author_whole(&j->doc, err);
	f = j->doc.feed;
	if (!r && f->expires && f->expires <= j->a->now)
		r = sg_fail(err, SG_EINVAL,
		        "%s: sg:expires is in the past: no server would start anything from it",
		        j->doc.where);
	if (!r && sg_feed_follows(f, &before, 0, &event, &why))
		r = sg_fail(err, SG_EINVAL, "%s: %s", j->doc.where, why.msg);
	return r;
}

static int check_order(const struct job *j, struct sg_err *err)
{
	const struct sg_feed *new = j->doc.feed, *old = j->before.feed;
	struct sg_feed_before before = { .serial = old->serial, .document = old->document, .now = j->a->now };
	struct sg_err why = SG_ERR_INIT;
	int event = 0;

	if (strcmp(j->before.name, j->doc.name) != 0)
		return sg_fail(err, SG_EINVAL, "%s is of the feed '%.80s', but --previous %s is of '%.80s'",
		        j->doc.where, j->doc.name, j->before.where, j->before.name);
	if (!new->serial)
		return 0;
	if (new->serial <= old->serial)
		return sg_fail(err, SG_EINVAL,
		        "%s: its serial %llu is not greater than %llu, which is published: servers would "
		        "refuse it; set "
		        "sg:serial=\"%llu\"",
		        j->doc.where, (unsigned long long)new->serial, (unsigned long long)old->serial,
		        (unsigned long long)old->serial + 1);
	if (sg_feed_follows(new, &before, 0, &event, &why))
		return sg_fail(err, SG_EINVAL, "%s: %s", j->doc.where, why.msg);
	return 0;
}

/* By the anchors, as of now; or, when its signer has ended since, as of the time that it says it was issued: an emergency must not wait for that, and what was
 * published with that key is what servers have. */
static int verify_previous(struct job *j, struct sg_err *err)
{
	struct sg_feed_rules rules =
	        sg_author_rules(j->a, &j->trust, &j->before, (struct sg_bytes){ 0 }, j->a->now);
	struct sg_err why = SG_ERR_INIT;
	int r = sg_author_check(&rules, &j->before, &why);

	if (!r)
		return 0;
	if (sg_author_decode(j->a, &j->before, NULL) == 0 && j->before.feed->issued > 0 &&
	        j->before.feed->issued < j->a->now) {
		rules.now = j->before.feed->issued;
		if (sg_author_check(&rules, &j->before, NULL) == 0) {
			j->ended = true;
			return 0;
		}
	}
	return sg_fail(err, r,
	        "%s; if that document is yours all the same, leave --anchor away: then it is only compared",
	        why.msg);
}

static int check_previous(struct job *j, struct sg_err *err)
{
	const char *where = sg_author_value(j->a, SG_AUTHOR_PREVIOUS);
	int r;

	j->first = strcmp(where, "none") == 0;
	if (!j->first) {
		struct sg_err why = SG_ERR_INIT;

		r = sg_author_load(j->a, where, &j->before, &why);
		if (r)
			sg_fail(err, r, "--previous %s: %s%s", where, why.msg,
			        r == SG_ENOENT ? "; for a feed's first document: --previous none" : "");
		if (!r && j->trust.n_anchors)
			r = verify_previous(j, err);
		else if (!r)
			r = sg_author_decode(j->a, &j->before, err);
		if (!r)
			r = check_order(j, err);
		if (r)
			return r;
	}
	j->changes = sg_author_compare(j->before.feed, j->doc.feed, sg_author_eocs(j->a), j->a->now);
	for (size_t i = 0; i < sg_val_count(j->changes); i++)
		if (strcmp(sg_val_get_str(j->changes->kid[i], "change", ""), "forget") == 0)
			return sg_fail(err, SG_EINVAL,
			        "%s: the tombstone of %s is missing and younger than %d days: servers that "
			        "were away would keep the "
			        "mitigation; put it back",
			        j->doc.where, sg_val_get_str(j->changes->kid[i], "id", "-"),
			        SG_AUTHOR_TOMBSTONE_DAYS);
	return 0;
}

/* --- signing */

static int open_keys(struct job *j, struct sg_err *err)
{
	const struct sg_strs *keys = &j->a->opt[SG_AUTHOR_KEY], *certs = &j->a->opt[SG_AUTHOR_CERT],
	                     *passwords = &j->a->opt[SG_AUTHOR_PASSWORD_FILE];

	for (size_t i = 0; i < keys->n; i++) {
		struct sg_sign_source source = { .key = keys->at[i],
			.cert = i < certs->n ? certs->at[i] : NULL,
			.chain = &j->a->opt[SG_AUTHOR_CHAIN],
			/* the last one is that of the keys behind it, too */
			.password_file =
			        passwords->n ? passwords->at[i < passwords->n ? i : passwords->n - 1] : NULL,
			.module = sg_author_value(j->a, SG_AUTHOR_MODULE) };
		int r = sg_sign_key_open(&source, &j->keys[j->n_keys], err);

		if (r)
			return r;
		j->n_keys++;
	}
	return 0;
}

/* Without --anchor: the authorities that the keys brought along. */
static int find_anchors(struct job *j, struct sg_err *err)
{
	struct sg_buf pem = { 0 };

	for (size_t i = 0; !sg_author_has(j->a, SG_AUTHOR_ANCHOR) && i < j->n_keys; i++) {
		if (!sg_sign_key_anchor(j->keys[i], &pem))
			return sg_fail(err, SG_EINVAL,
			        "%s: nothing says who issued its certificate, so the result cannot be "
			        "checked: name the authority "
			        "with --chain FILE, or --anchor PEM",
			        j->a->opt[SG_AUTHOR_KEY].at[i]);
		sg_author_trust_anchor(&j->trust, "the key's own authority", &pem);
		sg_buf_release(&pem);
	}
	return 0;
}

static int make(struct job *j, struct sg_err *err)
{
	struct sg_buf octets = { 0 };
	struct sg_feed_rules rules;
	int r = sg_sign_xmldsig(sg_buf_bytes(&j->doc.octets), j->doc.where, j->keys[0], &octets, err);

	if (!r && sg_author_has(j->a, SG_AUTHOR_CMS))
		r = sg_sign_cms(sg_buf_bytes(&octets), j->keys, j->n_keys, &j->p7s, err);
	if (!r)
		r = sg_author_take(j->a, "the signed document", sg_buf_bytes(&octets), &j->result, err);
	if (!r) {
		j->trust.signers = (int)j->n_keys;
		rules = sg_author_rules(j->a, &j->trust, &j->result, sg_buf_bytes(&j->p7s), j->a->now);
		r = sg_author_check(&rules, &j->result, err);
	}
	sg_buf_release(&octets);
	return r;
}

static int write_out(const struct job *j, struct sg_err *err)
{
	const char *path = sg_author_value(j->a, SG_AUTHOR_OUT);
	char *p7s = sg_format("%s.p7s", path);
	struct sg_file_id id;
	int r = 0;

	if (j->p7s.len)
		r = sg_author_put(p7s, sg_buf_bytes(&j->p7s), false, err);
	else if (sg_os_stat(p7s, &id, NULL) == 0)
		r = sg_fail(err, SG_EEXIST,
		        "%s is there and belongs to an older document: add --cms, or remove it", p7s);
	if (!r)
		r = sg_author_put(path, sg_buf_bytes(&j->result.octets), false, err);
	free(p7s);
	return r;
}

static void report(struct job *j, struct sg_author_out *out)
{
	const struct sg_feed *f = j->result.feed;
	const char *path = sg_author_value(j->a, SG_AUTHOR_OUT);

	sg_author_print_changes(j->changes, false, &out->text);
	sg_author_print_notes(f, j->a->now, &out->text);
	if (!j->first && !sg_author_has(j->a, SG_AUTHOR_ANCHOR))
		sg_buf_str(
		        &out->text, "note: the previous document was not verified: no --anchor is given\n");
	if (j->ended)
		sg_buf_str(&out->text, "note: the signer of the previous document has ended; it was verified "
		                       "as of the time that "
		                       "it was issued\n");
	sg_buf_fmt(&out->text, "%s%s: feed ", path, j->p7s.len ? " and its .p7s" : "");
	sg_put_safe(f->name, &out->text);
	if (f->serial) {
		sg_buf_fmt(&out->text, ", serial %llu, fresh until ", (unsigned long long)f->serial);
		sg_put_time(f->expires, &out->text);
	}
	sg_buf_str(&out->text, ", signed by ");
	sg_put_safe(f->signer, &out->text);
	sg_buf_str(&out->text, " (until ");
	sg_put_time(f->signer_expires, &out->text);
	sg_buf_str(&out->text, ")\n");
	out->json = sg_val_map();
	sg_val_set_str(out->json, "schema", "stopgap.feed-sign.v1");
	sg_val_set_str(out->json, "out", path);
	sg_val_set_bool(out->json, "cms", j->p7s.len > 0);
	sg_val_set_str(out->json, "feed", f->name);
	sg_val_set_int(out->json, "serial", (int64_t)f->serial);
	sg_val_set_int(out->json, "expires", f->expires);
	sg_val_set_str(out->json, "signer", f->signer);
	sg_val_set_int(out->json, "signer_expires", f->signer_expires);
	sg_val_set(out->json, "changes", j->changes);
	j->changes = NULL;
}

int sg_author_sign(const struct sg_author_args *a, struct sg_author_out *out, struct sg_err *err)
{
	struct job j = { .a = a };
	int r = check_usage(a, out, err);

	if (!r)
		r = sg_author_trust_read(a, &j.trust, err);
	if (!r)
		r = check_document(&j, err);
	if (!r)
		r = check_previous(&j, err);
	if (!r)
		r = open_keys(&j, err);
	if (!r)
		r = find_anchors(&j, err);
	if (!r)
		r = make(&j, err);
	if (!r)
		r = write_out(&j, err);
	if (!r)
		report(&j, out);
	release(&j);
	return r;
}

/* --- keygen */

static int put_in(
        const char *folder, const char *name, const struct sg_buf *octets, bool secret, struct sg_err *err)
{
	char *path = sg_format("%s/%s", folder, name);
	struct sg_file_id id;
	int r;

	if (!octets) /* only look */
		r = sg_os_stat(path, &id, NULL) == 0
		            ? sg_fail(err, SG_EEXIST,
		                      "%s is there already, and no key is ever replaced: name another folder",
		                      path)
		            : 0;
	else
		r = sg_author_put(path, sg_buf_bytes(octets), secret, err);
	free(path);
	return r;
}

int sg_author_keygen(const struct sg_author_args *a, struct sg_author_out *out, struct sg_err *err)
{
	const char *folder = sg_author_value(a, SG_AUTHOR_OUT), *name = sg_author_value(a, SG_AUTHOR_NAME);
	struct sg_sign_trial t = { 0 };
	const struct {
		const char *name;
		const struct sg_buf *octets;
		bool secret;
	} files[] = { { "root.key", &t.root_key, true }, { "root.pem", &t.root_cert, false },
		{ "leaf.key", &t.leaf_key, true }, { "leaf.pem", &t.leaf_cert, false } };
	int days = 0, r;

	if (!folder)
		return sg_author_usage(out, err, "keygen needs a folder for the keys: --out DIR");
	r = sg_author_number(a, SG_AUTHOR_DAYS, 1, 3650, 90, &days, err);
	for (size_t i = 0; !r && i < 4; i++)
		r = put_in(folder, files[i].name, NULL, false, err);
	if (!r)
		r = sg_sign_make(name ? name : "Trial Feed Signing", a->now, days, &t, err);
	if (!r)
		r = sg_os_mkdirs(folder, err);
	for (size_t i = 0; !r && i < 4; i++)
		r = put_in(folder, files[i].name, files[i].octets, files[i].secret, err);
	sg_sign_trial_release(&t);
	if (r)
		return r;
	sg_buf_fmt(&out->text,
	        "For trials only: %s holds a root (root.key, root.pem) and a signer (leaf.key, leaf.pem), "
	        "valid for %d days.\n"
	        "Servers that should trust it: <anchor name=\"trial\" file=\"root.pem\"/>. Whoever has the "
	        "keys decides what runs\n"
	        "on those servers; for real ones use keys in a token.\n"
	        "Next: stopgap-feed sign live.xml --key %s/leaf.key --cert %s/leaf.pem --chain %s/root.pem "
	        "--previous none --out "
	        "feed.xml\n",
	        folder, days, folder, folder, folder);
	out->json = sg_val_map();
	sg_val_set_str(out->json, "schema", "stopgap.feed-keygen.v1");
	sg_val_set_str(out->json, "folder", folder);
	sg_val_set_int(out->json, "days", days);
	sg_val_set_bool(out->json, "trial", true);
	return 0;
}
