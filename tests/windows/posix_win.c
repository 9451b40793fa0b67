/* posix_win.c - the few functions of POSIX that portable tests use and mingw-w64 lacks. For tests only: the product goes through base/os.h.
 * Files are octets here as everywhere: no line end is translated, in no test. */
#include <sys/socket.h>
/* the names that the headers beside this file give to functions below */
#undef accept
#undef recv
#undef send
#undef socket
#include "base/os_win.h"

#include <windows.h>
#include <psapi.h>
#include <sddl.h>
#include <dirent.h>
#include <fcntl.h>
#include <io.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#undef pollfd

static void __attribute__((constructor)) octets_only(void)
{
	_fmode = _O_BINARY;
	_setmode(_fileno(stdin), _O_BINARY);
	_setmode(_fileno(stdout), _O_BINARY);
	_setmode(_fileno(stderr), _O_BINARY);
}

static int give(bool done)
{
	DWORD e = GetLastError();

	if (!done)
		errno = e == ERROR_ALREADY_EXISTS || e == ERROR_FILE_EXISTS        ? EEXIST
		        : e == ERROR_ACCESS_DENIED || e == ERROR_SHARING_VIOLATION ? EACCES
		                                                                   : ENOENT;
	return done ? 0 : -1;
}

static int lacks(void)
{
	errno = ENOSYS;
	return -1;
}

/* --- the environment and text */

int setenv(const char *name, const char *value, int overwrite)
{
	char *both = sg_format("%s=%s", name, value);
	int r = !overwrite && getenv(name) ? 0 : _putenv(both);

	free(both);
	return r;
}

int unsetenv(const char *name)
{
	return setenv(name, "", 1);
}

struct tm *gmtime_r(const time_t *t, struct tm *ret)
{
	return gmtime_s(ret, t) == 0 ? ret : NULL;
}

char *strsep(char **text, const char *ends)
{
	char *word = *text, *end = word ? strpbrk(word, ends) : NULL;

	if (end)
		*end++ = 0;
	*text = end;
	return word;
}

/* --- files */

char *mkdtemp(char *template)
{
	static unsigned counter;
	char *end = template + strlen(template) - 6;
	SECURITY_ATTRIBUTES sa = { sizeof sa, NULL, FALSE };
	bool made = false;

	/* mode 0700: what others may change, the product obeys no more than it does on POSIX */
	ConvertStringSecurityDescriptorToSecurityDescriptorW(
	        L"D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;FA;;;OW)", SDDL_REVISION_1,
	        &sa.lpSecurityDescriptor, NULL);

	/* Under Wine "/tmp" is a name of the machine that it runs on; "\\tmp" is one of the current drive, as on Windows. */
	for (char *p = template; *p; p++)
		if (*p == '/')
			*p = '\\';

	for (int tries = 0; !made && tries < 100; tries++) {
		unsigned n = GetCurrentProcessId() * 131 + GetTickCount() + counter++;
		wchar_t *wide;

		for (int i = 0; i < 6; i++, n /= 36)
			end[i] = "0123456789abcdefghijklmnopqrstuvwxyz"[n % 36];
		wide = sg_win_path(template);
		made = CreateDirectoryW(wide, &sa);
		free(wide);
	}
	LocalFree(sa.lpSecurityDescriptor);
	errno = made ? errno : EEXIST;
	return made ? template : NULL;
}

int t_windows_mkdir(const char *path, mode_t mode)
{
	wchar_t *wide = sg_win_path(path);
	int r = give(CreateDirectoryW(wide, NULL));

	(void)mode;
	free(wide);
	return r;
}

int t_windows_rename(const char *from, const char *to)
{
	wchar_t *wide_from = sg_win_path(from), *wide_to = sg_win_path(to);
	int r = give(MoveFileExW(wide_from, wide_to, MOVEFILE_REPLACE_EXISTING));

	free(wide_from);
	free(wide_to);
	return r;
}

int link(const char *from, const char *to)
{
	wchar_t *wide_from = sg_win_path(from), *wide_to = sg_win_path(to);
	int r = give(CreateHardLinkW(wide_to, wide_from, NULL));

	free(wide_from);
	free(wide_to);
	return r;
}

int truncate(const char *path, off_t len)
{
	FILE *f = fopen(path, "r+b");
	int r = f ? _chsize(_fileno(f), len) : -1;

	if (f)
		fclose(f);
	return r;
}

ssize_t pwrite(int fd, const void *data, size_t len, off_t at)
{
	return _lseek(fd, at, SEEK_SET) < 0 ? -1 : _write(fd, data, (unsigned)len);
}

ssize_t pread(int fd, void *out, size_t len, off_t at)
{
	return _lseek(fd, at, SEEK_SET) < 0 ? -1 : _read(fd, out, (unsigned)len);
}

int alphasort(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int (*the_order)(const struct dirent **, const struct dirent **); /* tests list in one thread */

static int by_order(const void *a, const void *b)
{
	return the_order((const struct dirent **)(uintptr_t)a, (const struct dirent **)(uintptr_t)b);
}

int scandir(const char *path, struct dirent ***ret, int (*want)(const struct dirent *),
        int (*order)(const struct dirent **, const struct dirent **))
{
	DIR *d = opendir(path);
	struct dirent *e, **all = NULL;
	size_t n = 0, cap = 0;

	if (!d)
		return -1;
	while ((e = readdir(d))) {
		if (want && !want(e))
			continue;
		all = sg_grow(all, n, &cap, sizeof *all);
		all[n] = sg_alloc(sizeof **all);
		*all[n++] = *e;
	}
	closedir(d);
	the_order = order;
	if (order && n)
		qsort(all, n, sizeof *all, by_order);
	*ret = all;
	return (int)n;
}

/* --- sockets */

static void begin_sockets(void)
{
	static bool begun;
	WSADATA data;

	if (!begun)
		begun = WSAStartup(MAKEWORD(2, 2), &data) == 0;
}

int t_windows_socket(int family, int type, int protocol)
{
	begin_sockets();
	return (int)socket(family, type, protocol);
}

int t_windows_accept(int fd, struct sockaddr *ret, socklen_t *ret_len)
{
	return (int)accept((SOCKET)fd, ret, ret_len);
}

ssize_t t_windows_recv(int fd, void *out, size_t len, int flags)
{
	return recv((SOCKET)fd, out, (int)len, flags);
}

ssize_t t_windows_send(int fd, const void *data, size_t len, int flags)
{
	return send((SOCKET)fd, data, (int)len, flags);
}

int t_windows_poll(struct t_windows_pollfd *p, unsigned long n, int timeout_ms)
{
	WSAPOLLFD all[8] = { 0 };
	int r;

	for (unsigned long i = 0; i < n && i < 8; i++)
		all[i] = (WSAPOLLFD){ .fd = (SOCKET)p[i].fd, .events = p[i].events };
	r = WSAPoll(all, n, timeout_ms);
	for (unsigned long i = 0; i < n && i < 8; i++)
		p[i].revents = all[i].revents;
	return r;
}

int t_windows_close(int fd)
{
	int type, len = sizeof type;

	begin_sockets();
	if (getsockopt((SOCKET)fd, SOL_SOCKET, SO_TYPE, (char *)&type, &len) == 0)
		return closesocket((SOCKET)fd);
	return _close(fd);
}

/* --- what this process has used */

static struct timeval spent(FILETIME t)
{
	uint64_t us = ((uint64_t)t.dwHighDateTime << 32 | t.dwLowDateTime) / 10;

	return (struct timeval){ .tv_sec = (long)(us / 1000000), .tv_usec = (long)(us % 1000000) };
}

int getrusage(int who, struct rusage *ret)
{
	PROCESS_MEMORY_COUNTERS memory = { .cb = sizeof memory };
	FILETIME begun, ended, kernel, user;

	(void)who;
	if (!GetProcessTimes(GetCurrentProcess(), &begun, &ended, &kernel, &user) ||
	        !GetProcessMemoryInfo(GetCurrentProcess(), &memory, sizeof memory))
		return lacks();
	*ret = (struct rusage){ .ru_utime = spent(user),
		.ru_stime = spent(kernel),
		.ru_maxrss = (long)(memory.PeakWorkingSetSize >> 10) };
	return 0;
}

/* --- what there is not */

uid_t geteuid(void)
{
	return 0;
}

int seteuid(uid_t uid)
{
	return uid == 0 ? 0 : lacks();
}

int chown(const char *path, uid_t uid, gid_t gid)
{
	(void)path, (void)uid, (void)gid;
	return lacks();
}

int symlink(const char *to, const char *path)
{
	(void)to, (void)path;
	return lacks();
}

int mkfifo(const char *path, mode_t mode)
{
	(void)path, (void)mode;
	return lacks();
}

int pause(void)
{
	return lacks();
}

pid_t fork(void)
{
	return lacks();
}

int pipe(int ends[2])
{
	(void)ends;
	return lacks();
}

pid_t waitpid(pid_t pid, int *ret_status, int options)
{
	(void)pid, (void)options;
	if (ret_status)
		*ret_status = -1;
	return lacks();
}

int getrlimit(int what, struct rlimit *ret)
{
	(void)what;
	*ret = (struct rlimit){ 0 };
	return lacks();
}

int setrlimit(int what, const struct rlimit *to)
{
	(void)what, (void)to;
	return lacks();
}
