/* argv.h - one command line from separate arguments, for a system whose processes are given a line and take it apart themselves. Pure.
 *
 * The rules are those of CommandLineToArgvW and of Microsoft's C runtimes: whatever octets an argument has, but for NUL, the program gets that very
 * argument, and no argument can become two or an option of its own. No shell is involved, and none may be: cmd.exe reads a line by other rules.
 */
#ifndef SG_BASE_ARGV_H
#define SG_BASE_ARGV_H

#include "base/buf.h"

/* Appends the argument, and a blank before it unless the line is empty. Not for the program's own name when it has a quote or a control character
 * in it, which no file name can have. */
void sg_argv_add(struct sg_buf *line, const char *arg);

#endif
