#include "tests/lib/live_lab.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

int live_set_up(void **state)
{
	struct live *l = sg_alloc(sizeof(*l));

	lab_make(&l->lab);
	l->fake = fake_runner_new();
	l->fake->hive_dir = l->lab.drive;
	fake_runner_as(l->fake, &l->runner);
	fake_runner_add(l->fake, SG_HOOK_SERVICE, T_HM, true, NULL);
	fake_runner_add(l->fake, SG_HOOK_SERVICE, T_HMR, true, T_HM);
	fake_runner_add(l->fake, SG_HOOK_SERVICE, T_UM, true, NULL);
	fake_runner_add(l->fake, SG_HOOK_SERVICE, T_UMCR, false, NULL);
	fake_runner_add(l->fake, SG_HOOK_SERVICE, "Fax", true, T_UM);
	fake_runner_add(l->fake, SG_HOOK_SERVICE, "FaxPrinter", true, "Fax");
	fake_runner_add(l->fake, SG_HOOK_SERVICE, T_SPAM, true, NULL);
	fake_runner_add(l->fake, SG_HOOK_POOL, T_ECP_POOL, true, NULL);
	l->lab.runner = &l->runner;
	lab_open(&l->lab);
	lab_configure(&l->lab, NULL, NULL);
	*state = l;
	return 0;
}

int live_tear_down(void **state)
{
	struct live *l = *state;

	lab_free(&l->lab);
	fake_runner_free(l->fake);
	free(l);
	return 0;
}

void live_offer(struct live *l, uint64_t serial, const char *configs)
{
	lab_offer(&l->lab, "corp", serial, configs);
	lab_run(&l->lab);
}

void live_out(struct live *l, const char *id)
{
	l->fake->log[0] = 0;
	lab_do(&l->lab, "rollback", "id", id, NULL);
}

void live_restart(struct live *l)
{
	lab_close(&l->lab);
	lab_open(&l->lab);
	lab_configure(&l->lab, NULL, NULL);
	lab_run(&l->lab);
}

bool live_said(struct live *l, const char *id, const char *text)
{
	struct sg_val *reply = NULL;
	const struct sg_val *lines;
	bool said = false;

	assert_int_equal(lab_ask(&l->lab, &reply, "history", "id", id, NULL), 0);
	lines = sg_val_get(reply, "lines");
	for (size_t i = 0; lines && i < lines->n; i++)
		said = said || strstr(sg_val_get_str(lines->kid[i], "text", ""), text);
	sg_val_free(reply);
	return said;
}
