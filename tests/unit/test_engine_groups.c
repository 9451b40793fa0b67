/* test_engine_groups.c - ten mitigations that touch one file are one replace of it, in and out; and one that fails is not everybody's trouble. */
#define _GNU_SOURCE /* inotify */
#include "tests/lib/engine_lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

enum { TEN = 10 };

/* --- how often a file got another one in its place */

struct counter {
	int fd;
};

static void count_begin(struct lab *lab, struct counter *c, const char *win)
{
	char *native = t_drive_native(lab->drive, win);

	*strrchr(native, '/') = '\0';
	c->fd = inotify_init1(IN_NONBLOCK);
	assert_true(c->fd >= 0);
	assert_true(inotify_add_watch(c->fd, native, IN_MOVED_TO) >= 0);
	free(native);
}

static int count_end(struct counter *c)
{
	_Alignas(struct inotify_event) char octets[16384];
	ssize_t len = read(c->fd, octets, sizeof(octets));
	int n = 0;

	for (ssize_t at = 0; at < len;) {
		const struct inotify_event *event = (const struct inotify_event *)(octets + at);

		n++;
		at += (ssize_t)(sizeof(*event) + event->len);
	}
	close(c->fd);
	return n;
}

/* --- what the feed offers */

static char *many(const char *revision, const char *pattern, const char *extra)
{
	struct sg_buf all = { 0 };

	for (int i = 0; i < TEN; i++) {
		char id[16], *config;

		snprintf(id, sizeof(id), "M%d", i);
		config = lab_config(id, revision, "/", "yes", pattern, NULL);
		sg_buf_str(&all, config);
		free(config);
	}
	if (extra)
		sg_buf_str(&all, extra);
	return sg_buf_detach(&all);
}

static void offer(
        struct lab *lab, uint64_t serial, const char *revision, const char *pattern, const char *extra)
{
	char *configs = many(revision, pattern, extra);

	lab_offer(lab, "corp", serial, configs);
	free(configs);
}

static void assert_all(struct lab *lab, const char *state)
{
	for (int i = 0; i < TEN; i++) {
		char id[16];

		snprintf(id, sizeof(id), "M%d", i);
		assert_string_equal(lab_state(lab, id), state);
	}
}

static int setup(void **state)
{
	if (lab_set_up(state))
		return 1;
	lab_configure(*state, NULL, NULL);
	return 0;
}

static void apply_ten(struct lab *lab)
{
	offer(lab, 1, "1", "evil", NULL);
	lab_run(lab);
	assert_all(lab, "applied/applied");
}

/* An update's file: other octets, another identity, nothing of ours. */
static void update(struct lab *lab, const struct sg_buf *original)
{
	static int n;
	char *text = sg_format("<configuration><!-- update %d -->", ++n);

	t_drive_write(lab->drive, T_WWWROOT, sg_buf_bytes(original));
	t_drive_replace(lab->drive, T_WWWROOT, "<configuration>", text);
	sg_engine_touched(lab->engine, NULL);
	free(text);
}

static void ten_applies_are_one_replace(void **state)
{
	struct lab *lab = *state;
	struct counter c;

	count_begin(lab, &c, T_WWWROOT);
	apply_ten(lab);
	assert_int_equal(count_end(&c), 1);
}

static void ten_repairs_are_one_replace(void **state)
{
	struct lab *lab = *state;
	struct sg_buf original = { 0 };
	struct counter c;

	t_drive_read(lab->drive, T_WWWROOT, &original);
	apply_ten(lab);
	update(lab, &original);
	count_begin(lab, &c, T_WWWROOT);
	lab_run(lab);
	assert_int_equal(count_end(&c), 1);
	assert_all(lab, "applied/applied");
	assert_true(t_drive_has(lab->drive, T_WWWROOT, "stopgap M9 inbound"));
	sg_buf_release(&original);
}

static void ten_supersedes_are_one_replace(void **state)
{
	struct lab *lab = *state;
	struct counter c;

	apply_ten(lab);
	offer(lab, 2, "2", "wicked", NULL);
	count_begin(lab, &c, T_WWWROOT);
	lab_run(lab);
	assert_int_equal(count_end(&c), 1);
	assert_all(lab, "applied/applied");
	assert_false(t_drive_has(lab->drive, T_WWWROOT, "evil"));
	assert_string_equal(lab_field(lab, "M4", "revision"), "2");
}

static void ten_reverts_are_one_replace(void **state)
{
	struct lab *lab = *state;
	struct counter c;

	apply_ten(lab);
	count_begin(lab, &c, T_WWWROOT);
	lab_do(lab, "rollback", "all", "true", NULL);
	assert_int_equal(count_end(&c), 1);
	assert_all(lab, "reverted/by-admin");
	assert_true(lab_untouched(lab));
}

static void ten_withdrawals_are_one_replace(void **state)
{
	struct lab *lab = *state;
	struct sg_buf all = { 0 };
	struct counter c;

	apply_ten(lab);
	for (int i = 0; i < TEN; i++)
		sg_buf_fmt(&all,
		        "<Config id=\"M%d\" sg:withdrawn=\"2026-10-01T00:00:00Z\" sg:reason=\"Fixed.\" "
		        "desc=\"x\"/>",
		        i);
	lab_offer(lab, "corp", 2, (const char *)all.data);
	count_begin(lab, &c, T_WWWROOT);
	lab_run(lab);
	assert_int_equal(count_end(&c), 1);
	assert_all(lab, "reverted/withdrawn");
	assert_true(lab_untouched(lab));
	sg_buf_release(&all);
}

/* A name that somebody else has in a file below already. */
static void take_the_name(struct lab *lab, const char *name)
{
	char *text = sg_format("<location path=\"x\"><system.webServer><rewrite><rules><rule name=\"%s\">"
	                       "<match url=\"never\"/><action type=\"None\"/></rule></rules></rewrite>"
	                       "</system.webServer></location></configuration>",
	        name);

	t_drive_replace(lab->drive, T_OWA, "</configuration>", text);
	free(text);
}

static char *with_a_second_rule(const char *config)
{
	static const char end[] = "</rules>";
	const char *at = strstr(config, end);

	return sg_format("%.*s<rule name=\"stopgap X second\" stopProcessing=\"true\"><match url=\"^x$\"/>"
	                 "<action type=\"AbortRequest\"/></rule>%s",
	        (int)(at - config), config, at);
}

static void who_does_not_fit_is_left_out_and_the_rest_are_still_one_replace(void **state)
{
	struct lab *lab = *state;
	char *bad = lab_config("X", "1", "/", "yes", "evil", NULL);
	struct counter c;

	take_the_name(lab, "stopgap X inbound");
	count_begin(lab, &c, T_WWWROOT);
	offer(lab, 1, "1", "evil", bad);
	lab_run(lab);
	assert_int_equal(count_end(&c), 1);
	assert_all(lab, "applied/applied");
	assert_string_not_equal(lab_state(lab, "X"), "applied/applied");
	assert_non_null(strstr(lab_field(lab, "X", "text"), "stopgap X inbound"));
	free(bad);
}

static void a_newer_body_that_does_not_fit_leaves_the_other_nine_one_replace(void **state)
{
	struct lab *lab = *state;
	char *bad = lab_config("X", "1", "/", "yes", "evil", NULL), *worse;
	struct counter c;

	offer(lab, 1, "1", "evil", bad);
	lab_run(lab);
	assert_string_equal(lab_state(lab, "X"), "applied/applied");
	free(bad);
	/* the new body of X wants a second rule whose name is taken */
	worse = lab_config("X", "2", "/", "yes", "wicked", NULL);
	take_the_name(lab, "stopgap X second");
	bad = with_a_second_rule(worse);
	offer(lab, 2, "2", "wicked", bad);
	count_begin(lab, &c, T_WWWROOT);
	lab_run(lab);
	assert_int_equal(count_end(&c), 1);
	assert_all(lab, "applied/applied");
	assert_string_equal(lab_field(lab, "M9", "revision"), "2");
	assert_string_equal(lab_state(lab, "X"), "applied/newer-failed");
	assert_string_equal(lab_field(lab, "X", "revision"), "1");
	free(bad);
	free(worse);
}

static void a_file_that_cannot_be_written_keeps_back_only_those_that_need_it(void **state)
{
	struct lab *lab = *state;
	struct counter c;
	char *owa = lab_config("X", "1", "/owa", "no", "evil", NULL);
	char *native = t_drive_native(lab->drive, T_OWA);
	char *lock = sg_format("chattr +i '%s' 2>/dev/null", native);

	*strrchr(native, '/') = '\0';
	if (geteuid() == 0 && system(lock) != 0) {
		print_message("files cannot be made immutable here\n");
		free(lock);
		free(native);
		free(owa);
		skip();
	}
	assert_true(geteuid() == 0 || chmod(native, 0500) == 0);
	count_begin(lab, &c, T_WWWROOT);
	offer(lab, 1, "1", "evil", owa);
	lab_run(lab);
	assert_in_range(count_end(&c), 1, 3); /* tried with the other file, settled, and in */
	assert_all(lab, "applied/applied");
	assert_string_not_equal(lab_state(lab, "X"), "applied/applied");
	lock[7] = '-';
	assert_int_equal(geteuid() == 0 ? system(lock) : chmod(native, 0700), 0);
	free(lock);
	free(native);
	free(owa);
}

static void what_held_ten_may_vanish(void **state)
{
	struct lab *lab = *state;
	char *folder = t_drive_native(lab->drive, "C:\\inetpub"), *away = sg_format("%s.away", folder);

	apply_ten(lab);
	assert_int_equal(rename(folder, away), 0);
	sg_engine_touched(lab->engine, NULL);
	lab_run(lab);
	lab->now += 60 * 1000;
	lab_run(lab);
	for (int i = 0; i < TEN; i++) {
		char id[16];

		snprintf(id, sizeof(id), "M%d", i);
		assert_string_not_equal(lab_state(lab, id), "applied/applied");
	}
	assert_int_equal(rename(away, folder), 0);
	free(folder);
	free(away);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, lab_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(ten_applies_are_one_replace),
		T(ten_repairs_are_one_replace),
		T(ten_supersedes_are_one_replace),
		T(ten_reverts_are_one_replace),
		T(ten_withdrawals_are_one_replace),
		T(who_does_not_fit_is_left_out_and_the_rest_are_still_one_replace),
		T(what_held_ten_may_vanish),
		T(a_newer_body_that_does_not_fit_leaves_the_other_nine_one_replace),
		T(a_file_that_cannot_be_written_keeps_back_only_those_that_need_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
