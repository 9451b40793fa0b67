/* planted_win.c - a library that somebody has put where a program looks for one of Windows's: it leaves FILE.loaded beside itself. */
#include <windows.h>

#include <wchar.h>

BOOL WINAPI DllMain(HINSTANCE self, DWORD why, void *reserved);

BOOL WINAPI DllMain(HINSTANCE self, DWORD why, void *reserved)
{
	wchar_t name[MAX_PATH + 8];
	DWORD n = GetModuleFileNameW(self, name, MAX_PATH);

	(void)reserved;
	if (why == DLL_PROCESS_ATTACH && n && n < MAX_PATH) {
		wcscat(name, L".loaded");
		CloseHandle(CreateFileW(name, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL));
	}
	return TRUE;
}
