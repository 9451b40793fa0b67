/* hive.h - a registry hive file, read by a small bounds-checked reader. Never writes; what is written is four octets that it found (step_hive.c).
 *
 * Format: "Windows registry file format specification" (msuhanov/regf, CC BY 4.0); facts/hive.md tells what was measured. The whole file is read once
 * into memory. Every offset and size from the file is checked; a list of lists is followed one level, so there is no recursion and no cycle.
 * Owner: the caller. Pure after loading; any thread.
 */
#ifndef SG_ACTIONS_HIVE_H
#define SG_ACTIONS_HIVE_H

#include "base/buf.h"
#include "base/drive.h"
#include "base/err.h"

#define SG_HIVE_SYSTEM   "%windir%\\System32\\config\\SYSTEM"
#define SG_HIVE_SOFTWARE "%windir%\\System32\\config\\SOFTWARE"
#define SG_NO_KEY        UINT32_MAX

enum { SG_REG_SZ = 1, SG_REG_EXPAND_SZ = 2, SG_REG_DWORD = 4, SG_REG_MULTI_SZ = 7 };

struct sg_hive {
	char *name; /* for messages: the canonical Windows path */
	struct sg_buf octets;
	size_t end;    /* of the last bin; what follows is not looked at */
	uint32_t root; /* a key: the offset of its nk cell in the octets */
	/* Base block. A hive is clean when its checksum holds and both sequence numbers are equal; only then may it be written. Bit 0 of the flags says
	 * that registry transactions were used; that is so on healthy servers. */
	uint32_t primary, secondary, flags, minor;
	bool clean;
	char *unclean; /* why it is not, for people; NULL: clean */
};

#define SG_HIVE_MAX ((size_t)1 << 30)

/* Pure: the octets are taken over, also when it fails. SG_EPARSE names the offset; SG_EUNSUPPORTED: a version or file type that nobody writes a SYSTEM hive
 * in. A dirty hive is read and says so. 8 KiB to 1 GiB (SG_ELIMIT). */
int sg_hive_scan(const char *name, struct sg_buf *octets, struct sg_hive *ret, struct sg_err *err);
/* Reads the file of a drive, and NAME.LOG1 and NAME.LOG2 beside it: entries that are newer than the hive make it unclean, too. SG_ENOENT: not there. */
int sg_hive_load(
        const struct sg_drives *drives, const char *win_path, struct sg_hive *ret, struct sg_err *err);
/* The second half of that: looks at the logs beside the hive that `h->name` names. */
void sg_hive_check_logs(const struct sg_drives *drives, struct sg_hive *h);
void sg_hive_release(struct sg_hive *h);

/* A key below `from` (h->root) by "Select" or "ControlSet001\Services\X", letters' case ignored. SG_ENOENT names the first part that is missing;
 * SG_EPARSE. *ret is SG_NO_KEY after any failure. */
int sg_hive_key(const struct sg_hive *h, uint32_t from, const char *path, uint32_t *ret, struct sg_err *err);
/* One step, by the very name: a backslash in it separates nothing. *ret is SG_NO_KEY after any failure. Two subkeys of that name, or one that says it belongs to
 * another key: SG_EPARSE. */
int sg_hive_child(
        const struct sg_hive *h, uint32_t from, const char *name, uint32_t *ret, struct sg_err *err);
struct sg_hive_keys {
	struct sg_hive_named_key {
		char *name;
		uint32_t key;
	} * at;
	size_t n, cap;
};
/* The subkeys, in the file's order (sorted by their upper-case names); at most 65536, SG_ELIMIT. */
int sg_hive_list(const struct sg_hive *h, uint32_t key, struct sg_hive_keys *ret, struct sg_err *err);
void sg_hive_keys_release(struct sg_hive_keys *k);
/* Their names alone. */
int sg_hive_subkeys(const struct sg_hive *h, uint32_t key, struct sg_strs *ret, struct sg_err *err);

struct sg_hive_value {
	uint32_t type;
	struct sg_buf data; /* at most 1 MiB */
	bool is_inline;     /* the data is in the vk cell itself: 4 octets or fewer */
	size_t at;          /* inline: offset of the data in the file */
};
/* name "" is the key's default value. SG_ENOENT; SG_EPARSE, also for two values of that name; SG_ELIMIT. */
int sg_hive_value(const struct sg_hive *h, uint32_t key, const char *name, struct sg_hive_value *ret,
        struct sg_err *err);
void sg_hive_value_release(struct sg_hive_value *v);
/* REG_DWORD; SG_EINVAL for another type or size. *ret_at (may be NULL): offset of its 4 octets, 0 when they are not inline. */
int sg_hive_dword(const struct sg_hive *h, uint32_t key, const char *name, uint32_t *ret, size_t *ret_at,
        struct sg_err *err);
/* REG_SZ and REG_EXPAND_SZ as UTF-8, not expanded, owned by the caller. */
int sg_hive_string(const struct sg_hive *h, uint32_t key, const char *name, char **ret, struct sg_err *err);
/* REG_MULTI_SZ. */
int sg_hive_strings(
        const struct sg_hive *h, uint32_t key, const char *name, struct sg_strs *ret, struct sg_err *err);

/* What a value says, wherever it was read: `where` and `name` are for messages. SG_EINVAL for another type or size. */
int sg_hive_value_dword(const struct sg_hive_value *v, const char *where, const char *name, uint32_t *ret,
        struct sg_err *err);
int sg_hive_value_string(
        const struct sg_hive_value *v, const char *where, const char *name, char **ret, struct sg_err *err);
int sg_hive_value_strings(const struct sg_hive_value *v, const char *where, const char *name,
        struct sg_strs *ret, struct sg_err *err);

/* Why nothing may be written into the hive now, and what to do; NULL: nothing speaks against it. It is unclean, or Windows is hibernated on its drive (it
 * would write its memory over what we wrote), or the system does not let this account write. Owned by the caller. */
char *sg_hive_locked(const struct sg_drives *drives, const struct sg_hive *h);

/* HKLM\SYSTEM's control set: the number in Select\Current, when Default is the same; else SG_EUNSUPPORTED says that the next start takes another. */
int sg_hive_control_set(const struct sg_hive *h, uint32_t *ret_key, unsigned *ret_number, struct sg_err *err);

#endif
