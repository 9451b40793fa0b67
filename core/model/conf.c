/* conf.c - the configuration: from octets to the struct, by the tables of conf_fields.c.
 *
 * Guarantees that every setting has a value in its range or none at all, that nothing in the file is skipped silently,
 * and that a mistake names file, line, what was found and what is allowed. Opens nothing.
 */
#include "model/conf.h"

#include "base/xml.h"
#include "model/conf_fields.h"
#include "model/words.h"
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_ITEMS = 1000 };

struct reader {
	struct sg_conf *conf;
	struct sg_bytes octets;
	const char *file, *kinds;
	char *folder;
	int code; /* 0 or the first failure */
	struct sg_err *err;
	unsigned seen; /* one bit per element that may stand once */
};

/* The element's place among all start tags was noted before reading. */
static unsigned long line_of(const struct reader *r, const xmlNode *node, const char *attr)
{
	return sg_conf_line(r->octets, (size_t)(uintptr_t)node->_private, attr);
}

static void number_tags(xmlNode *node, uintptr_t *next)
{
	node->_private = (void *)(*next)++;
	for (xmlNode *n = sg_xml_first(node); n; n = sg_xml_next(n))
		number_tags(n, next);
}

static void fail(struct reader *r, const xmlNode *node, const char *attr, const char *fmt, ...)
        __attribute__((format(printf, 4, 5)));
static void fail(struct reader *r, const xmlNode *node, const char *attr, const char *fmt, ...)
{
	struct sg_buf text = { 0 };
	va_list ap;

	if (r->code)
		return;
	va_start(ap, fmt);
	sg_buf_vfmt(&text, fmt, ap);
	va_end(ap);
	r->code = sg_fail(r->err, SG_EINVAL, "%s:%lu: %s", r->file, node ? line_of(r, node, attr) : 1,
	        (const char *)text.data);
	sg_buf_release(&text);
}

/* --- one element */

static void only_known_attrs(struct reader *r, const xmlNode *node, const struct sg_conf_words *words)
{
	for (const xmlAttr *a = node->properties; a && !r->code; a = a->next) {
		struct sg_buf names = { 0 }, hint = { 0 };

		for (size_t i = 0; i < words->n; i++)
			sg_buf_fmt(&names, "%s ", words->fields[i].attr);
		sg_buf_str(&names, "");
		const char *list = names.data ? (const char *)names.data : "";

		if (a->ns || sg_words_index(list, (const char *)a->name) < 0) {
			sg_words_hint(list, (const char *)a->name, &hint);
			fail(r, node, (const char *)a->name, "attribute '%.60s' of <%s> is not known%s",
			        (const char *)a->name, words->name, (const char *)hint.data);
		}
		sg_buf_release(&hint);
		sg_buf_release(&names);
	}
}

static void note_origin(struct reader *r, const char *label, const struct sg_conf_field *f, const void *base,
        const xmlNode *from)
{
	struct sg_buf line = { 0 };

	sg_buf_fmt(&line, "%s%s%s=", label, *label ? "." : "", f->attr);
	sg_conf_value_get(base, f, &line);
	if (from)
		sg_buf_fmt(&line, " (%s:%lu)", r->file, line_of(r, from, f->attr));
	else
		sg_buf_str(&line, " (default)");
	sg_strs_add(&r->conf->origins, (const char *)line.data);
	sg_buf_release(&line);
}

/* Reads the attributes of `node` (NULL: the element is absent, everything is default) into `base`. */
static void read_fields(
        struct reader *r, const xmlNode *node, enum sg_conf_element element, void *base, const char *label)
{
	const struct sg_conf_words *words = &sg_conf_words[element];

	if (node)
		only_known_attrs(r, node, words);
	for (size_t i = 0; i < words->n && !r->code; i++) {
		const struct sg_conf_field *f = &words->fields[i];
		struct sg_err why = SG_ERR_INIT;
		char *given = node ? sg_xml_attr(node, NULL, f->attr) : NULL;
		const char *text = given ? given : f->fallback;

		if (!text && f->required)
			fail(r, node, NULL, "attribute '%s' of <%s> is missing", f->attr, words->name);
		else if (!text)
			sg_conf_value_absent(base, f);
		else if (sg_conf_value_set(base, f, text, r->folder, r->kinds, &why))
			fail(r, node, f->attr, "attribute '%s' of <%s>: %s", f->attr, words->name, why.msg);
		if (!r->code)
			note_origin(r, label, f, base, given ? node : NULL);
		free(given);
	}
}

static void empty(struct reader *r, const xmlNode *node)
{
	const xmlNode *child = sg_xml_first(node);

	if (child)
		fail(r, child, NULL, "element <%.60s> is not allowed in <%s>", (const char *)child->name,
		        (const char *)node->name);
}

/* --- elements that may stand many times */

/* A zeroed struct at the end of a list. */
static void *append(void *list, size_t *n, size_t size)
{
	char *grown = sg_realloc(list, (*n + 1) * size);

	memset(grown + *n * size, 0, size);
	++*n;
	return grown;
}

static char *label_of(const xmlNode *node, enum sg_conf_element element, const char *key)
{
	char *name = sg_xml_attr(node, NULL, key);
	char *label = sg_format("%s[%.80s]", sg_conf_words[element].path, name ? name : "?");

	free(name);
	return label;
}

/* Where a list lies in the configuration, how large its items are, and which attribute names one in --print-config. */
static const struct item {
	enum sg_conf_element element;
	size_t list, n, size;
	const char *key; /* NULL: its place counts */
} items[] = {
#define ITEM(element, list, type, key)                                                                       \
	{                                                                                                    \
		element, offsetof(struct sg_conf, list), offsetof(struct sg_conf, n_##list),                 \
		        sizeof(struct type), key                                                             \
	}
	ITEM(SG_CE_ANCHOR, anchors, sg_conf_anchor, "name"),
	ITEM(SG_CE_TIMESTAMP, timestamps, sg_conf_timestamp, "name"),
	ITEM(SG_CE_CRL, crls, sg_conf_crl, "file"),
	ITEM(SG_CE_FEED, feeds, sg_conf_feed, "name"),
	ITEM(SG_CE_WHEN, whens, sg_conf_when, NULL),
	ITEM(SG_CE_BLOCK, blocks, sg_conf_block, "id"),
#undef ITEM
};
enum { ITEMS = sizeof items / sizeof *items };

static void **list_of(struct sg_conf *c, const struct item *i)
{
	return (void **)(void *)((char *)c + i->list);
}

static size_t *count_of(struct sg_conf *c, const struct item *i)
{
	return (size_t *)(void *)((char *)c + i->n);
}

static void read_item(struct reader *r, xmlNode *node, enum sg_conf_element element)
{
	const struct item *item = items;
	size_t all = 0, *n;
	void *base;
	char *label;

	for (size_t i = 0; i < ITEMS; i++) {
		all += *count_of(r->conf, &items[i]);
		if (items[i].element == element)
			item = &items[i];
	}
	if (all >= MAX_ITEMS) {
		fail(r, node, NULL, "there are more than %d elements", MAX_ITEMS);
		return;
	}
	empty(r, node);
	n = count_of(r->conf, item);
	*list_of(r->conf, item) = append(*list_of(r->conf, item), n, item->size);
	base = (char *)*list_of(r->conf, item) + (*n - 1) * item->size;
	label = item->key ? label_of(node, element, item->key)
	                  : sg_format("%s[%zu]", sg_conf_words[element].path, *n);
	read_fields(r, node, element, base, label);
	free(label);
}

/* What must fit together. */
static void check_item(struct reader *r, const xmlNode *node, enum sg_conf_element element, size_t index)
{
	struct sg_buf why = { 0 };
	const char *attr = r->code ? NULL : sg_conf_item_wrong(r->conf, element, index, &why);

	if (attr)
		fail(r, node, *attr ? attr : NULL, "%s", (const char *)why.data);
	sg_buf_release(&why);
}

/* --- the tree */

static void unknown_element(struct reader *r, const xmlNode *node, const char *allowed)
{
	struct sg_buf hint = { 0 };

	sg_words_hint(allowed, (const char *)node->name, &hint);
	fail(r, node, NULL, "element <%.60s> is not known in <%s>%s", (const char *)node->name,
	        (const char *)node->parent->name, (const char *)hint.data);
	sg_buf_release(&hint);
}

/* The element's place in `allowed`; -1 and a failure when it is not there, or stands twice where `once` has its bit. */
static int which(struct reader *r, const xmlNode *node, const char *allowed, unsigned once, unsigned shift)
{
	int at = sg_xml_is(node, SG_CONF_NS, (const char *)node->name)
	                 ? sg_words_index(allowed, (const char *)node->name)
	                 : -1;

	if (at < 0) {
		unknown_element(r, node, allowed);
		return -1;
	}
	unsigned bit = 1u << (unsigned)at;

	if ((once & bit) && (r->seen & bit << shift))
		fail(r, node, NULL, "element <%s> stands twice", (const char *)node->name);
	r->seen |= bit << shift;
	return r->code ? -1 : at;
}

static void no_text(struct reader *r, const xmlNode *node)
{
	for (const xmlNode *n = node->children; n; n = n->next)
		if (n->type == XML_TEXT_NODE && !xmlIsBlankNode(n))
			fail(r, node, NULL, "text is not allowed in <%s>", (const char *)node->name);
}

static void read_trust(struct reader *r, xmlNode *trust)
{
	no_text(r, trust);
	if (trust->properties)
		fail(r, trust, NULL, "attribute '%.60s' of <trust> is not known; allowed: nothing",
		        (const char *)trust->properties->name);
	for (xmlNode *n = sg_xml_first(trust); n && !r->code; n = sg_xml_next(n)) {
		switch (which(r, n, "anchor timestamp crl", 0, 0)) {
		case 0:
			read_item(r, n, SG_CE_ANCHOR);
			check_item(r, n, SG_CE_ANCHOR, r->conf->n_anchors - 1);
			break;
		case 1:
			read_item(r, n, SG_CE_TIMESTAMP);
			check_item(r, n, SG_CE_TIMESTAMP, r->conf->n_timestamps - 1);
			break;
		case 2: read_item(r, n, SG_CE_CRL); break;
		default: return;
		}
	}
}

static void read_policy(struct reader *r, xmlNode *policy)
{
	const xmlNode *removal = NULL;

	if (policy)
		no_text(r, policy);
	read_fields(r, policy, SG_CE_POLICY, r->conf, "policy");
	for (xmlNode *n = policy ? sg_xml_first(policy) : NULL; n && !r->code; n = sg_xml_next(n)) {
		switch (which(r, n, "when removal block", 1u << 1, 16)) {
		case 0:
			read_item(r, n, SG_CE_WHEN);
			check_item(r, n, SG_CE_WHEN, r->conf->n_whens - 1);
			break;
		case 1:
			empty(r, n);
			removal = n;
			break;
		case 2: read_item(r, n, SG_CE_BLOCK); break;
		default: break;
		}
	}
	read_fields(r, removal, SG_CE_REMOVAL, r->conf, "policy.removal");
}

static void read_root(struct reader *r, xmlNode *root)
{
	static const char *const allowed = "trust network feed policy access journal control audit";
	static const enum sg_conf_element simple[] = { SG_CE_NETWORK, SG_CE_ACCESS, SG_CE_JOURNAL,
		SG_CE_CONTROL, SG_CE_AUDIT };
	enum { TRUST, NETWORK, FEED, POLICY, ACCESS, JOURNAL, CONTROL, AUDIT, PLACES };
	static const int place[] = { NETWORK, ACCESS, JOURNAL, CONTROL, AUDIT };
	xmlNode *found[PLACES] = { NULL };

	if (root)
		no_text(r, root);
	read_fields(r, root, SG_CE_ROOT, r->conf, "");
	for (xmlNode *n = root ? sg_xml_first(root) : NULL; n && !r->code; n = sg_xml_next(n)) {
		int at = which(r, n, allowed, ~(1u << FEED), 0);

		if (at == FEED)
			read_item(r, n, SG_CE_FEED);
		else if (at >= 0)
			found[at] = n;
	}
	if (found[TRUST])
		read_trust(r, found[TRUST]);
	for (size_t i = 0; i < sizeof simple / sizeof *simple && !r->code; i++) {
		if (found[place[i]]) {
			no_text(r, found[place[i]]);
			empty(r, found[place[i]]);
		}
		read_fields(r, found[place[i]], simple[i], r->conf, sg_conf_words[simple[i]].path);
	}
	if (!r->code)
		read_policy(r, found[POLICY]);
	size_t index = 0;

	for (xmlNode *n = root ? sg_xml_first(root) : NULL; n && !r->code; n = sg_xml_next(n))
		if (sg_xml_is(n, SG_CONF_NS, "feed"))
			check_item(r, n, SG_CE_FEED, index++);
}

/* --- the whole */

static char *folder_of(const char *file)
{
	const char *slash = strrchr(file, '/'), *back = strrchr(file, '\\');
	const char *end = back && (!slash || back > slash) ? back : slash;

	if (!end)
		return sg_strdup("");
	return sg_strndup(file, end == file ? 1 : (size_t)(end - file));
}

int sg_conf_decode(
        struct sg_bytes octets, const char *file, const char *kinds, struct sg_conf **ret, struct sg_err *err)
{
	struct reader r = {
		.conf = sg_alloc(sizeof *r.conf), .octets = octets, .file = file, .kinds = kinds, .err = err
	};
	xmlDoc *doc = NULL;
	uintptr_t next = 0;

	r.folder = folder_of(file);
	r.code = sg_xml_parse(octets, file, &sg_xml_feed_limits, &doc, err);
	if (!r.code) {
		xmlNode *root = xmlDocGetRootElement(doc);

		number_tags(root, &next);
		if (!sg_xml_is(root, SG_CONF_NS, "stopgap"))
			fail(&r, root, NULL, "the root element must be <stopgap xmlns=\"%s\">", SG_CONF_NS);
		else
			read_root(&r, root);
	}
	xmlFreeDoc(doc);
	free(r.folder);
	if (r.code) {
		sg_conf_free(r.conf);
		return r.code;
	}
	*ret = r.conf;
	return 0;
}

struct sg_conf *sg_conf_default(void)
{
	struct reader r = { .conf = sg_alloc(sizeof *r.conf), .file = "default" };

	r.folder = sg_strdup("");
	read_root(&r, NULL);
	free(r.folder);
	return r.conf;
}

static void release_item(void *base, enum sg_conf_element element)
{
	for (size_t i = 0; i < sg_conf_words[element].n; i++)
		sg_conf_value_release(base, &sg_conf_words[element].fields[i]);
}

void sg_conf_free(struct sg_conf *conf)
{
	static const enum sg_conf_element of_conf[] = { SG_CE_ROOT, SG_CE_NETWORK, SG_CE_POLICY,
		SG_CE_REMOVAL, SG_CE_ACCESS, SG_CE_JOURNAL, SG_CE_CONTROL, SG_CE_AUDIT };

	if (!conf)
		return;
	for (size_t i = 0; i < ITEMS; i++) {
		char *list = *list_of(conf, &items[i]);

		for (size_t k = 0; k < *count_of(conf, &items[i]); k++)
			release_item(list + k * items[i].size, items[i].element);
		free(list);
	}
	for (size_t i = 0; i < sizeof of_conf / sizeof *of_conf; i++)
		release_item(conf, of_conf[i]);
	sg_strs_release(&conf->origins);
	free(conf);
}
