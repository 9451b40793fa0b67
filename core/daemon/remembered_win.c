/* remembered_win.c - see remembered_win.h. */
#include "daemon/remembered_win.h"
#include "base/os_win.h"

#include <windows.h>

#include <stdlib.h>
#include <wchar.h>

#define KEY L"SOFTWARE\\stopgap"

static int read_value(const wchar_t *name, char **ret, struct sg_err *err)
{
	wchar_t text[32768] = { 0 };
	DWORD size = sizeof text;
	LSTATUS e = RegGetValueW(HKEY_LOCAL_MACHINE, KEY, name, RRF_RT_REG_SZ, NULL, text, &size);

	if (e == ERROR_FILE_NOT_FOUND || e == ERROR_PATH_NOT_FOUND || e == ERROR_UNSUPPORTED_TYPE)
		return 0;
	if (e != ERROR_SUCCESS)
		return sg_win_fail(err, (DWORD)e, "cannot read HKLM\\%ls, value %ls", KEY, name);
	if (text[0])
		*ret = sg_win_utf8(text);
	return 0;
}

int sg_remembered_read(struct sg_remembered *ret, struct sg_err *err)
{
	struct sg_remembered found = { 0 };
	int r = read_value(L"Journal", &found.journal, err);

	if (r == 0)
		r = read_value(L"Config", &found.config, err);
	if (r < 0)
		sg_remembered_release(&found);
	else
		*ret = found;
	return r;
}

void sg_remembered_release(struct sg_remembered *r)
{
	free(r->config);
	free(r->journal);
	*r = (struct sg_remembered){ 0 };
}

static LSTATUS write_value(HKEY key, const wchar_t *name, const char *path)
{
	wchar_t *wide = sg_win_wide(path);
	LSTATUS e = RegSetValueExW(
	        key, name, 0, REG_SZ, (const BYTE *)wide, (DWORD)((wcslen(wide) + 1) * sizeof *wide));

	free(wide);
	return e;
}

int sg_remembered_write(const char *config, const char *journal, struct sg_err *err)
{
	HKEY key;
	LSTATUS e = RegCreateKeyExW(
	        HKEY_LOCAL_MACHINE, KEY, 0, NULL, REG_OPTION_NON_VOLATILE, KEY_SET_VALUE, NULL, &key, NULL);

	if (e == ERROR_SUCCESS) {
		e = write_value(key, L"Journal", journal);
		if (e == ERROR_SUCCESS)
			e = write_value(key, L"Config", config);
		RegCloseKey(key);
	}
	return e == ERROR_SUCCESS
	               ? 0
	               : sg_win_fail(err, (DWORD)e, "cannot write to HKLM\\%ls where the journal is", KEY);
}

int sg_remembered_forget(struct sg_err *err)
{
	static const wchar_t *const names[] = { L"Journal", L"Config" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		LSTATUS e = RegDeleteKeyValueW(HKEY_LOCAL_MACHINE, KEY, names[i]);

		if (e != ERROR_SUCCESS && e != ERROR_FILE_NOT_FOUND && e != ERROR_PATH_NOT_FOUND)
			return sg_win_fail(
			        err, (DWORD)e, "cannot take HKLM\\%ls, value %ls, away", KEY, names[i]);
	}
	return 0;
}
