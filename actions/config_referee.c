/* config_referee.c - that two versions of a file differ only at given addresses.
 *
 * Guarantees, when it returns 0: what is left of both versions without the addressed values (an element with the newline and indentation before
 * it, the tags of a scaffold that one version does not have, an attribute) is the same octets AND the same events in the same places. It
 * trusts nothing about how `after` came to be, and reads only what config_token.c found in this process: what a worker says about the octets
 * (config_apart.c) can add a refusal and take none away. Linear.
 */
#include "actions/config_internal.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

struct range {
	size_t at, end;
};
struct side {
	const struct sg_cfg *cfg;
	uint32_t *mark;       /* per node: 0, or 1 + the address that it is the value of */
	struct range *ranges; /* what does not count */
	size_t n, cap;
};

static void exclude(struct side *s, size_t at, size_t end)
{
	s->ranges = sg_grow(s->ranges, s->n, &s->cap, sizeof *s->ranges);
	s->ranges[s->n++] = (struct range){ at, end };
}

static void exclude_element(struct side *s, uint32_t node, uint32_t mark)
{
	exclude(s, sg_style_lead(s->cfg, s->cfg->nodes[node].at), s->cfg->nodes[node].end);
	s->mark[node] = mark;
}

/* The two tags of a scaffold with the newline and indentation before it, and the white space inside, which goes when it goes. */
static void exclude_tags(struct side *s, uint32_t node, uint32_t mark)
{
	const struct sg_cfg_node *n = &s->cfg->nodes[node];

	exclude(s, sg_style_lead(s->cfg, n->at), n->open_end);
	exclude(s, n->close_at, n->end);
	for (uint32_t c = n->first; c != SG_NONE; c = s->cfg->nodes[c].next)
		if (sg_cfg_blank(s->cfg, c))
			exclude(s, s->cfg->nodes[c].at, s->cfg->nodes[c].end);
	s->mark[node] = mark;
}

/* Start tags equal but for the '/' of a self-closed one. */
static bool same_start(const struct side *a, uint32_t na, const struct side *b, uint32_t nb)
{
	const struct sg_cfg_node *x = &a->cfg->nodes[na], *y = &b->cfg->nodes[nb];

	if (x->n_attrs != y->n_attrs)
		return false;
	for (uint32_t i = 0; i < x->n_attrs; i++) {
		const struct sg_cfg_attr *p = &a->cfg->attrs[x->attr + i], *q = &b->cfg->attrs[y->attr + i];

		if (!sg_bytes_equal(sg_cfg_octets(a->cfg, p->name_at, p->value_at + p->value_len),
		            sg_cfg_octets(b->cfg, q->name_at, q->value_at + q->value_len)))
			return false;
	}
	return true;
}

static bool only_predicates(const struct sg_cfg *cfg, uint32_t node, const struct sg_path_step *step)
{
	const struct sg_cfg_node *n = &cfg->nodes[node];

	for (uint32_t i = n->attr; i < n->attr + n->n_attrs; i++) {
		bool known = false;

		for (size_t k = 0; k < step->n; k++)
			known = known || (sg_cfg_find_attr(cfg, node, step->preds[k].name) == i &&
			                         sg_same(cfg->attrs[i].value, step->preds[k].value));
		if (!known)
			return false;
	}
	return true;
}

bool sg_cfg_is_plain(const struct sg_cfg *cfg, uint32_t node, const struct sg_path *path)
{
	return only_predicates(cfg, node, &path->steps[path->n - 1]);
}

/* Marks the scaffolds of one address on both sides. Those that both have in the same form do count. */
static bool mark_scaffolds(
        struct side sides[2], const struct sg_path *path, const struct sg_cfg_set found[2], uint32_t mark)
{
	const struct sg_path_step *last = &path->steps[path->n - 1];
	int more = found[1].n > found[0].n ? 1 : 0, less = !more;
	size_t k = 0;

	for (size_t i = 0; i < found[more].n; i++) {
		uint32_t m = found[more].at[i], l = k < found[less].n ? found[less].at[k] : SG_NONE;
		bool twin = l != SG_NONE && same_start(&sides[more], m, &sides[less], l);

		if (!twin) {
			if (!only_predicates(sides[more].cfg, m, last))
				return false;
			exclude_tags(&sides[more], m, mark);
			continue;
		}
		k++;
		if (found[0].n != found[1].n ||
		        sg_cfg_is_shut(sides[more].cfg, m) != sg_cfg_is_shut(sides[less].cfg, l) ||
		        sides[more].cfg->nodes[m].self_closed != sides[less].cfg->nodes[l].self_closed) {
			exclude_tags(&sides[more], m, mark);
			exclude_tags(&sides[less], l, mark);
		}
	}
	return k == found[less].n;
}

static void mark_attribute(struct side *s, uint32_t node, const char *name, uint32_t mark)
{
	uint32_t i = sg_cfg_find_attr(s->cfg, node, name);
	size_t at;

	s->mark[node] = mark;
	if (i == SG_NONE)
		return;
	for (at = s->cfg->attrs[i].name_at; sg_cfg_space(s->cfg->octets.data[at - 1]);)
		at--;
	exclude(s, at, s->cfg->attrs[i].value_at + s->cfg->attrs[i].value_len + 1);
}

static int mark_address(
        struct side sides[2], const struct sg_addr *addr, uint32_t mark, bool *good, struct sg_err *err)
{
	struct sg_cfg_set found[2] = { { 0 }, { 0 } };
	struct sg_path path = { 0 };
	int rc = sg_path_parse(addr->path, &path, err);

	if (rc < 0)
		return rc;
	for (int i = 0; i < 2; i++)
		sg_path_find(sides[i].cfg, &path, path.n, &found[i]);
	if (addr->kind == SG_VALUE_SCAFFOLD) {
		*good = mark_scaffolds(sides, &path, found, mark);
	} else {
		for (int i = 0; i < 2; i++)
			for (size_t k = 0; k < found[i].n; k++) {
				if (path.attr)
					mark_attribute(&sides[i], found[i].at[k], path.attr, mark);
				else
					exclude_element(&sides[i], found[i].at[k], mark);
			}
	}
	for (int i = 0; i < 2; i++)
		sg_cfg_set_release(&found[i]);
	sg_path_release(&path);
	return 0;
}

static int by_place(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return x->end < y->end ? -1 : x->end > y->end;
}

/* The next run of octets that counts, from *at on, and behind which range it ends. */
static struct sg_bytes next_run(const struct side *s, size_t *at, size_t *i)
{
	size_t from, end;

	while (*i < s->n && s->ranges[*i].at <= *at) {
		if (s->ranges[*i].end > *at)
			*at = s->ranges[*i].end;
		++*i;
	}
	from = *at;
	end = *i < s->n ? s->ranges[*i].at : s->cfg->octets.len;
	*at = end;
	return sg_cfg_octets(s->cfg, from, end);
}

/* Both sides' octets without the ranges; on a difference *ret_at is its place in the second one. */
static bool same_octets(struct side sides[2], size_t *ret_at)
{
	struct sg_bytes run[2] = { { 0 } };
	size_t at[2] = { 0 }, i[2] = { 0 };

	for (;;) {
		size_t n;

		for (int k = 0; k < 2; k++)
			while (!run[k].len && at[k] < sides[k].cfg->octets.len)
				run[k] = next_run(&sides[k], &at[k], &i[k]);
		n = run[0].len < run[1].len ? run[0].len : run[1].len;
		*ret_at = run[1].len ? (size_t)(run[1].data - sides[1].cfg->octets.data) : at[1];
		if (!n)
			return run[0].len == run[1].len;
		if (memcmp(run[0].data, run[1].data, n) != 0)
			return false;
		for (int k = 0; k < 2; k++) {
			run[k].data += n;
			run[k].len -= n;
		}
	}
}

/* The next node from i on that counts as an event outside: blank text and addressed elements with all inside are stepped over; so are
 * scaffolds, but not what is inside of them. */
static uint32_t next_event(const struct side *s, const struct sg_addr *addrs, uint32_t i)
{
	const struct sg_cfg *c = s->cfg;

	while (i < c->n_nodes) {
		enum sg_value_kind kind = s->mark[i] ? addrs[s->mark[i] - 1].kind : SG_VALUE_ATTRIBUTE;

		if (kind == SG_VALUE_ELEMENT) {
			size_t end = c->nodes[i].end;

			while (i < c->n_nodes && c->nodes[i].at < end)
				i++;
		} else if (kind == SG_VALUE_SCAFFOLD || sg_cfg_blank(c, i)) {
			i++;
		} else {
			break;
		}
	}
	return i;
}

static bool same_node(const struct sg_cfg *a, uint32_t i, const struct sg_cfg *b, uint32_t k)
{
	const struct sg_cfg_node *x = &a->nodes[i], *y = &b->nodes[k];
	size_t xe = x->end, ye = y->end, xa = x->at, ya = y->at;

	if (x->type != y->type)
		return false;
	if (x->type == SG_CFG_ELEMENT)
		return x->name_len == y->name_len &&
		       memcmp(a->octets.data + x->name_at, b->octets.data + y->name_at, x->name_len) == 0;
	if (x->type == SG_CFG_TEXT) { /* the white space around may belong to a neighbour */
		while (sg_cfg_space(a->octets.data[xe - 1]))
			xe--;
		while (sg_cfg_space(b->octets.data[ye - 1]))
			ye--;
		while (sg_cfg_space(a->octets.data[xa]))
			xa++;
		while (sg_cfg_space(b->octets.data[ya]))
			ya++;
	}
	return sg_bytes_equal(sg_cfg_octets(a, xa, xe), sg_cfg_octets(b, ya, ye));
}

/* The same events outside of the addressed values, each inside of the same element. */
static bool same_events(struct side sides[2], const struct sg_addr *addrs, size_t *ret_at)
{
	const struct sg_cfg *a = sides[0].cfg, *b = sides[1].cfg;
	uint32_t *twin = sg_alloc(a->n_nodes * sizeof *twin), i = 1, k = 1;
	bool same = true;

	for (; same; i++, k++) {
		uint32_t pa, pb;

		i = next_event(&sides[0], addrs, i);
		k = next_event(&sides[1], addrs, k);
		*ret_at = k < b->n_nodes ? b->nodes[k].at : b->octets.len;
		if (i >= a->n_nodes || k >= b->n_nodes) {
			same = i >= a->n_nodes && k >= b->n_nodes;
			break;
		}
		pa = a->nodes[i].parent;
		pb = b->nodes[k].parent;
		same = same_node(a, i, b, k) && sides[0].mark[pa] == sides[1].mark[pb] &&
		       (sides[0].mark[pa] != 0 || twin[pa] == pb);
		twin[i] = k;
	}
	free(twin);
	return same;
}

static void side_release(struct side *s)
{
	free(s->mark);
	free(s->ranges);
}

int sg_cfg_compare(const struct sg_cfg *before, const struct sg_cfg *after, const char *name,
        const struct sg_addr *addrs, size_t n, struct sg_err *err)
{
	struct side sides[2] = { { .cfg = before }, { .cfg = after } };
	bool good = true;
	size_t at = 0;
	int rc = 0;

	for (int i = 0; i < 2; i++)
		sides[i].mark = sg_alloc(sides[i].cfg->n_nodes * sizeof(uint32_t));
	for (size_t i = 0; rc == 0 && good && i < n; i++)
		rc = mark_address(sides, &addrs[i], (uint32_t)i + 1, &good, err);
	for (int i = 0; rc == 0 && i < 2; i++)
		if (sides[i].n)
			qsort(sides[i].ranges, sides[i].n, sizeof *sides[i].ranges, by_place);
	if (rc == 0 && !(good && same_octets(sides, &at) && same_events(sides, addrs, &at))) {
		uint32_t line = 1;

		for (uint32_t i = 1; i < after->n_nodes && after->nodes[i].at <= at; i++)
			line = after->nodes[i].line;
		rc = sg_fail(err, SG_ECONFLICT,
		        "%s:%u: the edit would change more than the value that it is about; nothing is "
		        "changed",
		        name, line);
	}
	for (int i = 0; i < 2; i++)
		side_release(&sides[i]);
	return rc;
}

int sg_cfg_referee(struct sg_bytes before, struct sg_bytes after, const char *name,
        const struct sg_addr *addrs, size_t n, struct sg_err *err)
{
	struct sg_cfg a = { 0 }, b = { 0 };
	int rc = sg_cfg_scan(before, name, &a, err);

	if (rc == 0)
		rc = sg_cfg_scan(after, name, &b, err);
	if (rc == 0)
		rc = sg_cfg_compare(&a, &b, name, addrs, n, err);
	sg_cfg_release(&a);
	sg_cfg_release(&b);
	return rc;
}
