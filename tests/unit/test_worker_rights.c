/* test_worker_rights.c - what a worker cannot do: jobs of this very program that try, and one that is looked at from outside. */
#define _GNU_SOURCE
#include "tests/lib/worker_lab.h"

#include "base/os.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

/* --- the jobs */

static volatile uint64_t spun;

static int spin(struct sg_bytes request, struct sg_buf *ret)
{
	(void)request, (void)ret;
	do
		spun++;
	while (spun);
	return 0;
}

/* One thing that is not allowed, chosen by the request's first octet. A reply says that it could be done. */
static int attempt(struct sg_bytes request, struct sg_buf *ret)
{
	static char *const argv[] = { (char *)"true", NULL };
	long r = -1;

	switch (request.data[0]) {
	case 'o': r = open("/etc/hostname", O_RDONLY); break;
	case 'c': r = open("/tmp/stopgap-worker-was-here", O_CREAT | O_WRONLY, 0600); break;
	case 's': r = socket(AF_INET, SOCK_STREAM, 0); break;
	case 'u': r = socket(AF_UNIX, SOCK_STREAM, 0); break;
	case 'f': r = fork(); break;
	case 't': r = syscall(SYS_clone, CLONE_VM | CLONE_SIGHAND | CLONE_THREAD, 0, 0, 0, 0); break;
	case 'e': r = execv("/bin/true", argv); break;
	case 'm':
		r = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		            0) == MAP_FAILED
		            ? -1
		            : 0;
		break;
	case 'k': r = kill(getppid(), 0); break;
	case 'p': r = ptrace(PTRACE_TRACEME, 0, 0, 0); break;
	case 'd': r = dup(0); break;
	case 'l': r = chdir("/"); break;
	case 'i': r = syscall(SYS_setuid, 0); break;
	case 'r': r = setrlimit(RLIMIT_CPU, &(struct rlimit){ 9, 9 }); break;
	default: break;
	}
	sg_buf_fmt(ret, "%ld", r);
	return 0;
}

static int count_environment(struct sg_bytes request, struct sg_buf *ret)
{
	(void)request;
	for (char **e = environ; e && *e; e++)
		sg_buf_fmt(ret, "%s\n", *e);
	return 0;
}

/* What a job that talks may do, and what it may not: one line each. */
static int look_around(struct sg_bytes request, struct sg_buf *ret)
{
	static char *const argv[] = { (char *)"true", NULL };
	struct stat st;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	sg_buf_fmt(ret, "uid=%d ", (int)getuid());
	sg_buf_fmt(ret, "socket=%d ", fd >= 0);
	sg_buf_fmt(ret, "hosts=%d ", open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0);
	sg_buf_fmt(ret, "shadow=%d ", open("/etc/shadow", O_RDONLY | O_CLOEXEC) >= 0);
	sg_buf_fmt(ret, "private=%d ", open((const char *)request.data, O_RDONLY | O_CLOEXEC) >= 0);
	sg_buf_fmt(ret, "create=%d ", open("/tmp/stopgap-worker-was-here", O_CREAT | O_WRONLY, 0600) >= 0);
	sg_buf_fmt(ret, "fork=%d ", fork() >= 0);
	sg_buf_fmt(ret, "exec=%d ", execv("/bin/true", argv) == 0);
	sg_buf_fmt(ret, "inherited=%d", fstat(3, &st) == 0 && !S_ISSOCK(st.st_mode) && fd != 3);
	return 0;
}

static const struct sg_worker_job jobs[] = {
	{ .name = "spin", .run = spin },
	{ .name = "attempt", .run = attempt },
	{ .name = "environment", .run = count_environment },
	{ .name = "environment of one that talks", .run = count_environment, .network = true },
	{ .name = "look around", .run = look_around, .network = true },
	{ 0 },
};

/* --- */

static void whatever_reaches_for_the_system_is_killed(void **state)
{
	static const char *const ways[] = { "open", "create", "socket", "unix", "fork", "thread", "exec",
		"memory that runs", "kill", "ptrace", "dup", "leave", "identity", "rlimit" };

	(void)state;
	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
		t_worker_fails("attempt", ways[i], 20000, SG_EDAMAGED, "may not do");
	assert_int_not_equal(access("/tmp/stopgap-worker-was-here", F_OK), 0);
	/* the job itself works: the attempts above died of what they tried */
	struct sg_buf reply = { 0 };

	assert_int_equal(t_worker_call("attempt", "nothing", 20000, &reply, NULL), 0);
	assert_string_equal((const char *)reply.data, "-1");
	sg_buf_release(&reply);
}

static void the_environment_is_empty_but_for_proxies_of_one_that_talks(void **state)
{
	struct sg_buf reply = { 0 };

	(void)state;
	setenv("https_proxy", "http://127.0.0.1:1", 1);
	setenv("LD_DEBUG_OUTPUT", "/tmp/none", 1);
	assert_int_equal(t_worker_call("environment", "", 20000, &reply, NULL), 0);
	assert_int_equal(reply.len, 0);
	sg_buf_release(&reply);
	assert_int_equal(t_worker_call("environment of one that talks", "", 20000, &reply, NULL), 0);
	assert_non_null(strstr((const char *)reply.data, "https_proxy=http://127.0.0.1:1\n"));
	assert_null(strstr((const char *)reply.data, "LD_DEBUG_OUTPUT"));
	assert_null(strstr((const char *)reply.data, "HOME"));
	sg_buf_release(&reply);
	unsetenv("https_proxy");
	unsetenv("LD_DEBUG_OUTPUT");
}

static void one_that_talks_reads_what_is_public_and_starts_nothing(void **state)
{
	char path[] = "/tmp/test_worker_XXXXXX";
	struct sg_buf reply = { 0 };
	struct sg_err err = SG_ERR_INIT;
	int fd = mkstemp(path); /* 0600 and outside the public folders: not even the same user may */
	char *expected =
	        sg_format("uid=%d socket=1 hosts=1 shadow=0 private=0 create=0 fork=0 exec=0 inherited=0",
	                getuid() == 0 ? 65534 : (int)getuid());

	(void)state;
	if (t_worker_call("look around", path, 20000, &reply, &err))
		fail_msg("%s", err.msg);
	assert_string_equal((const char *)reply.data, expected);
	close(fd);
	unlink(path);
	free(expected);
	sg_buf_release(&reply);
}

/* --- a worker that is at work, seen from outside */

static void *keep_spinning(void *arg)
{
	struct sg_err err = SG_ERR_INIT;
	struct sg_buf reply = { 0 };

	*(int *)arg = t_worker_call("spin", "", 3000, &reply, &err);
	return NULL;
}

/* The child of this process, once it has filtered itself. */
static long worker_pid(char *status, size_t size)
{
	for (int tries = 0; tries < 200; tries++, sg_os_sleep(10)) {
		DIR *proc = opendir("/proc");
		struct dirent *d;
		long found = 0;

		while ((d = readdir(proc)) != NULL && !found) {
			char path[300], parent[40];
			FILE *f;
			size_t n;

			if (d->d_name[0] < '0' || d->d_name[0] > '9')
				continue;
			snprintf(path, sizeof path, "/proc/%s/status", d->d_name);
			f = fopen(path, "r");
			if (!f)
				continue;
			n = fread(status, 1, size - 1, f);
			status[n] = 0;
			fclose(f);
			snprintf(parent, sizeof parent, "\nPPid:\t%d\n", (int)getpid());
			if (strstr(status, parent) && strstr(status, "\nSeccomp:\t2\n"))
				found = strtol(d->d_name, NULL, 10);
		}
		closedir(proc);
		if (found)
			return found;
	}
	return 0;
}

static void a_worker_has_no_rights_and_nothing_but_its_channel(void **state)
{
	int code = 0, leaked = open("/etc/hostname", O_RDONLY); /* on purpose without O_CLOEXEC */
	char status[4096], path[64], line[200];
	struct sg_strs fds = { 0 };
	pthread_t thread;
	long pid;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, keep_spinning, &code), 0);
	pid = worker_pid(status, sizeof status);
	assert_int_not_equal(pid, 0);
	assert_non_null(strstr(status, "\nNoNewPrivs:\t1\n"));
	assert_non_null(strstr(status, "\nCapEff:\t0000000000000000\n"));
	assert_non_null(strstr(status, "\nCapPrm:\t0000000000000000\n"));
	assert_non_null(strstr(status, "\nThreads:\t1\n"));
	if (geteuid() == 0) {
		assert_non_null(strstr(status, "\nUid:\t65534\t65534\t65534\t65534\n"));
		assert_non_null(strstr(status, "\nGid:\t65534\t65534\t65534\t65534\n"));
		assert_non_null(strstr(status, "\nGroups:\t \n"));
		snprintf(path, sizeof path, "/proc/%ld/fd", pid);
		assert_int_equal(sg_os_list(path, &fds, NULL), 0);
		assert_int_equal(fds.n, 1);
		assert_string_equal(fds.at[0], "0");
		snprintf(path, sizeof path, "/proc/%ld/root", pid);
		ssize_t n = readlink(path, line, sizeof line - 1);

		assert_true(n > 0);
		line[n] = 0;
		assert_non_null(strstr(line, "fdinfo"));
	} else {
		print_message("not root: user, root folder and descriptors are not looked at\n");
	}
	sg_strs_release(&fds);
	pthread_join(thread, NULL);
	assert_int_equal(code, SG_ETIMEOUT);
	assert_int_not_equal(kill((pid_t)pid, 0), 0); /* reaped */
	close(leaked);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whatever_reaches_for_the_system_is_killed),
		cmocka_unit_test(the_environment_is_empty_but_for_proxies_of_one_that_talks),
		cmocka_unit_test(one_that_talks_reads_what_is_public_and_starts_nothing),
		cmocka_unit_test(a_worker_has_no_rights_and_nothing_but_its_channel),
	};

	sg_worker_begin(argc, argv, jobs);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
