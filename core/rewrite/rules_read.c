/* rules_read.c - from a <rewrite> element to a set of rules: the collections, as rewrite_schema.xml describes them, strictly.
 *
 * The order inside a collection counts: <clear/> and <remove/> act on what stands before them as well as on what is
 * inherited.
 */
#include "rewrite/rules.h"
#include "rewrite/read.h"
#include "base/text.h"
#include <stdlib.h>
#include <string.h>

static bool is(const xmlNode *node, const char *name)
{
	return sg_xml_is(node, NULL, name);
}

/* <clear/> and <remove name=""/>: both note it for inheritance. *ret_name: the name removed, owned by the caller. */
static int read_mark(
        const xmlNode *node, struct sg_rw_marks *marks, bool *ret_clear, char **ret_name, struct sg_err *err)
{
	struct sg_rw_attr attrs[] = { { "name", SG_RW_A_TEXT, ret_name, NULL } };
	bool clear = is(node, "clear");
	int r = sg_rw_attrs(node, attrs, clear ? 0 : 1, err);

	if (r)
		return r;
	*ret_clear = clear;
	if (clear)
		marks->cleared = true;
	else if (*ret_name)
		sg_strs_add(&marks->removed, *ret_name);
	else
		return sg_fail(err, SG_EPARSE, "line %ld: <remove> has no name", xmlGetLineNo(node));
	return 0;
}

static int read_pre(const xmlNode *node, struct sg_rw_rules *rules, struct sg_err *err)
{
	struct sg_rw_pre *pre = sg_alloc(sizeof(*pre));
	char *what = NULL;
	int grouping = 0, syntax = 0;
	struct sg_rw_attr attrs[] = {
		{ "name", SG_RW_A_TEXT, &pre->name, NULL },
		{ "logicalGrouping", SG_RW_A_ENUM, &grouping, sg_rw_groupings },
		{ "patternSyntax", SG_RW_A_ENUM, &syntax, sg_rw_syntaxes },
	};
	int r = sg_rw_attrs(node, attrs, N_OF(attrs), err);

	if (!r && (!pre->name || !pre->name[0]))
		r = sg_fail(err, SG_EPARSE, "line %ld: a <preCondition> without name", xmlGetLineNo(node));
	if (!r && sg_rw_pre_find(rules, pre->name))
		r = sg_fail(err, SG_EINVAL, "line %ld: the preCondition '%s' is there twice",
		        xmlGetLineNo(node), pre->name);
	if (r)
		goto out;
	pre->conditions.any = grouping == 1;
	what = sg_format("preCondition '%s'", pre->name);
	r = sg_rw_read_conditions(node, (enum sg_rw_syntax)syntax, &pre->conditions, what, err);
	if (r)
		goto out;
	rules->pre = sg_grow(rules->pre, rules->n_pre, &rules->cap_pre, sizeof(struct sg_rw_pre *));
	rules->pre[rules->n_pre++] = pre;
	pre = NULL;
out:
	sg_rw_pre_free(pre);
	free(what);
	return r;
}

static int read_pres(const xmlNode *node, struct sg_rw_rules *rules, struct sg_err *err)
{
	int r = sg_rw_attrs(node, NULL, 0, err);

	for (const xmlNode *kid = sg_xml_first(node); !r && kid; kid = sg_xml_next(kid)) {
		char *name = NULL;
		bool clear = false;
		if (is(kid, "preCondition")) {
			r = read_pre(kid, rules, err);
		} else if (is(kid, "clear") || is(kid, "remove")) {
			r = read_mark(kid, &rules->pre_marks, &clear, &name, err);
			if (!r)
				sg_rw_pre_drop(rules, clear ? NULL : name);
		} else {
			r = sg_rw_unknown_element(kid, node, "preCondition, clear, remove", err);
		}
		free(name);
	}
	return r;
}

/* rules, globalRules and outboundRules. */
static int read_rules(
        const xmlNode *node, enum sg_rw_kind kind, struct sg_rw_rules *rules, struct sg_err *err)
{
	struct sg_rw_attr outbound[] = { { "rewriteBeforeCache", SG_RW_A_ANY, NULL, NULL } };
	struct sg_rw_attr inbound[] = { { "useOriginalURLEncoding", SG_RW_A_ANY, NULL, NULL } };
	int r = sg_rw_attrs(node, kind == SG_RW_OUTBOUND ? outbound : inbound, 1, err);

	for (const xmlNode *kid = sg_xml_first(node); !r && kid; kid = sg_xml_next(kid)) {
		char *name = NULL;
		bool clear = false;
		if (is(kid, "rule")) {
			r = sg_rw_read_rule(kid, kind, rules, err);
		} else if (is(kid, "clear") || is(kid, "remove")) {
			r = read_mark(kid, &rules->marks[kind], &clear, &name, err);
			if (!r)
				sg_rw_remove(rules, kind, clear ? NULL : name);
		} else if (kind == SG_RW_OUTBOUND && is(kid, "preConditions")) {
			r = read_pres(kid, rules, err);
		} else if (kind != SG_RW_OUTBOUND || !is(kid, "customTags")) {
			r = sg_rw_unknown_element(kid, node,
			        kind == SG_RW_OUTBOUND ? "rule, clear, remove, preConditions, customTags"
			                               : "rule, clear, remove",
			        err);
		}
		free(name);
	}
	return r;
}

static int read_map(const xmlNode *node, struct sg_rw_rules *rules, struct sg_err *err)
{
	struct sg_rw_map *map = sg_alloc(sizeof(*map));
	struct sg_rw_attr attrs[] = {
		{ "name", SG_RW_A_TEXT, &map->name, NULL },
		{ "defaultValue", SG_RW_A_TEXT, &map->otherwise, NULL },
		{ "ignoreCase", SG_RW_A_BOOL, &map->ignore_case, NULL },
	};

	map->ignore_case = true;
	int r = sg_rw_attrs(node, attrs, N_OF(attrs), err);
	if (!r && (!map->name || !map->name[0]))
		r = sg_fail(err, SG_EPARSE, "line %ld: a <rewriteMap> without name", xmlGetLineNo(node));
	if (!r && sg_rw_map_find(rules, map->name, strlen(map->name)))
		r = sg_fail(err, SG_EINVAL, "line %ld: the rewrite map '%s' is there twice",
		        xmlGetLineNo(node), map->name);
	for (const xmlNode *kid = sg_xml_first(node); !r && kid; kid = sg_xml_next(kid)) {
		char *key = NULL, *value = NULL;
		struct sg_rw_attr pair[] = { { "key", SG_RW_A_TEXT, &key, NULL },
			{ "value", SG_RW_A_TEXT, &value, NULL } };
		if (!is(kid, "add"))
			r = sg_rw_unknown_element(kid, node, "add", err);
		if (!r)
			r = sg_rw_attrs(kid, pair, N_OF(pair), err);
		if (!r && !key)
			r = sg_fail(err, SG_EPARSE, "line %ld: an <add> without key", xmlGetLineNo(kid));
		if (!r) {
			sg_strs_add(&map->keys, key);
			sg_strs_add(&map->values, value ? value : "");
		}
		free(key);
		free(value);
	}
	if (!r) {
		rules->map = sg_grow(rules->map, rules->n_map, &rules->cap_map, sizeof(struct sg_rw_map *));
		rules->map[rules->n_map++] = map;
		map = NULL;
	}
	sg_rw_map_free(map);
	return r;
}

static int read_maps(const xmlNode *node, struct sg_rw_rules *rules, struct sg_err *err)
{
	int r = sg_rw_attrs(node, NULL, 0, err);

	for (const xmlNode *kid = sg_xml_first(node); !r && kid; kid = sg_xml_next(kid)) {
		char *name = NULL;
		bool clear = false;
		if (is(kid, "rewriteMap")) {
			r = read_map(kid, rules, err);
		} else if (is(kid, "clear") || is(kid, "remove")) {
			r = read_mark(kid, &rules->map_marks, &clear, &name, err);
			if (!r)
				sg_rw_map_drop(rules, clear ? NULL : name);
		} else {
			r = sg_rw_unknown_element(kid, node, "rewriteMap, clear, remove", err);
		}
		free(name);
	}
	return r;
}

static int read_section(
        const xmlNode *node, const xmlNode *root, struct sg_rw_rules *rules, struct sg_err *err)
{
	if (is(node, "globalRules"))
		return read_rules(node, SG_RW_GLOBAL, rules, err);
	if (is(node, "rules"))
		return read_rules(node, SG_RW_INBOUND, rules, err);
	if (is(node, "outboundRules"))
		return read_rules(node, SG_RW_OUTBOUND, rules, err);
	if (is(node, "rewriteMaps"))
		return read_maps(node, rules, err);
	/* Neither decides what a rule does here: a set variable counts as allowed, a provider's answer is not known. */
	if (is(node, "allowedServerVariables") || is(node, "providers"))
		return 0;
	return sg_rw_unknown_element(node, root,
	        "rules, globalRules, outboundRules, rewriteMaps, allowedServerVariables, providers", err);
}

int sg_rw_read(struct sg_bytes octets, struct sg_rw_rules **ret, struct sg_err *err)
{
	struct sg_rw_rules *rules = sg_alloc(sizeof(*rules));
	xmlDoc *doc = NULL;
	int r = sg_xml_parse(octets, "rewrite rules", &sg_xml_config_limits, &doc, err);

	if (r)
		goto out;
	const xmlNode *root = xmlDocGetRootElement(doc);
	if (!is(root, "rewrite")) {
		r = sg_fail(err, SG_EPARSE, "line %ld: <%s> where <rewrite> was expected, in no namespace",
		        xmlGetLineNo(root), (const char *)root->name);
		goto out;
	}
	r = sg_rw_attrs(root, NULL, 0, err);
	for (const xmlNode *kid = sg_xml_first(root); !r && kid; kid = sg_xml_next(kid))
		r = read_section(kid, root, rules, err);
	if (r)
		goto out;
	*ret = rules;
	rules = NULL;
out:
	if (doc)
		xmlFreeDoc(doc);
	sg_rw_free(rules);
	return r;
}
