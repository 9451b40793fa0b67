/* sign_tell.c - certificates in words. It shows what they say and checks nothing. */
#include "feed/sign_parts.h"

#include "base/hash.h"
#include "base/text.h"
#include "feed/verify_x509.h"
#include <openssl/cms.h>
#include <openssl/err.h>
#include <stdlib.h>

static void set_name(struct sg_val *map, const char *key, const X509_NAME *name)
{
	BIO *bio = BIO_new(BIO_s_mem());
	struct sg_buf safe = { 0 };
	char *text, *copy;
	long n;

	X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB);
	n = BIO_get_mem_data(bio, &text);
	copy = sg_strndup(text, n > 500 ? 500 : (size_t)n);
	sg_text_safe(copy, &safe);
	sg_val_set(map, key, sg_val_strn((const char *)safe.data, safe.len));
	sg_buf_release(&safe);
	free(copy);
	BIO_free(bio);
}

struct sg_val *sg_sign_tell(const struct sg_bufs *ders)
{
	struct sg_val *list = sg_val_array();

	for (size_t i = 0; i < ders->n; i++) {
		struct sg_hash hash = sg_sha256(sg_buf_bytes(&ders->at[i]));
		X509 *cert = sg_x509_of_der(sg_buf_bytes(&ders->at[i]), NULL);
		struct sg_val *one;
		char hex[65];

		if (!cert)
			continue;
		one = sg_val_push(list, sg_val_map());
		set_name(one, "subject", X509_get_subject_name(cert));
		set_name(one, "issuer", X509_get_issuer_name(cert));
		sg_val_set_int(one, "from", sg_x509_ms(X509_get0_notBefore(cert)));
		sg_val_set_int(one, "until", sg_x509_ms(X509_get0_notAfter(cert)));
		sg_hash_hex(&hash, hex);
		sg_val_set_str(one, "sha256", hex);
		X509_free(cert);
	}
	ERR_clear_error();
	return list;
}

void sg_sign_cms_signers(struct sg_bytes octets, struct sg_bufs *ret)
{
	const unsigned char *p = octets.data;
	CMS_ContentInfo *cms = octets.len ? d2i_CMS_ContentInfo(NULL, &p, (long)octets.len) : NULL;
	STACK_OF(X509) *certs = cms ? CMS_get1_certs(cms) : NULL, *signers = NULL;

	if (cms && certs) {
		STACK_OF(CMS_SignerInfo) *infos = CMS_get0_SignerInfos(cms);

		/* before a verification the message does not know which certificate belongs to whom */
		for (int i = 0; i < sk_CMS_SignerInfo_num(infos); i++)
			for (int k = 0; k < sk_X509_num(certs); k++)
				if (CMS_SignerInfo_cert_cmp(
				            sk_CMS_SignerInfo_value(infos, i), sk_X509_value(certs, k)) == 0)
					CMS_SignerInfo_set1_signer_cert(
					        sk_CMS_SignerInfo_value(infos, i), sk_X509_value(certs, k));
		signers = CMS_get0_signers(cms);
	}
	for (int i = 0; i < sk_X509_num(signers); i++) {
		unsigned char *der = NULL;
		int n = i2d_X509(sk_X509_value(signers, i), &der);

		if (n > 0)
			sg_buf_set(sg_bufs_add(ret), der, (size_t)n);
		OPENSSL_free(der);
	}
	sk_X509_free(signers);
	sk_X509_pop_free(certs, X509_free);
	CMS_ContentInfo_free(cms);
	ERR_clear_error();
}
