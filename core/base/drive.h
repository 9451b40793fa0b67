/* drive.h - from a Windows path to a native one.
 *
 * On Linux each drive letter is a folder given by --root C=DIR: components are matched without case (ASCII and the
 * Latin-1 letters), a name that matches two entries is refused (SG_ECONFLICT), a link inside the drive is refused, and
 * ".." never climbs above the drive. Environment names at the start are expanded for the drive, not for this process:
 * %SystemDrive% %windir% %SystemRoot% %ProgramFiles% %ProgramData%. On Windows the drives are this machine's own unless
 * folders are given; names mean what the system says then, and a link on the way is refused all the same.
 * Owner: the caller; read-only after set-up, so any thread.
 */
#ifndef SG_BASE_DRIVE_H
#define SG_BASE_DRIVE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/os.h"

struct sg_drives {
	char *dir[26]; /* native folder of A: to Z:; NULL: not there */
};

/* `arg` is "C=DIR"; DIR must be a folder. */
int sg_drives_add(struct sg_drives *d, const char *arg, struct sg_err *err);
void sg_drives_release(struct sg_drives *d);

/* Whether these are this machine's own drives: what is on them is live, and the registry and the services are Windows's, not files of a drive. Never but on
 * Windows, and there when no folder was given. The one place where that is decided. */
bool sg_drives_live(const struct sg_drives *d);

#define SG_DRIVE_LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
/* Native folder of the drive 'A' to 'Z', as all native paths on it begin, without a slash at its end ("/mnt/c", live "C:"); NULL: it is not at hand. Live,
 * only volumes of this machine are: no network drive, no disc. Borrowed, as long as the drives. */
const char *sg_drive_root(const struct sg_drives *d, char letter);

/* "C:\inetpub\wwwroot\web.config" or "%SystemDrive%\inetpub\..." -> native path, owned by the caller.
 * SG_ENOENT names the first component that is missing. With `may_lack_last` the last component may be missing and is
 * returned as written. */
int sg_drive_path(
        const struct sg_drives *d, const char *win, bool may_lack_last, char **ret, struct sg_err *err);

/* Holds the folder of a file while that is looked at and replaced: `native` is where the file was, and SG_ECONFLICT says that it is elsewhere now, because
 * a folder was moved or a link put in its place. Windows: until sg_os_close(ret) no folder on the way can be renamed, removed or made a link; a file of ours
 * is in the folder for that, named as `temp` (the path of the new contents, in the same folder) with SG_DRIVE_HOLD behind it, which only a loss of power
 * leaves there. POSIX: the way is walked afresh, and nothing is held (*ret stays closed). */
#define SG_DRIVE_HOLD ".hold"
int sg_drive_hold(const struct sg_drives *d, const char *win, const char *native, const char *temp,
        struct sg_os_file *ret, struct sg_err *err);
/* The first half of that: whether the way leads to `native` still. */
int sg_drive_still(const struct sg_drives *d, const char *win, const char *native, struct sg_err *err);

/* The canonical Windows form: drive letter upper case, backslashes, no trailing one (but "C:\" for a drive itself), "."
 * and ".." and the dots and blanks at the end of a name taken away as Windows does, names expanded; case as written.
 * SG_EINVAL for what is no absolute path of a drive or names a device ("nul"), SG_EUNSUPPORTED for network and device paths. */
int sg_drive_canonical(const struct sg_drives *d, const char *win, char **ret, struct sg_err *err);

/* What %name% means to this process, owned by the caller; NULL for a name that is not known, and on systems that have no drives. */
char *sg_drive_env(const char *name);

char *sg_win_join(const char *folder, const char *rest); /* one backslash between */
bool sg_win_same(const char *a, const char *b);          /* canonical forms, case ignored */
int sg_win_compare(const char *a, const char *b);        /* an order by that; 0: the same */
bool sg_win_under(const char *path, const char *folder); /* path is the folder or below it */

#endif
