/* accept_memo.c - what is remembered of a feed beside its row: a fact of the journal, so that a restart neither verifies nor says anything again. */
#include "engine/accept.h"

#include <stdlib.h>
#include <string.h>

static char *fact_of(const char *feed)
{
	return sg_format("feed %s", feed);
}

void sg_memo_read(const struct sg_world *w, const char *feed, struct sg_memo *ret)
{
	char *fact = fact_of(feed);
	const struct sg_val *v = w->facts ? sg_val_get(w->facts, fact) : NULL;

	*ret = (struct sg_memo){ 0 };
	free(fact);
	if (!v || v->type != SG_VAL_MAP)
		return;
	sg_hash_from_hex(sg_val_get_str(v, "octets", ""), &ret->octets);
	sg_hash_from_hex(sg_val_get_str(v, "rules", ""), &ret->rules);
	ret->cms_etag = sg_val_get_str(v, "cms_etag", NULL);
	ret->cms_last_modified = sg_val_get_str(v, "cms_last_modified", NULL);
	ret->said = sg_val_get_int(v, "said", 0);
	ret->ends = sg_val_get(v, "ends");
}

static void set_hash(struct sg_val *map, const char *key, const struct sg_hash *hash)
{
	char hex[65];

	sg_hash_hex(hash, hex);
	sg_val_set_str(map, key, hex);
}

void sg_memo_write(const struct sg_memo *m, const char *feed, struct sg_val *facts)
{
	char *fact = fact_of(feed);
	struct sg_val *v = sg_val_set(facts, fact, sg_val_map());

	free(fact);
	set_hash(v, "octets", &m->octets);
	set_hash(v, "rules", &m->rules);
	sg_val_set_str(v, "cms_etag", m->cms_etag);
	sg_val_set_str(v, "cms_last_modified", m->cms_last_modified);
	sg_val_set_int(v, "said", m->said);
	sg_val_set(v, "ends", m->ends ? sg_val_copy(m->ends) : sg_val_nil());
}

void sg_memo_ends(const struct sg_memo *m, struct sg_ends *ends)
{
	for (size_t i = 0; m->ends && m->ends->type == SG_VAL_ARRAY && i < m->ends->n; i++) {
		const struct sg_val *one = m->ends->kid[i];

		if (one->type == SG_VAL_ARRAY && one->n == 3 && one->kid[0]->type == SG_VAL_STR)
			sg_ends_add(ends, one->kid[0]->s, one->kid[1]->i, one->kid[2]->i);
	}
}

bool sg_memo_holds(const struct sg_memo *m, const struct sg_feed_row *row, const struct sg_trust_rules *rules,
        int64_t now)
{
	struct sg_ends ends = { 0 };
	bool over;

	if (!row->verified || !m->ends || !sg_hash_equal(&m->rules, &rules->hash))
		return false;
	sg_memo_ends(m, &ends);
	over = sg_ends_first(&ends, INT64_MIN) <= now || rules->until <= now;
	sg_ends_release(&ends);
	return !over;
}
