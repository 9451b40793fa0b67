/* service_settings.c - see service_settings.h. */
#include "daemon/service_settings.h"

#include <stddef.h>

/* Not among them, on purpose: SeDebug, SeBackup, SeTakeOwnership, SeLoadDriver; and SeImpersonate, for whose want a client's token can be looked at and never
 * acted with. */
static const char *const privileges[] = {
	"SeChangeNotifyPrivilege",  /* reaches files through folders that it may not list */
	"SeRestorePrivilege",       /* a replaced file gets the owner of the one before it, whoever that is */
	"SeIncreaseQuotaPrivilege", /* starts workers with a token that has none of these */
	"SeAssignPrimaryTokenPrivilege", /* and those that use the network as LocalService */
	"SeTcbPrivilege", /* becomes LocalService without a password, once, and gives this one up then (worker_token_win.c) */
	NULL,
};

static const char *const nothing[] = { NULL };

const struct sg_service_settings sg_service_settings = {
	.display = "stopgap interim mitigations",
	.description = "Applies interim mitigations of signed feeds to IIS and Exchange, and gives back what "
	               "was there "
	               "when they end. Stopping it leaves mitigations in place.",
	.account = "LocalSystem",
	.type = 0x10,
	.error_control = 1,
	.depends_on = nothing,
	.start = 2,
	.delayed = false,
	.restart_ms = { 5 * 1000, 60 * 1000, 300 * 1000 },
	.reset_s = 24 * 3600,
	.restart_on_error = true,
	.preshutdown_ms = 120 * 1000,
	.sid_type = 1,
	.privileges = privileges,
};
