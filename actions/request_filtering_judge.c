/* request_filtering_judge.c - how IIS's request filtering treats a request, by the files as they are. Reads only.
 *
 * What is compared follows Microsoft's configuration reference: sequences of URLs with the path, decoded once; those of query strings with the query
 * string as it was sent and, unless unescapeQueryString is off, unescaped, too; case does not count. An exception (alwaysAllowedUrls,
 * alwaysAllowedQueryStrings) that is the very path or query wins; whether one that is only a part of it does, is not documented: UNKNOWN.
 */
#include "actions/request_filtering_parts.h"
#include "actions/iis_parts.h"

#include <stdlib.h>
#include <string.h>

static const struct {
	const char *list, *key; /* what takes precedence over the denied */
	const char *status;
} exceptions[SG_RF_LISTS] = {
	[SG_RF_URLS] = { "alwaysAllowedUrls", "url", "404.5" },
	[SG_RF_QUERIES] = { "alwaysAllowedQueryStrings", "queryString", "404.18" },
};

/* --- requests */

/* One list against one text of the request. */
struct question {
	int list;
	const char *text,
	        *unescaped; /* the path and NULL; the query as sent, and unescaped where IIS does that */
};

static void answer(const struct sg_iis_collection *denied, const struct sg_iis_collection *allowed,
        const struct question *q, struct sg_judgement *j)
{
	const struct sg_iis_entry *hit = NULL;
	char *at;

	for (size_t i = 0; !hit && i < denied->n; i++)
		if (!denied->at[i].gone &&
		        (sg_rf_holds(q->text, denied->at[i].text) ||
		                (q->unescaped && sg_rf_holds(q->unescaped, denied->at[i].text))))
			hit = &denied->at[i];
	if (!hit)
		return;
	for (size_t i = 0; i < allowed->n; i++) {
		const struct sg_iis_entry *but = &allowed->at[i];
		bool whole = sg_same(but->text, q->text) || sg_same(but->text, q->unescaped);

		if (but->gone || !(whole || sg_rf_holds(q->text, but->text)))
			continue;
		free(j->text);
		at = sg_rf_where(but);
		j->text = sg_format("%s: \"%s\" in %s (%s)", whole ? "served" : "not known", but->text,
		        exceptions[q->list].list, at);
		if (whole && !j->defeat)
			j->defeat = sg_format("%s: %s holds \"%s\"", at, exceptions[q->list].list, but->text);
		j->fate = whole ? SG_FATE_SERVED : SG_FATE_UNKNOWN;
		free(at);
		return;
	}
	at = sg_rf_where(hit);
	free(j->text);
	j->text = sg_format(
	        "refused by the sequence \"%s\" (%s, %s)", hit->text, exceptions[q->list].status, at);
	j->fate = SG_FATE_REFUSED;
	free(at);
}

/* What keeps a sequence of ours from counting; NULL: nothing. */
static char *defeat_of(const struct sg_rf *f, int list, const struct sg_iis_collection *c)
{
	for (size_t i = 0; i < f->n; i++) {
		const struct sg_iis_entry *entry =
		        f->seq[i].list == list ? sg_iis_collection_find(c, f->seq[i].text) : NULL;

		if (f->seq[i].list != list || (entry && !entry->gone))
			continue;
		if (entry)
			return sg_format(
			        "%s takes the sequence \"%s\" out of force", entry->gone, f->seq[i].text);
		return c->ignored ? sg_strdup(c->ignored)
		                  : sg_format("the sequence \"%s\" is not in %s", f->seq[i].text,
		                            sg_rf_lists[list].list);
	}
	return NULL;
}

static void ask(const struct sg_rf *f, struct sg_iis_files *files, const struct sg_iis_site *site,
        const char *url, const struct question *q, struct sg_judgement *ret)
{
	struct sg_iis_item exception = { SG_RF_SECTION, exceptions[q->list].list, "add",
		exceptions[q->list].key, NULL, false };
	static const int weight[] = {
		[SG_FATE_SERVED] = 0, [SG_FATE_UNKNOWN] = 1, [SG_FATE_REFUSED] = 2, [SG_FATE_DIFFERS] = 0
	};
	struct sg_iis_collection denied = { 0 }, allowed = { 0 };
	struct sg_judgement j = { .fate = SG_FATE_SERVED };

	sg_iis_collect(files, &sg_rf_lists[q->list], site, url, &denied);
	sg_iis_collect(files, &exception, site, url, &allowed);
	j.defeat = defeat_of(f, q->list, &denied);
	if (denied.broken) {
		j.fate = SG_FATE_UNKNOWN;
		j.text = sg_format("not known: %s", denied.broken);
	} else {
		answer(&denied, &allowed, q, &j);
	}
	/* either list refuses by itself; of two answers that weigh the same the first stays */
	if (!ret->defeat) {
		ret->defeat = j.defeat;
		j.defeat = NULL;
	}
	if (weight[j.fate] > weight[ret->fate]) {
		ret->fate = j.fate;
		free(ret->text);
		ret->text = j.text;
		j.text = NULL;
	} else if (!ret->text) {
		ret->text = j.text;
		j.text = NULL;
	}
	sg_judgement_release(&j);
	sg_iis_collection_release(&allowed);
	sg_iis_collection_release(&denied);
}

/* unescapeQueryString, as the last level that says something of it has it. */
static bool unescapes(struct sg_iis_files *files, const struct sg_iis_site *site, const char *url)
{
	struct sg_iis_effective e = { 0 };
	bool ret = true;

	sg_iis_effective(files, SG_RF_SECTION, site, url, &e);
	for (size_t i = 0; i < e.n; i++) {
		const char *value = sg_cfg_attr(e.at[i].cfg, e.at[i].node, "unescapeQueryString");

		if (value)
			ret = !sg_same(value, "false");
	}
	sg_iis_effective_release(&e);
	return ret;
}

char *sg_rf_unescaped(const char *query)
{
	struct sg_buf out = { 0 };

	for (const char *p = query; *p; p++) {
		char digits[3] = { p[0] == '%' ? p[1] : 0, p[0] == '%' && p[1] ? p[2] : 0, 0 };

		if (strlen(digits) == 2 && strspn(digits, "0123456789abcdefABCDEF") == 2) {
			sg_buf_char(&out, (char)strtol(digits, NULL, 16));
			p += 2;
		} else {
			sg_buf_char(&out, *p);
		}
	}
	return out.len ? sg_buf_detach(&out) : sg_strdup("");
}

static void judge_request(const struct sg_rf *f, const struct sg_iis *iis, struct sg_iis_files *files,
        const struct sg_iis_site *site, const char *uri, const char *path, struct sg_judgement *ret)
{
	const char *mark = strchr(uri, '?');
	char *query = mark ? sg_strndup(mark + 1, strcspn(mark + 1, "#")) : sg_strdup("");
	char *decoded = unescapes(files, site, path) ? sg_rf_unescaped(query) : NULL, *why = NULL;
	struct question questions[SG_RF_LISTS] = {
		[SG_RF_URLS] = { SG_RF_URLS, path, NULL }, [SG_RF_QUERIES] = { SG_RF_QUERIES, query, decoded }
	};

	if (!sg_iis_module(files, iis, sg_rf_module, site, path, &why)) {
		ret->fate = SG_FATE_SERVED;
		ret->text = sg_strdup("served: request filtering is off");
		ret->defeat = why;
	} else {
		ret->fate = SG_FATE_SERVED;
		for (int list = 0; list < SG_RF_LISTS; list++)
			ask(f, files, site, path, &questions[list], ret);
		if (ret->fate == SG_FATE_REFUSED) {
			free(ret->defeat);
			ret->defeat = NULL;
		}
		if (!ret->text)
			ret->text = sg_strdup("served: no denied sequence is in it");
	}
	free(decoded);
	free(query);
}

int sg_rf_judge(const struct sg_mitigation *m, const struct sg_action *a, const struct sg_host *host,
        struct sg_iis_files *files, const struct sg_iis_site *site, const struct sg_test *test,
        struct sg_judgement *ret, struct sg_err *err)
{
	struct sg_judgement j = { .fate = SG_FATE_NONE };
	struct sg_iis_place *places = NULL;
	struct sg_err why = SG_ERR_INIT;
	struct sg_rf f;
	bool covered = false;
	size_t n = 0;
	char *path;
	int r = sg_rf_read(m, a, &f, err), p = 0;

	if (r)
		return r;
	path = sg_iis_uri_path(test->uri);
	if (test->kind != SG_TEST_RESPONSE)
		p = sg_iis_action_places(&f.at, host, sg_iis_files_drives(files), &places, &n, &why);
	for (size_t i = 0; i < n; i++)
		covered = covered || sg_iis_place_covers(&places[i], site, path);
	if (covered) {
		judge_request(&f, host->iis, files, site, test->uri, path, &j);
	} else if (p &&
	           p != SG_ENOENT) { /* a place that is not here has no say; one that cannot be read might */
		j.fate = SG_FATE_UNKNOWN;
		j.text = sg_format("not known: %s", why.msg);
	}
	*ret = j;
	sg_iis_places_free(places, n);
	free(path);
	sg_rf_release(&f);
	return 0;
}

/* --- apart from requests */

int sg_rf_prove(const struct sg_mitigation *m, const struct sg_action *a, const struct sg_host *host,
        struct sg_iis_files *files, struct sg_proof *ret, struct sg_err *err)
{
	struct sg_proof proof = { .effective = SG_EFFECTIVE_YES };
	struct sg_iis_place *places = NULL;
	struct sg_rf f;
	size_t n = 0;
	int r = sg_rf_read(m, a, &f, err);

	if (r)
		return r;
	r = sg_iis_action_places(&f.at, host, sg_iis_files_drives(files), &places, &n, err);
	for (size_t i = 0; !r && i < n; i++) {
		const struct sg_iis_site *site = NULL;
		char *why = NULL,
		     *url = sg_iis_module_below(files, host->iis, sg_rf_module, &places[i], &site, &why);

		for (int list = 0; url && !why && list < SG_RF_LISTS; list++) {
			struct sg_iis_collection c = { 0 };

			sg_iis_collect(files, &sg_rf_lists[list], site, url, &c);
			why = c.broken ? sg_strdup(c.broken) : defeat_of(&f, list, &c);
			if (c.broken && proof.effective == SG_EFFECTIVE_YES)
				proof.effective = SG_EFFECTIVE_UNKNOWN;
			sg_iis_collection_release(&c);
		}
		sg_proof_add(&proof, !why,
		        sg_format("sequences of %s%s: %s", places[i].site ? places[i].site : "the server",
		                places[i].path ? places[i].path : "", why ? why : "in force"));
		if (why && proof.effective != SG_EFFECTIVE_NO) {
			proof.effective = SG_EFFECTIVE_NO;
			free(proof.text);
			proof.text = sg_strdup(why);
		}
		free(url);
		free(why);
	}
	if (!r) {
		*ret = proof;
		memset(&proof, 0, sizeof(proof));
	}
	sg_proof_release(&proof);
	sg_iis_places_free(places, n);
	sg_rf_release(&f);
	return r;
}
