/* canon_alone.c - looking into a canonical tree, and one element of it as a document of its own. */
#include "base/canon.h"

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
	int by_space = strcmp(x->ns, y->ns);

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

static void put_tag(const struct apex *apex, const struct sg_canon_elem *e, struct sg_buf *out)
{
	sg_buf_add(out, e->octets.data, e->name_len);
	for (size_t i = 0; i < apex->n_ns; i++)
		if (*apex->ns[i]->name)
			sg_buf_add(out, apex->ns[i]->octets.data, apex->ns[i]->octets.len);
	for (size_t i = 0; i < apex->n_attrs; i++)
		sg_buf_add(out, apex->attrs[i]->octets.data, apex->attrs[i]->octets.len);
	sg_buf_char(out, '>');
}

int sg_canon_alone(const struct sg_canon_elem *e, const struct sg_xml_limits *limits, struct sg_buf *ret,
        struct sg_err *err)
{
	struct apex apex = { .n_ns = 0 };
	size_t tag;

	add_attrs(&apex, e, false);
	add_namespaces(&apex, e);
	for (const struct sg_canon_elem *up = e->parent; up; up = up->parent) {
		add_attrs(&apex, up, true);
		add_namespaces(&apex, up);
	}
	if (apex.n_ns > 1)
		qsort(apex.ns, apex.n_ns, sizeof *apex.ns, compare_ns);
	if (apex.n_attrs > 1)
		qsort(apex.attrs, apex.n_attrs, sizeof *apex.attrs, compare_attrs);
	sg_buf_clear(ret);
	put_tag(&apex, e, ret);
	tag = ret->len;
	sg_buf_add(ret, e->octets.data + e->tag_len, e->octets.len - e->tag_len);
	if (apex.full || apex.n_ns + apex.n_attrs > limits->attributes)
		return sg_fail(err, SG_ELIMIT,
		        "<%s>: with the namespaces around it, the tag has too many attributes", e->name);
	if (tag > limits->tag_bytes)
		return sg_fail(
		        err, SG_ELIMIT, "<%s>: with the namespaces around it, the tag is too long", e->name);
	if (ret->len > limits->bytes || e->nodes + apex.n_ns + apex.n_attrs > limits->nodes)
		return sg_fail(err, SG_ELIMIT,
		        "<%s>: with the namespaces around it, the element is too large", e->name);
	return 0;
}
