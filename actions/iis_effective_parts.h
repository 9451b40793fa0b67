/* iis_effective_parts.h - what iis_files.c and iis_effective.c share; included by nothing else. */
#ifndef SG_ACTIONS_IIS_EFFECTIVE_PARTS_H
#define SG_ACTIONS_IIS_EFFECTIVE_PARTS_H

#include "actions/iis_effective.h"
#include "actions/iis_parts.h"

/* A section's occurrences in applicationHost.config: they are the same for every URL. */
struct sg_iis_server_section {
	struct sg_iis_server_section *next;
	char *section;
	struct sg_iis_occurrences found;
};

const struct sg_iis_occurrences *sg_iis_files_server(struct sg_iis_files *files, const char *section);

#endif
