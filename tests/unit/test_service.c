/* test_service.c - what a Service action wishes for on a server, what is refused, what it comes to, and what it says. */
#include "tests/lib/hive_file.h"
#include "tests/lib/rewrite_lab.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define SERVICE(attributes, inside)                                                                          \
	"<Action type=\"Service\" scope=\"Server\"><sg:Service " attributes ">" inside                       \
	"</sg:Service></Action>"
#define ONE(attributes, inside) CONFIG("T-1", ACTIONS(SERVICE(attributes, inside)))
#define OFF                     "start=\"Disabled\" run=\"Stopped\""
#define HM                      "<sg:Companion name=\"MSExchangeHM\"/>"
#define UM                      "name=\"MSExchangeUM\" "
#define PATH(name)              "/CurrentControlSet/Services/" name "/@Start"

static void companions_come_first_and_each_is_a_value(void **state)
{
	struct t_ur *f = *state;

	assert_int_equal(t_ur_plan(f, ONE("name=\"msexchangeum\" " OFF, HM), NULL), 0);
	assert_int_equal(f->wishes.n, 2);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(f->wishes.at[i].addr.kind, SG_VALUE_SERVICE);
		assert_string_equal(f->wishes.at[i].addr.container, T_SYSTEM);
		assert_string_equal((char *)f->wishes.at[i].to.octets.data, "4");
		assert_string_equal(f->wishes.at[i].was, "Automatic");
		assert_int_equal(f->wishes.at[i].hook, SG_HOOK_SERVICE);
	}
	assert_string_equal(f->wishes.at[0].addr.path, PATH("MSExchangeHM"));
	assert_true(f->wishes.at[0].companion);
	assert_string_equal(
	        f->wishes.at[1].addr.path, PATH("MSExchangeUM")); /* as it stands in the registry */
	assert_string_equal(f->wishes.at[1].hook_name, "MSExchangeUM");
	assert_false(f->wishes.at[1].companion);
}

static void manual_without_run_stops_nothing(void **state)
{
	struct t_ur *f = *state;

	assert_int_equal(t_ur_plan(f, ONE(UM "start=\"Manual\"", ""), NULL), 0);
	assert_int_equal(f->wishes.n, 1);
	assert_string_equal((char *)f->wishes.at[0].to.octets.data, "3");
	assert_int_equal(f->wishes.at[0].hook, SG_HOOK_NONE);
	assert_null(f->wishes.at[0].hook_name);
}

static void a_held_value_keeps_its_letters_and_its_before(void **state)
{
	struct t_ur *f = *state;
	struct sg_hold hold = { .addr = {
		                        SG_VALUE_SERVICE, (char *)T_SYSTEM, (char *)PATH("msexchangeUM") } };
	struct sg_holds holds = { &hold, 1, 1 };

	hold.before.present = true;
	sg_buf_str(&hold.before.octets, "3");
	assert_int_equal(t_ur_plan(f, ONE(UM OFF, ""), &holds), 0);
	assert_string_equal(f->wishes.at[0].addr.path, PATH("msexchangeUM"));
	assert_string_equal(f->wishes.at[0].was, "Manual");
	sg_buf_release(&hold.before.octets);
}

static void missing_is_not_needed_here_unless_it_may_miss(void **state)
{
	struct t_ur *f = *state;

	t_ur_refused(f, ONE("name=\"NoSuch\" " OFF, HM), SG_ENOENT, T_SYSTEM " has no service NoSuch");
	assert_int_equal(t_ur_plan(f, ONE("name=\"NoSuch\" " OFF " if-missing=\"skip\"", HM), NULL), 0);
	assert_int_equal(f->wishes.n, 0);
	t_ur_refused(f, ONE(UM OFF, "<sg:Companion name=\"NoSuch\"/>"), SG_EUNSUPPORTED,
	        "the service MSExchangeUM is to be stopped together with the service NoSuch");
	assert_int_equal(
	        t_ur_plan(f, ONE(UM OFF, "<sg:Companion name=\"NoSuch\" if-missing=\"skip\"/>"), NULL), 0);
	assert_int_equal(f->wishes.n, 1);
}

static void two_actions_share_a_companion(void **state)
{
	struct t_ur *f = *state;

	assert_int_equal(t_ur_plan(f,
	                         CONFIG("T-1", ACTIONS(SERVICE(UM OFF, HM)
	                                                       SERVICE("name=\"MSExchangeUMCR\" " OFF, HM))),
	                         NULL),
	        0);
	assert_int_equal(f->wishes.n, 3);
	/* one's target is the other's companion: one value, stopped with the companions */
	assert_int_equal(t_ur_plan(f,
	                         CONFIG("T-1", ACTIONS(SERVICE("name=\"MSExchangeHM\" start=\"Disabled\"", "")
	                                                       SERVICE(UM OFF, HM))),
	                         NULL),
	        0);
	assert_int_equal(f->wishes.n, 2);
	assert_true(f->wishes.at[0].companion);
	assert_int_equal(f->wishes.at[0].hook, SG_HOOK_SERVICE);
	t_ur_refused(f,
	        CONFIG("T-1",
	                ACTIONS(SERVICE("name=\"MSExchangeHM\" start=\"Manual\"", "") SERVICE(UM OFF, HM))),
	        SG_EINVAL, "two of its actions want");
}

static void what_windows_itself_needs_is_refused(void **state)
{
	struct t_ur *f = *state;

	t_add_service(f->dir, "disk", 0, "System32\\drivers\\disk.sys", NULL);
	t_add_service(f->dir, "null", 1, "System32\\drivers\\null.sys", NULL);
	t_ur_refused(f, ONE("name=\"disk\" " OFF, ""), SG_EUNSUPPORTED, "Windows might not start");
	t_ur_refused(f, ONE("name=\"null\" " OFF, ""), SG_EUNSUPPORTED, "(System)");
	t_ur_refused(f, ONE(UM OFF, "<sg:Companion name=\"disk\"/>"), SG_EUNSUPPORTED, "(Boot)");
}

static void a_drive_that_may_not_be_written_is_refused_unless_nothing_is_to_be_written(void **state)
{
	struct t_ur *f = *state;

	t_hibernate(f->dir);
	t_ur_refused(f, ONE(UM OFF, ""), SG_EUNSUPPORTED, "cannot be changed now");
	assert_int_equal(t_ur_plan(f, ONE("name=\"MSExchangeMitigation\" " OFF, ""), NULL), 0);
}

static void a_drive_without_a_hive_cannot_tell(void **state)
{
	struct t_ur *f = *state;

	t_drive_remove(f->dir, T_SYSTEM);
	t_ur_refused(f, ONE(UM OFF, ""), SG_EUNSUPPORTED, "cannot be read");
	assert_int_equal(t_ur_prove(f, ONE(UM OFF, "")), SG_EFFECTIVE_UNKNOWN);
}

static void what_is_wrong_with_the_action_is_named(void **state)
{
	static const struct {
		const char *config, *says;
	} rows[] = {
		{ ONE(OFF, ""), "no name" },
		{ ONE("name=\"S\"", ""), "no start" },
		{ ONE("name=\"S\" start=\"Automatic\"", ""), "keeps a service from starting" },
		{ ONE("name=\"S\" start=\"Boot\"", ""), "allowed: Disabled, Manual" },
		{ ONE("name=\"S\" start=\"4\"", ""), "allowed: Disabled, Manual" },
		{ ONE("name=\"S\" start=\"Disabled\" run=\"Running\"", ""), "allowed: Stopped" },
		{ ONE("name=\"S\" start=\"Disabled\" if-missing=\"fail\"", ""), "allowed: skip" },
		{ ONE("name=\"S\" start=\"Disabled\" account=\"x\"", ""), "unknown attribute account" },
		{ ONE("name=\"a\\b\" " OFF, ""), "does not allow" },
		{ ONE("name=\"a/b\" " OFF, ""), "does not allow" },
		{ ONE("name=\"a&#x202e;b\" " OFF, ""), "does not allow" },
		{ ONE("name=\"\" " OFF, ""), "1 to 256" },
		{ ONE("name=\"S \" " OFF, ""), "no blank" },
		{ ONE("name=\"W3svc\" " OFF, ""), "W3SVC is never stopped" },
		{ ONE("name=\"WAS\" " OFF, ""), "WAS is never stopped" },
		{ ONE("name=\"stopgap\" " OFF, ""), "never stopped" },
		{ ONE("name=\"S\" " OFF, "text"), "text in Service" },
		{ ONE("name=\"S\" " OFF, "<sg:Other/>"), "holds Companion elements" },
		{ ONE("name=\"S\" " OFF, "<sg:Companion name=\"RpcSs\"/>"), "never stopped" },
		{ ONE("name=\"S\" " OFF, "<sg:Companion name=\"s\"/>"), "named twice" },
		{ ONE("name=\"S\" " OFF, "<sg:Companion name=\"T\"/><sg:Companion name=\"t\"/>"),
		        "named twice" },
		{ CONFIG("T-1", ACTIONS("<Action type=\"Service\"/>")), "exactly one element Service" },
		{ CONFIG("T-1", ACTIONS("<Action type=\"Service\" scope=\"Site\"><sg:Service name=\"S\" " OFF
		                        "/></Action>")),
		        "allowed: Server" },
		{ CONFIG("T-1", ACTIONS(SERVICE("name=\"S\" " OFF, "") SERVICE("name=\"s\" " OFF, ""))),
		        "two actions name the service" },
	};
	struct t_ur *f = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		t_ur_refused(f, rows[i].config, SG_EINVAL, rows[i].says);
}

static void it_is_proven_by_the_start_types(void **state)
{
	struct t_ur *f = *state;

	assert_int_equal(t_ur_prove(f, ONE(UM OFF, HM)), SG_EFFECTIVE_NO);
	t_ur_proof_says(f, T_SYSTEM ": the service MSExchangeUM reads Automatic, and should read Disabled");
	t_set_start(f->dir, "MSExchangeUM", 4);
	assert_int_equal(t_ur_prove(f, ONE(UM OFF, HM)), SG_EFFECTIVE_NO);
	t_ur_proof_says(f, "MSExchangeHM reads Automatic");
	t_set_start(f->dir, "MSExchangeHM", 4);
	assert_int_equal(t_ur_prove(f, ONE(UM OFF, HM)), SG_EFFECTIVE_YES);
	assert_int_equal(t_ur_prove(f, ONE("name=\"NoSuch\" " OFF, "")), SG_EFFECTIVE_NO);
	assert_int_equal(
	        t_ur_prove(f, ONE("name=\"NoSuch\" " OFF " if-missing=\"skip\"", "")), SG_EFFECTIVE_YES);
}

static bool says(const struct sg_strs *lines, const char *text)
{
	bool found = false;

	for (size_t i = 0; i < lines->n; i++)
		found = found || strstr(lines->at[i], text);
	return found;
}

static void it_says_what_is_off(void **state)
{
	struct t_ur *f = *state;
	struct sg_strs lines = { 0 };

	t_add_service(f->dir, "Fax", 2, "C:\\fax.exe", "MSExchangeUM");
	assert_int_equal(t_ur_plan(f, ONE(UM OFF, HM), NULL), 0);
	sg_actions_effects(f->m, f->host, false, &lines);
	assert_true(says(&lines, "the service MSExchangeUM is disabled: neither Windows nor anybody else"));
	assert_true(says(&lines, "no voice mail"));
	assert_true(says(&lines, "the service Fax depends on MSExchangeUM and does not run without it"));
	assert_true(says(&lines, "managed availability is off: no probes, no automatic recovery, and load "
	                         "balancers and monitoring see no health sets"));
	sg_strs_release(&lines);
	sg_actions_effects(f->m, f->host, true, &lines);
	assert_true(says(&lines, "the service MSExchangeHM gets back the start type that it had"));
	assert_false(says(&lines, "voice mail"));
	sg_strs_release(&lines);
}

static void by_hand(struct t_ur *f, const char *config, bool undo, const char *want)
{
	const struct sg_action_kind *kind = sg_action_kind("Service");
	struct sg_buf out = { 0 };

	assert_int_equal(t_ur_plan(f, config, NULL), 0);
	for (size_t i = 0; i < f->wishes.n; i++)
		kind->by_hand(&f->wishes.at[i], undo, &out);
	assert_string_equal((char *)out.data, want);
	sg_buf_release(&out);
}

#define CONF(name, type) "sc.exe config \"" name "\" start= " type "\r\n"
#define SAME(name, type)                                                                                     \
	"rem the same: powershell -Command \"Set-Service -Name '" name "' -StartupType " type "\"\r\n"
#define STOP(name) "powershell -Command \"Stop-Service -Name '" name "' -Force\"\r\n"

static void by_hand_the_very_type_from_before_comes_back(void **state)
{
	struct t_ur *f = *state;

	by_hand(f, ONE(UM OFF, ""), false,
	        CONF("MSExchangeUM", "disabled") SAME("MSExchangeUM", "Disabled") STOP("MSExchangeUM"));
	by_hand(f, ONE(UM OFF, ""), true,
	        CONF("MSExchangeUM", "auto")
	                SAME("MSExchangeUM", "Automatic") "sc.exe start \"MSExchangeUM\"\r\n");
	by_hand(f, ONE("name=\"MSExchangeAntispamUpdate\" start=\"Disabled\"", ""), true,
	        CONF("MSExchangeAntispamUpdate", "delayed-auto"));
	by_hand(f, ONE("name=\"MSExchangePop3\" " OFF, ""), true,
	        CONF("MSExchangePop3", "demand") SAME("MSExchangePop3", "Manual"));
	/* a name that a shell would read is not made into a command */
	t_add_service(f->dir, "A&calc", 2, "C:\\a.exe", NULL);
	by_hand(f, ONE("name=\"A&amp;calc\" " OFF, ""), false,
	        "Give the service that is named in " PATH("A&calc") " the start type Disabled.\r\n");
	by_hand(f, ONE("name=\"A&amp;calc\" " OFF, ""), true,
	        "Give the service that is named in " PATH("A&calc") " the start type Automatic.\r\n");
}

static void every_type_comes_back_and_the_hive_is_the_same_file(void **state)
{
	struct t_ur *f = *state;

	for (uint32_t start = 2; start <= 4; start++) {
		struct sg_moves moves = { 0 };
		struct t_snapshot *before;

		t_set_start(f->dir, "MSExchangeUM", start);
		before = t_drive_snapshot(f->dir);
		t_ur_apply(f, ONE(UM OFF, HM), &moves);
		assert_int_equal(t_start(f->dir, "MSExchangeUM"), 4);
		assert_int_equal(t_start(f->dir, "MSExchangeHM"), 4);
		t_ur_revert(f, &moves);
		assert_true(t_drive_same(f->dir, before));
		t_snapshot_free(before);
		sg_moves_release(&moves);
	}
}

#define T(name) cmocka_unit_test_setup_teardown(name, t_ur_setup, t_ur_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(companions_come_first_and_each_is_a_value),
		T(manual_without_run_stops_nothing),
		T(a_held_value_keeps_its_letters_and_its_before),
		T(missing_is_not_needed_here_unless_it_may_miss),
		T(two_actions_share_a_companion),
		T(what_windows_itself_needs_is_refused),
		T(a_drive_that_may_not_be_written_is_refused_unless_nothing_is_to_be_written),
		T(a_drive_without_a_hive_cannot_tell),
		T(what_is_wrong_with_the_action_is_named),
		T(it_is_proven_by_the_start_types),
		T(it_says_what_is_off),
		T(by_hand_the_very_type_from_before_comes_back),
		T(every_type_comes_back_and_the_hive_is_the_same_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
