/* coverage_trail.h - a trail of audit lines made by hand, and what sg_coverage says about it, in minutes. */
#ifndef SG_TESTS_LIB_COVERAGE_TRAIL_H
#define SG_TESTS_LIB_COVERAGE_TRAIL_H

#include "journal/coverage.h"
#include "model/codes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define MINUTE 60000

struct trail {
	struct sg_coverage c;
	uint64_t seq;
	struct sg_val *report;
};

static inline int set_up(void **state)
{
	struct trail *t = sg_alloc(sizeof *t);

	sg_coverage_init(&t->c, NULL);
	*state = t;
	return 0;
}

static inline int tear_down(void **state)
{
	struct trail *t = *state;

	sg_coverage_release(&t->c);
	sg_val_free(t->report);
	free(t);
	return 0;
}

/* A line at that minute; takes data over. */
static inline void line(
        struct trail *t, int minute, int code, const char *id, struct sg_val *data, const char *text)
{
	struct sg_audit one = { .seq = ++t->seq,
		.wall = (int64_t)minute * MINUTE,
		.code = code,
		.text = (char *)(uintptr_t)text,
		.data = data };

	if (id)
		one.key = (struct sg_key){ (char *)(uintptr_t) "f", (char *)(uintptr_t)id };
	sg_coverage_line(&t->c, &one);
	sg_val_free(data);
}

static inline void service(struct trail *t, int minute, int code)
{
	line(t, minute, code, NULL, NULL, "");
}

static inline void says(struct trail *t, int minute, int code, const char *id, enum sg_verdict verdict)
{
	struct sg_val *data = sg_val_map();

	sg_val_set_str(data, "verdict", sg_verdict_name(verdict));
	sg_val_set_str(data, "state", "some");
	sg_val_set_str(data, "reason", "cause");
	line(t, minute, code, id, data, "");
}

static inline void feed(struct trail *t, int minute, int code, const char *name, const char *text)
{
	struct sg_val *data = sg_val_map();

	sg_val_set_str(data, "feed", name);
	line(t, minute, code, NULL, data, text);
}

/* A configuration with these feeds, up to NULL. */
static inline void configured(struct trail *t, int minute, const char *a, const char *b)
{
	struct sg_val *data = sg_val_map(), *list = sg_val_set(data, "feeds", sg_val_array());

	if (a)
		sg_val_push(list, sg_val_str(a));
	if (b)
		sg_val_push(list, sg_val_str(b));
	line(t, minute, SG_EV_RELOADED, NULL, data, "");
}

/* A service that runs from minute 0 on, with one feed that was read. */
static inline void up(struct trail *t)
{
	service(t, 0, SG_EV_STARTED);
	configured(t, 0, "corp", NULL);
	feed(t, 0, SG_EV_FEED_ACCEPTED, "corp", "feed corp: serial 1");
}

/* The trail's end at that minute, the service running, and what is said of [from, to) minutes; -1: open. */
static inline void report(struct trail *t, int end, const char *pattern, int from, int to)
{
	sg_coverage_end(&t->c, (int64_t)end * MINUTE);
	sg_val_free(t->report);
	t->report = sg_coverage_report(&t->c, pattern, from < 0 ? INT64_MIN : (int64_t)from * MINUTE,
	        to < 0 ? INT64_MAX : (int64_t)to * MINUTE);
}

static inline const struct sg_val *of(const struct trail *t, const char *id)
{
	const struct sg_val *list = sg_val_get(t->report, "mitigations");

	if (!id)
		return sg_val_get(t->report, "server");
	for (size_t i = 0; i < list->n; i++) {
		if (strcmp(sg_val_get_str(list->kid[i], "id", ""), id) == 0)
			return list->kid[i];
	}
	return NULL;
}

/* "0-5 protected; 5-9 exposed": minutes; NULL id: the server. */
static inline void spans_are(const struct trail *t, const char *id, const char *want)
{
	const struct sg_val *spans = sg_val_get(of(t, id), "spans");
	struct sg_buf got = { 0 };

	assert_non_null(spans);
	for (size_t i = 0; i < spans->n; i++)
		sg_buf_fmt(&got, "%s%lld-%lld %s", i ? "; " : "",
		        (long long)(sg_val_get_int(spans->kid[i], "from", -1) / MINUTE),
		        (long long)(sg_val_get_int(spans->kid[i], "to", -1) / MINUTE),
		        sg_val_get_str(spans->kid[i], "coverage", ""));
	assert_string_equal(got.len ? (char *)got.data : "", want);
	sg_buf_release(&got);
}

static inline void cause_has(const struct trail *t, const char *id, size_t span, const char *text)
{
	const struct sg_val *spans = sg_val_get(of(t, id), "spans");

	assert_true(span < spans->n);
	if (!strstr(sg_val_get_str(spans->kid[span], "cause", ""), text))
		fail_msg("\"%s\" lacks \"%s\"", sg_val_get_str(spans->kid[span], "cause", ""), text);
}

#endif
