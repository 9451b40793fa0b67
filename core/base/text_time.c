/* text_time.c - times (RFC 3339) and durations, without locale, time zone or any state of the C library. Pure. */
#include "base/clock.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define YEAR_0    INT64_C(-62167219200000) /* 0000-01-01T00:00:00Z */
#define YEAR_9999 INT64_C(253402300799999)

/* Days from 1970-01-01 to a date of the proleptic Gregorian calendar; the year begins in March, so that the leap day
 * is its last. */
static int64_t days_of(int64_t y, int m, int d)
{
	int64_t era, in_era, in_year;

	y -= m <= 2;
	era = (y >= 0 ? y : y - 399) / 400;
	in_era = y - era * 400;
	in_year = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
	return era * 146097 + in_era * 365 + in_era / 4 - in_era / 100 + in_year - 719468;
}

static int days_in(int64_t y, int m)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return m == 2 && y % 4 == 0 && (y % 100 != 0 || y % 400 == 0) ? 29 : days[m - 1];
}

void sg_time_format(int64_t ms, char out[32])
{
	int64_t days, in_day, y;
	int m = 1, h, min, s, frac;
	char part[8] = "";

	if (ms < YEAR_0)
		ms = YEAR_0;
	if (ms > YEAR_9999)
		ms = YEAR_9999;
	days = (ms - YEAR_0) / SG_DAY;
	in_day = (ms - YEAR_0) % SG_DAY;
	y = days * 400 / 146097;
	days += YEAR_0 / SG_DAY;
	while (days_of(y, 1, 1) > days)
		y--;
	while (days_of(y + 1, 1, 1) <= days)
		y++;
	while (m < 12 && days_of(y, m + 1, 1) <= days)
		m++;
	h = (int)(in_day / SG_HOUR);
	min = (int)(in_day / SG_MINUTE % 60);
	s = (int)(in_day / SG_SECOND % 60);
	frac = (int)(in_day % SG_SECOND);
	if (frac)
		snprintf(part, sizeof part, ".%03d", frac % 1000);
	snprintf(out, 32, "%04d-%02d-%02dT%02d:%02d:%02d%sZ", (int)(y % 10000), m,
	        (int)(days - days_of(y, m, 1) + 1) % 100, h % 100, min, s, part);
}

/* Exactly n digits at *p, moving it on; -1 when there are fewer. */
static int digits(const char **p, int n)
{
	int v = 0;

	for (int i = 0; i < n; i++, (*p)++) {
		if (**p < '0' || **p > '9')
			return -1;
		v = v * 10 + (**p - '0');
	}
	return v;
}

static bool take(const char **p, char c)
{
	if (**p != c)
		return false;
	(*p)++;
	return true;
}

static bool within(int v, int min, int max)
{
	return v >= min && v <= max;
}

/* The offset from UTC in ms: "Z", "+02:00". False when it is none. */
static bool parse_offset(const char **p, int64_t *ret)
{
	int sign = **p == '-' ? -1 : 1, h, m;

	*ret = 0;
	if (take(p, 'Z') || take(p, 'z'))
		return true;
	if (!take(p, '+') && !take(p, '-'))
		return false;
	h = digits(p, 2);
	if (!within(h, 0, 23) || !take(p, ':'))
		return false;
	m = digits(p, 2);
	if (!within(m, 0, 59))
		return false;
	*ret = sign * (h * SG_HOUR + m * SG_MINUTE);
	return true;
}

int sg_time_parse(const char *s, int64_t *ret_ms, struct sg_err *err)
{
	const char *p = s;
	int y, m = -1, d = -1, h = -1, min = -1, sec = -1;
	int64_t frac = 0, scale = 100, offset = 0, ms;
	bool ok;

	y = digits(&p, 4);
	ok = y >= 0 && take(&p, '-') && within(m = digits(&p, 2), 1, 12) && take(&p, '-') &&
	     within(d = digits(&p, 2), 1, days_in(y, m)) && (take(&p, 'T') || take(&p, 't')) &&
	     within(h = digits(&p, 2), 0, 23) && take(&p, ':') && within(min = digits(&p, 2), 0, 59) &&
	     take(&p, ':') && within(sec = digits(&p, 2), 0, 59);
	if (ok && take(&p, '.')) {
		ok = *p >= '0' && *p <= '9';
		for (; *p >= '0' && *p <= '9'; p++, scale /= 10)
			frac += (*p - '0') * scale;
	}
	if (!ok || !parse_offset(&p, &offset) || *p)
		return sg_fail(err, SG_EPARSE, "\"%.80s\" is no time: write it as 2026-11-21T09:00:00Z", s);
	ms = days_of(y, m, d) * SG_DAY + h * SG_HOUR + min * SG_MINUTE + sec * SG_SECOND + frac - offset;
	if (ms < YEAR_0 || ms > YEAR_9999)
		return sg_fail(
		        err, SG_EPARSE, "\"%.80s\" is no time: it is outside of the years 0 to 9999", s);
	*ret_ms = ms;
	return 0;
}

/* "22:05" in minutes since midnight. False when it is none. */
static bool parse_clock(const char **p, int *ret)
{
	int h = digits(p, 2), m;

	if (!within(h, 0, 23) || !take(p, ':'))
		return false;
	m = digits(p, 2);
	*ret = h * 60 + m;
	return within(m, 0, 59);
}

int sg_window_parse(const char *s, int *ret_from, int *ret_to, struct sg_err *err)
{
	const char *p = s;
	int from = 0, to = 0;

	if (!parse_clock(&p, &from) || !take(&p, '-') || !parse_clock(&p, &to) || *p || from == to)
		return sg_fail(err, SG_EPARSE, "\"%.80s\" is no window: write it as 22:00-05:00", s);
	*ret_from = from;
	*ret_to = to;
	return 0;
}

static const struct unit {
	const char *name;
	int64_t ms;
} units[] = { { "w", 7 * SG_DAY }, { "d", SG_DAY }, { "h", SG_HOUR }, { "m", SG_MINUTE }, { "s", SG_SECOND },
	{ "ms", 1 } };
enum { UNITS = sizeof units / sizeof *units };

/* The unit written at p (not "m" for the m of "ms"), or -1. */
static int unit_at(const char *p)
{
	size_t n = strspn(p, "abcdefghijklmnopqrstuvwxyz");

	for (int i = 0; i < UNITS; i++)
		if (strlen(units[i].name) == n && strncmp(units[i].name, p, n) == 0)
			return i;
	return -1;
}

int sg_duration_parse(const char *s, int64_t *ret_ms, struct sg_err *err)
{
	const int64_t longest = 3653 * SG_DAY;
	const char *p = s;
	int64_t sum = 0;
	int last = -1;

	do {
		const char *start = p;
		int64_t n = 0;
		int unit;

		for (; *p >= '0' && *p <= '9'; p++)
			if (n <= longest)
				n = n * 10 + (*p - '0');
		unit = unit_at(p);
		/* units go from large to small, each once: "5m2h" is a slip */
		if (p == start || unit <= last)
			return sg_fail(err, SG_EPARSE,
			        "\"%.80s\" is no duration: write it as 90s, 5m, 2h30m or 7d", s);
		if (n > longest / units[unit].ms || (sum += n * units[unit].ms) > longest)
			return sg_fail(err, SG_EPARSE, "\"%.80s\" is too long: at most ten years", s);
		last = unit;
		p += strlen(units[unit].name);
	} while (*p);
	*ret_ms = sum;
	return 0;
}

void sg_duration_format(int64_t ms, char out[32])
{
	const char *sign = ms < 0 ? "-" : "";
	uint64_t left = ms < 0 ? 0 - (uint64_t)ms : (uint64_t)ms;

	for (int i = 1; i < UNITS; i++) { /* weeks are for typing; people count days */
		uint64_t unit = (uint64_t)units[i].ms, next;

		if (left < unit)
			continue;
		next = i + 1 < UNITS ? left % unit / (uint64_t)units[i + 1].ms : 0;
		if (next)
			snprintf(out, 32, "%s%" PRIu64 "%s %" PRIu64 "%s", sign, left / unit, units[i].name,
			        next, units[i + 1].name);
		else
			snprintf(out, 32, "%s%" PRIu64 "%s", sign, left / unit, units[i].name);
		return;
	}
	snprintf(out, 32, "0s");
}
