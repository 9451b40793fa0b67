/* apart.h - reading strangers' configuration in processes without rights: two calls, octets in, octets out (base/worker.h).
 *
 * What a site's owner can write reaches two libraries that are large: libxml2, which must see a file as the tokenizer does (config_sax.c), and PCRE2, which
 * compiles and runs the patterns of his rules (core/rewrite). A process that called sg_actions_apart() runs neither of them over such octets. What stays in
 * it is bounds-checked and linear: finding byte ranges (config_token.c), splicing, and comparing that nothing else differs (config_referee.c). So a worker
 * that lies can make a file count as unreadable, or its owner's own rules count as effective or not; it cannot choose what is written.
 *
 * Words of the feed are not strangers': their signature was checked before.
 */
#ifndef SG_ACTIONS_APART_H
#define SG_ACTIONS_APART_H

#include "base/worker.h"

#define SG_JOB_CONFIG "config" /* whether libxml2 reads a configuration file as config_token.c does */
#define SG_JOB_RULES                                                                                         \
	"rules" /* what a chain of rewrite sections does to one request, or has in common with one action */

/* What a program offers to be asked for; ends with an empty one. For sg_worker_begin(). */
extern const struct sg_worker_job sg_action_jobs[];

/* From now on this process asks workers. Once, in main(), after sg_worker_begin() and before threads. Without it both calls run in the calling thread: tools
 * that work for the person who runs them, and tests. Nothing falls back to that. */
void sg_actions_apart(void);

/* Whether this process is to stop, asked before and while it waits for a worker: then what is only to be told is not asked, and a worker that does not answer
 * at once is given up with SG_ECANCELED. NULL: it never is. Before threads that ask, or while there is none. */
void sg_actions_stop_when(bool (*stop)(void *arg), void *arg);

#endif
