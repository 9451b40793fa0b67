/* url_rewrite_prove.c - whether the rules are in the effective configuration of their places and of all that lies below.
 *
 * No request is needed for it. Where the mitigation brings tests that its rules are about (Refuse; Response for outbound rules), those decide whether
 * it takes effect (url_rewrite_judge.c), because they say what it is for; what is found here is then a warning in the proof: below some application
 * the rules do not count, and no test asks there. Without such tests what is found here decides: one application that opts out is NO, with file and
 * line. Reads only.
 */
#include "actions/url_rewrite_force.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_FOLDERS = 2000, MAX_LINES = 16 };

/* Somewhere the rules do not count, and why. Many URLs often have one cause: it is said once, with the outermost URL. */
struct gap {
	char *at, *why;
	bool unknown; /* a file there cannot be read */
	size_t more;  /* URLs of the same cause beside `at` */
};
struct gaps {
	struct gap *at;
	size_t n, cap;
	size_t asked; /* URLs */
};

static void add_gap(struct gaps *g, const char *site, const char *url, const char *why, bool unknown)
{
	struct gap *gap;

	for (size_t i = 0; i < g->n; i++)
		if (!strcmp(g->at[i].why, why)) {
			g->at[i].more++;
			return;
		}
	g->at = sg_grow(g->at, g->n, &g->cap, sizeof(*g->at));
	gap = &g->at[g->n++];
	*gap = (struct gap){ .unknown = unknown };
	gap->at = site ? sg_format("%s%s", site, url) : sg_strdup("the server");
	gap->why = sg_strdup(why);
}

static void release_gaps(struct gaps *g)
{
	for (size_t i = 0; i < g->n; i++) {
		free(g->at[i].at);
		free(g->at[i].why);
	}
	free(g->at);
}

/* --- asking */

struct proving {
	const struct sg_iis *iis;
	struct sg_iis_files *files;
	const struct sg_ur *ur;
	struct gaps gaps;
	bool all; /* every folder was looked into */
};

static void ask(struct proving *p, const struct sg_iis_site *site, const char *url, char **ret_container)
{
	const char *name = site ? site->name : NULL;

	p->gaps.asked++;
	for (int outbound = 0; outbound < 2; outbound++) {
		struct sg_ur_force f = { 0 };

		sg_ur_force(p->files, p->iis, p->ur, outbound != 0, site, url, &f);
		if (f.defeat)
			add_gap(&p->gaps, name, url, f.defeat, false);
		else if (f.broken)
			add_gap(&p->gaps, name, url, f.broken, true);
		if (ret_container && !*ret_container) {
			*ret_container = f.container;
			f.container = NULL;
		}
		sg_ur_force_release(&f);
	}
}

/* A section of ours that was locked from above after it was written makes IIS refuse the file. */
static void ask_lock(struct proving *p, const struct sg_iis_place *place, const char *container)
{
	if (!container || !sg_win_same(container, place->container) ||
	        sg_win_same(container, p->iis->apphost))
		return;
	for (int s = 0; s < SG_UR_SECTIONS; s++) {
		char *section = sg_format("system.webServer/rewrite/%s", sg_ur_section_names[s]);
		struct sg_iis_item item = { .section = section, .list = "", .tag = "rule", .key = "name" };
		struct sg_err why = SG_ERR_INIT;
		bool any = false;

		for (size_t i = 0; i < p->ur->n; i++)
			any = any || (int)p->ur->items[i].section == s;
		if (any && sg_iis_may_write(p->files, place, &item, &why)) {
			/* what cannot be read says nothing about IIS, unless nobody can read it */
			bool locked = why.code == SG_EACCES || why.code == SG_EUNSUPPORTED;
			char *text = sg_format("%s%s", why.msg,
			        locked || why.code == SG_EPARSE
			                ? "; with a rule in it IIS answers 500.19 there"
			                : "");

			add_gap(&p->gaps, place->site, place->path, text, !locked);
			free(text);
		}
		free(section);
	}
}

static void ask_site(struct proving *p, const struct sg_iis_place *place, const struct sg_iis_site *site)
{
	struct sg_strs urls = { 0 };
	char *container = NULL;
	bool all;

	sg_iis_urls_below(
	        p->files, site, place->path ? place->path : "/", place->inherit, MAX_FOLDERS, &urls, &all);
	p->all = p->all && all;
	for (size_t i = 0; i < urls.n; i++)
		ask(p, site, urls.at[i], i || !place->site ? NULL : &container);
	if (place->site)
		ask_lock(p, place, container);
	free(container);
	sg_strs_release(&urls);
}

static void ask_place(struct proving *p, const struct sg_iis_place *place)
{
	if (!place->site)
		ask(p, NULL, NULL, NULL);
	for (size_t s = 0; s < p->iis->n_sites; s++)
		if (sg_iis_place_covers(place, &p->iis->sites[s], place->path ? place->path : "/"))
			ask_site(p, place, &p->iis->sites[s]);
}

/* --- the answer */

/* Whether a test of the mitigation decides instead: it is about these rules, and one of the places covers it. */
static bool tests_decide(
        const struct sg_mitigation *m, const struct proving *p, const struct sg_iis_place *places, size_t n)
{
	for (size_t t = 0; t < m->n_tests; t++) {
		const struct sg_test *test = &m->tests[t];
		char *path;
		bool covers = false;

		if (test->kind == SG_TEST_SERVE || !sg_ur_concerns(p->ur, test->kind))
			continue;
		path = sg_iis_uri_path(test->uri);
		for (size_t i = 0; i < n; i++)
			covers = covers || !places[i].path || sg_iis_url_covers(places[i].path, path);
		free(path);
		if (covers)
			return true;
	}
	return false;
}

static void add_line(struct sg_proof *proof, bool passed, bool decides, char *text)
{
	sg_proof_add(proof, passed, text);
	proof->at[proof->n - 1].warning = !passed && !decides;
}

static char *say_gap(const struct gap *gap)
{
	char *more = gap->more ? sg_format(" and %zu more below", gap->more) : sg_strdup("");
	char *text = sg_format(
	        gap->unknown ? "not known at %s%s: %s" : "not in force at %s%s: %s", gap->at, more, gap->why);

	free(more);
	return text;
}

static void conclude(const struct proving *p, bool decides, struct sg_proof *proof)
{
	size_t no = 0, unknown = 0, lines = 0;

	proof->effective = SG_EFFECTIVE_YES;
	/* what is certain first, so that it is said when there is too much */
	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < p->gaps.n; i++) {
			const struct gap *gap = &p->gaps.at[i];
			char *text;

			if (gap->unknown != (pass == 1))
				continue;
			no += !gap->unknown;
			unknown += gap->unknown;
			if (lines++ >= MAX_LINES)
				continue;
			text = say_gap(gap);
			if (decides && !proof->text)
				proof->text = sg_strdup(text);
			add_line(proof, false, decides, text);
		}
	if (lines > MAX_LINES)
		add_line(proof, false, decides,
		        sg_format("not in force, or not known, for %zu more causes", lines - MAX_LINES));
	if (decides && (no || unknown))
		proof->effective = no ? SG_EFFECTIVE_NO : SG_EFFECTIVE_UNKNOWN;
	else if (decides)
		add_line(proof, true, decides,
		        sg_format("in the effective configuration of %zu URL%s, by what the files say: the "
		                  "mitigation brings no test for it",
		                p->gaps.asked, p->gaps.asked == 1 ? "" : "s"));
	if (!p->all)
		add_line(proof, true, decides,
		        sg_format("there are more than %d folders below: the others were not looked through",
		                MAX_FOLDERS));
}

int sg_url_rewrite_prove(const struct sg_mitigation *m, const struct sg_action *a, const struct sg_host *host,
        struct sg_iis_files *files, struct sg_proof *ret, struct sg_err *err)
{
	struct sg_proof proof = { .effective = SG_EFFECTIVE_UNKNOWN };
	struct sg_iis_place *places = NULL;
	struct sg_ur ur = { 0 };
	struct proving p = { .iis = host->iis, .files = files, .ur = &ur, .all = true };
	size_t n = 0;
	int r;

	r = sg_ur_read(m, a, &ur, err);
	if (!r)
		r = sg_ur_places(&ur, host, sg_iis_files_drives(files), &places, &n, err);
	for (size_t i = 0; !r && i < n; i++)
		ask_place(&p, &places[i]);
	if (!r) {
		conclude(&p, !tests_decide(m, &p, places, n), &proof);
		*ret = proof;
	}
	release_gaps(&p.gaps);
	sg_iis_places_free(places, n);
	sg_ur_release(&ur);
	return r;
}
