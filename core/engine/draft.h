/* draft.h - a Config for an emergency, from a few answers: 403 rather than an aborted connection, names with the right prefix, a day for a review, tests, and
 * conditions that see through other forms of the request. Pure; what it writes passes lint. */
#ifndef SG_ENGINE_DRAFT_H
#define SG_ENGINE_DRAFT_H

#include "base/buf.h"
#include "base/err.h"

/* Borrowed texts; NULL or empty: not given. */
struct sg_draft {
	const char *id;
	const char *kind; /* "url_rewrite", "request_filtering", "service", "app_pool" */
	const char *desc, *severity, *side_effect;
	const char *cve; /* "CVE-2026-42897", "KB5074992", "https://..."; NULL: none. Empty is refused */
	const char *review_by;                     /* "2027-02-20" */
	const char *product, *affected, *fixed_by; /* "Exchange"; "15.1-15.3", either end may be missing */
	struct sg_strs fixed;                      /* "15.2.986=15.2.986.36" */
	const char *sites, *path;                  /* "Default Web Site", "/" */
	const char *method;                        /* NULL: any */
	const char *match, *query;    /* patterns; NULL: made from the first request that is to be refused */
	const char *sequence;         /* request_filtering; NULL: the last name of that request's path */
	struct sg_strs refuse, serve; /* URIs */
	const char *service, *pool;
	struct sg_strs companions;
};
/* The document of one Config. SG_EINVAL says which answer is missing or cannot be right. */
int sg_draft(const struct sg_draft *d, struct sg_buf *ret, struct sg_err *err);

#endif
