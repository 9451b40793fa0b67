/* host_parts.h - what the files of the host share; nothing else includes it. */
#ifndef SG_ACTIONS_HOST_PARTS_H
#define SG_ACTIONS_HOST_PARTS_H

#include "actions/host.h"

/* Rows of the one table of what can be found (host_known.c); those of one product stand together. */
enum sg_found { SG_FOUND_IIS, SG_FOUND_MAILBOX, SG_FOUND_EDGE, SG_FOUND_COUNT };
const char *sg_found_name(enum sg_found found);
const char *sg_found_role(enum sg_found found); /* NULL: it has none */

/* One more product, in the build of `file` in its install folder `app`. */
void sg_host_add_product(struct sg_host *host, const struct sg_drives *drives, enum sg_found found,
        const char *app, const char *file);

/* What the registry says: services, EM, the role Edge, Setup, restart, maintenance, the machine's id where none was read, and the size that IIS reads a web.config up to
 * (host->iis may be NULL). */
void sg_host_read_registry(struct sg_host *host, const struct sg_drives *drives);

#endif
