/* fetch_walk.c - sg_fetch_walk(): files are looked at here, the network by a worker without rights (fetch_walk_net.c). Of what the worker says, this process
 * believes no more than that a person should read it. */
#include "feed/fetch_walk_parts.h"

#include "base/os.h"
#include "base/text.h"
#include "feed/apart_parts.h"
#include <stdlib.h>
#include <string.h>

enum { MAX_TEXT = 1500, SPARE_MS = 1500, MAX_CMS = 64 << 10 };

static const char *const names[SG_WALK_STEPS] = { "file", "name", "tcp", "proxy", "tls", "http", "size",
	"parse", "signature", "time", "serial" };

const char *sg_walk_step_name(enum sg_walk_step step)
{
	return names[step];
}

void sg_walk_release(struct sg_walk *w)
{
	for (int i = 0; i < SG_WALK_STEPS; i++) {
		free(w->at[i].text);
		free(w->at[i].cure);
	}
	free(w->feed);
	sg_fetched_release(&w->fetched);
	*w = (struct sg_walk){ 0 };
}

bool sg_walk_failed(const struct sg_walk *w)
{
	for (int i = 0; i < SG_WALK_STEPS; i++)
		if (w->at[i].walked == SG_WALKED_FAILED)
			return true;
	return false;
}

static char *safe(const char *s)
{
	struct sg_buf out = { 0 };
	char *cut = sg_strndup(s, strlen(s) < MAX_TEXT ? strlen(s) : MAX_TEXT);

	sg_text_safe(cut, &out);
	sg_buf_char(&out, 0);
	free(cut);
	return sg_buf_detach(&out);
}

void sg_walk_say(struct sg_walk *w, enum sg_walk_step step, enum sg_walked walked, int64_t ms,
        const char *cure, const char *fmt, ...)
{
	struct sg_walk_line *line = &w->at[step];
	struct sg_buf text = { 0 };
	va_list ap;

	if (line->walked)
		return;
	va_start(ap, fmt);
	sg_buf_vfmt(&text, fmt, ap);
	va_end(ap);
	*line = (struct sg_walk_line){ .walked = walked,
		.text = safe((const char *)text.data),
		.cure = cure ? safe(cure) : NULL,
		.ms = ms };
	sg_buf_release(&text);
}

void sg_walk_skip(struct sg_walk *w, enum sg_walk_step first, enum sg_walk_step last, const char *text)
{
	for (int i = (int)first; i <= (int)last; i++)
		sg_walk_say(w, (enum sg_walk_step)i, SG_WALKED_SKIPPED, -1, NULL, "%s", text);
}

static void skip_rest(struct sg_walk *w)
{
	sg_walk_skip(w, SG_WALK_NAME, SG_WALK_SIZE, "a step before it failed");
}

/* --- a file */

static int64_t mono(void)
{
	struct sg_clock now = { 0 };

	sg_os_clock(&now);
	return now.mono;
}

static void say_size(const struct sg_fetch_request *req, struct sg_walk *w)
{
	size_t len = w->fetched.octets.len;

	if (!len)
		sg_walk_say(w, SG_WALK_SIZE, SG_WALKED_FAILED, -1,
		        "tell its publisher: the document was not written to its end",
		        "the document is empty");
	else
		sg_walk_say(w, SG_WALK_SIZE, SG_WALKED_OK, -1, NULL, "%zu octets; at most %llu are allowed",
		        len, (unsigned long long)req->max_bytes);
}

static void walk_file(const struct sg_fetch_request *req, struct sg_walk *w)
{
	struct sg_err why = SG_ERR_INIT;
	char *path = NULL;
	int64_t begun = mono();
	int r = sg_url_path(req->url, &path, &why);

	if (!r)
		r = sg_os_read(path, req->max_bytes, &w->fetched.octets, NULL, &why);
	if (r == SG_ELIMIT) {
		sg_walk_say(w, SG_WALK_FILE, SG_WALKED_OK, mono() - begun, NULL, "%s is there", path);
		sg_walk_say(w, SG_WALK_SIZE, SG_WALKED_FAILED, -1,
		        "see that it is the feed's document; if it is, raise max-size of the feed", "%s",
		        why.msg);
	} else if (r) {
		sg_walk_say(w, SG_WALK_FILE, SG_WALKED_FAILED, mono() - begun,
		        r == SG_ENOENT
		                ? "check the path in the feed's url, and that the share is mounted for "
		                  "the service's account, not only for yours"
		                : "let the account that runs stopgapd read the file and every folder "
		                  "above it",
		        "%s", why.msg);
		sg_walk_skip(w, SG_WALK_SIZE, SG_WALK_SIZE, "a step before it failed");
	} else {
		sg_walk_say(w, SG_WALK_FILE, SG_WALKED_OK, mono() - begun, NULL, "%s can be read", path);
		say_size(req, w);
	}
	free(path);
}

/* --- the worker's half */

static void pack_lines(const struct sg_walk *w, struct sg_val *list)
{
	for (int i = 0; i < SG_WALK_STEPS; i++) {
		const struct sg_walk_line *line = &w->at[i];
		struct sg_val *m = sg_val_push(list, sg_val_map());

		sg_val_set_int(m, "walked", (int64_t)line->walked);
		sg_val_set_str(m, "text", line->text);
		sg_val_set_str(m, "cure", line->cure);
		sg_val_set_int(m, "ms", line->ms);
	}
}

int sg_apart_walk(struct sg_bytes request, struct sg_buf *ret_reply)
{
	struct sg_fetch_asked asked = { 0 };
	struct sg_walk walk = { 0 };
	struct sg_val *out;
	int code = sg_fetch_asked_unpack(request, &asked);

	if (!code) {
		sg_walk_network(&asked.req, sg_buf_bytes(&asked.ca), &walk);
		out = sg_apart_answer(0, 0, NULL);
		pack_lines(&walk, sg_val_set(out, "lines", sg_val_array()));
		sg_val_set_bin(out, "octets", walk.fetched.octets.data, walk.fetched.octets.len);
		sg_apart_pack(out, ret_reply);
	}
	sg_walk_release(&walk);
	sg_fetch_asked_release(&asked);
	return code;
}

/* --- this process's half */

static void take_answer(const struct sg_fetch_request *req, const struct sg_val *answer, struct sg_walk *w)
{
	const struct sg_val *lines = sg_val_get(answer, "lines"), *octets = sg_val_get(answer, "octets");

	for (size_t i = SG_WALK_NAME;
	        lines && lines->type == SG_VAL_ARRAY && i <= (size_t)SG_WALK_SIZE && i < lines->n; i++) {
		int64_t walked = sg_val_get_int(lines->kid[i], "walked", 0);

		if (walked >= SG_WALKED_OK && walked <= SG_WALKED_FAILED)
			sg_walk_say(w, (enum sg_walk_step)i, (enum sg_walked)walked,
			        sg_val_get_int(lines->kid[i], "ms", -1),
			        sg_val_get_str(lines->kid[i], "cure", NULL), "%s",
			        sg_val_get_str(lines->kid[i], "text", ""));
	}
	if (octets && octets->type == SG_VAL_BIN && octets->len <= req->max_bytes)
		sg_buf_set(&w->fetched.octets, octets->s, octets->len);
	/* whatever it left out did not go well */
	for (int i = SG_WALK_NAME; i <= SG_WALK_SIZE && !sg_walk_failed(w); i++)
		sg_walk_say(w, (enum sg_walk_step)i, SG_WALKED_FAILED, -1, NULL,
		        "the worker's answer says nothing about it");
}

static void walk_apart(const struct sg_fetch_request *req, struct sg_bytes ca, struct sg_walk *w)
{
	struct sg_val *answer = NULL;
	struct sg_err why = SG_ERR_INIT;

	if (sg_fetch_ask_worker(SG_JOB_WALK, req, ca, SPARE_MS, &answer, &why))
		sg_walk_say(w, SG_WALK_NAME, SG_WALKED_FAILED, -1, "ask again", "%s", why.msg);
	else
		take_answer(req, answer, w);
	sg_val_free(answer);
}

static void walk_net(const struct sg_fetch_request *req, struct sg_walk *w)
{
	struct sg_err why = SG_ERR_INIT;
	struct sg_buf ca = { 0 };

	if (req->ca_file && sg_fetch_read_ca(req, &ca, &why))
		sg_walk_say(w, SG_WALK_TLS, SG_WALKED_FAILED, -1,
		        "put the PEM file of the authorities there, or take ca-file out of <network>", "%s",
		        why.msg);
	else if (sg_fetch_is_here())
		sg_walk_network(req, sg_buf_bytes(&ca), w);
	else
		walk_apart(req, sg_buf_bytes(&ca), w);
	sg_buf_release(&ca);
}

/* The signature beside the document: the way to it is the same, so what fails is its own. */
static void walk_beside(const struct sg_fetch_request *req, int64_t left, struct sg_walk *w)
{
	struct sg_fetch_request beside = *req;
	struct sg_err why = SG_ERR_INIT;
	struct sg_fetched got = { 0 };
	char *url = sg_fetch_beside(req->url);

	beside.url = url;
	beside.max_bytes = MAX_CMS;
	beside.timeout_ms = left > 1000 ? left : 1000;
	if (sg_fetch(&beside, &got, &why)) {
		free(w->at[SG_WALK_SIZE].text);
		w->at[SG_WALK_SIZE] = (struct sg_walk_line){ 0 };
		sg_walk_say(w, SG_WALK_SIZE, SG_WALKED_FAILED, -1,
		        "its publisher puts the detached signature (FEED.p7s) beside the document; or this "
		        "feed has "
		        "none: set signature=\"xmldsig\"",
		        "the document came, its detached signature did not: %s", why.msg);
	} else {
		w->fetched.cms = got.octets;
		got.octets = (struct sg_buf){ 0 };
	}
	sg_fetched_release(&got);
	free(url);
}

void sg_fetch_walk(const struct sg_fetch_request *req, struct sg_walk *ret)
{
	struct sg_fetch_request once = *req;
	enum sg_url_kind kind = SG_URL_PATH;
	struct sg_err why = SG_ERR_INIT;
	int64_t begun = mono();

	once.etag = once.last_modified = NULL;
	if (once.timeout_ms > SG_WALK_MS)
		once.timeout_ms = SG_WALK_MS;
	if (once.timeout_ms < 1)
		once.timeout_ms = 1;
	if (sg_url_check(req->url, &kind, &why)) {
		sg_walk_say(ret, SG_WALK_NAME, SG_WALKED_FAILED, -1, "mend the feed's url and reload", "%s",
		        why.msg);
		skip_rest(ret);
	} else if (kind == SG_URL_FILE || kind == SG_URL_PATH) {
		walk_file(&once, ret);
	} else {
		walk_net(&once, ret);
		skip_rest(ret);
	}
	if (req->detached && !sg_walk_failed(ret))
		walk_beside(&once, once.timeout_ms - (mono() - begun), ret);
}
