/* apart.h - sg_feed_read() where this process meets no XML of a stranger: a worker without rights reads, this one decides and checks.
 *
 * Three steps for a signed document: a worker takes it apart (sg_verify_take), this process decides by octets alone whether to trust them
 * (sg_verify_signed, and sg_verify_cms before everything), and reads what was verified (sg_feed_decode), which is in canonical form and needs no XML parser
 * (base/canon.h). So whoever takes over a worker by a document can refuse that document, and add nothing to one.
 *
 * What it does not do: a document that has a detached signature and none of its own (signature="cms") is put into canonical form by a worker, too, whose word
 * for it counts; it sees only octets that a trusted key has signed. And what an Action wants (model/mitigation.h: `xml`) is a small document that the kind's own
 * reader in actions/ gives to libxml2, in this process, once a trusted key has signed it.
 */
#ifndef SG_FEED_APART_H
#define SG_FEED_APART_H

#include "base/worker.h"
#include "feed/feed.h"

/* For sg_worker_begin(): the jobs of this file and of fetch.h. */
extern const struct sg_worker_job sg_feed_jobs[];

/* Contract and errors of sg_feed_read(); besides them those of sg_worker_call(): a worker that cannot be started (event FEED_UNREACHABLE), that dies or takes
 * too long, or that says what the document does not (SG_EDAMAGED; event FEED_MALFORMED). Blocking; any thread. */
int sg_feed_read_apart(struct sg_bytes document, const struct sg_feed_rules *rules, struct sg_feed **ret,
        int *ret_event, struct sg_err *err);
enum { SG_FEED_WORKER_MS = 10000 }; /* what one worker may take */

#endif
