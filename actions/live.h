/* live.h - what running Windows says and does: its registry, its service control manager, its processes. One thin seam, so that everything above it
 * is portable and is tested on a drive.
 *
 * Used only where sg_drives_live() holds. live_win.c and start_win.c do the work; on systems without Windows live_posix.c refuses every call.
 * Reads, but for sg_live_set_start(), which has one caller: actions/step_live.c. Blocking; any thread.
 */
#ifndef SG_ACTIONS_LIVE_H
#define SG_ACTIONS_LIVE_H

#include "actions/hive.h"

/* Keys below HKEY_LOCAL_MACHINE, in the 64-bit view: "SOFTWARE\Microsoft\InetStp". SG_ENOENT, SG_EACCES, SG_ELIMIT (over 65536 subkeys, 1 MiB). */
int sg_live_key(const char *path, struct sg_err *err);
int sg_live_subkeys(const char *path, struct sg_strs *ret, struct sg_err *err);
/* `is_inline` and `at` mean nothing here. */
int sg_live_value(const char *path, const char *name, struct sg_hive_value *ret, struct sg_err *err);

/* Start type of a service as the service control manager knows it: what counts until Windows starts the next time. SG_ENOENT: it knows none of that name. */
int sg_live_start(const char *service, uint32_t *ret, struct sg_err *err);
/* Names and start types of all services that are no drivers. */
struct sg_live_start {
	char *name;
	uint32_t start;
};
int sg_live_starts(struct sg_live_start **ret, size_t *ret_n, struct sg_err *err);
void sg_live_starts_free(struct sg_live_start *list, size_t n);
/* Moves it through the service control manager, durably, when it is at `from`: else SG_ECONFLICT, and nothing is written. Delayed automatic start is as it
 * was afterwards; `delayed`: and with `to` automatic it is on. SG_EFATAL: the registry could not be flushed. */
int sg_live_set_start(const char *service, uint32_t from, uint32_t to, bool delayed, struct sg_err *err);
/* All that was written to the services' part of the registry is durable; SG_EFATAL. */
int sg_live_flush(struct sg_err *err);

/* Whether a program of one of these file names runs; *ret is the name. */
bool sg_live_process(const char *const *names, size_t n, const char **ret);

#endif
