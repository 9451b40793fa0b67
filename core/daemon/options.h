/* options.h - the command line of stopgapd. Pure: opens nothing but looks whether the folder of a drive is there. */
#ifndef SG_DAEMON_OPTIONS_H
#define SG_DAEMON_OPTIONS_H

#include "base/drive.h"

enum sg_run {
	SG_RUN_SERVICE = 1,
	SG_RUN_CHECK_CONFIG,
	SG_RUN_PRINT_CONFIG,
	SG_RUN_RECOVER,      /* --once recover */
	SG_RUN_ROLLBACK,     /* --once rollback ID */
	SG_RUN_ROLLBACK_ALL, /* --once rollback --all */
	SG_RUN_INSTALL,      /* the service, as its manager knows it */
	SG_RUN_UNINSTALL,
	SG_RUN_START,
	SG_RUN_RELOAD,
	SG_RUN_STOP,
	SG_RUN_HELP,
	SG_RUN_VERSION,
};
struct sg_options {
	enum sg_run run;
	const char *config, *journal, *socket; /* borrowed from argv; NULL: not given */
	const char *id;                        /* of SG_RUN_ROLLBACK */
	const char *seed, *anchor, *mode;      /* of SG_RUN_INSTALL: what a server begins with */
	struct sg_drives drives;
	bool foreground, any_machine, keep, start, rollback;
};
/* SG_EINVAL says which argument is wrong and what it may be. {0} is a valid one to release. */
int sg_options_read(int argc, char **argv, struct sg_options *ret, struct sg_err *err);
void sg_options_release(struct sg_options *o);
extern const char sg_options_help[];

#endif
