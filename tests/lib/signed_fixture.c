#include "tests/lib/signed_fixture.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

const char fix_plain[] =
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<!-- head -->\n"
        "<EOCS version=\"1.0.4\" xmlns:sg=\"urn:stopgap:feed:1\" sg:feed=\"corp\" sg:serial=\"7\""
        " sg:issued=\"2026-11-01T00:00:00Z\" sg:expires=\"2026-12-01T00:00:00Z\">\n"
        "  <Config id=\"PING1\" desc=\"Heartbeat\"><ActionList><Action type=\"DoNothing\" scope=\"Server\">"
        "<Value>DoNothing</Value></Action></ActionList></Config>\n</EOCS>\n";

struct pki fix_pki;
struct sg_anchor fix_anchors[1];
struct sg_feed_rules fix_rules;
char *fix_good;

char *fix_sign(const char *doc, const struct sign_spec *spec)
{
	struct sg_buf out = { 0 };

	assert_int_equal(sign_xmldsig(sg_bytes_of(doc), spec, &out), 0);
	return sg_buf_detach(&out);
}

struct sign_spec fix_spec(X509 **certs)
{
	certs[0] = fix_pki.leaf.x509;
	certs[1] = fix_pki.middle.x509;
	return (struct sign_spec){ .key = fix_pki.leaf.key, .certs = certs, .n_certs = 2 };
}

/* Signed with a leaf of its own, under the given intermediate. */
char *fix_sign_with_leaf(const struct pki_spec *leaf_spec)
{
	struct pki_cert leaf = pki_make(leaf_spec);
	X509 *certs[2] = { leaf.x509, fix_pki.middle.x509 };
	char *doc = fix_sign(fix_plain, &(struct sign_spec){ .key = leaf.key, .certs = certs, .n_certs = 2 });

	pki_cert_release(&leaf);
	return doc;
}

/* A copy with the first `from` replaced. */
char *fix_with(const char *doc, const char *from, const char *to)
{
	const char *at = strstr(doc, from);
	struct sg_buf out = { 0 };

	if (!at)
		fail_msg("the document has no \"%s\"", from);
	sg_buf_add(&out, doc, (size_t)(at - doc));
	sg_buf_str(&out, to);
	sg_buf_str(&out, at + strlen(from));
	return sg_buf_detach(&out);
}

/* The text from `from` up to and with `to`. */
char *fix_part(const char *doc, const char *from, const char *to)
{
	const char *start = strstr(doc, from), *end = start ? strstr(start, to) : NULL;

	assert_non_null(end);
	return sg_strndup(start, (size_t)(end - start) + strlen(to));
}

void fix_verifies(const char *doc, const struct sg_feed_rules *by)
{
	struct sg_err err = SG_ERR_INIT;
	struct sg_verified v = { 0 };
	int event = 0;

	if (sg_verify_xmldsig(sg_bytes_of(doc), by, &v, &event, &err))
		fail_msg("refused: %s", err.msg);
	/* what was signed, without the signature and without comments */
	assert_null(strstr((char *)v.octets.data, "Signature"));
	assert_null(strstr((char *)v.octets.data, "<!--"));
	assert_non_null(strstr((char *)v.octets.data, "<Value>DoNothing</Value>"));
	assert_non_null(v.signer);
	sg_verified_release(&v);
}

void fix_refused_by(const char *doc, const struct sg_feed_rules *by, int event, const char *says)
{
	struct sg_err err = SG_ERR_INIT;
	struct sg_verified v = { 0 };
	int got = 0, r = sg_verify_xmldsig(sg_bytes_of(doc), by, &v, &got, &err);

	if (r >= 0)
		fail_msg("accepted, though expected: %s", says);
	assert_null(v.octets.data);
	if (got != event || !strstr(err.msg, says))
		fail_msg("event %d, \"%s\"; expected %d, \"%s\"", got, err.msg, event, says);
}

void fix_refused(char *doc, int event, const char *says)
{
	fix_refused_by(doc, &fix_rules, event, says);
	free(doc);
}

int fix_setup(void **state)
{
	X509 *certs[2];
	struct sg_err err = SG_ERR_INIT;

	(void)state;
	if (sg_verify_init(&err))
		return -1;
	pki_chain(&fix_pki, FIX_NOW);
	fix_anchors[0].name = sg_strdup("corp");
	pki_cert_pem(&fix_pki.root, &fix_anchors[0].pem);
	fix_rules = (struct sg_feed_rules){
		.name = "corp", .anchors = fix_anchors, .n_anchors = 1, .now = FIX_NOW
	};
	struct sign_spec spec = fix_spec(certs);

	fix_good = fix_sign(fix_plain, &spec);
	return 0;
}

int fix_teardown(void **state)
{
	(void)state;
	free(fix_good);
	free(fix_anchors[0].name);
	sg_buf_release(&fix_anchors[0].pem);
	pki_release(&fix_pki);
	return 0;
}
