/* watch_stage.h - for tests of daemon/watch.c: a small drive, a real loop, and what was told. Included by the tests of it, each of which is a program. */
#ifndef SG_TESTS_LIB_WATCH_STAGE_H
#define SG_TESTS_LIB_WATCH_STAGE_H

#include "base/os.h"
#include "daemon/watch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

struct stage {
	char dir[64];
	uv_loop_t loop;
	struct sg_watch *watch;
	struct sg_strs paths, roots;
	int told; /* times */
	int limited;
	struct sg_strs last; /* what was told, all of it since last asked */
	int64_t at;          /* when it was told last */
};

static inline int64_t now(struct stage *s)
{
	uv_update_time(&s->loop);
	return (int64_t)uv_now(&s->loop);
}

static inline void on_changed(void *arg, const struct sg_strs *paths)
{
	struct stage *s = arg;

	s->told++;
	s->at = now(s);
	for (size_t i = 0; i < paths->n; i++)
		sg_strs_add(&s->last, paths->at[i]);
}

static inline void on_limited(void *arg, const char *why)
{
	struct stage *s = arg;

	assert_non_null(why);
	s->limited++;
}

static inline char *path_of(struct stage *s, const char *name)
{
	return sg_format("%s/%s", s->dir, name);
}

static inline void make(struct stage *s, const char *folder)
{
	char *path = path_of(s, folder);
	struct sg_err err = SG_ERR_INIT;

	assert_int_equal(sg_os_mkdirs(path, &err), 0);
	free(path);
}

static inline void put(struct stage *s, const char *name, const char *text)
{
	char *path = path_of(s, name);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	free(path);
}

static inline void move(struct stage *s, const char *from, const char *to)
{
	char *a = path_of(s, from), *b = path_of(s, to);

	assert_int_equal(rename(a, b), 0);
	free(a);
	free(b);
}

static inline void replace(struct stage *s, const char *name, const char *text)
{
	put(s, "new.tmp", text);
	move(s, "new.tmp", name);
}

static inline void take(struct stage *s, const char *name)
{
	char *path = path_of(s, name);

	assert_int_equal(remove(path), 0);
	free(path);
}

static inline int set_up(void **state)
{
	struct stage *s = sg_alloc(sizeof *s);

	strcpy(s->dir, "/tmp/stopgap-watch-XXXXXX");
	assert_non_null(mkdtemp(s->dir));
	make(s, "inetpub/wwwroot/app");
	make(s, "Windows/config");
	put(s, "inetpub/wwwroot/web.config", "1");
	put(s, "Windows/config/applicationHost.config", "1");
	assert_int_equal(uv_loop_init(&s->loop), 0);
	s->watch = sg_watch_new(&(struct sg_watch_options){
	        .loop = &s->loop, .changed = on_changed, .limited = on_limited, .arg = s });
	sg_strs_add(&s->roots, s->dir);
	*state = s;
	return 0;
}

static inline int tear_down(void **state)
{
	struct stage *s = *state;

	sg_watch_stop(s->watch);
	uv_run(&s->loop, UV_RUN_DEFAULT);
	assert_true(sg_watch_stopped(s->watch));
	assert_int_equal(uv_loop_close(&s->loop), 0);
	sg_watch_free(s->watch);
	sg_strs_release(&s->paths);
	sg_strs_release(&s->roots);
	sg_strs_release(&s->last);
	sg_os_remove_tree(s->dir, NULL);
	free(s);
	return 0;
}

static inline void stop_running(uv_timer_t *timer)
{
	uv_stop(timer->loop);
}

static inline void ignore_close(uv_handle_t *handle)
{
	(void)handle;
}

/* Runs the loop for that long, or until something was told when `told` is true. */
static inline void run(struct stage *s, int64_t ms, bool told)
{
	int before = s->told;
	int64_t end = now(s) + ms;

	while (now(s) < end && !(told && s->told != before)) {
		uv_timer_t timer;

		uv_timer_init(&s->loop, &timer);
		uv_timer_start(&timer, stop_running, told ? 10 : (uint64_t)(end - now(s)), 0);
		uv_run(&s->loop, UV_RUN_DEFAULT);
		uv_close((uv_handle_t *)&timer, ignore_close);
		uv_run(&s->loop, UV_RUN_NOWAIT);
	}
}

static inline void forget(struct stage *s)
{
	s->told = 0;
	sg_strs_release(&s->last);
}

static inline bool told(struct stage *s, const char *name)
{
	char *path = path_of(s, name);
	bool has = sg_strs_has(&s->last, path);

	free(path);
	return has;
}

/* Watches these files, ended by NULL, and waits until that is told and done. */
static inline void watch(struct stage *s, int off, ...)
{
	const char *name;
	va_list ap;

	sg_strs_release(&s->paths);
	va_start(ap, off);
	while ((name = va_arg(ap, const char *))) {
		char *path = path_of(s, name);

		sg_strs_add(&s->paths, path);
		free(path);
	}
	va_end(ap);
	sg_watch_update(s->watch, &s->paths, &s->roots, off != 0);
	run(s, 5000, true);
	run(s, 300, false);
	forget(s);
}

#define BOTH "inetpub/wwwroot/web.config", "Windows/config/applicationHost.config"

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

#endif
