/* service_read.c - a Service action from its octets. Pure. What it lets through keeps a service from starting, and lasts beyond the next start. */
#include "actions/service_parts.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_NAME = 256 }; /* the service control manager's own limit */

/* Without these nothing that stopgap protects would run, or stopgap itself would not; and it never stops W3SVC or WAS (P14). */
static const char *const never[] = { "W3SVC", "WAS", "HTTP", "stopgap", "RpcSs", "RpcEptMapper", "DcomLaunch",
	"EventLog", "SamSs", "Netlogon", "NTDS" };

void sg_service_action_release(struct sg_service_action *s)
{
	free(s->name);
	sg_companions_release(&s->companions);
	memset(s, 0, sizeof(*s));
}

/* What the service control manager allows in a name, and nothing that hides in a terminal. */
int sg_service_check_name(const struct sg_action_reader *r, const char *name)
{
	struct sg_bytes octets = sg_bytes_of(name);
	size_t step, n = 0;
	uint32_t cp;

	for (size_t at = 0; at < octets.len; at += step, n++) {
		step = sg_utf8_next(octets, at, &cp);
		if (!step || !sg_char_safe(cp) || cp == '/' || cp == '\\')
			return sg_action_refuse(r,
			        "the name of a service has a character that Windows does not allow in one");
	}
	if (!n || n > MAX_NAME || name[0] == ' ' || name[octets.len - 1] == ' ')
		return sg_action_refuse(r,
		        "the name of a service has 1 to %d characters, and no blank at its ends", MAX_NAME);
	for (size_t i = 0; i < sizeof(never) / sizeof(*never); i++)
		if (sg_same(name, never[i]))
			return sg_action_refuse(
			        r, "the service %s is never stopped by a mitigation", never[i]);
	return 0;
}

static int read_start(const struct sg_action_reader *r, const xmlNode *node, enum sg_start_type *ret)
{
	char *start = sg_xml_attr(node, NULL, "start");
	int code = 0;

	if (!start)
		code = sg_action_refuse(r, "Service has no start; allowed: Disabled, Manual");
	else if (!sg_start_parse(start, ret) || (*ret != SG_START_DISABLED && *ret != SG_START_MANUAL))
		code = sg_action_refuse(r,
		        "start=\"%s\"; allowed: Disabled, Manual: a mitigation keeps a service from starting",
		        start);
	free(start);
	return code;
}

int sg_service_read(const struct sg_mitigation *m, const struct sg_action *a, struct sg_service_action *ret,
        struct sg_err *err)
{
	static const char *const allowed[] = { "name", "start", "run", "if-missing" };
	struct sg_action_reader r = { m, "Service", err };
	struct sg_service_action s = { 0 };
	const xmlNode *node = NULL;
	xmlDoc *doc = NULL;
	int code = sg_action_element(&r, a, &doc, &node);

	if (code)
		return code;
	code = sg_action_shape(&r, node, allowed, sizeof(allowed) / sizeof(*allowed));
	s.name = sg_xml_attr(node, NULL, "name");
	if (!code)
		code = s.name ? sg_service_check_name(&r, s.name)
		              : sg_action_refuse(&r, "Service has no name");
	if (!code)
		code = read_start(&r, node, &s.start);
	if (!code)
		code = sg_action_word(&r, node, "run", "Stopped", &s.stopped);
	if (!code)
		code = sg_action_word(&r, node, "if-missing", "skip", &s.may_miss);
	if (!code)
		code = sg_companions_read(&r, node, s.name, &s.companions);
	if (!code) {
		*ret = s;
		memset(&s, 0, sizeof(s));
	}
	sg_service_action_release(&s);
	xmlFreeDoc(doc);
	return code;
}

int sg_service_check(const struct sg_mitigation *m, const struct sg_action *a, struct sg_err *err)
{
	struct sg_action_reader r = { m, "Service", err };
	struct sg_service_action s = { 0 };
	int code = sg_service_read(m, a, &s, err);

	/* A service is named once in a mitigation, so that its actions cannot contradict each other. */
	for (const struct sg_action *other = m->actions;
	        !code && other < m->actions + m->n_actions && other < a; other++) {
		struct sg_service_action before = { 0 };

		if (!other->type || strcmp(other->type, a->type) != 0)
			continue;
		code = sg_service_read(m, other, &before, err);
		if (!code && sg_same(before.name, s.name))
			code = sg_action_refuse(&r, "two actions name the service %s", s.name);
		sg_service_action_release(&before);
	}
	sg_service_action_release(&s);
	return code;
}
