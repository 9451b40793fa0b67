/* config_style.c - white space: what goes with an element, how a neighbourhood is written, and an element written in that manner.
 *
 * Guarantees: laying out changes no event; a style is taken from the nearest lines, so that a file that mixes newlines or indentation is
 * continued as it is around the place. Linear in the size of the file, at most.
 */
#include "actions/config_internal.h"

#include <stdlib.h>
#include <string.h>

/* Longer white space in front of a line is no indentation that is worth repeating. */
#define INDENT_MAX 256

void sg_style_release(struct sg_style *style)
{
	free(style->indent);
	*style = (struct sg_style){ 0 };
}

/* The newline that ends right before `at`, or NULL. */
static const char *newline_before(const struct sg_cfg *cfg, size_t at)
{
	const unsigned char *d = cfg->octets.data;

	if (at > 0 && d[at - 1] == '\n')
		return at > 1 && d[at - 2] == '\r' ? "\r\n" : "\n";
	return at > 0 && d[at - 1] == '\r' ? "\r" : NULL;
}

static size_t blanks_before(const struct sg_cfg *cfg, size_t at)
{
	while (at > 0 && (cfg->octets.data[at - 1] == ' ' || cfg->octets.data[at - 1] == '\t'))
		at--;
	return at;
}

size_t sg_style_lead(const struct sg_cfg *cfg, size_t at)
{
	size_t from = blanks_before(cfg, at);
	const char *newline = newline_before(cfg, from);

	return newline ? from - strlen(newline) : at;
}

/* Whether the node begins a line; then its newline and indentation. The document's first line counts, when there is another. */
static bool on_own_line(
        const struct sg_cfg *cfg, uint32_t node, const char **newline, struct sg_bytes *indent)
{
	size_t at = cfg->nodes[node].at, from = blanks_before(cfg, at);

	*newline = newline_before(cfg, from);
	if (!*newline && node == cfg->root && memchr(cfg->octets.data, cfg->newline[0], cfg->octets.len)) {
		*newline = cfg->newline;
		from = at;
	}
	if (at - from > INDENT_MAX)
		from = at;
	*indent = sg_cfg_octets(cfg, from, at);
	return *newline;
}

/* The blanks at the beginning of the line that `at` is on. */
static struct sg_bytes line_indent(const struct sg_cfg *cfg, size_t at)
{
	const unsigned char *d = cfg->octets.data;
	size_t from, to;

	for (from = at; from > 0 && d[from - 1] != '\n' && d[from - 1] != '\r';)
		from--;
	for (to = from; to < at && to - from < INDENT_MAX && (d[to] == ' ' || d[to] == '\t');)
		to++;
	return sg_cfg_octets(cfg, from, to);
}

/* What `in` has more than `out`, as the step. */
static void step_between(
        struct sg_style *style, const struct sg_cfg *cfg, struct sg_bytes out, struct sg_bytes in)
{
	size_t more = in.len > out.len ? in.len - out.len : 0;

	if (more && more < sizeof style->step && (!out.len || memcmp(in.data, out.data, out.len) == 0)) {
		memcpy(style->step, in.data + out.len, more);
		style->step[more] = 0;
	} else {
		memcpy(style->step, cfg->indent, sizeof style->step);
	}
}

static bool most_have_blank_slash(const struct sg_cfg *cfg)
{
	size_t with = 0, without = 0;

	for (uint32_t i = 1; i < cfg->n_nodes; i++) {
		if (cfg->nodes[i].type != SG_CFG_ELEMENT || !cfg->nodes[i].self_closed)
			continue;
		if (sg_cfg_space(cfg->octets.data[cfg->nodes[i].end - 3]))
			with++;
		else
			without++;
	}
	return with >= without;
}

static char *indent_dup(struct sg_bytes a, const char *more)
{
	return sg_format("%.*s%s", (int)a.len, (const char *)a.data, more);
}

/* The first child element, or else comment, that begins a line. *any: there is a child other than text. */
static bool child_line(
        const struct sg_cfg *cfg, uint32_t parent, bool *any, const char **newline, struct sg_bytes *indent)
{
	bool comment = false;

	*any = false;
	for (uint32_t n = cfg->nodes[parent].first; n != SG_NONE; n = cfg->nodes[n].next) {
		const char *nl;
		struct sg_bytes in;

		if (cfg->nodes[n].type == SG_CFG_TEXT || cfg->nodes[n].type == SG_CFG_CDATA)
			continue;
		*any = true;
		if ((cfg->nodes[n].type != SG_CFG_ELEMENT && comment) || !on_own_line(cfg, n, &nl, &in))
			continue;
		*newline = nl;
		*indent = in;
		if (cfg->nodes[n].type == SG_CFG_ELEMENT)
			return true;
		comment = true;
	}
	return comment;
}

/* The newline in the parent's own text, or NULL. */
static const char *inner_newline(const struct sg_cfg *cfg, uint32_t parent)
{
	for (uint32_t n = cfg->nodes[parent].first; n != SG_NONE; n = cfg->nodes[n].next) {
		if (cfg->nodes[n].type != SG_CFG_TEXT)
			continue;
		for (size_t i = cfg->nodes[n].at; i < cfg->nodes[n].end; i++)
			if (cfg->octets.data[i] == '\n' ||
			        (cfg->octets.data[i] == '\r' && cfg->octets.data[i + 1] != '\n'))
				return newline_before(cfg, i + 1);
	}
	return NULL;
}

void sg_style_child(const struct sg_cfg *cfg, uint32_t parent, struct sg_style *ret)
{
	struct sg_style style = { .blank_slash = most_have_blank_slash(cfg) };
	const char *newline, *own_newline;
	struct sg_bytes indent, own;
	bool any, own_line = on_own_line(cfg, parent, &own_newline, &own);

	if (!own_line)
		own = line_indent(cfg, cfg->nodes[parent].at);
	if (child_line(cfg, parent, &any, &newline, &indent)) {
		step_between(&style, cfg, own, indent);
		style.newline = newline;
		style.indent = indent_dup(indent, "");
	} else {
		style.newline = inner_newline(cfg, parent);
		if (!style.newline && !any && own_line)
			style.newline = own_newline;
		if (style.newline) {
			struct sg_style parents = { 0 };

			sg_style_node(cfg, parent, &parents);
			memcpy(style.step, parents.step, sizeof style.step);
			style.indent = indent_dup(own, style.step);
			sg_style_release(&parents);
		}
	}
	*ret = style;
}

void sg_style_node(const struct sg_cfg *cfg, uint32_t node, struct sg_style *ret)
{
	struct sg_style style = { .blank_slash = most_have_blank_slash(cfg) };
	uint32_t parent = cfg->nodes[node].parent;
	const char *newline;
	struct sg_bytes indent, outer, inner;
	bool any;

	memcpy(style.step, cfg->indent, sizeof style.step);
	if (on_own_line(cfg, node, &newline, &indent)) {
		style.newline = newline;
		style.indent = indent_dup(indent, "");
		if (child_line(cfg, node, &any, &newline, &inner))
			step_between(&style, cfg, indent, inner);
		else if (parent != SG_NONE && parent != 0 && on_own_line(cfg, parent, &newline, &outer))
			step_between(&style, cfg, outer, indent);
	}
	*ret = style;
}

void sg_style_write_lead(const struct sg_style *style, struct sg_buf *out)
{
	if (!style->newline)
		return;
	sg_buf_str(out, style->newline);
	sg_buf_str(out, style->indent);
}

struct writer {
	const struct sg_style *style;
	const struct sg_cfg *cfg;
	struct sg_buf *out;
};

static void new_line(const struct writer *w, unsigned depth)
{
	if (!w->style->newline)
		return;
	sg_style_write_lead(w->style, w->out);
	while (depth--)
		sg_buf_str(w->out, w->style->step);
}

/* Octets as they are, but for their ends of line: to a reader of XML, all of them are LF. */
static void verbatim(const struct writer *w, size_t at, size_t end)
{
	const unsigned char *d = w->cfg->octets.data;

	for (; at < end; at++) {
		if (w->style->newline && (d[at] == '\n' || d[at] == '\r')) {
			sg_buf_str(w->out, w->style->newline);
			if (d[at] == '\r' && at + 1 < end && d[at + 1] == '\n')
				at++;
		} else {
			sg_buf_add(w->out, d + at, 1);
		}
	}
}

static bool has_text(const struct sg_cfg *cfg, uint32_t node)
{
	for (uint32_t n = cfg->nodes[node].first; n != SG_NONE; n = cfg->nodes[n].next)
		if (cfg->nodes[n].type == SG_CFG_CDATA ||
		        (cfg->nodes[n].type == SG_CFG_TEXT && !sg_cfg_blank(cfg, n)))
			return true;
	return false;
}

static void write_element(const struct writer *w, uint32_t node, unsigned depth)
{
	const struct sg_cfg_node *n = &w->cfg->nodes[node];

	sg_buf_add(w->out, w->cfg->octets.data + n->at, 1 + n->name_len);
	for (uint32_t i = n->attr; i < n->attr + n->n_attrs; i++) {
		const struct sg_cfg_attr *a = &w->cfg->attrs[i];

		sg_buf_fmt(w->out, " %.*s=%c", (int)a->name_len,
		        (const char *)w->cfg->octets.data + a->name_at, a->quote);
		sg_buf_add(w->out, w->cfg->octets.data + a->value_at, a->value_len);
		sg_buf_char(w->out, a->quote);
	}
	if (sg_cfg_is_empty(w->cfg, node)) {
		sg_buf_str(w->out, w->style->blank_slash ? " />" : "/>");
		return;
	}
	sg_buf_char(w->out, '>');
	if (has_text(w->cfg, node)) {
		verbatim(w, n->open_end, n->close_at);
	} else {
		for (uint32_t c = n->first; c != SG_NONE; c = w->cfg->nodes[c].next) {
			if (w->cfg->nodes[c].type == SG_CFG_TEXT)
				continue;
			new_line(w, depth + 1);
			if (w->cfg->nodes[c].type == SG_CFG_ELEMENT)
				write_element(w, c, depth + 1);
			else
				verbatim(w, w->cfg->nodes[c].at, w->cfg->nodes[c].end);
		}
		new_line(w, depth);
	}
	sg_buf_fmt(w->out, "</%.*s>", (int)n->name_len, (const char *)w->cfg->octets.data + n->name_at);
}

int sg_style_write(
        const struct sg_style *style, struct sg_bytes octets, struct sg_buf *out, struct sg_err *err)
{
	struct sg_cfg cfg = { 0 };
	struct writer w = { .style = style, .cfg = &cfg, .out = out };
	int rc = sg_cfg_fragment(octets, &cfg, err);

	if (rc < 0)
		return rc;
	write_element(&w, cfg.root, 0);
	sg_cfg_release(&cfg);
	return 0;
}
