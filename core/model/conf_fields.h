/* conf_fields.h - the vocabulary of the configuration as tables: one row per attribute. Shared by conf.c (which reads by
 * it), conf_print.c (which writes by it) and conf_value.c (which knows the kinds of values); nobody else includes it. */
#ifndef SG_MODEL_CONF_FIELDS_H
#define SG_MODEL_CONF_FIELDS_H

#include "model/conf.h"

/* How a value is written, and what it is stored as. */
enum sg_conf_kind {
	SG_CF_TEXT,     /* char *: any text */
	SG_CF_NAME,     /* char *: as an id */
	SG_CF_NAMES,    /* char *: blank-separated names */
	SG_CF_GLOBS,    /* char *: blank-separated names with * and ? */
	SG_CF_PATH,     /* char *: relative to the configuration file's folder */
	SG_CF_URL,      /* char *: model/url.h; a path as SG_CF_PATH */
	SG_CF_PROXY,    /* char *: system, none or an URL */
	SG_CF_OID,      /* char *: 1.2.3 */
	SG_CF_SHA256,   /* char *: 64 hex digits */
	SG_CF_KINDS,    /* char *: blank-separated words out of those that the caller of the reader knows */
	SG_CF_WINDOW,   /* char *: model/window.h */
	SG_CF_ACCOUNTS, /* char *: comma-separated */
	SG_CF_REVISION, /* char *: a prefix of a revision */
	SG_CF_CHOICE,   /* enum: place in `words` */
	SG_CF_SEVERITY, /* int: place in `words`, -1 when absent */
	SG_CF_FLAG,     /* bool: place in the two `words` */
	SG_CF_DURATION, /* int64_t: ms, min..max */
	SG_CF_SIZE,     /* int64_t: octets, min..max */
	SG_CF_NUMBER,   /* int64_t: min..max */
	SG_CF_TIME,     /* int64_t: ms since 1970, 0 when absent */
};

struct sg_conf_field {
	const char *attr;
	enum sg_conf_kind kind;
	size_t offset; /* in the element's struct */
	const char *words;
	int64_t min, max;
	const char *fallback; /* as it would be written; NULL: absent */
	bool required;
};

/* Elements, and which struct their fields lie in: struct sg_conf unless they are listed. */
enum sg_conf_element {
	SG_CE_ROOT,
	SG_CE_ANCHOR,    /* struct sg_conf_anchor */
	SG_CE_TIMESTAMP, /* struct sg_conf_timestamp */
	SG_CE_CRL,       /* struct sg_conf_crl */
	SG_CE_NETWORK,
	SG_CE_FEED, /* struct sg_conf_feed */
	SG_CE_POLICY,
	SG_CE_WHEN, /* struct sg_conf_when */
	SG_CE_REMOVAL,
	SG_CE_BLOCK, /* struct sg_conf_block */
	SG_CE_ACCESS,
	SG_CE_JOURNAL,
	SG_CE_CONTROL,
	SG_CE_AUDIT,
	SG_CE_COUNT
};
struct sg_conf_words {
	const char *name, *path; /* "removal", "policy.removal" */
	const struct sg_conf_field *fields;
	size_t n;
};
extern const struct sg_conf_words sg_conf_words[SG_CE_COUNT];

/* conf_value.c. Reads `text` into base+offset; `folder` is the configuration file's, "" for the current one. The error is
 * the end of a sentence: "'5x' is not a duration; write ...". */
int sg_conf_value_set(void *base, const struct sg_conf_field *field, const char *text, const char *folder,
        const char *kinds, struct sg_err *err);
/* Writes it as it would be read; false when the value is absent. */
bool sg_conf_value_get(const void *base, const struct sg_conf_field *field, struct sg_buf *out);
void sg_conf_value_absent(void *base, const struct sg_conf_field *field);
void sg_conf_value_release(void *base, const struct sg_conf_field *field);

/* conf_check.c. NULL when the `index`-th element of that kind fits with what was read before it; else the attribute that is wrong ("": the element as
 * a whole), and why, as a sentence. Feeds are checked once <trust> is read. */
const char *sg_conf_item_wrong(
        const struct sg_conf *conf, enum sg_conf_element element, size_t index, struct sg_buf *why);

/* conf_lines.c. The line, from 1, of the `index`-th start tag, or of that attribute in it (NULL: the tag). */
unsigned long sg_conf_line(struct sg_bytes octets, size_t index, const char *attr);

#endif
