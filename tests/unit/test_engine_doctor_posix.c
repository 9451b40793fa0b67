/* test_engine_doctor_posix.c - folders where a new file can be made and not be moved or taken away, as antivirus programs cause it: this program's own rename(2)
 * and unlink(2) refuse what the doctor tries, and nothing else.
 */
#include "tests/lib/engine_lab.h"

#include "base/os.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static bool refuse_rename, refuse_unlink;

static bool of_the_doctor(const char *path)
{
	return strstr(path, "stopgap-doctor-") != NULL;
}

int rename(const char *from, const char *to)
{
	if (refuse_rename && of_the_doctor(from)) {
		errno = EACCES;
		return -1;
	}
	return renameat(AT_FDCWD, from, AT_FDCWD, to);
}

int unlink(const char *path)
{
	if (refuse_unlink && of_the_doctor(path)) {
		errno = EBUSY;
		return -1;
	}
	return unlinkat(AT_FDCWD, path, 0);
}

static void fails(struct lab *lab, const char *says)
{
	struct sg_val *reply = NULL;
	const struct sg_val *list, *found = NULL;

	assert_int_equal(lab_ask(lab, &reply, "doctor", NULL), 0);
	list = sg_val_get(reply, "checks");
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(sg_val_get_str(list->kid[i], "check", ""), "folder") == 0)
			found = list->kid[i];
	assert_non_null(found);
	assert_string_equal(sg_val_get_str(found, "status", ""), "fail");
	if (!strstr(sg_val_get_str(found, "text", ""), says))
		fail_msg("%s", sg_val_get_str(found, "text", ""));
	assert_non_null(strstr(sg_val_get_str(found, "cure", ""), "antivirus"));
	assert_true(sg_val_get_int(reply, "fail", 0) > 0);
	sg_val_free(reply);
}

static void a_file_that_can_be_made_and_not_moved_points_to_antivirus(void **state)
{
	struct lab *lab = *state;
	struct t_snapshot *before;

	lab_configure(lab, NULL, NULL);
	lab_offer_one(lab, 1, "M1", "1", LAB_ATTACK);
	lab_run(lab);
	before = t_drive_snapshot(lab->drive);
	refuse_rename = true;
	fails(lab, "C:\\inetpub\\wwwroot: a file can be created there, but not renamed: ");
	refuse_rename = false;
	assert_true(t_drive_same(lab->drive, before)); /* what it made is gone all the same */
	t_snapshot_free(before);
}

static void a_file_that_can_be_moved_and_not_deleted_points_to_antivirus(void **state)
{
	struct lab *lab = *state;

	lab_configure(lab, NULL, NULL);
	lab_offer_one(lab, 1, "M1", "1", LAB_ATTACK);
	lab_run(lab);
	refuse_unlink = true;
	fails(lab, "C:\\inetpub\\wwwroot: a file can be created there, but not deleted: ");
	refuse_unlink = false;
}

#define T(f) cmocka_unit_test_setup_teardown(f, lab_set_up, lab_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_file_that_can_be_made_and_not_moved_points_to_antivirus),
		T(a_file_that_can_be_moved_and_not_deleted_points_to_antivirus),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
