/* edit_lab.c - see edit_lab.h. */
#include "tests/lib/edit_lab.h"

#include <stdlib.h>
#include <string.h>

void lab_init(struct lab *lab, struct sg_bytes file)
{
	*lab = (struct lab){ 0 };
	sg_buf_set(&lab->file, file.data, file.len);
}

void lab_release(struct lab *lab)
{
	for (size_t i = 0; i < lab->n; i++) {
		sg_addr_release(&lab->holds[i].addr);
		sg_content_release(&lab->holds[i].before);
	}
	free(lab->holds);
	sg_buf_release(&lab->file);
	*lab = (struct lab){ 0 };
}

static int look(struct lab *lab, const struct sg_addr *addr, struct sg_content *ret)
{
	struct sg_cfg cfg = { 0 };
	int rc = sg_cfg_scan(sg_buf_bytes(&lab->file), "lab", &cfg, &lab->err);

	if (rc == 0)
		rc = sg_cfg_look(&cfg, addr, ret, &lab->err);
	sg_cfg_release(&cfg);
	return rc;
}

static struct lab_hold *find(struct lab *lab, const struct sg_addr *addr)
{
	for (size_t i = 0; i < lab->n; i++)
		if (lab->holds[i].holders && sg_addr_equal(&lab->holds[i].addr, addr))
			return &lab->holds[i];
	return NULL;
}

static int apply_one(struct lab *lab, unsigned who, const struct lab_value *v)
{
	struct sg_addr addr = { v->kind, sg_strdup("C:\\web.config"), sg_strdup(v->path) };
	struct sg_content to = { .present = true }, now = { 0 };
	struct lab_hold *hold = find(lab, &addr);
	enum sg_edit_result result = SG_EDIT_ALREADY;
	int rc = 0;

	if (v->octets)
		sg_buf_str(&to.octets, v->octets);
	to.after = sg_strdup(v->after);
	if (!hold)
		rc = look(lab, &addr, &now);
	if (rc == 0 && !hold && !sg_content_same(v->kind, &now, &to)) {
		rc = sg_cfg_set(&lab->file, "lab", &addr, &to, NULL, &result, &lab->err);
		if (rc == 0) {
			lab->holds = sg_grow(lab->holds, lab->n, &lab->cap, sizeof *lab->holds);
			hold = &lab->holds[lab->n++];
			*hold = (struct lab_hold){ .addr = addr, .before = now };
			addr = (struct sg_addr){ 0 };
			now = (struct sg_content){ 0 };
		}
	}
	if (hold)
		hold->holders |= 1u << who;
	sg_addr_release(&addr);
	sg_content_release(&to);
	sg_content_release(&now);
	return rc;
}

int lab_apply(struct lab *lab, unsigned who, const struct lab_value *values, size_t n)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = apply_one(lab, who, &values[i]);
	return rc;
}

/* Lets go of the holds of one kind; whose last holder left goes back to its before. Holds were made outer to inner. */
static int end_kind(struct lab *lab, unsigned who, bool scaffolds)
{
	int rc = 0;

	for (size_t i = lab->n; rc == 0 && i-- > 0;) {
		struct lab_hold *h = &lab->holds[i];
		enum sg_edit_result result;

		if ((h->addr.kind == SG_VALUE_SCAFFOLD) != scaffolds || !(h->holders & 1u << who))
			continue;
		h->holders &= ~(1u << who);
		if (!h->holders)
			rc = sg_cfg_set(&lab->file, "lab", &h->addr, &h->before, NULL, &result, &lab->err);
	}
	return rc;
}

int lab_end(struct lab *lab, unsigned who)
{
	int rc = end_kind(lab, who, false);

	return rc < 0 ? rc : end_kind(lab, who, true);
}

#define TOP   "/configuration/system.webServer"
#define INNER "/configuration/location[@path='.'][@inheritInChildApplications='false']"

static const char rule_a[] =
        "<rule name=\"stopgap A\" stopProcessing=\"true\">\n  <match url=\".*\"/>\n  <conditions>\n"
        "    <add input=\"{UrlDecode:{REQUEST_URI}}\" pattern=\"(?=.*a>b)(?=.*&amp;)\"></add>\n  "
        "</conditions>\n"
        "  <action type=\"CustomResponse\" statusCode=\"403\"/>\n</rule>";
static const char rule_b[] =
        "<rule name='stopgap B'><match url='.*' /><!-- why --><action type='AbortRequest' /></rule>";
static const char out_b[] = "<rule name=\"stopgap B out\" preCondition=\"stopgap B html\"><match "
                            "serverVariable=\"RESPONSE_X\" pattern=\".*\"/>"
                            "<action type=\"Rewrite\" value=\"y\"/></rule>";
static const char pre_b[] = "<preCondition name=\"stopgap B html\"><add input=\"{RESPONSE_CONTENT_TYPE}\" "
                            "pattern=\"^text/html\"/></preCondition>";
static const char rule_c[] =
        "<rule name=\"stopgap C\"><match url=\"c\" /><action type=\"AbortRequest\" /></rule>";

static const struct lab_value values_a[] = {
	{ SG_VALUE_SCAFFOLD, "/configuration", NULL, NULL },
	{ SG_VALUE_SCAFFOLD, TOP, NULL, NULL },
	{ SG_VALUE_SCAFFOLD, TOP "/rewrite", NULL, NULL },
	{ SG_VALUE_SCAFFOLD, TOP "/rewrite/rules", NULL, NULL },
	{ SG_VALUE_ELEMENT, TOP "/rewrite/rules/rule[@name='stopgap A']", rule_a, NULL },
};
static const struct lab_value values_b[] = {
	{ SG_VALUE_SCAFFOLD, "/configuration", NULL, NULL },
	{ SG_VALUE_SCAFFOLD, TOP, NULL, NULL },
	{ SG_VALUE_SCAFFOLD, TOP "/rewrite", NULL, NULL },
	{ SG_VALUE_SCAFFOLD, TOP "/rewrite/rules", NULL, NULL },
	{ SG_VALUE_SCAFFOLD, TOP "/rewrite/outboundRules", NULL, NULL },
	{ SG_VALUE_SCAFFOLD, TOP "/rewrite/outboundRules/preConditions", NULL, NULL },
	{ SG_VALUE_ELEMENT, TOP "/rewrite/rules/rule[@name='stopgap B']", rule_b, "rule[@name='stopgap A']" },
	{ SG_VALUE_ELEMENT, TOP "/rewrite/outboundRules/preConditions/preCondition[@name='stopgap B html']",
	        pre_b, NULL },
	{ SG_VALUE_ELEMENT, TOP "/rewrite/outboundRules/rule[@name='stopgap B out']", out_b, NULL },
};
static const struct lab_value values_c[] = {
	{ SG_VALUE_SCAFFOLD, "/configuration", NULL, NULL },
	{ SG_VALUE_SCAFFOLD, INNER, NULL, NULL },
	{ SG_VALUE_SCAFFOLD, INNER "/system.webServer", NULL, NULL },
	{ SG_VALUE_SCAFFOLD, INNER "/system.webServer/rewrite", NULL, NULL },
	{ SG_VALUE_SCAFFOLD, INNER "/system.webServer/rewrite/rules", NULL, NULL },
	{ SG_VALUE_ELEMENT, INNER "/system.webServer/rewrite/rules/rule[@name='stopgap C']", rule_c, NULL },
};
const struct lab_mitigation lab_mitigations[3] = {
	{ values_a, sizeof values_a / sizeof *values_a },
	{ values_b, sizeof values_b / sizeof *values_b },
	{ values_c, sizeof values_c / sizeof *values_c },
};
const unsigned lab_orders[6][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 }, { 2, 0, 1 },
	{ 2, 1, 0 } };
