/* app_pool_read.c - an AppPool action from its octets. Pure. What it lets through, IIS could load, and would last beyond the next start. */
#include "actions/app_pool_parts.h"
#include "base/xml.h"

#include <stdlib.h>
#include <string.h>

const struct sg_app_pool_attribute sg_app_pool_attributes[SG_POOL_ATTRIBUTES] = {
	[SG_POOL_AUTO_START] = { "autoStart", { "false", "true" } },
	[SG_POOL_START_MODE] = { "startMode", { "OnDemand", "AlwaysRunning" } },
};

void sg_app_pool_release(struct sg_app_pool *p)
{
	free(p->name);
	for (size_t i = 0; i < SG_POOL_ATTRIBUTES; i++)
		free(p->wanted[i]);
	sg_companions_release(&p->companions);
	memset(p, 0, sizeof(*p));
}

/* The validator applicationPoolName. */
static const struct sg_action_name pool_name = { "the pool's name", "IIS", "|<>&\"/[]+=;:,?*@", 64 };

static int read_values(const struct sg_action_reader *r, const xmlNode *node, struct sg_app_pool *p)
{
	bool any = false;
	int code = sg_action_word(r, node, "run", "Stopped", &p->stopped);

	for (size_t i = 0; i < SG_POOL_ATTRIBUTES && !code; i++) {
		const char *const *words = sg_app_pool_attributes[i].words;
		char *value = p->wanted[i] = sg_xml_attr(node, NULL, sg_app_pool_attributes[i].name);

		any = any || value;
		if (value && strcmp(value, words[0]) != 0 && strcmp(value, words[1]) != 0)
			code = sg_action_refuse(r, "%s=\"%s\"; allowed: %s, %s",
			        sg_app_pool_attributes[i].name, value, words[0], words[1]);
	}
	if (!code && !any)
		code = sg_action_refuse(r, "neither autoStart nor startMode: nothing of it would last");
	if (!code && p->stopped &&
	        (!p->wanted[SG_POOL_AUTO_START] || strcmp(p->wanted[SG_POOL_AUTO_START], "false") != 0))
		code = sg_action_refuse(
		        r, "run=\"Stopped\" needs autoStart=\"false\": IIS would start the pool again");
	return code;
}

int sg_app_pool_read(
        const struct sg_mitigation *m, const struct sg_action *a, struct sg_app_pool *ret, struct sg_err *err)
{
	static const char *const allowed[] = { "name", "autoStart", "startMode", "run", "if-missing" };
	struct sg_action_reader r = { m, "AppPool", err };
	struct sg_app_pool p = { 0 };
	const xmlNode *node = NULL;
	xmlDoc *doc = NULL;
	int code = sg_action_element(&r, a, &doc, &node);

	if (code)
		return code;
	code = sg_action_shape(&r, node, allowed, sizeof(allowed) / sizeof(*allowed));
	p.name = sg_xml_attr(node, NULL, "name");
	if (!code)
		code = p.name ? sg_action_check_name(&r, &pool_name, p.name)
		              : sg_action_refuse(&r, "AppPool has no name");
	if (!code)
		code = read_values(&r, node, &p);
	if (!code)
		code = sg_action_word(&r, node, "if-missing", "skip", &p.may_miss);
	if (!code)
		code = sg_companions_read(&r, node, NULL, &p.companions);
	if (!code) {
		*ret = p;
		memset(&p, 0, sizeof(p));
	}
	sg_app_pool_release(&p);
	xmlFreeDoc(doc);
	return code;
}

int sg_app_pool_check(const struct sg_mitigation *m, const struct sg_action *a, struct sg_err *err)
{
	struct sg_action_reader r = { m, "AppPool", err };
	struct sg_app_pool p = { 0 };
	int code = sg_app_pool_read(m, a, &p, err);

	if (!code)
		code = sg_action_named_once(&r, a, "pool", p.name);
	sg_app_pool_release(&p);
	return code;
}
