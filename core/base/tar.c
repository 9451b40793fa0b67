/* tar.c - ustar headers: 512 octets, numbers in octal digits. Reading trusts nothing: sizes, checksums and names are checked first. Pure. */
#include "base/tar.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK = 512, NAME = 100, PREFIX = 155 };
/* Where the fields of a header begin. */
enum {
	AT_MODE = 100,
	AT_UID = 108,
	AT_GID = 116,
	AT_SIZE = 124,
	AT_MTIME = 136,
	AT_SUM = 148,
	AT_TYPE = 156,
	AT_MAGIC = 257,
	AT_USER = 265,
	AT_GROUP = 297,
	AT_PREFIX = 345
};

static unsigned sum_of(const unsigned char *head)
{
	unsigned sum = 0;

	for (int i = 0; i < BLOCK; i++)
		sum += i >= AT_SUM && i < AT_SUM + 8 ? ' ' : head[i];
	return sum;
}

/* `digits` octal digits and a NUL. */
static void octal(unsigned char *at, int digits, uint64_t value)
{
	for (int i = digits - 1; i >= 0; i--, value >>= 3)
		at[i] = (unsigned char)('0' + (value & 7));
	at[digits] = 0;
}

static int put_name(unsigned char *head, const char *name, struct sg_err *err)
{
	size_t len = strlen(name), cut = 0;

	if (len > NAME) {
		for (size_t i = len - NAME - 1; i < len && !cut; i++)
			if (i <= PREFIX && name[i] == '/')
				cut = i;
		if (!cut)
			return sg_fail(err, SG_ELIMIT, "%.200s: the name is too long for an archive", name);
		memcpy(head + AT_PREFIX, name, cut);
		cut++;
	}
	memcpy(head, name + cut, len - cut);
	return 0;
}

/* Into a field of the zeroed head; its NUL is there where the field is longer. */
static void put_text(unsigned char *field, const char *text)
{
	while (*text)
		*field++ = (unsigned char)*text++;
}

static int put_head(
        struct sg_buf *tar, const char *name, char type, uint64_t size, int64_t mtime, struct sg_err *err)
{
	unsigned char head[BLOCK] = { 0 };
	int r = put_name(head, name, err);

	if (r)
		return r;
	if (size >= UINT64_C(1) << 33)
		return sg_fail(err, SG_ELIMIT, "%s: 8 GiB and more do not fit into an archive", name);
	octal(head + AT_MODE, 7, type == '5' ? 0700 : 0600);
	octal(head + AT_UID, 7, 0);
	octal(head + AT_GID, 7, 0);
	octal(head + AT_SIZE, 11, size);
	octal(head + AT_MTIME, 11, mtime > 0 ? (uint64_t)mtime / 1000 : 0);
	head[AT_TYPE] = (unsigned char)type;
	put_text(head + AT_MAGIC, "ustar"); /* and a NUL */
	put_text(head + AT_MAGIC + 6, "00");
	put_text(head + AT_USER, "root");
	put_text(head + AT_GROUP, "root");
	octal(head + AT_SUM, 6, sum_of(head));
	head[AT_SUM + 7] = ' ';
	sg_buf_add(tar, head, BLOCK);
	return 0;
}

int sg_tar_add_file(
        struct sg_buf *tar, const char *name, struct sg_bytes octets, int64_t mtime, struct sg_err *err)
{
	static const unsigned char zeros[BLOCK];
	int r = put_head(tar, name, '0', octets.len, mtime, err);

	if (r)
		return r;
	sg_buf_add(tar, octets.data, octets.len);
	sg_buf_add(tar, zeros, (BLOCK - octets.len % BLOCK) % BLOCK);
	return 0;
}

int sg_tar_add_folder(struct sg_buf *tar, const char *name, int64_t mtime, struct sg_err *err)
{
	char *slashed = sg_format("%s/", name);
	int r = put_head(tar, slashed, '5', 0, mtime, err);

	free(slashed);
	return r;
}

void sg_tar_end(struct sg_buf *tar)
{
	static const unsigned char zeros[2 * BLOCK];

	sg_buf_add(tar, zeros, sizeof(zeros));
}

/* --- reading */

/* Octal digits, a blank or NUL behind them. */
static bool number(const unsigned char *at, int width, uint64_t *ret)
{
	uint64_t value = 0;
	int i = 0;

	while (i < width && at[i] == ' ')
		i++;
	for (; i < width && at[i] >= '0' && at[i] <= '7'; i++)
		value = value * 8 + (uint64_t)(at[i] - '0');
	if (i < width && at[i] && at[i] != ' ')
		return false;
	*ret = value;
	return true;
}

/* Relative, and never out of the archive. */
static bool safe(const char *name)
{
	for (const char *p = name; *p; p += strcspn(p, "/"), p += *p == '/') {
		size_t len = strcspn(p, "/");

		if (!len || (len == 1 && p[0] == '.') || (len == 2 && p[0] == '.' && p[1] == '.') ||
		        memchr(p, '\\', len))
			return false;
	}
	return *name != 0;
}

static void get_name(const unsigned char *head, char out[258])
{
	const char *name = (const char *)head, *prefix = name + AT_PREFIX;
	size_t n, len = 0;

	for (n = 0; n < PREFIX && prefix[n]; n++)
		out[len++] = prefix[n];
	if (len)
		out[len++] = '/';
	for (n = 0; n < NAME && name[n]; n++)
		out[len++] = name[n];
	out[len] = 0;
	while (len > 2 && !strncmp(out, "./", 2)) {
		memmove(out, out + 2, len - 1);
		len -= 2;
	}
	while (len && out[len - 1] == '/')
		out[--len] = 0;
}

int sg_tar_next(struct sg_bytes tar, size_t *at, struct sg_tar_entry *ret, struct sg_err *err)
{
	static const unsigned char zeros[BLOCK];
	const unsigned char *head = tar.data + *at;
	uint64_t size = 0, sum = 0;

	if (tar.len == *at && *at)
		return 0;
	if (*at > tar.len || tar.len - *at < BLOCK)
		return sg_fail(err, SG_EPARSE, "this is no tar archive, or it ends too early");
	if (!memcmp(head, zeros, BLOCK))
		return 0;
	if (memcmp(head + AT_MAGIC, "ustar", 5) || !number(head + AT_SUM, 8, &sum) || sum != sum_of(head) ||
	        !number(head + AT_SIZE, 12, &size))
		return sg_fail(err, SG_EPARSE, "at octet %zu there is no header of a tar archive", *at);
	get_name(head, ret->name);
	if (size > tar.len - *at - BLOCK)
		return sg_fail(err, SG_EPARSE, "%s: the archive ends too early", ret->name);
	if ((head[AT_TYPE] != '0' && head[AT_TYPE] && head[AT_TYPE] != '5') ||
	        (!safe(ret->name) && !(head[AT_TYPE] == '5' && !strcmp(ret->name, "."))))
		return sg_fail(err, SG_EUNSUPPORTED,
		        "%s: only files and folders with plain names are taken from an archive", ret->name);
	ret->folder = head[AT_TYPE] == '5';
	ret->octets = (struct sg_bytes){ head + BLOCK, ret->folder ? 0 : (size_t)size };
	*at += BLOCK + ((size_t)size + BLOCK - 1) / BLOCK * BLOCK;
	if (*at > tar.len)
		*at = tar.len;
	return 1;
}
