/* canon_alone.c - looking into a canonical tree, and one element of it as a document of its own. */
#include "base/canon.h"

#include "base/text.h"
#include "base/xml.h"
#include <stdlib.h>
#include <string.h>

bool sg_canon_is(const struct sg_canon_elem *e, const char *ns, const char *name)
{
	return strcmp(e->name, name) == 0 && strcmp(e->ns, ns ? ns : "") == 0;
}

const char *sg_canon_attr(const struct sg_canon_elem *e, const char *ns, const char *name)
{
	for (const struct sg_canon_attr *a = e->attrs; a; a = a->next)
		if (strcmp(a->name, name) == 0 && strcmp(a->ns, ns ? ns : "") == 0)
			return a->value;
	return NULL;
}

/* --- alone */

enum { MOST = 256 }; /* of what comes along; the limits of a tag are lower */

struct apex {
	const struct sg_canon_ns *ns[MOST];
	const struct sg_canon_attr *attrs[MOST];
	size_t n_ns, n_attrs;
	bool full;
};

static int compare_ns(const void *a, const void *b)
{
	return strcmp((*(const struct sg_canon_ns *const *)a)->prefix,
	        (*(const struct sg_canon_ns *const *)b)->prefix);
}

static int compare_attrs(const void *a, const void *b)
{
	const struct sg_canon_attr *x = *(const struct sg_canon_attr *const *)a,
	                           *y = *(const struct sg_canon_attr *const *)b;
	int by_space = x->ns == y->ns ? 0 : strcmp(x->ns, y->ns);

	return by_space ? by_space : strcmp(x->name, y->name);
}

/* The nearest declaration of each prefix; one that takes the default away only hides those around it. */
static void add_namespaces(struct apex *apex, const struct sg_canon_elem *e)
{
	for (const struct sg_canon_ns *ns = e->declares; ns; ns = ns->next) {
		bool known = false;

		for (size_t i = 0; i < apex->n_ns && !known; i++)
			known = compare_ns(&apex->ns[i], &ns) == 0;
		if (known)
			continue;
		if (apex->n_ns == MOST)
			apex->full = true;
		else
			apex->ns[apex->n_ns++] = ns;
	}
}

/* Of the elements around: xml:lang and its like; the nearest counts. */
static void add_attrs(struct apex *apex, const struct sg_canon_elem *e, bool around)
{
	for (const struct sg_canon_attr *a = e->attrs; a; a = a->next) {
		bool known = around && memcmp(a->octets.data, " xml:", 5) != 0;

		for (size_t i = 0; around && i < apex->n_attrs && !known; i++)
			known = compare_attrs(&apex->attrs[i], &a) == 0;
		if (known)
			continue;
		if (apex->n_attrs == MOST)
			apex->full = true;
		else
			apex->attrs[apex->n_attrs++] = a;
	}
}

/* What only hides a declaration around it is not written. */
static void drop_hiders(struct apex *apex)
{
	size_t n = 0;

	for (size_t i = 0; i < apex->n_ns; i++)
		if (*apex->ns[i]->name)
			apex->ns[n++] = apex->ns[i];
	apex->n_ns = n;
}

static size_t tag_len(const struct apex *apex, const struct sg_canon_elem *e)
{
	size_t n = e->name_len + 1;

	for (size_t i = 0; i < apex->n_ns; i++)
		n += apex->ns[i]->octets.len;
	for (size_t i = 0; i < apex->n_attrs; i++)
		n += apex->attrs[i]->octets.len;
	return n;
}

static void put_tag(const struct apex *apex, const struct sg_canon_elem *e, struct sg_buf *out)
{
	sg_buf_add(out, e->octets.data, e->name_len);
	for (size_t i = 0; i < apex->n_ns; i++)
		sg_buf_add(out, apex->ns[i]->octets.data, apex->ns[i]->octets.len);
	for (size_t i = 0; i < apex->n_attrs; i++)
		sg_buf_add(out, apex->attrs[i]->octets.data, apex->attrs[i]->octets.len);
	sg_buf_char(out, '>');
}

/* Attributes and declarations of its own tag, which e->nodes counts. */
static size_t own(const struct sg_canon_elem *e)
{
	size_t n = 0;

	for (const struct sg_canon_ns *ns = e->declares; ns; ns = ns->next)
		n++;
	for (const struct sg_canon_attr *a = e->attrs; a; a = a->next)
		n++;
	return n;
}

static int too_much(const struct sg_canon_elem *e, const char *what, struct sg_err *err)
{
	char *name = sg_text_short(e->name, 60);
	int r = sg_fail(err, SG_ELIMIT, "<%s>: with the namespaces around it, %s", name, what);

	free(name);
	return r;
}

int sg_canon_alone(const struct sg_canon_elem *e, const struct sg_xml_limits *limits, struct sg_buf *ret,
        struct sg_err *err)
{
	struct apex apex = { .n_ns = 0 };
	size_t tag, rest = e->octets.len - e->tag_len;

	add_attrs(&apex, e, false);
	add_namespaces(&apex, e);
	for (const struct sg_canon_elem *up = e->parent; up; up = up->parent) {
		add_attrs(&apex, up, true);
		add_namespaces(&apex, up);
	}
	drop_hiders(&apex);
	tag = tag_len(&apex, e);
	if (apex.full || apex.n_ns + apex.n_attrs > limits->attributes)
		return too_much(e, "the tag has too many attributes", err);
	if (tag > limits->tag_bytes)
		return too_much(e, "the tag is too long", err);
	if (tag + rest > limits->bytes || e->nodes - own(e) + apex.n_ns + apex.n_attrs > limits->nodes)
		return too_much(e, "the element is too large", err);
	if (apex.n_ns > 1)
		qsort(apex.ns, apex.n_ns, sizeof *apex.ns, compare_ns);
	if (apex.n_attrs > 1)
		qsort(apex.attrs, apex.n_attrs, sizeof *apex.attrs, compare_attrs);
	sg_buf_clear(ret);
	put_tag(&apex, e, ret);
	sg_buf_add(ret, e->octets.data + e->tag_len, rest);
	return 0;
}
