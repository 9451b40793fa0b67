/* err.h - result codes and the one error object that travels through every layer.
 *
 * Guarantees: the first message wins. Whoever fails first says what, where and what to do; cleanup that fails later
 * cannot overwrite the cause. Functions return 0 or a negative enum sg_code and take `struct sg_err *err` last;
 * `err` may be NULL. Nothing here logs.
 */
#ifndef SG_BASE_ERR_H
#define SG_BASE_ERR_H

#include <stdarg.h>

/* clang-format off */
enum sg_code {
	SG_OK           = 0,
	SG_EINVAL       = -1,  /* a setting, argument or document is wrong; the message says where */
	SG_EIO          = -2,  /* the system refused a read or a write for a reason of its own */
	SG_ENOSPC       = -3,  /* no space on the volume, or the journal's threshold is reached */
	SG_ENOENT       = -4,  /* a file, folder, site, row or key is not there */
	SG_EEXIST       = -5,  /* it is there already */
	SG_EACCES       = -6,  /* the system denies it to this account */
	SG_EBUSY        = -7,  /* held by another process (a sharing violation, a lock); worth a retry */
	SG_ECONFLICT    = -8,  /* somebody else's content is where ours, or the before, was expected */
	SG_EPARSE       = -9,  /* not well-formed, or not of the expected shape */
	SG_ELIMIT       = -10, /* larger, deeper or more than is allowed */
	SG_ETRUST       = -11, /* a signature, certificate, serial or peer is not to be trusted */
	SG_ESTATE       = -12, /* refused because of the state of the mitigation, server or service */
	SG_EUNSUPPORTED = -13, /* a construct that is refused on purpose; nothing was touched */
	SG_EDAMAGED     = -14, /* a stored record does not match its checksum or its chain */
	SG_EVERSION     = -15, /* written by a newer stopgap */
	SG_ENET         = -16, /* the network failed */
	SG_ETIMEOUT     = -17, /* it took too long */
	SG_ECANCELED    = -18, /* a stop was asked for */
	SG_EFATAL       = -19, /* a flush failed: the process must stop, the next start recovers by content */
};
/* clang-format on */

struct sg_err {
	int code;       /* 0 while nothing failed */
	char msg[1024]; /* one sentence or two, UTF-8, no newline at the end */
};

/* clang-format off */
#define SG_ERR_INIT { 0, { 0 } }
/* clang-format on */

/* Records `code` and the formatted message unless an earlier failure is recorded; always returns `code`. */
int sg_fail(struct sg_err *err, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* The same with errno's text appended (": No space left on device"); picks the code from errno
 * (ENOENT/ENOTDIR, EACCES/EPERM/EROFS, ENOSPC/EDQUOT, EBUSY/ETXTBSY, EEXIST, else SG_EIO) and returns it. */
int sg_fail_errno(struct sg_err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Empties the object, so that it can be used again. */
void sg_err_clear(struct sg_err *err);

/* The code's stable lower-case name, as JSON shows it: "conflict", "nospace", ... */
const char *sg_code_name(int code);

#endif
