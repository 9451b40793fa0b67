/* settings_win.h - the service's settings (service_settings.h), asked for from the service control manager. Includes no header of Windows: an SC_HANDLE is a
 * void *. Says nothing to anybody; install_win.c does.
 */
#ifndef SG_DAEMON_SETTINGS_WIN_H
#define SG_DAEMON_SETTINGS_WIN_H

#include "base/err.h"

#include <stdbool.h>

/* A new service that is started by `command`. *ret is open with all rights. */
int sg_settings_create(void *manager, const char *command, void **ret, struct sg_err *err);
/* One that is there: all of it but how it starts, which an administrator may have chosen. */
int sg_settings_mend(void *service, const char *command, struct sg_err *err);
/* The rest, of a service that was made just now or is mended. What this system does not take (an older Windows; Wine) keeps it from nothing: its names and
 * errors for people, the caller's to free; NULL: it took all. */
char *sg_settings_ask(void *service, bool made);

/* How it starts, for people: "with the system, delayed". */
const char *sg_settings_starts(void *service);

#endif
