/* config.c - brings a configuration into force, or keeps the last good one. */
#include "daemon/config.h"
#include "actions/action.h"
#include "base/log.h"
#include "base/os.h"
#include "daemon/access.h"
#include "engine/trust.h"
#include "model/codes.h"

#include <stdlib.h>
#include <string.h>

/* What stands for a file's name where none is in force. */
#define DEFAULTS "(defaults)"
#define NEVER                                                                                                \
	"no configuration was ever in force: nothing protects this server before one is (stopgapd --config " \
	"FILE); the defaults have no feed"
#define UNUSABLE                                                                                             \
	"the defaults are in force, which have no feed: what is in place stays, and nothing new comes "      \
	"before a "                                                                                          \
	"configuration is read"

/* The model knows no kinds of action: what a configuration may name comes from their table. */
int sg_config_decode(struct sg_bytes octets, const char *file, struct sg_conf **ret, struct sg_err *err)
{
	char *kinds = sg_action_words();
	int r = sg_conf_decode(octets, file, kinds, ret, err);

	free(kinds);
	return r;
}

int sg_config_read(const char *file, struct sg_buf *ret_octets, struct sg_conf **ret, struct sg_err *err)
{
	struct sg_buf octets = { 0 };
	struct sg_conf *conf = NULL;
	int r = sg_os_read(file, SG_CONFIG_MAX, &octets, NULL, err);

	if (r == 0)
		r = sg_config_decode(sg_buf_bytes(&octets), file, &conf, err);
	if (r) {
		sg_buf_release(&octets);
		return r;
	}
	*ret_octets = octets;
	*ret = conf;
	return 0;
}

/* Accounts are resolved before the engine is asked, so that both take the configuration or neither does. Frees `conf` unless it went in. */
static int put_in_force(struct sg_engine *e, struct sg_conf *conf, struct sg_bytes octets, const char *file,
        struct sg_access **ret_access, char **ret_socket, struct sg_err *err)
{
	struct sg_access *access = NULL;
	char *socket = sg_strdup(conf->socket);
	int r = sg_access_resolve(conf->access_read, conf->access_change, conf->access_remote, &access, err);

	if (r == 0)
		r = sg_engine_configure(e, conf, octets, file, err);
	if (r < 0) {
		sg_conf_free(conf);
		sg_access_free(access);
		free(socket);
		return r;
	}
	*ret_access = access;
	if (ret_socket)
		*ret_socket = socket;
	else
		free(socket);
	return 0;
}

/* A file that is not there is named, with the element that wants it, by who reads it: sg_trust_read(), which also looks whose each is. */
static int check_named(const char *file, struct sg_err *err)
{
	struct sg_err why = SG_ERR_INIT;
	int r = file ? sg_access_check_file(file, &why) : 0;

	return r == 0 || r == SG_ENOENT ? 0 : sg_fail(err, r, "%s", why.msg);
}

/* Whoever may change one of these files says what this server does. */
static int check_closed(const struct sg_conf *conf, struct sg_err *err)
{
	int r = check_named(conf->ca_file, err);

	for (size_t i = 0; r == 0 && i < conf->n_anchors; i++)
		r = check_named(conf->anchors[i].file, err);
	for (size_t i = 0; r == 0 && i < conf->n_timestamps; i++)
		r = check_named(conf->timestamps[i].file, err);
	for (size_t i = 0; r == 0 && i < conf->n_crls; i++)
		r = check_named(conf->crls[i].file, err);
	return r;
}

int sg_config_check_files(const struct sg_conf *conf, const char *file, struct sg_err *err)
{
	struct sg_trust trust = { 0 };
	struct sg_access *access = NULL;
	struct sg_err why = SG_ERR_INIT;
	int r = sg_access_resolve(conf->access_read, conf->access_change, conf->access_remote, &access, &why);

	if (r == 0)
		r = sg_trust_read(conf, &trust, &why);
	sg_access_free(access);
	sg_trust_release(&trust);
	return r == 0 ? 0 : sg_fail(err, r, "%s: %s", file, why.msg);
}

int sg_config_check_closed(const struct sg_conf *conf, const char *file, struct sg_err *err)
{
	int r = sg_access_check_file(file, err);

	return r == 0 ? check_closed(conf, err) : r;
}

static int from_file(struct sg_engine *e, const char *file, struct sg_access **ret_access, char **ret_socket,
        struct sg_err *err)
{
	struct sg_buf octets = { 0 };
	struct sg_conf *conf = NULL;
	int r = sg_access_check_file(file, err);

	if (r == 0)
		r = sg_config_read(file, &octets, &conf, err);
	if (r == 0)
		r = check_closed(conf, err);
	if (r == 0)
		r = put_in_force(e, conf, sg_buf_bytes(&octets), file, ret_access, ret_socket, err);
	else
		sg_conf_free(conf);
	sg_buf_release(&octets);
	return r;
}

/* What is wrong, in which file, and what to do about it. */
static void refused(struct sg_engine *e, const char *file, const struct sg_err *why)
{
	struct sg_err said = SG_ERR_INIT;
	bool named = strstr(why->msg, file) != NULL;

	sg_fail(&said, why->code, "%s%s%s; mend it, then reload stopgapd", named ? "" : file,
	        named ? "" : ": ", why->msg);
	sg_engine_refused_conf(e, &said);
}

struct sg_start {
	struct sg_access *access;
	char *socket;
	struct sg_err distrust; /* why no feed is believed; code 0: they are */
};

/* What was in force before comes into force whatever has become of the files and accounts that it names: rights and trust only get less by that. Frees `conf`
 * unless it went in. */
static int put_back_in_force(
        struct sg_engine *e, struct sg_conf *conf, const char *file, struct sg_start *ret, struct sg_err *err)
{
	struct sg_err unknown = SG_ERR_INIT;
	struct sg_access *access = NULL;
	char *socket = sg_strdup(conf->socket);
	int r = sg_access_resolve(
	        conf->access_read, conf->access_change, conf->access_remote, &access, &unknown);

	if (r < 0)
		r = sg_access_resolve(NULL, NULL, conf->access_remote, &access, err);
	if (r == 0) {
		check_closed(conf, &ret->distrust);
		r = sg_engine_configure_again(e, conf, file, &ret->distrust, err);
	}
	if (r < 0) {
		sg_conf_free(conf);
		sg_access_free(access);
		free(socket);
		return r;
	}
	if (unknown.code)
		sg_log(SG_ERROR, SG_EV_CONFIG_REFUSED, NULL,
		        "%s; nobody but the administrators and this account may ask anything", unknown.msg);
	ret->access = access;
	ret->socket = socket;
	return 0;
}

/* SG_ENOENT: none was ever in force. */
static int from_journal(struct sg_engine *e, struct sg_start *ret, struct sg_err *err)
{
	struct sg_buf octets = { 0 };
	struct sg_conf *conf = NULL;
	char *file = NULL;
	int r = sg_engine_last_good(e, &octets, &file, err);

	if (r == 0 && sg_str_equal(file, DEFAULTS)) /* as journals of before have it */
		r = sg_fail(err, SG_ENOENT, "the journal has the defaults");
	if (r == 0)
		r = sg_config_decode(sg_buf_bytes(&octets), file, &conf, err);
	if (r == 0)
		r = put_back_in_force(e, conf, file, ret, err);
	if (r == 0)
		sg_log(SG_WARNING, SG_EV_CONFIG_LAST_GOOD, NULL,
		        "the last good configuration of the journal is in force, read once from %s", file);
	sg_buf_release(&octets);
	free(file);
	return r;
}

/* What is in force when the file is not: the last good one, else the defaults. */
static int without_file(struct sg_engine *e, struct sg_start *ret, struct sg_err *err)
{
	struct sg_err why = SG_ERR_INIT;
	int r = from_journal(e, ret, &why);

	if (r == 0)
		return 0;
	if (r == SG_EFATAL)
		return sg_fail(err, r, "%s", why.msg);
	if (r != SG_ENOENT)
		sg_log(SG_ERROR, SG_EV_CONFIG_REFUSED, NULL,
		        "the journal's last good configuration cannot be used: %s", why.msg);
	sg_log(SG_WARNING, SG_EV_CONFIG_LAST_GOOD, NULL, r == SG_ENOENT ? NEVER : UNUSABLE);
	return put_back_in_force(e, sg_conf_default(), DEFAULTS, ret, err);
}

int sg_config_start(struct sg_engine *e, const char *file, struct sg_access **ret_access, char **ret_socket,
        struct sg_err *err)
{
	struct sg_start start = { .distrust = SG_ERR_INIT };
	struct sg_err why = SG_ERR_INIT;
	int r;

	if (file && from_file(e, file, ret_access, ret_socket, &why) == 0)
		return 0;
	if (why.code == SG_EFATAL)
		return sg_fail(err, why.code, "%s", why.msg);
	r = without_file(e, &start, err);
	if (r < 0)
		return r;
	*ret_access = start.access;
	*ret_socket = start.socket;
	if (start.distrust.code)
		sg_log(SG_ERROR, SG_EV_CONFIG_REFUSED, NULL,
		        "%s; until that is mended and stopgapd reloads, nothing new is accepted from any "
		        "feed, and what is in place stays",
		        start.distrust.msg);
	/* told last: a configuration that comes into force takes the complaint about the one before it away */
	if (file)
		refused(e, file, &why);
	else if (start.distrust.code)
		refused(e, "", &start.distrust);
	return 0;
}

int sg_config_reload(struct sg_engine *e, const char *file, struct sg_access **ret_access, struct sg_err *err)
{
	struct sg_strs put_back = { 0 }, left = { 0 };
	int r;

	if (!file)
		return sg_fail(err, SG_EINVAL,
		        "there is nothing to reload: stopgapd was started without --config FILE");
	/* whoever changed it may have come by Explorer */
	sg_access_mend_around(file, &put_back, &left);
	for (size_t i = 0; i < put_back.n; i++)
		sg_engine_say(e, SG_EV_LISTS_PUT_BACK, put_back.at[i]);
	for (size_t i = 0; i < left.n; i++)
		sg_engine_say(e, SG_EV_LISTS_LEFT, left.at[i]);
	sg_strs_release(&put_back);
	sg_strs_release(&left);
	r = from_file(e, file, ret_access, NULL, err);
	if (r < 0)
		refused(e, file, err);
	return r;
}
