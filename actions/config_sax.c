/* config_sax.c - the second reader: libxml2's SAX events, compared one by one with the nodes that config_token.c found.
 *
 * Guarantees that a document for which it returns 0 is well-formed with respect to namespaces, and that libxml2 sees the same elements,
 * attributes, values, text, CDATA sections, comments and processing instructions in the same nesting and order. Nothing is loaded, no tree is
 * built, and nothing is printed.
 */
#include "actions/config_internal.h"

#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <string.h>

#if LIBXML_VERSION >= 21200
typedef const xmlError *sax_error;
#else
typedef xmlError *sax_error;
#endif

struct walk {
	const struct sg_cfg *cfg;
	uint32_t next;    /* the node that the next event must be */
	uint32_t open;    /* the element that is open */
	size_t text_at;   /* raw octets of the TEXT node `next` that were seen; 0: none, text was not begun */
	bool differ;      /* `next` is where the readers differ */
	int line, column; /* of libxml2's first error */
	char why[256];
};

/* The reading goes on: that the document is ill-formed is the better reason, and may come later. */
static void differ(struct walk *w)
{
	w->differ = true;
}

static bool is_declaration(const struct sg_cfg *cfg, uint32_t n)
{
	const struct sg_cfg_node *node = &cfg->nodes[n];

	return node->type == SG_CFG_PI && node->end - node->at > 6 &&
	       memcmp(cfg->octets.data + node->at, "<?xml", 5) == 0 &&
	       sg_cfg_space(cfg->octets.data[node->at + 5]);
}

/* Steps over what libxml2 does not report: the declaration, and white space outside of the document element. A text that was begun must have
 * been seen to its end. */
static bool settle(struct walk *w)
{
	const struct sg_cfg *c = w->cfg;

	if (w->text_at) {
		if (w->text_at != c->nodes[w->next].end - c->nodes[w->next].at)
			return false;
		w->text_at = 0;
		w->next++;
	}
	while (w->next < c->n_nodes && c->nodes[w->next].parent == 0 &&
	        (is_declaration(c, w->next) || sg_cfg_blank(c, w->next)))
		w->next++;
	return true;
}

/* The node that the event is about, when it has the right type and place; NULL when the readers differ. */
static const struct sg_cfg_node *expect(struct walk *w, enum sg_cfg_type type)
{
	const struct sg_cfg_node *n;

	if (w->differ)
		return NULL;
	if (settle(w) && w->next < w->cfg->n_nodes) {
		n = &w->cfg->nodes[w->next];
		if (n->type == type && n->parent == w->open)
			return n;
	}
	differ(w);
	return NULL;
}

/* "prefix:local", or "local" without a prefix. */
static bool is_name(
        const struct sg_cfg *cfg, size_t at, size_t len, const xmlChar *prefix, const xmlChar *local)
{
	const char *p = (const char *)cfg->octets.data + at;
	size_t pre = prefix ? strlen((const char *)prefix) : 0, n = strlen((const char *)local);

	if (!prefix)
		return len == n && memcmp(p, local, n) == 0;
	return len == pre + 1 + n && memcmp(p, prefix, pre) == 0 && p[pre] == ':' &&
	       memcmp(p + pre + 1, local, n) == 0;
}

static bool is_xmlns(const struct sg_cfg *cfg, const struct sg_cfg_attr *a)
{
	const char *p = (const char *)cfg->octets.data + a->name_at;

	return a->name_len >= 5 && memcmp(p, "xmlns", 5) == 0 && (a->name_len == 5 || p[5] == ':');
}

static bool same_attrs(const struct sg_cfg *cfg, const struct sg_cfg_node *n, int n_ns, const xmlChar **ns,
        int n_attrs, const xmlChar **attrs)
{
	int i_ns = 0, i_attr = 0;

	if ((uint32_t)(n_ns + n_attrs) != n->n_attrs)
		return false;
	for (uint32_t i = 0; i < n->n_attrs; i++) {
		const struct sg_cfg_attr *a = &cfg->attrs[n->attr + i];

		if (is_xmlns(cfg, a)) {
			const xmlChar **d = ns + 2 * i_ns++;

			if (i_ns > n_ns ||
			        !is_name(cfg, a->name_at, a->name_len, d[0] ? (const xmlChar *)"xmlns" : NULL,
			                d[0] ? d[0] : (const xmlChar *)"xmlns") ||
			        strcmp(a->value, d[1] ? (const char *)d[1] : "") != 0)
				return false;
		} else {
			const xmlChar **d = attrs + 5 * i_attr++;
			size_t len;

			if (i_attr > n_attrs || !is_name(cfg, a->name_at, a->name_len, d[1], d[0]))
				return false;
			len = (size_t)(d[4] - d[3]);
			if (strlen(a->value) != len || memcmp(a->value, d[3], len) != 0)
				return false;
		}
	}
	return true;
}

static void on_start(void *arg, const xmlChar *local, const xmlChar *prefix, const xmlChar *uri, int n_ns,
        const xmlChar **ns, int n_attrs, int n_default, const xmlChar **attrs)
{
	struct walk *w = arg;
	const struct sg_cfg_node *n = expect(w, SG_CFG_ELEMENT);

	(void)uri;
	(void)n_default;
	if (!n)
		return;
	if (!is_name(w->cfg, n->name_at, n->name_len, prefix, local) ||
	        !same_attrs(w->cfg, n, n_ns, ns, n_attrs, attrs)) {
		differ(w);
		return;
	}
	w->open = w->next++;
}

static void on_end(void *arg, const xmlChar *local, const xmlChar *prefix, const xmlChar *uri)
{
	struct walk *w = arg;

	(void)local;
	(void)prefix;
	(void)uri;
	if (w->differ)
		return;
	/* All that our reader saw inside must have come: the next node is outside. */
	if (!settle(w) || w->open == 0 ||
	        (w->next < w->cfg->n_nodes && w->cfg->nodes[w->next].at < w->cfg->nodes[w->open].end)) {
		differ(w);
		return;
	}
	w->open = w->cfg->nodes[w->open].parent;
}

/* Takes `len` seen octets off the raw ones at *at; false when they differ. */
static bool take(struct sg_bytes raw, size_t *at, const xmlChar *seen, size_t len, bool cdata)
{
	while (len) {
		unsigned char out[4];
		size_t n, out_len = 1;

		if (*at >= raw.len)
			return false;
		if (raw.data[*at] == seen[0] && raw.data[*at] != '&' && raw.data[*at] != '\r') {
			n = 1;
		} else if (cdata && raw.data[*at] == '&') {
			n = 1;
			if (seen[0] != '&')
				return false;
		} else {
			n = sg_cfg_decode(raw, *at, false, out, &out_len);
			if (!n || out_len > len || memcmp(out, seen, out_len) != 0)
				return false;
		}
		*at += n;
		seen += out_len;
		len -= out_len;
	}
	return true;
}

static void on_text(void *arg, const xmlChar *s, int len)
{
	struct walk *w = arg;
	const struct sg_cfg_node *n;

	if (w->differ || len == 0)
		return;
	if (w->text_at && w->text_at < w->cfg->nodes[w->next].end - w->cfg->nodes[w->next].at)
		n = &w->cfg->nodes[w->next];
	else
		n = expect(w, SG_CFG_TEXT);
	if (n && !take(sg_cfg_octets(w->cfg, n->at, n->end), &w->text_at, s, (size_t)len, false))
		differ(w);
}

/* What stands between the delimiters of the next node, `open` and `close` octets long, against `s`. */
static void literal(
        struct walk *w, enum sg_cfg_type type, size_t open, size_t close, const xmlChar *s, size_t len)
{
	const struct sg_cfg_node *n = expect(w, type);
	size_t at = 0;
	struct sg_bytes raw;

	if (!n)
		return;
	raw = sg_cfg_octets(w->cfg, n->at + open, n->end - close);
	if (!take(raw, &at, s, len, true) || at != raw.len)
		differ(w);
	else
		w->next++;
}

static void on_comment(void *arg, const xmlChar *s)
{
	literal(arg, SG_CFG_COMMENT, 4, 3, s, strlen((const char *)s));
}

static void on_cdata(void *arg, const xmlChar *s, int len)
{
	literal(arg, SG_CFG_CDATA, 9, 3, s, (size_t)len);
}

static void on_pi(void *arg, const xmlChar *target, const xmlChar *data)
{
	struct walk *w = arg;
	const struct sg_cfg_node *n = w->differ ? NULL : expect(w, SG_CFG_PI);
	size_t len = strlen((const char *)target);

	if (!n)
		return;
	if (n->end - n->at < 4 + len || memcmp(w->cfg->octets.data + n->at + 2, target, len) != 0) {
		differ(w);
		return;
	}
	for (len += 2; sg_cfg_space(w->cfg->octets.data[n->at + len]);)
		len++;
	literal(w, SG_CFG_PI, len, 2, data ? data : (const xmlChar *)"",
	        data ? strlen((const char *)data) : 0);
}

static void on_doctype(void *arg, const xmlChar *name, const xmlChar *external, const xmlChar *system)
{
	(void)name;
	(void)external;
	(void)system;
	differ(arg);
}

static void on_error(void *arg, sax_error e)
{
	struct walk *w = arg;

	if (w->line || e->level < XML_ERR_ERROR)
		return;
	w->line = e->line;
	w->column = e->int2;
	for (size_t i = 0; e->message && e->message[i] && e->message[i] != '\n' && i + 1 < sizeof w->why; i++)
		w->why[i] = e->message[i];
}

int sg_cfg_sax(const struct sg_cfg *cfg, const char *name, struct sg_err *err)
{
	struct walk w = { .cfg = cfg, .next = 1 };
	xmlParserCtxt *ctxt = xmlCreateMemoryParserCtxt((const char *)cfg->octets.data, (int)cfg->octets.len);
	bool ill;

	if (!ctxt)
		return sg_fail(err, SG_EIO, "%s: libxml2 gives no parser", name);
	/* NOENT decodes &amp; and the like in values; there can be no other entities, a DOCTYPE was refused. HUGE lifts libxml2's own limits:
	 * sg_xml_config_limits has been checked. */
	xmlCtxtUseOptions(ctxt, XML_PARSE_NONET | XML_PARSE_NOENT | XML_PARSE_HUGE);
	*ctxt->sax = (xmlSAXHandler){
		.initialized = XML_SAX2_MAGIC,
		.startElementNs = on_start,
		.endElementNs = on_end,
		.characters = on_text,
		.ignorableWhitespace = on_text,
		.cdataBlock = on_cdata,
		.comment = on_comment,
		.processingInstruction = on_pi,
		.internalSubset = on_doctype,
		.serror = on_error,
	};
	ctxt->userData = &w;
	xmlParseDocument(ctxt);
	ill = !ctxt->wellFormed || !ctxt->nsWellFormed;
	xmlFreeDoc(ctxt->myDoc);
	ctxt->myDoc = NULL;
	xmlFreeParserCtxt(ctxt);
	if (w.line)
		return sg_fail(err, SG_EPARSE, "%s:%d: column %d: %s", name, w.line, w.column, w.why);
	if (ill)
		return sg_fail(err, SG_EPARSE, "%s: it is not well-formed", name);
	if (w.differ || !settle(&w) || w.next != cfg->n_nodes || w.open != 0)
		return sg_fail(err, SG_EUNSUPPORTED,
		        "%s:%u: two readers of XML do not agree on what stands here; it is not edited", name,
		        w.next < cfg->n_nodes ? cfg->nodes[w.next].line : 1);
	return 0;
}
