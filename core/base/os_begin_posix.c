/* os_begin_posix.c - what a process is given at its start, on POSIX: nearly all of it is as it should be. */
#include "base/mem.h"
#include "base/os.h"

#include <signal.h>
#include <stdlib.h>

void sg_os_begin(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	signal(SIGPIPE, SIG_IGN);
}

void sg_os_setenv(const char *name, const char *value)
{
	if (value)
		setenv(name, value, 1);
	else
		unsetenv(name);
}

char *sg_os_temp(void)
{
	const char *tmp = getenv("TMPDIR");

	return sg_strdup(tmp && *tmp ? tmp : "/tmp");
}
