/* installer_win.c - the package's one custom action: runs stopgapd, and gives every line that it prints to the installer's log.
 *
 * Decides nothing. The property CustomActionData is "PROGRAM|WORD|WORD...", of which the words must be one of the lists below: it runs as the system's account,
 * and parts of it come from properties, which are typed. A bar in one of these makes a word too many, and nothing is started. A word that ends in an equals
 * sign is one whose property was not given, and is left out. The program inherits the pipe that it prints to and nothing else of the installer's. The action
 * succeeds when the program does; when not, the last line is the error that a person is shown.
 */
#include <windows.h>
#include <msi.h>
#include <msiquery.h>

#include <stdlib.h>
#include <string.h>
#include <wchar.h>

enum { LINE_MAX_OCTETS = 4096, COMMAND_MAX = 32768 };

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

/* The process, which inherits `handles` and nothing else that the installer has open; NULL: not started. */
static HANDLE create(wchar_t *line, STARTUPINFOEXW *how, HANDLE *handles, size_t n)
{
	PROCESS_INFORMATION made = { 0 };
	SIZE_T size = 0;
	BOOL done;

	InitializeProcThreadAttributeList(NULL, 1, 0, &size);
	how->lpAttributeList = HeapAlloc(GetProcessHeap(), 0, size);
	if (!how->lpAttributeList)
		return NULL;
	done = InitializeProcThreadAttributeList(how->lpAttributeList, 1, 0, &size);
	if (done) {
		done = UpdateProcThreadAttribute(how->lpAttributeList, 0, PROC_THREAD_ATTRIBUTE_HANDLE_LIST,
		               handles, n * sizeof *handles, NULL, NULL) &&
		       CreateProcessW(NULL, line, NULL, NULL, TRUE,
		               CREATE_NO_WINDOW | EXTENDED_STARTUPINFO_PRESENT, NULL, NULL, &how->StartupInfo,
		               &made);
		DeleteProcThreadAttributeList(how->lpAttributeList);
	}
	HeapFree(GetProcessHeap(), 0, how->lpAttributeList);
	if (!done)
		return NULL;
	CloseHandle(made.hThread);
	return made.hProcess;
}

static HANDLE start(wchar_t *line, HANDLE out)
{
	SECURITY_ATTRIBUTES inherited = { sizeof inherited, NULL, TRUE };
	HANDLE nothing = CreateFileW(
	        L"NUL", GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE, &inherited, OPEN_EXISTING, 0, NULL);
	HANDLE handles[] = { out, nothing }, process;
	STARTUPINFOEXW how = { .StartupInfo = { .cb = sizeof how,
		                       .dwFlags = STARTF_USESTDHANDLES,
		                       .hStdInput = nothing,
		                       .hStdOutput = out,
		                       .hStdError = out } };

	if (nothing == INVALID_HANDLE_VALUE)
		return NULL;
	process = create(line, &how, handles, sizeof handles / sizeof handles[0]);
	CloseHandle(nothing);
	return process;
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

static UINT run(MSIHANDLE install, wchar_t *line)
{
	wchar_t last[LINE_MAX_OCTETS + 1] = L"the program could not be started";
	HANDLE in = NULL, out = NULL, process = NULL;
	DWORD status = 1;

	tell(install, INSTALLMESSAGE_INFO, line);
	if (make_pipe(&in, &out))
		process = start(line, out);
	if (out)
		CloseHandle(out);
	if (process) {
		tell_all(install, in, last);
		WaitForSingleObject(process, INFINITE);
		GetExitCodeProcess(process, &status);
		CloseHandle(process);
	}
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
	return run(install, line);
}
