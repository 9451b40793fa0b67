/* test_worker_win.c - what a worker may not do on Windows, said by the worker itself. Wine keeps the token's marks and enforces few of them: what it does
 * not even keep is told, and skipped. */
#include "base/argv.h"
#include "base/os_win.h"
#include "base/spawn_win.h"
#include "tests/lib/worker_lab.h"

#include <winsock2.h>
#include <windows.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static bool on_wine(void)
{
	return GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "wine_get_version") != NULL;
}

/* --- the jobs */

static int tell_environment(struct sg_bytes request, struct sg_buf *ret)
{
	wchar_t *all = GetEnvironmentStringsW(), folder[MAX_PATH] = { 0 };

	(void)request;
	for (wchar_t *p = all; *p; p += wcslen(p) + 1) {
		char *line = sg_win_utf8(p);

		sg_buf_fmt(ret, "%s\n", line);
		free(line);
	}
	GetCurrentDirectoryW(MAX_PATH, folder);
	sg_buf_fmt(ret, "folder=%ls\nconsole=%d\nin=%d\nout=%d\n", folder, GetConsoleWindow() != NULL,
	        GetFileType(GetStdHandle(STD_INPUT_HANDLE)) != FILE_TYPE_UNKNOWN,
	        GetFileType(GetStdHandle(STD_OUTPUT_HANDLE)) != FILE_TYPE_UNKNOWN);
	return 0;
}

/* "1" when the handle of that number means something here. */
static int use_handle(struct sg_bytes request, struct sg_buf *ret)
{
	HANDLE h = (HANDLE)(uintptr_t)strtoull((const char *)request.data, NULL, 10);

	sg_buf_str(ret, SetEvent(h) ? "1" : "0");
	return 0;
}

static int start_process(struct sg_bytes request, struct sg_buf *ret)
{
	wchar_t *folder = sg_spawn_system32(), program[MAX_PATH], line[] = L"cmd.exe /c exit 0";
	STARTUPINFOW start = { .cb = sizeof start };
	PROCESS_INFORMATION made;

	(void)request;
	swprintf(program, MAX_PATH, L"%ls\\cmd.exe", folder);
	sg_buf_str(ret,
	        CreateProcessW(program, line, NULL, NULL, FALSE, 0, NULL, NULL, &start, &made) ? "1" : "0");
	free(folder);
	return 0;
}

static int tell_token(struct sg_bytes request, struct sg_buf *ret)
{
	unsigned char block[16384];
	TOKEN_MANDATORY_LABEL *label = (void *)block;
	TOKEN_PRIVILEGES *privileges = (void *)block;
	TOKEN_GROUPS *groups = (void *)block;
	DWORD size;
	HANDLE token;

	(void)request;
	if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token))
		return -1;
	sg_buf_fmt(ret, "restricted=%d\n", IsTokenRestricted(token) != 0);
	if (GetTokenInformation(token, TokenIntegrityLevel, block, sizeof block, &size))
		sg_buf_fmt(ret, "level=0x%lx\n", *GetSidSubAuthority(label->Label.Sid, 0));
	if (GetTokenInformation(token, TokenPrivileges, block, sizeof block, &size))
		sg_buf_fmt(ret, "privileges=%lu\n", privileges->PrivilegeCount);
	if (GetTokenInformation(token, TokenGroups, block, sizeof block, &size))
		for (DWORD i = 0; i < groups->GroupCount; i++)
			if (IsWellKnownSid(groups->Groups[i].Sid, WinBuiltinAdministratorsSid))
				sg_buf_fmt(ret, "administrators=%s\n",
				        groups->Groups[i].Attributes & SE_GROUP_USE_FOR_DENY_ONLY ? "denied"
				                                                                  : "yes");
	CloseHandle(token);
	return 0;
}

static int open_socket(struct sg_bytes request, struct sg_buf *ret)
{
	WSADATA data;
	SOCKET s;

	(void)request;
	if (WSAStartup(MAKEWORD(2, 2), &data))
		return -1;
	s = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
	sg_buf_str(ret, s != INVALID_SOCKET ? "1" : "0");
	return 0;
}

static volatile uint64_t spun;

/* Says by the event whose name is the request that it runs, and goes on for ever. */
static int spin(struct sg_bytes request, struct sg_buf *ret)
{
	HANDLE running = OpenEventA(EVENT_MODIFY_STATE, FALSE, (const char *)request.data);

	(void)ret;
	SetEvent(running);
	do
		spun++;
	while (spun);
	return 0;
}

static const struct sg_worker_job jobs[] = {
	{ .name = "environment", .run = tell_environment },
	{ .name = "handle", .run = use_handle },
	{ .name = "process", .run = start_process },
	{ .name = "token", .run = tell_token },
	{ .name = "socket", .run = open_socket, .network = true },
	{ .name = "network-token", .run = tell_token, .network = true },
	{ .name = "spin", .run = spin },
	{ 0 },
};

/* --- the tests */

static char *ask(const char *job, const char *request)
{
	struct sg_buf reply = { 0 };
	struct sg_err err = SG_ERR_INIT;

	if (t_worker_call(job, request, 20000, &reply, &err))
		fail_msg("%s: %s", job, err.msg);
	sg_buf_add(&reply, "", 0);
	return sg_buf_detach(&reply);
}

static bool has_line(const char *text, const char *line)
{
	char *whole = sg_format("\n%s", text), *wanted = sg_format("\n%s\n", line);
	bool has = strstr(whole, wanted) != NULL;

	free(wanted);
	free(whole);
	return has;
}

static void a_worker_knows_nothing_of_its_callers_surroundings(void **state)
{
	char *said, *folder;
	wchar_t *system32 = sg_spawn_system32();

	(void)state;
	SetEnvironmentVariableW(L"SG_SECRET", L"hush");
	said = ask("environment", "");
	assert_null(strstr(said, "SG_SECRET"));
	assert_null(strstr(said, "PATH="));
	assert_non_null(strstr(said, "SystemRoot="));
	folder = sg_format("folder=%ls", system32);
	for (char *p = said; *p; p++) /* Windows writes System32, Wine system32 */
		*p = (char)(*p >= 'A' && *p <= 'Z' ? *p + 32 : *p);
	for (char *p = folder; *p; p++)
		*p = (char)(*p >= 'A' && *p <= 'Z' ? *p + 32 : *p);
	if (!has_line(said, folder))
		fail_msg("%s", said);
	assert_true(has_line(said, "console=0"));
	assert_true(has_line(said, "in=0"));
	assert_true(has_line(said, "out=0"));
	free(folder);
	free(said);
	free(system32);
}

static void a_worker_has_no_handle_but_its_own_two(void **state)
{
	SECURITY_ATTRIBUTES inheritable = { sizeof inheritable, NULL, TRUE };
	HANDLE event = CreateEventW(&inheritable, TRUE, FALSE, NULL);
	char number[24], *said;

	(void)state;
	/* far up, where the child has none of its own */
	for (int i = 0; i < 400; i++)
		DuplicateHandle(GetCurrentProcess(), event, GetCurrentProcess(), &event, 0, TRUE,
		        DUPLICATE_SAME_ACCESS);
	snprintf(number, sizeof number, "%llu", (unsigned long long)(uintptr_t)event);
	said = ask("handle", number);
	assert_string_equal(said, "0");
	assert_int_equal(WaitForSingleObject(event, 0), WAIT_TIMEOUT);
	free(said);
}

static void a_worker_starts_no_process(void **state)
{
	char *said = ask("process", "");

	(void)state;
	if (said[0] == '1' && on_wine()) {
		free(said);
		print_message("skipped: Wine does not count the processes of a job\n");
		skip();
	}
	assert_string_equal(said, "0");
	free(said);
}

static void a_workers_token_is_worth_little(void **state)
{
	char *said = ask("token", ""), *network = ask("network-token", "");
	bool kept = has_line(said, "level=0x1000");

	(void)state;
	print_message("computing: %snetwork: %s", said, network);
	assert_true(has_line(said, "administrators=denied") || !strstr(said, "administrators"));
	assert_true(has_line(network, "administrators=denied") || !strstr(network, "administrators"));
	if (!on_wine()) {
		assert_true(kept && has_line(network, "level=0x1000"));
		assert_true(has_line(said, "restricted=1"));
		/* the one that cannot be taken away: to be told of changes in folders */
		assert_true(has_line(said, "privileges=1") && has_line(network, "privileges=1"));
	}
	free(said);
	free(network);
	if (!kept) {
		print_message(
		        "skipped in part: Wine keeps no integrity level, no privileges and no restriction\n");
		skip();
	}
}

static void a_job_that_talks_has_its_sockets(void **state)
{
	char *said = ask("socket", "");

	(void)state;
	assert_string_equal(said, "1");
	free(said);
}

static void the_option_is_refused_when_a_person_gives_it(void **state)
{
	static const char *const lines[] = { "x --worker", "x --worker spin", "x --worker spin 4 8 0.1.0",
		"x --worker spin 0 0 " SG_VERSION, "x --worker nonsense 4 8 " SG_VERSION };
	wchar_t self[MAX_PATH], *folder = sg_spawn_system32();

	(void)state;
	GetModuleFileNameW(NULL, self, MAX_PATH);
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		struct sg_spawn how = { .program = self, .line = lines[i], .folder = folder };
		struct sg_spawned p = { 0 };
		struct sg_err err = SG_ERR_INIT;
		unsigned long status = 0;

		if (sg_spawn(&how, &p, NULL, &err))
			fail_msg("%s", err.msg);
		assert_true(sg_spawn_wait(&p, 20000, &status));
		assert_int_equal(status, 2);
		sg_spawn_end(&p);
	}
	free(folder);
}

/* Another process of this program calls a worker that never ends, and is killed in the middle. */
static void a_worker_is_gone_when_its_caller_is(void **state)
{
	char name[64], line[128];
	wchar_t self[MAX_PATH], *folder = sg_spawn_system32();
	struct sg_spawn how = { .program = self, .line = line, .folder = folder };
	struct sg_spawned p = { 0 };
	struct sg_err err = SG_ERR_INIT;
	HANDLE running, again;

	(void)state;
	snprintf(name, sizeof name, "stopgap-test-%lu", GetCurrentProcessId());
	snprintf(line, sizeof line, "x call %s", name);
	running = CreateEventA(NULL, TRUE, FALSE, name);
	GetModuleFileNameW(NULL, self, MAX_PATH);
	if (sg_spawn(&how, &p, NULL, &err))
		fail_msg("%s", err.msg);
	if (WaitForSingleObject(running, on_wine() ? 5000 : 20000) != WAIT_OBJECT_0) {
		sg_spawn_end(&p);
		free(folder);
		if (!on_wine())
			print_message("skipped: a restricted worker may not open a test's event\n");
		skip();
	}
	CloseHandle(running);
	TerminateProcess(p.process, 1);
	/* the worker had the event open: its name goes with the last handle */
	for (int i = 0; i < 100; i++) {
		again = OpenEventA(SYNCHRONIZE, FALSE, name);
		if (!again)
			break;
		CloseHandle(again);
		Sleep(50);
	}
	assert_null(again);
	sg_spawn_end(&p);
	free(folder);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_worker_knows_nothing_of_its_callers_surroundings),
		cmocka_unit_test(a_worker_has_no_handle_but_its_own_two),
		cmocka_unit_test(a_worker_starts_no_process),
		cmocka_unit_test(a_workers_token_is_worth_little),
		cmocka_unit_test(a_job_that_talks_has_its_sockets),
		cmocka_unit_test(the_option_is_refused_when_a_person_gives_it),
		cmocka_unit_test(a_worker_is_gone_when_its_caller_is),
	};

	sg_worker_begin(argc, argv, jobs);
	if (argc == 3 && !strcmp(argv[1], "call")) {
		struct sg_buf reply = { 0 };

		return t_worker_call("spin", argv[2], 60000, &reply, NULL) ? 1 : 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
