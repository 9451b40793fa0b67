/* vars.c - what a request says: its URL, its headers, its server variables.
 *
 * A variable is known when the request determines it or an earlier rule set it. Any other is not known: who asks gets
 * a reason with the variable's name, never an empty text. An absent header is known, and empty.
 * {REQUEST_URI} is read as Microsoft's own mitigations read it: percent-encoded, as sent. After a rewrite its value is
 * not documented, so it is not known any more; {URL}, {PATH_INFO} and {QUERY_STRING} follow the rewritten URL.
 */
#include "rewrite/rules.h"
#include "base/text.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void sg_rw_why_set(struct sg_rw_why *why, const char *fmt, ...)
{
	va_list ap;

	if (!why || why->text[0])
		return;
	va_start(ap, fmt);
	vsnprintf(why->text, sizeof(why->text), fmt, ap);
	va_end(ap);
}

struct sg_rw_var *sg_rw_vars_find(const struct sg_rw_vars *vars, const char *name, size_t len)
{
	for (size_t i = 0; i < vars->n; i++)
		if (strlen(vars->at[i].name) == len && sg_same_n(vars->at[i].name, name, len))
			return &vars->at[i];
	return NULL;
}

void sg_rw_vars_set(struct sg_rw_vars *vars, const char *name, struct sg_bytes value, const char *unknown)
{
	struct sg_rw_var *var = sg_rw_vars_find(vars, name, strlen(name));

	if (!var) {
		vars->at = sg_grow(vars->at, vars->n, &vars->cap, sizeof(*vars->at));
		var = &vars->at[vars->n++];
		*var = (struct sg_rw_var){ .name = sg_strdup(name) };
	}
	sg_buf_set(&var->value, value.data, value.len);
	free(var->unknown);
	var->unknown = sg_strdup(unknown);
}

void sg_rw_vars_release(struct sg_rw_vars *vars)
{
	for (size_t i = 0; i < vars->n; i++) {
		free(vars->at[i].name);
		sg_buf_release(&vars->at[i].value);
		free(vars->at[i].unknown);
	}
	free(vars->at);
	*vars = (struct sg_rw_vars){ 0 };
}

int sg_rw_eval_init(struct sg_rw_eval *e, const struct sg_rw_rules *rules, const struct sg_rw_request *req,
        struct sg_err *err)
{
	*e = (struct sg_rw_eval){ .rules = rules, .req = req };
	if (!req->uri || req->uri[0] != '/')
		return sg_fail(err, SG_EINVAL, "a request's URI must start with a slash: '%s'",
		        req->uri ? req->uri : "");
	if (strlen(req->uri) > SG_RW_TEXT_MAX)
		return sg_fail(err, SG_ELIMIT, "a request's URI has more than %d octets", SG_RW_TEXT_MAX);
	if (req->base && (req->base[0] != '/' || req->base[strlen(req->base) - 1] != '/'))
		return sg_fail(err, SG_EINVAL, "a folder must start and end with a slash: '%s'", req->base);
	for (size_t i = 0; i < req->n_headers; i++)
		if (strlen(req->headers[i].value) > SG_RW_TEXT_MAX)
			return sg_fail(err, SG_ELIMIT, "the header %s has more than %d octets",
			        req->headers[i].name, SG_RW_TEXT_MAX);

	size_t path = strcspn(req->uri, "?");
	sg_buf_str(&e->uri, req->uri);
	sg_rw_to_utf8(&e->uri);
	if (req->uri[path])
		sg_buf_str(&e->query, req->uri + path + 1);
	sg_rw_to_utf8(&e->query);
	if (!sg_rw_cook_path((struct sg_bytes){ (const unsigned char *)req->uri, path }, &e->path)) {
		e->bad = true;
		sg_rw_why_set(&e->why, "HTTP.sys answers 400 before any rule: the path has a bad escape, a "
		                       "NUL or leaves the root");
	}
	return 0;
}

void sg_rw_eval_release(struct sg_rw_eval *e)
{
	sg_buf_release(&e->uri);
	sg_buf_release(&e->path);
	sg_buf_release(&e->query);
	sg_rw_vars_release(&e->set);
	sg_rw_vars_release(&e->response);
}

bool sg_rw_is_header(const char *header, const char *name, size_t len)
{
	if (strlen(header) != len)
		return false;
	for (size_t i = 0; i < len; i++) {
		char a = header[i] == '-' ? '_' : header[i];
		if (!sg_same_n(&a, &name[i], 1))
			return false;
	}
	return true;
}

/* All headers of that name, joined as HTTP.sys joins them; false when none was sent. */
static bool add_header(const struct sg_rw_request *req, const char *name, size_t len, struct sg_buf *out)
{
	const char *between = len == 6 && sg_same_n(name, "COOKIE", 6) ? "; " : ", ";
	struct sg_buf text = { 0 };
	bool found = false;

	for (size_t i = 0; i < req->n_headers; i++) {
		if (!sg_rw_is_header(req->headers[i].name, name, len))
			continue;
		if (found)
			sg_buf_str(&text, between);
		sg_buf_str(&text, req->headers[i].value);
		found = true;
	}
	sg_rw_to_utf8(&text);
	sg_buf_add(out, text.data, text.len);
	sg_buf_release(&text);
	return found;
}

static void add_host(const struct sg_rw_request *req, struct sg_buf *out)
{
	if (req->host)
		sg_buf_str(out, req->host);
	else if (!add_header(req, "HOST", 4, out))
		sg_buf_str(out, "localhost");
}

/* The host's text up to its port, and the port or the scheme's usual one. An IPv6 address is in brackets. */
static void add_host_part(const struct sg_rw_request *req, bool port, struct sg_buf *out)
{
	struct sg_buf host = { 0 };

	add_host(req, &host);
	if (!host.data)
		sg_buf_add(&host, "", 0);
	const char *text = host.data ? (const char *)host.data : "";
	const char *after = strchr(text, ']');
	const char *colon = strrchr(after ? after : text, ':');
	if (port)
		sg_buf_str(out, colon ? colon + 1 : req->https ? "443" : "80");
	else
		sg_buf_add(out, text, colon ? (size_t)(colon - text) : strlen(text));
	sg_buf_release(&host);
}

/* What a known variable is made of. One row per name: the list is what this program knows, and `help` may print it. */
enum source {
	METHOD,
	HTTPS,
	SECURE,
	HOST,
	SERVER,
	PORT,
	PATH,
	QUERY,
	AS_SENT,
	UNTIL_REWRITTEN,
	ORIGINAL,
	HEADER
};
static const struct known {
	const char *name;
	enum source source;
	const char *header;
} known[] = {
	{ "REQUEST_METHOD", METHOD, NULL },
	{ "HTTP_METHOD", METHOD, NULL },
	{ "HTTPS", HTTPS, NULL },
	{ "SERVER_PORT_SECURE", SECURE, NULL },
	{ "HTTP_HOST", HOST, NULL },
	{ "SERVER_NAME", SERVER, NULL },
	{ "SERVER_PORT", PORT, NULL },
	{ "URL", PATH, NULL },
	{ "PATH_INFO", PATH, NULL },
	{ "QUERY_STRING", QUERY, NULL },
	{ "UNENCODED_URL", AS_SENT, NULL },
	{ "HTTP_URL", AS_SENT, NULL },
	{ "REQUEST_URI", UNTIL_REWRITTEN, NULL },
	{ "HTTP_X_ORIGINAL_URL", ORIGINAL, NULL },
	{ "CONTENT_TYPE", HEADER, "CONTENT_TYPE" },
	{ "CONTENT_LENGTH", HEADER, "CONTENT_LENGTH" },
};

static bool add_known(struct sg_rw_eval *e, const struct known *k, struct sg_buf *out)
{
	const struct sg_rw_request *req = e->req;
	struct sg_buf text = { 0 };

	switch (k->source) {
	case METHOD: sg_buf_str(out, req->method ? req->method : "GET"); return true;
	case HTTPS: sg_buf_str(out, req->https ? "on" : "off"); return true;
	case SECURE: sg_buf_str(out, req->https ? "1" : "0"); return true;
	case HOST: add_host(req, out); return true;
	case SERVER: add_host_part(req, false, out); return true;
	case PORT: add_host_part(req, true, out); return true;
	case QUERY: sg_buf_add(out, e->query.data, e->query.len); return true;
	case AS_SENT: sg_buf_add(out, e->uri.data, e->uri.len); return true;
	case HEADER: add_header(req, k->header, strlen(k->header), out); return true;
	case PATH:
		if (e->elsewhere)
			break;
		sg_buf_add(out, e->path.data, e->path.len);
		return true;
	case UNTIL_REWRITTEN:
		if (e->rewritten)
			break;
		sg_buf_add(out, e->uri.data, e->uri.len);
		return true;
	case ORIGINAL:
		if (!e->rewritten) {
			add_header(req, "X_ORIGINAL_URL", strlen("X_ORIGINAL_URL"), out);
			return true;
		}
		sg_rw_percent_decode(sg_buf_bytes(&e->uri), false, &text);
		sg_rw_to_utf8(&text);
		sg_buf_add(out, text.data, text.len);
		sg_buf_release(&text);
		return true;
	}
	sg_rw_why_set(&e->why, "the value of {%s} after a rewrite", k->name);
	return false;
}

static bool add_var(struct sg_rw_eval *e, const struct sg_rw_var *var, struct sg_buf *out)
{
	if (var->unknown)
		sg_rw_why_set(&e->why, "%s", var->unknown);
	else
		sg_buf_add(out, var->value.data, var->value.len);
	return !var->unknown;
}

bool sg_rw_var_get(struct sg_rw_eval *e, const char *name, size_t len, struct sg_buf *out)
{
	const struct sg_rw_var *var = sg_rw_vars_find(&e->set, name, len);

	if (var)
		return add_var(e, var, out);
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strlen(known[i].name) == len && sg_same_n(known[i].name, name, len))
			return add_known(e, &known[i], out);
	if (len > 5 && sg_same_n(name, "HTTP_", 5) && !(len == 12 && sg_same_n(name, "HTTP_VERSION", 12))) {
		add_header(e->req, name + 5, len - 5, out);
		return true;
	}
	if (len > 9 && sg_same_n(name, "RESPONSE_", 9)) {
		var = sg_rw_vars_find(&e->response, name + 9, len - 9);
		if (var)
			return add_var(e, var, out);
	}
	if (len == 11 && sg_same_n(name, "REMOTE_ADDR", 11) && e->req->remote) {
		sg_buf_str(out, e->req->remote);
		return true;
	}
	sg_rw_why_set(&e->why, "the value of {%.*s}", (int)(len < 100 ? len : 100), name);
	return false;
}
