/* run_appcmd_win.c - where appcmd.exe is. A file of its own, so that a test's program can bring another one at link time; nothing that a user can set says
 * so: neither PATH nor the environment is asked. */
#include "actions/run_win.h"
#include "base/spawn_win.h"

#include <stdlib.h>

wchar_t *sg_run_appcmd(void)
{
	static const wchar_t tail[] = L"\\inetsrv\\appcmd.exe";
	wchar_t *folder = sg_spawn_system32();
	size_t len = wcslen(folder);

	folder = sg_realloc(folder, len * sizeof *folder + sizeof tail);
	wcscpy(folder + len, tail);
	return folder;
}
