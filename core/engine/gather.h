/* gather.h - the files of a server that a plan reads, and nothing else of it: what `try` copies before it touches anything, and `collect` packs. Reads only.
 *
 * IIS's configuration with every web.config that a site may lead to, what says which products are there and in which build, and the registry's hives
 * unless the drives are live: a running Windows lets nobody read those. Paths are those of the drives' folders, as their entries are written there.
 */
#ifndef SG_ENGINE_GATHER_H
#define SG_ENGINE_GATHER_H

#include "actions/action.h"

struct sg_gathered {
	char drive;  /* 'C' */
	char *rel;   /* below the drive's folder, with slashes */
	bool folder; /* to be there; what is in it is listed by itself */
	bool config; /* an XML file of IIS or ASP.NET: it may hold secrets */
	bool hive;   /* of the registry, or its log */
	size_t head; /* only so many octets count; 0: all */
};
struct sg_gather {
	struct sg_gathered *at;
	size_t n, cap;
	struct sg_strs notes; /* what could not be looked at: sentences */
};
/* `list`: mitigations whose File conditions are asked about, too. `host` as sg_host_read() gives it. */
void sg_gather(const struct sg_drives *drives, const struct sg_host *host,
        const struct sg_mitigation *const *list, size_t n, struct sg_gather *ret);
void sg_gather_release(struct sg_gather *g);
char *sg_gathered_native(
        const struct sg_drives *drives, const struct sg_gathered *g); /* owned by the caller */
/* Its octets as they count (`head`). A file over 1 GiB is SG_ELIMIT. */
int sg_gathered_read(
        const struct sg_drives *drives, const struct sg_gathered *g, struct sg_buf *ret, struct sg_err *err);

#endif
