/* test_config_edit_corpus.c - three mitigations in and out of every real file that is at hand, in every order of ending (P6, P7).
 *
 * Files: $STOPGAP_DATA/iis, or ../shared/data/iis beside the sources. Without them the test says that it skips. Refused files must have a
 * reason; they are counted by it.
 */
#include "base/os.h"
#include "base/xml.h"
#include "tests/lib/edit_lab.h"
#include "tests/lib/real_files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define LARGE (48u << 10) /* beyond, one order of ending is enough */

struct counts {
	unsigned files, edited, endings;
	struct sg_strs reasons; /* one for each refused file */
};

/* The reason without what differs from file to file: a code, and the part behind the last ": ". */
static void refused(struct counts *c, const struct sg_err *err)
{
	const char *what = strrchr(err->msg, ':');
	char *reason;

	assert_true(err->code < 0 && err->msg[0]);
	reason = sg_format("%s%s", sg_code_name(err->code), what ? what : err->msg);
	sg_strs_add(&c->reasons, reason);
	free(reason);
}

/* Applies the three; on a refusal what went in comes out again. */
static bool try(struct counts *c, const char *name, struct sg_bytes file, const unsigned order[3])
{
	struct lab lab;
	int rc = 0;

	lab_init(&lab, file);
	for (unsigned who = 0; rc == 0 && who < 3; who++)
		rc = lab_apply(&lab, who, lab_mitigations[who].values, lab_mitigations[who].n);
	if (rc < 0)
		refused(c, &lab.err);
	for (size_t i = 0; i < 3; i++)
		if (lab_end(&lab, order[i]) < 0)
			fail_msg("%s: %s", name, lab.err.msg);
	if (!sg_bytes_equal(sg_buf_bytes(&lab.file), file))
		fail_msg("%s: other octets came back", name);
	lab_release(&lab);
	return rc == 0;
}

static void file(struct counts *c, const char *path)
{
	struct sg_err err = SG_ERR_INIT;
	struct sg_buf octets = { 0 };
	struct sg_cfg cfg = { 0 };
	struct sg_file_id id;

	assert_int_equal(sg_os_read(path, 64u << 20, &octets, &id, NULL), 0);
	c->files++;
	if (sg_cfg_scan(sg_buf_bytes(&octets), "file", &cfg, &err) < 0) {
		refused(c, &err);
	} else {
		sg_cfg_release(&cfg);
		for (size_t i = 0; i < 6 && try(c, path, sg_buf_bytes(&octets), lab_orders[i]); i++) {
			c->edited += i == 0;
			c->endings++;
			if (octets.len > LARGE)
				break;
		}
	}
	sg_buf_release(&octets);
}

static void folder(struct counts *c, const char *path)
{
	struct sg_strs names = { 0 };

	assert_int_equal(sg_os_list(path, &names, NULL), 0);
	for (size_t i = 0; i < names.n; i++) {
		char *full = sg_format("%s/%s", path, names.at[i]);
		struct sg_file_id id;

		assert_int_equal(sg_os_stat(full, &id, NULL), 0);
		if (id.is_dir)
			folder(c, full);
		else if (strstr(names.at[i], "onfig"))
			file(c, full);
		free(full);
	}
	sg_strs_release(&names);
}

static void every_real_file_gives_back_its_octets(void **state)
{
	char *path = t_real_path("iis");
	struct counts c = { 0 };
	struct sg_file_id id;

	(void)state;
	if (sg_os_stat(path, &id, NULL) < 0) {
		printf("skipped: there are no real files at %s (STOPGAP_DATA names their folder)\n", path);
	} else {
		folder(&c, path);
		printf("real files: %u, edited and given back: %u, in %u endings, refused: %zu\n", c.files,
		        c.edited, c.endings, c.reasons.n);
		for (size_t i = 0; i < c.reasons.n; i++) {
			unsigned n = 0;
			bool first = true;

			for (size_t k = 0; k < c.reasons.n; k++) {
				n += strcmp(c.reasons.at[i], c.reasons.at[k]) == 0;
				first = first && (k >= i || strcmp(c.reasons.at[i], c.reasons.at[k]) != 0);
			}
			if (first)
				printf("  refused %u: %s\n", n, c.reasons.at[i]);
		}
		assert_int_equal(c.edited + c.reasons.n, c.files);
		assert_true(c.edited > c.files / 2);
	}
	sg_strs_release(&c.reasons);
	free(path);
}

static int set_up(void **state)
{
	(void)state;
	sg_xml_init();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_real_file_gives_back_its_octets),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
