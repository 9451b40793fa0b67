#include "tests/lib/sign.h"

#include <openssl/cms.h>
#include <stdio.h>
#include <stdlib.h>

static void must(int ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "sign_cms: %s failed\n", what);
	abort();
}

void sign_cms(struct sg_bytes doc, const struct sign_cms_spec *s, struct sg_buf *out)
{
	unsigned flags = CMS_BINARY | CMS_PARTIAL | (s->attached ? 0 : CMS_DETACHED);
	CMS_ContentInfo *cms = CMS_sign(NULL, NULL, NULL, NULL, flags);
	BIO *content = BIO_new_mem_buf(doc.data, (int)doc.len);
	unsigned char *octets = NULL;
	int len;

	must(cms != NULL, "CMS_sign");
	for (size_t i = 0; i < s->n_signers; i++)
		must(CMS_add1_signer(cms, s->signers[i].cert, s->signers[i].key,
		             EVP_get_digestbyname(s->md ? s->md : "SHA256"),
		             CMS_BINARY | CMS_NOSMIMECAP | (s->no_attributes ? CMS_NOATTR : 0)) != NULL,
		        "CMS_add1_signer");
	for (size_t i = 0; i < s->n_certs; i++)
		must(CMS_add1_cert(cms, s->certs[i]), "CMS_add1_cert");
	must(CMS_final(cms, content, NULL, CMS_BINARY | (s->attached ? 0 : CMS_DETACHED)), "CMS_final");
	len = i2d_CMS_ContentInfo(cms, &octets);
	must(len > 0, "i2d_CMS_ContentInfo");
	sg_buf_add(out, octets, (size_t)len);
	if (s->trailing)
		sg_buf_char(out, 'x');
	OPENSSL_free(octets);
	CMS_ContentInfo_free(cms);
	BIO_free(content);
}
