/* bench.c - sets a scenario up, runs children on its drive, and checks what has to hold after a crash (bench.h). */
#include "bench.h"

#include "base/buf.h"
#include "tests/lib/drive.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TIMEOUT_S = 120, FAILURES_SHOWN = 8, NO_STATE = -1 };

struct counts *counts;

/* Freed disks that AddressSanitizer keeps would make every fork slower. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "quarantine_size_mb=1";
}

void count(uint32_t *which)
{
	__atomic_add_fetch(which, 1, __ATOMIC_SEQ_CST);
}

static const char *loss_name(int loss)
{
	static const char *const names[] = { "kill", "strict", "names", "data" };

	return loss < 0 ? "none" : loss < DISK_RANDOM ? names[loss] : "random";
}

void bench_fail(const struct bench *b, const struct at *at, const char *what)
{
	if (__atomic_add_fetch(&counts->failures, 1, __ATOMIC_SEQ_CST) > FAILURES_SHOWN)
		return;
	printf("FAILED: crash_matrix --scenario %s --at %u", b->s->name, at->n);
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

bool given_up(void)
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

/* Which state the disk is in, and the claims are of the same; NO_STATE when none of the allowed. */
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
			return NO_STATE;
		}
		if (*ret_why)
			free(why);
		else
			*ret_why = why;
	}
	return NO_STATE;
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
		bench_fail(b, at, why ? why : "?");
	free(why);
	disk_release(&now);
	if (state < 0 || !onward)
		return state;
	view_at(end, told->after_again.events, &now);
	if (state_of(b, &now, told->after_again.claims, b->n_states - 1, b->n_states - 1, &why) < 0) {
		char *text = sg_format("the act, done after recovery, ends elsewhere: %s", why ? why : "?");

		bench_fail(b, at, text);
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

		bench_fail(b, at, text);
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
				bench_fail(b, at, "the journal's files lost their allocated blocks");
				return false;
			}
		}
	}
	return true;
}

bool bench_start(struct bench *b, const struct at *at, const struct disk *d, uint32_t acknowledged,
        size_t from, size_t to, struct ended *ret)
{
	struct job job = { .kind = START, .no_recovery = b->no_recovery };
	struct disk end;
	int state;

	if (at->loss > DISK_KILL && !check_blocks(b, at, d))
		return false;
	/* After a second crash one in four is enough to see that the claims are still good for giving back. */
	job.onward = at->loss_again < 0 || b->replaying || b->n_again++ % 4 == 0;
	disk_put(d, b->drive);
	if (run(b, &job, acknowledged)) {
		bench_fail(b, at, told->message);
		return false;
	}
	disk_after(d, &end);
	state = check(b, at, &end, from, to, job.onward);
	if (state >= 0 && ret)
		*ret = (struct ended){ end, told->after_recovery.events, told->after_again.events,
			told->recovery_calls, (size_t)state };
	else
		disk_release(&end);
	return state >= 0;
}

bool bench_crash_start(
        struct bench *b, const struct at *at, const struct disk *d, uint32_t acknowledged, struct disk *ret)
{
	struct job job = { .kind = START, .die_at = at->m, .no_recovery = b->no_recovery };
	int r;

	disk_put(d, b->drive);
	shim->last[0] = 0;
	r = run(b, &job, acknowledged);
	if (r != SHIM_DIED) {
		bench_fail(b, at, r ? told->message : "the second start did not reach its point");
		return false;
	}
	count(&counts->doubles);
	disk_after(d, ret);
	return true;
}

uint32_t bench_crash(struct bench *b, uint32_t n, struct disk *ret)
{
	struct job job = { .kind = ACT, .steps = b->s->export ? 1 : b->n_states - 1, .die_at = n };
	struct at at = { n, -1, 0, -1 };
	int r;

	disk_put(&b->start, b->drive);
	shim->last[0] = 0;
	r = run(b, &job, 0);
	if (r != (n <= b->calls ? SHIM_DIED : 0))
		bench_fail(b, &at, r ? told->message : "the act did not reach its point");
	disk_after(&b->start, ret);
	count(&counts->points);
	return told->acknowledged;
}

/* --- setting the stage */

/* Every step costs exactly the flushes that the design allows. */
static void check_budget(const struct bench *b, const struct at *at)
{
	for (size_t i = 0; i + 1 < b->n_states; i++) {
		const struct step *step = &b->s->act[i];
		uint32_t budget = step->files + step->folders + 5;
		char *text = sg_format("%s %s: %u flushes, and the budget is %u files + %u folders + 5 = %u",
		        sg_op_name(step->op), step->id, told->flushes[i], step->files, step->folders, budget);

		if (told->flushes[i] != budget && !b->uncounted)
			bench_fail(b, at, text);
		else if (b->loud)
			printf("%s\n", text);
		free(text);
	}
}

/* The states after 0, 1, ... steps, and at the end a look at the shim itself: its log is worth something when it tells the same as the folder. */
static bool take_states(struct bench *b, const struct at *at)
{
	struct disk now;
	char *why;

	for (size_t i = 0; i < b->n_states; i++) {
		size_t steps = b->s->export ? 1 : i;

		disk_put(&b->start, b->drive);
		if (run(b, &(struct job){ .kind = ACT, .steps = steps }, 0)) {
			bench_fail(b, at, told->message);
			return false;
		}
		memcpy(b->claims[i], told->after_again.claims, sizeof(b->claims[i]));
		b->calls = shim->calls;
		disk_after(&b->start, &now);
		disk_lose(&now, DISK_KILL, 0, &b->state[i]);
		disk_release(&now);
	}
	disk_read(b->drive, &now);
	why = disk_difference(&b->state[b->n_states - 1], &now, NULL);
	if (why)
		bench_fail(b, at, why);
	free(why);
	disk_release(&now);
	return true;
}

bool bench_set(struct bench *b, const struct scenario *s)
{
	struct at at = { 0, -1, 0, -1 };

	b->s = s;
	b->n_states = steps_of(s->act) + 1;
	b->n_seen = 0;
	disk_put(&b->fresh, b->drive);
	if (s->beside)
		work_beside(b->drive);
	if (s->replaced)
		work_replace(b->drive);
	disk_read(b->drive, &b->origin);
	disk_put(&b->fresh, b->drive);
	if (s->beside)
		work_beside(b->drive);
	if (s->prepare[0].op && run(b, &(struct job){ .kind = PREPARE }, 0)) {
		bench_fail(b, &at, told->message);
		return false;
	}
	if (s->replaced)
		work_replace(b->drive);
	disk_read(b->drive, &b->start);
	if (!take_states(b, &at))
		return false;
	check_budget(b, &at);
	if (s->export) { /* there is a journal, and it claims what it claimed when the act began */
		disk_put(&b->start, b->drive);
		if (run(b, &(struct job){ .kind = START }, 0)) {
			bench_fail(b, &at, told->message);
			return false;
		}
		memcpy(b->claims[0], told->after_recovery.claims, sizeof(b->claims[0]));
	}
	return counts->failures == 0;
}

void bench_strike(struct bench *b)
{
	for (size_t i = 0; i <= STEPS; i++)
		disk_release(&b->state[i]);
	disk_release(&b->start);
	disk_release(&b->origin);
}

void bench_init(struct bench *b, const char *drive)
{
	b->drive = drive;
	t_drive_fill(drive);
	disk_read(drive, &b->fresh);
	shim_init(drive);
	told_init();
}

void bench_release(struct bench *b)
{
	disk_release(&b->fresh);
	free(b->seen);
}
