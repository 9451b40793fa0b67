/* stopgapctl_main.c - the administrator's tool: its beginning and its end. Where it works without the service, it reads the server's configuration in its
 * own process (actions/apart.h): it has no rights but those of the person who runs it. */
#include "base/os.h"
#include "cli/run.h"

#include <stdio.h>

int main(int argc, char **argv)
{
	struct sg_args a = { 0 };
	struct sg_err err = SG_ERR_INIT;
	struct sg_clock now = { 0 };
	enum sg_exit status;

	sg_os_begin(&argc, &argv); /* `stopgapctl watch | head` ends when a write fails */
	sg_os_clock(&now);
	if (sg_args_read(argc, argv, now.wall, &a, &err) < 0)
		status = SG_EXIT_USAGE;
	else
		status = sg_run_args(&a, &err);
	if (err.code)
		sg_run_complain(&err, status, sg_args_ask_json(argc, argv));
	if (err.code && status == SG_EXIT_USAGE)
		fputs("stopgapctl help says more\n", stderr);
	sg_args_release(&a);
	return (int)status;
}
