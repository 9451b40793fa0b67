/* draft.c - from answers to XML. The rule that it makes looks at the decoded path and at the query decoded twice, one condition for each parameter, so that
 * neither encoding nor order nor case lets a request by. Pure. */
#include "engine/draft.h"

#include "actions/host.h"
#include "base/text.h"
#include "model/mitigation.h"

#include <stdlib.h>
#include <string.h>

static const char refused[] = "<action type=\"CustomResponse\" statusCode=\"403\" statusReason=\"Forbidden\" "
                              "statusDescription=\"Refused by an interim mitigation.\"/>";

static bool given(const char *s)
{
	return s && *s;
}

static const char * or (const char *s, const char *otherwise)
{
	return given(s) ? s : otherwise;
}

/* --- text in XML, text in patterns */

static void put(struct sg_buf *out, const char *s)
{
	for (; *s; s++)
		switch (*s) {
		case '&': sg_buf_str(out, "&amp;"); break;
		case '<': sg_buf_str(out, "&lt;"); break;
		case '>': sg_buf_str(out, "&gt;"); break;
		case '"': sg_buf_str(out, "&quot;"); break;
		default: sg_buf_char(out, *s);
		}
}

static void attr(struct sg_buf *out, const char *name, const char *value)
{
	sg_buf_fmt(out, " %s=\"", name);
	put(out, value);
	sg_buf_char(out, '"');
}

static void literal(struct sg_buf *out, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (strchr("\\^$.|?*+()[]{}", s[i]))
			sg_buf_char(out, '\\');
		sg_buf_char(out, s[i]);
	}
}

static int digit(char c)
{
	return c >= '0' && c <= '9'                     ? c - '0'
	       : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10
	                                                : -1;
}

/* %XX of printable ASCII becomes what it stands for; all else stays. */
static char *decoded(const char *s, size_t n)
{
	struct sg_buf out = { 0 };

	for (size_t i = 0; i < n; i++) {
		int high = s[i] == '%' && i + 2 < n ? digit(s[i + 1]) : -1,
		    low = high >= 0 ? digit(s[i + 2]) : -1;
		int c = low >= 0 ? high * 16 + low : 0;

		if (c >= ' ' && c < 127) {
			sg_buf_char(&out, (char)c);
			i += 2;
		} else {
			sg_buf_char(&out, s[i]);
		}
	}
	return out.len ? sg_buf_detach(&out) : sg_strdup("");
}

/* --- parts of a Config */

static void put_applicability(struct sg_buf *out, const struct sg_draft *d)
{
	const char *dash = given(d->affected) ? strchr(d->affected, '-') : NULL;

	sg_buf_str(out, "  <sg:Applicability>\n    <sg:Product");
	attr(out, "name", or (d->product, "IIS"));
	if (sg_same(d->product, "Exchange"))
		attr(out, "role", "Mailbox");
	if (!given(d->affected) && !d->fixed.n) {
		sg_buf_str(out, "/>\n  </sg:Applicability>\n");
		return;
	}
	sg_buf_str(out, ">\n");
	if (given(d->affected)) {
		char *from =
		        sg_strndup(d->affected, dash ? (size_t)(dash - d->affected) : strlen(d->affected));

		sg_buf_str(out, "      <sg:Affected");
		if (*from)
			attr(out, "from", from);
		if (dash && dash[1])
			attr(out, "below", dash + 1);
		sg_buf_str(out, "/>\n");
		free(from);
	}
	for (size_t i = 0; i < d->fixed.n; i++) {
		const char *is = strchr(d->fixed.at[i], '=');
		char *branch = sg_strndup(d->fixed.at[i], is ? (size_t)(is - d->fixed.at[i]) : 0);

		sg_buf_str(out, "      <sg:Fixed");
		attr(out, "branch", branch);
		attr(out, "from", is ? is + 1 : d->fixed.at[i]);
		sg_buf_str(out, "/>\n");
		free(branch);
	}
	sg_buf_str(out, "    </sg:Product>\n  </sg:Applicability>\n");
}

static void put_test(struct sg_buf *out, const struct sg_draft *d, const char *name, const char *uri)
{
	sg_buf_fmt(out, "    <sg:%s", name);
	if (given(d->method))
		attr(out, "method", d->method);
	attr(out, "uri", uri);
	sg_buf_str(out, "/>\n");
}

/* What goes on: as given, else the same page without its query, else the folder that it lies in. */
static void put_serve(struct sg_buf *out, const struct sg_draft *d)
{
	const char *uri = d->refuse.at[0], *mark = strchr(uri, '?');
	size_t len = strcspn(uri, "?");
	char *other;

	for (size_t i = 0; i < d->serve.n; i++)
		put_test(out, d, "Serve", d->serve.at[i]);
	if (d->serve.n)
		return;
	while (!mark && len > 1 && uri[len - 1] == '/')
		len--;
	while (!mark && len > 1 && uri[len - 1] != '/')
		len--;
	other = sg_strndup(uri, len);
	put_test(out, d, "Serve", other);
	free(other);
}

static void put_tests(struct sg_buf *out, const struct sg_draft *d)
{
	sg_buf_str(out, "  <sg:Test>\n");
	for (size_t i = 0; i < d->refuse.n; i++)
		put_test(out, d, "Refuse", d->refuse.at[i]);
	put_serve(out, d);
	sg_buf_str(out, "  </sg:Test>\n");
}

static void put_at(struct sg_buf *out, const struct sg_draft *d)
{
	sg_buf_str(out, "      <sg:At");
	attr(out, "sites", or (d->sites, "Default Web Site"));
	attr(out, "path", or (d->path, "/"));
	attr(out, "inherit", "yes");
	sg_buf_str(out, "/>\n");
}

/* --- url_rewrite */

static void put_condition(struct sg_buf *out, const char *input, const char *pattern)
{
	sg_buf_str(out, "              <add");
	attr(out, "input", input);
	attr(out, "pattern", pattern);
	sg_buf_str(out, "/>\n");
}

/* One for each parameter: "(^|&)name=value". */
static void put_parameters(struct sg_buf *out, const char *query)
{
	static const char input[] = "{UrlDecode:{UrlDecode:{QUERY_STRING}}}";

	for (const char *p = query; *p; p += strcspn(p, "&"), p += *p == '&') {
		size_t n = strcspn(p, "&#");
		struct sg_buf pattern = { 0 };
		char *once, *text;

		if (!n)
			continue;
		once = decoded(p, n);
		text = decoded(once, strlen(once));
		sg_buf_str(&pattern, "(^|&)");
		literal(&pattern, text, strlen(text));
		put_condition(out, input, (const char *)pattern.data);
		sg_buf_release(&pattern);
		free(once);
		free(text);
	}
}

/* The pattern of the path, which IIS gives without its first slash and below the action's own path. */
static char *path_pattern(const struct sg_draft *d)
{
	const char *uri = d->refuse.at[0], *at = or (d->path, "/");
	char *path = decoded(uri, strcspn(uri, "?"));
	size_t skip = sg_same_n(path, at, strlen(at)) ? strlen(at) : 0;
	struct sg_buf out = { 0 };

	while (path[skip] == '/')
		skip++;
	sg_buf_char(&out, '^');
	literal(&out, path + skip, strlen(path + skip));
	free(path);
	return sg_buf_detach(&out);
}

static void put_rule(struct sg_buf *out, const struct sg_draft *d)
{
	const char *mark = strchr(d->refuse.at[0], '?');
	char *made = given(d->match) ? NULL : path_pattern(d);

	sg_buf_str(out, "    <Action type=\"UrlRewrite\" scope=\"Site\" desc=\"Inbound rule\">\n");
	put_at(out, d);
	sg_buf_fmt(out,
	        "      <rewrite>\n        <rules>\n          <rule name=\"stopgap %s - inbound\" "
	        "stopProcessing=\"true\">\n"
	        "            <match",
	        d->id);
	attr(out, "url", made ? made : d->match);
	sg_buf_str(out, "/>\n");
	if (given(d->method) || given(d->query) || (mark && mark[1])) {
		sg_buf_str(out, "            <conditions>\n");
		if (given(d->method)) {
			char *pattern = sg_format("^%s$", d->method);

			put_condition(out, "{REQUEST_METHOD}", pattern);
			free(pattern);
		}
		if (given(d->query))
			put_condition(out, "{UrlDecode:{UrlDecode:{QUERY_STRING}}}", d->query);
		else if (mark)
			put_parameters(out, mark + 1);
		sg_buf_str(out, "            </conditions>\n");
	}
	sg_buf_fmt(out,
	        "            %s\n          </rule>\n        </rules>\n      </rewrite>\n    </Action>\n",
	        refused);
	free(made);
}

/* --- request_filtering */

static void put_filter(struct sg_buf *out, const struct sg_draft *d)
{
	const char *uri = d->refuse.at[0];
	char *path = decoded(uri, strcspn(uri, "?")), *slash;
	size_t len = strlen(path);
	bool url;

	while (len > 1 && path[len - 1] == '/')
		path[--len] = 0;
	slash = strrchr(path, '/');
	const char *seq = given(d->sequence) ? d->sequence : slash ? slash : path;

	url = strchr(uri, '?') == NULL || !given(d->sequence) || strstr(path, seq);
	sg_buf_str(out, "    <Action type=\"RequestFiltering\" scope=\"Site\" desc=\"Denied sequence\">\n");
	put_at(out, d);
	sg_buf_fmt(out, "      <requestFiltering>\n        <%s>\n          <add",
	        url ? "denyUrlSequences" : "denyQueryStringSequences");
	attr(out, "sequence", seq);
	sg_buf_fmt(out, "/>\n        </%s>\n      </requestFiltering>\n    </Action>\n",
	        url ? "denyUrlSequences" : "denyQueryStringSequences");
	free(path);
}

/* --- what is stopped */

static void put_stopped(struct sg_buf *out, const struct sg_draft *d, bool service)
{
	sg_buf_fmt(out, "    <Action type=\"%s\" scope=\"Server\" desc=\"%s\">\n      <sg:%s",
	        service ? "Service" : "AppPool",
	        service ? "Disabled and stopped" : "Not started, and stopped",
	        service ? "Service" : "AppPool");
	attr(out, "name", service ? d->service : d->pool);
	attr(out, service ? "start" : "autoStart", service ? "Disabled" : "false");
	attr(out, "run", "Stopped");
	attr(out, "if-missing", "skip");
	sg_buf_str(out, d->companions.n ? ">\n" : "/>\n");
	for (size_t i = 0; i < d->companions.n; i++) {
		sg_buf_str(out, "        <sg:Companion");
		attr(out, "name", d->companions.at[i]);
		attr(out, "if-missing", "skip");
		sg_buf_str(out, "/>\n");
	}
	if (d->companions.n)
		sg_buf_fmt(out, "      </sg:%s>\n", service ? "Service" : "AppPool");
	sg_buf_str(out, "    </Action>\n");
}

/* --- the whole */

static bool all_digits(const char *s)
{
	return *s && !s[strspn(s, "0123456789")];
}

/* CVE-YYYY-NNNN and more digits (cve.org, "CVE ID Syntax Change"), KB and a number, or an address; the type that a Reference of it has, NULL: none of them. */
static const char *reference_type(const char *s)
{
	enum { YEAR = 4, NUMBER_AT_LEAST = 4 };
	size_t len = strlen(s), year;

	if (sg_same_n(s, "CVE-", 4)) {
		year = strspn(s + 4, "0123456789");
		return year == YEAR && s[4 + YEAR] == '-' && all_digits(s + 4 + YEAR + 1) &&
		                       strlen(s + 4 + YEAR + 1) >= NUMBER_AT_LEAST
		               ? "cve"
		               : NULL;
	}
	if (sg_same_n(s, "KB", 2))
		return all_digits(s + 2) ? "kb" : NULL;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)s[i] <= ' ' || s[i] == 0x7f)
			return NULL;
	if (sg_same_n(s, "https://", 8))
		return strcspn(s + 8, "/?#") ? "url" : NULL;
	return sg_same_n(s, "http://", 7) && strcspn(s + 7, "/?#") ? "url" : NULL;
}

static int check(const struct sg_draft *d, struct sg_err *err)
{
	bool stops = sg_same(d->kind, "service") || sg_same(d->kind, "app_pool");
	struct sg_err why = SG_ERR_INIT;

	if (!given(d->id))
		return sg_fail(err, SG_EINVAL,
		        "an id is needed, such as CORP-7: 1 to 64 letters, digits, '.', '_' or '-'");
	if (!sg_id_valid(d->id))
		return sg_fail(err, SG_EINVAL,
		        "the id \"%.80s\" is not allowed: 1 to 64 letters, digits, '.', '_' or '-', a letter "
		        "or digit first, such as CORP-7",
		        d->id);
	if (d->cve && !reference_type(d->cve))
		return sg_fail(err, SG_EINVAL,
		        "\"%.200s\" is no reference: write CVE-2026-42897, KB5074992 or an address that "
		        "begins with https://",
		        d->cve);
	if (given(d->product) && sg_host_can_tell(d->product, NULL, &why))
		return sg_fail(err, SG_EINVAL, "%s", why.msg);
	if (!stops && !sg_same(d->kind, "url_rewrite") && !sg_same(d->kind, "request_filtering"))
		return sg_fail(err, SG_EINVAL,
		        "the kind is one of url_rewrite, request_filtering, service, app_pool");
	if (!stops && !d->refuse.n)
		return sg_fail(
		        err, SG_EINVAL, "the request that is to be refused is needed: --refuse /path?query");
	for (size_t i = 0; i < d->refuse.n + d->serve.n; i++) {
		const char *uri = i < d->refuse.n ? d->refuse.at[i] : d->serve.at[i - d->refuse.n];

		if (uri[0] != '/')
			return sg_fail(err, SG_EINVAL,
			        "\"%.200s\" is no request: it begins with a slash, such as "
			        "/owa/auth/x.aspx?y=1",
			        uri);
	}
	if (!stops && !given(d->match) && !given(d->sequence) &&
	        strspn(d->refuse.at[0], "/") == strcspn(d->refuse.at[0], "?") &&
	        !strchr(d->refuse.at[0], '?'))
		return sg_fail(err, SG_EINVAL, "%s alone is the whole site: name the page that is attacked",
		        d->refuse.at[0]);
	if (sg_same(d->kind, "service") && !given(d->service))
		return sg_fail(err, SG_EINVAL, "the name of the service is needed: --service NAME");
	if (sg_same(d->kind, "app_pool") && !given(d->pool))
		return sg_fail(err, SG_EINVAL, "the name of the application pool is needed: --pool NAME");
	for (size_t i = 0; i < d->fixed.n; i++)
		if (!strchr(d->fixed.at[i], '='))
			return sg_fail(err, SG_EINVAL,
			        "\"%.100s\": write a fix as BRANCH=BUILD, such as 15.2.986=15.2.986.36",
			        d->fixed.at[i]);
	return 0;
}

static void put_text(struct sg_buf *out, const char *name, const char *text)
{
	sg_buf_fmt(out, "  <sg:%s>", name);
	put(out, text);
	sg_buf_fmt(out, "</sg:%s>\n", name);
}

int sg_draft(const struct sg_draft *d, struct sg_buf *ret, struct sg_err *err)
{
	struct sg_buf out = { 0 };
	int r = check(d, err);

	if (r)
		return r;
	sg_buf_str(&out, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<Config xmlns:sg=\"" SG_FEED_NS "\"");
	attr(&out, "id", d->id);
	attr(&out, "desc", or (d->desc, "An interim mitigation"));
	attr(&out, "sg:revision", "1.0");
	attr(&out, "sg:severity", or (d->severity, "high"));
	attr(&out, "sg:review-by", d->review_by);
	sg_buf_str(&out, ">\n");
	if (d->cve) {
		sg_buf_fmt(&out, "  <sg:Reference type=\"%s\">", reference_type(d->cve));
		put(&out, d->cve);
		sg_buf_str(&out, "</sg:Reference>\n");
	}
	put_text(&out, "SideEffect", or (d->side_effect, "None known."));
	if (given(d->fixed_by))
		put_text(&out, "FixedBy", d->fixed_by);
	put_applicability(&out, d);
	if (d->refuse.n)
		put_tests(&out, d);
	sg_buf_str(&out, "  <ActionList>\n");
	if (sg_same(d->kind, "url_rewrite"))
		put_rule(&out, d);
	else if (sg_same(d->kind, "request_filtering"))
		put_filter(&out, d);
	else
		put_stopped(&out, d, sg_same(d->kind, "service"));
	sg_buf_str(&out, "  </ActionList>\n</Config>\n");
	*ret = out;
	return 0;
}
