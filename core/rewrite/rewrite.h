/* rewrite.h - how IIS URL Rewrite evaluates rules, as pure functions over octets.
 *
 * Follows Microsoft's "URL Rewrite Module Configuration Reference" and its 2.0 supplement: rule order, stopProcessing,
 * conditions (MatchAll, MatchAny, negate, ignoreCase, trackAllCaptures), pattern syntaxes (ECMAScript, Wildcard,
 * ExactMatch), back-references {R:n} {C:n}, server variables, {ToLower:} {UrlEncode:} {UrlDecode:} {HtmlEncode:}, rewrite
 * maps, all five inbound actions, serverVariables, outbound rules on server variables with preConditions. What it cannot
 * know (IsFile, IsDirectory, providers, response bodies, variables of the machine) it reports as SG_RW_UNKNOWN instead of
 * guessing, and only where it decides: a condition that is false for certain makes an unknown one beside it irrelevant.
 * The only user of PCRE2. Matching is bounded (match, depth and heap limits): a pattern that runs away gives UNKNOWN with
 * the reason, never a hang. No I/O, no clock, no global state; any thread.
 */
#ifndef SG_REWRITE_REWRITE_H
#define SG_REWRITE_REWRITE_H

#include "base/buf.h"
#include "base/err.h"

/* A set of rules in the order in which IIS runs them. Owner: the caller; immutable once built, so any thread may use it. */
struct sg_rw_rules;

enum sg_rw_kind { SG_RW_GLOBAL, SG_RW_INBOUND, SG_RW_OUTBOUND };

/* Reads one <rewrite> element (the root of `octets`, in no namespace) with rules, globalRules, outboundRules (preConditions
 * and customTags in it), rewriteMaps, allowedServerVariables, providers. Defaults follow rewrite_schema.xml: patternSyntax
 * ECMAScript, ignoreCase true, enabled true, ... <clear/> and <remove/> are kept for sg_rw_append().
 * Unknown elements, attributes or attribute values are SG_EPARSE with the element, its line and the allowed values named;
 * a pattern that does not compile, `url="*"` with ECMAScript included, is SG_EINVAL with rule name and position, and so is
 * what IIS refuses when it runs the rule: a name met twice, url="", an unpaired brace, a missing url or statusCode. A rule
 * without <match/> matches every URL. */
int sg_rw_read(struct sg_bytes octets, struct sg_rw_rules **ret, struct sg_err *err);
void sg_rw_free(struct sg_rw_rules *rules);
size_t sg_rw_count(const struct sg_rw_rules *rules, enum sg_rw_kind kind); /* disabled ones too */
const char *sg_rw_name(const struct sg_rw_rules *rules, enum sg_rw_kind kind, size_t i);
bool sg_rw_enabled(const struct sg_rw_rules *rules, enum sg_rw_kind kind, size_t i);

/* Drops a rule by name (case ignored) or all of a kind, as an inherited <remove/> or <clear/> does. */
void sg_rw_remove(struct sg_rw_rules *rules, enum sg_rw_kind kind, const char *name);
void sg_rw_clear(struct sg_rw_rules *rules, enum sg_rw_kind kind);

/* Says in which folder the set's inbound rules are written: their URL is relative to it, wherever they are inherited. With
 * slashes at both ends; rules that were never placed are relative to the request's base. */
void sg_rw_place(struct sg_rw_rules *rules, const char *folder);

/* Inherits: the child's <clear/> and <remove/> take from `rules`, then copies of the child's rules, preConditions and maps
 * follow the parent's. SG_ECONFLICT, and nothing changed, when a name would be met twice (IIS: 500.19). */
int sg_rw_append(struct sg_rw_rules *rules, const struct sg_rw_rules *child, struct sg_err *err);

struct sg_rw_header {
	const char *name, *value;
};
struct sg_rw_request {
	const char *method; /* NULL: GET */
	const char *uri; /* as sent: leading slash, percent-encoding, query; at most 64 KiB, as each header */
	const char *host; /* NULL: the Host header, else "localhost" */
	const char *
	        base; /* path of the web.config's folder below the site, with slashes at both ends; NULL: "/" */
	bool https;
	const struct sg_rw_header *headers;
	size_t n_headers;
	const char *remote; /* the client's address; NULL: not known */
	/* What the patterns of several evaluations have cost so far: they are bounded together. NULL: this one is bounded alone. 0 at first. */
	unsigned *work;
};

enum sg_rw_outcome {
	SG_RW_SERVED,    /* goes on to the application (perhaps with another URL) */
	SG_RW_REFUSED,   /* AbortRequest, or CustomResponse with a status of 400 or more */
	SG_RW_RESPONDED, /* CustomResponse below 400 */
	SG_RW_REDIRECTED,
	SG_RW_UNKNOWN, /* cannot be told here; `why` says what decides it */
};
struct sg_rw_result {
	enum sg_rw_outcome outcome;
	unsigned status, substatus; /* of a custom response or a redirect; 0 for AbortRequest */
	char *rule; /* the deciding rule's name; when served, the last one that rewrote or stopped; or NULL */
	char *url; /* path and query after rewriting, or the redirect's target; NULL when refused or unknown */
	char *why; /* for UNKNOWN */
};
const char *sg_rw_outcome_name(
        enum sg_rw_outcome outcome); /* "served", "refused", "responded", "redirected", "unknown" */

/* The global rules, then the inbound ones. A server variable that a rule sets is taken as allowed. SG_EINVAL or SG_ELIMIT
 * for a request that is none; `ret` is to be released after success only. */
int sg_rw_request(const struct sg_rw_rules *rules, const struct sg_rw_request *req, struct sg_rw_result *ret,
        struct sg_err *err);

/* The outbound rules on one response header: `is` its value before (NULL: not sent), `type` the Content-Type (NULL: not
 * known). The request is taken as sent: inbound rules do not run first. ret->url is the value after, or NULL when it is not
 * sent; ret->rule the last rule that changed it. */
int sg_rw_response(const struct sg_rw_rules *rules, const struct sg_rw_request *req, const char *type,
        const char *header, const char *is, struct sg_rw_result *ret, struct sg_err *err);
void sg_rw_result_release(struct sg_rw_result *r);

/* Whether two rules do the same to every request, by their parts (pattern, inputs, action; abort and 403 count as equal;
 * names, descriptions and order of attributes do not, nor does what has no effect). true is certain, false is not. */
bool sg_rw_equivalent(
        const struct sg_rw_rules *a, size_t ia, const struct sg_rw_rules *b, size_t ib, enum sg_rw_kind kind);

#endif
