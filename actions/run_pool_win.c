/* run_pool_win.c - application pools, through IIS's own appcmd.exe: asked for a state, told to stop, start and recycle.
 *
 * It is started by its full path in Windows's own folder, with one argument per thing said and no shell, and it ends with its time limit. What it prints
 * and its status are quoted when it fails, and whether a pool stopped is not believed but asked again.
 */
#include "actions/run_win.h"
#include "base/argv.h"
#include "base/os.h"
#include "base/spawn_win.h"
#include "base/text.h"

#include <windows.h>

#include <stdlib.h>
#include <string.h>

enum {
	MOST_OUTPUT = 64 * 1024 /* as much as sg_spawn_pipe()'s pipe */,
	ASK_MS = 60 * 1000,
	AGAIN_MS = 250,
	LAST_LOOK_MS = 5000
};

static int64_t now(void)
{
	return (int64_t)GetTickCount64();
}

/* Takes what the pipe has, and no more than a little over what it can hold: who prints without end is not listened to beyond the limit of his time. */
static void drain(HANDLE pipe, struct sg_buf *out)
{
	char part[4096];
	DWORD there = 0, n = 0;

	for (size_t took = 0; took < MOST_OUTPUT + sizeof part; took += n) {
		if (!PeekNamedPipe(pipe, NULL, 0, NULL, &there, NULL) || !there ||
		        !ReadFile(pipe, part, there < sizeof part ? there : (DWORD)sizeof part, &n, NULL))
			return;
		if (out->len < MOST_OUTPUT)
			sg_buf_add(out, part, n);
	}
}

/* Runs appcmd with these words to its end. */
static int appcmd(const char *const *words, size_t n, int64_t end, struct sg_buf *ret,
        unsigned long *ret_status, struct sg_err *err)
{
	wchar_t *program = sg_run_appcmd(), *folder = sg_spawn_system32();
	struct sg_spawn how = { .program = program, .folder = folder };
	struct sg_spawned p = { 0 };
	struct sg_buf line = { 0 };
	void *ours = NULL, *theirs = NULL;
	unsigned long e = 0;
	bool ended = false;
	int r;

	sg_argv_add(&line, "appcmd.exe");
	for (size_t i = 0; i < n; i++)
		sg_argv_add(&line, words[i]);
	how.line = (const char *)line.data;
	r = sg_spawn_pipe(false, &ours, &theirs, err);
	how.out = theirs;
	if (!r) {
		struct sg_err why = SG_ERR_INIT;

		r = sg_spawn(&how, &p, &e, &why);
		if (e == ERROR_FILE_NOT_FOUND || e == ERROR_PATH_NOT_FOUND)
			r = sg_fail(err, SG_EUNSUPPORTED,
			        "appcmd.exe is not in Windows's folder inetsrv: without it no application "
			        "pool can be "
			        "stopped or started");
		else if (r)
			sg_fail(err, r, "appcmd.exe: %s", why.msg);
		CloseHandle(theirs); /* so that the pipe ends with the program */
	}
	while (!r && !ended) {
		drain(ours, ret);
		ended = sg_spawn_wait(&p, 20, ret_status);
		if (!ended && now() >= end)
			r = sg_fail(err, SG_ETIMEOUT, "appcmd.exe did not end in time and was ended (%s)",
			        (const char *)line.data);
	}
	if (!r)
		drain(ours, ret);
	sg_buf_add(ret, NULL, 0);
	sg_spawn_end(&p);
	if (ours)
		CloseHandle(ours);
	sg_buf_release(&line);
	free(folder);
	free(program);
	return r;
}

/* Its first line, for a message. */
static int quote(const struct sg_buf *out, unsigned long status, const char *name, struct sg_err *err)
{
	size_t len = 0;

	while (len < out->len && len < 300 && out->data[len] >= ' ')
		len++;
	return sg_fail(err, SG_EIO, "appcmd.exe failed for the application pool %s (status %lu): %.*s", name,
	        status, (int)len, out->data ? (const char *)out->data : "");
}

static int look_until(const char *name, int64_t end, enum sg_run_state *ret, struct sg_err *err)
{
	char *which = sg_format("/apppool.name:%s", name);
	const char *const words[] = { "list", "apppool", which, "/text:state" };
	struct sg_buf out = { 0 };
	unsigned long status = 0;
	int r = appcmd(words, sizeof words / sizeof *words, end, &out, &status, err);

	if (!r && status && !out.len) /* it lists what it finds, and found none */
		r = sg_fail(err, SG_ENOENT, "IIS has no application pool %s", name);
	else if (!r && status)
		r = quote(&out, status, name, err);
	else if (!r)
		r = sg_run_parse_pool((const char *)out.data, ret, err);
	sg_buf_release(&out);
	free(which);
	return r;
}

int sg_run_pool_look(const char *name, enum sg_run_state *ret, struct sg_err *err)
{
	return look_until(name, now() + ASK_MS, ret, err);
}

static int tell(const char *verb, const char *name, int64_t end, struct sg_err *err)
{
	char *which = sg_format("/apppool.name:%s", name);
	const char *const words[] = { verb, "apppool", which };
	struct sg_buf out = { 0 };
	unsigned long status = 0;
	int r = appcmd(words, sizeof words / sizeof *words, end, &out, &status, err);

	if (!r && status)
		r = quote(&out, status, name, err);
	sg_buf_release(&out);
	free(which);
	return r;
}

int sg_run_pool_turn(const char *name, bool on, int64_t timeout_ms, struct sg_err *err)
{
	const enum sg_run_state wanted = on ? SG_RUN_RUNNING : SG_RUN_STOPPED;
	enum sg_run_state is = SG_RUN_UNKNOWN;
	struct sg_err why = SG_ERR_INIT;
	int64_t end = now() + timeout_ms;
	int told, r = look_until(name, end, &is, err);

	if (r || is == wanted)
		return r;
	told = tell(on ? "start" : "stop", name, end, &why);
	do { /* the state has the last word: it may have come about otherwise, or may take its time */
		r = look_until(name, end + LAST_LOOK_MS, &is, err);
		if (r || is == wanted)
			return r;
		if (told && is != SG_RUN_UNKNOWN)
			return sg_fail(err, told, "%s", why.msg);
		sg_os_sleep(AGAIN_MS);
	} while (now() < end);
	return sg_fail(err, SG_ETIMEOUT, "the application pool %s is still %s after %lld s", name,
	        is == SG_RUN_RUNNING   ? "started"
	        : is == SG_RUN_STOPPED ? "stopped"
	                               : "on its way",
	        (long long)timeout_ms / 1000);
}

int sg_run_pool_recycle(const char *name, int64_t timeout_ms, struct sg_err *err)
{
	return tell("recycle", name, now() + timeout_ms, err);
}
