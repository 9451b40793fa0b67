/* service_posix.c - signals, and sd_notify(3) by hand: a few lines are cheaper than a library that a root service would have to trust. */
#include "base/buf.h"
#include "daemon/service.h"

#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

int sg_service_host(int argc, char **argv, int (*body)(int argc, char **argv))
{
	return body(argc, argv);
}

/* --- signals */

static atomic_bool *the_stop;
static struct {
	uv_signal_t terminate, interrupt, hangup;
	void (*asked)(void *arg, enum sg_service_ask what, const char *why);
	void *arg;
	bool attached;
} the_signals;

static void on_early_signal(int number)
{
	(void)number;
	atomic_store(the_stop, true);
}

static void on_early_hangup(int number)
{
	(void)number;
}

int sg_service_begin(atomic_bool *stop, struct sg_err *err)
{
	the_stop = stop;
	if (signal(SIGTERM, on_early_signal) == SIG_ERR || signal(SIGINT, on_early_signal) == SIG_ERR ||
	        signal(SIGHUP, on_early_hangup) == SIG_ERR || signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		return sg_fail_errno(err, "cannot handle signals");
	return 0;
}

static void on_signal(uv_signal_t *handle, int number)
{
	(void)handle;
	if (number == SIGHUP)
		the_signals.asked(the_signals.arg, SG_SERVICE_RELOAD, "SIGHUP");
	else
		the_signals.asked(the_signals.arg, SG_SERVICE_STOP, number == SIGTERM ? "SIGTERM" : "SIGINT");
}

void sg_service_attach(
        uv_loop_t *loop, void (*asked)(void *arg, enum sg_service_ask what, const char *why), void *arg)
{
	the_signals.asked = asked;
	the_signals.arg = arg;
	the_signals.attached = true;
	uv_signal_init(loop, &the_signals.terminate);
	uv_signal_init(loop, &the_signals.interrupt);
	uv_signal_init(loop, &the_signals.hangup);
	uv_signal_start(&the_signals.terminate, on_signal, SIGTERM);
	uv_signal_start(&the_signals.interrupt, on_signal, SIGINT);
	uv_signal_start(&the_signals.hangup, on_signal, SIGHUP);
}

void sg_service_detach(void)
{
	if (!the_signals.attached)
		return;
	the_signals.attached = false;
	uv_close((uv_handle_t *)&the_signals.terminate, NULL);
	uv_close((uv_handle_t *)&the_signals.interrupt, NULL);
	uv_close((uv_handle_t *)&the_signals.hangup, NULL);
}

/* --- sd_notify */

static void notify(const char *text)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	size_t len = path ? strlen(path) : 0;
	int fd;

	if (len < 2 || len >= sizeof to.sun_path || (path[0] != '/' && path[0] != '@'))
		return;
	memcpy(to.sun_path, path, len + 1);
	if (path[0] == '@')
		to.sun_path[0] = 0;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return;
	sendto(fd, text, strlen(text), MSG_NOSIGNAL, (struct sockaddr *)&to,
	        (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + (path[0] == '/')));
	close(fd);
}

void sg_service_ready(const char *status)
{
	char *text = sg_format("READY=1\nSTATUS=%.200s", status);

	notify(text);
	free(text);
}

void sg_service_reloading(void)
{
	struct timespec ts = { 0 };
	char *text;

	/* systemd.service(5), Type=notify-reload: the time lets the manager tell this reload from an older one */
	clock_gettime(CLOCK_MONOTONIC, &ts);
	text = sg_format(
	        "RELOADING=1\nMONOTONIC_USEC=%" PRId64, (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000);
	notify(text);
	free(text);
}

void sg_service_stopping(void)
{
	notify("STOPPING=1");
}

void sg_service_alive(void)
{
	notify("WATCHDOG=1");
}

void sg_service_failed(const struct sg_err *why)
{
	(void)why; /* stderr is read: by a person, or by the system's journal */
}

int64_t sg_service_watchdog(void)
{
	const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
	long long n = usec ? strtoll(usec, NULL, 10) : 0;

	if (n <= 0 || (pid && strtoll(pid, NULL, 10) != (long long)getpid()))
		return 0;
	return n / 2000 > 0 ? n / 2000 : 1;
}

int sg_service_setup(enum sg_service_verb verb, const struct sg_service_setup *setup, struct sg_err *err)
{
	(void)verb;
	(void)setup;
	return sg_fail(err, SG_EUNSUPPORTED,
	        "services of this system belong to its service manager: a systemd unit of Type=notify-reload "
	        "starts \"stopgapd --config FILE --root C=FOLDER\", and SIGHUP reloads");
}
