/* apart.c - this process's half of reading a feed: it asks workers, and believes of their answers what it can check by octets.
 *
 * Must not call an XML reader on anything that no trusted key has signed. The order (trust between the two workers) is feed.c's, for both ways of reading.
 */
#include "feed/apart.h"

#include "base/text.h"
#include "feed/apart_parts.h"
#include "feed/canon.h"
#include "feed/feed_parts.h"
#include "model/codes.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- asking */

/* What a job may fail with: not, for one, what would make the service stop. */
static int plain_code(int64_t code)
{
	switch (code) {
	case SG_EINVAL:
	case SG_ENOENT:
	case SG_EPARSE:
	case SG_ELIMIT:
	case SG_ETRUST:
	case SG_EUNSUPPORTED:
	case SG_ENET:
	case SG_ETIMEOUT:
	case SG_ECANCELED: return (int)code;
	default: return SG_EIO;
	}
}

static int plain_event(int64_t event)
{
	switch (event) {
	case SG_EV_TRUST_SIGNATURE:
	case SG_EV_TRUST_CHAIN:
	case SG_EV_TRUST_NAME: return (int)event;
	default: return SG_EV_FEED_MALFORMED;
	}
}

int sg_apart_ask(const struct sg_apart_ask *ask, struct sg_val *request, struct sg_val **ret, int *ret_event,
        struct sg_err *err)
{
	struct sg_buf in = { 0 }, out = { 0 };
	struct sg_err why = SG_ERR_INIT;
	struct sg_val *answer = NULL;
	int64_t code;
	int r;

	sg_apart_pack(request, &in);
	r = sg_worker_call(&(struct sg_worker_call){ .job = ask->job,
	                           .request = sg_buf_bytes(&in),
	                           .max_reply = SG_WORKER_MAX,
	                           .timeout_ms = ask->timeout_ms,
	                           .stop = ask->stop,
	                           .arg = ask->arg },
	        &out, &why);
	sg_buf_release(&in);
	if (!r && (r = sg_unpack(sg_buf_bytes(&out), &sg_apart_limits, &answer, &why)) != 0)
		r = SG_EDAMAGED;
	sg_buf_release(&out);
	*ret_event = r == SG_EBUSY || r == SG_EUNSUPPORTED ? SG_EV_FEED_UNREACHABLE : SG_EV_FEED_MALFORMED;
	if (r)
		return sg_fail(err, r, "%s: %s", ask->what, why.msg);
	code = sg_val_get_int(answer, "code", SG_EIO);
	if (code == 0) {
		*ret = answer;
		return 0;
	}
	*ret_event = plain_event(sg_val_get_int(answer, "event", 0));
	r = sg_fail(err, plain_code(code), "%s", sg_val_get_str(answer, "text", "a worker gives no reason"));
	sg_val_free(answer);
	return r;
}

static int ask_worker(const char *job, const char *name, struct sg_val *request, struct sg_val **ret,
        int *ret_event, struct sg_err *err)
{
	const struct sg_apart_ask ask = { .job = job, .what = name, .timeout_ms = SG_FEED_WORKER_MS };

	return sg_apart_ask(&ask, request, ret, ret_event, err);
}

/* --- the first worker */

static void get_bin(const struct sg_val *map, const char *key, struct sg_buf *ret)
{
	const struct sg_val *v = sg_val_get(map, key);

	if (v && v->type == SG_VAL_BIN)
		sg_buf_set(ret, v->s, v->len);
}

static void get_bins(const struct sg_val *map, const char *key, size_t max, struct sg_bufs *ret)
{
	const struct sg_val *list = sg_val_get(map, key);

	for (size_t i = 0; list && list->type == SG_VAL_ARRAY && i < list->n && i < max; i++)
		if (list->kid[i]->type == SG_VAL_BIN)
			sg_buf_set(sg_bufs_add(ret), list->kid[i]->s, list->kid[i]->len);
}

/* Whatever is missing is empty then, and sg_verify_signed() refuses it: nothing of this is trusted before. */
static int take(struct sg_bytes document, bool eocs, const char *name, struct sg_signed *ret, int *ret_event,
        struct sg_err *err)
{
	enum { MOST = 16 };
	struct sg_val *request = sg_val_map(), *answer = NULL;
	int r;

	sg_val_set_str(request, "name", name);
	sg_val_set_bool(request, "eocs", eocs);
	sg_val_set_bin(request, "document", document.data, document.len);
	r = ask_worker(SG_JOB_TAKE, name, request, &answer, ret_event, err);
	if (r)
		return r;
	get_bin(answer, "octets", &ret->octets);
	get_bin(answer, "signed-info", &ret->signed_info);
	get_bin(answer, "value", &ret->value);
	get_bins(answer, "certs", MOST, &ret->certs);
	get_bin(answer, "stamp", &ret->stamp);
	get_bins(answer, "stamp-certs", MOST, &ret->stamp_certs);
	sg_val_free(answer);
	if (ret->certs.n && ret->octets.len && ret->signed_info.len && ret->value.len)
		return 0;
	sg_signed_release(ret);
	*ret_event = SG_EV_FEED_MALFORMED;
	return sg_fail(err, SG_EDAMAGED, "%s: the worker's answer lacks what it should have found", name);
}

/* Signers whom the rules name have signed the very octets that the worker gets; what it makes of them cannot be compared without an XML reader. */
static int canonical(
        struct sg_bytes document, const char *name, struct sg_buf *ret, int *ret_event, struct sg_err *err)
{
	struct sg_val *request = sg_val_map(), *answer = NULL;
	int r;

	sg_val_set_str(request, "name", name);
	sg_val_set_bin(request, "document", document.data, document.len);
	r = ask_worker(SG_JOB_CANONICAL, name, request, &answer, ret_event, err);
	if (r)
		return r;
	sg_buf_clear(ret);
	get_bin(answer, "octets", ret);
	sg_val_free(answer);
	return 0;
}

/* --- the second worker: what it says, and what the octets say */

static int lies(const char *name, const char *what, struct sg_err *err)
{
	return sg_fail(err, SG_EDAMAGED, "%s: the worker's answer is not what the verified document says: %s",
	        name, what);
}

static bool says_time(const struct sg_canon *c, const char *attr, int64_t ms)
{
	struct sg_bytes value = { 0 };
	int64_t is = 0;
	bool good;
	char *s;

	if (!sg_canon_attr(c, SG_FEED_NS, attr, &value))
		return false;
	s = sg_strndup((const char *)value.data, value.len);
	good = sg_time_parse(s, &is, NULL) == 0 && is == ms;
	free(s);
	return good;
}

/* The numbers that order documents, read from the root's own octets. An eocs document has none: its time is its countersignature's. */
static int check_head(const struct sg_canon *c, const struct sg_feed *feed, const struct sg_feed_rules *rules,
        struct sg_err *err)
{
	struct sg_bytes value = { 0 };
	char serial[24];

	/* in an eocs document a name may be missing, but not be another's */
	if (rules->eocs && sg_canon_attr(c, SG_FEED_NS, "feed", &value) && !sg_bytes_is(value, rules->name))
		return lies(rules->name, "its name", err);
	if (rules->eocs)
		return feed->serial || feed->issued || feed->expires
		               ? lies(rules->name, "serial and times", err)
		               : 0;
	snprintf(serial, sizeof serial, "%" PRIu64, feed->serial);
	if (!sg_canon_attr(c, SG_FEED_NS, "serial", &value) || !sg_bytes_is(value, serial))
		return lies(rules->name, "its serial", err);
	if (!sg_canon_attr(c, SG_FEED_NS, "feed", &value) || !sg_bytes_is(value, rules->name))
		return lies(rules->name, "its name", err);
	if (!says_time(c, "issued", feed->issued) || !says_time(c, "expires", feed->expires))
		return lies(rules->name, "its times", err);
	return 0;
}

static int add_body(struct sg_feed *feed, struct sg_bytes body, const struct sg_feed_rules *rules,
        struct sg_strs *ids, struct sg_err *err)
{
	struct sg_mitigation *m = NULL;
	int r = sg_mitigation_decode(rules->name, body, &m, err);

	if (r)
		return r;
	feed->at = sg_realloc(feed->at, (feed->n + 1) * sizeof *feed->at);
	feed->at[feed->n++] = m;
	sg_strs_add(ids, m->id);
	if (!sg_id_valid(m->id) || (rules->ids && !sg_globs(rules->ids, m->id)))
		return lies(rules->name, "an id that this feed may not offer", err);
	return 0;
}

/* Each body is one child of the root, in their order; a child that is none of them was refused. */
static int check_bodies(const struct sg_canon *c, const struct sg_val *bodies, struct sg_feed *feed,
        const struct sg_feed_rules *rules, struct sg_err *err)
{
	struct sg_strs ids = { 0 };
	size_t at = 0;
	int r = 0;

	for (size_t i = 0; i < c->n && at < bodies->n && !r; i++) {
		const struct sg_val *v = bodies->kid[at];
		struct sg_bytes body = { (const unsigned char *)v->s, v->len };

		if (v->type != SG_VAL_BIN)
			break;
		if (!sg_canon_is(c, i, body))
			continue;
		at++;
		r = add_body(feed, body, rules, &ids, err);
	}
	if (!r && (at != bodies->n || feed->n + feed->n_refused != c->n))
		r = lies(rules->name, "its mitigations", err);
	if (!r)
		r = sg_feed_unique(&ids, err);
	sg_strs_release(&ids);
	return r;
}

static void add_refused(const struct sg_val *list, struct sg_feed *feed)
{
	feed->refused = sg_alloc((list->n + 1) * sizeof *feed->refused);
	for (size_t i = 0; i < list->n; i++) {
		char *id = sg_strndup(sg_val_get_str(list->kid[i], "id", "?"), 80);

		feed->refused[feed->n_refused++] = (struct sg_refused){ .id = id,
			.text = sg_strndup(sg_val_get_str(list->kid[i], "text", ""), 1000) };
	}
}

static int believe(const struct sg_val *answer, struct sg_bytes verified, const struct sg_feed_rules *rules,
        struct sg_feed *feed, struct sg_err *err)
{
	const struct sg_val *bodies = sg_val_get(answer, "bodies"), *refused = sg_val_get(answer, "refused");
	const char *version = sg_val_get_str(answer, "version", NULL);
	struct sg_canon c = { 0 };
	int r;

	if (!bodies || bodies->type != SG_VAL_ARRAY || !refused || refused->type != SG_VAL_ARRAY)
		return lies(rules->name, "it has no lists", err);
	feed->name = sg_strdup(rules->name);
	feed->serial = (uint64_t)sg_val_get_int(answer, "serial", 0);
	feed->issued = sg_val_get_int(answer, "issued", 0);
	feed->expires = sg_val_get_int(answer, "expires", 0);
	feed->version = version ? sg_strndup(version, 80) : NULL;
	feed->document = sg_sha256(verified);
	add_refused(refused, feed);
	r = sg_canon_read(verified, SG_FEED_MAX_CONFIGS, &c, err);
	if (!r)
		r = check_head(&c, feed, rules, err);
	if (!r)
		r = check_bodies(&c, bodies, feed, rules, err);
	sg_canon_release(&c);
	return r;
}

static int decode(struct sg_bytes verified, const struct sg_feed_rules *rules, struct sg_feed **ret,
        int *ret_event, struct sg_err *err)
{
	struct sg_val *request = sg_val_map(), *answer = NULL;
	struct sg_feed *feed;
	int r;

	sg_val_set_str(request, "name", rules->name);
	sg_val_set_bool(request, "eocs", rules->eocs);
	sg_val_set_str(request, "ids", rules->ids);
	sg_val_set_bin(request, "octets", verified.data, verified.len);
	r = ask_worker(SG_JOB_READ, rules->name, request, &answer, ret_event, err);
	if (r)
		return r;
	feed = sg_alloc(sizeof *feed);
	r = believe(answer, verified, rules, feed, err);
	sg_val_free(answer);
	if (r) {
		*ret_event = SG_EV_FEED_MALFORMED;
		sg_feed_free(feed);
		return r;
	}
	*ret_event = 0;
	*ret = feed;
	return 0;
}

int sg_feed_read_apart(struct sg_bytes document, const struct sg_feed_rules *rules, struct sg_feed **ret,
        int *ret_event, struct sg_err *err)
{
	static const struct sg_feed_reader workers = { take, canonical, decode };

	return sg_feed_read_by(&workers, document, rules, ret, ret_event, err);
}
