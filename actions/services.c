/* services.c - names of start types and addresses of services: the part that no platform changes. Pure. */
#include "actions/services.h"

#include <stdlib.h>
#include <string.h>

static const char *const start_names[] = {
	[SG_START_BOOT] = "Boot",
	[SG_START_SYSTEM] = "System",
	[SG_START_AUTOMATIC] = "Automatic",
	[SG_START_MANUAL] = "Manual",
	[SG_START_DISABLED] = "Disabled",
};
static const char container[] = "C:\\Windows\\System32\\config\\SYSTEM";
static const char head[] = "/CurrentControlSet/Services/", tail[] = "/@Start";

const char *sg_start_name(enum sg_start_type t)
{
	return (size_t)t < sizeof(start_names) / sizeof(*start_names) ? start_names[t] : "?";
}

bool sg_start_parse(const char *name, enum sg_start_type *ret)
{
	for (size_t i = 0; i < sizeof(start_names) / sizeof(*start_names); i++)
		if (!strcmp(name, start_names[i])) {
			*ret = (enum sg_start_type)i;
			return true;
		}
	return false;
}

void sg_service_addr(const char *name, struct sg_addr *ret)
{
	ret->kind = SG_VALUE_SERVICE;
	ret->container = sg_strdup(container);
	ret->path = sg_format("%s%s%s", head, name, tail);
}

char *sg_service_of(const struct sg_addr *addr)
{
	size_t len = addr->path ? strlen(addr->path) : 0, before = sizeof(head) - 1,
	       behind = sizeof(tail) - 1;

	if (addr->kind != SG_VALUE_SERVICE || len <= before + behind ||
	        strncmp(addr->path, head, before) != 0 || strcmp(addr->path + len - behind, tail) != 0)
		return NULL;
	return sg_strndup(addr->path + before, len - before - behind);
}
