/* fetch_walk.h - a feed's way from its address to the octets, walked step by step for the person who asks why it does not arrive.
 *
 * The same transfer as sg_fetch() makes, by the same settings and in a worker without rights, and watched: which step fails, why, and what to do. Nothing is
 * taken in; whoever has the octets reads them on (engine/doctor_path.c adds the steps behind "size"). After the first step that failed the rest are skipped.
 */
#ifndef SG_FEED_FETCH_WALK_H
#define SG_FEED_FETCH_WALK_H

#include "feed/fetch.h"

enum sg_walk_step {
	SG_WALK_FILE, /* instead of all up to HTTP, where the address is a file's */
	SG_WALK_NAME,
	SG_WALK_TCP,
	SG_WALK_PROXY,
	SG_WALK_TLS,
	SG_WALK_HTTP,
	SG_WALK_SIZE,
	SG_WALK_PARSE,
	SG_WALK_SIGNATURE,
	SG_WALK_TIME,
	SG_WALK_SERIAL,
	SG_WALK_STEPS
};
const char *sg_walk_step_name(enum sg_walk_step step); /* "name", "tcp", ... */

enum sg_walked { SG_WALKED_NOT, SG_WALKED_OK, SG_WALKED_SKIPPED, SG_WALKED_FAILED };
struct sg_walk_line {
	enum sg_walked walked; /* NOT: it is no step of this feed's way */
	char *text, *cure;     /* safe to print; cure NULL: nothing to do */
	int64_t ms;            /* -1: not measured */
};
/* Zeroed is empty. The owner of one is whoever made it. */
struct sg_walk {
	char *feed; /* for whoever keeps several */
	struct sg_walk_line at[SG_WALK_STEPS];
	struct sg_fetched fetched; /* whole when no step failed */
};
void sg_walk_release(struct sg_walk *w);
bool sg_walk_failed(const struct sg_walk *w);
/* Says how a step went; a step is said once: the first counts. Text and cure (NULL: none) may quote strangers. `ms` -1: not measured. */
void sg_walk_say(struct sg_walk *w, enum sg_walk_step step, enum sg_walked walked, int64_t ms,
        const char *cure, const char *fmt, ...) __attribute__((format(printf, 6, 7)));
/* Every step from FIRST to LAST that was not said is skipped, with that text. */
void sg_walk_skip(struct sg_walk *w, enum sg_walk_step first, enum sg_walk_step last, const char *text);

/* Each step's own limit, ms, and the whole's: the texts name the one that was reached. A walk ends soon after `timeout_ms` of the request or SG_WALK_MS,
 * whichever is sooner. */
enum {
	SG_WALK_NAME_MS = 5000,
	SG_WALK_TCP_MS = 10000,
	SG_WALK_SECURE_MS = 7000,  /* proxy, and TLS */
	SG_WALK_ANSWER_MS = 10000, /* until the first octet of the answer */
	SG_WALK_MS = 20000
};
/* Walks NAME to SIZE, or FILE and SIZE. req's conditions are not sent; with `detached` the signature beside the document comes, too, as a part of SIZE.
 * A stop ends it as a step that failed. Blocking; any thread. */
void sg_fetch_walk(const struct sg_fetch_request *req, struct sg_walk *ret);

#endif
