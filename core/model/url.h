/* url.h - where a feed may come from: https, http to this machine only, file, or a plain path. Pure. */
#ifndef SG_MODEL_URL_H
#define SG_MODEL_URL_H

#include "base/buf.h"
#include "base/err.h"

enum sg_url_kind { SG_URL_HTTPS, SG_URL_HTTP, SG_URL_FILE, SG_URL_PATH };

/* SG_EINVAL with what to write instead: unknown schemes, user names, blanks, http to another machine. */
int sg_url_check(const char *url, enum sg_url_kind *ret, struct sg_err *err);

/* An address that names this machine: such a request never goes through a proxy. */
bool sg_url_is_loopback(const char *url);

/* The native path of a file:// address (RFC 8089, host empty or localhost, percent-encoding undone) or of a plain
 * path. Owned by the caller. */
int sg_url_path(const char *url, char **ret, struct sg_err *err);

#endif
