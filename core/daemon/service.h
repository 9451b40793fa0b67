/* service.h - the service and its manager: what it tells, and what it is asked.
 *
 * POSIX: signals, and sd_notify(3)'s protocol, a datagram to $NOTIFY_SOCKET; without that variable telling does nothing. Windows: the service control
 * manager where it started the process, else the console's signals. Telling never blocks and never fails. There is one service in a process, so its state
 * is the file's own.
 */
#ifndef SG_DAEMON_SERVICE_H
#define SG_DAEMON_SERVICE_H

#include "daemon/seed.h"
#include <stdatomic.h>
#include <stdbool.h>
#include <uv.h>

/* --- the process */

/* Runs body(argc, argv), whose result is the process's exit status, as what started it expects: at once, or (Windows, "run" by the service control
 * manager) on the thread that the manager gives to the service, with "stopped" told after it has returned. Call once, from main, without other threads. */
int sg_service_host(int argc, char **argv, int (*body)(int argc, char **argv));

/* --- what it is asked */
enum sg_service_ask { SG_SERVICE_STOP = 1, SG_SERVICE_RELOAD };

/* Until sg_service_attach(): to be asked to stop sets *stop, and to reload is nothing, for nothing has been read yet. */
int sg_service_begin(atomic_bool *stop, struct sg_err *err);
/* From now on asked() is called on the loop's thread; `why` says who asks ("SIGTERM", "the service manager"). */
void sg_service_attach(
        uv_loop_t *loop, void (*asked)(void *arg, enum sg_service_ask what, const char *why), void *arg);
/* Is asked no more. Its handles end with the loop. */
void sg_service_detach(void);

/* --- what it tells */
void sg_service_ready(const char *status); /* up, or a reload has ended; `status` is one line for people */
void sg_service_reloading(void);
void sg_service_stopping(void);
void sg_service_alive(void);

/* The service is about to end because of this. Where nobody reads stderr it is told to the log. */
void sg_service_failed(const struct sg_err *why);

/* How often sg_service_alive() is due, in ms: half of what the manager allows ($WATCHDOG_USEC, for this process); 0: never. */
int64_t sg_service_watchdog(void);

/* --- its place in the system */
enum sg_service_verb {
	SG_SERVICE_INSTALL = 1,
	SG_SERVICE_UNINSTALL,
	SG_SERVICE_START,
	SG_SERVICE_READ_AGAIN,
	SG_SERVICE_HALT,
};
struct sg_service_setup {
	const char *config,
	        *journal; /* for the installed service; NULL: the defaults. Uninstall: the journal that it had */
	struct sg_seed seed; /* install: what a server begins with */
	bool start;          /* install: and start, unless it is disabled */
	bool keep;           /* uninstall although mitigations are in place */
	bool rollback;       /* uninstall: take them out first, all of them or the service stays */
};
/* Does it, and says on stdout what came of it. SG_EUNSUPPORTED where another program manages services (systemd). */
int sg_service_setup(enum sg_service_verb verb, const struct sg_service_setup *setup, struct sg_err *err);

#endif
