/* match.c - patterns: ECMAScript, Wildcard and ExactMatch, with bounded work. The only file that knows PCRE2.
 *
 * PCRE2 is set up as ECMA-262 describes its regular expressions: $ is the very end, [] is an empty class, \x and \u as
 * there, a group that took no part matches an empty text, . stops at CR and LF. What PCRE2 takes but ECMAScript does
 * not have (look-behind, inline options, named groups, \A, possessive quantifiers, ...) is found when a pattern is
 * compiled; such a pattern answers MAYBE, because Microsoft documents "Perl compatible (ECMAScript standard compliant)"
 * and no more. Case is folded as Unicode does.
 */
#include "rewrite/rules.h"
#include "base/text.h"
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

enum { PATTERN_MAX = 16 * 1024, MATCH_LIMIT = 1000000, DEPTH_LIMIT = 100000, HEAP_LIMIT_KIB = 20000 };

/* What all patterns of one evaluation, or of those that share their bound, may cost: a quarter of a second. One that ends within the first limit costs 1; it is
 * run again with the next one for what that may cost more. */
enum { WORK_MAX = 30000 };
static const struct stage {
	uint32_t limit;
	unsigned cost;
} stages[] = { { 1000, 1 }, { 10000, 10 }, { MATCH_LIMIT, 1000 } };

struct sg_rw_regex {
	pcre2_code *code;
};

static void *memory_get(size_t size, void *data)
{
	(void)data;
	return sg_alloc(size);
}

static void memory_put(void *p, void *data)
{
	(void)data;
	free(p);
}

void sg_rw_caps_add(struct sg_rw_caps *caps, const void *data, size_t len)
{
	caps->at = sg_grow(caps->at, caps->n, &caps->cap, sizeof(*caps->at));
	caps->at[caps->n] = (struct sg_buf){ 0 };
	sg_buf_set(&caps->at[caps->n++], data, len);
}

void sg_rw_caps_clear(struct sg_rw_caps *caps)
{
	for (size_t i = 0; i < caps->n; i++)
		sg_buf_release(&caps->at[i]);
	caps->n = 0;
	caps->state = SG_RW_CAPS_NONE;
}

void sg_rw_caps_release(struct sg_rw_caps *caps)
{
	sg_rw_caps_clear(caps);
	free(caps->at);
	*caps = (struct sg_rw_caps){ 0 };
}

/* * and ? become groups and dots of a regular expression that covers the whole text; all else is itself. */
static void wildcard_regex(const char *text, struct sg_buf *out)
{
	sg_buf_str(out, "\\A(?:");
	for (const char *p = text; *p; p++) {
		if (*p == '*') {
			sg_buf_str(out, "(.*)");
		} else if (*p == '?') {
			sg_buf_char(out, '.');
		} else {
			if (strchr("\\^$.|+()[]{}#-", *p))
				sg_buf_char(out, '\\');
			sg_buf_char(out, *p);
		}
	}
	sg_buf_str(out, ")\\z");
}

/* Skips a quantifier at `p`; NULL when there is none. */
static const char *skip_quantifier(const char *p)
{
	if (*p == '*' || *p == '+' || *p == '?')
		return p + 1;
	if (*p != '{' || p[1] < '0' || p[1] > '9')
		return NULL;
	for (p++; *p == ',' || (*p >= '0' && *p <= '9'); p++)
		;
	return *p == '}' ? p + 1 : NULL;
}

/* The first construct in a pattern that PCRE2 knows and ECMA-262 (5.1, section 15.10) does not, or NULL. */
static char *beyond_ecmascript(const char *text)
{
	bool in_class = false;

	for (const char *p = text; *p; p++) {
		if (*p == '\\') {
			p++;
			if (!*p)
				return NULL;
			bool letter = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z');
			if (letter && !strchr(in_class ? "dDwWsSbtnvfrcxu" : "dDwWsSbBtnvfrcxu", *p))
				return sg_format("\\%c", *p);
		} else if (in_class) {
			if (*p == '[' && (p[1] == ':' || p[1] == '.' || p[1] == '='))
				return sg_format("[%c", p[1]);
			in_class = *p != ']';
		} else if (*p == '[') {
			in_class = true;
			if (p[1] == '^')
				p++;
			if (p[1] == ']') {
				p++;
				in_class = false;
			}
		} else if (*p == '(' && p[1] == '?' && !(p[2] && strchr(":=!", p[2]))) {
			return sg_strndup(p, 3);
		} else if (*p == '(' && p[1] == '*') {
			return sg_strdup("(*");
		} else {
			const char *end = skip_quantifier(p);
			if (end && *end == '+')
				return sg_format("a possessive quantifier (%.*s)", (int)(end + 1 - p), p);
		}
	}
	return NULL;
}

int sg_rw_pattern_compile(struct sg_rw_pattern *p, const char *what, struct sg_err *err)
{
	struct sg_buf regex = { 0 };
	uint32_t options = PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_BACKSLASH_C;
	int number = 0, r = 0;
	PCRE2_SIZE offset = 0;

	if (p->syntax == SG_RW_EXACT)
		return 0;
	if (strlen(p->text) > PATTERN_MAX)
		return sg_fail(err, SG_EINVAL, "%s: its pattern is longer than %d octets", what, PATTERN_MAX);
	if (p->ignore_case)
		options |= PCRE2_CASELESS;
	if (p->syntax == SG_RW_WILDCARD) {
		wildcard_regex(p->text, &regex);
		options |= PCRE2_DOTALL;
	} else {
		sg_buf_str(&regex, p->text);
		p->beyond = beyond_ecmascript(p->text);
		options |= PCRE2_ALT_BSUX | PCRE2_ALLOW_EMPTY_CLASS | PCRE2_MATCH_UNSET_BACKREF;
	}
	/* (*...) would let a pattern set our options and limits; ECMAScript has nothing that * could repeat there. */
	if (p->beyond && !strcmp(p->beyond, "(*")) {
		r = sg_fail(err, SG_EINVAL,
		        "%s: the pattern '%s' is no regular expression: nothing to repeat after '('", what,
		        p->text);
		goto out;
	}

	pcre2_general_context *memory = pcre2_general_context_create(memory_get, memory_put, NULL);
	pcre2_compile_context *context = pcre2_compile_context_create(memory);
	pcre2_set_newline(context, PCRE2_NEWLINE_ANYCRLF);
	pcre2_code *code = pcre2_compile(
	        regex.data ? regex.data : (PCRE2_SPTR) "", regex.len, options, &number, &offset, context);
	pcre2_compile_context_free(context);
	pcre2_general_context_free(memory);
	if (code) {
		p->regex = sg_alloc(sizeof(*p->regex));
		p->regex->code = code;
	} else {
		PCRE2_UCHAR text[160];
		pcre2_get_error_message(number, text, sizeof(text));
		r = sg_fail(err, SG_EINVAL, "%s: the pattern '%s' is no regular expression: %s at offset %zu",
		        what, p->text, (const char *)text, (size_t)offset);
	}
out:
	sg_buf_release(&regex);
	return r;
}

void sg_rw_pattern_copy(struct sg_rw_pattern *to, const struct sg_rw_pattern *from)
{
	*to = *from;
	to->text = sg_strdup(from->text);
	to->beyond = sg_strdup(from->beyond);
	if (from->regex) {
		to->regex = sg_alloc(sizeof(*to->regex));
		to->regex->code = pcre2_code_copy(from->regex->code);
	}
}

void sg_rw_pattern_release(struct sg_rw_pattern *p)
{
	if (p->regex)
		pcre2_code_free(p->regex->code);
	free(p->regex);
	free(p->text);
	free(p->beyond);
	*p = (struct sg_rw_pattern){ 0 };
}

static enum sg_rw_answer match_exact(
        const struct sg_rw_pattern *p, struct sg_bytes text, struct sg_rw_caps *caps)
{
	size_t len = strlen(p->text);
	bool same = len == text.len && (p->ignore_case ? sg_same_n(p->text, (const char *)text.data, len)
	                                               : !len || !memcmp(p->text, text.data, len));
	if (!same)
		return SG_RW_NO;
	sg_rw_caps_clear(caps);
	sg_rw_caps_add(caps, text.data, text.len);
	caps->state = SG_RW_CAPS_KNOWN;
	return SG_RW_YES;
}

static void take_captures(pcre2_match_data *data, struct sg_bytes text, struct sg_rw_caps *caps)
{
	const PCRE2_SIZE *at = pcre2_get_ovector_pointer(data);
	uint32_t n = pcre2_get_ovector_count(data);

	sg_rw_caps_clear(caps);
	for (uint32_t i = 0; i < n; i++) {
		/* An unset group, or \K-like inversions that ECMAScript does not have. */
		bool set = at[2 * i] != PCRE2_UNSET && at[2 * i] <= at[2 * i + 1];
		sg_rw_caps_add(caps, set ? text.data + at[2 * i] : NULL, set ? at[2 * i + 1] - at[2 * i] : 0);
	}
	caps->state = SG_RW_CAPS_KNOWN;
}

/* pcre2_match() within what is left of the work; *ret_spent: that was not enough to tell. */
static int run(const struct sg_rw_pattern *p, struct sg_bytes text, pcre2_match_data *data,
        pcre2_match_context *context, struct sg_rw_eval *e, bool *ret_spent)
{
	unsigned *work = e->req->work ? e->req->work : &e->work;
	int r = PCRE2_ERROR_MATCHLIMIT;

	*ret_spent = false;
	for (size_t i = 0; i < sizeof(stages) / sizeof(stages[0]) && r == PCRE2_ERROR_MATCHLIMIT; i++) {
		if (*work + stages[i].cost > WORK_MAX) {
			*ret_spent = true;
			break;
		}
		*work += stages[i].cost;
		pcre2_set_match_limit(context, stages[i].limit);
		r = pcre2_match(p->regex->code, text.data, text.len, 0, 0, data, context);
	}
	return r;
}

enum sg_rw_answer sg_rw_pattern_match(
        const struct sg_rw_pattern *p, struct sg_bytes text, struct sg_rw_caps *caps, struct sg_rw_eval *e)
{
	enum sg_rw_answer answer = SG_RW_NO;
	bool spent;

	if (p->syntax == SG_RW_EXACT)
		return match_exact(p, text, caps);
	if (p->beyond) {
		sg_rw_why_set(&e->why,
		        "%s in the pattern '%s' is not ECMAScript, the syntax that IIS documents", p->beyond,
		        p->text);
		return SG_RW_MAYBE;
	}
	if (!text.data)
		text = sg_bytes_of("");

	pcre2_general_context *memory = pcre2_general_context_create(memory_get, memory_put, NULL);
	pcre2_match_context *context = pcre2_match_context_create(memory);
	pcre2_match_data *data = pcre2_match_data_create_from_pattern(p->regex->code, memory);
	pcre2_set_depth_limit(context, DEPTH_LIMIT);
	pcre2_set_heap_limit(context, HEAP_LIMIT_KIB);
	int r = run(p, text, data, context, e, &spent);
	if (spent) {
		sg_rw_why_set(
		        &e->why, "the pattern '%.100s', and those before it take too long in all", p->text);
		answer = SG_RW_MAYBE;
	} else if (r >= 0) {
		take_captures(data, text, caps);
		answer = SG_RW_YES;
	} else if (r != PCRE2_ERROR_NOMATCH) {
		PCRE2_UCHAR message[160];
		pcre2_get_error_message(r, message, sizeof(message));
		sg_rw_why_set(&e->why, "the pattern '%s' ran away on a text of %zu octets: %s", p->text,
		        text.len, (const char *)message);
		answer = SG_RW_MAYBE;
	}
	pcre2_match_data_free(data);
	pcre2_match_context_free(context);
	pcre2_general_context_free(memory);
	return answer;
}
