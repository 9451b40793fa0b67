/* test_engine_watch.c - which files the engine wants to be told of, and what it makes of a change: an update's, a person's, Setup's. */
#include "tests/lib/engine_lab.h"
#include "tests/lib/hive_file.h"

#include "base/os.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define ROLE "Microsoft\\ExchangeServer\\v15\\MailboxRole"

static int setup(void **state)
{
	struct lab *lab;

	if (lab_set_up(state))
		return 1;
	lab = *state;
	lab_configure(lab, NULL, NULL);
	return 0;
}

static void apply_one(struct lab *lab)
{
	lab_offer_one(lab, 1, "M1", "1", "evil");
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
}

static bool same_but_for_slashes(const char *a, const char *b)
{
	for (; *a && *b; a++, b++)
		if (*a != *b && !(strchr("/\\", *a) && strchr("/\\", *b)))
			return false;
	return *a == *b;
}

/* Whether the snapshot asks for that file. Where a drive's folder was given without its own drive, the snapshot names it. */
static bool watched(struct lab *lab, const char *win)
{
	struct sg_snapshot *s = sg_engine_snapshot(lab->engine);
	char *native = t_drive_native(lab->drive, win);
	bool has = false;

	for (size_t i = 0; i < s->watch.n; i++) {
		const char *at = s->watch.at[i];

		has = has ||
		      same_but_for_slashes(at[0] && at[1] == ':' && native[1] != ':' ? at + 2 : at, native);
	}
	free(native);
	sg_snapshot_free(s);
	return has;
}

static bool handles_off(struct lab *lab)
{
	struct sg_snapshot *s = sg_engine_snapshot(lab->engine);
	bool off = s->handles_off;

	sg_snapshot_free(s);
	return off;
}

static size_t said(struct lab *lab, const char *name)
{
	struct sg_val *reply = NULL;
	const struct sg_val *lines;
	size_t n = 0;

	assert_int_equal(lab_ask(lab, &reply, "history", "limit", "@1000", NULL), 0);
	lines = sg_val_get(reply, "lines");
	for (size_t i = 0; lines && i < lines->n; i++)
		n += strcmp(sg_val_get_str(lines->kid[i], "name", ""), name) == 0;
	sg_val_free(reply);
	return n;
}

/* The daemon's part: a file changed. */
static void touched(struct lab *lab)
{
	sg_engine_touched(lab->engine, NULL);
	lab_run(lab);
}

static void begin_setup(struct lab *lab)
{
	t_software_text(lab->drive, ROLE, "Watermark", "Mailbox___7");
	touched(lab);
}

static void end_setup(struct lab *lab)
{
	struct t_hive *h = t_hive_open(lab->drive, T_SOFTWARE);

	t_hive_remove_value(h, ROLE, "Watermark");
	t_hive_save(lab->drive, T_SOFTWARE, h, NULL);
	t_hive_free(h);
	touched(lab);
}

/* What was in the web.config before us comes back, octet for octet; as a new file or in the old one. */
struct original {
	struct sg_buf octets;
};

static void keep(struct lab *lab, struct original *o)
{
	*o = (struct original){ 0 };
	t_drive_read(lab->drive, T_WWWROOT, &o->octets);
}

static void put_back(struct lab *lab, struct original *o)
{
	t_drive_write(lab->drive, T_WWWROOT, sg_buf_bytes(&o->octets));
	sg_buf_release(&o->octets);
}

static bool in_place(struct lab *lab)
{
	return t_drive_has(lab->drive, T_WWWROOT, "stopgap M1 inbound");
}

static void what_decisions_rest_on_is_watched_whether_it_is_there_or_not(void **state)
{
	struct lab *lab = *state;

	assert_true(watched(lab, T_APPHOST));
	assert_true(watched(lab, T_REDIRECT)); /* not there */
	assert_true(watched(lab, T_SCHEMA));
	assert_true(watched(lab, T_EXSETUP));
	assert_true(watched(lab, T_SYSTEM) && watched(lab, T_SOFTWARE));
	assert_false(watched(lab, T_OWA)); /* nothing of ours can be met there */
	apply_one(lab);
	assert_true(watched(lab, T_WWWROOT));
	assert_true(watched(lab, T_OWA) && watched(lab, T_ECP)); /* below it in the site: may undo it */
	assert_true(watched(lab, T_V15 "\\FrontEnd\\HttpProxy\\OAB\\web.config")); /* could appear */
	assert_false(watched(lab, T_BACK_OWA));                                    /* another site */
}

static void a_file_that_applicability_names_is_watched(void **state)
{
	struct lab *lab = *state;
	char *config = lab_config("M1", "1", "/", "yes", "evil",
	        "<sg:Applicability><sg:Product name=\"Exchange\"/><sg:File path=\"{app}\\Bin\\x.dll\" "
	        "from=\"1.0\" "
	        "below=\"2.0\"/></sg:Applicability>");

	lab_offer(lab, "corp", 1, config);
	lab_run(lab);
	assert_true(watched(lab, T_V15 "\\Bin\\x.dll"));
	free(config);
}

static void a_folder_that_is_gone_is_watched_where_it_would_be(void **state)
{
	struct lab *lab = *state;
	char *folder = t_drive_native(lab->drive, "C:\\inetpub"), *away = sg_format("%s.away", folder);

	apply_one(lab);
	assert_int_equal(rename(folder, away), 0);
	touched(lab);
	assert_true(watched(lab, T_WWWROOT));
	assert_int_equal(rename(away, folder), 0);
	touched(lab);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied"); /* and still ours */
	lab_do(lab, "rollback", "id", "M1", NULL);
	assert_true(lab_untouched(lab));
	free(away);
	free(folder);
}

static void what_stays_gone_is_given_up_after_a_minute(void **state)
{
	struct lab *lab = *state;
	char *folder = t_drive_native(lab->drive, "C:\\inetpub"), *away = sg_format("%s.away", folder);
	struct sg_snapshot *s;

	apply_one(lab);
	assert_int_equal(rename(folder, away), 0);
	touched(lab);
	assert_int_equal(said(lab, "dropped"), 0);
	s = sg_engine_snapshot(lab->engine);
	assert_true(s->wake <= lab->now + SG_MINUTE);
	sg_snapshot_free(s);
	lab->now += SG_MINUTE - 1;
	touched(lab);
	assert_int_equal(said(lab, "dropped"), 0);
	lab->now += 1;
	lab_run(lab);
	assert_int_equal(said(lab, "dropped"), 1);
	assert_int_equal(rename(away, folder), 0);
	free(away);
	free(folder);
}

static void nothing_above_the_drives_is_of_interest(void **state)
{
	struct lab *lab = *state;
	struct sg_snapshot *s = sg_engine_snapshot(lab->engine);

	assert_int_equal(s->watch_roots.n, 1);
	assert_string_equal(sg_os_last(s->watch_roots.at[0]), sg_os_last(lab->drive));
	for (size_t i = 0; i < s->watch.n; i++)
		assert_int_equal(
		        strncmp(s->watch.at[i], s->watch_roots.at[0], strlen(s->watch_roots.at[0])), 0);
	sg_snapshot_free(s);
}

static void without_being_told_a_change_waits_for_the_audit(void **state)
{
	struct lab *lab = *state;
	struct original o;

	keep(lab, &o);
	apply_one(lab);
	put_back(lab, &o);
	t_drive_replace(lab->drive, T_WWWROOT, "<configuration>", "<configuration><!-- new -->");
	lab_run(lab);
	assert_false(in_place(lab)); /* nobody looked */
	touched(lab);
	assert_true(in_place(lab));
}

static void the_same_bytes_as_before_us_were_put_there_by_a_person(void **state)
{
	struct lab *lab = *state;
	struct original o;

	keep(lab, &o);
	apply_one(lab);
	put_back(lab, &o);
	touched(lab);
	assert_string_equal(lab_state(lab, "M1"), "blocked/removed");
	assert_string_equal(lab_field(lab, "M1", "verdict"), "EXPOSED");
	assert_int_equal(said(lab, "removed-by-hand"), 1);
	lab->now += 10 * SG_MINUTE;
	touched(lab);
	assert_false(in_place(lab));
	assert_int_equal(said(lab, "removed-by-hand"), 1);
}

static void the_same_bytes_by_setup_are_repaired_when_it_ends(void **state)
{
	struct lab *lab = *state;
	struct original o;

	keep(lab, &o);
	apply_one(lab);
	begin_setup(lab);
	assert_true(handles_off(lab));
	put_back(lab, &o);
	touched(lab);
	lab->now += 30 * SG_MINUTE;
	touched(lab);
	assert_false(in_place(lab));
	assert_int_equal(said(lab, "repaired"), 0);
	end_setup(lab);
	assert_true(in_place(lab));
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
	assert_false(handles_off(lab));
	assert_int_equal(said(lab, "setup"), 1);
	assert_int_equal(said(lab, "setup-ended"), 1);
}

static void a_restart_in_the_middle_of_setup_forgets_nothing(void **state)
{
	struct lab *lab = *state;
	struct original o;

	keep(lab, &o);
	apply_one(lab);
	begin_setup(lab);
	put_back(lab, &o);
	lab_close(lab);
	t_software_text(lab->drive, ROLE, "Action", "BuildToBuildUpgrade");
	lab_open(lab);
	lab_configure(lab, NULL, NULL);
	lab_run(lab);
	assert_false(in_place(lab));
	end_setup(lab);
	assert_true(in_place(lab));
	assert_int_equal(said(lab, "setup"), 1);
}

static void after_setup_has_ended_a_person_is_a_person_again(void **state)
{
	struct lab *lab = *state;
	struct original o;

	keep(lab, &o);
	apply_one(lab);
	begin_setup(lab);
	end_setup(lab);
	put_back(lab, &o);
	touched(lab);
	assert_string_equal(lab_state(lab, "M1"), "blocked/removed");
}

static void set_build(struct lab *lab, unsigned last)
{
	struct sg_buf pe = { 0 };

	t_pe(15, 2, 986, last, &pe);
	t_drive_write(lab->drive, T_EXSETUP, sg_buf_bytes(&pe));
	sg_buf_release(&pe);
}

static void the_same_bytes_by_an_update_without_setup_are_repaired(void **state)
{
	struct lab *lab = *state;
	struct original o;

	keep(lab, &o);
	apply_one(lab);
	set_build(lab, 37);
	touched(lab);
	assert_int_equal(said(lab, "host-changed"), 1);
	put_back(lab, &o);
	touched(lab);
	assert_true(in_place(lab));
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
}

static void an_update_is_over_after_a_while(void **state)
{
	struct lab *lab = *state;
	struct original o;

	keep(lab, &o);
	apply_one(lab);
	set_build(lab, 37);
	touched(lab);
	lab->now += 11 * SG_MINUTE;
	put_back(lab, &o);
	touched(lab);
	assert_string_equal(lab_state(lab, "M1"), "blocked/removed");
}

static void during_a_pause_nothing_is_done_and_then_at_once(void **state)
{
	struct lab *lab = *state;
	struct original o;

	keep(lab, &o);
	apply_one(lab);
	lab_do(lab, "pause", NULL);
	assert_true(handles_off(lab));
	put_back(lab, &o);
	t_drive_replace(lab->drive, T_WWWROOT, "<configuration>", "<configuration><!-- new -->");
	touched(lab);
	assert_false(in_place(lab));
	lab_do(lab, "resume", NULL);
	lab_run(lab); /* nobody said that a file changed: what was seen in the pause counts no more */
	assert_true(in_place(lab));
	assert_false(handles_off(lab));
}

static void what_is_repaired_anyway_is_not_cried_over(void **state)
{
	struct lab *lab = *state;
	struct original o;

	keep(lab, &o);
	apply_one(lab);
	put_back(lab, &o);
	t_drive_replace(lab->drive, T_WWWROOT, "<configuration>", "<configuration><!-- new -->");
	touched(lab);
	assert_true(in_place(lab));
	assert_int_equal(said(lab, "defeated"), 0);
}

static void a_refusal_ends_when_its_file_is_mended(void **state)
{
	struct lab *lab = *state;

	t_drive_replace(lab->drive, T_WWWROOT, "</configuration>", "</configuratio>");
	lab_offer_one(lab, 1, "M1", "1", "evil");
	lab_run(lab);
	assert_string_equal(lab_state(lab, "M1"), "applicable/refused");
	assert_true(watched(lab, T_WWWROOT));
	lab->now += 5000;
	for (int i = 0; i < 20; i++) /* still refused: neither tried nor counted */
		touched(lab);
	assert_int_equal(said(lab, "apply-failed"), 1);
	t_drive_replace(lab->drive, T_WWWROOT, "</configuratio>", "</configuration>");
	touched(lab);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
}

static void a_look_that_finds_all_as_written_writes_nothing(void **state)
{
	struct lab *lab = *state;
	struct sg_val *before = NULL, *after = NULL;

	apply_one(lab);
	touched(lab);
	assert_int_equal(lab_ask(lab, &before, "history", "limit", "@1000", NULL), 0);
	for (int i = 0; i < 10; i++) {
		sg_engine_touched(lab->engine, NULL);
		assert_int_equal(sg_engine_run(lab->engine, &lab->err), 0); /* one look, and at rest */
	}
	assert_int_equal(lab_ask(lab, &after, "history", "limit", "@1000", NULL), 0);
	assert_int_equal(sg_val_get(before, "lines")->n, sg_val_get(after, "lines")->n);
	sg_val_free(before);
	sg_val_free(after);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, lab_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(what_decisions_rest_on_is_watched_whether_it_is_there_or_not),
		T(a_file_that_applicability_names_is_watched),
		T(a_folder_that_is_gone_is_watched_where_it_would_be),
		T(what_stays_gone_is_given_up_after_a_minute),
		T(nothing_above_the_drives_is_of_interest),
		T(without_being_told_a_change_waits_for_the_audit),
		T(the_same_bytes_as_before_us_were_put_there_by_a_person),
		T(the_same_bytes_by_setup_are_repaired_when_it_ends),
		T(a_restart_in_the_middle_of_setup_forgets_nothing),
		T(after_setup_has_ended_a_person_is_a_person_again),
		T(the_same_bytes_by_an_update_without_setup_are_repaired),
		T(an_update_is_over_after_a_while),
		T(during_a_pause_nothing_is_done_and_then_at_once),
		T(what_is_repaired_anyway_is_not_cried_over),
		T(a_refusal_ends_when_its_file_is_mended),
		T(a_look_that_finds_all_as_written_writes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
