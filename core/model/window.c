/* window.c - see window.h. */
#include "model/window.h"

#include "base/text.h"
#include <stdlib.h>
#include <string.h>

#define DAY_MINUTES (24 * 60)

enum { MAX_SPANS = 8 };

struct spans {
	int n, from[MAX_SPANS], to[MAX_SPANS];
	bool maintenance;
};

static int read_part(const char *part, struct spans *spans, struct sg_err *err)
{
	if (strcmp(part, "maintenance") == 0) {
		spans->maintenance = true;
		return 0;
	}
	if (spans->n == MAX_SPANS)
		return sg_fail(err, SG_EPARSE, "a window has at most %d times of day", MAX_SPANS);
	if (sg_window_parse(part, &spans->from[spans->n], &spans->to[spans->n], err))
		return SG_EPARSE;
	spans->n++;
	return 0;
}

static int read_spans(const char *text, struct spans *ret, struct sg_err *err)
{
	static const char between[] = " or ";
	int code = 0;

	*ret = (struct spans){ 0 };
	for (const char *p = text; !code && p;) {
		const char *end = strstr(p, between);
		char *part = end ? sg_strndup(p, (size_t)(end - p)) : sg_strdup(p);

		code = read_part(part, ret, err);
		free(part);
		p = end ? end + sizeof(between) - 1 : NULL;
	}
	return code;
}

int sg_window_check(const char *text, struct sg_err *err)
{
	struct spans spans;

	return read_spans(text, &spans, err);
}

bool sg_window_open(const char *text, int minute, bool maintenance, int *ret_wait)
{
	struct spans s;
	int best = -1;

	*ret_wait = 0;
	if (read_spans(text, &s, NULL) || (s.maintenance && maintenance))
		return true;
	for (int i = 0; i < s.n; i++) {
		int wait = (s.from[i] - minute + DAY_MINUTES) % DAY_MINUTES;

		if (s.from[i] < s.to[i] ? minute >= s.from[i] && minute < s.to[i]
		                        : minute >= s.from[i] || minute < s.to[i])
			return true;
		if (best < 0 || wait < best)
			best = wait;
	}
	*ret_wait = best;
	return false;
}
