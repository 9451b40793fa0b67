/* config_edit.c - the splices: one value of one file from what it is to what it shall be.
 *
 * Guarantees that every edit replaces one run of octets and touches no other, that the result has been read again (sg_cfg_between) and compared
 * with what was there (config_referee.c), and that on failure the octets are as they were. Knows nothing of mitigations and holds.
 *
 * Why give-back is exact: whatever is put in stands right behind a '>' and begins with its own newline and indentation (or with nothing, in a
 * line that holds several elements), so that taking it out together with the newline and indentation before it leaves what was there, in
 * whatever order several of them leave. Scaffolds that were shut keep their octets in the journal and come back whole.
 */
#include "actions/config_internal.h"

#include <stdlib.h>
#include <string.h>

void sg_edit_splice(struct sg_edit *e, size_t at, size_t end)
{
	e->needed = true;
	e->at = at;
	e->end = end;
}

struct sg_bytes sg_edit_lead(const struct sg_content *to)
{
	struct sg_bytes lead = sg_buf_bytes(&to->lead);
	size_t i = lead.len;

	for (size_t k = 0; k < lead.len; k++)
		if (!sg_cfg_space(lead.data[k]))
			return (struct sg_bytes){ 0 };
	while (i > 0 && lead.data[i - 1] != '\n' && lead.data[i - 1] != '\r')
		i--;
	if (i == 0)
		return (struct sg_bytes){ 0 };
	i--;
	if (i > 0 && lead.data[i] == '\n' && lead.data[i - 1] == '\r')
		i--;
	return (struct sg_bytes){ lead.data + i, lead.len - i };
}

int sg_edit_may_add(const struct sg_edit *e, uint32_t parent, struct sg_err *err)
{
	static const char *const not_own[] = { "configSource", "configProtectionProvider" };

	for (uint32_t n = parent; n != 0; n = e->cfg.nodes[n].parent)
		for (size_t i = 0; i < sizeof not_own / sizeof *not_own; i++)
			if (sg_cfg_find_attr(&e->cfg, n, not_own[i]) != SG_NONE)
				return sg_fail(err, SG_EUNSUPPORTED,
				        "%s:%u: the element has the attribute %s; what stands in it is not "
				        "edited",
				        e->name, e->cfg.nodes[n].line, not_own[i]);
	return 0;
}

void sg_edit_take_out(struct sg_edit *e, uint32_t node)
{
	sg_edit_splice(e, sg_style_lead(&e->cfg, e->cfg.nodes[node].at), e->cfg.nodes[node].end);
}

static int element_in(struct sg_edit *e, struct sg_err *err)
{
	struct sg_bytes lead = sg_edit_lead(e->to);
	struct sg_style style = { 0 };
	bool stood = false; /* it was there before, as it is given, in the middle of a line, too */
	uint32_t parent;
	size_t at;
	int rc = sg_cfg_parent(&e->cfg, e->addr, &e->path, &parent, err);

	if (rc == 0)
		rc = sg_edit_may_add(e, parent, err);
	if (rc < 0)
		return rc;
	at = sg_cfg_place_element(&e->cfg, parent, e->to->after);
	if (e->to->after)
		sg_content_anchor(e->to->after, &stood);
	if (lead.len || stood) {
		sg_buf_add(&e->in, lead.data, lead.len);
		sg_buf_add(&e->in, e->to->octets.data, e->to->octets.len);
	} else {
		sg_style_child(&e->cfg, parent, &style);
		sg_style_write_lead(&style, &e->in);
		rc = sg_style_write(&style, sg_buf_bytes(&e->to->octets), &e->in, err);
		sg_style_release(&style);
	}
	sg_edit_splice(e, at, at);
	return rc;
}

/* In place; the lead stays. A content without a lead is a wish and is laid out, but not where the element begins no line: there a lead is empty
 * for what was there before, too, and those octets have to come back as they were. */
static int element_over(struct sg_edit *e, struct sg_err *err)
{
	const struct sg_cfg_node *n = &e->cfg.nodes[e->node];
	struct sg_bytes now = sg_cfg_octets(&e->cfg, n->at, n->end);
	struct sg_style style = { 0 };
	int rc = 0;

	if (e->to->lead.len || sg_style_lead(&e->cfg, n->at) == n->at) {
		if (sg_bytes_equal(now, sg_buf_bytes(&e->to->octets)))
			return 0;
		sg_buf_add(&e->in, e->to->octets.data, e->to->octets.len);
	} else {
		if (sg_cfg_same_octets(now, sg_buf_bytes(&e->to->octets)))
			return 0;
		sg_style_node(&e->cfg, e->node, &style);
		rc = sg_style_write(&style, sg_buf_bytes(&e->to->octets), &e->in, err);
		sg_style_release(&style);
	}
	sg_edit_splice(e, n->at, n->end);
	return rc;
}

static int plan_element(struct sg_edit *e, struct sg_err *err)
{
	if (e->to->present)
		return e->node == SG_NONE ? element_in(e, err) : element_over(e, err);
	if (e->node != SG_NONE)
		sg_edit_take_out(e, e->node);
	return 0;
}

/* A raw value for that kind of quote. */
static void add_raw(struct sg_buf *out, const struct sg_buf *raw, char quote)
{
	for (size_t i = 0; i < raw->len; i++) {
		if (raw->data[i] == (unsigned char)quote)
			sg_buf_str(out, quote == '"' ? "&quot;" : "&apos;");
		else
			sg_buf_add(out, raw->data + i, 1);
	}
}

static int attribute_in(struct sg_edit *e, struct sg_err *err)
{
	const struct sg_cfg_node *n = &e->cfg.nodes[e->node];
	const struct sg_buf *lead = &e->to->lead;
	size_t at = n->name_at + n->name_len;
	uint32_t behind = n->n_attrs ? n->attr + n->n_attrs - 1 : SG_NONE;
	char quote = lead->len ? (char)lead->data[lead->len - 1] : '"';
	int rc = sg_edit_may_add(e, e->node, err);

	if (e->to->after && *e->to->after && sg_cfg_find_attr(&e->cfg, e->node, e->to->after) != SG_NONE)
		behind = sg_cfg_find_attr(&e->cfg, e->node, e->to->after);
	else if (e->to->after && !*e->to->after)
		behind = SG_NONE;
	if (behind != SG_NONE)
		at = e->cfg.attrs[behind].value_at + e->cfg.attrs[behind].value_len + 1;
	if (lead->len)
		sg_buf_add(&e->in, lead->data, lead->len);
	else
		sg_buf_fmt(&e->in, " %s=\"", e->path.attr);
	add_raw(&e->in, &e->to->octets, quote);
	sg_buf_char(&e->in, quote);
	sg_edit_splice(e, at, at);
	return rc;
}

static int plan_attribute(struct sg_edit *e, struct sg_err *err)
{
	const struct sg_cfg_attr *a;
	uint32_t i;
	size_t at;

	if (e->node == SG_NONE)
		return sg_fail(err, SG_ENOENT, "%s: there is no element for %s", e->name, e->addr->path);
	i = sg_cfg_find_attr(&e->cfg, e->node, e->path.attr);
	if (i == SG_NONE)
		return e->to->present ? attribute_in(e, err) : 0;
	a = &e->cfg.attrs[i];
	if (e->to->present) {
		add_raw(&e->in, &e->to->octets, a->quote);
		if (!sg_bytes_equal(sg_buf_bytes(&e->in),
		            sg_cfg_octets(&e->cfg, a->value_at, a->value_at + a->value_len)))
			sg_edit_splice(e, a->value_at, a->value_at + a->value_len);
		return 0;
	}
	for (at = a->name_at; sg_cfg_space(e->cfg.octets.data[at - 1]);)
		at--;
	sg_edit_splice(e, at, a->value_at + a->value_len + 1);
	return 0;
}

static int plan(struct sg_edit *e, struct sg_err *err)
{
	int rc;

	if (e->addr->kind == SG_VALUE_SERVICE ||
	        (e->addr->kind == SG_VALUE_ATTRIBUTE) != (e->path.attr != NULL))
		return sg_fail(err, SG_EINVAL, "'%s' is not an address of that kind of value", e->addr->path);
	rc = sg_cfg_locate(&e->cfg, e->addr, &e->path, &e->node, err);
	if (rc < 0)
		return rc;
	if (e->addr->kind == SG_VALUE_ELEMENT)
		return plan_element(e, err);
	return e->addr->kind == SG_VALUE_SCAFFOLD ? sg_edit_scaffold(e, err) : plan_attribute(e, err);
}

/* That the value now is what was wanted: what came as octets from elsewhere might be something else than its address says. */
static int proven(
        const struct sg_edit *e, const struct sg_cfg *now, struct sg_content *ret, struct sg_err *err)
{
	struct sg_content is = { 0 };
	int rc = sg_cfg_look(now, e->addr, &is, err);

	if (rc == 0 && e->addr->kind != SG_VALUE_SCAFFOLD && !sg_content_same(e->addr->kind, &is, e->to))
		rc = sg_fail(err, SG_EINVAL, "%s: the content for %s is not what its address says", e->name,
		        e->addr->path);
	if (rc < 0)
		sg_content_release(&is);
	else
		*ret = is;
	return rc;
}

/* Splices, reads the result again, and lets the referee compare. */
static int carry_out(
        struct sg_edit *e, struct sg_buf *octets, struct sg_content *ret_written, struct sg_err *err)
{
	struct sg_content written = { 0 };
	struct sg_buf out = { 0 };
	struct sg_cfg now = { 0 };
	int rc;

	sg_buf_add(&out, octets->data, e->at);
	sg_buf_add(&out, e->in.data, e->in.len);
	sg_buf_add(&out, octets->data + e->end, octets->len - e->end);
	rc = sg_cfg_between(sg_buf_bytes(&out), e->name, &now, err);
	if (rc == 0)
		rc = proven(e, &now, &written, err);
	if (rc == 0)
		rc = sg_cfg_compare(&e->cfg, &now, e->name, e->addr, 1, err);
	if (rc < 0) {
		sg_cfg_release(&now);
		sg_content_release(&written);
		sg_buf_release(&out);
	} else {
		*ret_written = written;
		sg_cfg_release(&e->cfg);
		e->cfg = now;
		sg_buf_release(octets);
		*octets = out;
	}
	return rc;
}

/* What was written of a scaffold that has nothing inside yet: in one line, it would read as shut. */
static void start_tag_only(struct sg_content *written)
{
	const unsigned char *end = memchr(written->octets.data, '<', 1);
	char quote = 0;
	size_t i;

	for (i = 0; end && i < written->octets.len; i++) {
		char c = (char)written->octets.data[i];

		if (quote)
			quote = c == quote ? 0 : quote;
		else if (c == '"' || c == '\'')
			quote = c;
		else if (c == '>')
			break;
	}
	if (i < written->octets.len)
		sg_buf_cut(&written->octets, i + 1, written->octets.len - i - 1);
}

int sg_cfg_set_next(struct sg_buf *octets, struct sg_cfg *cfg, const char *name, const struct sg_addr *addr,
        const struct sg_content *to, struct sg_content *ret_written, enum sg_edit_result *ret,
        struct sg_err *err)
{
	struct sg_edit e = {
		.name = name, .addr = addr, .to = to, .cfg = *cfg, .node = SG_NONE, .result = SG_EDIT_ALREADY
	};
	struct sg_content written = { 0 };
	int rc = sg_path_parse(addr->path, &e.path, err);

	if (rc == 0 && !e.cfg.nodes)
		rc = sg_cfg_between(sg_buf_bytes(octets), name, &e.cfg, err);
	if (rc == 0)
		rc = plan(&e, err);
	if (rc == 0 && e.needed) {
		rc = carry_out(&e, octets, &written, err);
		e.result = SG_EDIT_DONE;
	} else if (rc == 0) {
		rc = sg_cfg_look(&e.cfg, addr, &written, err);
	}
	if (rc == 0 && e.opened)
		start_tag_only(&written);
	if (rc == 0 && ret_written)
		*ret_written = written;
	else
		sg_content_release(&written);
	if (rc == 0)
		*ret = e.result;
	*cfg = e.cfg;
	sg_buf_release(&e.in);
	sg_path_release(&e.path);
	return rc;
}

int sg_cfg_set(struct sg_buf *octets, const char *name, const struct sg_addr *addr,
        const struct sg_content *to, struct sg_content *ret_written, enum sg_edit_result *ret,
        struct sg_err *err)
{
	struct sg_cfg cfg = { 0 };
	int rc = sg_cfg_set_next(octets, &cfg, name, addr, to, ret_written, ret, err);

	sg_cfg_release(&cfg);
	return rc;
}

struct span {
	size_t at, end;
	bool goes;
};

static int by_place(const void *a, const void *b)
{
	const struct span *x = a, *y = b;

	return x->at < y->at ? -1 : x->at > y->at;
}

/* Whether a CR and an LF become one newline when what was between them is gone: an element behind it that goes later takes all of it along. */
static bool makes_newline(const struct sg_buf *before, const struct sg_buf *octets, size_t end)
{
	return before->len && end < octets->len && before->data[before->len - 1] == '\r' &&
	       octets->data[end] == '\n';
}

/* The element with the newline and indentation before it. False: what is taken out before it could change where it begins, or whether it is there. */
static int span_of(const struct sg_cfg *cfg, const struct sg_addr *addr, struct span *ret, bool *ret_well,
        struct sg_err *err)
{
	struct sg_path path = { 0 };
	uint32_t node = SG_NONE;
	int rc = sg_path_parse(addr->path, &path, err);

	if (rc == 0)
		rc = sg_cfg_locate(cfg, addr, &path, &node, err);
	*ret_well = false;
	if (rc == 0 && node != SG_NONE) {
		const struct sg_cfg_node *is = &cfg->nodes[node];

		*ret = (struct span){ sg_style_lead(cfg, is->at), is->end, addr->kind == SG_VALUE_ELEMENT };
		*ret_well = ret->at < is->at;
	}
	sg_path_release(&path);
	return rc;
}

int sg_cfg_take_out(struct sg_buf *octets, const char *name, const struct sg_addr *const *addrs, size_t n,
        bool *ret, struct sg_err *err)
{
	struct span *spans = sg_alloc((n + 1) * sizeof *spans);
	struct sg_buf out = { 0 };
	struct sg_cfg cfg = { 0 };
	bool well = true;
	size_t from = 0;
	int rc = sg_cfg_between(sg_buf_bytes(octets), name, &cfg, err);

	for (size_t i = 0; rc == 0 && well && i < n; i++) {
		well = addrs[i]->kind == SG_VALUE_ELEMENT || addrs[i]->kind == SG_VALUE_SCAFFOLD;
		if (well)
			rc = span_of(&cfg, addrs[i], &spans[i], &well, err);
	}
	if (rc < 0 || !well)
		goto out;
	qsort(spans, n, sizeof *spans, by_place);
	for (size_t i = 0; well && i < n; i++) {
		well = spans[i].at >= from;
		if (!well || !spans[i].goes)
			continue;
		well = !makes_newline(&out, octets, spans[i].end);
		sg_buf_add(&out, octets->data + from, spans[i].at - from);
		from = spans[i].end;
	}
	if (well) {
		sg_buf_add(&out, octets->data + from, octets->len - from);
		sg_buf_release(octets);
		*octets = out;
		out = (struct sg_buf){ 0 };
	}
out:
	if (rc == 0)
		*ret = well;
	sg_cfg_release(&cfg);
	sg_buf_release(&out);
	free(spans);
	return rc;
}
