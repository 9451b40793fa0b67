/* services_set.c - all services of a server: where they are read from, which there is, and who depends on whom. */
#include "actions/services_set.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

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

int sg_services_read(const struct sg_drives *drives, struct sg_services **ret, struct sg_err *err)
{
	struct sg_services *s = sg_alloc(sizeof(*s));
	int r = sg_drives_live(drives) ? sg_services_read_live(s, err)
	                               : sg_services_read_hive(drives, s, err);

	if (r) {
		sg_services_free(s);
		return r;
	}
	if (s->n)
		qsort(s->at, s->n, sizeof(*s->at), by_name);
	*ret = s;
	return 0;
}

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
