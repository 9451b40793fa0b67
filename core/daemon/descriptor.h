/* descriptor.h - the security descriptor of the control pipe on Windows, as text (SDDL). Pure, so that it is tested where it is not used.
 *
 * Lets open the pipe whom authorise.h may say yes to, and nobody else; what each of them may ask is decided there, for each request.
 */
#ifndef SG_DAEMON_DESCRIPTOR_H
#define SG_DAEMON_DESCRIPTOR_H

#include "daemon/authorise.h"

/* `self` is the SID of the account that runs the service: it and SYSTEM may do everything with the pipe; the others may read and write and make no further
 * instance, which would be a place for a false service. With `high`, the process being at high integrity, nobody below that may write while only
 * administrators are listed: a filtered administrator's processes are medium. Ids that are no SID are left out. Owned by the caller. */
char *sg_descriptor_text(const struct sg_access *access, const char *self, bool high);

#endif
