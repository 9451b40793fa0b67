/* registry.h - what is asked of HKEY_LOCAL_MACHINE, of a drive's hives or of running Windows: which, the drives say (sg_drives_live). Reads only.
 *
 * The files above ask by path and never know which it is. Owner: the caller; one thread at a time.
 */
#ifndef SG_ACTIONS_REGISTRY_H
#define SG_ACTIONS_REGISTRY_H

#include "actions/hive.h"

enum sg_registry_root { SG_REGISTRY_SOFTWARE, SG_REGISTRY_SYSTEM };
struct sg_registry;
/* SG_ENOENT: the drive has no such hive; what sg_hive_load() says of one that cannot be read. */
int sg_registry_open(const struct sg_drives *drives, enum sg_registry_root root, struct sg_registry **ret,
        struct sg_err *err);
void sg_registry_close(struct sg_registry *r);
/* Why what it says may be out of date: a hive that is not clean. NULL: nothing speaks against it. Borrowed. */
const char *sg_registry_doubt(const struct sg_registry *r);

/* Paths below the root, letters' case ignored; in SYSTEM, "CurrentControlSet" is the one in force. The codes are those of hive.h and live.h. */
bool sg_registry_has(const struct sg_registry *r, const char *path);
int sg_registry_subkeys(
        const struct sg_registry *r, const char *path, struct sg_strs *ret, struct sg_err *err);
int sg_registry_value(const struct sg_registry *r, const char *path, const char *name,
        struct sg_hive_value *ret, struct sg_err *err);
int sg_registry_dword(
        const struct sg_registry *r, const char *path, const char *name, uint32_t *ret, struct sg_err *err);
/* Owned by the caller; not expanded. */
int sg_registry_string(
        const struct sg_registry *r, const char *path, const char *name, char **ret, struct sg_err *err);

#endif
