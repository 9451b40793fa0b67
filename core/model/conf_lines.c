/* conf_lines.c - the line of an attribute. libxml2 knows only the line where a start tag ends, which for a tag of many
 * lines is not where the mistake is. The octets have passed the prescan and the parser: they are well-formed. */
#include "model/conf_fields.h"

#include <string.h>

struct place {
	const char *p, *end;
	unsigned long line;
};

static void step(struct place *at, size_t n)
{
	for (; n > 0 && at->p < at->end; n--, at->p++)
		at->line += *at->p == '\n';
}

static bool begins(const struct place *at, const char *with)
{
	size_t n = strlen(with);

	return (size_t)(at->end - at->p) >= n && memcmp(at->p, with, n) == 0;
}

static void past(struct place *at, const char *end)
{
	while (at->p < at->end && !begins(at, end))
		step(at, 1);
	step(at, strlen(end));
}

static bool one_of(char c, const char *set)
{
	return c && strchr(set, c);
}

/* To the first of these characters, or the end: the octets are no C string. */
static void up_to(struct place *at, const char *set)
{
	while (at->p < at->end && !one_of(*at->p, set))
		step(at, 1);
}

static bool is_attr(const struct place *at, const char *attr)
{
	size_t n = strlen(attr);

	return begins(at, attr) && (size_t)(at->end - at->p) > n && one_of(at->p[n], "= \t\r\n");
}

/* Inside a start tag: to the attribute's name, if it is there. */
static void to_attr(struct place *at, const char *attr)
{
	up_to(at, " \t\r\n/>");
	while (at->p < at->end && *at->p != '>') {
		if (is_attr(at, attr))
			return;
		if (*at->p == '"' || *at->p == '\'') {
			const char quote[2] = { *at->p, 0 };

			step(at, 1);
			past(at, quote);
		} else if (one_of(*at->p, " \t\r\n")) {
			step(at, 1);
		} else {
			step(at, 1);
			up_to(at, "\"' \t\r\n>");
		}
	}
}

unsigned long sg_conf_line(struct sg_bytes octets, size_t index, const char *attr)
{
	const char *text = (const char *)octets.data;
	struct place at = { text, text + octets.len, 1 };
	size_t seen = 0;

	while (at.p < at.end) {
		if (begins(&at, "<!--")) {
			past(&at, "-->");
			continue;
		}
		if (begins(&at, "<?")) {
			past(&at, "?>");
			continue;
		}
		if (*at.p == '<' && !begins(&at, "</") && seen++ == index)
			break;
		step(&at, 1);
	}
	struct place found = at;

	if (attr && at.p < at.end)
		to_attr(&found, attr);
	return found.p < found.end && *found.p != '>' ? found.line : at.line;
}
