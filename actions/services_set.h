/* services_set.h - all services of a server, read once: what the files of services.h share; nothing else includes it. */
#ifndef SG_ACTIONS_SERVICES_SET_H
#define SG_ACTIONS_SERVICES_SET_H

#include "actions/services.h"

struct sg_services {
	struct sg_service *at; /* sorted by name, once it is read */
	size_t n, cap;
	char *locked;
};

/* Each fills an empty set, in any order; after a failure the caller releases what is there. */
int sg_services_read_hive(const struct sg_drives *drives, struct sg_services *ret, struct sg_err *err);
int sg_services_read_live(struct sg_services *ret, struct sg_err *err);

#endif
