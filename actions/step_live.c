/* step_live.c - start types on running Windows: looked at in the registry and at the service control manager, moved by the manager.
 *
 * Guarantees: what is not certainly at the one planned content is not written (P2): the manager is asked again right before, and where it and the registry
 * differ the value counts as somebody else's. One start type is one transaction of the manager, so it is the old or the new one at any instant (P5), and it
 * is flushed before the next (P3). Delayed automatic start is no value of ours: it is left as it was, and given back should disabling have cost it (P7).
 * Between the last look and the write another program may come: the manager has no way to change a start type only if it is what was seen.
 */
#include "actions/live.h"
#include "actions/services.h"
#include "actions/step_parts.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

static const char services[] = "SYSTEM\\CurrentControlSet\\Services";
static const char delayed_mark[] = ", delayed";

static int dword(const char *key, const char *name, uint32_t *ret, struct sg_err *err)
{
	struct sg_hive_value v = { 0 };
	int r = sg_live_value(key, name, &v, err);

	if (!r)
		r = sg_hive_value_dword(&v, key, name, ret, err);
	sg_hive_value_release(&v);
	return r;
}

static bool is_delayed(const char *service)
{
	char *key = sg_format("%s\\%s", services, service);
	uint32_t delayed = 0;
	bool is = dword(key, "DelayedAutostart", &delayed, NULL) == 0 && delayed;

	free(key);
	return is;
}

/* The start type that both agree on. */
static int start_of(const char *service, uint32_t *ret, struct sg_err *err)
{
	char *key = sg_format("%s\\%s", services, service);
	uint32_t kept = 0, counts = 0;
	int r = sg_live_start(service, &counts, err);

	if (!r)
		r = dword(key, "Start", &kept, err);
	if (!r && kept != counts)
		r = sg_fail(err, SG_ECONFLICT,
		        "Start of service %s is %u in the registry and %u for the service control manager",
		        service, (unsigned)kept, (unsigned)counts);
	if (!r && counts > SG_START_DISABLED)
		r = sg_fail(err, SG_EUNSUPPORTED, "Start of service %s is %u, and start types are 0 to 4",
		        service, (unsigned)counts);
	if (!r)
		*ret = counts;
	free(key);
	return r;
}

static void set_content(uint32_t start, bool delayed, struct sg_content *ret)
{
	uint32_t set = 1;

	dword("SYSTEM\\Select", "Current", &set, NULL);
	*ret = (struct sg_content){ .present = true };
	sg_buf_fmt(&ret->octets, "%u", (unsigned)start);
	sg_buf_fmt(&ret->lead, "ControlSet%03u%s", (unsigned)set, delayed ? delayed_mark : "");
}

int sg_step_live_look(const struct sg_addr *addr, struct sg_content *ret, struct sg_err *err)
{
	char *service = sg_service_of(addr);
	uint32_t start = 0;
	int r = start_of(service, &start, err);

	if (!r)
		set_content(start, is_delayed(service), ret);
	free(service);
	return r;
}

/* Whether the content was read of a service whose automatic start was delayed. */
static bool was_delayed(const struct sg_content *c)
{
	size_t tail = sizeof(delayed_mark) - 1;

	return c->lead.len > tail && !memcmp(c->lead.data + c->lead.len - tail, delayed_mark, tail);
}

int sg_step_live_set(const struct sg_addr *addr, const struct sg_content *to, struct sg_step_file *f,
        struct sg_content *ret_written, struct sg_err *err)
{
	const struct sg_buf *digit = &to->octets;
	char *service = sg_service_of(addr);
	struct sg_step_patch *patch;
	uint32_t now = 0, next;
	bool delayed;
	int r = 0;

	if (!to->present || digit->len != 1 || digit->data[0] < '0' || digit->data[0] > '4')
		r = sg_fail(
		        err, SG_EINVAL, "%s: %s can be 0 to 4 and nothing else", addr->container, addr->path);
	if (!r)
		r = start_of(service, &now, err);
	for (size_t i = 0; !r && i < f->n_patches; i++)
		if (sg_same(f->patches[i].service, service))
			r = sg_fail(err, SG_ECONFLICT, "%s: the service %s is asked for twice", f->container,
			        service);
	if (r)
		goto out;
	next = (uint32_t)(digit->data[0] - '0');
	delayed = was_delayed(to) || is_delayed(service);
	set_content(next, delayed, ret_written);
	if (now == next)
		goto out;
	f->patches = sg_grow(f->patches, f->n_patches, &f->cap_patches, sizeof(*f->patches));
	patch = &f->patches[f->n_patches++];
	*patch = (struct sg_step_patch){ .from = now, .to = next, .delayed = was_delayed(to) };
	patch->text = sg_format("service %s: Start %u (%s) -> %u (%s)", service, (unsigned)now,
	        sg_start_name((enum sg_start_type)now), (unsigned)next,
	        sg_start_name((enum sg_start_type)next));
	patch->service = service;
	service = NULL;
out:
	free(service);
	return r;
}

int sg_step_live_check(const struct sg_step_file *f, struct sg_err *err)
{
	int r = 0;

	for (size_t i = 0; !r && i < f->n_patches; i++) {
		uint32_t now = 0;

		r = start_of(f->patches[i].service, &now, err);
		if (!r && now != f->patches[i].from)
			r = sg_fail(err, SG_ECONFLICT,
			        "the start type of service %s was changed by somebody else just now; nothing "
			        "was "
			        "written",
			        f->patches[i].service);
	}
	return r;
}

int sg_step_live_write(const struct sg_step_file *f, struct sg_err *err)
{
	int r = 0;

	for (size_t i = 0; !r && i < f->n_patches; i++) {
		const struct sg_step_patch *p = &f->patches[i];
		uint32_t now = 0;

		r = sg_live_set_start(p->service, p->from, p->to, p->delayed, err);
		if (!r)
			r = start_of(p->service, &now, err);
		if (!r && now != p->to)
			r = sg_fail(err, SG_EIO, "%s was written, and reads otherwise", p->text);
	}
	return r;
}
