/* open.c - makes, checks, opens and closes a journal (journal.h).
 *
 * LMDB's creation is not crash-atomic, and LMDB never syncs its folder: a new environment is built aside as journal.new with its first commit, synced,
 * renamed to journal.mdb. A journal.new that is found was left by a creation that died, and is removed. The mirror is made after the journal; then the
 * folder is synced, before anything is entrusted to the two. A folder that somebody else owns is not used: it may have been made to be found. A mirror with claims and no journal beside it means that the journal was lost: nothing new is made in its place.
 */
#include "journal/journal.h"

#include "journal/mirror_content.h"
#include "journal/own.h"
#include "journal/verify.h"
#include "journal/writer.h"
#include <stdlib.h>
#include <string.h>

enum { RESERVE_SIZE = 1 << 20, CHECK_TIMEOUT_MS = 120000 };
static const uint64_t default_size = 64ull << 20, smallest_size = 1ull << 20, granularity = 1ull << 16;

static char *in_folder(const char *folder, const char *name)
{
	return sg_format("%s/%s", folder, name);
}

static bool is_there(const char *path, struct sg_err *err, int *rc)
{
	struct sg_file_id id;
	struct sg_err why = SG_ERR_INIT;
	int found = *rc == 0 ? sg_os_stat(path, &id, &why) : SG_ENOENT;

	if (found != 0 && found != SG_ENOENT)
		*rc = sg_fail(err, found, "%s", why.msg);
	return found == 0;
}

/* The first commit: who made it and when, and an empty head. */
static int write_first(const char *path, const char *machine, const struct sg_clock *now, struct sg_err *err)
{
	struct sg_made made = { SG_JOURNAL_FORMAT, now->wall, sg_strdup(machine ? machine : "") };
	struct sg_db *db = NULL;
	struct sg_writer w;
	int rc = sg_db_open(path, false, &db, err);

	if (rc == 0) {
		struct sg_val *v = sg_shape_made(&made);
		sg_writer_begin(&w, db, true, err);
		sg_writer_put(&w, SG_T_META, sg_bytes_of("made"), v);
		rc = sg_writer_commit(&w, now);
		sg_val_free(v);
	}
	sg_db_close(db);
	free(made.machine);
	return rc;
}

static int make(const char *folder, const char *path, const struct sg_journal_options *options,
        const struct sg_clock *now, struct sg_err *err)
{
	uint64_t size = options->map_size ? options->map_size : default_size;
	char *aside = in_folder(folder, "journal.new");
	int rc = 0;

	size = (size + granularity - 1) / granularity * granularity;
	if (size < smallest_size)
		rc = sg_fail(err, SG_EINVAL, "a journal of %llu bytes is too small: at least 1 MiB",
		        (unsigned long long)size);
	if (rc == 0)
		rc = sg_os_unlink(aside, err);
	if (rc == 0)
		rc = sg_db_make(aside, size, err);
	if (rc == 0)
		rc = write_first(aside, options->machine, now, err);
	if (rc == 0)
		rc = sg_os_sync_file(aside, err);
	if (rc == 0)
		rc = sg_os_replace(aside, path, err);
	if (rc != 0)
		sg_os_unlink(aside, NULL);
	free(aside);
	return rc;
}

/* --- the check before the file is mapped */

static void first_finding(void *arg, const struct sg_finding *f)
{
	struct sg_err *err = arg;

	sg_fail(err, SG_EDAMAGED, "%s: %s", f->record, f->text);
}

/* Reads the file as octets, then proves it whole. Runs in the child, and once more in this process for the sentence when the child found something. */
static int check_octets(const char *path, struct sg_err *err)
{
	struct sg_journal_read r = { 0 };
	struct sg_made made = { 0 };
	int rc = sg_pages_read_file(path, &r.pages, err);

	if (rc != 0)
		return rc;
	struct sg_source s = sg_pages_source(r.pages);
	struct sg_err why = SG_ERR_INIT;
	if (sg_look_made(&s, &made, &why) == 0 && made.format > SG_JOURNAL_FORMAT)
		rc = sg_fail(err, SG_EVERSION,
		        "%s has journal format %u; this stopgap (%s) reads formats up to %d: install the "
		        "newer "
		        "version",
		        path, made.format, SG_VERSION, SG_JOURNAL_FORMAT);
	free(made.machine);
	if (rc == 0 && sg_pages_faults(r.pages) > 0)
		rc = sg_fail(err, SG_EDAMAGED, "%s", sg_pages_fault(r.pages, 0));
	if (rc == 0 && sg_verify(&s, first_finding, err) > 0)
		rc = SG_EDAMAGED;
	sg_pages_free(r.pages);
	return rc;
}

static int count_record(void *arg, struct sg_bytes key, struct sg_bytes value)
{
	(void)key;
	*(size_t *)arg += value.len;
	return 0;
}

static int check_in_child(void *arg)
{
	const char *path = arg;
	struct sg_db *db = NULL;
	struct sg_txn txn;
	size_t octets = 0;
	int rc = check_octets(path, NULL);

	if (rc != 0)
		return 1;
	/* And LMDB itself must be able to walk it: this is what may kill the process. */
	rc = sg_db_open(path, true, &db, NULL);
	if (rc != 0)
		return 2;
	sg_txn_begin(&txn, db, false, NULL);
	struct sg_source s = sg_txn_source(&txn);
	for (size_t i = 0; rc == 0 && i < SG_T_COUNT; i++)
		rc = s.each(
		        s.self, (enum sg_table)i, (struct sg_bytes){ 0 }, false, count_record, &octets, NULL);
	sg_txn_abort(&txn);
	sg_db_close(db);
	return rc != 0 ? 3 : 0;
}

static int check_guarded(const char *path, struct sg_err *err)
{
	struct sg_err why = SG_ERR_INIT;
	char *own = sg_strdup(path);
	int rc = sg_os_guarded(check_in_child, own, CHECK_TIMEOUT_MS, &why);

	if (rc != SG_ETIMEOUT) /* else somebody may read it still */
		free(own);
	if (rc == 0)
		return 0;
	if (rc > 0) {
		sg_err_clear(&why);
		rc = check_octets(path, &why);
		if (rc == 0)
			rc = sg_fail(&why, SG_EDAMAGED, "LMDB cannot walk it");
	}
	return rc == SG_EVERSION
	               ? sg_fail(err, rc, "%s", why.msg)
	               : sg_fail(err, rc, "%s: %s. Keep the file; `stopgap-journal check` lists the damage",
	                         path, why.msg);
}

/* --- journal and mirror, machine and journal */

/* Refuses a journal that lost what its mirror knows: an older copy that was put back, or writes that the disk had acknowledged. */
static int compare_mirror(const char *path, const struct sg_source *s, const struct sg_head *head,
        bool *ret_behind, struct sg_err *err)
{
	struct sg_val *content = NULL;
	struct sg_mirror_gist gist;
	struct sg_bytes value;
	unsigned char key[8];
	uint64_t seq = 0;

	if (sg_mirror_read(path, &content, &seq, NULL) != 0)
		return 0; /* none, or none that verifies: it is written afresh */
	sg_mirror_gist(content, &gist);
	*ret_behind = gist.stamp != head->stamp;
	int rc = 0;
	if (gist.audit_last > head->audit_last || gist.stamp > head->stamp) {
		rc = sg_fail(err, SG_EDAMAGED,
		        "journal.mdb is older than journal.mirror (line %llu, and line %llu): an older copy "
		        "was put in its place, "
		        "or writes were lost",
		        (unsigned long long)head->audit_last, (unsigned long long)gist.audit_last);
	} else if (gist.audit_last >= head->audit_first && gist.audit_last > 0) {
		sg_key_of_audit(gist.audit_last, key);
		struct sg_bytes k = { key, sizeof key };
		struct sg_audit line = { 0 };
		if (s->get(s->self, SG_T_AUDIT, k, &value, err) == 0 &&
		        sg_look_audit(s, k, value, &line, err) == 0 &&
		        !sg_hash_equal(&line.hash, &gist.chain))
			rc = sg_fail(err, SG_EDAMAGED,
			        "audit line %llu is not the one that journal.mirror knows: the history was "
			        "changed",
			        (unsigned long long)gist.audit_last);
		sg_audit_release(&line);
	}
	sg_val_free(content);
	return rc;
}

static int open_mirror(struct sg_journal *j, struct sg_err *err)
{
	char *path = in_folder(j->folder, "journal.mirror");
	struct sg_head head = { 0 };
	struct sg_val *content = NULL;
	struct sg_look_at l;
	bool behind = true;
	int rc = sg_look_begin(&l, &j->reader, err);

	if (rc == 0)
		rc = sg_look_head(&l.source, &head, err);
	if (rc == 0)
		rc = compare_mirror(path, &l.source, &head, &behind, err);
	if (rc == 0)
		rc = sg_mirror_open(path, sg_db_size(j->db) / 8, &j->mirror, err);
	/* The process may have died between a commit and its mirror. */
	if (rc == 0 && behind) {
		rc = sg_mirror_content(&l.source, &head, &content, err);
		if (rc == 0)
			rc = sg_mirror_write(j->mirror, content, err);
	}
	sg_val_free(content);
	sg_look_end(&l);
	free(path);
	return rc;
}

static int write_made(
        struct sg_journal *j, const struct sg_made *made, const struct sg_clock *now, struct sg_err *err)
{
	struct sg_val *v = sg_shape_made(made);
	struct sg_writer w;
	int rc;

	sg_writer_begin(&w, j->db, false, err);
	sg_writer_put(&w, SG_T_META, sg_bytes_of("made"), v);
	rc = sg_writer_commit(&w, now);
	sg_val_free(v);
	return rc;
}

/* Whose journal it is, and in which format: older records are read as they are and written in today's format when they change, so the file says first
 * that an older stopgap cannot read it any more. */
static int check_made(struct sg_journal *j, const struct sg_journal_options *options,
        const struct sg_clock *now, struct sg_err *err)
{
	struct sg_made made = { 0 };
	struct sg_look_at l;
	bool changed;
	int rc = sg_look_begin(&l, &j->reader, err);

	if (rc == 0)
		rc = sg_look_made(&l.source, &made, err);
	sg_look_end(&l);
	if (rc == 0 && made.format > SG_JOURNAL_FORMAT)
		rc = sg_fail(err, SG_EVERSION,
		        "%s has journal format %u; this stopgap (%s) reads formats up to %d: install the "
		        "newer "
		        "version",
		        j->folder, made.format, SG_VERSION, SG_JOURNAL_FORMAT);
	changed = rc == 0 && made.format < SG_JOURNAL_FORMAT;
	if (rc == 0 && options->machine && strcmp(made.machine, options->machine) != 0) {
		if (!options->any_machine)
			rc = sg_fail(err, SG_ESTATE,
			        "%s was written by the machine %s, and this is %s: --any-machine accepts it "
			        "(README, moving a journal)",
			        j->folder, made.machine, options->machine);
		sg_str_set(&made.machine,
		        options->machine); /* somebody said yes: from now on it is this machine's */
		changed = true;
	}
	made.format = SG_JOURNAL_FORMAT;
	if (rc == 0 && changed)
		rc = write_made(j, &made, now, err);
	free(made.machine);
	return rc;
}

/* A journal.mdb that is missing beside a mirror with claims was lost; making a new one would forget what must be given back. */
static int refuse_lost(const char *folder, struct sg_err *err)
{
	char *path = in_folder(folder, "journal.mirror");
	struct sg_val *content = NULL;
	struct sg_mirror_gist gist = { 0 };
	uint64_t seq = 0;
	int rc = 0;

	if (sg_mirror_read(path, &content, &seq, NULL) == 0) {
		sg_mirror_gist(content, &gist);
		if (gist.holds + gist.blocks > 0 || gist.audit_last > 0)
			rc = sg_fail(err, SG_EDAMAGED,
			        "%s/journal.mdb is missing, and journal.mirror beside it keeps %llu claims: "
			        "put the journal back; "
			        "a new one would forget what must be given back",
			        folder, (unsigned long long)gist.holds);
		sg_val_free(content);
	}
	if (rc == 0)
		rc = sg_os_unlink(path, err);
	free(path);
	return rc;
}

/* What a journal says is given back to files that only administrators may write: a folder that is ours is not enough where one of its files is not. */
static int refuse_others(const char *folder, struct sg_err *err)
{
	static const char *const names[] = { "journal.mdb", "journal.mirror" };
	int rc = sg_os_ours(folder, err);

	for (size_t i = 0; rc == 0 && i < sizeof names / sizeof *names; i++) {
		char *path = in_folder(folder, names[i]);

		if (is_there(path, err, &rc))
			rc = sg_os_ours(path, err);
		free(path);
	}
	return rc;
}

int sg_journal_open(const char *folder, const struct sg_journal_options *options, const struct sg_clock *now,
        struct sg_journal **ret, struct sg_err *err)
{
	char *path = in_folder(folder, "journal.mdb"), *lock = in_folder(folder, "journal.lock"),
	     *aside = in_folder(folder, "journal.new");
	char *reserve = in_folder(folder, "reserve");
	struct sg_journal *j = sg_alloc(sizeof *j);
	int rc = sg_os_mkdirs(folder, err);

	j->folder = sg_strdup(folder);
	j->lock = (struct sg_os_file)SG_OS_FILE_INIT;
	if (rc == 0)
		rc = refuse_others(folder, err);
	if (rc == 0)
		rc = sg_os_lock(lock, &j->lock, err);
	if (rc == 0)
		rc = sg_os_unlink(aside, err);
	bool there = is_there(path, err, &rc);
	if (rc == 0 && !there) {
		rc = refuse_lost(folder, err);
		if (rc == 0)
			rc = make(folder, path, options, now, err);
		j->created = rc == 0;
	} else if (rc == 0 && !options->unguarded) {
		rc = check_guarded(path, err);
	}
	if (rc == 0)
		rc = sg_db_open(path, false, &j->db, err);
	j->reader.db = j->db;
	if (rc == 0)
		rc = check_made(j, options, now, err);
	if (rc == 0)
		rc = open_mirror(j, err);
	/* Always, because the start that made these names may have died before it came here. */
	if (rc == 0)
		rc = sg_os_sync_dir(folder, err);
	if (rc == 0 && !is_there(reserve, err, &rc) && rc == 0) {
		/* Without it the service still works; a full volume is what it is for, and then there may be no room for it either. */
		if (sg_os_allocate(reserve, RESERVE_SIZE, NULL) != 0)
			sg_os_unlink(reserve, NULL);
	}
	if (rc != 0) {
		sg_journal_close(j);
	} else {
		j->reader.mirror = in_folder(folder, "journal.mirror");
		*ret = j;
	}
	free(path);
	free(lock);
	free(aside);
	free(reserve);
	return rc;
}

void sg_journal_close(struct sg_journal *j)
{
	if (!j)
		return;
	sg_mirror_close(j->mirror);
	sg_db_close(j->db);
	sg_os_close(&j->lock);
	free(j->reader.mirror);
	free(j->folder);
	free(j);
}

bool sg_journal_created(const struct sg_journal *j)
{
	return j->created;
}

struct sg_journal_read *sg_journal_reader(struct sg_journal *j)
{
	return &j->reader;
}

const char *sg_journal_folder(const struct sg_journal *j)
{
	return j->folder;
}

int sg_journal_reserve_free(struct sg_journal *j, struct sg_err *err)
{
	char *path = in_folder(j->folder, "reserve");
	int rc = 0;

	if (!is_there(path, err, &rc) && rc == 0)
		rc = sg_fail(err, SG_ENOENT, "%s: the reserve is used already", path);
	if (rc == 0)
		rc = sg_os_unlink(path, err);
	free(path);
	return rc;
}

int sg_journal_reserve_make(struct sg_journal *j, struct sg_err *err)
{
	char *path = in_folder(j->folder, "reserve");
	int rc = sg_os_allocate(path, RESERVE_SIZE, err);

	if (rc != 0)
		sg_os_unlink(path, NULL);
	free(path);
	return rc;
}
