/* test_host_registry.c - the facts that only the registry knows: Setup, a due restart, maintenance, EM, the size of a web.config. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "actions/host.h"
#include "tests/lib/drive.h"
#include "tests/lib/hive_file.h"

#include <stdlib.h>
#include <string.h>

#define V15       "Microsoft\\ExchangeServer\\v15\\"
#define OFFLINE   V15 "ServerComponentStates\\ServerWideOffline"
#define SERVICING "Microsoft\\Windows\\CurrentVersion\\Component Based Servicing\\"
#define SESSION   "ControlSet001\\Control\\Session Manager"
#define IIS_KEY   "Microsoft\\InetStp\\Configuration"

static char *dir;

static int setup(void **state)
{
	(void)state;
	dir = t_drive_make();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	t_drive_free(dir);
	return 0;
}

static struct sg_host *read_host(void)
{
	struct sg_drives drives;
	struct sg_err err = SG_ERR_INIT;
	struct sg_host *host = NULL;

	t_drive_drives(dir, &drives);
	assert_int_equal(sg_host_read(&drives, &host, &err), 0);
	sg_drives_release(&drives);
	return host;
}

static void nothing_goes_on_on_a_server_at_rest(void **state)
{
	struct sg_host *host = read_host();

	(void)state;
	assert_false(host->setup_running);
	assert_false(host->restart_pending);
	assert_false(host->maintenance);
	assert_null(host->setup_text);
	assert_null(host->restart_text);
	assert_null(host->maintenance_text);
	assert_null(host->registry_text);
	assert_non_null(host->services);
	sg_host_free(host);
}

static void without_hives_nothing_is_known_and_nothing_goes_on(void **state)
{
	struct sg_host *host;

	(void)state;
	t_drive_remove(dir, T_SYSTEM);
	t_drive_remove(dir, T_SOFTWARE);
	host = read_host();
	assert_false(host->setup_running || host->restart_pending || host->maintenance);
	assert_null(host->services);
	assert_non_null(host->services_error);
	assert_int_equal(host->em, SG_EM_UNKNOWN);
	assert_null(host->registry_text);
	assert_non_null(host->iis);
	sg_host_free(host);
}

static void a_watermark_of_any_role_means_that_setup_is_at_work(void **state)
{
	static const char *const roles[] = { "MailboxRole", "ClientAccessRole", "AdminTools",
		"UnifiedMessagingRole" };

	(void)state;
	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
		char *key = sg_format("%s%s", V15, roles[i]);
		struct sg_host *host;
		struct t_hive *h;

		t_software_text(dir, key, "Watermark", "SystemAttendantDependent___1DEE95834DBA48F2");
		t_software_text(dir, key, "Action", "BuildToBuildUpgrade");
		host = read_host();
		assert_true(host->setup_running);
		assert_non_null(strstr(host->setup_text, roles[i]));
		assert_non_null(strstr(host->setup_text, "SystemAttendantDependent"));
		assert_non_null(strstr(host->setup_text, "BuildToBuildUpgrade"));
		sg_host_free(host);
		h = t_hive_open(dir, T_SOFTWARE);
		t_hive_remove_value(h, key, "Watermark"); /* what Setup does at its end; Action may stay */
		t_hive_save(dir, T_SOFTWARE, h, NULL);
		t_hive_free(h);
		host = read_host();
		assert_false(host->setup_running);
		sg_host_free(host);
		free(key);
	}
}

static void each_sign_of_a_due_restart_is_one(void **state)
{
	static const char *const keys[] = { SERVICING "RebootPending", SERVICING "PackagesPending",
		"Microsoft\\Windows\\CurrentVersion\\WindowsUpdate\\Auto Update\\RebootRequired" };
	struct sg_host *host;

	(void)state;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		t_software_dword(dir, keys[i], "1", 1);
		host = read_host();
		assert_true(host->restart_pending);
		assert_non_null(strstr(host->restart_text, keys[i]));
		sg_host_free(host);
		t_software_remove(dir, keys[i]);
	}
	t_software_dword(dir, "Microsoft\\Updates\\UpdateExeVolatile", "Flags", 0);
	host = read_host();
	assert_false(host->restart_pending);
	sg_host_free(host);
	t_software_dword(dir, "Microsoft\\Updates\\UpdateExeVolatile", "Flags", 1);
	host = read_host();
	assert_true(host->restart_pending);
	assert_non_null(strstr(host->restart_text, "UpdateExeVolatile"));
	sg_host_free(host);
}

static void files_that_wait_to_be_renamed_are_a_due_restart_and_an_empty_list_is_none(void **state)
{
	struct sg_host *host;

	(void)state;
	t_system_list(dir, SESSION, "PendingFileRenameOperations", "");
	host = read_host();
	assert_false(host->restart_pending);
	sg_host_free(host);
	t_system_list(dir, SESSION, "PendingFileRenameOperations",
	        "\\??\\C:\\x\\ExSetup.exe.new \\??\\C:\\x\\ExSetup.exe");
	host = read_host();
	assert_true(host->restart_pending);
	assert_non_null(strstr(host->restart_text, "PendingFileRenameOperations"));
	sg_host_free(host);
}

static void maintenance_is_what_any_requester_set_inactive(void **state)
{
	static const struct {
		const char *requester, *record;
		bool maintenance;
	} table[] = {
		{ "Maintenance", "1:Inactive:638700000000000000", true },
		{ "Maintenance", "1:Active:638700000000000001", false },
		{ "Functional", "1:inactive:638700000000000002", true },
		{ "HealthAPI", "1:Draining:1", true },
		{ "Sidelined", "1:Inactive", true },
		{ "Deployment", "Inactive", false }, /* no record of Exchange's */
		{ "Deployment", "1:Inactivated:1", false },
		{ "Deployment", "", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct sg_host *host;

		if (i)
			t_software_remove(dir, OFFLINE);
		t_software_text(dir, OFFLINE, table[i].requester, table[i].record);
		host = read_host();
		if (host->maintenance != table[i].maintenance)
			fail_msg("%s: %s", table[i].requester, table[i].record);
		assert_int_equal(host->maintenance, host->maintenance_text != NULL);
		if (host->maintenance)
			assert_non_null(strstr(host->maintenance_text, table[i].requester));
		sg_host_free(host);
	}
}

static void inactive_of_one_requester_wins_over_active_of_another(void **state)
{
	struct sg_host *host;

	(void)state;
	t_software_text(dir, OFFLINE, "Maintenance", "1:Active:2");
	t_software_text(dir, OFFLINE, "Functional", "1:Inactive:1");
	host = read_host();
	assert_true(host->maintenance);
	sg_host_free(host);
}

static void em_is_told_by_its_service(void **state)
{
	struct sg_host *host = read_host();

	(void)state;
	assert_int_equal(host->em, SG_EM_DISABLED);
	sg_host_free(host);
	t_set_start(dir, "MSExchangeMitigation", 2);
	host = read_host();
	assert_int_equal(host->em, SG_EM_ENABLED);
	sg_host_free(host);
	t_remove_service(dir, "MSExchangeMitigation");
	host = read_host();
	assert_int_equal(host->em, SG_EM_ABSENT);
	sg_host_free(host);
}

static void the_size_of_a_web_config_is_the_registrys_and_the_smaller_of_two(void **state)
{
	struct sg_host *host = read_host();

	(void)state;
	assert_int_equal(host->iis->max_web_config, 250 * 1024);
	sg_host_free(host);
	t_software_dword(dir, IIS_KEY, "MaxWebConfigFileSizeInKB", 2048);
	host = read_host();
	assert_int_equal(host->iis->max_web_config, 2048 * 1024);
	sg_host_free(host);
	t_software_dword(dir, "Wow6432Node\\" IIS_KEY, "MaxWebConfigFileSizeInKB", 1024);
	host = read_host();
	assert_int_equal(host->iis->max_web_config, 1024 * 1024);
	sg_host_free(host);
	t_software_dword(dir, IIS_KEY, "MaxWebConfigFileSizeInKB", 512);
	host = read_host();
	assert_int_equal(host->iis->max_web_config, 512 * 1024);
	sg_host_free(host);
}

static void a_dirty_or_unreadable_hive_is_a_doubt_and_no_refusal(void **state)
{
	struct sg_host *host;

	(void)state;
	t_software_text(dir, V15 "MailboxRole", "Watermark", "x");
	t_make_dirty(dir, T_SOFTWARE);
	host = read_host();
	assert_non_null(host->registry_text);
	assert_non_null(strstr(host->registry_text, "SOFTWARE"));
	assert_true(host->setup_running); /* read as it stands */
	sg_host_free(host);
	t_drive_write(dir, T_SOFTWARE, sg_bytes_of("regf, and nothing that follows"));
	host = read_host();
	assert_non_null(host->registry_text);
	assert_false(host->setup_running);
	assert_non_null(host->iis);
	sg_host_free(host);
}

static const struct sg_host_product *find_role(const struct sg_host *host, const char *role)
{
	for (size_t i = 0; i < host->n_products; i++)
		if (sg_same(host->products[i].role, role))
			return &host->products[i];
	return NULL;
}

static void the_key_of_the_role_edge_is_an_edge_server_with_setups_folder(void **state)
{
	const struct sg_host_product *edge;
	struct sg_host *host = read_host();

	(void)state;
	assert_null(find_role(host, "Edge"));
	assert_null(host->edge_error); /* so that its absence is a proof */
	sg_host_free(host);
	t_software_text(dir, V15 "EdgeTransportRole", "ConfiguredVersion", "15.2.986.5");
	host = read_host();
	edge = find_role(host, "Edge");
	assert_non_null(edge);
	assert_string_equal(edge->name, "Exchange");
	assert_string_equal(edge->app, T_V15);
	assert_true(edge->version.n == 4 && edge->version.part[2] == 986);
	assert_null(host->edge_error);
	sg_host_free(host);
	t_drive_remove(dir, T_APPHOST); /* such a server has no IIS */
	host = read_host();
	assert_non_null(find_role(host, "Edge"));
	assert_null(find_role(host, "Mailbox"));
	sg_host_free(host);
}

static void a_registry_that_cannot_be_read_leaves_the_role_edge_untold(void **state)
{
	struct sg_host *host;
	struct t_hive *h;

	(void)state;
	t_software_text(dir, V15 "EdgeTransportRole", "ConfiguredVersion", "15.2.986.5");
	h = t_hive_open(dir, T_SOFTWARE);
	t_hive_remove_value(h, V15 "Setup", "MsiInstallPath");
	t_hive_save(dir, T_SOFTWARE, h, NULL);
	t_hive_free(h);
	host = read_host();
	assert_null(find_role(host, "Edge"));
	assert_non_null(host->edge_error);
	assert_non_null(strstr(host->edge_error, "its folder cannot be told"));
	sg_host_free(host);
	t_drive_write(dir, T_SOFTWARE, sg_bytes_of("regf, and nothing that follows"));
	host = read_host();
	assert_non_null(host->edge_error);
	sg_host_free(host);
	t_drive_remove(dir, T_SOFTWARE);
	host = read_host();
	assert_non_null(host->edge_error);
	sg_host_free(host);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(nothing_goes_on_on_a_server_at_rest),
		T(without_hives_nothing_is_known_and_nothing_goes_on),
		T(a_watermark_of_any_role_means_that_setup_is_at_work),
		T(each_sign_of_a_due_restart_is_one),
		T(files_that_wait_to_be_renamed_are_a_due_restart_and_an_empty_list_is_none),
		T(maintenance_is_what_any_requester_set_inactive),
		T(inactive_of_one_requester_wins_over_active_of_another),
		T(em_is_told_by_its_service),
		T(the_size_of_a_web_config_is_the_registrys_and_the_smaller_of_two),
		T(a_dirty_or_unreadable_hive_is_a_doubt_and_no_refusal),
		T(the_key_of_the_role_edge_is_an_edge_server_with_setups_folder),
		T(a_registry_that_cannot_be_read_leaves_the_role_edge_untold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
