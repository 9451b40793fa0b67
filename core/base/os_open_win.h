/* os_open_win.h - the one way to open a file on Windows that may be somebody else's. It includes no header of Windows: a HANDLE is a void *. */
#ifndef SG_BASE_OS_OPEN_WIN_H
#define SG_BASE_OS_OPEN_WIN_H

#include <stdbool.h>
#include <wchar.h>

/* CreateFileW for files and folders, and its errors in GetLastError(), but for these:
 * - it waits for nobody. Who holds an opportunistic lock on the file is told that it is wanted, and the answer is ERROR_SHARING_VIOLATION, as of any file that
 *   is in use: tried again after sg_win_again(), it opens as soon as he has answered, and it is SG_EBUSY when he never does. A filter driver or a provider that
 *   makes the open wait is given SG_DEADLINE_MS, then it is ERROR_OPERATION_ABORTED;
 * - it fetches no contents that are kept elsewhere;
 * - should the name lead to a pipe, its server cannot act as this account.
 * `path` as of sg_win_path(). `how`: CREATE_NEW, CREATE_ALWAYS or OPEN_EXISTING. `flags`: FILE_FLAG_BACKUP_SEMANTICS, FILE_FLAG_OPEN_REPARSE_POINT,
 * FILE_FLAG_DELETE_ON_CLOSE, FILE_FLAG_WRITE_THROUGH; anything else is ERROR_INVALID_PARAMETER. `descriptor`: a security descriptor for what is made, or NULL. The caller's, for
 * CloseHandle(); INVALID_HANDLE_VALUE when it fails. Any thread.
 * Follows "NtCreateFile function", "Opportunistic Locks", "CreateFileW function" and "Naming Files, Paths, and Namespaces". */
void *sg_win_open(const wchar_t *path, unsigned long access, unsigned long share, void *descriptor,
        unsigned long how, unsigned long flags);

/* The error that sg_win_open() gives for what NtCreateFile returned; 0: it is open. Pure: `by_system` is what RtlNtStatusToDosError() says of the status. */
unsigned long sg_win_open_error(long status, unsigned long by_system, bool ends_in_slash);

/* The kernel's name of a path that is absolute and has no "." and ".." any more, or has \\?\ or \\.\ in front; owned by the caller. Pure. */
wchar_t *sg_win_kernel_name(const wchar_t *full);

/* Whether a file with these attributes (FILE_ATTRIBUTE_*) is but a name here: its contents are kept by a cloud or an archive, and reading them would have them
 * fetched. Pure. */
bool sg_win_is_away(unsigned long attributes);

#endif
