/* host_parts.h - what the files of the host share; nothing else includes it. */
#ifndef SG_ACTIONS_HOST_PARTS_H
#define SG_ACTIONS_HOST_PARTS_H

#include "actions/host.h"

/* What the registry says: services, EM, Setup, restart, maintenance, the machine's id where none was read, and the size that IIS reads a web.config up to
 * (host->iis may be NULL). */
void sg_host_read_registry(struct sg_host *host, const struct sg_drives *drives);

#endif
