/* config_scaffold.c - making, opening, shutting and taking out the elements that others stand in.
 *
 * Guarantees that nothing is taken out or shut that has anything inside but white space, or that has an attribute which is not ours.
 */
#include "actions/config_internal.h"

#include <stdlib.h>
#include <string.h>

/* Whether the octets are of a whole element, and then what it is. */
static bool is_whole(struct sg_bytes octets, struct sg_cfg *ret)
{
	return octets.len && sg_cfg_fragment(octets, ret, NULL) == 0;
}

static bool same_tag(const struct sg_cfg *a, uint32_t na, const struct sg_cfg *b, uint32_t nb)
{
	const struct sg_cfg_node *x = &a->nodes[na], *y = &b->nodes[nb];
	char *name = sg_cfg_name(b, nb);
	bool same = sg_cfg_is(a, na, name) && x->n_attrs == y->n_attrs;

	free(name);
	for (uint32_t i = 0; same && i < x->n_attrs; i++)
		same = sg_bytes_equal(sg_cfg_octets(a, a->attrs[x->attr + i].name_at,
		                              a->attrs[x->attr + i].name_at + a->attrs[x->attr + i].name_len),
		               sg_cfg_octets(b, b->attrs[y->attr + i].name_at,
		                       b->attrs[y->attr + i].name_at + b->attrs[y->attr + i].name_len)) &&
		       strcmp(a->attrs[x->attr + i].value, b->attrs[y->attr + i].value) == 0;
	return same;
}

static void escaped(struct sg_buf *out, const char *value)
{
	for (const char *s = value; *s; s++) {
		if (*s == '&')
			sg_buf_str(out, "&amp;");
		else if (*s == '<')
			sg_buf_str(out, "&lt;");
		else if (*s == '"')
			sg_buf_str(out, "&quot;");
		else if (*s == '\t' || *s == '\n' || *s == '\r')
			sg_buf_fmt(out, "&#x%X;", (unsigned)*s);
		else
			sg_buf_char(out, *s);
	}
}

static void end_tag(struct sg_buf *out, const struct sg_style *style, const char *name)
{
	sg_style_write_lead(style, out);
	sg_buf_fmt(out, "</%s>", name);
}

static int scaffold_in(struct sg_edit *e, struct sg_err *err)
{
	const struct sg_path_step *step = &e->path.steps[e->path.n - 1];
	struct sg_bytes lead = sg_edit_lead(e->to);
	struct sg_style style = { 0 };
	struct sg_cfg whole = { 0 };
	uint32_t parent;
	size_t at;
	int rc = sg_cfg_parent(&e->cfg, e->addr, &e->path, &parent, err);

	if (rc == 0)
		rc = sg_edit_may_add(e, parent, err);
	if (rc < 0)
		return rc;
	at = sg_cfg_place_scaffold(&e->cfg, parent, step->name);
	sg_edit_splice(e, at, at);
	sg_style_child(&e->cfg, parent, &style);
	if (lead.len)
		sg_buf_add(&e->in, lead.data, lead.len);
	else
		sg_style_write_lead(&style, &e->in);
	if (is_whole(sg_buf_bytes(&e->to->octets), &whole)) {
		sg_buf_add(&e->in, e->to->octets.data, e->to->octets.len);
	} else {
		sg_buf_fmt(&e->in, "<%s", step->name);
		for (size_t i = 0; i < step->n; i++) {
			sg_buf_fmt(&e->in, " %s=\"", step->preds[i].name);
			escaped(&e->in, step->preds[i].value);
			sg_buf_char(&e->in, '"');
		}
		sg_buf_char(&e->in, '>');
		e->opened = true;
		end_tag(&e->in, &style, step->name);
	}
	sg_cfg_release(&whole);
	sg_style_release(&style);
	return 0;
}

/* A shut one gets a start tag and an end tag, in place. */
static int scaffold_open(struct sg_edit *e, struct sg_err *err)
{
	const struct sg_cfg_node *n = &e->cfg.nodes[e->node];
	struct sg_style style = { 0 };
	size_t end = n->open_end;
	char *name;
	int rc = sg_edit_may_add(e, e->node, err);

	if (rc < 0)
		return rc;
	if (n->self_closed) {
		end -= 2;
		while (sg_cfg_space(e->cfg.octets.data[end - 1]))
			end--;
		sg_buf_add(&e->in, e->cfg.octets.data + n->at, end - n->at);
		sg_buf_char(&e->in, '>');
	} else {
		sg_buf_add(&e->in, e->cfg.octets.data + n->at, end - n->at);
	}
	sg_style_node(&e->cfg, e->node, &style);
	name = sg_cfg_name(&e->cfg, e->node);
	end_tag(&e->in, &style, name);
	free(name);
	e->opened = true;
	/* In a line with others, two tags are open enough. */
	if (n->self_closed || style.newline)
		sg_edit_splice(e, n->at, n->end);
	sg_style_release(&style);
	return 0;
}

/* Of all elements that the address means, the last that is ours alone: empty, and with the tag that it had or that we made. */
static uint32_t ours_alone(const struct sg_edit *e, const struct sg_cfg *before)
{
	struct sg_cfg_set found = { 0 };
	uint32_t node = SG_NONE;

	sg_path_find(&e->cfg, &e->path, e->path.n, &found);
	for (size_t i = 0; i < found.n; i++)
		if (sg_cfg_is_empty(&e->cfg, found.at[i]) &&
		        (before ? same_tag(&e->cfg, found.at[i], before, before->root)
		                : sg_cfg_is_plain(&e->cfg, found.at[i], &e->path)))
			node = found.at[i];
	sg_cfg_set_release(&found);
	return node;
}

int sg_edit_scaffold(struct sg_edit *e, struct sg_err *err)
{
	struct sg_cfg before = { 0 };
	bool whole = e->to->present && is_whole(sg_buf_bytes(&e->to->octets), &before);
	uint32_t node;
	int rc = 0;

	if (e->to->present && e->node == SG_NONE) {
		rc = scaffold_in(e, err);
	} else if (e->to->present && !whole) {
		if (sg_cfg_is_shut(&e->cfg, e->node))
			rc = scaffold_open(e, err);
	} else if (e->node != SG_NONE) {
		node = ours_alone(e, whole ? &before : NULL);
		if (node == SG_NONE) {
			e->result = SG_EDIT_KEPT_FOREIGN;
		} else if (!whole) {
			sg_edit_take_out(e, node);
		} else if (!sg_bytes_equal(
		                   sg_cfg_octets(&e->cfg, e->cfg.nodes[node].at, e->cfg.nodes[node].end),
		                   sg_buf_bytes(&e->to->octets))) {
			sg_buf_add(&e->in, e->to->octets.data, e->to->octets.len);
			sg_edit_splice(e, e->cfg.nodes[node].at, e->cfg.nodes[node].end);
		}
	}
	sg_cfg_release(&before);
	return rc;
}
