/* config_look.c - what stands at an address, and whether two contents mean the same. Changes nothing. */
#include "actions/config_internal.h"

#include <stdlib.h>
#include <string.h>

bool sg_cfg_is_shut(const struct sg_cfg *cfg, uint32_t node)
{
	return cfg->nodes[node].self_closed || cfg->nodes[node].open_end == cfg->nodes[node].close_at;
}

/* The name of the element in front of `node`: "" when it is the first, NULL when it cannot be named. Where its place does not follow from that alone,
 * because something stands between the two or the element begins no line, the octets between are counted: "rule[@name='x']+12". */
static char *sibling_before(const struct sg_cfg *cfg, uint32_t node, size_t lead)
{
	uint32_t parent = cfg->nodes[node].parent, before = SG_NONE;
	char *step, *counted;
	size_t end;

	for (uint32_t n = sg_cfg_first_element(cfg, parent); n != node; n = sg_cfg_next_element(cfg, n))
		before = n;
	end = before == SG_NONE ? cfg->nodes[parent].open_end : cfg->nodes[before].end;
	step = before == SG_NONE ? sg_strdup("") : sg_path_of(cfg, before);
	if (!step || !parent || (end == lead && lead < cfg->nodes[node].at))
		return step;
	counted = sg_format("%s+%zu", step, lead - end);
	free(step);
	return counted;
}

void sg_cfg_content(const struct sg_cfg *cfg, uint32_t node, bool start_tag_only, struct sg_content *ret)
{
	const struct sg_cfg_node *n = &cfg->nodes[node];
	size_t lead = sg_style_lead(cfg, n->at);
	struct sg_content c = { .present = true };

	sg_buf_add(&c.octets, cfg->octets.data + n->at, (start_tag_only ? n->open_end : n->end) - n->at);
	sg_buf_add(&c.lead, cfg->octets.data + lead, n->at - lead);
	c.after = sibling_before(cfg, node, lead);
	*ret = c;
}

static int several(const struct sg_cfg *cfg, const struct sg_addr *addr, const struct sg_cfg_set *found,
        struct sg_err *err)
{
	return sg_fail(err, SG_ECONFLICT, "%s: lines %u and %u both have %s",
	        addr->container ? addr->container : "the file", cfg->nodes[found->at[0]].line,
	        cfg->nodes[found->at[1]].line, addr->path);
}

int sg_cfg_locate(const struct sg_cfg *cfg, const struct sg_addr *addr, const struct sg_path *path,
        uint32_t *ret, struct sg_err *err)
{
	struct sg_cfg_set found = { 0 };
	uint32_t node = SG_NONE;
	int rc = 0;

	sg_path_find(cfg, path, path->n, &found);
	if (addr->kind != SG_VALUE_SCAFFOLD && found.n > 1)
		rc = several(cfg, addr, &found, err);
	for (size_t i = 0; i < found.n; i++)
		if (node == SG_NONE || !sg_cfg_is_shut(cfg, found.at[i]) || sg_cfg_is_shut(cfg, node))
			node = found.at[i];
	sg_cfg_set_release(&found);
	if (rc == 0)
		*ret = node;
	return rc;
}

static int look_attribute(const struct sg_cfg *cfg, const struct sg_addr *addr, const struct sg_path *path,
        uint32_t node, struct sg_content *ret, struct sg_err *err)
{
	struct sg_content c = { 0 };
	const struct sg_cfg_attr *a;
	uint32_t i;
	size_t before;

	if (node == SG_NONE)
		return sg_fail(err, SG_ENOENT, "%s: there is no element for %s",
		        addr->container ? addr->container : "the file", addr->path);
	i = sg_cfg_find_attr(cfg, node, path->attr);
	if (i != SG_NONE) {
		bool first = i == cfg->nodes[node].attr;

		a = &cfg->attrs[i];
		before = first ? cfg->nodes[node].name_at + cfg->nodes[node].name_len
		               : a[-1].value_at + a[-1].value_len + 1;
		c.present = true;
		sg_buf_add(&c.octets, cfg->octets.data + a->value_at, a->value_len);
		sg_buf_add(&c.lead, cfg->octets.data + before, a->value_at - before);
		c.after = first ? sg_strdup("")
		                : sg_strndup((const char *)cfg->octets.data + a[-1].name_at, a[-1].name_len);
	}
	*ret = c;
	return 0;
}

int sg_cfg_look(
        const struct sg_cfg *cfg, const struct sg_addr *addr, struct sg_content *ret, struct sg_err *err)
{
	struct sg_path path = { 0 };
	uint32_t node;
	int rc;

	rc = sg_path_parse(addr->path, &path, err);
	if (rc < 0)
		return rc;
	if (addr->kind == SG_VALUE_SERVICE || (addr->kind == SG_VALUE_ATTRIBUTE) != (path.attr != NULL))
		rc = sg_fail(err, SG_EINVAL, "'%s' is not an address of that kind of value", addr->path);
	if (rc == 0)
		rc = sg_cfg_locate(cfg, addr, &path, &node, err);
	if (rc == 0 && addr->kind == SG_VALUE_ATTRIBUTE)
		rc = look_attribute(cfg, addr, &path, node, ret, err);
	else if (rc == 0 && node == SG_NONE)
		*ret = (struct sg_content){ 0 };
	else if (rc == 0)
		sg_cfg_content(cfg, node, addr->kind == SG_VALUE_SCAFFOLD && !sg_cfg_is_shut(cfg, node), ret);
	sg_path_release(&path);
	return rc;
}

/* Of a scaffold's octets: a whole element, self-closed or with an end tag. A value of an attribute holds no '<'. */
static bool is_whole(const struct sg_buf *octets)
{
	size_t len = octets->len;

	if (len >= 2 && octets->data[len - 2] == '/')
		return true;
	for (size_t i = 1; i + 1 < len; i++)
		if (octets->data[i] == '<' && octets->data[i + 1] == '/')
			return true;
	return false;
}

static void decode(const struct sg_buf *raw, struct sg_buf *out)
{
	unsigned char dec[4];
	size_t len;

	for (size_t i = 0; i < raw->len;) {
		size_t took = sg_cfg_decode(sg_buf_bytes(raw), i, true, dec, &len);

		sg_buf_add(out, took ? dec : raw->data + i, took ? len : 1);
		i += took ? took : 1;
	}
}

bool sg_content_same(enum sg_value_kind kind, const struct sg_content *a, const struct sg_content *b)
{
	struct sg_buf da = { 0 }, db = { 0 };
	bool same;

	if (!a->present || !b->present)
		return a->present == b->present;
	switch (kind) {
	case SG_VALUE_ELEMENT: return sg_cfg_same_octets(sg_buf_bytes(&a->octets), sg_buf_bytes(&b->octets));
	case SG_VALUE_SCAFFOLD: return is_whole(&a->octets) == is_whole(&b->octets);
	case SG_VALUE_ATTRIBUTE:
		decode(&a->octets, &da);
		decode(&b->octets, &db);
		same = sg_bytes_equal(sg_buf_bytes(&da), sg_buf_bytes(&db));
		sg_buf_release(&da);
		sg_buf_release(&db);
		return same;
	case SG_VALUE_SERVICE: break;
	}
	return sg_bytes_equal(sg_buf_bytes(&a->octets), sg_buf_bytes(&b->octets));
}
