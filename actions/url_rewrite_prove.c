/* url_rewrite_prove.c - whether the rules do what the mitigation says, by its own tests over the files as they are now.
 *
 * For each request the rules are gathered as IIS would inherit them down to that request's folder (applicationHost.config, its locations, each
 * web.config on the way, with <clear/> and <remove/>), and the evaluator decides. Refuse and Serve are run for actions with inbound rules, Response
 * for those with outbound rules, and each only where the place covers the request. Reads only. What cannot be read or known is UNKNOWN, never YES.
 */
#include "actions/url_rewrite_parts.h"
#include "actions/iis_parts.h"
#include "rewrite/rewrite.h"

#include <stdlib.h>
#include <string.h>

/* The rules in force for one URL. */
struct force {
	const struct sg_iis *iis;
	const struct sg_ur *ur;
	const char *site, *url;
	struct sg_rw_rules *rules;
	char *defeat; /* what takes a rule of ours, or all rules, out of force: file, line, how */
	bool module_off;
};

static bool holds_item(const struct sg_rw_rules *rules, const struct sg_ur_item *item)
{
	static const enum sg_rw_kind kinds[] = {
		[SG_UR_GLOBAL] = SG_RW_GLOBAL,
		[SG_UR_INBOUND] = SG_RW_INBOUND,
		[SG_UR_OUTBOUND] = SG_RW_OUTBOUND,
	};
	enum sg_rw_kind kind = kinds[item->section];

	for (size_t i = 0; i < sg_rw_count(rules, kind); i++)
		if (sg_same(sg_rw_name(rules, kind, i), item->name))
			return true;
	return false;
}

/* The <clear/> or <remove/> of a section that drops the name; the section itself when none is found. */
static uint32_t dropper(const struct sg_cfg *cfg, uint32_t section, const char *name)
{
	for (uint32_t kid = sg_cfg_first_element(cfg, section); kid != SG_NO_NODE;
	        kid = sg_cfg_next_element(cfg, kid))
		if (sg_cfg_is(cfg, kid, "clear") ||
		        (sg_cfg_is(cfg, kid, "remove") && sg_same(sg_cfg_attr(cfg, kid, "name"), name)))
			return kid;
	return section;
}

static void note_defeat(
        struct force *f, const char *container, const struct sg_cfg *cfg, uint32_t node, const char *name)
{
	char *element = sg_cfg_name(cfg, node);

	if (!f->defeat)
		f->defeat =
		        sg_format("%s:%u: <%s> takes %s%s%s out of force", container, cfg->nodes[node].line,
		                element, name ? "'" : "", name ? name : "URL Rewrite", name ? "'" : "");
	free(element);
}

/* One section of one file joins what was inherited. */
static int inherit(struct force *f, const char *container, const struct sg_cfg *cfg,
        const struct sg_iis_occurrence *o, struct sg_err *err)
{
	const struct sg_cfg_node *node = &cfg->nodes[o->node];
	bool before[SG_UR_MAX_ITEMS] = { false };
	struct sg_rw_rules *rules = NULL;
	struct sg_err why = SG_ERR_INIT;
	struct sg_buf text = { 0 };
	char *folder = sg_format("%s%s", o->url ? o->url : "/", o->url && strcmp(o->url, "/") ? "/" : "");
	int r;

	for (size_t i = 0; i < f->ur->n; i++)
		before[i] = holds_item(f->rules, &f->ur->items[i]);
	sg_buf_str(&text, "<rewrite>");
	sg_buf_add(&text, cfg->octets.data + node->at, node->end - node->at);
	sg_buf_str(&text, "</rewrite>");
	r = sg_rw_read(sg_buf_bytes(&text), &rules, &why);
	if (!r) {
		sg_rw_place(rules, folder);
		r = sg_rw_append(f->rules, rules, &why);
	}
	if (r)
		sg_fail(err, r, "%s:%u: %s", container, node->line, why.msg);
	for (size_t i = 0; !r && i < f->ur->n; i++)
		if (before[i] && !holds_item(f->rules, &f->ur->items[i]))
			note_defeat(f, container, cfg, dropper(cfg, o->node, f->ur->items[i].name),
			        f->ur->items[i].name);
	sg_rw_free(rules);
	sg_buf_release(&text);
	free(folder);
	return r;
}

/* Whether RewriteModule is taken out on the way down, or comes back. */
static void follow_module(struct force *f, const char *container, const struct sg_cfg *cfg, uint32_t modules)
{
	for (uint32_t kid = sg_cfg_first_element(cfg, modules); kid != SG_NO_NODE;
	        kid = sg_cfg_next_element(cfg, kid)) {
		bool named = sg_same(sg_cfg_attr(cfg, kid, "name"), "RewriteModule");

		if (sg_cfg_is(cfg, kid, "clear") || (sg_cfg_is(cfg, kid, "remove") && named)) {
			f->module_off = true;
			note_defeat(f, container, cfg, kid, NULL);
		} else if (sg_cfg_is(cfg, kid, "add") && named && f->module_off) {
			f->module_off = false;
			free(f->defeat);
			f->defeat = NULL;
		}
	}
}

static int outer_first(const void *a, const void *b)
{
	const struct sg_iis_occurrence *x = a, *y = b;
	size_t dx = x->site ? 1 + strlen(x->url) : 0, dy = y->site ? 1 + strlen(y->url) : 0;

	if (dx != dy)
		return dx < dy ? -1 : 1;
	return x->node < y->node ? -1 : x->node > y->node;
}

static int gather_file(void *arg, const char *container, const struct sg_cfg *cfg, const char *site,
        const char *url, struct sg_err *err)
{
	static const char *const sections[] = { "rewrite/rewriteMaps", "rewrite/globalRules", "rewrite/rules",
		"rewrite/outboundRules", "modules" };
	struct force *f = arg;
	int r = 0;

	for (size_t s = 0; !r && s < sizeof(sections) / sizeof(*sections); s++) {
		struct sg_iis_occurrences found = { 0 };
		char *section = sg_format("system.webServer/%s", sections[s]);

		sg_iis_occurrences(cfg, section, site, url, &found);
		if (found.n)
			qsort(found.at, found.n, sizeof(*found.at), outer_first);
		for (size_t i = 0; !r && i < found.n; i++) {
			if (!sg_iis_reaches(f->iis, &found.at[i], f->site, f->url))
				continue;
			if (!strcmp(sections[s], "modules"))
				follow_module(f, container, cfg, found.at[i].node);
			else
				r = inherit(f, container, cfg, &found.at[i], err);
		}
		sg_iis_occurrences_release(&found);
		free(section);
	}
	return r;
}

/* --- requests */

static int hex(char c)
{
	const char *digits = "0123456789abcdef0123456789ABCDEF", *at = c ? strchr(digits, c) : NULL;

	return at ? (int)((at - digits) % 16) : -1;
}

/* The path of an URI, percent-decoded once, as IIS maps it to folders. */
static char *path_of(const char *uri)
{
	struct sg_buf path = { 0 };
	char *ret;

	for (; *uri && *uri != '?' && *uri != '#'; uri++)
		if (*uri == '%' && hex(uri[1]) >= 0 && hex(uri[2]) >= 0 && (hex(uri[1]) || hex(uri[2]))) {
			sg_buf_char(&path, (char)(hex(uri[1]) * 16 + hex(uri[2])));
			uri += 2;
		} else {
			sg_buf_char(&path, *uri);
		}
	ret = sg_iis_url_join("/", path.data ? (const char *)path.data : "");
	sg_buf_release(&path);
	return ret;
}

/* As much of the path as folders are there for: what is behind them has no web.config. */
static char *folder_url(const struct sg_iis_site *site, const struct sg_drives *drives, const char *path)
{
	size_t len = 0, next;

	while (path[len] && path[len + 1]) {
		char *url, *folder = NULL;
		bool there, is_dir = false;

		next = len + 1 + strcspn(path + len + 1, "/");
		url = sg_strndup(path, next);
		there = strncmp(path + len, "/.", 2) && sg_iis_resolve(site, url, NULL, &folder) &&
		        sg_iis_exists(drives, folder, &is_dir) && is_dir;
		free(folder);
		free(url);
		if (!there)
			break;
		len = next;
	}
	return len ? sg_strndup(path, len) : sg_strdup("/");
}

static struct sg_proof_line *add_line(struct sg_proof *proof)
{
	proof->at = sg_grow(proof->at, proof->n, &proof->cap, sizeof(*proof->at));
	proof->at[proof->n] = (struct sg_proof_line){ 0 };
	return &proof->at[proof->n++];
}

static void conclude(struct sg_proof *proof, enum sg_effective found, const char *text, const char *defeat)
{
	static const int weight[] = {
		[SG_EFFECTIVE_YES] = 0, [SG_EFFECTIVE_UNKNOWN] = 1, [SG_EFFECTIVE_NO] = 2
	};

	/* before the first line counts, the answer stands at UNKNOWN for want of tests */
	if (proof->n > 1 && weight[found] <= weight[proof->effective])
		return;
	proof->effective = found;
	free(proof->text);
	proof->text = found == SG_EFFECTIVE_YES ? NULL
	              : defeat                  ? sg_format("%s; %s", text, defeat)
	                                        : sg_strdup(text);
}

static char *say_request(const struct sg_rw_result *res)
{
	const char *rule = res->rule ? res->rule : "";

	switch (res->outcome) {
	case SG_RW_REFUSED:
		return res->status ? sg_format("refused by rule '%s' (%u)", rule, res->status)
		                   : sg_format("refused by rule '%s' (connection aborted)", rule);
	case SG_RW_RESPONDED: return sg_format("answered by rule '%s' (%u)", rule, res->status);
	case SG_RW_REDIRECTED:
		return sg_format("redirected by rule '%s' to %s", rule, res->url ? res->url : "");
	case SG_RW_UNKNOWN: return sg_format("not known: %s", res->why ? res->why : "");
	case SG_RW_SERVED: break;
	}
	return res->rule ? sg_format("served, after rule '%s'", rule) : sg_strdup("served");
}

static int run_request(const struct force *f, const struct sg_test *test, const struct sg_rw_request *req,
        enum sg_effective *ret_found, char **ret_text, struct sg_err *err)
{
	struct sg_rw_result res = { 0 };
	bool want_refused = test->kind == SG_TEST_REFUSE, pass;
	char *what;
	int r;

	r = sg_rw_request(f->rules, req, &res, err);
	if (r)
		return r;
	/* without the module nothing refuses, whatever the rules say */
	if (f->module_off && res.outcome != SG_RW_SERVED) {
		sg_rw_result_release(&res);
		res = (struct sg_rw_result){ .outcome = SG_RW_SERVED };
	}
	pass = (res.outcome == SG_RW_REFUSED) == want_refused;
	*ret_found = res.outcome == SG_RW_UNKNOWN ? SG_EFFECTIVE_UNKNOWN
	             : pass                       ? SG_EFFECTIVE_YES
	                                          : SG_EFFECTIVE_NO;
	what = say_request(&res);
	*ret_text = sg_format("%s%s: %s %s", what,
	        pass || res.outcome == SG_RW_UNKNOWN ? ""
	        : want_refused                       ? ", and should be refused"
	                                             : ", and should be served",
	        req->method ? req->method : "GET", req->uri);
	free(what);
	sg_rw_result_release(&res);
	return 0;
}

static int run_response(const struct force *f, const struct sg_test *test, const struct sg_rw_request *req,
        enum sg_effective *ret_found, char **ret_text, struct sg_err *err)
{
	struct sg_rw_result res = { 0 };
	const char *is;
	int r;

	r = sg_rw_response(f->rules, req, test->type, test->header, test->is, &res, err);
	if (r)
		return r;
	is = f->module_off ? test->is : res.url;
	if (res.outcome == SG_RW_UNKNOWN && !f->module_off) {
		*ret_found = SG_EFFECTIVE_UNKNOWN;
		*ret_text =
		        sg_format("not known: %s: %s of %s", res.why ? res.why : "", test->header, req->uri);
	} else if ((is && test->becomes && !strcmp(is, test->becomes)) || (!is && !test->becomes)) {
		*ret_found = SG_EFFECTIVE_YES;
		*ret_text = sg_format("%s becomes \"%s\": %s", test->header, is ? is : "", req->uri);
	} else {
		*ret_found = SG_EFFECTIVE_NO;
		*ret_text = sg_format("%s is \"%s\", and should be \"%s\": %s", test->header,
		        is ? is : "(not sent)", test->becomes ? test->becomes : "(not sent)", req->uri);
	}
	sg_rw_result_release(&res);
	return 0;
}

static int run_test(const struct sg_ur *ur, const struct sg_test *test, const struct sg_iis_site *site,
        const struct sg_host *host, const struct sg_drives *drives, struct sg_proof *proof,
        struct sg_err *err)
{
	static const char none[] = "<rewrite/>";
	struct sg_rw_header *headers = sg_alloc(test->n_headers * sizeof(*headers));
	struct sg_rw_request req = {
		.method = test->method, .uri = test->uri, .headers = headers, .n_headers = test->n_headers
	};
	char *path = path_of(test->uri), *url = folder_url(site, drives, path), *text = NULL;
	struct force f = { .iis = host->iis, .ur = ur, .site = site->name, .url = url };
	enum sg_effective found = SG_EFFECTIVE_UNKNOWN;
	struct sg_err why = SG_ERR_INIT;
	struct sg_proof_line *line;
	int r;

	for (size_t i = 0; i < test->n_headers; i++)
		headers[i] = (struct sg_rw_header){ test->headers[i].name, test->headers[i].value };
	r = sg_rw_read(sg_bytes_of(none), &f.rules, err);
	if (r)
		goto out;
	r = sg_iis_chain(host->iis, drives, site->name, url, gather_file, &f, &why);
	if (!r)
		r = test->kind == SG_TEST_RESPONSE ? run_response(&f, test, &req, &found, &text, &why)
		                                   : run_request(&f, test, &req, &found, &text, &why);
	if (r) { /* the rules here cannot be read or run: nobody can tell, which is an answer */
		text = sg_format("not known: %s: %s", why.msg, test->uri);
		r = 0;
	}
	line = add_line(proof);
	line->passed = found == SG_EFFECTIVE_YES;
	line->text = text;
	conclude(proof, found, text, f.defeat);
out:
	sg_rw_free(f.rules);
	free(f.defeat);
	free(url);
	free(path);
	free(headers);
	return r;
}

/* --- the action */

static bool concerns(const struct sg_ur *ur, const struct sg_test *test)
{
	for (size_t i = 0; i < ur->n; i++)
		if ((ur->items[i].section == SG_UR_OUTBOUND) == (test->kind == SG_TEST_RESPONSE))
			return true;
	return false;
}

static int prove_place(const struct sg_mitigation *m, const struct sg_ur *ur,
        const struct sg_iis_place *place, const struct sg_host *host, const struct sg_drives *drives,
        struct sg_proof *proof, struct sg_err *err)
{
	int r = 0;

	for (size_t t = 0; !r && t < m->n_tests; t++) {
		char *path = path_of(m->tests[t].uri);

		for (size_t s = 0; !r && s < host->iis->n_sites; s++) {
			const struct sg_iis_site *site = &host->iis->sites[s];

			if (place->site && !sg_same(place->site, site->name))
				continue;
			if (concerns(ur, &m->tests[t]) &&
			        (!place->path || sg_iis_url_covers(place->path, path)))
				r = run_test(ur, &m->tests[t], site, host, drives, proof, err);
		}
		free(path);
	}
	return r;
}

int sg_url_rewrite_prove(const struct sg_mitigation *m, const struct sg_action *a, const struct sg_host *host,
        const struct sg_drives *drives, struct sg_proof *ret, struct sg_err *err)
{
	struct sg_proof proof = { .effective = SG_EFFECTIVE_UNKNOWN };
	struct sg_iis_place *places = NULL;
	struct sg_ur ur = { 0 };
	size_t n = 0;
	int r;

	r = sg_ur_read(m, a, &ur, err);
	if (!r)
		r = sg_ur_places(&ur, host, drives, &places, &n, err);
	for (size_t i = 0; !r && i < n; i++)
		r = prove_place(m, &ur, &places[i], host, drives, &proof, err);
	if (!r) {
		if (!proof.n)
			proof.text = sg_strdup(
			        "the mitigation brings no test that this action could be proven with");
		*ret = proof;
		memset(&proof, 0, sizeof(proof));
	}
	sg_proof_release(&proof);
	sg_iis_places_free(places, n);
	sg_ur_release(&ur);
	return r;
}
