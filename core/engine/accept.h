/* accept.h - private to core/engine/accept*.c and what asks for a document: one document of a feed on its way into the journal. */
#ifndef SG_ENGINE_ACCEPT_H
#define SG_ENGINE_ACCEPT_H

#include "engine/inside.h"

/* What is remembered of a feed beside its row: the fact "feed NAME" of the journal. Texts are borrowed from the world that it was read from. */
struct sg_memo {
	struct sg_hash
	        octets; /* of the document that verified, and of its detached signature; zero: not known */
	struct sg_hash rules;                     /* by which it was read */
	const char *cms_etag, *cms_last_modified; /* of the detached signature */
	int64_t said;                             /* when its failure was said last */
	const struct sg_val *ends; /* of what it was verified with: [[what, from, until]]; NULL: not known */
};
void sg_memo_read(const struct sg_world *w, const char *feed, struct sg_memo *ret);
void sg_memo_write(
        const struct sg_memo *m, const char *feed, struct sg_val *facts); /* into the facts of a change */
void sg_memo_ends(const struct sg_memo *m, struct sg_ends *ends);         /* added */
/* Whether what verified then would verify now: the same rules, and nothing has come to its end since. Without, an unchanged document is no answer. */
bool sg_memo_holds(const struct sg_memo *m, const struct sg_feed_row *row, const struct sg_trust_rules *rules,
        int64_t now);

/* One document that came. */
struct sg_arrival {
	struct sg_engine *e;
	const struct sg_world *w;
	const struct sg_conf_feed *conf;
	const struct sg_who *who; /* an administrator's import; NULL: a poll */
	struct sg_feed_row row;
	struct sg_memo memo;
	struct sg_trust_rules rules;
};
void sg_arrival_begin(struct sg_arrival *a, struct sg_engine *e, const struct sg_world *w,
        const struct sg_conf_feed *conf, const struct sg_who *who);
void sg_arrival_release(struct sg_arrival *a);

/* accept.c: a verified document becomes rows. One durable write; the row and the memo are its own already. */
int sg_accept_feed(struct sg_arrival *a, const struct sg_feed *feed, struct sg_err *err);

/* accept_poll.c: verifies and takes in. `why` and *ret_event say what was wrong with the document (code of why 0: it is in force); the result is that of
 * the journal alone. */
int sg_accept_document(struct sg_arrival *a, const struct sg_fetched *fetched, int *ret_event,
        struct sg_err *why, struct sg_err *err);

#endif
