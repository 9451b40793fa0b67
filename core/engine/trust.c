/* trust.c - anchors are data: files, whose they are, what is in them, and which feeds each is for. */
#include "engine/trust.h"

#include "base/hash.h"
#include "base/os.h"
#include "base/pack.h"
#include "base/text.h"
#include "feed/verify.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_CERT = 64 << 10, MAX_CRL = 16 << 20 };

static const char *word_of(enum sg_pin_kind kind)
{
	return kind == SG_PIN_ANCHOR ? "anchor" : kind == SG_PIN_STAMP ? "timestamp" : "crl";
}

static int read_file(struct sg_pin *p, const char *file, struct sg_err *err)
{
	int r = sg_os_read(file, p->kind == SG_PIN_CRL ? MAX_CRL : MAX_CERT, &p->anchor.pem, NULL, err);

	/* whoever may change the file says whom this server obeys */
	if (!r)
		r = sg_os_ours(file, err);
	if (!r && p->kind == SG_PIN_CRL)
		r = sg_verify_crl_ends(&p->anchor.pem, file, &p->ends, err);
	else if (!r)
		r = sg_verify_anchor_ends(&p->anchor, &p->ends, err);
	return r;
}

static int add(struct sg_trust *t, enum sg_pin_kind kind, const char *name, const char *file, const char *eku,
        const char *sha256, const char *feeds, struct sg_err *err)
{
	struct sg_err why = SG_ERR_INIT;
	struct sg_pin *p;

	t->at = sg_realloc(t->at, (t->n + 1) * sizeof *t->at);
	p = &t->at[t->n++];
	*p = (struct sg_pin){ .kind = kind, .feeds = sg_strdup(feeds) };
	p->anchor.name = sg_strdup(name);
	p->anchor.eku = sg_strdup(eku);
	if (sha256)
		sg_hash_from_hex(sha256, &p->anchor.sha256);
	else if (read_file(p, file, &why))
		return sg_fail(
		        err, SG_EINVAL, "<%s>: the file of '%s' is needed: %s", word_of(kind), name, why.msg);
	return 0;
}

int sg_trust_read(const struct sg_conf *conf, struct sg_trust *ret, struct sg_err *err)
{
	struct sg_trust t = { 0 };
	int r = 0;

	for (size_t i = 0; !r && i < conf->n_anchors; i++) {
		const struct sg_conf_anchor *a = &conf->anchors[i];

		r = add(&t, SG_PIN_ANCHOR, a->name, a->file, a->eku, NULL, a->feeds, err);
	}
	for (size_t i = 0; !r && i < conf->n_timestamps; i++) {
		const struct sg_conf_timestamp *s = &conf->timestamps[i];

		r = add(&t, SG_PIN_STAMP, s->name, s->file, NULL, s->sha256, s->feeds, err);
	}
	for (size_t i = 0; !r && i < conf->n_crls; i++)
		r = add(&t, SG_PIN_CRL, conf->crls[i].file, conf->crls[i].file, NULL, NULL,
		        conf->crls[i].feeds, err);
	if (r)
		sg_trust_release(&t);
	else
		*ret = t;
	return r;
}

void sg_trust_release(struct sg_trust *t)
{
	for (size_t i = 0; i < t->n; i++) {
		free(t->at[i].anchor.name);
		free(t->at[i].anchor.eku);
		sg_buf_release(&t->at[i].anchor.pem);
		free(t->at[i].feeds);
		sg_ends_release(&t->at[i].ends);
	}
	free(t->at);
	*t = (struct sg_trust){ 0 };
}

/* An anchor must be for the feed, and the feed must name it where it names any. */
static bool is_for(const struct sg_pin *p, const struct sg_conf_feed *feed)
{
	if (!sg_globs(p->feeds, feed->name))
		return false;
	if (p->kind == SG_PIN_ANCHOR)
		return !feed->anchors || sg_globs(feed->anchors, p->anchor.name);
	return p->kind == SG_PIN_CRL || feed->eocs; /* only an eocs document can carry a countersignature */
}

static void describe(const struct sg_pin *p, struct sg_val *into)
{
	struct sg_hash hash = sg_sha256(sg_buf_bytes(&p->anchor.pem));

	sg_val_push(into, sg_val_int(p->kind));
	sg_val_push(into, sg_val_str(p->anchor.eku));
	sg_val_push(into, sg_val_bin(hash.b, sizeof hash.b));
	sg_val_push(into, sg_val_bin(p->anchor.sha256.b, sizeof p->anchor.sha256.b));
}

void sg_trust_rules(
        const struct sg_trust *t, const struct sg_conf_feed *feed, int64_t now, struct sg_trust_rules *ret)
{
	struct sg_trust_rules r = { .anchors = sg_alloc((t->n + 1) * sizeof *r.anchors),
		.stamps = sg_alloc((t->n + 1) * sizeof *r.stamps),
		.crls = sg_alloc((t->n + 1) * sizeof *r.crls) };
	struct sg_val *all = sg_val_array();
	struct sg_buf packed = { 0 };

	r.until = INT64_MAX;
	r.feed = (struct sg_feed_rules){ .name = feed->name,
		.eocs = feed->eocs,
		.anchors = r.anchors,
		.stamps = r.stamps,
		.crls = r.crls,
		.need = feed->signature,
		.signers = (size_t)feed->signers,
		.ids = feed->ids,
		.now = now,
		.max_serial_jump = (uint64_t)feed->max_serial_jump };
	sg_val_push(all, sg_val_str(SG_VERSION)); /* a newer one may understand more of the same document */
	sg_val_push(all, sg_val_bool(feed->eocs));
	sg_val_push(all, sg_val_int(feed->signature));
	sg_val_push(all, sg_val_int(feed->signers));
	sg_val_push(all, sg_val_str(feed->ids));
	for (size_t i = 0; i < t->n; i++) {
		const struct sg_pin *p = &t->at[i];

		if (!is_for(p, feed))
			continue;
		describe(p, all);
		switch (p->kind) {
		case SG_PIN_ANCHOR: r.anchors[r.feed.n_anchors++] = p->anchor; break;
		case SG_PIN_STAMP: r.stamps[r.feed.n_stamps++] = p->anchor; break;
		case SG_PIN_CRL:
			r.crls[r.feed.n_crls++] = p->anchor.pem;
			if (sg_ends_first(&p->ends, INT64_MIN) < r.until)
				r.until = sg_ends_first(&p->ends, INT64_MIN);
			break;
		}
	}
	sg_pack(all, &packed);
	r.hash = sg_sha256(sg_buf_bytes(&packed));
	sg_buf_release(&packed);
	sg_val_free(all);
	*ret = r;
}

void sg_trust_rules_release(struct sg_trust_rules *r)
{
	free(r->anchors);
	free(r->stamps);
	free(r->crls);
	*r = (struct sg_trust_rules){ 0 };
}

void sg_trust_ends(const struct sg_trust *t, const struct sg_conf *conf, struct sg_ends *ends)
{
	for (size_t i = 0; i < t->n; i++) {
		bool used = false;

		for (size_t k = 0; k < conf->n_feeds; k++)
			used = used || is_for(&t->at[i], &conf->feeds[k]);
		if (used)
			sg_ends_add_all(ends, &t->at[i].ends);
	}
}
