/* config_path.c - addresses inside a configuration file: building, reading, and finding what they mean.
 *
 * The grammar is the part of XPath 1.0 that is needed: /name[@attr='value']..., and /@attr at the end. A value stands in a literal of either
 * kind of quote; one that holds both kinds has no literal in XPath 1.0 and so no address.
 */
#include "actions/config_internal.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

/* The end of the step that begins at s: at its '/' or NUL, quoted values stepped over. NULL when a quote is not closed. */
static const char *step_end(const char *s)
{
	while (*s && *s != '/') {
		if (*s == '\'' || *s == '"') {
			s = strchr(s + 1, *s);
			if (!s)
				return NULL;
		}
		s++;
	}
	return s;
}

char *sg_path_join(const char *path, const char *step)
{
	return path && step ? sg_format("%s/%s", path, step) : NULL;
}

char *sg_path_step(const char *element, const char *key, const char *value)
{
	const char *quote = strchr(value, '\'') ? "\"" : "'";

	if (strchr(value, *quote))
		return NULL;
	return sg_format("%s[@%s=%s%s%s]", element, key, quote, value, quote);
}

char *sg_path_parent(const char *path)
{
	const char *last = NULL, *s = path;

	while (s && *s == '/') {
		last = s;
		s = step_end(s + 1);
	}
	return s && last && last != path ? sg_strndup(path, (size_t)(last - path)) : NULL;
}

static void step_release(struct sg_path_step *step)
{
	free(step->name);
	for (size_t i = 0; i < step->n; i++) {
		free(step->preds[i].name);
		free(step->preds[i].value);
	}
	free(step->preds);
}

void sg_path_release(struct sg_path *path)
{
	for (size_t i = 0; i < path->n; i++)
		step_release(&path->steps[i]);
	free(path->steps);
	free(path->attr);
	*path = (struct sg_path){ 0 };
}

/* One [@name='value']; *s is on its '[' and then behind its ']'. */
static bool predicate(const char **s, struct sg_path_step *step)
{
	const char *name = *s + 2, *eq, *value, *end;

	if ((*s)[1] != '@')
		return false;
	eq = strchr(name, '=');
	if (!eq || eq == name || (eq[1] != '\'' && eq[1] != '"'))
		return false;
	value = eq + 2;
	end = strchr(value, eq[1]);
	if (!end || end[1] != ']')
		return false;
	step->preds = sg_grow(step->preds, step->n, &step->cap, sizeof *step->preds);
	step->preds[step->n++] = (struct sg_path_pred){
		.name = sg_strndup(name, (size_t)(eq - name)),
		.value = sg_strndup(value, (size_t)(end - value)),
	};
	*s = end + 2;
	return true;
}

/* A step; *s is on its first octet and then at its '/' or the end. */
static bool parse_step(const char **s, struct sg_path *path)
{
	size_t len = strcspn(*s, "/[]@='\"");
	struct sg_path_step *step;

	if (!len)
		return false;
	path->steps = sg_grow(path->steps, path->n, &path->cap, sizeof *path->steps);
	step = &path->steps[path->n++];
	*step = (struct sg_path_step){ .name = sg_strndup(*s, len) };
	*s += len;
	while (**s == '[')
		if (!predicate(s, step))
			return false;
	return **s == '/' || **s == 0;
}

int sg_path_parse(const char *path, struct sg_path *ret, struct sg_err *err)
{
	struct sg_path p = { 0 };
	const char *s = path;
	bool good = true;

	if (!path)
		return sg_fail(err, SG_EUNSUPPORTED, "a name with both kinds of quotes has no address");
	while (good && *s == '/' && !p.attr) {
		s++;
		if (*s == '@' && p.n && s[1] && !strpbrk(s, "/[]='\"")) {
			p.attr = sg_strdup(s + 1);
			s += strlen(s);
		} else {
			good = parse_step(&s, &p);
		}
	}
	if (!good || *s || !p.n) {
		sg_path_release(&p);
		return sg_fail(err, SG_EINVAL,
		        "'%s' is not an address: /name[@attribute='value']/... is expected", path);
	}
	*ret = p;
	return 0;
}

int sg_path_parse_step(const char *step, struct sg_path *ret, struct sg_err *err)
{
	struct sg_path p = { 0 };
	const char *s = step;

	if (!parse_step(&s, &p) || *s) {
		sg_path_release(&p);
		return sg_fail(err, SG_EINVAL, "'%s' is not a step of an address", step);
	}
	*ret = p;
	return 0;
}

/* The places where IIS takes no path, ".", and "" for the same: the level of the file itself. */
static bool same_location(const char *a, const char *b)
{
	if (!a || !*a)
		a = ".";
	if (!b || !*b)
		b = ".";
	return sg_same(a, b);
}

static const char *pred_value(const struct sg_path_step *step, const char *name)
{
	for (size_t i = 0; i < step->n; i++)
		if (strcmp(step->preds[i].name, name) == 0)
			return step->preds[i].value;
	return NULL;
}

static bool is_false(const char *s)
{
	return s && sg_same(s, "false");
}

bool sg_path_matches(const struct sg_cfg *cfg, uint32_t node, const struct sg_path_step *step)
{
	bool location = strcmp(step->name, "location") == 0;

	if (!sg_cfg_is(cfg, node, step->name))
		return false;
	if (location && (!same_location(sg_cfg_attr(cfg, node, "path"), pred_value(step, "path")) ||
	                        is_false(sg_cfg_attr(cfg, node, "inheritInChildApplications")) !=
	                                is_false(pred_value(step, "inheritInChildApplications"))))
		return false;
	for (size_t i = 0; i < step->n; i++) {
		const char *name = step->preds[i].name;

		if (location &&
		        (strcmp(name, "path") == 0 || strcmp(name, "inheritInChildApplications") == 0))
			continue;
		if (!sg_same(sg_cfg_attr(cfg, node, name), step->preds[i].value))
			return false;
	}
	return true;
}

static void set_add(struct sg_cfg_set *set, uint32_t node)
{
	set->at = sg_grow(set->at, set->n, &set->cap, sizeof *set->at);
	set->at[set->n++] = node;
}

void sg_cfg_set_release(struct sg_cfg_set *set)
{
	free(set->at);
	*set = (struct sg_cfg_set){ 0 };
}

void sg_path_find(const struct sg_cfg *cfg, const struct sg_path *path, size_t n, struct sg_cfg_set *ret)
{
	struct sg_cfg_set now = { 0 };

	set_add(&now, 0);
	for (size_t i = 0; i < n; i++) {
		struct sg_cfg_set next = { 0 };

		for (size_t k = 0; k < now.n; k++)
			for (uint32_t c = sg_cfg_first_element(cfg, now.at[k]); c != SG_NONE;
			        c = sg_cfg_next_element(cfg, c))
				if (sg_path_matches(cfg, c, &path->steps[i]))
					set_add(&next, c);
		sg_cfg_set_release(&now);
		now = next;
	}
	*ret = now;
}

/* How many of the node's siblings, itself included, the step means. */
static size_t meant(const struct sg_cfg *cfg, uint32_t node, const char *step)
{
	struct sg_path path = { 0 };
	size_t n = 0;

	if (sg_path_parse_step(step, &path, NULL) < 0)
		return 0;
	for (uint32_t kid = sg_cfg_first_element(cfg, cfg->nodes[node].parent); kid != SG_NONE;
	        kid = sg_cfg_next_element(cfg, kid))
		n += sg_path_matches(cfg, kid, &path.steps[0]);
	sg_path_release(&path);
	return n;
}

/* One attribute more; a value that no literal can hold is left out. */
static char *add_predicate(const struct sg_cfg *cfg, char *step, uint32_t attr)
{
	const struct sg_cfg_attr *a = &cfg->attrs[attr];
	const char *quote = strchr(a->value, '\'') ? "\"" : "'";
	char *more;

	if (strchr(a->value, *quote))
		return step;
	more = sg_format("%s[@%.*s=%s%s%s]", step, (int)a->name_len,
	        (const char *)cfg->octets.data + a->name_at, quote, a->value, quote);
	free(step);
	return more;
}

/* By name, key, path or input, which IIS keys most collections with; else by as many attributes, in their order, as tell it from its siblings. */
char *sg_path_of(const struct sg_cfg *cfg, uint32_t node)
{
	static const char *const keys[] = { "name", "key", "path", "input" };
	const struct sg_cfg_node *n = &cfg->nodes[node];
	char *name = sg_cfg_name(cfg, node), *step = NULL;
	bool location = strcmp(name, "location") == 0, known = true;

	for (size_t i = 0; known && !step && i < sizeof keys / sizeof *keys; i++) {
		const char *value = sg_cfg_attr(cfg, node, keys[i]);

		if (value) {
			step = sg_path_step(name, keys[i], value);
			known = step;
		}
	}
	if (known && !step) {
		step = sg_strdup(name);
		for (uint32_t i = n->attr;
		        !location && i < n->attr + n->n_attrs && meant(cfg, node, step) > 1; i++)
			step = add_predicate(cfg, step, i);
	}
	if (known && location && is_false(sg_cfg_attr(cfg, node, "inheritInChildApplications"))) {
		char *more = sg_format("%s[@inheritInChildApplications='false']", step);

		free(step);
		step = more;
	}
	free(name);
	return step;
}
