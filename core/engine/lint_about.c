/* lint_about.c - what a mitigation says about itself: its id, its dates, what people are told, how long it holds others back. Pure. */
#include "engine/lint_parts.h"

#include <stdlib.h>
#include <string.h>

#define DAY (24 * 3600 * (int64_t)1000)
enum { REVIEW_AT_MOST = 366, COMPANIONS_AT_MOST = 45 }; /* days */

/* CVE-2026-1, EXK-2022-41040-PS, CORP-7, M1, PING1: letters first, then parts of capitals and digits. */
static bool usual_id(const char *id)
{
	bool digit = false;

	if (*id < 'A' || *id > 'Z')
		return false;
	for (const char *p = id; *p; p++) {
		bool letter = *p >= 'A' && *p <= 'Z', number = *p >= '0' && *p <= '9';

		if (!letter && !number && (*p != '-' || p[-1] == '-' || !p[1]))
			return false;
		digit = digit || number;
	}
	return digit;
}

static bool only_heartbeat(const struct sg_mitigation *m)
{
	for (size_t i = 0; i < m->n_actions; i++)
		if (!m->actions[i].type || strcmp(m->actions[i].type, "DoNothing"))
			return false;
	return true;
}

static void dates(struct sg_lint *l)
{
	const struct sg_mitigation *m = l->m;
	char day[32];

	sg_time_format(m->review_by, day);
	day[10] = 0;
	if (!m->review_by)
		sg_lint_add(l, SG_LINT_WARNING, "review-by-missing", 0,
		        "add sg:review-by, a day within 90 days or so",
		        "nobody is reminded to look whether it is still needed");
	else if (m->review_by <= l->now)
		sg_lint_add(l, SG_LINT_WARNING, "review-by-past", 0,
		        "look whether it is still needed; withdraw it, or move the day",
		        "its review was due on %s", day);
	else if (m->review_by > l->now + REVIEW_AT_MOST * DAY)
		sg_lint_add(l, SG_LINT_NOTE, "review-by-far", 0,
		        "an interim measure is looked at within a year", "its review is due on %s only", day);
	sg_time_format(m->remove_after, day);
	day[10] = 0;
	if (m->remove_after && m->remove_after <= l->now)
		sg_lint_add(l, SG_LINT_ERROR, "remove-after-past", 0,
		        "take sg:remove-after away, or withdraw it",
		        "it ended on %s: no server would bring it in", day);
	else if (m->remove_after)
		sg_lint_add(l, SG_LINT_WARNING, "remove-after", 0,
		        "sg:review-by reminds people and leaves the protection in place",
		        "on %s every server takes it out, whether or not it has been fixed", day);
}

static void told(struct sg_lint *l)
{
	const struct sg_mitigation *m = l->m;
	char *severity = sg_xml_attr(l->config, SG_FEED_NS, "severity");

	if (!usual_id(m->id))
		sg_lint_add(l, SG_LINT_NOTE, "id-form", 0,
		        "such as EXK-2026-42897 or CORP-7: capitals, digits and '-'",
		        "the id '%s' is outside the usual forms", m->id);
	if (!m->desc)
		sg_lint_add(l, SG_LINT_WARNING, "desc-missing", 0,
		        "say in desc what is refused or switched off", "it has no description");
	if (!severity)
		sg_lint_add(l, SG_LINT_NOTE, "severity-missing", 0,
		        "say it with sg:severity: rings, windows and delays of servers go by it",
		        "its severity is medium because nothing else is said");
	if (!m->side_effects.n)
		sg_lint_add(l, SG_LINT_NOTE, "side-effect-missing", 0,
		        "add sg:SideEffect; 'None known.' is an answer, too",
		        "nothing says what stops working while it is in force");
	if (!m->references.n)
		sg_lint_add(l, SG_LINT_NOTE, "reference-missing", 0, "add sg:Reference type=\"cve\"",
		        "nothing says which hole it is for");
	free(severity);
}

struct companions {
	bool any;
	const xmlNode *first;
};

static void see_companion(void *arg, const xmlNode *node)
{
	struct companions *c = arg;

	if (!c->any && sg_xml_is(node, SG_FEED_NS, "Companion")) {
		c->any = true;
		c->first = node;
	}
}

/* Exchange's health manager is the usual companion: while it is off nothing restarts what fails. */
static void companions(struct sg_lint *l)
{
	int64_t end = l->m->remove_after ? l->m->remove_after : l->m->review_by;
	struct companions c = { 0 };

	sg_lint_walk(l->config, see_companion, &c);
	if (c.any && (!end || end > l->now + COMPANIONS_AT_MOST * DAY))
		sg_lint_add(l, SG_LINT_WARNING, "companion-long", sg_lint_line(c.first),
		        "set sg:review-by (or, rarely, sg:remove-after) to a day within six weeks",
		        "companion services stay off with it%s",
		        end ? " for weeks on end" : ", and nobody is asked when that ends");
}

void sg_lint_about(struct sg_lint *l)
{
	if (only_heartbeat(l->m))
		return;
	told(l);
	dates(l);
	companions(l);
}
