/* policy_lab.c - see policy_lab.h. */
#include "tests/lib/policy_lab.h"

#include "tests/lib/as_canonical.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

struct sg_conf *conf_of(const char *mode, const char *policy)
{
	char *text = sg_format("<stopgap xmlns=\"" SG_CONF_NS "\" mode=\"%s\">%s</stopgap>", mode, policy);
	struct sg_err err = SG_ERR_INIT;
	struct sg_conf *conf = NULL;

	if (sg_conf_decode(sg_bytes_of(text), "/etc/stopgap.xml", NULL, &conf, &err))
		fail_msg("%s", err.msg);
	free(text);
	return conf;
}

struct sg_mitigation *body_of(const char *id, const char *severity, const char *type)
{
	char *text = sg_format("<Config xmlns:sg=\"" SG_FEED_NS
	                       "\" id=\"%s\" desc=\"x\" sg:revision=\"2.1\" sg:severity=\"%s\"><ActionList>"
	                       "<Action type=\"%s\" scope=\"Server\" desc=\"x\"><Value>x</Value></Action>"
	                       "</ActionList></Config>",
	        id, severity, type);
	struct sg_err err = SG_ERR_INIT;
	struct sg_mitigation *m = NULL;

	if (decode_mitigation("corp", sg_bytes_of(text), &m, &err))
		fail_msg("%s", err.msg);
	free(text);
	return m;
}
