/* conf_value.c - the kinds of values that a configuration holds: from text to the struct, and back to the same text. */
#include "model/conf_fields.h"

#include "base/text.h"
#include "model/mitigation.h"
#include "model/url.h"
#include "model/window.h"
#include "model/words.h"
#include <stdlib.h>
#include <string.h>

enum { MAX_TEXT = 4000 };

static char **text_of(void *base, const struct sg_conf_field *f)
{
	return (char **)(void *)((char *)base + f->offset);
}

static int64_t *number_of(void *base, const struct sg_conf_field *f)
{
	return (int64_t *)(void *)((char *)base + f->offset);
}

/* Enums of ours have the size of an int; their places in `words` are their values. */
static int *choice_of(void *base, const struct sg_conf_field *f)
{
	return (int *)(void *)((char *)base + f->offset);
}

static bool *flag_of(void *base, const struct sg_conf_field *f)
{
	return (bool *)(void *)((char *)base + f->offset);
}

/* --- units */

static const struct unit {
	const char *name;
	int64_t of;
} times[] = { { "d", 86400000 }, { "h", 3600000 }, { "m", 60000 }, { "s", 1000 }, { "ms", 1 } },
  sizes[] = { { "GiB", 1LL << 30 }, { "MiB", 1LL << 20 }, { "KiB", 1LL << 10 }, { "B", 1 } };

/* The largest unit that divides the value: what is written is exactly what was read. */
static void put_units(struct sg_buf *out, int64_t v, const struct unit *units, size_t n)
{
	size_t i = 0;

	while (i + 1 < n && (v == 0 ? units[i].of != 1000 : v % units[i].of != 0))
		i++;
	sg_buf_fmt(out, "%lld%s", (long long)(v / units[i].of), units[i].name);
}

static void put_duration(struct sg_buf *out, int64_t ms)
{
	put_units(out, ms, times, sizeof times / sizeof *times);
}

static void put_size(struct sg_buf *out, int64_t octets)
{
	put_units(out, octets, sizes, sizeof sizes / sizeof *sizes);
}

static bool parse_size(const char *text, int64_t *ret)
{
	size_t digits = strspn(text, "0123456789");

	if (digits < 1 || digits > 12)
		return false;
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
		if (strcmp(text + digits, sizes[i].name) == 0) {
			int64_t n = strtoll(text, NULL, 10);

			if (n > INT64_MAX / sizes[i].of)
				return false;
			*ret = n * sizes[i].of;
			return true;
		}
	return false;
}

static void put_number(struct sg_buf *out, int64_t v)
{
	sg_buf_fmt(out, "%lld", (long long)v);
}

static bool parse_number(const char *text, int64_t *ret)
{
	size_t digits = strspn(text, "0123456789");

	if (digits < 1 || digits > 15 || text[digits] || (text[0] == '0' && digits > 1))
		return false;
	*ret = strtoll(text, NULL, 10);
	return true;
}

/* A value that means something: the default unless it says "not at all", else the first usual one within the setting's bounds. */
static const char *example(const struct sg_conf_field *f, int which, bool (*parse)(const char *, int64_t *))
{
	static const char *const usual[3][5] = { { "1h", "5m", "10s", "100ms" }, { "64MiB", "64KiB", "1B" },
		{ "10", "1" } };
	int64_t v = 0;

	if (f->fallback && f->fallback[strspn(f->fallback, "0")] >= '1' &&
	        f->fallback[strspn(f->fallback, "0")] <= '9')
		return f->fallback;
	for (const char *const *s = usual[which]; *s; s++)
		if (parse(*s, &v) && v >= f->min && v <= f->max)
			return *s;
	return f->fallback ? f->fallback : usual[which][0];
}

static bool parse_duration(const char *text, int64_t *ret)
{
	return sg_duration_parse(text, ret, NULL) == 0;
}

static int set_number(void *base, const struct sg_conf_field *f, const char *text, struct sg_err *err)
{
	static const char *const names[] = { "a duration; write a number and a unit, such as",
		"a size; write a number and a unit, such as", "a number, such as" };
	int which = f->kind == SG_CF_DURATION ? 0 : f->kind == SG_CF_SIZE ? 1 : 2;
	void (*put)(struct sg_buf *, int64_t) = which == 0   ? put_duration
	                                        : which == 1 ? put_size
	                                                     : put_number;
	bool (*parse)(const char *, int64_t *) = which == 0   ? parse_duration
	                                         : which == 1 ? parse_size
	                                                      : parse_number;
	struct sg_buf range = { 0 };
	int64_t v = 0;
	bool good = parse(text, &v);

	if (good && v >= f->min && v <= f->max) {
		*number_of(base, f) = v;
		return 0;
	}
	put(&range, f->min);
	sg_buf_str(&range, " to ");
	put(&range, f->max);
	if (good)
		sg_fail(err, SG_EINVAL, "'%.80s' is out of range (%s)", text, (const char *)range.data);
	else
		sg_fail(err, SG_EINVAL, "'%.80s' is not %s %s (%s)", text, names[which],
		        example(f, which, parse), (const char *)range.data);
	sg_buf_release(&range);
	return SG_EINVAL;
}

/* --- words and names */

static int set_choice(void *base, const struct sg_conf_field *f, const char *text, struct sg_err *err)
{
	int at = sg_words_index(f->words, text);

	if (at < 0) {
		struct sg_buf hint = { 0 };

		sg_words_hint(f->words, text, &hint);
		sg_fail(err, SG_EINVAL, "'%.80s' is not allowed%s", text, (const char *)hint.data);
		sg_buf_release(&hint);
		return SG_EINVAL;
	}
	if (f->kind == SG_CF_FLAG)
		*flag_of(base, f) = at == 1;
	else
		*choice_of(base, f) = at;
	return 0;
}

/* Calls good() for each part of a list; false when there is no part or a bad one. */
static bool each(const char *text, const char *separators, bool (*good)(const char *part, const char *words),
        const char *words)
{
	size_t parts = 0;

	for (const char *p = text; *p;) {
		p += strspn(p, separators);
		size_t n = strcspn(p, separators);

		if (n == 0)
			break;
		char *part = sg_strndup(p, n);
		bool ok = good(part, words);

		free(part);
		if (!ok)
			return false;
		parts++;
		p += n;
	}
	return parts > 0;
}

static bool good_name(const char *part, const char *words)
{
	(void)words;
	return sg_id_valid(part);
}

static bool good_glob(const char *part, const char *words)
{
	(void)words;
	for (const char *p = part; *p; p++)
		if (!strchr("._-*?", *p) && !(*p >= '0' && *p <= '9') && !(*p >= 'A' && *p <= 'Z') &&
		        !(*p >= 'a' && *p <= 'z'))
			return false;
	return true;
}

/* `words` NULL: any word that could be one of a later version. */
static bool good_kind(const char *part, const char *words)
{
	if (words)
		return sg_words_index(words, part) >= 0;
	return part[0] >= 'a' && part[0] <= 'z' &&
	       strspn(part, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(part);
}

static bool good_oid(const char *text)
{
	int arcs = 0;

	for (const char *p = text; *p; p++) {
		size_t n = strspn(p, "0123456789");

		if (n == 0 || n > 10)
			return false;
		arcs++;
		p += n;
		if (*p != '.')
			return !*p && arcs >= 3 && text[0] <= '2' && text[1] == '.';
	}
	return false;
}

/* "root", "0", "%wheel", "BUILTIN\Administrators": anything readable between commas. */
static bool good_account(const char *part, const char *words)
{
	(void)words;
	for (const char *p = part; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return false;
	return part[strspn(part, " ")] != 0;
}

/* --- texts */

static bool is_absolute(const char *path)
{
	return path[0] == '/' || path[0] == '\\' || (path[0] && path[1] == ':');
}

static char *resolved(const char *folder, const char *path)
{
	return *folder && !is_absolute(path) ? sg_format("%s/%s", folder, path) : sg_strdup(path);
}

/* NULL when the text is good, else the end of the sentence "'...' is not ". */
static const char *wrong(const struct sg_conf_field *f, const char *text)
{
	switch (f->kind) {
	case SG_CF_NAME:
		return sg_id_valid(text) ? NULL
		                         : "a name; use 1 to 64 letters, digits, '.', '_' or '-', a letter "
		                           "or digit first";
	case SG_CF_NAMES:
		return each(text, " \t\r\n", good_name, NULL) ? NULL
		                                              : "a list of names with blanks between them";
	case SG_CF_GLOBS:
		return each(text, " \t\r\n", good_glob, NULL)
		               ? NULL
		               : "a list of names with blanks between them; * and ? stand for any";
	case SG_CF_OID:
		return good_oid(text) ? NULL : "an object identifier, such as 1.3.6.1.4.1.311.76.57.1.11";
	case SG_CF_SHA256:
		return strlen(text) == 64 && strspn(text, "0123456789abcdefABCDEF") == 64
		               ? NULL
		               : "a SHA-256; write its 64 hex digits without colons";
	case SG_CF_WINDOW:
		return sg_window_check(text, NULL) == 0
		               ? NULL
		               : "a window; write 22:00-05:00, maintenance, or several with \" or \" between";
	case SG_CF_ACCOUNTS:
		return each(text, ",", good_account, NULL) ? NULL
		                                           : "a list of accounts with commas between them";
	case SG_CF_REVISION:
		return strlen(text) <= 32 && !strpbrk(text, " \t\r\n") ? NULL : "a revision, such as 2.1";
	case SG_CF_PROXY:
		return strcmp(text, "system") == 0 || strcmp(text, "none") == 0 ||
		                       (strstr(text, "://") && !strpbrk(text, " \t\r\n"))
		               ? NULL
		               : "a proxy; write system, none or http://host:port";
	case SG_CF_TEXT:
	case SG_CF_KINDS: /* set_kinds() */
	case SG_CF_PATH:
	case SG_CF_URL:
	case SG_CF_CHOICE:
	case SG_CF_SEVERITY:
	case SG_CF_FLAG:
	case SG_CF_DURATION:
	case SG_CF_SIZE:
	case SG_CF_NUMBER:
	case SG_CF_TIME: return NULL;
	}
	return NULL;
}

static int set_text(
        void *base, const struct sg_conf_field *f, const char *text, const char *folder, struct sg_err *err)
{
	const char *why = wrong(f, text);
	enum sg_url_kind kind = SG_URL_PATH;
	struct sg_err url_err = SG_ERR_INIT;

	if (!*text || strlen(text) > MAX_TEXT)
		return sg_fail(err, SG_EINVAL, "1 to %d characters are expected", MAX_TEXT);
	if (why)
		return sg_fail(err, SG_EINVAL, "'%.80s' is not %s", text, why);
	if (f->kind == SG_CF_URL && sg_url_check(text, &kind, &url_err))
		return sg_fail(err, SG_EINVAL, "%s", url_err.msg);
	bool path = f->kind == SG_CF_PATH || (f->kind == SG_CF_URL && kind == SG_URL_PATH);

	free(*text_of(base, f));
	*text_of(base, f) = path ? resolved(folder, text) : sg_strdup(text);
	return 0;
}

static int set_kinds(
        void *base, const struct sg_conf_field *f, const char *text, const char *kinds, struct sg_err *err)
{
	struct sg_buf allowed = { 0 };

	if (each(text, " \t\r\n", good_kind, kinds)) {
		free(*text_of(base, f));
		*text_of(base, f) = sg_strdup(text);
		return 0;
	}
	for (const char *p = kinds ? kinds : "kinds of action"; *p; p++) {
		if (kinds && *p == ' ')
			sg_buf_char(&allowed, ',');
		sg_buf_char(&allowed, *p);
	}
	sg_fail(err, SG_EINVAL, "'%.80s' is not a list of words with blanks between them; allowed: %s", text,
	        (const char *)allowed.data);
	sg_buf_release(&allowed);
	return SG_EINVAL;
}

static int set_time(void *base, const struct sg_conf_field *f, const char *text, struct sg_err *err)
{
	int64_t ms;

	if (sg_time_parse(text, &ms, NULL) || ms <= 0)
		return sg_fail(
		        err, SG_EINVAL, "'%.80s' is not a time; write it as 2026-11-23T08:00:00Z", text);
	*number_of(base, f) = ms;
	return 0;
}

int sg_conf_value_set(void *base, const struct sg_conf_field *f, const char *text, const char *folder,
        const char *kinds, struct sg_err *err)
{
	switch (f->kind) {
	case SG_CF_CHOICE:
	case SG_CF_SEVERITY:
	case SG_CF_FLAG: return set_choice(base, f, text, err);
	case SG_CF_DURATION:
	case SG_CF_SIZE:
	case SG_CF_NUMBER: return set_number(base, f, text, err);
	case SG_CF_TIME: return set_time(base, f, text, err);
	case SG_CF_KINDS: return set_kinds(base, f, text, kinds, err);
	case SG_CF_TEXT:
	case SG_CF_NAME:
	case SG_CF_NAMES:
	case SG_CF_GLOBS:
	case SG_CF_PATH:
	case SG_CF_URL:
	case SG_CF_PROXY:
	case SG_CF_OID:
	case SG_CF_SHA256:
	case SG_CF_WINDOW:
	case SG_CF_ACCOUNTS:
	case SG_CF_REVISION: break;
	}
	return set_text(base, f, text, folder, err);
}

void sg_conf_value_absent(void *base, const struct sg_conf_field *f)
{
	if (f->kind == SG_CF_SEVERITY)
		*choice_of(base, f) = -1;
}

static bool is_text(enum sg_conf_kind kind)
{
	return kind < SG_CF_CHOICE;
}

bool sg_conf_value_get(const void *const_base, const struct sg_conf_field *f, struct sg_buf *out)
{
	void *base = (void *)(uintptr_t)const_base; /* only read here */
	char time[32], *word;
	int at;

	if (is_text(f->kind)) {
		if (!*text_of(base, f))
			return false;
		sg_buf_str(out, *text_of(base, f));
	} else if (f->kind == SG_CF_DURATION) {
		put_duration(out, *number_of(base, f));
	} else if (f->kind == SG_CF_SIZE) {
		put_size(out, *number_of(base, f));
	} else if (f->kind == SG_CF_NUMBER) {
		put_number(out, *number_of(base, f));
	} else if (f->kind == SG_CF_TIME) {
		if (*number_of(base, f) == 0)
			return false;
		sg_time_format(*number_of(base, f), time);
		sg_buf_str(out, time);
	} else {
		at = f->kind == SG_CF_FLAG ? *flag_of(base, f) : *choice_of(base, f);
		word = at < 0 ? NULL : sg_words_at(f->words, at);
		if (!word)
			return false;
		sg_buf_str(out, word);
		free(word);
	}
	return true;
}

void sg_conf_value_release(void *base, const struct sg_conf_field *f)
{
	if (!is_text(f->kind))
		return;
	free(*text_of(base, f));
	*text_of(base, f) = NULL;
}
