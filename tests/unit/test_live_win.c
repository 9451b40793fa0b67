/* test_live_win.c - services of the Windows that this runs on: two real services of this very program, looked at, disabled, stopped, started and given
 * back to their very start types. They are made for the test and taken away after it; no other service is touched. */
#include "actions/host.h"
#include "actions/live.h"
#include "actions/run.h"
#include "actions/services.h"
#include "actions/step.h"
#include "base/os_win.h"
#include "tests/windows/real_service_win.h"

#include <windows.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define LOWER   "StopgapTestLower"
#define UPPER   "StopgapTestUpper"
#define SLOW_MS 3000

/* --- the lab */

static SC_HANDLE manager;
static struct sg_drives live; /* no folder: this machine's own drives */
static const struct sg_runner *runner;

static void make_pair(DWORD start)
{
	t_service_make(LOWER, start, NULL, 0);
	t_service_make(UPPER, SERVICE_DEMAND_START, LOWER, 0);
}

static int set_up(void **state)
{
	(void)state;
	manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_ALL_ACCESS);
	runner = sg_runner_of(&live);
	return manager ? 0 : -1;
}

static int clear(void **state)
{
	(void)state;
	t_service_unmake(UPPER);
	t_service_unmake(LOWER);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	CloseServiceHandle(manager);
	return 0;
}

static void set_dword(const char *service, const wchar_t *name, DWORD value)
{
	char *path = sg_format("SYSTEM\\CurrentControlSet\\Services\\%s", service);
	wchar_t *wide = sg_win_wide(path);
	HKEY key;

	assert_int_equal(RegOpenKeyExW(HKEY_LOCAL_MACHINE, wide, 0, KEY_SET_VALUE, &key), 0);
	assert_int_equal(RegSetValueExW(key, name, 0, REG_DWORD, (BYTE *)&value, sizeof value), 0);
	RegCloseKey(key);
	free(wide);
	free(path);
}

static uint32_t manager_says(const char *service)
{
	struct sg_err err = SG_ERR_INIT;
	uint32_t start = 99;

	if (sg_live_start(service, &start, &err))
		fail_msg("%s", err.msg);
	return start;
}

static void look_at(const char *service, struct sg_seen_value *ret)
{
	struct sg_addr addr = { 0 };

	sg_service_addr(service, &addr);
	assert_int_equal(sg_step_read(&live, &addr, 1, ret, NULL), 0);
	sg_addr_release(&addr);
}

/* One move of the service from what is there now to `to`. */
static void move_to(const char *service, const char *to, struct sg_moves *ret)
{
	struct sg_move *m = sg_moves_add(ret);
	struct sg_seen_value seen = { 0 };

	look_at(service, &seen);
	assert_int_equal(seen.seen, SG_SEEN_FROM);
	sg_service_addr(service, &m->addr);
	sg_content_copy(&m->from, &seen.now);
	m->to.present = true;
	sg_buf_str(&m->to.octets, to);
	sg_seen_release(&seen, 1);
}

/* Brings the values to their `to`, or back to their `from`. */
static void carry_out(struct sg_moves *moves, bool back)
{
	struct sg_step_plan plan = { 0 };
	struct sg_err err = SG_ERR_INIT;

	for (size_t i = 0; i < moves->n; i++)
		moves->at[i].settle_to = !back;
	if (sg_step_plan(&live, moves, true, 0, &plan, &err) || sg_step_write(&plan, true, NULL, NULL, &err))
		fail_msg("%s", err.msg);
	sg_step_plan_release(&plan);
}

/* --- start types */

static void a_service_is_disabled_and_gets_back_its_very_start_type(void **state)
{
	static const struct {
		DWORD start;
		bool delayed;
		const char *octets, *lead;
	} types[] = {
		{ SERVICE_AUTO_START, false, "2", "ControlSet001" },
		{ SERVICE_AUTO_START, true, "2", "ControlSet001, delayed" },
		{ SERVICE_DEMAND_START, false, "3", "ControlSet001" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		struct sg_services *services = NULL;
		struct sg_moves moves = { 0 };
		const struct sg_service *s;

		make_pair(types[i].start);
		set_dword(LOWER, L"DelayedAutostart", types[i].delayed);
		assert_int_equal(sg_services_read(&live, &services, NULL), 0);
		s = sg_services_find(services, "STOPGAPtestLOWER");
		assert_non_null(s);
		assert_string_equal(s->name, LOWER);
		assert_int_equal(s->start, types[i].start);
		assert_int_equal(s->delayed, types[i].delayed);
		assert_null(s->wrong);
		assert_string_equal(sg_services_find(services, UPPER)->depends_on.at[0], LOWER);
		assert_null(sg_services_locked(services));
		sg_services_free(services);

		move_to(LOWER, "4", &moves);
		assert_string_equal((const char *)moves.at[0].from.octets.data, types[i].octets);
		assert_string_equal((const char *)moves.at[0].from.lead.data, types[i].lead);
		carry_out(&moves, false);
		assert_int_equal(manager_says(LOWER), SERVICE_DISABLED);
		assert_int_equal(runner->start(NULL, SG_HOOK_SERVICE, LOWER, 5000, NULL) == 0, false);
		carry_out(&moves, false); /* again: nothing to do */
		assert_int_equal(manager_says(LOWER), SERVICE_DISABLED);
		carry_out(&moves, true);
		assert_int_equal(manager_says(LOWER), types[i].start);
		assert_int_equal(sg_services_read(&live, &services, NULL), 0);
		s = sg_services_find(services, LOWER);
		assert_int_equal(s->start, types[i].start);
		assert_int_equal(s->delayed, types[i].delayed);
		sg_services_free(services);
		sg_moves_release(&moves);
		clear(NULL);
	}
}

static void what_somebody_else_changed_meanwhile_is_not_written(void **state)
{
	struct sg_step_plan plan = { 0 };
	struct sg_moves moves = { 0 };
	struct sg_err err = SG_ERR_INIT;

	(void)state;
	make_pair(SERVICE_AUTO_START);
	move_to(LOWER, "4", &moves);
	assert_int_equal(sg_step_plan(&live, &moves, false, 0, &plan, &err), 0);
	assert_true(plan.files[0].live && plan.files[0].in_place && plan.files[0].changed);
	assert_string_equal(
	        plan.files[0].patches[0].text, "service " LOWER ": Start 2 (Automatic) -> 4 (Disabled)");
	assert_int_equal(sg_live_set_start(LOWER, 2, 3, false, &err), 0);
	assert_int_equal(sg_step_write(&plan, false, NULL, NULL, &err), SG_ECONFLICT);
	assert_int_equal(manager_says(LOWER), SERVICE_DEMAND_START);
	sg_step_plan_release(&plan);
	sg_err_clear(&err);
	assert_int_equal(sg_step_plan(&live, &moves, false, 0, &plan, &err), SG_ECONFLICT);
	assert_int_equal(sg_live_set_start(LOWER, 2, 4, false, NULL), SG_ECONFLICT);
	assert_int_equal(manager_says(LOWER), SERVICE_DEMAND_START);
	sg_moves_release(&moves);
}

static void a_registry_written_behind_the_managers_back_is_somebody_elses(void **state)
{
	struct sg_services *services = NULL;
	struct sg_seen_value seen = { 0 };

	(void)state;
	make_pair(SERVICE_AUTO_START);
	set_dword(LOWER, L"Start", SERVICE_DISABLED);
	look_at(LOWER, &seen);
	assert_int_equal(seen.seen, SG_SEEN_OTHER);
	assert_non_null(strstr(seen.why, "4 in the registry and 2 for the service control manager"));
	sg_seen_release(&seen, 1);
	assert_int_equal(sg_services_read(&live, &services, NULL), 0);
	assert_non_null(
	        strstr(sg_services_find(services, LOWER)->wrong, "from the next start of Windows on"));
	sg_services_free(services);
	look_at("StopgapTestNone", &seen);
	assert_int_equal(seen.seen, SG_SEEN_GONE);
	sg_seen_release(&seen, 1);
}

/* --- running */

static enum sg_run_state state_of(const char *name, struct sg_strs *dependants)
{
	enum sg_run_state now = SG_RUN_OFFLINE;
	struct sg_strs none = { 0 };
	struct sg_err err = SG_ERR_INIT;

	if (runner->look(NULL, SG_HOOK_SERVICE, name, &now, dependants ? dependants : &none, &err))
		fail_msg("%s", err.msg);
	sg_strs_release(&none);
	return now;
}

static void start(const char *name)
{
	struct sg_err err = SG_ERR_INIT;

	if (runner->start(NULL, SG_HOOK_SERVICE, name, 20000, &err))
		fail_msg("%s", err.msg);
}

static void stop(const char *name)
{
	struct sg_err err = SG_ERR_INIT;

	if (runner->stop(NULL, SG_HOOK_SERVICE, name, 20000, &err))
		fail_msg("%s", err.msg);
}

static void a_service_stops_after_its_dependants_and_runs_again_before_them(void **state)
{
	struct sg_strs dependants = { 0 };
	struct sg_err err = SG_ERR_INIT;
	enum sg_run_state now;

	(void)state;
	make_pair(SERVICE_DEMAND_START);
	assert_int_equal(state_of(LOWER, &dependants), SG_RUN_STOPPED);
	assert_int_equal(dependants.n, 0);
	start(LOWER);
	start(UPPER);
	start(UPPER); /* already so */
	assert_int_equal(state_of(LOWER, &dependants), SG_RUN_RUNNING);
	assert_int_equal(dependants.n, 1);
	assert_string_equal(dependants.at[0], UPPER);
	stop(UPPER);
	stop(LOWER);
	stop(LOWER);
	assert_int_equal(state_of(LOWER, NULL), SG_RUN_STOPPED);
	assert_int_equal(state_of(UPPER, NULL), SG_RUN_STOPPED);
	start(LOWER);
	assert_int_equal(state_of(LOWER, NULL), SG_RUN_RUNNING);
	assert_int_equal(
	        runner->look(NULL, SG_HOOK_SERVICE, "StopgapTestNone", &now, &dependants, &err), SG_ENOENT);
	sg_strs_release(&dependants);
}

/* An administrator stopped what it needs meanwhile: giving back that the other one ran may not start that again. */
static void a_service_is_not_started_when_that_would_start_another_one(void **state)
{
	struct sg_err err = SG_ERR_INIT;
	struct sg_strs needs = { 0 };

	(void)state;
	make_pair(SERVICE_DEMAND_START);
	assert_int_equal(runner->needs(NULL, UPPER, &needs, NULL), 0);
	assert_int_equal(needs.n, 1);
	assert_string_equal(needs.at[0], LOWER);
	sg_strs_release(&needs);
	assert_int_equal(runner->start(NULL, SG_HOOK_SERVICE, UPPER, 5000, &err), SG_ESTATE);
	assert_non_null(strstr(err.msg, "it depends on " LOWER ", which does not run"));
	assert_int_equal(state_of(LOWER, NULL), SG_RUN_STOPPED);
	assert_int_equal(state_of(UPPER, NULL), SG_RUN_STOPPED);
	start(LOWER);
	assert_int_equal(runner->needs(NULL, UPPER, &needs, NULL), 0);
	assert_int_equal(needs.n, 0);
	start(UPPER);
	assert_int_equal(state_of(UPPER, NULL), SG_RUN_RUNNING);
}

/* Nor is one whose dependency is no service any more. */
static void a_service_that_needs_one_that_is_gone_is_not_started_and_says_which(void **state)
{
	struct sg_err err = SG_ERR_INIT;

	(void)state;
	make_pair(SERVICE_DEMAND_START);
	t_service_unmake(LOWER);
	assert_int_equal(runner->start(NULL, SG_HOOK_SERVICE, UPPER, 5000, &err), SG_ESTATE);
	assert_non_null(strstr(err.msg, "it depends on " LOWER ", which this Windows does not have"));
	assert_int_equal(state_of(UPPER, NULL), SG_RUN_STOPPED);
}

/* More services than one page of the manager's list holds: names of 240 letters, of which each takes half a kilobyte and more. */
static void every_service_is_listed_however_many_there_are(void **state)
{
	enum { MANY = 150 };
	struct sg_live_start *list = NULL;
	struct sg_err err = SG_ERR_INIT;
	char name[241];
	size_t n = 0, found = 0;

	(void)state;
	for (int i = 0; i < MANY; i++) {
		memset(name, 'x', sizeof name - 1);
		name[240] = 0;
		snprintf(name + 237, 4, "%03d", i);
		t_service_make(name, SERVICE_DEMAND_START, NULL, 0);
	}
	if (sg_live_starts(&list, &n, &err))
		fail_msg("%s", err.msg);
	for (size_t i = 0; i < n; i++)
		found += strlen(list[i].name) == 240 && list[i].name[0] == 'x' && list[i].start == 3;
	sg_live_starts_free(list, n);
	for (int i = 0; i < MANY; i++) {
		snprintf(name + 237, 4, "%03d", i);
		t_service_unmake(name);
	}
	assert_int_equal(found, MANY);
}

static void what_does_not_stop_in_time_is_named_and_left_alone(void **state)
{
	struct sg_err err = SG_ERR_INIT;

	(void)state;
	t_service_make(LOWER, SERVICE_DEMAND_START, NULL, SLOW_MS);
	start(LOWER);
	assert_int_equal(runner->stop(NULL, SG_HOOK_SERVICE, LOWER, 500, &err), SG_ETIMEOUT);
	assert_non_null(strstr(err.msg, LOWER " is still stopping"));
	stop(LOWER); /* it was only slow */
	assert_int_equal(state_of(LOWER, NULL), SG_RUN_STOPPED);
}

static void nothing_that_w3svc_depends_on_is_stopped(void **state)
{
	struct sg_strs dependants = { 0 };
	struct sg_err err = SG_ERR_INIT;
	enum sg_run_state now;

	(void)state;
	if (sg_live_key("SYSTEM\\CurrentControlSet\\Services\\W3SVC", NULL) == 0) {
		print_message("skipped: this machine has IIS itself\n");
		skip();
	}
	make_pair(SERVICE_DEMAND_START);
	t_service_make("W3SVC", SERVICE_DEMAND_START, LOWER, 0);
	start(LOWER);
	assert_int_equal(runner->start(NULL, SG_HOOK_SERVICE, "W3SVC", 5000, &err), SG_EUNSUPPORTED);
	{
		SC_HANDLE h = OpenServiceW(manager, L"W3SVC", SERVICE_ALL_ACCESS);

		assert_true(StartServiceW(h, 0, NULL));
		sg_err_clear(&err);
		assert_int_equal(
		        runner->look(NULL, SG_HOOK_SERVICE, LOWER, &now, &dependants, &err), SG_EUNSUPPORTED);
		assert_non_null(strstr(err.msg, "W3SVC runs and depends on it"));
		assert_int_equal(runner->stop(NULL, SG_HOOK_SERVICE, "w3svc", 5000, NULL), SG_EUNSUPPORTED);
		CloseServiceHandle(h);
		t_service_unmake("W3SVC");
	}
	sg_strs_release(&dependants);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_service_is_disabled_and_gets_back_its_very_start_type, clear),
		cmocka_unit_test_teardown(what_somebody_else_changed_meanwhile_is_not_written, clear),
		cmocka_unit_test_teardown(
		        a_registry_written_behind_the_managers_back_is_somebody_elses, clear),
		cmocka_unit_test_teardown(
		        a_service_stops_after_its_dependants_and_runs_again_before_them, clear),
		cmocka_unit_test_teardown(a_service_is_not_started_when_that_would_start_another_one, clear),
		cmocka_unit_test_teardown(
		        a_service_that_needs_one_that_is_gone_is_not_started_and_says_which, clear),
		cmocka_unit_test_teardown(every_service_is_listed_however_many_there_are, clear),
		cmocka_unit_test_teardown(what_does_not_stop_in_time_is_named_and_left_alone, clear),
		cmocka_unit_test_teardown(nothing_that_w3svc_depends_on_is_stopped, clear),
	};

	if (t_service_served(argc, argv))
		return 0;
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
