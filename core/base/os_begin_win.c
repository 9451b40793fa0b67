/* os_begin_win.c - what a process is given at its start, on Windows. Guarantees that text is UTF-8 and octets stay octets on every version, whatever the
 * server's code page; that no library is loaded from the folder it runs in; and that no fault waits for somebody to click. */
#include "base/mem.h"
#include "base/os.h"
#include "base/os_win.h"

#include <windows.h>
#include <fcntl.h>
#include <io.h>
#include <shellapi.h>

#include <stdio.h>
#include <stdlib.h>

static UINT console_was;

static void restore_console(void)
{
	SetConsoleOutputCP(console_was);
}

/* The console shows UTF-8 as long as this process writes to it. */
static void begin_console(void)
{
	DWORD mode;

	if (!GetConsoleMode(GetStdHandle(STD_OUTPUT_HANDLE), &mode) &&
	        !GetConsoleMode(GetStdHandle(STD_ERROR_HANDLE), &mode))
		return;
	console_was = GetConsoleOutputCP();
	if (console_was && console_was != CP_UTF8 && SetConsoleOutputCP(CP_UTF8))
		atexit(restore_console);
}

void sg_os_begin(int *argc, char ***argv)
{
	wchar_t **wide;
	char **utf8;
	int n = 0;

	SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX | SEM_NOOPENFILEERRORBOX);
	HeapSetInformation(NULL, HeapEnableTerminationOnCorruption, NULL, 0);
	SetDefaultDllDirectories(LOAD_LIBRARY_SEARCH_SYSTEM32);
	_setmode(_fileno(stdin), _O_BINARY);
	_setmode(_fileno(stdout), _O_BINARY);
	_setmode(_fileno(stderr), _O_BINARY);
	begin_console();
	/* main's own arguments have lost what the code page does not have */
	wide = CommandLineToArgvW(GetCommandLineW(), &n);
	if (!wide)
		return;
	utf8 = sg_alloc(((size_t)n + 1) * sizeof *utf8);
	for (int i = 0; i < n; i++)
		utf8[i] = sg_win_utf8(wide[i]);
	LocalFree(wide);
	*argc = n;
	*argv = utf8;
}

void sg_os_setenv(const char *name, const char *value)
{
	char *both = sg_format("%s=%s", name, value ? value : ""); /* nothing after the sign takes it away */

	_putenv(both);
	free(both);
}

char *sg_os_temp(void)
{
	wchar_t wide[MAX_PATH + 2];
	DWORD n = GetTempPathW(MAX_PATH + 2, wide);

	if (!n || n > MAX_PATH + 1)
		return sg_strdup("C:\\Windows\\Temp");
	if (n > 3 && wide[n - 1] == L'\\')
		wide[n - 1] = 0;
	return sg_win_utf8(wide);
}
