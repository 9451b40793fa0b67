/* tar.h - archives of the ustar kind (IEEE Std 1003.1, pax), written and read in memory. Pure.
 *
 * Only files and folders; owner root, mode 0600 and 0700. What every tar program reads, and nothing more.
 */
#ifndef SG_BASE_TAR_H
#define SG_BASE_TAR_H

#include "base/buf.h"
#include "base/err.h"

/* Appends one entry. `name`: relative, with slashes, UTF-8. SG_ELIMIT: it does not fit (100 octets, or 155 more in front of a slash). */
int sg_tar_add_file(
        struct sg_buf *tar, const char *name, struct sg_bytes octets, int64_t mtime, struct sg_err *err);
int sg_tar_add_folder(struct sg_buf *tar, const char *name, int64_t mtime, struct sg_err *err);
void sg_tar_end(struct sg_buf *tar);

struct sg_tar_entry {
	char name[258]; /* without a slash at its end */
	bool folder;
	struct sg_bytes octets; /* borrowed from the archive */
};
/* The entry at *at, which moves on. 1: there is one; 0: the end. SG_EPARSE: no such archive, or damaged; SG_EUNSUPPORTED: an entry that is neither
 * file nor folder, or whose name leads out of the archive. */
int sg_tar_next(struct sg_bytes tar, size_t *at, struct sg_tar_entry *ret, struct sg_err *err);

#endif
