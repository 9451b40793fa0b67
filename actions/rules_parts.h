/* rules_parts.h - what the halves of the octet call "rules" share: its form, its function, and the memory of its answers. Nothing outside actions/ includes it.
 *
 *   {pieces: [{octets, folder}], chains: [[piece]], judge: [{chain, test...}], same: [{chain, ours, folder, items: [{section, name}]}]}
 *     -> {code, text, judge: [{fate, text, piece}], same: [[[{piece, name}]]]}
 * A piece is a section's element and the folder that it is written in. Of a judgement, piece is -1, or the one that cannot be read or inherited (fate UNKNOWN,
 * and text is why). Of same: for each question, for each of its items, the first SG_RULES_EQUALS rules that do it.
 */
#ifndef SG_ACTIONS_RULES_PARTS_H
#define SG_ACTIONS_RULES_PARTS_H

#include "actions/apart_parts.h"
#include "actions/rules_apart.h"
#include "base/pack.h"

enum {
	SG_RULES_TEXT = 2000, /* octets of a text in an answer */
	SG_RULES_EQUALS =
	        32, /* rules named for one of ours: each is looked for in its section and among those found, and a site may have as many as fit its file */
};
extern const struct sg_pack_limits sg_rules_limits;

/* rules_job.c. Pure; an answer for every request of that form. */
int sg_rules_job_prepare(struct sg_err *err);
int sg_rules_job(struct sg_bytes request, struct sg_buf *ret_reply);

/* --- the asking side, rules_apart.c and rules_ask.c */

struct sg_rules_piece {
	const char *container;
	const struct sg_cfg *cfg;
	uint32_t node;
	char *folder;
};
struct sg_rules_chain {
	size_t *at; /* pieces */
	size_t n, cap;
};
struct sg_rules_judged {
	size_t chain;
	const struct sg_test *test;
	struct sg_judgement *ret;
};
struct sg_rules_compared {
	size_t chain;
	const struct sg_ur *ur;
	char *folder;
	struct sg_rules_equals *ret;
};
struct sg_rules {
	struct sg_rules_piece *pieces;
	size_t n_pieces, cap_pieces;
	struct sg_rules_chain *chains;
	size_t n_chains, cap_chains;
	struct sg_rules_judged *judged;
	size_t n_judged, cap_judged;
	struct sg_rules_compared *compared;
	size_t n_compared, cap_compared;
};

void sg_rules_pack(const struct sg_rules *rules, struct sg_buf *out); /* all of them, as a request */
void sg_rules_drop_questions(struct sg_rules *rules);

/* rules_suspects.c: chains that ended or held up a worker which had nothing else to read. One thread's; bounded; the oldest go. */
struct sg_rules_suspect {
	struct sg_hash place, octets; /* where the chain's pieces stand; what they are */
	int64_t span, until;          /* not asked again for that long after the last time; monotonic ms */
	char *why;
};
/* NULL: nothing is known against it. What is known stays where it is until the next call of sg_rules_suspect(). */
const struct sg_rules_suspect *sg_rules_suspected(
        const struct sg_rules *rules, const struct sg_rules_chain *chain, int64_t now, bool *ret_same_octets);
void sg_rules_suspect(
        const struct sg_rules *rules, const struct sg_rules_chain *chain, int64_t now, const char *why);
void sg_rules_suspect_nobody(void);

/* rules_believe.c: one judgement for each that was asked, one list for each comparison; both zeroed before. SG_EIO: nothing of the answer is believed, because
 * what one part says wrongly makes the others doubtful; what was written is the caller's to release all the same. */
int sg_rules_believe(const struct sg_rules *rules, const struct sg_val *answer,
        struct sg_judgement *ret_fates, struct sg_rules_equals *ret_equals, struct sg_err *err);

/* rules_memo.c: whole replies by their requests. Bounded; the oldest go. */
bool sg_rules_remembered(const struct sg_hash *request, struct sg_buf *ret_reply);
void sg_rules_remember(const struct sg_hash *request, struct sg_bytes reply);
void sg_rules_forget_answers(void);

#endif
