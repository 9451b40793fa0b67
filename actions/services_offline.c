/* services_offline.c - the services of a drive, from its SYSTEM hive. Reads only. */
#include "actions/services.h"

void sg_services_free(struct sg_services *s)
{
	(void)s;
}
