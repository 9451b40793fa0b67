/* mask.c - what is secret in IIS's and ASP.NET's files, made x's of equal length. Pure; knows no XML but name="value" and <add key="name" value="value">.
 *
 * Where it is not certain it masks: a masked timeout costs nothing, a password that was not masked costs much.
 */
#include "engine/collect.h"

#include "base/text.h"

#include <string.h>

/* An attribute whose name holds one of these is secret. */
static const char *const names[] = { "password", "passwd", "pwd", "connectionstring", "validationkey",
	"decryptionkey", "secret", "token", "apikey", "privatekey", "sharedkey", "accesskey", "accountkey",
	"passphrase", "credential", "pincode" };
/* And a value that holds one of these. */
static const char *const inside[] = { "[enc:", "password=", "pwd=", "accountkey=", "sharedaccess" };

static bool holds(const char *text, size_t len, const char *word)
{
	size_t n = strlen(word);

	for (size_t i = 0; i + n <= len; i++)
		if (sg_same_n(text + i, word, n))
			return true;
	return false;
}

static bool secret_name(const char *name, size_t len)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (holds(name, len, names[i]))
			return true;
	return false;
}

/* "scheme://user:password@host" */
static bool address_with_password(const char *value, size_t len)
{
	for (size_t i = 0; i + 3 < len; i++)
		if (!memcmp(value + i, "://", 3)) {
			size_t end = i + 3, colon = 0;

			for (; end < len && value[end] != '/' && value[end] != '@'; end++)
				if (value[end] == ':')
					colon = end;
			if (end < len && value[end] == '@' && colon)
				return true;
		}
	return false;
}

static bool secret_value(const char *value, size_t len)
{
	for (size_t i = 0; i < sizeof(inside) / sizeof(*inside); i++)
		if (holds(value, len, inside[i]))
			return true;
	return address_with_password(value, len);
}

static bool name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       strchr("_-.:", c);
}

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static size_t cover(char *from, size_t len)
{
	bool any = false;

	for (size_t i = 0; i < len; i++) {
		any = any || from[i] != 'x';
		from[i] = 'x';
	}
	return any;
}

/* One name="value" in the text from *at on; false: there is none before `end`. */
struct pair {
	size_t name, name_len, value, value_len;
};
static bool next_pair(const char *s, size_t len, size_t *at, struct pair *ret)
{
	for (size_t i = *at; i < len; i++) {
		size_t q = i + 1, start = i, stop;

		if (s[i] != '=')
			continue;
		while (q < len && blank(s[q]))
			q++;
		if (q >= len || (s[q] != '"' && s[q] != '\''))
			continue;
		while (start && blank(s[start - 1]))
			start--;
		stop = start;
		while (start && s[start - 1] && name_char(s[start - 1]))
			start--;
		const char *close = start < stop ? memchr(s + q + 1, s[q], len - q - 1) : NULL;

		if (!close)
			continue;
		*ret = (struct pair){ start, stop - start, q + 1, (size_t)(close - s) - q - 1 };
		*at = (size_t)(close - s) + 1;
		return true;
	}
	return false;
}

/* Text between <tag> and the next '<'. */
static size_t mask_text(char *s, size_t len, const char *tag)
{
	size_t n = strlen(tag), masked = 0;

	for (size_t i = 0; i + n < len; i++) {
		size_t from, to;

		if (!sg_same_n(s + i, tag, n) || (s[i + n] != '>' && !blank(s[i + n])))
			continue;
		for (from = i + n; from < len && s[from] != '>'; from++)
			;
		for (to = from + 1; to < len && s[to] != '<'; to++)
			;
		if (to < len && to > from + 1)
			masked += cover(s + from + 1, to - from - 1);
	}
	return masked;
}

/* Attributes of one tag belong together: <add key="Password" value="x"/>, in whatever order. */
struct tag {
	bool secret;
	struct pair value; /* its value="..."; value_len 0: none yet */
};

static size_t settle(char *s, struct tag *t)
{
	size_t masked = t->secret && t->value.value_len ? cover(s + t->value.value, t->value.value_len) : 0;

	*t = (struct tag){ 0 };
	return masked;
}

size_t sg_mask(struct sg_buf *xml)
{
	char *s = (char *)xml->data;
	size_t at = 0, masked = 0, seen = 0;
	struct tag tag = { 0 };
	struct pair p;

	for (; xml->len && next_pair(s, xml->len, &at, &p); seen = at) {
		if (p.name > seen && memchr(s + seen, '<', p.name - seen))
			masked += settle(s, &tag);
		if (p.name_len == 5 && sg_same_n(s + p.name, "value", 5))
			tag.value = p;
		else if ((p.name_len == 3 && sg_same_n(s + p.name, "key", 3)) ||
		         (p.name_len == 4 && sg_same_n(s + p.name, "name", 4)))
			tag.secret = tag.secret || secret_name(s + p.value, p.value_len);
		if (secret_name(s + p.name, p.name_len) || secret_value(s + p.value, p.value_len))
			masked += cover(s + p.value, p.value_len);
	}
	masked += settle(s, &tag);
	return masked + (xml->len ? mask_text(s, xml->len, "CipherValue") : 0);
}
