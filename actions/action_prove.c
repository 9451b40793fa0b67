/* action_prove.c - whether a mitigation takes effect: what its actions say of its tests' requests, and of what is in force apart from them. Reads
 * only.
 *
 * A request is judged by every action, at every site, and one answer comes of it. Refuse: passes when any refuses; it fails when none does and all can
 * be told. Serve: fails when any refuses or answers instead. Response: fails when any says that the header is otherwise. A test that no action has a
 * say about at any site proves nothing, and a Refuse or Response test of that sort is UNKNOWN: the mitigation promises what none of its places covers.
 * Over all: NO wins over UNKNOWN, UNKNOWN over YES, and the first text of the winner stays.
 */
#include "actions/action.h"
#include "actions/rules_apart.h"

#include <stdlib.h>
#include <string.h>

void sg_judgement_release(struct sg_judgement *j)
{
	free(j->text);
	free(j->defeat);
	memset(j, 0, sizeof(*j));
}

void sg_proof_release(struct sg_proof *p)
{
	for (size_t i = 0; i < p->n; i++)
		free(p->at[i].text);
	free(p->at);
	free(p->text);
	memset(p, 0, sizeof(*p));
}

void sg_proof_add(struct sg_proof *p, bool passed, char *text)
{
	p->at = sg_grow(p->at, p->n, &p->cap, sizeof(*p->at));
	p->at[p->n++] = (struct sg_proof_line){ .passed = passed, .text = text };
}

struct proving {
	const struct sg_mitigation *m;
	const struct sg_host *host;
	struct sg_iis_files *files;
	struct sg_judgement *said; /* of every test at every site by every action */
	struct sg_proof all;
	bool any; /* something was concluded */
};

/* Takes `text`. */
static void conclude(struct proving *p, enum sg_effective effective, char *text)
{
	static const int weight[] = {
		[SG_EFFECTIVE_YES] = 0,
		[SG_EFFECTIVE_UNKNOWN] = 1,
		[SG_EFFECTIVE_NO] = 2,
	};

	if (!p->any || weight[effective] > weight[p->all.effective]) {
		p->all.effective = effective;
		free(p->all.text);
		p->all.text = text;
		text = NULL;
	}
	p->any = true;
	free(text);
}

/* --- requests */

int sg_fate_weight(enum sg_test_kind kind, enum sg_fate fate)
{
	static const int refuse[] = { [SG_FATE_SERVED] = 1,
		[SG_FATE_OTHER] = 2,
		[SG_FATE_UNKNOWN] = 3,
		[SG_FATE_REFUSED] = 4,
		[SG_FATE_DIFFERS] = 0 };
	static const int serve[] = { [SG_FATE_SERVED] = 1,
		[SG_FATE_UNKNOWN] = 2,
		[SG_FATE_OTHER] = 3,
		[SG_FATE_REFUSED] = 4,
		[SG_FATE_DIFFERS] = 0 };
	static const int response[] = { [SG_FATE_BECOMES] = 1, [SG_FATE_UNKNOWN] = 2, [SG_FATE_DIFFERS] = 3 };

	switch (kind) {
	case SG_TEST_REFUSE: return refuse[fate];
	case SG_TEST_SERVE: return serve[fate];
	case SG_TEST_RESPONSE: return response[fate];
	}
	return 0;
}

static void move(struct sg_judgement *to, struct sg_judgement *from)
{
	sg_judgement_release(to);
	*to = *from;
	*from = (struct sg_judgement){ 0 };
}

static struct sg_judgement *said(const struct proving *p, size_t test, size_t site, size_t action)
{
	return &p->said[(test * p->host->iis->n_sites + site) * p->m->n_actions + action];
}

/* All that is asked of strangers' rules is asked at once: that is what a worker costs (rules_apart.h). */
static int ask_actions(struct proving *p, struct sg_err *err)
{
	const struct sg_iis *iis = p->host->iis;
	const struct sg_mitigation *m = p->m;
	int r = 0;

	for (size_t t = 0; t < m->n_tests; t++)
		for (size_t s = 0; s < iis->n_sites; s++)
			for (size_t a = 0; !r && a < m->n_actions; a++) {
				const struct sg_action_kind *kind = sg_action_kind(m->actions[a].type);

				if (kind->judge)
					r = kind->judge(m, &m->actions[a], p->host, p->files, &iis->sites[s],
					        &m->tests[t], said(p, t, s, a), err);
			}
	if (!r) /* a judgement that it cannot fill in says why, and others need none */
		sg_rules_answer(sg_iis_files_rules(p->files), NULL);
	return r;
}

/* One request at one site, by all actions; the fate is NONE when none of them has a say. */
static void judge(const struct proving *p, size_t t, size_t s, struct sg_judgement *ret)
{
	enum sg_test_kind kind = p->m->tests[t].kind;
	struct sg_judgement all = { .fate = SG_FATE_NONE };

	for (size_t i = 0; i < p->m->n_actions; i++) {
		struct sg_judgement *one = said(p, t, s, i);

		if (sg_fate_weight(kind, one->fate) > sg_fate_weight(kind, all.fate)) {
			/* what keeps one action from counting explains the failure, whichever text is shown */
			if (!one->defeat) {
				one->defeat = all.defeat;
				all.defeat = NULL;
			}
			move(&all, one);
		} else if (!all.defeat) {
			all.defeat = one->defeat;
			one->defeat = NULL;
		}
	}
	*ret = all;
}

enum sg_effective sg_fate_verdict(const struct sg_test *test, enum sg_fate fate)
{
	static const enum sg_fate passing[] = { [SG_TEST_REFUSE] = SG_FATE_REFUSED,
		[SG_TEST_SERVE] = SG_FATE_SERVED,
		[SG_TEST_RESPONSE] = SG_FATE_BECOMES };

	return fate == passing[test->kind] ? SG_EFFECTIVE_YES
	       : fate == SG_FATE_UNKNOWN   ? SG_EFFECTIVE_UNKNOWN
	                                   : SG_EFFECTIVE_NO;
}

/* "served, and should be refused: GET /owa/"; the site is named where the request has more than one. */
static char *line_of(const struct sg_test *test, const struct sg_judgement *j, const char *site)
{
	const char *should = "";

	if (sg_fate_verdict(test, j->fate) == SG_EFFECTIVE_NO && test->kind != SG_TEST_RESPONSE)
		should = test->kind == SG_TEST_REFUSE ? ", and should be refused" : ", and should be served";
	return sg_format("%s%s: %s%s%s%s%s", j->text ? j->text : "", should,
	        test->kind == SG_TEST_RESPONSE ? ""
	        : test->method                 ? test->method
	                                       : "GET",
	        test->kind == SG_TEST_RESPONSE ? "" : " ", test->uri, site ? " at " : "", site ? site : "");
}

static void run_test(struct proving *p, size_t t)
{
	const struct sg_iis *iis = p->host->iis;
	const struct sg_test *test = &p->m->tests[t];
	struct sg_judgement *at = sg_alloc((iis->n_sites + 1) * sizeof(*at));
	size_t says = 0;

	for (size_t s = 0; s < iis->n_sites; s++) {
		judge(p, t, s, &at[s]);
		says += at[s].fate != SG_FATE_NONE;
	}
	for (size_t s = 0; s < iis->n_sites; s++) {
		enum sg_effective v = sg_fate_verdict(test, at[s].fate);
		char *text;

		if (at[s].fate == SG_FATE_NONE)
			continue;
		text = line_of(test, &at[s], says > 1 ? iis->sites[s].name : NULL);
		conclude(p, v,
		        v == SG_EFFECTIVE_YES ? NULL
		        : at[s].defeat        ? sg_format("%s; %s", text, at[s].defeat)
		                              : sg_strdup(text));
		sg_proof_add(&p->all, v == SG_EFFECTIVE_YES, text);
	}
	if (!says && test->kind != SG_TEST_SERVE) {
		char *text = sg_format("not known: no place of the mitigation covers %s", test->uri);

		conclude(p, SG_EFFECTIVE_UNKNOWN, sg_strdup(text));
		sg_proof_add(&p->all, false, text);
	}
	for (size_t s = 0; s < iis->n_sites; s++)
		sg_judgement_release(&at[s]);
	free(at);
}

static int run_tests(struct proving *p, struct sg_err *err)
{
	size_t n = p->m->n_tests * p->host->iis->n_sites * p->m->n_actions;
	int r;

	p->said = sg_alloc((n + 1) * sizeof(*p->said));
	r = ask_actions(p, err);
	for (size_t t = 0; !r && t < p->m->n_tests; t++)
		run_test(p, t);
	for (size_t i = 0; i < n; i++)
		sg_judgement_release(&p->said[i]);
	free(p->said);
	return r;
}

/* --- what is in force apart from requests */

/* What needs IIS's configuration cannot be asked without it: because the files at hand are not the live ones, or for another cause. */
static void without_iis(struct proving *p, const struct sg_err *asked)
{
	struct sg_err why = SG_ERR_INIT;

	if (sg_iis_redirected(sg_iis_files_drives(p->files), &why) == SG_EUNSUPPORTED)
		conclude(p, SG_EFFECTIVE_NO, sg_strdup(why.msg));
	else
		conclude(p, SG_EFFECTIVE_UNKNOWN, sg_strdup(asked->msg));
}

static int run_action(struct proving *p, const struct sg_action *a, struct sg_err *err)
{
	const struct sg_action_kind *kind = sg_action_kind(a->type);
	struct sg_proof one = { .effective = SG_EFFECTIVE_UNKNOWN };
	struct sg_err why = SG_ERR_INIT;
	int r;

	if (!kind->prove)
		return 0;
	r = kind->prove(p->m, a, p->host, p->files, &one, &why);
	if (r == SG_EFATAL)
		return sg_fail(err, r, "%s", why.msg);
	if (r) { /* it cannot be asked: the other actions still can */
		if (p->host->iis)
			conclude(p, SG_EFFECTIVE_UNKNOWN, sg_strdup(why.msg));
		else
			without_iis(p, &why);
		return 0;
	}
	conclude(p, one.effective, one.text);
	one.text = NULL;
	for (size_t i = 0; i < one.n; i++) {
		sg_proof_add(&p->all, one.at[i].passed, one.at[i].text);
		p->all.at[p->all.n - 1].warning = one.at[i].warning;
		one.at[i].text = NULL;
	}
	sg_proof_release(&one);
	return 0;
}

static int prove(const struct sg_mitigation *m, const struct sg_host *host, const struct sg_drives *drives,
        bool tests_only, struct sg_proof *ret, struct sg_err *err)
{
	struct proving p = { .m = m, .host = host, .all = { .effective = SG_EFFECTIVE_UNKNOWN } };
	bool requests = false;
	int r = 0;

	for (size_t i = 0; i < m->n_actions; i++) {
		const struct sg_action_kind *kind;

		r = sg_action_kind_of(m, &m->actions[i], &kind, err);
		if (r)
			return r;
		requests = requests || kind->judge;
	}
	p.files = sg_iis_files_new(host->iis, drives);
	if (requests && host->iis)
		r = run_tests(&p, err);
	for (size_t i = 0; !r && !tests_only && i < m->n_actions; i++)
		r = run_action(&p, &m->actions[i], err);
	if (!r) {
		*ret = p.all;
		memset(&p.all, 0, sizeof(p.all));
	}
	sg_proof_release(&p.all);
	sg_iis_files_free(p.files);
	return r;
}

int sg_actions_prove(const struct sg_mitigation *m, const struct sg_host *host,
        const struct sg_drives *drives, struct sg_proof *ret, struct sg_err *err)
{
	return prove(m, host, drives, false, ret, err);
}

int sg_actions_test(const struct sg_mitigation *m, const struct sg_host *host, const struct sg_drives *drives,
        struct sg_proof *ret, struct sg_err *err)
{
	return prove(m, host, drives, true, ret, err);
}
