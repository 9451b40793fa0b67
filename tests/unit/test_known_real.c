/* test_known_real.c - the known mitigations against real requests and Exchange's own files, where they are at hand (STOPGAP_DATA, or ../shared/data
 * beside the sources). Skips by name without them. */
#include "tests/lib/engine_lab.h"
#include "tests/lib/known_feed.h"
#include "tests/lib/real_files.h"

#include "actions/action.h"
#include "base/os.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { COLUMNS = 4 }; /* label, method, url, headers; the source is nothing to a test */

/* A server that needs all of them, with these files of the collection in place of the drive's own; NULL: the drive's. */
static bool open_server(struct lab *lab, const char *apphost, const char *root, const char *owa)
{
	const char *files[][2] = { { apphost, T_APPHOST }, { root, T_WWWROOT }, { owa, T_OWA } };
	struct sg_buf octets = { 0 };
	bool there = true;

	lab_make(lab);
	t_pe(15, 1, 2176, 2, &octets);
	t_drive_write(lab->drive, T_EXSETUP, sg_buf_bytes(&octets));
	for (size_t i = 0; there && i < sizeof files / sizeof *files; i++) {
		sg_buf_clear(&octets);
		there = !files[i][0] || t_real_read(files[i][0], &octets);
		if (there && files[i][0])
			t_drive_write(lab->drive, files[i][1], sg_buf_bytes(&octets));
	}
	sg_buf_release(&octets);
	lab_open(lab);
	lab_configure(lab, NULL, "<feed name=\"" KNOWN_FEED "\" url=\"https://feed.example/known.xml\"/>");
	return there;
}

static void offer_all(struct lab *lab)
{
	char *configs = known_configs(KNOWN_NEWEST);

	lab_offer(lab, KNOWN_FEED, 1, configs);
	lab_run(lab);
	free(configs);
}

/* --- requests */

/* Which of them refuses requests of that label; NULL: none of ours is about it. */
static const char *refuser(const char *label, const char *headers)
{
	static const char *const labels[][2] = { { "CVE-2021-26855", "EXK-2021-26855" },
		{ "CVE-2021-27065", "EXK-2021-26855" }, { "CVE-2021-34523", "EXK-2022-41040" },
		{ "CVE-2022-41040", "EXK-2022-41040" }, { "CVE-2022-41040-bypass1", "EXK-2022-41040" },
		{ "CVE-2022-41040-bypass2", "EXK-2022-41040" } };

	for (size_t i = 0; i < sizeof labels / sizeof *labels; i++) {
		if (strcmp(label, labels[i][0]) == 0)
			return strncmp(label, "CVE-2021-2", 10) == 0 && !strstr(headers, "X-") ? NULL
			                                                                       : labels[i][1];
	}
	return NULL;
}

/* One test of the mitigation's in place of its own, over the files as they are. */
static void passes(struct lab *lab, const struct sg_host *host, struct sg_mitigation *m,
        enum sg_test_kind kind, char *const *column)
{
	struct sg_test_header header = { 0 }, *own_headers = NULL;
	struct sg_test one = { .kind = kind, .method = column[1], .uri = column[2] }, *tests = m->tests;
	size_t n = m->n_tests;
	struct sg_proof proof = { 0 };
	struct sg_err err = SG_ERR_INIT;
	char *colon = strstr(column[3], ": ");

	if (colon) {
		header.name = sg_strndup(column[3], (size_t)(colon - column[3]));
		header.value = colon + 2;
		own_headers = &header;
	}
	one.headers = own_headers;
	one.n_headers = own_headers ? 1 : 0;
	m->tests = &one;
	m->n_tests = 1;
	if (sg_actions_prove(m, host, &lab->drives, &proof, &err))
		fail_msg("%s", err.msg);
	for (size_t i = 0; i < proof.n; i++) {
		if (!proof.at[i].passed)
			fail_msg("%s: %s %s [%s]: %s", m->id, column[0], column[2], column[3],
			        proof.at[i].text);
	}
	assert_true(proof.n > 0);
	m->tests = tests;
	m->n_tests = n;
	free(header.name);
	sg_proof_release(&proof);
}

static void real_requests_are_refused_and_served(void **state)
{
	static const char *const ids[] = { "EXK-2022-41040", "EXK-2021-26855", "CORP-7" };
	size_t refused = 0, served = 0;
	struct sg_buf rows = { 0 };
	struct sg_host *host = NULL;
	struct sg_feed *feed;
	struct lab lab;
	char *save = NULL;

	(void)state;
	if (!t_real_read("requests.tsv", &rows))
		skip();
	open_server(&lab, NULL, NULL, NULL);
	offer_all(&lab);
	feed = known_decode(KNOWN_NEWEST);
	assert_int_equal(sg_host_read(&lab.drives, &host, NULL), 0);
	strtok_r((char *)rows.data, "\n", &save); /* the heading */
	for (char *row; (row = strtok_r(NULL, "\n", &save));) {
		char *column[COLUMNS], *at = row;

		for (int i = 0; i < COLUMNS; i++) {
			column[i] = at;
			at += strcspn(at, "\t\r");
			if (*at)
				*at++ = 0;
		}
		if (strcmp(column[0], "benign") == 0) {
			for (size_t i = 0; i < 2;
			        i++) /* the rules that are in; all of them see each request */
				passes(&lab, host, known_find(feed, ids[i]), SG_TEST_SERVE, column);
			served++;
		} else if (refuser(column[0], column[3])) {
			passes(&lab, host, known_find(feed, refuser(column[0], column[3])), SG_TEST_REFUSE,
			        column);
			refused++;
		}
	}
	if (refused < 12 || served < 15)
		fail_msg("only %zu requests were refused and %zu served", refused, served);
	print_message("%zu real requests refused, %zu served\n", refused, served);
	sg_host_free(host);
	sg_feed_free(feed);
	sg_buf_release(&rows);
	lab_free(&lab);
}

/* --- Exchange's own files */

static const char *const exchange_ids[] = { "EXK-2022-41040", "EXK-2026-42897", "EXK-2021-26855",
	"EXK-2021-26857", "EXK-2021-27065-ECP", "EXK-2021-27065-OAB" };
enum { IDS = sizeof exchange_ids / sizeof *exchange_ids };

static void in_and_out_of_exchanges_own_files(void **state)
{
	static const struct {
		const char *name, *apphost, *root, *owa;
		const char *verdicts; /* I in force, O in force by others; in the order of exchange_ids */
	} servers[] = {
		{ "E16", "iis/201/applicationHost.config", "iis/187/DefaultWebSite_web.config",
		        "iis/182/DefaultWebSite-OWA_web.config", "IIIIII" },
		{ "E19", "iis/229/applicationHost.config", "iis/216/DefaultWebSite_web2.config",
		        "iis/182/DefaultWebSite-OWA_web.config", "IIIIII" },
		{ "ExchangeSE", "iis/229/applicationHost.config", "iis/308/DefaultWebSite_web.config",
		        "iis/307/DefaultWebSite-OWA_web.config", "OOIIII" }, /* by hand, and EOMT's */
	};

	(void)state;
	for (size_t s = 0; s < sizeof servers / sizeof *servers; s++) {
		struct t_snapshot *before;
		struct lab lab;

		if (!open_server(&lab, servers[s].apphost, servers[s].root, servers[s].owa)) {
			lab_free(&lab);
			skip();
		}
		before = t_drive_snapshot(lab.drive);
		offer_all(&lab);
		for (size_t i = 0; i < IDS; i++) {
			const char *want = servers[s].verdicts[i] == 'I' ? "IN FORCE" : "IN FORCE BY OTHERS";

			if (strcmp(lab_field(&lab, exchange_ids[i], "verdict"), want) != 0)
				fail_msg("%s: %s is not %s: %s", servers[s].name, exchange_ids[i], want,
				        lab_field(&lab, exchange_ids[i], "text"));
		}
		for (size_t i = 0; i < IDS; i++)
			lab_do(&lab, "rollback", "id", exchange_ids[(i * 5 + s) % IDS], NULL);
		if (!t_drive_same(lab.drive, before))
			fail_msg("%s: something is left behind", servers[s].name);
		t_snapshot_free(before);
		lab_free(&lab);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(real_requests_are_refused_and_served),
		cmocka_unit_test(in_and_out_of_exchanges_own_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
