/* folders_win.h - what `stopgapd install` asks of folders: the service's own are closed to everybody but SYSTEM and the administrators; the program's is
 * looked at. */
#ifndef SG_DAEMON_FOLDERS_WIN_H
#define SG_DAEMON_FOLDERS_WIN_H

#include "base/err.h"

/* Makes the folder, and gives it and everything in it one access list: SYSTEM and the administrators, everything; protected at the top, inherited below.
 * ProgramData lets everybody make folders: one that somebody else made first, or put something into, is SG_EACCES and is left as it is. */
int sg_folder_close(const char *folder, struct sg_err *err);

/* SG_EACCES when anybody but SYSTEM, the administrators, Windows' own installer and the account that asks may change the program or its folder: what they put there would run
 * as SYSTEM. Changes nothing. */
int sg_folder_check_program(const char *program, struct sg_err *err);

#endif
