/* setup_win.h - private to setup_win.c, install_win.c and uninstall_win.c: what they ask of each other. Includes no header of Windows: an SC_HANDLE is a void *. */
#ifndef SG_DAEMON_SETUP_WIN_H
#define SG_DAEMON_SETUP_WIN_H

#include "daemon/options.h"
#include "daemon/service.h"

#include <wchar.h>

/* Of the service control manager; SG_EACCES says that it takes an elevated administrator. */
int sg_setup_open_manager(unsigned long access, void **ret, struct sg_err *err);
int sg_setup_start(void *service, struct sg_err *err); /* and waits until it runs */
/* And waits until it has. *ret_ran: it did before, also when it could not be stopped. */
int sg_setup_stop(void *service, bool *ret_ran, struct sg_err *err);
int sg_setup_install(const struct sg_service_setup *setup, struct sg_err *err);
/* `service` NULL: it is not there. */
int sg_setup_uninstall(void *service, const struct sg_service_setup *setup, struct sg_err *err);

/* The arguments that an installed service has: an upgrade that names none keeps them. `argv` owns what `ret` borrows. */
struct sg_installed {
	char **argv;
	int argc;
	struct sg_options options;
};

void sg_installed_read(void *service, struct sg_installed *ret);
void sg_installed_release(struct sg_installed *i);

#endif
