/* feed_check.h - the verbs of stopgap-feed that try a document out before it is signed: new, lint, test, try. */
#ifndef SG_CLI_FEED_CHECK_H
#define SG_CLI_FEED_CHECK_H

#include "cli/feed_args.h"
#include "model/mitigation.h"

int sg_author_new(const struct sg_author_args *a, struct sg_author_out *out, struct sg_err *err);
int sg_author_lint(const struct sg_author_args *a, struct sg_author_out *out, struct sg_err *err);
int sg_author_test(const struct sg_author_args *a, struct sg_author_out *out, struct sg_err *err);
int sg_author_try(const struct sg_author_args *a, struct sg_author_out *out, struct sg_err *err);

/* The file's octets, and the mitigation when it holds a single Config; *ret stays as it is when the root is another element. */
int sg_author_config(
        const char *where, struct sg_buf *ret_octets, struct sg_mitigation **ret, struct sg_err *err);

#endif
