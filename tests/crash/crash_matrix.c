/* crash_matrix.c - dies at every call that changes a file or makes a change durable, loses what was not durable, starts again, and looks.
 *
 * For every scenario and every n: a child does the act on the real engine and dies before its n-th such call. What the disk then holds is one of
 * the losses of disk.h. A second child looks at it (P1, the journal's file), starts as the service does, finishes the act and gives everything back. In
 * the whole matrix it dies, too, at every m, with every loss, and a third child does the same. After each: the files are those before or after the step that
 * was under way, the journal claims exactly that, no temporary file is left, acknowledged steps and an acknowledged recovery stay (P3), and what
 * is given back is what was there, octet by octet (P7).
 */
#include "disk.h"
#include "scenario.h"

#include "base/buf.h"
#include "base/os.h"
#include "base/text.h"
#include "tests/lib/drive.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { TIMEOUT_S = 120, FAILURES_SHOWN = 8, SAME_RECOVERY = -1 };

/* How much is tried. */
struct extent {
	int losses;   /* of the first crash: all below this */
	int again;    /* of the second, and after a recovery that ended well */
	bool every_m; /* false: one m for every second n */
};
static const struct extent quick = { DISK_RANDOM + 1, DISK_STRICT + 1, false };
static const struct extent whole = { DISK_RANDOM + 3, DISK_RANDOM + 1, true };

/* Shared by the workers. */
struct counts {
	uint32_t points, doubles, states, failures;
};
static struct counts *counts;

/* One place in the matrix; what it takes to be there again. */
struct at {
	uint32_t n;     /* 0: the act ended */
	int loss;       /* enum disk_loss; -1: no crash yet */
	uint32_t m;     /* of the second start; 0: it ended */
	int loss_again; /* -1: no second crash */
};

struct bench {
	const struct scenario *s;
	const char *drive;
	struct disk fresh, start, origin;
	struct disk state[STEPS + 1]; /* after that many steps of the act */
	char claims[STEPS + 1][sizeof(told->after_again.claims)];
	size_t n_states;
	uint32_t calls; /* of the whole act */
	struct sg_hash *seen;
	size_t n_seen, cap_seen;
	uint32_t n_again;
	bool no_recovery; /* the deliberately wrong start */
	bool loud, replaying;
};

static const char *loss_name(int loss)
{
	static const char *const names[] = { "kill", "strict", "names", "data" };

	return loss < 0 ? "none" : loss < DISK_RANDOM ? names[loss] : "random";
}

static void fail_at(const struct bench *b, const struct at *at, const char *what)
{
	if (__atomic_add_fetch(&counts->failures, 1, __ATOMIC_SEQ_CST) > FAILURES_SHOWN)
		return;
	printf("FAILED: crash_matrix --scenario %s --at %u", b->s->name, at->n ? at->n : b->calls + 1);
	if (at->loss >= 0)
		printf(" --loss %d", at->loss);
	if (at->loss_again >= 0)
		printf(" --then %u --loss-again %d", at->m, at->loss_again);
	printf("\n  %s of %u calls, %s", b->s->name, b->calls, loss_name(at->loss));
	if (at->loss_again >= 0)
		printf("; second start, call %u, %s", at->m, loss_name(at->loss_again));
	printf(": %s\n", what);
	if (shim->last[0])
		printf("  the last call was not made: %s\n", shim->last);
	fflush(stdout);
}

static bool given_up(void)
{
	return __atomic_load_n(&counts->failures, __ATOMIC_SEQ_CST) >= FAILURES_SHOWN;
}

/* --- children */

struct job {
	enum { PREPARE, ACT, START } kind;
	size_t steps;
	uint32_t die_at;
	bool onward, no_recovery;
};

static int do_job(const struct bench *b, const struct job *job)
{
	int r = 1;

	shim_track();
	alarm(TIMEOUT_S);
	switch (job->kind) {
	case PREPARE: r = work_prepare(b->drive, b->s); break;
	case ACT:
		shim_arm(job->die_at);
		r = work_act(b->drive, b->s, 0, job->steps);
		shim_disarm();
		break;
	case START: r = work_start(b->drive, b->s, job->die_at, job->onward, !job->no_recovery); break;
	}
	return r;
}

/* 0: the child ended well; SHIM_DIED: it reached its point; 1: told->message says what went wrong. */
static int run(const struct bench *b, const struct job *job, uint32_t acknowledged)
{
	int status = 0;
	pid_t pid;

	memset(told, 0, sizeof(*told));
	told->acknowledged = job->kind == START ? acknowledged : 0;
	fflush(stdout);
	pid = fork();
	if (pid == 0)
		_exit(do_job(b, job));
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		abort();
	if (WIFSIGNALED(status)) {
		snprintf(told->message, sizeof(told->message), "the child died of signal %d (%s)",
		        WTERMSIG(status), strsignal(WTERMSIG(status)));
		return 1;
	}
	if (WEXITSTATUS(status) != 0 && WEXITSTATUS(status) != SHIM_DIED && !told->message[0])
		snprintf(told->message, sizeof(told->message), "the child ended with status %d",
		        WEXITSTATUS(status));
	return WEXITSTATUS(status) == SHIM_DIED ? SHIM_DIED : WEXITSTATUS(status) != 0;
}

/* The disk after the first `events` events of `d`. */
static void view_at(const struct disk *d, uint32_t events, struct disk *ret)
{
	struct disk part = *d;

	part.n_events = events;
	disk_lose(&part, DISK_KILL, 0, ret);
}

/* --- what has to hold */

/* Which state the disk is in, and the claims are of the same; SAME_RECOVERY when none of the allowed. */
static int state_of(const struct bench *b, const struct disk *now, const char *claims, size_t from, size_t to,
        char **ret_why)
{
	*ret_why = NULL;
	for (size_t i = from; i <= to && i < b->n_states; i++) {
		char *why = disk_difference(now, &b->state[i], JOURNAL);

		if (!why && strcmp(claims, b->claims[i]) == 0)
			return (int)i;
		if (!why) {
			free(*ret_why);
			*ret_why = sg_format("the files are those after %zu steps, but the journal "
			                     "claims:\n%s  expected:\n%s",
			        i, claims, b->claims[i]);
			return SAME_RECOVERY;
		}
		if (*ret_why)
			free(why);
		else
			*ret_why = why;
	}
	return SAME_RECOVERY;
}

/* After a start that ended well, and what followed it. Returns the state that the recovery led to, or a negative number. */
static int check(const struct bench *b, const struct at *at, const struct disk *end, size_t from, size_t to,
        bool onward)
{
	struct disk now;
	char *why = NULL;
	int state;

	view_at(end, told->after_recovery.events, &now);
	state = state_of(b, &now, told->after_recovery.claims, from, to, &why);
	if (state < 0)
		fail_at(b, at, why ? why : "?");
	free(why);
	disk_release(&now);
	if (state < 0 || !onward)
		return state;
	view_at(end, told->after_again.events, &now);
	if (state_of(b, &now, told->after_again.claims, b->n_states - 1, b->n_states - 1, &why) < 0) {
		char *text = sg_format("the act, done after recovery, ends elsewhere: %s", why ? why : "?");

		fail_at(b, at, text);
		free(text);
		state = -1;
	}
	free(why);
	disk_release(&now);
	view_at(end, told->after_return.events, &now);
	why = disk_difference(&now, &b->origin, JOURNAL);
	if (why || told->after_return.claims[0]) {
		char *text = sg_format(
		        "not given back as it was (P7): %s %s", why ? why : "", told->after_return.claims);

		fail_at(b, at, text);
		free(text);
		state = -1;
	}
	free(why);
	disk_release(&now);
	return state;
}

/* Files that are made allocated are allocated on the disk when they have their names. */
static bool check_blocks(const struct bench *b, const struct at *at, const struct disk *d)
{
	static const char *const names[] = { "journal.mdb", "journal.mirror" };

	for (uint32_t i = 0; i < d->n_entries; i++) {
		const struct disk_node *n = &d->nodes[d->entries[i].node];

		for (size_t k = 0; k < 2; k++) {
			if (strcmp(d->entries[i].name, names[k]) == 0 && n->allocated < n->size) {
				fail_at(b, at, "the journal's files lost their allocated blocks");
				return false;
			}
		}
	}
	return true;
}

/* True once for each disk: what follows from equal disks is equal. */
static bool is_new(struct bench *b, const struct disk *d, uint32_t tag)
{
	static const enum disk_loss ends[] = { DISK_KILL,
		DISK_STRICT }; /* what is seen, and what is durable */
	struct sg_hash parts[2], h;

	for (size_t i = 0; i < 2; i++) {
		struct disk left;

		disk_lose(d, ends[i], 0, &left);
		parts[i] = disk_hash(&left, NULL, true);
		disk_release(&left);
	}
	h = sg_sha256_2((struct sg_bytes){ (const unsigned char *)parts, sizeof(parts) },
	        (struct sg_bytes){ (const unsigned char *)&tag, sizeof(tag) });
	for (size_t i = 0; i < b->n_seen; i++) {
		if (sg_hash_equal(&b->seen[i], &h))
			return false;
	}
	b->seen = sg_grow(b->seen, b->n_seen, &b->cap_seen, sizeof(*b->seen));
	b->seen[b->n_seen++] = h;
	__atomic_add_fetch(&counts->states, 1, __ATOMIC_SEQ_CST);
	return true;
}

static void after_loss(const struct disk *d, int loss, const struct at *at, struct disk *ret)
{
	if (loss == DISK_KILL) /* nothing is lost, and nothing is durable that was not */
		disk_copy(d, ret);
	else
		disk_lose(d, (enum disk_loss)loss, (uint64_t)loss * 1000003 + at->n * 1009 + at->m, ret);
}

/* The last start of a chain: it ends well, and everything is looked at. */
static int last_start(struct bench *b, const struct at *at, const struct disk *d, uint32_t acknowledged,
        size_t from, size_t to, struct disk *ret_recovered, uint32_t *ret_calls)
{
	struct job job = { .kind = START, .no_recovery = b->no_recovery };
	struct disk end;
	int state = -1;

	if (at->loss > DISK_KILL && !check_blocks(b, at, d))
		return -1;
	/* After a second crash one in four is enough to see that the claims are still good for giving back. */
	job.onward = at->loss_again < 0 || b->replaying || b->n_again++ % 4 == 0;
	disk_put(d, b->drive);
	if (run(b, &job, acknowledged)) {
		fail_at(b, at, told->message);
		return -1;
	}
	disk_after(d, &end);
	state = check(b, at, &end, from, to, job.onward);
	if (ret_calls)
		*ret_calls = told->recovery_calls;
	if (ret_recovered) {
		end.n_events = told->after_recovery.events;
		*ret_recovered = end;
	} else {
		disk_release(&end);
	}
	return state;
}

/* The second start dies at its m-th call. */
static void second_crash(struct bench *b, struct at at, const struct disk *d, uint32_t acknowledged,
        size_t from, size_t to, int only, const struct extent *extent)
{
	struct job job = { .kind = START, .die_at = at.m };
	struct disk after;
	int r;

	disk_put(d, b->drive);
	shim->last[0] = 0;
	r = run(b, &job, acknowledged);
	if (r != SHIM_DIED) {
		fail_at(b, &at, r ? told->message : "the second start did not reach its point");
		return;
	}
	__atomic_add_fetch(&counts->doubles, 1, __ATOMIC_SEQ_CST);
	disk_after(d, &after);
	for (int loss = 0; loss < extent->again && !given_up(); loss++) {
		struct disk left;

		if (only >= 0 && loss != only)
			continue;
		at.loss_again = loss;
		after_loss(&after, loss, &at, &left);
		if (is_new(b, &left, (uint32_t)(from * 16 + to)) || only >= 0)
			last_start(b, &at, &left, acknowledged, from, to, NULL, NULL);
		disk_release(&left);
	}
	disk_release(&after);
}

/* Everything that follows from one disk as the first crash left it. */
static void starts(struct bench *b, struct at at, const struct disk *d, uint32_t acknowledged,
        const struct extent *extent)
{
	size_t from = b->s->export ? 0 : acknowledged, to = b->s->export ? 0 : acknowledged + 1;
	uint32_t calls = 0;
	struct disk recovered;
	int state = last_start(b, &at, d, acknowledged, from, to, &recovered, &calls);

	if (state < 0)
		return;
	/* The recovery was acknowledged: losing the power now changes nothing. */
	for (int loss = DISK_STRICT; loss < extent->again && !given_up(); loss++) {
		struct disk left;

		at.m = calls + 1;
		at.loss_again = loss;
		after_loss(&recovered, loss, &at, &left);
		if (is_new(b, &left, (uint32_t)(256 + state)))
			last_start(b, &at, &left, acknowledged, (size_t)state, (size_t)state, NULL, NULL);
		disk_release(&left);
	}
	disk_release(&recovered);
	for (at.m = 1; at.m <= calls && !given_up(); at.m++) {
		at.loss_again = DISK_KILL;
		if (extent->every_m || (at.n % 2 == 0 && at.m == 1 + at.n * 7 % calls))
			second_crash(b, at, d, acknowledged, from, to, -1, extent);
	}
}

/* The act dies at its n-th call; ret: the disk with its log. Returns how many steps were acknowledged. */
static uint32_t first_crash(struct bench *b, uint32_t n, struct disk *ret)
{
	struct job job = { .kind = ACT, .steps = b->s->export ? 1 : b->n_states - 1, .die_at = n };
	struct at at = { n, -1, 0, -1 };
	int r;

	disk_put(&b->start, b->drive);
	shim->last[0] = 0;
	r = run(b, &job, 0);
	if (r != (n <= b->calls ? SHIM_DIED : 0))
		fail_at(b, &at, r ? told->message : "the act did not reach its point");
	disk_after(&b->start, ret);
	__atomic_add_fetch(&counts->points, 1, __ATOMIC_SEQ_CST);
	return told->acknowledged;
}

/* --- setting the stage */

static int set_stage(struct bench *b, const struct scenario *s)
{
	struct at at = { 0, -1, 0, -1 };
	struct disk now;
	char *why;

	b->s = s;
	b->n_states = steps_of(s->act) + 1;
	b->n_seen = 0;
	disk_put(&b->fresh, b->drive);
	if (s->replaced)
		work_replace(b->drive);
	disk_read(b->drive, &b->origin);
	disk_put(&b->fresh, b->drive);
	if (s->prepare[0].op && run(b, &(struct job){ .kind = PREPARE }, 0)) {
		fail_at(b, &at, told->message);
		return -1;
	}
	if (s->replaced)
		work_replace(b->drive);
	disk_read(b->drive, &b->start);
	for (size_t i = 0; i < b->n_states; i++) {
		disk_put(&b->start, b->drive);
		if (run(b, &(struct job){ .kind = ACT, .steps = i + (s->export && i == 0) }, 0)) {
			fail_at(b, &at, told->message);
			return -1;
		}
		memcpy(b->claims[i], told->after_again.claims, sizeof(b->claims[i]));
		b->calls = shim->calls;
		disk_after(&b->start, &now);
		disk_lose(&now, DISK_KILL, 0, &b->state[i]);
		disk_release(&now);
	}
	/* The log is only worth something when it tells the same as the folder. */
	disk_read(b->drive, &now);
	why = disk_difference(&b->state[b->n_states - 1], &now, NULL);
	if (why)
		fail_at(b, &at, why);
	free(why);
	disk_release(&now);
	for (size_t i = 0; i + 1 < b->n_states; i++) {
		uint32_t budget = s->act[i].files + s->act[i].folders + 5;
		char *text = sg_format("%s %s: %u flushes, and the budget is %u files + %u folders + 5 = %u",
		        sg_op_name(s->act[i].op), s->act[i].id, told->flushes[i], s->act[i].files,
		        s->act[i].folders, budget);

		if (told->flushes[i] != budget)
			fail_at(b, &at, text);
		else if (b->loud)
			printf("%s\n", text);
		free(text);
	}
	if (s->export) { /* there is a journal, and it claims what it claimed when the act began */
		disk_put(&b->start, b->drive);
		if (run(b, &(struct job){ .kind = START, .onward = false }, 0))
			return -1;
		memcpy(b->claims[0], told->after_recovery.claims, sizeof(b->claims[0]));
	}
	return counts->failures ? -1 : 0;
}

static void strike_stage(struct bench *b)
{
	for (size_t i = 0; i < b->n_states; i++)
		disk_release(&b->state[i]);
	disk_release(&b->start);
	disk_release(&b->origin);
}

/* --- the matrix */

static void matrix(struct bench *b, const struct scenario *s, const struct extent *extent, uint32_t worker,
        uint32_t workers)
{
	b->loud = worker == 0;
	if (set_stage(b, s) == 0) {
		if (worker == 0)
			printf("%s: %s; %u calls\n", s->name, s->about, b->calls);
		for (uint32_t n = 1 + worker; n <= b->calls + 1 && !given_up(); n += workers) {
			struct disk after;
			uint32_t acknowledged = first_crash(b, n, &after);

			for (int loss = 0; loss < extent->losses && !given_up(); loss++) {
				struct at at = { n, loss, 0, -1 };
				struct disk left;

				after_loss(&after, loss, &at, &left);
				if (is_new(b, &left, 512 + acknowledged))
					starts(b, at, &left, acknowledged, extent);
				disk_release(&left);
			}
			disk_release(&after);
		}
	}
	strike_stage(b);
}

static void make_bench(struct bench *b, char *drive)
{
	b->drive = drive;
	t_drive_fill(drive);
	disk_read(drive, &b->fresh);
	shim_init(drive);
	told_init();
}

static void free_bench(struct bench *b)
{
	disk_release(&b->fresh);
	free(b->seen);
}

/* A folder in memory where there is one: what is durable is decided by the log, so a real disk would only be slower. */
static char *make_drive(void)
{
	if (!getenv("TMPDIR") && access("/dev/shm", W_OK) == 0)
		setenv("TMPDIR", "/dev/shm", 1);
	return t_drive_empty();
}

/* The number of failures, or -1 when the matrix itself did not run. */
static int run_matrix(const struct extent *extent, const char *only, uint32_t workers, bool no_recovery)
{
	struct timespec begun, ended;
	bool died = false;

	clock_gettime(CLOCK_MONOTONIC, &begun);
	for (uint32_t w = 0; w < workers; w++) {
		fflush(stdout);
		if (fork() == 0) {
			struct bench b = { .no_recovery = no_recovery };
			char *drive = make_drive();

			make_bench(&b, drive);
			for (size_t i = 0; i < n_scenarios && !given_up(); i++) {
				if (!only || strcmp(scenarios[i].name, only) == 0)
					matrix(&b, &scenarios[i], extent, w, workers);
			}
			free_bench(&b);
			t_drive_free(drive);
			exit(0);
		}
	}
	for (uint32_t w = 0; w < workers; w++) {
		int status = 0;

		if (wait(&status) < 0 || status != 0)
			died = true;
	}
	clock_gettime(CLOCK_MONOTONIC, &ended);
	printf("%u points, %u double points, %u different disks, %u failures, %lld s\n", counts->points,
	        counts->doubles, counts->states, counts->failures, (long long)(ended.tv_sec - begun.tv_sec));
	return died || counts->points == 0 ? -1 : (int)counts->failures;
}

static int replay(const char *name, uint32_t n, int loss, uint32_t m, int loss_again)
{
	struct bench b = { .loud = true, .replaying = true };
	char *drive = make_drive();
	const struct scenario *s = NULL;
	struct at at = { n, loss, m, -1 };
	struct disk after, left;
	uint32_t acknowledged;

	for (size_t i = 0; i < n_scenarios; i++) {
		if (strcmp(scenarios[i].name, name) == 0)
			s = &scenarios[i];
	}
	make_bench(&b, drive);
	if (!s || set_stage(&b, s))
		return s ? 1 : 2;
	acknowledged = first_crash(&b, n, &after);
	printf("%s dies before call %u of %u: %s; %u steps were acknowledged\n", name, n, b.calls, shim->last,
	        acknowledged);
	after_loss(&after, loss, &at, &left);
	at.m = 0;
	if (!m) {
		starts(&b, at, &left, acknowledged, &quick);
	} else {
		struct disk recovered, again;
		uint32_t calls = 0;
		int state = last_start(
		        &b, &at, &left, acknowledged, acknowledged, acknowledged + 1, &recovered, &calls);

		at.m = m;
		at.loss_again = loss_again;
		if (state >= 0 && m > calls) {
			after_loss(&recovered, loss_again, &at, &again);
			last_start(&b, &at, &again, acknowledged, (size_t)state, (size_t)state, NULL, NULL);
			disk_release(&again);
		} else {
			second_crash(&b, at, &left, acknowledged, acknowledged, acknowledged + 1, loss_again,
			        &whole);
			printf("the second start dies before its call %u of %u: %s\n", m, calls, shim->last);
		}
		if (state >= 0)
			disk_release(&recovered);
	}
	disk_release(&left);
	disk_release(&after);
	strike_stage(&b);
	free_bench(&b);
	t_drive_free(drive);
	printf("%s\n", counts->failures ? "failed" : "all is as it has to be");
	return counts->failures ? 1 : 0;
}

static int usage(void)
{
	puts("usage: crash_matrix --pass | --all | --self-check | --list [--scenario NAME] [--jobs N]\n"
	     "       crash_matrix --scenario NAME --at N [--loss K] [--then M --loss-again K]\n"
	     "  --pass        every point once, a sample of the second crashes\n"
	     "  --all         and every point of every second start\n"
	     "  --self-check  with a start that leaves out recovery: it must be noticed\n"
	     "  --loss K      0 kill, 1 all that is not durable, 2 only contents, 3 only names, 4.. by "
	     "chance\n"
	     "Exit status: 0 every promise held, 1 not, 2 usage.");
	return 2;
}

int main(int argc, char **argv)
{
	const char *scenario = NULL, *mode = NULL;
	long workers = sysconf(_SC_NPROCESSORS_ONLN), n = 0, m = 0, loss = 0, loss_again = 0;

	counts = mmap(NULL, sizeof(*counts), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (counts == MAP_FAILED)
		return 1;
	for (int i = 1; i < argc; i++) {
		const char *a = argv[i], *value = i + 1 < argc ? argv[i + 1] : NULL;
		bool takes = true;

		if (strcmp(a, "--scenario") == 0)
			scenario = value;
		else if (strcmp(a, "--jobs") == 0 && value)
			workers = atol(value);
		else if (strcmp(a, "--at") == 0 && value)
			n = atol(value);
		else if (strcmp(a, "--then") == 0 && value)
			m = atol(value);
		else if (strcmp(a, "--loss") == 0 && value)
			loss = atol(value);
		else if (strcmp(a, "--loss-again") == 0 && value)
			loss_again = atol(value);
		else
			takes = false;
		if (!takes)
			mode = a;
		i += takes;
	}
	workers = workers < 1 ? 1 : workers > 16 ? 16 : workers;
	if (scenario && n)
		return replay(scenario, (uint32_t)n, (int)loss, (uint32_t)m, (int)loss_again);
	if (!mode)
		return usage();
	if (strcmp(mode, "--pass") == 0)
		return run_matrix(&quick, scenario, (uint32_t)workers, false) != 0;
	if (strcmp(mode, "--all") == 0)
		return run_matrix(&whole, scenario, (uint32_t)workers, false) != 0;
	if (strcmp(mode, "--self-check") == 0) {
		puts("a start without recovery: every failure below is one that had to be seen");
		return run_matrix(&quick, scenario ? scenario : "revert", (uint32_t)workers, true) > 0 ? 0
		                                                                                       : 1;
	}
	if (strcmp(mode, "--list") != 0)
		return usage();
	for (size_t i = 0; i < n_scenarios; i++)
		printf("%-12s %s\n", scenarios[i].name, scenarios[i].about);
	return 0;
}
