/* hive-edit - start types of a drive through the product's own plan and write, for the test that lets foreign readers judge the result.
 *
 *   hive-edit DIR shape NAME              writes the drive's SYSTEM hive anew: usual, lf, li, nested, moved or old
 *   hive-edit DIR set SERVICE=START ...   brings them there in one operation, and prints a line for each that changes
 */
#include "actions/services.h"
#include "actions/step.h"
#include "tests/lib/drive.h"
#include "tests/lib/hive_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int shape(const char *dir, const char *name)
{
	static const struct {
		const char *name;
		struct t_hive_shape shape;
	} shapes[] = { { "usual", { 0 } }, { "lf", { .list = "lf" } }, { "li", { .list = "li" } },
		{ "nested", { .chunk = 5 } }, { "moved", { .gap = 6000, .slack = 512 } },
		{ "old", { .minor = 3 } } };

	for (size_t i = 0; i < sizeof(shapes) / sizeof(*shapes); i++)
		if (!strcmp(name, shapes[i].name)) {
			struct t_hive *h = t_hive_open(dir, T_SYSTEM);

			t_hive_save(dir, T_SYSTEM, h, &shapes[i].shape);
			t_hive_free(h);
			return 0;
		}
	return 2;
}

static int set(const struct sg_drives *drives, char *const *args, int n)
{
	struct sg_err err = SG_ERR_INIT;
	struct sg_moves moves = { 0 };
	struct sg_step_plan plan = { 0 };
	int r = 0;

	for (int i = 0; !r && i < n; i++) {
		struct sg_move *m = sg_moves_add(&moves);
		struct sg_seen_value now = { 0 };
		char *equals = strchr(args[i], '=');

		if (!equals)
			return 2;
		*equals = 0;
		sg_service_addr(args[i], &m->addr);
		m->to.present = true;
		sg_buf_str(&m->to.octets, equals + 1);
		r = sg_step_read(drives, &m->addr, 1, &now, &err);
		if (!r && now.seen != SG_SEEN_FROM)
			r = sg_fail(&err, SG_ENOENT, "%s", now.why);
		sg_content_copy(&m->from, &now.now);
		sg_seen_release(&now, 1);
	}
	if (!r)
		r = sg_step_plan(drives, &moves, false, 0, &plan, &err);
	if (!r)
		r = sg_step_write(&plan, false, NULL, NULL, &err);
	for (size_t i = 0; !r && plan.n_files && i < plan.files[0].n_patches; i++)
		puts(plan.files[0].patches[i].text);
	if (r)
		fprintf(stderr, "hive-edit: %s\n", err.msg);
	sg_step_plan_release(&plan);
	sg_moves_release(&moves);
	return r ? 1 : 0;
}

int main(int argc, char **argv)
{
	struct sg_drives drives;
	int status = 2;

	if (argc >= 4 && !strcmp(argv[2], "shape")) {
		status = shape(argv[1], argv[3]);
	} else if (argc >= 4 && !strcmp(argv[2], "set")) {
		t_drive_drives(argv[1], &drives);
		status = set(&drives, argv + 3, argc - 3);
		sg_drives_release(&drives);
	}
	if (status == 2)
		fputs("usage: hive-edit DIR shape NAME | hive-edit DIR set SERVICE=START ...\n", stderr);
	return status;
}
