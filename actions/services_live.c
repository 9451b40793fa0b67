/* services_live.c - the services of running Windows: what the registry keeps of each, and the start type that counts, which is the service control
 * manager's. Reads only.
 *
 * Somebody may have written the registry behind the manager's back: then one start type counts until Windows starts the next time, and another from then
 * on. Such a service can neither be called disabled nor be given back, so it is wrong, and both numbers are named.
 */
#include "actions/live.h"
#include "actions/services_set.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

static const char services[] = "SYSTEM\\CurrentControlSet\\Services";

static uint32_t number(const char *key, const char *name, int *ret_code, struct sg_err *err)
{
	struct sg_hive_value v = { 0 };
	uint32_t n = 0;

	*ret_code = sg_live_value(key, name, &v, err);
	if (!*ret_code)
		*ret_code = sg_hive_value_dword(&v, key, name, &n, err);
	sg_hive_value_release(&v);
	return n;
}

static char *text_or_null(const char *key, const char *name)
{
	struct sg_hive_value v = { 0 };
	char *text = NULL;

	if (sg_live_value(key, name, &v, NULL) == 0)
		sg_hive_value_string(&v, key, name, &text, NULL);
	sg_hive_value_release(&v);
	return text;
}

static void depends_on(const char *key, struct sg_strs *ret)
{
	struct sg_hive_value v = { 0 };

	if (sg_live_value(key, "DependOnService", &v, NULL) == 0)
		sg_hive_value_strings(&v, key, "DependOnService", ret, NULL);
	sg_hive_value_release(&v);
}

/* What the manager says of it; NULL: nothing, as of drivers. */
static const uint32_t *manager_says(const struct sg_live_start *list, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (sg_same(list[i].name, name))
			return &list[i].start;
	return NULL;
}

static void read_service(struct sg_services *s, const char *name, const struct sg_live_start *known, size_t n)
{
	char *key = sg_format("%s\\%s", services, name);
	const uint32_t *counts = manager_says(known, n, name);
	struct sg_service one = { .start = SG_START_DISABLED };
	struct sg_err why = SG_ERR_INIT;
	int code, ignored;
	uint32_t start = number(key, "Start", &code, &why);

	if (code == SG_ENOENT) { /* a key without Start is no service */
		free(key);
		return;
	}
	if (code)
		one.wrong = sg_strdup(why.msg);
	else if (start > SG_START_DISABLED)
		one.wrong = sg_format(
		        "Start of service %s is %u, and 4 is the highest start type", name, (unsigned)start);
	else if (counts && *counts != start)
		one.wrong =
		        sg_format("Start of service %s is %u in the registry and %u for the service control "
		                  "manager: somebody wrote the registry, and that counts from the next start "
		                  "of Windows on",
		                name, (unsigned)start, (unsigned)*counts);
	else
		one.start = (enum sg_start_type)start;
	one.name = sg_strdup(name);
	one.delayed = number(key, "DelayedAutostart", &ignored, NULL) != 0;
	one.image = text_or_null(key, "ImagePath");
	one.account = text_or_null(key, "ObjectName");
	depends_on(key, &one.depends_on);
	s->at = sg_grow(s->at, s->n, &s->cap, sizeof(*s->at));
	s->at[s->n++] = one;
	free(key);
}

int sg_services_read_live(struct sg_services *ret, struct sg_err *err)
{
	struct sg_live_start *known = NULL;
	struct sg_strs names = { 0 };
	size_t n = 0;
	int r = sg_live_starts(&known, &n, err);

	if (!r)
		r = sg_live_subkeys(services, &names, err);
	for (size_t i = 0; !r && i < names.n; i++)
		read_service(ret, names.at[i], known, n);
	sg_live_starts_free(known, n);
	sg_strs_release(&names);
	return r;
}
