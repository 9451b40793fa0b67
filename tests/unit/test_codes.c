/* The table of events: each is whole, numbers and names are their own, and schemas/events.md is what is printed of it. */
#include "base/os.h"
#include "model/codes.h"

#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

static bool clause(const char *s)
{
	return strlen(s) > 5 && s[strlen(s) - 1] != '.' && !strchr(s, '\n') && s[0] != ' ';
}

static void every_event_has_a_meaning_a_cause_and_a_cure(void **state)
{
	(void)state;
	assert_true(sg_event_count() > 70);
	for (size_t i = 0; i < sg_event_count(); i++) {
		const struct sg_event_info *a = sg_event_at(i);

		if (!clause(a->meaning) || !clause(a->cause) || !clause(a->cure))
			fail_msg("event %d %s is not said in clauses", a->code, a->name);
		if (a->level >= SG_WARNING && a->code >= 2000 && a->code < 4000 &&
		        !strcmp(a->cure, "nothing"))
			fail_msg("event %d %s warns, and says that nothing is to be done", a->code, a->name);
		assert_ptr_equal(sg_event_info(a->code), a);
		for (size_t k = 0; k < i; k++) {
			const struct sg_event_info *b = sg_event_at(k);

			assert_true(a->code > b->code);
			assert_string_not_equal(a->name, b->name);
		}
	}
	assert_null(sg_event_info(1));
	assert_null(sg_event_at(sg_event_count()));
}

static void the_page_of_events_is_what_the_table_prints(void **state)
{
	struct sg_buf page = { 0 }, printed = { 0 };
	struct sg_err err = SG_ERR_INIT;

	(void)state;
	assert_int_equal(sg_os_read(SG_SOURCE_DIR "/schemas/events.md", 1 << 20, &page, NULL, &err), 0);
	sg_events_print(&printed);
	if (page.len != printed.len || memcmp(page.data, printed.data, page.len) != 0)
		fail_msg("schemas/events.md is old: stopgapctl help events > schemas/events.md");
	sg_buf_release(&page);
	sg_buf_release(&printed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_event_has_a_meaning_a_cause_and_a_cure),
		cmocka_unit_test(the_page_of_events_is_what_the_table_prints),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
