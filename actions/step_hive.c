/* step_hive.c - start types in the SYSTEM hive of a drive: found by actions/hive.c, moved by four octets in place.
 *
 * Guarantees: nothing in the hive changes but the inline data of Start values that were found and looked at again (P2, P7), so undoing gives the identical
 * file; a Start lies within one sector and within one cell, so it is its old or its new number whenever the process dies or the power fails (P5). No sequence number
 * and no checksum changes: none covers a value. Cells move when Windows runs, so every plan looks the value up again by its name.
 */
#include "actions/services.h"
#include "actions/step_parts.h"
#include "base/xml.h"

#include <stdlib.h>
#include <string.h>

bool sg_step_in_hive(const struct sg_addr *addr)
{
	struct sg_addr hive = { 0 };
	char *name = sg_service_of(addr);
	bool is;

	sg_service_addr("", &hive);
	is = name && sg_win_same(addr->container, hive.container);
	sg_addr_release(&hive);
	free(name);
	return is;
}

static bool is_hive(const char *container)
{
	struct sg_addr hive = { 0 };
	bool is;

	sg_service_addr("", &hive);
	is = sg_win_same(container, hive.container);
	sg_addr_release(&hive);
	return is;
}

size_t sg_step_max(const char *container)
{
	return is_hive(container) ? SG_HIVE_MAX : sg_xml_config_limits.bytes;
}

bool sg_step_live(const struct sg_drives *drives, const char *container)
{
	return sg_drives_live(drives) && is_hive(container);
}

/* --- looking */

int sg_step_hive_load(const struct sg_drives *drives, struct sg_step_group *group, struct sg_err *err)
{
	struct sg_err why = SG_ERR_INIT;
	struct sg_buf octets = { 0 };
	uint32_t set;
	int r;

	r = sg_drive_path(drives, group->container, false, &group->native, err);
	if (!r)
		r = sg_os_read(group->native, SG_HIVE_MAX, &octets, &group->id, err);
	if (r)
		return r;
	r = sg_hive_scan(group->container, &octets, &group->hive, err);
	if (r)
		return r;
	sg_hive_check_logs(drives, &group->hive);
	r = sg_hive_control_set(&group->hive, &set, &group->set, &why);
	if (!r)
		r = sg_hive_child(&group->hive, set, "Services", &group->services, &why);
	/* the file is there: without a control set it is damaged, and its services are not gone */
	return r ? sg_fail(err, r == SG_ENOENT ? SG_EPARSE : r, "%s", why.msg) : 0;
}

/* Where the number is, and which. */
static int locate(const struct sg_step_group *group, const struct sg_addr *addr, uint32_t *ret,
        size_t *ret_at, struct sg_err *err)
{
	char *name = sg_service_of(addr);
	struct sg_err why = SG_ERR_INIT;
	uint32_t key = SG_NO_KEY;
	int r;

	r = sg_hive_child(&group->hive, group->services, name, &key, &why);
	if (r == SG_ENOENT) {
		r = sg_fail(err, r, "%s: there is no service %s in ControlSet%03u", group->container, name,
		        group->set);
		goto out;
	}
	if (!r)
		r = sg_hive_dword(&group->hive, key, "Start", ret, ret_at, &why);
	if (r == SG_ENOENT)
		r = sg_fail(err, r, "%s: service %s in ControlSet%03u has no Start", group->container, name,
		        group->set);
	else if (r == SG_EINVAL)
		r = sg_fail(err, SG_EUNSUPPORTED, "service %s: %s", name, why.msg);
	else if (r)
		r = sg_fail(err, r, "service %s: %s", name, why.msg);
	else if (!*ret_at)
		r = sg_fail(err, SG_EUNSUPPORTED,
		        "%s: Start of service %s is not in its value's own record, where Windows keeps it: "
		        "it "
		        "cannot be changed in place",
		        group->container, name);
	else if (*ret > SG_START_DISABLED)
		r = sg_fail(err, SG_EUNSUPPORTED, "%s: Start of service %s is %u, and start types are 0 to 4",
		        group->container, name, (unsigned)*ret);
out:
	free(name);
	return r;
}

static void set_content(const struct sg_step_group *group, uint32_t start, struct sg_content *ret)
{
	*ret = (struct sg_content){ .present = true };
	sg_buf_fmt(&ret->octets, "%u", (unsigned)start);
	sg_buf_fmt(&ret->lead, "ControlSet%03u", group->set);
}

int sg_step_hive_look(const struct sg_step_group *group, const struct sg_addr *addr, struct sg_content *ret,
        struct sg_err *err)
{
	uint32_t start = 0;
	size_t at = 0;
	int r = locate(group, addr, &start, &at, err);

	if (!r)
		set_content(group, start, ret);
	return r;
}

/* --- planning */

int sg_step_hive_set(const struct sg_step_group *group, const struct sg_addr *addr,
        const struct sg_content *to, struct sg_step_file *f, struct sg_content *ret_written,
        struct sg_err *err)
{
	const struct sg_buf *digit = &to->octets;
	struct sg_step_patch *patch;
	uint32_t now = 0, next;
	char *name;
	size_t at = 0;
	int r;

	if (!to->present || digit->len != 1 || digit->data[0] < '0' || digit->data[0] > '4')
		return sg_fail(
		        err, SG_EINVAL, "%s: %s can be 0 to 4 and nothing else", addr->container, addr->path);
	r = locate(group, addr, &now, &at, err);
	if (r)
		return r;
	next = (uint32_t)(digit->data[0] - '0');
	if (now != next) {
		name = sg_service_of(addr);
		f->patches = sg_grow(f->patches, f->n_patches, &f->cap_patches, sizeof(*f->patches));
		patch = &f->patches[f->n_patches++];
		*patch = (struct sg_step_patch){ .at = at };
		patch->text = sg_format("service %s: Start %u (%s) -> %u (%s)", name, (unsigned)now,
		        sg_start_name((enum sg_start_type)now), (unsigned)next,
		        sg_start_name((enum sg_start_type)next));
		free(name);
		memset(f->after.data + at, 0, 4);
		f->after.data[at] = (unsigned char)next;
	}
	set_content(group, next, ret_written);
	return 0;
}

int sg_step_hive_referee(const struct sg_step_file *f, struct sg_err *err)
{
	struct sg_buf back = { 0 };
	bool same;

	sg_buf_set(&back, f->after.data, f->after.len);
	for (size_t i = 0; i < f->n_patches; i++)
		memcpy(back.data + f->patches[i].at, f->before.data + f->patches[i].at, 4);
	same = sg_bytes_equal(sg_buf_bytes(&back), sg_buf_bytes(&f->before));
	for (size_t i = 0; same && i < f->n_patches; i++) /* two names of one value, or values that overlap */
		for (size_t k = 0; same && k < i; k++)
			same = f->patches[i].at >= f->patches[k].at + 4 ||
			       f->patches[k].at >= f->patches[i].at + 4;
	sg_buf_release(&back);
	return same ? 0
	            : sg_fail(err, SG_ECONFLICT,
	                      "%s: more would change than the start types that are asked for", f->container);
}

/* --- writing */

/* The open file is the one that was planned with, octet by octet. */
static int check_open(const struct sg_step_file *f, struct sg_os_file file, struct sg_err *err)
{
	enum { CHUNK = 65536 };
	unsigned char *chunk = sg_alloc(CHUNK);
	struct sg_file_id id;
	size_t at = 0, got = 1;
	bool same;
	int r;

	r = sg_os_identify(file, &id, err);
	same = !r && id.dev == f->id.dev && id.ino == f->id.ino && id.links == 1;
	while (!r && same && got) {
		r = sg_os_pread(file, at, chunk, CHUNK, &got, err);
		same = r || (got <= f->before.len - at && !memcmp(chunk, f->before.data + at, got));
		at += got;
	}
	if (!r && (!same || at != f->before.len))
		r = sg_fail(
		        err, SG_ECONFLICT, "it was changed by somebody else just now; nothing was written");
	free(chunk);
	return r;
}

static int check_written(const struct sg_step_file *f, struct sg_os_file file, struct sg_err *err)
{
	int r = 0;

	for (size_t i = 0; !r && i < f->n_patches; i++) {
		unsigned char now[4];
		size_t got;

		r = sg_os_pread(file, f->patches[i].at, now, sizeof(now), &got, err);
		if (!r && (got != sizeof(now) || memcmp(now, f->after.data + f->patches[i].at, sizeof(now))))
			r = sg_fail(err, SG_EIO, "%s was written, and reads otherwise", f->patches[i].text);
	}
	return r;
}

int sg_step_hive_write(const struct sg_step_file *f, struct sg_err *err)
{
	struct sg_os_file file = SG_OS_FILE_INIT;
	struct sg_err why = SG_ERR_INIT;
	int r;

	r = sg_os_open(f->native, false, &file, &why);
	if (!r)
		r = check_open(f, file, &why);
	for (size_t i = 0; !r && i < f->n_patches; i++)
		r = sg_os_pwrite(file, f->patches[i].at, f->after.data + f->patches[i].at, 4, &why);
	if (!r)
		r = sg_os_sync(file, &why);
	if (!r)
		r = check_written(f, file, &why);
	sg_os_close(&file);
	return r ? sg_fail(err, r, "%s: %s", f->container, why.msg) : 0;
}
