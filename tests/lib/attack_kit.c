#include "tests/lib/attack.h"

#include "model/codes.h"

#include <openssl/cms.h>
#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define YEAR_MS (365 * 24 * 3600 * INT64_C(1000))

struct pki_cert attack_authority, attack_service;
struct sg_anchor attack_stamp_anchor;
struct sg_feed_rules attack_later;

const char attack_em_plain[] =
        "<EOCS version=\"1.0.4\"><Config id=\"PING1\" desc=\"Heartbeat\"><ActionList><Action "
        "type=\"DoNothing\" "
        "scope=\"Server\" desc=\"Nothing\"><Value>DoNothing</Value></Action></ActionList></Config></EOCS>";

void attack_crl(const struct pki_cert *issuer, X509 *revoked, int64_t from, int64_t to, struct sg_buf *ret)
{
	X509_CRL *list = X509_CRL_new();
	ASN1_TIME *t = ASN1_TIME_set(NULL, (time_t)from);
	unsigned char *der = NULL;
	int len;

	X509_CRL_set_version(list, 1);
	X509_CRL_set_issuer_name(list, X509_get_subject_name(issuer->x509));
	X509_CRL_set1_lastUpdate(list, t);
	if (revoked) {
		X509_REVOKED *entry = X509_REVOKED_new();

		X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(revoked));
		X509_REVOKED_set_revocationDate(entry, t);
		X509_CRL_add0_revoked(list, entry);
	}
	ASN1_TIME_free(t);
	t = ASN1_TIME_set(NULL, (time_t)to);
	X509_CRL_set1_nextUpdate(list, t);
	ASN1_TIME_free(t);
	assert_true(X509_CRL_sign(list, issuer->key, EVP_sha256()) > 0);
	len = i2d_X509_CRL(list, &der);
	assert_true(len > 0);
	sg_buf_set(ret, der, (size_t)len);
	OPENSSL_free(der);
	X509_CRL_free(list);
}

void attack_value(const char *doc, const char *element, struct sg_buf *ret)
{
	char *from = sg_format("<%s", element), *to = sg_format("</%s>", element),
	     *part = fix_part(doc, from, to);
	const char *text = strchr(part, '>') + 1;
	size_t len = strcspn(text, "<");
	unsigned char *raw = sg_alloc(len + 8);
	EVP_ENCODE_CTX *ctx = EVP_ENCODE_CTX_new();
	int n = 0, rest = 0;

	EVP_DecodeInit(ctx);
	assert_true(EVP_DecodeUpdate(ctx, raw, &n, (const unsigned char *)text, (int)len) >= 0);
	assert_true(EVP_DecodeFinal(ctx, raw + n, &rest) >= 0);
	sg_buf_set(ret, raw, (size_t)(n + rest));
	EVP_ENCODE_CTX_free(ctx);
	free(raw);
	free(part);
	free(from);
	free(to);
}

char *attack_stamped(const char *plain, const struct stamp_spec *spec)
{
	X509 *certs[2];
	struct sign_spec sign = fix_spec(certs);
	struct sg_buf value = { 0 }, token = { 0 }, object = { 0 };
	struct stamp_spec full = spec ? *spec : (struct stamp_spec){ 0 };
	char *doc = fix_sign(plain, &sign), *with;

	if (!spec)
		return doc;
	if (!full.signer)
		full.signer = &attack_service;
	if (!full.authority)
		full.authority = &attack_authority;
	if (!full.time)
		full.time = "20261118120000Z";
	attack_value(doc, "SignatureValue", &value);
	stamp_token(sg_buf_bytes(&value), &full, &token);
	stamp_object(sg_buf_bytes(&token), NULL, 0, &object);
	sg_buf_str(&object, "</Signature>");
	with = fix_with(doc, "</Signature>", (const char *)object.data);
	sg_buf_release(&value);
	sg_buf_release(&token);
	sg_buf_release(&object);
	free(doc);
	return with;
}

char *attack_with_cert(const char *doc, int n, struct sg_bytes der)
{
	const char *at = doc, *end;
	unsigned char *text = sg_alloc(der.len * 2 + 8);
	struct sg_buf out = { 0 };

	for (int i = 0; i <= n; i++)
		at = strstr(at, "<X509Certificate>") + strlen("<X509Certificate>");
	end = strchr(at, '<');
	EVP_EncodeBlock(text, der.data, (int)der.len);
	sg_buf_add(&out, doc, (size_t)(at - doc));
	sg_buf_str(&out, (char *)text);
	sg_buf_str(&out, end);
	free(text);
	return sg_buf_detach(&out);
}

void attack_sign_cms(const char *doc, struct sign_cms_spec spec, struct sg_buf *ret)
{
	struct sign_cms_signer leaf = { fix_pki.leaf.x509, fix_pki.leaf.key };
	X509 *certs[] = { fix_pki.middle.x509 };

	if (!spec.n_signers) {
		spec.signers = &leaf;
		spec.n_signers = 1;
	}
	if (!spec.n_certs) {
		spec.certs = certs;
		spec.n_certs = 1;
	}
	sign_cms(sg_bytes_of(doc), &spec, ret);
}

void attack_in_document(struct attack *ret, const struct sg_buf *value)
{
	unsigned char *text = sg_alloc(value->len * 2 + 8);
	char *old = fix_part(fix_good, "<SignatureValue", "</SignatureValue>"), *new, *doc;

	EVP_EncodeBlock(text, value->data, (int)value->len);
	new = sg_format("<SignatureValue>%s</SignatureValue>", (char *)text);
	doc = fix_with(fix_good, old, new);
	sg_buf_set(&ret->doc, doc, strlen(doc));
	free(doc);
	free(new);
	free(old);
	free(text);
}

CMS_ContentInfo *attack_detached(const struct sign_cms_spec *spec, struct attack *ret)
{
	const unsigned char *p;
	CMS_ContentInfo *cms;

	sg_buf_set(&ret->doc, fix_plain, strlen(fix_plain));
	ret->rules.need = SG_SIGNED_CMS;
	attack_sign_cms(fix_plain, *spec, &ret->cms);
	p = ret->cms.data;
	cms = d2i_CMS_ContentInfo(NULL, &p, (long)ret->cms.len);
	assert_non_null(cms);
	return cms;
}

void attack_put_value(CMS_ContentInfo *cms, const struct sg_buf *value, struct attack *ret)
{
	CMS_SignerInfo *si = sk_CMS_SignerInfo_value(CMS_get0_SignerInfos(cms), 0);
	unsigned char *octets = NULL;
	int len;

	ASN1_STRING_set(CMS_SignerInfo_get0_signature(si), value->data, (int)value->len);
	len = i2d_CMS_ContentInfo(cms, &octets);
	assert_true(len > 0);
	sg_buf_set(&ret->cms, octets, (size_t)len);
	OPENSSL_free(octets);
	CMS_ContentInfo_free(cms);
}

void attack_der(X509 *cert, struct sg_buf *ret)
{
	unsigned char *der = NULL;
	int len = i2d_X509(cert, &der);

	assert_true(len > 0);
	sg_buf_set(ret, der, (size_t)len);
	OPENSSL_free(der);
}

char *attack_resigned(const char *from, const char *to)
{
	X509 *certs[2];
	struct sign_spec spec = fix_spec(certs);
	char *plain = from ? fix_with(fix_plain, from, to) : sg_strdup(fix_plain),
	     *doc = fix_sign(plain, &spec);

	free(plain);
	return doc;
}

void attack_repeat(const char *head, const char *piece, size_t count, const char *tail, struct sg_buf *ret)
{
	sg_buf_str(ret, head);
	for (size_t i = 0; i < count; i++)
		sg_buf_str(ret, piece);
	sg_buf_str(ret, tail);
}

/* --- judging */

static void judge_feed(const struct attack *a, const struct sg_feed_rules *rules, struct attack_verdict *ret,
        struct sg_err *err)
{
	struct sg_feed *feed = NULL;

	ret->code = sg_feed_read(sg_buf_bytes(&a->doc), rules, &feed, &ret->event, err);
	if (!ret->code && a->follows)
		ret->code = sg_feed_follows(feed, &a->before, rules->max_serial_jump, &ret->event, err);
	if (!ret->code && !feed->n && feed->n_refused) { /* the others would work; there are none */
		ret->event = SG_EV_FEED_PART_REFUSED;
		ret->code = sg_fail(err, SG_EINVAL, "%s", feed->refused[0].text);
	}
	sg_feed_free(feed);
}

void attack_judge(const struct attack *a, struct attack_verdict *ret)
{
	struct sg_feed_rules rules = a->rules;
	struct sg_verified v = { 0 };
	struct sg_err err = SG_ERR_INIT;

	*ret = (struct attack_verdict){ .code = 0 };
	if (a->cms.len)
		rules.cms = sg_buf_bytes(&a->cms);
	rules.crls = a->crls;
	if (a->anchor.name) {
		rules.anchors = &a->anchor;
		rules.n_anchors = 1;
	}
	if (a->lies) {
		ret->code = sg_verify_signed(&a->said, &rules, &v, &ret->event, &err);
		sg_verified_release(&v);
	} else {
		judge_feed(a, &rules, ret, &err);
	}
	if (ret->code)
		snprintf(ret->says, sizeof ret->says, "%.500s", err.msg);
}

void attack_release(struct attack *a)
{
	sg_buf_release(&a->doc);
	sg_buf_release(&a->cms);
	for (size_t i = 0; i < sizeof a->crls / sizeof *a->crls; i++)
		sg_buf_release(&a->crls[i]);
	free(a->anchor.name);
	free(a->anchor.eku);
	sg_buf_release(&a->anchor.pem);
	sg_signed_release(&a->said);
}

int attack_set_up(void **state)
{
	struct pki_spec root = { .name = "Time Root",
		.from = FIX_NOW / 1000 - 86400,
		.to = FIX_NOW / 1000 + 20 * 365 * 86400,
		.constraints = "critical,CA:TRUE",
		.usage = "critical,keyCertSign,cRLSign" };
	struct pki_spec service = { .name = "Time Service",
		.issuer = &attack_authority,
		.from = FIX_NOW / 1000 - 86400,
		.to = FIX_NOW / 1000 + 86400,
		.constraints = "critical,CA:FALSE",
		.usage = "critical,digitalSignature",
		.extended = "critical,timeStamping" };

	if (fix_setup(state))
		return -1;
	attack_authority = pki_make(&root);
	attack_service = pki_make(&service);
	attack_stamp_anchor = (struct sg_anchor){ .name = sg_strdup("time") };
	pki_cert_pem(&attack_authority, &attack_stamp_anchor.pem);
	attack_later = fix_rules;
	attack_later.eocs = true;
	attack_later.now = FIX_NOW + 2 * YEAR_MS;
	attack_later.stamps = &attack_stamp_anchor;
	attack_later.n_stamps = 1;
	return 0;
}

int attack_tear_down(void **state)
{
	free(attack_stamp_anchor.name);
	sg_buf_release(&attack_stamp_anchor.pem);
	pki_cert_release(&attack_service);
	pki_cert_release(&attack_authority);
	return fix_teardown(state);
}
