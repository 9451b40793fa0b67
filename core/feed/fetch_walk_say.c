/* fetch_walk_say.c - how a transfer went that fetch_walk_net.c watched: which step failed, why, and what a person has to do. */
#include "feed/fetch_walk_parts.h"

#include "base/text.h"
#include "feed/fetch_name.h"
#include <stdlib.h>
#include <string.h>

enum { QUICK_MS = 2000 }; /* a name that was refused so soon is asked for again, for the reason */

static const char *why_no_proxy(const struct sg_path *p)
{
	if (p->loopback)
		return "none is used: this machine is never asked through one";
	if (p->t.req->proxy && strcmp(p->t.req->proxy, "none") == 0)
		return "none is used: <network proxy=\"none\">";
	return "none is used: the service's own environment names none for this address (https_proxy, "
	       "no_proxy)";
}

/* --- how it went: up to the connection */

static const char *cause(const struct sg_path *p, CURLcode code)
{
	return p->t.text[0] ? p->t.text : curl_easy_strerror(code);
}

static void say_name_fault(struct sg_path *p)
{
	int64_t ms = sg_path_ms(p->t.curl, CURLINFO_TOTAL_TIME_T);
	enum sg_name_fault fault = ms < QUICK_MS ? sg_fetch_name_fault(p->host) : SG_NAME_SILENT;

	if (fault == SG_NAME_NONE)
		sg_walk_say(p->w, SG_WALK_NAME, SG_WALKED_FAILED, ms,
		        "check the spelling of the host in the feed's url; if it is right, this server's DNS "
		        "does "
		        "not know it: ask with nslookup",
		        "there is no host named '%s'", p->host);
	else if (fault == SG_NAME_FOUND)
		sg_walk_say(p->w, SG_WALK_NAME, SG_WALKED_FAILED, ms, "run stopgapctl doctor again",
		        "'%s' had no address, and has one now: the name server answers now and then only",
		        p->host);
	else
		sg_walk_say(p->w, SG_WALK_NAME, SG_WALKED_FAILED, ms,
		        "check this server's DNS settings and that its name server can be reached; where "
		        "only a "
		        "proxy knows names of the internet, set <network proxy>",
		        "no name server could say what the address of '%s' is", p->host);
}

static bool is_address(const char *host)
{
	return strchr(host, ':') || strspn(host, "0123456789.") == strlen(host);
}

static void say_connection(struct sg_path *p)
{
	const char *ip = NULL;

	curl_easy_getinfo(p->t.curl, CURLINFO_PRIMARY_IP, &ip);
	if (p->proxy) {
		sg_walk_skip(p->w, SG_WALK_NAME, SG_WALK_NAME, "left to the proxy");
		sg_walk_skip(p->w, SG_WALK_TCP, SG_WALK_TCP, "left to the proxy");
	}
	if (p->at > SG_WALK_NAME && is_address(p->host))
		sg_walk_say(p->w, SG_WALK_NAME, SG_WALKED_OK, -1, NULL, "%s is an address already", p->host);
	else if (p->at > SG_WALK_NAME)
		sg_walk_say(p->w, SG_WALK_NAME, SG_WALKED_OK, p->took[SG_WALK_NAME], NULL, "%s is %s",
		        p->host,
		        p->tried    ? p->tried
		        : ip && *ip ? ip
		                    : "known");
	if (p->at > SG_WALK_TCP)
		sg_walk_say(p->w, SG_WALK_TCP, SG_WALKED_OK, p->took[SG_WALK_TCP], NULL,
		        "connected to %s port %s", ip && *ip ? ip : p->host, p->port);
	if (!p->proxy)
		sg_walk_say(p->w, SG_WALK_PROXY, p->at > SG_WALK_TCP ? SG_WALKED_OK : SG_WALKED_SKIPPED, -1,
		        NULL, "%s", why_no_proxy(p));
	else if (p->at > SG_WALK_PROXY)
		sg_walk_say(p->w, SG_WALK_PROXY, SG_WALKED_OK, p->took[SG_WALK_PROXY], NULL,
		        "through %s (%s)", p->proxy, p->proxy_from);
}

/* The system's reason says more than libcurl's, which only says that it did not come about. */
static char *cause_of_tcp(const struct sg_path *p, CURLcode code)
{
	long number = sg_path_number(p->t.curl, CURLINFO_OS_ERRNO);

	return number > 0 ? sg_fetch_socket_fault(number) : sg_strdup(cause(p, code));
}

static void fail_proxy(struct sg_path *p, CURLcode code, int64_t ms)
{
	long status = sg_path_number(p->t.curl, CURLINFO_HTTP_CONNECTCODE);
	char *why = cause_of_tcp(p, code);
	char *text =
	        sg_format("%s (%s)", p->proxy ? p->proxy : "the proxy", p->proxy_from ? p->proxy_from : "?");

	if (status == 407)
		sg_walk_say(p->w, SG_WALK_PROXY, SG_WALKED_FAILED, ms,
		        "let this server through the proxy without a password, by its address or its "
		        "computer "
		        "account",
		        "%s asks for a password (407)", text);
	else if (status && status != 200)
		sg_walk_say(p->w, SG_WALK_PROXY, SG_WALKED_FAILED, ms,
		        "allow this server, in the proxy's own rules, to connect to that host and port",
		        "%s refuses to connect to %s port %s (%ld)", text, p->host, p->port, status);
	else if (code == CURLE_COULDNT_RESOLVE_PROXY)
		sg_walk_say(p->w, SG_WALK_PROXY, SG_WALKED_FAILED, ms,
		        "check the spelling of the proxy's host, and this server's DNS",
		        "%s: no address is known for the proxy's name", text);
	else
		sg_walk_say(p->w, SG_WALK_PROXY, SG_WALKED_FAILED, ms,
		        "check the proxy's host and port, and that it runs; if this server needs none, set "
		        "<network proxy=\"none\">",
		        "%s: %s", text, why);
	free(text);
	free(why);
}

static void fail_tcp(struct sg_path *p, CURLcode code, int64_t ms)
{
	bool named = p->tried && !is_address(p->host);
	char *why = cause_of_tcp(p, code);

	sg_walk_say(p->w, SG_WALK_TCP, SG_WALKED_FAILED, ms,
	        "check the host and the port in the feed's url, and that its server runs; a firewall may be "
	        "in between, "
	        "or only a proxy may go out: then set <network proxy>",
	        "no connection to %s%s%s%s port %s: %s", p->host, named ? " (" : "", named ? p->tried : "",
	        named ? ")" : "", p->port, why);
	free(why);
}

/* --- how it went: from the request on */

static const struct {
	long status;
	const char *what, *cure;
} answers[] = {
	{ 304, "says \"not modified\" (304) although nobody asked whether it was",
	        "something caches wrongly between here and there: tell who runs the server or the proxy" },
	{ 401, "asks for a password (401)",
	        "feeds are fetched without one: let this server read that address" },
	{ 403, "refuses this address (403)",
	        "let this server read it: look at the server's rules for addresses and paths, and at filters "
	        "in "
	        "between" },
	{ 404, "has no such document (404)",
	        "check the path in the feed's url, upper and lower case too, and that the document was "
	        "published" },
	{ 407, "asks for a proxy's password (407)", "let this server through the proxy without a password" },
	{ 410, "has the document no longer (410)", "ask its publisher for the new address" },
	{ 429, "is asked too often (429)", "poll less often: every=\"...\" of the feed" },
};

static void fail_status(struct sg_path *p, long status, int64_t ms)
{
	const char *what = NULL, *cure = NULL, *to = p->location;

	for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
		if (answers[i].status == status) {
			what = answers[i].what;
			cure = answers[i].cure;
		}
	}
	if (what)
		sg_walk_say(p->w, SG_WALK_HTTP, SG_WALKED_FAILED, ms, cure, "the server %s: %s", what,
		        p->t.req->url);
	else if (status >= 300 && status < 400)
		sg_walk_say(p->w, SG_WALK_HTTP, SG_WALKED_FAILED, ms,
		        "put the address where the document is, https, into the feed's url",
		        "the server sends us elsewhere (%ld%s%s): only https is followed, three times at "
		        "most",
		        status, to ? " to " : "", to ? to : "");
	else if (status >= 500)
		sg_walk_say(p->w, SG_WALK_HTTP, SG_WALKED_FAILED, ms,
		        "the fault is the server's, or a proxy's before it: tell who runs it, and try again "
		        "later",
		        "the server fails (%ld): %s", status, p->t.req->url);
	else
		sg_walk_say(p->w, SG_WALK_HTTP, SG_WALKED_FAILED, ms, "check the feed's url in a browser",
		        "the server answers %ld instead of the document: %s", status, p->t.req->url);
}

static void fail_http(struct sg_path *p, CURLcode code, int64_t ms)
{
	long status = sg_path_number(p->t.curl, CURLINFO_RESPONSE_CODE);

	if (status >= 300)
		fail_status(p, status, ms);
	else
		sg_walk_say(p->w, SG_WALK_HTTP, SG_WALKED_FAILED, ms,
		        p->https ? "check the port in the feed's url: something else than a web server may "
		                   "answer there"
		                 : "check the port in the feed's url: something else than a web server may "
		                   "answer there, or one that wants https",
		        "no answer in HTTP from %s port %s: %s", p->host, p->port, cause(p, code));
}

static void fail_size(struct sg_path *p, CURLcode code, int64_t ms)
{
	if (p->t.too_large || code == CURLE_FILESIZE_EXCEEDED)
		sg_walk_say(p->w, SG_WALK_SIZE, SG_WALKED_FAILED, ms,
		        "see that the url is the feed's document; if it is, raise max-size of the feed",
		        "the document is larger than the %llu octets that are allowed",
		        (unsigned long long)p->t.req->max_bytes);
	else
		sg_walk_say(p->w, SG_WALK_SIZE, SG_WALKED_FAILED, ms,
		        "run stopgapctl doctor again; if it stays so, tell who runs the server, or the proxy",
		        "the document did not come whole, only %zu octets: %s", p->t.got.octets.len,
		        cause(p, code));
}

static void say_answer(struct sg_path *p)
{
	const char *type = NULL, *url = NULL;
	long redirects = sg_path_number(p->t.curl, CURLINFO_REDIRECT_COUNT);
	size_t len = p->t.got.octets.len;

	curl_easy_getinfo(p->t.curl, CURLINFO_CONTENT_TYPE, &type);
	curl_easy_getinfo(p->t.curl, CURLINFO_EFFECTIVE_URL, &url);
	sg_walk_say(p->w, SG_WALK_HTTP, SG_WALKED_OK, p->took[SG_WALK_HTTP], NULL, "200%s%s%s%s",
	        type ? ", " : "", type ? type : "", redirects ? ", redirected to " : "",
	        redirects && url ? url : "");
	if (len)
		sg_walk_say(p->w, SG_WALK_SIZE, SG_WALKED_OK, p->took[SG_WALK_SIZE], NULL,
		        "%zu octets; at most %llu are allowed", len, (unsigned long long)p->t.req->max_bytes);
	else
		sg_walk_say(p->w, SG_WALK_SIZE, SG_WALKED_FAILED, p->took[SG_WALK_SIZE],
		        "tell its publisher: the document was not written to its end",
		        "the document is empty");
}

/* --- the whole */

static void say_tls(struct sg_path *p, const char *why, int64_t ms)
{
	const struct sg_walk_tls tls = { .req = p->t.req,
		.ca = p->t.ca,
		.host = p->host,
		.port = p->port,
		.protocol = p->protocol,
		.cause = why,
		.ms = ms };

	if (!p->https)
		sg_walk_say(
		        p->w, SG_WALK_TLS, SG_WALKED_SKIPPED, -1, NULL, "http to this machine needs none");
	else if (why)
		sg_walk_tls_bad(&tls, p->w);
	else
		sg_walk_tls_good(&tls, p->t.curl, p->w);
}

static void fail_limit(struct sg_path *p, enum sg_walk_step step, int64_t ms)
{
	static const char *const cures[SG_WALK_STEPS] = {
		[SG_WALK_NAME] = "check this server's DNS settings and that its name server can be reached",
		[SG_WALK_TCP] = "a firewall drops what is sent there, or no machine has that address: check "
		                "both; where "
		                "only a proxy may go out, set <network proxy>",
		[SG_WALK_PROXY] = "check that the proxy runs, and that it may connect to that host and port",
		[SG_WALK_TLS] =
		        "something accepts connections there and keeps silent: check the port, and what "
		        "filters the connection in between",
		[SG_WALK_HTTP] = "the server takes the request and does not answer: tell who runs it",
		[SG_WALK_SIZE] =
		        "the connection is slow; the service itself waits as long as timeout=\"...\" of the "
		        "feed says",
	};
	int64_t limit =
	        sg_path_limit(step) < p->t.req->timeout_ms ? sg_path_limit(step) : p->t.req->timeout_ms;
	bool named =
	        p->tried && !p->proxy && !is_address(p->host); /* what a proxy is asked for, it looks up */
	char text[32];

	sg_duration_format(limit, text);
	if (step == SG_WALK_PROXY)
		sg_walk_say(p->w, step, SG_WALKED_FAILED, ms, cures[step],
		        "%s (%s): it took longer than %s to connect to %s port %s, the doctor's limit for "
		        "this step",
		        p->proxy, p->proxy_from, text, p->host, p->port);
	else
		sg_walk_say(p->w, step, SG_WALKED_FAILED, ms, cures[step],
		        "%s%s%s%s port %s: it took longer than %s, the doctor's limit for this step", p->host,
		        named ? " (" : "", named ? p->tried : "", named ? ")" : "", p->port, text);
}

static bool of_tls(CURLcode code)
{
	return code == CURLE_SSL_CONNECT_ERROR || code == CURLE_PEER_FAILED_VERIFICATION ||
	       code == CURLE_SSL_CACERT_BADFILE || code == CURLE_SSL_CIPHER;
}

static enum sg_walk_step failed_at(const struct sg_path *p, CURLcode code)
{
	long tunnel = sg_path_number(p->t.curl, CURLINFO_HTTP_CONNECTCODE),
	     status = sg_path_number(p->t.curl, CURLINFO_RESPONSE_CODE);

	if (p->t.too_large || code == CURLE_FILESIZE_EXCEEDED)
		return SG_WALK_SIZE;
	if (code == CURLE_COULDNT_RESOLVE_PROXY || (tunnel && tunnel != 200))
		return SG_WALK_PROXY;
	if (status >= 300 || (p->at == SG_WALK_SIZE && !status))
		return SG_WALK_HTTP;
	if (of_tls(code) && (!p->proxy || tunnel == 200))
		return SG_WALK_TLS;
	if (p->at <= SG_WALK_TCP && p->proxy)
		return SG_WALK_PROXY;
	return p->at;
}

void sg_path_judge(struct sg_path *p, CURLcode code)
{
	int64_t ms = sg_path_ms(p->t.curl, CURLINFO_TOTAL_TIME_T) - p->since; /* of the step where it ended */
	long status = sg_path_number(p->t.curl, CURLINFO_RESPONSE_CODE);
	bool timed_out = p->ended || code == CURLE_OPERATION_TIMEDOUT;

	sg_path_look(p);
	sg_path_measure(p);
	if (code)
		p->at = failed_at(p, code);
	else
		p->at = status == 200 ? SG_WALK_STEPS : SG_WALK_HTTP;
	say_connection(p);
	if (p->t.stopped)
		sg_walk_say(p->w, p->at, SG_WALKED_FAILED, ms, NULL, "the walk was stopped");
	else if (timed_out)
		fail_limit(p, p->at, ms);
	else if (p->at == SG_WALK_NAME)
		say_name_fault(p);
	else if (p->at == SG_WALK_TCP)
		fail_tcp(p, code, ms);
	else if (p->at == SG_WALK_PROXY)
		fail_proxy(p, code, ms);
	if (p->at >= SG_WALK_TLS && !sg_walk_failed(p->w))
		say_tls(p, p->at == SG_WALK_TLS ? cause(p, code) : NULL,
		        p->at == SG_WALK_TLS ? ms : p->took[SG_WALK_TLS]);
	if (p->at == SG_WALK_HTTP && !sg_walk_failed(p->w))
		fail_http(p, code, ms);
	if (p->at == SG_WALK_SIZE && !sg_walk_failed(p->w))
		fail_size(p, code, ms);
	if (p->at == SG_WALK_STEPS)
		say_answer(p);
	if (p->at == SG_WALK_SIZE)
		sg_walk_say(p->w, SG_WALK_HTTP, SG_WALKED_OK, p->took[SG_WALK_HTTP], NULL, "%ld", status);
}
