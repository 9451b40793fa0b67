/* verify_time.c - when a document was signed, by the countersignature of a pinned time-stamping authority (RFC 3161).
 *
 * EM's publisher puts a token into the Object of its signature: a CMS SignedData whose content is a TSTInfo, over the raw octets of SignatureValue.
 * Guarantees that the token's one signature holds (OpenSSL's CMS, SHA-256 or better), that its signer may stamp times and nothing else, that its path
 * was valid at that time and ends at a pinned authority, and that the imprint is this very signature's. TSTInfo is decoded here, because OpenSSL's TS
 * and PKCS7 readers refuse tokens that embed an attribute certificate, as Microsoft's do. An authority may be pinned by fingerprint alone: the certificate itself
 * then comes from the document, and counts only when its SHA-256 is the pinned one.
 */
#include "feed/verify_x509.h"

#include "base/hash.h"
#include "model/codes.h"
#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

enum { MAX_FUTURE_MS = 5 * 60 * 1000 };

static int refuse(struct sg_err *err, const char *why)
{
	return sg_fail(err, SG_ETRUST, "the document's timestamp is not accepted: %s", why);
}

/* --- TSTInfo, RFC 3161 section 2.4.2, in DER: version, policy, messageImprint, serialNumber, genTime; what follows is not read */

struct der {
	const unsigned char *at;
	size_t len;
};

/* Takes the next element of that tag; its content goes to *ret. */
static bool take(struct der *in, unsigned tag, struct der *ret)
{
	size_t len, head = 2;

	if (in->len < 2 || in->at[0] != tag)
		return false;
	len = in->at[1];
	if (len & 0x80) {
		size_t n = len & 0x7f;

		if (n == 0 || n > 3 || in->len < 2 + n)
			return false;
		len = 0;
		for (size_t i = 0; i < n; i++)
			len = len << 8 | in->at[2 + i];
		head += n;
	}
	if (len > in->len - head)
		return false;
	*ret = (struct der){ in->at + head, len };
	in->at += head + len;
	in->len -= head + len;
	return true;
}

static bool number(const unsigned char *at, size_t n, int64_t *ret)
{
	*ret = 0;
	for (size_t i = 0; i < n; i++) {
		if (at[i] < '0' || at[i] > '9')
			return false;
		*ret = *ret * 10 + (at[i] - '0');
	}
	return true;
}

/* GeneralizedTime as DER and RFC 3161 want it: YYYYMMDDhhmmss[.s...]Z. */
static bool read_time(const struct der *t, int64_t *ret)
{
	int64_t part[6], ms = 0, scale = 100;
	static const size_t at[] = { 0, 4, 6, 8, 10, 12 }, len[] = { 4, 2, 2, 2, 2, 2 };
	ASN1_TIME *asn = NULL;
	char text[24];
	bool ok;

	if (t->len < 15 || t->at[t->len - 1] != 'Z')
		return false;
	for (size_t i = 0; i < 6; i++)
		if (!number(t->at + at[i], len[i], &part[i]))
			return false;
	if (t->len > 15) {
		if (t->at[14] != '.' || t->len < 17)
			return false;
		for (size_t i = 15; i + 1 < t->len; i++, scale /= 10) {
			if (t->at[i] < '0' || t->at[i] > '9')
				return false;
			ms += (t->at[i] - '0') * scale;
		}
	}
	if (part[0] < 1970 || part[1] < 1 || part[1] > 12 || part[2] < 1 || part[2] > 31 || part[3] > 23 ||
	        part[4] > 59 || part[5] > 59)
		return false;
	/* OpenSSL's own arithmetic, so that no clock or zone of this machine is asked */
	snprintf(text, sizeof(text), "%.14sZ", (const char *)t->at);
	asn = ASN1_TIME_new();
	ok = asn && ASN1_TIME_set_string_X509(asn, text) == 1;
	if (ok)
		*ret = sg_x509_ms(asn) + ms;
	ASN1_TIME_free(asn);
	return ok;
}

/* The digest that an AlgorithmIdentifier names: SHA-256, SHA-384 or SHA-512, without parameters or with NULL. */
static const EVP_MD *digest_of(struct der alg)
{
	static const unsigned char sha2[] = { 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02 };
	struct der oid, rest;

	if (!take(&alg, 0x06, &oid) || oid.len != sizeof(sha2) + 1 || memcmp(oid.at, sha2, sizeof(sha2)))
		return NULL;
	if (alg.len && (!take(&alg, 0x05, &rest) || rest.len || alg.len))
		return NULL;
	switch (oid.at[sizeof(sha2)]) {
	case 1: return EVP_sha256();
	case 2: return EVP_sha384();
	case 3: return EVP_sha512();
	default: return NULL;
	}
}

static int read_info(struct sg_bytes info, struct sg_bytes signature, int64_t *ret_at, struct sg_err *err)
{
	struct der all = { info.data, info.len }, in, version, policy, imprint, alg, hash, serial, time;
	unsigned char want[EVP_MAX_MD_SIZE];
	unsigned want_len = 0;
	const EVP_MD *md;

	if (!take(&all, 0x30, &in) || all.len || !take(&in, 0x02, &version) || version.len != 1 ||
	        version.at[0] != 1 || !take(&in, 0x06, &policy) || !take(&in, 0x30, &imprint) ||
	        !take(&imprint, 0x30, &alg) || !take(&imprint, 0x04, &hash) || imprint.len ||
	        !take(&in, 0x02, &serial) || !take(&in, 0x18, &time))
		return refuse(err, "its TSTInfo cannot be read");
	md = digest_of(alg);
	if (!md)
		return refuse(err, "its imprint is not made with SHA-256, SHA-384 or SHA-512");
	if (EVP_Digest(signature.data, signature.len, want, &want_len, md, NULL) != 1)
		return sg_fail(err, SG_EIO, "OpenSSL cannot compute a digest");
	if (hash.len != want_len || memcmp(hash.at, want, want_len))
		return refuse(err, "it was given to another signature");
	if (!read_time(&time, ret_at))
		return refuse(err, "its time cannot be read");
	return 0;
}

/* --- the token */

struct token {
	CMS_ContentInfo *cms;
	STACK_OF(X509) * certs, *trusted; /* certs: of the token and of the Object, as candidates */
	X509 *signer;                     /* borrowed from certs */
};

static void token_release(struct token *t)
{
	CMS_ContentInfo_free(t->cms);
	sk_X509_pop_free(t->certs, X509_free);
	sk_X509_pop_free(t->trusted, X509_free);
}

static int load(struct token *t, const struct sg_signed *s, struct sg_err *err)
{
	const unsigned char *p = s->stamp.data;
	STACK_OF(X509) * own;
	int r = 0;

	if (s->stamp.len > SG_VERIFY_MAX_TOKEN) /* whatever the half said that met the document */
		return refuse(err, "it is too large");
	t->cms = d2i_CMS_ContentInfo(NULL, &p, (long)s->stamp.len);
	if (!t->cms || p != s->stamp.data + s->stamp.len)
		r = refuse(err, "it is no CMS message");
	else if (OBJ_obj2nid(CMS_get0_type(t->cms)) != NID_pkcs7_signed ||
	         OBJ_obj2nid(CMS_get0_eContentType(t->cms)) != NID_id_smime_ct_TSTInfo)
		r = refuse(err, "it is no signed TSTInfo");
	else if (sk_CMS_SignerInfo_num(CMS_get0_SignerInfos(t->cms)) != 1)
		r = refuse(err, "it does not have exactly one signer");
	if (r)
		return r;
	own = CMS_get1_certs(t->cms);
	for (int i = 0; i < sk_X509_num(own) && i < SG_VERIFY_MAX_STAMP_CERTS; i++) {
		X509_up_ref(sk_X509_value(own, i));
		sk_X509_push(t->certs, sk_X509_value(own, i));
	}
	sk_X509_pop_free(own, X509_free);
	for (size_t i = 0; i < s->stamp_certs.n; i++) {
		X509 *cert = sg_x509_of_der(sg_buf_bytes(&s->stamp_certs.at[i]), err);

		if (!cert)
			return SG_ETRUST;
		sk_X509_push(t->certs, cert);
	}
	return 0;
}

/* Pinned authorities: given whole, or found among the candidates by their fingerprint. */
static int pin(struct token *t, const struct sg_feed_rules *rules, struct sg_err *err)
{
	for (size_t i = 0; i < rules->n_stamps; i++) {
		const struct sg_anchor *a = &rules->stamps[i];

		if (a->pem.len) {
			X509 *cert = sg_x509_of_anchor(a, err);

			if (!cert)
				return SG_EINVAL;
			sk_X509_push(t->trusted, cert);
			continue;
		}
		for (int k = 0; k < sk_X509_num(t->certs); k++) {
			X509 *cert = sk_X509_value(t->certs, k);
			unsigned char md[EVP_MAX_MD_SIZE];
			unsigned len = 0;

			if (X509_digest(cert, EVP_sha256(), md, &len) != 1 || len != sizeof(a->sha256.b) ||
			        memcmp(md, a->sha256.b, len))
				continue;
			X509_up_ref(cert);
			sk_X509_push(t->trusted, cert);
		}
	}
	if (!sk_X509_num(t->trusted))
		return refuse(err, "it does not come from a pinned authority");
	return 0;
}

/* The signature of the token over its content, with digests that count. */
static int check_signature(struct token *t, struct sg_buf *ret_info, struct sg_err *err)
{
	CMS_SignerInfo *si = sk_CMS_SignerInfo_value(CMS_get0_SignerInfos(t->cms), 0);
	X509_ALGOR *digest = NULL, *signature = NULL;
	const ASN1_OBJECT *oid = NULL;
	BIO *out = BIO_new(BIO_s_mem());
	char *data;
	long len;
	int nid, r = 0;

	CMS_SignerInfo_get0_algs(si, NULL, NULL, &digest, &signature);
	X509_ALGOR_get0(&oid, NULL, NULL, digest);
	nid = OBJ_obj2nid(oid);
	if (nid != NID_sha256 && nid != NID_sha384 && nid != NID_sha512)
		r = refuse(err, "it is not signed with SHA-256, SHA-384 or SHA-512");
	else if (CMS_signed_get_attr_count(si) <= 0)
		r = refuse(err, "its signature covers no attributes");
	else if (CMS_verify(t->cms, t->certs, NULL, NULL, out, CMS_BINARY | CMS_NO_SIGNER_CERT_VERIFY) != 1)
		r = refuse(err, "its signature does not hold");
	if (!r) {
		STACK_OF(X509) *signers = CMS_get0_signers(t->cms);

		t->signer = sk_X509_num(signers) == 1 ? sk_X509_value(signers, 0) : NULL;
		sk_X509_free(signers);
		len = BIO_get_mem_data(out, &data);
		sg_buf_set(ret_info, data, len > 0 ? (size_t)len : 0);
		if (!t->signer)
			r = refuse(err, "its signer's certificate is not there");
	}
	BIO_free(out);
	return r;
}

static int check_authority(const struct token *t, int64_t at, struct sg_ends *ends, struct sg_err *err)
{
	struct sg_x509_path path = { .leaf = t->signer,
		.trusted = t->trusted,
		.untrusted = t->certs,
		.who = "timestamp",
		.at = at,
		.ends = ends };
	X509 *end = NULL;

	if (X509_check_ca(t->signer) != 0 || (X509_get_extension_flags(t->signer) & EXFLAG_CA))
		return refuse(err, "its signer is an authority, not a time-stamping service");
	/* RFC 3161 section 2.3 wants the extension critical, too; Microsoft's is not. What it says is what counts. */
	if (!sg_x509_has_eku(t->signer, SG_EKU_TIME_STAMPING) || sg_x509_n_eku(t->signer) != 1)
		return refuse(err, "its signer's certificate is not for time-stamping alone");
	if ((X509_get_extension_flags(t->signer) & EXFLAG_KUSAGE) &&
	        !(X509_get_key_usage(t->signer) & (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION)))
		return refuse(err, "its signer's certificate may not sign (keyUsage)");
	return sg_x509_path(&path, &end, err);
}

int sg_verify_time(const struct sg_signed *s, const struct sg_feed_rules *rules, int64_t *ret_at,
        struct sg_ends *ends, int *ret_event, struct sg_err *err)
{
	struct token t = { .certs = sk_X509_new_null(), .trusted = sk_X509_new_null() };
	struct sg_buf info = { 0 };
	int64_t at = 0;
	int r = 0;

	ERR_clear_error();
	if (!s->stamp.len)
		r = refuse(err, "there is none");
	if (!r)
		r = load(&t, s, err);
	if (!r)
		r = pin(&t, rules, err);
	if (!r)
		r = check_signature(&t, &info, err);
	if (!r)
		r = read_info(sg_buf_bytes(&info), sg_buf_bytes(&s->value), &at, err);
	if (!r && at > rules->now + MAX_FUTURE_MS)
		r = refuse(err, "it lies in the future: one of the two clocks is wrong");
	if (!r)
		r = check_authority(&t, at, ends, err);
	if (!r)
		*ret_at = at;
	else
		*ret_event = SG_EV_TRUST_CHAIN;
	token_release(&t);
	sg_buf_release(&info);
	ERR_clear_error();
	return r;
}
