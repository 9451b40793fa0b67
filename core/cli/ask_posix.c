/* ask_posix.c - questions on stderr, answers from stdin: stdout stays for what a script would take. */
#include "cli/ask.h"

#include "base/mem.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

bool sg_ask_person(void)
{
	return isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
}

bool sg_ask_progress(void)
{
	return isatty(STDERR_FILENO);
}

char *sg_ask_line(const char *question, const char *otherwise)
{
	char line[2048];
	size_t len;

	fprintf(stderr, "%s%s%s%s: ", question, *otherwise ? " [" : "", otherwise, *otherwise ? "]" : "");
	fflush(stderr);
	if (!fgets(line, sizeof(line), stdin))
		return sg_strdup(otherwise);
	len = strcspn(line, "\r\n");
	line[len] = 0;
	return sg_strdup(len ? line : otherwise);
}
