/* url.c - where a feed may come from. */
#include "model/url.h"

#include "base/os.h"
#include "base/text.h"
#include <stdlib.h>
#include <string.h>

/* "127.0.0.1", "localhost" or "[::1]", with or without a port, up to the path. */
static bool is_loopback(const char *authority)
{
	size_t len = strcspn(authority, "/?#");

	if (len >= 5 && strncmp(authority, "[::1]", 5) == 0)
		return len == 5 || authority[5] == ':';
	size_t host = strcspn(authority, ":/?#");

	if (host == 9 && sg_same_n(authority, "localhost", 9))
		return true;
	return host >= 9 && strncmp(authority, "127.", 4) == 0 && strspn(authority, "0123456789.") == host;
}

bool sg_url_is_loopback(const char *url)
{
	const char *colon = strstr(url, "://");

	return colon && is_loopback(colon + 3);
}

int sg_url_check(const char *url, enum sg_url_kind *ret, struct sg_err *err)
{
	const char *colon = strstr(url, "://");
	size_t scheme = colon ? (size_t)(colon - url) : 0;

	for (const char *p = url; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f || (colon && *p == ' '))
			return sg_fail(
			        err, SG_EINVAL, "an address must not hold blanks or control characters");
	if (!*url)
		return sg_fail(err, SG_EINVAL, "the address is empty");
	if (!colon) {
		*ret = SG_URL_PATH;
		return 0;
	}
	const char *authority = colon + 3;

	if (scheme == 4 && sg_same_n(url, "file", 4)) {
		*ret = SG_URL_FILE;
		return 0;
	}
	if (!(scheme == 5 && sg_same_n(url, "https", 5)) && !(scheme == 4 && sg_same_n(url, "http", 4)))
		return sg_fail(err, SG_EINVAL,
		        "'%.*s' is not a known kind of address; use https://, file:// or a path",
		        scheme > 40 ? 40 : (int)scheme, url);
	if (memchr(authority, '@', strcspn(authority, "/?#")))
		return sg_fail(err, SG_EINVAL, "an address must not hold a user name or a password");
	if (strcspn(authority, ":/?#") == 0 && authority[0] != '[')
		return sg_fail(err, SG_EINVAL, "the address '%.200s' has no host", url);
	if (scheme == 5 && sg_same_n(url, "https", 5)) {
		*ret = SG_URL_HTTPS;
		return 0;
	}
	if (!is_loopback(authority))
		return sg_fail(err, SG_EINVAL,
		        "'%.200s' is not encrypted; use https:// (http:// is for this machine only)", url);
	*ret = SG_URL_HTTP;
	return 0;
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int sg_url_path(const char *url, char **ret, struct sg_err *err)
{
	const char *p = url;
	struct sg_buf path = { 0 };

	if (!strstr(url, "://")) {
		*ret = sg_strdup(url);
		return 0;
	}
	p = strstr(url, "://") + 3;
	if (sg_same_n(p, "localhost/", 10))
		p += 9;
	if (*p != '/')
		return sg_fail(err, SG_EINVAL,
		        "'%.200s': only files of this machine are allowed: file:///path", url);
	for (; *p; p++) {
		if (*p != '%') {
			sg_buf_char(&path, *p);
			continue;
		}
		int high = hex(p[1]), low = high < 0 ? -1 : hex(p[2]);

		if (low < 0 || (high == 0 && low == 0)) {
			sg_buf_release(&path);
			return sg_fail(err, SG_EINVAL,
			        "'%.200s' has a '%%' that is not followed by two hex digits", url);
		}
		sg_buf_char(&path, (char)(high * 16 + low));
		p += 2;
	}
	*ret = sg_buf_detach(&path);
	if (sg_os_slash('\\') && (*ret)[1] && (*ret)[2] == ':') /* file:///C:/feeds/ecp.xml */
		memmove(*ret, *ret + 1, strlen(*ret));
	return 0;
}
