/* dump_holds.c - `holds`, what is held with its before and after, and `intent`, the operation under way. */
#include "journal/dump.h"

#include "base/os.h"
#include "base/text.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static void put_addr(const struct sg_addr *a, struct sg_buf *out)
{
	sg_buf_fmt(out, "%s in ", kind_name(a->kind));
	sg_text_safe(a->container, out);
	sg_buf_str(out, "\n    ");
	sg_text_safe(a->path, out);
	sg_buf_char(out, '\n');
}

static void put_keys(const struct sg_keys *keys, struct sg_buf *out)
{
	for (size_t i = 0; i < keys->n; i++) {
		sg_buf_str(out, i ? ", " : "");
		sg_text_safe(keys->at[i].feed, out);
		sg_buf_char(out, '/');
		sg_text_safe(keys->at[i].id, out);
	}
}

static void add_hold(void *arg, const struct sg_val *v)
{
	struct sg_holds *holds = arg;
	struct sg_hold h;

	if (sg_shape_hold_read(v, &h, NULL) == 0)
		*sg_holds_add(holds) = h;
}

static int by_addr(const void *a, const void *b)
{
	return sg_addr_cmp(&((const struct sg_hold *)a)->addr, &((const struct sg_hold *)b)->addr);
}

/* Number in the list, from 1, or the address's path. */
static bool is_asked(const struct sg_dump *d, const struct sg_hold *h, size_t number)
{
	char text[24];

	if (d->o->id) {
		bool any = false;
		for (size_t i = 0; i < h->holders.n; i++)
			any |= sg_dump_is(d->o->id, &h->holders.at[i]);
		if (!any)
			return false;
	}
	snprintf(text, sizeof text, "%zu", number);
	return !d->o->arg || strcmp(d->o->arg, text) == 0 || strcmp(d->o->arg, h->addr.path) == 0;
}

static void write_before(struct sg_dump *d, const struct sg_hold *h)
{
	struct sg_err err = SG_ERR_INIT;

	if (!h->before.present) {
		sg_finder_add(
		        &d->bad, "holds", h->addr.path, "it was absent before: there are no bytes to write");
	} else if (strcmp(d->o->before, "-") == 0) {
		sg_dump_flush(d);
		fwrite(h->before.octets.data, 1, h->before.octets.len, stdout); /* the exact octets */
	} else if (sg_os_create(d->o->before, sg_buf_bytes(&h->before.octets), NULL, &err) != 0) {
		sg_dump_complain("%s", err.msg);
		d->status = SG_DUMP_UNREADABLE;
	}
}

/* What is stopped with it, and what was so before. */
static void put_hook(const struct sg_hook *h, struct sg_buf *out)
{
	static const char *const was[] = { "what it did before is not known", "did not run before",
		"ran before", "on a drive, where nothing runs" };

	if (!h->kind)
		return;
	sg_buf_fmt(out, "    stops the %s ", h->kind == SG_HOOK_POOL ? "application pool" : "service");
	sg_text_safe(h->name ? h->name : "", out);
	sg_buf_fmt(out, "%s; %s", h->companion ? " (a companion)" : "",
	        was[(size_t)h->was < sizeof was / sizeof *was ? h->was : 0]);
	for (size_t i = 0; i < h->dependants.n; i++) {
		sg_buf_str(out, i ? ", " : "; before it ");
		sg_text_safe(h->dependants.at[i], out);
	}
	sg_buf_str(out, "\n");
}

static void put_hold(struct sg_dump *d, const struct sg_hold *h, size_t number)
{
	if (sg_dump_json(d)) {
		struct sg_val *v = sg_dump_plain(sg_shape_hold(h));
		sg_val_set_int(v, "number", (int64_t)number);
		sg_dump_object(d, "hold", v);
		return;
	}
	sg_buf_fmt(&d->out, "#%zu ", number);
	put_addr(&h->addr, &d->out);
	sg_buf_str(&d->out, "    held by ");
	put_keys(&h->holders, &d->out);
	sg_buf_str(&d->out, h->adopted ? "; adopted from somebody else\n" : "\n");
	put_hook(&h->hook, &d->out);
	sg_dump_diff(&h->before, &h->after, "before", "after", &d->out);
}

void sg_dump_holds(struct sg_dump *d)
{
	struct sg_holds holds = { 0 };
	size_t hits = 0, hit = 0;

	sg_dump_each(d, SG_T_HOLDS, add_hold, &holds);
	if (holds.n > 1)
		qsort(holds.at, holds.n, sizeof *holds.at, by_addr);
	for (size_t i = 0; i < holds.n; i++) {
		if (!is_asked(d, &holds.at[i], i + 1))
			continue;
		hits++;
		hit = i;
		if (!d->o->before)
			put_hold(d, &holds.at[i], i + 1);
	}
	if (d->o->before && hits == 1) {
		write_before(d, &holds.at[hit]);
	} else if (d->o->before && hits > 1) {
		sg_dump_complain(
		        "--before needs one hold, and %zu match: name its number or its address", hits);
		d->status = SG_DUMP_USAGE;
	} else if (hits == 0 && (d->o->arg || d->o->before)) {
		sg_finder_add(&d->bad, "holds", d->o->arg ? d->o->arg : "-", "no such value is held");
	} else if (hits == 0 && !sg_dump_json(d)) {
		sg_buf_str(&d->out, "nothing is held\n");
	}
	sg_holds_release(&holds);
}

static void put_intent(struct sg_dump *d, const struct sg_intent *intent)
{
	struct sg_buf *out = &d->out;

	sg_buf_fmt(out, "%s, number %llu, under way since ", sg_op_name(intent->op),
	        (unsigned long long)intent->seq);
	sg_dump_time(d, intent->started, out);
	sg_buf_fmt(out, "; recovery was started %u times\n", intent->attempts);
	for (size_t i = 0; i < intent->n_outcomes; i++) {
		const struct sg_outcome *o = &intent->outcomes[i];
		sg_buf_str(out, "  ");
		sg_text_safe(o->key.feed, out);
		sg_buf_char(out, '/');
		sg_text_safe(o->key.id, out);
		sg_buf_fmt(out, " becomes %s (%s)\n", o->done ? sg_state_name(o->done) : "-",
		        sg_reason_name(o->done_why));
	}
	for (size_t i = 0; i < intent->temps.n; i++) {
		sg_buf_str(out, "  temporary file ");
		sg_text_safe(intent->temps.at[i], out);
		sg_buf_char(out, '\n');
	}
	for (size_t i = 0; i < intent->moves.n; i++) {
		const struct sg_move *m = &intent->moves.at[i];
		sg_buf_fmt(out, "#%zu ", i + 1);
		put_addr(&m->addr, out);
		sg_buf_fmt(out, "    settles to `%s`\n", m->settle_to ? "to" : "from");
		sg_dump_diff(&m->from, &m->to, "from", "to", out);
	}
}

void sg_dump_intent(struct sg_dump *d)
{
	struct sg_intent intent = { 0 };
	struct sg_err err = SG_ERR_INIT;
	bool open = false;

	if (sg_journal_intent(d->r, &intent, &open, &err) != 0) {
		sg_finder_add(&d->bad, "P5", "intent", "%s", err.msg);
		return;
	}
	if (sg_dump_json(d)) {
		struct sg_val *v = open ? sg_dump_plain(sg_shape_intent(&intent)) : sg_val_map();
		sg_val_set_bool(v, "open", open);
		if (open) {
			struct sg_val *moves = sg_val_set(v, "moves", sg_val_array());
			for (size_t i = 0; i < intent.moves.n; i++)
				sg_val_push(moves, sg_dump_plain(sg_shape_move(&intent.moves.at[i])));
		}
		sg_dump_object(d, "intent", v);
	} else if (open) {
		put_intent(d, &intent);
	} else {
		sg_buf_str(&d->out, "no operation is under way\n");
	}
	sg_intent_release(&intent);
}
