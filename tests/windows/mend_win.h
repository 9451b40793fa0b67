/* mend_win.h - the stage of the tests of mend_win.c: a service's own folder, and accounts that are asked about. Included once, by the test itself. */
#ifndef SG_TESTS_MEND_WIN_H
#define SG_TESTS_MEND_WIN_H

#include "base/os.h"
#include "base/text.h"
#include "daemon/mend_win.h"
#include "tests/windows/lists_win.h"

#define ADMIN  "S-1-5-21-1-2-3-1001"
#define PERSON "S-1-5-21-1-2-3-1002"
#define GONE   "S-1-5-21-1-2-3-1003"

/* --- the accounts */

static int asked[3];

static enum sg_admin ask(const char *sid, char **ret_why)
{
	if (strcmp(sid, ADMIN) == 0) {
		asked[0]++;
		return SG_ADMIN_YES;
	}
	if (strcmp(sid, PERSON) == 0) {
		asked[1]++;
		return SG_ADMIN_NO;
	}
	assert_string_equal(sid, GONE);
	asked[2]++;
	*ret_why = sg_strdup("the domain does not answer");
	return SG_ADMIN_UNKNOWN;
}

/* --- the stage: top, top\journal, top\journal\journal.mdb, top\stopgap.xml */

static char *top, *journal, *base, *config;

static void expect_all_closed(void)
{
	expect(top, "O:BA", TOP);
	expect(journal, "O:BA", FOLDER);
	expect(base, "O:BA", FILE_);
	expect(config, "O:BA", FILE_);
}

static int set_up(void **state)
{
	char *tmp = sg_os_temp();

	(void)state;
	top = sg_format("%s\\sg-mend-%lu-%llu", tmp, GetCurrentProcessId(), GetTickCount64());
	free(tmp);
	journal = sg_format("%s\\journal", top);
	base = sg_format("%s\\journal.mdb", journal);
	config = sg_format("%s\\stopgap.xml", top);
	assert_int_equal(sg_os_mkdirs(journal, NULL), 0);
	assert_int_equal(sg_os_create_plain(base, sg_bytes_of("ours"), NULL), 0);
	assert_int_equal(sg_os_create_plain(config, sg_bytes_of("ours"), NULL), 0);
	give(top, "O:BA", TOP);
	give(journal, "O:BA", FOLDER);
	n_written = 0;
	memset(asked, 0, sizeof asked);
	return 0;
}

static int tear_down(void **state)
{
	int r = sg_os_remove_tree(top, NULL);

	(void)state;
	forget_lists();
	free(top);
	free(journal);
	free(base);
	free(config);
	return r;
}

/* What Explorer does. */
#define CONTINUE(sid)                                                                                        \
	do {                                                                                                 \
		give(top, "O:BA", TOP TO(sid));                                                              \
		give(journal, "O:BA", FOLDER TO_D(sid));                                                     \
		give(base, "O:BA", FILE_ TO_F(sid));                                                         \
		give(config, "O:BA", FILE_ TO_F(sid));                                                       \
	} while (0)

static struct sg_mended run(void)
{
	struct sg_mended mended = { 0 };

	sg_mend_folder(top, SG_MEND_OWN, ask, &mended);
	return mended;
}

#endif
