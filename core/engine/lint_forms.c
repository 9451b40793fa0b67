/* lint_forms.c - the mitigation's own tests, and other ways to write the requests that it refuses: an attacker sends the one that the rule does not
 * know. Each form is asked of the evaluator, and the one that gets through is shown. Pure.
 *
 * A form is an error where the server itself makes no difference (HTTP.sys decodes a path once, takes // and /./ as /; Windows ignores case), a warning
 * where the application may make none, a note where IIS itself refuses it unless it was told not to.
 */
#include "engine/exam.h"
#include "engine/lint_parts.h"

#include <stdlib.h>
#include <string.h>

/* --- the tests themselves */

void sg_lint_tests(struct sg_lint *l)
{
	size_t asking = 0, serving = 0;
	struct sg_exam exam = { 0 };

	for (size_t i = 0; i < l->m->n_tests; i++) {
		asking += l->m->tests[i].kind != SG_TEST_SERVE;
		serving += l->m->tests[i].kind == SG_TEST_SERVE;
	}
	if (sg_exam(l->m, &exam, NULL))
		return;
	if (!exam.silent && !asking)
		sg_lint_add(l, SG_LINT_WARNING, "test-missing", 0,
		        "add a Refuse with the attack's request: servers prove with it that they are "
		        "protected",
		        "no test says what it must refuse");
	if (!exam.silent && !serving)
		sg_lint_add(l, SG_LINT_WARNING, "serve-missing", 0,
		        "add a Serve with an everyday request close to the attack",
		        "no test says what must go on working");
	for (size_t i = 0; i < exam.n; i++) {
		const struct sg_exam_line *line = &exam.at[i];
		bool page = line->test == SIZE_MAX, no = line->passed == SG_EFFECTIVE_NO;

		if (line->passed == SG_EFFECTIVE_YES || (page && !no))
			continue;
		sg_lint_add(l, no ? SG_LINT_ERROR : SG_LINT_WARNING,
		        page ? "healthcheck"
		        : no ? "test-fails"
		             : "test-unknown",
		        page ? 0 : sg_lint_line(sg_lint_test(l, line->test)),
		        page ? "managed availability restarts what answers its health page wrongly: serve it"
		        : no ? "correct the rule or the test"
		             : "servers can't tell either, and show it as not proven",
		        "%s%s %s: %s", page ? "a health page of Exchange is not served: " : "", line->method,
		        line->uri, line->text);
	}
	sg_exam_release(&exam);
}

/* --- other forms of one URI */

struct form {
	enum sg_lint_level level;
	const char *rule, *what, *advice;
	/* Appends the other form of the path (query without '?', NULL when there is none); false: there is no such form. */
	bool (*make)(const char *path, const char *query, struct sg_buf *out);
};

static bool letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Letters that are not part of an escape become %XX, or %25XX; `all` or the first one behind each of /=&. */
static bool encode(const char *s, bool all, bool twice, struct sg_buf *out)
{
	bool any = false, fresh = true;

	for (const char *p = s; *p; p++) {
		bool escape = *p == '%' && p[1] && p[2];

		if (letter(*p) && (all || fresh)) {
			sg_buf_fmt(out, twice ? "%%25%02x" : "%%%02x", (unsigned char)*p);
			any = true;
			fresh = false;
			continue;
		}
		if (*p == '/' || *p == '=' || *p == '&')
			fresh = true;
		sg_buf_add(out, p, escape ? 3 : 1);
		p += escape ? 2 : 0;
	}
	return any;
}

static void add_query(const char *query, struct sg_buf *out)
{
	if (query)
		sg_buf_fmt(out, "?%s", query);
}

static bool path_letters(const char *path, const char *query, struct sg_buf *out)
{
	bool any = encode(path, false, false, out);

	add_query(query, out);
	return any;
}

static bool path_all(const char *path, const char *query, struct sg_buf *out)
{
	bool any = encode(path, true, false, out);

	add_query(query, out);
	return any;
}

static bool path_twice(const char *path, const char *query, struct sg_buf *out)
{
	bool any = encode(path, false, true, out);

	add_query(query, out);
	return any;
}

static bool query_coded(const char *path, const char *query, bool all, bool twice, struct sg_buf *out)
{
	sg_buf_fmt(out, "%s?", path);
	return query && encode(query, all, twice, out);
}

static bool query_letters(const char *path, const char *query, struct sg_buf *out)
{
	return query_coded(path, query, false, false, out);
}

static bool query_all(const char *path, const char *query, struct sg_buf *out)
{
	return query_coded(path, query, true, false, out);
}

static bool query_twice(const char *path, const char *query, struct sg_buf *out)
{
	return query_coded(path, query, true, true, out);
}

/* Letters of an escape change their case, too, which means the same. */
static bool turn(const char *s, bool upper, struct sg_buf *out)
{
	bool any = false;

	for (; *s; s++) {
		char c = upper && *s >= 'a' && *s <= 'z'    ? (char)(*s - 32)
		         : !upper && *s >= 'A' && *s <= 'Z' ? (char)(*s + 32)
		                                            : *s;

		any = any || c != *s;
		sg_buf_char(out, c);
	}
	return any;
}

static bool path_upper(const char *path, const char *query, struct sg_buf *out)
{
	bool any = turn(path, true, out);

	add_query(query, out);
	return any;
}

static bool path_lower(const char *path, const char *query, struct sg_buf *out)
{
	bool any = turn(path, false, out);

	add_query(query, out);
	return any;
}

static bool query_upper(const char *path, const char *query, struct sg_buf *out)
{
	sg_buf_fmt(out, "%s?", path);
	return query && turn(query, true, out);
}

static bool query_lower(const char *path, const char *query, struct sg_buf *out)
{
	sg_buf_fmt(out, "%s?", path);
	return query && turn(query, false, out);
}

/* The parameters in the opposite order. */
static bool query_order(const char *path, const char *query, struct sg_buf *out)
{
	const char *end = query ? query + strlen(query) : NULL;

	if (!query || !strchr(query, '&'))
		return false;
	sg_buf_fmt(out, "%s?", path);
	while (end > query) {
		const char *start = end;

		while (start > query && start[-1] != '&')
			start--;
		sg_buf_add(out, start, (size_t)(end - start));
		if (start > query)
			sg_buf_char(out, '&');
		end = start > query ? start - 1 : start;
	}
	return true;
}

/* One more parameter in front. */
static bool query_more(const char *path, const char *query, struct sg_buf *out)
{
	sg_buf_fmt(out, "%s?x=1&%s", path, query ? query : "");
	return query != NULL;
}

/* The last slash of the path becomes `by`. */
static bool slash(const char *path, const char *query, const char *by, struct sg_buf *out)
{
	size_t len = strlen(path);
	const char *last;

	while (len > 1 && path[len - 1] == '/')
		len--;
	for (last = path + len; last > path && last[-1] != '/';)
		last--;
	if (last <= path)
		return false;
	sg_buf_add(out, path, (size_t)(last - path) - 1);
	sg_buf_fmt(out, "%s%s", by, last);
	add_query(query, out);
	return true;
}

static bool slashes(const char *path, const char *query, struct sg_buf *out)
{
	return slash(path, query, "//", out);
}

static bool slash_dot(const char *path, const char *query, struct sg_buf *out)
{
	return slash(path, query, "/./", out);
}

static bool slash_dots(const char *path, const char *query, struct sg_buf *out)
{
	return slash(path, query, "/x/../", out);
}

static bool backslash(const char *path, const char *query, struct sg_buf *out)
{
	return slash(path, query, "%5c", out);
}

/* `tail` behind the last name; what ends in a slash is a folder, and another name for it is another folder. */
static bool behind(const char *path, const char *query, const char *tail, struct sg_buf *out)
{
	size_t len = strlen(path);

	sg_buf_fmt(out, "%s%s", path, tail);
	add_query(query, out);
	return len > 1 && path[len - 1] != '/';
}

static bool semicolon(const char *path, const char *query, struct sg_buf *out)
{
	return behind(path, query, ";x", out);
}

static bool dot(const char *path, const char *query, struct sg_buf *out)
{
	return behind(path, query, ".", out);
}

static bool blank(const char *path, const char *query, struct sg_buf *out)
{
	return behind(path, query, "%20", out);
}

#define DECODED "match <match url>, which is decoded, or {UrlDecode:{REQUEST_URI}}"
#define QUERY   "match {UrlDecode:{QUERY_STRING}} rather than {QUERY_STRING}"
#define TWICE   "decode twice: {UrlDecode:{UrlDecode:{QUERY_STRING}}}"
#define CASE    "leave ignoreCase at true"
#define COOKED  "match <match url>, where IIS has resolved the path, rather than {REQUEST_URI}"
static const struct form forms[] = {
	{ SG_LINT_ERROR, "escape-encoding", "with letters of the path percent-encoded", DECODED,
	        path_letters },
	{ SG_LINT_ERROR, "escape-encoding", "with the whole path percent-encoded", DECODED, path_all },
	{ SG_LINT_ERROR, "escape-encoding", "with letters of the query percent-encoded", QUERY,
	        query_letters },
	{ SG_LINT_ERROR, "escape-encoding", "with the whole query percent-encoded", QUERY, query_all },
	{ SG_LINT_NOTE, "escape-double-encoding",
	        "with letters of the path encoded twice (IIS refuses it unless allowDoubleEscaping is on)",
	        "decode twice, where double escaping is allowed", path_twice },
	{ SG_LINT_WARNING, "escape-double-encoding", "with the query encoded twice", TWICE, query_twice },
	{ SG_LINT_ERROR, "escape-case", "with the path in capitals", CASE, path_upper },
	{ SG_LINT_ERROR, "escape-case", "with the path in small letters", CASE, path_lower },
	{ SG_LINT_WARNING, "escape-case", "with the query in capitals", CASE, query_upper },
	{ SG_LINT_WARNING, "escape-case", "with the query in small letters", CASE, query_lower },
	{ SG_LINT_WARNING, "escape-order", "with the parameters in another order",
	        "one condition per parameter, or look-aheads that begin with ^", query_order },
	{ SG_LINT_WARNING, "escape-order", "with one more parameter in front",
	        "do not bind the parameter to the beginning", query_more },
	{ SG_LINT_ERROR, "escape-path", "with //", COOKED, slashes },
	{ SG_LINT_ERROR, "escape-path", "with /./", COOKED, slash_dot },
	{ SG_LINT_ERROR, "escape-path", "with /x/../", COOKED, slash_dots },
	{ SG_LINT_ERROR, "escape-path", "with an encoded backslash", COOKED, backslash },
	{ SG_LINT_WARNING, "escape-path", "with ;x behind the last name",
	        "do not bind the path to its end with $", semicolon },
	{ SG_LINT_WARNING, "escape-path", "with a dot behind the last name",
	        "do not bind the path to its end with $", dot },
	{ SG_LINT_WARNING, "escape-path", "with a blank behind the last name",
	        "do not bind the path to its end with $", blank },
};

/* What becomes of a form: served or answered where the rule covers it is an escape. HTTP.sys's own 400 is none. */
static bool escapes(const struct sg_bare *bare, const struct sg_test *test, const char *uri)
{
	char *copy = sg_strdup(uri);
	struct sg_test other = *test;
	struct sg_judgement j = { .fate = SG_FATE_NONE };
	bool is = false;

	other.uri = copy;
	if (sg_bare_judge(bare, &other, &j, NULL) == 0)
		is = j.fate == SG_FATE_SERVED || j.fate == SG_FATE_OTHER;
	sg_judgement_release(&j);
	free(copy);
	return is;
}

/* A form that gets through is shown once, with the first request that it does so for. */
static void forms_of(struct sg_lint *l, const struct sg_bare *bare, size_t t, bool *said)
{
	const struct sg_test *test = &l->m->tests[t];
	const char *mark = strchr(test->uri, '?');
	char *path = sg_strndup(test->uri, strcspn(test->uri, "?"));

	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		struct sg_buf uri = { 0 };

		if (!said[i] && forms[i].make(path, mark ? mark + 1 : NULL, &uri) &&
		        escapes(bare, test, (const char *)uri.data)) {
			said[i] = true;
			sg_lint_add(l, forms[i].level, forms[i].rule, sg_lint_line(sg_lint_test(l, t)),
			        forms[i].advice, "%s %s is refused, and gets through %s: %s",
			        test->method ? test->method : "GET", test->uri, forms[i].what,
			        (const char *)uri.data);
		}
		sg_buf_release(&uri);
	}
	free(path);
}

void sg_lint_forms(struct sg_lint *l)
{
	const struct sg_mitigation *m = l->m;
	bool said[sizeof(forms) / sizeof(*forms)] = { false };
	struct sg_bare *bare = NULL;

	if (sg_bare_new(&m, 1, &bare, NULL))
		return;
	for (size_t i = 0; i < m->n_tests && sg_bare_any(bare); i++) {
		struct sg_judgement j = { .fate = SG_FATE_NONE };

		if (m->tests[i].kind == SG_TEST_REFUSE && sg_bare_judge(bare, &m->tests[i], &j, NULL) == 0 &&
		        j.fate == SG_FATE_REFUSED)
			forms_of(l, bare, i, said);
		sg_judgement_release(&j);
	}
	sg_bare_free(bare);
}
