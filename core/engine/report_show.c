/* report_show.c - one mitigation in full, history, and a look at every held value, as value trees: the shapes of schemas/control.md. */
#include "base/diff.h"
#include "engine/report_parts.h"

#include <stdlib.h>
#include <string.h>

struct sg_val *sg_report_line(const struct sg_audit *line)
{
	static const char *const levels[] = { [SG_DEBUG] = "debug",
		[SG_INFO] = "info",
		[SG_WARNING] = "warning",
		[SG_ERROR] = "error",
		[SG_CRITICAL] = "critical" };
	const struct sg_event_info *info = sg_event_info(line->code);
	struct sg_val *m = sg_val_map();

	sg_val_set_int(m, "seq", (int64_t)line->seq);
	sg_val_set_int(m, "time", line->wall);
	sg_val_set_int(m, "code", line->code);
	sg_val_set_str(m, "name", info ? info->name : "?");
	sg_val_set_str(m, "level", levels[info ? info->level : SG_INFO]);
	sg_val_set_str(m, "feed", line->key.feed);
	sg_val_set_str(m, "id", line->key.id);
	sg_report_who(m, &line->who);
	sg_val_set_str(m, "text", line->text);
	return m;
}

struct history {
	struct sg_val *lines;
	const char *id;
	int64_t left;
};

static int add_line(void *arg, const struct sg_audit *line)
{
	struct history *h = arg;

	if (h->id && !sg_same(h->id, line->key.id))
		return 0;
	sg_val_push(h->lines, sg_report_line(line));
	return --h->left <= 0;
}

/* The newest `limit` lines, oldest first. */
static int newest(struct sg_engine *e, const char *id, int64_t limit, struct sg_val **ret, struct sg_err *err)
{
	struct history h = { .lines = sg_val_array(), .id = id, .left = limit };
	int code = sg_journal_audits(e->read, 0, true, add_line, &h, err);

	for (size_t i = 0, k = h.lines->n; i + 1 < k; i++, k--) {
		struct sg_val *swap = h.lines->kid[i];

		h.lines->kid[i] = h.lines->kid[k - 1];
		h.lines->kid[k - 1] = swap;
	}
	if (code < 0)
		sg_val_free(h.lines);
	else
		*ret = h.lines;
	return code < 0 ? code : 0;
}

int sg_report_history(
        struct sg_engine *e, const char *id, int64_t limit, struct sg_val **ret, struct sg_err *err)
{
	struct sg_val *lines = NULL;
	int code = newest(e, id, limit, &lines, err);

	if (code)
		return code;
	*ret = sg_val_map();
	sg_val_set_str(*ret, "schema", "stopgap.history.v1");
	sg_val_set(*ret, "lines", lines);
	return 0;
}

static const char *kind_name(enum sg_value_kind kind)
{
	switch (kind) {
	case SG_VALUE_ELEMENT: return "element";
	case SG_VALUE_SCAFFOLD: return "scaffold";
	case SG_VALUE_ATTRIBUTE: return "attribute";
	case SG_VALUE_SERVICE: return "service";
	}
	return "?";
}

static const char *seen_name(enum sg_seen seen)
{
	switch (seen) {
	case SG_SEEN_FROM: return "before";
	case SG_SEEN_TO: return "after";
	case SG_SEEN_OTHER: return "other";
	case SG_SEEN_GONE: return "gone";
	case SG_SEEN_FAILED: return "failed";
	}
	return "?";
}

static void set_content(struct sg_val *m, const char *key, const struct sg_content *c)
{
	if (!c->present)
		sg_val_set(m, key, sg_val_nil());
	else
		sg_val_set(m, key, sg_val_strn((const char *)c->octets.data, c->octets.len));
}

/* What somebody else made of it, against what was written. */
static void set_diff(struct sg_val *m, const struct sg_hold *h, const struct sg_seen_value *seen)
{
	struct sg_buf diff = { 0 };

	if (seen->seen == SG_SEEN_OTHER && seen->now.present)
		sg_diff_unified(sg_buf_bytes(&h->after.octets), sg_buf_bytes(&seen->now.octets),
		        "as stopgap wrote it", "as it is now", 3, &diff);
	if (diff.len)
		sg_val_set(m, "diff", sg_val_strn((const char *)diff.data, diff.len));
	else
		sg_val_set(m, "diff", sg_val_nil());
	sg_buf_release(&diff);
}

/* Every held value as it is now; `key` NULL: of all mitigations. Returns how many are not at their after. */
static int64_t values(struct sg_engine *e, const struct sg_world *w, const struct sg_key *key, bool contents,
        struct sg_val *list)
{
	int64_t findings = 0;

	for (size_t i = 0; i < w->holds.n; i++) {
		const struct sg_hold *h = &w->holds.at[i];
		struct sg_seen_value seen = { 0 };
		struct sg_moves one = { 0 };
		struct sg_val *m;

		if (key && !sg_keys_has(&h->holders, key))
			continue;
		sg_moves_add_hold(&one, h, false);
		if (sg_step_look(e->options.drives, &one, &seen, NULL))
			seen.seen = SG_SEEN_FAILED;
		if (seen.seen != SG_SEEN_TO)
			findings++;
		m = sg_val_push(list, sg_val_map());
		if (h->holders.n) {
			sg_val_set_str(m, "feed", h->holders.at[0].feed);
			sg_val_set_str(m, "id", h->holders.at[0].id);
		}
		sg_val_set_str(m, "container", h->addr.container);
		sg_val_set_str(m, "path", h->addr.path);
		sg_val_set_str(m, "kind", kind_name(h->addr.kind));
		sg_val_set_str(m, "seen", seen_name(seen.seen));
		sg_val_set_str(m, "why", seen.why);
		if (contents) {
			struct sg_val *holders = sg_val_set(m, "holders", sg_val_array());

			set_content(m, "before", &h->before);
			set_content(m, "after", &h->after);
			set_content(m, "now", &seen.now);
			set_diff(m, h, &seen);
			for (size_t k = 0; k < h->holders.n; k++)
				sg_val_push(holders, sg_val_str(h->holders.at[k].id));
		}
		sg_seen_release(&seen, 1);
		sg_moves_release(&one);
	}
	return findings;
}

/* Whether an earlier action has the same wish: a service that several want off is one value. */
static bool wished_before(const struct sg_wishes *plans, size_t action, const struct sg_wish *wish)
{
	for (size_t i = 0; i < action && wish->addr.kind == SG_VALUE_SERVICE; i++)
		for (size_t k = 0; k < plans[i].n; k++)
			if (sg_addr_equal(&plans[i].at[k].addr, &wish->addr))
				return true;
	return false;
}

/* The lines that do the same, and those that take it back, in the other order. */
static void show_by_hand(
        struct sg_engine *e, const struct sg_world *w, const struct sg_mitigation *m, struct sg_val *map)
{
	struct sg_wishes *plans = sg_alloc((m->n_actions + 1) * sizeof(*plans));
	struct sg_buf apply = { 0 }, undo = { 0 };

	for (size_t i = 0; i < m->n_actions; i++) {
		const struct sg_action_kind *kind = sg_action_kind(m->actions[i].type);

		if (!kind || !kind->by_hand ||
		        kind->plan(m, &m->actions[i], e->host, e->options.drives, &w->holds, &plans[i], NULL))
			continue;
		for (size_t k = 0; k < plans[i].n; k++)
			if (!wished_before(plans, i, &plans[i].at[k]))
				kind->by_hand(&plans[i].at[k], false, &apply);
	}
	for (size_t i = m->n_actions; i > 0; i--)
		for (size_t k = plans[i - 1].n; k > 0; k--)
			if (!wished_before(plans, i - 1, &plans[i - 1].at[k - 1]))
				sg_action_kind(m->actions[i - 1].type)
				        ->by_hand(&plans[i - 1].at[k - 1], true, &undo);
	sg_val_set_str(map, "apply", apply.len ? (const char *)apply.data : "");
	sg_val_set_str(map, "undo", undo.len ? (const char *)undo.data : "");
	sg_buf_release(&apply);
	sg_buf_release(&undo);
	for (size_t i = 0; i < m->n_actions; i++)
		sg_wishes_release(&plans[i]);
	free(plans);
}

static void show_body(struct sg_engine *e, const struct sg_world *w, const struct sg_mitigation *m,
        bool by_hand, struct sg_val *v)
{
	struct sg_val *map = sg_val_set(v, "body", sg_val_map()), *list;
	struct sg_proof proof = { 0 };

	sg_val_set_str(map, "fixed_by", m->fixed_by);
	list = sg_val_set(map, "references", sg_val_array());
	for (size_t i = 0; i < m->references.n; i++)
		sg_val_push(list, sg_val_str(m->references.at[i]));
	list = sg_val_set(map, "side_effects", sg_val_array());
	for (size_t i = 0; i < m->side_effects.n; i++)
		sg_val_push(list, sg_val_str(m->side_effects.at[i]));
	list = sg_val_set(v, "tests", sg_val_array());
	if (e->host && sg_actions_prove(m, e->host, e->options.drives, &proof, NULL) == 0) {
		for (size_t i = 0; i < proof.n; i++) {
			struct sg_val *line;
			bool said = false; /* at another place, in the same words */

			for (size_t k = 0; k < i && !said; k++)
				said = proof.at[k].passed == proof.at[i].passed &&
				       proof.at[k].warning == proof.at[i].warning &&
				       sg_str_equal(proof.at[k].text, proof.at[i].text);
			if (said)
				continue;
			line = sg_val_push(list, sg_val_map());
			sg_val_set_bool(line, "passed", proof.at[i].passed);
			sg_val_set_bool(line, "warning", proof.at[i].warning);
			sg_val_set_str(line, "text", proof.at[i].text);
		}
	}
	sg_proof_release(&proof);
	if (by_hand && e->host)
		show_by_hand(e, w, m, sg_val_set(v, "by_hand", sg_val_map()));
}

int sg_report_show(struct sg_engine *e, const struct sg_world *w, const struct sg_row *row, bool by_hand,
        struct sg_val **ret, struct sg_err *err)
{
	const struct sg_hash *hash = sg_hash_is_zero(&row->applied) ? &row->offered : &row->applied;
	const struct sg_mitigation *m = sg_engine_in_place(e, row);
	struct sg_val *v = sg_val_map(), *lines = NULL, *map;
	char hex[65];
	int code = newest(e, row->key.id, 10, &lines, err);

	if (code) {
		sg_val_free(v);
		return code;
	}
	sg_val_set_str(v, "schema", "stopgap.show.v1");
	map = sg_val_set(v, "mitigation", sg_report_row(e, w, row));
	sg_hash_hex(hash, hex);
	sg_val_set_str(map, "body", sg_hash_is_zero(hash) ? NULL : hex);
	sg_report_time(map, "applied_at", row->applied_at);
	sg_val_set_str(map, "effective_text", row->effective_text);
	sg_val_set_str(map, "approved_by", row->approved_who.account);
	sg_val_set_str(map, "withdraw_reason", row->withdraw_reason);
	values(e, w, &row->key, true, sg_val_set(v, "values", sg_val_array()));
	if (m)
		show_body(e, w, m, by_hand, v);
	sg_report_others(e, w, row, v);
	sg_val_set(v, "blocks", sg_report_blocks(w, row->key.id));
	sg_val_set(v, "history", lines);
	*ret = v;
	return 0;
}

int sg_report_audit(struct sg_engine *e, const struct sg_world *w, struct sg_val **ret, struct sg_err *err)
{
	struct sg_val *v = sg_val_map();
	int64_t findings;

	(void)err;
	sg_val_set_str(v, "schema", "stopgap.audit.v1");
	findings = values(e, w, NULL, false, sg_val_set(v, "values", sg_val_array()));
	sg_val_set_int(v, "findings", findings);
	if (findings)
		sg_val_set_str(v, "text", "some held values are not as they were written; see the list");
	else
		sg_val_set_str(
		        v, "text", w->holds.n ? "every held value is as it was written" : "nothing is held");
	*ret = v;
	return 0;
}
