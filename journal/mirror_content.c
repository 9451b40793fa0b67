/* mirror_content.c - builds the mirror's content out of the journal's records (mirror_content.h). */
#include "journal/mirror_content.h"

#include "journal/reader.h"
#include <stdlib.h>
#include <string.h>

struct collect {
	const struct sg_source *s;
	struct sg_val *list;
	enum sg_table table;
	const char *const *keys; /* NULL: the whole record */
	struct sg_err *err;
};

static int add(void *arg, struct sg_bytes key, struct sg_bytes value)
{
	struct collect *c = arg;
	struct sg_val *v = NULL;
	int rc = sg_look_decode(c->s, c->table, key, value, &v, c->err);

	if (rc != 0)
		return rc;
	if (c->keys) {
		struct sg_val *part = sg_val_map();
		for (size_t i = 0; c->keys[i]; i++) {
			const struct sg_val *f = sg_val_get(v, c->keys[i]);
			sg_val_set(part, c->keys[i], f ? sg_val_copy(f) : sg_val_nil());
		}
		sg_val_free(v);
		v = part;
	}
	sg_val_push(c->list, v);
	return 0;
}

/* A row is worth its place only when a person has decided something about it. */
static bool decided(const struct sg_val *row)
{
	const struct sg_val *approved = sg_val_get(row, "approved");

	return sg_val_get_bool(row, "out", false) || (approved && approved->type == SG_VAL_BIN);
}

int sg_mirror_content(
        const struct sg_source *s, const struct sg_head *head, struct sg_val **ret, struct sg_err *err)
{
	static const char *const row_keys[] = { "feed", "id", "out", "out_who", "out_at", "approved",
		"approved_who", "approved_at", NULL };
	static const char *const feed_keys[] = { "name", "serial", "document", NULL };
	struct sg_made made = { 0 };
	struct sg_val *map = sg_val_map();
	int rc = sg_look_made(s, &made, err);

	sg_val_set_str(map, "machine", made.machine);
	sg_val_set_int(map, "stamp", (int64_t)head->stamp);
	sg_val_set_int(map, "audit_last", (int64_t)head->audit_last);
	sg_val_set_bin(map, "chain", head->chain.b, sizeof head->chain.b);
	free(made.machine);
	struct {
		const char *name;
		enum sg_table table;
		const char *const *keys;
	} parts[] = { { "holds", SG_T_HOLDS, NULL }, { "blocks", SG_T_BLOCKS, NULL },
		{ "rows", SG_T_ROWS, row_keys }, { "feeds", SG_T_FEEDS, feed_keys } };
	for (size_t i = 0; rc == 0 && i < sizeof parts / sizeof *parts; i++) {
		struct sg_val *list = sg_val_array();
		struct collect c = { s, list, parts[i].table, parts[i].keys, err };
		rc = s->each(s->self, parts[i].table, (struct sg_bytes){ 0 }, false, add, &c, err);
		if (parts[i].table == SG_T_ROWS) {
			struct sg_val *kept = sg_val_array();
			for (size_t k = 0; k < list->n; k++) {
				if (decided(list->kid[k]))
					sg_val_push(kept, sg_val_copy(list->kid[k]));
			}
			sg_val_free(list);
			list = kept;
		}
		sg_val_set(map, parts[i].name, list);
	}
	if (rc != 0)
		sg_val_free(map);
	else
		*ret = map;
	return rc;
}

void sg_mirror_gist(const struct sg_val *content, struct sg_mirror_gist *ret)
{
	const struct sg_val *chain = sg_val_get(content, "chain");
	const struct sg_val *holds = sg_val_get(content, "holds"), *blocks = sg_val_get(content, "blocks");

	*ret = (struct sg_mirror_gist){ .machine = sg_val_get_str(content, "machine", ""),
		.stamp = (uint64_t)sg_val_get_int(content, "stamp", 0),
		.audit_last = (uint64_t)sg_val_get_int(content, "audit_last", 0),
		.holds = holds ? holds->n : 0,
		.blocks = blocks ? blocks->n : 0 };
	if (chain && chain->type == SG_VAL_BIN && chain->len == sizeof ret->chain.b)
		memcpy(ret->chain.b, chain->s, chain->len);
}
