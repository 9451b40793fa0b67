/* privilege_win.h - a privilege of this process for one call. For *_win.c only. */
#ifndef SG_BASE_PRIVILEGE_WIN_H
#define SG_BASE_PRIVILEGE_WIN_H

#include <stdbool.h>
#include <wchar.h>

/* Enables a privilege that this process has, for the calling thread alone, until sg_privilege_end(). False: it does not have it, or the thread acts as
 * somebody else already; nothing changed then. Not nested. */
bool sg_privilege_begin(const wchar_t *name);
void sg_privilege_end(bool begun);
/* Takes it from this process, for good. */
void sg_privilege_drop(const wchar_t *name);

#endif
