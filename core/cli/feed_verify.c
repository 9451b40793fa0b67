/* feed_verify.c - `verify`: who signed a document, by which chain, when, and whether a server with these anchors would accept it. */
#include "cli/feed_work.h"

#include "cli/table.h"
#include "feed/sign.h"
#include "feed/verify.h"

#include <stdlib.h>

static void print_certs(const struct sg_val *certs, const char *head, struct sg_buf *out)
{
	for (size_t i = 0; certs && i < certs->n; i++) {
		const struct sg_val *c = certs->kid[i];

		sg_buf_fmt(out, "%-12s ", i ? "" : head);
		sg_put_safe(sg_val_get_str(c, "subject", "-"), out);
		sg_buf_str(out, ", until ");
		sg_put_time(sg_val_get_int(c, "until", 0), out);
		sg_buf_fmt(out, "\n%-12s   sha256 %s\n", "", sg_val_get_str(c, "sha256", "-"));
		if (i + 1 == sg_val_count(certs)) {
			sg_buf_fmt(out, "%-12s   issued by ", "");
			sg_put_safe(sg_val_get_str(c, "issuer", "-"), out);
			sg_buf_char(out, '\n');
		}
	}
}

static void print_when(const struct sg_author_doc *doc, int64_t now, struct sg_buf *out)
{
	const struct sg_feed *f = doc->feed;

	if (f->serial)
		sg_buf_fmt(out, "%-12s %llu\n", "serial", (unsigned long long)f->serial);
	if (f->issued) {
		sg_buf_fmt(out, "%-12s ", f->serial ? "issued" : "stamped");
		sg_put_time(f->issued, out);
		sg_buf_char(out, '\n');
	}
	if (f->expires) {
		sg_buf_fmt(out, "%-12s ", "expires");
		sg_put_time(f->expires, out);
		sg_buf_str(out, now > f->expires ? ", which is over: nothing new starts from it\n" : "\n");
	}
	sg_buf_fmt(out, "%-12s", "ids");
	for (size_t i = 0; i < f->n; i++)
		sg_buf_fmt(out, " %s%s", f->at[i]->id, f->at[i]->tombstone ? " (withdrawn)" : "");
	sg_buf_str(out, f->n ? "\n" : " none\n");
}

/* The certificates that the document brings, when its signature has the right shape. */
static struct sg_val *certs_of(
        const struct sg_author_args *a, const struct sg_author_doc *doc, struct sg_err *err)
{
	struct sg_signed taken = { 0 };
	struct sg_val *certs = NULL;
	int event = 0;

	if (sg_verify_take(sg_buf_bytes(&doc->octets), sg_author_eocs(a), doc->where, &taken, &event, err) ==
	        0)
		certs = sg_sign_tell(&taken.certs);
	sg_signed_release(&taken);
	return certs;
}

static struct sg_val *cms_certs(const struct sg_buf *p7s)
{
	struct sg_bufs ders = { 0 };
	struct sg_val *certs;

	sg_sign_cms_signers(sg_buf_bytes(p7s), &ders);
	certs = sg_sign_tell(&ders);
	sg_bufs_release(&ders);
	return certs;
}

/* Nobody is trusted: say who claims to have signed it, and fail. */
static int untrusted(const struct sg_author_args *a, const struct sg_author_doc *doc,
        struct sg_author_out *out, struct sg_err *err)
{
	struct sg_err why = SG_ERR_INIT;
	struct sg_val *certs = certs_of(a, doc, &why);

	if (why.code)
		return sg_fail(err, why.code, "%s: %s", doc->where, why.msg);
	print_certs(certs, "claims", &out->text);
	sg_val_free(certs);
	return sg_fail(err, SG_ETRUST,
	        "%s: it has not been changed since it was signed, but nothing says that its signer may be "
	        "trusted: name the "
	        "authority's certificate with --anchor PEM",
	        doc->where);
}

static void report(const struct sg_author_args *a, const struct sg_author_doc *doc, const struct sg_buf *p7s,
        enum sg_signature_need need, int64_t now, struct sg_author_out *out)
{
	static const char *const kinds[] = {
		[SG_SIGNED_XMLDSIG] = "XMLDSig", [SG_SIGNED_CMS] = "CMS", [SG_SIGNED_BOTH] = "XMLDSig and CMS"
	};
	struct sg_val *certs = need == SG_SIGNED_CMS ? NULL : certs_of(a, doc, NULL),
	              *cms = need == SG_SIGNED_XMLDSIG ? NULL : cms_certs(p7s), *ids;
	const struct sg_feed *f = doc->feed;

	sg_buf_str(&out->text, "GOOD         ");
	sg_put_safe(doc->where, &out->text);
	sg_buf_fmt(&out->text, " (%s)\n%-12s ", kinds[need], "feed");
	sg_put_safe(f->name, &out->text);
	sg_buf_char(&out->text, '\n');
	print_certs(certs, "signed by", &out->text);
	print_certs(cms, "CMS signers", &out->text);
	print_when(doc, now, &out->text);
	sg_author_print_notes(f, now, &out->text);

	out->json = sg_val_map();
	sg_val_set_str(out->json, "schema", "stopgap.feed-verify.v1");
	sg_val_set_bool(out->json, "good", true);
	sg_val_set_str(out->json, "signatures", kinds[need]);
	sg_val_set_str(out->json, "feed", f->name);
	sg_val_set_str(out->json, "signer", f->signer);
	sg_val_set_int(out->json, "signer_expires", f->signer_expires);
	sg_val_set(out->json, "certificates", certs ? certs : sg_val_array());
	sg_val_set(out->json, "cms_signers", cms ? cms : sg_val_array());
	sg_val_set_int(out->json, "serial", (int64_t)f->serial);
	sg_val_set_int(out->json, "issued", f->issued);
	sg_val_set_int(out->json, "expires", f->expires);
	ids = sg_val_set(out->json, "ids", sg_val_array());
	for (size_t i = 0; i < f->n; i++)
		sg_val_push(ids, sg_val_str(f->at[i]->id));
}

int sg_author_verify(const struct sg_author_args *a, struct sg_author_out *out, struct sg_err *err)
{
	const char *p7s_path = sg_author_value(a, SG_AUTHOR_P7S);
	struct sg_author_trust trust = { 0 };
	struct sg_author_doc doc = { 0 };
	struct sg_feed_rules rules;
	struct sg_buf p7s = { 0 };
	int64_t now = 0;
	int r = sg_author_time(a, SG_AUTHOR_AT, false, a->now, &now, err);

	if (!r)
		r = sg_author_trust_read(a, &trust, err);
	if (!r && sg_author_has(a, SG_AUTHOR_SIGNERS) && !p7s_path)
		r = sg_author_usage(
		        out, err, "--signers counts who made a detached signature: name it with --p7s FILE");
	if (!r)
		r = sg_author_load(a, a->words.at[0], &doc, err);
	if (!r && p7s_path)
		r = sg_author_fetch(a, p7s_path, &p7s, err);
	if (!r && p7s_path && !p7s.len)
		r = sg_fail(err, SG_ETRUST, "%s is empty", p7s_path);
	if (!r && !p7s_path && !sg_layout_signed(&doc.layout))
		r = sg_fail(err, SG_ETRUST,
		        "%s: the document is not signed; name a detached signature with --p7s FILE if there "
		        "is one",
		        doc.where);
	if (!r && !trust.n_anchors)
		r = untrusted(a, &doc, out, err);
	if (!r) {
		rules = sg_author_rules(a, &trust, &doc, sg_buf_bytes(&p7s), now);
		r = sg_author_check(&rules, &doc, err);
		if (!r)
			report(a, &doc, &p7s, rules.need, now, out);
	}
	sg_buf_release(&p7s);
	sg_author_doc_release(&doc);
	sg_author_trust_release(&trust);
	return r;
}
