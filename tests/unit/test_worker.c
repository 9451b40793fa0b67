/* test_worker.c - what a worker cannot do, and how it ends: jobs of this very program that try. */
#define _GNU_SOURCE
#include "base/worker.h"

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

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

/* --- the jobs */

static int echo(struct sg_bytes request, struct sg_buf *ret)
{
	sg_buf_add(ret, request.data, request.len);
	return 0;
}

static volatile uint64_t spun;

static int spin(struct sg_bytes request, struct sg_buf *ret)
{
	(void)request, (void)ret;
	do
		spun++;
	while (spun);
	return 0;
}

static int refuse(struct sg_bytes request, struct sg_buf *ret)
{
	(void)request, (void)ret;
	return -1;
}

static int fall(struct sg_bytes request, struct sg_buf *ret)
{
	(void)request, (void)ret;
	signal(SIGSEGV, SIG_DFL);
	__builtin_trap();
}

static int eat(struct sg_bytes request, struct sg_buf *ret)
{
	(void)request, (void)ret;
	do
		memset(sg_alloc(16 << 20), 1, 16 << 20);
	while (!spun);
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

static int flood(struct sg_bytes request, struct sg_buf *ret)
{
	char part[1000] = { 0 };

	(void)request;
	for (int i = 0; i < 1000; i++)
		sg_buf_add(ret, part, sizeof part);
	return 0;
}

static int unprepared(struct sg_err *err)
{
	return sg_fail(err, SG_EIO, "a library is not there");
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
	{ .name = "echo", .run = echo },
	{ .name = "spin", .run = spin },
	{ .name = "refuse", .run = refuse },
	{ .name = "fall", .run = fall },
	{ .name = "eat", .run = eat },
	{ .name = "attempt", .run = attempt },
	{ .name = "environment", .run = count_environment },
	{ .name = "environment of one that talks", .run = count_environment, .network = true },
	{ .name = "flood", .run = flood },
	{ .name = "unprepared", .run = echo, .prepare = unprepared },
	{ .name = "look around", .run = look_around, .network = true },
	{ 0 },
};

/* --- asking */

static int call(
        const char *job, const char *request, int64_t timeout_ms, struct sg_buf *ret, struct sg_err *err)
{
	return sg_worker_call(&(struct sg_worker_call){ .job = job,
	                              .request = sg_bytes_of(request),
	                              .max_reply = 100000,
	                              .timeout_ms = timeout_ms },
	        ret, err);
}

static void fails(const char *job, const char *request, int64_t timeout_ms, int code, const char *says)
{
	struct sg_err err = SG_ERR_INIT;
	struct sg_buf reply = { 0 };
	int r = call(job, request, timeout_ms, &reply, &err);

	if (r != code || !strstr(err.msg, says))
		fail_msg("%s %s: %d \"%s\" \"%s\", expected %d \"%s\"", job, request, r, err.msg,
		        reply.data ? (const char *)reply.data : "", code, says);
	assert_null(reply.data);
}

static int64_t mono(void)
{
	struct sg_clock c = { 0 };

	sg_os_clock(&c);
	return c.mono;
}

/* --- */

static void octets_go_in_and_come_back(void **state)
{
	const size_t sizes[] = { 0, 1, 4096, 70000, 9 << 20 };

	(void)state;
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		struct sg_buf request = { 0 }, reply = { 0 };
		struct sg_err err = SG_ERR_INIT;
		unsigned char *octets = sg_alloc(sizes[i]);

		sg_os_random(octets, sizes[i]);
		sg_buf_set(&request, octets, sizes[i]);
		if (sg_worker_call(&(struct sg_worker_call){ .job = "echo",
		                           .request = sg_buf_bytes(&request),
		                           .max_reply = SG_WORKER_MAX,
		                           .timeout_ms = 20000 },
		            &reply, &err))
			fail_msg("%zu: %s", sizes[i], err.msg);
		assert_true(sg_bytes_equal(sg_buf_bytes(&request), sg_buf_bytes(&reply)));
		sg_buf_release(&request);
		sg_buf_release(&reply);
		free(octets);
	}
}

static void whatever_reaches_for_the_system_is_killed(void **state)
{
	static const char *const ways[] = { "open", "create", "socket", "unix", "fork", "thread", "exec",
		"memory that runs", "kill", "ptrace", "dup", "leave", "identity", "rlimit" };

	(void)state;
	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
		fails("attempt", ways[i], 20000, SG_EDAMAGED, "may not do");
	assert_int_not_equal(access("/tmp/stopgap-worker-was-here", F_OK), 0);
	/* the job itself works: the attempts above died of what they tried */
	struct sg_buf reply = { 0 };

	assert_int_equal(call("attempt", "nothing", 20000, &reply, NULL), 0);
	assert_string_equal((const char *)reply.data, "-1");
	sg_buf_release(&reply);
}

static void a_job_that_never_ends_is_ended(void **state)
{
	int64_t begun = mono();

	(void)state;
	fails("spin", "", 300, SG_ETIMEOUT, "300 ms");
	assert_in_range(mono() - begun, 300, 5000);
}

static void a_job_that_dies_names_its_signal(void **state)
{
	(void)state;
	fails("fall", "", 20000, SG_EDAMAGED, "signal");
	fails("refuse", "", 20000, SG_EDAMAGED, "gave up");
	fails("unprepared", "", 20000, SG_EDAMAGED, "did not begin: a library is not there");
}

static void memory_is_limited(void **state)
{
	int64_t begun = mono();

	(void)state;
	if (SANITIZED) {
		print_message("skipped: the sanitizer's shadow allows no limit of addresses\n");
		return;
	}
	fails("eat", "", 20000, SG_ELIMIT, "memory");
	assert_in_range(mono() - begun, 0, 10000);
}

static void a_reply_is_never_larger_than_allowed(void **state)
{
	(void)state;
	fails("flood", "", 20000, SG_ELIMIT, "more than 100000");
}

static void a_job_that_nobody_offers_is_no_process(void **state)
{
	(void)state;
	fails("unheard of", "", 1000, SG_EUNSUPPORTED, "unheard of");
}

static void the_environment_is_empty_but_for_proxies_of_one_that_talks(void **state)
{
	struct sg_buf reply = { 0 };

	(void)state;
	setenv("https_proxy", "http://127.0.0.1:1", 1);
	setenv("LD_DEBUG_OUTPUT", "/tmp/none", 1);
	assert_int_equal(call("environment", "", 20000, &reply, NULL), 0);
	assert_int_equal(reply.len, 0);
	sg_buf_release(&reply);
	assert_int_equal(call("environment of one that talks", "", 20000, &reply, NULL), 0);
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
	if (call("look around", path, 20000, &reply, &err))
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

	*(int *)arg = call("spin", "", 3000, &reply, &err);
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

static bool at_once(void *arg)
{
	return ++*(int *)arg > 2;
}

static void a_stop_ends_a_job_within_a_moment(void **state)
{
	struct sg_err err = SG_ERR_INIT;
	struct sg_buf reply = { 0 };
	int asked = 0;
	int64_t begun = mono();

	(void)state;
	assert_int_equal(sg_worker_call(&(struct sg_worker_call){ .job = "spin",
	                                        .max_reply = 10,
	                                        .timeout_ms = 20000,
	                                        .stop = at_once,
	                                        .arg = &asked },
	                         &reply, &err),
	        SG_ECANCELED);
	assert_in_range(mono() - begun, 0, 2000);
}

static void no_process_no_answer(void **state)
{
	struct rlimit before, none;

	(void)state;
	getrlimit(RLIMIT_NOFILE, &before);
	none = (struct rlimit){ .rlim_cur = 3, .rlim_max = before.rlim_max };
	setrlimit(RLIMIT_NOFILE, &none); /* no descriptor, hence no channel */
	fails("echo", "x", 1000, SG_EBUSY, "no channel");
	setrlimit(RLIMIT_NOFILE, &before);
}

/* By hand: a line and exit status 2, whatever stands in for the channel. */
static void the_option_is_refused_when_a_person_gives_it(void **state)
{
	static const char *const ways[] = { "--worker", "--worker echo", "--worker echo 5",
		"--worker echo 5 </dev/null", "--worker nonsense 5" };
	char self[300];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);

	(void)state;
	assert_true(n > 0);
	self[n] = 0;
	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
		char *line = sg_format("echo hello | '%s' %s 2>/dev/null", self, ways[i]);
		int status = system(line);

		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 2);
		free(line);
	}
}

static void starting_one_takes_milliseconds(void **state)
{
	enum { TIMES = 20 };
	int64_t begun = mono(), took;
	struct sg_buf reply = { 0 };

	(void)state;
	for (int i = 0; i < TIMES; i++)
		assert_int_equal(call("echo", "x", 20000, &reply, NULL), 0);
	took = mono() - begun;
	print_message("a worker: %.1f ms from start to end\n", (double)took / TIMES);
	assert_true(took / TIMES < 1000);
	sg_buf_release(&reply);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(octets_go_in_and_come_back),
		cmocka_unit_test(whatever_reaches_for_the_system_is_killed),
		cmocka_unit_test(a_job_that_never_ends_is_ended),
		cmocka_unit_test(a_job_that_dies_names_its_signal),
		cmocka_unit_test(memory_is_limited),
		cmocka_unit_test(a_reply_is_never_larger_than_allowed),
		cmocka_unit_test(a_job_that_nobody_offers_is_no_process),
		cmocka_unit_test(the_environment_is_empty_but_for_proxies_of_one_that_talks),
		cmocka_unit_test(one_that_talks_reads_what_is_public_and_starts_nothing),
		cmocka_unit_test(a_worker_has_no_rights_and_nothing_but_its_channel),
		cmocka_unit_test(a_stop_ends_a_job_within_a_moment),
		cmocka_unit_test(no_process_no_answer),
		cmocka_unit_test(the_option_is_refused_when_a_person_gives_it),
		cmocka_unit_test(starting_one_takes_milliseconds),
	};

	sg_worker_begin(argc, argv, jobs);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
