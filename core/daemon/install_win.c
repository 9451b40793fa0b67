/* install_win.c - `stopgapd install`: the service, its folders' access lists and its event source, made or mended.
 *
 * It can be repeated: an upgrade does. Only how the service starts is the administrator's once it is there, and arguments that are not given stay as they
 * were. Nothing here touches a mitigation.
 */
#include "base/closed_win.h"
#include "base/drive.h"
#include "base/os.h"
#include "base/os_win.h"
#include "base/text.h"
#include "daemon/eventlog_win.h"
#include "daemon/folders_win.h"
#include "daemon/mend_win.h"
#include "daemon/remembered_win.h"
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

/* Where its things are: as it is asked for, else as the service has it, else as the last installation had it, else the default. */
struct places {
	char *config, *journal;
	bool tells_journal; /* it is not where everybody would look */
};

/* One argument as CommandLineToArgvW() reads it back: backslashes count only before a quotation mark, which no path has. */
static void add_argument(struct sg_buf *line, const char *option, const char *path)
{
	size_t len = strlen(path);

	sg_buf_fmt(line, " %s \"%s", option, path);
	while (len && path[--len] == '\\')
		sg_buf_char(line, '\\');
	sg_buf_char(line, '"');
}

static char *command_of(const char *program, const struct places *where)
{
	struct sg_buf line = { 0 };

	sg_buf_fmt(&line, "\"%s\" run", program);
	add_argument(&line, "--config", where->config);
	if (where->tells_journal)
		add_argument(&line, "--journal", where->journal);
	return sg_buf_detach(&line);
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
	QUERY_SERVICE_CONFIGW *c = sg_win_service_config(service);
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

static int put_in_place(SC_HANDLE manager, const char *program, const struct places *where, SC_HANDLE *ret,
        bool *ret_made, struct sg_err *err)
{
	void *service = OpenServiceW(manager, NAME, SERVICE_ALL_ACCESS);
	DWORD e = service ? 0 : GetLastError();
	char *command = command_of(program, where);
	const char *how = service ? sg_settings_starts(service) : "";
	bool made = !service;
	int r;

	if (e && e != ERROR_SERVICE_DOES_NOT_EXIST)
		r = sg_win_fail(err, e, "cannot open the service " SG_SERVICE_NAME);
	else
		r = service ? sg_settings_mend(service, command, err)
		            : sg_settings_create(manager, command, &service, err);
	if (r == 0) /* for whoever comes when the service is gone */
		r = sg_remembered_write(where->config, where->journal, err);
	if (r == 0 && made)
		printf("made the service " SG_SERVICE_NAME ", started with the system: %s\n", command);
	else if (r == 0)
		printf("mended the service " SG_SERVICE_NAME ", which starts %s: %s\n", how, command);
	free(command);
	if (r < 0) {
		if (service)
			CloseServiceHandle(service);
		return r;
	}
	*ret = service;
	*ret_made = made;
	return 0;
}

static const char *first_of(const char *asked, const char *has, const char *had)
{
	return asked ? asked : has ? has : had;
}

static int places_of(
        void *manager, const struct sg_service_setup *setup, struct places *ret, struct sg_err *err)
{
	SC_HANDLE service = OpenServiceW(manager, NAME, SERVICE_QUERY_CONFIG);
	struct sg_remembered memory = { 0 };
	struct sg_installed was = { 0 };
	struct sg_drives live = { 0 };
	const char *config, *journal;
	char *usual = NULL;
	int r;

	if (service)
		sg_installed_read(service, &was);
	r = service ? 0 : sg_remembered_read(&memory, err);
	config = first_of(setup->config, was.options.config, memory.config);
	journal = first_of(setup->journal, was.options.journal, memory.journal);
	if (r == 0)
		r = config ? sg_win_full_path(config, &ret->config, err)
		           : sg_drive_canonical(&live, CONFIG, &ret->config, err);
	if (r == 0)
		r = sg_place_journal(&live, &usual, err);
	if (r == 0)
		r = sg_win_full_path(journal ? journal : usual, &ret->journal, err);
	if (r == 0)
		ret->tells_journal = setup->journal || was.options.journal || !sg_same(ret->journal, usual);
	free(usual);
	sg_remembered_release(&memory);
	sg_installed_release(&was);
	if (service)
		CloseServiceHandle(service);
	return r;
}

static void places_release(struct places *p)
{
	free(p->config);
	free(p->journal);
}

/* Unless an administrator has disabled it. */
static int start(SC_HANDLE service, struct sg_err *err)
{
	QUERY_SERVICE_CONFIGW *c = sg_win_service_config(service);
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
static void mend_folder(const char *folder, enum sg_mend_part part)
{
	struct sg_mended mended = { 0 };

	sg_mend_folder(folder, part, NULL, &mended);
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

	if (r == 0)
		r = sg_win_check_way(folder, err);
	if (r == 0)
		mend_folder(folder, SG_MEND_OWN);
	if (r == 0 && !is_below(config, folder))
		r = sg_folder_check_config(config, err);
	if (r == 0)
		r = sg_win_check_way(journal, err);
	if (r == 0)
		mend_folder(journal, SG_MEND_JOURNAL);
	if (r == 0)
		r = closed(sg_folder_close(folder, err), folder);
	if (r == 0 && is_below(journal, folder)) /* one that is missing was taken away then */
		r = sg_os_mkdirs(journal, err);
	if (r == 0 && !is_below(journal, folder))
		r = closed(sg_folder_close_journal(journal, err), journal);
	free(folder);
	return r;
}

static int install(
        void *manager, const wchar_t *wide, const struct sg_service_setup *setup, struct sg_err *err)
{
	char *program = sg_win_utf8(wide);
	struct places where = { 0 };
	struct sg_seeding seeding = { 0 };
	SC_HANDLE service = NULL;
	bool made = false;
	char *left;
	int r = sg_folder_check_program(program, err);

	if (r == 0)
		r = places_of(manager, setup, &where, err);
	if (r == 0)
		r = sg_seed_read(&setup->seed, where.config, &seeding, err);
	if (r == 0)
		r = close_folders(where.config, where.journal, err);
	if (r == 0)
		r = sg_seed_write(&seeding, err);
	if (r == 0)
		r = sg_eventlog_register(wide, err);
	if (r == 0)
		r = put_in_place(manager, program, &where, &service, &made, err);
	if (r < 0)
		sg_seed_undo(&seeding);
	else if (seeding.target)
		printf("%s begins as %s says\n", seeding.target, setup->seed.config);
	else if (setup->seed.config && *setup->seed.config)
		printf("%s is there already and stays; nothing of %s is used\n", where.config,
		        setup->seed.config);
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
	places_release(&where);
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
