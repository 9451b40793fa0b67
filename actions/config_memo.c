/* config_memo.c - what workers said of octets, by their SHA-256, so that a server that has not changed costs none.
 *
 * A table of fixed size: 4096 sets of eight. Entries are found and replaced within their set, so nobody who makes files can make it slow; what he
 * can do is push others out, which costs a worker each.
 */
#include "actions/apart_parts.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { WAYS = 8, SETS = SG_CFG_MEMO / WAYS };

struct entry {
	bool used;
	struct sg_hash octets;
	int code;
	char *text; /* NULL with code 0 */
	int64_t until;
};
static struct set {
	struct entry at[WAYS];
	unsigned oldest;
} sets[SETS];
static atomic_flag lock = ATOMIC_FLAG_INIT;

static void enter(void)
{
	while (atomic_flag_test_and_set_explicit(&lock, memory_order_acquire))
		;
}

static void leave(void)
{
	atomic_flag_clear_explicit(&lock, memory_order_release);
}

static struct set *set_of(const struct sg_hash *octets)
{
	return &sets[(size_t)(octets->b[0] | octets->b[1] << 8) % SETS];
}

static struct entry *find(struct set *set, const struct sg_hash *octets)
{
	for (int i = 0; i < WAYS; i++)
		if (set->at[i].used && sg_hash_equal(&set->at[i].octets, octets))
			return &set->at[i];
	return NULL;
}

bool sg_cfg_remembered(const struct sg_hash *octets, int64_t now, struct sg_cfg_said *ret)
{
	const struct entry *e;
	bool known;

	enter();
	e = find(set_of(octets), octets);
	known = e && (!e->until || now < e->until);
	if (known) {
		*ret = (struct sg_cfg_said){ .code = e->code, .until = e->until };
		if (e->text)
			memcpy(ret->text, e->text, strlen(e->text) + 1);
	}
	leave();
	return known;
}

void sg_cfg_remember(const struct sg_hash *octets, const struct sg_cfg_said *said)
{
	char *text = said->code ? sg_strdup(said->text) : NULL, *old;
	struct set *set = set_of(octets);
	struct entry *e;

	enter();
	e = find(set, octets);
	if (!e)
		e = &set->at[set->oldest++ % WAYS];
	old = e->text;
	*e = (struct entry){
		.used = true, .octets = *octets, .code = said->code, .text = text, .until = said->until
	};
	leave();
	free(old);
}

void sg_cfg_forget(void)
{
	enter();
	for (size_t i = 0; i < SETS; i++) {
		for (int k = 0; k < WAYS; k++)
			free(sets[i].at[k].text);
		sets[i] = (struct set){ 0 };
	}
	leave();
	sg_action_lost_forget();
}
