/* live_win.c - running Windows's registry, start types and processes. See live.h.
 *
 * The registry is always seen as 64-bit programs see it. Start types are written by the service control manager alone: a number that is put into the
 * registry behind its back counts from the next start of Windows on, and not before.
 */
#include "actions/live.h"
#include "base/os_win.h"
#include "base/text.h"

#include <windows.h>
#include <tlhelp32.h>

#include <stdlib.h>
#include <string.h>

enum {
	SUBKEYS_MAX = 65536,
	SERVICES_MAX = 65536,
	PAGE_MAX = 16 << 20, /* one service's names alone never come near it */
	VALUE_MAX = 1 << 20,
	START_DELAYS_WITH = SERVICE_AUTO_START,
};

/* --- registry */

static int open_key(const char *path, HKEY *ret, struct sg_err *err)
{
	wchar_t *wide = sg_win_wide(path);
	LSTATUS e = RegOpenKeyExW(HKEY_LOCAL_MACHINE, wide, 0, KEY_READ | KEY_WOW64_64KEY, ret);

	free(wide);
	return e ? sg_win_fail(err, (DWORD)e, "HKLM\\%s", path) : 0;
}

int sg_live_key(const char *path, struct sg_err *err)
{
	HKEY key;
	int r = open_key(path, &key, err);

	if (!r)
		RegCloseKey(key);
	return r;
}

int sg_live_subkeys(const char *path, struct sg_strs *ret, struct sg_err *err)
{
	struct sg_strs names = { 0 };
	LSTATUS e = 0;
	HKEY key;
	int r = open_key(path, &key, err);

	if (r)
		return r;
	for (DWORD i = 0; !e && !r; i++) {
		wchar_t wide[257]; /* a key's name has at most 255 units */
		DWORD len = sizeof wide / sizeof *wide;
		char *name;

		e = RegEnumKeyExW(key, i, wide, &len, NULL, NULL, NULL, NULL);
		if (e)
			break;
		name = sg_win_utf8(wide);
		sg_strs_add(&names, name);
		free(name);
		if (names.n > SUBKEYS_MAX)
			r = sg_fail(
			        err, SG_ELIMIT, "HKLM\\%s has more than %d subkeys", path, (int)SUBKEYS_MAX);
	}
	if (!r && e != ERROR_NO_MORE_ITEMS)
		r = sg_win_fail(err, (DWORD)e, "the subkeys of HKLM\\%s cannot be listed", path);
	RegCloseKey(key);
	if (!r) {
		sg_strs_release(ret);
		*ret = names;
		names = (struct sg_strs){ 0 };
	}
	sg_strs_release(&names);
	return r;
}

int sg_live_value(const char *path, const char *name, struct sg_hive_value *ret, struct sg_err *err)
{
	struct sg_hive_value v = { 0 };
	wchar_t *wide = NULL;
	DWORD size = 256, type = 0;
	LSTATUS e = ERROR_MORE_DATA;
	HKEY key;
	int r = open_key(path, &key, err);

	if (r)
		return r;
	wide = sg_win_wide(name);
	for (int tries = 0; e == ERROR_MORE_DATA && size <= VALUE_MAX && tries < 8; tries++) {
		v.data.data = sg_realloc(v.data.data, (size_t)size + 1);
		v.data.cap = (size_t)size + 1;
		v.data.len = size;
		e = RegQueryValueExW(key, wide, NULL, &type, v.data.data, &size);
	}
	RegCloseKey(key);
	free(wide);
	if (e == ERROR_MORE_DATA)
		r = sg_fail(err, SG_ELIMIT,
		        "HKLM\\%s: the value \"%s\" has %lu octets, and at most %d are read", path, name,
		        size, (int)VALUE_MAX);
	else if (e)
		r = sg_win_fail(err, (DWORD)e, "HKLM\\%s: the value \"%s\"", path, name);
	if (!r) {
		v.type = type;
		v.data.len = size;
		v.data.data[size] = 0;
		*ret = v;
		v = (struct sg_hive_value){ 0 };
	}
	sg_hive_value_release(&v);
	return r;
}

/* --- services */

static int open_manager(SC_HANDLE *ret, struct sg_err *err)
{
	*ret = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT | SC_MANAGER_ENUMERATE_SERVICE);
	return *ret ? 0 : sg_win_fail(err, GetLastError(), "the service control manager cannot be asked");
}

static int open_service(
        SC_HANDLE manager, const char *service, DWORD access, SC_HANDLE *ret, struct sg_err *err)
{
	wchar_t *wide = sg_win_wide(service);
	DWORD e;

	*ret = OpenServiceW(manager, wide, access);
	e = GetLastError();
	free(wide);
	if (*ret)
		return 0;
	if (e == ERROR_SERVICE_DOES_NOT_EXIST || e == ERROR_INVALID_NAME)
		return sg_fail(err, SG_ENOENT, "the service control manager knows no service %s", service);
	return sg_win_fail(err, e, "the service %s cannot be opened", service);
}

static int start_of(SC_HANDLE handle, const char *service, uint32_t *ret, struct sg_err *err)
{
	QUERY_SERVICE_CONFIGW *config = sg_win_service_config(handle);
	int r = 0;

	if (config)
		*ret = config->dwStartType;
	else
		r = sg_win_fail(
		        err, GetLastError(), "the service %s cannot be asked for its start type", service);
	free(config);
	return r;
}

int sg_live_start(const char *service, uint32_t *ret, struct sg_err *err)
{
	SC_HANDLE manager = NULL, handle = NULL;
	int r = open_manager(&manager, err);

	if (!r)
		r = open_service(manager, service, SERVICE_QUERY_CONFIG, &handle, err);
	if (!r)
		r = start_of(handle, service, ret, err);
	if (handle)
		CloseServiceHandle(handle);
	if (manager)
		CloseServiceHandle(manager);
	return r;
}

void sg_live_starts_free(struct sg_live_start *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(list[i].name);
	free(list);
}

/* Page by page, each from where the last one ended. A manager that says how much a page needs, and gives none of it, is given the room. */
static int list_names(SC_HANDLE manager, struct sg_strs *ret, struct sg_err *err)
{
	DWORD size = 64 * 1024, need = 0, resume = 0, e = ERROR_MORE_DATA;
	BYTE *page = sg_alloc(size);

	while (e == ERROR_MORE_DATA && ret->n <= SERVICES_MAX) {
		const ENUM_SERVICE_STATUS_PROCESSW *list = (ENUM_SERVICE_STATUS_PROCESSW *)(void *)page;
		DWORD n = 0;

		e = EnumServicesStatusExW(manager, SC_ENUM_PROCESS_INFO, SERVICE_WIN32, SERVICE_STATE_ALL,
		            page, size, &need, &n, &resume, NULL)
		            ? 0
		            : GetLastError();
		for (DWORD i = 0; (!e || e == ERROR_MORE_DATA) && i < n; i++) {
			char *name = sg_win_utf8(list[i].lpServiceName);

			sg_strs_add(ret, name);
			free(name);
		}
		if (e != ERROR_MORE_DATA || n)
			continue;
		if (size > PAGE_MAX)
			break;
		size += need + 4096;
		page = sg_realloc(page, size);
	}
	free(page);
	return e ? sg_win_fail(err, e, "the services cannot be listed") : 0;
}

int sg_live_starts(struct sg_live_start **ret, size_t *ret_n, struct sg_err *err)
{
	struct sg_live_start *list = NULL;
	struct sg_strs names = { 0 };
	SC_HANDLE manager = NULL;
	size_t known = 0;
	int r = open_manager(&manager, err);

	if (!r)
		r = list_names(manager, &names, err);
	list = sg_alloc((names.n + 1) * sizeof *list);
	for (size_t i = 0; !r && i < names.n; i++) {
		SC_HANDLE handle = NULL;
		uint32_t start = 0;

		/* one that went away meanwhile, or that this account may not ask, is left to what the registry says */
		if (open_service(manager, names.at[i], SERVICE_QUERY_CONFIG, &handle, NULL) == 0 &&
		        start_of(handle, names.at[i], &start, NULL) == 0)
			list[known++] = (struct sg_live_start){ sg_strdup(names.at[i]), start };
		if (handle)
			CloseServiceHandle(handle);
	}
	sg_strs_release(&names);
	if (manager)
		CloseServiceHandle(manager);
	if (r) {
		sg_live_starts_free(list, known);
		return r;
	}
	*ret = list;
	*ret_n = known;
	return 0;
}

/* The registry, because it can be asked on every Windows, and about services that do not start automatically, too. */
static bool is_delayed(const char *service)
{
	char *key = sg_format("SYSTEM\\CurrentControlSet\\Services\\%s", service);
	struct sg_hive_value v = { 0 };
	uint32_t delayed = 0;
	bool is = sg_live_value(key, "DelayedAutostart", &v, NULL) == 0 &&
	          sg_hive_value_dword(&v, key, "DelayedAutostart", &delayed, NULL) == 0 && delayed;

	sg_hive_value_release(&v);
	free(key);
	return is;
}

static int restore_delay(SC_HANDLE handle, const char *service, struct sg_err *err)
{
	SERVICE_DELAYED_AUTO_START_INFO delayed = { TRUE };

	if (is_delayed(service) ||
	        ChangeServiceConfig2W(handle, SERVICE_CONFIG_DELAYED_AUTO_START_INFO, &delayed))
		return 0;
	return sg_win_fail(err, GetLastError(),
	        "the automatic start of the service %s was delayed, and cannot be delayed again", service);
}

int sg_live_flush(struct sg_err *err)
{
	HKEY key;
	LSTATUS e = RegOpenKeyExW(HKEY_LOCAL_MACHINE, L"SYSTEM\\CurrentControlSet\\Services", 0,
	        KEY_READ | KEY_WOW64_64KEY, &key);

	if (!e) {
		e = RegFlushKey(key);
		RegCloseKey(key);
	}
	return e ? sg_fail(err, SG_EFATAL,
	                   "the registry cannot be flushed (error %ld); what it holds is not known now", e)
	         : 0;
}

int sg_live_set_start(const char *service, uint32_t from, uint32_t to, bool delayed, struct sg_err *err)
{
	SC_HANDLE manager = NULL, handle = NULL;
	uint32_t now = 0;
	int r = open_manager(&manager, err);

	if (!r)
		r = open_service(
		        manager, service, SERVICE_QUERY_CONFIG | SERVICE_CHANGE_CONFIG, &handle, err);
	delayed = delayed || is_delayed(service);
	if (!r)
		r = start_of(handle, service, &now, err);
	if (!r && now != from)
		r = sg_fail(err, SG_ECONFLICT,
		        "the start type of service %s was changed by somebody else just now; nothing was "
		        "written",
		        service);
	if (!r && !ChangeServiceConfigW(handle, SERVICE_NO_CHANGE, to, SERVICE_NO_CHANGE, NULL, NULL, NULL,
	                  NULL, NULL, NULL, NULL))
		r = sg_win_fail(
		        err, GetLastError(), "the start type of the service %s cannot be changed", service);
	if (!r && delayed && to == START_DELAYS_WITH)
		r = restore_delay(handle, service, err);
	if (!r)
		r = sg_live_flush(err);
	if (handle)
		CloseServiceHandle(handle);
	if (manager)
		CloseServiceHandle(manager);
	return r;
}

/* --- processes */

bool sg_live_process(const char *const *names, size_t n, const char **ret)
{
	HANDLE list = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
	PROCESSENTRY32W one = { .dwSize = sizeof one };
	bool found = false;

	if (list == INVALID_HANDLE_VALUE)
		return false;
	for (BOOL more = Process32FirstW(list, &one); more && !found; more = Process32NextW(list, &one)) {
		char *file = sg_win_utf8(one.szExeFile);

		for (size_t i = 0; i < n && !found; i++)
			if (sg_same(file, names[i])) {
				*ret = names[i];
				found = true;
			}
		free(file);
	}
	CloseHandle(list);
	return found;
}
