/* conf_check.c - what the attributes of one element must fit with: each other, and the elements before it. Each was read and is in its range. */
#include "model/conf_fields.h"

#include "base/text.h"
#include <string.h>

static const char *when_wrong(const struct sg_conf_when *w, struct sg_buf *why)
{
	if (w->what != SG_DO_ASK && (w->then_apply || w->after > 0 || w->remind > 0)) {
		sg_buf_str(why, "<when>: 'remind', 'after' and 'then' belong to do=\"ask\"");
		return "do";
	}
	if (w->then_apply != (w->after > 0)) {
		sg_buf_str(why, "<when>: 'after' and then=\"apply\" need each other");
		return "then";
	}
	return NULL;
}

static const char *anchor_wrong(const struct sg_conf *c, size_t index, struct sg_buf *why)
{
	for (size_t i = 0; i < index; i++)
		if (strcmp(c->anchors[i].name, c->anchors[index].name) == 0) {
			sg_buf_fmt(why, "there are two anchors with the name '%s'", c->anchors[i].name);
			return "name";
		}
	return NULL;
}

static const char *timestamp_wrong(const struct sg_conf *c, size_t index, struct sg_buf *why)
{
	const struct sg_conf_timestamp *t = &c->timestamps[index];

	if (!t->file == !t->sha256) {
		sg_buf_str(why, "<timestamp> needs either 'file' or 'sha256'");
		return "";
	}
	for (size_t i = 0; i < index; i++)
		if (strcmp(c->timestamps[i].name, t->name) == 0) {
			sg_buf_fmt(why, "there are two timestamps with the name '%s'", t->name);
			return "name";
		}
	return NULL;
}

static const struct sg_conf_anchor *anchor_of(const struct sg_conf *c, const char *name, size_t len)
{
	for (size_t i = 0; i < c->n_anchors; i++)
		if (strlen(c->anchors[i].name) == len && memcmp(c->anchors[i].name, name, len) == 0)
			return &c->anchors[i];
	return NULL;
}

/* At least one anchor may sign the feed, and each that it names may. */
static const char *feed_anchors_wrong(
        const struct sg_conf *c, const struct sg_conf_feed *feed, struct sg_buf *why)
{
	bool any = false;

	for (const char *p = feed->anchors; p && *p;) {
		p += strspn(p, " \t\r\n");
		size_t n = strcspn(p, " \t\r\n");
		const struct sg_conf_anchor *a = anchor_of(c, p, n);

		if (n > 0 && !a) {
			sg_buf_fmt(why, "attribute 'anchors' of <feed>: there is no <anchor name=\"%.*s\">",
			        (int)n, p);
			return "anchors";
		}
		if (n > 0 && !sg_globs(a->feeds, feed->name)) {
			sg_buf_fmt(why,
			        "attribute 'anchors' of <feed>: the anchor '%s' may not sign it "
			        "(feeds=\"%.200s\")",
			        a->name, a->feeds);
			return "anchors";
		}
		p += n;
	}
	for (size_t i = 0; i < c->n_anchors; i++)
		any = any || sg_globs(c->anchors[i].feeds, feed->name);
	if (any)
		return NULL;
	sg_buf_fmt(why, "feed '%s' cannot be verified: no <anchor>%s is given in <trust>", feed->name,
	        c->n_anchors ? " that may sign it" : "");
	return "";
}

static const char *feed_wrong(const struct sg_conf *c, size_t index, struct sg_buf *why)
{
	const struct sg_conf_feed *feed = &c->feeds[index];

	for (size_t i = 0; i < index; i++)
		if (strcmp(c->feeds[i].name, feed->name) == 0) {
			sg_buf_fmt(why, "there are two feeds with the name '%s'", feed->name);
			return "name";
		}
	if (feed->signers > 1 && feed->signature == SG_SIGNED_XMLDSIG) {
		sg_buf_str(why, "<feed>: more than one of 'signers' needs signature=\"cms\" or \"both\"");
		return "signers";
	}
	return feed_anchors_wrong(c, feed, why);
}

const char *sg_conf_item_wrong(
        const struct sg_conf *c, enum sg_conf_element element, size_t index, struct sg_buf *why)
{
	switch ((int)element) {
	case SG_CE_ANCHOR: return anchor_wrong(c, index, why);
	case SG_CE_TIMESTAMP: return timestamp_wrong(c, index, why);
	case SG_CE_FEED: return feed_wrong(c, index, why);
	case SG_CE_WHEN: return when_wrong(&c->whens[index], why);
	default: return NULL;
	}
}
