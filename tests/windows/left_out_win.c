/* left_out_win.c - takes the cases of SG_LEFT_OUT ("name,name") out of a test program's list before cmocka runs it (linked with --wrap). A name that is
 * no case is an error: a list that nothing answers to would hide that a case was renamed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

int __real__cmocka_run_group_tests(
        const char *, const struct CMUnitTest *, size_t, CMFixtureFunction, CMFixtureFunction);
int __wrap__cmocka_run_group_tests(
        const char *, const struct CMUnitTest *, size_t, CMFixtureFunction, CMFixtureFunction);

int __wrap__cmocka_run_group_tests(const char *name, const struct CMUnitTest *tests, size_t n,
        CMFixtureFunction set_up, CMFixtureFunction tear_down)
{
	static const char left_out[] = "," SG_LEFT_OUT ",";
	struct CMUnitTest *kept = calloc(n, sizeof *kept);
	size_t n_kept = 0, names = 0;

	if (!kept)
		abort();
	for (const char *p = left_out + 1; *p; p++)
		names += *p == ',';
	for (size_t i = 0; i < n; i++) {
		char word[256];

		snprintf(word, sizeof word, ",%s,", tests[i].name);
		if (!strstr(left_out, word))
			kept[n_kept++] = tests[i];
		else
			printf("left out: %s\n", tests[i].name);
	}
	if (n - n_kept != names) {
		fprintf(stderr, "%s: %zu of the cases that are left out are not there: %s\n", name,
		        names - (n - n_kept), SG_LEFT_OUT);
		return 1;
	}
	return __real__cmocka_run_group_tests(name, kept, n_kept, set_up, tear_down);
}
