/* test_engine_proof.c - what is applied and taken out of force by others is seen, said once, and seen again when it is mended. */
#include "tests/lib/engine_lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define CLEAR "<system.webServer><rewrite><rules>\r\n<clear/></rules></rewrite></system.webServer>"
#define EXCHANGE                                                                                             \
	"<sg:Applicability><sg:Product name=\"Exchange\"><sg:Affected from=\"15.0\" "                        \
	"below=\"15.3\"/></sg:Product></sg:Applicability>"
#define ASKS "<sg:Test><sg:Refuse uri=\"/ecp/evil\"/><sg:Serve uri=\"/owa/\"/></sg:Test>"

/* "corp" offers M1, a rule at the site's root, with `extra` in its Config; it is applied and in force. */
static void in_force(struct lab *lab, const char *extra)
{
	char *config = lab_config("M1", "1", "/", "yes", "evil", extra);

	lab_configure(lab, NULL, "");
	lab_offer(lab, "corp", 1, config);
	lab_run(lab);
	free(config);
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
	assert_string_equal(lab_field(lab, "M1", "effective"), "yes");
	assert_string_equal(lab_field(lab, "M1", "verdict"), "IN FORCE");
}

/* How many lines of that name the history has. */
static size_t said(struct lab *lab, const char *name, const char *holds)
{
	struct sg_val *reply = NULL;
	const struct sg_val *lines;
	size_t n = 0;

	assert_int_equal(lab_ask(lab, &reply, "history", "limit", "@1000", NULL), 0);
	lines = sg_val_get(reply, "lines");
	for (size_t i = 0; lines && i < lines->n; i++)
		n += strcmp(sg_val_get_str(lines->kid[i], "name", ""), name) == 0 &&
		     strstr(sg_val_get_str(lines->kid[i], "text", ""), holds);
	sg_val_free(reply);
	return n;
}

/* Somebody changed a file, and the watcher saw it. */
static void touched(struct lab *lab)
{
	sg_engine_touched(lab->engine, NULL);
	lab_run(lab);
}

static void defeated(struct lab *lab, const char *by)
{
	const char *text;

	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
	assert_string_equal(lab_field(lab, "M1", "effective"), "no");
	assert_string_equal(lab_field(lab, "M1", "verdict"), "EXPOSED");
	text = lab_field(lab, "M1", "text");
	if (!strstr(text, by))
		fail_msg("\"%s\" does not say \"%s\"", text, by);
}

static void each_defeat_is_seen_said_once_and_mended(void **state)
{
	static const struct {
		const char *extra, *file, *from, *to, *by;
	} cases[] = {
		{ ASKS, T_ECP, "<appSettings>", CLEAR "<appSettings>", "ecp\\web.config:9: <clear> takes" },
		{ NULL, T_ECP, "<appSettings>", CLEAR "<appSettings>", "ecp\\web.config:9: <clear> takes" },
		{ NULL, T_APPHOST, "<applicationPoolDefaults ",
		        "<applicationPoolDefaults enableConfigurationOverride=\"false\" ",
		        "enableConfigurationOverride=\"false\"" },
		{ ASKS, T_APPHOST, "<add name=\"RewriteModule\" />", "", "URL Rewrite is not installed" },
	};
	struct lab *lab = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct sg_buf was = { 0 };

		in_force(lab, cases[i].extra);
		t_drive_read(lab->drive, cases[i].file, &was);
		t_drive_replace(lab->drive, cases[i].file, cases[i].from, cases[i].to);
		touched(lab);
		defeated(lab, cases[i].by);
		assert_int_equal(said(lab, "defeated", cases[i].by), 1);
		/* looked at again and again, it is the same defeat */
		for (int k = 0; k < 3; k++) {
			lab->now += SG_HOUR;
			touched(lab);
		}
		defeated(lab, cases[i].by);
		assert_int_equal(said(lab, "defeated", cases[i].by), 1);
		t_drive_write(lab->drive, cases[i].file, sg_buf_bytes(&was));
		sg_buf_release(&was);
		touched(lab);
		assert_string_equal(lab_state(lab, "M1"), "applied/applied");
		assert_string_equal(lab_field(lab, "M1", "verdict"), "IN FORCE");
		assert_int_equal(said(lab, "evaluated", "M1: takes effect: yes"), 1);
		lab_free(lab);
		lab_make(lab);
		lab_open(lab);
	}
}

static void an_audit_sees_what_nobody_was_told_of(void **state)
{
	struct lab *lab = *state;

	in_force(lab, ASKS);
	t_drive_replace(lab->drive, T_ECP, "<appSettings>", CLEAR "<appSettings>");
	lab_run(lab);
	assert_string_equal(lab_field(lab, "M1", "verdict"), "IN FORCE");
	lab->now += 2 * SG_HOUR;
	lab_run(lab);
	defeated(lab, "ecp\\web.config:9: <clear> takes");
}

static void what_goes_in_without_effect_says_so_at_once(void **state)
{
	struct lab *lab = *state;
	char *config = lab_config("M1", "1", "/", "yes", "evil", ASKS);

	t_drive_replace(lab->drive, T_ECP, "<appSettings>", CLEAR "<appSettings>");
	lab_configure(lab, NULL, "");
	lab_offer(lab, "corp", 1, config);
	lab_run(lab);
	free(config);
	defeated(lab, "ecp\\web.config:9: <clear> takes");
	assert_int_equal(said(lab, "defeated", "<clear>"), 1);
}

/* The files at hand are not the live ones any more: nothing is in force by them, nothing is dropped, nothing is written; and all is well again when the
 * redirection ends. */
static void redirection_that_appears_later_exposes_and_drops_nothing(void **state)
{
	static const char *const extras[] = { ASKS, NULL };
	struct lab *lab = *state;

	for (size_t i = 0; i < 2; i++) {
		struct t_snapshot *held;

		in_force(lab, extras[i]);
		t_drive_write(lab->drive, T_REDIRECT,
		        sg_bytes_of("<configuration>\n<configurationRedirection enabled=\"true\" "
		                    "path=\"\\\\s\\iis\"/>\n</configuration>"));
		held = t_drive_snapshot(lab->drive);
		for (int k = 0; k < 3; k++) {
			touched(lab);
			lab->now += SG_HOUR;
		}
		defeated(lab, "redirection.config:2: redirection.config is enabled");
		assert_int_equal(said(lab, "defeated", "redirection.config:2"), 1);
		assert_int_equal(said(lab, "dropped", ""), 0);
		assert_true(t_drive_same(lab->drive, held));
		t_snapshot_free(held);
		t_drive_remove(lab->drive, T_REDIRECT);
		touched(lab);
		assert_string_equal(lab_state(lab, "M1"), "applied/applied");
		assert_string_equal(lab_field(lab, "M1", "verdict"), "IN FORCE");
		lab_do(lab, "rollback", "id", "M1", "reason", "test", NULL);
		lab_run(lab);
		assert_true(lab_untouched(lab));
		lab_free(lab);
		lab_make(lab);
		lab_open(lab);
	}
}

/* Products are found through IIS's configuration: while it cannot be read, nobody can say that Exchange is not installed any more, or that a site that a
 * new mitigation is for is not there. */
static void without_iis_nothing_is_called_not_needed(void **state)
{
	static const char redirection[] = "<configuration>\n<configurationRedirection enabled=\"true\" "
	                                  "path=\"\\\\s\\iis\"/>\n</configuration>";
	struct lab *lab = *state;
	struct t_snapshot *held;
	char *configs, *old, *new;

	in_force(lab, EXCHANGE);
	t_drive_write(lab->drive, T_REDIRECT, sg_bytes_of(redirection));
	held = t_drive_snapshot(lab->drive);
	old = lab_config("M1", "1", "/", "yes", "evil", EXCHANGE);
	new = lab_config("M2", "1", "/ecp", "yes", "evil", NULL);
	configs = sg_format("%s%s", old, new);
	lab_offer(lab, "corp", 2, configs);
	for (int k = 0; k < 3; k++) {
		touched(lab);
		lab->now += SG_HOUR;
	}
	defeated(lab, "redirection.config:2");
	assert_string_equal(lab_field(lab, "M1", "applies"), "unknown");
	assert_non_null(strstr(lab_field(lab, "M1", "proof"), "whether Exchange is here cannot be told"));
	assert_string_not_equal(lab_field(lab, "M2", "verdict"), "NOT NEEDED");
	assert_true(t_drive_same(lab->drive, held));
	t_drive_remove(lab->drive, T_REDIRECT);
	lab->now += SG_HOUR;
	touched(lab);
	assert_string_equal(lab_field(lab, "M1", "verdict"), "IN FORCE");
	assert_string_equal(lab_field(lab, "M2", "verdict"), "IN FORCE");
	t_snapshot_free(held);
	free(configs);
	free(old);
	free(new);
}

/* A file that is half written at the moment of a look is no reason to let anything go. */
static void a_server_file_that_does_not_parse_drops_nothing(void **state)
{
	struct lab *lab = *state;
	struct sg_buf was = { 0 };

	in_force(lab, EXCHANGE ASKS);
	t_drive_read(lab->drive, T_APPHOST, &was);
	t_drive_write(lab->drive, T_APPHOST, (struct sg_bytes){ was.data, was.len / 2 });
	for (int k = 0; k < 3; k++) {
		touched(lab);
		lab->now += SG_HOUR;
	}
	assert_string_equal(lab_state(lab, "M1"), "applied/applied");
	assert_string_equal(lab_field(lab, "M1", "effective"), "unknown");
	assert_int_equal(said(lab, "dropped", ""), 0);
	t_drive_write(lab->drive, T_APPHOST, sg_buf_bytes(&was));
	sg_buf_release(&was);
	touched(lab);
	assert_string_equal(lab_field(lab, "M1", "effective"), "yes");
	lab_do(lab, "rollback", "id", "M1", "reason", "test", NULL);
	lab_run(lab);
	assert_true(lab_untouched(lab));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, lab_set_up, lab_tear_down)
	const struct CMUnitTest tests[] = {
		T(each_defeat_is_seen_said_once_and_mended),
		T(an_audit_sees_what_nobody_was_told_of),
		T(what_goes_in_without_effect_says_so_at_once),
		T(redirection_that_appears_later_exposes_and_drops_nothing),
		T(without_iis_nothing_is_called_not_needed),
		T(a_server_file_that_does_not_parse_drops_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
