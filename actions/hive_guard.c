/* hive_guard.c - whether a hive may be written into: its own state, Windows asleep on its drive, the system's leave. Reads only.
 *
 * Windows writes what it has in memory over a hive when it wakes, and replays its logs over one that is dirty: an edit would be lost, or mixed with older
 * octets. So what is not certainly at rest is refused.
 */
#include "actions/hive_parts.h"
#include "base/os.h"

#include <stdlib.h>

static const char again[] = "start Windows once, shut it down properly, and try again";

/* A hibernation file whose head is not wiped: Windows is asleep (hibernated, or shut down with Fast Startup). */
static char *asleep(const struct sg_drives *drives, const struct sg_hive *h)
{
	char *win = sg_format("%c:\\hiberfil.sys", h->name[0]), *native = NULL, *why = NULL;
	struct sg_os_file f = SG_OS_FILE_INIT;
	struct sg_err err = SG_ERR_INIT;
	unsigned char head[4096] = { 0 };
	size_t got = 0;
	int r;

	r = sg_drive_path(drives, win, false, &native, &err);
	if (!r)
		r = sg_os_open_read(native, &f, &err);
	if (!r)
		r = sg_os_pread(f, 0, head, sizeof(head), &got, &err);
	if (r && r != SG_ENOENT)
		why = sg_format("whether Windows is hibernated on its drive cannot be told: %s", err.msg);
	for (size_t i = 0; !r && !why && i < got; i++)
		if (head[i])
			why = sg_format("Windows is hibernated on its drive (%s is not wiped) and would "
			                "write over it: start "
			                "Windows once, turn hibernation off (powercfg /h off), shut it down "
			                "properly, and try again",
			        win);
	sg_os_close(&f);
	free(native);
	free(win);
	return why;
}

static char *kept_from_us(const struct sg_drives *drives, const struct sg_hive *h)
{
	struct sg_os_file f = SG_OS_FILE_INIT;
	struct sg_err err = SG_ERR_INIT;
	char *native = NULL, *why = NULL;

	if (sg_drive_path(drives, h->name, false, &native, &err) || sg_os_open(native, false, &f, &err))
		why = sg_format("it cannot be written: %s", err.msg);
	sg_os_close(&f);
	free(native);
	return why;
}

char *sg_hive_locked(const struct sg_drives *drives, const struct sg_hive *h)
{
	char *why, *text;

	if (!h->clean)
		return sg_format("%s is not clean: %s; %s", h->name, h->unclean, again);
	why = asleep(drives, h);
	if (!why)
		why = kept_from_us(drives, h);
	text = why ? sg_format("%s is left alone: %s", h->name, why) : NULL;
	free(why);
	return text;
}
