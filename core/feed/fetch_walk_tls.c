/* fetch_walk_tls.c - whose certificate a server shows. What does not verify is looked at by connecting once more without verifying, and closing at once:
 * nothing is asked there and nothing taken but the certificates, which are only quoted.
 */
#include "feed/fetch_walk_parts.h"

#include "base/os.h"
#include "base/text.h"
#include "feed/verify_server.h"
#include <stdlib.h>
#include <string.h>

enum { LOOK_MS = 5000, MOST = 8 };

struct shown {
	struct sg_server_cert at[MOST]; /* the server's own first */
	size_t n;
};

static void shown_release(struct shown *s)
{
	for (size_t i = 0; i < s->n; i++)
		sg_server_cert_release(&s->at[i]);
	s->n = 0;
}

static void certificates(CURL *curl, struct shown *ret)
{
	struct curl_certinfo *all = NULL;

	if (curl_easy_getinfo(curl, CURLINFO_CERTINFO, &all) || !all)
		return;
	for (int i = 0; i < all->num_of_certs && ret->n < MOST; i++)
		for (const struct curl_slist *one = all->certinfo[i]; one; one = one->next)
			if (strncmp(one->data, "Cert:", 5) == 0 && ret->n < MOST &&
			        sg_server_cert_read(sg_bytes_of(one->data + 5), &ret->at[ret->n]))
				ret->n++;
}

void sg_walk_tls_good(const struct sg_walk_tls *tls, CURL *curl, struct sg_walk *ret)
{
	struct shown shown = { 0 };
	char until[32];

	certificates(curl, &shown);
	if (shown.n) {
		sg_time_format(shown.at[0].until, until);
		sg_walk_say(ret, SG_WALK_TLS, SG_WALKED_OK, tls->ms, NULL,
		        "%s%sthe certificate of %s is issued by '%s', until %s",
		        tls->protocol ? tls->protocol : "", tls->protocol ? "; " : "", tls->host,
		        shown.at[0].issuer, until);
	} else {
		sg_walk_say(ret, SG_WALK_TLS, SG_WALKED_OK, tls->ms, NULL, "%s; the certificate verifies",
		        tls->protocol ? tls->protocol : "TLS");
	}
	shown_release(&shown);
}

/* With `verify`, the chain but not the name. True: the handshake went well. */
static bool connect_again(const struct sg_walk_tls *tls, bool verify, struct shown *ret)
{
	struct sg_fetch_request req = *tls->req;
	struct sg_transfer t = { .req = &req, .ca = tls->ca };
	CURLcode r = CURLE_OK;

	req.timeout_ms = LOOK_MS;
	if (sg_transfer_begin(&t, &r, NULL))
		return false;
#define SET(option, value) r = r ? r : curl_easy_setopt(t.curl, option, value)
	SET(CURLOPT_CONNECT_ONLY, 1L);
	SET(CURLOPT_CERTINFO, 1L);
	SET(CURLOPT_SSL_VERIFYHOST, 0L);
	SET(CURLOPT_SSL_VERIFYPEER, verify ? 1L : 0L);
#undef SET
	if (!r)
		r = curl_easy_perform(t.curl);
	if (!verify)
		certificates(t.curl, ret);
	sg_transfer_release(&t);
	return r == CURLE_OK;
}

/* The first certificate of the chain that is not valid now. */
static const struct sg_server_cert *out_of_time(const struct shown *s, int64_t now)
{
	for (size_t i = 0; i < s->n; i++)
		if (now < s->at[i].from || now > s->at[i].until)
			return &s->at[i];
	return NULL;
}

static void say_time(
        const struct sg_walk_tls *tls, const struct sg_server_cert *c, int64_t now, struct sg_walk *ret)
{
	char at[32], clock[32];

	sg_time_format(now < c->from ? c->from : c->until, at);
	sg_time_format(now, clock);
	if (now < c->from)
		sg_walk_say(ret, SG_WALK_TLS, SG_WALKED_FAILED, tls->ms,
		        "set this server's clock, if it is wrong; if it is right, tell who runs the server",
		        "the certificate '%s', issued by '%s', is valid from %s only; this server's clock "
		        "says %s",
		        c->subject, c->issuer, at, clock);
	else
		sg_walk_say(ret, SG_WALK_TLS, SG_WALKED_FAILED, tls->ms,
		        "tell who runs the server to renew it; if this server's clock is wrong, set it",
		        "the certificate '%s', issued by '%s', has expired on %s; this server's clock says "
		        "%s",
		        c->subject, c->issuer, at, clock);
}

static void say_issuer(const struct sg_walk_tls *tls, const struct shown *shown, struct sg_walk *ret)
{
	const struct sg_server_cert *leaf = &shown->at[0], *last = &shown->at[shown->n - 1];
	const char *whom = tls->req->ca_file ? tls->req->ca_file : "this system's authorities";
	char *cure = sg_format(
	        "if '%s' is your own authority, put its certificate (PEM) into a file and name it in "
	        "<network ca-file>; if it is an inspection device (firewall, proxy, antivirus), "
	        "exempt %s from inspection; if it is a public one, the server must send its "
	        "intermediate certificate, too",
	        last->issuer, tls->host);

	if (leaf->self_signed)
		sg_walk_say(ret, SG_WALK_TLS, SG_WALKED_FAILED, tls->ms, cure,
		        "the certificate of %s is issued by itself ('%s'), and none of %s is that: an "
		        "inspection box "
		        "stands in between, unless it is your own server",
		        tls->host, leaf->subject, whom);
	else
		sg_walk_say(ret, SG_WALK_TLS, SG_WALKED_FAILED, tls->ms, cure,
		        "the certificate of %s is issued by '%s', which %s %s not vouch for: an inspection "
		        "box "
		        "stands in between, unless that is your mirror's own authority (%s)",
		        tls->host, leaf->issuer, whom, tls->req->ca_file ? "does" : "do", tls->cause);
	free(cure);
}

static void say_names(const struct sg_walk_tls *tls, const struct sg_server_cert *leaf, struct sg_walk *ret)
{
	sg_walk_say(ret, SG_WALK_TLS, SG_WALKED_FAILED, tls->ms,
	        "write the host in the feed's url as the certificate has it; if it is right, another machine "
	        "answers "
	        "in its place: check what DNS says",
	        "the certificate is for '%s', not for '%s' (issued by '%s')",
	        *leaf->names ? leaf->names : leaf->subject, tls->host, leaf->issuer);
}

void sg_walk_tls_bad(const struct sg_walk_tls *tls, struct sg_walk *ret)
{
	const struct sg_server_cert *wrong;
	struct shown shown = { 0 };
	struct sg_clock now = { 0 };

	sg_os_clock(&now);
	connect_again(tls, false, &shown);
	wrong = out_of_time(&shown, now.wall);
	if (!shown.n)
		sg_walk_say(ret, SG_WALK_TLS, SG_WALKED_FAILED, tls->ms,
		        "check the port: it may not speak TLS (1.2 or newer is needed), or something in "
		        "between cuts "
		        "the connection",
		        "no TLS with %s port %s: %s", tls->host, tls->port, tls->cause);
	else if (wrong)
		say_time(tls, wrong, now.wall, ret);
	else if (connect_again(tls, true, &shown))
		say_names(tls, &shown.at[0], ret);
	else
		say_issuer(tls, &shown, ret);
	shown_release(&shown);
}
