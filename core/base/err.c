/* err.c - the one error object. Guarantees that the first message wins and that a message is always whole UTF-8. */
#include "base/err.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* A cut message may end inside a character: steps back to the last whole one. */
static void trim(char *s)
{
	size_t n = strlen(s), back = 0;

	while (back < 4 && back < n && ((unsigned char)s[n - 1 - back] & 0xc0) == 0x80)
		back++;
	if (back < n) {
		unsigned char lead = (unsigned char)s[n - 1 - back];
		size_t want = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;

		if (want > back + 1)
			n -= back + 1;
	}
	while (n > 0 && (s[n - 1] == '\n' || s[n - 1] == '\r'))
		n--;
	s[n] = 0;
}

int sg_fail(struct sg_err *err, int code, const char *fmt, ...)
{
	va_list ap;

	if (!err || err->code)
		return code;
	err->code = code;
	va_start(ap, fmt);
	vsnprintf(err->msg, sizeof err->msg, fmt, ap);
	va_end(ap);
	trim(err->msg);
	return code;
}

static int code_of_errno(int e)
{
	switch (e) {
	case ENOENT:
	case ENOTDIR: return SG_ENOENT;
	case EACCES:
	case EPERM:
	case EROFS: return SG_EACCES;
#ifdef EDQUOT
	case EDQUOT:
#endif
	case ENOSPC: return SG_ENOSPC;
	case EBUSY:
	case ETXTBSY: return SG_EBUSY;
	case EEXIST: return SG_EEXIST;
	default: return SG_EIO;
	}
}

int sg_fail_errno(struct sg_err *err, const char *fmt, ...)
{
	int e = errno;
	int code = code_of_errno(e);
	va_list ap;
	size_t n;

	if (!err || err->code)
		return code;
	err->code = code;
	va_start(ap, fmt);
	vsnprintf(err->msg, sizeof err->msg, fmt, ap);
	va_end(ap);
	trim(err->msg);
	n = strlen(err->msg);
	/* strerror() keeps its text per thread, in glibc since 2.32 and in Windows' runtime. */
	snprintf(err->msg + n, sizeof err->msg - n, ": %s", strerror(e));
	trim(err->msg);
	return code;
}

void sg_err_clear(struct sg_err *err)
{
	err->code = 0;
	err->msg[0] = 0;
}

const char *sg_code_name(int code)
{
	static const char *const names[] = { "ok", "invalid", "io", "nospace", "notfound", "exists", "denied",
		"busy", "conflict", "parse", "limit", "trust", "state", "unsupported", "damaged", "version",
		"network", "timeout", "canceled", "fatal" };

	if (code > 0 || code < SG_EFATAL)
		return "unknown";
	return names[-code];
}
