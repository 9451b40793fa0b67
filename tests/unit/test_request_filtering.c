/* test_request_filtering.c - a RequestFiltering action: what it may say, what it wants on a server, and what speaks against it. */
#include "tests/lib/filter_lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* --- what a feed may say */

static void check(const char *config, int code, const char *says)
{
	struct sg_mitigation *m = t_ur_decode(config);
	struct sg_err err = SG_ERR_INIT;
	int r = sg_actions_check(m, &err);

	if (r != code)
		fail_msg("%d (%s) where %d (%s) was expected", r, err.msg, code, says);
	if (says && !strstr(err.msg, says))
		fail_msg("\"%s\" does not say \"%s\"", err.msg, says);
	if (says)
		assert_non_null(strstr(err.msg, "RequestFiltering: "));
	sg_mitigation_free(m);
}

static void good_actions_pass(void **state)
{
	(void)state;
	check(AT_ECP(BOTH), 0, NULL);
	check(CONFIG("T-5", ACTIONS(FILTER("Server", DENY("", SEQ("x=${jndi:"))))), 0, NULL);
	check(CONFIG("T-5", ACTIONS(FILTER("Site", AT("*", "/", "yes") DENY(SEQ("&lt;a'b"), "")))), 0, NULL);
}

static void silly_sequences_are_refused(void **state)
{
	static const struct {
		const char *body, *says;
	} cases[] = {
		{ DENY(SEQ(""), ""), "shorter than 3" },
		{ DENY(SEQ("/"), ""), "shorter than 3" },
		{ DENY("", SEQ("ab")), "shorter than 3" },
		{ DENY(SEQ("/ecp"), ""), "every request at the action's path" },
		{ DENY(SEQ("ECP"), ""), "every request at the action's path" },
		{ DENY(SEQ("x.svc?a"), ""), "can never be met" },
		{ DENY(SEQ("a%2eb"), ""), "decoded before" },
		{ DENY(SEQ("a\\b"), ""), "into '/'" },
		{ DENY(SEQ("caf\xc3\xa9"), ""), "printable ASCII" },
		{ DENY("", SEQ("a&#10;b")), "printable ASCII" },
		{ DENY("", SEQ("'&quot;'")), "both kinds of quotes" },
		{ DENY(SEQ("abc") SEQ("ABC"), ""), "stands twice" },
		{ DENY("<add sequence=\"abc\" lockItem=\"true\"/>", ""), "takes one attribute" },
		{ DENY("<add/>", ""), "takes one attribute" },
		{ DENY("<clear/>", ""), "only adds" },
		{ DENY("<remove sequence=\"abc\"/>", ""), "only adds" },
		{ DENY("", ""), "no sequence" },
		{ "<requestFiltering/>", "no sequence" },
		{ "", "no <requestFiltering>" },
		{ "<requestFiltering unescapeQueryString=\"false\"/>", "unescapeQueryString" },
		{ "<requestFiltering><verbs/></requestFiltering>", "<verbs>" },
		{ "<requestFiltering><alwaysAllowedUrls/></requestFiltering>", "<alwaysAllowedUrls>" },
		{ "<requestFiltering><denyUrlSequences configSource=\"x\"/></requestFiltering>",
		        "configSource" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char *config = sg_format(CONFIG("T-5", ACTIONS(FILTER("VDir", ECP "%s"))), cases[i].body);

		check(config, SG_EINVAL, cases[i].says);
		free(config);
	}
}

static void one_sequence_is_denied_once_on_a_chain(void **state)
{
#define ABC DENY(SEQ("abc"), "")
	(void)state;
	check(CONFIG("T-5", ACTIONS(FILTER("Site", SITE_ROOT ABC) FILTER("VDir", ECP DENY(SEQ("ABC"), "")))),
	        SG_EINVAL, "two actions");
	check(CONFIG("T-5", ACTIONS(FILTER("Server", ABC) FILTER("VDir", ECP ABC))), SG_EINVAL,
	        "two actions");
	check(CONFIG("T-5", ACTIONS(FILTER("VDir", OAB ABC) FILTER("VDir", ECP ABC))), 0, NULL);
	check(CONFIG("T-5", ACTIONS(FILTER("VDir", ECP ABC) FILTER("VDir", ECP DENY("", SEQ("abc"))))), 0,
	        NULL);
	check(CONFIG("T-5", ACTIONS(FILTER("VDir", ECP ABC)
	                                    FILTER("VDir", AT("Exchange Back End", "/ecp", "yes") ABC))),
	        0, NULL);
}

static void policy_knows_the_kind_by_its_word(void **state)
{
	char *words = sg_action_words();

	(void)state;
	assert_non_null(strstr(words, "request_filtering"));
	assert_string_equal(sg_action_kind("RequestFiltering")->conf_name, "request_filtering");
	assert_false(sg_action_kind("RequestFiltering")->disruptive);
	free(words);
}

/* --- on a server */

static void wishes_are_scaffolds_then_sequences(void **state)
{
	static const char *const paths[] = {
		"/configuration/system.webServer",
		"/configuration/system.webServer/security",
		RF,
		RF "/denyUrlSequences",
		RF "/denyUrlSequences/add[@sequence='ddiservice.svc']",
		RF "/denyUrlSequences/add[@sequence='second']",
		RF "/denyQueryStringSequences",
		RF "/denyQueryStringSequences/add[@sequence=\"it's/[\"]",
	};
	struct t_ur *f = *state;

	assert_int_equal(
	        t_ur_plan(f, AT_ECP(DENY(SEQ("ddiservice.svc") SEQ("second"), SEQ("it's/["))), NULL), 0);
	assert_int_equal(f->wishes.n, 8);
	for (size_t i = 0; i < f->wishes.n; i++) {
		assert_string_equal(f->wishes.at[i].addr.path, paths[i]);
		assert_string_equal(f->wishes.at[i].addr.container, T_ECP);
		assert_string_equal(f->wishes.at[i].site, "Default Web Site/ecp");
	}
	assert_string_equal(
	        (const char *)f->wishes.at[4].to.octets.data, "<add sequence=\"ddiservice.svc\" />");
	assert_null(f->wishes.at[4].to.after);
	assert_string_equal(f->wishes.at[5].to.after, "add[@sequence='ddiservice.svc']");
	assert_null(f->wishes.at[7].to.after);
}

static void what_is_there_already_is_a_conflict(void **state)
{
	static const struct {
		const char *file, *from, *to, *says;
	} cases[] = {
		{ T_ECP, "<modules>",
		        "<security><requestFiltering><denyUrlSequences><add "
		        "sequence=\"DDIService.svc\"/></denyUrlSequences></requestFiltering></"
		        "security><modules>",
		        "is refused by IIS already (" T_ECP ":" },
		{ T_WWWROOT, "  <location",
		        "<system.webServer><security><requestFiltering><denyQueryStringSequences><add "
		        "sequence='PowerShell'/></denyQueryStringSequences></requestFiltering></security></"
		        "system.webServer>  <location",
		        "is refused by IIS already (" T_WWWROOT ":" },
		{ T_APPHOST, "</configuration>",
		        "<location path=\"Default Web "
		        "Site/ecp/sub\"><system.webServer><security><requestFiltering><denyUrlSequences><add "
		        "sequence=\"DDIService.svc\"/></denyUrlSequences></requestFiltering></security></"
		        "system.webServer></location></configuration>",
		        "IIS may meet it only once" },
	};
	struct t_ur *f = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct sg_buf was = { 0 };

		t_drive_read(f->dir, cases[i].file, &was);
		t_drive_replace(f->dir, cases[i].file, cases[i].from, cases[i].to);
		t_ur_refused(f, AT_ECP(BOTH), SG_ECONFLICT, cases[i].says);
		/* a sequence of the other list, and another place, are not concerned */
		assert_int_equal(
		        t_ur_plan(f, AT_ECP(DENY(SEQ("powershell"), SEQ("ddiservice.svc"))), NULL), 0);
		t_drive_write(f->dir, cases[i].file, sg_buf_bytes(&was));
		sg_buf_release(&was);
	}
	assert_int_equal(t_ur_plan(f, AT_ECP(BOTH), NULL), 0);
}

/* Sequences carry no name of ours: what another mitigation holds on the chain is in the way, what it holds in common is not. */
static void another_mitigations_sequence_on_the_chain_is_a_conflict(void **state)
{
	static const char root[] = CONFIG("T-7", ACTIONS(FILTER("Site", SITE_ROOT BOTH)));
	struct t_ur *f = *state;
	struct sg_holds own = { 0 };
	struct sg_moves moves = { 0 };

	t_ur_apply(f, root, &moves);
	for (size_t i = 0; i < f->wishes.n; i++) {
		struct sg_hold *h = sg_holds_add(&own);

		sg_addr_copy(&h->addr, &f->wishes.at[i].addr);
		sg_keys_add(&h->holders, "test", "T-7");
	}
	assert_int_equal(t_ur_plan(f, AT_ECP(BOTH), &own), SG_ECONFLICT);
	assert_non_null(strstr(f->err.msg, T_WWWROOT));
	assert_int_equal(t_ur_plan(f, CONFIG("T-5", ACTIONS(FILTER("Site", SITE_ROOT BOTH))), &own), 0);
	/* its own newer body may move it */
	assert_int_equal(t_ur_plan(f, CONFIG("T-7", ACTIONS(FILTER("VDir", ECP BOTH))), &own), 0);
	sg_holds_release(&own);
	t_ur_revert(f, &moves);
}

static void locks_are_respected(void **state)
{
	static const struct {
		const char *file, *from, *to;
	} cases[] = {
		{ T_APPHOST, "<section name=\"requestFiltering\" overrideModeDefault=\"Allow\" />",
		        "<section name=\"requestFiltering\" overrideModeDefault=\"Deny\" />" },
		{ T_APPHOST, "<validation />",
		        "<security><requestFiltering "
		        "lockElements=\"denyUrlSequences\"/></security><validation />" },
		{ T_APPHOST, "<validation />",
		        "<security><requestFiltering lockAllElementsExcept=\"verbs\"/></security><validation "
		        "/>" },
		{ T_APPHOST, "<validation />",
		        "<security><requestFiltering><denyUrlSequences "
		        "lockElements=\"add\"/></requestFiltering></security><validation />" },
		{ T_APPHOST, "<validation />",
		        "<security><requestFiltering><denyQueryStringSequences "
		        "lockItem=\"true\"/></requestFiltering></security><validation />" },
		{ T_WWWROOT, "  <location",
		        "<system.webServer><security><requestFiltering "
		        "lockItem=\"true\"/></security></system.webServer>  <location" },
	};
	struct t_ur *f = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct sg_buf was = { 0 };

		t_drive_read(f->dir, cases[i].file, &was);
		t_drive_replace(f->dir, cases[i].file, cases[i].from, cases[i].to);
		t_ur_refused(f, AT_ECP(BOTH), SG_EACCES, "requestFiltering");
		t_drive_write(f->dir, cases[i].file, sg_buf_bytes(&was));
		sg_buf_release(&was);
	}
	/* a lock of the other list is none of ours */
	t_drive_replace(f->dir, T_APPHOST, "<validation />",
	        "<security><requestFiltering "
	        "lockElements=\"verbs,denyQueryStringSequences\"/></security><validation />");
	assert_int_equal(t_ur_plan(f, AT_ECP(DENY(SEQ("abc"), "")), NULL), 0);
}

static void without_the_module_nothing_is_planned(void **state)
{
	static const struct {
		const char *from, *to, *says;
	} cases[] = {
		{ "<section name=\"requestFiltering\" overrideModeDefault=\"Allow\" />", "",
		        "configSections" },
		{ "<add name=\"RequestFilteringModule\" image", "<add name=\"Other\" image",
		        "no RequestFilteringModule in globalModules" },
		{ "<add name=\"RequestFilteringModule\" lockItem", "<add name=\"Other\" lockItem",
		        "no RequestFilteringModule in modules" },
	};
	struct t_ur *f = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct sg_buf was = { 0 };

		t_drive_read(f->dir, T_APPHOST, &was);
		t_drive_replace(f->dir, T_APPHOST, cases[i].from, cases[i].to);
		t_ur_refused(f, AT_ECP(BOTH), SG_EUNSUPPORTED, cases[i].says);
		t_drive_write(f->dir, T_APPHOST, sg_buf_bytes(&was));
		sg_buf_release(&was);
	}
	/* /owa has taken it out, and nothing below inherits */
	t_ur_refused(f, CONFIG("T-5", ACTIONS(FILTER("VDir", AT("Default Web Site", "/owa", "no") BOTH))),
	        SG_EUNSUPPORTED, T_OWA ":");
	/* the site root has, too, but applications below filter */
	assert_int_equal(t_ur_plan(f, CONFIG("T-5", ACTIONS(FILTER("Site", SITE_ROOT BOTH))), NULL), 0);
	t_ur_refused(f, CONFIG("T-5", ACTIONS(FILTER("Site", AT("Default Web Site", "/", "no") BOTH))),
	        SG_EUNSUPPORTED, T_WWWROOT ":");
}

/* --- others' */

static void others(struct t_ur *f, const char *config, struct sg_others *ret)
{
	t_ur_use(f, config);
	if (sg_actions_others(f->m, f->host, &f->drives, NULL, ret, &f->err))
		fail_msg("%s", f->err.msg);
}

static void what_others_refuse_is_found(void **state)
{
	struct t_ur *f = *state;
	struct sg_others found = { 0 };

	others(f, AT_ECP(BOTH), &found);
	assert_int_equal(found.n, 0);
	assert_false(found.all);
	sg_others_release(&found);
	t_drive_replace(f->dir, T_ECP, "<modules>",
	        "<security><requestFiltering><denyUrlSequences><add "
	        "sequence=\"DDIService.svc\"/></denyUrlSequences></requestFiltering></security><modules>");
	others(f, AT_ECP(BOTH), &found);
	assert_int_equal(found.n, 1);
	assert_false(found.all);
	assert_false(found.at[0].em);
	assert_string_equal(found.at[0].addr.path, RF "/denyUrlSequences/add[@sequence='DDIService.svc']");
	assert_non_null(strstr(found.at[0].text, T_ECP ":"));
	sg_others_release(&found);
	others(f, AT_ECP(DENY(SEQ("ddiservice.svc"), "")), &found);
	assert_true(found.all);
	sg_others_release(&found);
	/* where the module is out, nothing is refused */
	t_drive_replace(f->dir, T_ECP, "<modules>", "<modules><remove name=\"RequestFilteringModule\" />");
	others(f, AT_ECP(DENY(SEQ("ddiservice.svc"), "")), &found);
	assert_false(found.all);
	sg_others_release(&found);
}

/* --- by hand */

static void by_hand_lines_name_section_and_collection(void **state)
{
	struct t_ur *f = *state;
	const struct sg_action_kind *kind = sg_action_kind("RequestFiltering");
	struct sg_buf out = { 0 };

	assert_int_equal(t_ur_plan(f, AT_ECP(BOTH), NULL), 0);
	kind->by_hand(&f->wishes.at[0], false, &out);
	assert_int_equal(out.len, 0);
	kind->by_hand(&f->wishes.at[4], false, &out);
	assert_string_equal((const char *)out.data,
	        "%windir%\\System32\\inetsrv\\appcmd.exe set config \"Default Web Site/ecp\" "
	        "-section:system.webServer/security/requestFiltering "
	        "/+\"denyUrlSequences.[sequence='ddiservice.svc']\"\r\n");
	sg_buf_clear(&out);
	kind->by_hand(&f->wishes.at[4], true, &out);
	assert_non_null(strstr((const char *)out.data, "/-\"denyUrlSequences.[sequence='ddiservice.svc']\""));
	sg_buf_release(&out);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, t_ur_setup, t_ur_teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_actions_pass),
		cmocka_unit_test(silly_sequences_are_refused),
		cmocka_unit_test(one_sequence_is_denied_once_on_a_chain),
		cmocka_unit_test(policy_knows_the_kind_by_its_word),
		T(wishes_are_scaffolds_then_sequences),
		T(what_is_there_already_is_a_conflict),
		T(another_mitigations_sequence_on_the_chain_is_a_conflict),
		T(locks_are_respected),
		T(without_the_module_nothing_is_planned),
		T(what_others_refuse_is_found),
		T(by_hand_lines_name_section_and_collection),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
