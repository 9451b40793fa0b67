/* remembered_win.h - where an installation has its journal and its configuration, for whoever removes or repeats it after the service was taken away by hand.
 *
 * Two values (REG_SZ, full paths) of the key HKLM\SOFTWARE\stopgap, which only SYSTEM and the administrators may write: Journal and Config. `stopgapd install`
 * writes them, they outlive the service, and `stopgapd uninstall` takes them away when nothing is held any more. The key is the package's, too (its values
 * Folder and Package), so it stays.
 */
#ifndef SG_DAEMON_REMEMBERED_WIN_H
#define SG_DAEMON_REMEMBERED_WIN_H

#include "base/err.h"

struct sg_remembered {
	char *config, *journal; /* NULL: nothing is remembered */
};

/* A value that is missing, empty, or no text is not remembered. */
int sg_remembered_read(struct sg_remembered *ret, struct sg_err *err);
void sg_remembered_release(struct sg_remembered *r);
int sg_remembered_write(const char *config, const char *journal, struct sg_err *err);
int sg_remembered_forget(struct sg_err *err); /* nothing there is fine */

#endif
