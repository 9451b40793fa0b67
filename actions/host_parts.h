/* host_parts.h - what the files of the offline host share; nothing else includes it. */
#ifndef SG_ACTIONS_HOST_PARTS_H
#define SG_ACTIONS_HOST_PARTS_H

#include "actions/host.h"

/* What the drive's hives say: services, EM, Setup, restart, maintenance, and the size that IIS reads a web.config up to (host->iis may be NULL). */
void sg_host_read_registry(struct sg_host *host, const struct sg_drives *drives);

#endif
