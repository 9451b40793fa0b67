/* eventlog_win.c - a sink of base/log.h that reports to Windows' event log, and the event source's place in the registry. */
#include "daemon/eventlog_win.h"
#include "base/log.h"
#include "base/os_win.h"
#include "daemon/eventlog_text.h"
#include "engine/places.h"
#include "model/codes.h"

#include <windows.h>

#include <stdlib.h>

#define SOURCE_KEY L"SYSTEM\\CurrentControlSet\\Services\\EventLog\\Application\\stopgap"

enum { CATEGORIES = 9 }; /* thousands of a code: 1 service ... 9 journal */

static HANDLE the_log;

static WORD kind_of(enum sg_level level)
{
	switch (level) {
	case SG_DEBUG:
	case SG_INFO: return EVENTLOG_INFORMATION_TYPE;
	case SG_WARNING: return EVENTLOG_WARNING_TYPE;
	case SG_ERROR:
	case SG_CRITICAL: break;
	}
	return EVENTLOG_ERROR_TYPE;
}

/* The message table knows an event by its code and, in the two upmost bits, the severity that codes.h gives it. */
static DWORD id_of(int code)
{
	const struct sg_event_info *info = sg_event_info(code);
	WORD kind = info ? kind_of(info->level) : EVENTLOG_INFORMATION_TYPE;
	DWORD severity = kind == EVENTLOG_ERROR_TYPE ? 3 : kind == EVENTLOG_WARNING_TYPE ? 2 : 1;

	return severity << 30 | (DWORD)(info ? code : 1);
}

static bool report(enum sg_level level, int code, const char *text, const char *json)
{
	wchar_t *wide_text = sg_win_wide(text), *wide_json = sg_win_wide(json);
	const wchar_t *strings[2] = { wide_text, wide_json };
	bool taken = ReportEventW(
	        the_log, kind_of(level), (WORD)(code / 1000), id_of(code), NULL, 2, 0, strings, NULL);

	free(wide_text);
	free(wide_json);
	return taken;
}

static void to_event_log(
        void *arg, enum sg_level level, int code, const char *text, const struct sg_val *data)
{
	struct sg_eventlog_text event;

	(void)arg;
	sg_eventlog_text(code, text, data, &event);
	/* The data is in the audit trail, too: what the log does not take with it, it may take without. */
	if (!report(level, code, event.text, event.json))
		report(level, code, event.text, "{}");
	sg_eventlog_text_release(&event);
}

void sg_eventlog_begin(void)
{
	the_log = RegisterEventSourceW(NULL, L"" SG_SERVICE_NAME);
	if (the_log)
		sg_log_to(to_event_log, NULL);
}

/* --- the source */

static int check_messages(const wchar_t *program, struct sg_err *err)
{
	HMODULE file = LoadLibraryExW(program, NULL, LOAD_LIBRARY_AS_DATAFILE);
	wchar_t *text = NULL;
	int r = 0;

	for (size_t i = 0; r == 0 && file && i < sg_event_count(); i++) {
		int code = sg_event_at(i)->code;

		if (!FormatMessageW(FORMAT_MESSAGE_ALLOCATE_BUFFER | FORMAT_MESSAGE_FROM_HMODULE |
		                            FORMAT_MESSAGE_IGNORE_INSERTS,
		            file, id_of(code), 0, (wchar_t *)(void *)&text, 0, NULL))
			r = sg_fail(err, SG_EDAMAGED,
			        "this program has no message for event %d: it was not built whole", code);
		LocalFree(text);
		text = NULL;
	}
	if (file)
		FreeLibrary(file);
	else
		r = sg_win_fail(err, GetLastError(), "cannot read this program's messages");
	return r;
}

static LONG set_text(HKEY key, const wchar_t *name, const wchar_t *value)
{
	return RegSetValueExW(key, name, 0, REG_EXPAND_SZ, (const BYTE *)value,
	        (DWORD)((wcslen(value) + 1) * sizeof *value));
}

static LONG set_number(HKEY key, const wchar_t *name, DWORD value)
{
	return RegSetValueExW(key, name, 0, REG_DWORD, (const BYTE *)&value, sizeof value);
}

int sg_eventlog_register(const wchar_t *program, struct sg_err *err)
{
	HKEY key;
	LONG e;
	int r = check_messages(program, err);

	if (r < 0)
		return r;
	e = RegCreateKeyExW(HKEY_LOCAL_MACHINE, SOURCE_KEY, 0, NULL, 0, KEY_WRITE, NULL, &key, NULL);
	if (e == ERROR_SUCCESS) {
		e = set_text(key, L"EventMessageFile", program);
		if (e == ERROR_SUCCESS)
			e = set_text(key, L"CategoryMessageFile", program);
		if (e == ERROR_SUCCESS)
			e = set_number(key, L"CategoryCount", CATEGORIES);
		if (e == ERROR_SUCCESS)
			e = set_number(key, L"TypesSupported",
			        EVENTLOG_ERROR_TYPE | EVENTLOG_WARNING_TYPE | EVENTLOG_INFORMATION_TYPE);
		RegCloseKey(key);
	}
	return e == ERROR_SUCCESS
	               ? 0
	               : sg_win_fail(err, (DWORD)e, "cannot register the event source %s", SG_SERVICE_NAME);
}

int sg_eventlog_unregister(struct sg_err *err)
{
	LONG e = RegDeleteKeyW(HKEY_LOCAL_MACHINE, SOURCE_KEY);

	return e == ERROR_SUCCESS || e == ERROR_FILE_NOT_FOUND
	               ? 0
	               : sg_win_fail(err, (DWORD)e, "cannot take the event source %s away", SG_SERVICE_NAME);
}
