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

/* The path as Windows names it: absolute, with backslashes, without "." and ".."; what it names need not be there. *ret is owned by the caller. */
int sg_win_full_path(const char *path, char **ret, struct sg_err *err);

/* How many octets of a path with backslashes name its root, which nobody makes and above which is nothing: of "C:\a" "C:\", of "\\server\share\a" all but the
 * "a", the same behind "\\?\" and "\\?\UNC\", of "\a" the first one, of "a\b" none. Pure. */
size_t sg_win_root(const char *path);

/* The name of this boot, 32 digits, which the volatile key `boot` below `ours` of HKLM keeps; "unknown" for whoever may not write there. `ours` itself is
 * made to last. */
void sg_win_boot_id(const wchar_t *ours, char out[40]);

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

/* Where two open files or folders lie, as the system itself names both: no link is in these names. HANDLEs; the names are the caller's. SG_ENOENT: it
 * cannot tell. */
int sg_win_places(void *one, void *other, wchar_t **ret_one, wchar_t **ret_other);

/* Whether `place` lies below `root_place`, both as the system names them, just as `path` lies below `root`: letter case aside, and with nothing crossed on
 * the way. Pure. */
bool sg_win_lies(const wchar_t *place, const wchar_t *root_place, const wchar_t *path, const wchar_t *root);

/* --- accounts: a SID in its usual form, "S-1-5-18". All results are owned by the caller. */
char *sg_win_sid_text(void *sid);
char *sg_win_self_sid(void);
/* "CORP\anna (S-1-5-21-...)", or the SID alone when nobody knows its name. Asks a domain controller when it must. */
char *sg_win_account(const char *sid);

/* --- what the system says of others. All results are owned by the caller; NULL: it does not say, and GetLastError() why. */
void *sg_win_token_info(
        void *token, int what); /* what: a TOKEN_INFORMATION_CLASS; the structure that belongs to it */
/* The relative id of a token's integrity level, SECURITY_MANDATORY_*; false: it is not told. */
bool sg_win_token_level(void *token, unsigned long *ret);
void *sg_win_service_config(
        void *service); /* a QUERY_SERVICE_CONFIGW; `service` is an SC_HANDLE that may be asked */

/* True, after a pause, as long as `e` says that somebody else has the file open and *tries is below the bound: half a
 * second in all, which is longer than a virus scanner or IIS keeps a configuration file. */
bool sg_win_again(unsigned long e, int *tries);

#endif
