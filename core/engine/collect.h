/* collect.h - a copy of a server for `stopgap-feed try`: the files that a plan reads (gather.h) in a plain tar, with what is secret in them masked.
 *
 * In the archive: collect.txt, the list of what was taken and masked; then C/..., D/... as on the drives. In XML files the values of attributes that hold
 * passwords, connection strings and keys become x's of equal length, so that every octet keeps its place and the files still parse. A configuration file
 * that cannot be masked for certain (it is not UTF-8) is left out, and that is said.
 */
#ifndef SG_ENGINE_COLLECT_H
#define SG_ENGINE_COLLECT_H

#include "base/drive.h"
#include "base/err.h"

struct sg_collected {
	size_t files, masked, left_out; /* masked: values, not files */
	struct sg_strs notes;
	bool exchange; /* a build of Exchange could be told */
};
/* `hives`: the registry's SYSTEM and SOFTWARE whole, with all that is in them; without them nothing is known of services. Of live
 * drives they are left out, and that is said: a running Windows shares them with nobody. `with`: Windows paths of more files, for conditions of mitigations
 * to come. The caller releases `ret`. Reads only. */
int sg_collect(const struct sg_drives *drives, bool hives, const struct sg_strs *with, int64_t now,
        struct sg_buf *ret, struct sg_collected *ret_about, struct sg_err *err);
void sg_collected_release(struct sg_collected *c);

/* Masks in place; the number of values that were. Works on octets, comments included, so that what is switched off is masked, too. */
size_t sg_mask(struct sg_buf *xml);

#endif
