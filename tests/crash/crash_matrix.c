/* crash_matrix.c - dies at every call that changes a file or makes a change durable, loses what was not durable, starts again, and looks.
 *
 * For every scenario and every n: a child does the act on the real engine and dies before its n-th such call. What the disk then holds is one of
 * the losses of disk.h. A second child looks at it (P1, the journal's file), starts as the service does, finishes the act and gives everything back. In
 * the whole matrix it dies, too, at every m, with every loss, and a third child does the same. After each: the files are those before or after the step that
 * was under way, the journal claims exactly that, no temporary file is left, acknowledged steps and an acknowledged recovery stay (P3), and what
 * is given back is what was there, octet by octet (P7).
 */
#include "bench.h"

#include "base/buf.h"
#include "tests/lib/drive.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* How much is tried. */
struct extent {
	int losses;   /* of the first crash: all below this */
	int again;    /* of the second, and after a recovery that ended well */
	bool every_m; /* false: one m for every second n */
};
static const struct extent quick = { DISK_RANDOM + 1, DISK_STRICT + 1, false };
static const struct extent whole = { DISK_RANDOM + 3, DISK_RANDOM + 1, true };

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
	count(&counts->states);
	return true;
}

static void after_loss(const struct disk *d, int loss, const struct at *at, struct disk *ret)
{
	if (loss == DISK_KILL) /* nothing is lost, and nothing is durable that was not */
		disk_copy(d, ret);
	else
		disk_lose(d, (enum disk_loss)loss, (uint64_t)loss * 1000003 + at->n * 1009 + at->m, ret);
}

/* The second start dies at its m-th call. */
static void second_crash(struct bench *b, struct at at, const struct disk *d, uint32_t acknowledged,
        size_t from, size_t to, int losses)
{
	struct disk after;

	if (!bench_crash_start(b, &at, d, acknowledged, &after))
		return;
	for (at.loss_again = 0; at.loss_again < losses && !given_up(); at.loss_again++) {
		struct disk left;

		after_loss(&after, at.loss_again, &at, &left);
		if (is_new(b, &left, (uint32_t)(from * 16 + to)))
			bench_start(b, &at, &left, acknowledged, from, to, NULL);
		disk_release(&left);
	}
	disk_release(&after);
}

/* The power goes when the start was acknowledged (m: one more than its calls), or when the act that followed was (two more): nothing may change. */
static void late_loss(struct bench *b, struct at at, const struct ended *e, uint32_t acknowledged)
{
	bool act = at.m == e->calls + 2;
	size_t state = act ? b->n_states - 1 : e->state;
	struct disk then = e->disk, left;

	then.n_events = act ? e->again : e->recovered;
	after_loss(&then, at.loss_again, &at, &left);
	if (b->replaying || is_new(b, &left, (uint32_t)(256 + state)))
		bench_start(b, &at, &left, acknowledged, state, state, NULL);
	disk_release(&left);
}

static void bounds(const struct bench *b, uint32_t acknowledged, size_t *ret_from, size_t *ret_to)
{
	*ret_from = b->s->export ? 0 : acknowledged;
	*ret_to = b->s->export ? 0 : acknowledged + 1;
}

/* Everything that follows from one disk as the first crash left it. */
static void starts(struct bench *b, struct at at, const struct disk *d, uint32_t acknowledged,
        const struct extent *extent)
{
	struct ended e;
	size_t from, to;

	bounds(b, acknowledged, &from, &to);
	if (!bench_start(b, &at, d, acknowledged, from, to, &e))
		return;
	for (at.loss_again = DISK_STRICT; at.loss_again < extent->again && !given_up(); at.loss_again++) {
		for (at.m = e.calls + 1; at.m <= e.calls + 2; at.m++)
			late_loss(b, at, &e, acknowledged);
	}
	for (at.m = 1; at.m <= e.calls && !given_up(); at.m++) {
		at.loss_again = DISK_KILL;
		if (extent->every_m || (at.n % 2 == 0 && at.m == 1 + at.n * 7 % e.calls))
			second_crash(b, at, d, acknowledged, from, to, extent->again);
	}
	disk_release(&e.disk);
}

/* --- the matrix */

static void matrix(struct bench *b, const struct scenario *s, const struct extent *extent, uint32_t worker,
        uint32_t workers)
{
	b->loud = worker == 0;
	if (bench_set(b, s)) {
		if (worker == 0)
			printf("%s: %s; %u calls\n", s->name, s->about, b->calls);
		for (uint32_t n = 1 + worker; n <= b->calls + 1 && !given_up(); n += workers) {
			struct disk after;
			uint32_t acknowledged = bench_crash(b, n, &after);

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
	bench_strike(b);
}

/* A folder in memory where there is one: what is durable is decided by the log, so a real disk would only be slower. */
static char *make_drive(void)
{
	if (!getenv("TMPDIR") && access("/dev/shm", W_OK) == 0)
		setenv("TMPDIR", "/dev/shm", 1);
	return t_drive_empty();
}

/* The number of failures, or -1 when the matrix itself did not run. */
static int run_matrix(
        const struct extent *extent, const char *only, uint32_t workers, const struct bench *like)
{
	struct timespec begun, ended;
	bool died = false;

	clock_gettime(CLOCK_MONOTONIC, &begun);
	for (uint32_t w = 0; w < workers; w++) {
		fflush(stdout);
		if (fork() == 0) {
			struct bench b = *like;
			char *drive = make_drive();

			prctl(PR_SET_PDEATHSIG, SIGKILL);
			bench_init(&b, drive);
			for (size_t i = 0; i < n_scenarios && !given_up(); i++) {
				if (!only || strcmp(scenarios[i].name, only) == 0)
					matrix(&b, &scenarios[i], extent, w, workers);
			}
			bench_release(&b);
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

static int replay(const char *name, struct at at)
{
	struct bench b = { .loud = true, .replaying = true };
	const struct scenario *s = NULL;
	char *drive = make_drive();
	struct at first = { at.n, at.loss, 0, -1 };
	struct disk after, left, again;
	struct ended e;
	uint32_t acknowledged;
	size_t from, to;

	for (size_t i = 0; i < n_scenarios; i++) {
		if (strcmp(scenarios[i].name, name) == 0)
			s = &scenarios[i];
	}
	bench_init(&b, drive);
	if (s && bench_set(&b, s)) {
		acknowledged = bench_crash(&b, at.n, &after);
		printf("%s ends before call %u of %u: %s; %u steps were acknowledged\n", name, at.n, b.calls,
		        shim->last, acknowledged);
		after_loss(&after, at.loss, &first, &left);
		bounds(&b, acknowledged, &from, &to);
		if (bench_start(&b, &first, &left, acknowledged, from, to, &e)) {
			if (at.m > e.calls) {
				late_loss(&b, at, &e, acknowledged);
			} else if (at.m && bench_crash_start(&b, &at, &left, acknowledged, &again)) {
				struct disk last;

				printf("the second start ends before call %u of %u: %s\n", at.m, e.calls,
				        shim->last);
				after_loss(&again, at.loss_again, &at, &last);
				bench_start(&b, &at, &last, acknowledged, from, to, NULL);
				disk_release(&last);
				disk_release(&again);
			}
			disk_release(&e.disk);
		}
		disk_release(&left);
		disk_release(&after);
	}
	bench_strike(&b);
	bench_release(&b);
	t_drive_free(drive);
	printf("%s\n", !s                 ? "there is no such scenario"
	               : counts->failures ? "failed"
	                                  : "all is as it has to be");
	return s ? counts->failures != 0 : 2;
}

static int usage(void)
{
	puts("usage: crash_matrix --pass | --all | --self-check | --list [--scenario NAME] [--jobs N]\n"
	     "       crash_matrix --scenario NAME --at N [--loss K] [--then M --loss-again K]\n"
	     "  --pass        every point once, a sample of the second crashes\n"
	     "  --all         and every point of every second start\n"
	     "  --uncounted   a step may cost more or fewer flushes than the design allows: for mutants, "
	     "which are to\n"
	     "                be found by what they lose\n"
	     "  --self-check  with a start that leaves out recovery: it must be noticed\n"
	     "  --loss K      0 kill, 1 all that is not durable, 2 only contents, 3 only names, 4.. by "
	     "chance\n"
	     "Exit status: 0 every promise held, 1 not, 2 usage.");
	return 2;
}

int main(int argc, char **argv)
{
	const char *scenario = NULL, *mode = NULL;
	struct bench like = { 0 };
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
		if (strcmp(a, "--uncounted") == 0)
			like.uncounted = true;
		else if (!takes)
			mode = a;
		i += takes;
	}
	workers = workers < 1 ? 1 : workers > 16 ? 16 : workers;
	if (scenario && n)
		return replay(scenario,
		        (struct at){ (uint32_t)n, (int)loss, (uint32_t)m, m ? (int)loss_again : -1 });
	if (!mode)
		return usage();
	if (strcmp(mode, "--pass") == 0)
		return run_matrix(&quick, scenario, (uint32_t)workers, &like) != 0;
	if (strcmp(mode, "--all") == 0)
		return run_matrix(&whole, scenario, (uint32_t)workers, &like) != 0;
	if (strcmp(mode, "--self-check") == 0) {
		like.no_recovery = true;
		puts("a start without recovery: every failure below is one that had to be seen");
		return run_matrix(&quick, scenario ? scenario : "revert", (uint32_t)workers, &like) <= 0;
	}
	if (strcmp(mode, "--list") != 0)
		return usage();
	for (size_t i = 0; i < n_scenarios; i++)
		printf("%-12s %s\n", scenarios[i].name, scenarios[i].about);
	return 0;
}
