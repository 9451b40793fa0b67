/* places.h - where things are when nobody says otherwise: the journal and the control socket of a drive. Both programs ask here, so that
 * stopgapctl finds the daemon that works on the same drive. Looks at folder names, makes nothing. */
#ifndef SG_ENGINE_PLACES_H
#define SG_ENGINE_PLACES_H

#include "base/drive.h"

#define SG_SERVICE_NAME "stopgap" /* on Windows: of the service, its event source and its pipe */

/* Native folder of the journal: C:\ProgramData\stopgap\journal, on live drives wherever %ProgramData% is. SG_EINVAL without a drive C:. Owned by the
 * caller. */
int sg_place_journal(const struct sg_drives *drives, char **ret, struct sg_err *err);

/* The control socket: C:\ProgramData\stopgap\control\control.sock, or the system's own place (/run/stopgap/control.sock) without a drive. SG_ELIMIT when
 * the path is longer than a socket's address may be. On Windows the pipe \\.\pipe\ProtectedPrefix\Administrators\stopgap, a name that only an
 * administrator can make; for a folder that stands for drive C: \\.\pipe\stopgap- with that folder's hash. Owned by the caller. */
int sg_place_socket(const struct sg_drives *drives, char **ret, struct sg_err *err);

/* SG_ELIMIT or SG_EINVAL, with what to do about it, when a socket or pipe cannot have this path. */
int sg_place_check_socket(const char *path, struct sg_err *err);

/* On Windows: the service's own pipe, where nobody but the service may answer. */
bool sg_place_is_service(const char *path);

#endif
