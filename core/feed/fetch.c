/* fetch.c - one document over the network; the only user of libcurl. In a service it runs in a worker without rights (fetch_apart.c).
 *
 * Guarantees that at most max_bytes are held, that https verifies the server, that nothing but https follows a redirect,
 * and that a stop is noticed within a second. What it brings is untrusted octets; it reads none of them.
 */
#include "feed/fetch_curl.h"

#include "base/text.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CONNECT_MS = 15000, SLOW_OCTETS = 1024, SLOW_SECONDS = 30, MAX_REDIRECTS = 3, MAX_VALIDATOR = 256 };

static bool here;

void sg_fetch_ready(void)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
}

void sg_fetch_init(void)
{
	sg_fetch_ready();
	here = true;
}

bool sg_fetch_is_here(void)
{
	return here;
}

void sg_fetched_release(struct sg_fetched *f)
{
	sg_buf_release(&f->octets);
	free(f->etag);
	free(f->last_modified);
	sg_buf_release(&f->cms);
	free(f->cms_etag);
	free(f->cms_last_modified);
	*f = (struct sg_fetched){ 0 };
}

/* --- the network */

void sg_transfer_release(struct sg_transfer *t)
{
	curl_easy_cleanup(t->curl);
	curl_slist_free_all(t->headers);
	sg_fetched_release(&t->got);
}

static size_t on_octets(char *data, size_t size, size_t n, void *arg)
{
	struct sg_transfer *t = arg;
	size_t len = size * n;

	if (len > t->req->max_bytes - t->got.octets.len) {
		t->too_large = true;
		return 0;
	}
	sg_buf_add(&t->got.octets, data, len);
	return len;
}

/* A validator comes back in a request header later: printable ASCII or nothing. */
bool sg_fetch_good_validator(const char *s)
{
	size_t n = strlen(s);

	for (size_t i = 0; i < n; i++)
		if (s[i] < ' ' || s[i] > '~')
			return false;
	return n > 0 && n <= MAX_VALIDATOR;
}

static void take_header(const char *line, size_t len, const char *name, char **ret)
{
	size_t n = strlen(name);

	if (len <= n || line[n] != ':' || !sg_same_n(line, name, n))
		return;
	for (line += n + 1, len -= n + 1; len > 0 && (*line == ' ' || *line == '\t'); line++)
		len--;
	while (len > 0 && strchr(" \t\r\n", line[len - 1]))
		len--;
	char *value = sg_strndup(line, len);

	free(*ret);
	*ret = sg_fetch_good_validator(value) ? value : NULL;
	if (!*ret)
		free(value);
}

static size_t on_header(char *data, size_t size, size_t n, void *arg)
{
	struct sg_transfer *t = arg;
	size_t len = size * n;

	if (len > 5 && memcmp(data, "HTTP/", 5) == 0) { /* an answer begins: what a redirect said is void */
		free(t->got.etag);
		free(t->got.last_modified);
		t->got.etag = t->got.last_modified = NULL;
		sg_buf_clear(&t->got.octets);
	}
	take_header(data, len, "ETag", &t->got.etag);
	take_header(data, len, "Last-Modified", &t->got.last_modified);
	return len;
}

static int on_progress(void *arg, curl_off_t total, curl_off_t now, curl_off_t up_total, curl_off_t up)
{
	struct sg_transfer *t = arg;

	(void)total, (void)now, (void)up_total, (void)up;
	t->stopped = t->stopped || (t->req->stop && t->req->stop(t->req->arg));
	return t->stopped ? 1 : 0;
}

static void add_condition(struct sg_transfer *t, const char *name, const char *value)
{
	if (!value || !sg_fetch_good_validator(value))
		return;
	char *line = sg_format("%s: %s", name, value);

	t->headers = curl_slist_append(t->headers, line);
	free(line);
}

static CURLcode set_up(struct sg_transfer *t, enum sg_url_kind kind)
{
	const struct sg_fetch_request *req = t->req;
	CURL *c = t->curl;
	long timeout = req->timeout_ms < 1 ? 1 : (long)req->timeout_ms;
	CURLcode r = CURLE_OK;

	add_condition(t, "If-None-Match", req->etag);
	add_condition(t, "If-Modified-Since", req->last_modified);
#define SET(option, value) r = r ? r : curl_easy_setopt(c, option, value)
	SET(CURLOPT_ERRORBUFFER, t->text);
	SET(CURLOPT_URL, req->url);
	SET(CURLOPT_PROTOCOLS_STR, kind == SG_URL_HTTP ? "http" : "https");
	SET(CURLOPT_REDIR_PROTOCOLS_STR, "https");
	SET(CURLOPT_FOLLOWLOCATION, 1L);
	SET(CURLOPT_MAXREDIRS, (long)MAX_REDIRECTS);
	SET(CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_TIMEOUT_MS, timeout);
	SET(CURLOPT_CONNECTTIMEOUT_MS, timeout < CONNECT_MS ? timeout : (long)CONNECT_MS);
	SET(CURLOPT_LOW_SPEED_LIMIT, (long)SLOW_OCTETS);
	SET(CURLOPT_LOW_SPEED_TIME, (long)SLOW_SECONDS);
	SET(CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)req->max_bytes);
	SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(CURLOPT_USERAGENT, "stopgap/" SG_VERSION);
	SET(CURLOPT_HTTPHEADER, t->headers);
	SET(CURLOPT_WRITEFUNCTION, on_octets);
	SET(CURLOPT_WRITEDATA, (void *)t);
	SET(CURLOPT_HEADERFUNCTION, on_header);
	SET(CURLOPT_HEADERDATA, (void *)t);
	SET(CURLOPT_NOPROGRESS, 0L);
	SET(CURLOPT_XFERINFOFUNCTION, on_progress);
	SET(CURLOPT_XFERINFODATA, (void *)t);
	if (t->ca.len) { /* instead of the system's, not besides them */
		struct curl_blob blob = {
			.data = (void *)(uintptr_t)t->ca.data, .len = t->ca.len, .flags = CURL_BLOB_NOCOPY
		};

		SET(CURLOPT_CAINFO_BLOB, &blob);
		if (!r) /* where TLS is Windows' own there is no such folder, and saying that there is none is refused */
			(void)curl_easy_setopt(c, CURLOPT_CAPATH, (char *)NULL);
	}
	/* Where TLS is Windows' own, revocation is looked up: a certificate that is revoked is refused. But who runs an authority of his own has mostly no lists
	 * of what it revoked, and a server behind a proxy reaches nobody's: that nothing can be known of it is no reason to have no feed. */
	SET(CURLOPT_SSL_OPTIONS, (long)CURLSSLOPT_REVOKE_BEST_EFFORT);
	if (sg_url_is_loopback(req->url) || (req->proxy && strcmp(req->proxy, "none") == 0))
		SET(CURLOPT_PROXY, "");
	else if (req->proxy && strcmp(req->proxy, "system") != 0)
		SET(CURLOPT_PROXY, req->proxy);
#undef SET
	return r;
}

int sg_transfer_begin(struct sg_transfer *t, CURLcode *ret_code, struct sg_err *err)
{
	enum sg_url_kind kind = SG_URL_PATH;
	int r = sg_url_check(t->req->url, &kind, err);

	if (!r && kind != SG_URL_HTTP && kind != SG_URL_HTTPS)
		r = sg_fail(err, SG_EINVAL, "%s: this is no address of a server", t->req->url);
	if (r)
		return r;
	t->curl = curl_easy_init();
	if (!t->curl)
		return sg_fail(err, SG_EIO, "libcurl cannot be used");
	*ret_code = set_up(t, kind);
	return 0;
}

/* It quotes a proxy's address that it cannot use, whole or cut off somewhere: there may be a password in it. */
CURLcode sg_transfer_run(struct sg_transfer *t)
{
	static const char quotes[] = "Unsupported proxy";
	CURLcode r = curl_easy_perform(t->curl);

	if (strncmp(t->text, quotes, sizeof quotes - 1) == 0)
		snprintf(t->text, sizeof t->text, "the proxy's address is none that can be used");
	return r;
}

/* --- what went wrong, and what to look at */

static const char *advice(CURLcode code)
{
	switch ((int)code) {
	case CURLE_COULDNT_RESOLVE_HOST: return "check the name in the feed's url and this server's DNS";
	case CURLE_COULDNT_RESOLVE_PROXY: return "check <network proxy> in the configuration";
	case CURLE_COULDNT_CONNECT: return "check the address, the firewall and <network proxy>";
	case CURLE_PEER_FAILED_VERIFICATION:
		return "check <network ca-file>; something may be inspecting the connection";
	case CURLE_SSL_CACERT_BADFILE: return "check <network ca-file>: it must be a readable PEM file";
	case CURLE_TOO_MANY_REDIRECTS:
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_URL_MALFORMAT: /* the feed's own url was read before: a redirect's */
		return "the server redirects too often, or to something other than https";
	default: return "check the network, and that the feed's url is right";
	}
}

static int fail_transfer(const struct sg_transfer *t, CURLcode code, struct sg_err *err)
{
	const struct sg_fetch_request *req = t->req;
	char limit[32];

	if (t->stopped)
		return sg_fail(err, SG_ECANCELED, "fetching %s was stopped", req->url);
	if (t->too_large || code == CURLE_FILESIZE_EXCEEDED)
		return sg_fail(err, SG_ELIMIT, "%s: the document is larger than the allowed %llu octets",
		        req->url, (unsigned long long)req->max_bytes);
	if (code == CURLE_OPERATION_TIMEDOUT) {
		sg_duration_format(req->timeout_ms, limit);
		return sg_fail(err, SG_ETIMEOUT,
		        "%s: it took too long (%s); the limit is %s for the whole, %d s to connect, and %d "
		        "octets per second",
		        req->url, t->text[0] ? t->text : curl_easy_strerror(code), limit, CONNECT_MS / 1000,
		        SLOW_OCTETS);
	}
	return sg_fail(err, SG_ENET, "%s: %s; %s", req->url, t->text[0] ? t->text : curl_easy_strerror(code),
	        advice(code));
}

static int check_status(struct sg_transfer *t, struct sg_err *err)
{
	const char *url = t->req->url;

	curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &t->got.status);
	if (t->got.status == 200)
		return 0;
	if (t->got.status == 304 && t->headers) {
		t->got.unchanged = true;
		sg_buf_clear(&t->got.octets);
		return 0;
	}
	if (t->got.status == 404 || t->got.status == 410)
		return sg_fail(err, SG_ENOENT,
		        "%s: the server has no such document (%ld); check the feed's url", url,
		        t->got.status);
	if (t->got.status == 401 || t->got.status == 403 || t->got.status == 407)
		return sg_fail(err, SG_ENET,
		        "%s: the server or a proxy refuses (%ld); feeds are fetched without a password", url,
		        t->got.status);
	return sg_fail(err, SG_ENET, "%s: the server answered %ld instead of the document; try again later",
	        url, t->got.status);
}

int sg_fetch_network(
        const struct sg_fetch_request *req, struct sg_bytes ca, struct sg_fetched *ret, struct sg_err *err)
{
	struct sg_transfer t = { .req = req, .ca = ca };
	CURLcode code = CURLE_OK;
	int r = sg_transfer_begin(&t, &code, err);

	if (r)
		return r;
	if (!code)
		code = sg_transfer_run(&t);
	r = code ? fail_transfer(&t, code, err) : check_status(&t, err);
	if (!r) {
		*ret = t.got;
		t.got = (struct sg_fetched){ 0 };
	}
	sg_transfer_release(&t);
	return r;
}
