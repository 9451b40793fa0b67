/* verify_ends.c - when certificates and revocation lists end. Decides nothing: what is refused is refused by the files beside it. */
#include "feed/verify_x509.h"

#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

void sg_ends_add(struct sg_ends *ends, const char *what, int64_t from, int64_t at)
{
	for (size_t i = 0; i < ends->n; i++)
		if (ends->at[i].at == at && strcmp(ends->at[i].what, what) == 0)
			return;
	ends->at = sg_grow(ends->at, ends->n, &ends->cap, sizeof *ends->at);
	ends->at[ends->n++] = (struct sg_end){ sg_strdup(what), from, at };
}

void sg_ends_add_all(struct sg_ends *to, const struct sg_ends *from)
{
	for (size_t i = 0; i < from->n; i++)
		sg_ends_add(to, from->at[i].what, from->at[i].from, from->at[i].at);
}

int64_t sg_ends_first(const struct sg_ends *ends, int64_t after)
{
	int64_t first = INT64_MAX;

	for (size_t i = 0; i < ends->n; i++)
		if (ends->at[i].at > after && ends->at[i].at < first)
			first = ends->at[i].at;
	return first;
}

void sg_ends_release(struct sg_ends *ends)
{
	for (size_t i = 0; i < ends->n; i++)
		free(ends->at[i].what);
	free(ends->at);
	*ends = (struct sg_ends){ 0 };
}

static void add_cert(struct sg_ends *ends, const char *what, X509 *cert)
{
	char *subject = sg_x509_subject(cert), *text = sg_format("%s (%s)", what, subject);

	sg_ends_add(ends, text, sg_x509_ms(X509_get0_notBefore(cert)), sg_x509_ms(X509_get0_notAfter(cert)));
	free(text);
	free(subject);
}

void sg_x509_ends(STACK_OF(X509) * path, const char *who, struct sg_ends *ends)
{
	for (int i = 0; i < sk_X509_num(path); i++) {
		char *what = sg_format(i ? "an authority of the %s" : "the %s's certificate", who);

		add_cert(ends, what, sk_X509_value(path, i));
		free(what);
	}
}

int sg_verify_anchor_ends(const struct sg_anchor *anchor, struct sg_ends *ends, struct sg_err *err)
{
	X509 *cert = sg_x509_of_anchor(anchor, err);
	char *what;

	ERR_clear_error();
	if (!cert)
		return SG_EINVAL;
	what = sg_format("the anchor '%s'", anchor->name);
	add_cert(ends, what, cert);
	free(what);
	X509_free(cert);
	return 0;
}

int sg_verify_crl_ends(const struct sg_buf *crl, const char *name, struct sg_ends *ends, struct sg_err *err)
{
	X509_CRL *list = sg_x509_crl(crl);
	const ASN1_TIME *next = list ? X509_CRL_get0_nextUpdate(list) : NULL;
	char *what;

	ERR_clear_error();
	if (!next) {
		X509_CRL_free(list);
		return sg_fail(
		        err, SG_EINVAL, "%s is no revocation list with a next update in PEM or DER", name);
	}
	what = sg_format("the revocation list %s", name);
	sg_ends_add(ends, what, sg_x509_ms(X509_CRL_get0_lastUpdate(list)), sg_x509_ms(next));
	free(what);
	X509_CRL_free(list);
	return 0;
}
