/* hive_file.h - registry hives for tests: built from a tree of keys and values, read back into one, and changed on a test drive.
 *
 * The writer follows the public description of the format and shares nothing with actions/hive.c: same input, same octets. Names are UTF-8; keys are
 * written "Select" or "ControlSet001\\Services\\W3SVC", "" for the root; what is missing on the way is made. What fails here ends the test.
 */
#ifndef SG_TESTS_LIB_HIVE_FILE_H
#define SG_TESTS_LIB_HIVE_FILE_H

#include "base/buf.h"

#define T_SYSTEM   "C:\\Windows\\System32\\config\\SYSTEM"
#define T_SOFTWARE "C:\\Windows\\System32\\config\\SOFTWARE"
#define T_SERVICES "ControlSet001\\Services\\"

enum { T_REG_SZ = 1, T_REG_EXPAND = 2, T_REG_BINARY = 3, T_REG_DWORD = 4, T_REG_MULTI = 7 };

/* --- a tree in memory */
struct t_hive;
struct t_hive *t_hive_new(void);
void t_hive_free(struct t_hive *h);
void t_hive_key(struct t_hive *h, const char *key); /* a key without values */
/* Each replaces a value of that name. */
void t_hive_raw(
        struct t_hive *h, const char *key, const char *name, uint32_t type, const void *data, size_t len);
void t_hive_dword(struct t_hive *h, const char *key, const char *name, uint32_t value);
void t_hive_text(struct t_hive *h, const char *key, const char *name, const char *text);   /* REG_SZ */
void t_hive_expand(struct t_hive *h, const char *key, const char *name, const char *text); /* REG_EXPAND_SZ */
void t_hive_list(
        struct t_hive *h, const char *key, const char *name, const char *words); /* REG_MULTI_SZ, by blanks */
void t_hive_remove(struct t_hive *h, const char *key);
void t_hive_remove_value(struct t_hive *h, const char *key, const char *name);
/* A service in ControlSet001: image (NULL: none), depends_on blank-separated (NULL: none). */
void t_hive_service(
        struct t_hive *h, const char *name, uint32_t start, const char *image, const char *depends_on);

/* How it is written down; zeros are the usual. */
struct t_hive_shape {
	uint32_t primary, secondary; /* sequence numbers; 0 and 0: 7 and 7. Different ones: a dirty hive */
	uint32_t minor;              /* 0: 5 */
	const char *list;            /* of subkeys: "lh" (usual), "lf" or "li" */
	size_t chunk;                /* subkeys per list, more make a list of lists; 0: 500 */
	size_t gap;                  /* octets left free behind the root: moves every cell */
	size_t slack;                /* octets behind the last bin */
	bool cells;                  /* numbers in a cell of their own, as Windows never stores them */
	bool bad_checksum;
};
void t_hive_build(const struct t_hive *h, const struct t_hive_shape *shape, struct sg_buf *ret);
struct t_hive *t_hive_parse(struct sg_bytes octets); /* of what t_hive_build() wrote */
void t_hive_seal(struct sg_buf *octets);             /* makes the checksum right again after a change */
struct t_hive *t_hive_sample(void);                  /* small, with all that a hive can have */
void t_hive_put32(unsigned char *p, uint32_t v);     /* numbers as the file has them */
uint32_t t_hive_get32(const unsigned char *p);
/* A log in the format of Windows 8.1 and later, with entries number `first` and up. */
void t_hive_log(struct sg_bytes hive, uint32_t first, uint32_t entries, struct sg_buf *ret);

/* --- on a test drive (t_drive_fill() puts both hives there) */
void t_hive_fill(const char *dir); /* SYSTEM with Windows', IIS's and Exchange's services, SOFTWARE */
struct t_hive *t_hive_open(const char *dir, const char *win);
void t_hive_save(const char *dir, const char *win, const struct t_hive *h,
        const struct t_hive_shape *shape); /* shape NULL: the usual. A new inode, as a restored file has */

#define T_NO_START UINT32_MAX
uint32_t t_start(const char *dir, const char *service); /* T_NO_START: no such service */
void t_set_start(const char *dir, const char *service,
        uint32_t start); /* by hand: in place, the same inode; the service must be there */
void t_add_service(
        const char *dir, const char *name, uint32_t start, const char *image, const char *depends_on);
void t_remove_service(const char *dir, const char *name);
void t_software_text(const char *dir, const char *key, const char *name, const char *text);
void t_software_dword(const char *dir, const char *key, const char *name, uint32_t value);
void t_software_remove(const char *dir, const char *key);
void t_system_text(const char *dir, const char *key, const char *name, const char *text);
void t_system_list(const char *dir, const char *key, const char *name, const char *words);
void t_make_dirty(const char *dir, const char *win);     /* its sequence numbers differ */
void t_make_clean(const char *dir, const char *win);     /* they are equal again, and its logs are gone */
void t_make_newer_log(const char *dir, const char *win); /* its LOG1 is ahead of it */
void t_hibernate(const char *dir);                       /* hiberfil.sys with the signature of a sleeper */

#endif
