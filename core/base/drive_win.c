/* drive_win.c - Windows paths on Windows, where they are native: this machine's own drives, or folders that stand for drives. Names such as
 * %SystemRoot% mean what the system says, because its folder need not be on C:.
 *
 * Guarantees that no link is followed below a drive, live or not: whoever owns a folder of a site may turn one of its folders into a junction, and
 * what is written with this service's rights must not land where that leads. A walk tells of the moment only; what is held (sg_drive_hold) stays so.
 */
#include "base/drive.h"
#include "base/os.h"
#include "base/os_deadline_win.h"
#include "base/os_open_win.h"
#include "base/os_win.h"
#include "base/text.h"

#include <windows.h>

#include <stdlib.h>
#include <string.h>

/* Of the folders that decide where the journal is, what the system itself says: a service's variables and a person's are not always alike, and a person
 * may set theirs. */
static bool ask_system(const char *name, wchar_t *value, DWORD max)
{
	DWORD size = max * (DWORD)sizeof *value, len;

	if (sg_same(name,
	            "ProgramData")) /* a value with variables is asked for as what it is after they were replaced */
		return RegGetValueW(HKEY_LOCAL_MACHINE,
		               L"SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\ProfileList",
		               L"ProgramData", RRF_RT_REG_SZ, NULL, value, &size) == ERROR_SUCCESS;
	if (!sg_same(name, "SystemRoot") && !sg_same(name, "windir") && !sg_same(name, "SystemDrive"))
		return false;
	len = GetSystemWindowsDirectoryW(value, max);
	if (!len || len >= max)
		return false;
	if (sg_same(name, "SystemDrive"))
		value[2] = 0;
	return true;
}

char *sg_drive_env(const char *name)
{
	wchar_t *wide, *value, known[MAX_PATH];
	char *utf8 = NULL;
	DWORD len;

	if (ask_system(name, known, MAX_PATH))
		return sg_win_utf8(known);
	wide = sg_win_wide(name);
	len = GetEnvironmentVariableW(wide, NULL, 0);
	value = len ? sg_alloc(len * sizeof *value) : NULL;
	if (value && GetEnvironmentVariableW(wide, value, len) < len)
		utf8 = sg_win_utf8(value);
	free(value);
	free(wide);
	return utf8;
}

bool sg_drives_live(const struct sg_drives *d)
{
	for (size_t i = 0; i < sizeof d->dir / sizeof *d->dir; i++)
		if (d->dir[i])
			return false;
	return true;
}

const char *sg_drive_root(const struct sg_drives *d, char letter)
{
	static const char names[26][3] = { "A:", "B:", "C:", "D:", "E:", "F:", "G:", "H:", "I:", "J:", "K:",
		"L:", "M:", "N:", "O:", "P:", "Q:", "R:", "S:", "T:", "U:", "V:", "W:", "X:", "Y:", "Z:" };
	const wchar_t root[] = { (wchar_t)letter, L':', L'\\', 0 };
	UINT type;

	if (!sg_drives_live(d))
		return d->dir[letter - 'A'];
	type = GetDriveTypeW(root);
	return type == DRIVE_FIXED || type == DRIVE_REMOVABLE ? names[letter - 'A'] : NULL;
}

int sg_drives_add(struct sg_drives *d, const char *arg, struct sg_err *err)
{
	char letter = (char)(arg[0] >= 'a' && arg[0] <= 'z' ? arg[0] - 32 : arg[0]);
	struct sg_file_id id = { 0 };
	wchar_t *wide, full[32768];
	DWORD len;
	int r;

	if (letter < 'A' || letter > 'Z' || arg[1] != '=' || !arg[2])
		return sg_fail(err, SG_EINVAL, "\"%s\" is no drive: write it as C=FOLDER", arg);
	if (d->dir[letter - 'A'])
		return sg_fail(err, SG_EINVAL, "the drive %c: is given twice", letter);
	r = sg_os_stat(arg + 2, &id, err);
	if (r < 0)
		return r;
	if (!id.is_dir)
		return sg_fail(
		        err, SG_EINVAL, "the drive %c: cannot be %s, which is no folder", letter, arg + 2);
	wide = sg_win_path(arg + 2);
	len = GetFullPathNameW(wide, sizeof full / sizeof *full, full, NULL);
	free(wide);
	if (!len || len >= sizeof full / sizeof *full)
		return sg_win_fail(
		        err, GetLastError(), "the drive %c: cannot be the folder %s", letter, arg + 2);
	while (len > 3 && full[len - 1] == L'\\')
		full[--len] = 0;
	d->dir[letter - 'A'] = sg_win_utf8(full);
	return 0;
}

void sg_drives_release(struct sg_drives *d)
{
	for (int i = 0; i < 26; i++)
		free(d->dir[i]);
	*d = (struct sg_drives){ 0 };
}

/* One more name on the way. `last` may be missing when `may_lack`. */
static int check_step(const char *native, bool last, bool may_lack, const char *win, struct sg_err *err)
{
	wchar_t *wide = sg_win_path(native);
	WIN32_FIND_DATAW found;
	DWORD is = GetFileAttributesW(wide), e = is == INVALID_FILE_ATTRIBUTES ? GetLastError() : 0;
	HANDLE h;
	int r = 0;

	if (e && !(last && may_lack && e == ERROR_FILE_NOT_FOUND))
		r = sg_win_fail(err, e, "%s: %s", win, native);
	else if (!e && !last && !(is & FILE_ATTRIBUTE_DIRECTORY))
		r = sg_fail(err, SG_ENOENT, "%s: %s is no folder", win, native);
	else if (!e && (is & FILE_ATTRIBUTE_REPARSE_POINT)) {
		h = FindFirstFileExW(wide, FindExInfoBasic, &found, FindExSearchNameMatch, NULL, 0);
		/* other reparse points, such as deduplicated files, stand for themselves */
		if (h == INVALID_HANDLE_VALUE)
			r = sg_win_fail(err, GetLastError(), "%s: %s", win, native);
		else if (IsReparseTagNameSurrogate(found.dwReserved0))
			r = sg_fail(err, SG_EUNSUPPORTED,
			        "%s: %s is a link, and links inside a drive are not followed", win, native);
		if (h != INVALID_HANDLE_VALUE)
			FindClose(h);
	}
	free(wide);
	return r;
}

int sg_drive_path(
        const struct sg_drives *d, const char *win, bool may_lack_last, char **ret, struct sg_err *err)
{
	char *full = NULL, *native;
	struct sg_deadline limit;
	const char *dir;
	size_t at;
	int r;

	r = sg_drive_canonical(d, win, &full, err);
	if (r < 0)
		return r;
	dir = d->dir[full[0] - 'A'];
	if (!dir && !sg_drives_live(d)) {
		r = sg_fail(err, SG_ENOENT, "%s: the drive %c: is not there (--root %c=FOLDER gives it)", win,
		        full[0], full[0]);
		free(full);
		return r;
	}
	native = dir ? sg_win_join(dir, full + 3) : sg_strdup(full);
	at = dir ? strlen(dir) : 2;
	if (!sg_deadline_begin(&limit, SG_DEADLINE_MS)) {
		r = sg_win_fail(err, GetLastError(), "%s", win);
		goto out;
	}
	if (strlen(native) <= at + 1) /* the drive itself */
		r = check_step(native, true, false, win, err);
	while (r == 0 && native[at] && native[at + 1]) {
		size_t end = at + 1 + strcspn(native + at + 1, "\\");
		char c = native[end];

		native[end] = 0;
		r = check_step(native, !c, may_lack_last, win, err);
		native[end] = c;
		at = end;
	}
	sg_deadline_end(&limit);
	if (r == 0) {
		*ret = native;
		native = NULL;
	}
out:
	free(native);
	free(full);
	return r;
}

/* --- a folder that is held */

static wchar_t *place_of(HANDLE h, DWORD kind)
{
	DWORD len = GetFinalPathNameByHandleW(h, NULL, 0, kind);
	wchar_t *place = len ? sg_alloc(((size_t)len + 1) * sizeof *place) : NULL;
	DWORD got = place ? GetFinalPathNameByHandleW(h, place, len + 1, kind) : 0;

	if (got && got <= len)
		return place;
	free(place);
	return NULL;
}

/* By their volume's device, whatever letters there are (a letter of "subst" is but a folder); Wine has devices of some drives only. */
int sg_win_places(void *one, void *other, wchar_t **ret_one, wchar_t **ret_other)
{
	static const DWORD kinds[] = { VOLUME_NAME_NT, VOLUME_NAME_DOS };

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		*ret_one = place_of(one, kinds[i]);
		*ret_other = place_of(other, kinds[i]);
		if (*ret_one && *ret_other)
			return 0;
		free(*ret_one);
		free(*ret_other);
		*ret_one = *ret_other = NULL;
	}
	return SG_ENOENT;
}

/* With long names in the place of short ones, as place_of() has them. What a short name means cannot change while its folder is held. */
static wchar_t *long_form(const char *path)
{
	static const wchar_t lifted[] = L"\\\\?\\";
	wchar_t *wide = sg_win_path(path), *full;
	DWORD len = GetLongPathNameW(wide, NULL, 0);
	size_t n = wcslen(lifted);

	full = sg_alloc(((size_t)len + 1) * sizeof *full);
	if (len && GetLongPathNameW(wide, full, len)) {
		free(wide);
		wide = full;
	} else {
		free(full);
	}
	if (wcsncmp(wide, lifted, n) == 0)
		memmove(wide, wide + n, (wcslen(wide + n) + 1) * sizeof *wide);
	return wide;
}

static size_t unslashed(const wchar_t *path)
{
	size_t len = wcslen(path);

	while (len && path[len - 1] == L'\\')
		len--;
	return len;
}

bool sg_win_lies(const wchar_t *place, const wchar_t *root_place, const wchar_t *path, const wchar_t *root)
{
	size_t n = unslashed(root_place), skip = unslashed(root);

	return wcslen(place) >= n && wcslen(path) >= skip &&
	       CompareStringOrdinal(place, (int)n, root_place, (int)n, TRUE) == CSTR_EQUAL &&
	       CompareStringOrdinal(place + n, -1, path + skip, -1, TRUE) == CSTR_EQUAL;
}

/* The pin is where its path says, below the root of its drive. */
static int check_place(HANDLE pin, const char *path, const char *root, const char *win, struct sg_err *err)
{
	wchar_t *full = NULL, *full_root = NULL, *place = NULL, *root_place = NULL;
	wchar_t *wide_root = sg_win_path(root);
	HANDLE top = sg_win_open(wide_root, FILE_READ_ATTRIBUTES,
	        FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL, OPEN_EXISTING,
	        FILE_FLAG_BACKUP_SEMANTICS);
	const DWORD late = ERROR_OPERATION_ABORTED;
	struct sg_deadline d;
	int r = 0, found = 0;

	if (top == INVALID_HANDLE_VALUE || !sg_deadline_begin(&d, SG_DEADLINE_MS)) {
		r = sg_win_fail(err, GetLastError(), "cannot tell where %s lies", path);
		goto out;
	}
	full = long_form(path);
	full_root = long_form(root);
	found = sg_win_places(pin, top, &place, &root_place);
	if (sg_deadline_end(&d))
		r = sg_win_fail(err, late, "cannot tell where %s lies", path);
	else if (found < 0)
		r = sg_fail(err, SG_EIO, "cannot tell where %s lies: the system names no place", path);
	else if (!sg_win_lies(place, root_place, full, full_root))
		r = sg_fail(
		        err, SG_ECONFLICT, "%s is at another place just now; nothing was written there", win);
out:
	if (top != INVALID_HANDLE_VALUE)
		CloseHandle(top);
	free(root_place);
	free(place);
	free(wide_root);
	free(full_root);
	free(full);
	return r;
}

/* First the walk, so that a link that is simply there gets no file of ours behind it; then the pin, and from then on nothing changes; then whether that is
 * where it should be. */
int sg_drive_hold(const struct sg_drives *d, const char *win, const char *native, const char *temp,
        struct sg_os_file *ret, struct sg_err *err)
{
	char *pinned = sg_format("%s" SG_DRIVE_HOLD, temp), *full = NULL, *root = NULL;
	void *pin = NULL;
	int r;

	r = sg_drive_canonical(d, win, &full, err);
	if (r < 0)
		goto out;
	root = d->dir[full[0] - 'A'] ? sg_format("%s\\", d->dir[full[0] - 'A']) : sg_format("%c:\\", full[0]);
	r = sg_drive_still(d, win, native, err);
	if (r == 0)
		r = sg_win_pin(pinned, &pin, err);
	if (r == 0)
		r = check_place(pin, pinned, root, win, err);
	if (r == 0)
		ret->h = (intptr_t)pin;
	else if (pin)
		CloseHandle(pin);
out:
	free(root);
	free(full);
	free(pinned);
	return r;
}
