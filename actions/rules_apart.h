/* rules_apart.h - what rewrite rules do, whoever wrote them: the questions of one proof, gathered here and asked at once.
 *
 * An octet call (apart.h): the sections' octets as they stand in the files go out with the tests or with our own rules; verdicts come back. In a process that
 * called sg_actions_apart() a worker answers, else the same function does in this thread, from the same octets; nothing falls back from one to the other.
 *
 * Of an answer this process checks that it has one part for each question, that a fate is one which such a test can have, that texts are bounded (and makes
 * them safe), and that what is named as a rule is an element of a section of that chain, which it finds by itself in the scanned file. Otherwise the whole
 * answer counts as none. What no check here can tell is whether the verdict is right.
 *
 * Time: the patterns of all questions asked at once share one bound (core/rewrite/match.c), and workers end as apart_time.c says. Answers are remembered by
 * the SHA-256 of everything that was asked, because what rules do depends on nothing else; failures to answer are not.
 * One owner's trouble is not everybody's: where a worker ends without an answer the chains are asked about in halves, down to the one that ends it. Of that
 * one nothing is known for a minute, and longer each time that it happens again; whatever stands there later is asked about alone.
 * Thread: the change lane's, which is the only one that plans and proves. The memory has no lock: it is that thread's.
 */
#ifndef SG_ACTIONS_RULES_APART_H
#define SG_ACTIONS_RULES_APART_H

#include "actions/action.h"

/* What is asked at once. Owner: the proof's files (iis_effective.h); lives as long as they do and borrows from them. */
struct sg_rules;
struct sg_rules *sg_rules_new(void);
void sg_rules_free(struct sg_rules *rules);

/* All rewrite sections that count for the URL, in their order: *ret is the chain's number. Site and url NULL: the server. SG_EPARSE: a file on the way cannot
 * be read. */
int sg_rules_chain(struct sg_rules *rules, struct sg_iis_files *files, const struct sg_iis_site *site,
        const char *url, size_t *ret, struct sg_err *err);

/* What the chain does to the test's request. sg_rules_answer() fills in *ret, which stays where it is until then, as does the test; ret->defeat goes where the
 * rules do what they are for. */
void sg_rules_judge(
        struct sg_rules *rules, size_t chain, const struct sg_test *test, struct sg_judgement *ret);

/* A rule that does the same as one of ours. */
struct sg_rules_equal {
	size_t item;           /* which of ours */
	const char *container; /* borrowed, as cfg */
	const struct sg_cfg *cfg;
	uint32_t section, rule; /* the elements */
};
struct sg_rules_equals {
	struct sg_rules_equal *at;
	size_t n, cap;
};
/* Which rules that are in force and enabled at the end of the chain do the same as items of ours, written in `folder` (sg_rw_place). Nothing is, where a section
 * cannot be read; of many that do what one item does the first are enough. sg_rules_answer() fills in *ret; until then it and `ur` stay where they are. */
struct sg_ur;
void sg_rules_compare(struct sg_rules *rules, size_t chain, const struct sg_ur *ur, const char *folder,
        struct sg_rules_equals *ret);
void sg_rules_equals_release(struct sg_rules_equals *equals);

/* Asks what was gathered since the last time. Where a chain has no answer its judgements are UNKNOWN and say why, and nothing in it is found to be equal.
 * SG_EIO: no chain has one. Blocking. */
int sg_rules_answer(struct sg_rules *rules, struct sg_err *err);

void sg_rules_forget(void); /* all answers, suspects, and that workers took too long; for tests */

#endif
