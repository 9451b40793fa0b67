/* drive.c - Windows paths as text: their canonical form, joining and comparing. Pure but for sg_drive_env(); the way
 * from there to a native path is in drive_posix.c and drive_win.c. */
#include "base/drive.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

static char upper(char c)
{
	return (char)(c >= 'a' && c <= 'z' ? c - 32 : c);
}

static bool is_drive(const char *s)
{
	char c = upper(s[0]);

	return c >= 'A' && c <= 'Z' && s[1] == ':';
}

static bool is_slash(char c)
{
	return c == '\\' || c == '/';
}

static char *on_a_drive(const char *name)
{
	static const struct {
		const char *name, *value;
	} known[] = {
		{ "SystemDrive", "C:" },
		{ "windir", "C:\\Windows" },
		{ "SystemRoot", "C:\\Windows" },
		{ "ProgramFiles", "C:\\Program Files" },
		{ "ProgramFiles(x86)", "C:\\Program Files (x86)" },
		{ "ProgramData", "C:\\ProgramData" },
	};

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (sg_same(known[i].name, name))
			return sg_strdup(known[i].value);
	return NULL;
}

/* "%name%rest": *ret is what the name stands for followed by the rest. */
static int expand(const struct sg_drives *d, const char *win, char **ret, struct sg_err *err)
{
	const char *end = win[0] == '%' ? strchr(win + 1, '%') : NULL;
	char *name, *value;
	int r = 0;

	if (!end) {
		*ret = sg_strdup(win);
		return 0;
	}
	name = sg_strndup(win + 1, (size_t)(end - win - 1));
	value = sg_drives_live(d) ? sg_drive_env(name) : on_a_drive(name);
	if (value)
		*ret = sg_format("%s%s", value, end + 1);
	else
		r = sg_fail(err, SG_EINVAL, "the path %s begins with a name that is not known: %%%s%%", win,
		        name);
	free(value);
	free(name);
	return r;
}

/* "nul", "Com1.config" and "aux .x" name no file but a device, in whichever folder (Naming Files, Paths, and Namespaces). */
static bool is_device(const char *s, size_t len)
{
	static const char *const names[] = { "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$" };
	static const char *const digits[] = { "1", "2", "3", "4", "5", "6", "7", "8", "9", "0", "\xc2\xb9",
		"\xc2\xb2", "\xc2\xb3" };
	const char *dot = memchr(s, '.', len);

	if (dot)
		len = (size_t)(dot - s);
	while (len > 0 && s[len - 1] == ' ')
		len--;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strlen(names[i]) == len && sg_same_n(s, names[i], len))
			return true;
	if (len < 4 || (!sg_same_n(s, "COM", 3) && !sg_same_n(s, "LPT", 3)))
		return false;
	for (size_t i = 0; i < sizeof digits / sizeof *digits; i++)
		if (strlen(digits[i]) == len - 3 && memcmp(s + 3, digits[i], len - 3) == 0)
			return true;
	return false;
}

/* Adds one component to "C:", or takes one away for "..". As Windows does, dots and blanks at its end are dropped. */
static int add_component(struct sg_buf *path, const char *s, size_t len, const char *win, struct sg_err *err)
{
	if (len == 2 && s[0] == '.' && s[1] == '.') {
		while (path->len > 2 && path->data[path->len - 1] != '\\')
			sg_buf_cut(path, path->len - 1, 1);
		if (path->len > 2)
			sg_buf_cut(path, path->len - 1, 1);
		return 0;
	}
	if (len == 0 || (len == 1 && s[0] == '.'))
		return 0;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)s[i] < 0x20 || strchr("<>:\"|?*", s[i]))
			return sg_fail(err, SG_EINVAL,
			        "the path %s has a character that no Windows name may have", win);
	while (len > 0 && (s[len - 1] == '.' || s[len - 1] == ' '))
		len--;
	if (len == 0)
		return sg_fail(err, SG_EINVAL, "the path %s has a part of dots and blanks only", win);
	if (is_device(s, len))
		return sg_fail(err, SG_EINVAL, "the path %s has a name that Windows keeps for a device", win);
	sg_buf_char(path, '\\');
	sg_buf_add(path, s, len);
	return 0;
}

int sg_drive_canonical(const struct sg_drives *d, const char *win, char **ret, struct sg_err *err)
{
	struct sg_buf path = { 0 };
	char *full = NULL;
	int r;

	r = expand(d, win, &full, err); /* a drive that is not there has canonical names, too */
	if (r < 0)
		return r;
	if (is_slash(full[0]) && is_slash(full[1])) {
		r = sg_fail(err, SG_EUNSUPPORTED,
		        "%s is on the network or in the device name space: only paths of a drive are handled",
		        win);
		goto out;
	}
	if (!is_drive(full) || (full[2] && !is_slash(full[2]))) {
		r = sg_fail(err, SG_EINVAL, "%s is not an absolute Windows path such as C:\\inetpub", win);
		goto out;
	}
	sg_buf_fmt(&path, "%c:", upper(full[0]));
	for (const char *p = full + 2; r == 0 && *p;) {
		size_t len = strcspn(p, "\\/");

		r = add_component(&path, p, len, win, err);
		p += len + (p[len] != 0);
	}
	if (r < 0)
		goto out;
	if (path.len == 2)
		sg_buf_char(&path, '\\');
	*ret = sg_buf_detach(&path);
out:
	sg_buf_release(&path);
	free(full);
	return r;
}

int sg_drive_still(const struct sg_drives *d, const char *win, const char *native, struct sg_err *err)
{
	char *now = NULL;
	int r = sg_drive_path(d, win, false, &now, err);

	if (r == 0 && strcmp(now, native) != 0)
		r = sg_fail(
		        err, SG_ECONFLICT, "%s is at another place just now; nothing was written there", win);
	free(now);
	return r;
}

char *sg_win_join(const char *folder, const char *rest)
{
	size_t len = strlen(folder);

	while (len > 0 && is_slash(folder[len - 1]))
		len--;
	while (is_slash(*rest))
		rest++;
	return *rest ? sg_format("%.*s\\%s", (int)len, folder, rest) : sg_strdup(folder);
}

/* Lower case of ASCII, and of the letters of Latin-1 in their UTF-8 form (U+00C0 to U+00DE but for the sign U+00D7). */
static unsigned char fold(const char *s, size_t i)
{
	unsigned char c = (unsigned char)s[i];

	if (c >= 'A' && c <= 'Z')
		return (unsigned char)(c + 32);
	if (i > 0 && (unsigned char)s[i - 1] == 0xc3 && c >= 0x80 && c <= 0x9e && c != 0x97)
		return (unsigned char)(c + 32);
	return c;
}

static bool same(const char *a, const char *b, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (fold(a, i) != fold(b, i))
			return false;
	return true;
}

bool sg_win_same(const char *a, const char *b)
{
	size_t len = strlen(a);

	return strlen(b) == len && same(a, b, len);
}

int sg_win_compare(const char *a, const char *b)
{
	size_t i = 0;

	while (a[i] && fold(a, i) == fold(b, i))
		i++;
	return fold(a, i) - fold(b, i);
}

bool sg_win_under(const char *path, const char *folder)
{
	size_t len = strlen(folder);

	while (len > 0 && folder[len - 1] == '\\')
		len--;
	return strlen(path) >= len && same(path, folder, len) && (path[len] == 0 || path[len] == '\\');
}
