/* services_offline.c - the services of a drive, from its SYSTEM hive. Reads only.
 *
 * What is kept is bounded by the hive's size: in a sound one every service has cells of its own, so a file in which many share a large one is refused
 * before it fills the memory.
 */
#include "actions/hive.h"
#include "actions/services_set.h"

#include <stdlib.h>
#include <string.h>

static char *text_or_null(const struct sg_hive *h, uint32_t key, const char *name)
{
	char *text = NULL;

	sg_hive_string(h, key, name, &text, NULL);
	return text;
}

/* SG_ENOENT: no service. */
static int read_service(const struct sg_hive *h, const struct sg_hive_named_key *key, struct sg_service *ret)
{
	struct sg_service s = { .start = SG_START_DISABLED };
	struct sg_err why = SG_ERR_INIT;
	uint32_t start = 0, delayed = 0;
	size_t at = 0;
	int r = sg_hive_dword(h, key->key, "Start", &start, &at, &why);

	if (r == SG_ENOENT)
		return r;
	if (r)
		s.wrong = sg_strdup(why.msg);
	else if (!at)
		s.wrong =
		        sg_format("%s: Start of service %s has a cell of its own, as Windows never stores it",
		                h->name, key->name);
	else if (start > SG_START_DISABLED)
		s.wrong = sg_format("%s: Start of service %s is %u, and 4 is the highest start type", h->name,
		        key->name, (unsigned)start);
	else
		s.start = (enum sg_start_type)start;
	s.name = sg_strdup(key->name);
	s.delayed = sg_hive_dword(h, key->key, "DelayedAutostart", &delayed, NULL, NULL) == 0 && delayed;
	s.image = text_or_null(h, key->key, "ImagePath");
	s.account = text_or_null(h, key->key, "ObjectName");
	sg_hive_strings(h, key->key, "DependOnService", &s.depends_on, NULL);
	*ret = s;
	return 0;
}

static size_t kept(const struct sg_service *s)
{
	size_t n =
	        strlen(s->name) + (s->image ? strlen(s->image) : 0) + (s->account ? strlen(s->account) : 0);

	for (size_t i = 0; i < s->depends_on.n; i++)
		n += strlen(s->depends_on.at[i]) + 2;
	return n;
}

static int read_all(const struct sg_hive *h, struct sg_services *s, struct sg_err *err)
{
	struct sg_hive_keys keys = { 0 };
	uint32_t set = SG_NO_KEY, services;
	unsigned number = 0;
	size_t total = 0;
	int r;

	r = sg_hive_control_set(h, &set, &number, err);
	if (!r)
		r = sg_hive_child(h, set, "Services", &services, err);
	if (!r)
		r = sg_hive_list(h, services, &keys, err);
	if (r == SG_ENOENT) { /* the file is there, and this is no hive of a system */
		struct sg_err missing = *err;

		sg_err_clear(err);
		r = sg_fail(err, SG_EPARSE, "%s", missing.msg);
	}
	for (size_t i = 0; !r && i < keys.n; i++) {
		struct sg_service one;

		if (read_service(h, &keys.at[i], &one))
			continue;
		s->at = sg_grow(s->at, s->n, &s->cap, sizeof(*s->at));
		s->at[s->n++] = one;
		total += kept(&one);
		if (total > 2 * h->octets.len)
			r = sg_fail(err, SG_EPARSE,
			        "%s: its services say more than the file holds: they share cells", h->name);
	}
	sg_hive_keys_release(&keys);
	return r;
}

int sg_services_read_hive(const struct sg_drives *drives, struct sg_services *ret, struct sg_err *err)
{
	struct sg_err why = SG_ERR_INIT;
	struct sg_hive h = { 0 };
	int r;

	r = sg_hive_load(drives, SG_HIVE_SYSTEM, &h, &why);
	if (!r)
		r = read_all(&h, ret, &why);
	if (!r)
		ret->locked = sg_hive_locked(drives, &h);
	else
		sg_fail(err, r, "%s", why.msg);
	sg_hive_release(&h);
	return r;
}
