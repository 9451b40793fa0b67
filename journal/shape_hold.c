/* shape_hold.c - claims and operations under way as value trees: holds, moves, intents (shape.h). */
#include "journal/shape.h"

#include "journal/field.h"
#include <stdlib.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof(*(a)))
enum {
	HOLDERS_MAX = 4096,
	DEPENDANTS_MAX = 4096,
	OUTCOMES_MAX = 4096,
	TEMPS_MAX = 4096,
	MOVES_MAX = 1000000
};

static const char *kind_name(int v)
{
	static const char *const names[] = { "?", "element", "scaffold", "attribute", "service" };

	return (size_t)v < COUNT(names) ? names[v] : "?";
}

static const char *op_name(int v)
{
	return v == 0 ? "?" : sg_op_name((enum sg_op)v);
}

static const char *hook_name(int v)
{
	static const char *const names[] = { "?", "service", "pool" };

	return (size_t)v < COUNT(names) ? names[v] : "?";
}

static const char *run_name(int v)
{
	static const char *const names[] = { "unknown", "stopped", "running", "offline" };

	return (size_t)v < COUNT(names) ? names[v] : "?";
}

static const struct sg_field hook_fields[] = {
	SG_FIELD_NAME(sg_hook, kind, hook_name, 3),
	SG_FIELD(sg_hook, name, STR),
	SG_FIELD(sg_hook, companion, BOOL),
	SG_FIELD_NAME(sg_hook, was, run_name, 4),
	SG_FIELD(sg_hook, boot, BOOT),
};

static struct sg_val *hook(const struct sg_hook *h)
{
	struct sg_val *map = sg_val_map();

	sg_fields_write(hook_fields, COUNT(hook_fields), h, map);
	struct sg_val *list = sg_val_set(map, "dependants", sg_val_array());
	for (size_t i = 0; i < h->dependants.n; i++)
		sg_val_push(list, sg_val_str(h->dependants.at[i]));
	return map;
}

static int hook_read(const struct sg_val *v, struct sg_hook *h, struct sg_err *err)
{
	struct sg_rd rd;

	sg_rd_begin(&rd, v, "hold's hook", err);
	sg_fields_read(hook_fields, COUNT(hook_fields), &rd, h);
	const struct sg_val *list = sg_rd_array(&rd, "dependants", DEPENDANTS_MAX);
	for (size_t i = 0; list && i < list->n && rd.code == 0; i++) {
		if (list->kid[i]->type != SG_VAL_STR)
			rd.code = sg_fail(err, SG_EPARSE, "hold's hook: a dependant's name is no string");
		else
			sg_strs_add(&h->dependants, list->kid[i]->s);
	}
	return sg_rd_end(&rd);
}

static const struct sg_field hold_fields[] = {
	{ "kind", SG_F_NAME, offsetof(struct sg_hold, addr.kind), kind_name, 5 },
	{ "container", SG_F_STR, offsetof(struct sg_hold, addr.container), NULL, 0 },
	{ "path", SG_F_STR, offsetof(struct sg_hold, addr.path), NULL, 0 },
	SG_FIELD(sg_hold, before, CONTENT),
	SG_FIELD(sg_hold, after, CONTENT),
	SG_FIELD(sg_hold, adopted, BOOL),
	SG_FIELD(sg_hold, dev, U64),
	SG_FIELD(sg_hold, ino, U64),
	SG_FIELD(sg_hold, file, HASH),
};

struct sg_val *sg_shape_hold(const struct sg_hold *h)
{
	struct sg_val *map = sg_val_map();

	sg_fields_write(hold_fields, COUNT(hold_fields), h, map);
	struct sg_val *holders = sg_val_set(map, "holders", sg_val_array());
	for (size_t i = 0; i < h->holders.n; i++) {
		struct sg_val *pair = sg_val_push(holders, sg_val_array());
		sg_val_push(pair, sg_val_str(h->holders.at[i].feed));
		sg_val_push(pair, sg_val_str(h->holders.at[i].id));
	}
	if (h->hook.kind)
		sg_val_set(map, "hook", hook(&h->hook));
	return map;
}

int sg_shape_hold_read(const struct sg_val *v, struct sg_hold *ret, struct sg_err *err)
{
	struct sg_hold h = { 0 };
	struct sg_rd rd;

	sg_rd_begin(&rd, v, "hold", err);
	sg_fields_read(hold_fields, COUNT(hold_fields), &rd, &h);
	const struct sg_val *holders = sg_rd_array(&rd, "holders", HOLDERS_MAX);
	for (size_t i = 0; holders && i < holders->n && rd.code == 0; i++) {
		const struct sg_val *pair = holders->kid[i];
		if (pair->type != SG_VAL_ARRAY || pair->n != 2 || pair->kid[0]->type != SG_VAL_STR ||
		        pair->kid[1]->type != SG_VAL_STR)
			rd.code = sg_fail(err, SG_EPARSE, "hold: holder %llu is no pair of strings",
			        (unsigned long long)i);
		else
			sg_keys_push(&h.holders, pair->kid[0]->s, pair->kid[1]->s); /* written from a set */
	}
	if (rd.code == 0 && sg_rd_has(&rd, "hook")) /* only with a side effect, and not in older journals */
		rd.code = hook_read(sg_rd_map(&rd, "hook"), &h.hook, err);
	int rc = sg_rd_end(&rd);
	if (rc != 0)
		sg_hold_release(&h);
	else
		*ret = h;
	return rc;
}

static const struct sg_field move_fields[] = {
	{ "kind", SG_F_NAME, offsetof(struct sg_move, addr.kind), kind_name, 5 },
	{ "container", SG_F_STR, offsetof(struct sg_move, addr.container), NULL, 0 },
	{ "path", SG_F_STR, offsetof(struct sg_move, addr.path), NULL, 0 },
	SG_FIELD(sg_move, from, CONTENT),
	SG_FIELD(sg_move, to, CONTENT),
	SG_FIELD(sg_move, settle_to, BOOL),
};

struct sg_val *sg_shape_move(const struct sg_move *m)
{
	struct sg_val *map = sg_val_map();

	sg_fields_write(move_fields, COUNT(move_fields), m, map);
	return map;
}

int sg_shape_move_read(const struct sg_val *v, struct sg_move *ret, struct sg_err *err)
{
	struct sg_move m = { 0 };
	struct sg_rd rd;

	sg_rd_begin(&rd, v, "move", err);
	sg_fields_read(move_fields, COUNT(move_fields), &rd, &m);
	int rc = sg_rd_end(&rd);
	if (rc != 0)
		sg_move_release(&m);
	else
		*ret = m;
	return rc;
}

static const struct sg_field outcome_fields[] = {
	{ "feed", SG_F_STR, offsetof(struct sg_outcome, key.feed), NULL, 0 },
	{ "id", SG_F_STR, offsetof(struct sg_outcome, key.id), NULL, 0 },
	SG_FIELD(sg_outcome, body, HASH),
	SG_FIELD(sg_outcome, revision, OPT),
	SG_FIELD_NAME(sg_outcome, done, sg_field_state, 16),
	SG_FIELD_NAME(sg_outcome, done_why, sg_field_reason, SG_WHY_COUNT),
};

static const struct sg_field intent_fields[] = {
	SG_FIELD(sg_intent, seq, U64),
	SG_FIELD_NAME(sg_intent, op, op_name, 16),
	SG_FIELD(sg_intent, started, I64),
	SG_FIELD(sg_intent, boot, BOOT),
	SG_FIELD(sg_intent, who, WHO),
	SG_FIELD(sg_intent, attempts, U32),
};

struct sg_val *sg_shape_intent(const struct sg_intent *intent)
{
	struct sg_val *map = sg_val_map();

	sg_fields_write(intent_fields, COUNT(intent_fields), intent, map);
	struct sg_val *outcomes = sg_val_set(map, "outcomes", sg_val_array());
	for (size_t i = 0; i < intent->n_outcomes; i++) {
		struct sg_val *o = sg_val_push(outcomes, sg_val_map());
		sg_fields_write(outcome_fields, COUNT(outcome_fields), &intent->outcomes[i], o);
	}
	struct sg_val *temps = sg_val_set(map, "temps", sg_val_array());
	for (size_t i = 0; i < intent->temps.n; i++)
		sg_val_push(temps, sg_val_str(intent->temps.at[i]));
	sg_val_set_int(map, "moves", (int64_t)intent->moves.n);
	return map;
}

int sg_shape_intent_read(const struct sg_val *v, struct sg_intent *ret, size_t *ret_moves, struct sg_err *err)
{
	struct sg_intent intent = { 0 };
	struct sg_rd rd;

	sg_rd_begin(&rd, v, "intent", err);
	sg_fields_read(intent_fields, COUNT(intent_fields), &rd, &intent);
	if (sg_val_get(v, "hooks")) /* of older journals; holds carry them now, and it was never filled */
		free(sg_rd_str_or_nil(&rd, "hooks"));
	const struct sg_val *outcomes = sg_rd_array(&rd, "outcomes", OUTCOMES_MAX);
	intent.outcomes = sg_alloc((outcomes ? outcomes->n : 0) * sizeof *intent.outcomes);
	for (size_t i = 0; outcomes && i < outcomes->n && rd.code == 0; i++) {
		struct sg_rd inner;
		intent.n_outcomes++;
		sg_rd_begin(&inner, outcomes->kid[i], "intent's outcome", err);
		sg_fields_read(outcome_fields, COUNT(outcome_fields), &inner, &intent.outcomes[i]);
		rd.code = sg_rd_end(&inner);
	}
	const struct sg_val *temps = sg_rd_array(&rd, "temps", TEMPS_MAX);
	for (size_t i = 0; temps && i < temps->n && rd.code == 0; i++) {
		if (temps->kid[i]->type != SG_VAL_STR)
			rd.code = sg_fail(err, SG_EPARSE, "intent: a temporary file's name is no string");
		else
			sg_strs_add(&intent.temps, temps->kid[i]->s);
	}
	size_t moves = (size_t)sg_rd_int(&rd, "moves", 0, MOVES_MAX);
	int rc = sg_rd_end(&rd);
	if (rc != 0) {
		sg_intent_release(&intent);
	} else {
		*ret = intent;
		*ret_moves = moves;
	}
	return rc;
}
