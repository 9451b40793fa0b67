/* verify_server.c - reads a TLS server's certificate as far as a person wants to know it: who, by whom, for which names, from when until when. */
#include "feed/verify_server.h"

#include "feed/verify_x509.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

enum { MAX_PEM = 64 << 10, MAX_NAMES = 8 };

static char *name_of(const X509_NAME *name)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *data = NULL, *ret;
	long len;

	X509_NAME_print_ex(bio, name, 0, XN_FLAG_ONELINE & ~(unsigned long)ASN1_STRFLGS_ESC_MSB);
	len = BIO_get_mem_data(bio, &data);
	ret = sg_strndup(len > 0 ? data : "", len > 0 ? (size_t)len : 0);
	BIO_free(bio);
	return ret;
}

static void add_name(struct sg_buf *names, const GENERAL_NAME *name)
{
	const ASN1_STRING *s = name->type == GEN_DNS ? name->d.dNSName : name->d.iPAddress;
	const unsigned char *octets = ASN1_STRING_get0_data(s);
	int len = ASN1_STRING_length(s);

	if (names->len)
		sg_buf_str(names, ", ");
	if (name->type == GEN_DNS)
		sg_buf_add(names, octets, (size_t)len);
	else if (len == 4)
		sg_buf_fmt(names, "%d.%d.%d.%d", octets[0], octets[1], octets[2], octets[3]);
	else
		sg_buf_str(names, "an IPv6 address");
}

static char *names_of(X509 *x)
{
	GENERAL_NAMES *all = X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
	struct sg_buf names = { 0 };
	int told = 0, i;

	for (i = 0; i < sk_GENERAL_NAME_num(all) && told < MAX_NAMES; i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(all, i);

		if (name->type != GEN_DNS && name->type != GEN_IPADD)
			continue;
		add_name(&names, name);
		told++;
	}
	if (i < sk_GENERAL_NAME_num(all))
		sg_buf_str(&names, " and more");
	GENERAL_NAMES_free(all);
	sg_buf_add(&names, "", 1);
	return sg_buf_detach(&names);
}

bool sg_server_cert_read(struct sg_bytes pem, struct sg_server_cert *ret)
{
	BIO *bio;
	X509 *x;

	if (!pem.len || pem.len > MAX_PEM)
		return false;
	bio = BIO_new_mem_buf(pem.data, (int)pem.len);
	x = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	BIO_free(bio);
	if (!x)
		return false;
	*ret = (struct sg_server_cert){ .subject = name_of(X509_get_subject_name(x)),
		.issuer = name_of(X509_get_issuer_name(x)),
		.names = names_of(x),
		.from = sg_x509_ms(X509_get0_notBefore(x)),
		.until = sg_x509_ms(X509_get0_notAfter(x)),
		.self_signed = X509_NAME_cmp(X509_get_subject_name(x), X509_get_issuer_name(x)) == 0 };
	X509_free(x);
	return true;
}

void sg_server_cert_release(struct sg_server_cert *c)
{
	free(c->subject);
	free(c->issuer);
	free(c->names);
	*c = (struct sg_server_cert){ 0 };
}
