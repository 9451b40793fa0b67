/* crash_child_main.c - one child of the crash matrix on Windows (crash.py): prepares a drive, acts, or starts again, with the real engine, and says on standard
 * output what it learned.
 *
 *   list                        the scenarios, with the steps of each
 *   origin SCENARIO DRIVE       what others do to a fresh drive, without stopgap
 *   stage SCENARIO DRIVE        the same with what the scenario prepares
 *   act SCENARIO DRIVE STEPS N  so many steps; dies before the N-th change (0: never)
 *   start SCENARIO DRIVE ACKNOWLEDGED N ONWARD   looks at the drive, recovers, and with ONWARD finishes the act and gives everything back
 *   blind ...                   the same without recovering: it has to be noticed
 * Exit status: 0 done, 77 died as it was told to, 1 a promise is broken or it cannot be done.
 */
#include "tests/crash/scenario.h"
#include "tests/crash/shim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct scenario *find(const char *name)
{
	for (size_t i = 0; i < n_scenarios; i++)
		if (strcmp(scenarios[i].name, name) == 0)
			return &scenarios[i];
	return NULL;
}

static int list(void)
{
	for (size_t i = 0; i < n_scenarios; i++)
		printf("%s %zu %d\n", scenarios[i].name, steps_of(scenarios[i].act), scenarios[i].export);
	return 0;
}

static void say(const char *what, const struct mark *mark)
{
	printf("%s %s", what, mark->claims);
	printf("end\n");
}

static int stage(const struct scenario *s, const char *drive, bool prepare)
{
	int r = 0;

	if (s->beside)
		work_beside(drive);
	if (prepare && s->prepare[0].op)
		r = work_prepare(drive, s);
	if (!r && s->replaced)
		work_replace(drive);
	return r;
}

static int act(const struct scenario *s, const char *drive, size_t steps, uint32_t n)
{
	int r;

	shim_arm(n);
	r = work_act(drive, s, 0, steps);
	shim_disarm();
	printf("calls %u\nacknowledged %u\n", shim->calls, told->acknowledged);
	say("again", &told->after_again);
	return r;
}

static int start(const struct scenario *s, const char *drive, char **more, bool recover)
{
	int r;

	told->acknowledged = (uint32_t)atoi(more[0]);
	r = work_start(drive, s, (uint32_t)atoi(more[1]), atoi(more[2]) != 0, recover);
	printf("calls %u\n", told->recovery_calls);
	say("recovery", &told->after_recovery);
	say("again", &told->after_again);
	say("return", &told->after_return);
	return r;
}

int main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";
	const struct scenario *s = argc > 3 ? find(argv[2]) : NULL;
	int r = 2;

	if (strcmp(verb, "list") == 0)
		return list();
	if (!s)
		return 2;
	told_init();
	shim_init(argv[3]);
	if (strcmp(verb, "origin") == 0 || strcmp(verb, "stage") == 0)
		r = stage(s, argv[3], *verb == 's');
	else if (strcmp(verb, "act") == 0 && argc == 6)
		r = act(s, argv[3], (size_t)atoi(argv[4]), (uint32_t)atoi(argv[5]));
	else if ((strcmp(verb, "start") == 0 || strcmp(verb, "blind") == 0) && argc == 7)
		r = start(s, argv[3], argv + 4, *verb == 's');
	if (r)
		printf("message %s\n", told->message);
	return r;
}
