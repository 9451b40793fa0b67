/* feed_doc.c - a feed document as an author has it: octets, where its parts stand, and what it says. What it says is not trusted here. */
#include "cli/feed_work.h"

#include "base/os.h"
#include "base/xml.h"
#include "feed/fetch.h"

#include <stdlib.h>
#include <string.h>

enum { TIMEOUT_MS = 60 * 1000 };

int sg_author_fetch(const struct sg_author_args *a, const char *where, struct sg_buf *ret, struct sg_err *err)
{
	const char *proxy = sg_author_value(a, SG_AUTHOR_PROXY);
	struct sg_fetch_request req = { .url = where,
		.proxy = proxy ? proxy : "system",
		.ca_file = sg_author_value(a, SG_AUTHOR_CA_FILE),
		.timeout_ms = TIMEOUT_MS,
		.max_bytes = SG_AUTHOR_MAX };
	struct sg_fetched got = { 0 };
	int r;

	if (!strstr(where, "://"))
		return sg_os_read(where, SG_AUTHOR_MAX, ret, NULL, err);
	r = sg_fetch(&req, &got, err);
	if (!r)
		sg_buf_set(ret, got.octets.data, got.octets.len);
	sg_fetched_release(&got);
	return r;
}

int sg_author_take(const struct sg_author_args *a, const char *where, struct sg_bytes octets,
        struct sg_author_doc *ret, struct sg_err *err)
{
	const char *name = sg_author_value(a, SG_AUTHOR_FEED);
	struct sg_author_doc doc = { 0 };
	int r = sg_layout_read(octets, where, &doc.layout, err);

	if (r)
		return r;
	doc.where = sg_strdup(where);
	sg_buf_set(&doc.octets, octets.data, octets.len);
	if (!doc.layout.feed && !sg_author_eocs(a)) {
		sg_author_doc_release(&doc);
		return sg_fail(err, SG_EINVAL,
		        "%s: EOCS has no sg:feed, so it is no document of the stopgap profile; for one in "
		        "EM's own form add "
		        "--eocs",
		        where);
	}
	doc.name = sg_strdup(name ? name : doc.layout.feed ? doc.layout.feed : "eocs");
	*ret = doc;
	return 0;
}

int sg_author_load(
        const struct sg_author_args *a, const char *where, struct sg_author_doc *ret, struct sg_err *err)
{
	struct sg_buf octets = { 0 };
	int r = sg_author_fetch(a, where, &octets, err);

	if (!r)
		r = sg_author_take(a, where, sg_buf_bytes(&octets), ret, err);
	sg_buf_release(&octets);
	return r;
}

/* As a verified document would be given on: canonical and without its signature, so that both have the same identity. */
static int canonical(const struct sg_author_doc *doc, struct sg_buf *ret, struct sg_err *err)
{
	struct sg_buf plain = { 0 };
	xmlDoc *tree = NULL;
	int r;

	sg_layout_unsigned(sg_buf_bytes(&doc->octets), &doc->layout, &plain);
	r = sg_xml_parse(sg_buf_bytes(&plain), doc->where, &sg_xml_feed_limits, &tree, err);
	if (!r)
		r = sg_xml_octets(xmlDocGetRootElement(tree), ret, err);
	xmlFreeDoc(tree);
	sg_buf_release(&plain);
	return r;
}

int sg_author_decode(const struct sg_author_args *a, struct sg_author_doc *doc, struct sg_err *err)
{
	struct sg_feed_rules rules = { .name = doc->name, .eocs = sg_author_eocs(a) };
	struct sg_err why = SG_ERR_INIT;
	struct sg_buf octets = { 0 };
	struct sg_feed *feed = NULL;
	int event = 0, r = canonical(doc, &octets, err);

	if (!r && sg_feed_decode(sg_buf_bytes(&octets), &rules, &feed, &event, &why))
		r = sg_fail(err, why.code, "%s: %s", doc->where, why.msg);
	sg_buf_release(&octets);
	if (r)
		return r;
	sg_feed_free(doc->feed);
	doc->feed = feed;
	return 0;
}

int sg_author_whole(const struct sg_author_doc *doc, struct sg_err *err)
{
	if (!doc->feed->n_refused)
		return 0;
	return sg_fail(err, SG_EINVAL, "%s: servers would refuse a mitigation: %s", doc->where,
	        doc->feed->refused[0].text);
}

int sg_author_beside(
        const struct sg_author_args *a, const char *where, struct sg_buf *ret, struct sg_err *err)
{
	char *name = sg_format("%s.p7s", where);
	struct sg_err why = SG_ERR_INIT;
	int r = sg_author_fetch(a, name, ret, &why);

	free(name);
	if (r && r != SG_ENOENT)
		return sg_fail(err, r, "%s", why.msg);
	return 0;
}

void sg_author_doc_release(struct sg_author_doc *doc)
{
	free(doc->where);
	free(doc->name);
	sg_buf_release(&doc->octets);
	sg_layout_release(&doc->layout);
	sg_feed_free(doc->feed);
	*doc = (struct sg_author_doc){ 0 };
}
