/* companion.c - companions of a service or an application pool: disabled and stopped with it. Plans only. */
#include "actions/service_parts.h"

#include <stdlib.h>
#include <string.h>

void sg_companions_release(struct sg_companions *c)
{
	for (size_t i = 0; i < c->n; i++)
		free(c->at[i].name);
	free(c->at);
	memset(c, 0, sizeof(*c));
}

static bool named(const struct sg_companions *c, const char *name)
{
	for (size_t i = 0; i < c->n; i++)
		if (sg_same(c->at[i].name, name))
			return true;
	return false;
}

int sg_companions_read(
        const struct sg_action_reader *r, const xmlNode *node, const char *target, struct sg_companions *ret)
{
	static const char *const allowed[] = { "name", "if-missing" };
	struct sg_companions all = { 0 };
	int code = 0;

	for (const xmlNode *kid = sg_xml_first(node); kid && !code; kid = sg_xml_next(kid)) {
		struct sg_companion one = { 0 };

		if (!sg_xml_is(kid, SG_FEED_NS, "Companion") || sg_xml_first(kid)) {
			code = sg_action_refuse(r, "%s holds Companion elements, and nothing else", r->what);
			break;
		}
		code = sg_action_shape(r, kid, allowed, sizeof(allowed) / sizeof(*allowed));
		if (!code)
			code = sg_action_word(r, kid, "if-missing", "skip", &one.may_miss);
		one.name = sg_xml_attr(kid, NULL, "name");
		if (!code)
			code = one.name ? sg_service_check_name(r, one.name)
			                : sg_action_refuse(r, "a Companion has no name");
		if (!code && (named(&all, one.name) || sg_same(one.name, target)))
			code = sg_action_refuse(r, "the service %s is named twice", one.name);
		all.at = sg_grow(all.at, all.n, &all.cap, sizeof(*all.at));
		all.at[all.n++] = one;
	}
	if (!code) {
		*ret = all;
		memset(&all, 0, sizeof(all));
	}
	sg_companions_release(&all);
	return code;
}

int sg_companions_plan(const struct sg_companions *c, const char *target, const struct sg_host *host,
        const struct sg_holds *own, struct sg_wishes *ret, struct sg_err *err)
{
	int code = 0;

	for (size_t i = 0; i < c->n && !code; i++) {
		const struct sg_service *service = NULL;
		struct sg_err why = SG_ERR_INIT;

		code = sg_service_find(host, c->at[i].name, &service, &why);
		if (!code)
			code = sg_service_wish(host, service, SG_START_DISABLED, true, true, own, ret, &why);
		if (code == SG_ENOENT && c->at[i].may_miss)
			code = 0;
		else if (code)
			code = sg_fail(err, code == SG_ENOENT ? SG_EUNSUPPORTED : code,
			        "%s is to be stopped together with the service %s, which would start it "
			        "again: %s",
			        target, c->at[i].name, why.msg);
	}
	return code;
}

void sg_companions_prove(const struct sg_companions *c, const struct sg_host *host, struct sg_proof *proof)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct sg_service *service = NULL;
		struct sg_err missing = SG_ERR_INIT;

		if (sg_service_find(host, c->at[i].name, &service, &missing) == 0)
			sg_service_prove_start(service, SG_START_DISABLED, proof);
	}
}

void sg_companions_effects(
        const struct sg_companions *c, const struct sg_host *host, bool out, struct sg_strs *ret)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct sg_service *service = NULL;
		struct sg_err missing = SG_ERR_INIT;

		if (sg_service_find(host, c->at[i].name, &service, &missing) == 0)
			sg_service_say(host, service, SG_START_DISABLED, out, ret);
	}
}
