/* app_pool.c - the action that keeps an application pool from running: autoStart and startMode of its <add> in applicationHost.config. Plans only.
 *
 * Each of the two attributes is a value of its own, "absent" included, so that what one of them was before comes back whatever became of the other.
 * Whether the pool runs at this moment is a hook, no value. The services that would start it again go in before it.
 */
#include "actions/app_pool_parts.h"
#include "actions/config_edit.h"
#include "actions/iis_parts.h"
#include "actions/service_parts.h"

#include <stdlib.h>
#include <string.h>

static const char section[] = "system.applicationHost/applicationPools";
static const struct sg_iis_item pool_item = { .section = section, .list = "", .tag = "add", .key = "name" };

/* --- on this server */

static int find(const struct sg_app_pool *p, const struct sg_host *host, const struct sg_iis_pool **ret,
        struct sg_err *err)
{
	if (!host->iis)
		return sg_fail(err, host->iis_code ? host->iis_code : SG_ENOENT,
		        "there is no IIS that can be read here: %s", host->iis_error ? host->iis_error : "");
	for (size_t i = 0; i < host->iis->n_pools; i++)
		if (sg_same(host->iis->pools[i].name, p->name)) {
			*ret = &host->iis->pools[i];
			return 0;
		}
	return sg_fail(err, SG_ENOENT, "%s has no application pool %s", host->iis->apphost, p->name);
}

/* The path, with the name as it stands in the file. */
static char *path_of(const struct sg_iis_pool *pool, const char *attribute)
{
	char *step = sg_path_step("add", "name", pool->name);
	char *path = step ? sg_format("/configuration/%s/%s/@%s", section, step, attribute) : NULL;

	free(step);
	return path;
}

/* What stood there before us, for people; NULL: nothing. */
static char *was(const struct sg_hold *held, const char *now)
{
	if (!held)
		return sg_strdup(now);
	if (!held->before.present)
		return NULL;
	return sg_strndup((const char *)held->before.octets.data, held->before.octets.len);
}

static int add_wish(const struct sg_app_pool *p, size_t i, const struct sg_iis *iis,
        const struct sg_iis_pool *pool, const struct sg_holds *own, struct sg_wishes *wishes,
        struct sg_err *err)
{
	char *path = path_of(pool, sg_app_pool_attributes[i].name);
	const struct sg_hold *held;
	struct sg_wish *wish;

	if (!path)
		return sg_fail(err, SG_EUNSUPPORTED,
		        "the name of the application pool %s cannot be written in an address", pool->name);
	wish = sg_wishes_add(wishes);
	wish->addr.kind = SG_VALUE_ATTRIBUTE;
	wish->addr.container = sg_strdup(iis->apphost);
	wish->addr.path = path;
	wish->to.present = true;
	sg_buf_str(&wish->to.octets, p->wanted[i]);
	held = sg_wish_keep_letters(wish, own);
	wish->was = was(held, i == SG_POOL_AUTO_START ? pool->auto_start : pool->start_mode);
	if (i == SG_POOL_AUTO_START && p->stopped) {
		wish->hook = SG_HOOK_POOL;
		wish->hook_name = sg_strdup(pool->name);
	}
	return 0;
}

int sg_app_pool_plan(const struct sg_mitigation *m, const struct sg_action *a, const struct sg_host *host,
        const struct sg_drives *drives, const struct sg_holds *own, struct sg_wishes *ret, struct sg_err *err)
{
	const struct sg_iis_pool *pool = NULL;
	struct sg_iis_place server = { 0 };
	struct sg_wishes wishes = { 0 };
	struct sg_err missing = SG_ERR_INIT;
	struct sg_app_pool p = { 0 };
	struct sg_iis_files *files = NULL;
	char *target = NULL;
	int code = sg_app_pool_read(m, a, &p, err);

	if (code)
		return code;
	if (find(&p, host, &pool, &missing)) {
		if (!host->iis || !p.may_miss)
			code = sg_fail(err, missing.code, "%s", missing.msg);
		goto out;
	}
	sg_iis_place_server(host->iis, &server);
	files = sg_iis_files_new(host->iis, drives);
	code = sg_iis_may_write(files, &server, &pool_item, err);
	if (!code) {
		target = sg_format("the application pool %s", pool->name);
		code = sg_companions_plan(&p.companions, target, host, own, &wishes, err);
	}
	for (size_t i = 0; !code && i < SG_POOL_ATTRIBUTES; i++)
		if (p.wanted[i])
			code = add_wish(&p, i, host->iis, pool, own, &wishes, err);
	if (!code) {
		*ret = wishes;
		memset(&wishes, 0, sizeof(wishes));
	}
out:
	free(target);
	sg_iis_files_free(files);
	sg_wishes_release(&wishes);
	sg_iis_place_release(&server);
	sg_app_pool_release(&p);
	return code;
}

/* --- what it comes to */

static void prove_value(const struct sg_app_pool *p, size_t i, const struct sg_iis *iis,
        const struct sg_iis_pool *pool, struct sg_proof *proof)
{
	const char *reads = i == SG_POOL_AUTO_START ? pool->auto_start_read : pool->start_mode_read;
	bool passed = sg_same(reads, p->wanted[i]);
	char *text = sg_format("application pool %s reads %s=\"%s\"%s%s%s", pool->name,
	        sg_app_pool_attributes[i].name, reads, passed ? "" : ", and should read \"",
	        passed ? "" : p->wanted[i], passed ? "" : "\"");

	sg_proof_add(proof, passed, text);
	if (!passed && proof->effective != SG_EFFECTIVE_NO) {
		proof->effective = SG_EFFECTIVE_NO;
		proof->text = sg_format("%s:%u: %s", iis->apphost, (unsigned)pool->line, text);
	}
}

int sg_app_pool_prove(const struct sg_mitigation *m, const struct sg_action *a, const struct sg_host *host,
        struct sg_iis_files *files, struct sg_proof *ret, struct sg_err *err)
{
	const struct sg_iis_pool *pool = NULL;
	struct sg_proof proof = { .effective = SG_EFFECTIVE_YES };
	struct sg_app_pool p = { 0 };
	int code = sg_app_pool_read(m, a, &p, err);

	(void)files;
	if (!code)
		code = find(&p, host, &pool, err);
	if (code == SG_ENOENT && host->iis) {
		if (!p.may_miss) { /* where there is no such pool, nothing is kept from running */
			proof.effective = SG_EFFECTIVE_NO;
			proof.text = sg_format("%s has no application pool %s", host->iis->apphost, p.name);
		}
		sg_err_clear(err);
		code = 0;
	}
	for (size_t i = 0; !code && pool && i < SG_POOL_ATTRIBUTES; i++)
		if (p.wanted[i])
			prove_value(&p, i, host->iis, pool, &proof);
	if (!code && pool)
		sg_companions_prove(&p.companions, host, &proof);
	if (!code) {
		*ret = proof;
		memset(&proof, 0, sizeof(proof));
	}
	sg_proof_release(&proof);
	sg_app_pool_release(&p);
	return code;
}

/* Exchange's front end: its applications hand requests on to the back end of this server or of another one. */
static bool is_front_end(const struct sg_iis_app *app)
{
	static const char proxy[] = "\\FrontEnd\\HttpProxy\\";

	for (size_t v = 0; v < app->n_vdirs; v++)
		for (const char *at = app->vdirs[v].physical; *at && !strcmp(app->vdirs[v].path, "/"); at++)
			if (sg_same_n(at, proxy, sizeof(proxy) - 1))
				return true;
	return false;
}

/* The front end answers /x/healthcheck.htm in each of its applications; load balancers ask there. */
static bool has_health_page(const struct sg_iis_app *app)
{
	return app->path[1] && !strchr(app->path + 1, '/') && is_front_end(app);
}

/* That one pool runs applications of several sites is what people do not expect: front end and back end go down together. */
static void shared_effects(const struct sg_iis *iis, const struct sg_iis_pool *pool, struct sg_strs *ret)
{
	struct sg_strs front = { 0 }, others = { 0 };

	for (size_t s = 0; s < iis->n_sites; s++) {
		const struct sg_iis_site *site = &iis->sites[s];

		for (size_t i = 0; i < site->n_apps; i++) {
			struct sg_strs *list = is_front_end(&site->apps[i]) ? &front : &others;

			if (sg_same(site->apps[i].pool, pool->name) && !sg_strs_has(list, site->name))
				sg_strs_add(list, site->name);
		}
	}
	for (size_t i = 0; i < others.n && front.n; i++)
		sg_effect_add(ret,
		        sg_format("the application pool %s is shared by the front end (%s) and the back end "
		                  "(%s): requests that other servers hand on to this one fail, too",
		                pool->name, front.at[0], others.at[i]));
	for (size_t i = 1; i < others.n && !front.n; i++)
		sg_effect_add(ret, sg_format("the application pool %s is shared by the sites %s and %s",
		                           pool->name, others.at[0], others.at[i]));
	sg_strs_release(&front);
	sg_strs_release(&others);
}

static void app_effects(const struct sg_iis_site *site, const struct sg_iis_app *app,
        const struct sg_iis_pool *pool, bool out, struct sg_strs *ret)
{
	if (out) {
		sg_effect_add(
		        ret, sg_format("%s%s runs in the application pool %s and answers as before once it "
		                       "runs",
		                     site->name, app->path, pool->name));
		return;
	}
	sg_effect_add(
	        ret, sg_format("%s%s runs in the application pool %s and answers 503 while it does not run",
	                     site->name, app->path, pool->name));
	if (has_health_page(app))
		sg_effect_add(
		        ret, sg_format("%s/healthcheck.htm of %s answers 503, too: a load balancer that asks "
		                       "there takes this server out",
		                     app->path, site->name));
}

void sg_app_pool_effects(const struct sg_mitigation *m, const struct sg_action *a, const struct sg_host *host,
        bool out, struct sg_strs *ret)
{
	const struct sg_iis_pool *pool = NULL;
	struct sg_err ignored = SG_ERR_INIT;
	struct sg_app_pool p = { 0 };
	bool off;

	if (sg_app_pool_read(m, a, &p, &ignored) || find(&p, host, &pool, &ignored))
		goto done;
	off = p.wanted[SG_POOL_AUTO_START] && !strcmp(p.wanted[SG_POOL_AUTO_START], "false");
	for (size_t s = 0; off && s < host->iis->n_sites; s++) {
		const struct sg_iis_site *site = &host->iis->sites[s];

		for (size_t i = 0; i < site->n_apps; i++)
			if (sg_same(site->apps[i].pool, pool->name))
				app_effects(site, &site->apps[i], pool, out, ret);
	}
	if (off && !out)
		shared_effects(host->iis, pool, ret);
	sg_companions_effects(&p.companions, host, out, ret);
done:
	sg_app_pool_release(&p);
}

/* --- by hand */

static const char appcmd[] = "%windir%\\System32\\inetsrv\\appcmd.exe";

static void write_value(const char *name, const char *attribute, const char *value, struct sg_buf *out)
{
	sg_buf_fmt(out, "%s set config -section:%s \"/[name='%s'].%s:%s\" /commit:apphost\r\n", appcmd,
	        section, name, attribute, value);
}

/* Whether it is a word of that attribute: whatever else somebody wrote there is not made into a command. */
static bool is_word(size_t i, const char *value)
{
	return sg_same(value, sg_app_pool_attributes[i].words[0]) ||
	       sg_same(value, sg_app_pool_attributes[i].words[1]);
}

static void undo_value(const struct sg_wish *wish, const char *name, size_t i, bool plain, struct sg_buf *out)
{
	if (wish->was && (!plain || !is_word(i, wish->was)))
		sg_buf_fmt(out, "In %s give back to %s the value %s.\r\n", wish->addr.container,
		        wish->addr.path, wish->was);
	else if (wish->was)
		write_value(name, sg_app_pool_attributes[i].name, wish->was, out);
	else if (plain)
		sg_buf_fmt(out,
		        "powershell -Command \"Clear-WebConfiguration -PSPath 'MACHINE/WEBROOT/APPHOST' "
		        "-Filter '/%s/add[@name=''%s'']/@%s'\"\r\n",
		        section, name, sg_app_pool_attributes[i].name);
	else
		sg_buf_fmt(out, "In %s take out the attribute %s, and nothing else.\r\n",
		        wish->addr.container, wish->addr.path);
}

void sg_app_pool_by_hand(const struct sg_wish *wish, bool undo, struct sg_buf *out)
{
	static const char before[] = "/add[@name=";
	const char *at = strstr(wish->addr.path, before), *end;
	bool plain;
	size_t i = 0;
	char *name;

	end = strrchr(wish->addr.path, '@');
	if (wish->addr.kind == SG_VALUE_SERVICE) {
		sg_service_by_hand(wish, undo, out);
		return;
	}
	if (wish->addr.kind != SG_VALUE_ATTRIBUTE || !at || !end)
		return;
	while (i < SG_POOL_ATTRIBUTES && strcmp(end + 1, sg_app_pool_attributes[i].name) != 0)
		i++;
	at += sizeof(before);
	if (i == SG_POOL_ATTRIBUTES || end - at < 3)
		return;
	name = sg_strndup(
	        at, (size_t)(end - at) - 3); /* without the quote, the bracket and the slash behind it */
	plain = !strchr(name, '\'') && !strchr(name, '%') && !strchr(name, '`') && !strchr(name, '$');
	if (undo)
		undo_value(wish, name, i, plain, out);
	else if (plain)
		write_value(name, sg_app_pool_attributes[i].name, (const char *)wish->to.octets.data, out);
	else
		sg_buf_fmt(out, "In %s give to %s the value %s.\r\n", wish->addr.container, wish->addr.path,
		        (const char *)wish->to.octets.data);
	if (wish->hook == SG_HOOK_POOL && plain && (!undo || !sg_same(wish->was, "false")))
		sg_buf_fmt(
		        out, "%s %s apppool /apppool.name:\"%s\"\r\n", appcmd, undo ? "start" : "stop", name);
	free(name);
}

const struct sg_action_kind sg_kind_app_pool = {
	.type = "AppPool",
	.conf_name = "app_pool",
	.disruptive = true,
	.check = sg_app_pool_check,
	.plan = sg_app_pool_plan,
	.prove = sg_app_pool_prove,
	.effects = sg_app_pool_effects,
	.by_hand = sg_app_pool_by_hand,
};
