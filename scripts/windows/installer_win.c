/* installer_win.c - the package's one custom action: runs one of our programs, and gives every line that it prints to the installer's log.
 *
 * Decides nothing. The property CustomActionData is "PROGRAM|ARGUMENT|ARGUMENT...": no path holds a bar. An argument that ends in an equals sign is one whose
 * property was not given, and is left out. The action succeeds when the program does; when not, the last line is the error that a person is shown.
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

static HANDLE start(wchar_t *line, HANDLE out)
{
	SECURITY_ATTRIBUTES inherited = { sizeof inherited, NULL, TRUE };
	HANDLE nothing = CreateFileW(
	        L"NUL", GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE, &inherited, OPEN_EXISTING, 0, NULL);
	STARTUPINFOW how = { .cb = sizeof how,
		.dwFlags = STARTF_USESTDHANDLES,
		.hStdInput = nothing,
		.hStdOutput = out,
		.hStdError = out };
	PROCESS_INFORMATION made = { 0 };
	BOOL done = CreateProcessW(NULL, line, NULL, NULL, TRUE, CREATE_NO_WINDOW, NULL, NULL, &how, &made);

	if (nothing != INVALID_HANDLE_VALUE)
		CloseHandle(nothing);
	if (!done)
		return NULL;
	CloseHandle(made.hThread);
	return made.hProcess;
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

UINT __stdcall StopgapRun(MSIHANDLE install)
{
	static wchar_t data[COMMAND_MAX], line[COMMAND_MAX];
	DWORD size = COMMAND_MAX;

	if (MsiGetPropertyW(install, L"CustomActionData", data, &size) != ERROR_SUCCESS ||
	        !make_line(data, line)) {
		tell(install, INSTALLMESSAGE_ERROR, L"the package says nothing to do that is short enough");
		return ERROR_INSTALL_FAILURE;
	}
	return run(install, line);
}
