/* os_meta_win.h - access lists, attributes and named streams of files on Windows. For os_replace_win.c and os_folder_win.c. */
#ifndef SG_BASE_OS_META_WIN_H
#define SG_BASE_OS_META_WIN_H

#include "base/err.h"
#include <wchar.h>

/* Creates a new file (CREATE_NEW, never through a link) for SYSTEM, the administrators and its owner only; `share` and `flags` as of CreateFile. A HANDLE,
 * INVALID_HANDLE_VALUE and GetLastError() on failure. */
void *sg_win_create_private(const wchar_t *path, unsigned long share, unsigned long flags);

/* Makes one folder with the same access list; one that is there already is fine. */
int sg_win_make_dir(const char *path, struct sg_err *err);

/* Gives the open file `h` (at `path`) owner, group, access list, integrity label, attributes, creation time and named streams of `like`,
 * which keeps its name meanwhile, and is no link (SG_EUNSUPPORTED). SG_EACCES when `like` is read-only: whoever set that does not want it replaced. */
int sg_win_copy_metadata(const char *like, void *h, const char *path, struct sg_err *err);

#endif
