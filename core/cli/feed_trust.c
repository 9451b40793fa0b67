/* feed_trust.c - the same rules that a server has, made of options. Whom to trust never comes from the document. */
#include "cli/feed_work.h"

#include "base/os.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_CERT = 64 << 10, MAX_CRL = 16 << 20 };

static struct sg_anchor *one_more(struct sg_anchor **list, size_t *n, const char *name)
{
	*list = sg_realloc(*list, (*n + 1) * sizeof **list);
	(*list)[*n] = (struct sg_anchor){ .name = sg_strdup(name) };
	return &(*list)[(*n)++];
}

static int read_stamp(struct sg_author_trust *t, const char *value, struct sg_err *err)
{
	struct sg_anchor *anchor = one_more(&t->stamps, &t->n_stamps, value);

	if (strncmp(value, "sha256:", 7) != 0)
		return sg_os_read(value, MAX_CERT, &anchor->pem, NULL, err);
	if (!sg_hash_from_hex(value + 7, &anchor->sha256))
		return sg_fail(err, SG_EINVAL,
		        "--timestamp-anchor %.100s: behind sha256: stand the 64 hex digits of a "
		        "certificate's fingerprint",
		        value);
	return 0;
}

int sg_author_trust_read(const struct sg_author_args *a, struct sg_author_trust *ret, struct sg_err *err)
{
	const struct sg_strs *anchors = &a->opt[SG_AUTHOR_ANCHOR],
	                     *stamps = &a->opt[SG_AUTHOR_TIMESTAMP_ANCHOR], *crls = &a->opt[SG_AUTHOR_CRL];
	struct sg_author_trust t = { 0 };
	int r = sg_author_number(a, SG_AUTHOR_SIGNERS, 1, 8, 1, &t.signers, err);

	for (size_t i = 0; !r && i < anchors->n; i++)
		r = sg_os_read(anchors->at[i], MAX_CERT,
		        &one_more(&t.anchors, &t.n_anchors, anchors->at[i])->pem, NULL, err);
	for (size_t i = 0; !r && i < stamps->n; i++)
		r = read_stamp(&t, stamps->at[i], err);
	t.crls = crls->n ? sg_alloc(crls->n * sizeof *t.crls) : NULL;
	for (t.n_crls = 0; !r && t.n_crls < crls->n; t.n_crls++)
		r = sg_os_read(crls->at[t.n_crls], MAX_CRL, &t.crls[t.n_crls], NULL, err);
	if (r)
		sg_author_trust_release(&t);
	else
		*ret = t;
	return r;
}

void sg_author_trust_anchor(struct sg_author_trust *t, const char *name, const struct sg_buf *pem)
{
	sg_buf_set(&one_more(&t->anchors, &t->n_anchors, name)->pem, pem->data, pem->len);
}

void sg_author_trust_release(struct sg_author_trust *t)
{
	for (size_t i = 0; i < t->n_anchors; i++) {
		free(t->anchors[i].name);
		sg_buf_release(&t->anchors[i].pem);
	}
	for (size_t i = 0; i < t->n_stamps; i++) {
		free(t->stamps[i].name);
		sg_buf_release(&t->stamps[i].pem);
	}
	for (size_t i = 0; i < t->n_crls; i++)
		sg_buf_release(&t->crls[i]);
	free(t->anchors);
	free(t->stamps);
	free(t->crls);
	*t = (struct sg_author_trust){ 0 };
}

struct sg_feed_rules sg_author_rules(const struct sg_author_args *a, const struct sg_author_trust *t,
        const struct sg_author_doc *doc, struct sg_bytes cms, int64_t now)
{
	return (struct sg_feed_rules){
		.name = doc->name,
		.eocs = sg_author_eocs(a),
		.anchors = t->anchors,
		.n_anchors = t->n_anchors,
		.stamps = t->stamps,
		.n_stamps = t->n_stamps,
		.crls = t->crls,
		.n_crls = t->n_crls,
		.need = !cms.len                         ? SG_SIGNED_XMLDSIG
		        : sg_layout_signed(&doc->layout) ? SG_SIGNED_BOTH
		                                         : SG_SIGNED_CMS,
		.cms = cms,
		.signers = t->signers > 0 ? (size_t)t->signers : 1,
		.now = now,
	};
}

int sg_author_check(const struct sg_feed_rules *rules, struct sg_author_doc *doc, struct sg_err *err)
{
	struct sg_err why = SG_ERR_INIT;
	struct sg_feed *feed = NULL;
	int event = 0, r = sg_feed_read(sg_buf_bytes(&doc->octets), rules, &feed, &event, &why);

	if (r)
		return sg_fail(err, r, "%s: %s", doc->where, why.msg);
	sg_feed_free(doc->feed);
	doc->feed = feed;
	return 0;
}
