/* test_engine_live_win.c - the whole engine on the Windows that this runs on: a real service with one that depends on it, a rule and a pool, in and out. The
 * machine becomes a server with Exchange for it, so it runs on nobody's: only under Wine, in a prefix that is thrown away. */
#include "actions/live.h"
#include "actions/run.h"
#include "base/json.h"
#include "base/os.h"
#include "base/os_win.h"
#include "tests/lib/live_lab.h"
#include "tests/windows/real_service_win.h"

#include <windows.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define LOWER "StopgapEngineLower"
#define UPPER "StopgapEngineUpper"
#define OTHER "StopgapEngineOther"
#define POOL                                                                                                 \
	"<Action type=\"AppPool\" scope=\"Server\"><sg:AppPool name=\"" T_ECP_POOL                           \
	"\" autoStart=\"false\"/></Action>"

static const struct sg_runner *runner;

static int set_up(void **state)
{
	struct sg_file_id id;
	struct lab *lab;

	*state = NULL;
	if (!GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "wine_get_version") ||
	        sg_os_stat("C:\\inetpub", &id, NULL) != SG_ENOENT)
		return 0;
	t_drive_fill("C:");
	lab = sg_alloc(sizeof *lab);
	lab_make(lab);
	sg_drives_release(&lab->drives); /* no folder: this machine's own */
	assert_true(sg_drives_live(&lab->drives));
	runner = sg_runner_of(&lab->drives);
	t_service_make(LOWER, SERVICE_AUTO_START, NULL, 100);
	t_service_make(UPPER, SERVICE_DEMAND_START, LOWER, 100);
	assert_int_equal(runner->start(NULL, SG_HOOK_SERVICE, LOWER, 20000, NULL), 0);
	assert_int_equal(runner->start(NULL, SG_HOOK_SERVICE, UPPER, 20000, NULL), 0);
	lab_open(lab);
	lab_configure(lab, NULL, NULL);
	*state = lab;
	return 0;
}

static int tear_down(void **state)
{
	if (!*state)
		return 0;
	lab_free(*state);
	free(*state);
	t_service_unmake(UPPER);
	t_service_unmake(LOWER);
	t_service_unmake(OTHER);
	sg_os_remove_tree("C:\\inetpub", NULL);
	sg_os_remove_tree("C:\\Windows\\System32\\inetsrv", NULL);
	sg_os_remove_tree("C:\\Program Files\\Microsoft\\Exchange Server", NULL);
	sg_os_remove_tree("C:\\ProgramData\\stopgap", NULL);
	return 0;
}

static enum sg_run_state state_of(const char *name)
{
	enum sg_run_state now = SG_RUN_OFFLINE;
	struct sg_strs dependants = { 0 };

	assert_int_equal(runner->look(NULL, SG_HOOK_SERVICE, name, &now, &dependants, NULL), 0);
	sg_strs_release(&dependants);
	return now;
}

static uint32_t start_of(const char *name)
{
	uint32_t start = 99;

	assert_int_equal(sg_live_start(name, &start, NULL), 0);
	return start;
}

static void a_service_a_rule_and_a_pool_go_in_and_come_back_on_a_live_machine(void **state)
{
	struct sg_buf apphost = { 0 }, web = { 0 }, now = { 0 };
	struct lab *lab = *state;

	if (!lab) {
		print_message("skipped: not Wine, or not an empty prefix\n");
		skip();
	}
	t_drive_read("C:", T_APPHOST, &apphost);
	t_drive_read("C:", T_WWWROOT, &web);
	lab_offer(lab, "corp", 1,
	        T_CONFIG("S", T_SERVICE(T_OFF(LOWER), "")) T_CONFIG("R", T_RULE("R")) T_CONFIG("P", POOL));
	lab_run(lab);
	assert_string_equal(lab_state(lab, "S"), "applied/applied");
	assert_string_equal(lab_state(lab, "R"), "applied/applied");
	assert_string_equal(lab_state(lab, "P"), "applied/applied");
	assert_string_equal(lab_field(lab, "S", "effective"), "yes");
	assert_int_equal(start_of(LOWER), SERVICE_DISABLED);
	assert_int_equal(start_of(UPPER), SERVICE_DEMAND_START);
	assert_int_equal(state_of(LOWER), SG_RUN_STOPPED);
	assert_int_equal(state_of(UPPER), SG_RUN_STOPPED);
	assert_true(t_drive_has("C:", T_WWWROOT, "stopgap R inbound"));
	assert_true(t_drive_has("C:", T_APPHOST, "autoStart=\"false\""));

	lab_close(lab); /* and what was stopped is known after a restart of stopgap */
	lab_open(lab);
	lab_configure(lab, NULL, NULL);
	lab_run(lab);
	lab_do(lab, "rollback", "id", "S", NULL);
	lab_do(lab, "rollback", "id", "R", NULL);
	lab_do(lab, "rollback", "id", "P", NULL);
	assert_int_equal(start_of(LOWER), SERVICE_AUTO_START);
	assert_int_equal(state_of(LOWER), SG_RUN_RUNNING);
	assert_int_equal(state_of(UPPER), SG_RUN_RUNNING);
	t_drive_read("C:", T_APPHOST, &now);
	assert_true(sg_bytes_equal(sg_buf_bytes(&now), sg_buf_bytes(&apphost)));
	sg_buf_release(&now);
	t_drive_read("C:", T_WWWROOT, &now);
	assert_true(sg_bytes_equal(sg_buf_bytes(&now), sg_buf_bytes(&web)));
	sg_buf_release(&now);
	sg_buf_release(&apphost);
	sg_buf_release(&web);
}

static void a_start_type_that_a_person_changed_is_left_alone(void **state)
{
	struct lab *lab = *state;

	if (!lab)
		skip();
	lab_offer(lab, "corp", 1, T_CONFIG("S", T_SERVICE(T_OFF(LOWER), "")));
	lab_run(lab);
	assert_string_equal(lab_state(lab, "S"), "applied/applied");
	assert_int_equal(sg_live_set_start(LOWER, SERVICE_DISABLED, SERVICE_DEMAND_START, false, NULL), 0);
	lab_do(lab, "audit", NULL);
	assert_string_equal(lab_state(lab, "S"), "blocked/drift");
	assert_int_not_equal(lab_ask(lab, NULL, "rollback", "id", "S", NULL), 0);
	assert_int_equal(start_of(LOWER), SERVICE_DEMAND_START);
}

/* What a service depends on, as it is configured. ChangeServiceConfig of Wine forgets it, so it is of one whose own start type stays. */
static void set_needs(const char *name, const wchar_t *list, size_t octets)
{
	char *key = sg_format("SYSTEM\\CurrentControlSet\\Services\\%s", name);
	wchar_t *wide = sg_win_wide(key);

	assert_int_equal(RegSetKeyValueW(HKEY_LOCAL_MACHINE, wide, L"DependOnService", REG_MULTI_SZ, list,
	                         (DWORD)octets),
	        0);
	free(wide);
	free(key);
}

/* Its mitigation is out, and its start waits for what it needs, which is not ours to start. */
static void a_service_whose_dependency_does_not_run_is_started_once_it_does(void **state)
{
	static const wchar_t needs[] = L"" LOWER "\0" OTHER "\0";
	struct sg_val *reply = NULL;
	struct lab *lab = *state;
	struct sg_buf text = { 0 };

	if (!lab)
		skip();
	t_service_make(OTHER, SERVICE_DEMAND_START, NULL, 100);
	set_needs(UPPER, needs, sizeof needs);
	lab_offer(lab, "corp", 1, T_CONFIG("S", T_SERVICE(T_OFF(LOWER), "")));
	lab_run(lab);
	assert_string_equal(lab_state(lab, "S"), "applied/applied");
	assert_int_equal(state_of(UPPER), SG_RUN_STOPPED);
	lab_do(lab, "rollback", "id", "S", NULL);
	lab_run(lab);
	assert_string_equal(lab_state(lab, "S"), "reverted/by-admin");
	assert_int_equal(start_of(LOWER), SERVICE_AUTO_START);
	assert_int_equal(state_of(LOWER), SG_RUN_RUNNING);
	assert_int_equal(state_of(UPPER), SG_RUN_STOPPED);
	assert_int_equal(state_of(OTHER), SG_RUN_STOPPED);
	assert_int_equal(lab_ask(lab, &reply, "doctor", NULL), 0);
	sg_json(reply, SG_JSON_LINE, &text);
	assert_non_null(strstr((char *)text.data,
	        "the service " UPPER " ran before and does not run: it depends on " OTHER
	        ", which does not run"));
	sg_buf_release(&text);
	sg_val_free(reply);
	lab->now += 60 * 1000;
	lab_run(lab); /* the second try */
	assert_int_equal(state_of(UPPER), SG_RUN_STOPPED);
	assert_int_equal(state_of(OTHER), SG_RUN_STOPPED);
	assert_int_equal(runner->start(NULL, SG_HOOK_SERVICE, OTHER, 20000, NULL), 0);
	lab_run(lab); /* the third is not due */
	assert_int_equal(state_of(UPPER), SG_RUN_STOPPED);
	lab->now += 2 * 60 * 1000;
	lab_run(lab);
	assert_int_equal(state_of(UPPER), SG_RUN_RUNNING);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		        a_service_a_rule_and_a_pool_go_in_and_come_back_on_a_live_machine, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		        a_start_type_that_a_person_changed_is_left_alone, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		        a_service_whose_dependency_does_not_run_is_started_once_it_does, set_up, tear_down),
	};

	if (t_service_served(argc, argv))
		return 0;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
