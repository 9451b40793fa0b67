/* rules_suspects.c - which chains of sections ended a worker that read nothing else. By where they stand, so that other octets in the same files are known to
 * be of the same owner; a table of fixed size, so that many owners cost others nothing but their turn.
 */
#include "actions/rules_parts.h"

#include "base/clock.h"

#include <stdlib.h>
#include <string.h>

enum { SLOTS = 64 };

static struct sg_rules_suspect slots[SLOTS]; /* used: why is there */
static size_t next;

static struct sg_hash place_of(const struct sg_rules *rules, const struct sg_rules_chain *chain)
{
	struct sg_buf text = { 0 };
	struct sg_hash hash;

	for (size_t i = 0; i < chain->n; i++) {
		const struct sg_rules_piece *p = &rules->pieces[chain->at[i]];

		sg_buf_add(&text, p->container, strlen(p->container) + 1);
		sg_buf_add(&text, p->folder, strlen(p->folder) + 1);
	}
	hash = sg_sha256(sg_buf_bytes(&text));
	sg_buf_release(&text);
	return hash;
}

static struct sg_hash octets_of(const struct sg_rules *rules, const struct sg_rules_chain *chain)
{
	struct sg_buf all = { 0 };
	struct sg_hash hash;

	for (size_t i = 0; i < chain->n; i++) {
		const struct sg_rules_piece *p = &rules->pieces[chain->at[i]];
		const struct sg_cfg_node *node = &p->cfg->nodes[p->node];

		sg_buf_add(&all, p->cfg->octets.data + node->at, node->end - node->at);
	}
	hash = sg_sha256(sg_buf_bytes(&all));
	sg_buf_release(&all);
	return hash;
}

static struct sg_rules_suspect *find(const struct sg_hash *place)
{
	for (size_t i = 0; i < SLOTS; i++)
		if (slots[i].why && sg_hash_equal(&slots[i].place, place))
			return &slots[i];
	return NULL;
}

static bool anybody(void)
{
	for (size_t i = 0; i < SLOTS; i++)
		if (slots[i].why)
			return true;
	return false;
}

const struct sg_rules_suspect *sg_rules_suspected(
        const struct sg_rules *rules, const struct sg_rules_chain *chain, int64_t now, bool *ret_same_octets)
{
	struct sg_rules_suspect *s;
	struct sg_hash hash;

	if (!chain->n || !anybody())
		return NULL;
	hash = place_of(rules, chain);
	s = find(&hash);
	if (!s || now >= s->until + SG_HOUR)
		return NULL;
	hash = octets_of(rules, chain);
	*ret_same_octets = sg_hash_equal(&s->octets, &hash);
	return s;
}

void sg_rules_suspect(
        const struct sg_rules *rules, const struct sg_rules_chain *chain, int64_t now, const char *why)
{
	struct sg_hash place = place_of(rules, chain);
	struct sg_rules_suspect *s = find(&place);
	bool again = s && now < s->until + SG_HOUR;

	if (!s)
		s = &slots[next++ % SLOTS];
	free(s->why);
	*s = (struct sg_rules_suspect){
		.place = place, .octets = octets_of(rules, chain), .why = sg_strdup(why), .span = s->span
	};
	s->span = !again ? SG_MINUTE : s->span < SG_HOUR / 2 ? 2 * s->span : SG_HOUR;
	s->until = now + s->span;
}

void sg_rules_suspect_nobody(void)
{
	for (size_t i = 0; i < SLOTS; i++) {
		free(slots[i].why);
		slots[i] = (struct sg_rules_suspect){ 0 };
	}
	next = 0;
}
