/* url_rewrite_judge.c - what URL Rewrite does to one request at one site, by all rules that IIS would read for it, whoever wrote them.
 *
 * The evaluator decides (core/rewrite), once all that a proof asks is gathered (rules_apart.h). Refuse and Serve are judged for actions with inbound or global rules, Response for those with outbound ones,
 * and each only where a place of the action covers the request. What cannot be read or known is UNKNOWN. Reads only.
 */
#include "actions/url_rewrite_force.h"
#include "actions/rules_apart.h"

#include <stdlib.h>
#include <string.h>

/* Where the module is gone nothing refuses and nothing is added, whatever the rules say. */
static void without_module(const struct sg_test *test, struct sg_judgement *j)
{
	if (test->kind == SG_TEST_RESPONSE) {
		sg_ur_say_response(test, test->is, j);
		return;
	}
	j->fate = SG_FATE_SERVED;
	j->text = sg_strdup("served");
}

static void judge_here(const struct sg_ur *ur, const struct sg_host *host, struct sg_iis_files *files,
        const struct sg_iis_site *site, const char *path, const struct sg_test *test, struct sg_judgement *j)
{
	struct sg_rules *rules = sg_iis_files_rules(files);
	struct sg_err why = SG_ERR_INIT;
	struct sg_ur_force force = { 0 };
	char *off = sg_ur_module_off(files, host->iis, site, path);
	size_t chain = 0;

	if (off)
		without_module(test, j);
	else if (!sg_rules_chain(rules, files, site, path, &chain, &why))
		sg_rules_judge(rules, chain, test, j);
	else { /* a file on the way cannot be read: nobody can tell, which is an answer */
		j->fate = SG_FATE_UNKNOWN;
		j->text = sg_format("not known: %s", why.msg);
	}
	if (j->fate != SG_FATE_BECOMES) {
		sg_ur_force(files, host->iis, ur, test->kind == SG_TEST_RESPONSE, site, path, &force);
		j->defeat = force.defeat;
		force.defeat = NULL;
	}
	sg_ur_force_release(&force);
	free(off);
}

int sg_url_rewrite_judge(const struct sg_mitigation *m, const struct sg_action *a, const struct sg_host *host,
        struct sg_iis_files *files, const struct sg_iis_site *site, const struct sg_test *test,
        struct sg_judgement *ret, struct sg_err *err)
{
	struct sg_iis_place *places = NULL;
	struct sg_err why = SG_ERR_INIT;
	struct sg_ur ur = { 0 };
	char *path = sg_iis_uri_path(test->uri);
	size_t n = 0;
	bool covers = false;
	int r = sg_ur_read(m, a, &ur, err), p = 0;

	if (!r)
		*ret = (struct sg_judgement){ .fate = SG_FATE_NONE };
	if (!r && sg_ur_concerns(&ur, test->kind)) {
		p = sg_ur_places(&ur, host, sg_iis_files_drives(files), &places, &n, &why);
		for (size_t i = 0; i < n; i++)
			covers = covers || sg_iis_place_covers(&places[i], site, path);
		if (covers) {
			judge_here(&ur, host, files, site, path, test, ret);
		} else if (
		        p &&
		        p != SG_ENOENT) { /* a place that is not here has no say; one that cannot be read might */
			ret->fate = SG_FATE_UNKNOWN;
			ret->text = sg_format("not known: %s", why.msg);
		}
	}
	sg_iis_places_free(places, n);
	sg_ur_release(&ur);
	free(path);
	return r;
}
