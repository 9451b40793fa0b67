/* verify_signed.c - the half that decides whom to trust: octets only, no XML reader.
 *
 * Guarantees P8, whatever the half that met the document said: the chain ends at a pinned anchor (verify_chain.c), the countersignature where one is
 * needed is a pinned authority's (verify_time.c), the signature over SignedInfo holds with the leaf's key, SignedInfo is the one form that is allowed,
 * and the digest in it is that of the octets which are given on. SignedInfo is compared with a text that is written here: what may differ, since
 * canonical form keeps it, is white space between its tags, a prefix, and namespaces in scope.
 */
#include "feed/verify_x509.h"

#include "base/hash.h"
#include "model/codes.h"
#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

static const char before[] = "<SignedInfo><CanonicalizationMethod "
                             "Algorithm=\"http://www.w3.org/TR/2001/REC-xml-c14n-20010315\">"
                             "</CanonicalizationMethod><SignatureMethod "
                             "Algorithm=\"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256\">"
                             "</SignatureMethod><Reference URI=\"\"><Transforms><Transform "
                             "Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\">"
                             "</Transform><Transform "
                             "Algorithm=\"http://www.w3.org/TR/2001/REC-xml-c14n-20010315\"></Transform>"
                             "</Transforms><DigestMethod "
                             "Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"></DigestMethod>"
                             "<DigestValue>";
static const char changed[] = "the document or the signature was changed";
static const char behind[] = "</DigestValue></Reference></SignedInfo>";

static int refuse(struct sg_err *err, const char *why)
{
	return sg_fail(err, SG_ETRUST, "the signature does not hold: %s", why);
}

static bool blank(unsigned char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* One tag of canonical octets without its prefix and without namespace declarations; `at` is behind '<'. How far it goes, or 0. */
static size_t plain_tag(struct sg_bytes s, size_t at, struct sg_buf *out)
{
	size_t from = at, name;

	sg_buf_char(out, '<');
	if (at < s.len && s.data[at] == '/')
		sg_buf_char(out, (char)s.data[at++]);
	name = at;
	while (at < s.len && !blank(s.data[at]) && s.data[at] != '>') {
		if (s.data[at] == ':')
			name = at + 1;
		at++;
	}
	sg_buf_add(out, s.data + name, at - name);
	while (at < s.len && s.data[at] != '>') { /* canonical: one blank, name, ="value" */
		size_t attr = at, quote;

		while (at < s.len && s.data[at] != '"' && s.data[at] != '>')
			at++;
		if (at == s.len || s.data[at] != '"')
			return 0;
		for (quote = at + 1; quote < s.len && s.data[quote] != '"'; quote++)
			;
		if (quote == s.len)
			return 0;
		at = quote + 1;
		if (at - attr < 7 || memcmp(s.data + attr, " xmlns", 6) ||
		        (s.data[attr + 6] != '=' && s.data[attr + 6] != ':'))
			sg_buf_add(out, s.data + attr, at - attr);
	}
	if (at == s.len)
		return 0;
	sg_buf_char(out, '>');
	return at + 1 - from;
}

/* SignedInfo without what may differ. */
static bool plain(struct sg_bytes info, struct sg_buf *out)
{
	for (size_t at = 0; at < info.len;) {
		size_t n;

		if (blank(info.data[at])) {
			at++;
			continue;
		}
		if (info.data[at] != '<') { /* the text of DigestValue: base64 may be broken into lines */
			sg_buf_char(out, (char)info.data[at++]);
			continue;
		}
		n = plain_tag(info, at + 1, out);
		if (!n)
			return false;
		at += 1 + n;
	}
	return true;
}

/* The allowed form around a digest, of the length that it has. */
static bool allowed_form(struct sg_bytes is, size_t len)
{
	const struct sg_bytes head = sg_bytes_of(before), tail = sg_bytes_of(behind);

	return is.len == len && len >= head.len + tail.len &&
	       sg_bytes_equal((struct sg_bytes){ is.data, head.len }, head) &&
	       sg_bytes_equal((struct sg_bytes){ is.data + len - tail.len, tail.len }, tail);
}

static int check_info(const struct sg_signed *s, struct sg_err *err)
{
	struct sg_hash hash = sg_sha256(sg_buf_bytes(&s->octets));
	unsigned char digest[64];
	struct sg_buf is = { 0 }, want = { 0 };
	int r = 0;

	sg_buf_str(&want, before);
	sg_buf_add(&want, digest, (size_t)EVP_EncodeBlock(digest, hash.b, sizeof(hash.b)));
	sg_buf_str(&want, behind);
	if (!plain(sg_buf_bytes(&s->signed_info), &is) || !allowed_form(sg_buf_bytes(&is), want.len))
		r = refuse(err, "what was signed is not this document in the allowed form");
	else if (!sg_bytes_equal(sg_buf_bytes(&is), sg_buf_bytes(&want)))
		r = refuse(err, changed);
	sg_buf_release(&is);
	sg_buf_release(&want);
	return r;
}

/* RFC 8017: RSASSA-PKCS1-v1_5 with SHA-256. */
static int check_signature(const struct sg_signed *s, EVP_PKEY *key, struct sg_err *err)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int r = 0;

	if (!ctx || EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key) != 1)
		r = sg_fail(err, SG_EIO, "OpenSSL gives no context to verify with");
	else if (EVP_DigestVerify(
	                 ctx, s->value.data, s->value.len, s->signed_info.data, s->signed_info.len) != 1)
		r = refuse(err, changed);
	EVP_MD_CTX_free(ctx);
	ERR_clear_error();
	return r;
}

int sg_verify_holds(const struct sg_signed *s, EVP_PKEY *key, struct sg_err *err)
{
	int r = check_info(s, err);

	return r ? r : check_signature(s, key, err);
}

int sg_verify_signed(const struct sg_signed *s, const struct sg_feed_rules *rules, struct sg_verified *ret,
        int *ret_event, struct sg_err *err)
{
	struct sg_verified v = { 0 };
	struct sg_signer signer = { 0 };
	int event = SG_EV_TRUST_CHAIN, r = 0;

	if (rules->eocs && rules->n_stamps)
		r = sg_verify_time(s, rules, &v.signed_at, &v.ends, &event, err);
	if (!r)
		r = sg_verify_chain(s, rules, v.signed_at ? v.signed_at : rules->now, &signer, &event, err);
	if (!r) {
		event = SG_EV_TRUST_SIGNATURE;
		r = sg_verify_holds(s, signer.key, err);
	}
	if (!r) {
		sg_buf_set(&v.octets, s->octets.data, s->octets.len);
		v.signer = signer.subject;
		v.not_after = signer.not_after;
		sg_ends_add_all(&v.ends, &signer.ends);
		*ret = v;
	} else {
		sg_ends_release(&v.ends);
		free(signer.subject);
		*ret_event = event;
	}
	sg_ends_release(&signer.ends);
	EVP_PKEY_free(signer.key);
	return r;
}
