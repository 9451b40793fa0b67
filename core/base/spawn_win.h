/* spawn_win.h - a process that cannot outlive its caller: started in a job object that ends with its handle, with no handle of this process but those
 * that are named. For *_win.c only; a HANDLE is a void *.
 */
#ifndef SG_BASE_SPAWN_WIN_H
#define SG_BASE_SPAWN_WIN_H

#include "base/err.h"
#include "base/mem.h"
#include <wchar.h>

struct sg_spawn {
	const wchar_t *program; /* full path: nothing is searched for */
	const char *line;       /* its arguments, argv.h; the program's own name first */
	const wchar_t *folder;  /* its current one */
	/* Its environment: NAME=VALUE, each ended by NUL, and one NUL more. NULL: this process's. */
	const wchar_t *environment;
	const wchar_t *desktop; /* window station\desktop; NULL: this process's */
	void *token;            /* a primary token, NULL: this process's own */
	void *out;              /* its standard output and error, inheritable; it has no input. NULL: none */
	void *given[2]; /* more handles that it gets, inheritable: it is told their numbers. NULL: none */
	bool alone;     /* it starts no process, and reaches no window, clipboard or desktop of others */
	size_t memory;  /* octets that it may commit; 0: no limit */
	unsigned cpu_s; /* seconds of computing; 0: no limit */
	bool hardened; /* libraries of System32 only, no low or remote images, no fonts of others, where Windows knows these */
};
struct sg_spawned {
	void *process, *job;
	unsigned long pid;
};
/* The last error's text is in the message; *ret_error (may be NULL) is its number. */
int sg_spawn(
        const struct sg_spawn *how, struct sg_spawned *ret, unsigned long *ret_error, struct sg_err *err);
/* Waits up to `ms` (0: asks); true: it ended, with *ret_status. */
bool sg_spawn_wait(const struct sg_spawned *p, unsigned long ms, unsigned long *ret_status);
/* Kills whatever of it still runs, waits for the end and closes. Zeroed: nothing. */
void sg_spawn_end(struct sg_spawned *p);

/* An anonymous pipe; the end of the child (`ret_theirs`) is inheritable. `to_child`: this process writes. */
int sg_spawn_pipe(bool to_child, void **ret_ours, void **ret_theirs, struct sg_err *err);
/* Windows's own folder of programs, as it says and no environment: "C:\Windows\System32". Owned by the caller. */
wchar_t *sg_spawn_system32(void);

#endif
