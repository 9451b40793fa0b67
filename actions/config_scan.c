/* config_scan.c - both readers together, the style of a file, and questions about nodes.
 *
 * Guarantees that a struct sg_cfg that sg_cfg_scan() gave was read alike by both readers. Linear in the size of the file.
 */
#include "actions/config_internal.h"
#include "base/xml.h"

#include <stdlib.h>
#include <string.h>

/* White space before a tag is looked at up to here; longer is no indentation. */
#define INDENT_MAX 1024

static bool is_element(const struct sg_cfg *cfg, uint32_t node)
{
	return node != SG_NONE && cfg->nodes[node].type == SG_CFG_ELEMENT;
}

struct sg_bytes sg_cfg_octets(const struct sg_cfg *cfg, size_t at, size_t end)
{
	return (struct sg_bytes){ cfg->octets.data + at, end - at };
}

bool sg_cfg_blank(const struct sg_cfg *cfg, uint32_t node)
{
	const struct sg_cfg_node *n = &cfg->nodes[node];

	if (n->type != SG_CFG_TEXT)
		return false;
	for (size_t i = n->at; i < n->end; i++)
		if (!sg_cfg_space(cfg->octets.data[i]))
			return false;
	return true;
}

bool sg_cfg_is_empty(const struct sg_cfg *cfg, uint32_t node)
{
	for (uint32_t n = cfg->nodes[node].first; n != SG_NONE; n = cfg->nodes[n].next)
		if (!sg_cfg_blank(cfg, n))
			return false;
	return true;
}

bool sg_cfg_is(const struct sg_cfg *cfg, uint32_t node, const char *name)
{
	const struct sg_cfg_node *n;

	if (!is_element(cfg, node))
		return false;
	n = &cfg->nodes[node];
	return n->name_len == strlen(name) && memcmp(cfg->octets.data + n->name_at, name, n->name_len) == 0;
}

char *sg_cfg_name(const struct sg_cfg *cfg, uint32_t node)
{
	return sg_strndup(
	        (const char *)cfg->octets.data + cfg->nodes[node].name_at, cfg->nodes[node].name_len);
}

uint32_t sg_cfg_find_attr(const struct sg_cfg *cfg, uint32_t node, const char *name)
{
	const struct sg_cfg_node *n = &cfg->nodes[node];
	size_t len = strlen(name);

	for (uint32_t i = n->attr; i < n->attr + n->n_attrs; i++)
		if (cfg->attrs[i].name_len == len &&
		        memcmp(cfg->octets.data + cfg->attrs[i].name_at, name, len) == 0)
			return i;
	return SG_NONE;
}

const char *sg_cfg_attr(const struct sg_cfg *cfg, uint32_t node, const char *name)
{
	uint32_t i = is_element(cfg, node) ? sg_cfg_find_attr(cfg, node, name) : SG_NONE;

	return i == SG_NONE ? NULL : cfg->attrs[i].value;
}

static uint32_t skip_to_element(const struct sg_cfg *cfg, uint32_t n)
{
	while (n != SG_NONE && cfg->nodes[n].type != SG_CFG_ELEMENT)
		n = cfg->nodes[n].next;
	return n;
}

uint32_t sg_cfg_next_element(const struct sg_cfg *cfg, uint32_t node)
{
	return node == SG_NONE ? SG_NONE : skip_to_element(cfg, cfg->nodes[node].next);
}

uint32_t sg_cfg_first_element(const struct sg_cfg *cfg, uint32_t node)
{
	return node == SG_NONE ? SG_NONE : skip_to_element(cfg, cfg->nodes[node].first);
}

/* The most frequent end of line. */
static const char *newline_of(struct sg_bytes d)
{
	size_t crlf = 0, lf = 0, cr = 0;

	for (size_t i = 0; i < d.len; i++) {
		if (d.data[i] == '\n')
			lf++;
		else if (d.data[i] == '\r' && i + 1 < d.len && d.data[i + 1] == '\n')
			crlf++, i++;
		else if (d.data[i] == '\r')
			cr++;
	}
	if (lf > crlf && lf >= cr)
		return "\n";
	return cr > crlf ? "\r" : "\r\n";
}

/* The blanks and tabs that `at` stands behind, when they begin a line. */
static bool indent_of(const struct sg_cfg *cfg, size_t at, struct sg_bytes *ret)
{
	const unsigned char *d = cfg->octets.data;
	size_t from = at;

	while (from > 0 && at - from < INDENT_MAX && (d[from - 1] == ' ' || d[from - 1] == '\t'))
		from--;
	if (from == 0 || (d[from - 1] != '\n' && d[from - 1] != '\r'))
		return false;
	*ret = sg_cfg_octets(cfg, from, at);
	return true;
}

/* What children stand further in than their parents, by most of them. */
static void indent_step(struct sg_cfg *cfg)
{
	struct {
		char step[sizeof cfg->indent];
		size_t votes;
	} seen[16] = { { "    ", 0 } };
	size_t n = 1, best = 0;

	for (uint32_t i = 1; i < cfg->n_nodes; i++) {
		uint32_t parent = cfg->nodes[i].parent;
		struct sg_bytes in, out = { 0 };
		char step[sizeof cfg->indent] = { 0 };
		size_t k;

		if (cfg->nodes[i].type != SG_CFG_ELEMENT || parent == 0 ||
		        !indent_of(cfg, cfg->nodes[i].at, &in) ||
		        (!indent_of(cfg, cfg->nodes[parent].at, &out) && parent != cfg->root) ||
		        in.len <= out.len || in.len - out.len >= sizeof step ||
		        (out.len && memcmp(in.data, out.data, out.len) != 0))
			continue;
		memcpy(step, in.data + out.len, in.len - out.len);
		for (k = 0; k < n && strcmp(seen[k].step, step) != 0;)
			k++;
		if (k == sizeof seen / sizeof *seen)
			continue;
		if (k == n)
			memcpy(seen[n++].step, step, sizeof step);
		if (++seen[k].votes > seen[best].votes)
			best = k;
	}
	memcpy(cfg->indent, seen[best].step, sizeof cfg->indent);
}

int sg_cfg_first(struct sg_bytes octets, const char *name, struct sg_cfg *ret, struct sg_err *err)
{
	struct sg_err why = SG_ERR_INIT;
	struct sg_cfg cfg = { 0 };
	int rc;

	rc = sg_xml_prescan(octets, &sg_xml_config_limits, &why);
	if (rc < 0)
		return sg_fail(err, rc, "%s: %s", name, why.msg);
	rc = sg_cfg_tokenize(octets, name, &cfg, err);
	if (rc < 0)
		return rc;
	cfg.newline = newline_of(octets);
	indent_step(&cfg);
	*ret = cfg;
	return 0;
}

static int scan(struct sg_bytes octets, const char *name, enum sg_action_for use, struct sg_cfg *ret,
        struct sg_err *err)
{
	struct sg_cfg cfg = { 0 };
	int rc = sg_cfg_first(octets, name, &cfg, err);

	if (rc == 0)
		rc = sg_cfg_second(&cfg, name, use, err);
	if (rc < 0) {
		sg_cfg_release(&cfg);
		return rc;
	}
	*ret = cfg;
	return 0;
}

int sg_cfg_scan(struct sg_bytes octets, const char *name, struct sg_cfg *ret, struct sg_err *err)
{
	return scan(octets, name, SG_FOR_WRITING, ret, err);
}

int sg_cfg_scan_to_tell(struct sg_bytes octets, const char *name, struct sg_cfg *ret, struct sg_err *err)
{
	return scan(octets, name, SG_FOR_TELLING, ret, err);
}

int sg_cfg_fragment(struct sg_bytes octets, struct sg_cfg *ret, struct sg_err *err)
{
	int rc = sg_xml_prescan(octets, &sg_xml_config_limits, err);

	return rc < 0 ? rc : sg_cfg_tokenize(octets, "the element", ret, err);
}

void sg_cfg_release(struct sg_cfg *cfg)
{
	free(cfg->nodes);
	free(cfg->attrs);
	free(cfg->values);
	*cfg = (struct sg_cfg){ 0 };
}
