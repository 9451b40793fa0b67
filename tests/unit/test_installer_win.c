/* test_installer_win.c - the package's custom action between an installer and a program, which are both this program: what it starts and with which words, what
 * the program inherits, what a person is told, and what becomes of a program that hangs. Includes the action, which is a library of its own. */
#include "base/mem.h"
#include "base/os.h"
#include "base/os_win.h"
#include "scripts/windows/installer_win.c"

#include <shellapi.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

/* --- the installer: what it is asked and told */

static wchar_t *property;  /* CustomActionData */
static struct sg_buf told; /* lines; "E: " before those that a person is shown */
static char *record;

UINT WINAPI MsiGetPropertyW(MSIHANDLE install, const wchar_t *name, wchar_t *ret, DWORD *size)
{
	size_t len = wcslen(property);

	(void)install;
	assert_int_equal(wcscmp(name, L"CustomActionData"), 0);
	if (len + 1 > *size)
		return ERROR_MORE_DATA;
	memcpy(ret, property, (len + 1) * sizeof *ret);
	*size = (DWORD)len;
	return ERROR_SUCCESS;
}

MSIHANDLE WINAPI MsiCreateRecord(UINT fields)
{
	assert_int_equal(fields, 1);
	return 1;
}

UINT WINAPI MsiRecordSetStringW(MSIHANDLE h, UINT field, const wchar_t *value)
{
	(void)h;
	if (field == 0)
		assert_int_equal(wcscmp(value, L"stopgap: [1]"), 0);
	else
		record = sg_win_utf8(value);
	return ERROR_SUCCESS;
}

int WINAPI MsiProcessMessage(MSIHANDLE install, INSTALLMESSAGE kind, MSIHANDLE h)
{
	(void)install;
	(void)h;
	sg_buf_fmt(&told, "%s%s\n", kind == INSTALLMESSAGE_ERROR ? "E: " : "", record);
	free(record);
	record = NULL;
	return IDOK;
}

UINT WINAPI MsiCloseHandle(MSIHANDLE h)
{
	(void)h;
	return ERROR_SUCCESS;
}

/* --- the program: another copy of this one, told by its environment what to be */

static void print_words(void)
{
	int n = 0;
	wchar_t **words = CommandLineToArgvW(GetCommandLineW(), &n);

	for (int i = 1; i < n; i++) {
		char *word = sg_win_utf8(words[i]);

		printf("<%s>\n", word);
		free(word);
	}
	LocalFree(words);
}

/* A child of its own that prints to the same pipe, and stays. */
static void leave_one_behind(void)
{
	STARTUPINFOW how = { .cb = sizeof how };
	PROCESS_INFORMATION made;
	wchar_t path[MAX_PATH];

	SetEnvironmentVariableW(L"SG_PART", L"hang");
	GetModuleFileNameW(NULL, path, MAX_PATH);
	if (CreateProcessW(path, NULL, NULL, NULL, TRUE, 0, NULL, NULL, &how, &made))
		printf("left %lu behind\n", made.dwProcessId);
}

static int play(const char *part)
{
	if (strcmp(part, "words") == 0)
		print_words();
	if (strcmp(part, "signal") == 0)
		printf("%d\n", SetEvent((HANDLE)(uintptr_t)strtoull(getenv("SG_EVENT"), NULL, 10)));
	if (strcmp(part, "long") == 0) {
		for (int i = 0; i < LINE_MAX_OCTETS + 10; i++)
			putchar('x');
		printf("\nthe last one \r\n\n");
	}
	if (strcmp(part, "leave") == 0)
		leave_one_behind();
	fflush(stdout);
	if (strcmp(part, "hang") == 0)
		Sleep(INFINITE);
	return strcmp(part, "long") == 0 ? 5 : strcmp(part, "silent") == 0 ? 3 : 0;
}

/* --- */

static char *folder, *program;

static int set_up(void **state)
{
	wchar_t path[MAX_PATH], *wide;
	char *tmp = sg_os_temp();
	BOOL copied;

	(void)state;
	folder = sg_format("%s\\sg installer %lu", tmp, GetCurrentProcessId());
	program = sg_format("%s\\stopgapd.exe", folder);
	wide = sg_win_path(program);
	free(tmp);
	if (sg_os_mkdirs(folder, NULL))
		return -1;
	GetModuleFileNameW(NULL, path, MAX_PATH);
	copied = CopyFileW(path, wide, TRUE);
	free(wide);
	return copied ? 0 : -1;
}

static int tear_down(void **state)
{
	int r = sg_os_remove_tree(folder, NULL);

	(void)state;
	free(folder);
	free(program);
	sg_buf_release(&told);
	return r;
}

/* The action with `words` behind the program's path, which is `path` or the copy's; what was told is in `told`. */
static UINT act(const char *part, const char *path, const char *words)
{
	char *data = sg_format("%s%s", path ? path : program, words);
	UINT r;

	SetEnvironmentVariableA("SG_PART", part);
	sg_buf_clear(&told);
	sg_buf_str(&told, "");
	property = sg_win_wide(data);
	r = StopgapRun(7);
	free(property);
	free(data);
	SetEnvironmentVariableA("SG_PART", NULL);
	return r;
}

static bool says(const char *text)
{
	return strstr((char *)told.data, text) != NULL;
}

static void assert_says(const char *text)
{
	if (!says(text))
		fail_msg("not told: %s\n%s", text, (char *)told.data);
}

static void only_the_known_lists_of_words_start_anything(void **state)
{
	static const struct {
		bool known;
		const char *words;
	} table[] = {
		{ true, "|stop" },
		{ true, "|start" },
		{ true, "|install|--start" },
		{ true, "|install|--start|--seed=C:\\a b.xml|--anchor=|--mode=" },
		{ true, "|uninstall|--keep" },
		{ true, "|uninstall|--rollback" },
		{ false, "" },
		{ false, "|" },
		{ false, "|run" },
		{ false, "|Stop" },
		{ false, "|stop|" },
		{ false, "|stop|start" },
		{ false, "|sto" },
		{ false, "|stopp" },
		{ false, "|uninstall" },
		{ false, "|uninstall|--keep|--rollback" },
		{ false, "|install|--start|--seed=a|--anchor=b" },
		{ false, "|install|--start|--seed=a|--anchor=b|--mode" },
		{ false, "|install|--start|--anchor=b|--seed=a|--mode=c" },
		{ false, "|install|--start|--seed=a|--anchor=b|--mode=c|" },
		{ false, "|install|--start|--seed=a|--anchor=b|--mode=c|--journal=d" },
		{ false, "|install|--start|--seed=a|--journal=d|--anchor=b|--mode=c" },
	};
	static const char *const others[] = { "stopgapd.exe", "C:\\stopgapd.exe.exe", "C:\\xstopgapd.exe",
		"\\stopgapd.exe", "C:\\stopgapd.exe\\cmd.exe", "C:\\a|C:\\stopgapd.exe" };

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		UINT r = act("words", NULL, table[i].words);

		if ((r == ERROR_SUCCESS) != table[i].known ||
		        says("E: CONFIG, ANCHOR, MODE or the folder holds a bar") == table[i].known)
			fail_msg("%s: %u\n%s", table[i].words, r, (char *)told.data);
	}
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		assert_int_equal(act("words", others[i], "|stop"), ERROR_INSTALL_FAILURE);
		assert_says("nothing was started");
	}
}

static void every_word_arrives_as_it_was_given(void **state)
{
	static const struct {
		const char *given, *arrives;
	} table[] = {
		{ "|install|--start|--seed=C:\\two words\\|--anchor=\"|--mode=\xc3\xa4\xf0\x9f\x8c\x8d",
		        "<install>\n<--start>\n<--seed=C:\\two words\\>\n<--anchor=\">\n<--mode="
		        "\xc3\xa4\xf0\x9f\x8c\x8d>\n" },
		{ "|install|--start|--seed=a\\\\\"b\\\\|--anchor=\\\"|--mode=\t",
		        "<install>\n<--start>\n<--seed=a\\\\\"b\\\\>\n<--anchor=\\\">\n<--mode=\t>\n" },
		{ "|install|--start|--seed=|--anchor=|--mode=",
		        "<install>\n<--start>\n" }, /* properties that nobody gave */
		{ "|install|--start|--seed= --keep|--anchor=\" \"|--mode=%PATH%&^",
		        "<install>\n<--start>\n<--seed= --keep>\n<--anchor=\" \">\n<--mode=%PATH%&^>\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		assert_int_equal(act("words", NULL, table[i].given), ERROR_SUCCESS);
		assert_string_equal(strchr((char *)told.data, '\n') + 1, table[i].arrives);
	}
}

static HANDLE inheritable_event(void)
{
	SECURITY_ATTRIBUTES inherited = { sizeof inherited, NULL, TRUE };
	HANDLE h = CreateEventW(&inherited, TRUE, FALSE, NULL);
	char *number = sg_format("%llu", (unsigned long long)(uintptr_t)h);

	assert_non_null(h);
	SetEnvironmentVariableA("SG_EVENT", number);
	free(number);
	return h;
}

static void the_program_inherits_its_pipe_and_nothing_else(void **state)
{
	HANDLE event = inheritable_event();
	STARTUPINFOW how = { .cb = sizeof how };
	wchar_t *wide = sg_win_path(program);
	PROCESS_INFORMATION made;

	(void)state;
	assert_int_equal(act("signal", NULL, "|stop"), ERROR_SUCCESS);
	assert_says("\n0\n"); /* what it says comes through the pipe */
	assert_int_equal(WaitForSingleObject(event, 0), WAIT_TIMEOUT);

	/* Whoever inherits everything does signal it. */
	SetEnvironmentVariableA("SG_PART", "signal");
	assert_true(CreateProcessW(wide, NULL, NULL, NULL, TRUE, 0, NULL, NULL, &how, &made));
	assert_int_equal(WaitForSingleObject(made.hProcess, 30000), WAIT_OBJECT_0);
	assert_int_equal(WaitForSingleObject(event, 0), WAIT_OBJECT_0);
	SetEnvironmentVariableA("SG_PART", NULL);
	CloseHandle(made.hThread);
	CloseHandle(made.hProcess);
	CloseHandle(event);
	free(wide);
}

/* Wine's count never changes; its next handles have the lowest numbers that are free. */
static uintptr_t open_handles(void)
{
	bool is_wine = GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "wine_get_version") != NULL;
	HANDLE next[64];
	uintptr_t most = 0;
	DWORD n = 0;

	assert_true(GetProcessHandleCount(GetCurrentProcess(), &n));
	for (size_t i = 0; i < 64; i++) {
		next[i] = CreateEventW(NULL, TRUE, FALSE, NULL);
		assert_non_null(next[i]);
		most = (uintptr_t)next[i] > most ? (uintptr_t)next[i] : most;
	}
	for (size_t i = 0; i < 64; i++)
		CloseHandle(next[i]);
	return is_wine ? most : n;
}

static void the_installer_is_left_without_handles_of_the_program(void **state)
{
	uintptr_t before;

	(void)state;
	assert_int_equal(act("silent", NULL, "|stop"), ERROR_INSTALL_FAILURE);
	before = open_handles();
	for (int i = 0; i < 4; i++)
		assert_int_equal(act("silent", NULL, "|stop"), ERROR_INSTALL_FAILURE);
	assert_int_equal(open_handles(), before);
}

static void what_failed_is_told_with_its_last_line(void **state)
{
	struct sg_buf line = { 0 };

	(void)state;
	assert_int_equal(act("long", NULL, "|start"), ERROR_INSTALL_FAILURE);
	for (int i = 0; i < LINE_MAX_OCTETS; i++)
		sg_buf_str(&line, "x");
	sg_buf_str(&line, "\nxxxxxxxxxx\nthe last one\nE: the last one\n");
	assert_says((char *)line.data);
	sg_buf_release(&line);
	assert_int_equal(act("silent", NULL, "|start"), ERROR_INSTALL_FAILURE);
	assert_says("E: the program ended without a word\n");
	assert_int_equal(act("words", "C:\\nowhere\\stopgapd.exe", "|start"), ERROR_INSTALL_FAILURE);
	assert_says("E: the program could not be started\n");
}

/* A repair brings it back. */
static void nothing_is_stopped_where_no_program_is(void **state)
{
	(void)state;
	assert_int_equal(act("words", "C:\\nowhere\\stopgapd.exe", "|stop"), ERROR_SUCCESS);
	assert_says("there is nothing to stop");
}

static void a_program_that_hangs_is_ended_and_has_failed(void **state)
{
	ULONGLONG begun = GetTickCount64();

	(void)state;
	most_ms = 1500;
	assert_int_equal(act("hang", NULL, "|stop"), ERROR_INSTALL_FAILURE);
	most_ms = MOST_MS;
	assert_in_range(GetTickCount64() - begun, 1400, 60000);
	assert_says("E: the program did not end by itself and was ended\n");
}

/* It has the pipe, too: whoever reads until the pipe is closed would wait for it. */
static void what_the_program_leaves_behind_ends_with_it(void **state)
{
	const char *left;
	HANDLE h;

	(void)state;
	assert_int_equal(act("leave", NULL, "|stop"), ERROR_SUCCESS);
	assert_says("left ");
	left = strstr((char *)told.data, "left ");
	h = OpenProcess(SYNCHRONIZE, FALSE, (DWORD)strtoul(left + 5, NULL, 10));
	if (h)
		assert_int_equal(WaitForSingleObject(h, 10000), WAIT_OBJECT_0);
	if (h)
		CloseHandle(h);
}

static void properties_without_bounds_start_nothing(void **state)
{
	struct sg_buf words = { 0 };

	(void)state;
	sg_buf_str(&words, "|install|--start|--seed=");
	for (int i = 0; i < COMMAND_MAX / 2; i++)
		sg_buf_str(&words, "\""); /* two characters each in a line */
	sg_buf_str(&words, "|--anchor=|--mode=");
	assert_int_equal(act("words", NULL, (char *)words.data), ERROR_INSTALL_FAILURE);
	assert_says("E: the properties are too long: nothing was started\n");
	assert_false(says("<install>"));
	for (int i = 0; i < COMMAND_MAX / 2; i++)
		sg_buf_str(&words, "m");
	assert_int_equal(act("words", NULL, (char *)words.data), ERROR_INSTALL_FAILURE);
	assert_says("E: the properties are too long: nothing was started\n");
	sg_buf_release(&words);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_the_known_lists_of_words_start_anything),
		cmocka_unit_test(every_word_arrives_as_it_was_given),
		cmocka_unit_test(the_program_inherits_its_pipe_and_nothing_else),
		cmocka_unit_test(the_installer_is_left_without_handles_of_the_program),
		cmocka_unit_test(what_failed_is_told_with_its_last_line),
		cmocka_unit_test(nothing_is_stopped_where_no_program_is),
		cmocka_unit_test(a_program_that_hangs_is_ended_and_has_failed),
		cmocka_unit_test(what_the_program_leaves_behind_ends_with_it),
		cmocka_unit_test(properties_without_bounds_start_nothing),
	};
	const char *part = getenv("SG_PART");

	return part ? play(part) : cmocka_run_group_tests(tests, set_up, tear_down);
}
