/* folders_win.h - what `stopgapd install` asks of folders: the service's own are closed to everybody but SYSTEM and the administrators; the program's is
 * looked at. */
#ifndef SG_DAEMON_FOLDERS_WIN_H
#define SG_DAEMON_FOLDERS_WIN_H

#include "base/err.h"

/* Makes the folder, and gives it and everything in it one access list: SYSTEM and the administrators, everything; protected at the top, inherited below.
 * ProgramData lets everybody make folders: one that somebody else made first, or put something into, is SG_EACCES and is left as it is. */
int sg_folder_close(const char *folder, struct sg_err *err);

/* A journal's folder that an administrator chose: closed in the same way, when nobody else may take a folder on the way to it away. One that is not there is
 * made; SG_EINVAL for one that is neither empty nor a journal's, because what is in it would be closed, too. */
int sg_folder_close_journal(const char *folder, struct sg_err *err);

/* A configuration that an administrator chose: SG_EACCES when others may change it or put another in its place. It need not be there. Changes nothing, as its folder may
 * be for other things, too. */
int sg_folder_check_config(const char *config, struct sg_err *err);

/* SG_EACCES when others (closed_win.h says who they are) may change the program, put anything beside it, or take a folder on the way to it away: what they
 * put there would run as SYSTEM. Changes nothing. */
int sg_folder_check_program(const char *program, struct sg_err *err);

#endif
