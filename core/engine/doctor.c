/* doctor.c - what keeps this server from being protected, check by check, with what to do about each. Changes no row and nothing that is held: the one
 * thing that is written is a small file of its own in each target folder, renamed once and removed, by the account and the calls that a mitigation
 * would use.
 */
#include "engine/report_parts.h"

#include "actions/step.h"
#include "base/os.h"
#include "engine/sched.h"

#include <stdlib.h>
#include <string.h>

enum status { OK, WARN, FAIL, UNKNOWN, STATUSES };
static const char *const status_names[] = { "ok", "warn", "fail", "unknown" };

struct doctor {
	struct sg_engine *e;
	const struct sg_world *w;
	struct sg_val *checks;
	int64_t n[STATUSES];
};

/* `cure` NULL: nothing to do. The text is formatted. */
static void check(struct doctor *d, const char *name, enum status status, const char *cure, const char *fmt,
        ...) __attribute__((format(printf, 5, 6)));

static void check(
        struct doctor *d, const char *name, enum status status, const char *cure, const char *fmt, ...)
{
	struct sg_val *m = sg_val_push(d->checks, sg_val_map());
	struct sg_buf text = { 0 };
	va_list ap;

	va_start(ap, fmt);
	sg_buf_vfmt(&text, fmt, ap);
	va_end(ap);
	sg_val_set_str(m, "check", name);
	sg_val_set_str(m, "status", status_names[status]);
	sg_val_set_str(m, "text", (const char *)text.data);
	sg_val_set_str(m, "cure", cure);
	sg_buf_release(&text);
	d->n[status]++;
}

/* --- the machine */

static void drives(struct doctor *d)
{
	const struct sg_drives *all = d->e->options.drives;

	for (size_t i = 0; i < sizeof(all->dir) / sizeof(all->dir[0]); i++) {
		struct sg_err why = SG_ERR_INIT;
		struct sg_strs names = { 0 };

		if (!all->dir[i])
			continue;
		if (sg_os_list(all->dir[i], &names, &why))
			check(d, "drive", FAIL, "mount it, and let the service's account read it",
			        "%c: cannot be read: %s", (char)('A' + (int)i), why.msg);
		else
			check(d, "drive", OK, NULL, "%c: is %s", (char)('A' + (int)i), all->dir[i]);
		sg_strs_release(&names);
	}
}

static void iis(struct doctor *d)
{
	const struct sg_host *h = d->e->host;
	const struct sg_iis *iis = h ? h->iis : NULL;

	if (!iis) {
		check(d, "iis", FAIL, "without IIS's configuration no rule and no pool can be changed", "%s",
		        d->e->host_error ? d->e->host_error : "IIS's configuration cannot be read");
		check(d, "url-rewrite", UNKNOWN, NULL, "not known without IIS's configuration");
		return;
	}
	check(d, "iis", OK, NULL, "%s reads: %zu site%s, %zu pool%s", iis->apphost, iis->n_sites,
	        iis->n_sites == 1 ? "" : "s", iis->n_pools, iis->n_pools == 1 ? "" : "s");
	if (iis->rewrite_missing)
		check(d, "url-rewrite", FAIL,
		        "install URL Rewrite 2.1; mitigations wait for it by themselves", "%s",
		        iis->rewrite_missing);
	else if (iis->rewrite_section == SG_SIGN_UNKNOWN || iis->rewrite_module == SG_SIGN_UNKNOWN ||
	         iis->rewrite_schema == SG_SIGN_UNKNOWN)
		check(d, "url-rewrite", UNKNOWN, NULL, "one of its three signs cannot be read");
	else
		check(d, "url-rewrite", OK, NULL, "section, module and schema are there");
}

static void products(struct doctor *d)
{
	const struct sg_host *h = d->e->host;

	if (!h) {
		check(d, "host", FAIL, NULL, "%s",
		        d->e->host_error ? d->e->host_error : "this server's facts cannot be read");
		return;
	}
	for (size_t i = 0; i < h->n_products; i++) {
		const struct sg_host_product *p = &h->products[i];
		char version[48];

		sg_version_format(&p->version, version);
		check(d, "product", p->version.n ? OK : UNKNOWN,
		        p->version.n ? NULL : "whether a mitigation is needed cannot be told without it",
		        "%s%s%s%s %s%s%s", p->name, p->role ? " (" : "", p->role ? p->role : "",
		        p->role ? ")" : "", p->version.n ? version : "of an unknown build",
		        p->source ? ": " : "", p->source ? p->source : "");
	}
	if (!h->n_products)
		check(d, "product", WARN, NULL, "no product that is known is installed here");
}

static void services(struct doctor *d)
{
	const struct sg_host *h = d->e->host;

	if (h && h->services && !h->registry_text)
		check(d, "services", OK, NULL, "the services can be read");
	else if (h)
		check(d, "services", FAIL,
		        "start this Windows and shut it down in full (shutdown /s /f /t 0), so that its "
		        "registry is "
		        "clean",
		        "%s",
		        h->registry_text    ? h->registry_text
		        : h->services_error ? h->services_error
		                            : "the services cannot be read");
}

static void upkeep(struct doctor *d)
{
	const struct sg_host *h = d->e->host;

	if (!h)
		return;
	if (h->setup_running)
		check(d, "setup", WARN, "finish Setup, or run it again: until then nothing is changed",
		        "Setup is at work or was interrupted: %s", h->setup_text ? h->setup_text : "?");
	else
		check(d, "setup", OK, NULL, "no Setup is at work");
	if (h->restart_pending)
		check(d, "restart", WARN,
		        "restart this server: until then an update does not count as installed",
		        "a restart is due: %s", h->restart_text ? h->restart_text : "?");
	else
		check(d, "restart", OK, NULL, "no restart is due");
	if (h->maintenance)
		check(d, "maintenance", WARN, "end the maintenance when it is over", "%s",
		        h->maintenance_text ? h->maintenance_text : "the server is in maintenance");
}

/* --- Microsoft's own EM, and others */

static void em(struct doctor *d)
{
	const struct sg_host *h = d->e->host;
	size_t rules = 0;

	if (!h)
		return;
	for (size_t i = 0; i < d->w->rows.n; i++) {
		const struct sg_row *row = d->w->rows.at[i];
		const struct sg_mitigation *m = sg_engine_offered(d->e, row);
		struct sg_others others = { 0 };

		if (!m || sg_actions_others(m, h, d->e->options.drives, &d->w->holds, &others, NULL))
			continue;
		for (size_t k = 0; k < others.n; k++) {
			bool refused = row->out || (row->state == SG_BLOCKED && row->reason == SG_WHY_ADMIN);

			rules += others.at[k].em;
			if (refused && others.at[k].em)
				check(d, "neighbour", WARN,
				        "stopgapctl show ID has the line that keeps EM's rule away",
				        "%s is kept out here, and EM's rule does the same: %s", row->key.id,
				        others.at[k].text);
			else
				check(d, "neighbour", OK, NULL, "%s: %s", row->key.id, others.at[k].text);
		}
		sg_others_release(&others);
	}
	check(d, "em", h->em == SG_EM_UNKNOWN ? UNKNOWN : OK, NULL,
	        "Microsoft's EM service: %s; %zu rule%s of it do%s what a mitigation of the feeds would",
	        sg_em_name(h->em), rules, rules == 1 ? "" : "s", rules == 1 ? "es" : "");
}

/* --- feeds, configuration, journal */

static void feeds(struct doctor *d)
{
	const struct sg_conf *conf = sg_engine_conf(d->e);

	for (size_t i = 0; i < conf->n_feeds; i++) {
		const struct sg_conf_feed *f = &conf->feeds[i];
		const struct sg_feed_row *row = sg_world_feed(d->w, f->name);
		int64_t age = row && row->verified ? d->w->now.wall - row->verified : 0;
		char text[32];

		sg_duration_format(age, text);
		if (row && row->error)
			check(d, "feed", age && age <= f->stale_after ? WARN : FAIL,
			        "look at the address, the proxy and the anchors; then stopgapctl refresh",
			        "%s: %s", f->name, row->error);
		else if (!row || !row->verified)
			check(d, "feed", UNKNOWN, "stopgapctl refresh", "%s has not been fetched yet",
			        f->name);
		else if (age > f->stale_after)
			check(d, "feed", FAIL, "stopgapctl refresh; ask its publisher",
			        "%s has not verified for %s", f->name, text);
		else if (row->expires && d->w->now.wall > row->expires)
			check(d, "feed", WARN, "ask its publisher for a newer document",
			        "%s is past its expires: nothing new starts from it", f->name);
		else
			check(d, "feed", OK, NULL, "%s: serial %llu, verified %s ago", f->name,
			        (unsigned long long)row->serial, text);
	}
	if (!conf->n_feeds)
		check(d, "feed", FAIL, "add a <feed> to the configuration and reload",
		        "no feed is configured");
}

static void configuration(struct doctor *d)
{
	const struct sg_engine *e = d->e;

	if (!e->conf)
		check(d, "configuration", FAIL, "start stopgapd with --config FILE",
		        "none is in force: nothing is brought in%s%s", e->conf_error ? ": " : "",
		        e->conf_error ? e->conf_error : "");
	else if (e->conf_error)
		check(d, "configuration", WARN, "mend the named line and reload",
		        "the last good one is in force: %s", e->conf_error);
	else
		check(d, "configuration", OK, NULL, "%s is in force", e->conf_file ? e->conf_file : "?");
}

static void journal(struct doctor *d)
{
	struct sg_journal_space space;
	enum status status;

	sg_journal_space(d->e->journal, &space);
	status = space.used >= space.first_threshold           ? FAIL
	         : space.used >= space.first_threshold / 5 * 4 ? WARN
	                                                       : OK;
	check(d, "journal", status,
	        status == OK ? NULL : "raise <journal size>, or keep less history (<journal history>)",
	        "%s: %llu of %llu bytes in use; nothing new is applied from %llu on",
	        sg_journal_folder(d->e->journal), (unsigned long long)space.used,
	        (unsigned long long)space.size, (unsigned long long)space.first_threshold);
}

/* --- the folders that are written */

/* What a replace of a file does there, but for the file. */
static int try_folder(const char *native, struct sg_err *err)
{
	static const char octets[] = "stopgap doctor\n";
	unsigned char random[8];
	struct sg_buf name = { 0 };
	struct sg_err ignored = SG_ERR_INIT;
	char *from, *to;
	int r;

	sg_os_random(random, sizeof(random));
	for (size_t i = 0; i < sizeof(random); i++)
		sg_buf_fmt(&name, "%02x", random[i]);
	from = sg_format("%s/stopgap-doctor-%s.config", native, (const char *)name.data);
	to = sg_format("%s/stopgap-doctor-%s-2.config", native, (const char *)name.data);
	r = sg_os_create(from, sg_bytes_of(octets), NULL, err);
	if (!r)
		r = sg_os_replace(from, to, err);
	sg_os_unlink(from, &ignored);
	sg_err_clear(&ignored);
	if (sg_os_unlink(to, &ignored) && !r)
		r = sg_fail(err, ignored.code, "%s", ignored.msg);
	free(from);
	free(to);
	sg_buf_release(&name);
	return r;
}

static void add_folder(struct sg_strs *folders, const struct sg_addr *addr)
{
	const char *last = strrchr(addr->container, '\\');
	char *folder;

	if (!last || addr->kind == SG_VALUE_SERVICE) /* a service is four octets in place, or the manager's */
		return;
	folder = sg_strndup(addr->container, (size_t)(last - addr->container));
	for (size_t i = 0; i < folders->n; i++) {
		if (sg_win_same(folders->at[i], folder)) {
			free(folder);
			return;
		}
	}
	sg_strs_add(folders, folder);
	free(folder);
}

/* A file that cannot be read as it is: IIS serves nothing below it, and nothing in it can be changed. Each file is said once. */
static void try_file(struct doctor *d, struct sg_strs *files, const struct sg_addr *addr)
{
	struct sg_seen_value seen = { 0 };

	if (addr->kind == SG_VALUE_SERVICE || sg_strs_has(files, addr->container))
		return;
	sg_strs_add(files, addr->container);
	if (sg_step_read(d->e->options.drives, addr, 1, &seen, NULL) || seen.seen == SG_SEEN_FAILED)
		check(d, "file", FAIL, "put it right; what waits for it goes on by itself", "%s",
		        seen.why ? seen.why : addr->container);
	sg_seen_release(&seen, 1);
}

/* What a person has to look at: needed here, and not in force. */
static void exposed(struct doctor *d)
{
	for (size_t i = 0; i < d->w->rows.n; i++) {
		const struct sg_row *row = d->w->rows.at[i];
		char *cure;

		if (sg_row_verdict(row, sg_holds_any(&d->w->holds, &row->key)) != SG_V_EXPOSED)
			continue;
		cure = sg_format("stopgapctl show %s", row->key.id);
		check(d, "mitigation", FAIL, cure, "%s is needed here and not in force: %s", row->key.id,
		        row->state == SG_APPLIED && row->effective_text ? row->effective_text
		        : row->text                                     ? row->text
		                                                        : "?");
		free(cure);
	}
}

/* Of all that is held, and of all that the offered bodies would write. */
static void targets(struct doctor *d, struct sg_strs *files, struct sg_strs *ret)
{
	for (size_t i = 0; i < d->w->holds.n; i++) {
		try_file(d, files, &d->w->holds.at[i].addr);
		add_folder(ret, &d->w->holds.at[i].addr);
	}
	for (size_t i = 0; i < d->w->rows.n && d->e->host; i++) {
		const struct sg_row *row = d->w->rows.at[i];
		const struct sg_mitigation *m = sg_engine_offered(d->e, row);
		struct sg_wishes wishes = { 0 };

		if (m && sg_actions_plan(m, d->e->host, d->e->options.drives, &d->w->holds, &wishes, NULL) ==
		                 0) {
			for (size_t k = 0; k < wishes.n; k++) {
				try_file(d, files, &wishes.at[k].addr);
				add_folder(ret, &wishes.at[k].addr);
			}
		}
		sg_wishes_release(&wishes);
	}
}

static void folders(struct doctor *d)
{
	bool held = sg_world_paused(d->w) || (d->e->host && d->e->host->setup_running);
	struct sg_strs list = { 0 }, files = { 0 };

	targets(d, &files, &list);
	sg_strs_release(&files);
	for (size_t i = 0; i < list.n; i++) {
		struct sg_err why = SG_ERR_INIT;
		char *native = NULL;

		if (held)
			check(d, "folder", UNKNOWN, NULL, "%s: not tried while Setup or a pause is on",
			        list.at[i]);
		else if (sg_drive_path(d->e->options.drives, list.at[i], false, &native, &why) ||
		         try_folder(native, &why))
			check(d, "folder", FAIL,
			        "let the service's account create, rename and delete files there", "%s: %s",
			        list.at[i], why.msg);
		else
			check(d, "folder", OK, NULL, "%s: a file can be created, renamed and deleted",
			        list.at[i]);
		free(native);
	}
	sg_strs_release(&list);
}

int sg_report_doctor(struct sg_engine *e, const struct sg_world *w, struct sg_val **ret, struct sg_err *err)
{
	struct doctor d = { .e = e, .w = w };
	struct sg_val *v = sg_val_map();
	char *text;

	(void)err;
	sg_val_set_str(v, "schema", "stopgap.doctor.v1");
	d.checks = sg_val_set(v, "checks", sg_val_array());
	drives(&d);
	iis(&d);
	products(&d);
	services(&d);
	upkeep(&d);
	em(&d);
	configuration(&d);
	feeds(&d);
	journal(&d);
	exposed(&d);
	folders(&d);
	for (int s = 0; s < STATUSES; s++)
		sg_val_set_int(v, status_names[s], d.n[s]);
	text = d.n[FAIL]      ? sg_format("%lld of %zu checks failed", (long long)d.n[FAIL], d.checks->n)
	       : d.n[WARN]    ? sg_format("nothing failed; %lld to look at", (long long)d.n[WARN])
	       : d.n[UNKNOWN] ? sg_format("nothing failed; %lld cannot be told", (long long)d.n[UNKNOWN])
	                      : sg_strdup("nothing is wrong");
	sg_val_set_str(v, "text", text);
	free(text);
	*ret = v;
	return 0;
}
