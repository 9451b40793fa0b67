/* test_app_pool.c - what an AppPool action wishes for on a server, what is refused, what it comes to, and what it says. */
#include "tests/lib/rewrite_lab.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define POOL(attributes, inside)                                                                             \
	"<Action type=\"AppPool\" scope=\"Server\"><sg:AppPool " attributes ">" inside                       \
	"</sg:AppPool></Action>"
#define ONE(attributes, inside) CONFIG("T-1", ACTIONS(POOL(attributes, inside)))
#define OFF                     "autoStart=\"false\" startMode=\"OnDemand\" run=\"Stopped\""
#define ECP_OFF                 ONE("name=\"MSExchangeECPAppPool\" " OFF, "")
#define OAB_OFF                 ONE("name=\"MSExchangeOABAppPool\" " OFF, "")
#define POOLS                   "/configuration/system.applicationHost/applicationPools/"
#define ECP_START               POOLS "add[@name='MSExchangeECPAppPool']/@autoStart"

static void both_attributes_are_values_of_their_own(void **state)
{
	struct t_ur *f = *state;

	assert_int_equal(t_ur_plan(f, ECP_OFF, NULL), 0);
	assert_int_equal(f->wishes.n, 2);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(f->wishes.at[i].addr.kind, SG_VALUE_ATTRIBUTE);
		assert_string_equal(f->wishes.at[i].addr.container, T_APPHOST);
		assert_null(f->wishes.at[i].was);
	}
	assert_string_equal(f->wishes.at[0].addr.path, ECP_START);
	assert_string_equal((char *)f->wishes.at[0].to.octets.data, "false");
	assert_string_equal(f->wishes.at[1].addr.path, POOLS "add[@name='MSExchangeECPAppPool']/@startMode");
	assert_string_equal((char *)f->wishes.at[1].to.octets.data, "OnDemand");
}

static void what_is_not_asked_for_stays(void **state)
{
	struct t_ur *f = *state;

	assert_int_equal(
	        t_ur_plan(f, ONE("name=\"MSExchangeOABAppPool\" startMode=\"OnDemand\"", ""), NULL), 0);
	assert_int_equal(f->wishes.n, 1);
	assert_string_equal(f->wishes.at[0].addr.path, POOLS "add[@name='MSExchangeOABAppPool']/@startMode");
	assert_int_equal(f->wishes.at[0].hook, SG_HOOK_NONE);
}

static void a_name_in_other_letters_is_the_same_value(void **state)
{
	struct t_ur *f = *state;
	struct sg_hold hold = { .addr = { SG_VALUE_ATTRIBUTE, (char *)T_APPHOST, (char *)ECP_START } };
	struct sg_holds holds = { &hold, 1, 1 };

	assert_int_equal(t_ur_plan(f, ONE("name=\"msexchangeecpapppool\" autoStart=\"false\"", ""), NULL), 0);
	assert_string_equal(f->wishes.at[0].addr.path, ECP_START);
	t_drive_replace(f->dir, T_APPHOST, "<add name=\"MSExchangeECPAppPool\"",
	        "<add name=\"MSEXCHANGEecpAppPool\"");
	assert_int_equal(
	        t_ur_plan(f, ONE("name=\"MSExchangeECPAppPool\" autoStart=\"false\"", ""), &holds), 0);
	assert_string_equal(f->wishes.at[0].addr.path, ECP_START); /* the letters of the hold */
	assert_int_equal(t_ur_plan(f, ONE("name=\"MSExchangeECPAppPool\" autoStart=\"false\"", ""), NULL), 0);
	assert_string_equal(f->wishes.at[0].addr.path, POOLS "add[@name='MSEXCHANGEecpAppPool']/@autoStart");
}

static void a_pool_that_is_not_there_is_not_needed_here(void **state)
{
	struct t_ur *f = *state;

	t_ur_refused(f, ONE("name=\"NoSuchPool\" " OFF, ""), SG_ENOENT, "no application pool NoSuchPool");
	assert_int_equal(t_ur_plan(f, ONE("name=\"NoSuchPool\" " OFF " if-missing=\"skip\"", ""), NULL), 0);
	assert_int_equal(f->wishes.n, 0);
	t_ur_refused(f, ONE("name=\"NoSuchPool\" " OFF, "<sg:Companion name=\"S\"/>"), SG_ENOENT,
	        "NoSuchPool"); /* before what this version cannot do */
}

static void a_service_that_has_to_stop_with_it_goes_first(void **state)
{
	struct t_ur *f = *state;

	assert_int_equal(t_ur_plan(f,
	                         ONE("name=\"MSExchangeECPAppPool\" " OFF,
	                                 "<sg:Companion name=\"msexchangehm\"/><sg:Companion "
	                                 "name=\"NoSuchService\" if-missing=\"skip\"/>"),
	                         NULL),
	        0);
	assert_int_equal(f->wishes.n, 3);
	assert_int_equal(f->wishes.at[0].addr.kind, SG_VALUE_SERVICE);
	assert_string_equal(f->wishes.at[0].addr.path, "/CurrentControlSet/Services/MSExchangeHM/@Start");
	assert_string_equal((char *)f->wishes.at[0].to.octets.data, "4");
	assert_int_equal(f->wishes.at[0].hook, SG_HOOK_SERVICE);
	assert_true(f->wishes.at[0].companion);
	assert_int_equal(f->wishes.at[1].hook, SG_HOOK_POOL);
	assert_false(f->wishes.at[1].companion);
	/* the pool is here and needs it: half of it does not go in, and that is not "not needed" */
	t_ur_refused(f, ONE("name=\"MSExchangeECPAppPool\" " OFF, "<sg:Companion name=\"NoSuchService\"/>"),
	        SG_EUNSUPPORTED, "the service NoSuchService, which would start it again");
}

static void pools_that_live_elsewhere_are_not_edited(void **state)
{
	struct t_ur *f = *state;

	t_drive_replace(f->dir, T_APPHOST, "<applicationPools>",
	        "<applicationPools configProtectionProvider=\"AesProvider\">");
	t_ur_refused(f, ECP_OFF, SG_EUNSUPPORTED, "configProtectionProvider");
}

static void what_is_wrong_with_the_action_is_named(void **state)
{
	static const struct {
		const char *config, *says;
	} rows[] = {
		{ ONE(OFF, ""), "no name" },
		{ ONE("name=\"a/b\" " OFF, ""), "does not allow" },
		{ ONE("name=\"a&#x202e;b\" " OFF, ""), "does not allow" },
		{ ONE("name=\"P \" " OFF, ""), "no blank" },
		{ ONE("name=\"P\"", ""), "neither autoStart nor startMode" },
		{ ONE("name=\"P\" autoStart=\"no\"", ""), "allowed: false, true" },
		{ ONE("name=\"P\" startMode=\"Never\"", ""), "allowed: OnDemand, AlwaysRunning" },
		{ ONE("name=\"P\" autoStart=\"false\" run=\"Started\"", ""), "allowed: Stopped" },
		{ ONE("name=\"P\" autoStart=\"true\" run=\"Stopped\"", ""), "start the pool again" },
		{ ONE("name=\"P\" startMode=\"OnDemand\" run=\"Stopped\"", ""), "start the pool again" },
		{ ONE("name=\"P\" autoStart=\"false\" sg:x=\"1\"", ""), "unknown attribute x" },
		{ ONE("name=\"P\" " OFF, "<Companion name=\"S\"/>"), "holds Companion elements" },
		{ ONE("name=\"P\" " OFF, "<sg:Companion name=\"S\"><x/></sg:Companion>"),
		        "holds Companion elements" },
		{ ONE("name=\"P\" " OFF, "<sg:Companion/>"), "a Companion has no name" },
		{ ONE("name=\"P\" " OFF, "<sg:Companion name=\"was\"/>"), "WAS is never stopped" },
		{ ONE("name=\"P\" " OFF, "<sg:Companion name=\"S\"/><sg:Companion name=\"s\"/>"), "twice" },
		{ CONFIG("T-1", ACTIONS("<Action type=\"AppPool\"/>")), "exactly one element AppPool" },
		{ CONFIG("T-1", ACTIONS("<Action type=\"AppPool\"><AppPool name=\"P\" " OFF "/></Action>")),
		        "exactly one element AppPool" },
		{ CONFIG("T-1", ACTIONS("<Action type=\"AppPool\" scope=\"Site\"><sg:AppPool name=\"P\" " OFF
		                        "/></Action>")),
		        "allowed: Server" },
		{ CONFIG("T-1", ACTIONS(POOL("name=\"P\" autoStart=\"false\"", "")
		                                POOL("name=\"p\" startMode=\"OnDemand\"", ""))),
		        "two actions name the pool p" },
	};
	struct t_ur *f = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		t_ur_use(f, rows[i].config);
		sg_err_clear(&f->err);
		assert_int_equal(sg_actions_check(f->m, &f->err), SG_EINVAL);
		if (!strstr(f->err.msg, rows[i].says))
			fail_msg("row %zu: \"%s\" does not say \"%s\"", i, f->err.msg, rows[i].says);
	}
	t_ur_use(f, CONFIG("T-1", ACTIONS(POOL("name=\"P\" " OFF, "") POOL("name=\"Q\" " OFF, ""))));
	assert_int_equal(sg_actions_check(f->m, NULL), 0);
}

static void every_before_comes_back_to_the_octet(void **state)
{
	static const char *const pools[] = { ECP_OFF, OAB_OFF,
		ONE("name=\"MSExchangePowerShellFrontEndAppPool\" " OFF, "") };
	struct t_ur *f = *state;

	for (size_t i = 0; i < sizeof(pools) / sizeof(*pools); i++) {
		struct t_snapshot *before = t_drive_snapshot(f->dir);
		struct sg_moves moves = { 0 };

		t_ur_apply(f, pools[i], &moves);
		assert_int_equal(moves.n, 2);
		assert_int_equal(t_ur_prove(f, pools[i]), SG_EFFECTIVE_YES);
		t_ur_revert(f, &moves);
		assert_true(t_drive_same(f->dir, before));
		t_snapshot_free(before);
	}
}

static void the_defaults_of_the_pools_count_where_the_attribute_is_absent(void **state)
{
	struct t_ur *f = *state;

	assert_int_equal(t_ur_prove(f, ECP_OFF), SG_EFFECTIVE_NO); /* the schema's: it starts */
	t_ur_proof_says(f, "applicationHost.config:");
	t_ur_proof_says(f, "reads autoStart=\"true\", and should read \"false\"");
	assert_false(f->proof.at[0].passed);
	assert_true(f->proof.at[1].passed); /* OnDemand */
	t_drive_replace(f->dir, T_APPHOST, "<applicationPoolDefaults ",
	        "<applicationPoolDefaults autoStart=\"False\" startMode=\"AlwaysRunning\" ");
	assert_int_equal(t_ur_prove(f, ECP_OFF), SG_EFFECTIVE_NO);
	t_ur_proof_says(f, "startMode=\"AlwaysRunning\"");
	assert_int_equal(t_ur_prove(f, ONE("name=\"MSExchangeECPAppPool\" autoStart=\"false\"", "")),
	        SG_EFFECTIVE_YES);
	assert_int_equal(t_ur_prove(f, ONE("name=\"NoSuchPool\" " OFF, "")), SG_EFFECTIVE_NO);
	assert_int_equal(
	        t_ur_prove(f, ONE("name=\"NoSuchPool\" " OFF " if-missing=\"skip\"", "")), SG_EFFECTIVE_YES);
}

static bool says(const struct sg_strs *lines, const char *text)
{
	bool found = false;

	for (size_t i = 0; i < lines->n; i++)
		found = found || strstr(lines->at[i], text);
	return found;
}

static void it_says_what_shares_the_pool_and_which_health_pages_fail(void **state)
{
	struct t_ur *f = *state;
	struct sg_strs lines = { 0 };

	assert_int_equal(t_ur_plan(f,
	                         ONE("name=\"MSExchangeOWAAppPool\" " OFF,
	                                 "<sg:Companion name=\"MSExchangeHM\" if-missing=\"skip\"/>"),
	                         NULL),
	        0);
	sg_actions_effects(f->m, f->host, false, &lines);
	assert_true(says(&lines, "Default Web Site/ runs in the application pool MSExchangeOWAAppPool"));
	assert_true(says(&lines, "Default Web Site/owa/oma runs in"));
	assert_true(says(&lines, "Exchange Back End/owa runs in"));
	assert_false(says(&lines, "Default Web Site/ecp"));
	assert_true(says(&lines, "/owa/healthcheck.htm of Default Web Site answers 503"));
	assert_false(says(&lines, "/owa/healthcheck.htm of Exchange Back End"));
	assert_false(says(&lines, "/oma/healthcheck.htm"));
	assert_true(says(&lines, "shared by the front end (Default Web Site) and the back end (Exchange Back "
	                         "End)"));
	assert_true(says(&lines, "managed availability is off: no probes, no automatic recovery"));
	sg_strs_release(&lines);
	sg_actions_effects(f->m, f->host, true, &lines);
	assert_true(says(&lines, "Exchange Back End/owa runs in"));
	assert_true(says(&lines, "the service MSExchangeHM gets back the start type that it had"));
	assert_false(says(&lines, "managed availability"));
	assert_false(says(&lines, "503"));
	sg_strs_release(&lines);
	assert_int_equal(
	        t_ur_plan(f, ONE("name=\"MSExchangeOWAAppPool\" startMode=\"OnDemand\"", ""), NULL), 0);
	sg_actions_effects(f->m, f->host, false, &lines);
	assert_int_equal(lines.n, 0); /* nothing stops answering */
}

static void by_hand(struct t_ur *f, const char *config, bool undo, const char *want)
{
	const struct sg_action_kind *kind = sg_action_kind("AppPool");
	struct sg_buf out = { 0 };

	assert_int_equal(t_ur_plan(f, config, NULL), 0);
	for (size_t i = 0; i < f->wishes.n; i++)
		kind->by_hand(&f->wishes.at[i], undo, &out);
	assert_string_equal((char *)out.data, want);
	sg_buf_release(&out);
}

#define APPCMD "%windir%\\System32\\inetsrv\\appcmd.exe "
#define SET(pool, change)                                                                                    \
	APPCMD                                                                                               \
	"set config -section:system.applicationHost/applicationPools \"/[name='" pool "']." change           \
	"\" /commit:apphost\r\n"
#define CLEAR(pool, attribute)                                                                               \
	"powershell -Command \"Clear-WebConfiguration -PSPath 'MACHINE/WEBROOT/APPHOST' -Filter "            \
	"'/system.applicationHost/applicationPools/add[@name=''" pool "'']/@" attribute "'\"\r\n"

static void by_hand_the_very_value_from_before_comes_back(void **state)
{
	struct t_ur *f = *state;

	by_hand(f, ECP_OFF, false,
	        SET("MSExchangeECPAppPool", "autoStart:false") APPCMD
	        "stop apppool /apppool.name:\"MSExchangeECPAppPool\"\r\n" SET(
	                "MSExchangeECPAppPool", "startMode:OnDemand"));
	by_hand(f, ECP_OFF, true,
	        CLEAR("MSExchangeECPAppPool", "autoStart") APPCMD
	        "start apppool /apppool.name:\"MSExchangeECPAppPool\"\r\n" CLEAR(
	                "MSExchangeECPAppPool", "startMode"));
	by_hand(f, ONE("name=\"MSExchangePowerShellFrontEndAppPool\" startMode=\"OnDemand\"", ""), true,
	        SET("MSExchangePowerShellFrontEndAppPool", "startMode:AlwaysRunning"));
	/* what somebody wrote there is not made into a command */
	t_drive_replace(f->dir, T_APPHOST, "startMode=\"AlwaysRunning\"", "startMode=\"&quot;&amp;calc\"");
	by_hand(f, ONE("name=\"MSExchangePowerShellFrontEndAppPool\" startMode=\"OnDemand\"", ""), true,
	        "In " T_APPHOST " give back to " POOLS
	        "add[@name='MSExchangePowerShellFrontEndAppPool']/@startMode the value \"&calc.\r\n");
	t_drive_replace(f->dir, T_APPHOST, "<add name=\"MSExchangeOABAppPool\"", "<add name=\"O'Hara\"");
	by_hand(f, ONE("name=\"O'Hara\" autoStart=\"false\"", ""), false,
	        "In " T_APPHOST " give to " POOLS "add[@name=\"O'Hara\"]/@autoStart the value false.\r\n");
}

#define T(name) cmocka_unit_test_setup_teardown(name, t_ur_setup, t_ur_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(both_attributes_are_values_of_their_own),
		T(what_is_not_asked_for_stays),
		T(a_name_in_other_letters_is_the_same_value),
		T(a_pool_that_is_not_there_is_not_needed_here),
		T(a_service_that_has_to_stop_with_it_goes_first),
		T(pools_that_live_elsewhere_are_not_edited),
		T(what_is_wrong_with_the_action_is_named),
		T(every_before_comes_back_to_the_octet),
		T(the_defaults_of_the_pools_count_where_the_attribute_is_absent),
		T(it_says_what_shares_the_pool_and_which_health_pages_fail),
		T(by_hand_the_very_value_from_before_comes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
