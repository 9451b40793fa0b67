/* conf_print.c - the whole configuration as XML, every default written out, by the same tables that read it. */
#include "model/conf_fields.h"

#include <stdlib.h>

static void put_escaped(struct sg_buf *out, const char *s)
{
	for (; *s; s++) {
		switch (*s) {
		case '&': sg_buf_str(out, "&amp;"); break;
		case '<': sg_buf_str(out, "&lt;"); break;
		case '"': sg_buf_str(out, "&quot;"); break;
		case '\t': sg_buf_str(out, "&#9;"); break;
		case '\n': sg_buf_str(out, "&#10;"); break;
		case '\r': sg_buf_str(out, "&#13;"); break;
		default: sg_buf_char(out, *s);
		}
	}
}

static void open_tag(struct sg_buf *out, const char *indent, enum sg_conf_element element, const void *base)
{
	const struct sg_conf_words *words = &sg_conf_words[element];

	sg_buf_fmt(out, "%s<%s", indent, words->name);
	if (element == SG_CE_ROOT)
		sg_buf_str(out, " xmlns=\"" SG_CONF_NS "\"");
	for (size_t i = 0; i < words->n; i++) {
		struct sg_buf value = { 0 };

		if (sg_conf_value_get(base, &words->fields[i], &value)) {
			sg_buf_fmt(out, " %s=\"", words->fields[i].attr);
			put_escaped(out, (const char *)value.data);
			sg_buf_char(out, '"');
		}
		sg_buf_release(&value);
	}
}

static void put(struct sg_buf *out, const char *indent, enum sg_conf_element element, const void *base)
{
	open_tag(out, indent, element, base);
	sg_buf_str(out, "/>\n");
}

void sg_conf_print(const struct sg_conf *c, struct sg_buf *out)
{
	sg_buf_str(out, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n");
	open_tag(out, "", SG_CE_ROOT, c);
	sg_buf_str(out, ">\n\t<trust>\n");
	for (size_t i = 0; i < c->n_anchors; i++)
		put(out, "\t\t", SG_CE_ANCHOR, &c->anchors[i]);
	for (size_t i = 0; i < c->n_timestamps; i++)
		put(out, "\t\t", SG_CE_TIMESTAMP, &c->timestamps[i]);
	for (size_t i = 0; i < c->n_crls; i++)
		put(out, "\t\t", SG_CE_CRL, &c->crls[i]);
	sg_buf_str(out, "\t</trust>\n");
	put(out, "\t", SG_CE_NETWORK, c);
	for (size_t i = 0; i < c->n_feeds; i++)
		put(out, "\t", SG_CE_FEED, &c->feeds[i]);
	open_tag(out, "\t", SG_CE_POLICY, c);
	sg_buf_str(out, ">\n");
	for (size_t i = 0; i < c->n_whens; i++)
		put(out, "\t\t", SG_CE_WHEN, &c->whens[i]);
	put(out, "\t\t", SG_CE_REMOVAL, c);
	for (size_t i = 0; i < c->n_blocks; i++)
		put(out, "\t\t", SG_CE_BLOCK, &c->blocks[i]);
	sg_buf_str(out, "\t</policy>\n");
	put(out, "\t", SG_CE_ACCESS, c);
	put(out, "\t", SG_CE_JOURNAL, c);
	put(out, "\t", SG_CE_CONTROL, c);
	put(out, "\t", SG_CE_AUDIT, c);
	sg_buf_str(out, "</stopgap>\n");
}
