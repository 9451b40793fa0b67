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

/* Inside a start tag: to the attribute's name, if it is there. */
static void to_attr(struct place *at, const char *attr)
{
	size_t n = strlen(attr);

	step(at, strcspn(at->p, " \t\r\n/>"));
	while (at->p < at->end && *at->p != '>') {
		if (strncmp(at->p, attr, n) == 0 && strchr("= \t\r\n", at->p[n]))
			return;
		if (*at->p == '"' || *at->p == '\'') {
			const char quote[2] = { *at->p, 0 };

			step(at, 1);
			past(at, quote);
		} else if (strchr(" \t\r\n", *at->p)) {
			step(at, 1);
		} else {
			step(at, 1 + strcspn(at->p + 1, "\"' \t\r\n>"));
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
