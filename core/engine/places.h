/* places.h - where things are when nobody says otherwise: the journal and the control socket of a drive. Both programs ask here, so that
 * stopgapctl finds the daemon that works on the same drive. Looks at folder names, makes nothing. */
#ifndef SG_ENGINE_PLACES_H
#define SG_ENGINE_PLACES_H

#include "base/drive.h"

/* Native folder of the journal: C:\ProgramData\stopgap\journal. SG_EINVAL without a drive C:. Owned by the caller. */
int sg_place_journal(const struct sg_drives *drives, char **ret, struct sg_err *err);

/* The control socket: C:\ProgramData\stopgap\control\control.sock, or the system's own place (/run/stopgap/control.sock) without a drive.
 * SG_ELIMIT when the path is longer than a socket's address may be. Owned by the caller. */
int sg_place_socket(const struct sg_drives *drives, char **ret, struct sg_err *err);

/* SG_ELIMIT, with what to do about it, when a socket cannot have this path. */
int sg_place_check_socket(const char *path, struct sg_err *err);

#endif
