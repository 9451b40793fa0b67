/* pool_copies.h - the copies of applicationHost.config that IIS itself makes, one for each application pool: what the worker processes read. After an edit
 * of applicationHost.config the Windows Process Activation Service writes all of them anew; a copy that stays as it was is a pool that the edit has not
 * reached. Reads only, file identities and times alone: the copies hold secrets, and nothing in them is ours.
 */
#ifndef SG_ACTIONS_POOL_COPIES_H
#define SG_ACTIONS_POOL_COPIES_H

#include "base/drive.h"
#include "base/os.h"

struct sg_pool_copies {
	struct sg_pool_copy {
		char *pool;
		struct sg_file_id id;
	} * at;
	size_t n, cap;
};
/* <folder>\NAME\NAME.config, in %SystemDrive%\inetpub\temp\appPools or where the service's ConfigIsolationPath says. What cannot be seen is not in it. */
void sg_pool_copies_read(const struct sg_drives *drives, struct sg_pool_copies *ret);
void sg_pool_copies_release(struct sg_pool_copies *c);
/* The pools whose copies were there before and have not been written since. Pure. */
void sg_pool_copies_stale(
        const struct sg_pool_copies *before, const struct sg_pool_copies *now, struct sg_strs *ret);

#endif
