/* coverage_spans.c - the list of spans of one subject, and whom a question is about. */
#include "journal/coverage.h"

#include "base/text.h"
#include <stdlib.h>
#include <string.h>

const char *sg_cover_name(enum sg_cover cover)
{
	static const char *const names[] = { "protected", "exposed", "unknown" };

	return names[cover];
}

bool sg_coverage_is(const char *pattern, const struct sg_key *key)
{
	if (!pattern)
		return true;
	if (!key->id)
		return false;
	char *both = sg_format("%s/%s", key->feed ? key->feed : "", key->id);
	bool is = sg_glob(pattern, key->id) || sg_glob(pattern, both);
	free(both);
	return is;
}

void sg_spans_begin(struct sg_spans *s, enum sg_cover cover, enum sg_verdict verdict, const char *cause,
        int64_t at, uint64_t seq)
{
	struct sg_span *last = s->n ? &s->at[s->n - 1] : NULL;

	if (s->open && last && last->cover == cover && last->verdict == verdict &&
	        strcmp(last->cause, cause) == 0)
		return;
	if (s->open && last)
		last->to = at;
	if (last && last->to <= last->from) {
		free(last->cause);
		s->n--;
		last = s->n ? &s->at[s->n - 1] : NULL;
		if (last && last->to == at && last->cover == cover && last->verdict == verdict &&
		        strcmp(last->cause, cause) == 0) {
			s->open = true; /* what came between lasted no time */
			return;
		}
	}
	s->at = sg_grow(s->at, s->n, &s->cap, sizeof *s->at);
	s->at[s->n++] = (struct sg_span){ cover, verdict, sg_strdup(cause), at, at, seq };
	s->open = true;
}

void sg_spans_end(struct sg_spans *s, int64_t at)
{
	if (s->open)
		s->at[s->n - 1].to = at;
	if (s->n && s->at[s->n - 1].to <= s->at[s->n - 1].from)
		free(s->at[--s->n].cause);
	s->open = false;
}

void sg_spans_release(struct sg_spans *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->at[i].cause);
	free(s->at);
}
