/* service_settings.h - what `stopgapd install` asks the service control manager for. Data alone, so that a test compares it with what people are told
 * (scripts/windows/on-windows.md, S10) and with what they check it by (findings-service.ps1); numbers as the Microsoft pages of winsvc.h have them.
 */
#ifndef SG_DAEMON_SERVICE_SETTINGS_H
#define SG_DAEMON_SERVICE_SETTINGS_H

#include <stdbool.h>

struct sg_service_settings {
	const char *display, *description, *account;
	unsigned long type;            /* a process of its own */
	unsigned long error_control;   /* SERVICE_ERROR_NORMAL */
	const char *const *depends_on; /* NULL ends it; nothing, also where somebody has set something */
	/* These two when it is made; from then on how it starts is the administrator's. */
	unsigned long start;          /* SERVICE_AUTO_START */
	bool delayed;                 /* an update ends in a reboot: protection comes with it */
	unsigned long restart_ms[3];  /* after the first failure, the second, and each later one */
	unsigned long reset_s;        /* without a failure, after which the next one is the first */
	bool restart_on_error;        /* an end on an error counts like a crash */
	unsigned long preshutdown_ms; /* what settling an operation may take when the machine goes down */
	unsigned long sid_type;       /* SERVICE_SID_TYPE_UNRESTRICTED */
	/* Of SYSTEM's privileges the service's token keeps these and loses the rest. NULL ends it. */
	const char *const *privileges;
};
extern const struct sg_service_settings sg_service_settings;

#endif
