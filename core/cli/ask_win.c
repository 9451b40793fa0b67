/* ask_win.c - questions on stderr, answers from the console: in UTF-8, whatever its code page. */
#include "cli/ask.h"

#include "base/mem.h"
#include "base/os_win.h"

#include <windows.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_console(DWORD which)
{
	DWORD mode;

	return GetConsoleMode(GetStdHandle(which), &mode);
}

bool sg_ask_person(void)
{
	return is_console(STD_INPUT_HANDLE) && is_console(STD_ERROR_HANDLE);
}

bool sg_ask_progress(void)
{
	return is_console(STD_ERROR_HANDLE);
}

/* One line with its end; NULL at the end of the input. */
static char *read_line(void)
{
	wchar_t wide[2048];
	char line[2048];
	DWORD n = 0;

	if (!is_console(STD_INPUT_HANDLE))
		return fgets(line, sizeof line, stdin) ? sg_strdup(line) : NULL;
	if (!ReadConsoleW(GetStdHandle(STD_INPUT_HANDLE), wide, 2047, &n, NULL) || n == 0)
		return NULL;
	wide[n] = 0;
	return sg_win_utf8(wide);
}

char *sg_ask_line(const char *question, const char *otherwise)
{
	char *line;

	fprintf(stderr, "%s%s%s%s: ", question, *otherwise ? " [" : "", otherwise, *otherwise ? "]" : "");
	fflush(stderr);
	line = read_line();
	if (line)
		line[strcspn(line, "\r\n")] = 0;
	if (line && *line)
		return line;
	free(line);
	return sg_strdup(otherwise);
}
