/* doctor_host.c - what a protected server rests on, but for its feeds: drives, IIS, products, services, clock, EM, configuration, journal, space. */
#include "engine/doctor_parts.h"

#include "base/os.h"
#include "base/text.h"
#include "base/worker.h"

#include <stdlib.h>

enum { SPACE_FAIL = 32 << 20, SPACE_WARN = 256 << 20, CLOCK_BACK = 5 * SG_MINUTE };

/* --- the machine */

static void drives(struct sg_doctor *d)
{
	const struct sg_drives *all = d->e->options.drives;

	for (const char *letter = SG_DRIVE_LETTERS; *letter; letter++) {
		const char *root = sg_drive_root(all, *letter);
		char *folder = root ? sg_format("%s/", root) : NULL;
		struct sg_err why = SG_ERR_INIT;
		struct sg_strs names = { 0 };

		if (!root)
			continue;
		if (sg_os_list(folder, &names, &why))
			sg_doctor_check(d, "drive", SG_CHECK_FAIL,
			        "mount it, and let the service's account read it", "%c: cannot be read: %s",
			        *letter, why.msg);
		else
			sg_doctor_check(d, "drive", SG_CHECK_OK, NULL, "%c: is %s", *letter,
			        sg_drives_live(all) ? "this machine's own" : root);
		sg_strs_release(&names);
		free(folder);
	}
}

static void iis(struct sg_doctor *d)
{
	const struct sg_host *h = d->e->host;
	const struct sg_iis *iis = h ? h->iis : NULL;

	if (!iis) {
		sg_doctor_check(d, "iis", SG_CHECK_FAIL,
		        "without IIS's configuration no rule and no pool can be changed", "%s",
		        d->e->host_error ? d->e->host_error : "IIS's configuration cannot be read");
		sg_doctor_check(
		        d, "url-rewrite", SG_CHECK_UNKNOWN, NULL, "not known without IIS's configuration");
		return;
	}
	sg_doctor_check(d, "iis", SG_CHECK_OK, NULL, "%s reads: %zu site%s, %zu pool%s", iis->apphost,
	        iis->n_sites, iis->n_sites == 1 ? "" : "s", iis->n_pools, iis->n_pools == 1 ? "" : "s");
	if (iis->rewrite_missing)
		sg_doctor_check(d, "url-rewrite", SG_CHECK_FAIL,
		        "install URL Rewrite 2.1; mitigations wait for it by themselves", "%s",
		        iis->rewrite_missing);
	else if (iis->rewrite_section == SG_SIGN_UNKNOWN || iis->rewrite_module == SG_SIGN_UNKNOWN ||
	         iis->rewrite_schema == SG_SIGN_UNKNOWN)
		sg_doctor_check(
		        d, "url-rewrite", SG_CHECK_UNKNOWN, NULL, "one of its three signs cannot be read");
	else
		sg_doctor_check(d, "url-rewrite", SG_CHECK_OK, NULL, "section, module and schema are there");
}

static void products(struct sg_doctor *d)
{
	const struct sg_host *h = d->e->host;

	if (!h) {
		sg_doctor_check(d, "host", SG_CHECK_FAIL, NULL, "%s",
		        d->e->host_error ? d->e->host_error : "this server's facts cannot be read");
		return;
	}
	for (size_t i = 0; i < h->n_products; i++) {
		const struct sg_host_product *p = &h->products[i];
		char version[48];

		sg_version_format(&p->version, version);
		sg_doctor_check(d, "product", p->version.n ? SG_CHECK_OK : SG_CHECK_UNKNOWN,
		        p->version.n ? NULL : "whether a mitigation is needed cannot be told without it",
		        "%s%s%s%s %s%s%s", p->name, p->role ? " (" : "", p->role ? p->role : "",
		        p->role ? ")" : "", p->version.n ? version : "of an unknown build",
		        p->source ? ": " : "", p->source ? p->source : "");
	}
	if (!h->n_products)
		sg_doctor_check(
		        d, "product", SG_CHECK_WARN, NULL, "no product that is known is installed here");
}

static void services(struct sg_doctor *d)
{
	const struct sg_host *h = d->e->host;

	if (h && h->services && !h->registry_text)
		sg_doctor_check(d, "services", SG_CHECK_OK, NULL, "the services can be read");
	else if (h)
		sg_doctor_check(d, "services", SG_CHECK_FAIL,
		        "start this Windows and shut it down in full (shutdown /s /f /t 0), so that its "
		        "registry is "
		        "clean",
		        "%s",
		        h->registry_text    ? h->registry_text
		        : h->services_error ? h->services_error
		                            : "the services cannot be read");
}

static void upkeep(struct sg_doctor *d)
{
	const struct sg_host *h = d->e->host;

	if (!h)
		return;
	if (h->setup_running)
		sg_doctor_check(d, "setup", SG_CHECK_WARN,
		        "finish Setup, or run it again: until then nothing is changed",
		        "Setup is at work or was interrupted: %s", h->setup_text ? h->setup_text : "?");
	else
		sg_doctor_check(d, "setup", SG_CHECK_OK, NULL, "no Setup is at work");
	if (h->restart_pending)
		sg_doctor_check(d, "restart", SG_CHECK_WARN,
		        "restart this server: until then an update does not count as installed",
		        "a restart is due: %s", h->restart_text ? h->restart_text : "?");
	else
		sg_doctor_check(d, "restart", SG_CHECK_OK, NULL, "no restart is due");
	if (h->maintenance)
		sg_doctor_check(d, "maintenance", SG_CHECK_WARN, "end the maintenance when it is over", "%s",
		        h->maintenance_text ? h->maintenance_text : "the server is in maintenance");
}

/* --- Microsoft's own EM, and others */

static void em(struct sg_doctor *d)
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
				sg_doctor_check(d, "neighbour", SG_CHECK_WARN,
				        "stopgapctl show ID has the line that keeps EM's rule away",
				        "%s is kept out here, and EM's rule does the same: %s", row->key.id,
				        others.at[k].text);
			else
				sg_doctor_check(d, "neighbour", SG_CHECK_OK, NULL, "%s: %s", row->key.id,
				        others.at[k].text);
		}
		sg_others_release(&others);
	}
	sg_doctor_check(d, "em", h->em == SG_EM_UNKNOWN ? SG_CHECK_UNKNOWN : SG_CHECK_OK, NULL,
	        "Microsoft's EM service: %s; %zu rule%s of it do%s what a mitigation of the feeds would",
	        sg_em_name(h->em), rules, rules == 1 ? "" : "s", rules == 1 ? "es" : "");
}

/* --- who reads what strangers wrote */

static void workers(struct sg_doctor *d, bool network)
{
	const char *kind = network ? "fetch feeds" : "read feeds and configuration";
	char *why = NULL;

	switch (sg_worker_cage(network, &why)) {
	case SG_CAGE_UNKNOWN:
		sg_doctor_check(d, "workers", SG_CHECK_OK, NULL, "none was needed yet to %s", kind);
		break;
	case SG_CAGE_WHOLE:
		sg_doctor_check(d, "workers", SG_CHECK_OK, NULL, "those that %s are shut in", kind);
		break;
	case SG_CAGE_LESS:
		sg_doctor_check(d, "workers", SG_CHECK_WARN,
		        "run stopgapd as the service that 'stopgapd install' makes, on a system that gives "
		        "its workers what is named",
		        "those that %s are less shut in than they should be: %s", kind, why);
		break;
	case SG_CAGE_REFUSED:
		sg_doctor_check(d, "workers", SG_CHECK_FAIL,
		        "the feeds' lines have the system's own words; 'stopgapd install' gives the service "
		        "the privileges that it needs",
		        "none may be started to %s: %s", kind, why);
		break;
	}
	free(why);
}

/* --- configuration, journal */

static void configuration(struct sg_doctor *d)
{
	const struct sg_engine *e = d->e;
	struct sg_err why = SG_ERR_INIT;

	if (!e->conf)
		sg_doctor_check(d, "configuration", SG_CHECK_FAIL, "start stopgapd with --config FILE",
		        "none is in force: nothing is brought in%s%s", e->conf_error ? ": " : "",
		        e->conf_error ? e->conf_error : "");
	else if (e->conf_error)
		sg_doctor_check(d, "configuration", SG_CHECK_WARN, "mend the named line and reload",
		        "the last good one is in force: %s", e->conf_error);
	else if (e->conf_file && sg_os_ours(e->conf_file, &why) == SG_EACCES)
		sg_doctor_check(d, "configuration", SG_CHECK_WARN,
		        "let nobody but the service's account and the administrators write it: who changes "
		        "it "
		        "says what this server does",
		        "it is in force, and %s", why.msg);
	else
		sg_doctor_check(d, "configuration", SG_CHECK_OK, NULL, "%s is in force",
		        e->conf_file ? e->conf_file : "?");
}

/* Whoever may have changed what is obeyed, as it was found by the daemon; it stays here as long as the service runs. */
static void access_lists(struct sg_doctor *d)
{
	for (size_t i = 0; i < d->e->said.n; i++)
		sg_doctor_check(d, "access-lists", SG_CHECK_WARN,
		        "look at what that account may have written; the next start looks again", "%s",
		        d->e->said.at[i]);
}

/* A document is refused when it would pass the threshold, so the last part before it counts as full. */
static void journal(struct sg_doctor *d)
{
	struct sg_journal_space room;
	enum sg_check status;

	sg_journal_space(d->e->journal, &room);
	status = room.used >= room.first_threshold / 20 * 19 ? SG_CHECK_FAIL
	         : room.used >= room.first_threshold / 5 * 4 ? SG_CHECK_WARN
	                                                     : SG_CHECK_OK;
	sg_doctor_check(d, "journal", status,
	        status == SG_CHECK_OK ? NULL : "raise <journal size>, or keep less history (<journal keep>)",
	        "%s: %llu of %llu bytes in use; nothing new is taken in beyond %llu",
	        sg_journal_folder(d->e->journal), (unsigned long long)room.used,
	        (unsigned long long)room.size, (unsigned long long)room.first_threshold);
}

/* --- space */

/* Of each volume's own size nothing is asked: what a mitigation needs is a second copy of a configuration file, and what Windows needs is more. */
static void space_of(struct sg_doctor *d, const char *name, const char *folder)
{
	struct sg_err why = SG_ERR_INIT;
	uint64_t free_octets = 0;

	if (sg_os_free_space(folder, &free_octets, &why))
		sg_doctor_check(d, "space", SG_CHECK_UNKNOWN, NULL, "%s: %s", name, why.msg);
	else
		sg_doctor_check(d, "space",
		        free_octets < SPACE_FAIL   ? SG_CHECK_FAIL
		        : free_octets < SPACE_WARN ? SG_CHECK_WARN
		                                   : SG_CHECK_OK,
		        free_octets < SPACE_WARN ? "free space on that volume: logs are the usual cause"
		                                 : NULL,
		        "%s: %llu MiB are free", name, (unsigned long long)(free_octets >> 20));
}

static void space(struct sg_doctor *d)
{
	const struct sg_drives *all = d->e->options.drives;
	const char *folder = sg_journal_folder(d->e->journal);
	char *reserve = sg_format("%s/reserve", folder);
	struct sg_err why = SG_ERR_INIT;
	struct sg_file_id id;

	for (const char *letter = SG_DRIVE_LETTERS; *letter; letter++) {
		const char name[] = { 'd', 'r', 'i', 'v', 'e', ' ', *letter, 0 };
		const char *root = sg_drive_root(all, *letter);
		char *of = root ? sg_format("%s/", root) : NULL;

		if (of)
			space_of(d, name, of);
		free(of);
	}
	space_of(d, "the journal's volume", folder);
	if (sg_os_stat(reserve, &id, &why))
		sg_doctor_check(d, "reserve", SG_CHECK_WARN,
		        "free space on the journal's volume and restart stopgapd: it makes the file again",
		        "the space that is kept for taking mitigations out on a full volume is not there: %s",
		        why.msg);
	else
		sg_doctor_check(d, "reserve", SG_CHECK_OK, NULL,
		        "space is kept for taking mitigations out on a full volume");
	free(reserve);
}

static void clock_of(struct sg_doctor *d)
{
	struct sg_journal_meta meta = { 0 };
	char is[32], was[32];

	if (sg_journal_read_meta(d->e->read, &meta, NULL))
		return; /* the journal's own check says so */
	sg_time_format(d->w->now.wall, is);
	sg_time_format(meta.max_wall, was);
	if (meta.max_wall > d->w->now.wall + CLOCK_BACK)
		sg_doctor_check(d, "clock", SG_CHECK_WARN,
		        "set this server's clock (w32tm /resync), if it is wrong",
		        "it says %s, and the journal has seen %s: it was set back", is, was);
	else
		sg_doctor_check(d, "clock", SG_CHECK_OK, NULL, "it says %s", is);
	sg_journal_meta_release(&meta);
}

void sg_doctor_host(struct sg_doctor *d)
{
	drives(d);
	iis(d);
	products(d);
	services(d);
	upkeep(d);
	em(d);
	workers(d, false);
	workers(d, true);
	configuration(d);
	access_lists(d);
	journal(d);
	space(d);
	clock_of(d);
}
