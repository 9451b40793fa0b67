#include "tests/lib/stamp.h"

#include <openssl/cms.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void must(int ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "stamp: %s failed\n", what);
	abort();
}

/* One DER element whose content is shorter than 64 KiB. */
static void der(unsigned char tag, const void *data, size_t len, struct sg_buf *out)
{
	sg_buf_char(out, (char)tag);
	if (len >= 256) {
		sg_buf_char(out, (char)0x82);
		sg_buf_char(out, (char)(len >> 8));
	} else if (len >= 128) {
		sg_buf_char(out, (char)0x81);
	}
	sg_buf_char(out, (char)(len & 0xff));
	sg_buf_add(out, data, len);
}

static void wrap(unsigned char tag, struct sg_buf *content, struct sg_buf *out)
{
	der(tag, content->data, content->len, out);
	sg_buf_release(content);
}

static void info(struct sg_bytes signature, const struct stamp_spec *s, struct sg_buf *out)
{
	static const unsigned char one = 1, policy[] = { 0x2a, 0x03, 0x04, 0x01 };
	const EVP_MD *md = EVP_get_digestbyname(s->imprint_md ? s->imprint_md : "SHA256");
	unsigned char hash[EVP_MAX_MD_SIZE], *oid = NULL;
	struct sg_buf alg = { 0 }, imprint = { 0 }, all = { 0 }, body = { 0 };
	unsigned hash_len = 0;
	int len;

	must(md && EVP_Digest(signature.data, s->other_imprint ? signature.len - 1 : signature.len, hash,
	                   &hash_len, md, NULL),
	        "digest");
	len = i2d_ASN1_OBJECT(OBJ_nid2obj(EVP_MD_get_type(md)), &oid);
	must(len > 0, "oid");
	sg_buf_add(&body, oid, (size_t)len);
	OPENSSL_free(oid);
	der(0x05, "", 0, &body);
	wrap(0x30, &body, &alg);
	sg_buf_add(&imprint, alg.data, alg.len);
	sg_buf_release(&alg);
	der(0x04, hash, hash_len, &imprint);
	der(0x02, &one, 1, &all);
	der(0x06, policy, sizeof(policy), &all);
	wrap(0x30, &imprint, &all);
	der(0x02, &one, 1, &all);
	der(0x18, s->time, strlen(s->time), &all);
	if (s->cut)
		sg_buf_cut(&all, all.len - 3, 3);
	wrap(0x30, &all, out);
}

void stamp_token(struct sg_bytes signature, const struct stamp_spec *s, struct sg_buf *out)
{
	struct sg_buf tst = { 0 };
	BIO *content;
	CMS_ContentInfo *cms;
	unsigned char *octets = NULL;
	int len;

	info(signature, s, &tst);
	content = BIO_new_mem_buf(tst.data, (int)tst.len);
	cms = CMS_sign(NULL, NULL, NULL, NULL, CMS_BINARY | CMS_PARTIAL);
	must(cms != NULL, "CMS_sign");
	if (!s->plain_content)
		must(CMS_set1_eContentType(cms, OBJ_nid2obj(NID_id_smime_ct_TSTInfo)), "eContentType");
	must(CMS_add1_signer(cms, s->signer->x509, s->signer->key,
	             EVP_get_digestbyname(s->signer_md ? s->signer_md : "SHA256"),
	             CMS_BINARY | CMS_NOSMIMECAP | CMS_CADES) !=
	                NULL, /* RFC 3161 wants its signer named within */
	        "CMS_add1_signer");
	if (s->authority)
		must(CMS_add1_cert(cms, s->authority->x509), "CMS_add1_cert");
	must(CMS_final(cms, content, NULL, CMS_BINARY), "CMS_final");
	len = i2d_CMS_ContentInfo(cms, &octets);
	must(len > 0, "i2d_CMS_ContentInfo");
	sg_buf_add(out, octets, (size_t)len);
	if (s->trailing)
		sg_buf_char(out, 'x');
	OPENSSL_free(octets);
	CMS_ContentInfo_free(cms);
	BIO_free(content);
	sg_buf_release(&tst);
}

static void base64(const unsigned char *data, size_t len, struct sg_buf *out)
{
	unsigned char *text = sg_alloc(len / 3 * 4 + 8);

	sg_buf_add(out, text, (size_t)EVP_EncodeBlock(text, data, (int)len));
	free(text);
}

void stamp_object(struct sg_bytes token, X509 *const *certs, size_t n_certs, struct sg_buf *out)
{
	sg_buf_str(out, "<Object Id=\"ts-countersig\">");
	if (n_certs)
		sg_buf_str(out, "<X509Data>");
	for (size_t i = 0; i < n_certs; i++) {
		unsigned char *octets = NULL;
		int len = i2d_X509(certs[i], &octets);

		must(len > 0, "i2d_X509");
		sg_buf_str(out, "<X509Certificate>");
		base64(octets, (size_t)len, out);
		sg_buf_str(out, "</X509Certificate>");
		OPENSSL_free(octets);
	}
	if (n_certs)
		sg_buf_str(out, "</X509Data>");
	sg_buf_str(out, "<CounterSignature xmlns=\"http://schemas.microsoft.com/xmldsig/timestamp/2003\" "
	                "ts-format=\"cms-timestamp-message\">");
	base64(token.data, token.len, out);
	sg_buf_str(out, "</CounterSignature></Object>");
}
