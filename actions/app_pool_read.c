/* app_pool_read.c - an AppPool action from its octets. Pure. What it lets through, IIS could load, and would last beyond the next start. */
#include "actions/app_pool_parts.h"
#include "base/xml.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_NAME = 64 };

const struct sg_app_pool_attribute sg_app_pool_attributes[SG_POOL_ATTRIBUTES] = {
	[SG_POOL_AUTO_START] = { "autoStart", { "false", "true" } },
	[SG_POOL_START_MODE] = { "startMode", { "OnDemand", "AlwaysRunning" } },
};

void sg_app_pool_release(struct sg_app_pool *p)
{
	free(p->name);
	for (size_t i = 0; i < SG_POOL_ATTRIBUTES; i++)
		free(p->wanted[i]);
	sg_strs_release(&p->needed);
	sg_strs_release(&p->optional);
	memset(p, 0, sizeof(*p));
}

/* What the functions below work with. */
struct reader {
	const struct sg_mitigation *m;
	struct sg_err *err;
};

static int refuse(const struct reader *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static int refuse(const struct reader *r, const char *fmt, ...)
{
	struct sg_buf text = { 0 };
	va_list ap;
	int code;

	va_start(ap, fmt);
	sg_buf_vfmt(&text, fmt, ap);
	va_end(ap);
	code = sg_fail(r->err, SG_EINVAL, "mitigation '%s', AppPool: %s", r->m->id, (const char *)text.data);
	sg_buf_release(&text);
	return code;
}

/* Only these attributes, in no namespace, and no text between the children. */
static int check_shape(const struct reader *r, const xmlNode *node, const char *const *allowed, size_t n)
{
	char *text;
	bool blank;

	for (const xmlAttr *a = node->properties; a; a = a->next) {
		bool known = false;

		for (size_t i = 0; i < n && !a->ns; i++)
			known = known || !strcmp((const char *)a->name, allowed[i]);
		if (!known)
			return refuse(r, "unknown attribute %s of %s", (const char *)a->name,
			        (const char *)node->name);
	}
	text = sg_xml_text(node);
	blank = !text || !*text;
	free(text);
	return blank ? 0 : refuse(r, "text in %s", (const char *)node->name);
}

/* if-missing: absent, or "skip". */
static int read_if_missing(const struct reader *r, const xmlNode *node, bool *ret)
{
	char *value = sg_xml_attr(node, NULL, "if-missing");
	int code = 0;

	*ret = value != NULL;
	if (value && strcmp(value, "skip") != 0)
		code = refuse(r, "if-missing=\"%s\"; allowed: skip", value);
	free(value);
	return code;
}

/* What IIS allows in the name of a pool (validator applicationPoolName), and nothing that hides in a terminal. */
static int check_name(const struct reader *r, const char *name)
{
	struct sg_bytes octets = sg_bytes_of(name);
	size_t step, n = 0;
	uint32_t cp;

	for (size_t at = 0; at < octets.len; at += step, n++) {
		step = sg_utf8_next(octets, at, &cp);
		if (!step || !sg_char_safe(cp) || (cp < 128 && strchr("|<>&\"/[]+=;:,?*@", (int)cp)))
			return refuse(r, "the pool's name has a character that IIS does not allow in one");
	}
	if (!n || n > MAX_NAME || name[0] == ' ' || name[octets.len - 1] == ' ')
		return refuse(
		        r, "the pool's name has 1 to %d characters, and no blank at its ends", MAX_NAME);
	return 0;
}

static int read_companions(const struct reader *r, const xmlNode *node, struct sg_app_pool *p)
{
	static const char *const allowed[] = { "name", "if-missing" };
	int code = 0;

	for (const xmlNode *kid = sg_xml_first(node); kid && !code; kid = sg_xml_next(kid)) {
		bool skip = false;
		char *name;

		if (!sg_xml_is(kid, SG_FEED_NS, "Companion") || sg_xml_first(kid))
			return refuse(r, "AppPool holds Companion elements, and nothing else");
		code = check_shape(r, kid, allowed, sizeof(allowed) / sizeof(*allowed));
		if (!code)
			code = read_if_missing(r, kid, &skip);
		name = sg_xml_attr(kid, NULL, "name");
		if (!code && (!name || !*name))
			code = refuse(r, "a Companion has no name");
		if (!code)
			sg_strs_add(skip ? &p->optional : &p->needed, name);
		free(name);
	}
	return code;
}

static int read_values(const struct reader *r, const xmlNode *node, struct sg_app_pool *p)
{
	char *run = sg_xml_attr(node, NULL, "run");
	bool any = false;
	int code = 0;

	p->stopped = run != NULL;
	if (run && strcmp(run, "Stopped") != 0)
		code = refuse(r, "run=\"%s\"; allowed: Stopped", run);
	free(run);
	for (size_t i = 0; i < SG_POOL_ATTRIBUTES && !code; i++) {
		const char *const *words = sg_app_pool_attributes[i].words;
		char *value = p->wanted[i] = sg_xml_attr(node, NULL, sg_app_pool_attributes[i].name);

		any = any || value;
		if (value && strcmp(value, words[0]) != 0 && strcmp(value, words[1]) != 0)
			code = refuse(r, "%s=\"%s\"; allowed: %s, %s", sg_app_pool_attributes[i].name, value,
			        words[0], words[1]);
	}
	if (!code && !any)
		code = refuse(r, "neither autoStart nor startMode: nothing of it would last");
	if (!code && p->stopped &&
	        (!p->wanted[SG_POOL_AUTO_START] || strcmp(p->wanted[SG_POOL_AUTO_START], "false") != 0))
		code = refuse(r, "run=\"Stopped\" needs autoStart=\"false\": IIS would start the pool again");
	return code;
}

int sg_app_pool_read(
        const struct sg_mitigation *m, const struct sg_action *a, struct sg_app_pool *ret, struct sg_err *err)
{
	static const char *const allowed[] = { "name", "autoStart", "startMode", "run", "if-missing" };
	struct reader r = { m, err };
	struct sg_app_pool p = { 0 };
	xmlDoc *doc = NULL;
	const xmlNode *node;
	int code;

	if (a->scope && !sg_same(a->scope, "Server"))
		return refuse(&r, "scope=\"%s\"; allowed: Server", a->scope);
	code = sg_xml_parse(sg_buf_bytes(&a->xml), m->id, &sg_xml_feed_limits, &doc, err);
	if (code)
		return code;
	node = sg_xml_first(xmlDocGetRootElement(doc));
	if (!node || !sg_xml_is(node, SG_FEED_NS, "AppPool") || sg_xml_next(node)) {
		code = refuse(&r, "the Action holds exactly one element AppPool of %s", SG_FEED_NS);
		goto out;
	}
	code = check_shape(&r, node, allowed, sizeof(allowed) / sizeof(*allowed));
	p.name = sg_xml_attr(node, NULL, "name");
	if (!code)
		code = p.name ? check_name(&r, p.name) : refuse(&r, "AppPool has no name");
	if (!code)
		code = read_values(&r, node, &p);
	if (!code)
		code = read_if_missing(&r, node, &p.may_miss);
	if (!code)
		code = read_companions(&r, node, &p);
	if (!code) {
		*ret = p;
		memset(&p, 0, sizeof(p));
	}
out:
	sg_app_pool_release(&p);
	xmlFreeDoc(doc);
	return code;
}

int sg_app_pool_check(const struct sg_mitigation *m, const struct sg_action *a, struct sg_err *err)
{
	struct reader r = { m, err };
	struct sg_app_pool p = { 0 };
	int code = sg_app_pool_read(m, a, &p, err);

	/* A pool is named once in a mitigation, so that its actions cannot contradict each other. */
	for (const struct sg_action *other = m->actions;
	        !code && other < m->actions + m->n_actions && other < a; other++) {
		struct sg_app_pool before = { 0 };

		if (!other->type || strcmp(other->type, a->type) != 0)
			continue;
		code = sg_app_pool_read(m, other, &before, err);
		if (!code && sg_same(before.name, p.name))
			code = refuse(&r, "two actions name the pool %s", p.name);
		sg_app_pool_release(&before);
	}
	sg_app_pool_release(&p);
	return code;
}
