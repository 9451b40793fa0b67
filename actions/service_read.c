/* service_read.c - a Service action from its octets. Pure. What it lets through keeps a service from starting, and lasts beyond the next start. */
#include "actions/service_parts.h"

#include <stdlib.h>
#include <string.h>

/* The service control manager's own rule. */
static const struct sg_action_name service_name = { "the name of a service", "Windows", "/\\", 256 };

/* Without these nothing that stopgap protects would run, or stopgap itself would not; and it never stops W3SVC or WAS (P14). */
static const char *const never[] = { "W3SVC", "WAS", "HTTP", "stopgap", "RpcSs", "RpcEptMapper", "DcomLaunch",
	"EventLog", "SamSs", "Netlogon", "NTDS" };

void sg_service_action_release(struct sg_service_action *s)
{
	free(s->name);
	sg_companions_release(&s->companions);
	memset(s, 0, sizeof(*s));
}

int sg_service_check_name(const struct sg_action_reader *r, const char *name)
{
	int code = sg_action_check_name(r, &service_name, name);

	if (code)
		return code;
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

	if (!code)
		code = sg_action_named_once(&r, a, "service", s.name);
	sg_service_action_release(&s);
	return code;
}
