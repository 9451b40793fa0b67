/* config_place.c - where a new element goes.
 *
 * Guarantees that every place is right behind the '>' of a tag or a comment. That is what makes taking out exact: the newline and the indentation
 * that are written in front of a new element are never mixed with white space that was there before. What comes back to where it stood stands
 * there to the octet, be that in the middle of white space.
 */
#include "actions/config_internal.h"

#include <stdlib.h>
#include <string.h>

int sg_cfg_parent(const struct sg_cfg *cfg, const struct sg_addr *addr, const struct sg_path *path,
        uint32_t *ret, struct sg_err *err)
{
	const char *file = addr->container ? addr->container : "the file";
	struct sg_cfg_set found = { 0 };
	uint32_t node = SG_NONE;

	if (path->n < 2)
		return sg_fail(err, SG_ENOENT, "%s: the document element is not %s", file, addr->path);
	sg_path_find(cfg, path, path->n - 1, &found);
	for (size_t i = 0; i < found.n; i++)
		if (node == SG_NONE || !sg_cfg_is_shut(cfg, found.at[i]) || sg_cfg_is_shut(cfg, node))
			node = found.at[i];
	sg_cfg_set_release(&found);
	if (node == SG_NONE)
		return sg_fail(err, SG_ENOENT, "%s: there is nothing for %s to stand in", file, addr->path);
	if (cfg->nodes[node].self_closed)
		return sg_fail(err, SG_EINVAL,
		        "%s:%u: the element around %s is self-closed and has to be opened first", file,
		        cfg->nodes[node].line, addr->path);
	*ret = node;
	return 0;
}

/* White space without a newline. */
static bool same_line(const struct sg_cfg *cfg, uint32_t text)
{
	const struct sg_cfg_node *n = &cfg->nodes[text];
	const unsigned char *d = cfg->octets.data + n->at;

	return sg_cfg_blank(cfg, text) && !memchr(d, '\n', n->end - n->at) &&
	       !memchr(d, '\r', n->end - n->at);
}

/* `end`, or behind the comments that stand on the same line and end it: they speak of what is in front of them. `next` is the node at `end`. */
static size_t behind_comments(const struct sg_cfg *cfg, uint32_t next, size_t end)
{
	size_t at = end;

	for (uint32_t n = next; n != SG_NONE; n = cfg->nodes[n].next) {
		if (cfg->nodes[n].type == SG_CFG_COMMENT) {
			at = cfg->nodes[n].end;
		} else if (cfg->nodes[n].type != SG_CFG_TEXT) {
			return end; /* something else follows on the line: whose comment it is, is not clear */
		} else if (!same_line(cfg, n)) {
			return sg_cfg_blank(cfg, n) ? at : end;
		}
	}
	return at;
}

static size_t behind(const struct sg_cfg *cfg, uint32_t node)
{
	return behind_comments(cfg, cfg->nodes[node].next, cfg->nodes[node].end);
}

static size_t first_in(const struct sg_cfg *cfg, uint32_t parent)
{
	return behind_comments(cfg, cfg->nodes[parent].first, cfg->nodes[parent].open_end);
}

static bool is_leading(const struct sg_cfg *cfg, uint32_t node)
{
	static const char *const names[] = { "clear", "remove", "preConditions", "customTags" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (sg_cfg_is(cfg, node, names[i]))
			return true;
	return false;
}

size_t sg_content_anchor(const char *after, bool *ret_counted)
{
	const char *last = strrchr(after, ']'), *plus = strchr(last ? last : after, '+');

	*ret_counted = plus != NULL;
	return plus ? (size_t)(plus - after) : strlen(after);
}

/* Behind `count` octets that are no element's, nor the white space in front of one, from `end` on; 0: there are not as many. */
static size_t behind_octets(const struct sg_cfg *cfg, uint32_t next, size_t end, size_t count)
{
	for (uint32_t n = next; count && n != SG_NONE; n = cfg->nodes[n].next) {
		const struct sg_cfg_node *node = &cfg->nodes[n];
		size_t len = node->end - node->at;

		if (node->type == SG_CFG_ELEMENT) {
			end = node->end;
			continue;
		}
		if (node->type == SG_CFG_TEXT && node->next != SG_NONE &&
		        cfg->nodes[node->next].type == SG_CFG_ELEMENT)
			len = sg_style_lead(cfg, node->end) - node->at;
		if (count < len && !sg_cfg_blank(cfg, n))
			return 0;
		end = node->at + (count < len ? count : len);
		count -= count < len ? count : len;
	}
	return count ? 0 : end;
}

/* The last child that `step` means, or SG_NONE. */
static uint32_t child(const struct sg_cfg *cfg, uint32_t parent, const char *step)
{
	struct sg_path path = { 0 };
	uint32_t found = SG_NONE;

	if (!*step || sg_path_parse_step(step, &path, NULL) < 0)
		return SG_NONE;
	for (uint32_t n = sg_cfg_first_element(cfg, parent); n != SG_NONE; n = sg_cfg_next_element(cfg, n))
		if (sg_path_matches(cfg, n, &path.steps[0]))
			found = n;
	sg_path_release(&path);
	return found;
}

size_t sg_cfg_place_element(const struct sg_cfg *cfg, uint32_t parent, const char *after)
{
	bool counted = false;
	char *step = after ? sg_strndup(after, sg_content_anchor(after, &counted)) : sg_strdup("");
	uint32_t last = child(cfg, parent, step);
	size_t at = 0;

	if (counted && last != SG_NONE)
		at = behind_octets(cfg, cfg->nodes[last].next, cfg->nodes[last].end,
		        (size_t)strtoul(strrchr(after, '+') + 1, NULL, 10));
	else if (counted && !*step)
		at = behind_octets(cfg, cfg->nodes[parent].first, cfg->nodes[parent].open_end,
		        (size_t)strtoul(strrchr(after, '+') + 1, NULL, 10));
	free(step);
	if (at)
		return at;
	if (last == SG_NONE)
		for (uint32_t n = sg_cfg_first_element(cfg, parent); n != SG_NONE && is_leading(cfg, n);
		        n = sg_cfg_next_element(cfg, n))
			last = n;
	return last == SG_NONE ? first_in(cfg, parent) : behind(cfg, last);
}

size_t sg_cfg_place_scaffold(const struct sg_cfg *cfg, uint32_t parent, const char *name)
{
	static const char *const first[] = { "configSections", "preConditions", "customTags" };
	uint32_t last = SG_NONE;

	for (size_t i = 0; i < sizeof first / sizeof *first; i++)
		if (strcmp(name, first[i]) == 0)
			return first_in(cfg, parent);
	for (uint32_t n = cfg->nodes[parent].first; n != SG_NONE; n = cfg->nodes[n].next)
		if (cfg->nodes[n].type != SG_CFG_TEXT && cfg->nodes[n].type != SG_CFG_CDATA)
			last = n;
	return last == SG_NONE ? cfg->nodes[parent].open_end : behind(cfg, last);
}
