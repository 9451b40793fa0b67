/* test_engine_doctor_path.c - the steps of a feed's way behind its octets: parse, signature, time, serial. The doctor reads as a poll reads, and takes nothing
 * in. */
#include "tests/lib/engine_lab.h"

#include "base/text.h"
#include "feed/fetch_walk.h"
#include "tests/lib/pki.h"
#include "tests/lib/sign.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define DAY (24 * 3600 * 1000LL)

static struct sg_walk walked; /* as a walk brings it: everything up to the octets went well */
static struct sg_val *reply;

static void bring(const void *octets, size_t len)
{
	sg_walk_release(&walked);
	walked.feed = sg_strdup("corp");
	for (int i = SG_WALK_NAME; i <= SG_WALK_SIZE; i++)
		sg_walk_say(&walked, (enum sg_walk_step)i, SG_WALKED_OK, 3, NULL, "well");
	sg_buf_set(&walked.fetched.octets, octets, len);
}

/* `configs` NULL: M1, as it is in force. */
static void bring_document(struct lab *lab, const char *feed, uint64_t serial, int64_t issued,
        int64_t expires, const char *configs)
{
	char *one = lab_config("M1", "1", "/", "yes", LAB_ATTACK, NULL);
	struct sg_buf document = { 0 };

	lab_document(
	        lab, feed, serial, lab->now + issued, lab->now + expires, configs ? configs : one, &document);
	bring(document.data, document.len);
	sg_buf_release(&document);
	free(one);
}

static void ask(struct lab *lab)
{
	sg_val_free(reply);
	reply = NULL;
	sg_err_clear(&lab->err);
	assert_int_equal(
	        sg_engine_doctor(lab->engine, &walked, 1, NULL, "uid 0 (root)", &reply, &lab->err), 0);
}

static const struct sg_val *step(const char *name)
{
	const struct sg_val *list = sg_val_get(reply, "path");

	for (size_t i = 0; i < list->n; i++)
		if (strcmp(sg_val_get_str(list->kid[i], "step", ""), name) == 0)
			return list->kid[i];
	fail_msg("no step %s", name);
	return NULL;
}

static void is(const char *name, const char *status, const char *says)
{
	const struct sg_val *s = step(name);
	const char *text = sg_val_get_str(s, "text", "");

	if (strcmp(sg_val_get_str(s, "status", ""), status) != 0 || !strstr(text, says))
		fail_msg("%s: %s, \"%s\"; expected %s, \"%s\"", name, sg_val_get_str(s, "status", ""), text,
		        status, says);
	assert_string_equal(sg_val_get_str(s, "feed", ""), "corp");
}

/* It fails there and nowhere else; what comes after was not tried. */
static void fails(struct lab *lab, const char *name, const char *says, const char *cure)
{
	const struct sg_val *list;
	bool behind = false;

	ask(lab);
	is(name, "failed", says);
	if (!strstr(sg_val_get_str(step(name), "cure", ""), cure))
		fail_msg("do: %s", sg_val_get_str(step(name), "cure", "nothing"));
	list = sg_val_get(reply, "path");
	assert_int_equal(list->n, 10);
	for (size_t i = 0; i < list->n; i++) {
		bool here = strcmp(sg_val_get_str(list->kid[i], "step", ""), name) == 0;

		if (!here)
			assert_string_equal(
			        sg_val_get_str(list->kid[i], "status", ""), behind ? "skipped" : "ok");
		behind = behind || here;
	}
	assert_true(sg_val_get_int(reply, "fail", 0) >= 1);
}

static int up(void **state)
{
	struct lab *lab;

	if (lab_set_up(state))
		return -1;
	lab = *state;
	lab_configure(lab, NULL, NULL);
	lab_offer_one(lab, 5, "M1", "1", LAB_ATTACK);
	lab_offer(lab, "local", 1, "");
	lab_run(lab);
	return 0;
}

static int down(void **state)
{
	sg_walk_release(&walked);
	sg_val_free(reply);
	reply = NULL;
	return lab_tear_down(state);
}

static void a_document_in_force_is_well_and_every_step_is_there(void **state)
{
	static const char *const names[] = { "name", "tcp", "proxy", "tls", "http", "size", "parse",
		"signature", "time", "serial" };
	struct lab *lab = *state;
	const struct sg_val *list;

	bring_document(lab, "corp", 5, -1000, 14 * DAY, NULL);
	ask(lab);
	list = sg_val_get(reply, "path");
	assert_int_equal(list->n, 10);
	for (size_t i = 0; i < list->n; i++) {
		assert_string_equal(sg_val_get_str(list->kid[i], "step", ""), names[i]);
		is(names[i], "ok", "");
	}
	is("parse", "ok", "1 mitigation");
	is("signature", "ok", "signed by CN=Test Feed Signing");
	is("time", "ok", "expires 2026-12");
	is("serial", "ok", "5: this document is in force here");
	assert_int_equal(sg_val_get_int(step("name"), "ms", -1), 3);
	assert_int_equal(sg_val_get(step("serial"), "ms")->type, SG_VAL_NIL);
	assert_int_equal(sg_val_get_int(reply, "fail", -1), 0);
}

/* A status without what is drawn anew each time: when the next poll is. */
static struct sg_val *look(struct lab *lab, const char *method)
{
	struct sg_val *v = NULL;
	const struct sg_val *feeds;

	assert_int_equal(lab_ask(lab, &v, method, NULL), 0);
	feeds = sg_val_get(v, "feeds");
	for (size_t i = 0; feeds && i < feeds->n; i++)
		sg_val_set_int(feeds->kid[i], "next", 0);
	return v;
}

/* The journal is the same before and after, line by line, though newer documents were read that would have changed it. */
static void the_doctor_takes_nothing_in(void **state)
{
	static const char *const methods[] = { "history", "status", "list" };
	struct lab *lab = *state;
	struct t_snapshot *drive = t_drive_snapshot(lab->drive);
	struct sg_val *before[3], *after[3];

	for (int i = 0; i < 3; i++)
		before[i] = look(lab, methods[i]);
	bring_document(lab, "corp", 6, -1000, 14 * DAY, "");
	ask(lab);
	is("serial", "ok", "6 follows 5, which is in force here: the next poll takes it in");
	bring_document(lab, "corp", 3, -1000, 14 * DAY, NULL);
	ask(lab);
	lab_run(lab);
	for (int i = 0; i < 3; i++) {
		after[i] = look(lab, methods[i]);
		if (!sg_val_equal(before[i], after[i]))
			fail_msg("%s is another than before", methods[i]);
		sg_val_free(before[i]);
		sg_val_free(after[i]);
	}
	assert_true(t_drive_same(lab->drive, drive));
	t_snapshot_free(drive);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
}

static void what_is_no_feed_fails_at_parse(void **state)
{
	static const char page[] = "\n<!doctype html>\n<HTML><body>Log in</body></html>",
	                  other[] = "<rss version=\"2.0\"/>", torn[] = "<EOCS version=\"1.0.4\"><Config";
	struct lab *lab = *state;

	bring(page, sizeof(page) - 1);
	fails(lab, "parse", "a web page came instead of the document", "browser");
	bring(other, sizeof(other) - 1);
	fails(lab, "parse", "", "publisher");
	bring(torn, sizeof(torn) - 1);
	fails(lab, "parse", "", "publisher");
}

static void a_signature_that_does_not_hold_fails_there(void **state)
{
	struct lab *lab = *state;
	struct sg_buf text = { 0 };
	struct pki other;
	X509 *certs[2];
	char *doc, *at;

	bring_document(lab, "corp", 6, -1000, 14 * DAY, NULL);
	at = strstr((char *)walked.fetched.octets.data, "desc=\"lab\"");
	assert_non_null(at);
	at[6] = 'L';
	fails(lab, "signature", "does not hold", "changed after it was signed");
	bring_document(lab, "local", 6, -1000, 14 * DAY, NULL);
	fails(lab, "signature", "'local', not of 'corp'", "another feed's");
	/* a good signature by somebody whom nobody pinned */
	pki_chain(&other, lab->now);
	certs[0] = other.leaf.x509;
	certs[1] = other.middle.x509;
	doc = sg_format(
	        "<EOCS version=\"1.0.4\" xmlns:sg=\"urn:stopgap:feed:1\" sg:feed=\"corp\" sg:serial=\"6\" "
	        "sg:issued=\"2026-11-17T00:00:00Z\" sg:expires=\"2026-12-17T00:00:00Z\"></EOCS>");
	assert_int_equal(
	        sign_xmldsig(sg_bytes_of(doc),
	                &(struct sign_spec){ .key = other.leaf.key, .certs = certs, .n_certs = 2 }, &text),
	        0);
	bring(text.data, text.len);
	fails(lab, "signature", "certificate", "<anchor>");
	sg_buf_release(&text);
	free(doc);
	pki_release(&other);
}

static void times_that_are_over_or_to_come_fail_there(void **state)
{
	struct lab *lab = *state;

	bring_document(lab, "corp", 6, -9 * DAY, -1000, NULL);
	fails(lab, "time", "it expired on 2026-11-18", "newer document");
	is("time", "failed", "what is in force stays");
	bring_document(lab, "corp", 6, DAY, 9 * DAY, NULL);
	fails(lab, "time", "one of the two clocks is wrong", "set this server's clock");
}

static void serials_that_go_down_or_come_twice_fail_there(void **state)
{
	struct lab *lab = *state;

	bring_document(lab, "corp", 4, -1000, 14 * DAY, NULL);
	fails(lab, "serial", "has serial 4, but 5 was accepted before", "reset-serial");
	bring_document(lab, "corp", 5, -1000, 14 * DAY, "");
	fails(lab, "serial", "serial 5 came with other octets", "somebody else signs");
	bring_document(lab, "corp", 500000, -1000, 14 * DAY, NULL);
	fails(lab, "serial", "jumps from 5 to 500000", "publisher");
}

static void what_did_not_arrive_is_not_read(void **state)
{
	struct lab *lab = *state;

	sg_walk_release(&walked);
	walked.feed = sg_strdup("corp");
	sg_walk_say(&walked, SG_WALK_NAME, SG_WALKED_OK, 1, NULL, "known");
	sg_walk_say(&walked, SG_WALK_TCP, SG_WALKED_FAILED, 1, "look", "shut");
	sg_walk_skip(&walked, SG_WALK_PROXY, SG_WALK_SIZE, "skipped");
	fails(lab, "tcp", "shut", "look");
}

/* Whoever may read may ask, many at once: what it costs the lane that protects must not grow with them. */
static void all_who_share_a_walk_share_one_reading(void **state)
{
	struct lab *lab = *state;

	bring_document(lab, "corp", 5, -1000, 14 * DAY, NULL);
	ask(lab);
	is("serial", "ok", "in force here");
	sg_buf_set(&walked.fetched.octets, "it would not be read again", 26);
	ask(lab);
	is("parse", "ok", "1 mitigation");
	is("serial", "ok", "in force here");
}

static void without_walks_there_is_no_path(void **state)
{
	struct lab *lab = *state;
	struct sg_val *plain = NULL;

	assert_int_equal(lab_ask(lab, &plain, "doctor", NULL), 0);
	assert_int_equal(sg_val_get(plain, "path")->n, 0);
	sg_val_free(plain);
}

#define T(f) cmocka_unit_test_setup_teardown(f, up, down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_document_in_force_is_well_and_every_step_is_there),
		T(the_doctor_takes_nothing_in),
		T(what_is_no_feed_fails_at_parse),
		T(a_signature_that_does_not_hold_fails_there),
		T(times_that_are_over_or_to_come_fail_there),
		T(serials_that_go_down_or_come_twice_fail_there),
		T(what_did_not_arrive_is_not_read),
		T(all_who_share_a_walk_share_one_reading),
		T(without_walks_there_is_no_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
