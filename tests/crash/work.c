/* work.c - what the children of the crash matrix do with the real engine: prepare, act, start again (scenario.h). */
#include "scenario.h"
#include "shim.h"

#include "base/hash.h"
#include "engine/group.h"
#include "engine/recover.h"
#include "tests/lib/drive.h"
#include "tests/lib/as_canonical.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define FEED "crash"

struct told *told;

void told_init(void)
{
	told = mmap(NULL, sizeof(*told), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (told == MAP_FAILED)
		abort();
}

struct work {
	const char *drive;
	struct sg_drives drives;
	struct sg_journal *journal;
	struct sg_host *host;
	struct sg_ctx ctx;
	struct sg_err err;
};

static int failed(const struct work *w, const char *what)
{
	snprintf(told->message, sizeof(told->message), "%s: %s", what, w->err.msg);
	return 1;
}

/* Opens as the service does; the file is read in this very child, so no other child has to look at it first. */
static int open_work(struct work *w, const char *drive, bool recover)
{
	struct sg_journal_options options = { .map_size = 1 << 20, .machine = T_MACHINE, .unguarded = true };
	struct sg_clock now = { .wall = 1800000000000, .boot = "boot-1" };
	char *folder = sg_format("%s" JOURNAL_FOLDER, drive);
	bool recovered = false;
	int code;

	*w = (struct work){ .drive = drive, .err = SG_ERR_INIT };
	t_drive_drives(drive, &w->drives);
	code = sg_journal_open(folder, &options, &now, &w->journal, &w->err);
	free(folder);
	if (code)
		return failed(w, "the journal does not open");
	w->ctx = (struct sg_ctx){ .journal = w->journal,
		.read = sg_journal_reader(w->journal),
		.drives = &w->drives,
		.runner = &sg_run_offline,
		.now = now };
	if (recover && sg_recover(&w->ctx, &recovered, &w->err))
		return failed(w, "recovery failed");
	return 0;
}

/* The facts of the host are read when they are needed first: recovery works without them. */
static int need_host(struct work *w)
{
	if (w->host)
		return 0;
	if (sg_host_read(&w->drives, &w->host, &w->err))
		return failed(w, "the host's facts");
	w->ctx.host = w->host;
	return 0;
}

static void close_work(struct work *w)
{
	sg_host_free(w->host);
	sg_journal_close(w->journal);
	sg_drives_release(&w->drives);
}

static struct sg_row *row_of(struct work *w, const char *id)
{
	struct sg_key key = { (char *)FEED, (char *)(uintptr_t)id };
	struct sg_row *row = NULL;

	if (sg_journal_row(w->ctx.read, &key, &row, NULL))
		row = sg_row_new(FEED, id);
	return row;
}

/* What accepting a document does before anything is decided: the body and its row are durable. */
static int offer(struct work *w, struct sg_row *row, const struct sg_mitigation *m)
{
	struct sg_body body = { m->hash, sg_buf_bytes(&m->body) };
	struct sg_change change = { .rows = &row, .n_rows = 1, .bodies = &body, .n_bodies = 1 };

	if (sg_hash_equal(&row->offered, &m->hash))
		return 0;
	row->offered = m->hash;
	if (row->state != SG_APPLIED)
		row->state = SG_APPLICABLE;
	return sg_journal_accept(w->journal, &change, &w->ctx.now, &w->err);
}

/* Whom a step is about: the member that it names, and those who go with it. */
static size_t members_of(const struct step *step, struct step_also *ret)
{
	size_t n = 1;

	ret[0] = (struct step_also){ step->id, step->body, false };
	for (size_t i = 0; i < MEMBERS - 1 && step->also[i].id; i++)
		ret[n++] = step->also[i];
	return n;
}

static int take_out(struct work *w, struct sg_member *members, size_t n, uint32_t *flushes)
{
	struct sg_holds holds = { 0 };
	uint32_t before = shim->flushes;
	int code = sg_journal_holds(w->ctx.read, &holds, &w->err);
	size_t count = 0;

	for (size_t i = 0; i < n; i++) {
		members[i].done = SG_REVERTED;
		members[i].done_why = SG_WHY_BY_ADMIN;
		if (sg_holds_any(&holds, &members[i].row->key))
			members[count++] = members[i];
	}
	if (!code && count)
		code = count > 1 ? sg_group_out(&w->ctx, members, count, &w->err)
		                 : sg_op_out(&w->ctx, members, count, &w->err);
	*flushes = shim->flushes - before;
	sg_holds_release(&holds);
	return code;
}

/* Those that are not in yet, together; `bodies` are decoded. Whoever fits nowhere does not go alone. */
static int bring_in(struct work *w, const struct step *step, const struct step_also *who,
        struct sg_member *members, size_t n, uint32_t *flushes)
{
	uint32_t before;
	size_t count = 0, fit = 0;
	int code = 0;

	for (size_t i = 0; !code && i < n; i++) {
		struct sg_row *row = members[i].row;

		code = offer(w, row, members[i].m);
		if (step->op != SG_OP_REPAIR && row->state == SG_APPLIED &&
		        sg_hash_equal(&row->applied, &members[i].m->hash))
			continue;
		members[i].adopt = step->adopt;
		members[count++] = members[i];
		fit += !who[i].unfit;
	}
	before = shim->flushes;
	if (!code && fit)
		code = n > 1 ? sg_group_in(&w->ctx, step->op, members, count, &w->err)
		             : sg_op_in(&w->ctx, step->op, members, count, &w->err);
	*flushes = shim->flushes - before;
	return code;
}

static int run_step(struct work *w, const struct step *step, uint32_t *flushes)
{
	struct sg_row *rows[MEMBERS] = { 0 };
	struct sg_mitigation *bodies[MEMBERS] = { 0 };
	struct sg_member members[MEMBERS] = { 0 };
	struct step_also who[MEMBERS];
	size_t n = members_of(step, who);
	int code = 0;

	if (need_host(w))
		return 1;
	for (size_t i = 0; !code && i < n; i++) {
		if (step->op != SG_OP_REVERT)
			code = decode_mitigation(FEED, sg_bytes_of(who[i].body), &bodies[i], &w->err);
		rows[i] = row_of(w, who[i].id);
		members[i] = (struct sg_member){ .row = rows[i], .m = bodies[i] };
	}
	if (!code)
		code = step->op == SG_OP_REVERT ? take_out(w, members, n, flushes)
		                                : bring_in(w, step, who, members, n, flushes);
	for (size_t i = 0; i < n; i++) {
		sg_mitigation_free(bodies[i]);
		sg_row_free(rows[i]);
	}
	return code ? failed(w, sg_op_name(step->op)) : 0;
}

/* --- marks */

static void add_hash(struct sg_buf *out, struct sg_bytes octets)
{
	struct sg_hash h = sg_sha256(octets);
	char hex[65];

	sg_hash_hex(&h, hex);
	sg_buf_fmt(out, " %.12s", hex);
}

/* Which body each mitigation has in force, and which values are held. Scaffolds, befores and afters are proven by giving back. */
static int mark(struct work *w, struct mark *ret)
{
	struct sg_rows rows = { 0 };
	struct sg_holds holds = { 0 };
	struct sg_intent intent = { 0 };
	struct sg_buf out = { 0 };
	bool open = false;
	int code = sg_journal_rows(w->ctx.read, &rows, &w->err);

	ret->events = shim->n_events;
	if (!code)
		code = sg_journal_holds(w->ctx.read, &holds, &w->err);
	if (!code)
		code = sg_journal_intent(w->ctx.read, &intent, &open, &w->err);
	if (code) {
		failed(w, "the journal cannot be read");
		goto out;
	}
	sg_buf_add(&out, "", 0);
	for (size_t i = 0; i < rows.n; i++) {
		if (sg_hash_is_zero(&rows.at[i]->applied))
			continue;
		sg_buf_fmt(&out, "%s %s", rows.at[i]->key.id, sg_state_name(rows.at[i]->state));
		add_hash(&out, (struct sg_bytes){ rows.at[i]->applied.b, sizeof(rows.at[i]->applied.b) });
		sg_buf_str(&out, "\n");
	}
	for (size_t i = 0; i < holds.n; i++) {
		const struct sg_hold *h = &holds.at[i];

		if (h->addr.kind == SG_VALUE_SCAFFOLD)
			continue;
		sg_buf_str(&out, strrchr(h->addr.path, '/'));
		for (size_t k = 0; k < h->holders.n; k++)
			sg_buf_fmt(&out, " %s", h->holders.at[k].id);
		sg_buf_str(&out, "\n");
	}
	if (open)
		sg_buf_str(&out, "an intent is open\n");
	if (out.len >= sizeof(ret->claims)) {
		snprintf(told->message, sizeof(told->message), "a mark has no room for the claims");
		code = 1;
	} else {
		memcpy(ret->claims, out.data, out.len + 1);
	}
out:
	sg_buf_release(&out);
	sg_intent_release(&intent);
	sg_holds_release(&holds);
	sg_rows_release(&rows);
	return code ? 1 : 0;
}

/* --- what children do */

int work_prepare(const char *drive, const struct scenario *s)
{
	struct work w;
	uint32_t flushes;
	int r = open_work(&w, drive, true);

	for (size_t i = 0; !r && i < steps_of(s->prepare); i++)
		r = run_step(&w, &s->prepare[i], &flushes);
	close_work(&w);
	return r;
}

void work_replace(const char *drive)
{
	static const char other[] =
	        "<?xml "
	        "version=\"1.0\"?>\r\n<configuration>\r\n\t<system.webServer>\r\n\t\t<rewrite>\r\n\t\t\t<"
	        "rules />\r\n"
	        "\t\t</rewrite>\r\n\t\t<staticContent />\r\n\t</system.webServer>\r\n</configuration>\r\n";

	t_drive_write(drive, T_WWWROOT, sg_bytes_of(other));
}

void work_beside(const char *drive)
{
	t_drive_replace(drive, T_WWWROOT, "</configuration>",
	        "\t<system.webServer>\r\n\t\t<rewrite>\r\n\t\t\t<rules>\r\n"
	        "\t\t\t\t<rule stopProcessing='true'  name='PowerShell - inbound' >\r\n"
	        "\t\t\t\t\t<match url='.*'/>\r\n\t\t\t\t\t<conditions>"
	        "<add pattern='attack' input='{UrlDecode:{REQUEST_URI}}'/></conditions>\r\n"
	        "\t\t\t\t\t<action type='AbortRequest'/>\r\n\t\t\t\t</rule>\r\n"
	        "\t\t\t</rules>\r\n\t\t</rewrite>\r\n\t</system.webServer>\r\n</configuration>");
}

static int export_journal(const char *drive)
{
	char *folder = sg_format("%s" JOURNAL_FOLDER, drive), *path = sg_format("%s" EXPORT, drive);
	struct sg_journal_read *copy = NULL;
	struct work w = { 0 };
	int code = sg_journal_copy(folder, &copy, &w.err);

	if (!code)
		code = sg_journal_export(copy, path, &w.err);
	sg_journal_copy_close(copy);
	free(folder);
	free(path);
	return code ? failed(&w, "export") : 0;
}

int work_act(const char *drive, const struct scenario *s, size_t from, size_t steps)
{
	struct work w;
	int r = 0;

	if (s->export) {
		r = steps ? export_journal(drive) : 0;
		told->acknowledged = !r && steps;
		return r;
	}
	r = open_work(&w, drive, true);
	for (size_t i = from; !r && i < from + steps; i++) {
		r = run_step(&w, &s->act[i], &told->flushes[i]);
		told->acknowledged += !r;
	}
	if (!r)
		r = mark(&w, &told->after_again);
	close_work(&w);
	return r;
}

static int give_back(struct work *w)
{
	struct sg_rows rows = { 0 };
	uint32_t flushes;
	int code = sg_journal_rows(w->ctx.read, &rows, &w->err);

	for (size_t i = 0; !code && i < rows.n; i++) {
		struct sg_member member = { .row = rows.at[i] };

		code = take_out(w, &member, 1, &flushes);
	}
	sg_rows_release(&rows);
	return code ? failed(w, "giving back") : 0;
}

int work_start(const char *drive, const struct scenario *s, uint32_t m, bool onward, bool recover)
{
	struct work w = { 0 };
	uint32_t flushes;
	int r = inspect_drive(drive, true);

	if (!r && s->export)
		r = inspect_export(drive);
	if (r)
		return r;
	shim_arm(m);
	r = open_work(&w, drive, recover);
	told->recovery_calls = shim->calls;
	shim_disarm();
	told->recovered = !r;
	if (!r)
		r = mark(&w, &told->after_recovery);
	if (!r)
		r = inspect_drive(drive, false);
	for (size_t i = 0; onward && !r && i < steps_of(s->act); i++)
		r = run_step(&w, &s->act[i], &flushes);
	if (!r && onward)
		r = mark(&w, &told->after_again);
	if (!r && onward)
		r = give_back(&w);
	if (!r && onward)
		r = mark(&w, &told->after_return);
	close_work(&w);
	return r;
}
