/* config.h - from the configuration file to a configuration in force, at start and on reload. Blocking; the change lane's thread.
 *
 * A wrong file never takes the last good configuration out of force.
 */
#ifndef SG_DAEMON_CONFIG_H
#define SG_DAEMON_CONFIG_H

#include "daemon/authorise.h"
#include "engine/engine.h"

enum { SG_CONFIG_MAX = 1 << 20 };

/* Decodes with the kinds of action that this version knows. */
int sg_config_decode(struct sg_bytes octets, const char *file, struct sg_conf **ret, struct sg_err *err);

/* Reads and decodes; touches nothing. Both results are the caller's. */
int sg_config_read(const char *file, struct sg_buf *ret_octets, struct sg_conf **ret, struct sg_err *err);

/* The file; when it is wrong, or none is given, the journal's last good one, even where files or accounts that it names are refused now (then no feed is
 * believed, or only the administrators may ask); when there is none, or it cannot be read, the defaults (which say EXPOSED: no feed configured), which do not
 * take its place in the journal. `ret_socket`: what the configuration says about the control socket, or NULL; the caller's. Fails only with SG_EFATAL, or
 * when even the defaults are refused. */
int sg_config_start(struct sg_engine *e, const char *file, struct sg_access **ret_access, char **ret_socket,
        struct sg_err *err);

/* Reads the file again. An error says why it was refused; the engine was told, and the old configuration stays. */
int sg_config_reload(
        struct sg_engine *e, const char *file, struct sg_access **ret_access, struct sg_err *err);

/* What else would keep the service from a configuration that reads well: its accounts are not known here, or the files that it names cannot be used. */
int sg_config_check_files(const struct sg_conf *conf, const char *file, struct sg_err *err);
/* And who may change the file or one of those: sg_access_check_file() of each. */
int sg_config_check_closed(const struct sg_conf *conf, const char *file, struct sg_err *err);

#endif
