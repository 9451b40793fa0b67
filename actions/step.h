/* step.h - look at values and move them. The ONLY caller of write on a target.
 *
 * Guarantees: P2 (a value found OTHER is never written), P3 (files and folders are synced before it returns 0), P5 (a reader sees the old file or
 * the new one), P10 (a file is replaced only if the result parses and only the addressed nodes differ). All values of one container change in one
 * replace. What it does not do: it knows no mitigation, no hold and no journal; walking back after a failure is the caller's (engine/recover.c).
 * Two kinds of container: config files (actions/config_edit.c), and the services: in the SYSTEM hive of a drive a start type is four octets that are
 * written in place (actions/step_hive.c), and where drives are live it is moved by the service control manager (actions/step_live.c). No service can be
 * half-way there: each Start is its old or its new number at any instant.
 */
#ifndef SG_ACTIONS_STEP_H
#define SG_ACTIONS_STEP_H

#include "base/drive.h"
#include "model/row.h"

/* What a look at one value found, against its move. */
enum sg_seen {
	SG_SEEN_FROM,
	SG_SEEN_TO,
	SG_SEEN_OTHER,
	SG_SEEN_GONE,   /* the container is not there, or what should carry the value is not */
	SG_SEEN_FAILED, /* it could not be read or does not parse: err says why */
};
struct sg_seen_value {
	enum sg_seen seen;
	struct sg_content now; /* what is there */
	char *why;             /* for FAILED and OTHER */
};
void sg_seen_release(struct sg_seen_value *seen, size_t n);

/* Reads the content at each address as it is now. `ret` has room for n. Always fills all; returns 0 also when some FAILED. */
int sg_step_read(const struct sg_drives *drives, const struct sg_addr *addrs, size_t n,
        struct sg_seen_value *ret, struct sg_err *err);
/* Each container is read once. */
int sg_step_look(const struct sg_drives *drives, const struct sg_moves *moves, struct sg_seen_value *ret,
        struct sg_err *err);

/* The identity of the container now, for `replaced`: SG_ENOENT when gone. */
struct sg_container_id {
	uint64_t dev, ino;
	struct sg_hash file;
};
int sg_step_identify(const struct sg_drives *drives, const char *container, struct sg_container_id *ret,
        struct sg_err *err);

/* What the container of these moves would hash to with every value that is at from or to brought to its settle content. Nothing is asked about whether it
 * could be written: a hive that is not clean has an answer, too. All moves are of one container; SG_ENOENT when it is gone. */
int sg_step_rest(const struct sg_drives *drives, const struct sg_moves *moves, struct sg_hash *ret,
        struct sg_err *err);

/* A start type that changes, and what that means: "service W3SVC: Start 2 (Automatic) -> 4 (Disabled)". */
struct sg_step_patch {
	size_t at; /* a hive: of its four octets */
	char *text;
	char *service; /* live: whose, and from what to what */
	uint32_t from, to;
	bool delayed; /* and its automatic start is delayed then */
};
/* The edited files, in memory: nothing is written yet. */
struct sg_step_file {
	char *container, *native, *temp; /* temp: native path of the temporary file, in the same folder */
	char *temp_win;                  /* the same as a Windows path, for the intent */
	bool in_place; /* services: temp and temp_win are NULL, and only the patches are written */
	bool live;     /* in_place, by the service control manager: native is NULL and there are no octets */
	struct sg_step_patch *patches; /* in the order of the moves */
	size_t n_patches, cap_patches;
	struct sg_buf before, after;
	struct sg_container_id id; /* of `before` */
	bool changed;
};
struct sg_step_plan {
	const struct sg_drives *drives; /* borrowed */
	struct sg_step_file *files;
	size_t n_files, cap_files;
	enum sg_seen *seen;         /* per move */
	bool *kept_foreign;         /* per move: a scaffold that stays because something foreign is inside */
	struct sg_content *written; /* per move: the content as it stands in `after` */
	size_t n;
};
/* Plans every move from what is there now: FROM is moved to `to`, TO is left. With `toward_settle`, values at from or to are brought to the settle
 * content instead, and OTHER and GONE are left alone (see seen). Without it, OTHER is SG_ECONFLICT and GONE is SG_ENOENT, naming the address; nothing is
 * planned then. A hive that changes is refused (SG_EUNSUPPORTED, the message says what to do) when it is not clean, its logs are newer, Windows is hibernated
 * on its drive, or it has hard links. Order: removals inner to outer, then scaffolds outer to inner, then elements. SG_ELIMIT: over `max_web_config` bytes (0: no limit).
 * Temporary names are random, end in ".config" and are made here, so that the intent can name them. */
int sg_step_plan(const struct sg_drives *drives, const struct sg_moves *moves, bool toward_settle,
        uint64_t max_web_config, struct sg_step_plan *ret, struct sg_err *err);
void sg_step_plan_release(struct sg_step_plan *plan);
/* Takes the names of temporary files from `temps` (Windows paths of an earlier plan), where one is in the file's folder. */
void sg_step_plan_rename(struct sg_step_plan *plan, const struct sg_strs *temps);

/* Writes a plan: every temporary file, sync each; look once more (identity and octets unchanged, and the way there without a link, else SG_ECONFLICT or
 * SG_EUNSUPPORTED, temporaries removed, nothing renamed); write into hives, sync each once and read it back; rename each; sync each folder once. Hives come before
 * the renames because a disk says no to a write more readily than to a rename: then no config file has changed. SG_EFATAL after a failed flush. When a later rename fails, earlier ones stay: the caller settles.
 * With `sync_unchanged` files without a change are synced, with their folders, too (recovery). `stop` (may be NULL) is asked before the first rename. */
int sg_step_write(const struct sg_step_plan *plan, bool sync_unchanged, bool (*stop)(void *arg), void *arg,
        struct sg_err *err);

/* Removes temporary files of an intent that are still there. Only names that this module makes are touched. Tries all of them; the first failure
 * is reported. */
int sg_step_clean(const struct sg_drives *drives, const struct sg_strs *temps, struct sg_err *err);

#endif
