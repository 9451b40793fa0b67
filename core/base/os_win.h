/* os_win.h - what the *_win.c files of this layer share: text to and from UTF-16, and the system's errors. It includes
 * no header of Windows: a HANDLE is a void *, an error number an unsigned long. */
#ifndef SG_BASE_OS_WIN_H
#define SG_BASE_OS_WIN_H

#include "base/err.h"
#include "base/mem.h"
#include <wchar.h>

/* Both are owned by the caller. Octets that are no UTF-8, and lone surrogates, become U+FFFD. */
wchar_t *sg_win_wide(const char *utf8);
char *sg_win_utf8(const wchar_t *wide);

/* The path with backslashes, and as \\?\ path when it is long. Owned by the caller. */
wchar_t *sg_win_path(const char *utf8);

/* Records the message, the system's text and the number of GetLastError()'s value `e`; returns the code that fits. */
int sg_win_fail(struct sg_err *err, unsigned long e, const char *fmt, ...)
        __attribute__((format(printf, 3, 4)));

/* Refuses a file that is_away, and says what can be done. */
int sg_win_refuse_away(const char *path, struct sg_err *err);

/* Flushes an open file; SG_EFATAL, and nothing else, when that fails. `path` is for the message. */
int sg_win_flush(void *h, const char *path, struct sg_err *err);

/* Pins the folder that `path` is in: makes a file of that name, which nobody else may open, and keeps it open; closed or left to the system, it is gone.
 * While it is there neither the folder nor one above it can be renamed, removed or made a link. *ret is a HANDLE. */
int sg_win_pin(const char *path, void **ret, struct sg_err *err);

/* Whether `place` lies below `root_place`, both as the system names them, just as `path` lies below `root`: letter case aside, and with nothing crossed on
 * the way. Pure. */
bool sg_win_lies(const wchar_t *place, const wchar_t *root_place, const wchar_t *path, const wchar_t *root);

/* --- accounts: a SID in its usual form, "S-1-5-18". All results are owned by the caller. */
char *sg_win_sid_text(void *sid);
char *sg_win_self_sid(void);
/* "CORP\anna (S-1-5-21-...)", or the SID alone when nobody knows its name. Asks a domain controller when it must. */
char *sg_win_account(const char *sid);

/* True, after a pause, as long as `e` says that somebody else has the file open and *tries is below the bound: half a
 * second in all, which is longer than a virus scanner or IIS keeps a configuration file. */
bool sg_win_again(unsigned long e, int *tries);

#endif
