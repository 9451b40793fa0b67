/* config_token.c - our reader: finds the byte range of everything in an XML document, in one pass and without recursion.
 *
 * Guarantees that the nodes cover every octet exactly once and that no octet outside of the document is read. It is lenient on purpose where
 * libxml2 is strict (names, duplicate attributes, the place of declarations): what it lets through wrongly is refused by config_sax.c.
 */
#include "actions/config_internal.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

struct reader {
	struct sg_bytes in;
	const char *name;
	struct sg_err *err;
	struct sg_cfg cfg;
	size_t cap_nodes, cap_attrs, values;
	uint32_t open, last; /* the element that is open, and the node added last to it */
	size_t line_at;      /* lines are counted up to here */
	uint32_t line;
	size_t at;
};

static int fail(struct reader *r, size_t at, int code, const char *what)
{
	unsigned long line = r->line;

	for (size_t i = r->line_at; i < at && i < r->in.len; i++)
		line += r->in.data[i] == '\n';
	return sg_fail(r->err, code, "%s:%lu: %s", r->name, line, what);
}

/* A line ends with LF, CR LF or CR. */
static uint32_t line_of(struct reader *r, size_t at)
{
	const unsigned char *d = r->in.data;

	for (; r->line_at < at; r->line_at++)
		r->line +=
		        d[r->line_at] == '\n' ||
		        (d[r->line_at] == '\r' && (r->line_at + 1 == r->in.len || d[r->line_at + 1] != '\n'));
	return r->line;
}

static struct sg_cfg_node *add(struct reader *r, enum sg_cfg_type type, size_t at, size_t end)
{
	struct sg_cfg *c = &r->cfg;
	uint32_t index = (uint32_t)c->n_nodes;

	c->nodes = sg_grow(c->nodes, c->n_nodes, &r->cap_nodes, sizeof *c->nodes);
	c->nodes[c->n_nodes++] = (struct sg_cfg_node){
		.type = type,
		.parent = r->open,
		.first = SG_NONE,
		.next = SG_NONE,
		.line = line_of(r, at),
		.at = at,
		.end = end,
		.attr = (uint32_t)c->n_attrs,
	};
	if (r->last != SG_NONE)
		c->nodes[r->last].next = index;
	else if (r->open != SG_NONE)
		c->nodes[r->open].first = index;
	r->last = index;
	r->at = end;
	return &c->nodes[index];
}

static bool begins(const struct reader *r, const char *with)
{
	size_t n = strlen(with);

	return r->in.len - r->at >= n && memcmp(r->in.data + r->at, with, n) == 0;
}

/* Adds the node from r->at to behind the next `close`, which does not begin within the first `open` octets. */
static int delimited(struct reader *r, enum sg_cfg_type type, size_t open, const char *close)
{
	const unsigned char *d = r->in.data;
	size_t n = strlen(close), i = r->at + open;

	for (;;) {
		const unsigned char *p = i < r->in.len ? memchr(d + i, close[0], r->in.len - i) : NULL;

		if (!p)
			return fail(r, r->at, SG_EPARSE, "what begins here has no end");
		i = (size_t)(p - d);
		if (r->in.len - i >= n && memcmp(p, close, n) == 0)
			break;
		i++;
	}
	add(r, type, r->at, i + n);
	return 0;
}

static bool ends_name(unsigned char c)
{
	return sg_cfg_space(c) || c == '/' || c == '>' || c == '=' || c == '"' || c == '\'' || c == '<';
}

static size_t skip_name(const struct reader *r, size_t i)
{
	while (i < r->in.len && !ends_name(r->in.data[i]))
		i++;
	return i;
}

static size_t skip_space(const struct reader *r, size_t i)
{
	while (i < r->in.len && sg_cfg_space(r->in.data[i]))
		i++;
	return i;
}

/* The octet at i, or 0 at the end: no 0 is in the document. */
static unsigned char peek(const struct reader *r, size_t i)
{
	return i < r->in.len ? r->in.data[i] : 0;
}

size_t sg_cfg_decode(struct sg_bytes raw, size_t at, bool in_attr, unsigned char out[4], size_t *out_len)
{
	static const struct {
		const char *ref;
		char c;
	} known[] = { { "&amp;", '&' }, { "&lt;", '<' }, { "&gt;", '>' }, { "&quot;", '"' },
		{ "&apos;", '\'' } };
	const unsigned char *p = raw.data + at;
	size_t left = raw.len - at, n = 0;
	uint32_t cp = 0, base;

	*out_len = 1;
	out[0] = p[0];
	if (p[0] == '\r' || p[0] == '\n' || p[0] == '\t') {
		if (in_attr)
			out[0] = ' ';
		else if (p[0] == '\r')
			out[0] = '\n';
		return p[0] == '\r' && left > 1 && p[1] == '\n' ? 2 : 1;
	}
	if (p[0] != '&')
		return 1;
	if (left < 2 || p[1] != '#') {
		for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
			n = strlen(known[i].ref);
			if (left >= n && memcmp(p, known[i].ref, n) == 0) {
				out[0] = (unsigned char)known[i].c;
				return n;
			}
		}
		return 0;
	}
	base = left > 2 && p[2] == 'x' ? 16 : 10;
	for (n = base == 16 ? 3 : 2; n < left && p[n] != ';'; n++) {
		unsigned char c = p[n], lower = c | 0x20;

		if (c >= '0' && c <= '9')
			cp = cp * base + (uint32_t)(c - '0');
		else if (base == 16 && lower >= 'a' && lower <= 'f')
			cp = cp * base + (uint32_t)(lower - 'a') + 10;
		else
			return 0;
		if (cp > 0x10ffff)
			return 0;
	}
	if (n >= left || cp == 0 || (cp >= 0xd800 && cp < 0xe000))
		return 0;
	if (cp < 0x80) {
		out[0] = (unsigned char)cp;
	} else if (cp < 0x800) {
		*out_len = 2;
		out[0] = (unsigned char)(0xc0 | cp >> 6);
	} else if (cp < 0x10000) {
		*out_len = 3;
		out[0] = (unsigned char)(0xe0 | cp >> 12);
	} else {
		*out_len = 4;
		out[0] = (unsigned char)(0xf0 | cp >> 18);
	}
	for (size_t i = 1; i < *out_len; i++)
		out[i] = (unsigned char)(0x80 | (cp >> (6 * (*out_len - 1 - i)) & 0x3f));
	return n + 1;
}

/* Decoded values are never longer than raw ones with their quotes, so `values` has room for all of them and their NULs. */
static int decode_value(struct reader *r, struct sg_cfg_attr *a)
{
	struct sg_bytes raw = { r->in.data + a->value_at, a->value_len };
	size_t len;

	a->value = r->cfg.values + r->values;
	for (size_t i = 0; i < raw.len;) {
		size_t n = sg_cfg_decode(raw, i, true, (unsigned char *)r->cfg.values + r->values, &len);

		if (!n)
			return fail(r, a->value_at + i, SG_EPARSE,
			        "a reference to a character that is not known");
		i += n;
		r->values += len;
	}
	r->cfg.values[r->values++] = 0;
	return 0;
}

/* Reads one attribute; *i is on its first octet and then behind its closing quote. */
static int attribute(struct reader *r, uint32_t node, size_t *i)
{
	struct sg_cfg *c = &r->cfg;
	struct sg_cfg_attr a = { .name_at = *i };
	const unsigned char *end;
	size_t at = skip_name(r, *i);

	a.name_len = at - *i;
	at = skip_space(r, at);
	if (!a.name_len || peek(r, at) != '=')
		return fail(r, *i, SG_EPARSE, "an attribute is expected here");
	at = skip_space(r, at + 1);
	a.quote = (char)peek(r, at);
	if (a.quote != '"' && a.quote != '\'')
		return fail(r, at, SG_EPARSE, "the value of an attribute is not in quotes");
	a.value_at = at + 1;
	end = memchr(r->in.data + a.value_at, a.quote, r->in.len - a.value_at);
	if (!end)
		return fail(r, at, SG_EPARSE, "the value of an attribute has no end");
	a.value_len = (size_t)(end - r->in.data) - a.value_at;
	if (decode_value(r, &a) < 0)
		return SG_EPARSE;
	*i = a.value_at + a.value_len + 1;
	c->attrs = sg_grow(c->attrs, c->n_attrs, &r->cap_attrs, sizeof *c->attrs);
	c->attrs[c->n_attrs++] = a;
	c->nodes[node].n_attrs++;
	return 0;
}

static int start_tag(struct reader *r)
{
	size_t at = r->at, i = skip_name(r, at + 1);
	struct sg_cfg_node *n = add(r, SG_CFG_ELEMENT, at, i);
	uint32_t index = r->last;
	int rc;

	n->name_at = at + 1;
	n->name_len = i - n->name_at;
	if (!n->name_len)
		return fail(r, at, SG_EPARSE, "a '<' that begins nothing");
	for (;;) {
		size_t next = skip_space(r, i);
		unsigned char c = peek(r, next);

		if (c == '>' || (c == '/' && peek(r, next + 1) == '>')) {
			n = &r->cfg.nodes[index];
			n->self_closed = c == '/';
			r->at = next + (n->self_closed ? 2 : 1);
			n->end = n->open_end = n->close_at = r->at;
			break;
		}
		if (next == i || !c)
			return fail(r, next, SG_EPARSE, "the tag is not well-formed here");
		i = next;
		rc = attribute(r, index, &i);
		if (rc < 0)
			return rc;
	}
	if (!n->self_closed) {
		r->open = index;
		r->last = SG_NONE;
	}
	return 0;
}

static int end_tag(struct reader *r)
{
	struct sg_cfg_node *n = &r->cfg.nodes[r->open];
	size_t name = r->at + 2, end = skip_name(r, name), close = skip_space(r, end);

	if (r->open == 0 || end - name != n->name_len ||
	        memcmp(r->in.data + name, r->in.data + n->name_at, n->name_len) != 0)
		return fail(r, r->at, SG_EPARSE, "the end tag does not match the element that is open");
	if (peek(r, close) != '>')
		return fail(r, r->at, SG_EPARSE, "the end tag is not well-formed");
	n->close_at = r->at;
	n->end = r->at = close + 1;
	r->last = r->open;
	r->open = n->parent;
	return 0;
}

static int construct(struct reader *r)
{
	const unsigned char *p;

	if (r->in.data[r->at] != '<') {
		p = memchr(r->in.data + r->at, '<', r->in.len - r->at);
		add(r, SG_CFG_TEXT, r->at, p ? (size_t)(p - r->in.data) : r->in.len);
		return 0;
	}
	if (begins(r, "<!--"))
		return delimited(r, SG_CFG_COMMENT, 4, "-->");
	if (begins(r, "<![CDATA["))
		return delimited(r, SG_CFG_CDATA, 9, "]]>");
	if (begins(r, "<!"))
		return fail(r, r->at, SG_EUNSUPPORTED, "a document type (DOCTYPE) is not allowed");
	if (begins(r, "<?"))
		return delimited(r, SG_CFG_PI, 2, "?>");
	if (begins(r, "</"))
		return end_tag(r);
	return start_tag(r);
}

int sg_cfg_tokenize(struct sg_bytes octets, const char *name, struct sg_cfg *ret, struct sg_err *err)
{
	struct reader r = {
		.in = octets, .name = name, .err = err, .open = SG_NONE, .last = SG_NONE, .line = 1
	};
	struct sg_cfg_node *doc;
	int rc = 0;

	r.cfg.octets = octets;
	r.cfg.root = SG_NONE;
	r.cfg.values = sg_alloc(octets.len + 1);
	doc = add(&r, SG_CFG_ELEMENT, 0, 0);
	doc->end = doc->close_at = octets.len;
	r.open = 0;
	r.last = SG_NONE;
	r.cfg.bom = begins(&r, "\xef\xbb\xbf");
	if (r.cfg.bom)
		r.at = 3;
	doc->open_end = r.at;
	while (r.at < octets.len && rc == 0)
		rc = construct(&r);
	if (rc == 0 && r.open != 0)
		rc = fail(&r, r.cfg.nodes[r.open].at, SG_EPARSE, "the element has no end tag");
	for (uint32_t n = r.cfg.nodes[0].first; rc == 0 && n != SG_NONE; n = r.cfg.nodes[n].next) {
		if (r.cfg.nodes[n].type != SG_CFG_ELEMENT)
			continue;
		if (r.cfg.root != SG_NONE)
			rc = fail(&r, r.cfg.nodes[n].at, SG_EPARSE, "there is a second document element");
		r.cfg.root = n;
	}
	if (rc == 0 && r.cfg.root == SG_NONE)
		rc = fail(&r, octets.len, SG_EPARSE, "there is no element");
	if (rc < 0)
		sg_cfg_release(&r.cfg);
	else
		*ret = r.cfg;
	return rc;
}
