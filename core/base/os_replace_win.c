/* os_replace_win.c - files that are made, put in the place of others, and removed, on Windows.
 *
 * Guarantees: a file is replaced whole by MoveFileExW, which nobody can make wait for more than SG_DEADLINE_MS, and what that needs to be durable is at hand before anything is changed. A folder in which we work may
 * be another's, who would have us write elsewhere (a junction in its place) or stop (no way to the flush): a file of ours is its pin. While that is open
 * nobody can rename or remove the folder or one above it, nor turn it into a link, because NTFS does so to no folder with an open file below it, and to none
 * that is not empty.
 *
 * The pin is a file of its own. The temporary file cannot be it: MoveFileExW opens what it moves for deletion, so that whoever has it open must share its
 * deletion; and it has the access list of the file that it will be, by which the folder's owner may delete it. Nor would the replaced file do for the flush:
 * that asks for the right to write, and IIS, which opens the new file as soon as it is told of it and may not share that right, would be refused. NTFS writes
 * its log in order: a flush of the pin, changed after the rename, takes the rename with it.
 */
#include "base/os.h"
#include "base/os_deadline_win.h"
#include "base/os_meta_win.h"
#include "base/os_open_win.h"
#include "base/os_win.h"

#include <windows.h>

#include <stdlib.h>
#include <string.h>

static int fatal(const char *path, struct sg_err *err)
{
	return sg_fail(err, SG_EFATAL, "cannot flush %s (error %lu); what the volume holds is not known now",
	        path, GetLastError());
}

int sg_win_flush(void *h, const char *path, struct sg_err *err)
{
	return FlushFileBuffers(h) ? 0 : fatal(path, err);
}

/* --- calls that open by name, as MoveFileExW and DeleteFileW do, and wait for whoever holds an opportunistic lock: not for long */

static DWORD move_once(const wchar_t *from, const wchar_t *to)
{
	struct sg_deadline d;
	DWORD e;

	if (!sg_deadline_begin(&d, SG_DEADLINE_MS))
		return GetLastError();
	e = MoveFileExW(from, to, MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH) ? 0 : GetLastError();
	if (sg_deadline_end(&d) && e)
		e = ERROR_OPERATION_ABORTED; /* whatever a driver made of it */
	return e;
}

static DWORD delete_once(const wchar_t *path)
{
	struct sg_deadline d;
	DWORD e;

	if (!sg_deadline_begin(&d, SG_DEADLINE_MS))
		return GetLastError();
	e = DeleteFileW(path) ? 0 : GetLastError();
	sg_deadline_end(&d);
	return e;
}

/* --- making */

static int write_all(HANDLE h, const char *path, struct sg_bytes octets, struct sg_err *err)
{
	for (size_t at = 0; at < octets.len;) {
		size_t left = octets.len - at;
		DWORD n = 0;

		if (!WriteFile(h, octets.data + at, (DWORD)(left < 1 << 20 ? left : 1 << 20), &n, NULL))
			return sg_win_fail(err, GetLastError(), "cannot write %s", path);
		at += n;
	}
	return 0;
}

/* The very file that was made, whatever has its name by now. */
static void unmake(HANDLE h)
{
	FILE_DISPOSITION_INFO gone = { TRUE };

	SetFileInformationByHandle(h, FileDispositionInfo, &gone, sizeof gone);
}

static int create(const char *path, bool plain, struct sg_bytes octets, const char *like, struct sg_err *err)
{
	wchar_t *wide = sg_win_path(path);
	HANDLE h = plain ? sg_win_open(wide, GENERIC_WRITE | DELETE, FILE_SHARE_READ, NULL, CREATE_NEW,
	                           FILE_FLAG_OPEN_REPARSE_POINT)
	                 : sg_win_create_private(wide, FILE_SHARE_READ, 0);
	int r;

	if (h == INVALID_HANDLE_VALUE) {
		r = sg_win_fail(err, GetLastError(), "cannot create %s", path);
		goto out;
	}
	r = write_all(h, path, octets, err);
	if (r == 0 && like)
		r = sg_win_copy_metadata(like, h, path, err);
	if (r < 0)
		unmake(h);
	CloseHandle(h);
out:
	free(wide);
	return r;
}

int sg_os_create(const char *path, struct sg_bytes octets, const char *like, struct sg_err *err)
{
	return create(path, false, octets, like, err);
}

int sg_os_create_plain(const char *path, struct sg_bytes octets, struct sg_err *err)
{
	return create(path, true, octets, NULL, err);
}

/* --- the pin */

static BOOL write_octet(HANDLE h)
{
	OVERLAPPED begin = { 0 };
	DWORD n = 0;

	return WriteFile(h, "\n", 1, &n, &begin) && n == 1;
}

int sg_win_pin(const char *path, void **ret, struct sg_err *err)
{
	wchar_t *wide = sg_win_path(path);
	HANDLE h = sg_win_create_private(wide, 0, FILE_FLAG_DELETE_ON_CLOSE);
	DWORD e = GetLastError();
	int r = 0;

	/* a loss of power left it here */
	if (h == INVALID_HANDLE_VALUE && e == ERROR_FILE_EXISTS && delete_once(wide) == 0) {
		h = sg_win_create_private(wide, 0, FILE_FLAG_DELETE_ON_CLOSE);
		e = GetLastError();
	}
	/* so that the octet that is written after a rename asks for no space */
	if (h != INVALID_HANDLE_VALUE && !write_octet(h)) {
		e = GetLastError();
		CloseHandle(h);
		h = INVALID_HANDLE_VALUE;
	}
	if (h == INVALID_HANDLE_VALUE)
		r = sg_win_fail(err, e, "cannot hold a folder by %s", path);
	else
		*ret = h;
	free(wide);
	return r;
}

/* --- replacing */

/* MoveFileExW says "access denied" for a target that anybody has open, whatever he shares: wanting it alone tells. */
static bool is_shared_out(const wchar_t *path)
{
	HANDLE h = sg_win_open(path, DELETE, 0, NULL, OPEN_EXISTING, FILE_FLAG_OPEN_REPARSE_POINT);
	DWORD e = GetLastError();

	if (h != INVALID_HANDLE_VALUE)
		CloseHandle(h);
	return h == INVALID_HANDLE_VALUE && e == ERROR_SHARING_VIOLATION;
}

/* What the system knows the open file by, from the root of its volume on; owned by the caller, NULL: it does not say. */
static wchar_t *name_of(HANDLE h)
{
	const DWORD room = sizeof(FILE_NAME_INFO) + 32768 * sizeof(wchar_t);
	FILE_NAME_INFO *named = sg_alloc(room);
	wchar_t *name = NULL;

	if (GetFileInformationByHandleEx(h, FileNameInfo, named, room)) {
		name = sg_alloc(named->FileNameLength + sizeof *name);
		memcpy(name, named->FileName, named->FileNameLength);
	}
	free(named);
	return name;
}

/* Behind the last separator, or all of it. */
static wchar_t *last_of(wchar_t *path)
{
	wchar_t *slash = wcsrchr(path, L'\\');

	return slash ? slash + 1 : path;
}

/* Whether the system says that the open file has the last name of `to` and is in the folder that the pin holds. Its owner may have moved it elsewhere. */
static bool is_named(HANDLE made, HANDLE pin, wchar_t *to)
{
	wchar_t *is = name_of(made), *beside = name_of(pin);
	bool same = false;

	if (is && beside) {
		wchar_t *last = last_of(is), *pin_last = last_of(beside);

		same = last - is == pin_last - beside && wmemcmp(is, beside, (size_t)(last - is)) == 0 &&
		       CompareStringOrdinal(last, -1, last_of(to), -1, TRUE) == CSTR_EQUAL;
	}
	free(is);
	free(beside);
	return same;
}

/* Whether a rename that was cancelled came through all the same. The file itself is asked first, as nobody can refuse that: a folder's owner who could have us
 * not know would stop the service. Wine says what the name was; whoever has the name then tells. */
static bool has_moved(HANDLE made, HANDLE pin, const struct sg_file_id *id, const char *to, wchar_t *wide_to)
{
	struct sg_file_id now;

	return is_named(made, pin, wide_to) ||
	       (sg_os_stat(to, &now, NULL) == 0 && now.dev == id->dev && now.ino == id->ino);
}

static int move(const char *from, const char *to, HANDLE pin, struct sg_err *err)
{
	wchar_t *wide_from = sg_win_path(from), *wide_to = sg_win_path(to);
	/* opened for a look, it is in the way of nothing */
	HANDLE made = sg_win_open(wide_from, FILE_READ_ATTRIBUTES,
	        FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL, OPEN_EXISTING,
	        FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT);
	DWORD e = GetLastError();
	struct sg_file_id id;
	int tries = 0, r;

	if (made == INVALID_HANDLE_VALUE) {
		r = sg_win_fail(err, e, "cannot put %s in the place of %s", from, to);
		goto out;
	}
	r = sg_os_identify((struct sg_os_file){ (intptr_t)made }, &id, err);
	if (r < 0)
		goto out;
	do {
		e = move_once(wide_from, wide_to);
		if (e == ERROR_ACCESS_DENIED && is_shared_out(wide_to))
			e = ERROR_SHARING_VIOLATION;
	} while (e && sg_win_again(e, &tries));
	if (e && !(e == ERROR_OPERATION_ABORTED && has_moved(made, pin, &id, to, wide_to)))
		r = sg_win_fail(err, e, "cannot put %s in the place of %s", from, to);
out:
	if (made != INVALID_HANDLE_VALUE)
		CloseHandle(made);
	free(wide_from);
	free(wide_to);
	return r;
}

/* Writing through covers the move of data between volumes, not the metadata of a rename: a flush does. After the rename nothing is opened any more, and so
 * nobody but the volume can make it fail. */
int sg_os_replace(const char *from, const char *to, struct sg_err *err)
{
	char *beside = sg_format("%s" SG_OS_PIN, from);
	void *pin = NULL;
	int r = sg_win_pin(beside, &pin, err);

	if (r == 0)
		r = move(from, to, pin, err);
	if (r == 0)
		r = write_octet(pin) ? sg_win_flush(pin, to, err) : fatal(to, err);
	if (pin)
		CloseHandle(pin);
	free(beside);
	return r;
}

int sg_os_unlink(const char *path, struct sg_err *err)
{
	wchar_t *wide = sg_win_path(path);
	int tries = 0, r = 0;
	DWORD e;

	do
		e = delete_once(wide);
	while (e && sg_win_again(e, &tries));
	if (e && e != ERROR_FILE_NOT_FOUND && e != ERROR_PATH_NOT_FOUND)
		r = sg_win_fail(err, e, "cannot remove %s", path);
	free(wide);
	return r;
}
