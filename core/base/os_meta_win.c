/* os_meta_win.c - what belongs to a file besides its contents. Guarantees that a replaced file is as open, and as
 * closed, as the one that it replaces: owner, group, access list and integrity label are copied bit by bit, inherited entries included. */
#include "base/os_meta_win.h"
#include "base/os.h"
#include "base/os_deadline_win.h"
#include "base/os_open_win.h"
#include "base/os_win.h"
#include "base/privilege_win.h"

#include <windows.h>
#include <sddl.h>

#include <stdlib.h>
#include <string.h>

/* What the named streams of one file may have in all. A mark of origin has a hundred octets, and few files have more than that one; the file's owner could
 * make thousands, and each costs two opens and a write to the disk while nothing else can be changed. */
enum { MOST_STREAMS = 32, MOST_OCTETS = 1 << 20 };

/* SYSTEM, the administrators and the owner: everything; nobody else, and nothing inherited. */
static PSECURITY_DESCRIPTOR private_descriptor(void)
{
	PSECURITY_DESCRIPTOR sd = NULL;

	ConvertStringSecurityDescriptorToSecurityDescriptorW(
	        L"D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;FA;;;OW)", SDDL_REVISION_1, &sd, NULL);
	return sd;
}

void *sg_win_create_private(const wchar_t *path, DWORD share, DWORD flags)
{
	PSECURITY_DESCRIPTOR sd = private_descriptor();
	HANDLE h = INVALID_HANDLE_VALUE;
	DWORD e = GetLastError();

	if (sd) {
		h = sg_win_open(path, GENERIC_WRITE | READ_CONTROL | WRITE_DAC | WRITE_OWNER | DELETE, share,
		        sd, CREATE_NEW, flags | FILE_FLAG_OPEN_REPARSE_POINT);
		e = GetLastError();
		LocalFree(sd);
	}
	SetLastError(e);
	return h;
}

int sg_win_make_dir(const char *path, struct sg_err *err)
{
	SECURITY_ATTRIBUTES sa = { sizeof sa, private_descriptor(), FALSE };
	wchar_t *wide = sg_win_path(path);
	DWORD e = 0, is;
	int r = 0;

	if (!sa.lpSecurityDescriptor || !CreateDirectoryW(wide, &sa))
		e = GetLastError();
	is = e ? GetFileAttributesW(wide) : FILE_ATTRIBUTE_DIRECTORY;
	if (is == INVALID_FILE_ATTRIBUTES)
		r = sg_win_fail(err, e, "cannot make the folder %s", path);
	else if (!(is & FILE_ATTRIBUTE_DIRECTORY))
		r = sg_fail(err, SG_EEXIST, "%s is there and is no folder", path);
	if (sa.lpSecurityDescriptor)
		LocalFree(sa.lpSecurityDescriptor);
	free(wide);
	return r;
}

/* Whether the descriptor names an integrity level. One without a label is Medium to Windows, and a label that says so would be an edit. */
static bool has_label(PSECURITY_DESCRIPTOR sd)
{
	BOOL present = FALSE, by_default = FALSE;
	ACL_SIZE_INFORMATION info = { 0 };
	PACL sacl = NULL;

	return GetSecurityDescriptorSacl(sd, &present, &sacl, &by_default) && present && sacl &&
	       GetAclInformation(sacl, &info, sizeof info, AclSizeInformation) && info.AceCount > 0;
}

/* A file that only a Low process may not write, or that Low ones may, stays so. Needs no privilege: the level is not above this process's own. */
static int copy_label(const char *name, HANDLE from, HANDLE h, const char *path, struct sg_err *err)
{
	PSECURITY_DESCRIPTOR sd;
	DWORD size = 0;
	int r = 0;

	GetKernelObjectSecurity(from, LABEL_SECURITY_INFORMATION, NULL, 0, &size);
	sd = sg_alloc((size_t)size + 1);
	if (!GetKernelObjectSecurity(from, LABEL_SECURITY_INFORMATION, sd, size, &size))
		r = sg_win_fail(err, GetLastError(), "cannot read the integrity label of %s", name);
	else if (has_label(sd) && !SetKernelObjectSecurity(h, LABEL_SECURITY_INFORMATION, sd))
		r = sg_win_fail(err, GetLastError(), "cannot give %s its integrity label", path);
	free(sd);
	return r;
}

static int copy_security(const char *name, HANDLE from, HANDLE h, const char *path, struct sg_err *err)
{
	const SECURITY_INFORMATION what =
	        OWNER_SECURITY_INFORMATION | GROUP_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION;
	SECURITY_DESCRIPTOR_CONTROL control = 0;
	DWORD size = 0, revision, e = 0;
	PSECURITY_DESCRIPTOR sd;

	GetKernelObjectSecurity(from, what, NULL, 0, &size);
	sd = sg_alloc((size_t)size + 1);
	if (!GetKernelObjectSecurity(from, what, sd, size, &size) ||
	        !GetSecurityDescriptorControl(sd, &control, &revision)) {
		e = GetLastError();
		free(sd);
		return sg_win_fail(err, e, "cannot read the access list of %s", name);
	}
	/* the kernel keeps the mark "inherited" only for a descriptor that asks for it */
	if (control & SE_DACL_AUTO_INHERITED)
		SetSecurityDescriptorControl(sd, SE_DACL_AUTO_INHERIT_REQ, SE_DACL_AUTO_INHERIT_REQ);
	if (!SetKernelObjectSecurity(h, what, sd)) {
		/* giving a file away to somebody else takes a right that a service has and does not use otherwise */
		bool restore = sg_privilege_begin(L"SeRestorePrivilege");

		e = SetKernelObjectSecurity(h, what, sd) ? 0 : GetLastError();
		sg_privilege_end(restore);
	}
	free(sd);
	return e ? sg_win_fail(err, e, "cannot give %s its owner and access list", path) : 0;
}

/* `name` is as FindFirstStreamW gives it: ":Zone.Identifier:$DATA". *left: octets that its streams may still have. */
static int copy_stream(
        const char *like, const char *path, const wchar_t *name, DWORD *left, struct sg_err *err)
{
	char *suffix = sg_win_utf8(name), *from = sg_format("%s%s", like, suffix),
	     *to = sg_format("%s%s", path, suffix);
	wchar_t *wide_from = sg_win_path(from), *wide_to = sg_win_path(to);
	unsigned char *data = sg_alloc((size_t)*left + 1);
	HANDLE in, out = INVALID_HANDLE_VALUE;
	DWORD n = 0, written = 0;
	int r = 0;

	in = sg_win_open(wide_from, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
	        NULL, OPEN_EXISTING, 0);
	if (in == INVALID_HANDLE_VALUE || !ReadFile(in, data, *left + 1, &n, NULL)) {
		r = sg_win_fail(err, GetLastError(), "cannot read the stream %s", from);
		goto out;
	}
	if (n > *left) {
		r = sg_fail(err, SG_ELIMIT,
		        "the stream %s is too large to be copied: those of one file may have %d octets in "
		        "all",
		        from, MOST_OCTETS);
		goto out;
	}
	/* sg_os_sync_file() flushes the cache of the contents alone, and then the disk's for all of them */
	out = sg_win_open(wide_to, GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
	        NULL, CREATE_ALWAYS, FILE_FLAG_WRITE_THROUGH);
	if (out == INVALID_HANDLE_VALUE || !WriteFile(out, data, n, &written, NULL) || written != n)
		r = sg_win_fail(err, GetLastError(), "cannot write the stream %s", to);
	*left -= n;
out:
	if (in != INVALID_HANDLE_VALUE)
		CloseHandle(in);
	if (out != INVALID_HANDLE_VALUE)
		CloseHandle(out);
	free(data);
	free(wide_from);
	free(wide_to);
	free(from);
	free(to);
	free(suffix);
	return r;
}

static HANDLE find_stream(const wchar_t *wide, WIN32_FIND_STREAM_DATA *ret)
{
	HANDLE h = INVALID_HANDLE_VALUE;
	struct sg_deadline d;

	if (!sg_deadline_begin(&d, SG_DEADLINE_MS))
		return h;
	h = FindFirstStreamW(wide, FindStreamInfoStandard, ret, 0);
	sg_deadline_end(&d);
	return h;
}

static int copy_streams(const char *like, const wchar_t *wide, const char *path, struct sg_err *err)
{
	WIN32_FIND_STREAM_DATA found;
	HANDLE h = find_stream(wide, &found);
	DWORD e = GetLastError(), left = MOST_OCTETS;
	int n = 0, r = 0;

	if (h == INVALID_HANDLE_VALUE) {
		/* a volume that is not NTFS has no streams and says so in one of these ways */
		if (e == ERROR_HANDLE_EOF || e == ERROR_INVALID_PARAMETER || e == ERROR_NOT_SUPPORTED ||
		        e == ERROR_INVALID_FUNCTION)
			return 0;
		return sg_win_fail(err, e, "cannot list the streams of %s", like);
	}
	do {
		if (wcscmp(found.cStreamName, L"::$DATA") == 0)
			continue;
		if (n++ == MOST_STREAMS)
			r = sg_fail(err, SG_ELIMIT, "%s has more than %d named streams", like, MOST_STREAMS);
		else
			r = copy_stream(like, path, found.cStreamName, &left, err);
	} while (r == 0 && FindNextStreamW(h, &found));
	if (r == 0 && GetLastError() != ERROR_HANDLE_EOF)
		r = sg_win_fail(err, GetLastError(), "cannot list the streams of %s", like);
	FindClose(h);
	return r;
}

static int copy_attributes(const char *name, HANDLE from, HANDLE h, const char *path, struct sg_err *err)
{
	const DWORD kept = FILE_ATTRIBUTE_HIDDEN | FILE_ATTRIBUTE_SYSTEM | FILE_ATTRIBUTE_ARCHIVE |
	                   FILE_ATTRIBUTE_NOT_CONTENT_INDEXED;
	BY_HANDLE_FILE_INFORMATION has;
	FILE_BASIC_INFO info = { 0 }; /* a time of 0 stays as it is */

	if (!GetFileInformationByHandle(from, &has))
		return sg_win_fail(err, GetLastError(), "cannot read the attributes of %s", name);
	if (has.dwFileAttributes & FILE_ATTRIBUTE_READONLY)
		return sg_fail(err, SG_EACCES, "%s is marked read-only", name);
	info.FileAttributes = has.dwFileAttributes & kept;
	if (!info.FileAttributes)
		info.FileAttributes = FILE_ATTRIBUTE_NORMAL;
	info.CreationTime.LowPart = has.ftCreationTime.dwLowDateTime;
	info.CreationTime.HighPart = (LONG)has.ftCreationTime.dwHighDateTime;
	if (!SetFileInformationByHandle(h, FileBasicInfo, &info, sizeof info))
		return sg_win_fail(err, GetLastError(), "cannot give %s its attributes", path);
	return 0;
}

/* The file that has the name now: whoever may write in its folder could give that to another one meanwhile, and we would copy what only we may read. Open for
 * reading and not shared for deletion, it keeps its name. */
static int open_like(const char *like, const wchar_t *wide, HANDLE *ret, struct sg_err *err)
{
	FILE_ATTRIBUTE_TAG_INFO tag = { 0, 0 };
	int tries = 0;
	HANDLE h;
	DWORD e;

	do {
		h = sg_win_open(wide, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING,
		        FILE_FLAG_OPEN_REPARSE_POINT);
		e = GetLastError();
	} while (h == INVALID_HANDLE_VALUE && sg_win_again(e, &tries));
	if (h == INVALID_HANDLE_VALUE)
		return sg_win_fail(err, e, "cannot open %s", like);
	if (GetFileInformationByHandleEx(h, FileAttributeTagInfo, &tag, sizeof tag) &&
	        (tag.FileAttributes & FILE_ATTRIBUTE_REPARSE_POINT) &&
	        IsReparseTagNameSurrogate(tag.ReparseTag)) {
		CloseHandle(h);
		return sg_fail(err, SG_EUNSUPPORTED, "%s is a link, and those are not followed", like);
	}
	if (sg_win_is_away(tag.FileAttributes)) {
		CloseHandle(h);
		return sg_win_refuse_away(like, err);
	}
	*ret = h;
	return 0;
}

int sg_win_copy_metadata(const char *like, void *h, const char *path, struct sg_err *err)
{
	wchar_t *wide = sg_win_path(like);
	HANDLE from = NULL;
	int r;

	r = open_like(like, wide, &from, err);
	if (r < 0)
		goto out;
	r = copy_streams(like, wide, path, err);
	if (r == 0) /* after them: CREATE_ALWAYS is refused on a file that is hidden or the system's */
		r = copy_attributes(like, from, h, path, err);
	if (r == 0)
		r = copy_label(like, from, h, path, err);
	if (r == 0) /* last: it may take our own rights away */
		r = copy_security(like, from, h, path, err);
	CloseHandle(from);
out:
	free(wide);
	return r;
}
