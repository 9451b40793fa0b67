/* inspect.c - looks at a drive as a crash left it, before anything is recovered: P1, and all that the journal's file can show. Changes nothing. */
#include "scenario.h"

#include "actions/services.h"
#include "base/drive.h"
#include "base/os.h"
#include "journal/mirror.h"
#include "journal/read.h"
#include "tests/lib/drive.h"
#include "tests/lib/hive_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const targets[] = { T_WWWROOT, T_OWA, T_APPHOST };
static const char mark[] = "name=\"stopgap ";

static int complain(const char *what, const char *text)
{
	snprintf(told->message, sizeof(told->message), "%s: %s", what, text);
	return 1;
}

struct findings {
	bool found, any_mirror; /* any_mirror: a mirror that is missing or empty is none */
};

static void finding(void *arg, const struct sg_finding *f)
{
	struct findings *all = arg;

	if (all->any_mirror && strcmp(f->promise, "mirror") == 0)
		return;
	if (!all->found)
		snprintf(told->message, sizeof(told->message), "the journal's check: %s, %s: %s", f->promise,
		        f->record, f->text);
	all->found = true;
}

static bool in_path(const char *path, const char *name)
{
	char *quoted = sg_format("[@name='%s']", name);
	bool found = strstr(path, quoted) != NULL;

	free(quoted);
	return found;
}

static bool held(const struct sg_holds *holds, const char *container, const char *name)
{
	for (size_t i = 0; i < holds->n; i++) {
		if (sg_win_same(holds->at[i].addr.container, container) &&
		        in_path(holds->at[i].addr.path, name))
			return true;
	}
	return false;
}

static bool mirrored(const struct sg_val *content, const char *container, const char *name)
{
	const struct sg_val *holds = content ? sg_val_get(content, "holds") : NULL;

	for (size_t i = 0; holds && i < holds->n; i++) {
		if (sg_win_same(sg_val_get_str(holds->kid[i], "container", ""), container) &&
		        in_path(sg_val_get_str(holds->kid[i], "path", ""), name))
			return true;
	}
	return false;
}

/* Every value of ours that is in the file has its hold in the journal and in the mirror. */
static int inspect_target(
        const char *drive, const char *container, const struct sg_holds *holds, const struct sg_val *mirror)
{
	struct sg_buf octets = { 0 };
	int r = 0;

	t_drive_read(drive, container, &octets);
	for (const char *p = (const char *)octets.data; !r && p && (p = strstr(p, mark)) != NULL; p++) {
		const char *from = p + strlen("name=\"");
		char *name = sg_strndup(from, strcspn(from, "\""));

		if (!held(holds, container, name))
			r = complain("P1: a value is in its file, and no hold keeps its before", name);
		else if (!mirrored(mirror, container, name))
			r = complain(
			        "P1: a value is in its file, and the mirror does not know its hold", name);
		free(name);
	}
	sg_buf_release(&octets);
	return r;
}

/* The same of start types, and of the pool. */
static int inspect_services(const char *drive, const struct sg_holds *holds)
{
	static const char *const services[] = { "MSExchangeHM", "MSExchangeUM", "MSExchangeUMCR" };
	static const char pool[] = "add[@name='MSExchangeECPAppPool']/@autoStart";
	bool any = false;

	for (size_t i = 0; i < sizeof(services) / sizeof(*services); i++) {
		struct sg_addr addr = { 0 };
		bool claimed, moved = t_start(drive, services[i]) != 2;

		sg_service_addr(services[i], &addr);
		claimed = sg_holds_find(holds, &addr) != NULL;
		sg_addr_release(&addr);
		if (moved && !claimed)
			return complain("P1: a service is disabled, and no hold keeps its type", services[i]);
	}
	for (size_t i = 0; i < holds->n; i++)
		any = any || strstr(holds->at[i].addr.path, pool);
	if (!any && t_drive_has(drive, T_APPHOST,
	                    "\"MSExchangeECPAppPool\" managedRuntimeVersion=\"v4.0\" "
	                    "managedPipelineMode=\"Integrated\" autoStart=\"false\""))
		return complain("P1: a pool does not start, and no hold keeps its attribute", pool);
	return 0;
}

int inspect_drive(const char *drive, bool crashed)
{
	char *folder = sg_format("%s" JOURNAL_FOLDER, drive), *file = sg_format("%s/journal.mdb", folder),
	     *path = sg_format("%s/journal.mirror", folder);
	struct sg_journal_read *copy = NULL;
	struct sg_holds holds = { 0 };
	struct sg_val *mirror = NULL;
	struct sg_err err = SG_ERR_INIT;
	struct sg_file_id id;
	struct findings all = { 0 };
	uint64_t seq = 0;
	int r = 0;

	sg_mirror_read(path, &mirror, &seq, NULL);
	if (sg_os_stat(file, &id, NULL) == 0) {
		if (sg_journal_copy(folder, &copy, &err) || sg_journal_holds(copy, &holds, &err))
			r = complain("the journal as it is found", err.msg);
		all.any_mirror =
		        crashed && holds.n == 0; /* died while it was made: the next start makes the mirror */
		if (!r && sg_journal_check(copy, finding, &all, &err) < 0)
			r = complain("the journal's check", err.msg);
		else if (all.found)
			r = 1;
	}
	for (size_t i = 0; !r && i < sizeof(targets) / sizeof(*targets); i++)
		r = inspect_target(drive, targets[i], &holds, mirror);
	if (!r)
		r = inspect_services(drive, &holds);
	sg_holds_release(&holds);
	sg_val_free(mirror);
	sg_journal_copy_close(copy);
	free(folder);
	free(file);
	free(path);
	return r;
}

/* An export that was acknowledged is there and whole. */
int inspect_export(const char *drive)
{
	char *path = sg_format("%s" EXPORT, drive);
	struct sg_journal_read *copy = NULL;
	struct sg_err err = SG_ERR_INIT;
	struct findings all = { .any_mirror = true };
	int r = 0;

	if (told->acknowledged &&
	        (sg_journal_copy(path, &copy, &err) || sg_journal_check(copy, finding, &all, &err) < 0))
		r = complain("the export that was acknowledged", err.msg);
	else if (all.found)
		r = 1;
	sg_journal_copy_close(copy);
	free(path);
	return r;
}
