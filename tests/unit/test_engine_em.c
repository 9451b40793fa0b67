/* test_engine_em.c - EM's own documents, which have neither serial nor withdrawal: absence withdraws, and the time of the countersignature orders them. */
#include "model/codes.h"
#include "tests/lib/feed_lab.h"
#include "tests/lib/signed_fixture.h"
#include "tests/lib/stamp.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define A               "<trust><anchor name=\"a\" file=\"a.pem\"/></trust>"
#define CORP            "<feed name=\"corp\" url=\"https://feed.example/corp.xml\"/>"
#define OFFER(lab, ...) feed_lab_offer(lab, &(struct feed_doc){ __VA_ARGS__ })

static void configure(struct lab *lab, const char *inside)
{
	if (feed_lab_configure(lab, inside))
		fail_msg("%s", lab->err.msg);
}

static void absence_withdraws_in_an_em_document_alone(void **state)
{
	struct lab *lab = *state;

	configure(lab, A "<feed name=\"em\" url=\"https://h/\" profile=\"eocs\"/>");
	OFFER(lab, .feed = "em", .eocs = true);
	lab_run(lab);
	assert_string_equal(lab_field(lab, "PING", "state"), "applied");
	OFFER(lab, .feed = "em", .eocs = true,
	        .configs = "<Config id=\"PING2\" desc=\"Heartbeat\"><ActionList><Action type=\"DoNothing\" "
	                   "scope=\"Server\" "
	                   "desc=\"Nothing\"><Value>DoNothing</Value></Action></ActionList></Config>");
	lab_run(lab);
	assert_string_equal(lab_state(lab, "PING"), "reverted/withdrawn");
	lab->now += 89 * FEED_DAY;
	lab_run(lab);
	assert_string_equal(lab_state(lab, "PING"), "reverted/withdrawn");
	lab->now += 2 * FEED_DAY;
	lab_run(lab);
	assert_string_equal(lab_state(lab, "PING"), "");
}

/* --- an EM document's order: the time of its countersignature */

static struct pki_cert time_root, time_service;

static void give_stamped(struct lab *lab, const char *configs, const char *time)
{
	struct stamp_spec spec = { .signer = &time_service, .authority = &time_root, .time = time };
	struct sg_buf token = { 0 }, object = { 0 };
	struct sg_fetched f;
	unsigned char raw[600];
	EVP_ENCODE_CTX *ctx = EVP_ENCODE_CTX_new();
	int n = 0, rest = 0;
	char *value, *with;
	const char *at;

	feed_lab_sign(lab, &(struct feed_doc){ .eocs = true, .configs = configs }, &f);
	value = fix_part((const char *)f.octets.data, "<SignatureValue", "</SignatureValue>");
	at = strchr(value, '>') + 1;
	assert_true(strcspn(at, "<") < sizeof raw);
	EVP_DecodeInit(ctx);
	assert_true(EVP_DecodeUpdate(ctx, raw, &n, (const unsigned char *)at, (int)strcspn(at, "<")) >= 0);
	assert_true(EVP_DecodeFinal(ctx, raw + n, &rest) >= 0);
	stamp_token((struct sg_bytes){ raw, (size_t)(n + rest) }, &spec, &token);
	stamp_object(sg_buf_bytes(&token), NULL, 0, &object);
	sg_buf_str(&object, "</Signature>");
	with = fix_with((const char *)f.octets.data, "</Signature>", (const char *)object.data);
	sg_buf_set(&f.octets, with, strlen(with));
	assert_int_equal(feed_lab_give(lab, "em", &f), 0);
	EVP_ENCODE_CTX_free(ctx);
	sg_buf_release(&token);
	sg_buf_release(&object);
	sg_fetched_release(&f);
	free(value);
	free(with);
}

static void em_documents_are_ordered_by_their_timestamps(void **state)
{
	static const char old[] =
	        "<Config id=\"OLD\" desc=\"Old\"><ActionList><Action type=\"DoNothing\" scope=\"Server\" "
	        "desc=\"Nothing\"><Value>DoNothing</Value></Action></ActionList></Config>";
	struct lab *lab = *state;
	struct pki_spec root = { .name = "Time Root",
		.from = LAB_NOW / 1000 - 86400,
		.to = LAB_NOW / 1000 + 20 * 365 * 86400,
		.constraints = "critical,CA:TRUE",
		.usage = "critical,keyCertSign" };
	struct pki_spec service = { .name = "Time Service",
		.issuer = &time_root,
		.from = LAB_NOW / 1000 - 86400,
		.to = LAB_NOW / 1000 + 400 * 86400,
		.constraints = "critical,CA:FALSE",
		.usage = "critical,digitalSignature",
		.extended = "critical,timeStamping" };
	struct sg_buf pem = { 0 };

	time_root = pki_make(&root);
	time_service = pki_make(&service);
	pki_cert_pem(&time_root, &pem);
	feed_lab_put(lab, "time.pem", sg_buf_bytes(&pem));
	configure(lab, "<trust><anchor name=\"a\" file=\"a.pem\"/><timestamp name=\"t\" file=\"time.pem\" "
	               "feeds=\"em\"/></trust>"
	               "<feed name=\"em\" url=\"https://h/\" profile=\"eocs\"/>" CORP);
	OFFER(lab, .feed = "em", .eocs = true);
	feed_lab_expect(lab, "em", 0, "the document's timestamp is not accepted: there is none");
	lab->now += 400 * FEED_DAY; /* the signer ended long ago: its timestamp says that it signed in time */
	give_stamped(lab, NULL, "20261118120000Z");
	feed_lab_expect(lab, "em", 0, NULL);
	give_stamped(lab, old, "20261118110000Z");
	feed_lab_expect(lab, "em", 0, "an old one is being served again");
	assert_string_equal(lab_state(lab, "OLD"), "");
	give_stamped(lab, old, "20261118120000Z");
	feed_lab_expect(lab, "em", 0, "another document was signed at the very same time");
	give_stamped(lab, old, "20261118130000Z");
	feed_lab_expect(lab, "em", 0, NULL);
	assert_string_not_equal(lab_state(lab, "OLD"), "");
	/* that the signer's own certificate is over is no warning: nothing rests on it */
	lab_run(lab);
	assert_int_equal(feed_lab_said(lab, SG_EV_TRUST_ENDED, "the signer's certificate"), 0);
	sg_buf_release(&pem);
	pki_cert_release(&time_root);
	pki_cert_release(&time_service);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, feed_lab_set_up, lab_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(absence_withdraws_in_an_em_document_alone),
		TEST(em_documents_are_ordered_by_their_timestamps),
	};

	return cmocka_run_group_tests(tests, feed_lab_group, feed_lab_ungroup);
}
