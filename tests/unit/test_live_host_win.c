/* test_live_host_win.c - the facts of the very machine that this runs on: files of C:, the registry, the service control manager and processes. What is
 * to be found is put there first, so it runs on nobody's server: only under Wine, in a prefix that is thrown away. */
#include "actions/host.h"
#include "base/os.h"
#include "base/os_win.h"
#include "base/spawn_win.h"
#include "tests/lib/drive.h"

#include <windows.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define V15     "SOFTWARE\\Microsoft\\ExchangeServer\\v15"
#define INETSTP "SOFTWARE\\Microsoft\\InetStp\\Configuration"
#define MANAGER "SYSTEM\\CurrentControlSet\\Control\\Session Manager"
#define EM      "MSExchangeMitigation"

static struct sg_drives live;
static bool ours; /* this machine may be filled */

static bool on_wine(void)
{
	return GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "wine_get_version") != NULL;
}

static int set_up(void **state)
{
	struct sg_file_id id;

	(void)state;
	ours = on_wine() && sg_os_stat("C:\\inetpub", &id, NULL) == SG_ENOENT;
	if (ours)
		t_drive_fill("C:");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	if (ours) {
		sg_os_remove_tree("C:\\inetpub", NULL);
		sg_os_remove_tree("C:\\Windows\\System32\\inetsrv", NULL);
		sg_os_remove_tree("C:\\Program Files\\Microsoft\\Exchange Server", NULL);
		sg_os_remove_tree("C:\\ProgramData\\stopgap", NULL);
	}
	return 0;
}

static struct sg_host *facts(void)
{
	struct sg_host *host = NULL;
	struct sg_err err = SG_ERR_INIT;

	if (!ours) {
		print_message("skipped: not Wine, or not an empty prefix\n");
		skip();
	}
	assert_true(sg_drives_live(&live));
	if (sg_host_read(&live, &host, &err))
		fail_msg("%s", err.msg);
	return host;
}

static HKEY key_of(const char *path)
{
	wchar_t *wide = sg_win_wide(path);
	HKEY key;

	assert_int_equal(RegCreateKeyExW(HKEY_LOCAL_MACHINE, wide, 0, NULL, 0,
	                         KEY_ALL_ACCESS | KEY_WOW64_64KEY, NULL, &key, NULL),
	        0);
	free(wide);
	return key;
}

static void put_text(const char *path, const wchar_t *name, DWORD type, const wchar_t *text, size_t units)
{
	HKEY key = key_of(path);

	assert_int_equal(
	        RegSetValueExW(key, name, 0, type, (const BYTE *)text, (DWORD)(units * sizeof *text)), 0);
	RegCloseKey(key);
}

static void put_dword(const char *path, const wchar_t *name, DWORD value)
{
	HKEY key = key_of(path);

	assert_int_equal(RegSetValueExW(key, name, 0, REG_DWORD, (BYTE *)&value, sizeof value), 0);
	RegCloseKey(key);
}

static void drop(const char *path, const wchar_t *name)
{
	HKEY key = key_of(path);

	RegDeleteValueW(key, name);
	RegCloseKey(key);
}

#define TEXT_OF(s) s, sizeof s / sizeof *s

static void products_are_read_from_the_files_of_this_machine(void **state)
{
	struct sg_host *host = facts();
	bool exchange = false;

	(void)state;
	if (!host->iis)
		fail_msg("%s", host->iis_error);
	assert_string_equal(
	        host->iis->apphost, "C:\\windows\\System32\\inetsrv\\config\\applicationHost.config");
	for (size_t i = 0; i < host->n_products; i++)
		if (!strcmp(host->products[i].name, "Exchange")) {
			exchange = true;
			assert_int_equal(host->products[i].version.n, 4);
			assert_int_equal(host->products[i].version.part[0], 15);
			assert_int_equal(host->products[i].version.part[2], 986);
		}
	assert_true(exchange);
	assert_non_null(host->services);
	assert_null(host->registry_text);
	assert_false(host->setup_running || host->restart_pending || host->maintenance);
	assert_string_equal(host->machine, T_MACHINE);
	sg_host_free(host);
}

static void a_machine_without_an_id_of_ours_has_windows_own(void **state)
{
	struct sg_host *host;
	wchar_t guid[64] = { 0 };
	DWORD size = sizeof guid;
	char *text;

	(void)state;
	sg_host_free(facts());
	sg_os_unlink("C:\\ProgramData\\stopgap\\machine", NULL);
	put_text("SOFTWARE\\Microsoft\\Cryptography", L"x-stopgap-test", REG_SZ, TEXT_OF(L""));
	drop("SOFTWARE\\Microsoft\\Cryptography", L"x-stopgap-test");
	RegGetValueW(HKEY_LOCAL_MACHINE, L"SOFTWARE\\Microsoft\\Cryptography", L"MachineGuid", RRF_RT_REG_SZ,
	        NULL, guid, &size);
	text = sg_win_utf8(guid);
	host = facts();
	assert_string_equal(host->machine, text);
	free(text);
	sg_host_free(host);
}

static void setup_restart_and_maintenance_are_read_from_the_registry(void **state)
{
	struct sg_host *host;

	(void)state;
	sg_host_free(facts());
	put_text(V15 "\\MailboxRole", L"Watermark", REG_SZ, TEXT_OF(L"{5CE5-MAILBOX}"));
	put_text(V15 "\\MailboxRole", L"Action", REG_SZ, TEXT_OF(L"BuildToBuildUpgrade"));
	put_text(MANAGER, L"PendingFileRenameOperations", REG_MULTI_SZ, TEXT_OF(L"\\??\\C:\\x\0\0"));
	put_text(V15 "\\ServerComponentStates\\ServerWideOffline", L"Maintenance", REG_SZ,
	        TEXT_OF(L"1:Inactive:638700000000000000"));
	put_dword(INETSTP, L"MaxWebConfigFileSizeInKB", 500);
	host = facts();
	assert_true(host->setup_running);
	assert_non_null(strstr(
	        host->setup_text, "MailboxRole has the watermark '{5CE5-MAILBOX}' (BuildToBuildUpgrade)"));
	assert_true(host->restart_pending);
	assert_non_null(strstr(host->restart_text, "PendingFileRenameOperations"));
	assert_true(host->maintenance);
	assert_int_equal(host->iis->max_web_config, 500 * 1024);
	sg_host_free(host);
	drop(V15 "\\MailboxRole", L"Watermark");
	drop(MANAGER, L"PendingFileRenameOperations");
	drop(V15 "\\ServerComponentStates\\ServerWideOffline", L"Maintenance");
	drop(INETSTP, L"MaxWebConfigFileSizeInKB");
	host = facts();
	assert_false(host->setup_running || host->restart_pending || host->maintenance);
	assert_int_equal(host->iis->max_web_config, 250 * 1024);
	sg_host_free(host);
}

static void setup_is_seen_as_a_process_too(void **state)
{
	wchar_t self[MAX_PATH], *folder = sg_spawn_system32();
	struct sg_spawn how = {
		.program = L"C:\\tmp\\ExSetup.exe", .line = "ExSetup.exe sleep", .folder = folder
	};
	struct sg_spawned p = { 0 };
	struct sg_host *host;
	struct sg_err err = SG_ERR_INIT;

	(void)state;
	sg_host_free(facts());
	CreateDirectoryW(L"C:\\tmp", NULL);
	GetModuleFileNameW(NULL, self, MAX_PATH);
	assert_true(CopyFileW(self, how.program, FALSE));
	if (sg_spawn(&how, &p, NULL, &err))
		fail_msg("%s", err.msg);
	host = facts();
	sg_spawn_end(&p);
	assert_true(host->setup_running);
	assert_non_null(strstr(host->setup_text, "ExSetup.exe runs"));
	sg_host_free(host);
	host = facts();
	assert_false(host->setup_running);
	sg_host_free(host);
	DeleteFileW(how.program);
	free(folder);
}

static void ems_service_is_what_the_manager_says(void **state)
{
	SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_ALL_ACCESS), em;
	struct sg_host *host = facts();

	(void)state;
	assert_int_equal(host->em, SG_EM_ABSENT);
	sg_host_free(host);
	em = CreateServiceW(manager, L"" EM, L"" EM, SERVICE_ALL_ACCESS, SERVICE_WIN32_OWN_PROCESS,
	        SERVICE_AUTO_START, SERVICE_ERROR_NORMAL, L"C:\\em.exe", NULL, NULL, NULL, NULL, NULL);
	assert_non_null(em);
	host = facts();
	assert_int_equal(host->em, SG_EM_ENABLED);
	sg_host_free(host);
	assert_true(ChangeServiceConfigW(em, SERVICE_NO_CHANGE, SERVICE_DISABLED, SERVICE_NO_CHANGE, NULL,
	        NULL, NULL, NULL, NULL, NULL, NULL));
	host = facts();
	assert_int_equal(host->em, SG_EM_DISABLED);
	sg_host_free(host);
	DeleteService(em);
	CloseServiceHandle(em);
	CloseServiceHandle(manager);
}

static void an_enabled_redirection_is_honoured_by_refusing(void **state)
{
	static const char text[] =
	        "<configuration>\n<configurationRedirection enabled=\"true\" path=\"\\\\x\\y\" />\n"
	        "</configuration>\n";
	struct sg_host *host;

	(void)state;
	sg_host_free(facts());
	t_drive_write("C:", T_REDIRECT, sg_bytes_of(text));
	host = facts();
	assert_null(host->iis);
	assert_int_equal(host->iis_code, SG_EUNSUPPORTED);
	assert_non_null(strstr(host->iis_error, "redirection.config"));
	sg_host_free(host);
	t_drive_remove("C:", T_REDIRECT);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(products_are_read_from_the_files_of_this_machine),
		cmocka_unit_test(a_machine_without_an_id_of_ours_has_windows_own),
		cmocka_unit_test(setup_restart_and_maintenance_are_read_from_the_registry),
		cmocka_unit_test(setup_is_seen_as_a_process_too),
		cmocka_unit_test(ems_service_is_what_the_manager_says),
		cmocka_unit_test(an_enabled_redirection_is_honoured_by_refusing),
	};

	if (argc == 2 && !strcmp(argv[1], "sleep")) {
		Sleep(60 * 1000);
		return 0;
	}
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
