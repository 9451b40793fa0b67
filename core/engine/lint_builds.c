/* lint_builds.c - affected and fixed builds against each other. A server with a build in an affected range needs the mitigation unless one Fixed line
 * covers it, whichever (engine/match.c): so one line too wide takes protection from servers that have no fix. Pure. */
#include "engine/lint_parts.h"

#include <stdlib.h>
#include <string.h>

static void named(const struct sg_version *v, char out[48])
{
	if (v->n)
		sg_version_format(v, out);
	else
		memcpy(out, "any", sizeof("any"));
}

/* The first version behind all that begin with the prefix; false: there is none. */
static bool behind(const struct sg_version *prefix, struct sg_version *ret)
{
	*ret = *prefix;
	for (int i = prefix->n - 1; i >= 0; i--) {
		if (ret->part[i] != UINT32_MAX) {
			ret->part[i]++;
			for (int k = i + 1; k < 4; k++)
				ret->part[k] = 0;
			return true;
		}
	}
	return false;
}

static const xmlNode *product_of(const struct sg_lint *l, size_t p)
{
	const xmlNode *a = sg_xml_child(l->config, SG_FEED_NS, "Applicability");

	for (const xmlNode *n = a ? sg_xml_first(a) : NULL; n; n = sg_xml_next(n))
		if (sg_xml_is(n, SG_FEED_NS, "Product") && p-- == 0)
			return n;
	return NULL;
}

/* The i-th Affected or Fixed of the p-th Product, for its line. */
static unsigned line_of(const struct sg_lint *l, size_t p, const char *name, size_t i)
{
	const xmlNode *product = product_of(l, p);

	for (const xmlNode *k = product ? sg_xml_first(product) : NULL; k; k = sg_xml_next(k))
		if (sg_xml_is(k, SG_FEED_NS, name) && i-- == 0)
			return sg_lint_line(k);
	return 0;
}

/* Whether some build of the branch below `below` (n 0: all of them) lies in an affected range. */
static bool affected_in(
        const struct sg_product *p, const struct sg_version *branch, const struct sg_version *below)
{
	struct sg_version start = *branch, end;
	bool bounded = behind(branch, &end);

	start.n = 4;
	if (below->n && (!bounded || sg_version_cmp(below, &end) < 0)) {
		end = *below;
		bounded = true;
	}
	if (bounded && sg_version_cmp(&start, &end) >= 0)
		return false;
	for (size_t i = 0; i < p->n_affected; i++) {
		const struct sg_range *r = &p->affected[i];

		if ((!r->below.n || sg_version_cmp(&start, &r->below) < 0) &&
		        (!r->from.n || !bounded || sg_version_cmp(&r->from, &end) < 0))
			return true;
	}
	return p->n_affected == 0;
}

static void fixed(struct sg_lint *l, size_t at, const struct sg_product *p, size_t i)
{
	static const struct sg_version all = { { 0 }, 0 };
	const struct sg_fixed *f = &p->fixed[i];
	char branch[48], from[48];
	bool below = false;
	unsigned line = line_of(l, at, "Fixed", i);

	named(&f->branch, branch);
	named(&f->from, from);
	for (int k = f->branch.n + 1; k < 4; k++)
		below = below || f->from.part[k];
	if (!affected_in(p, &f->branch, &all))
		sg_lint_add(l, SG_LINT_WARNING, "fixed-unaffected", line,
		        "widen Affected, or take the line away",
		        "no build of branch %s is affected, so that its fix says nothing", branch);
	else if (!affected_in(p, &f->branch, &f->from))
		sg_lint_add(l, SG_LINT_WARNING, "fixed-whole-branch", line,
		        "if no build of it is affected, end Affected before it; else correct from",
		        "%s is where the affected builds of branch %s begin: nothing of it is ever affected",
		        from, branch);
	if (below && f->branch.n < 3)
		sg_lint_add(l, SG_LINT_WARNING, "fixed-inside", line,
		        "name the update's own branch in a line of its own, and in the wide one the first "
		        "build of the next",
		        "the fixed build %s lies inside a branch of its own: later builds of branch %s count "
		        "as fixed, "
		        "also those that came without the fix",
		        from, branch);
	for (size_t k = 0; k < p->n_fixed; k++) {
		const struct sg_fixed *wide = &p->fixed[k];
		char other[48];

		named(&wide->branch, other);
		if (k < i && !sg_version_cmp(&wide->branch, &f->branch) && wide->branch.n == f->branch.n)
			sg_lint_add(l, SG_LINT_ERROR, "fixed-twice", line, "keep the line that is right",
			        "branch %s stands here a second time, and the lower build counts", branch);
		else if (k != i && wide->branch.n < f->branch.n &&
		         sg_version_has_prefix(&f->branch, &wide->branch) &&
		         sg_version_cmp(&wide->from, &f->from) < 0) {
			struct sg_version end;

			if (behind(&f->branch, &end) && sg_version_cmp(&wide->from, &end) >= 0)
				continue;
			sg_lint_add(l, SG_LINT_ERROR, "fixed-contradiction", line,
			        "let the wide line begin behind this branch",
			        "builds of branch %s below %s count as fixed all the same: the line for "
			        "branch %s "
			        "covers them",
			        branch, from, other);
		}
	}
}

static void affected(struct sg_lint *l, size_t at, const struct sg_product *p, size_t i)
{
	const struct sg_range *r = &p->affected[i];

	for (size_t k = 0; k < i; k++) {
		const struct sg_range *o = &p->affected[k];

		if ((!r->from.n || !o->below.n || sg_version_cmp(&r->from, &o->below) < 0) &&
		        (!o->from.n || !r->below.n || sg_version_cmp(&o->from, &r->below) < 0)) {
			sg_lint_add(l, SG_LINT_WARNING, "affected-overlap", line_of(l, at, "Affected", i),
			        "write one range, or two that do not meet",
			        "this range of %s overlaps another one", p->name);
			return;
		}
	}
}

void sg_lint_builds(struct sg_lint *l)
{
	const struct sg_applicability *a = &l->m->applicability;
	bool heartbeat =
	        l->m->n_actions == 1 && l->m->actions[0].type && !strcmp(l->m->actions[0].type, "DoNothing");

	if (!a->given && !heartbeat)
		sg_lint_add(l, SG_LINT_NOTE, "applicability-missing", 0,
		        "name the product and its affected builds",
		        "it goes in on every server where its target exists, fixed or not");
	if (a->unknown)
		sg_lint_add(l, SG_LINT_ERROR, "applicability-unknown", 0,
		        "schemas/feed-words.xsd lists the conditions",
		        "no server knows the condition '%s': it would wait everywhere", a->unknown);
	for (size_t i = 0; i < a->n_products; i++) {
		const struct sg_product *p = &a->products[i];
		struct sg_err why = SG_ERR_INIT;

		if (sg_host_can_tell(p->name, p->role, &why))
			sg_lint_add(l, SG_LINT_ERROR, "applicability-unknown", sg_lint_line(product_of(l, i)),
			        "products are IIS and Exchange, the latter with the role Mailbox, Edge or "
			        "none",
			        "%s; it would wait everywhere", why.msg);
		for (size_t k = 0; k < p->n_affected; k++)
			affected(l, i, p, k);
		for (size_t k = 0; k < p->n_fixed; k++)
			fixed(l, i, p, k);
		if (!p->n_affected && p->n_fixed)
			sg_lint_add(l, SG_LINT_NOTE, "affected-missing", line_of(l, i, "Fixed", 0),
			        "say with Affected where it begins and ends",
			        "every build of %s that is not listed as fixed counts as affected, later "
			        "ones too",
			        p->name);
	}
}
