/* feed_work.h - the verbs of stopgap-feed, and what they share: documents, trust, comparing, writing. Blocking; one thread. */
#ifndef SG_CLI_FEED_WORK_H
#define SG_CLI_FEED_WORK_H

#include "cli/feed_args.h"
#include "feed/feed.h"
#include "feed/sign_layout.h"

/* --- the verbs: 0, or a failure that is one sentence: what, where, what to do */
int sg_author_keygen(const struct sg_author_args *a, struct sg_author_out *out, struct sg_err *err);
int sg_author_add(const struct sg_author_args *a, struct sg_author_out *out, struct sg_err *err);
int sg_author_withdraw(const struct sg_author_args *a, struct sg_author_out *out, struct sg_err *err);
int sg_author_show(const struct sg_author_args *a, struct sg_author_out *out, struct sg_err *err);
int sg_author_diff(const struct sg_author_args *a, struct sg_author_out *out, struct sg_err *err);
int sg_author_sign(const struct sg_author_args *a, struct sg_author_out *out, struct sg_err *err);
int sg_author_verify(const struct sg_author_args *a, struct sg_author_out *out, struct sg_err *err);
int sg_author_publish(const struct sg_author_args *a, struct sg_author_out *out, struct sg_err *err);
int sg_author_mirror(const struct sg_author_args *a, struct sg_author_out *out, struct sg_err *err);

/* --- feed_doc.c: a document, from a file or an address */
struct sg_author_doc { /* {0} is an empty one */
	char *where;
	struct sg_buf octets;
	struct sg_layout layout;
	char *name;           /* of the feed: --feed, or what the document says; "eocs" where it says none */
	struct sg_feed *feed; /* once it was decoded or verified */
};
int sg_author_fetch(
        const struct sg_author_args *a, const char *where, struct sg_buf *ret, struct sg_err *err);
int sg_author_load(
        const struct sg_author_args *a, const char *where, struct sg_author_doc *ret, struct sg_err *err);
/* The same of octets that are there already; they are copied. */
int sg_author_take(const struct sg_author_args *a, const char *where, struct sg_bytes octets,
        struct sg_author_doc *ret, struct sg_err *err);
int sg_author_decode(
        const struct sg_author_args *a, struct sg_author_doc *doc, struct sg_err *err); /* no trust asked */
void sg_author_doc_release(struct sg_author_doc *doc);
/* SG_EINVAL when the reader refuses one of its mitigations: the first one's sentence. */
int sg_author_whole(const struct sg_author_doc *doc, struct sg_err *err);
/* The detached signature beside a document, when there is one: `where`.p7s. *ret stays empty otherwise. */
int sg_author_beside(
        const struct sg_author_args *a, const char *where, struct sg_buf *ret, struct sg_err *err);

/* --- feed_trust.c: whom to trust, from the options */
struct sg_author_trust { /* {0} is an empty one: nobody */
	struct sg_anchor *anchors, *stamps;
	size_t n_anchors, n_stamps;
	struct sg_buf *crls;
	size_t n_crls;
	int signers;
};
int sg_author_trust_read(const struct sg_author_args *a, struct sg_author_trust *ret, struct sg_err *err);
void sg_author_trust_anchor(
        struct sg_author_trust *t, const char *name, const struct sg_buf *pem); /* one more */
void sg_author_trust_release(struct sg_author_trust *t);
/* The rules that a server would have; they borrow. `cms` empty: XMLDSig only; of a document without one: CMS only; else both. */
struct sg_feed_rules sg_author_rules(const struct sg_author_args *a, const struct sg_author_trust *t,
        const struct sg_author_doc *doc, struct sg_bytes cms, int64_t now);
/* Reads the document as a server does; doc->feed is what it says. */
int sg_author_check(const struct sg_feed_rules *rules, struct sg_author_doc *doc, struct sg_err *err);

/* --- feed_compare.c: an array of maps {change, id, old_revision, revision, severity, note, diff}; change is add, change, withdraw, keep, drop or forget */
struct sg_val *sg_author_compare(
        const struct sg_feed *before, const struct sg_feed *after, bool eocs, int64_t now);
/* Lines for a person; with the diffs when `bodies`. */
void sg_author_print_changes(const struct sg_val *changes, bool bodies, struct sg_buf *out);
bool sg_author_changed(const struct sg_val *changes); /* one of them is more than keep */
/* Tombstones that have been there for more than 90 days, and what else an author should know: a line each. */
void sg_author_print_notes(const struct sg_feed *feed, int64_t now, struct sg_buf *out);

/* --- feed_put.c: a file whole or not at all: a new one beside it, synced, in its place, folder synced. Keeps owner and mode of what was there;
 * `secret`: for this account alone, and what is there is not replaced */
int sg_author_put(const char *path, struct sg_bytes octets, bool secret, struct sg_err *err);
/* Removes what sg_author_put() was killed over: the halves of `path`, as far as it can. sg_author_put() does it by itself. Of two who write one file at the
 * same time, the slower one may lose, and says so. */
void sg_author_tidy(const char *path);

enum { SG_AUTHOR_MAX = 6 << 20, SG_AUTHOR_TOMBSTONE_DAYS = 90 };

#endif
