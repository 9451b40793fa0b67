/* service_posix.c - sd_notify(3) by hand: a few lines are cheaper than a library that a root service would have to trust. */
#include "base/buf.h"
#include "daemon/service.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

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

int64_t sg_service_watchdog(void)
{
	const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
	long long n = usec ? strtoll(usec, NULL, 10) : 0;

	if (n <= 0 || (pid && strtoll(pid, NULL, 10) != (long long)getpid()))
		return 0;
	return n / 2000 > 0 ? n / 2000 : 1;
}
