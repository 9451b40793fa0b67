/* run.h - one run of stopgapctl, from the command line to the exit status. */
#ifndef SG_CLI_RUN_H
#define SG_CLI_RUN_H

#include "base/rpc.h"
#include "cli/args.h"

/* `a` takes in what it says is on stdin. */
enum sg_exit sg_run_args(struct sg_args *a, struct sg_err *err);

/* Prints a failure: a JSON document on stdout when `json`, and always a line on stderr. */
void sg_run_complain(const struct sg_err *err, enum sg_exit status, bool json);

#endif
