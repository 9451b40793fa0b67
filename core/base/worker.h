/* worker.h - one job in a process of its own that has no rights: octets in, octets out, once.
 *
 * What reads octets of strangers (feeds, other people's configuration) runs there. The program starts itself again; the child gives up whatever it could
 * do harm with before it reads its request, does one job and ends. Nothing that comes back is trusted more than what went in: the caller checks it.
 *
 * POSIX (worker_posix.c, sandbox_posix.c): another user when this process is root, an empty root folder, no environment, no descriptor but the channel,
 * limits, and on Linux a filter of system calls that kills. Windows (worker_win.c): says there what it does.
 */
#ifndef SG_BASE_WORKER_H
#define SG_BASE_WORKER_H

#include "base/buf.h"
#include "base/err.h"

#define SG_WORKER_OPTION                                                                                     \
	"--worker" /* a program's first argument when it is such a child; the second is the job's name */

/* A job that this program can do. */
struct sg_worker_job {
	const char *name; /* NULL ends a table */
	/* May resolve names, use sockets and threads, and read the system's public files; it has no filter that kills. Otherwise a job may compute, and nothing
	 * else. */
	bool network;
	/* In the child, before rights are given up and before the request is read: libraries that open files. NULL: nothing. */
	int (*prepare)(struct sg_err *err);
	/* In the child: the reply to a request. 0, or anything else when the request is none of this job's. */
	int (*run)(struct sg_bytes request, struct sg_buf *ret_reply);
};

/* First in main(), before threads. In a child that sg_worker_call() started: does the job and never returns. Elsewhere: `jobs` (kept) is what this
 * program can be asked for. A person who passes the option by hand gets one line and exit status 2. */
void sg_worker_begin(int argc, char **argv, const struct sg_worker_job *jobs);

/* Instead of sg_worker_begin(): jobs run in this process and thread, with its rights and without limits or a deadline. For tests, and for tools that
 * work for the person who runs them; a service never does it, and nothing falls back to it. */
void sg_worker_in_process(const struct sg_worker_job *jobs);

struct sg_worker_call {
	const char *job;
	struct sg_bytes request; /* at most SG_WORKER_MAX */
	size_t max_reply;        /* at most SG_WORKER_MAX */
	int64_t timeout_ms;      /* of the whole; then the child is killed */
	bool (*stop)(void *arg); /* asked every SG_WORKER_STOP_MS; true: SG_ECANCELED. NULL: never */
	void *arg;
};
enum { SG_WORKER_MAX = 64 << 20, SG_WORKER_STOP_MS = 100 };

/* Blocking; any thread, several at a time; no child is left behind. Errors, all of them the child's end, too:
 * SG_EBUSY (no process can be started, now, or only one with too many rights), SG_EUNSUPPORTED (this program has no such job), SG_ETIMEOUT, SG_ECANCELED, SG_ELIMIT (reply or request too
 * large, or it ran out of memory), SG_EDAMAGED (it died of a signal, which the message names, or gave up). */
int sg_worker_call(const struct sg_worker_call *call, struct sg_buf *ret_reply, struct sg_err *err);

/* How well workers are shut in: what the last one of its kind came up with, since this process began. */
enum sg_worker_cage {
	SG_CAGE_UNKNOWN, /* none came up yet, or jobs run in this very process */
	SG_CAGE_WHOLE,   /* with everything that is meant for it */
	SG_CAGE_LESS,    /* with something left out, because this system does not give it */
	SG_CAGE_REFUSED, /* not at all: none came up with few enough rights */
};
/* Of jobs that use the network, or of those that compute. *ret_why (the caller's; may be NULL itself): what was left out, for LESS and REFUSED; else NULL.
 * Any thread. */
enum sg_worker_cage sg_worker_cage(bool network, char **ret_why);

#endif
