/* test_iis_real.c - drives made of Exchange's own files, where they are at hand: read, planned, applied, proven, reverted. Skips by name without them. */
#include "base/os.h"
#include "tests/lib/real_files.h"
#include "tests/lib/rewrite_lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void e19_layout_is_read(void **state)
{
	struct t_ur *f = *state;
	const struct sg_iis_site *back;

	if (!t_real_take(f->dir, "229/applicationHost.config", T_APPHOST))
		skip();
	t_ur_use(f, POWERSHELL);
	assert_null(f->host->iis_error);
	assert_null(f->host->iis->rewrite_missing);
	assert_int_equal(f->host->iis->n_sites, 2);
	assert_int_equal(sg_iis_site(f->host->iis, "Default Web Site")->n_apps, 14);
	back = sg_iis_site(f->host->iis, "Exchange Back End");
	assert_int_equal(back->apps[0].n_vdirs, 5);
	assert_string_equal(back->apps[0].pool, "DefaultAppPool");
	assert_int_equal(f->host->n_products, 2);
	assert_string_equal(f->host->products[1].app, T_V15);
}

static void in_and_out_of_exchanges_own_files(void **state)
{
	static const struct {
		const char *apphost, *root, *owa;
		bool csp; /* whether the outbound rule may go in */
	} servers[] = {
		{ "201/applicationHost.config", "187/DefaultWebSite_web.config",
		        "182/DefaultWebSite-OWA_web.config", true },
		{ "229/applicationHost.config", "216/DefaultWebSite_web2.config",
		        "182/DefaultWebSite-OWA_web.config", true },
		/* EOMT's outbound rule stands at top level there: the section may not stand in a location, too */
		{ "229/applicationHost.config", "308/DefaultWebSite_web.config",
		        "307/DefaultWebSite-OWA_web.config", false },
	};
	struct t_ur *f = *state;

	for (size_t i = 0; i < sizeof(servers) / sizeof(*servers); i++) {
		struct sg_moves powershell = { 0 }, csp = { 0 }, global = { 0 };
		struct t_snapshot *before;

		if (!t_real_take(f->dir, servers[i].apphost, T_APPHOST) ||
		        !t_real_take(f->dir, servers[i].root, T_WWWROOT) ||
		        !t_real_take(f->dir, servers[i].owa, T_OWA))
			skip();
		before = t_drive_snapshot(f->dir);
		t_ur_apply(f, POWERSHELL, &powershell);
		assert_int_equal(t_ur_prove(f, POWERSHELL), SG_EFFECTIVE_YES);
		if (servers[i].csp) {
			t_ur_apply(f, CSP, &csp);
			if (t_ur_prove(f, CSP) != SG_EFFECTIVE_YES)
				fail_msg("%s", f->proof.text);
		} else {
			t_ur_refused(f, CSP, SG_EUNSUPPORTED, "at top level");
		}
		t_ur_apply(f, GLOBAL, &global);
		assert_int_equal(t_ur_prove(f, GLOBAL), SG_EFFECTIVE_YES);
		t_ur_revert(f, &powershell);
		t_ur_revert(f, &global);
		if (servers[i].csp)
			t_ur_revert(f, &csp);
		assert_true(t_drive_same(f->dir, before));
		t_snapshot_free(before);
	}
}

/* As Setup, EM, EOMT and a person left it: ill-formed. */
static void the_ill_formed_site_root_is_refused_untouched(void **state)
{
	struct t_ur *f = *state;

	if (!t_real_take(f->dir, "229/applicationHost.config", T_APPHOST) ||
	        !t_real_take(f->dir, "215/DefaultWebSite_web1.config", T_WWWROOT))
		skip();
	t_ur_refused(f, POWERSHELL, SG_EPARSE, T_WWWROOT);
	assert_int_equal(t_ur_prove(f, POWERSHELL), SG_EFFECTIVE_UNKNOWN);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, t_ur_setup, t_ur_teardown)
	const struct CMUnitTest tests[] = {
		T(e19_layout_is_read),
		T(in_and_out_of_exchanges_own_files),
		T(the_ill_formed_site_root_is_refused_untouched),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
