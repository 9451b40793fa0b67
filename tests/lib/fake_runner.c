#include "tests/lib/fake_runner.h"

#include "base/text.h"
#include "tests/lib/hive_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct fake_runner *fake_runner_new(void)
{
	void *p = mmap(
	        NULL, sizeof(struct fake_runner), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		abort();
	return p;
}

void fake_runner_free(struct fake_runner *f)
{
	munmap(f, sizeof(*f));
}

void fake_runner_add(
        struct fake_runner *f, enum sg_hook_kind kind, const char *name, bool runs, const char *needs)
{
	struct fake_thing *t = &f->things[f->n++];

	t->kind = kind;
	snprintf(t->name, sizeof(t->name), "%s", name);
	snprintf(t->needs, sizeof(t->needs), "%s", needs ? needs : "");
	t->runs = runs;
}

static struct fake_thing *find(struct fake_runner *f, enum sg_hook_kind kind, const char *name)
{
	for (size_t i = 0; i < f->n; i++)
		if ((!kind || f->things[i].kind == kind) && sg_same(f->things[i].name, name) &&
		        !sg_same(f->gone, name))
			return &f->things[i];
	return NULL;
}

bool fake_runner_runs(const struct fake_runner *f, const char *name)
{
	for (size_t i = 0; i < f->n; i++)
		if (!strcmp(f->things[i].name, name))
			return f->things[i].runs;
	return false;
}

void fake_runner_set(struct fake_runner *f, const char *name, bool runs)
{
	find(f, SG_HOOK_NONE, name)->runs = runs;
}

void fake_runner_comes(struct fake_runner *f, const char *name)
{
	find(f, SG_HOOK_NONE, name)->comes = true;
}

/* Those that need it directly, each after those that need it. */
static void dependants(struct fake_runner *f, const char *name, struct sg_strs *ret)
{
	for (size_t i = 0; i < f->n; i++) {
		if (!f->things[i].runs || !sg_same(f->things[i].needs, name))
			continue;
		dependants(f, f->things[i].name, ret);
		if (!sg_strs_has(ret, f->things[i].name))
			sg_strs_add(ret, f->things[i].name);
	}
}

static int look(void *arg, enum sg_hook_kind kind, const char *name, enum sg_run_state *ret,
        struct sg_strs *ret_dependants, struct sg_err *err)
{
	struct fake_thing *t = find(arg, kind, name);

	if (!t)
		return sg_fail(err, SG_ENOENT, "there is no %s", name);
	*ret = t->runs ? SG_RUN_RUNNING : SG_RUN_STOPPED;
	if (t->runs && kind == SG_HOOK_SERVICE)
		dependants(arg, name, ret_dependants);
	return 0;
}

static int needs(void *arg, const char *service, struct sg_strs *ret, struct sg_err *err)
{
	(void)err;
	for (struct fake_thing *t = find(arg, SG_HOOK_SERVICE, service); t && t->needs[0];
	        t = find(arg, SG_HOOK_SERVICE, t->needs))
		if (!fake_runner_runs(arg, t->needs))
			sg_strs_add(ret, t->needs);
	return 0;
}

static int turn(struct fake_runner *f, const char *verb, enum sg_hook_kind kind, const char *name, bool on,
        struct sg_err *err)
{
	struct fake_thing *t = find(f, kind, name);
	size_t len = strlen(f->log);

	snprintf(f->log + len, sizeof(f->log) - len, "%s %s; ", verb, name);
	if (!t)
		return sg_fail(err, SG_ENOENT, "there is no %s", name);
	if (sg_same(f->fails, name))
		return sg_fail(err, SG_ETIMEOUT, "%s did not %s in time", name, verb);
	if (on && kind == SG_HOOK_SERVICE && f->hive_dir && t_start(f->hive_dir, name) == 4)
		return sg_fail(err, SG_EIO, "%s is disabled", name);
	for (size_t i = 0; i < f->n && !on; i++)
		if (f->things[i].runs && sg_same(f->things[i].needs, name))
			return sg_fail(err, SG_EIO, "%s runs and needs %s", f->things[i].name, name);
	if (on && t->needs[0] && !fake_runner_runs(f, t->needs)) {
		if (!find(f, kind, t->needs)->comes)
			return sg_fail(err, SG_EIO, "%s needs %s", name, t->needs);
		fake_runner_set(f, t->needs, true);
	}
	t->runs = on;
	if (++f->calls == f->dies_at)
		_exit(9);
	return 0;
}

static int stop(void *arg, enum sg_hook_kind kind, const char *name, int64_t timeout_ms, struct sg_err *err)
{
	(void)timeout_ms;
	return turn(arg, "stop", kind, name, false, err);
}

static int start(void *arg, enum sg_hook_kind kind, const char *name, int64_t timeout_ms, struct sg_err *err)
{
	(void)timeout_ms;
	return turn(arg, "start", kind, name, true, err);
}

void fake_runner_as(struct fake_runner *f, struct sg_runner *ret)
{
	*ret = (struct sg_runner){ .arg = f, .look = look, .needs = needs, .stop = stop, .start = start };
}
