/* drive.c - builds, reads and compares throw-away drives; see drive.h. POSIX only: tests run where drives are folders. */
#include "drive.h"
#include "drive_files.h"
#include "hive_file.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void die(const char *what, const char *path)
{
	fprintf(stderr, "test drive: %s %s: %s\n", what, path, strerror(errno));
	abort();
}

/* --- files */

char *t_drive_native(const char *dir, const char *win)
{
	struct sg_buf b = { 0 };

	sg_buf_str(&b, dir);
	for (const char *p = win + 2; *p; p++)
		sg_buf_char(&b, *p == '\\' ? '/' : *p);
	return sg_buf_detach(&b);
}

static void make_parents(const char *path)
{
	char *copy = sg_strdup(path);

	for (char *p = copy + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = 0;
		if (mkdir(copy, 0755) && errno != EEXIST)
			die("mkdir", copy);
		*p = '/';
	}
	free(copy);
}

static void read_native(const char *path, struct sg_buf *ret)
{
	FILE *f = fopen(path, "rb");
	char chunk[8192];
	size_t n;

	if (!f)
		die("open", path);
	sg_buf_clear(ret);
	sg_buf_add(ret, "", 0);
	while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		sg_buf_add(ret, chunk, n);
	if (ferror(f))
		die("read", path);
	fclose(f);
}

void t_drive_write(const char *dir, const char *win, struct sg_bytes octets)
{
	char *path = t_drive_native(dir, win), *temp = sg_format("%s.t-drive", path);
	struct stat st;
	mode_t mode = lstat(path, &st) ? 0644 : st.st_mode & 07777;
	FILE *f;

	make_parents(path);
	f = fopen(temp, "wb");
	if (!f)
		die("create", temp);
	if (octets.len && fwrite(octets.data, 1, octets.len, f) != octets.len)
		die("write", temp);
	if (fclose(f) || chmod(temp, mode) || rename(temp, path))
		die("write", path);
	free(temp);
	free(path);
}

void t_drive_read(const char *dir, const char *win, struct sg_buf *ret)
{
	char *path = t_drive_native(dir, win);

	read_native(path, ret);
	free(path);
}

void t_drive_remove(const char *dir, const char *win)
{
	char *path = t_drive_native(dir, win);

	if (unlink(path))
		die("unlink", path);
	free(path);
}

void t_drive_replace(const char *dir, const char *win, const char *from, const char *to)
{
	struct sg_buf b = { 0 };
	const char *at;
	size_t where;

	t_drive_read(dir, win, &b);
	at = b.data ? strstr((const char *)b.data, from) : NULL;
	if (!at) {
		fprintf(stderr, "test drive: %s does not hold \"%s\"\n", win, from);
		abort();
	}
	where = (size_t)(at - (const char *)b.data);
	sg_buf_cut(&b, where, strlen(from));
	sg_buf_insert(&b, where, to, strlen(to));
	t_drive_write(dir, win, sg_buf_bytes(&b));
	sg_buf_release(&b);
}

bool t_drive_has(const char *dir, const char *win, const char *text)
{
	struct sg_buf b = { 0 };
	bool has;

	t_drive_read(dir, win, &b);
	has = b.data && strstr((const char *)b.data, text);
	sg_buf_release(&b);
	return has;
}

/* --- a PE file: DOS header, COFF header, PE32+ optional header, one section with one version resource */

static void put(struct sg_buf *b, size_t at, uint32_t v, int bytes)
{
	for (int i = 0; i < bytes; i++)
		b->data[at + (size_t)i] = (unsigned char)(v >> (8 * i));
}

void t_pe(unsigned a, unsigned b, unsigned c, unsigned d, struct sg_buf *ret)
{
	enum { PE = 0x80, OPT = PE + 24, SECT = OPT + 240, RAW = 0x200, RVA = 0x1000, INFO = RAW + 0x60 };
	static const char key[] = "VS_VERSION_INFO";
	unsigned char zeros[0x400] = { 0 };

	sg_buf_set(ret, zeros, sizeof(zeros));
	put(ret, 0, 0x5a4d, 2);
	put(ret, 0x3c, PE, 4);
	put(ret, PE, 0x00004550, 4);
	put(ret, PE + 4, 0x8664, 2);
	put(ret, PE + 6, 1, 2);
	put(ret, PE + 20, 240, 2);
	put(ret, OPT, 0x20b, 2);
	put(ret, OPT + 108, 16, 4);
	put(ret, OPT + 112 + 2 * 8, RVA, 4);
	put(ret, OPT + 112 + 2 * 8 + 4, 0x200, 4);
	memcpy(ret->data + SECT, ".rsrc", 5);
	put(ret, SECT + 8, 0x200, 4);
	put(ret, SECT + 12, RVA, 4);
	put(ret, SECT + 16, 0x200, 4);
	put(ret, SECT + 20, RAW, 4);
	/* three levels of directory, one entry each: type 16 (version), name 1, language 1033 */
	for (uint32_t level = 0; level < 3; level++) {
		size_t at = RAW + level * 24;

		put(ret, at + 14, 1, 2);
		put(ret, at + 16, level == 0 ? 16 : level == 1 ? 1 : 1033, 4);
		put(ret, at + 20, level < 2 ? 0x80000000u | (level + 1) * 24 : 72, 4);
	}
	put(ret, RAW + 72, RVA + (INFO - RAW), 4);
	put(ret, RAW + 76, 40 + 52, 4);
	put(ret, INFO, 40 + 52, 2);
	put(ret, INFO + 2, 52, 2);
	for (size_t i = 0; i < sizeof(key); i++)
		put(ret, INFO + 6 + 2 * i, (unsigned char)key[i], 2);
	put(ret, INFO + 40, 0xfeef04bd, 4);
	put(ret, INFO + 44, 0x00010000, 4);
	put(ret, INFO + 48, a << 16 | b, 4);
	put(ret, INFO + 52, c << 16 | d, 4);
	put(ret, INFO + 56, 99u << 16,
	        4); /* the product's version differs, so that reading the wrong one shows */
}

/* --- making */

static void write_text(
        const char *dir, const char *win, bool bom, const char *a, const char *b, const char *c)
{
	const char *parts[] = { a, b, c };
	struct sg_buf out = { 0 };

	if (bom)
		sg_buf_str(&out, "\xef\xbb\xbf");
	for (size_t i = 0; i < 3; i++)
		for (const char *p = parts[i]; p && *p; p++) {
			if (*p == '\n')
				sg_buf_char(&out, '\r');
			sg_buf_char(&out, *p);
		}
	t_drive_write(dir, win, sg_buf_bytes(&out));
	sg_buf_release(&out);
}

static void write_pe(const char *dir, const char *win, unsigned a, unsigned b, unsigned c, unsigned d)
{
	struct sg_buf pe = { 0 };

	t_pe(a, b, c, d, &pe);
	t_drive_write(dir, win, sg_buf_bytes(&pe));
	sg_buf_release(&pe);
}

static void make_folder(const char *dir, const char *win)
{
	char *path = t_drive_native(dir, win), *inside = sg_format("%s/", path);

	make_parents(inside);
	free(inside);
	free(path);
}

void t_drive_fill(const char *dir)
{
	write_text(dir, T_APPHOST, false, t_file_apphost_sections, t_file_apphost_sites, t_file_apphost_rest);
	write_text(dir, T_SCHEMA, false, t_file_rewrite_schema, NULL, NULL);
	write_pe(dir, "C:\\Windows\\System32\\inetsrv\\rewrite.dll", 7, 2, 1993, 2351);
	write_pe(dir, "C:\\Windows\\System32\\inetsrv\\w3wp.exe", 10, 0, 17763, 1);
	write_pe(dir, T_EXSETUP, 15, 2, 986, 29);
	write_text(dir, T_WWWROOT, true, t_file_wwwroot, NULL, NULL);
	write_text(dir, T_OWA, true, t_file_owa, NULL, NULL);
	write_text(dir, T_ECP, true, t_file_ecp, NULL, NULL);
	write_text(dir, T_BACK_OWA, false, t_file_back_owa, NULL, NULL);
	t_hive_fill(dir);
	write_text(dir, "C:\\ProgramData\\stopgap\\machine", false, T_MACHINE "\n", NULL, NULL);
	make_folder(dir, T_V15 "\\FrontEnd\\HttpProxy\\OAB");
	make_folder(dir, T_V15 "\\FrontEnd\\HttpProxy\\PowerShell");
	make_folder(dir, T_V15 "\\FrontEnd\\HttpProxy\\owa\\auth");
	make_folder(dir, T_V15 "\\ClientAccess\\ecp");
	make_folder(dir, T_V15 "\\ClientAccess\\OAB");
	make_folder(dir, T_V15 "\\ClientAccess\\PowerShell-Proxy");
}

char *t_drive_empty(void)
{
	const char *tmp = getenv("TMPDIR");
	char *dir = sg_format("%s/stopgap-drive-XXXXXX", tmp && *tmp ? tmp : "/tmp");

	if (!mkdtemp(dir))
		die("mkdtemp", dir);
	return dir;
}

char *t_drive_make(void)
{
	char *dir = t_drive_empty();

	t_drive_fill(dir);
	return dir;
}

static void remove_tree(const char *path)
{
	DIR *d = NULL;
	struct dirent *e;
	struct stat st;

	if (lstat(path, &st))
		die("lstat", path);
	if (!S_ISDIR(st.st_mode)) {
		if (unlink(path))
			die("unlink", path);
		return;
	}
	if (!chmod(path, 0700))
		d = opendir(path);
	if (!d)
		die("open", path);
	while ((e = readdir(d))) {
		char *inside;

		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		inside = sg_format("%s/%s", path, e->d_name);
		remove_tree(inside);
		free(inside);
	}
	closedir(d);
	if (rmdir(path))
		die("rmdir", path);
}

void t_drive_free(char *dir)
{
	if (dir)
		remove_tree(dir);
	free(dir);
}

void t_drive_drives(const char *dir, struct sg_drives *ret)
{
	struct sg_err err = SG_ERR_INIT;
	char *arg = sg_format("C=%s", dir);

	memset(ret, 0, sizeof(*ret));
	if (sg_drives_add(ret, arg, &err)) {
		fprintf(stderr, "test drive: %s\n", err.msg);
		abort();
	}
	free(arg);
}

/* --- comparing */

struct t_entry {
	char *path; /* below the drive */
	mode_t mode;
	struct sg_buf octets;
};
struct t_snapshot {
	struct t_entry *at;
	size_t n, cap;
};

static void snap(const char *root, const char *rel, struct t_snapshot *s)
{
	char *path = sg_format("%s%s", root, rel);
	struct dirent **list;
	struct stat st;
	struct t_entry *e;
	int n;

	if (lstat(path, &st))
		die("lstat", path);
	s->at = sg_grow(s->at, s->n, &s->cap, sizeof(*s->at));
	e = &s->at[s->n++];
	memset(e, 0, sizeof(*e));
	e->path = sg_strdup(rel);
	e->mode = st.st_mode;
	if (S_ISREG(st.st_mode))
		read_native(path, &e->octets);
	if (S_ISDIR(st.st_mode)) {
		n = scandir(path, &list, NULL, alphasort);
		if (n < 0)
			die("scandir", path);
		for (int i = 0; i < n; i++) {
			if (strcmp(list[i]->d_name, ".") && strcmp(list[i]->d_name, "..")) {
				char *inside = sg_format("%s/%s", rel, list[i]->d_name);

				snap(root, inside, s);
				free(inside);
			}
			free(list[i]);
		}
		free(list);
	}
	free(path);
}

struct t_snapshot *t_drive_snapshot(const char *dir)
{
	struct t_snapshot *s = sg_alloc(sizeof(*s));

	snap(dir, "", s);
	return s;
}

static const struct t_entry *find(const struct t_snapshot *s, const char *path)
{
	for (size_t i = 0; i < s->n; i++)
		if (!strcmp(s->at[i].path, path))
			return &s->at[i];
	return NULL;
}

bool t_drive_same(const char *dir, const struct t_snapshot *before)
{
	struct t_snapshot *now = t_drive_snapshot(dir);
	bool same = true;

	for (size_t i = 0; i < before->n; i++) {
		const struct t_entry *a = &before->at[i], *b = find(now, a->path);
		const char *what = NULL;

		if (!b)
			what = "is gone";
		else if (a->mode != b->mode)
			what = "has another mode";
		else if (!sg_bytes_equal(sg_buf_bytes(&a->octets), sg_buf_bytes(&b->octets)))
			what = "has other octets";
		if (what) {
			fprintf(stderr, "test drive: %s %s\n", a->path, what);
			same = false;
		}
	}
	for (size_t i = 0; i < now->n; i++)
		if (!find(before, now->at[i].path)) {
			fprintf(stderr, "test drive: %s is new\n", now->at[i].path);
			same = false;
		}
	t_snapshot_free(now);
	return same;
}

void t_snapshot_free(struct t_snapshot *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->n; i++) {
		free(s->at[i].path);
		sg_buf_release(&s->at[i].octets);
	}
	free(s->at);
	free(s);
}
