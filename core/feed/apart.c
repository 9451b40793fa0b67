/* apart.c - this process's half of reading a feed: it asks workers for octets, which are trusted when a key that the rules name has signed them.
 *
 * Must not call an XML parser. The order (trust before reading) is feed.c's, for both ways of reading.
 */
#include "feed/apart.h"

#include "feed/apart_parts.h"
#include "feed/feed_parts.h"
#include "model/codes.h"
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

/* --- what a worker finds in a document */

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

int sg_feed_read_apart(struct sg_bytes document, const struct sg_feed_rules *rules, struct sg_feed **ret,
        int *ret_event, struct sg_err *err)
{
	static const struct sg_feed_reader workers = { take, canonical };

	return sg_feed_read_by(&workers, document, rules, ret, ret_event, err);
}
