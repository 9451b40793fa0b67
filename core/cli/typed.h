/* typed.h - the text that "--reason -" stands for. Callers whose shell breaks quotes, line ends or letters on the way to a command line give it on stdin. */
#ifndef SG_CLI_TYPED_H
#define SG_CLI_TYPED_H

#include "cli/args.h"

enum { SG_TYPED_MAX = 4096 }; /* octets of text, a byte order mark and the last line's end aside */

/* The text in those octets: UTF-8, with or without a byte order mark, without the line end behind it. SG_EINVAL when it is empty, too long, holds a NUL or is not
 * UTF-8. Pure; *ret is the caller's. */
int sg_typed_text(struct sg_bytes octets, char **ret, struct sg_err *err);

/* Reads stdin to its end when the reason is "-", and puts the text in its place; does nothing otherwise. */
int sg_typed_read(struct sg_args *a, struct sg_err *err);

#endif
