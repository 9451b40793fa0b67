/* installer_win.c - the package's one custom action: runs stopgapd, and gives every line that it prints to the installer's log.
 *
 * Decides nothing. The property CustomActionData is "PROGRAM|WORD|WORD...", of which the words must be one of the lists below: it runs as the system's account,
 * and parts of it come from properties, which are typed. A bar in one of these makes a word too many, and nothing is started. A word that ends in an equals
 * sign is one whose property was not given, and is left out. The program inherits the pipe that it prints to and nothing else of the installer's. The action
 * succeeds when the program does; when not, the last line is the error that a person is shown. A program that hangs would keep every other installation on this
 * server waiting: after MOST_MS it is ended, which it survives at any point (its journal settles at the next start), and the action has failed. What it has started
 * itself ends with it.
 */
#include <windows.h>
#include <msi.h>
#include <msiquery.h>

#include <stdlib.h>
#include <string.h>
#include <wchar.h>

enum {
	LINE_MAX_OCTETS = 4096,
	COMMAND_MAX = 32768,
	MOST_MS =
	        30 * 60 *
	        1000, /* its own waits end after a few minutes; the rest is for a rollback of much on a slow disk */
};

static DWORD most_ms = MOST_MS; /* the tests' own */

UINT __stdcall StopgapRun(MSIHANDLE install);

static void tell(MSIHANDLE install, INSTALLMESSAGE kind, const wchar_t *text)
{
	MSIHANDLE record = MsiCreateRecord(1);

	if (!record)
		return;
	MsiRecordSetStringW(record, 0, L"stopgap: [1]");
	MsiRecordSetStringW(record, 1, text);
	MsiProcessMessage(install, kind, record);
	MsiCloseHandle(record);
}

/* --- the command line */

/* One word as CommandLineToArgvW() reads it back: backslashes count double before a quotation mark. false: no room. */
static BOOL add_word(wchar_t *line, size_t *at, const wchar_t *word, size_t len)
{
	size_t slashes = 0;

	if (*at + 2 * len + 4 > COMMAND_MAX)
		return FALSE;
	if (*at)
		line[(*at)++] = ' ';
	line[(*at)++] = '"';
	for (size_t i = 0; i <= len; i++) {
		BOOL quote = i == len || word[i] == '"';

		if (i < len && word[i] == '\\') {
			slashes++;
			continue;
		}
		for (size_t k = quote ? 2 * slashes : slashes; k; k--)
			line[(*at)++] = '\\';
		slashes = 0;
		if (i < len && quote)
			line[(*at)++] = '\\';
		if (i < len)
			line[(*at)++] = word[i];
	}
	line[(*at)++] = '"';
	line[*at] = 0;
	return TRUE;
}

/* What the package asks for, in this order; a word with an equals sign is followed by anything. */
static const wchar_t *const lists[][5] = {
	{ L"stop" },
	{ L"start" },
	{ L"install", L"--start" },
	{ L"install", L"--start", L"--seed=", L"--anchor=", L"--mode=" },
	{ L"uninstall", L"--keep" },
	{ L"uninstall", L"--rollback" },
};

enum { LISTS = sizeof lists / sizeof lists[0], WORDS = sizeof lists[0] / sizeof lists[0][0] };

static BOOL is_word(const wchar_t *known, const wchar_t *word, size_t len)
{
	size_t n = wcslen(known);

	return known[n - 1] == '=' ? len >= n && wcsncmp(word, known, n) == 0
	                           : len == n && wcsncmp(word, known, n) == 0;
}

static BOOL is_list(const wchar_t *const *known, const wchar_t *data)
{
	size_t i = 0;

	for (; *data; i++) {
		size_t len;

		data++; /* the bar */
		len = wcscspn(data, L"|");
		if (i == WORDS || !known[i] || !is_word(known[i], data, len))
			return FALSE;
		data += len;
	}
	return i == WORDS || !known[i];
}

static BOOL is_known(const wchar_t *data)
{
	size_t program = wcscspn(data, L"|"), name = wcslen(L"\\stopgapd.exe");
	BOOL found = FALSE;

	if (program <= name || wcsncmp(data + program - name, L"\\stopgapd.exe", name) != 0)
		return FALSE;
	for (size_t i = 0; i < LISTS && !found; i++)
		found = is_list(lists[i], data + program);
	return found;
}

static BOOL make_line(const wchar_t *data, wchar_t *line)
{
	size_t at = 0;

	while (*data) {
		size_t len = wcscspn(data, L"|");

		if (len && data[len - 1] != '=' && !add_word(line, &at, data, len))
			return FALSE;
		data += len + (data[len] == '|');
	}
	return at > 0;
}

/* --- the program */

/* Both ends; the program inherits the second one and nothing else. */
static BOOL make_pipe(HANDLE *ret_read, HANDLE *ret_write)
{
	SECURITY_ATTRIBUTES inherited = { sizeof inherited, NULL, TRUE };

	return CreatePipe(ret_read, ret_write, &inherited, 0) &&
	       SetHandleInformation(*ret_read, HANDLE_FLAG_INHERIT, 0);
}

/* The process that runs, and the job that it and its children are in. */
struct child {
	HANDLE process, job;
	BOOL hung; /* it was ended */
};

/* In a job of its own before it does anything. */
static BOOL begin(PROCESS_INFORMATION *made, struct child *ret)
{
	HANDLE job = CreateJobObjectW(NULL, NULL);
	BOOL done = job && AssignProcessToJobObject(job, made->hProcess) &&
	            ResumeThread(made->hThread) != (DWORD)-1;

	CloseHandle(made->hThread);
	if (done) {
		*ret = (struct child){ .process = made->hProcess, .job = job };
		return TRUE;
	}
	TerminateProcess(made->hProcess, 1);
	CloseHandle(made->hProcess);
	if (job)
		CloseHandle(job);
	return FALSE;
}

/* The process inherits `handles` and nothing else that the installer has open. */
static BOOL create(const wchar_t *program, wchar_t *line, STARTUPINFOEXW *how, HANDLE *handles, size_t n,
        struct child *ret)
{
	PROCESS_INFORMATION made = { 0 };
	SIZE_T size = 0;
	BOOL done;

	InitializeProcThreadAttributeList(NULL, 1, 0, &size);
	how->lpAttributeList = HeapAlloc(GetProcessHeap(), 0, size);
	if (!how->lpAttributeList)
		return FALSE;
	done = InitializeProcThreadAttributeList(how->lpAttributeList, 1, 0, &size);
	if (done) {
		done = UpdateProcThreadAttribute(how->lpAttributeList, 0, PROC_THREAD_ATTRIBUTE_HANDLE_LIST,
		               handles, n * sizeof *handles, NULL, NULL) &&
		       CreateProcessW(program, line, NULL, NULL, TRUE,
		               CREATE_NO_WINDOW | CREATE_SUSPENDED | EXTENDED_STARTUPINFO_PRESENT, NULL, NULL,
		               &how->StartupInfo, &made);
		DeleteProcThreadAttributeList(how->lpAttributeList);
	}
	HeapFree(GetProcessHeap(), 0, how->lpAttributeList);
	return done && begin(&made, ret);
}

static BOOL start(const wchar_t *program, wchar_t *line, HANDLE out, struct child *ret)
{
	SECURITY_ATTRIBUTES inherited = { sizeof inherited, NULL, TRUE };
	HANDLE nothing = CreateFileW(
	        L"NUL", GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE, &inherited, OPEN_EXISTING, 0, NULL);
	HANDLE handles[] = { out, nothing };
	BOOL started;
	STARTUPINFOEXW how = { .StartupInfo = { .cb = sizeof how,
		                       .dwFlags = STARTF_USESTDHANDLES,
		                       .hStdInput = nothing,
		                       .hStdOutput = out,
		                       .hStdError = out } };

	if (nothing == INVALID_HANDLE_VALUE)
		return FALSE;
	started = create(program, line, &how, handles, sizeof handles / sizeof handles[0], ret);
	CloseHandle(nothing);
	return started;
}

/* A thread of its own: who reads what the program prints waits for as long as anybody can still print. */
static DWORD WINAPI end_in_time(void *arg)
{
	struct child *child = arg;

	child->hung = WaitForSingleObject(child->process, most_ms) != WAIT_OBJECT_0;
	TerminateJobObject(child->job, 1);
	return 0;
}

static void tell_line(MSIHANDLE install, const char *octets, size_t len, wchar_t *last)
{
	int n;

	while (len && (octets[len - 1] == '\r' || octets[len - 1] == ' '))
		len--;
	n = MultiByteToWideChar(CP_UTF8, 0, octets, (int)len, last, LINE_MAX_OCTETS);
	if (n <= 0)
		return;
	last[n] = 0;
	tell(install, INSTALLMESSAGE_INFO, last);
}

/* Until the program has closed its end; a longer line comes in pieces. `last`: LINE_MAX_OCTETS and a NUL. */
static void tell_all(MSIHANDLE install, HANDLE in, wchar_t *last)
{
	char line[LINE_MAX_OCTETS];
	size_t len = 0;
	DWORD n;

	while (ReadFile(in, line + len, (DWORD)(sizeof line - len), &n, NULL) && n) {
		char *end;

		len += n;
		while ((end = memchr(line, '\n', len)) != NULL || len == sizeof line) {
			size_t one = end ? (size_t)(end - line) : len, used = end ? one + 1 : one;

			tell_line(install, line, one, last);
			len -= used;
			memmove(line, line + used, len);
		}
	}
	tell_line(install, line, len, last);
}

/* Until it has ended, by itself or not; `last` becomes what there is to say when it failed. Its exit status. */
static DWORD watch(MSIHANDLE install, struct child *child, HANDLE in, wchar_t *last)
{
	HANDLE watcher = CreateThread(NULL, 0, end_in_time, child, 0, NULL);
	DWORD status = 1;

	if (!watcher)
		TerminateJobObject(child->job, 1);
	wcscpy(last, L"the program ended without a word");
	tell_all(install, in, last);
	WaitForSingleObject(watcher ? watcher : child->process, INFINITE);
	GetExitCodeProcess(child->process, &status);
	if (watcher)
		CloseHandle(watcher);
	if (child->hung) {
		wcscpy(last, L"the program did not end by itself and was ended");
		status = 1;
	}
	CloseHandle(child->process);
	CloseHandle(child->job);
	return status;
}

static UINT run(MSIHANDLE install, const wchar_t *program, wchar_t *line)
{
	wchar_t last[LINE_MAX_OCTETS + 1] = L"the program could not be started";
	HANDLE in = NULL, out = NULL;
	struct child child;
	DWORD status = 1;
	BOOL started;

	tell(install, INSTALLMESSAGE_INFO, line);
	started = make_pipe(&in, &out) && start(program, line, out, &child);
	if (out)
		CloseHandle(out);
	if (started)
		status = watch(install, &child, in, last);
	if (in)
		CloseHandle(in);
	if (status == 0)
		return ERROR_SUCCESS;
	tell(install, INSTALLMESSAGE_ERROR, last);
	return ERROR_INSTALL_FAILURE;
}

/* A program that somebody has deleted is what a repair brings back: it has nothing to be stopped. */
static BOOL is_gone(wchar_t *data)
{
	size_t program = wcscspn(data, L"|");
	BOOL gone = FALSE;

	if (wcscmp(data + program, L"|stop") == 0) {
		data[program] = 0;
		gone = GetFileAttributesW(data) == INVALID_FILE_ATTRIBUTES &&
		       (GetLastError() == ERROR_FILE_NOT_FOUND || GetLastError() == ERROR_PATH_NOT_FOUND);
		data[program] = '|';
	}
	return gone;
}

UINT __stdcall StopgapRun(MSIHANDLE install)
{
	static wchar_t data[COMMAND_MAX], line[COMMAND_MAX];
	DWORD size = COMMAND_MAX;

	if (MsiGetPropertyW(install, L"CustomActionData", data, &size) != ERROR_SUCCESS) {
		tell(install, INSTALLMESSAGE_ERROR, L"the properties are too long: nothing was started");
		return ERROR_INSTALL_FAILURE;
	}
	if (!is_known(data)) {
		tell(install, INSTALLMESSAGE_ERROR,
		        L"CONFIG, ANCHOR, MODE or the folder holds a bar (|), which no path and no mode "
		        L"does: nothing was "
		        L"started");
		return ERROR_INSTALL_FAILURE;
	}
	if (is_gone(data)) {
		tell(install, INSTALLMESSAGE_INFO, L"the program is not there: there is nothing to stop");
		return ERROR_SUCCESS;
	}
	if (!make_line(data, line)) {
		tell(install, INSTALLMESSAGE_ERROR, L"the properties are too long: nothing was started");
		return ERROR_INSTALL_FAILURE;
	}
	/* what runs is the path, however a quotation mark in its folder's name would be read in a line */
	data[wcscspn(data, L"|")] = 0;
	return run(install, data, line);
}
