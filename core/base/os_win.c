/* os_win.c - files on Windows that are read, or written in place. Files that are replaced are in os_replace_win.c, folders in os_folder_win.c, what a
 * file has besides its contents in os_meta_win.c, time, locks and guarded calls in os_system_win.c.
 *
 * Guarantees what os.h says. A file that another process has open is tried again for a bounded time, then it is
 * SG_EBUSY; so is one whose holder, or whose keeper, lets us wait. Links (reparse points that stand for another name) are refused; other reparse points, such as
 * deduplicated files, are ordinary files.
 */
#include "base/os.h"
#include "base/os_deadline_win.h"
#include "base/os_open_win.h"
#include "base/os_win.h"

#include <windows.h>
#include <winioctl.h>

#include <stdlib.h>
#include <string.h>

enum { SHARE_ALL = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE };

/* --- looking */

/* sg_win_open() with patience; INVALID_HANDLE_VALUE and GetLastError() when it fails. */
static HANDLE open_handle(const char *path, DWORD access, DWORD share, DWORD how, DWORD flags)
{
	wchar_t *wide = sg_win_path(path);
	int tries = 0;
	HANDLE h;
	DWORD e;

	do {
		h = sg_win_open(wide, access, share, NULL, how, flags);
		e = GetLastError();
	} while (h == INVALID_HANDLE_VALUE && sg_win_again(e, &tries));
	free(wide);
	SetLastError(e);
	return h;
}

static bool is_link(HANDLE h)
{
	FILE_ATTRIBUTE_TAG_INFO tag = { 0, 0 };

	return GetFileInformationByHandleEx(h, FileAttributeTagInfo, &tag, sizeof tag) &&
	       (tag.FileAttributes & FILE_ATTRIBUTE_REPARSE_POINT) &&
	       IsReparseTagNameSurrogate(tag.ReparseTag);
}

/* Ticks of 100 ns since 1601 to ns since 1970. */
static int64_t unix_ns(FILETIME t)
{
	uint64_t ticks = (uint64_t)t.dwHighDateTime << 32 | t.dwLowDateTime;

	return ((int64_t)ticks - INT64_C(116444736000000000)) * 100;
}

static int id_of(HANDLE h, const char *path, struct sg_file_id *ret, struct sg_err *err)
{
	BY_HANDLE_FILE_INFORMATION info;

	if (!GetFileInformationByHandle(h, &info))
		return sg_win_fail(err, GetLastError(), "cannot look at %s", path);
	*ret = (struct sg_file_id){
		.dev = info.dwVolumeSerialNumber,
		.ino = (uint64_t)info.nFileIndexHigh << 32 | info.nFileIndexLow,
		.size = (uint64_t)info.nFileSizeHigh << 32 | info.nFileSizeLow,
		.mtime_ns = unix_ns(info.ftLastWriteTime),
		.links = info.nNumberOfLinks,
		.is_link = is_link(h),
	};
	ret->is_dir = !ret->is_link && (info.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY);
	ret->is_away = !ret->is_link && !ret->is_dir && sg_win_is_away(info.dwFileAttributes);
	ret->is_file = !ret->is_link && !ret->is_dir && !ret->is_away && GetFileType(h) == FILE_TYPE_DISK;
	return 0;
}

int sg_os_stat(const char *path, struct sg_file_id *ret, struct sg_err *err)
{
	HANDLE h = open_handle(path, FILE_READ_ATTRIBUTES, SHARE_ALL, OPEN_EXISTING,
	        FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT);
	int r;

	if (h == INVALID_HANDLE_VALUE)
		return sg_win_fail(err, GetLastError(), "cannot look at %s", path);
	r = id_of(h, path, ret, err);
	CloseHandle(h);
	return r;
}

enum { SWAPPED = 1 }; /* another file has the name now */

/* Opens what `was` says is there (NULL: nothing is, and it is made); SWAPPED: not so any more. */
static int open_seen(const char *path, DWORD access, DWORD share, const struct sg_file_id *was, HANDLE *ret,
        struct sg_file_id *ret_id, struct sg_err *err)
{
	HANDLE h = open_handle(path, access, share, was ? OPEN_EXISTING : CREATE_NEW,
	        was ? 0 : FILE_FLAG_OPEN_REPARSE_POINT);
	DWORD e = GetLastError();
	int r;

	if (h == INVALID_HANDLE_VALUE && e == (was ? ERROR_FILE_NOT_FOUND : ERROR_FILE_EXISTS))
		return SWAPPED;
	if (h == INVALID_HANDLE_VALUE)
		return sg_win_fail(err, e, "cannot open %s", path);
	r = id_of(h, path, ret_id, err);
	if (r == 0 && was && (was->dev != ret_id->dev || was->ino != ret_id->ino || !ret_id->is_file))
		r = SWAPPED;
	if (r != 0)
		CloseHandle(h);
	else
		*ret = h;
	return r;
}

/* Opens a regular file that is no link. It is looked at as it is first, and its contents, which a filter driver may have to fetch, are opened then: by the same
 * name, and so what was opened must be what was looked at. Files are replaced all the time, so another one is looked at anew, for a bounded number of times. */
static int open_regular(const char *path, DWORD access, DWORD share, bool create, HANDLE *ret,
        struct sg_file_id *ret_id, struct sg_err *err)
{
	int r = SWAPPED;

	for (int tries = 0; r == SWAPPED && tries < 5; tries++) {
		struct sg_err look = SG_ERR_INIT;
		struct sg_file_id was = { 0 };
		int found = sg_os_stat(path, &was, &look);

		if (found < 0 && (found != SG_ENOENT || !create))
			return sg_fail(err, found, "%s", look.msg);
		if (found == 0 && was.is_link)
			return sg_fail(
			        err, SG_EUNSUPPORTED, "%s is a link, and those are not followed", path);
		if (found == 0 && was.is_away)
			return sg_win_refuse_away(path, err);
		if (found == 0 && !was.is_file)
			return sg_fail(err, SG_EUNSUPPORTED, "%s is no regular file", path);
		r = open_seen(path, access, share, found == 0 ? &was : NULL, ret, ret_id, err);
	}
	return r == SWAPPED ? sg_fail(err, SG_EBUSY, "%s becomes another file again and again", path) : r;
}

/* ReadFile; what a driver would have to fetch is not waited for. */
static bool read_some(HANDLE h, void *out, size_t len, DWORD *ret, OVERLAPPED *from)
{
	DWORD most = (DWORD)(len < 1 << 20 ? len : 1 << 20);
	struct sg_deadline d;
	bool done;

	if (!sg_deadline_begin(&d, SG_DEADLINE_MS))
		return false;
	done = ReadFile(h, out, most, ret, from);
	sg_deadline_end(&d);
	return done;
}

int sg_os_read(
        const char *path, size_t max, struct sg_buf *ret, struct sg_file_id *ret_id, struct sg_err *err)
{
	struct sg_file_id id = { 0 };
	struct sg_buf buf = { 0 };
	unsigned char chunk[16384];
	HANDLE h = NULL;
	int r;

	r = open_regular(path, GENERIC_READ, SHARE_ALL, false, &h, &id, err);
	if (r < 0)
		return r;
	while (buf.len <= max && id.size <= max) {
		DWORD n = 0;

		if (!read_some(h, chunk, sizeof chunk, &n, NULL)) {
			r = sg_win_fail(err, GetLastError(), "cannot read %s", path);
			goto out;
		}
		if (n == 0)
			break;
		sg_buf_add(&buf, chunk, n);
	}
	if (buf.len > max || id.size > max) {
		r = sg_fail(err, SG_ELIMIT, "%s is larger than %llu octets", path, (unsigned long long)max);
		goto out;
	}
	sg_buf_add(&buf, NULL, 0);
	sg_buf_release(ret);
	*ret = buf;
	buf = (struct sg_buf){ 0 };
	if (ret_id)
		*ret_id = id;
out:
	CloseHandle(h);
	sg_buf_release(&buf);
	return r;
}

int sg_os_sync_file(const char *path, struct sg_err *err)
{
	struct sg_file_id id;
	HANDLE h = NULL;
	int r;

	r = open_regular(path, GENERIC_WRITE, SHARE_ALL, false, &h, &id, err);
	if (r < 0)
		return r;
	r = sg_win_flush(h, path, err);
	CloseHandle(h);
	return r;
}

/* --- space */

int sg_os_allocate(const char *path, uint64_t size, struct sg_err *err)
{
	FILE_SET_SPARSE_BUFFER sparse = { FALSE };
	USHORT uncompressed = COMPRESSION_FORMAT_NONE;
	FILE_END_OF_FILE_INFO end = { .EndOfFile.QuadPart = (LONGLONG)size };
	struct sg_file_id id;
	HANDLE h = NULL;
	DWORD n;
	int r;

	r = open_regular(path, GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ, true, &h, &id, err);
	if (r < 0)
		return r;
	/* only of a file that is neither does NTFS set all clusters aside; volumes that know neither refuse both */
	DeviceIoControl(h, FSCTL_SET_SPARSE, &sparse, sizeof sparse, NULL, 0, &n, NULL);
	DeviceIoControl(h, FSCTL_SET_COMPRESSION, &uncompressed, sizeof uncompressed, NULL, 0, &n, NULL);
	if (size > id.size && !SetFileInformationByHandle(h, FileEndOfFileInfo, &end, sizeof end))
		r = sg_win_fail(err, GetLastError(), "cannot allocate %llu octets for %s",
		        (unsigned long long)size, path);
	CloseHandle(h);
	return r;
}

/* --- an open file that is written in place */

int sg_os_open(const char *path, bool create, struct sg_os_file *ret, struct sg_err *err)
{
	struct sg_file_id id;
	HANDLE h = NULL;
	int r;

	r = open_regular(
	        path, GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE, create, &h, &id, err);
	if (r == 0)
		ret->h = (intptr_t)h;
	return r;
}

int sg_os_identify(struct sg_os_file f, struct sg_file_id *ret, struct sg_err *err)
{
	return id_of((HANDLE)f.h, "an open file", ret, err);
}

static OVERLAPPED offset(uint64_t at)
{
	return (OVERLAPPED){ .Offset = (DWORD)at, .OffsetHigh = (DWORD)(at >> 32) };
}

int sg_os_open_read(const char *path, struct sg_os_file *ret, struct sg_err *err)
{
	struct sg_file_id id = { 0 };
	HANDLE h = NULL;
	int r;

	r = open_regular(path, GENERIC_READ, SHARE_ALL, false, &h, &id, err);
	if (r == 0)
		ret->h = (intptr_t)h;
	return r;
}

int sg_os_pread(struct sg_os_file f, uint64_t at, void *out, size_t len, size_t *ret_len, struct sg_err *err)
{
	size_t done = 0;

	while (done < len) {
		OVERLAPPED o = offset(at + done);
		DWORD n = 0;

		if (!read_some((HANDLE)f.h, (char *)out + done, len - done, &n, &o)) {
			if (GetLastError() == ERROR_HANDLE_EOF)
				break;
			return sg_win_fail(err, GetLastError(), "cannot read at octet %llu",
			        (unsigned long long)(at + done));
		}
		if (n == 0)
			break;
		done += n;
	}
	*ret_len = done;
	return 0;
}

int sg_os_pwrite(struct sg_os_file f, uint64_t at, const void *data, size_t len, struct sg_err *err)
{
	for (size_t done = 0; done < len;) {
		OVERLAPPED o = offset(at + done);
		size_t left = len - done;
		DWORD n = 0;

		if (!WriteFile((HANDLE)f.h, (const char *)data + done,
		            (DWORD)(left < 1 << 20 ? left : 1 << 20), &n, &o))
			return sg_win_fail(err, GetLastError(), "cannot write at octet %llu",
			        (unsigned long long)(at + done));
		done += n;
	}
	return 0;
}

int sg_os_sync(struct sg_os_file f, struct sg_err *err)
{
	return sg_win_flush((HANDLE)f.h, "an open file", err);
}

void sg_os_close(struct sg_os_file *f)
{
	if (f->h != -1)
		CloseHandle((HANDLE)f->h);
	f->h = -1;
}
