/* url_rewrite_judge.c - what URL Rewrite does to one request at one site, by all rules that IIS would read for it, whoever wrote them.
 *
 * The evaluator decides (core/rewrite). Refuse and Serve are judged for actions with inbound or global rules, Response for those with outbound ones,
 * and each only where a place of the action covers the request. What cannot be read or known is UNKNOWN. Reads only.
 */
#include "actions/url_rewrite_force.h"
#include "base/text.h"
#include "rewrite/rewrite.h"

#include <stdlib.h>
#include <string.h>

char *sg_ur_folder(const char *url)
{
	return sg_format("%s%s", url ? url : "/", url && strcmp(url, "/") ? "/" : "");
}

int sg_ur_inherit(struct sg_rw_rules *all, const struct sg_iis_met *met, struct sg_err *err)
{
	const struct sg_cfg_node *node = &met->cfg->nodes[met->node];
	struct sg_rw_rules *own = NULL;
	struct sg_err why = SG_ERR_INIT;
	struct sg_buf text = { 0 };
	char *folder = sg_ur_folder(met->url);
	int r;

	sg_buf_str(&text, "<rewrite>");
	sg_buf_add(&text, met->cfg->octets.data + node->at, node->end - node->at);
	sg_buf_str(&text, "</rewrite>");
	r = sg_rw_read(sg_buf_bytes(&text), &own, &why);
	if (!r) {
		sg_rw_place(own, folder);
		r = sg_rw_append(all, own, &why);
	}
	if (r)
		sg_fail(err, r, "%s:%u: %s", met->container, node->line, why.msg);
	sg_rw_free(own);
	sg_buf_release(&text);
	free(folder);
	return r;
}

/* All rules that count for the path. */
static int rules_for(struct sg_iis_files *files, const struct sg_iis_site *site, const char *path,
        struct sg_rw_rules **ret, struct sg_err *err)
{
	static const char *const sections[] = { "system.webServer/rewrite/rewriteMaps",
		"system.webServer/rewrite/globalRules", "system.webServer/rewrite/rules",
		"system.webServer/rewrite/outboundRules" };
	struct sg_rw_rules *rules = NULL;
	int r = sg_rw_read(sg_bytes_of("<rewrite/>"), &rules, err);

	for (size_t s = 0; !r && s < sizeof(sections) / sizeof(*sections); s++) {
		struct sg_iis_effective e = { 0 };

		sg_iis_effective(files, sections[s], site, path, &e);
		if (e.broken)
			r = sg_fail(err, SG_EPARSE, "%s", e.broken);
		for (size_t i = 0; !r && i < e.n; i++)
			r = sg_ur_inherit(rules, &e.at[i], err);
		sg_iis_effective_release(&e);
	}
	if (r)
		sg_rw_free(rules);
	else
		*ret = rules;
	return r;
}

/* --- the two sorts of tests */

static void say_request(const struct sg_rw_result *res, struct sg_judgement *j)
{
	const char *rule = res->rule ? res->rule : "";

	switch (res->outcome) {
	case SG_RW_REFUSED:
		j->fate = SG_FATE_REFUSED;
		j->text = res->status ? sg_format("refused by rule '%s' (%u)", rule, res->status)
		                      : sg_format("refused by rule '%s' (connection aborted)", rule);
		return;
	case SG_RW_RESPONDED:
		j->fate = SG_FATE_OTHER;
		j->text = sg_format("answered by rule '%s' (%u)", rule, res->status);
		return;
	case SG_RW_REDIRECTED:
		j->fate = SG_FATE_OTHER;
		j->text = sg_format("redirected by rule '%s' to %s", rule, res->url ? res->url : "");
		return;
	case SG_RW_UNKNOWN:
		j->fate = SG_FATE_UNKNOWN;
		j->text = sg_format("not known: %s", res->why ? res->why : "");
		return;
	case SG_RW_SERVED: break;
	}
	j->fate = SG_FATE_SERVED;
	j->text = res->rule ? sg_format("served, after rule '%s'", rule) : sg_strdup("served");
}

static void say_response(const struct sg_test *test, const struct sg_rw_result *res, struct sg_judgement *j)
{
	const char *is = res->url;

	if (res->outcome == SG_RW_UNKNOWN) {
		j->fate = SG_FATE_UNKNOWN;
		j->text = sg_format("not known: %s: %s", res->why ? res->why : "", test->header);
	} else if ((is && test->becomes && !strcmp(is, test->becomes)) || (!is && !test->becomes)) {
		j->fate = SG_FATE_BECOMES;
		j->text = sg_format("%s becomes \"%s\"", test->header, is ? is : "");
	} else {
		j->fate = SG_FATE_DIFFERS;
		j->text = sg_format("%s is \"%s\", and should be \"%s\"", test->header,
		        is ? is : "(not sent)", test->becomes ? test->becomes : "(not sent)");
	}
}

int sg_ur_run(const struct sg_rw_rules *rules, const struct sg_test *test, unsigned *work,
        struct sg_judgement *j, struct sg_err *err)
{
	struct sg_rw_header *headers = sg_alloc(test->n_headers * sizeof(*headers));
	struct sg_rw_request req = { .method = test->method,
		.uri = test->uri,
		.headers = headers,
		.n_headers = test->n_headers,
		.work = work };
	struct sg_rw_result res = { 0 };
	bool response = test->kind == SG_TEST_RESPONSE;
	int r;

	for (size_t i = 0; i < test->n_headers; i++)
		headers[i] = (struct sg_rw_header){ test->headers[i].name, test->headers[i].value };
	r = response ? sg_rw_response(rules, &req, test->type, test->header, test->is, &res, err)
	             : sg_rw_request(rules, &req, &res, err);
	if (!r) {
		if (response)
			say_response(test, &res, j);
		else
			say_request(&res, j);
		sg_rw_result_release(&res);
	}
	free(headers);
	return r;
}

/* With the module gone nothing refuses and nothing is added, whatever the rules say. */
static void without_module(const struct sg_test *test, struct sg_judgement *j)
{
	struct sg_rw_result res = { .url = test->is };

	if (test->kind == SG_TEST_RESPONSE) {
		say_response(test, &res, j);
		return;
	}
	j->fate = SG_FATE_SERVED;
	j->text = sg_strdup("served");
}

static void judge_here(const struct sg_ur *ur, const struct sg_host *host, struct sg_iis_files *files,
        const struct sg_iis_site *site, const char *path, const struct sg_test *test, struct sg_judgement *j)
{
	struct sg_err why = SG_ERR_INIT;
	struct sg_rw_rules *rules = NULL;
	struct sg_ur_force force = { 0 };
	char *off = sg_ur_module_off(files, host->iis, site, path);
	int r = 0;

	if (off) {
		without_module(test, j);
	} else {
		r = rules_for(files, site, path, &rules, &why);
		if (!r)
			r = sg_ur_run(rules, test, sg_iis_files_work(files), j, &why);
	}
	if (r) { /* the rules here cannot be read or run: nobody can tell, which is an answer */
		j->fate = SG_FATE_UNKNOWN;
		j->text = sg_format("not known: %s", why.msg);
	}
	if (j->fate != SG_FATE_REFUSED && j->fate != SG_FATE_BECOMES) {
		sg_ur_force(files, host->iis, ur, test->kind == SG_TEST_RESPONSE, site, path, &force);
		j->defeat = force.defeat;
		force.defeat = NULL;
	}
	sg_ur_force_release(&force);
	sg_rw_free(rules);
	free(off);
}

int sg_url_rewrite_judge(const struct sg_mitigation *m, const struct sg_action *a, const struct sg_host *host,
        struct sg_iis_files *files, const struct sg_iis_site *site, const struct sg_test *test,
        struct sg_judgement *ret, struct sg_err *err)
{
	struct sg_judgement j = { .fate = SG_FATE_NONE };
	struct sg_iis_place *places = NULL;
	struct sg_err why = SG_ERR_INIT;
	struct sg_ur ur = { 0 };
	char *path = sg_iis_uri_path(test->uri);
	size_t n = 0;
	bool covers = false;
	int r = sg_ur_read(m, a, &ur, err), p = 0;

	if (!r && sg_ur_concerns(&ur, test->kind)) {
		p = sg_ur_places(&ur, host, sg_iis_files_drives(files), &places, &n, &why);
		for (size_t i = 0; i < n; i++)
			covers = covers || sg_iis_place_covers(&places[i], site, path);
		if (covers) {
			judge_here(&ur, host, files, site, path, test, &j);
		} else if (
		        p &&
		        p != SG_ENOENT) { /* a place that is not here has no say; one that cannot be read might */
			j.fate = SG_FATE_UNKNOWN;
			j.text = sg_format("not known: %s", why.msg);
		}
	}
	if (!r)
		*ret = j;
	sg_iis_places_free(places, n);
	sg_ur_release(&ur);
	free(path);
	return r;
}
