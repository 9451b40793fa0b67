/* exchange_lab.c - see exchange_lab.h. */
#include "tests/lib/exchange_lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

const char lab_exchange_needed[] =
        "<sg:Applicability><sg:Product name=\"Exchange\" role=\"Mailbox\"><sg:Affected from=\"15.2\" "
        "below=\"15.3\"/>"
        "<sg:Fixed branch=\"15.2.986\" from=\"15.2.986.36\"/></sg:Product></sg:Applicability>";

void lab_exchange_build(struct lab *lab, unsigned revision)
{
	struct sg_buf pe = { 0 };

	t_pe(15, 2, 986, revision, &pe);
	t_drive_write(lab->drive, T_EXSETUP, sg_buf_bytes(&pe));
	sg_buf_release(&pe);
}

void lab_exchange_offer(struct lab *lab, uint64_t serial)
{
	char *config = lab_config("EXK-1", "1", "/", "yes", LAB_ATTACK, lab_exchange_needed);

	lab_offer(lab, "corp", serial, config);
	lab_run(lab);
	free(config);
}

int lab_exchange_set_up(void **state)
{
	struct lab *lab;

	lab_set_up(state);
	lab = *state;
	lab_configure(lab, NULL, NULL);
	lab_exchange_offer(lab, 1);
	assert_string_equal(lab_state(lab, "EXK-1"), "applied/applied");
	return 0;
}
