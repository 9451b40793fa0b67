/* fetch_walk_net.c - one transfer of libcurl, watched: how far it came, how long each step took, and what a person has to do where it ended.
 *
 * The transfer is the one that fetch.c makes, options and all. Which step it is in follows from libcurl's own times; what libcurl says of itself in words is
 * quoted to people, and decides nothing but what they are told of proxies.
 */
#include "feed/fetch_walk_parts.h"

#include "base/text.h"
#include <stdlib.h>
#include <string.h>

/* --- the address */

/* Without its brackets, where it is an IPv6 address. */
static void split(struct sg_path *p)
{
	const char *authority = strstr(p->t.req->url, "://") + 3;
	size_t host;

	p->https = sg_same_n(p->t.req->url, "https", 5);
	p->loopback = sg_url_is_loopback(p->t.req->url);
	if (authority[0] == '[') {
		host = strcspn(authority, "]");
		p->host = sg_strndup(authority + 1, host ? host - 1 : 0);
		host += authority[host] == ']';
	} else {
		host = strcspn(authority, ":/?#");
		p->host = sg_strndup(authority, host);
	}
	authority += host;
	if (*authority == ':')
		p->port = sg_strndup(authority + 1, strspn(authority + 1, "0123456789"));
	if (!p->port || !*p->port) {
		free(p->port);
		p->port = sg_strdup(p->https ? "443" : "80");
	}
}

/* A proxy's address may hold a password, and one that was not written as an address has it may hold any character. */
static char *without_password(const char *proxy)
{
	const char *colon = strstr(proxy, "://"), *from = colon ? colon + 3 : proxy, *at = strrchr(from, '@');

	return at ? sg_format("%.*s%s", (int)(from - proxy), proxy, at + 1) : sg_strdup(proxy);
}

static void find_proxy(struct sg_path *p)
{
	const char *proxy = p->t.req->proxy;

	if (p->loopback || !proxy || strcmp(proxy, "none") == 0 || strcmp(proxy, "system") == 0)
		return; /* the environment's, when libcurl says so */
	p->proxy = without_password(proxy);
	p->proxy_from = sg_strdup("<network proxy>");
}

/* --- while it runs */

int64_t sg_path_ms(CURL *curl, CURLINFO which)
{
	curl_off_t us = 0;

	curl_easy_getinfo(curl, which, &us);
	return us <= 0 ? 0 : us < 1000 ? 1 : us / 1000;
}

long sg_path_number(CURL *curl, CURLINFO which)
{
	long n = 0;

	curl_easy_getinfo(curl, which, &n);
	return n;
}

/* The steps end in their order. Some versions of libcurl know the time of the connection only once TLS is ready, so its first octets count, too. */
static enum sg_walk_step step_of(const struct sg_path *p)
{
	CURL *c = p->t.curl;

	if (!sg_path_ms(c, CURLINFO_NAMELOOKUP_TIME_T))
		return SG_WALK_NAME;
	if (!p->connected && !sg_path_ms(c, CURLINFO_CONNECT_TIME_T))
		return SG_WALK_TCP;
	if (p->https && !sg_path_ms(c, CURLINFO_APPCONNECT_TIME_T))
		return p->proxy && !p->tunnel ? SG_WALK_PROXY : SG_WALK_TLS;
	return sg_path_ms(c, CURLINFO_STARTTRANSFER_TIME_T) ? SG_WALK_SIZE : SG_WALK_HTTP;
}

void sg_path_measure(struct sg_path *p)
{
	CURL *c = p->t.curl;
	const struct {
		enum sg_walk_step step;
		int64_t end;
	} ends[] = {
		{ SG_WALK_NAME, sg_path_ms(c, CURLINFO_NAMELOOKUP_TIME_T) },
		{ SG_WALK_TCP, p->connected },
		{ SG_WALK_PROXY, p->tunnel },
		{ SG_WALK_TLS, sg_path_ms(c, CURLINFO_APPCONNECT_TIME_T) },
		{ SG_WALK_HTTP, sg_path_ms(c, CURLINFO_STARTTRANSFER_TIME_T) },
		{ SG_WALK_SIZE, sg_path_ms(c, CURLINFO_TOTAL_TIME_T) },
	};
	int64_t before = 0;

	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		if (!ends[i].end)
			continue;
		p->took[ends[i].step] = ends[i].end > before ? ends[i].end - before : 0;
		before = ends[i].end > before ? ends[i].end : before;
	}
}

int64_t sg_path_limit(enum sg_walk_step step)
{
	return step == SG_WALK_NAME                           ? SG_WALK_NAME_MS
	       : step == SG_WALK_TCP                          ? SG_WALK_TCP_MS
	       : step == SG_WALK_PROXY || step == SG_WALK_TLS ? SG_WALK_SECURE_MS
	       : step == SG_WALK_HTTP                         ? SG_WALK_ANSWER_MS
	                                                      : SG_WALK_MS;
}

void sg_path_look(struct sg_path *p)
{
	enum sg_walk_step step = step_of(p);
	int64_t now = sg_path_ms(p->t.curl, CURLINFO_TOTAL_TIME_T);

	if (step == p->at)
		return;
	p->at = step;
	p->since = now;
}

/* libcurl asks at least once a second. */
static int on_progress(void *arg, curl_off_t total, curl_off_t now, curl_off_t up_total, curl_off_t up)
{
	struct sg_path *p = arg;
	const struct sg_fetch_request *req = p->t.req;

	(void)total, (void)now, (void)up_total, (void)up;
	sg_path_look(p);
	p->t.stopped = p->t.stopped || (req->stop && req->stop(req->arg));
	if (!p->t.stopped && sg_path_ms(p->t.curl, CURLINFO_TOTAL_TIME_T) - p->since > sg_path_limit(p->at))
		p->ended = true;
	return p->t.stopped || p->ended ? 1 : 0;
}

static bool begins(const char *line, const char *with)
{
	return strncmp(line, with, strlen(with)) == 0;
}

static void replace(char **text, char *with)
{
	free(*text);
	*text = with;
}

/* "10.0.0.1:443...": the port is known. */
static void add_tried(struct sg_path *p, const char *address)
{
	size_t len = strcspn(address, " "), at = len;

	while (at > 0 && address[at] != ':')
		at--;
	replace(&p->tried, sg_format("%s%s%.*s", p->tried ? p->tried : "", p->tried ? ", " : "",
	                           (int)(at ? at : len), address));
}

/* libcurl's own words, for the sentences. */
static void on_words(struct sg_path *p, const char *line)
{
	char *variable, *end;

	if (begins(line, "Connected to ") && !p->connected)
		p->connected = sg_path_ms(p->t.curl, CURLINFO_TOTAL_TIME_T);
	else if (begins(line, "SSL connection using "))
		replace(&p->protocol, sg_strndup(line + 21, strcspn(line + 21, " /")));
	else if (begins(line, "  Trying "))
		add_tried(p, line + 9);
	if (!begins(line, "Uses proxy env variable ") || begins(line + 24, "no_proxy") ||
	        begins(line + 24, "NO_PROXY"))
		return;
	variable = sg_strdup(line + 24);
	end = strstr(variable, " == '");
	if (end) {
		*end = 0;
		end += 5;
		end[strlen(end) ? strlen(end) - 1 : 0] = 0; /* the closing quote */
		replace(&p->proxy, without_password(end));
		replace(&p->proxy_from, sg_format("%s of the service's own environment", variable));
	}
	free(variable);
}

static int on_debug(CURL *curl, curl_infotype type, char *data, size_t len, void *arg)
{
	struct sg_path *p = arg;
	char *line;

	(void)curl;
	int64_t now = sg_path_ms(p->t.curl, CURLINFO_TOTAL_TIME_T);

	if (!p->connected && (type == CURLINFO_SSL_DATA_OUT || type == CURLINFO_HEADER_OUT))
		p->connected = now ? now : 1;
	if (!p->tunnel && p->proxy && sg_path_number(p->t.curl, CURLINFO_HTTP_CONNECTCODE) == 200)
		p->tunnel = now ? now : 1;
	sg_path_look(p);
	if (type != CURLINFO_TEXT && type != CURLINFO_HEADER_IN)
		return 0;
	line = sg_strndup(data, len);
	line[strcspn(line, "\r\n")] = 0;
	if (type == CURLINFO_TEXT)
		on_words(p, line);
	else if (sg_same_n(line, "Location: ", 10))
		replace(&p->location, sg_strdup(line + 10));
	free(line);
	return 0;
}

/* --- the whole */

static CURLcode watch(struct sg_path *p)
{
	CURL *c = p->t.curl;
	CURLcode r = CURLE_OK;
	long connect = SG_WALK_TCP_MS;

	if (connect > p->t.req->timeout_ms)
		connect = (long)p->t.req->timeout_ms;
#define SET(option, value) r = r ? r : curl_easy_setopt(c, option, value)
	SET(CURLOPT_CERTINFO, 1L);
	SET(CURLOPT_CONNECTTIMEOUT_MS, connect);
	SET(CURLOPT_XFERINFOFUNCTION, on_progress);
	SET(CURLOPT_XFERINFODATA, (void *)p);
	SET(CURLOPT_VERBOSE, 1L);
	SET(CURLOPT_DEBUGFUNCTION, on_debug);
	SET(CURLOPT_DEBUGDATA, (void *)p);
#undef SET
	return r;
}

void sg_walk_network(const struct sg_fetch_request *req, struct sg_bytes ca, struct sg_walk *ret)
{
	struct sg_path p = { .t = { .req = req, .ca = ca }, .w = ret, .at = SG_WALK_NAME };
	struct sg_err why = SG_ERR_INIT;
	CURLcode code = CURLE_OK;

	for (int i = 0; i < SG_WALK_STEPS; i++)
		p.took[i] = -1;
	if (sg_transfer_begin(&p.t, &code, &why)) {
		sg_walk_say(ret, SG_WALK_NAME, SG_WALKED_FAILED, -1, "mend the feed's url", "%s", why.msg);
		return;
	}
	split(&p);
	find_proxy(&p);
	if (!code)
		code = watch(&p);
	if (!code)
		code = sg_transfer_run(&p.t);
	sg_path_judge(&p, code);
	if (!sg_walk_failed(ret)) {
		ret->fetched = p.t.got;
		p.t.got = (struct sg_fetched){ 0 };
	}
	sg_transfer_release(&p.t);
	free(p.host);
	free(p.port);
	free(p.proxy);
	free(p.proxy_from);
	free(p.protocol);
	free(p.location);
	free(p.tried);
}
