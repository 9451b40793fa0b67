/* eventlog_text.c - see eventlog_text.h. */
#include "daemon/eventlog_text.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

static const char cut_mark[] = "... [cut]";

/* Octets of the longest beginning of `s` that has at most `most` units of UTF-16, and how many it has; never half a character. */
static size_t fits(struct sg_bytes s, size_t most, size_t *ret_units)
{
	size_t at = 0, units = 0;

	while (at < s.len) {
		uint32_t cp = 0xfffd; /* what an octet that is no UTF-8 becomes */
		size_t n = sg_utf8_next(s, at, &cp), takes = cp > 0xffff ? 2 : 1;

		if (units + takes > most)
			break;
		units += takes;
		at += n ? n : 1;
	}
	*ret_units = units;
	return at;
}

static bool begins_insertion(const char *s)
{
	return s[0] == '%' && (s[1] == '%' || s[1] == '{' || (s[1] >= '0' && s[1] <= '9'));
}

/* `s` with `instead` in the place of each % that would begin an insertion. */
static void break_insertions(const char *s, const char *instead, struct sg_buf *out)
{
	for (; *s; s++) {
		if (begins_insertion(s))
			sg_buf_str(out, instead);
		else
			sg_buf_char(out, *s);
	}
}

/* --- the sentence */

static char *sentence(const char *text, size_t *ret_units)
{
	struct sg_buf safe = { 0 }, whole = { 0 };
	size_t all = sizeof cut_mark - 1, len;

	sg_text_safe(text, &safe);
	if (safe.data)
		break_insertions((const char *)safe.data, "% ", &whole);
	sg_buf_add(&whole, NULL, 0); /* ends with a NUL, when it is empty, too */
	len = fits(sg_buf_bytes(&whole), SG_EVENTLOG_TEXT_UNITS, ret_units);
	if (len < whole.len) {
		whole.len = fits(sg_buf_bytes(&whole), SG_EVENTLOG_TEXT_UNITS - all, ret_units);
		sg_buf_str(&whole, cut_mark);
		*ret_units += all;
	}
	sg_buf_release(&safe);
	return sg_buf_detach(&whole);
}

/* --- the document */

/* The value with strings of at most `longest` units and lists of at most `most` members. */
static struct sg_val *shortened(const struct sg_val *v, size_t longest, size_t most)
{
	struct sg_val *ret;

	if (v->type == SG_VAL_STR) {
		struct sg_bytes s = { (const unsigned char *)v->s, v->len };
		size_t units, len = fits(s, longest, &units);
		char *begin, *cut;

		if (len == v->len)
			return sg_val_copy(v);
		begin = sg_strndup(v->s, len);
		cut = sg_format("%s%s", begin, cut_mark);
		ret = sg_val_str(cut);
		free(cut);
		free(begin);
		return ret;
	}
	if (v->type == SG_VAL_BIN && v->len > longest)
		return sg_val_str(cut_mark); /* a part of base64 says nothing */
	if (v->type != SG_VAL_ARRAY && v->type != SG_VAL_MAP)
		return sg_val_copy(v);
	ret = v->type == SG_VAL_MAP ? sg_val_map() : sg_val_array();
	for (size_t i = 0; i < v->n; i++) {
		struct sg_val *kid;

		if (v->type == SG_VAL_ARRAY && i == most) {
			sg_val_push(ret, sg_val_str(cut_mark));
			break;
		}
		kid = shortened(v->kid[i], longest, most);
		if (v->type == SG_VAL_MAP)
			sg_val_set(ret, v->kid[i]->key, kid);
		else
			sg_val_push(ret, kid);
	}
	return ret;
}

/* A % stands in strings only, where it has an escape of its own: the document stays the same. NULL: it does not fit. */
static char *document(const struct sg_val *data, size_t room)
{
	struct sg_buf plain = { 0 }, out = { 0 };
	size_t units;

	sg_json(data, SG_JSON_LINE, &plain);
	sg_buf_add(&plain, NULL, 0);
	break_insertions((const char *)plain.data, "\\u0025", &out);
	sg_buf_release(&plain);
	if (fits(sg_buf_bytes(&out), room, &units) < out.len)
		sg_buf_release(&out);
	return out.data ? sg_buf_detach(&out) : NULL;
}

static char *bounded_document(int code, const struct sg_val *data, size_t room)
{
	static const struct {
		size_t longest, most;
	} steps[] = { { 2000, 100 }, { 400, 30 }, { 80, 8 } };
	char *json = document(data, room);

	for (size_t i = 0; i < sizeof steps / sizeof *steps && !json && data->type == SG_VAL_MAP; i++) {
		struct sg_val *less = shortened(data, steps[i].longest, steps[i].most);

		sg_val_set_bool(less, "cut", true);
		json = document(less, room);
		sg_val_free(less);
	}
	return json ? json : sg_format("{\"code\":%d,\"cut\":true}", code);
}

void sg_eventlog_text(int code, const char *text, const struct sg_val *data, struct sg_eventlog_text *ret)
{
	size_t units;

	ret->text = sentence(text, &units);
	ret->json = data ? bounded_document(code, data, SG_EVENTLOG_UNITS - units) : sg_strdup("{}");
}

void sg_eventlog_text_release(struct sg_eventlog_text *t)
{
	free(t->text);
	free(t->json);
	*t = (struct sg_eventlog_text){ 0 };
}
