/* match.c - affected minus fixed, compared part by part; every answer names the file and the number it rests on. */
#include "engine/match.h"

#include <stdlib.h>
#include <string.h>

void sg_match_release(struct sg_match *r)
{
	free(r->proof);
	*r = (struct sg_match){ 0 };
}

static void answer(struct sg_match *ret, enum sg_applies applies, bool fixed, char *proof)
{
	free(ret->proof);
	ret->applies = applies;
	ret->fixed = fixed;
	ret->proof = proof;
}

static bool in_range(
        const struct sg_version *v, const struct sg_version *from, const struct sg_version *below)
{
	return (!from->n || sg_version_cmp(v, from) >= 0) && (!below->n || sg_version_cmp(v, below) < 0);
}

static void match_version(
        const struct sg_product *p, const struct sg_host_product *here, struct sg_match *ret)
{
	char v[48], fixed[48];
	bool affected = p->n_affected == 0;

	if (!here->version.n && (p->n_affected || p->n_fixed)) {
		answer(ret, SG_APPLIES_UNKNOWN, false,
		        sg_format("the build of %s cannot be told: %s", p->name,
		                here->source ? here->source : "?"));
		return;
	}
	sg_version_format(&here->version, v);
	for (size_t i = 0; i < p->n_affected; i++)
		affected = affected || in_range(&here->version, &p->affected[i].from, &p->affected[i].below);
	if (!affected) {
		answer(ret, SG_APPLIES_NO, false,
		        sg_format("%s is %s, outside the affected builds (%s)", p->name, v,
		                here->source ? here->source : "?"));
		return;
	}
	for (size_t i = 0; i < p->n_fixed; i++) {
		if (!sg_version_has_prefix(&here->version, &p->fixed[i].branch) ||
		        sg_version_cmp(&here->version, &p->fixed[i].from) < 0)
			continue;
		sg_version_format(&p->fixed[i].from, fixed);
		answer(ret, SG_APPLIES_NO, true,
		        sg_format("%s is %s, fixed from %s on (%s)", p->name, v, fixed,
		                here->source ? here->source : "?"));
		return;
	}
	answer(ret, SG_APPLIES_YES, false,
	        here->version.n
	                ? sg_format("%s is %s, affected (%s)", p->name, v, here->source ? here->source : "?")
	                : sg_format("%s is here", p->name));
}

/* There is an IIS, but its configuration cannot be read now: products and applications are found through it, so their absence says nothing. */
static bool iis_is_silent(const struct sg_host *host)
{
	return host->iis_code && host->iis_code != SG_ENOENT;
}

/* The product is not among the facts: a proof that it is not here, where the facts can tell. */
static void match_absent(const struct sg_product *p, const struct sg_host *host, struct sg_match *ret)
{
	struct sg_err err = SG_ERR_INIT;
	const char *why = NULL;

	if (sg_host_can_tell(p->name, p->role, &err)) {
		answer(ret, SG_APPLIES_UNKNOWN, false, sg_strdup(err.msg));
		return;
	}
	if (iis_is_silent(host) && !sg_same(p->role, "Edge"))
		why = host->iis_error;
	else if (sg_same(p->name, "Exchange") && !sg_same(p->role, "Mailbox"))
		why = host->edge_error;
	answer(ret, why ? SG_APPLIES_UNKNOWN : SG_APPLIES_NO, false,
	        why ? sg_format("whether %s%s%s is here cannot be told: %s", p->name, p->role ? " " : "",
	                      p->role ? p->role : "", why)
	            : sg_format("%s%s%s is not installed here", p->name, p->role ? " " : "",
	                      p->role ? p->role : ""));
}

/* YES beats UNKNOWN beats NO, and what is here beats what is not: any of the products is enough. */
static int weight(enum sg_applies applies, const struct sg_host_product *here)
{
	return applies == SG_APPLIES_YES ? 3 : applies == SG_APPLIES_UNKNOWN ? 2 : here != NULL;
}

struct best {
	const struct sg_host_product *here;
	int weight; /* -1: there was none */
};

static void consider(
        struct best *best, const struct sg_host_product *here, struct sg_match *one, struct sg_match *ret)
{
	if (weight(one->applies, here) > best->weight) {
		*best = (struct best){ here, weight(one->applies, here) };
		answer(ret, one->applies, one->fixed, one->proof);
		one->proof = NULL;
	}
	sg_match_release(one);
}

static const struct sg_host_product *match_products(
        const struct sg_applicability *a, const struct sg_host *host, struct sg_match *ret)
{
	struct best best = { .weight = -1 };

	for (size_t i = 0; i < a->n_products; i++) {
		const struct sg_product *p = &a->products[i];
		struct sg_match one = { 0 };
		bool found = false;

		for (size_t k = 0; k < host->n_products; k++) {
			const struct sg_host_product *here = &host->products[k];

			if (!sg_same(p->name, here->name) || (p->role && !sg_same(p->role, here->role)))
				continue;
			found = true;
			match_version(p, here, &one);
			consider(&best, here, &one, ret);
		}
		if (!found) {
			match_absent(p, host, &one);
			consider(&best, NULL, &one, ret);
		}
	}
	return best.here;
}

static void match_path(const struct sg_file_condition *f, const char *path, const struct sg_drives *drives,
        struct sg_match *ret)
{
	struct sg_err err = SG_ERR_INIT;
	struct sg_version v = { { 0 }, 0 };
	char text[48];
	int code = sg_file_version_twice(drives, path, &v, &err);

	if (code == SG_ENOENT) {
		answer(ret, SG_APPLIES_NO, false, sg_format("%s is not there", path));
		return;
	}
	if (code) {
		answer(ret, SG_APPLIES_UNKNOWN, false,
		        sg_format("the version of %s cannot be read: %s", path, err.msg));
		return;
	}
	sg_version_format(&v, text);
	if (in_range(&v, &f->from, &f->below))
		answer(ret, SG_APPLIES_YES, false, sg_format("%s is %s, affected", path, text));
	else
		answer(ret, SG_APPLIES_NO, f->below.n && sg_version_cmp(&v, &f->below) >= 0,
		        sg_format("%s is %s, outside the affected versions", path, text));
}

/* {app} is the product's folder, and for IIS every application's. */
static void match_file(const struct sg_file_condition *f, const struct sg_host_product *product,
        const struct sg_host *host, const struct sg_drives *drives, struct sg_match *ret)
{
	static const char app[] = "{app}";
	size_t skip = sizeof(app) - 1;

	if (strncmp(f->path, app, skip) != 0) {
		match_path(f, f->path, drives, ret);
		return;
	}
	while (f->path[skip] == '\\')
		skip++;
	if (product && product->app && !sg_same(product->name, "IIS")) {
		char *path = sg_win_join(product->app, f->path + skip);

		match_path(f, path, drives, ret);
		free(path);
		return;
	}
	if (iis_is_silent(host))
		answer(ret, SG_APPLIES_UNKNOWN, false,
		        sg_format("%s cannot be looked for: %s", f->path, host->iis_error));
	else
		answer(ret, SG_APPLIES_NO, false, sg_format("%s is in no application here", f->path));
	for (size_t s = 0; host->iis && s < host->iis->n_sites; s++) {
		for (size_t a = 0; a < host->iis->sites[s].n_apps; a++) {
			const struct sg_iis_app *here = &host->iis->sites[s].apps[a];
			struct sg_match one = { 0 };
			char *path;

			if (!here->n_vdirs || !here->vdirs[0].physical)
				continue;
			path = sg_win_join(here->vdirs[0].physical, f->path + skip);
			match_path(f, path, drives, &one);
			free(path);
			if (one.applies == SG_APPLIES_YES ||
			        (one.applies == SG_APPLIES_UNKNOWN && ret->applies == SG_APPLIES_NO)) {
				answer(ret, one.applies, one.fixed, one.proof);
				one.proof = NULL;
			}
			sg_match_release(&one);
			if (ret->applies == SG_APPLIES_YES)
				return;
		}
	}
}

void sg_match(const struct sg_mitigation *m, const struct sg_host *host, const struct sg_drives *drives,
        struct sg_match *ret)
{
	const struct sg_applicability *a = &m->applicability;
	const struct sg_host_product *product = NULL;

	*ret = (struct sg_match){ 0 };
	for (size_t i = 0; i < m->n_actions; i++) {
		if (!sg_action_kind(m->actions[i].type)) {
			answer(ret, SG_APPLIES_UNKNOWN, false,
			        sg_format("this version does not know the action type '%s'; a newer stopgap "
			                  "may",
			                m->actions[i].type));
			return;
		}
	}
	if (!host) {
		answer(ret, SG_APPLIES_UNKNOWN, false, sg_strdup("this server's facts could not be read"));
		return;
	}
	if (a->unknown) {
		answer(ret, SG_APPLIES_UNKNOWN, false,
		        sg_format("this version does not know the condition '%s'", a->unknown));
		return;
	}
	answer(ret, SG_APPLIES_YES, false, sg_strdup("no condition: every server where its target exists"));
	if (a->n_products)
		product = match_products(a, host, ret);
	for (size_t i = 0; i < a->n_files && ret->applies == SG_APPLIES_YES; i++)
		match_file(&a->files[i], product, host, drives, ret);
}
