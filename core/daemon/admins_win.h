/* admins_win.h - whether an account is one of the administrators of this machine, elevated at this moment or not. */
#ifndef SG_DAEMON_ADMINS_WIN_H
#define SG_DAEMON_ADMINS_WIN_H

enum sg_admin {
	SG_ADMIN_UNKNOWN, /* it could not be told: a domain that does not answer, an account that is gone */
	SG_ADMIN_YES,     /* Administrators has it as a member, by itself or by a group */
	SG_ADMIN_NO,
};

/* Blocking: a domain controller may be asked. *ret_why (or NULL), for UNKNOWN alone: what Windows says; the caller's. */
enum sg_admin sg_admin_ask(const char *sid, char **ret_why);

#endif
