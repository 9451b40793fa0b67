/* lint.c - from a document to findings: what it holds, each mitigation under the lens, then all of them against each other. Pure. */
#include "engine/lint_parts.h"

#include "feed/feed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIGNATURE_NS "http://www.w3.org/2000/09/xmldsig#"
#define DAY          (24 * 3600 * (int64_t)1000)

const char *sg_lint_level_name(enum sg_lint_level level)
{
	switch (level) {
	case SG_LINT_NOTE: return "note";
	case SG_LINT_WARNING: return "warning";
	case SG_LINT_ERROR: return "error";
	}
	return "";
}

void sg_findings_release(struct sg_findings *f)
{
	for (size_t i = 0; i < f->n; i++) {
		free(f->at[i].id);
		free(f->at[i].text);
	}
	free(f->at);
	*f = (struct sg_findings){ 0 };
}

void sg_lint_add(struct sg_lint *l, enum sg_lint_level level, const char *rule, unsigned line,
        const char *advice, const char *fmt, ...)
{
	struct sg_findings *f = l->found;
	struct sg_buf text = { 0 };
	va_list ap;

	va_start(ap, fmt);
	sg_buf_vfmt(&text, fmt, ap);
	va_end(ap);
	f->at = sg_grow(f->at, f->n, &f->cap, sizeof(*f->at));
	f->at[f->n++] = (struct sg_finding){ .level = level,
		.rule = rule,
		.id = sg_strdup(l->m ? l->m->id : NULL),
		.line = line ? line : sg_lint_line(l->config),
		.text = sg_buf_detach(&text),
		.advice = advice };
	f->errors += level == SG_LINT_ERROR;
	f->warnings += level == SG_LINT_WARNING;
	f->notes += level == SG_LINT_NOTE;
}

/* --- places in the document */

unsigned sg_lint_line(const xmlNode *node)
{
	long line = node ? xmlGetLineNo(node) : 0;

	return line > 0 ? (unsigned)line : 0;
}

/* The i-th child of the children `outer` of the Config. */
static const xmlNode *nth(const xmlNode *config, const char *ns, const char *outer, size_t i)
{
	for (const xmlNode *a = sg_xml_first(config); a; a = sg_xml_next(a))
		for (const xmlNode *b = sg_xml_is(a, ns, outer) ? sg_xml_first(a) : NULL; b;
		        b = sg_xml_next(b))
			if (i-- == 0)
				return b;
	return NULL;
}

const xmlNode *sg_lint_test(const struct sg_lint *l, size_t i)
{
	return nth(l->config, SG_FEED_NS, "Test", i);
}

const xmlNode *sg_lint_action(const struct sg_lint *l, size_t i)
{
	return nth(l->config, NULL, "ActionList", i);
}

void sg_lint_walk(const xmlNode *node, void (*each)(void *arg, const xmlNode *node), void *arg)
{
	for (const xmlNode *n = sg_xml_first(node); n; n = sg_xml_next(n)) {
		each(arg, n);
		sg_lint_walk(n, each, arg);
	}
}

/* --- one mitigation */

static void one(struct sg_lint *l)
{
	struct sg_err why = SG_ERR_INIT;

	if (l->m->tombstone)
		return;
	sg_lint_about(l);
	sg_lint_builds(l);
	if (!sg_lint_names(l))
		return;
	if (sg_actions_check(l->m, &why)) {
		sg_lint_add(l, SG_LINT_ERROR, "action", sg_lint_line(sg_lint_action(l, 0)),
		        "servers would refuse it, too: correct the action", "%s", why.msg);
		return;
	}
	sg_lint_rules(l);
	sg_lint_tests(l);
	sg_lint_forms(l);
}

/* --- a whole feed */

static const xmlNode *config_of(const xmlNode *root, const char *id)
{
	const xmlNode *found = NULL;

	for (const xmlNode *n = sg_xml_first(root); n && !found; n = sg_xml_next(n)) {
		char *here = sg_xml_attr(n, NULL, "id");

		if (here && id && !strcmp(here, id))
			found = n;
		free(here);
	}
	return found;
}

static void times(struct sg_lint *l, const struct sg_feed *feed)
{
	if (feed->expires && feed->expires <= l->now)
		sg_lint_add(l, SG_LINT_WARNING, "expires-past", 0,
		        "sign it again with a later sg:expires: servers bring in nothing new from a stale "
		        "feed",
		        "the document expired already");
	if (feed->issued > l->now + DAY)
		sg_lint_add(l, SG_LINT_WARNING, "issued-future", 0,
		        "check the clock of the machine that makes it",
		        "sg:issued lies more than a day ahead");
	if (feed->expires - feed->issued > 90 * DAY)
		sg_lint_add(l, SG_LINT_NOTE, "expires-far", 0,
		        "14 days make an attacker who holds back newer documents show soon",
		        "the document counts as fresh for more than 90 days");
}

/* One sentence about what could not be read, at its line where the message has one. */
static void unreadable(struct sg_lint *l, const char *rule, const struct sg_err *why)
{
	const char *at = strstr(why->msg, "line ");
	unsigned line = 0;

	if (at)
		line = (unsigned)strtoul(at + strlen("line "), NULL, 10);
	sg_lint_add(
	        l, SG_LINT_ERROR, rule, line, "schemas/feed.xsd says what is allowed where", "%s", why->msg);
}

static void whole(struct sg_lint *l, xmlNode *root)
{
	char *name = sg_xml_attr(root, SG_FEED_NS, "feed");
	struct sg_feed_rules rules = { .name = name ? name : "feed", .eocs = !name, .now = l->now };
	struct sg_buf octets = { 0 };
	struct sg_err why = SG_ERR_INIT;
	struct sg_feed *feed = NULL;
	struct sg_lint *lenses;
	xmlNode *next;
	int event = 0, r;

	for (xmlNode *n = sg_xml_first(root); n; n = next) { /* a signature says nothing about the content */
		next = sg_xml_next(n);
		if (sg_xml_is(n, SIGNATURE_NS, "Signature")) {
			xmlUnlinkNode(n);
			xmlFreeNode(n);
		}
	}
	r = sg_xml_octets(root, &octets, &why);
	if (!r)
		r = sg_feed_decode(sg_buf_bytes(&octets), &rules, &feed, &event, &why);
	if (r) {
		unreadable(l, "feed", &why);
	} else {
		times(l, feed);
		for (size_t i = 0; i < feed->n_refused; i++) {
			struct sg_lint bad = *l;

			bad.config = config_of(root, feed->refused[i].id);
			sg_err_clear(&why);
			sg_fail(&why, SG_EINVAL, "%s", feed->refused[i].text);
			unreadable(&bad, "schema", &why);
		}
		lenses = sg_alloc((feed->n + 1) * sizeof(*lenses));
		for (size_t i = 0; i < feed->n; i++) {
			lenses[i] = *l;
			lenses[i].m = feed->at[i];
			lenses[i].config = config_of(root, feed->at[i]->id);
			one(&lenses[i]);
		}
		sg_lint_across(lenses, feed->n);
		l->found->mitigations = feed->n;
		free(lenses);
	}
	sg_feed_free(feed);
	sg_buf_release(&octets);
	free(name);
}

static void single(struct sg_lint *l, xmlNode *root)
{
	struct sg_buf octets = { 0 };
	struct sg_err why = SG_ERR_INIT;
	struct sg_mitigation *m = NULL;

	l->config = root;
	if (sg_xml_octets(root, &octets, &why) ||
	        sg_mitigation_decode("feed", sg_buf_bytes(&octets), &m, &why)) {
		unreadable(l, "schema", &why);
	} else {
		l->m = m;
		one(l);
		l->found->mitigations = 1;
	}
	sg_mitigation_free(m);
	sg_buf_release(&octets);
}

static int by_line(const void *a, const void *b)
{
	const struct sg_finding *x = a, *y = b;

	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	if (x->level != y->level)
		return x->level > y->level ? -1 : 1;
	return strcmp(x->rule, y->rule) ? strcmp(x->rule, y->rule) : strcmp(x->text, y->text);
}

void sg_lint(struct sg_bytes document, int64_t now, struct sg_findings *ret)
{
	struct sg_lint l = { .found = ret, .now = now };
	struct sg_err why = SG_ERR_INIT;
	xmlDoc *doc = NULL;
	xmlNode *root;

	*ret = (struct sg_findings){ 0 };
	if (sg_xml_parse(document, "the document", &sg_xml_feed_limits, &doc, &why)) {
		unreadable(&l, "xml", &why);
		return;
	}
	root = xmlDocGetRootElement(doc);
	l.config = root;
	if (sg_xml_is(root, NULL, "Config"))
		single(&l, root);
	else if (sg_xml_is(root, NULL, "EOCS"))
		whole(&l, root);
	else
		sg_lint_add(&l, SG_LINT_ERROR, "feed", 0, "a feed is an EOCS element, a mitigation a Config",
		        "the root element is neither EOCS nor Config (in no namespace)");
	xmlFreeDoc(doc);
	if (ret->n)
		qsort(ret->at, ret->n, sizeof(*ret->at), by_line);
}
