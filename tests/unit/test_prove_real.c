/* test_prove_real.c - proofs over Exchange's own files, where they are at hand: every application of an Exchange 2016 with its real web.config, and what an
 * Exchange SE has. Skips by name without them. */
#include "base/os.h"
#include "tests/lib/prove_lab.h"
#include "tests/lib/real_files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define FRONT T_V15 "\\FrontEnd\\HttpProxy\\"
#define BACK  T_V15 "\\ClientAccess\\"
#define BARE                                                                                                 \
	CONFIG("T-9", ACTIONS(ACTION("Site",                                                                 \
	                      AT("*", "/", "yes") RULES(RULE("stopgap T-9 a", "nothing has this")))))

static const struct {
	const char *file, *win;
} e16[] = {
	{ "201/applicationHost.config", T_APPHOST },
	{ "187/DefaultWebSite_web.config", T_WWWROOT },
	{ "176/DefaultWebSite-AutoD_web.config", FRONT "Autodiscover\\web.config" },
	{ "177/DefaultWebSite-EAS_web.config", FRONT "sync\\web.config" },
	{ "178/DefaultWebSite-ECP_web.config", FRONT "ecp\\web.config" },
	{ "179/DefaultWebSite-EWS_web.config", FRONT "EWS\\web.config" },
	{ "180/DefaultWebSite-MAPI_web.config", FRONT "mapi\\web.config" },
	{ "181/DefaultWebSite-OAB_web.config", FRONT "OAB\\web.config" },
	{ "182/DefaultWebSite-OWA_web.config", FRONT "owa\\web.config" },
	{ "183/DefaultWebSite-PowerShell_web.config", FRONT "PowerShell\\web.config" },
	{ "184/DefaultWebSite-RPC_web.config", FRONT "rpc\\web.config" },
	{ "185/DefaultWebSite-Rest_web.config", FRONT "Rest\\web.config" },
	{ "188/ExchangeBackEnd-AutoD_web.config", BACK "Autodiscover\\web.config" },
	{ "189/ExchangeBackEnd-EAS_web.config", BACK "sync\\web.config" },
	{ "190/ExchangeBackEnd-ECP_web.config", BACK "ecp\\web.config" },
	{ "191/ExchangeBackEnd-EWS_web.config", BACK "exchweb\\EWS\\web.config" },
	{ "194/ExchangeBackEnd-OAB_web.config", BACK "OAB\\web.config" },
	{ "195/ExchangeBackEnd-OWA_web.config", BACK "owa\\web.config" },
	{ "196/ExchangeBackEnd-PowerShell_web.config", BACK "PowerShell-Proxy\\web.config" },
};

static bool make_e16(struct t_ur *f)
{
	for (size_t i = 0; i < sizeof(e16) / sizeof(*e16); i++)
		if (!t_real_take(f->dir, e16[i].file, e16[i].win))
			return false;
	return true;
}

static void every_application_of_e16_has_the_rule(void **state)
{
	static const char *const configs[] = { BARE, POWERSHELL };
	struct t_ur *f = *state;

	if (!make_e16(f))
		skip();
	for (size_t i = 0; i < 2; i++) {
		t_ur_apply(f, configs[i], NULL);
		if (t_ur_prove(f, configs[i]) != SG_EFFECTIVE_YES) {
			t_prove_show(f);
			fail();
		}
	}
}

/* Each of the real files, edited as somebody would who wants his application left alone. */
static void any_application_of_e16_that_opts_out_is_named(void **state)
{
	struct t_ur *f = *state;

	if (!make_e16(f))
		skip();
	t_ur_apply(f, BARE, NULL);
	for (size_t i = 2; i < sizeof(e16) / sizeof(*e16); i++) {
		struct sg_buf was = { 0 };
		char *place, *text;

		t_drive_read(f->dir, e16[i].win, &was);
		t_drive_replace(f->dir, e16[i].win, "</configuration>",
		        "<system.webServer>" SECTION("<clear/>") "</system.webServer></configuration>");
		assert_int_equal(t_ur_prove(f, BARE), SG_EFFECTIVE_NO);
		place = t_prove_at(f, e16[i].win, "<rules><clear/>");
		text = sg_format("%s<clear> takes 'stopgap T-9 a' out of force", place);
		t_ur_proof_says(f, text);
		t_drive_write(f->dir, e16[i].win, sg_buf_bytes(&was));
		free(text);
		free(place);
		sg_buf_release(&was);
	}
	assert_int_equal(t_ur_prove(f, BARE), SG_EFFECTIVE_YES);
}

/* One pool serves applications of both sites: each is named with the line of the pool. */
static void a_pool_of_e16_that_ignores_web_config_is_named(void **state)
{
	struct t_ur *f = *state;
	char *place;

	if (!make_e16(f))
		skip();
	t_ur_apply(f, BARE, NULL);
	t_drive_replace(f->dir, T_APPHOST, "<add name=\"MSExchangeECPAppPool\"",
	        "<add name=\"MSExchangeECPAppPool\" enableConfigurationOverride=\"false\"");
	assert_int_equal(t_ur_prove(f, BARE), SG_EFFECTIVE_NO);
	place = t_prove_at(f, T_APPHOST, "<add name=\"MSExchangeECPAppPool\"");
	t_ur_proof_says(f, place);
	t_ur_proof_says(f, "not in force at Default Web Site/ecp: ");
	assert_true(t_prove_has_line(
	        f, "enableConfigurationOverride=\"false\" of the application pool: " T_WWWROOT));
	free(place);
}

/* EOMT's own outbound rule in the OWA of an Exchange SE: ours at the site root is in force beside it. */
static void exchange_se_with_eomts_rule_is_in_force_below(void **state)
{
	struct t_ur *f = *state;

	if (!t_real_take(f->dir, "229/applicationHost.config", T_APPHOST) ||
	        !t_real_take(f->dir, "308/DefaultWebSite_web.config", T_WWWROOT) ||
	        !t_real_take(f->dir, "307/DefaultWebSite-OWA_web.config", T_OWA))
		skip();
	t_ur_apply(f, POWERSHELL, NULL);
	assert_int_equal(t_ur_prove(f, POWERSHELL), SG_EFFECTIVE_YES);
	t_ur_apply(f, BARE, NULL);
	if (t_ur_prove(f, BARE) != SG_EFFECTIVE_YES) {
		t_prove_show(f);
		fail();
	}
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, t_ur_setup, t_ur_teardown)
	const struct CMUnitTest tests[] = {
		T(every_application_of_e16_has_the_rule),
		T(any_application_of_e16_that_opts_out_is_named),
		T(a_pool_of_e16_that_ignores_web_config_is_named),
		T(exchange_se_with_eomts_rule_is_in_force_below),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
