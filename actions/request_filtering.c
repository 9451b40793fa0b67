/* request_filtering.c - the action that makes IIS's own request filtering refuse what holds a sequence: denyUrlSequences (404.5) and
 * denyQueryStringSequences (404.18). The module comes with IIS, where URL Rewrite is often missing. Plans only.
 *
 * A sequence is IIS's own key and carries no name of ours: the same one of anybody else on the same chain is a conflict, not a neighbour. */
#include "actions/request_filtering_parts.h"
#include "actions/iis_parts.h"

#include <stdlib.h>
#include <string.h>

enum { MIN_SEQUENCE = 3, MAX_SEQUENCE = 200 };

const struct sg_iis_item sg_rf_lists[SG_RF_LISTS] = {
	[SG_RF_URLS] = { SG_RF_SECTION, "denyUrlSequences", "add", "sequence", NULL, false },
	[SG_RF_QUERIES] = { SG_RF_SECTION, "denyQueryStringSequences", "add", "sequence", NULL, false },
};
const char sg_rf_module[] = "RequestFilteringModule";

void sg_rf_release(struct sg_rf *f)
{
	for (size_t i = 0; i < f->n; i++) {
		free(f->seq[i].text);
		sg_buf_release(&f->seq[i].octets);
	}
	sg_iis_at_release(&f->at);
	memset(f, 0, sizeof(*f));
}

/* --- what a feed may ask for */

bool sg_rf_holds(const char *whole, const char *sequence)
{
	size_t len = strlen(sequence);

	for (; strlen(whole) >= len; whole++)
		if (sg_same_n(whole, sequence, len))
			return true;
	return false;
}

/* What is wrong with the sequence by itself; NULL: nothing. */
static const char *silly(const struct sg_rf *f, const struct sg_rf_sequence *s)
{
	const char *text = s->text;

	if (strlen(text) < MIN_SEQUENCE)
		return "is shorter than 3 characters and would refuse far more than an attack";
	if (strlen(text) > MAX_SEQUENCE)
		return "is longer than 200 characters";
	for (const char *p = text; *p; p++)
		if (*p < ' ' || *p > '~')
			return "holds more than printable ASCII, whose comparison without case is not "
			       "documented";
	if (strchr(text, '\'') && strchr(text, '"'))
		return "holds both kinds of quotes";
	if (s->list == SG_RF_URLS && strpbrk(text, "?#"))
		return "can never be met: a path holds no '?' and no '#' (denyQueryStringSequences is for "
		       "the query)";
	if (s->list == SG_RF_URLS && strchr(text, '\\'))
		return "can never be met: IIS makes '\\' into '/' before it compares";
	if (s->list == SG_RF_URLS && strchr(text, '%'))
		return "can never be met: the path is decoded before it is compared";
	if (s->list == SG_RF_URLS && f->at.path && sg_rf_holds(f->at.path, text))
		return "would refuse every request at the action's path";
	return NULL;
}

static int read_sequence(const struct sg_mitigation *m, const struct sg_action *a, const xmlNode *node,
        int list, struct sg_rf *f, struct sg_err *err)
{
	static const char *const order[] = { "sequence", NULL };
	struct sg_rf_sequence *s = &f->seq[f->n];
	const char *wrong;
	int r;

	if (!sg_xml_is(node, NULL, "add"))
		return sg_iis_refuse(m, a, err,
		        "line %ld: <%s> in <%s> is not supported: a mitigation only adds; allowed: add",
		        xmlGetLineNo(node), (const char *)node->name, sg_rf_lists[list].list);
	if (f->n == SG_IIS_MAX_ADDS)
		return sg_iis_refuse(m, a, err, "more than %d sequences", SG_IIS_MAX_ADDS);
	f->n++;
	s->list = list;
	s->text = sg_xml_attr(node, NULL, "sequence");
	if (!s->text || !node->properties || node->properties->next || sg_xml_first(node))
		return sg_iis_refuse(m, a, err, "line %ld: <add> in <%s> takes one attribute: sequence",
		        xmlGetLineNo(node), sg_rf_lists[list].list);
	wrong = silly(f, s);
	if (wrong)
		return sg_iis_refuse(m, a, err, "line %ld: the sequence \"%s\" in <%s> %s",
		        xmlGetLineNo(node), s->text, sg_rf_lists[list].list, wrong);
	for (size_t i = 0; i + 1 < f->n; i++)
		if (f->seq[i].list == list && sg_same(f->seq[i].text, s->text))
			return sg_iis_refuse(m, a, err, "line %ld: the sequence \"%s\" stands twice in <%s>",
			        xmlGetLineNo(node), s->text, sg_rf_lists[list].list);
	r = sg_iis_element(m, a, node, order, &s->octets, err);
	return r;
}

static int read_list(const struct sg_mitigation *m, const struct sg_action *a, const xmlNode *node,
        struct sg_rf *f, struct sg_err *err)
{
	int list = sg_xml_is(node, NULL, sg_rf_lists[SG_RF_URLS].list)      ? SG_RF_URLS
	           : sg_xml_is(node, NULL, sg_rf_lists[SG_RF_QUERIES].list) ? SG_RF_QUERIES
	                                                                    : SG_RF_LISTS;
	int r;

	if (list == SG_RF_LISTS)
		return sg_iis_refuse(m, a, err,
		        "line %ld: <%s> in <requestFiltering> is not supported; allowed: denyUrlSequences, "
		        "denyQueryStringSequences",
		        xmlGetLineNo(node), (const char *)node->name);
	r = sg_iis_check_plain(m, a, node, "sequences", err);
	for (const xmlNode *kid = sg_xml_first(node); kid && !r; kid = sg_xml_next(kid))
		r = read_sequence(m, a, kid, list, f, err);
	return r;
}

int sg_rf_read(
        const struct sg_mitigation *m, const struct sg_action *a, struct sg_rf *ret, struct sg_err *err)
{
	const xmlNode *body = NULL;
	xmlDoc *doc = NULL;
	int r;

	memset(ret, 0, sizeof(*ret));
	r = sg_iis_action_parse(m, a, "requestFiltering", &ret->at, &doc, &body, err);
	if (!r)
		r = sg_iis_check_plain(m, a, body, "sequences", err);
	for (const xmlNode *kid = r ? NULL : sg_xml_first(body); kid && !r; kid = sg_xml_next(kid))
		r = read_list(m, a, kid, ret, err);
	if (!r && !ret->n)
		r = sg_iis_refuse(m, a, err, "there is no sequence in it");
	xmlFreeDoc(doc);
	if (r)
		sg_rf_release(ret);
	return r;
}

/* Whether what stands at the one may be met again at the other: on one chain, as far as can be told without a server. */
static bool may_meet(const struct sg_iis_at *a, const struct sg_iis_at *b)
{
	bool named = a->sites && b->sites && strcmp(a->sites, "*") && strcmp(b->sites, "*") &&
	             !strchr(a->sites, ':') && !strchr(b->sites, ':');

	if (a->server || b->server)
		return true;
	if (named && !sg_same(a->sites, b->sites))
		return false;
	return sg_iis_url_covers(a->path, b->path) || sg_iis_url_covers(b->path, a->path);
}

static int check(const struct sg_mitigation *m, const struct sg_action *a, struct sg_err *err)
{
	struct sg_rf f;
	int r = sg_rf_read(m, a, &f, err);

	if (r)
		return r;
	for (const struct sg_action *other = m->actions; !r && other < a && a < m->actions + m->n_actions;
	        other++) {
		struct sg_rf before;

		if (!other->type || strcmp(other->type, a->type) || sg_rf_read(m, other, &before, err))
			continue;
		for (size_t i = 0; !r && i < f.n * before.n && may_meet(&f.at, &before.at); i++)
			if (f.seq[i % f.n].list == before.seq[i / f.n].list &&
			        sg_same(f.seq[i % f.n].text, before.seq[i / f.n].text))
				r = sg_iis_refuse(m, a, err,
				        "two actions deny the sequence \"%s\" where IIS would meet both",
				        f.seq[i % f.n].text);
		sg_rf_release(&before);
	}
	sg_rf_release(&f);
	return r;
}

/* --- where it can work */

/* An entry of somebody else's for the sequence, in force at the place itself; NULL: none. */
static const struct sg_iis_entry *of_somebody(
        const struct sg_iis_collection *c, const struct sg_rf_sequence *s, const struct sg_holds *own)
{
	const struct sg_iis_entry *entry = sg_iis_collection_find(c, s->text);
	char *path = entry && !entry->gone ? sg_iis_entry_path(entry, &sg_rf_lists[s->list]) : NULL;
	bool ours = !path;

	for (size_t i = 0; !ours && own && i < own->n; i++)
		ours = sg_win_same(own->at[i].addr.container, entry->container) &&
		       sg_same(own->at[i].addr.path, path);
	free(path);
	return ours ? NULL : entry;
}

char *sg_rf_where(const struct sg_iis_entry *entry)
{
	return sg_format("%s:%u", entry->container, sg_iis_entry_line(entry));
}

static int check_place(const struct sg_rf *f, const struct sg_iis_place *place, const struct sg_iis *iis,
        struct sg_iis_files *files, const struct sg_holds *own, struct sg_err *err)
{
	const struct sg_iis_site *site = place->site ? sg_iis_site(iis, place->site) : NULL, *on = NULL;
	char *why = NULL, *url = sg_iis_module_below(files, iis, sg_rf_module, place, &on, &why);
	int r = 0;

	if (!url)
		r = sg_fail(err, SG_EUNSUPPORTED, "request filtering does not work for %s%s: %s",
		        place->site ? place->site : "the server", place->path ? place->path : "", why);
	for (size_t i = 0; !r && i < f->n; i++) {
		struct sg_iis_collection c = { 0 };
		const struct sg_iis_entry *entry;

		sg_iis_collect(files, &sg_rf_lists[f->seq[i].list], site, place->path, &c);
		entry = of_somebody(&c, &f->seq[i], own);
		if (entry) {
			char *at = sg_rf_where(entry);

			r = sg_fail(err, SG_ECONFLICT, "\"%s\" is refused by IIS already (%s)",
			        f->seq[i].text, at);
			free(at);
		}
		sg_iis_collection_release(&c);
	}
	free(url);
	free(why);
	return r;
}

static int plan(const struct sg_mitigation *m, const struct sg_action *a, const struct sg_host *host,
        const struct sg_drives *drives, const struct sg_holds *own, struct sg_wishes *ret, struct sg_err *err)
{
	struct sg_iis_add adds[SG_IIS_MAX_ADDS];
	struct sg_iis_place *places = NULL;
	struct sg_iis_files *files = NULL;
	struct sg_rf f;
	size_t n = 0;
	int r = sg_rf_read(m, a, &f, err);

	if (r)
		return r;
	r = sg_iis_action_places(&f.at, host, drives, &places, &n, err);
	if (!r)
		files = sg_iis_files_new(host->iis, drives);
	if (!r && sg_iis_declared(&host->iis->cfg, SG_RF_SECTION) == SG_NO_NODE)
		r = sg_fail(err, SG_EUNSUPPORTED, "%s: there is no <section> %s in configSections",
		        host->iis->apphost, SG_RF_SECTION);
	for (size_t i = 0; !r && i < n; i++)
		r = check_place(&f, &places[i], host->iis, files, own, err);
	for (size_t i = 0; i < f.n; i++) {
		adds[i] = (struct sg_iis_add){ sg_rf_lists[f.seq[i].list], sg_buf_bytes(&f.seq[i].octets) };
		adds[i].item.name = f.seq[i].text;
	}
	if (!r)
		r = sg_iis_action_wishes(m, places, n, adds, f.n, host, drives, own, ret, err);
	sg_iis_files_free(files);
	sg_iis_places_free(places, n);
	sg_rf_release(&f);
	return r;
}

/* All of it is there when somebody else refuses every sequence at every place. */
static int others(const struct sg_mitigation *m, const struct sg_action *a, const struct sg_host *host,
        const struct sg_drives *drives, const struct sg_holds *own, struct sg_others *ret, struct sg_err *err)
{
	struct sg_others all = { .all = true };
	struct sg_iis_place *places = NULL;
	struct sg_iis_files *files = sg_iis_files_new(host->iis, drives);
	struct sg_rf f;
	size_t n = 0;
	int r = sg_rf_read(m, a, &f, err);

	if (!r)
		r = sg_iis_action_places(&f.at, host, drives, &places, &n, err);
	for (size_t i = 0; !r && i < n * f.n; i++) {
		const struct sg_iis_place *place = &places[i / f.n];
		const struct sg_iis_site *site = place->site ? sg_iis_site(host->iis, place->site) : NULL,
		                         *on;
		const struct sg_rf_sequence *s = &f.seq[i % f.n];
		struct sg_iis_collection c = { 0 };
		const struct sg_iis_entry *entry;
		char *why = NULL,
		     *url = sg_iis_module_below(files, host->iis, sg_rf_module, place, &on, &why);

		sg_iis_collect(files, &sg_rf_lists[s->list], site, place->path, &c);
		entry = url ? of_somebody(&c, s, own) : NULL;
		all.all = all.all && entry;
		if (entry) {
			struct sg_other *other = sg_others_add(&all);
			char *at = sg_rf_where(entry);

			other->addr.kind = SG_VALUE_ELEMENT;
			other->addr.container = sg_strdup(entry->container);
			other->addr.path = sg_iis_entry_path(entry, &sg_rf_lists[s->list]);
			other->text = sg_format(
			        "%s: the sequence \"%s\" in %s", at, entry->text, sg_rf_lists[s->list].list);
			free(at);
		}
		sg_iis_collection_release(&c);
		free(url);
		free(why);
	}
	if (!r) {
		all.all = all.all && all.n;
		*ret = all;
		memset(&all, 0, sizeof(all));
	}
	sg_others_release(&all);
	sg_iis_files_free(files);
	sg_iis_places_free(places, n);
	sg_rf_release(&f);
	return r;
}

static void by_hand(const struct sg_wish *wish, bool undo, struct sg_buf *out)
{
	sg_iis_action_by_hand(sg_rf_lists, SG_RF_LISTS, wish, undo, out);
}

const struct sg_action_kind sg_kind_request_filtering = {
	.type = "RequestFiltering",
	.conf_name = "request_filtering",
	.check = check,
	.plan = plan,
	.judge = sg_rf_judge,
	.others = others,
	.prove = sg_rf_prove,
	.by_hand = by_hand,
};
