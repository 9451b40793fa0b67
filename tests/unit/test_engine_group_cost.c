/* test_engine_group_cost.c - what a large group costs when it cannot be written, and when its members are looked at one by one: counted in files that are opened
 * and in operations that fail, not in time. */
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

enum { MANY = 60, HOUR = 3600 * 1000 };

static int setup(void **state)
{
	struct lab *lab = sg_alloc(sizeof(*lab));

	lab_make(lab);
	lab->journal_size = 64 << 20;
	lab_open(lab);
	lab_configure(lab, NULL, NULL);
	*state = lab;
	return 0;
}

static void offer(struct lab *lab, uint64_t serial, const char *revision, const char *pattern)
{
	struct sg_buf all = { 0 };

	for (int i = 0; i < MANY; i++) {
		char id[16], *config;

		snprintf(id, sizeof(id), "M%d", i);
		config = lab_config(id, revision, "/", "yes", pattern, NULL);
		sg_buf_str(&all, config);
		free(config);
	}
	lab_offer(lab, "corp", serial, (const char *)all.data);
	sg_buf_release(&all);
}

static size_t with_state(struct lab *lab, const char *state)
{
	size_t n = 0;

	for (int i = 0; i < MANY; i++) {
		char id[16];

		snprintf(id, sizeof(id), "M%d", i);
		n += strcmp(lab_state(lab, id), state) == 0;
	}
	return n;
}

/* Nothing can be created beside the site's web.config, whoever asks; or it can again. */
static bool shut(struct lab *lab, bool on)
{
	char *native = t_drive_native(lab->drive, T_WWWROOT), *command;
	bool done;

	*strrchr(native, '/') = '\0';
	command = sg_format("chattr %ci '%s' 2>/dev/null", on ? '+' : '-', native);
	done = geteuid() ? chmod(native, on ? 0500 : 0700) == 0 : system(command) == 0;
	free(command);
	free(native);
	return done;
}

/* How often files of the folder were opened since. */
static int watch(struct lab *lab, const char *win)
{
	char *native = t_drive_native(lab->drive, win);
	int fd = inotify_init1(IN_NONBLOCK);

	assert_true(fd >= 0);
	assert_true(inotify_add_watch(fd, native, IN_OPEN | IN_CLOSE_NOWRITE) >= 0);
	free(native);
	return fd;
}

static int opened(int fd)
{
	_Alignas(struct inotify_event) char octets[65536];
	ssize_t len;
	int n = 0;

	while ((len = read(fd, octets, sizeof(octets))) > 0)
		for (ssize_t at = 0; at < len;) {
			const struct inotify_event *event = (const struct inotify_event *)(octets + at);

			assert_false(event->mask & IN_Q_OVERFLOW);
			at += (ssize_t)(sizeof(*event) + event->len);
			n += (event->mask & IN_OPEN) !=
			     0; /* alike events in a row are one: a close is between them */
		}
	return n;
}

/* The file of another application is read for each plan, and each plan is for all: not once for each member. */
static void a_group_that_cannot_be_written_is_looked_at_as_a_whole(void **state)
{
	struct lab *lab = *state;
	int fd, apply, supersede;

	if (!shut(lab, true))
		skip();
	offer(lab, 1, "1", "evil");
	fd = watch(lab, T_ECP);
	lab_run(lab);
	apply = opened(fd);
	assert_int_equal(with_state(lab, "applied/applied"), 0);
	assert_true(shut(lab, false));
	lab_later(lab, HOUR);
	assert_int_equal(with_state(lab, "applied/applied"), MANY);
	assert_true(shut(lab, true));
	offer(lab, 2, "2", "wicked");
	opened(fd);
	lab_run(lab);
	supersede = opened(fd);
	print_message("%d members: a file opened %d times when they go in, %d times when newer ones do\n",
	        MANY, apply, supersede);
	assert_int_equal(with_state(lab, "applied/newer-failed"), MANY);
	assert_in_range(apply, 1, 5 * MANY);     /* 381 while each member had files of its own */
	assert_in_range(supersede, 1, 2 * MANY); /* 261 then */
	assert_true(shut(lab, false));
	lab_later(lab, HOUR);
	assert_int_equal(with_state(lab, "applied/applied"), MANY);
	assert_false(t_drive_has(lab->drive, T_WWWROOT, "evil"));
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		        a_group_that_cannot_be_written_is_looked_at_as_a_whole, setup, lab_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
