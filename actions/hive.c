/* hive.c - a hive's file: base block, bins, cells, and the logs beside it. See hive.h.
 *
 * Only the base block and the bins' heads are checked when it is read in; a key or value is checked when it is asked for, so that damage elsewhere in
 * a large hive keeps nobody from the part that is sound.
 */
#include "actions/hive_parts.h"
#include "base/os.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

enum { HEAD = 512, ENTRY_HEAD = 40, LOG_TYPE = 6 };

int sg_hive_wrong(const struct sg_hive *h, size_t at, const char *what, struct sg_err *err)
{
	return sg_fail(err, SG_EPARSE, "%s: at octet %zu: %s", h->name, at, what);
}

/* The checksum of a base block: XOR of its first 508 octets as 32-bit numbers, where 0 and -1 stand for other things and are moved by one. */
static bool checksum_holds(const unsigned char *p)
{
	uint32_t x = 0;

	for (size_t i = 0; i < HEAD - 4; i += 4)
		x ^= sg_hive_u32(p + i);
	if (x == 0)
		x = 1;
	else if (x == UINT32_MAX)
		x = UINT32_MAX - 1;
	return x == sg_hive_u32(p + HEAD - 4);
}

static void mark_unclean(struct sg_hive *h, char *why)
{
	if (h->unclean)
		free(why);
	else
		h->unclean = why;
	h->clean = false;
}

/* --- the file */

static int read_base(struct sg_hive *h, struct sg_err *err)
{
	const unsigned char *p = h->octets.data;
	uint32_t bins;

	if (h->octets.len > SG_HIVE_MAX)
		return sg_fail(err, SG_ELIMIT, "%s: %zu octets are more than a registry hive has", h->name,
		        h->octets.len);
	if (h->octets.len < 2 * SG_HIVE_BASE)
		return sg_hive_wrong(h, h->octets.len, "the file ends before its first bin does", err);
	if (memcmp(p, "regf", 4))
		return sg_hive_wrong(h, 0, "this is no registry hive", err);
	h->primary = sg_hive_u32(p + SG_BASE_PRIMARY);
	h->secondary = sg_hive_u32(p + SG_BASE_SECONDARY);
	h->minor = sg_hive_u32(p + SG_BASE_MINOR);
	h->flags = sg_hive_u32(p + SG_BASE_FLAGS);
	if (sg_hive_u32(p + SG_BASE_MAJOR) != 1 || h->minor < 3 || h->minor > 6)
		return sg_fail(err, SG_EUNSUPPORTED,
		        "%s is a registry hive of version %u.%u; 1.3 to 1.6 are read", h->name,
		        (unsigned)sg_hive_u32(p + SG_BASE_MAJOR), (unsigned)h->minor);
	if (sg_hive_u32(p + SG_BASE_TYPE) != 0 || sg_hive_u32(p + SG_BASE_FORMAT) != 1)
		return sg_fail(err, SG_EUNSUPPORTED,
		        "%s is a registry file of type %u, format %u; a hive has 0 and 1", h->name,
		        (unsigned)sg_hive_u32(p + SG_BASE_TYPE), (unsigned)sg_hive_u32(p + SG_BASE_FORMAT));
	bins = sg_hive_u32(p + SG_BASE_BINS);
	if (bins < 4096 || bins % 4096)
		return sg_hive_wrong(h, SG_BASE_BINS, "the size of the bins is no multiple of 4096", err);
	if (bins > h->octets.len - SG_HIVE_BASE)
		return sg_hive_wrong(h, h->octets.len, "the file ends before its last bin does", err);
	h->end = SG_HIVE_BASE + (size_t)bins;
	return 0;
}

static int check_bins(const struct sg_hive *h, struct sg_err *err)
{
	size_t at = SG_HIVE_BASE;

	while (at < h->end) {
		const unsigned char *p = h->octets.data + at;
		uint32_t size = sg_hive_u32(p + 8);

		if (memcmp(p, "hbin", 4) || sg_hive_u32(p + 4) != at - SG_HIVE_BASE)
			return sg_hive_wrong(h, at, "a bin should begin here", err);
		if (size < 4096 || size % 4096 || size > h->end - at)
			return sg_hive_wrong(h, at + 8, "a bin has an impossible size", err);
		at += size;
	}
	return 0;
}

int sg_hive_scan(const char *name, struct sg_buf *octets, struct sg_hive *ret, struct sg_err *err)
{
	struct sg_hive h = { .name = sg_strdup(name), .octets = *octets, .clean = true };
	uint32_t root;
	int r;

	*octets = (struct sg_buf){ 0 };
	r = read_base(&h, err);
	if (!r)
		r = check_bins(&h, err);
	if (r)
		goto out;
	root = sg_hive_u32(h.octets.data + SG_BASE_ROOT);
	if (!sg_hive_nk(&h, root)) {
		r = sg_hive_wrong(&h, SG_BASE_ROOT, "there is no root key where the base block says", err);
		goto out;
	}
	h.root = SG_HIVE_BASE + root;
	if (!checksum_holds(h.octets.data))
		mark_unclean(&h, sg_format("the checksum of its base block is wrong"));
	else if (h.primary != h.secondary)
		mark_unclean(&h, sg_format("it was not written to its end (sequence numbers %u and %u)",
		                         (unsigned)h.primary, (unsigned)h.secondary));
	*ret = h;
	h = (struct sg_hive){ 0 };
out:
	sg_hive_release(&h);
	return r;
}

void sg_hive_release(struct sg_hive *h)
{
	sg_buf_release(&h->octets);
	free(h->name);
	free(h->unclean);
	memset(h, 0, sizeof(*h));
}

/* --- the logs: a flush may have gone to them alone, up to an hour ago (Windows 8.1 and later) */

/* Whether a log in the new format holds entries above the hive's sequence number; *ret_highest is then the highest. */
static int log_is_newer(const struct sg_hive *h, struct sg_os_file f, uint64_t size, bool *ret,
        uint32_t *ret_highest, struct sg_err *err)
{
	unsigned char head[HEAD];
	size_t got;
	int r = sg_os_pread(f, 0, head, sizeof(head), &got, err);

	*ret = false;
	if (r || got < sizeof(head) || memcmp(head, "regf", 4) || !checksum_holds(head) ||
	        sg_hive_u32(head + SG_BASE_TYPE) != LOG_TYPE)
		return r;
	for (uint64_t at = HEAD; at + ENTRY_HEAD <= size;) {
		uint32_t length, number;

		r = sg_os_pread(f, at, head, ENTRY_HEAD, &got, err);
		if (r || got < ENTRY_HEAD || memcmp(head, "HvLE", 4))
			return r;
		length = sg_hive_u32(head + 4);
		number = sg_hive_u32(head + 12);
		if (length < HEAD || length % HEAD || length > size - at)
			return 0;
		/* numbers wrap; half of them are ahead */
		if (number != h->secondary && number - h->secondary < 0x80000000u &&
		        (!*ret || number - *ret_highest < 0x80000000u)) {
			*ret = true;
			*ret_highest = number;
		}
		at += length;
	}
	return 0;
}

static void check_log(
        const struct sg_drives *drives, const char *win_path, const char *tail, struct sg_hive *h)
{
	char *win = sg_format("%s%s", win_path, tail), *native = NULL;
	struct sg_os_file f = SG_OS_FILE_INIT;
	struct sg_err why = SG_ERR_INIT;
	struct sg_file_id id = { 0 };
	uint32_t highest = 0;
	bool newer = false;
	int r;

	r = sg_drive_path(drives, win, false, &native, &why);
	if (!r)
		r = sg_os_stat(native, &id, &why);
	if (!r)
		r = sg_os_open_read(native, &f, &why);
	if (!r)
		r = log_is_newer(h, f, id.size, &newer, &highest, &why);
	if (r && r != SG_ENOENT)
		mark_unclean(h, sg_format("its log cannot be read: %s", why.msg));
	else if (newer)
		mark_unclean(h,
		        sg_format(
		                "its log %s holds changes that it has not (number %u, and the hive is at %u)",
		                tail + 1, (unsigned)highest, (unsigned)h->secondary));
	sg_os_close(&f);
	free(native);
	free(win);
}

int sg_hive_load(
        const struct sg_drives *drives, const char *win_path, struct sg_hive *ret, struct sg_err *err)
{
	struct sg_buf octets = { 0 };
	char *win = NULL, *native = NULL;
	int r;

	r = sg_drive_canonical(drives, win_path, &win, err);
	if (!r)
		r = sg_drive_path(drives, win, false, &native, err);
	if (!r)
		r = sg_os_read(native, SG_HIVE_MAX, &octets, NULL, err);
	if (!r)
		r = sg_hive_scan(win, &octets, ret, err);
	if (!r)
		sg_hive_check_logs(drives, ret);
	sg_buf_release(&octets);
	free(native);
	free(win);
	return r;
}

void sg_hive_check_logs(const struct sg_drives *drives, struct sg_hive *h)
{
	check_log(drives, h->name, ".LOG1", h);
	check_log(drives, h->name, ".LOG2", h);
}

/* --- cells */

const unsigned char *sg_hive_cell(const struct sg_hive *h, uint32_t rel, uint32_t need, uint32_t *ret_have)
{
	size_t bins = h->end - SG_HIVE_BASE;
	const unsigned char *p;
	uint32_t size;

	if (rel % 8 || rel < 32 || rel > bins - 8)
		return NULL;
	p = h->octets.data + SG_HIVE_BASE + rel;
	size = sg_hive_u32(p);
	if (!(size & 0x80000000u)) /* a free one */
		return NULL;
	size = 0u - size;
	if (size < 8 || size % 8 || size > bins - rel || size - 4 < need)
		return NULL;
	if (ret_have)
		*ret_have = size - 4;
	return p + 4;
}

const unsigned char *sg_hive_nk(const struct sg_hive *h, uint32_t rel)
{
	uint32_t have;
	const unsigned char *p = sg_hive_cell(h, rel, SG_HIVE_NK, &have);

	return p && !memcmp(p, "nk", 2) && sg_hive_u16(p + SG_NK_NAME_LEN) <= have - SG_HIVE_NK ? p : NULL;
}

/* --- characters */

static void put_utf8(struct sg_buf *out, uint32_t c)
{
	if (c < 0x80) {
		sg_buf_char(out, (char)c);
	} else if (c < 0x800) {
		sg_buf_char(out, (char)(0xc0 | c >> 6));
		sg_buf_char(out, (char)(0x80 | (c & 0x3f)));
	} else if (c < 0x10000) {
		sg_buf_char(out, (char)(0xe0 | c >> 12));
		sg_buf_char(out, (char)(0x80 | (c >> 6 & 0x3f)));
		sg_buf_char(out, (char)(0x80 | (c & 0x3f)));
	} else {
		sg_buf_char(out, (char)(0xf0 | c >> 18));
		sg_buf_char(out, (char)(0x80 | (c >> 12 & 0x3f)));
		sg_buf_char(out, (char)(0x80 | (c >> 6 & 0x3f)));
		sg_buf_char(out, (char)(0x80 | (c & 0x3f)));
	}
}

/* The character at *i, which goes behind it. */
static uint32_t next_char(const unsigned char *p, size_t len, bool latin1, size_t *i)
{
	uint32_t c, low;

	if (latin1) {
		c = p[(*i)++];
		return c ? c : 0xfffd;
	}
	c = sg_hive_u16(p + *i);
	*i += 2;
	if (c >= 0xd800 && c <= 0xdbff && *i + 2 <= len) {
		low = sg_hive_u16(p + *i);
		if (low >= 0xdc00 && low <= 0xdfff) {
			*i += 2;
			return 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
		}
	}
	return c == 0 || (c >= 0xd800 && c <= 0xdfff) ? 0xfffd : c;
}

void sg_hive_utf8(const unsigned char *p, size_t len, bool latin1, struct sg_buf *out)
{
	len -= latin1 ? 0 : len % 2;
	sg_buf_add(out, "", 0);
	for (size_t i = 0; i < len;)
		put_utf8(out, next_char(p, len, latin1, &i));
}

static uint32_t upper(uint32_t c)
{
	bool lower = (c >= 'a' && c <= 'z') || (c >= 0xe0 && c <= 0xfe && c != 0xf7);

	return lower ? c - 32 : c;
}

bool sg_hive_named(const unsigned char *p, size_t len, bool latin1, const char *want)
{
	struct sg_bytes w = sg_bytes_of(want);
	size_t i = 0, k = 0;

	if (!latin1 && len % 2)
		return false;
	while (i < len && k < w.len) {
		uint32_t c;
		size_t took = sg_utf8_next(w, k, &c);

		if (!took || upper(c) != upper(next_char(p, len, latin1, &i)))
			return false;
		k += took;
	}
	return i == len && k == w.len;
}
