/* doctor_targets.c - the mitigations: which are needed here, what they wait for, and whether their files and folders can be read and written. The one thing that
 * is written is a small file of its own in each target folder, renamed once and removed, by the account and the calls that a mitigation would use.
 */
#include "engine/doctor_parts.h"
#include "engine/rerun.h"

#include "actions/step.h"
#include "base/os.h"

#include <stdlib.h>
#include <string.h>

/* --- the folders that are written */

/* What a replace of a file does there, but for the file. *ret_done is what went well before it failed; a file that cannot be deleted is named in `err`. */
enum done { NOTHING, CREATED, RENAMED };

static int try_folder(const char *native, enum done *ret_done, struct sg_err *err)
{
	static const char octets[] = "stopgap doctor\n";
	unsigned char random[8];
	struct sg_buf name = { 0 };
	struct sg_err ignored = SG_ERR_INIT;
	char *from, *to;
	int r;

	*ret_done = NOTHING;
	sg_os_random(random, sizeof(random));
	for (size_t i = 0; i < sizeof(random); i++)
		sg_buf_fmt(&name, "%02x", random[i]);
	from = sg_format("%s/stopgap-doctor-%s.config", native, (const char *)name.data);
	to = sg_format("%s/stopgap-doctor-%s-2.config", native, (const char *)name.data);
	r = sg_os_create(from, sg_bytes_of(octets), NULL, err);
	if (!r) {
		*ret_done = CREATED;
		r = sg_os_replace(from, to, err);
	}
	if (!r)
		*ret_done = RENAMED;
	if (sg_os_unlink(from, &ignored) && !r)
		r = sg_fail(err, ignored.code, "%s", ignored.msg);
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
static void try_file(struct sg_doctor *d, struct sg_strs *files, const struct sg_addr *addr)
{
	struct sg_seen_value seen = { 0 };

	if (addr->kind == SG_VALUE_SERVICE || sg_strs_has(files, addr->container))
		return;
	sg_strs_add(files, addr->container);
	if (sg_step_read(d->e->options.drives, addr, 1, &seen, NULL) || seen.seen == SG_SEEN_FAILED)
		sg_doctor_check(d, "file", SG_CHECK_FAIL, "put it right; what waits for it goes on by itself",
		        "%s", seen.why ? seen.why : addr->container);
	sg_seen_release(&seen, 1);
}

/* What a person has to look at: needed here, and not in force. */
static void exposed(struct sg_doctor *d)
{
	for (size_t i = 0; i < d->w->rows.n; i++) {
		const struct sg_row *row = d->w->rows.at[i];
		char *cure;

		if (sg_row_verdict(row, sg_holds_any(&d->w->holds, &row->key)) != SG_V_EXPOSED)
			continue;
		cure = sg_format("stopgapctl show %s", row->key.id);
		sg_doctor_check(d, "mitigation", SG_CHECK_FAIL, cure,
		        "%s is needed here and not in force: %s", row->key.id,
		        row->state == SG_APPLIED && row->effective_text ? row->effective_text
		        : row->text                                     ? row->text
		                                                        : "?");
		free(cure);
	}
}

/* What ran before a mitigation went in, and does not since it went out. */
static void not_running(struct sg_doctor *d)
{
	struct sg_strs down = { 0 };
	bool *given_up = NULL;

	sg_rerun_texts(d->w, NULL, &down, &given_up);
	for (size_t i = 0; i < down.n; i++)
		sg_doctor_check(d, "not-running", given_up[i] ? SG_CHECK_FAIL : SG_CHECK_WARN,
		        "put the reason right; it can be started by hand at any time", "%s", down.at[i]);
	sg_strs_release(&down);
	free(given_up);
}

/* Of all that is held, and of all that the offered bodies would write. */
static void targets(struct sg_doctor *d, struct sg_strs *files, struct sg_strs *ret)
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

static void folder(struct sg_doctor *d, const char *folder)
{
	struct sg_err why = SG_ERR_INIT;
	enum done done = NOTHING;
	char *native = NULL;
	int r = sg_drive_path(d->e->options.drives, folder, false, &native, &why);

	if (!r)
		r = try_folder(native, &done, &why);
	if (!r)
		sg_doctor_check(d, "folder", SG_CHECK_OK, NULL,
		        "%s: a file can be created, renamed and deleted", folder);
	else if (done == NOTHING)
		sg_doctor_check(d, "folder", SG_CHECK_FAIL,
		        "let the service's account create, rename and delete files there",
		        "%s: a file cannot be created: %s", folder, why.msg);
	else
		sg_doctor_check(d, "folder", SG_CHECK_FAIL,
		        "most likely an antivirus program holds or takes the new file: exempt stopgapd, or "
		        "that folder's "
		        "*.config files, from it; otherwise let the service's account rename and delete "
		        "files "
		        "there",
		        "%s: a file can be created there, but not %s: %s", folder,
		        done == CREATED ? "renamed" : "deleted", why.msg);
	free(native);
}

static void folders(struct sg_doctor *d)
{
	bool held = sg_world_paused(d->w) || (d->e->host && d->e->host->setup_running);
	struct sg_strs list = { 0 }, files = { 0 };

	targets(d, &files, &list);
	sg_strs_release(&files);
	for (size_t i = 0; i < list.n; i++) {
		if (held)
			sg_doctor_check(d, "folder", SG_CHECK_UNKNOWN, NULL,
			        "%s: not tried while Setup or a pause is on", list.at[i]);
		else
			folder(d, list.at[i]);
	}
	sg_strs_release(&list);
}

/* --- which are needed, and what they need */

static void applicability(struct sg_doctor *d)
{
	struct sg_buf needed = { 0 };
	size_t n[3] = { 0 };

	for (size_t i = 0; i < d->w->rows.n; i++) {
		const struct sg_row *row = d->w->rows.at[i];

		if (row->tombstone)
			continue;
		n[row->applies]++;
		if (row->applies == SG_APPLIES_YES)
			sg_buf_fmt(&needed, "%s%s", needed.len ? ", " : " (", row->key.id);
		if (row->applies == SG_APPLIES_UNKNOWN)
			sg_doctor_check(d, "applicability", SG_CHECK_UNKNOWN,
			        "once that can be read, it is evaluated by itself",
			        "%s: whether it is needed here cannot be told: %s", row->key.id,
			        row->proof  ? row->proof
			        : row->text ? row->text
			                    : "it was not evaluated yet");
	}
	sg_doctor_check(d, "applicability", SG_CHECK_OK, NULL,
	        "needed here: %zu%s%s; not needed: %zu; cannot be told: %zu", n[SG_APPLIES_YES],
	        needed.len ? (const char *)needed.data : "", needed.len ? ")" : "", n[SG_APPLIES_NO],
	        n[SG_APPLIES_UNKNOWN]);
	sg_buf_release(&needed);
}

static const char *cure_of(int code)
{
	switch (code) {
	case SG_EACCES:
		return "unlock that section for the place that is named, or let the service's account read "
		       "the "
		       "file";
	case SG_ECONFLICT: return "rename or take away what has that name already";
	case SG_EUNSUPPORTED:
		return "install or switch on what is missing; or update stopgap, where it is the kind of "
		       "action";
	case SG_EPARSE: return "mend the file at the named line";
	case SG_ELIMIT: return "make the named file smaller: IIS would not load a larger one";
	default: return "put it right; it is tried again by itself";
	}
}

/* What is needed, and could not go in as things are. */
static void prerequisites(struct sg_doctor *d)
{
	size_t ready = 0, n = 0;

	for (size_t i = 0; i < d->w->rows.n && d->e->host; i++) {
		const struct sg_row *row = d->w->rows.at[i];
		const struct sg_mitigation *m = sg_engine_offered(d->e, row);
		struct sg_wishes wishes = { 0 };
		struct sg_err why = SG_ERR_INIT;
		int r;

		if (!m || row->applies == SG_APPLIES_NO)
			continue;
		r = sg_actions_plan(m, d->e->host, d->e->options.drives, &d->w->holds, &wishes, &why);
		n++;
		if (r && r != SG_ENOENT)
			sg_doctor_check(
			        d, "prerequisite", SG_CHECK_FAIL, cure_of(r), "%s: %s", row->key.id, why.msg);
		else
			ready++;
		sg_wishes_release(&wishes);
	}
	if (ready == n)
		sg_doctor_check(d, "prerequisite", SG_CHECK_OK, NULL,
		        "whatever the mitigations need of IIS is there and not locked");
}

void sg_doctor_targets(struct sg_doctor *d)
{
	applicability(d);
	prerequisites(d);
	exposed(d);
	not_running(d);
	folders(d);
}
