/* attrs.c - reading attributes by a table, with IIS's rules: names as written, values of enums without case. */
#include "rewrite/read.h"
#include "base/text.h"
#include <stdlib.h>
#include <string.h>

static const char *const locks[] = { "lockItem", "lockAttributes", "lockElements", "lockAllAttributesExcept",
	"lockAllElementsExcept" };
static const char *const bools[] = { "false", "true", NULL };

static int wrong_value(const xmlNode *node, const char *attr, const char *value, const char *const *allowed,
        struct sg_err *err)
{
	struct sg_buf list = { 0 };

	for (size_t i = 0; allowed[i]; i++)
		sg_buf_fmt(&list, "%s%s", i ? ", " : "", allowed[i]);
	int r = sg_fail(err, SG_EPARSE, "line %ld: <%s> has %s=\"%.100s\"; allowed: %s", xmlGetLineNo(node),
	        (const char *)node->name, attr, value, (const char *)list.data);
	sg_buf_release(&list);
	return r;
}

static int read_number(const xmlNode *node, const struct sg_rw_attr *a, const char *value, struct sg_err *err)
{
	unsigned number = 0;
	size_t digits = strspn(value, "0123456789");

	if (!digits || value[digits] || digits > 9)
		return sg_fail(err, SG_EPARSE,
		        "line %ld: <%s> has %s=\"%.100s\"; allowed: a number below 1000000000",
		        xmlGetLineNo(node), (const char *)node->name, a->name, value);
	for (size_t i = 0; i < digits; i++)
		number = number * 10 + (unsigned)(value[i] - '0');
	*(unsigned *)a->to = number;
	return 0;
}

static int read_value(const xmlNode *node, const struct sg_rw_attr *a, char *value, struct sg_err *err)
{
	const char *const *names = a->type == SG_RW_A_BOOL ? bools : a->names;
	int at = 0, r = 0;

	switch (a->type) {
	case SG_RW_A_ANY: break;
	case SG_RW_A_TEXT:
		free(*(char **)a->to);
		*(char **)a->to = value;
		return 0;
	case SG_RW_A_NUMBER: r = read_number(node, a, value, err); break;
	case SG_RW_A_BOOL:
	case SG_RW_A_ENUM:
		while (names[at] && !sg_same(names[at], value))
			at++;
		if (!names[at])
			r = wrong_value(node, a->name, value, names, err);
		else if (a->type == SG_RW_A_BOOL)
			*(bool *)a->to = at == 1;
		else
			*(int *)a->to = at;
		break;
	}
	free(value);
	return r;
}

static const struct sg_rw_attr *find(const struct sg_rw_attr *attrs, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(attrs[i].name, name))
			return &attrs[i];
	return NULL;
}

static bool is_lock(const char *name)
{
	for (size_t i = 0; i < sizeof(locks) / sizeof(locks[0]); i++)
		if (!strcmp(locks[i], name))
			return true;
	return false;
}

int sg_rw_attrs(const xmlNode *node, const struct sg_rw_attr *attrs, size_t n, struct sg_err *err)
{
	for (const xmlAttr *at = node->properties; at; at = at->next) {
		const char *name = (const char *)at->name;
		const struct sg_rw_attr *a = at->ns ? NULL : find(attrs, n, name);
		if (!a && !at->ns && is_lock(name))
			continue;
		if (!a && !at->ns && !strcmp(name, "configSource"))
			return sg_fail(err, SG_EUNSUPPORTED,
			        "line %ld: <%s> keeps its content in another file (configSource)",
			        xmlGetLineNo(node), (const char *)node->name);
		if (!a) {
			struct sg_buf list = { 0 };
			for (size_t i = 0; i < n; i++)
				sg_buf_fmt(&list, "%s%s", i ? ", " : "", attrs[i].name);
			int r = sg_fail(err, SG_EPARSE,
			        "line %ld: <%s> has an attribute '%.100s'; allowed: %s", xmlGetLineNo(node),
			        (const char *)node->name, name, list.len ? (const char *)list.data : "none");
			sg_buf_release(&list);
			return r;
		}
		char *value = sg_xml_attr(node, NULL, a->name);
		int r = read_value(node, a, value ? value : sg_strdup(""), err);
		if (r)
			return r;
	}
	return 0;
}
