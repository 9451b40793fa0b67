/* step_write.c - the only writer of targets: temporary file, sync, one more look, replace, sync of the folder.
 *
 * N changed files in D folders cost N + D flushes; a hive, which is written in place, costs one. A reader sees the old file or the new one (P5). A failed flush is never retried: the code is
 * SG_EFATAL and everything stays as it is, for the next start to recover by content.
 */
#include "actions/live.h"
#include "actions/step_parts.h"

#include <stdlib.h>
#include <string.h>

static void drop_temps(const struct sg_step_plan *plan, const bool *created)
{
	struct sg_err ignored = SG_ERR_INIT;

	for (size_t i = 0; i < plan->n_files; i++)
		if (created[i])
			sg_os_unlink(plan->files[i].temp, &ignored);
}

/* The way to the file, walked afresh: whoever owns a site may have put a link in the place of one of its folders, to have us write elsewhere. */
static int walk_again(const struct sg_step_plan *plan, const struct sg_step_file *f, struct sg_err *err)
{
	return f->live ? 0 : sg_drive_still(plan->drives, f->container, f->native, err);
}

/* The temporary file, in a folder that stays where it is from before that is made until the rename: what is looked at once more is what is replaced. */
static int prepare(const struct sg_step_plan *plan, const struct sg_step_file *f, struct sg_os_file *hold,
        bool *ret_created, struct sg_err *err)
{
	int r = sg_drive_hold(plan->drives, f->container, f->native, f->temp, hold, err);

	if (!r)
		r = sg_os_create(f->temp, sg_buf_bytes(&f->after), f->native, err);
	*ret_created = !r;
	return r;
}

/* Nobody may have replaced or changed the file since it was read. */
static int look_again(const struct sg_step_plan *plan, const struct sg_step_file *f, struct sg_err *err)
{
	struct sg_buf now = { 0 };
	struct sg_file_id id;
	int r;

	if (f->live)
		return sg_step_live_check(f, err);
	r = walk_again(plan, f, err);
	if (!r)
		r = sg_os_read(f->native, sg_step_max(f->container), &now, &id, err);
	if (!r && (id.dev != f->id.dev || id.ino != f->id.ino ||
	                  !sg_bytes_equal(sg_buf_bytes(&now), sg_buf_bytes(&f->before))))
		r = sg_fail(err, SG_ECONFLICT,
		        "%s was changed by somebody else just now; nothing was written", f->container);
	sg_buf_release(&now);
	return r;
}

/* Whoever owns the folder may have put another file in the place of the temporary one, or into it: what gets the name is what the journal says. */
static int check_temp(const struct sg_step_file *f, struct sg_err *err)
{
	struct sg_err why = SG_ERR_INIT;
	struct sg_file_id id = { 0 };
	struct sg_buf now = { 0 };
	int r = sg_os_read(f->temp, f->after.len, &now, &id, &why);

	if (r == SG_EBUSY || r == SG_EIO)
		r = sg_fail(err, r, "%s", why.msg);
	else if (r || id.links != 1 || !sg_bytes_equal(sg_buf_bytes(&now), sg_buf_bytes(&f->after)))
		r = sg_fail(err, SG_ECONFLICT,
		        "%s, which was to replace %s, was changed by somebody else just now; %s stays as it "
		        "is",
		        f->temp_win, f->container, f->container);
	sg_buf_release(&now);
	return r;
}

static char *parent_of(const char *native)
{
	const char *slash = strrchr(native, '/'), *back = strrchr(native, '\\');
	const char *last = !slash || (back && back > slash) ? back : slash;

	return sg_strndup(native, last ? (size_t)(last - native) : 0);
}

static int sync_folders(const struct sg_step_plan *plan, bool sync_unchanged, struct sg_err *err)
{
	struct sg_strs folders = { 0 };
	int r = 0;

	for (size_t i = 0; i < plan->n_files; i++) {
		char *folder;

		if (plan->files[i].in_place || (!plan->files[i].changed && !sync_unchanged))
			continue;
		folder = parent_of(plan->files[i].native);
		if (!sg_strs_has(&folders, folder))
			sg_strs_add(&folders, folder);
		free(folder);
	}
	for (size_t i = 0; !r && i < folders.n; i++)
		r = sg_os_sync_dir(folders.at[i], err);
	sg_strs_release(&folders);
	return r;
}

int sg_step_write(const struct sg_step_plan *plan, bool sync_unchanged, bool (*stop)(void *arg), void *arg,
        struct sg_err *err)
{
	bool *created = sg_alloc(plan->n_files * sizeof(*created));
	struct sg_os_file *holds = sg_alloc(plan->n_files * sizeof(*holds));
	int r = 0;

	for (size_t i = 0; i < plan->n_files; i++)
		holds[i] = (struct sg_os_file)SG_OS_FILE_INIT;
	for (size_t i = 0; !r && i < plan->n_files; i++)
		if (plan->files[i].changed && !plan->files[i].in_place)
			r = prepare(plan, &plan->files[i], &holds[i], &created[i], err);
	for (size_t i = 0; !r && i < plan->n_files; i++) {
		const struct sg_step_file *f = &plan->files[i];

		if (f->live)
			r = sync_unchanged ? sg_live_flush(err) : 0;
		else if (f->changed ? !f->in_place : sync_unchanged)
			r = sg_os_sync_file(f->changed ? f->temp : f->native, err);
	}
	for (size_t i = 0; !r && i < plan->n_files; i++)
		if (plan->files[i].changed)
			r = look_again(plan, &plan->files[i], err);
	if (!r && stop && stop(arg))
		r = sg_fail(err, SG_ECANCELED, "a stop was asked for; nothing was written");
	for (size_t i = 0; !r && i < plan->n_files; i++) {
		if (!plan->files[i].changed || !plan->files[i].in_place)
			continue;
		r = walk_again(plan, &plan->files[i], err);
		if (!r)
			r = plan->files[i].live ? sg_step_live_write(&plan->files[i], err)
			                        : sg_step_hive_write(&plan->files[i], err);
	}
	for (size_t i = 0; !r && i < plan->n_files; i++) {
		if (!plan->files[i].changed || plan->files[i].in_place)
			continue;
		r = walk_again(plan, &plan->files[i], err);
		if (!r)
			r = check_temp(&plan->files[i], err);
		if (!r)
			r = sg_os_replace(plan->files[i].temp, plan->files[i].native, err);
		created[i] = r != 0;
	}
	if (r && r != SG_EFATAL)
		drop_temps(plan, created);
	for (size_t i = 0; i < plan->n_files; i++)
		sg_os_close(&holds[i]);
	if (!r)
		r = sync_folders(plan, sync_unchanged, err);
	free(holds);
	free(created);
	return r;
}

/* "stopgap-" and 16 hex digits and ".config": the names that sg_step_plan makes, and no other. */
static bool is_temp_name(const char *win)
{
	static const char head[] = "stopgap-", tail[] = ".config";
	const char *name = strrchr(win, '\\');
	size_t hex;

	if (!name || strncmp(name + 1, head, sizeof(head) - 1))
		return false;
	name += sizeof(head);
	hex = strspn(name, "0123456789abcdef");
	return hex == 16 && !strcmp(name + hex, tail);
}

static bool used(const struct sg_step_plan *plan, const char *temp_win)
{
	for (size_t i = 0; i < plan->n_files; i++)
		if (!plan->files[i].in_place && sg_win_same(plan->files[i].temp_win, temp_win))
			return true;
	return false;
}

void sg_step_plan_rename(struct sg_step_plan *plan, const struct sg_strs *temps)
{
	for (size_t i = 0; i < plan->n_files; i++) {
		struct sg_step_file *f = &plan->files[i];
		char *folder;

		if (f->in_place)
			continue;
		folder = sg_strndup(f->temp_win, (size_t)(strrchr(f->temp_win, '\\') - f->temp_win));
		for (size_t k = 0; k < temps->n; k++) {
			const char *name = strrchr(temps->at[k], '\\');

			if (!is_temp_name(temps->at[k]) || used(plan, temps->at[k]) ||
			        !sg_win_under(temps->at[k], folder) ||
			        (size_t)(name - temps->at[k]) != strlen(folder))
				continue;
			/* these names have one length */
			memcpy(strrchr(f->temp_win, '\\') + 1, name + 1, strlen(name + 1));
			memcpy(f->temp + strlen(f->temp) - strlen(name + 1), name + 1, strlen(name + 1));
			break;
		}
		free(folder);
	}
}

static int clean(const struct sg_drives *drives, const char *win, struct sg_err *err)
{
	char *native = NULL;
	int r = sg_drive_path(drives, win, false, &native, err);

	if (!r)
		r = sg_os_unlink(native, err);
	free(native);
	return r == SG_ENOENT ? 0 : r;
}

int sg_step_clean(const struct sg_drives *drives, const struct sg_strs *temps, struct sg_err *err)
{
	static const char *const tails[] = { "", SG_DRIVE_HOLD, SG_OS_PIN };
	int first = 0;

	for (size_t i = 0; i < temps->n; i++) {
		for (size_t k = 0; is_temp_name(temps->at[i]) && k < sizeof(tails) / sizeof(*tails); k++) {
			struct sg_err why = SG_ERR_INIT;
			char *win = sg_format("%s%s", temps->at[i], tails[k]);
			int r = clean(drives, win, &why);

			if (r && !first)
				first = sg_fail(err, r, "%s", why.msg);
			free(win);
		}
	}
	return first;
}
