/* sign_layout.c - a walk over the octets of a document that libxml2 has read already.
 *
 * Guarantees that what it finds is what the tree has: as many children of the root, in the same order, with the same names. It relies on the limits of
 * feeds: UTF-8, no DOCTYPE, no CDATA, no processing instruction, so that '<' begins a tag or a comment and nothing else.
 */
#include "feed/sign_layout.h"

#include "base/xml.h"
#include "feed/verify_parts.h"
#include "model/mitigation.h"
#include <stdlib.h>
#include <string.h>

static bool begins(struct sg_bytes doc, size_t at, const char *with)
{
	size_t n = strlen(with);

	return doc.len - at >= n && memcmp(doc.data + at, with, n) == 0;
}

static size_t behind(struct sg_bytes doc, size_t at, const char *end)
{
	while (at < doc.len && !begins(doc, at, end))
		at++;
	return at < doc.len ? at + strlen(end) : doc.len;
}

/* Behind the '>' of the tag at `at`; quoted values may hold one. */
static size_t tag_end(struct sg_bytes doc, size_t at)
{
	char quote = 0;

	for (; at < doc.len; at++) {
		char c = (char)doc.data[at];

		if (quote)
			quote = c == quote ? (char)0 : quote;
		else if (c == '"' || c == '\'')
			quote = c;
		else if (c == '>')
			return at + 1;
	}
	return doc.len;
}

static void add_part(struct sg_layout *l, size_t from)
{
	l->at = sg_realloc(l->at, (l->n + 1) * sizeof *l->at);
	l->at[l->n++] = (struct sg_layout_part){ .from = from };
}

static void walk(struct sg_bytes doc, struct sg_layout *l)
{
	size_t depth = 0, at = 0;

	while (at < doc.len) {
		const unsigned char *next = memchr(doc.data + at, '<', doc.len - at);
		size_t from, to;

		if (!next)
			break;
		from = (size_t)(next - doc.data);
		if (begins(doc, from, "<!--")) {
			at = behind(doc, from + 4, "-->");
			continue;
		}
		if (begins(doc, from, "<?")) { /* the XML declaration */
			at = behind(doc, from, "?>");
			continue;
		}
		to = at = tag_end(doc, from);
		bool closes = begins(doc, from, "</"), alone = doc.data[to - 2] == '/';

		if (closes) {
			depth--;
			if (depth == 1 && l->n)
				l->at[l->n - 1].to = to;
			if (depth == 0)
				l->end = from;
			continue;
		}
		if (depth == 0) {
			l->tag_from = from;
			l->tag_to = l->end = to;
			l->empty = alone;
		} else if (depth == 1) {
			add_part(l, from);
			l->at[l->n - 1].to = to; /* for <Config/> */
		}
		depth += !alone;
	}
}

/* What the tree says of the same children. */
static int name_parts(struct sg_bytes doc, const xmlNode *root, struct sg_layout *l, struct sg_err *err)
{
	size_t i = 0;

	for (const xmlNode *n = sg_xml_first(root); n; n = sg_xml_next(n), i++) {
		char *tag = n->ns && n->ns->prefix
		                    ? sg_format("<%s:%s", (const char *)n->ns->prefix, (const char *)n->name)
		                    : sg_format("<%s", (const char *)n->name);
		bool same = i < l->n && begins(doc, l->at[i].from, tag);

		free(tag);
		if (!same)
			return sg_fail(err, SG_EPARSE, "the document's parts cannot be told apart");
		l->at[i].id = sg_xml_attr(n, NULL, "id");
		l->at[i].signature = sg_xml_is(n, SG_DSIG_NS, "Signature");
	}
	return i == l->n ? 0 : sg_fail(err, SG_EPARSE, "the document's parts cannot be told apart");
}

int sg_layout_read(struct sg_bytes doc, const char *name, struct sg_layout *ret, struct sg_err *err)
{
	struct sg_layout l = { 0 };
	xmlNode *root = NULL;
	xmlDoc *tree = NULL;
	int r = sg_xml_parse(doc, name, &sg_xml_feed_limits, &tree, err);

	if (!r) {
		root = xmlDocGetRootElement(tree);
		if (!sg_xml_is(root, NULL, "EOCS"))
			r = sg_fail(err, SG_EPARSE,
			        "%s: this is no feed: the root element is %.40s, not EOCS (in no namespace)",
			        name, (const char *)root->name);
	}
	if (!r) {
		walk(doc, &l);
		r = name_parts(doc, root, &l, err);
	}
	for (const xmlNs *ns = r ? NULL : root->nsDef; ns; ns = ns->next)
		if (ns->prefix && strcmp((const char *)ns->href, SG_FEED_NS) == 0)
			l.prefix = l.prefix ? l.prefix : sg_strdup((const char *)ns->prefix);
	if (!r) {
		l.feed = sg_xml_attr(root, SG_FEED_NS, "feed");
		*ret = l;
	} else {
		sg_layout_release(&l);
	}
	xmlFreeDoc(tree);
	return r;
}

int sg_layout_config(struct sg_bytes doc, const char *name, size_t *ret_from, size_t *ret_to, char **ret_id,
        struct sg_err *err)
{
	struct sg_layout l = { 0 };
	xmlDoc *tree = NULL;
	const xmlNode *root;
	int r = sg_xml_parse(doc, name, &sg_xml_feed_limits, &tree, err);

	if (r)
		return r;
	root = xmlDocGetRootElement(tree);
	if (!sg_xml_is(root, NULL, "Config")) {
		r = sg_fail(err, SG_EPARSE,
		        "%s: one Config is wanted, in no namespace; the root element is %.40s", name,
		        (const char *)root->name);
	} else if (!(*ret_id = sg_xml_attr(root, NULL, "id"))) {
		r = sg_fail(err, SG_EINVAL, "%s: the Config has no id", name);
	} else {
		walk(doc, &l);
		*ret_from = l.tag_from;
		*ret_to = l.empty ? l.tag_to : tag_end(doc, l.end);
		sg_layout_release(&l);
	}
	xmlFreeDoc(tree);
	return r;
}

void sg_layout_release(struct sg_layout *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->at[i].id);
	free(l->at);
	free(l->prefix);
	free(l->feed);
	*l = (struct sg_layout){ 0 };
}

bool sg_layout_signed(const struct sg_layout *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->at[i].signature)
			return true;
	return false;
}

static bool blank(unsigned char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool sg_layout_attr(struct sg_bytes doc, size_t tag, const char *name, size_t *ret_from, size_t *ret_to)
{
	size_t end = tag_end(doc, tag), at = tag + 1, n = strlen(name);

	while (at < end && !blank(doc.data[at]))
		at++;
	while (at < end) { /* blanks, name, blanks, =, blanks, "value" */
		size_t from, to, value;

		while (at < end && blank(doc.data[at]))
			at++;
		from = at;
		while (at < end && !blank(doc.data[at]) && doc.data[at] != '=')
			at++;
		to = at;
		while (at < end && doc.data[at] != '"' && doc.data[at] != '\'')
			at++;
		if (at >= end)
			return false;
		value = at + 1;
		for (at++; at < end && doc.data[at] != doc.data[value - 1]; at++)
			;
		if (to - from == n && memcmp(doc.data + from, name, n) == 0) {
			*ret_from = value;
			*ret_to = at;
			return true;
		}
		at++;
	}
	return false;
}

void sg_layout_unsigned(struct sg_bytes doc, const struct sg_layout *l, struct sg_buf *ret)
{
	size_t at = 0;

	sg_buf_clear(ret);
	for (size_t i = 0; i < l->n; i++) {
		if (!l->at[i].signature)
			continue;
		sg_buf_add(ret, doc.data + at, l->at[i].from - at);
		at = l->at[i].to;
	}
	sg_buf_add(ret, doc.data + at, doc.len - at);
}

void sg_layout_escape(const char *text, struct sg_buf *out)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '<')
			sg_buf_str(out, "&lt;");
		else if (c == '&')
			sg_buf_str(out, "&amp;");
		else if (c == '"')
			sg_buf_str(out, "&quot;");
		else if (c < ' ')
			sg_buf_char(out, ' '); /* line breaks become blanks in an attribute */
		else
			sg_buf_char(out, (char)c);
	}
}
