/* xml_canon.c - an element as a document of its own, in canonical form (C14N 1.0, inclusive, without comments), in one walk over the tree.
 *
 * libxml2's own way there copies the element first and looks through all namespaces for each tag. Nothing rests on this form being right but agreement with
 * others: a signature's digest is compared with what was written here, so octets of another form are refused. Tests compare it with libxml2's and xmlsec's.
 */
#include "base/xml.h"

#include <libxml/uri.h>
#include <stdlib.h>
#include <string.h>

struct canon {
	struct sg_buf out;
	const xmlNs *
	        *scope; /* declared in the output around the place where it stands; the later ones shadow */
	size_t n_scope, cap_scope;
	size_t *marks; /* n_scope before each open element */
	size_t n_marks, cap_marks;
	const xmlNs **declared; /* scratch of one tag, as are the attributes */
	size_t n_declared, cap_declared;
	const xmlAttr **attrs;
	size_t n_attrs, cap_attrs;
	bool bad;
};

/* --- octets */

/* What needs an escape in text, and what in a value. */
static const char *escape(unsigned char c, bool value)
{
	switch (c) {
	case '&': return "&amp;";
	case '<': return "&lt;";
	case '\r': return "&#xD;";
	case '>': return value ? NULL : "&gt;";
	case '"': return value ? "&quot;" : NULL;
	case '\t': return value ? "&#x9;" : NULL;
	case '\n': return value ? "&#xA;" : NULL;
	default: return NULL;
	}
}

/* One pass, whatever stands there: a text may be nothing but escapes. */
static void put(struct canon *c, const xmlChar *s, bool value)
{
	const xmlChar *from = s;

	if (!s)
		return;
	for (; *s; s++) {
		const char *as = *s > '>' ? NULL : escape(*s, value);

		if (!as)
			continue;
		sg_buf_add(&c->out, from, (size_t)(s - from));
		sg_buf_str(&c->out, as);
		from = s + 1;
	}
	sg_buf_add(&c->out, from, (size_t)(s - from));
}

static void put_name(struct canon *c, const xmlNs *ns, const xmlChar *name)
{
	if (ns && ns->prefix) {
		sg_buf_str(&c->out, (const char *)ns->prefix);
		sg_buf_char(&c->out, ':');
	}
	sg_buf_str(&c->out, (const char *)name);
}

/* --- namespaces */

static const char *text(const xmlChar *s)
{
	return s ? (const char *)s : "";
}

static int compare_prefix(const void *a, const void *b)
{
	return strcmp(text((*(const xmlNs *const *)a)->prefix), text((*(const xmlNs *const *)b)->prefix));
}

/* What the prefix means in the output so far; "" is nothing. */
static const char *means(const struct canon *c, const xmlChar *prefix)
{
	for (size_t i = c->n_scope; i-- > 0;)
		if (strcmp(text(c->scope[i]->prefix), text(prefix)) == 0)
			return text(c->scope[i]->href);
	return "";
}

/* C14N 1.0 has no form for a document that names a namespace relatively. Nor have we for a name that needs escapes: libxml2 2.9 leaves references in such
 * names as they were written. */
static bool nameable(const xmlNs *ns)
{
	const char *name = text(ns->href);
	xmlURI *uri = *name ? xmlParseURI(name) : NULL;
	bool good = !*name || (uri && uri->scheme && *uri->scheme && !strpbrk(name, "&<\"\r\t\n"));

	xmlFreeURI(uri);
	return good;
}

static void declare(struct canon *c, const xmlNs *ns)
{
	for (size_t i = 0; i < c->n_declared; i++)
		if (strcmp(text(c->declared[i]->prefix), text(ns->prefix)) == 0)
			return; /* a nearer element says otherwise */
	c->declared = sg_grow(c->declared, c->n_declared, &c->cap_declared, sizeof(*c->declared));
	c->declared[c->n_declared++] = ns;
	c->bad = c->bad || !nameable(ns);
}

static void put_namespaces(struct canon *c, const xmlNode *node, bool apex)
{
	c->n_declared = 0;
	for (const xmlNode *up = node; up && up->type == XML_ELEMENT_NODE; up = apex ? up->parent : NULL)
		for (const xmlNs *ns = up->nsDef; ns; ns = ns->next)
			if (strcmp(text(ns->prefix), "xml") != 0)
				declare(c, ns);
	if (c->n_declared > 1)
		qsort(c->declared, c->n_declared, sizeof(*c->declared), compare_prefix);
	for (size_t i = 0; i < c->n_declared; i++) {
		const xmlNs *ns = c->declared[i];

		if (strcmp(means(c, ns->prefix), text(ns->href)) == 0)
			continue;
		sg_buf_str(&c->out, ns->prefix ? " xmlns:" : " xmlns");
		sg_buf_str(&c->out, text(ns->prefix));
		sg_buf_str(&c->out, "=\"");
		sg_buf_str(&c->out, text(ns->href));
		sg_buf_char(&c->out, '"');
		c->scope = sg_grow(c->scope, c->n_scope, &c->cap_scope, sizeof(*c->scope));
		c->scope[c->n_scope++] = ns;
	}
}

/* --- attributes */

static const char *space_of(const xmlAttr *a)
{
	return a->ns ? text(a->ns->href) : "";
}

static int compare_attr(const void *x, const void *y)
{
	const xmlAttr *a = *(const xmlAttr *const *)x, *b = *(const xmlAttr *const *)y;
	int by_space = strcmp(space_of(a), space_of(b));

	return by_space ? by_space : strcmp((const char *)a->name, (const char *)b->name);
}

static void add_attr(struct canon *c, const xmlAttr *a)
{
	c->attrs = sg_grow(c->attrs, c->n_attrs, &c->cap_attrs, sizeof(*c->attrs));
	c->attrs[c->n_attrs++] = a;
}

/* xml:lang, xml:space and their like come along from the elements around; the nearest counts. */
static void inherit(struct canon *c, const xmlNode *up)
{
	for (; up && up->type == XML_ELEMENT_NODE; up = up->parent)
		for (const xmlAttr *a = up->properties; a; a = a->next) {
			bool known = strcmp(space_of(a), (const char *)XML_XML_NAMESPACE) != 0;

			for (size_t i = 0; i < c->n_attrs && !known; i++)
				known = compare_attr(&a, &c->attrs[i]) == 0;
			if (!known)
				add_attr(c, a);
		}
}

static void put_attrs(struct canon *c, const xmlNode *node, bool apex)
{
	c->n_attrs = 0;
	for (const xmlAttr *a = node->properties; a; a = a->next)
		add_attr(c, a);
	if (apex)
		inherit(c, node->parent);
	if (c->n_attrs > 1)
		qsort(c->attrs, c->n_attrs, sizeof(*c->attrs), compare_attr);
	for (size_t i = 0; i < c->n_attrs; i++) {
		sg_buf_char(&c->out, ' ');
		put_name(c, c->attrs[i]->ns, c->attrs[i]->name);
		sg_buf_str(&c->out, "=\"");
		for (const xmlNode *n = c->attrs[i]->children; n; n = n->next) {
			c->bad = c->bad || n->type != XML_TEXT_NODE;
			put(c, n->content, true);
		}
		sg_buf_char(&c->out, '"');
	}
}

/* --- the walk */

static void begin(struct canon *c, const xmlNode *node, bool apex)
{
	c->marks = sg_grow(c->marks, c->n_marks, &c->cap_marks, sizeof(*c->marks));
	c->marks[c->n_marks++] = c->n_scope;
	sg_buf_char(&c->out, '<');
	put_name(c, node->ns, node->name);
	put_namespaces(c, node, apex);
	put_attrs(c, node, apex);
	sg_buf_char(&c->out, '>');
}

static void end(struct canon *c, const xmlNode *node)
{
	sg_buf_str(&c->out, "</");
	put_name(c, node->ns, node->name);
	sg_buf_char(&c->out, '>');
	c->n_scope = c->marks[--c->n_marks];
}

static void put_other(struct canon *c, const xmlNode *n)
{
	if (n->type == XML_TEXT_NODE || n->type == XML_CDATA_SECTION_NODE) {
		put(c, n->content, false);
	} else if (n->type == XML_PI_NODE) {
		sg_buf_fmt(&c->out, "<?%s%s%s?>", (const char *)n->name, *text(n->content) ? " " : "",
		        text(n->content));
	} else if (n->type != XML_COMMENT_NODE) {
		c->bad = true;
	}
}

static void walk(struct canon *c, const xmlNode *top)
{
	const xmlNode *n = top;

	for (;;) {
		if (n->type == XML_ELEMENT_NODE) {
			begin(c, n, n == top);
			if (n->children) {
				n = n->children;
				continue;
			}
			end(c, n);
		} else {
			put_other(c, n);
		}
		while (n != top && !n->next) {
			n = n->parent;
			end(c, n);
		}
		if (n == top)
			return;
		n = n->next;
	}
}

int sg_xml_octets(const xmlNode *node, struct sg_buf *ret, struct sg_err *err)
{
	struct canon c = { .bad = node->type != XML_ELEMENT_NODE };
	int r = 0;

	if (!c.bad)
		walk(&c, node);
	if (c.bad) {
		r = sg_fail(
		        err, SG_EPARSE, "the element <%s> has no canonical form", (const char *)node->name);
		sg_buf_release(&c.out);
	} else {
		sg_buf_release(ret);
		*ret = c.out;
	}
	free(c.scope);
	free(c.marks);
	free(c.declared);
	free(c.attrs);
	return r;
}
