/* services_offline.c - the services of a drive, from its SYSTEM hive. Reads only.
 *
 * What is kept is bounded by the hive's size: in a sound one every service has cells of its own, so a file in which many share a large one is refused
 * before it fills the memory.
 */
#include "actions/hive.h"
#include "actions/services.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

struct sg_services {
	struct sg_service *at; /* sorted by name */
	size_t n, cap;
	char *locked;
};

static void release(struct sg_service *s)
{
	free(s->name);
	free(s->image);
	free(s->account);
	free(s->wrong);
	sg_strs_release(&s->depends_on);
}

void sg_services_free(struct sg_services *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->n; i++)
		release(&s->at[i]);
	free(s->at);
	free(s->locked);
	free(s);
}

/* --- reading */

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

static int by_letters(const char *a, const char *b)
{
	for (;; a++, b++) {
		int x = *a >= 'A' && *a <= 'Z' ? *a + 32 : (unsigned char)*a;
		int y = *b >= 'A' && *b <= 'Z' ? *b + 32 : (unsigned char)*b;

		if (x != y || !x)
			return x - y;
	}
}

static int by_name(const void *a, const void *b)
{
	const struct sg_service *x = a, *y = b;

	return by_letters(x->name, y->name);
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
	if (s->n)
		qsort(s->at, s->n, sizeof(*s->at), by_name);
	return r;
}

int sg_services_read(const struct sg_drives *drives, struct sg_services **ret, struct sg_err *err)
{
	struct sg_services *s = sg_alloc(sizeof(*s));
	struct sg_err why = SG_ERR_INIT;
	struct sg_hive h = { 0 };
	int r;

	r = sg_hive_load(drives, SG_HIVE_SYSTEM, &h, &why);
	if (!r)
		r = read_all(&h, s, &why);
	if (!r) {
		s->locked = sg_hive_locked(drives, &h);
		*ret = s;
		s = NULL;
	} else {
		sg_fail(err, r, "%s", why.msg);
	}
	sg_hive_release(&h);
	sg_services_free(s);
	return r;
}

/* --- asking */

static size_t find(const struct sg_services *s, const char *name)
{
	size_t low = 0, high = s->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int c = by_letters(s->at[mid].name, name);

		if (!c)
			return mid;
		if (c < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return SIZE_MAX;
}

const struct sg_service *sg_services_find(const struct sg_services *s, const char *name)
{
	size_t i = find(s, name);

	return i == SIZE_MAX ? NULL : &s->at[i];
}

static bool depends_on_any(const struct sg_services *s, const struct sg_service *one, const bool *set)
{
	for (size_t i = 0; i < one->depends_on.n; i++) {
		size_t k = find(s, one->depends_on.at[i]);

		if (k != SIZE_MAX && set[k])
			return true;
	}
	return false;
}

/* What one round may take out of the set: those that nothing else in it depends on; all of it when that is none (a circle). */
static void take_round(const struct sg_services *s, bool *set, struct sg_strs *ret)
{
	bool *needed = sg_alloc(s->n * sizeof(*needed)), any = false;

	for (size_t i = 0; i < s->n; i++)
		for (size_t k = 0; set[i] && k < s->at[i].depends_on.n; k++) {
			size_t on = find(s, s->at[i].depends_on.at[k]);

			if (on != SIZE_MAX && on != i)
				needed[on] = true;
		}
	for (size_t i = 0; i < s->n; i++)
		any = any || (set[i] && !needed[i]);
	for (size_t i = 0; i < s->n; i++)
		if (set[i] && (!any || !needed[i])) {
			sg_strs_add(ret, s->at[i].name);
			set[i] = false;
		}
	free(needed);
}

void sg_services_dependants(const struct sg_services *s, const char *name, struct sg_strs *ret)
{
	bool *set = sg_alloc(s->n * sizeof(*set)), grew = true;
	size_t self = find(s, name), left = 0;

	if (self != SIZE_MAX)
		set[self] = true;
	while (self != SIZE_MAX && grew) {
		grew = false;
		for (size_t i = 0; i < s->n; i++)
			if (!set[i] && depends_on_any(s, &s->at[i], set)) {
				set[i] = grew = true;
				left++;
			}
	}
	if (self != SIZE_MAX)
		set[self] = false;
	for (size_t before = ret->n; ret->n - before < left;)
		take_round(s, set, ret);
	free(set);
}

const char *sg_services_locked(const struct sg_services *s)
{
	return s->locked;
}
