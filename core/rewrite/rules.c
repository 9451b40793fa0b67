/* rules.c - who owns what in a set of rules, and how a child's set joins its parent's. No XML, no evaluation. */
#include "rewrite/rules.h"
#include "base/text.h"
#include <stdlib.h>
#include <string.h>

void sg_rw_conditions_release(struct sg_rw_conditions *c)
{
	for (size_t i = 0; i < c->n; i++) {
		free(c->at[i].input);
		sg_rw_pattern_release(&c->at[i].pattern);
	}
	free(c->at);
	*c = (struct sg_rw_conditions){ 0 };
}

void sg_rw_rule_free(struct sg_rw_rule *rule)
{
	if (!rule)
		return;
	for (size_t i = 0; i < rule->n_set; i++) {
		free(rule->set[i].name);
		free(rule->set[i].value);
	}
	free(rule->set);
	sg_rw_pattern_release(&rule->match);
	sg_rw_conditions_release(&rule->conditions);
	free(rule->name);
	free(rule->base);
	free(rule->variable);
	free(rule->pre);
	free(rule->value);
	free(rule);
}

void sg_rw_pre_free(struct sg_rw_pre *pre)
{
	if (!pre)
		return;
	sg_rw_conditions_release(&pre->conditions);
	free(pre->name);
	free(pre);
}

void sg_rw_map_free(struct sg_rw_map *map)
{
	if (!map)
		return;
	sg_strs_release(&map->keys);
	sg_strs_release(&map->values);
	free(map->name);
	free(map->otherwise);
	free(map);
}

static void conditions_copy(struct sg_rw_conditions *to, const struct sg_rw_conditions *from)
{
	*to = (struct sg_rw_conditions){ .any = from->any, .track_all = from->track_all };
	for (size_t i = 0; i < from->n; i++) {
		to->at = sg_grow(to->at, to->n, &to->cap, sizeof(*to->at));
		struct sg_rw_condition *c = &to->at[to->n++];
		*c = (struct sg_rw_condition){ .type = from->at[i].type,
			.input = sg_strdup(from->at[i].input) };
		sg_rw_pattern_copy(&c->pattern, &from->at[i].pattern);
	}
}

static struct sg_rw_rule *rule_copy(const struct sg_rw_rule *from)
{
	struct sg_rw_rule *to = sg_alloc(sizeof(*to));

	*to = *from;
	to->name = sg_strdup(from->name);
	to->base = sg_strdup(from->base);
	to->variable = sg_strdup(from->variable);
	to->pre = sg_strdup(from->pre);
	to->value = sg_strdup(from->value);
	sg_rw_pattern_copy(&to->match, &from->match);
	conditions_copy(&to->conditions, &from->conditions);
	to->set = NULL;
	to->n_set = to->cap_set = 0;
	for (size_t i = 0; i < from->n_set; i++) {
		to->set = sg_grow(to->set, to->n_set, &to->cap_set, sizeof(*to->set));
		to->set[to->n_set++] = (struct sg_rw_set){ sg_strdup(from->set[i].name),
			sg_strdup(from->set[i].value), from->set[i].replace };
	}
	return to;
}

static struct sg_rw_pre *pre_copy(const struct sg_rw_pre *from)
{
	struct sg_rw_pre *to = sg_alloc(sizeof(*to));

	to->name = sg_strdup(from->name);
	conditions_copy(&to->conditions, &from->conditions);
	return to;
}

static struct sg_rw_map *map_copy(const struct sg_rw_map *from)
{
	struct sg_rw_map *to = sg_alloc(sizeof(*to));

	to->name = sg_strdup(from->name);
	to->otherwise = sg_strdup(from->otherwise);
	to->ignore_case = from->ignore_case;
	for (size_t i = 0; i < from->keys.n; i++) {
		sg_strs_add(&to->keys, from->keys.at[i]);
		sg_strs_add(&to->values, from->values.at[i]);
	}
	return to;
}

void sg_rw_free(struct sg_rw_rules *rules)
{
	if (!rules)
		return;
	for (int k = 0; k < SG_RW_KINDS; k++) {
		sg_rw_clear(rules, (enum sg_rw_kind)k);
		free(rules->at[k]);
		sg_strs_release(&rules->marks[k].removed);
	}
	sg_rw_pre_drop(rules, NULL);
	sg_rw_map_drop(rules, NULL);
	sg_strs_release(&rules->pre_marks.removed);
	sg_strs_release(&rules->map_marks.removed);
	free(rules->pre);
	free(rules->map);
	free(rules);
}

size_t sg_rw_count(const struct sg_rw_rules *rules, enum sg_rw_kind kind)
{
	return rules->n[kind];
}

const char *sg_rw_name(const struct sg_rw_rules *rules, enum sg_rw_kind kind, size_t i)
{
	return rules->at[kind][i]->name;
}

bool sg_rw_enabled(const struct sg_rw_rules *rules, enum sg_rw_kind kind, size_t i)
{
	return rules->at[kind][i]->enabled;
}

void sg_rw_remove(struct sg_rw_rules *rules, enum sg_rw_kind kind, const char *name)
{
	size_t left = 0;

	for (size_t i = 0; i < rules->n[kind]; i++) {
		struct sg_rw_rule *rule = rules->at[kind][i];
		if (!name || sg_same(rule->name, name))
			sg_rw_rule_free(rule);
		else
			rules->at[kind][left++] = rule;
	}
	rules->n[kind] = left;
}

void sg_rw_clear(struct sg_rw_rules *rules, enum sg_rw_kind kind)
{
	sg_rw_remove(rules, kind, NULL);
}

void sg_rw_pre_drop(struct sg_rw_rules *rules, const char *name)
{
	size_t left = 0;

	for (size_t i = 0; i < rules->n_pre; i++) {
		if (!name || sg_same(rules->pre[i]->name, name))
			sg_rw_pre_free(rules->pre[i]);
		else
			rules->pre[left++] = rules->pre[i];
	}
	rules->n_pre = left;
}

void sg_rw_map_drop(struct sg_rw_rules *rules, const char *name)
{
	size_t left = 0;

	for (size_t i = 0; i < rules->n_map; i++) {
		if (!name || sg_same(rules->map[i]->name, name))
			sg_rw_map_free(rules->map[i]);
		else
			rules->map[left++] = rules->map[i];
	}
	rules->n_map = left;
}

const struct sg_rw_pre *sg_rw_pre_find(const struct sg_rw_rules *rules, const char *name)
{
	for (size_t i = 0; i < rules->n_pre; i++)
		if (sg_same(rules->pre[i]->name, name))
			return rules->pre[i];
	return NULL;
}

const struct sg_rw_map *sg_rw_map_find(const struct sg_rw_rules *rules, const char *name, size_t len)
{
	for (size_t i = 0; i < rules->n_map; i++)
		if (strlen(rules->map[i]->name) == len && sg_same_n(rules->map[i]->name, name, len))
			return rules->map[i];
	return NULL;
}

void sg_rw_place(struct sg_rw_rules *rules, const char *folder)
{
	for (size_t i = 0; i < rules->n[SG_RW_INBOUND]; i++) {
		struct sg_rw_rule *rule = rules->at[SG_RW_INBOUND][i];
		free(rule->base);
		rule->base = sg_strdup(folder);
	}
}

/* Whether a name of the parent's is still there after the child's marks. */
static bool stays(const struct sg_rw_marks *marks, const char *name)
{
	for (size_t i = 0; i < marks->removed.n; i++)
		if (sg_same(marks->removed.at[i], name))
			return false;
	return !marks->cleared;
}

static int check_names(const struct sg_rw_rules *rules, const struct sg_rw_rules *child, struct sg_err *err)
{
	for (int k = 0; k < SG_RW_KINDS; k++)
		for (size_t i = 0; i < rules->n[k]; i++)
			for (size_t j = 0; j < child->n[k]; j++) {
				const char *name = rules->at[k][i]->name;
				if (sg_same(name, child->at[k][j]->name) && stays(&child->marks[k], name))
					return sg_fail(err, SG_ECONFLICT,
					        "IIS would meet the rule '%s' twice", name);
			}
	for (size_t i = 0; i < rules->n_pre; i++)
		if (sg_rw_pre_find(child, rules->pre[i]->name) &&
		        stays(&child->pre_marks, rules->pre[i]->name))
			return sg_fail(err, SG_ECONFLICT, "IIS would meet the preCondition '%s' twice",
			        rules->pre[i]->name);
	for (size_t i = 0; i < rules->n_map; i++) {
		const char *name = rules->map[i]->name;
		if (sg_rw_map_find(child, name, strlen(name)) && stays(&child->map_marks, name))
			return sg_fail(err, SG_ECONFLICT, "IIS would meet the rewrite map '%s' twice", name);
	}
	return 0;
}

int sg_rw_append(struct sg_rw_rules *rules, const struct sg_rw_rules *child, struct sg_err *err)
{
	int r = check_names(rules, child, err);

	if (r)
		return r;
	for (int k = 0; k < SG_RW_KINDS; k++) {
		enum sg_rw_kind kind = (enum sg_rw_kind)k;
		if (child->marks[k].cleared)
			sg_rw_clear(rules, kind);
		for (size_t i = 0; i < child->marks[k].removed.n; i++)
			sg_rw_remove(rules, kind, child->marks[k].removed.at[i]);
		for (size_t i = 0; i < child->n[k]; i++) {
			rules->at[k] =
			        sg_grow(rules->at[k], rules->n[k], &rules->cap[k], sizeof(*rules->at[k]));
			rules->at[k][rules->n[k]++] = rule_copy(child->at[k][i]);
		}
	}
	if (child->pre_marks.cleared)
		sg_rw_pre_drop(rules, NULL);
	for (size_t i = 0; i < child->pre_marks.removed.n; i++)
		sg_rw_pre_drop(rules, child->pre_marks.removed.at[i]);
	for (size_t i = 0; i < child->n_pre; i++) {
		rules->pre = sg_grow(rules->pre, rules->n_pre, &rules->cap_pre, sizeof(struct sg_rw_pre *));
		rules->pre[rules->n_pre++] = pre_copy(child->pre[i]);
	}
	if (child->map_marks.cleared)
		sg_rw_map_drop(rules, NULL);
	for (size_t i = 0; i < child->map_marks.removed.n; i++)
		sg_rw_map_drop(rules, child->map_marks.removed.at[i]);
	for (size_t i = 0; i < child->n_map; i++) {
		rules->map = sg_grow(rules->map, rules->n_map, &rules->cap_map, sizeof(struct sg_rw_map *));
		rules->map[rules->n_map++] = map_copy(child->map[i]);
	}
	return 0;
}
