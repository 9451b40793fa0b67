/* test_descriptor.c - the control pipe's security descriptor: exactly whom authorise.h may say yes to, and nobody with more than reading and writing. */
#include "daemon/descriptor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define SYSTEM  "S-1-5-18"
#define ADMINS  "S-1-5-32-544"
#define ANNA    "S-1-5-21-1-2-3-1001"
#define READERS "S-1-5-21-1-2-3-2001"

static void add_all(struct sg_strs *to, const char *const *ids)
{
	for (; *ids; ids++)
		sg_strs_add(to, *ids);
}

static void expect(const struct sg_access *a, const char *self, bool high, const char *want)
{
	char *text = sg_descriptor_text(a, self, high);

	assert_string_equal(text, want);
	free(text);
}

static void administrators_alone_connect_from_high_integrity(void **state)
{
	static const char *const always[] = { SYSTEM, ADMINS, SYSTEM, NULL }, *const never[] = { "S-1-5-7",
		"S-1-5-2", "S-1-16-4096", NULL };
	struct sg_access a = { 0 };

	(void)state;
	add_all(&a.always, always);
	add_all(&a.never, never);
	expect(&a, SYSTEM, true,
	        "O:" SYSTEM "D:P(D;;GA;;;S-1-5-7)(D;;GA;;;S-1-5-2)(A;;GA;;;" SYSTEM ")(A;;0x12019b;;;" ADMINS
	        ")S:(ML;;NW;;;HI)");
	sg_strs_release(&a.always);
	sg_strs_release(&a.never);
}

static void who_is_listed_may_read_and_write_and_make_no_instance(void **state)
{
	static const char *const always[] = { SYSTEM, ADMINS, NULL }, *const read[] = { READERS, ANNA, NULL },
	                         *const change[] = { ANNA, NULL };
	struct sg_access a = { 0 };

	(void)state;
	add_all(&a.always, always);
	add_all(&a.read, read);
	add_all(&a.change, change);
	expect(&a, SYSTEM, true,
	        "O:" SYSTEM "D:P(A;;GA;;;" SYSTEM ")(A;;0x12019b;;;" ADMINS ")(A;;0x12019b;;;" ANNA
	        ")(A;;0x12019b;;;" READERS ")S:(ML;;NW;;;ME)");
	sg_strs_release(&a.always);
	sg_strs_release(&a.read);
	sg_strs_release(&a.change);
}

static void a_person_who_runs_it_can_make_its_instances(void **state)
{
	static const char *const always[] = { SYSTEM, ADMINS, ANNA, NULL };
	struct sg_access a = { 0 };

	(void)state;
	add_all(&a.always, always);
	expect(&a, ANNA, false,
	        "O:" ANNA "D:P(A;;GA;;;" SYSTEM ")(A;;GA;;;" ANNA ")(A;;0x12019b;;;" ADMINS
	        ")S:(ML;;NW;;;ME)");
	expect(&a, ANNA, true,
	        "O:" ADMINS "D:P(A;;GA;;;" SYSTEM ")(A;;GA;;;" ANNA ")(A;;0x12019b;;;" ADMINS
	        ")S:(ML;;NW;;;HI)");
	sg_strs_release(&a.always);
}

static void nothing_but_sids_gets_into_the_text(void **state)
{
	static const char *const read[] = { "uid 0", "S-1-5-32-544)(A;;GA;;;WD", "", "S-1-", "S-1-1-0",
		NULL };
	struct sg_access a = { 0 };

	(void)state;
	add_all(&a.read, read);
	expect(&a, SYSTEM, true, "O:" SYSTEM "D:P(A;;GA;;;" SYSTEM ")(A;;0x12019b;;;S-1-1-0)S:(ML;;NW;;;ME)");
	sg_strs_release(&a.read);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(administrators_alone_connect_from_high_integrity),
		cmocka_unit_test(who_is_listed_may_read_and_write_and_make_no_instance),
		cmocka_unit_test(a_person_who_runs_it_can_make_its_instances),
		cmocka_unit_test(nothing_but_sids_gets_into_the_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
