/* bare.c - a server without files: the mitigations' own rules and sequences, joined as IIS would join them on one chain of paths. Pure. */
#include "actions/bare.h"

#include "actions/request_filtering_parts.h"
#include "actions/url_rewrite_force.h"
#include "rewrite/rewrite.h"

#include <stdlib.h>
#include <string.h>

/* One action that has a say about requests. */
struct piece {
	bool filter;
	struct sg_ur ur; /* of an UrlRewrite action */
	struct sg_rf rf; /* of a RequestFiltering action */
	struct sg_rw_rules *rules;
};
struct sg_bare {
	struct piece *at;
	size_t n, cap;
	struct sg_strs sites; /* at least one */
};

static const struct sg_iis_at *at_of(const struct piece *p)
{
	return p->filter ? &p->rf.at : &p->ur.at;
}

static const char *path_of(const struct piece *p)
{
	return at_of(p)->path ? at_of(p)->path : "/";
}

static bool at_site(const struct piece *p, const char *site)
{
	const struct sg_iis_at *at = at_of(p);

	return at->server || !at->sites || !strcmp(at->sites, "*") || sg_same(at->sites, site);
}

void sg_bare_free(struct sg_bare *bare)
{
	if (!bare)
		return;
	for (size_t i = 0; i < bare->n; i++) {
		sg_ur_release(&bare->at[i].ur);
		sg_rf_release(&bare->at[i].rf);
		sg_rw_free(bare->at[i].rules);
	}
	free(bare->at);
	sg_strs_release(&bare->sites);
	free(bare);
}

static int add(
        struct sg_bare *bare, const struct sg_mitigation *m, const struct sg_action *a, struct sg_err *err)
{
	const struct sg_action_kind *kind = a->type ? sg_action_kind(a->type) : NULL;
	const struct sg_iis_at *at;
	struct piece *p;
	int r;

	if (!kind || !kind->judge)
		return 0;
	bare->at = sg_grow(bare->at, bare->n, &bare->cap, sizeof(*bare->at));
	p = &bare->at[bare->n++];
	*p = (struct piece){ .filter = kind->judge == sg_rf_judge };
	if (p->filter) {
		r = sg_rf_read(m, a, &p->rf, err);
	} else {
		r = sg_ur_read(m, a, &p->ur, err);
		if (!r)
			r = sg_rw_read(sg_buf_bytes(&p->ur.rewrite), &p->rules, err);
	}
	at = at_of(p);
	if (!r && !at->server && at->sites && strcmp(at->sites, "*") && !sg_strs_has(&bare->sites, at->sites))
		sg_strs_add(&bare->sites, at->sites);
	if (!r && !p->filter) {
		size_t len = strlen(path_of(p));
		char *folder = sg_format("%s%s", path_of(p), path_of(p)[len - 1] == '/' ? "" : "/");

		sg_rw_place(p->rules, folder);
		free(folder);
	}
	return r;
}

int sg_bare_new(const struct sg_mitigation *const *list, size_t n, struct sg_bare **ret, struct sg_err *err)
{
	struct sg_bare *bare = sg_alloc(sizeof(*bare));
	int r = 0;

	for (size_t i = 0; !r && i < n; i++)
		for (size_t k = 0; !r && !list[i]->tombstone && k < list[i]->n_actions; k++)
			r = add(bare, list[i], &list[i]->actions[k], err);
	if (!bare->sites.n)
		sg_strs_add(&bare->sites, "*");
	if (r)
		sg_bare_free(bare);
	else
		*ret = bare;
	return r;
}

bool sg_bare_any(const struct sg_bare *bare)
{
	return bare->n > 0;
}

/* --- one request at one site */

/* Outer places come first: the server's, then by the length of the path; in one place as in the document. */
static size_t depth_of(const struct piece *p)
{
	return at_of(p)->server || !strcmp(path_of(p), "/") ? 0 : strlen(path_of(p));
}

static int join(const struct sg_bare *bare, const char *site, const char *path, enum sg_test_kind kind,
        struct sg_rw_rules *all, bool *ret_any, struct sg_err *err)
{
	size_t deepest = strlen(path), next;
	int r = 0;

	*ret_any = false;
	for (size_t depth = 0; !r && depth <= deepest; depth = next) {
		next = deepest + 1;
		for (size_t i = 0; !r && i < bare->n; i++) {
			const struct piece *p = &bare->at[i];
			size_t here = depth_of(p);

			if (p->filter || !at_site(p, site) || !sg_iis_url_covers(path_of(p), path))
				continue;
			if (here > depth && here < next)
				next = here;
			if (here != depth)
				continue;
			*ret_any = *ret_any || sg_ur_concerns(&p->ur, kind);
			r = sg_rw_append(all, p->rules, err);
		}
	}
	return r;
}

static int by_rules(const struct sg_bare *bare, const char *site, const char *path,
        const struct sg_test *test, struct sg_judgement *j, struct sg_err *err)
{
	struct sg_rw_rules *all = NULL;
	bool any = false;
	int r = sg_rw_read(sg_bytes_of("<rewrite/>"), &all, err);

	if (!r)
		r = join(bare, site, path, test->kind, all, &any, err);
	if (!r && any)
		r = sg_ur_run(all, test, NULL, j, err);
	sg_rw_free(all);
	return r;
}

static void by_sequences(
        const struct sg_rf *rf, const char *path, const struct sg_test *test, struct sg_judgement *j)
{
	const char *mark = strchr(test->uri, '?');
	char *query = mark ? sg_strndup(mark + 1, strcspn(mark + 1, "#")) : sg_strdup("");
	char *decoded = sg_rf_unescaped(query);

	j->fate = SG_FATE_SERVED;
	for (size_t i = 0; i < rf->n && j->fate == SG_FATE_SERVED; i++) {
		const char *seq = rf->seq[i].text;
		bool url = rf->seq[i].list == SG_RF_URLS;

		if (url ? !sg_rf_holds(path, seq) : !sg_rf_holds(query, seq) && !sg_rf_holds(decoded, seq))
			continue;
		j->fate = SG_FATE_REFUSED;
		j->text = sg_format("refused by the sequence \"%s\" (%s)", seq, url ? "404.5" : "404.18");
	}
	if (!j->text)
		j->text = sg_strdup("served: no denied sequence is in it");
	free(decoded);
	free(query);
}

static void heavier(enum sg_test_kind kind, struct sg_judgement *all, struct sg_judgement *one)
{
	if (sg_fate_weight(kind, one->fate) > sg_fate_weight(kind, all->fate)) {
		sg_judgement_release(all);
		*all = *one;
		*one = (struct sg_judgement){ 0 };
	}
	sg_judgement_release(one);
}

static int at_one(const struct sg_bare *bare, const char *site, const char *path, const struct sg_test *test,
        struct sg_judgement *all, struct sg_err *err)
{
	struct sg_judgement one = { 0 };
	int r = by_rules(bare, site, path, test, &one, err);

	heavier(test->kind, all, &one);
	for (size_t i = 0; !r && i < bare->n && test->kind != SG_TEST_RESPONSE; i++) {
		const struct piece *p = &bare->at[i];

		if (!p->filter || !at_site(p, site) || !sg_iis_url_covers(path_of(p), path))
			continue;
		by_sequences(&p->rf, path, test, &one);
		heavier(test->kind, all, &one);
	}
	return r;
}

/* --- over all sites: the one that does worst by the test */

static int badness(const struct sg_test *test, enum sg_fate fate)
{
	if (fate == SG_FATE_NONE)
		return 0;
	switch (sg_fate_verdict(test, fate)) {
	case SG_EFFECTIVE_YES: return 1;
	case SG_EFFECTIVE_UNKNOWN: return 2;
	case SG_EFFECTIVE_NO: return 3;
	}
	return 0;
}

static int judge_where(const struct sg_bare *bare, const struct sg_bare *where, const struct sg_test *test,
        struct sg_judgement *ret, struct sg_err *err)
{
	struct sg_judgement worst = { .fate = SG_FATE_NONE };
	char *path = sg_iis_uri_path(test->uri);
	int r = 0;

	for (size_t s = 0; !r && s < where->sites.n; s++) {
		const char *site = where->sites.at[s];
		struct sg_judgement one = { .fate = SG_FATE_NONE }, own = { .fate = SG_FATE_NONE };

		r = at_one(bare, site, path, test, &one, err);
		if (!r && where != bare)
			r = at_one(where, site, path, test, &own, err);
		if ((where == bare || own.fate != SG_FATE_NONE) &&
		        badness(test, one.fate) > badness(test, worst.fate)) {
			sg_judgement_release(&worst);
			worst = one;
			one = (struct sg_judgement){ 0 };
		}
		sg_judgement_release(&one);
		sg_judgement_release(&own);
	}
	free(path);
	if (r)
		sg_judgement_release(&worst);
	else
		*ret = worst;
	return r;
}

int sg_bare_judge(
        const struct sg_bare *bare, const struct sg_test *test, struct sg_judgement *ret, struct sg_err *err)
{
	return judge_where(bare, bare, test, ret, err);
}

int sg_bare_judge_where(const struct sg_bare *bare, const struct sg_bare *where, const struct sg_test *test,
        struct sg_judgement *ret, struct sg_err *err)
{
	return judge_where(bare, where, test, ret, err);
}
