/* test_config_apart.c - configuration that workers read: the same as without them; and workers that crash, hang, lie or cannot be started. */
#include "actions/apart_parts.h"
#include "actions/config_internal.h"

#include "base/os.h"
#include "base/pack.h"
#include "base/text.h"
#include "tests/lib/step_lab.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <cmocka.h>

#define NAME "C:\\x\\web.config"
#define GOOD "<configuration><a x=\"1\" /></configuration>"
/* What only libxml2 refuses. */
#define TWICE "<configuration><a x=\"1\" x=\"2\" /><b /></configuration>"

/* --- real workers: the document says what becomes of them */

static volatile uint64_t spun;

static bool has(struct sg_bytes s, const char *text)
{
	size_t n = strlen(text);

	for (size_t i = 0; i + n <= s.len; i++)
		if (memcmp(s.data + i, text, n) == 0)
			return true;
	return false;
}

static int hostile(struct sg_bytes request, struct sg_buf *ret)
{
	if (has(request, "CRASH-THE-READER"))
		__builtin_trap();
	do
		spun++;
	while (has(request, "SPIN-THE-READER"));
	return has(request, "GIVE-UP") ? -1 : sg_cfg_job(request, ret);
}

static const struct sg_worker_job real[] = {
	{ .name = SG_JOB_CONFIG, .prepare = sg_cfg_job_prepare, .run = hostile },
	{ 0 },
};

/* --- workers in this process, which are counted, and lie when they are told to */

static int asked;
static enum lie { NONE, AGREES, FATAL, OTHER_CODE, NO_MAP, NO_MESSAGE, RUDE, LONG } lie;

static int lying(struct sg_bytes request, struct sg_buf *ret)
{
	struct sg_val *v = sg_val_map();
	struct sg_buf text = { 0 };

	asked++;
	if (lie == NONE || lie == NO_MESSAGE || lie == NO_MAP) {
		sg_val_free(v);
		if (lie == NO_MESSAGE)
			sg_buf_str(ret, "\xc1not a message");
		v = sg_val_array();
		if (lie == NO_MAP)
			sg_pack(v, ret);
		sg_val_free(v);
		return lie == NONE ? sg_cfg_job(request, ret) : 0;
	}
	for (int i = 0; lie == LONG && i < 2000; i++)
		sg_buf_str(&text, "\xc3\xa4");
	sg_val_set_int(v, "code",
	        lie == AGREES       ? 0
	        : lie == FATAL      ? SG_EFATAL
	        : lie == OTHER_CODE ? 77
	                            : SG_EPARSE);
	sg_val_set_str(v, "text",
	        lie == LONG   ? (const char *)text.data
	        : lie == RUDE ? ": \x1b[2Jred\nline"
	                      : ": lied");
	sg_pack(v, ret);
	sg_val_free(v);
	sg_buf_release(&text);
	return 0;
}

static const struct sg_worker_job liars[] = {
	{ .name = SG_JOB_CONFIG, .prepare = sg_cfg_job_prepare, .run = lying },
	{ 0 },
};

static int setup_real(void **state)
{
	(void)state;
	sg_cfg_forget();
	sg_worker_begin(0, NULL, real);
	return 0;
}

static int setup_liars(void **state)
{
	(void)state;
	sg_cfg_forget();
	sg_worker_in_process(liars);
	lie = NONE;
	asked = 0;
	return 0;
}

static int scan(const char *octets, const char *name, struct sg_err *err)
{
	struct sg_cfg cfg = { 0 };
	int r = sg_cfg_scan(sg_bytes_of(octets), name, &cfg, err);

	sg_cfg_release(&cfg);
	return r;
}

static void refused(const char *octets, int code, const char *says)
{
	struct sg_err err = SG_ERR_INIT;
	int r = scan(octets, NAME, &err);

	if (r != code || strncmp(err.msg, NAME, sizeof NAME - 1) != 0 || !strstr(err.msg, says))
		fail_msg("%d \"%s\", expected %d \"%s\"", r, err.msg, code, says);
}

/* --- */

static void workers_say_what_this_process_would_have_said(void **state)
{
	static const char *const documents[] = { GOOD, TWICE, "<a/>", "<a>", "", "<a></b>", "<a><b></a></b>",
		"<a b='&lt;&#10;'>\xc3\xa4&amp;</a>", "<a b='&c;'/>", "<a>&c;</a>", "<p:a/>",
		"<a><!-- -- --></a>", "<a><?xml version='1.0'?></a>", "<a>]]></a>", "<!DOCTYPE a><a/>",
		"<a b='<'/>", "<a\x01/>", "<a>\x01</a>",
		"<?xml version='1.0' encoding='utf-8'?>\r\n<a xmlns:p='q'><p:b p:c='d'/></a>\r\n",
		"<a>\xff</a>", "<a xmlns:p=''/>", "<a xmlns:p='q' xmlns:r='q' p:x='' r:x=''/>" };
	size_t good = 0;

	(void)state;
	for (size_t i = 0; i < sizeof documents / sizeof *documents; i++) {
		struct sg_err here = SG_ERR_INIT, there = SG_ERR_INIT;
		struct sg_cfg cfg = { 0 };
		int r = sg_cfg_first(sg_bytes_of(documents[i]), NAME, &cfg, &here), apart;

		if (!r)
			r = sg_cfg_sax(&cfg, NAME, &here);
		sg_cfg_release(&cfg);
		good += r == 0;
		apart = scan(documents[i], NAME, &there);
		assert_int_equal(apart, r);
		assert_string_equal(there.msg, here.msg);
	}
	assert_in_range(good, 4, 6);
}

static void a_file_that_kills_its_reader_is_refused(void **state)
{
	struct sg_hash hash = sg_sha256(sg_bytes_of("<a>CRASH-THE-READER</a>"));
	struct sg_cfg_said said;
	struct sg_clock now = { 0 };

	(void)state;
	refused("<a>CRASH-THE-READER</a>", SG_EIO, "died of ");
	refused("<a>GIVE-UP</a>", SG_EIO, "gave up");
	assert_int_equal(scan(GOOD, NAME, NULL), 0);
	/* for a minute it counts as read */
	sg_os_clock(&now);
	assert_true(sg_cfg_remembered(&hash, now.mono + SG_MINUTE / 2, &said));
	assert_false(sg_cfg_remembered(&hash, now.mono + SG_MINUTE + 1, &said));
}

static void a_file_that_hangs_its_reader_costs_that_time_once(void **state)
{
	struct sg_clock before = { 0 }, once = { 0 }, twice = { 0 };

	(void)state;
	sg_os_clock(&before);
	refused("<a>SPIN-THE-READER</a>", SG_EIO, "10000 ms");
	sg_os_clock(&once);
	refused("<a>SPIN-THE-READER</a>", SG_EIO, "10000 ms");
	sg_os_clock(&twice);
	assert_in_range(once.mono - before.mono, SG_ACTION_WORKER_MS, SG_ACTION_WORKER_MS + 5000);
	assert_in_range(twice.mono - once.mono, 0, 1000);
}

static void without_a_worker_nothing_is_read_and_nothing_remembered(void **state)
{
	struct rlimit before, none;

	(void)state;
	getrlimit(RLIMIT_NOFILE, &before);
	none = (struct rlimit){ .rlim_cur = 3, .rlim_max = before.rlim_max };
	setrlimit(RLIMIT_NOFILE, &none);
	refused(GOOD, SG_EIO, "no channel to a worker");
	setrlimit(RLIMIT_NOFILE, &before);
	assert_int_equal(scan(GOOD, NAME, NULL), 0);
	sg_cfg_forget();
	sg_worker_begin(0, NULL, NULL);
	refused(GOOD, SG_EIO, "no worker");
	sg_worker_begin(0, NULL, real);
	assert_int_equal(scan(GOOD, NAME, NULL), 0);
}

static void what_was_agreed_on_is_asked_once(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++)
		assert_int_equal(scan(GOOD, NAME, NULL), 0);
	assert_int_equal(asked, 1);
	for (int i = 0; i < 3; i++)
		refused(TWICE, SG_EPARSE, ":1: column");
	assert_int_equal(asked, 2);
	/* the octets count, and each file has its own name */
	struct sg_err err = SG_ERR_INIT;
	assert_int_equal(scan(TWICE, "other", &err), SG_EPARSE);
	assert_int_equal(strncmp(err.msg, "other:1: column", 15), 0);
	assert_int_equal(asked, 2);
	/* our own reader refuses by itself: prescan and tokenizer need nobody */
	refused("<!DOCTYPE a><a/>", SG_EUNSUPPORTED, "");
	refused("<a>", SG_EPARSE, "");
	assert_int_equal(asked, 2);
}

static void a_lie_is_a_refusal_that_stops_nothing(void **state)
{
	static const struct {
		enum lie lie;
		int code;
		const char *says;
	} lies[] = {
		{ FATAL, SG_EIO, "lied" },
		{ OTHER_CODE, SG_EIO, "lied" },
		{ NO_MAP, SG_EIO, "something else" },
		{ NO_MESSAGE, SG_EIO, "" },
		{ RUDE, SG_EPARSE, "\\x1b[2Jred\\x0aline" },
		{ LONG, SG_EPARSE, "\xc3\xa4" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
		struct sg_err err = SG_ERR_INIT;

		sg_cfg_forget();
		lie = lies[i].lie;
		refused(GOOD, lies[i].code, lies[i].says);
		scan(GOOD, NAME, &err);
		assert_true(sg_utf8_valid(sg_bytes_of(err.msg)));
		assert_in_range(strlen(err.msg), sizeof NAME, 400);
	}
}

/* A worker that agrees with everything: libxml2 would refuse the file, and yet nothing but the value changes. */
static void a_worker_that_agrees_with_everything_changes_no_octet_elsewhere(void **state)
{
	const struct sg_addr addr = { SG_VALUE_ATTRIBUTE, (char *)(uintptr_t)NAME,
		(char *)(uintptr_t) "/configuration/b/@y" };
	struct sg_content to = { .present = true };
	struct sg_buf octets = { 0 };
	enum sg_edit_result result = SG_EDIT_ALREADY;
	struct sg_err err = SG_ERR_INIT;

	(void)state;
	sg_buf_str(&octets, TWICE);
	sg_buf_str(&to.octets, "new");
	assert_int_equal(
	        sg_cfg_referee(sg_bytes_of(TWICE), sg_bytes_of(TWICE), NAME, NULL, 0, &err), SG_EPARSE);
	sg_cfg_forget();
	lie = AGREES;
	assert_int_equal(sg_cfg_set(&octets, NAME, &addr, &to, NULL, &result, NULL), 0);
	assert_int_equal(result, SG_EDIT_DONE);
	assert_string_equal((const char *)octets.data,
	        "<configuration><a x=\"1\" x=\"2\" /><b y=\"new\" /></configuration>");
	assert_int_equal(sg_cfg_referee(sg_bytes_of(TWICE), sg_buf_bytes(&octets), NAME, &addr, 1, NULL), 0);
	sg_buf_str(&octets, "<!-- and this -->");
	sg_err_clear(&err);
	assert_int_equal(sg_cfg_referee(sg_bytes_of(TWICE), sg_buf_bytes(&octets), NAME, &addr, 1, &err),
	        SG_ECONFLICT);
	/* what our own reader cannot follow is refused, whatever anybody says */
	sg_err_clear(&err);
	assert_int_equal(scan("<configuration><a></configuration>", NAME, &err), SG_EPARSE);
	sg_content_release(&to);
	sg_buf_release(&octets);
}

static void a_plan_of_many_values_asks_twice_per_file(void **state)
{
	enum { MANY = 240 };
	struct t_step *f = *state;
	struct sg_step_plan plan;

	t_step_want(f, SG_VALUE_SCAFFOLD, T_WWWROOT, "/configuration", NULL);
	t_step_want(f, SG_VALUE_SCAFFOLD, T_WWWROOT, "/configuration/system.webServer", NULL);
	t_step_want(f, SG_VALUE_SCAFFOLD, T_WWWROOT, REWRITE, NULL);
	t_step_want(f, SG_VALUE_SCAFFOLD, T_WWWROOT, REWRITE "/rules", NULL);
	for (int i = 0; i < MANY; i++) {
		char *path = sg_format(REWRITE "/rules/rule[@name='r%d']", i);
		char *rule = sg_format("<rule name=\"r%d\"><match url=\"x\" /></rule>", i);

		t_step_want(f, SG_VALUE_ELEMENT, T_WWWROOT, path, rule);
		free(path);
		free(rule);
	}
	t_step_take_before(f);
	assert_int_equal(asked, 1);
	assert_int_equal(t_step_plan(f, false, &plan), 0);
	assert_int_equal(asked, 2);
	assert_int_equal(t_step_write(f, &plan), 0);
	sg_step_plan_release(&plan);
	/* what was just written is known, and so is what comes back */
	t_step_turn(f);
	t_step_go(f, false);
	assert_int_equal(asked, 2);
	assert_true(t_drive_same(f->dir, f->before));
}

static void a_file_that_only_our_reader_accepts_is_not_planned(void **state)
{
	struct t_step *f = *state;
	struct sg_step_plan plan;

	t_step_want_rule(f, T_WWWROOT, "/configuration");
	t_step_take_before(f);
	sg_cfg_forget();
	lie = FATAL;
	assert_int_equal(t_step_plan(f, false, &plan), SG_EIO);
	t_step_says(f, T_WWWROOT);
	sg_cfg_forget();
	lie = NONE; /* the file as it is read is good; what it will be is not believed */
	assert_int_equal(sg_step_look(&f->drives, &f->moves, (struct sg_seen_value[8]){ { 0 } }, NULL), 0);
	lie = NO_MESSAGE;
	assert_int_equal(t_step_plan(f, false, &plan), SG_EIO);
	t_step_says(f, T_WWWROOT);
	assert_true(t_drive_same(f->dir, f->before));
	lie = NONE;
}

static void memory_is_bounded_and_forgets_the_oldest_of_a_set(void **state)
{
	struct sg_cfg_said said = { .code = SG_EPARSE, .text = ": bad" }, got = { 0 };
	struct sg_hash h = { { 1, 2 } };

	(void)state;
	assert_false(sg_cfg_remembered(&h, 0, &got));
	for (unsigned char i = 0; i < 20; i++) {
		h.b[31] = i;
		sg_cfg_remember(&h, &said);
		sg_cfg_remember(&h, &said); /* known: nobody else goes */
	}
	for (unsigned char i = 0; i < 20; i++) {
		h.b[31] = i;
		assert_int_equal(sg_cfg_remembered(&h, 0, &got), i >= 12);
	}
	assert_int_equal(got.code, SG_EPARSE);
	assert_string_equal(got.text, ": bad");
	said = (struct sg_cfg_said){ .code = SG_EIO, .until = 100 };
	sg_cfg_remember(&h, &said);
	assert_true(sg_cfg_remembered(&h, 99, &got));
	assert_int_equal(got.code, SG_EIO);
	assert_false(sg_cfg_remembered(&h, 100, &got));
	said = (struct sg_cfg_said){ 0 };
	sg_cfg_remember(&h, &said);
	assert_true(sg_cfg_remembered(&h, INT64_MAX, &got));
	assert_int_equal(got.code, 0);
}

static void a_worker_costs_milliseconds(void **state)
{
	enum { TIMES = 20 };
	static const size_t kids[] = { 10, 5000 };

	(void)state;
	for (size_t k = 0; k < sizeof kids / sizeof *kids; k++) {
		struct sg_clock at[4] = { { 0 }, { 0 }, { 0 }, { 0 } };
		struct sg_buf doc = { 0 };

		sg_buf_str(&doc, "<configuration>");
		for (size_t i = 0; i < kids[k]; i++)
			sg_buf_str(&doc, "\r\n  <add key=\"some name\" value=\"and its value\" />");
		sg_buf_str(&doc, "\r\n</configuration>");
		sg_os_clock(&at[0]);
		for (int i = 0; i < TIMES; i++) {
			sg_cfg_forget();
			assert_int_equal(scan((const char *)doc.data, NAME, NULL), 0);
		}
		sg_os_clock(&at[1]);
		for (int i = 0; i < TIMES; i++)
			assert_int_equal(scan((const char *)doc.data, NAME, NULL), 0);
		sg_os_clock(&at[2]);
		for (int i = 0; i < TIMES; i++) {
			struct sg_cfg cfg = { 0 };

			assert_int_equal(sg_cfg_first(sg_buf_bytes(&doc), NAME, &cfg, NULL), 0);
			assert_int_equal(sg_cfg_sax(&cfg, NAME, NULL), 0);
			sg_cfg_release(&cfg);
		}
		sg_os_clock(&at[3]);
		print_message(
		        "%zu octets: %.2f ms by a worker, %.2f ms when known, %.2f ms in this process\n",
		        doc.len, (double)(at[1].mono - at[0].mono) / TIMES,
		        (double)(at[2].mono - at[1].mono) / TIMES, (double)(at[3].mono - at[2].mono) / TIMES);
		assert_true((at[1].mono - at[0].mono) / TIMES < 2000);
		sg_buf_release(&doc);
	}
}

static int setup_steps(void **state)
{
	return setup_liars(state) || t_step_setup(state);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(workers_say_what_this_process_would_have_said, setup_real),
		cmocka_unit_test_setup(a_file_that_kills_its_reader_is_refused, setup_real),
		cmocka_unit_test_setup(a_file_that_hangs_its_reader_costs_that_time_once, setup_real),
		cmocka_unit_test_setup(without_a_worker_nothing_is_read_and_nothing_remembered, setup_real),
		cmocka_unit_test_setup(what_was_agreed_on_is_asked_once, setup_liars),
		cmocka_unit_test_setup(a_lie_is_a_refusal_that_stops_nothing, setup_liars),
		cmocka_unit_test_setup(
		        a_worker_that_agrees_with_everything_changes_no_octet_elsewhere, setup_liars),
		cmocka_unit_test_setup_teardown(
		        a_plan_of_many_values_asks_twice_per_file, setup_steps, t_step_teardown),
		cmocka_unit_test_setup_teardown(
		        a_file_that_only_our_reader_accepts_is_not_planned, setup_steps, t_step_teardown),
		cmocka_unit_test_setup(memory_is_bounded_and_forgets_the_oldest_of_a_set, setup_liars),
		cmocka_unit_test_setup(a_worker_costs_milliseconds, setup_real),
	};

	sg_worker_begin(argc, argv, real);
	sg_actions_apart();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
