/* journal.h - the durable memory: what is known, what is held, what is under way, and what happened.
 *
 * Write half: exactly four durable writes (accept, open_intent, close_intent, note), each one LMDB transaction that is on the disk before it returns
 * 0 (P3, P4). After a failed flush it returns SG_EFATAL and every later call does too: the process must stop. Read half: read.h.
 * Files in the journal's folder: journal.mdb (MDB_NOSUBDIR, MDB_NOLOCK; size fixed when made and allocated), journal.mirror (two slots with checksums),
 * journal.lock (one owner), reserve (space for a revert on a full volume). Creation is aside: journal.new, synced, renamed, folder synced.
 * Thread: one owner, one call at a time. Nothing here decides anything.
 */
#ifndef SG_JOURNAL_JOURNAL_H
#define SG_JOURNAL_JOURNAL_H

#include "base/clock.h"
#include "model/mitigation.h"
#include "model/row.h"

struct sg_journal;

struct sg_journal_options {
	uint64_t map_size;   /* bytes, only for a new one; 0: 64 MiB */
	const char *machine; /* id of the machine; a journal of another one is SG_ESTATE unless any_machine */
	bool any_machine;
	bool unguarded; /* tests: do not check the file in a child first */
};
/* Opens, or makes it when it is not there. Checks it in a throw-away child first. Errors: SG_EACCES (others may change the folder or a file of the journal:
 * sg_os_ours), SG_EBUSY (another stopgapd has it, pid named), SG_EDAMAGED (which
 * record), SG_EVERSION (both versions named), SG_ENOSPC, SG_EIO. Clock: `now` is what is recorded as created. */
int sg_journal_open(const char *folder, const struct sg_journal_options *options, const struct sg_clock *now,
        struct sg_journal **ret, struct sg_err *err);
void sg_journal_close(struct sg_journal *j);
bool sg_journal_created(const struct sg_journal *j); /* this open made it */

/* What one durable write changes, all in one transaction. Pointers are borrowed for the call. */
struct sg_body { /* octets kept by their SHA-256: a Config, a document, the last good configuration */
	struct sg_hash hash;
	struct sg_bytes octets;
};
struct sg_change {
	struct sg_row *const *rows; /* put */
	size_t n_rows;
	const struct sg_key *rows_drop; /* that hold nothing */
	size_t n_rows_drop;
	const struct sg_hold *holds_put;
	size_t n_holds_put;
	const struct sg_addr *holds_drop;
	size_t n_holds_drop;
	const struct sg_block *blocks_put; /* key: feed, id, revision, source */
	size_t n_blocks_put;
	const struct sg_block *blocks_drop;
	size_t n_blocks_drop;
	const struct sg_feed_row *feeds;
	size_t n_feeds;
	const char *
	        serial_reset; /* the one feed whose serial may go down with this write: an administrator said so; NULL: none */
	const struct sg_body *bodies;
	size_t n_bodies;
	const struct sg_val *facts; /* a map: each key replaces the fact of that name; a nil drops it */
	struct sg_audit *audits;    /* appended in order; seq, prev and hash are filled in */
	size_t n_audits;
};

int sg_journal_accept(
        struct sg_journal *j, const struct sg_change *change, const struct sg_clock *now, struct sg_err *err);
/* Fills intent->seq. Holds with their befores and the intent go in one transaction, then the mirror is written and synced. SG_ESTATE: one is open.
 * SG_ENOSPC: past the first threshold (an apply, supersede or repair); reverts and recovery may use the rest. */
int sg_journal_open_intent(struct sg_journal *j, struct sg_intent *intent, const struct sg_change *change,
        const struct sg_clock *now, struct sg_err *err);
int sg_journal_close_intent(
        struct sg_journal *j, const struct sg_change *change, const struct sg_clock *now, struct sg_err *err);
int sg_journal_note(
        struct sg_journal *j, const struct sg_change *change, const struct sg_clock *now, struct sg_err *err);
/* A start of recovery, counted in the open intent before anything is touched. (A note.) */
int sg_journal_count_attempt(
        struct sg_journal *j, uint32_t *ret_attempts, const struct sg_clock *now, struct sg_err *err);

/* Percent of the map. Past the first, accept and an intent that adds (apply, supersede, repair, take over) are SG_ENOSPC; past the second, notes and
 * reverts, too. A close may use all of it. */
enum { SG_JOURNAL_FIRST = 75, SG_JOURNAL_SECOND = 97 };

/* Takes audit lines before `keep_from` (ms) out, leaving a checkpoint of the chain, and bodies and contents that nothing names any more. */
int sg_journal_prune(struct sg_journal *j, int64_t keep_from, const struct sg_clock *now, uint64_t *ret_lines,
        struct sg_err *err);

struct sg_journal_space {
	uint64_t size, used, first_threshold, second_threshold; /* bytes */
};
void sg_journal_space(struct sg_journal *j, struct sg_journal_space *ret);

/* The read half, on the same environment. */
struct sg_journal_read *sg_journal_reader(struct sg_journal *j);
const char *sg_journal_folder(const struct sg_journal *j);

/* Space for a revert on a full volume: gives the reserve back to the volume (SG_ENOENT: used already), and makes it again. */
int sg_journal_reserve_free(struct sg_journal *j, struct sg_err *err);
int sg_journal_reserve_make(struct sg_journal *j, struct sg_err *err);

#endif
