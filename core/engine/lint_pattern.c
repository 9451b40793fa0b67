/* lint_pattern.c - an ECMAScript pattern, judged by what its loops and alternatives can begin with. Pure.
 *
 * A judgement, not a proof: characters are octets, back-references and word boundaries are taken as empty. What it calls ambiguous is tried by the
 * evaluator before anybody is told that it runs away (lint_rules.c). A pattern that is not understood gets no judgement.
 */
#include "engine/lint_pattern.h"

#include <string.h>

enum { PUMP = 40, MANY_ROUNDS = 10, FEW_LOOPS = 3, WIDE = 64, NEARLY_ALL = 250 };

static void join(struct sg_pat_set *to, const struct sg_pat_set *from)
{
	for (int i = 0; i < 8; i++)
		to->bits[i] |= from->bits[i];
}

static bool meet(const struct sg_pat_set *a, const struct sg_pat_set *b)
{
	for (int i = 0; i < 8; i++)
		if (a->bits[i] & b->bits[i])
			return true;
	return false;
}

static unsigned size_of(const struct sg_pat_set *s)
{
	unsigned n = 0;

	for (unsigned c = 0; c < 256; c++)
		n += sg_pat_has(s, c);
	return n;
}

/* --- what a part can be and begin with */

/* `free`: without asking anything of what stands around it. */
static bool nullable(const struct sg_pat *r, uint32_t i, bool free)
{
	const struct sg_pat_node *n = &r->at[i];
	bool any = false;

	switch (n->kind) {
	case SG_PAT_SET: return false;
	case SG_PAT_NOTHING: return true;
	case SG_PAT_BEGIN:
	case SG_PAT_END:
	case SG_PAT_LOOK: return !free;
	case SG_PAT_LOOP: return n->min == 0 || nullable(r, n->first, free);
	case SG_PAT_SEQ:
		for (uint32_t k = n->first; k != SG_PAT_NONE; k = r->at[k].next)
			if (!nullable(r, k, free))
				return false;
		return true;
	case SG_PAT_ALT:
		for (uint32_t k = n->first; k != SG_PAT_NONE && !any; k = r->at[k].next)
			any = nullable(r, k, free);
		return any;
	}
	return false;
}

static void begins(const struct sg_pat *r, uint32_t i, struct sg_pat_set *into)
{
	const struct sg_pat_node *n = &r->at[i];

	if (n->kind == SG_PAT_SET)
		join(into, &n->set);
	if (n->kind == SG_PAT_LOOP)
		begins(r, n->first, into);
	for (uint32_t k = n->first; k != SG_PAT_NONE && (n->kind == SG_PAT_SEQ || n->kind == SG_PAT_ALT);
	        k = r->at[k].next) {
		begins(r, k, into);
		if (n->kind == SG_PAT_SEQ && !nullable(r, k, false))
			break;
	}
}

/* A shortest text of the part. */
static void sample(const struct sg_pat *r, uint32_t i, struct sg_buf *out)
{
	const struct sg_pat_node *n = &r->at[i];
	static const char liked[] = "a0/=.-_ ";

	switch (n->kind) {
	case SG_PAT_SET:
		for (const char *p = liked; *p; p++)
			if (sg_pat_has(&n->set, (unsigned char)*p)) {
				sg_buf_char(out, *p);
				return;
			}
		for (unsigned c = '!'; c < 127; c++)
			if (sg_pat_has(&n->set, c)) {
				sg_buf_char(out, (char)c);
				return;
			}
		return;
	case SG_PAT_LOOP:
		for (uint32_t k = 0; k < n->min && k < PUMP; k++)
			sample(r, n->first, out);
		return;
	case SG_PAT_SEQ:
		for (uint32_t k = n->first; k != SG_PAT_NONE; k = r->at[k].next)
			sample(r, k, out);
		return;
	case SG_PAT_ALT: sample(r, n->first, out); return;
	case SG_PAT_LOOK:
	case SG_PAT_BEGIN:
	case SG_PAT_END:
	case SG_PAT_NOTHING: return;
	}
}

/* --- loops */

struct judge {
	const struct sg_pat *r;
	struct sg_pattern_faults *ret;
	uint32_t outer;       /* the outermost loop that this is in; NONE: in none */
	struct sg_buf before; /* a text of what stands before it */
};

/* Whether the part has a loop without an end in it. */
static bool goes_on(const struct sg_pat *r, uint32_t i)
{
	const struct sg_pat_node *n = &r->at[i];

	if (n->kind == SG_PAT_LOOP && n->max == SG_PAT_FOREVER)
		return true;
	for (uint32_t k = n->first; k != SG_PAT_NONE && n->kind != SG_PAT_LOOK; k = r->at[k].next)
		if (goes_on(r, k))
			return true;
	return false;
}

static bool long_loop(const struct sg_pat_node *n)
{
	return n->kind == SG_PAT_LOOP && (n->max == SG_PAT_FOREVER || n->max >= MANY_ROUNDS);
}

static void found_ambiguous(struct judge *j)
{
	struct sg_buf round = { 0 };

	if (j->ret->ambiguous)
		return;
	j->ret->ambiguous = true;
	sample(j->r, j->r->at[j->outer].first, &round);
	if (!round.len)
		sg_buf_char(&round, 'a');
	sg_buf_add(&j->ret->attack, j->before.data, j->before.len);
	for (int i = 0; i < PUMP; i++)
		sg_buf_add(&j->ret->attack, round.data, round.len);
	sg_buf_str(&j->ret->attack, "\x01");
	sg_buf_release(&round);
}

/* Alternatives of single octets agree as far as the shorter one goes; others agree when they can begin alike. */
static bool alike(const struct sg_pat *r, uint32_t a, uint32_t b)
{
	struct sg_pat_set x = { { 0 } }, y = { { 0 } };
	uint32_t i = r->at[a].first, k = r->at[b].first;

	for (; i != SG_PAT_NONE && k != SG_PAT_NONE && r->at[i].kind == SG_PAT_SET &&
	        r->at[k].kind == SG_PAT_SET;
	        i = r->at[i].next, k = r->at[k].next)
		if (!meet(&r->at[i].set, &r->at[k].set))
			return false;
	if (i == SG_PAT_NONE || k == SG_PAT_NONE)
		return true;
	begins(r, i, &x);
	begins(r, k, &y);
	return meet(&x, &y) || nullable(r, i, false) || nullable(r, k, false);
}

/* `follow`: what may come right behind the part, in the outermost loop. */
static void judge(struct judge *j, uint32_t i, struct sg_pat_set follow)
{
	const struct sg_pat *r = j->r;
	const struct sg_pat_node *n = &r->at[i];
	uint32_t outer = j->outer;
	struct sg_pat_set first = { { 0 } };
	unsigned loops = 0;

	switch (n->kind) {
	case SG_PAT_LOOP:
		begins(r, n->first, &first);
		if (n->max == SG_PAT_FOREVER && outer != SG_PAT_NONE && meet(&first, &follow))
			found_ambiguous(j);
		if (long_loop(n)) {
			j->outer = outer == SG_PAT_NONE ? i : outer;
			join(&follow, &first);
		}
		judge(j, n->first, follow);
		j->outer = outer;
		return;
	case SG_PAT_SEQ: {
		size_t len = j->before.len;
		struct sg_pat_set wide = { { 0 } };

		for (uint32_t k = n->first; k != SG_PAT_NONE; k = r->at[k].next) {
			struct sg_pat_set behind = { { 0 } };
			bool open = true;

			for (uint32_t m = r->at[k].next; m != SG_PAT_NONE && open; m = r->at[m].next) {
				begins(r, m, &behind);
				open = nullable(r, m, false);
			}
			if (open)
				join(&behind, &follow);
			judge(j, k, behind);
			if (goes_on(r, k)) {
				struct sg_pat_set in = { { 0 } };

				begins(r, k, &in);
				if (size_of(&in) > WIDE && (!loops || meet(&in, &wide))) {
					join(&wide, &in);
					loops++;
				}
			}
			if (outer == SG_PAT_NONE)
				sample(r, k, &j->before);
		}
		j->ret->slow = j->ret->slow || loops >= FEW_LOOPS;
		if (outer == SG_PAT_NONE)
			sg_buf_cut(&j->before, len, j->before.len - len);
		return;
	}
	case SG_PAT_ALT:
		for (uint32_t a = n->first; a != SG_PAT_NONE; a = r->at[a].next) {
			for (uint32_t b = r->at[a].next; b != SG_PAT_NONE && outer != SG_PAT_NONE;
			        b = r->at[b].next)
				if (alike(r, a, b)) {
					j->ret->overlapping = true;
					found_ambiguous(j);
				}
			judge(j, a, follow);
		}
		return;
	case SG_PAT_LOOK: judge(j, n->first, follow); return;
	case SG_PAT_SET:
	case SG_PAT_BEGIN:
	case SG_PAT_END:
	case SG_PAT_NOTHING: return;
	}
}

/* --- the whole */

/* .  .+  .*  and groups of them: met by whatever is not empty. */
static bool anything(const struct sg_pat *r, uint32_t i, bool *ret_all)
{
	const struct sg_pat_node *n = &r->at[i];

	if (n->kind == SG_PAT_SET)
		return size_of(&n->set) >= NEARLY_ALL;
	if (n->kind == SG_PAT_LOOP) {
		*ret_all = *ret_all || n->max == SG_PAT_FOREVER;
		return n->min <= 1 && n->max >= 1 && anything(r, n->first, ret_all);
	}
	if (n->kind == SG_PAT_ALT || n->kind == SG_PAT_SEQ)
		return n->first != SG_PAT_NONE && r->at[n->first].next == SG_PAT_NONE &&
		       anything(r, n->first, ret_all);
	return false;
}

static bool everything_in(const struct sg_pat *r, uint32_t seq)
{
	bool begin = false, end = false, all = false, one = false, empty = true;

	for (uint32_t k = r->at[seq].first; k != SG_PAT_NONE; k = r->at[k].next) {
		if (r->at[k].kind == SG_PAT_BEGIN && empty && !begin) {
			begin = true;
		} else if (r->at[k].kind == SG_PAT_END && r->at[k].next == SG_PAT_NONE) {
			end = true;
		} else if (anything(r, k, &all)) {
			one = true;
			empty = false;
		} else if (nullable(r, k, true)) {
			empty = false;
		} else {
			return false;
		}
	}
	return begin && end ? one && all : true;
}

static bool looks_first(const struct sg_pat *r, uint32_t seq)
{
	uint32_t k = r->at[seq].first;
	struct sg_pat_set first = { { 0 } };

	if (k == SG_PAT_NONE || r->at[k].kind != SG_PAT_LOOK)
		return false;
	begins(r, r->at[k].first, &first);
	return size_of(&first) > WIDE;
}

void sg_lint_pattern(const char *pattern, bool ignore_case, struct sg_pattern_faults *ret)
{
	struct sg_pat pat;
	struct judge j = { .r = &pat, .ret = ret, .outer = SG_PAT_NONE };

	*ret = (struct sg_pattern_faults){ 0 };
	ret->unreadable = !sg_pat_read(pattern, ignore_case, &pat);
	if (!ret->unreadable) {
		judge(&j, 0, (struct sg_pat_set){ { 0 } });
		for (uint32_t k = pat.at[0].first; k != SG_PAT_NONE; k = pat.at[k].next) {
			ret->everything = ret->everything || everything_in(&pat, k);
			ret->lookahead = ret->lookahead || looks_first(&pat, k);
		}
	}
	sg_buf_release(&j.before);
	sg_pat_release(&pat);
}

void sg_pattern_faults_release(struct sg_pattern_faults *f)
{
	sg_buf_release(&f->attack);
	*f = (struct sg_pattern_faults){ 0 };
}
