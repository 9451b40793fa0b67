/* config_same.c - whether two elements mean the same: names, attributes with their values, children in order, text.
 *
 * White space between tags, comments, processing instructions, quotes, references and the order of attributes do not count.
 */
#include "actions/config_internal.h"

#include <string.h>

/* The run of text and CDATA that begins at *n, decoded; *n is then the next element, or SG_NONE. Comments do not end the run. */
static void text_run(const struct sg_cfg *c, uint32_t *n, struct sg_buf *out)
{
	bool blank = true;

	sg_buf_clear(out);
	for (; *n != SG_NONE && c->nodes[*n].type != SG_CFG_ELEMENT; *n = c->nodes[*n].next) {
		const struct sg_cfg_node *node = &c->nodes[*n];

		if (node->type == SG_CFG_CDATA) {
			sg_buf_add(out, c->octets.data + node->at + 9, node->end - node->at - 12);
			blank = false;
		} else if (node->type == SG_CFG_TEXT) {
			struct sg_bytes raw = sg_cfg_octets(c, node->at, node->end);
			unsigned char dec[4];
			size_t len;

			blank = blank && sg_cfg_blank(c, *n);
			for (size_t i = 0; i < raw.len;) {
				size_t took = sg_cfg_decode(raw, i, false, dec, &len);

				sg_buf_add(out, took ? dec : raw.data + i, took ? len : 1);
				i += took ? took : 1;
			}
		}
	}
	if (blank)
		sg_buf_clear(out);
}

static bool same_attrs(
        const struct sg_cfg *a, const struct sg_cfg_node *na, const struct sg_cfg *b, uint32_t nb)
{
	if (na->n_attrs != b->nodes[nb].n_attrs)
		return false;
	for (uint32_t i = na->attr; i < na->attr + na->n_attrs; i++) {
		const struct sg_cfg_attr *at = &a->attrs[i];
		bool found = false;

		for (uint32_t k = b->nodes[nb].attr; !found && k < b->nodes[nb].attr + b->nodes[nb].n_attrs;
		        k++) {
			const struct sg_cfg_attr *bt = &b->attrs[k];

			found = at->name_len == bt->name_len &&
			        memcmp(a->octets.data + at->name_at, b->octets.data + bt->name_at,
			                at->name_len) == 0 &&
			        strcmp(at->value, bt->value) == 0;
		}
		if (!found)
			return false;
	}
	return true;
}

static bool same(const struct sg_cfg *a, uint32_t na, const struct sg_cfg *b, uint32_t nb, struct sg_buf *ta,
        struct sg_buf *tb)
{
	const struct sg_cfg_node *x = &a->nodes[na], *y = &b->nodes[nb];
	uint32_t i, k;

	if (x->type != SG_CFG_ELEMENT || y->type != SG_CFG_ELEMENT || x->name_len != y->name_len ||
	        memcmp(a->octets.data + x->name_at, b->octets.data + y->name_at, x->name_len) != 0 ||
	        !same_attrs(a, x, b, nb))
		return false;
	i = x->first;
	k = y->first;
	for (;;) {
		text_run(a, &i, ta);
		text_run(b, &k, tb);
		if (!sg_bytes_equal(sg_buf_bytes(ta), sg_buf_bytes(tb)) || (i == SG_NONE) != (k == SG_NONE))
			return false;
		if (i == SG_NONE)
			return true;
		if (!same(a, i, b, k, ta, tb)) /* as deep as sg_xml_config_limits allows */
			return false;
		i = a->nodes[i].next;
		k = b->nodes[k].next;
	}
}

bool sg_cfg_same(const struct sg_cfg *a, uint32_t na, const struct sg_cfg *b, uint32_t nb)
{
	struct sg_buf ta = { 0 }, tb = { 0 };
	bool equal = same(a, na, b, nb, &ta, &tb);

	sg_buf_release(&ta);
	sg_buf_release(&tb);
	return equal;
}

bool sg_cfg_same_octets(struct sg_bytes a, struct sg_bytes b)
{
	struct sg_cfg ca = { 0 }, cb = { 0 };
	bool equal = sg_bytes_equal(a, b);

	if (!equal && sg_cfg_fragment(a, &ca, NULL) == 0 && sg_cfg_fragment(b, &cb, NULL) == 0)
		equal = sg_cfg_same(&ca, ca.root, &cb, cb.root);
	sg_cfg_release(&ca);
	sg_cfg_release(&cb);
	return equal;
}
