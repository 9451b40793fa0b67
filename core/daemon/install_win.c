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
#include "daemon/mend_win.h"
#include "daemon/settings_win.h"
#include "daemon/setup_win.h"
#include "engine/places.h"

#include <windows.h>
#include <shellapi.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME   L"" SG_SERVICE_NAME
#define CONFIG "%ProgramData%\\stopgap\\stopgap.xml"

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
	QUERY_SERVICE_CONFIGW *c = sg_settings_read(service);
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

static int put_in_place(SC_HANDLE manager, const char *program, const struct sg_service_setup *setup,
        SC_HANDLE *ret, bool *ret_made, struct sg_err *err)
{
	void *service = OpenServiceW(manager, NAME, SERVICE_ALL_ACCESS);
	struct sg_service_setup s = *setup;
	struct sg_installed was = { 0 };
	char *command = NULL;
	const char *how = "";
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
	if (r == 0 && service)
		how = sg_settings_starts(service);
	if (r == 0)
		r = service ? sg_settings_mend(service, command, err)
		            : sg_settings_create(manager, command, &service, err);
	if (r == 0 && made)
		printf("made the service " SG_SERVICE_NAME ", started with the system: %s\n", command);
	else if (r == 0)
		printf("mended the service " SG_SERVICE_NAME ", which starts %s: %s\n", how, command);
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
	QUERY_SERVICE_CONFIGW *c = sg_settings_read(service);
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

/* What is left as it is, is refused right after, with what ends it. */
static void mend_folder(const char *folder)
{
	struct sg_mended mended = { 0 };

	sg_mend_folder(folder, NULL, &mended);
	for (size_t i = 0; i < mended.put_back.n; i++)
		printf("note: %s\n", mended.put_back.at[i]);
	for (size_t i = 0; i < mended.left.n; i++)
		printf("note: %s\n", mended.left.at[i]);
	sg_mended_release(&mended);
}

/* The service's own folder; and what an administrator has put elsewhere is looked at before anything is changed. A folder that was closed before, and where an
 * administrator only looked, is mended first: it would be refused. */
static int close_folders(const char *config, const char *journal, struct sg_err *err)
{
	struct sg_drives live = { 0 };
	char *folder = NULL;
	int r = sg_drive_canonical(&live, "%ProgramData%\\stopgap", &folder, err);

	if (r == 0) {
		mend_folder(folder);
		mend_folder(journal);
		r = sg_win_check_way(folder, err);
	}
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
	char *left;
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
		left = sg_settings_ask(service, made);
		if (left)
			printf("note: this system does not take these of the service's settings: %s\n", left);
		free(left);
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
