/* read.h - reading rules from XML: the attributes of one element by a table (attrs.c), one rule (rule_read.c). Private to
 * core/rewrite. */
#ifndef SG_REWRITE_READ_H
#define SG_REWRITE_READ_H

#include "rewrite/rules.h"
#include "base/xml.h"

#define N_OF(table) (sizeof(table) / sizeof((table)[0]))

enum sg_rw_attr_type { SG_RW_A_TEXT, SG_RW_A_BOOL, SG_RW_A_ENUM, SG_RW_A_NUMBER, SG_RW_A_ANY };
/* One allowed attribute. `to` is a char ** (TEXT: owned, stays as it was when absent), bool *, int * (ENUM: index in
 * `names`) or unsigned * ; ANY is accepted and not read. */
struct sg_rw_attr {
	const char *name;
	enum sg_rw_attr_type type;
	void *to;
	const char *const *names; /* ENUM, NULL-terminated */
};

/* Reads all attributes of the element; those that lock (lockItem, lockAttributes, ...) are allowed everywhere, as IIS does.
 * SG_EPARSE names the element, its line, and what is allowed; SG_EUNSUPPORTED for configSource. */
int sg_rw_attrs(const xmlNode *node, const struct sg_rw_attr *attrs, size_t n, struct sg_err *err);
/* SG_EPARSE: the element is not allowed there. */
int sg_rw_unknown_element(const xmlNode *node, const xmlNode *in, const char *allowed, struct sg_err *err);

extern const char *const sg_rw_syntaxes[];
extern const char *const sg_rw_groupings[];

/* Appends the rule to its kind's list. */
int sg_rw_read_rule(const xmlNode *node, enum sg_rw_kind kind, struct sg_rw_rules *rules, struct sg_err *err);
/* The <add/> elements of conditions or of a preCondition, whose own attributes the caller has read. `what` is for messages. */
int sg_rw_read_conditions(const xmlNode *node, enum sg_rw_syntax syntax, struct sg_rw_conditions *list,
        const char *what, struct sg_err *err);

#endif
