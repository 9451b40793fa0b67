/* feed.c - from octets to mitigations.
 *
 * Guarantees that only verified octets are read, that one bad mitigation leaves the others working, and that a document
 * as a whole is refused when it says who it is wrongly or names an id twice. No I/O.
 */
#include "feed/feed_parts.h"

#include "base/canon.h"
#include "base/xml.h"
#include "model/codes.h"
#include "model/mitigation_tree.h"
#include "model/words.h"
#include <stdlib.h>
#include <string.h>

enum {
	DEFAULT_JUMP = 10000,
	MAX_FUTURE_MS = 5 * 60 * 1000,
	MAX_OCTETS = 64 << 20, /* of all mitigations and their actions, each alone */
};

/* --- the head: attributes of EOCS */

static int bad_head(struct sg_err *err, const char *name, const char *why)
{
	return sg_fail(err, SG_EINVAL, "EOCS: attribute 'sg:%s' %s", name, why);
}

static int head_time(const struct sg_canon_elem *root, const char *name, int64_t *ret, struct sg_err *err)
{
	const char *s = sg_canon_attr(root, SG_FEED_NS, name);
	int r = 0;

	if (!s)
		r = bad_head(err, name, "is missing");
	else if (sg_time_parse(s, ret, NULL) || *ret <= 0)
		r = bad_head(err, name, "is not a time; write it as 2026-11-21T09:00:00Z");
	return r;
}

/* 1 to 2^63-1, decimal digits only, no leading zero. */
static int head_serial(const struct sg_canon_elem *root, uint64_t *ret, struct sg_err *err)
{
	const char *s = sg_canon_attr(root, SG_FEED_NS, "serial");
	uint64_t n = 0;
	bool given = s != NULL, good = given && *s >= '1' && *s <= '9';

	for (const char *p = s; good && *p; p++) {
		good = *p >= '0' && *p <= '9' && n <= (INT64_MAX - (uint64_t)(*p - '0')) / 10;
		n = n * 10 + (uint64_t)(*p - '0');
	}
	if (!good)
		return bad_head(err, "serial",
		        given ? "is not a number from 1 to 9223372036854775807" : "is missing");
	*ret = n;
	return 0;
}

static int head_attrs(const struct sg_canon_elem *root, bool eocs, struct sg_err *err)
{
	static const char *const ours = "feed serial issued expires";

	for (const struct sg_canon_attr *a = root->attrs; a; a = a->next) {
		bool sg = strcmp(a->ns, SG_FEED_NS) == 0;

		if (sg ? sg_words_index(ours, a->name) >= 0 : !*a->ns && strcmp(a->name, "version") == 0)
			continue;
		if (eocs && !sg) /* what EM may add to its root says nothing about a single mitigation */
			continue;
		struct sg_buf hint = { 0 };

		sg_words_hint(sg ? ours : "version", a->name, &hint);
		int r = sg_fail(err, SG_EINVAL, "EOCS: attribute '%.60s' is not known%s", a->name,
		        (const char *)hint.data);
		sg_buf_release(&hint);
		return r;
	}
	return 0;
}

static int read_head(struct sg_feed *feed, const struct sg_canon_elem *root,
        const struct sg_feed_rules *rules, int *event, struct sg_err *err)
{
	const char *named = sg_canon_attr(root, SG_FEED_NS, "feed");
	int r = head_attrs(root, rules->eocs, err);

	feed->name = sg_strdup(rules->name);
	feed->version = sg_strdup(sg_canon_attr(root, NULL, "version"));
	if (!r && !named && !rules->eocs)
		r = bad_head(err, "feed", "is missing");
	if (!r && named && strcmp(named, rules->name) != 0) {
		struct sg_buf safe = { 0 };

		sg_text_safe(named, &safe);
		*event = SG_EV_TRUST_NAME;
		r = sg_fail(err, SG_ETRUST, "the document is of the feed '%.80s', not of '%s'",
		        (const char *)safe.data, rules->name);
		sg_buf_release(&safe);
	}
	if (r || rules->eocs)
		return r;
	r = head_serial(root, &feed->serial, err);
	if (!r)
		r = head_time(root, "issued", &feed->issued, err);
	if (!r)
		r = head_time(root, "expires", &feed->expires, err);
	if (!r && feed->expires <= feed->issued)
		r = bad_head(err, "expires", "must be later than 'sg:issued'");
	return r;
}

/* --- the mitigations */

static void refuse_part(struct sg_feed *feed, const char *id, const char *text)
{
	feed->refused = sg_realloc(feed->refused, (feed->n_refused + 1) * sizeof *feed->refused);
	feed->refused[feed->n_refused++] = (struct sg_refused){
		.id = sg_text_short(id ? id : "?", 80),
		.text = sg_text_short(text, 1000),
	};
}

/* Whether feed->at has it now; else feed->refused. */
static bool read_config(struct sg_feed *feed, const struct sg_canon_elem *node, const char *id,
        const struct sg_feed_rules *rules)
{
	struct sg_err why = SG_ERR_INIT;
	struct sg_mitigation *m = NULL;
	struct sg_buf octets = { 0 };

	if (id && sg_id_valid(id) && rules->ids && !sg_globs(rules->ids, id)) {
		sg_fail(&why, SG_EINVAL, "mitigation '%s': this feed may not offer it (ids=\"%.200s\")", id,
		        rules->ids);
	} else if (sg_canon_alone(node, &sg_xml_feed_limits, &octets, &why) == 0 &&
	           sg_mitigation_read(rules->name, node, &octets, &m, &why) == 0) {
		feed->at = sg_realloc(feed->at, (feed->n + 1) * sizeof *feed->at);
		feed->at[feed->n++] = m;
	}
	if (!m)
		refuse_part(feed, id, why.msg);
	sg_buf_release(&octets);
	return m != NULL;
}

static int compare_ids(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Ids are compared as written and without case, since people do not tell them apart. SG_EINVAL names one that is there twice. */
static int unique(const struct sg_strs *ids, struct sg_err *err)
{
	char **sorted = sg_alloc(ids->n * sizeof *sorted);
	int r = 0;

	for (size_t i = 0; i < ids->n; i++) {
		sorted[i] = sg_strdup(ids->at[i]);
		for (char *p = sorted[i]; *p; p++)
			if (*p >= 'A' && *p <= 'Z')
				*p = (char)(*p - 'A' + 'a');
	}
	qsort(sorted, ids->n, sizeof *sorted, compare_ids);
	for (size_t i = 1; i < ids->n && !r; i++)
		if (strcmp(sorted[i - 1], sorted[i]) == 0) {
			struct sg_buf safe = { 0 };

			sg_text_safe(sorted[i], &safe);
			r = sg_fail(err, SG_EINVAL, "the id '%.80s' stands in the document twice",
			        (const char *)safe.data);
			sg_buf_release(&safe);
		}
	for (size_t i = 0; i < ids->n; i++)
		free(sorted[i]);
	free(sorted);
	return r;
}

/* Each mitigation and each of its actions carries the namespaces around it: a root with long ones is copied thousands of times. Adds the last one; asked after
 * each, so that what is held never exceeds the bound by more than one mitigation. */
static int bounded(const struct sg_feed *feed, size_t *octets, struct sg_err *err)
{
	const struct sg_mitigation *m = feed->at[feed->n - 1];

	*octets += m->body.len;
	for (size_t k = 0; k < m->n_actions; k++)
		*octets += m->actions[k].xml.len;
	if (*octets <= MAX_OCTETS)
		return 0;
	return sg_fail(err, SG_ELIMIT,
	        "with the namespaces around them, the mitigations up to '%s' are too large: more than %d "
	        "octets; declare a namespace where it is used",
	        m->id, (int)MAX_OCTETS);
}

static int read_body(struct sg_feed *feed, const struct sg_canon_elem *root,
        const struct sg_feed_rules *rules, struct sg_err *err)
{
	struct sg_strs ids = { 0 };
	size_t count = 0, octets = 0;
	int r = 0;

	for (const struct sg_canon_elem *n = root->first; n && !r; n = n->next) {
		const char *id = sg_canon_attr(n, NULL, "id");

		if (!sg_canon_is(n, NULL, "Config"))
			r = sg_fail(err, SG_EINVAL, "EOCS: element '%.60s' is not known; allowed: Config",
			        n->name);
		else if (++count > SG_FEED_MAX_CONFIGS)
			r = sg_fail(err, SG_ELIMIT, "the document has more than %d mitigations",
			        (int)SG_FEED_MAX_CONFIGS);
		else if (id)
			sg_strs_add(&ids, id);
	}
	if (!r && root->says)
		r = sg_fail(err, SG_EINVAL, "EOCS: text is not allowed between the mitigations");
	if (!r)
		r = unique(&ids, err);
	for (const struct sg_canon_elem *n = root->first; n && !r; n = n->next)
		if (read_config(feed, n, sg_canon_attr(n, NULL, "id"), rules))
			r = bounded(feed, &octets, err);
	sg_strs_release(&ids);
	return r;
}

/* --- the whole */

int sg_feed_decode(struct sg_bytes verified, const struct sg_feed_rules *rules, struct sg_feed **ret,
        int *ret_event, struct sg_err *err)
{
	struct sg_feed *feed = sg_alloc(sizeof *feed);
	int event = SG_EV_FEED_MALFORMED, r;
	struct sg_err why = SG_ERR_INIT;
	struct sg_canon tree = { 0 };

	r = sg_canon_read(verified, &sg_xml_feed_limits, &tree, &why);
	if (!r && !sg_canon_is(tree.root, NULL, "EOCS"))
		r = sg_fail(
		        &why, SG_EPARSE, "this is no feed: the root element is not EOCS (in no namespace)");
	if (!r)
		r = read_head(feed, tree.root, rules, &event, &why);
	if (!r)
		r = read_body(feed, tree.root, rules, &why);
	if (r) { /* it may quote the document, and in the middle of a character */
		char *text = sg_text_short(why.msg, sizeof why.msg - 1);

		sg_fail(err, r, "%s%s%s", tree.root ? "" : rules->name, tree.root ? "" : ": ", text);
		free(text);
	}
	sg_canon_release(&tree);
	if (r) {
		*ret_event = event;
		sg_feed_free(feed);
		return r;
	}
	feed->document = sg_sha256(verified);
	*ret = feed;
	return 0;
}

int sg_feed_canonical(
        struct sg_bytes document, const char *name, struct sg_buf *ret, int *ret_event, struct sg_err *err)
{
	struct sg_buf out = { 0 };
	xmlDoc *doc = NULL;
	int r = sg_xml_parse(document, name, &sg_xml_feed_limits, &doc, err);
	xmlNode *root = r ? NULL : xmlDocGetRootElement(doc), *last = NULL;

	for (xmlNode *n = root ? sg_xml_first(root) : NULL; n; n = sg_xml_next(n))
		last = n;
	if (last && sg_xml_is(last, "http://www.w3.org/2000/09/xmldsig#", "Signature")) {
		xmlUnlinkNode(last);
		xmlFreeNode(last);
	}
	if (!r)
		r = sg_xml_octets(root, &out, err);
	if (!r)
		sg_buf_set(ret, out.data, out.len);
	else
		*ret_event = SG_EV_FEED_MALFORMED;
	sg_buf_release(&out);
	xmlFreeDoc(doc);
	return r;
}

static int xmldsig(const struct sg_feed_reader *reader, struct sg_bytes document,
        const struct sg_feed_rules *rules, struct sg_verified *ret, int *ret_event, struct sg_err *err)
{
	struct sg_signed taken = { 0 };
	int r = reader->take(document, rules->eocs, rules->name, &taken, ret_event, err);

	if (!r)
		r = sg_verify_signed(&taken, rules, ret, ret_event, err);
	sg_signed_release(&taken);
	return r;
}

int sg_feed_read_by(const struct sg_feed_reader *reader, struct sg_bytes document,
        const struct sg_feed_rules *rules, struct sg_feed **ret, int *ret_event, struct sg_err *err)
{
	struct sg_verified verified = { 0 }, first = { 0 };
	struct sg_feed *feed = NULL;
	int r = 0;

	/* what needs no XML reader comes first */
	if (rules->need != SG_SIGNED_XMLDSIG)
		r = sg_verify_cms(document, rules, &first, ret_event, err);
	if (!r && rules->need != SG_SIGNED_CMS) {
		r = xmldsig(reader, document, rules, &verified, ret_event, err);
	} else if (!r) {
		verified = first;
		first = (struct sg_verified){ 0 };
		r = reader->canonical(document, rules->name, &verified.octets, ret_event, err);
	}

	if (!r)
		r = sg_feed_decode(sg_buf_bytes(&verified.octets), rules, &feed, ret_event, err);
	if (!r) {
		feed->signer = sg_strdup(verified.signer);
		feed->signer_expires = verified.not_after;
		sg_ends_add_all(&feed->ends, &verified.ends);
		sg_ends_add_all(&feed->ends, &first.ends);
		if (rules->eocs)
			feed->issued = verified.signed_at;
		if (first.signer && first.not_after < feed->signer_expires)
			feed->signer_expires = first.not_after;
		*ret = feed;
	}
	sg_verified_release(&verified);
	sg_verified_release(&first);
	return r;
}

int sg_feed_read(struct sg_bytes document, const struct sg_feed_rules *rules, struct sg_feed **ret,
        int *ret_event, struct sg_err *err)
{
	static const struct sg_feed_reader here = { sg_verify_take, sg_feed_canonical };

	return sg_feed_read_by(&here, document, rules, ret, ret_event, err);
}

void sg_feed_free(struct sg_feed *feed)
{
	if (!feed)
		return;
	for (size_t i = 0; i < feed->n; i++)
		sg_mitigation_free(feed->at[i]);
	for (size_t i = 0; i < feed->n_refused; i++) {
		free(feed->refused[i].id);
		free(feed->refused[i].text);
	}
	free(feed->at);
	free(feed->refused);
	free(feed->name);
	free(feed->version);
	free(feed->signer);
	sg_ends_release(&feed->ends);
	free(feed);
}

/* An EOCS document has no serial; the time of its countersignature stands in for it where there is one. */
static int follows_by_time(
        const struct sg_feed *feed, const struct sg_feed_before *before, int *ret_event, struct sg_err *err)
{
	if (!before->issued)
		return 0;
	*ret_event = SG_EV_TRUST_SERIAL;
	if (feed->issued < before->issued)
		return sg_fail(err, SG_ETRUST,
		        "the document was signed before the one that was accepted last: an old one is being "
		        "served again");
	if (feed->issued == before->issued && !sg_hash_equal(&feed->document, &before->document)) {
		*ret_event = SG_EV_TRUST_EQUIVOCATION;
		return sg_fail(err, SG_ETRUST, "another document was signed at the very same time");
	}
	*ret_event = 0;
	return 0;
}

int sg_feed_follows(const struct sg_feed *feed, const struct sg_feed_before *before, uint64_t max_jump,
        int *ret_event, struct sg_err *err)
{
	uint64_t jump = max_jump ? max_jump : DEFAULT_JUMP;

	if (before->now && feed->issued > before->now + MAX_FUTURE_MS) {
		*ret_event = SG_EV_TRUST_TIME;
		return sg_fail(err, SG_ETRUST,
		        "the document says that it was issued in the future: one of the two clocks is wrong");
	}
	if (before->serial == 0)
		return follows_by_time(feed, before, ret_event, err);
	*ret_event = SG_EV_TRUST_SERIAL;
	if (feed->serial < before->serial)
		return sg_fail(err, SG_ETRUST, "the document has serial %llu, but %llu was accepted before",
		        (unsigned long long)feed->serial, (unsigned long long)before->serial);
	if (feed->serial - before->serial > jump)
		return sg_fail(err, SG_ETRUST,
		        "the serial jumps from %llu to %llu; at most %llu at once is accepted",
		        (unsigned long long)before->serial, (unsigned long long)feed->serial,
		        (unsigned long long)jump);
	if (feed->serial == before->serial && !sg_hash_equal(&feed->document, &before->document)) {
		*ret_event = SG_EV_TRUST_EQUIVOCATION;
		return sg_fail(err, SG_ETRUST, "serial %llu came with other octets than before",
		        (unsigned long long)feed->serial);
	}
	*ret_event = 0;
	return 0;
}
