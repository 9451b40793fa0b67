/* install_win.c - `stopgapd install`: the service, its folders' access lists and its event source, made or mended.
 *
 * It can be repeated: an upgrade does. Only how the service starts is the administrator's once it is there, and arguments that are not given stay as they
 * were. Nothing here touches a mitigation.
 */
#include "base/closed_win.h"
#include "base/drive.h"
#include "base/os_win.h"
#include "base/text.h"
#include "daemon/eventlog_win.h"
#include "daemon/folders_win.h"
#include "daemon/service_settings.h"
#include "daemon/setup_win.h"
#include "engine/places.h"

#include <windows.h>
#include <shellapi.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME   L"" SG_SERVICE_NAME
#define CONFIG "%ProgramData%\\stopgap\\stopgap.xml"

/* A setting that this system does not know (an older Windows; Wine) goes into `left`. */
static void set(SC_HANDLE service, DWORD what, void *value, const char *name, struct sg_buf *left)
{
	if (!ChangeServiceConfig2W(service, what, value))
		sg_buf_fmt(left, "%s%s (error %lu)", left->len ? ", " : "", name, GetLastError());
}

/* A list as the registry has it: each with its NUL, and one more at the end; the two of an empty one, too. */
static wchar_t *multi(const char *const *list)
{
	struct sg_buf all = { 0 };

	for (; *list; list++) {
		wchar_t *wide = sg_win_wide(*list);

		sg_buf_add(&all, wide, (wcslen(wide) + 1) * sizeof *wide);
		free(wide);
	}
	sg_buf_add(&all, L"\0", 2 * sizeof(wchar_t));
	return (wchar_t *)(void *)sg_buf_detach(&all);
}

/* `made`: the service is new. */
static void set_all(SC_HANDLE service, bool made)
{
	const struct sg_service_settings *want = &sg_service_settings;
	SC_ACTION actions[] = { { SC_ACTION_RESTART, want->restart_ms[0] },
		{ SC_ACTION_RESTART, want->restart_ms[1] }, { SC_ACTION_RESTART, want->restart_ms[2] } };
	SERVICE_FAILURE_ACTIONSW failure = {
		.dwResetPeriod = want->reset_s, .cActions = 3, .lpsaActions = actions
	};
	SERVICE_FAILURE_ACTIONS_FLAG ended = { want->restart_on_error };
	SERVICE_DELAYED_AUTO_START_INFO delayed = { want->delayed };
	SERVICE_PRESHUTDOWN_INFO preshutdown = { want->preshutdown_ms };
	SERVICE_SID_INFO sid = { want->sid_type };
	SERVICE_REQUIRED_PRIVILEGES_INFOW required = { multi(want->privileges) };
	SERVICE_DESCRIPTIONW description = { sg_win_wide(want->description) };
	struct sg_buf left = { 0 };

	set(service, SERVICE_CONFIG_DESCRIPTION, &description, "description", &left);
	set(service, SERVICE_CONFIG_FAILURE_ACTIONS, &failure, "failure actions", &left);
	set(service, SERVICE_CONFIG_FAILURE_ACTIONS_FLAG, &ended, "failure actions on errors", &left);
	if (made)
		set(service, SERVICE_CONFIG_DELAYED_AUTO_START_INFO, &delayed, "delayed start", &left);
	set(service, SERVICE_CONFIG_PRESHUTDOWN_INFO, &preshutdown, "preshutdown time", &left);
	set(service, SERVICE_CONFIG_SERVICE_SID_INFO, &sid, "service SID", &left);
	set(service, SERVICE_CONFIG_REQUIRED_PRIVILEGES_INFO, &required, "required privileges", &left);
	if (left.len)
		printf("note: this system does not take these of the service's settings: %s\n",
		        (char *)left.data);
	sg_buf_release(&left);
	free(description.lpDescription);
	free(required.pmszRequiredPrivileges);
}

/* --- what the service is started with */

static int full_path(const char *path, char **ret, struct sg_err *err)
{
	wchar_t *wide = sg_win_path(path), full[32768];
	DWORD n = GetFullPathNameW(wide, 32768, full, NULL);

	free(wide);
	if (!n || n >= 32768)
		return sg_win_fail(err, GetLastError(), "%s is no path", path);
	*ret = sg_win_utf8(full);
	return 0;
}

/* One argument as CommandLineToArgvW() reads it back: backslashes count only before a quotation mark, which no path has. */
static void add_argument(struct sg_buf *line, const char *option, const char *path)
{
	size_t len = strlen(path);

	sg_buf_fmt(line, " %s \"%s", option, path);
	while (len && path[--len] == '\\')
		sg_buf_char(line, '\\');
	sg_buf_char(line, '"');
}

static int command_of(
        const char *program, const struct sg_service_setup *setup, char **ret, struct sg_err *err)
{
	struct sg_drives live = { 0 };
	struct sg_buf line = { 0 };
	char *config = NULL, *journal = NULL;
	int r = setup->config ? full_path(setup->config, &config, err)
	                      : sg_drive_canonical(&live, CONFIG, &config, err);

	if (r == 0 && setup->journal)
		r = full_path(setup->journal, &journal, err);
	if (r == 0) {
		sg_buf_fmt(&line, "\"%s\" run", program);
		add_argument(&line, "--config", config);
		if (journal)
			add_argument(&line, "--journal", journal);
		*ret = sg_buf_detach(&line);
	}
	free(config);
	free(journal);
	return r;
}

static QUERY_SERVICE_CONFIGW *read_config(SC_HANDLE service)
{
	QUERY_SERVICE_CONFIGW *c;
	DWORD size = 0;

	QueryServiceConfigW(service, NULL, 0, &size);
	c = sg_alloc(size);
	if (QueryServiceConfigW(service, c, size, &size))
		return c;
	free(c);
	return NULL;
}

void sg_installed_release(struct sg_installed *i)
{
	sg_options_release(&i->options);
	for (int k = 0; k < i->argc; k++)
		free(i->argv[k]);
	free(i->argv);
	*i = (struct sg_installed){ 0 };
}

void sg_installed_read(void *service, struct sg_installed *ret)
{
	QUERY_SERVICE_CONFIGW *c = read_config(service);
	wchar_t **wide = c ? CommandLineToArgvW(c->lpBinaryPathName, &ret->argc) : NULL;

	if (!wide)
		ret->argc = 0;
	ret->argv = sg_alloc(((size_t)ret->argc + 1) * sizeof *ret->argv);
	for (int i = 0; i < ret->argc; i++)
		ret->argv[i] = sg_win_utf8(wide[i]);
	LocalFree(wide);
	free(c);
	sg_options_read(ret->argc, ret->argv, &ret->options, NULL);
}

/* --- install */

static int create(SC_HANDLE manager, const char *command, SC_HANDLE *ret, struct sg_err *err)
{
	const struct sg_service_settings *want = &sg_service_settings;
	wchar_t *wide = sg_win_wide(command), *display = sg_win_wide(want->display);
	SC_HANDLE s = CreateServiceW(manager, NAME, display, SERVICE_ALL_ACCESS, want->type, want->start,
	        want->error_control, wide, NULL, NULL, NULL, NULL, NULL);
	DWORD e = GetLastError();

	free(wide);
	free(display);
	if (!s)
		return sg_win_fail(err, e, "cannot make the service " SG_SERVICE_NAME);
	*ret = s;
	printf("made the service " SG_SERVICE_NAME ", started with the system: %s\n", command);
	return 0;
}

/* How it starts, which stays: an administrator may have chosen it. */
static const char *starts(SC_HANDLE service)
{
	static const char *const words[] = { "by the boot loader", "by the kernel", "with the system",
		"when asked", "never: it is disabled" };
	SERVICE_DELAYED_AUTO_START_INFO delayed = { FALSE };
	QUERY_SERVICE_CONFIGW *c = read_config(service);
	DWORD start = c ? c->dwStartType : SERVICE_AUTO_START, size;

	free(c);
	QueryServiceConfig2W(service, SERVICE_CONFIG_DELAYED_AUTO_START_INFO, (BYTE *)&delayed,
	        sizeof delayed, &size); /* what it does not tell is not said */
	if (start == SERVICE_AUTO_START && delayed.fDelayedAutostart)
		return "with the system, delayed";
	return start < 5 ? words[start] : "as it did";
}

static int mend(SC_HANDLE service, const char *command, struct sg_err *err)
{
	const struct sg_service_settings *want = &sg_service_settings;
	const char *how = starts(service);
	wchar_t *wide = sg_win_wide(command), *display = sg_win_wide(want->display),
	        *account = sg_win_wide(want->account), *depends = multi(want->depends_on);
	int r = 0;

	if (!ChangeServiceConfigW(service, want->type, SERVICE_NO_CHANGE, want->error_control, wide, NULL,
	            NULL, depends, account, NULL, display))
		r = sg_win_fail(err, GetLastError(), "cannot change the service " SG_SERVICE_NAME);
	else
		printf("mended the service " SG_SERVICE_NAME ", which starts %s: %s\n", how, command);
	free(wide);
	free(display);
	free(account);
	free(depends);
	return r;
}

static int put_in_place(SC_HANDLE manager, const char *program, const struct sg_service_setup *setup,
        SC_HANDLE *ret, bool *ret_made, struct sg_err *err)
{
	SC_HANDLE service = OpenServiceW(manager, NAME, SERVICE_ALL_ACCESS);
	struct sg_service_setup s = *setup;
	struct sg_installed was = { 0 };
	char *command = NULL;
	bool made = !service;
	int r;

	if (!service && GetLastError() != ERROR_SERVICE_DOES_NOT_EXIST)
		return sg_win_fail(err, GetLastError(), "cannot open the service " SG_SERVICE_NAME);
	if (service)
		sg_installed_read(service, &was);
	if (!s.config)
		s.config = was.options.config;
	if (!s.journal)
		s.journal = was.options.journal;
	r = command_of(program, &s, &command, err);
	if (r == 0)
		r = service ? mend(service, command, err) : create(manager, command, &service, err);
	free(command);
	sg_installed_release(&was);
	if (r < 0) {
		if (service)
			CloseServiceHandle(service);
		return r;
	}
	*ret = service;
	*ret_made = made;
	return 0;
}

/* What the service is to be configured by, and its journal's folder: what is asked for, else what it has, else the default. */
static int places_of(void *manager, const struct sg_service_setup *setup, char **ret_config,
        char **ret_journal, struct sg_err *err)
{
	SC_HANDLE service = OpenServiceW(manager, NAME, SERVICE_QUERY_CONFIG);
	struct sg_installed was = { 0 };
	struct sg_drives live = { 0 };
	const char *config = setup->config, *journal = setup->journal;
	int r;

	if (service)
		sg_installed_read(service, &was);
	if (!config)
		config = was.options.config;
	if (!journal)
		journal = was.options.journal;
	r = config ? full_path(config, ret_config, err) : sg_drive_canonical(&live, CONFIG, ret_config, err);
	if (r == 0)
		r = journal ? full_path(journal, ret_journal, err)
		            : sg_place_journal(&live, ret_journal, err);
	sg_installed_release(&was);
	if (service)
		CloseServiceHandle(service);
	return r;
}

/* Unless an administrator has disabled it. */
static int start(SC_HANDLE service, struct sg_err *err)
{
	QUERY_SERVICE_CONFIGW *c = read_config(service);
	bool disabled = c && c->dwStartType == SERVICE_DISABLED;

	free(c);
	if (!disabled)
		return sg_setup_start(service, err);
	printf("the service " SG_SERVICE_NAME " is disabled, and was not started\n");
	return 0;
}

static bool is_below(const char *path, const char *folder)
{
	size_t len = strlen(folder);

	return path && sg_same_n(path, folder, len) && path[len] == '\\';
}

static int closed(int r, const char *folder)
{
	if (r == 0)
		printf("%s and what is in it: SYSTEM and the administrators alone\n", folder);
	return r;
}

/* The service's own folder; and what an administrator has put elsewhere is looked at before anything is changed. */
static int close_folders(const char *config, const char *journal, struct sg_err *err)
{
	struct sg_drives live = { 0 };
	char *folder = NULL;
	int r = sg_drive_canonical(&live, "%ProgramData%\\stopgap", &folder, err);

	if (r == 0)
		r = sg_win_check_way(folder, err);
	if (r == 0 && !is_below(config, folder))
		r = sg_folder_check_config(config, err);
	if (r == 0)
		r = sg_win_check_way(journal, err);
	if (r == 0)
		r = closed(sg_folder_close(folder, err), folder);
	if (r == 0 && !is_below(journal, folder))
		r = closed(sg_folder_close_journal(journal, err), journal);
	free(folder);
	return r;
}

static int install(
        void *manager, const wchar_t *wide, const struct sg_service_setup *setup, struct sg_err *err)
{
	char *program = sg_win_utf8(wide), *config = NULL, *journal = NULL;
	struct sg_seeding seeding = { 0 };
	SC_HANDLE service = NULL;
	bool made = false;
	int r = sg_folder_check_program(program, err);

	if (r == 0)
		r = places_of(manager, setup, &config, &journal, err);
	if (r == 0)
		r = sg_seed_read(&setup->seed, config, &seeding, err);
	if (r == 0)
		r = close_folders(config, journal, err);
	if (r == 0)
		r = sg_seed_write(&seeding, err);
	if (r == 0)
		r = sg_eventlog_register(wide, err);
	if (r == 0)
		r = put_in_place(manager, program, setup, &service, &made, err);
	if (r < 0)
		sg_seed_undo(&seeding);
	else if (seeding.target)
		printf("%s begins as %s says\n", seeding.target, setup->seed.config);
	else if (setup->seed.config && *setup->seed.config)
		printf("%s is there already and stays; nothing of %s is used\n", config, setup->seed.config);
	if (r == 0) {
		set_all(service, made);
		if (setup->start)
			r = start(service, err);
		if (r < 0) /* a second try may bring another one */
			sg_seed_undo(&seeding);
		CloseServiceHandle(service);
	}
	sg_seeding_release(&seeding);
	free(program);
	free(config);
	free(journal);
	return r;
}

int sg_setup_install(const struct sg_service_setup *setup, struct sg_err *err)
{
	void *manager = NULL;
	wchar_t wide[32768];
	DWORD n = GetModuleFileNameW(NULL, wide, 32768);
	int r;

	if (!n || n >= 32768)
		return sg_win_fail(err, GetLastError(), "cannot tell where this program is");
	r = sg_setup_open_manager(SC_MANAGER_CONNECT | SC_MANAGER_CREATE_SERVICE, &manager, err);
	if (r == 0) {
		r = install(manager, wide, setup, err);
		CloseServiceHandle(manager);
	}
	return r;
}
