/* as_canonical.h - for tests that write XML as people do: its canonical form, and the readers of that form. Header only: the crash matrix uses it, too. */
#ifndef SG_TESTS_LIB_AS_CANONICAL_H
#define SG_TESTS_LIB_AS_CANONICAL_H

#include "base/xml.h"
#include "feed/feed.h"

static inline int as_canonical(struct sg_bytes xml, struct sg_buf *ret, struct sg_err *err)
{
	xmlDoc *doc = NULL;
	int r = sg_xml_parse(xml, "test", &sg_xml_feed_limits, &doc, err);

	if (!r)
		r = sg_xml_octets(xmlDocGetRootElement(doc), ret, err);
	xmlFreeDoc(doc);
	return r;
}

static inline int decode_mitigation(
        const char *feed, struct sg_bytes xml, struct sg_mitigation **ret, struct sg_err *err)
{
	struct sg_buf octets = { 0 };
	bool has = as_canonical(xml, &octets, NULL) == 0; /* else the reader has to refuse it as it is */
	int r = sg_mitigation_decode(feed, has ? sg_buf_bytes(&octets) : xml, ret, err);

	sg_buf_release(&octets);
	return r;
}

static inline int decode_feed(struct sg_bytes xml, const struct sg_feed_rules *rules, struct sg_feed **ret,
        int *ret_event, struct sg_err *err)
{
	struct sg_buf octets = { 0 };
	bool has = as_canonical(xml, &octets, NULL) == 0;
	int r = sg_feed_decode(has ? sg_buf_bytes(&octets) : xml, rules, ret, ret_event, err);

	sg_buf_release(&octets);
	return r;
}

#endif
