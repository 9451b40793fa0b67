/* The privileged half believes nothing that the half which met the document says: each lie is found by octets alone. */
#include "tests/lib/signed_fixture.h"

#include "model/codes.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void take(const char *doc, struct sg_signed *ret)
{
	int event = 0;

	assert_int_equal(sg_verify_take(sg_bytes_of(doc), false, "corp", ret, &event, NULL), 0);
}

static void believed(const struct sg_signed *s)
{
	struct sg_verified v = { 0 };
	struct sg_err err = SG_ERR_INIT;
	int event = 0;

	if (sg_verify_signed(s, &fix_rules, &v, &event, &err))
		fail_msg("refused: %s", err.msg);
	assert_true(sg_bytes_equal(sg_buf_bytes(&v.octets), sg_buf_bytes(&s->octets)));
	sg_verified_release(&v);
}

static void found_out(const struct sg_signed *s, int event, const char *says)
{
	struct sg_verified v = { 0 };
	struct sg_err err = SG_ERR_INIT;
	int got = 0;

	assert_int_equal(sg_verify_signed(s, &fix_rules, &v, &got, &err), SG_ETRUST);
	if (!strstr(err.msg, says))
		fail_msg("says '%s', not '%s'", err.msg, says);
	assert_int_equal(got, event);
}

static void swap(struct sg_buf *buf, const char *from, const char *to)
{
	char *text = sg_strndup((char *)buf->data, buf->len), *with = fix_with(text, from, to);

	sg_buf_set(buf, with, strlen(with));
	free(with);
	free(text);
}

static void what_was_taken_from_a_good_document_is_believed(void **state)
{
	struct sg_signed s = { 0 };

	(void)state;
	take(fix_good, &s);
	believed(&s);
	sg_signed_release(&s);
}

/* Canonical form keeps white space between the tags, and namespaces in scope come along: both mean nothing. */
static void white_space_and_namespaces_in_signed_info_are_nothing(void **state)
{
	char *plain = fix_with(fix_plain, "xmlns:sg=", "xmlns:other=\"urn:x\" xmlns:sg="), *doc;
	struct sg_signed s = { 0 };
	struct sign_spec spec;
	X509 *certs[2];

	(void)state;
	spec = fix_spec(certs);
	spec.extra_transform = "\n\t ";
	doc = fix_sign(plain, &spec);
	take(doc, &s);
	assert_non_null(strstr((char *)s.signed_info.data, "xmlns:other"));
	assert_non_null(strstr((char *)s.signed_info.data, "\n\t "));
	believed(&s);
	sg_signed_release(&s);
	free(plain);
	free(doc);
}

static void octets_that_were_not_signed_are_found_out(void **state)
{
	struct sg_signed s = { 0 };

	(void)state;
	take(fix_good, &s);
	swap(&s.octets, "Heartbeat", "Heartbeaf");
	found_out(&s, SG_EV_TRUST_SIGNATURE, "was changed");
	sg_signed_release(&s);
	take(fix_good, &s);
	sg_buf_clear(&s.octets);
	found_out(&s, SG_EV_TRUST_SIGNATURE, "was changed");
	sg_signed_release(&s);
}

static void a_signed_info_that_was_not_signed_is_found_out(void **state)
{
	struct sg_signed good = { 0 }, s = { 0 };

	(void)state;
	take(fix_good, &good);
	/* made to fit other octets */
	take(fix_good, &s);
	swap(&s.octets, "Heartbeat", "Heartbeaf");
	{
		struct sg_hash hash = sg_sha256(sg_buf_bytes(&s.octets)),
		               before = sg_sha256(sg_buf_bytes(&good.octets));
		unsigned char now[64], was[64];

		EVP_EncodeBlock(now, hash.b, 32);
		EVP_EncodeBlock(was, before.b, 32);
		swap(&s.signed_info, (char *)was, (char *)now);
	}
	found_out(&s, SG_EV_TRUST_SIGNATURE, "was changed");
	sg_signed_release(&s);
	sg_signed_release(&good);
}

static void another_form_of_signed_info_is_found_out(void **state)
{
	static const char *const changes[][2] = { { "xmlenc#sha256", "xmlenc#sha512" },
		{ "URI=\"\"", "URI=\"#x\"" }, { "URI=\"\"", "URI=\"\" Type=\"x\"" },
		{ "rsa-sha256", "rsa-sha1" }, { "<DigestValue>", "<DigestValue>AA" },
		{ "</DigestValue>", "</DigestValue><DigestValue></DigestValue>" },
		{ "</Reference>", "</Reference><Reference URI=\"\"></Reference>" },
		{ "<Transforms>", "<Transforms><!---->" }, { "</SignedInfo>", "" },
		{ "<SignedInfo", "<SignedInf0" } };

	(void)state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(*changes); i++) {
		struct sg_signed s = { 0 };

		take(fix_good, &s);
		swap(&s.signed_info, changes[i][0], changes[i][1]);
		found_out(&s, SG_EV_TRUST_SIGNATURE, "not this document");
		sg_signed_release(&s);
	}
}

static void torn_tags_end_nowhere(void **state)
{
	(void)state;
	for (size_t cut = 0;; cut++) {
		struct sg_signed s = { 0 };

		take(fix_good, &s);
		if (cut >= s.signed_info.len) {
			sg_signed_release(&s);
			return;
		}
		s.signed_info.len = cut;
		found_out(&s, SG_EV_TRUST_SIGNATURE, "not this document");
		sg_signed_release(&s);
	}
}

static void a_leaf_of_somebody_else_is_found_out(void **state)
{
	struct pki_spec spec = pki_leaf_spec(&fix_pki);
	struct pki_cert leaf;
	struct sg_signed s = { 0 };
	unsigned char *der = NULL;
	int len;

	(void)state;
	spec.key_of = NULL;
	leaf = pki_make(&spec); /* of the same chain, but it did not sign this */
	take(fix_good, &s);
	len = i2d_X509(leaf.x509, &der);
	assert_true(len > 0);
	sg_buf_set(&s.certs.at[0], der, (size_t)len);
	found_out(&s, SG_EV_TRUST_SIGNATURE, "was changed");
	OPENSSL_free(der);
	pki_cert_release(&leaf);
	sg_buf_set(&s.certs.at[0], "no certificate", 14);
	found_out(&s, SG_EV_TRUST_CHAIN, "cannot be decoded");
	sg_bufs_release(&s.certs);
	{
		struct sg_verified v = { 0 };
		int event = 0;

		assert_int_equal(sg_verify_signed(&s, &fix_rules, &v, &event, NULL), SG_ETRUST);
	}
	sg_signed_release(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_taken_from_a_good_document_is_believed),
		cmocka_unit_test(white_space_and_namespaces_in_signed_info_are_nothing),
		cmocka_unit_test(octets_that_were_not_signed_are_found_out),
		cmocka_unit_test(a_signed_info_that_was_not_signed_is_found_out),
		cmocka_unit_test(another_form_of_signed_info_is_found_out),
		cmocka_unit_test(torn_tags_end_nowhere),
		cmocka_unit_test(a_leaf_of_somebody_else_is_found_out),
	};

	return cmocka_run_group_tests(tests, fix_setup, fix_teardown);
}
