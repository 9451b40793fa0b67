/* mend_win.h - who got into a folder that `stopgapd install` closed, and is put out again.
 *
 * An administrator who is not elevated and opens such a folder in Explorer is asked to click "Continue", and Windows then gives that account, for good, every
 * right to the folder and all that is in it (Microsoft's "When you select Continue for folder access in Windows Explorer, your user account is added to the
 * ACL for the folder"). The service obeys nothing that such an account may change (closed_win.h), so it would not even open its journal: that somebody had a
 * look would end protection. What is sound here:
 *
 * - Who is a member of Administrators could have changed all of it before, elevated, and asking for elevation is no boundary of Windows': nothing that is in
 *   the folder has become less trustworthy. The lists are put back as they were, and it is said loudly.
 * - Anybody else, and whoever cannot be told, may have written what the service would obey. That is as true of the journal as of configuration and anchors:
 *   its chain of hashes has no secret, and its "before" is written into files that only administrators may write. Nothing is changed, nothing is obeyed, and
 *   who it is, and the command that ends it, is said. The service manager starts the service again, so a domain that answers later is enough.
 *   (One click on "Continue" can do this, too: with an administrator's password typed into the question, the right goes to who sits there.)
 * - Groups that Windows itself makes, as Users or Everyone, are nobody's account: never put back.
 */
#ifndef SG_DAEMON_MEND_WIN_H
#define SG_DAEMON_MEND_WIN_H

#include "base/closed_win.h"
#include "base/mem.h"
#include "daemon/admins_win.h"

enum sg_mend { SG_MEND_NOTHING, SG_MEND_PUT_BACK, SG_MEND_REFUSE };

/* Pure: what becomes of one stranger's right (closed_win.h) to change something. `closed`: it is, or lies in, a folder that was closed by `install`. */
enum sg_mend sg_mend_decide(enum sg_win_access is, const char *sid, enum sg_admin admin, bool closed);

/* Sentences for people, each with the account and the first path. */
struct sg_mended {
	struct sg_strs put_back; /* with the lists as they were, as far as they fit */
	struct sg_strs left;     /* as it is: why, and what ends it */
};

enum sg_mend_part {
	SG_MEND_OWN, /* %ProgramData%\stopgap: configuration, certificates and lists of revoked ones, the journal */
	SG_MEND_JOURNAL, /* a folder that an administrator chose, and only with a journal or its mirror in it */
};

/* Puts the lists, and the administrators as owner, back where that is all it takes, in `folder` and, once that is closed, in what stopgap itself has there: a
 * table of names, and whatever else lies there stays as it is. What is judged is what is written: it is open from before the one until after the other, and
 * lies where its name says. Only what an administrator may change is written, and how its list was is told. A folder that `install` did not close (its list is
 * not protected, or a stranger owns it), that others may put something else in the place of (sg_win_check_way()), or that is not there, stays as it is
 * without a word. What is left is refused by whoever judges it. Blocking. `ask` NULL: sg_admin_ask(). Adds to *into. */
void sg_mend_folder(const char *folder, enum sg_mend_part part,
        enum sg_admin (*ask)(const char *sid, char **ret_why), struct sg_mended *into);
void sg_mended_release(struct sg_mended *mended);

#endif
