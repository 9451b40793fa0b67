/* collect.c - reads what gather lists, masks it, packs it. Reads only; the archive is made in memory. */
#include "engine/collect.h"

#include "base/hash.h"
#include "base/tar.h"
#include "engine/gather.h"

#include <stdlib.h>
#include <string.h>

void sg_collected_release(struct sg_collected *c)
{
	sg_strs_release(&c->notes);
	*c = (struct sg_collected){ 0 };
}

struct packing {
	const struct sg_drives *drives;
	struct sg_buf list, body;
	struct sg_collected about;
	int64_t now;
	bool hives;
};

static void leave_out(struct packing *p, const char *name, const char *why)
{
	char *text = sg_format("%s: %s", name, why);

	p->about.left_out++;
	sg_strs_add(&p->about.notes, text);
	sg_buf_fmt(&p->list, "left out  %s\n", text);
	free(text);
}

static int pack(struct packing *p, const struct sg_gathered *g, struct sg_err *err)
{
	char *name = sg_format("%c/%s", g->drive, g->rel), hex[65];
	struct sg_err why = SG_ERR_INIT;
	struct sg_buf octets = { 0 };
	size_t masked = 0;
	int r = 0;

	if (g->folder) {
		if (sg_tar_add_folder(&p->body, name, p->now, &why))
			leave_out(p, name, why.msg);
		goto out;
	}
	if (g->hive && !p->hives) {
		leave_out(p, name,
		        "the registry is taken with --hives only; services and pending restarts stay "
		        "unknown");
		goto out;
	}
	if (sg_gathered_read(p->drives, g, &octets, &why)) {
		leave_out(p, name, why.msg);
		goto out;
	}
	if (g->config && !sg_utf8_valid(sg_buf_bytes(&octets))) {
		leave_out(p, name, "it is not UTF-8, so that secrets could be overlooked");
		goto out;
	}
	if (g->config)
		masked = sg_mask(&octets);
	r = sg_tar_add_file(&p->body, name, sg_buf_bytes(&octets), p->now, &why);
	if (r == SG_ELIMIT) {
		leave_out(p, name, why.msg);
		r = 0;
	} else if (r) {
		sg_fail(err, r, "%s", why.msg);
	} else {
		struct sg_hash hash = sg_sha256(sg_buf_bytes(&octets));

		sg_hash_hex(&hash, hex);
		sg_buf_fmt(&p->list, "%s  %10zu octets  %3zu masked%s  %s\n", hex, octets.len, masked,
		        g->head ? "  (its beginning)" : "", name);
		p->about.files++;
		p->about.masked += masked;
	}
out:
	sg_buf_release(&octets);
	free(name);
	return r;
}

/* More files that somebody asked for, as if a mitigation's condition named them. */
static void conditions(const struct sg_strs *with, struct sg_mitigation *m)
{
	m->applicability.files = sg_alloc((with->n + 1) * sizeof(*m->applicability.files));
	for (size_t i = 0; i < with->n; i++)
		m->applicability.files[m->applicability.n_files++].path = with->at[i];
}

int sg_collect(const struct sg_drives *drives, bool hives, const struct sg_strs *with, int64_t now,
        struct sg_buf *ret, struct sg_collected *ret_about, struct sg_err *err)
{
	struct packing p = { .drives = drives, .now = now, .hives = hives };
	struct sg_mitigation asked = { 0 };
	const struct sg_mitigation *list = &asked;
	struct sg_host *host = NULL;
	struct sg_gather g = { 0 };
	struct sg_buf tar = { 0 };
	char when[32];
	int r = sg_host_read(drives, &host, err);

	if (r)
		return r;
	conditions(with, &asked);
	if (!host->iis)
		sg_strs_add(
		        &p.about.notes, host->iis_error ? host->iis_error : "there is no IIS on this drive");
	for (size_t i = 0; i < host->n_products; i++)
		p.about.exchange = p.about.exchange || (sg_same(host->products[i].name, "Exchange") &&
		                                               host->products[i].version.n);
	sg_gather(drives, host, &list, 1, &g);
	for (size_t i = 0; i < g.notes.n; i++)
		sg_strs_add(&p.about.notes, g.notes.at[i]);
	sg_time_format(now, when);
	sg_buf_fmt(&p.list,
	        "stopgapctl collect, %s\nWhat a plan reads, for \"stopgap-feed try\"; secrets are x's of "
	        "equal length.\n"
	        "SHA-256 of each file as it is here, its size, how many values were masked, its name.\n\n",
	        when);
	for (const char *drive = SG_DRIVE_LETTERS; !r && *drive; drive++) {
		const char letter[2] = { *drive, 0 };

		/* one with nothing to take is a drive, too */
		if (sg_drive_root(drives, *letter))
			r = sg_tar_add_folder(&p.body, letter, now, err);
	}
	if (sg_drives_live(drives))
		leave_out(&p, "the registry",
		        "that of a running Windows is not taken; how services start and pending restarts "
		        "stay unknown");
	for (size_t i = 0; !r && i < g.n; i++)
		r = pack(&p, &g.at[i], err);
	if (!r)
		r = sg_tar_add_file(&tar, "collect.txt", sg_buf_bytes(&p.list), now, err);
	if (!r) {
		sg_buf_add(&tar, p.body.data, p.body.len);
		sg_tar_end(&tar);
		*ret = tar;
		*ret_about = p.about;
		tar = (struct sg_buf){ 0 };
		p.about = (struct sg_collected){ 0 };
	}
	sg_buf_release(&tar);
	sg_buf_release(&p.list);
	sg_buf_release(&p.body);
	sg_collected_release(&p.about);
	sg_gather_release(&g);
	sg_host_free(host);
	free(asked.applicability.files);
	return r;
}
