/* fetch_signed.c - a document and its detached signature, fetched together. Bytes only: whether the two belong together is for whoever verifies. */
#include "feed/fetch_parts.h"

#include "model/url.h"
#include <stdlib.h>
#include <string.h>

enum { MAX_CMS = 64 << 10 }; /* more is refused by whoever verifies */

/* In front of a query, behind everything of a file's name. */
char *sg_fetch_beside(const char *url)
{
	enum sg_url_kind kind = SG_URL_PATH;
	size_t path = strlen(url);

	if (sg_url_check(url, &kind, NULL) == 0 && kind != SG_URL_FILE && kind != SG_URL_PATH)
		path = strcspn(url, "?#");
	return sg_format("%.*s.p7s%s", (int)path, url, url + path);
}

/* Fetches what `req` says without its conditions. */
static int whole(struct sg_fetch_request req, struct sg_fetched *f, struct sg_err *err)
{
	sg_fetched_release(f);
	req.etag = req.last_modified = NULL;
	return sg_fetch(&req, f, err);
}

int sg_fetch_signed(const struct sg_fetch_request *req, struct sg_fetched *ret, struct sg_err *err)
{
	struct sg_fetched doc = { 0 }, cms = { 0 };
	struct sg_fetch_request beside = *req;
	char *url;
	int r;

	if (!req->detached)
		return sg_fetch(req, ret, err);
	url = sg_fetch_beside(req->url);
	beside.url = url;
	beside.etag = req->cms_etag;
	beside.last_modified = req->cms_last_modified;
	beside.max_bytes = MAX_CMS;
	r = sg_fetch(req, &doc, err);
	if (!r)
		r = sg_fetch(&beside, &cms, err);
	if (!r && doc.unchanged && !cms.unchanged)
		r = whole(*req, &doc, err);
	else if (!r && cms.unchanged && !doc.unchanged)
		r = whole(beside, &cms, err);
	if (!r) {
		doc.cms = cms.octets;
		doc.cms_etag = cms.etag;
		doc.cms_last_modified = cms.last_modified;
		cms.octets = (struct sg_buf){ 0 };
		cms.etag = cms.last_modified = NULL;
		*ret = doc;
		doc = (struct sg_fetched){ 0 };
	}
	sg_fetched_release(&doc);
	sg_fetched_release(&cms);
	free(url);
	return r;
}
