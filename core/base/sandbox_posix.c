/* sandbox_posix.c - what a worker may still do, told to Linux: user, limits, seccomp(2) and landlock(7).
 *
 * Guarantees that a job which only computes reaches nothing but its channel, its memory and the clock, whatever code runs in it; and that a job which needs
 * the network starts no program and writes no file. Fails closed: without the filter there is no job. Written with the kernel's own headers, since the
 * filter is a list of numbers and a library would bring more code than it saves.
 */
#define _GNU_SOURCE /* setresuid, CLONE_THREAD */
#include "base/sandbox_posix.h"
#include "base/worker_cage.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#error "sandbox_posix.c: name this architecture's AUDIT_ARCH"
#endif

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "sandbox_posix.c: the lower half of an argument is expected first"
#endif

/* --- the filters, as seccomp_data is laid out: number, architecture, arguments of 64 bits of which the lower half is looked at */

#define FIELD(name) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned)offsetof(struct seccomp_data, name))
#define ARGUMENT(n)                                                                                          \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned)offsetof(struct seccomp_data, args) + 8 * (n))
#define RETURN(action) BPF_STMT(BPF_RET | BPF_K, (action))
#define IS(value, behind_yes, behind_no)                                                                     \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)(value), behind_yes, behind_no)
#define HAS(bits, behind_yes, behind_no)                                                                     \
	BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, (unsigned)(bits), behind_yes, behind_no)

#define ALLOW(name)       IS(SYS_##name, 0, 1), RETURN(SECCOMP_RET_ALLOW)
#define REFUSE(name, why) IS(SYS_##name, 0, 1), RETURN(SECCOMP_RET_ERRNO | (why))
/* with the argument loaded, the number is not: so each of these ends the filter either way */
#define ALLOW_UNLESS(name, n, bits)                                                                          \
	IS(SYS_##name, 0, 4), ARGUMENT(n), HAS(bits, 0, 1), RETURN(SECCOMP_RET_KILL_PROCESS),                \
	        RETURN(SECCOMP_RET_ALLOW)
#define ONLY_OUR_ARCHITECTURE FIELD(arch), IS(ARCHITECTURE, 1, 0), RETURN(SECCOMP_RET_KILL_PROCESS), FIELD(nr)

/* Memory that could become code is none of a job's needs. */
static struct sock_filter computes[] = {
	ONLY_OUR_ARCHITECTURE,
	ALLOW(read), /* on descriptors that are open: none can be opened */
	ALLOW(write),
	ALLOW(brk),
	ALLOW(munmap),
	ALLOW(mremap),
	ALLOW(madvise),
	ALLOW_UNLESS(mmap, 2, PROT_EXEC),
	ALLOW_UNLESS(mprotect, 2, PROT_EXEC),
	ALLOW(futex),
	ALLOW(clock_gettime),
	ALLOW(gettimeofday),
	ALLOW(getrandom),
	ALLOW(getpid), /* OpenSSL asks whether it was forked */
	ALLOW(gettid),
	ALLOW(sysinfo), /* qsort() of more than a kilobyte asks how much memory there is */
	ALLOW(restart_syscall),
	ALLOW(rt_sigreturn),
	ALLOW(exit),
	ALLOW(exit_group),
#if SANITIZED /* what a report needs before it ends the process */
	ALLOW(rt_sigaction),
	ALLOW(rt_sigprocmask),
	ALLOW(sigaltstack),
	ALLOW(tgkill),
	ALLOW(getrusage),
	ALLOW(sched_yield),
#endif
	RETURN(SECCOMP_RET_KILL_PROCESS),
};

/* No new program, no process that is not a thread, no look into others, no change of the system. clone3 hides its flags behind a pointer; whoever is told
 * that the kernel does not know it takes clone. */
static struct sock_filter talks[] = {
	ONLY_OUR_ARCHITECTURE,
	REFUSE(execve, EPERM),
	REFUSE(execveat, EPERM),
	REFUSE(clone3, ENOSYS),
#ifdef SYS_fork
	REFUSE(fork, EPERM),
	REFUSE(vfork, EPERM),
#endif
	REFUSE(ptrace, EPERM),
	REFUSE(process_vm_readv, EPERM),
	REFUSE(process_vm_writev, EPERM),
	REFUSE(kill, EPERM),
	REFUSE(mount, EPERM),
	REFUSE(unshare, EPERM),
	REFUSE(setns, EPERM),
	REFUSE(bpf, EPERM),
	REFUSE(keyctl, EPERM),
	REFUSE(perf_event_open, EPERM),
	REFUSE(io_uring_setup, EPERM),
	IS(SYS_clone, 0, 3),
	ARGUMENT(0),
	HAS(CLONE_THREAD, 1, 0),
	RETURN(SECCOMP_RET_ERRNO | EPERM),
	RETURN(SECCOMP_RET_ALLOW),
};

static int filter(struct sock_filter *rules, size_t n, struct sg_err *err)
{
	struct sock_fprog program = { .len = (unsigned short)n, .filter = rules };

	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
		return sg_fail_errno(err, "the filter of system calls (seccomp) cannot be set");
	return 0;
}

/* --- files, for a job that talks: what everybody may read, and nothing to write. A kernel without landlock leaves it to the user's rights. */

static void read_below(int ruleset, const char *path)
{
	struct landlock_path_beneath_attr rule = {
		.allowed_access = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR,
		.parent_fd = open(path, O_PATH | O_CLOEXEC),
	};

	if (rule.parent_fd < 0)
		return;
	syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
	close(rule.parent_fd);
}

static int only_public_files(unsigned *lacks, struct sg_err *err)
{
	static const char *const public[] = { "/etc", "/usr", "/lib", "/lib64", "/run", "/dev", "/proc/sys",
		NULL };
	const struct landlock_ruleset_attr all = {
		.handled_access_fs =
		        (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1, /* every right of the first version */
	};
	int r = 0, ruleset = (int)syscall(SYS_landlock_create_ruleset, &all, sizeof all, 0);

	if (ruleset < 0 && (errno == ENOSYS || errno == EOPNOTSUPP)) {
		*lacks |= SG_LACKS_FILES;
		return 0;
	}
	if (ruleset < 0)
		return sg_fail_errno(err, "landlock gives no set of rules");
	for (size_t i = 0; public[i]; i++)
		read_below(ruleset, public[i]);
	if (syscall(SYS_landlock_restrict_self, ruleset, 0) < 0)
		r = sg_fail_errno(err, "landlock cannot be put in force");
	close(ruleset);
	return r;
}

/* --- user and limits */

static int limit(int what, rlim_t most, struct sg_err *err)
{
	const struct rlimit both = { .rlim_cur = most, .rlim_max = most };

	return setrlimit((__rlimit_resource_t)what, &both) < 0 ? sg_fail_errno(err, "a limit cannot be set")
	                                                       : 0;
}

static int limits(bool network, int64_t cpu_s, struct sg_err *err)
{
	int r = limit(RLIMIT_CORE, 0, err);

	if (!r)
		r = limit(RLIMIT_FSIZE, 0, err);
	if (!r)
		r = limit(RLIMIT_CPU, (rlim_t)cpu_s, err);
	if (!r && !SANITIZED) /* whose shadow takes terabytes of addresses */
		r = limit(RLIMIT_AS, SG_SANDBOX_MEMORY, err);
	if (!r)
		r = limit(RLIMIT_NOFILE, network ? 64 : 1, err);
	/* counted over all of a user's processes, and threads are some: not for a job that resolves names in one */
	if (!r && !network)
		r = limit(RLIMIT_NPROC, 0, err);
	return r;
}

/* The folder of this process's descriptors is on every Linux, holds no file that can be opened for anything, and nobody can put one there. A container may
 * forbid chroot even to root; the filter does not rest on it. */
static int empty_root(unsigned *lacks, struct sg_err *err)
{
	if (chroot("/proc/self/fdinfo") < 0) {
		if (errno != EPERM && errno != ENOENT)
			return sg_fail_errno(err, "the root folder cannot be left");
		*lacks |= SG_LACKS_ROOT;
	}
	return chdir("/") < 0 ? sg_fail_errno(err, "the folder cannot be left") : 0;
}

static int become_nobody(struct sg_err *err)
{
	if (setgroups(0, NULL) < 0 ||
	        setresgid(SG_SANDBOX_NOBODY, SG_SANDBOX_NOBODY, SG_SANDBOX_NOBODY) < 0 ||
	        setresuid(SG_SANDBOX_NOBODY, SG_SANDBOX_NOBODY, SG_SANDBOX_NOBODY) < 0)
		return sg_fail_errno(err, "the rights of root cannot be given up");
	if (setuid(0) == 0) /* it must not be possible */
		return sg_fail(err, SG_EACCES, "the rights of root came back");
	return 0;
}

int sg_sandbox_enter(bool network, int64_t cpu_s, unsigned *ret_lacks, struct sg_err *err)
{
	unsigned lacks = 0;
	bool root = geteuid() == 0;
	int r = limits(network, cpu_s, err);

	if (!r && root && !network)
		r = empty_root(&lacks, err);
	if (!r && root)
		r = become_nobody(err);
	/* after the change of user, which takes both back */
	if (!r && (prctl(PR_SET_DUMPABLE, 0) < 0 || prctl(PR_SET_PDEATHSIG, 9) < 0 ||
	                  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0))
		r = sg_fail_errno(err, "the process cannot be closed off");
	if (!r && network)
		r = only_public_files(&lacks, err);
	if (!r)
		r = network ? filter(talks, sizeof talks / sizeof *talks, err)
		            : filter(computes, sizeof computes / sizeof *computes, err);
	if (!r)
		*ret_lacks = lacks;
	return r;
}
