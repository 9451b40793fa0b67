/* verify_cms.c - a detached CMS signature over a document's raw octets (RFC 5652, OpenSSL's CMS). No XML reader is asked.
 *
 * Guarantees that the message is one detached SignedData over plain data in DER with nothing behind it, that each of its signers used SHA-256 or better
 * with signed attributes, that each signature holds, that each signer's certificate may sign feeds by the same rules as in XMLDSig, and that enough
 * different keys signed. The signature's own octets are no identity: some of them are ignored by every verifier.
 */
#include "feed/verify.h"

#include "feed/verify_x509.h"
#include "model/codes.h"
#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdlib.h>

enum { MAX_CMS = 64 << 10, MAX_SIGNERS = 8 };

static int refuse(struct sg_err *err, const char *why)
{
	return sg_fail(err, SG_ETRUST, "the detached signature is not accepted: %s", why);
}

static CMS_ContentInfo *decode(struct sg_bytes octets, struct sg_err *err)
{
	const unsigned char *p = octets.data;
	CMS_ContentInfo *cms;

	if (!octets.len) {
		refuse(err, "there is none; FEED.p7s must lie beside the document");
		return NULL;
	}
	if (octets.len > MAX_CMS) {
		refuse(err, "it is larger than 64 KiB");
		return NULL;
	}
	cms = d2i_CMS_ContentInfo(NULL, &p, (long)octets.len);
	if (cms && p == octets.data + octets.len)
		return cms;
	CMS_ContentInfo_free(cms);
	refuse(err, "it is no CMS message in DER");
	return NULL;
}

static int check_shape(CMS_ContentInfo *cms, struct sg_err *err)
{
	STACK_OF(CMS_SignerInfo) * signers;
	int n;

	if (OBJ_obj2nid(CMS_get0_type(cms)) != NID_pkcs7_signed)
		return refuse(err, "it is no SignedData");
	if (OBJ_obj2nid(CMS_get0_eContentType(cms)) != NID_pkcs7_data)
		return refuse(err, "it does not sign plain data");
	if (CMS_is_detached(cms) != 1)
		return refuse(err, "it carries a content of its own; a detached one is wanted");
	signers = CMS_get0_SignerInfos(cms);
	n = sk_CMS_SignerInfo_num(signers);
	if (n < 1 || n > MAX_SIGNERS)
		return refuse(err, "it has no signer, or more than 8");
	for (int i = 0; i < n; i++) {
		CMS_SignerInfo *si = sk_CMS_SignerInfo_value(signers, i);
		X509_ALGOR *digest = NULL;
		const ASN1_OBJECT *oid = NULL;
		int nid;

		CMS_SignerInfo_get0_algs(si, NULL, NULL, &digest, NULL);
		X509_ALGOR_get0(&oid, NULL, NULL, digest);
		nid = OBJ_obj2nid(oid);
		if (nid != NID_sha256 && nid != NID_sha384 && nid != NID_sha512)
			return refuse(err, "a signer did not use SHA-256, SHA-384 or SHA-512");
		if (CMS_signed_get_attr_count(si) <= 0)
			return refuse(err, "a signature covers no attributes");
	}
	return 0;
}

static int check_signatures(CMS_ContentInfo *cms, struct sg_bytes document, struct sg_err *err)
{
	BIO *content, *out;
	int r = 0;

	if (document.len > INT32_MAX)
		return refuse(err, "the document is too large");
	content = BIO_new_mem_buf(document.data, (int)document.len);
	out = BIO_new(BIO_s_null());
	if (CMS_verify(cms, NULL, NULL, content, out, CMS_BINARY | CMS_NO_SIGNER_CERT_VERIFY) != 1)
		r = refuse(err, "it does not hold: the document or the signature was changed, or they do not "
		                "belong together");
	BIO_free(content);
	BIO_free(out);
	return r;
}

/* Each signer by the rules; *ret gets the one whose certificate ends first. */
static int check_signers(
        CMS_ContentInfo *cms, const struct sg_feed_rules *rules, struct sg_verified *ret, struct sg_err *err)
{
	STACK_OF(X509) *certs = CMS_get1_certs(cms), *signers = CMS_get0_signers(cms);
	EVP_PKEY *keys[MAX_SIGNERS] = { NULL };
	size_t n_keys = 0, wanted = rules->signers ? rules->signers : 1;
	int n = sk_X509_num(signers), r = 0;

	for (int i = 0; !r && i < n && i < MAX_SIGNERS; i++) {
		struct sg_signer s = { 0 };
		bool known = false;

		r = sg_verify_signer(sk_X509_value(signers, i), certs, rules, rules->now, &s, err);
		if (r)
			break;
		sg_ends_add_all(&ret->ends, &s.ends);
		sg_ends_release(&s.ends);
		for (size_t k = 0; k < n_keys; k++)
			known = known || EVP_PKEY_eq(keys[k], s.key) == 1;
		if (known)
			EVP_PKEY_free(s.key);
		else
			keys[n_keys++] = s.key;
		if (!ret->signer || s.not_after < ret->not_after) {
			free(ret->signer);
			ret->signer = s.subject;
			ret->not_after = s.not_after;
		} else {
			free(s.subject);
		}
	}
	if (!r && n_keys < wanted)
		r = sg_fail(err, SG_ETRUST,
		        "the detached signature is not accepted: %zu different key%s signed, and %zu are "
		        "wanted",
		        n_keys, n_keys == 1 ? "" : "s", wanted);
	for (size_t i = 0; i < n_keys; i++)
		EVP_PKEY_free(keys[i]);
	sk_X509_free(signers);
	sk_X509_pop_free(certs, X509_free);
	return r;
}

int sg_verify_cms(struct sg_bytes document, const struct sg_feed_rules *rules, struct sg_verified *ret,
        int *ret_event, struct sg_err *err)
{
	struct sg_verified v = { 0 };
	CMS_ContentInfo *cms;
	int event = SG_EV_TRUST_SIGNATURE, r;

	ERR_clear_error();
	cms = decode(rules->cms, err);
	r = cms ? check_shape(cms, err) : SG_ETRUST;
	if (!r)
		r = check_signatures(cms, document, err);
	if (!r) {
		event = SG_EV_TRUST_CHAIN;
		r = check_signers(cms, rules, &v, err);
	}
	if (!r) {
		sg_buf_set(&v.octets, document.data, document.len);
		*ret = v;
	} else {
		sg_verified_release(&v);
		*ret_event = event;
	}
	CMS_ContentInfo_free(cms);
	ERR_clear_error();
	return r;
}
