/* canon.c - reads canonical octets in one pass. Guarantees that nothing outside the given octets is read, whatever they are, and that memory grows
 * with their length; work also with the namespaces in scope, which the limits bound.
 */
#include "base/canon_parts.h"

#include <stdlib.h>
#include <string.h>

#define XML_SPACE   "http://www.w3.org/XML/1998/namespace"
#define XMLNS_SPACE "http://www.w3.org/2000/xmlns/"

struct sg_canon_pool { /* nodes: freed together */
	struct sg_canon_pool *next;
	size_t used;
	union {
		struct sg_canon_elem elem;
		struct sg_canon_attr attr;
		struct sg_canon_ns ns;
	} at[256];
};

int sg_canon_bad(const struct sg_canon_reader *r, const char *what)
{
	return sg_fail(r->err, SG_EPARSE, "octet %zu of the canonical form: %s", r->at, what);
}

static int too_much(const struct sg_canon_reader *r, const char *what)
{
	return sg_fail(r->err, SG_ELIMIT, "octet %zu: %s", r->at, what);
}

static void *node(struct sg_canon_reader *r)
{
	struct sg_canon_pool *pool = r->doc->pool;

	r->nodes++;
	if (!pool || pool->used == sizeof pool->at / sizeof *pool->at) {
		pool = sg_alloc(sizeof *pool);
		pool->next = r->doc->pool;
		r->doc->pool = pool;
	}
	return &pool->at[pool->used++];
}

int sg_canon_here(const struct sg_canon_reader *r)
{
	return r->at < r->in.len ? r->in.data[r->at] : -1;
}

bool sg_canon_take(struct sg_canon_reader *r, const char *text)
{
	size_t n = strlen(text);

	if (r->in.len - r->at < n || memcmp(r->in.data + r->at, text, n) != 0)
		return false;
	r->at += n;
	return true;
}

/* --- namespaces */

/* "" for the default where there is none; NULL: the prefix means nothing. */
static const char *means(const struct sg_canon_elem *e, const char *prefix)
{
	for (const struct sg_canon_elem *s = e ? e->scope : NULL; s; s = s->parent ? s->parent->scope : NULL)
		for (const struct sg_canon_ns *ns = s->declares; ns; ns = ns->next)
			if (strcmp(ns->prefix, prefix) == 0)
				return ns->name;
	return strcmp(prefix, "xml") == 0 ? XML_SPACE : *prefix ? NULL : "";
}

static const char *meant_around(const struct sg_canon_elem *e, const char *prefix)
{
	const char *is = means(e->parent, prefix);

	return is ? is : "";
}

static int declare(
        struct sg_canon_reader *r, struct sg_canon_elem *e, struct sg_canon_ns *last, struct sg_canon_ns *ns)
{
	if (last && strcmp(last->prefix, ns->prefix) >= 0)
		return sg_canon_bad(r, "namespaces out of order");
	if (strcmp(ns->prefix, "xml") == 0 || strcmp(ns->prefix, "xmlns") == 0 ||
	        strcmp(ns->name, XML_SPACE) == 0 || strcmp(ns->name, XMLNS_SPACE) == 0 ||
	        (*ns->prefix && !*ns->name))
		return sg_canon_bad(r, "a namespace that cannot be declared");
	if (*ns->name && !sg_canon_uri(ns->name))
		return sg_canon_bad(r, "a namespace whose name is no absolute URI");
	if (strcmp(meant_around(e, ns->prefix), ns->name) == 0)
		return sg_canon_bad(r, "a namespace that is declared already");
	if (last)
		last->next = ns;
	else
		e->declares = ns;
	e->scope = e;
	return 0;
}

/* --- attributes */

static int compare(const struct sg_canon_attr *a, const struct sg_canon_attr *b)
{
	int by_space = a->ns == b->ns ? 0 : strcmp(a->ns, b->ns);

	return by_space ? by_space : strcmp(a->name, b->name);
}

static int add(struct sg_canon_reader *r, struct sg_canon_elem *e, const char *prefix,
        struct sg_canon_attr *last, struct sg_canon_attr *a)
{
	a->ns = *prefix ? means(e, prefix) : "";
	if (!a->ns)
		return sg_canon_bad(r, "a prefix that is not declared");
	if (last && compare(last, a) >= 0)
		return sg_canon_bad(r, "attributes out of order");
	if (last)
		last->next = a;
	else
		e->attrs = a;
	return 0;
}

/* Declarations come first, then attributes. */
static int attributes(struct sg_canon_reader *r, struct sg_canon_elem *e)
{
	struct sg_canon_ns *last_ns = NULL;
	struct sg_canon_attr *last = NULL;
	const char *prefix, *local, *value;
	size_t n = 0;
	bool says;
	int code = 0;

	while (!code && sg_canon_here(r) == ' ') {
		size_t from = r->at++;

		code = sg_canon_name(r, &prefix, &local);
		if (!code && !sg_canon_take(r, "=\""))
			code = sg_canon_bad(r, "an attribute without a value");
		if (!code)
			code = sg_canon_run(r, true, &value, &says);
		if (code)
			return code;
		if (++n > r->limits->attributes)
			return too_much(r, "the tag has too many attributes");
		struct sg_bytes octets = { r->in.data + from, ++r->at - from };
		bool is_default = !*prefix && strcmp(local, "xmlns") == 0;

		if (is_default || strcmp(prefix, "xmlns") == 0) {
			struct sg_canon_ns *ns = node(r);

			*ns = (struct sg_canon_ns){
				.prefix = is_default ? "" : local, .name = value, .octets = octets
			};
			code = last ? sg_canon_bad(r, "a namespace behind an attribute")
			            : declare(r, e, last_ns, ns);
			last_ns = ns;
			r->in_scope++;
		} else {
			struct sg_canon_attr *a = node(r);

			*a = (struct sg_canon_attr){ .name = local, .value = value, .octets = octets };
			code = add(r, e, prefix, last, a);
			last = a;
		}
	}
	return code;
}

/* --- elements */

static int count(struct sg_canon_reader *r)
{
	r->scope += r->in_scope * r->in_scope;
	if (r->nodes > r->limits->nodes)
		return too_much(r, "there are too many elements and attributes");
	if (r->scope > r->limits->scope)
		return too_much(r, "too many namespaces are in scope of too many elements");
	return 0;
}

/* r->at is behind the '<'. */
static int begin(struct sg_canon_reader *r)
{
	const size_t from = r->at - 1, nodes = r->nodes;
	struct sg_canon_elem *e = node(r);
	const char *prefix;
	int code;

	*e = (struct sg_canon_elem){
		.parent = r->open, .scope = r->open ? r->open->scope : NULL, .text = ""
	};
	code = sg_canon_name(r, &prefix, &e->name);
	if (code)
		return code;
	e->name_len = r->at - from;
	code = attributes(r, e);
	if (!code && !sg_canon_take(r, ">"))
		code = sg_canon_bad(r, "the tag does not end");
	if (!code && (r->at - from > r->limits->tag_bytes ||
	                     e->name_len + 2 > r->limits->tag_bytes)) /* its end tag, too */
		code = too_much(r, "the tag is too long");
	if (!code && !(e->ns = means(e, prefix)))
		code = sg_canon_bad(r, "a prefix that is not declared");
	if (!code)
		code = count(r);
	if (!code && ++r->depth > r->limits->depth)
		code = too_much(r, "the elements are nested too deeply");
	if (code)
		return code;
	e->octets.data = r->in.data + from;
	e->tag_len = r->at - from;
	e->nodes = nodes; /* until it ends */
	if (r->last)
		r->last->next = e;
	else if (r->open)
		r->open->first = e;
	if (!r->open)
		r->doc->root = e;
	r->open = e;
	r->last = NULL;
	return 0;
}

/* r->at is behind the "</". */
static int end(struct sg_canon_reader *r)
{
	struct sg_canon_elem *e = r->open;
	const size_t len = e->name_len - 1;

	if (r->in.len - r->at < len + 1 || memcmp(r->in.data + r->at, e->octets.data + 1, len) != 0 ||
	        r->in.data[r->at + len] != '>')
		return sg_canon_bad(r, "an end tag of another element");
	r->at += len + 1;
	e->octets.len = (size_t)(r->in.data + r->at - e->octets.data);
	e->nodes = r->nodes - e->nodes;
	for (const struct sg_canon_ns *ns = e->declares; ns; ns = ns->next)
		r->in_scope--;
	r->depth--;
	r->last = e;
	r->open = e->parent;
	return 0;
}

/* Text, then a tag. */
static int content(struct sg_canon_reader *r)
{
	const char *text;
	bool says;
	int code = sg_canon_run(r, false, &text, &says);

	if (code)
		return code;
	if (!r->last)
		r->open->text = text;
	r->open->says |= says;
	r->at++;
	if (sg_canon_here(r) != '/')
		return begin(r);
	r->at++;
	return end(r);
}

int sg_canon_read(
        struct sg_bytes octets, const struct sg_xml_limits *limits, struct sg_canon *ret, struct sg_err *err)
{
	struct sg_canon doc = { 0 };
	struct sg_canon_reader r = { .in = octets, .limits = limits, .doc = &doc, .err = err };
	int code;

	if (octets.len > limits->bytes)
		return sg_fail(err, SG_ELIMIT, "the document has %zu octets, more than %zu", octets.len,
		        limits->bytes);
	doc.strings = sg_realloc(NULL, octets.len + 1); /* not zeroed: what is read of it was written */
	code = sg_canon_take(&r, "<") ? begin(&r) : sg_canon_bad(&r, "it does not begin with an element");
	while (!code && r.open)
		code = content(&r);
	if (!code && r.at != octets.len)
		code = sg_canon_bad(&r, "there is something behind the last element");
	if (code)
		sg_canon_release(&doc);
	else
		*ret = doc;
	return code;
}

void sg_canon_release(struct sg_canon *c)
{
	while (c->pool) {
		struct sg_canon_pool *next = c->pool->next;

		free(c->pool);
		c->pool = next;
	}
	free(c->strings);
	*c = (struct sg_canon){ 0 };
}
