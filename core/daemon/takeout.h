/* takeout.h - everything out before the service goes: what `stopgapd uninstall --rollback` does with mitigations. */
#ifndef SG_DAEMON_TAKEOUT_H
#define SG_DAEMON_TAKEOUT_H

#include "base/drive.h"

/* Looks at every held value first: when one of them is not as it was written, so that it would not be given back, SG_ESTATE names all of those with their
 * mitigations, and nothing was changed. Then rolls everything back, and says on stdout what came of each; SG_ESTATE names what could not be taken out all
 * the same. Without a journal there is nothing to take out. SG_EBUSY: the service holds the journal. Before threads start. */
int sg_takeout(const struct sg_drives *drives, const char *journal, const char *reason, struct sg_err *err);

#endif
