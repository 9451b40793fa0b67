/* test_feed_attacks.c - every attack of the tables is refused, with its own code, event and sentence, in little time; and none can be missing unnoticed. */
#include "tests/lib/attack.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

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

enum { MOST_MS = SANITIZED ? 2000 : 100, MOST_KIB = SANITIZED ? 1 << 20 : 64 << 10, FEWEST = 200 };

static double cpu_ms(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e3 +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e3;
}

/* Neighbours slow one down even in processor time, by what they take of the caches: eight in a row are the product's own. */
static double judged_ms(const struct attack *a, struct attack_verdict *ret)
{
	double least = 1e9;

	for (int i = 0; i < 8 && least > MOST_MS; i++) {
		double before = cpu_ms(), ms;

		attack_judge(a, ret);
		ms = cpu_ms() - before;
		least = ms < least ? ms : least;
	}
	return least;
}

static size_t check_table(const struct attack_table *table, size_t *wrong)
{
	for (size_t i = 0; i < table->n; i++) {
		const struct attack_row *row = &table->rows[i];
		struct attack a = { .rules = fix_rules };
		struct attack_verdict is;
		double ms;

		row->make(row, &a);
		ms = judged_ms(&a, &is);
		if (!is.code || is.code != row->code || is.event != row->event ||
		        !strstr(is.says, row->says)) {
			print_error(
			        "%s: %s: %s: code %d, event %d, \"%s\"; expected code %d, event %d, \"%s\"\n",
			        table->name, row->name, is.code ? "refused otherwise" : "ACCEPTED", is.code,
			        is.event, is.says, row->code, row->event, row->says);
			++*wrong;
		} else if (ms > MOST_MS) {
			print_error("%s: %s: refused only after %.0f ms\n", table->name, row->name, ms);
			++*wrong;
		}
		attack_release(&a);
	}
	return table->n;
}

static void every_attack_is_refused_with_its_own_code_and_sentence(void **state)
{
	size_t n = 0, wrong = 0;

	(void)state;
	for (size_t i = 0; attack_tables[i]; i++)
		n += check_table(attack_tables[i], &wrong);
	if (wrong)
		fail_msg("%zu of %zu attacks", wrong, n);
	assert_true(n >= FEWEST);
}

static void no_two_rows_are_the_same_attack(void **state)
{
	(void)state;
	for (size_t i = 0; attack_tables[i]; i++)
		for (size_t k = 0; k < attack_tables[i]->n; k++)
			for (size_t l = 0; l < k; l++)
				assert_string_not_equal(
				        attack_tables[i]->rows[k].name, attack_tables[i]->rows[l].name);
}

/* What rows are made from is good: they are refused for the one point that they change. */
static void what_the_attacks_are_made_from_is_accepted(void **state)
{
	struct attack good[4] = { { .rules = fix_rules }, { .rules = fix_rules }, { .rules = attack_later },
		{ .rules = fix_rules } };
	struct stamp_spec stamp = { 0 };
	char *docs[] = { sg_strdup(fix_good), attack_resigned(NULL, NULL),
		attack_stamped(attack_em_plain, &stamp), sg_strdup(fix_plain) };

	(void)state;
	attack_sign_cms(docs[3], (struct sign_cms_spec){ 0 }, &good[3].cms);
	good[3].rules.need = SG_SIGNED_CMS;
	attack_crl(&fix_pki.root, NULL, fix_pki.now - 86400, fix_pki.now + 86400, &good[0].crls[0]);
	attack_crl(&fix_pki.middle, NULL, fix_pki.now - 86400, fix_pki.now + 86400, &good[0].crls[1]);
	good[0].rules.n_crls = 2;
	for (size_t i = 0; i < 4; i++) {
		struct attack_verdict is;

		sg_buf_set(&good[i].doc, docs[i], strlen(docs[i]));
		attack_judge(&good[i], &is);
		if (is.code)
			fail_msg("%zu: %s", i, is.says);
		attack_release(&good[i]);
		free(docs[i]);
	}
}

/* In this process: also where there is no fork. */
static void all_attacks_together_cost_little_memory(void **state)
{
	struct rusage before, after;

	(void)state;
	assert_int_equal(getrusage(RUSAGE_SELF, &before), 0);
	assert_true(before.ru_maxrss > 0); /* something is measured */
	for (size_t t = 0; attack_tables[t]; t++) {
		for (size_t i = 0; i < attack_tables[t]->n; i++) {
			struct attack a = { .rules = fix_rules };
			struct attack_verdict is;

			attack_tables[t]->rows[i].make(&attack_tables[t]->rows[i], &a);
			attack_judge(&a, &is);
			attack_release(&a);
		}
	}
	assert_int_equal(getrusage(RUSAGE_SELF, &after), 0);
	assert_in_range(
	        after.ru_maxrss - before.ru_maxrss, 0, 2 * MOST_KIB); /* with what signing them takes */
}

/* In a process of its own, whose memory is counted from where it begins. */
static long grown_kib(const struct attack *a)
{
	int ends[2];
	long kib = -1;
	pid_t child;

	assert_int_equal(pipe(ends), 0);
	child = fork();
	assert_true(child >= 0);
	if (!child) {
		struct attack_verdict is;
		struct rusage before, after;

		getrusage(RUSAGE_SELF, &before);
		attack_judge(a, &is);
		getrusage(RUSAGE_SELF, &after);
		kib = after.ru_maxrss - before.ru_maxrss;
		_exit(write(ends[1], &kib, sizeof kib) == sizeof kib ? 0 : 1);
	}
	close(ends[1]);
	if (read(ends[0], &kib, sizeof kib) != sizeof kib)
		kib = -1;
	close(ends[0]);
	waitpid(child, NULL, 0);
	return kib;
}

static void no_attack_costs_much_memory(void **state)
{
	long most = 0;

	(void)state;
	for (size_t t = 0; attack_tables[t]; t++) {
		for (size_t i = 0; i < attack_tables[t]->n; i++) {
			const struct attack_row *row = &attack_tables[t]->rows[i];
			struct attack a = { .rules = fix_rules };
			long kib;

			row->make(row, &a);
			kib = grown_kib(&a);
			if (kib < 0 || kib > MOST_KIB)
				fail_msg("%s: %ld KiB", row->name, kib);
			most = kib > most ? kib : most;
			attack_release(&a);
		}
	}
	assert_true(most > 0); /* something was measured */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		/* first: a peak never goes down, and what is freed is not counted when it is taken again */
		cmocka_unit_test(no_attack_costs_much_memory),
		cmocka_unit_test(all_attacks_together_cost_little_memory),
		cmocka_unit_test(every_attack_is_refused_with_its_own_code_and_sentence),
		cmocka_unit_test(no_two_rows_are_the_same_attack),
		cmocka_unit_test(what_the_attacks_are_made_from_is_accepted),
	};

	return cmocka_run_group_tests(tests, attack_set_up, attack_tear_down);
}
