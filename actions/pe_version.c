/* pe_version.c - FILEVERSION from a PE file's version resource. Pure but for sg_file_version; every offset is checked before it is used.
 *
 * Follows Microsoft's "PE Format": DOS header, COFF header, optional header, data directory 2 (resources), section table, three levels of resource
 * directory (type RT_VERSION, name, language), then VS_VERSIONINFO with its VS_FIXEDFILEINFO.
 */
#include "actions/host.h"
#include "base/os.h"

#include <stdlib.h>

enum {
	MAX_FILE = 256 << 20,
	RT_VERSION = 16,
	MAX_SECTIONS = 96,
	MAX_ENTRIES = 4096,
	MAX_INFO = 64 << 10,
};

struct pe {
	struct sg_bytes b;
	size_t resources; /* offset of the resource directory in the file */
	size_t end;       /* of its section, in the file */
	uint32_t rva;     /* of that directory */
	struct sg_err *err;
};

static bool has(struct sg_bytes b, size_t at, size_t len)
{
	return at <= b.len && len <= b.len - at;
}

static uint32_t u16(struct sg_bytes b, size_t at)
{
	return (uint32_t)b.data[at] | (uint32_t)b.data[at + 1] << 8;
}

static uint32_t u32(struct sg_bytes b, size_t at)
{
	return u16(b, at) | u16(b, at + 2) << 16;
}

/* Finds the section that holds the resource directory. */
static int find_resources(struct pe *pe)
{
	struct sg_bytes b = pe->b;
	size_t coff, optional, directories, sections;
	uint32_t n, magic;

	if (!has(b, 0, 0x40) || u16(b, 0) != 0x5a4d)
		return sg_fail(pe->err, SG_EPARSE, "no PE file: no DOS header");
	coff = u32(b, 0x3c);
	if (!has(b, coff, 24) || u32(b, coff) != 0x00004550)
		return sg_fail(pe->err, SG_EPARSE, "no PE file: no PE signature");
	n = u16(b, coff + 6);
	optional = coff + 24;
	sections = optional + u16(b, coff + 20);
	if (n > MAX_SECTIONS || !has(b, sections, (size_t)n * 40) || sections - optional < 2)
		return sg_fail(pe->err, SG_EPARSE, "the PE file's section table is outside the file");
	magic = u16(b, optional);
	if (magic != 0x10b && magic != 0x20b)
		return sg_fail(pe->err, SG_EPARSE, "the PE file's optional header is of an unknown kind");
	directories = optional + (magic == 0x20b ? 112 : 96);
	if (directories + 3 * 8 > sections || u32(b, directories - 4) < 3)
		return sg_fail(pe->err, SG_ENOENT, "the PE file has no resources");
	pe->rva = u32(b, directories + 16);
	for (uint32_t i = 0; i < n && pe->rva; i++) {
		size_t at = sections + (size_t)i * 40;
		uint32_t start = u32(b, at + 12), raw_size = u32(b, at + 16), raw = u32(b, at + 20);

		if (pe->rva < start || pe->rva - start >= raw_size)
			continue;
		if (!has(b, raw, raw_size))
			return sg_fail(pe->err, SG_EPARSE, "the PE file's resources are outside the file");
		pe->resources = (size_t)raw + (pe->rva - start);
		pe->end = (size_t)raw + raw_size;
		return 0;
	}
	return sg_fail(pe->err, SG_ENOENT, "the PE file has no resources");
}

/* The entry of a directory at `offset` with that id (or the first one when `any`): offset of what it points to. */
static int enter(const struct pe *pe, uint32_t offset, uint32_t id, bool any, bool want_dir, uint32_t *ret)
{
	struct sg_bytes part = { pe->b.data + pe->resources, pe->end - pe->resources };
	uint32_t n;

	if (!has(part, offset, 16))
		return sg_fail(pe->err, SG_EPARSE, "a resource directory is outside its section");
	n = u16(part, offset + 12) + u16(part, offset + 14);
	if (n > MAX_ENTRIES || !has(part, (size_t)offset + 16, (size_t)n * 8))
		return sg_fail(pe->err, SG_EPARSE, "a resource directory is outside its section");
	for (uint32_t i = 0; i < n; i++) {
		size_t at = (size_t)offset + 16 + (size_t)i * 8;
		uint32_t to = u32(part, at + 4);

		if (!any && u32(part, at) != id)
			continue;
		if ((to >> 31 == 1) != want_dir)
			return sg_fail(pe->err, SG_EPARSE, "a resource directory has an unexpected depth");
		*ret = to & 0x7fffffffu;
		return 0;
	}
	return sg_fail(pe->err, SG_ENOENT, "the PE file has no version resource");
}

int sg_pe_version(struct sg_bytes octets, struct sg_version *ret, struct sg_err *err)
{
	struct pe pe = { .b = octets, .err = err };
	uint32_t offset = 0, rva, size;
	size_t at;
	int r;

	r = find_resources(&pe);
	if (!r)
		r = enter(&pe, 0, RT_VERSION, false, true, &offset);
	if (!r)
		r = enter(&pe, offset, 0, true, true, &offset);
	if (!r)
		r = enter(&pe, offset, 0, true, false, &offset);
	if (r < 0)
		return r;
	if (offset > pe.end - pe.resources || pe.end - pe.resources - offset < 16)
		return sg_fail(err, SG_EPARSE, "the version resource's entry is outside its section");
	rva = u32(octets, pe.resources + offset);
	size = u32(octets, pe.resources + offset + 4);
	if (rva < pe.rva || rva - pe.rva > pe.end - pe.resources || size > MAX_INFO ||
	        size > pe.end - pe.resources - (rva - pe.rva))
		return sg_fail(err, SG_EPARSE, "the version resource is outside its section");
	at = pe.resources + (rva - pe.rva);
	/* VS_VERSIONINFO: three 16-bit numbers, the key "VS_VERSION_INFO" in UTF-16, padding to 4: the value begins at 40 */
	if (size < 40 + 52 || u16(octets, at + 2) < 52 || u32(octets, at + 40) != 0xfeef04bd)
		return sg_fail(err, SG_EPARSE, "the version resource holds no VS_FIXEDFILEINFO");
	*ret = (struct sg_version){
		.part = { u16(octets, at + 50), u16(octets, at + 48), u16(octets, at + 54),
		        u16(octets, at + 52) },
		.n = 4,
	};
	return 0;
}

int sg_file_version(
        const struct sg_drives *drives, const char *win_path, struct sg_version *ret, struct sg_err *err)
{
	struct sg_err why = SG_ERR_INIT;
	struct sg_buf octets = { 0 };
	struct sg_file_id id;
	char *native = NULL;
	int r;

	r = sg_drive_path(drives, win_path, false, &native, err);
	if (!r)
		r = sg_os_read(native, MAX_FILE, &octets, &id, err);
	if (!r) {
		r = sg_pe_version(sg_buf_bytes(&octets), ret, &why);
		if (r)
			sg_fail(err, r, "%s: %s", win_path, why.msg);
	}
	sg_buf_release(&octets);
	free(native);
	return r;
}

int sg_file_version_twice(
        const struct sg_drives *drives, const char *win_path, struct sg_version *ret, struct sg_err *err)
{
	struct sg_version first, second;
	int code = sg_file_version(drives, win_path, &first, err);

	if (!code)
		code = sg_file_version(drives, win_path, &second, err);
	if (code)
		return code;
	if (sg_version_cmp(&first, &second))
		return sg_fail(err, SG_EBUSY, "%s changed while it was read", win_path);
	*ret = second;
	return 0;
}
