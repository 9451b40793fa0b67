/* test_engine_filters.c - the whole life of mitigations that deny sequences: in, proven, beside each other and beside others', and out. A sequence carries
 * no name of ours, so two mitigations may want the same. */
#include "tests/lib/engine_lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void add_filter(struct sg_buf *out, const char *id, const char *path, const char *sequence)
{
	const char *below = strcmp(path, "/") ? path : "/ecp";

	sg_buf_fmt(out,
	        "<Config id=\"%s\" desc=\"a filter\" sg:revision=\"1\" "
	        "sg:severity=\"high\"><sg:Test><sg:Refuse "
	        "uri=\"%s/%s.x\"/><sg:Serve uri=\"%s/y\"/></sg:Test><ActionList><Action "
	        "type=\"RequestFiltering\" "
	        "scope=\"VDir\" desc=\"d\"><sg:At sites=\"Default Web Site\" "
	        "path=\"%s\"/><requestFiltering><denyUrlSequences><add "
	        "sequence=\"%s\"/></denyUrlSequences></requestFiltering></Action></ActionList></Config>",
	        id, below, sequence, below, path, sequence);
}

static void offer(struct lab *lab, uint64_t serial, const struct sg_buf *configs)
{
	lab_offer(lab, "corp", serial, (const char *)configs->data);
	lab_run(lab);
}

static void assert_state(struct lab *lab, const char *id, const char *state)
{
	const char *is = lab_state(lab, id);

	if (strncmp(is, state, strlen(state)) != 0)
		fail_msg("%s is %s (%s) where %s was expected", id, is, lab_field(lab, id, "text"), state);
}

static void a_filter_goes_in_is_proven_and_goes_out(void **state)
{
	struct lab *lab = *state;
	struct sg_buf configs = { 0 };

	lab_configure(lab, NULL,
	        "<policy><when kind=\"request_filtering\" do=\"apply\"/><when do=\"ask\"/></policy>");
	add_filter(&configs, "F1", "/ecp", "evil.svc");
	offer(lab, 1, &configs);
	assert_state(lab, "F1", "applied");
	assert_string_equal(lab_field(lab, "F1", "effective"), "yes");
	assert_true(t_drive_has(lab->drive, T_ECP, "<add sequence=\"evil.svc\" />"));
	lab_do(lab, "rollback", "id", "F1", "reason", "test", NULL);
	lab_run(lab);
	assert_true(lab_untouched(lab));
	sg_buf_release(&configs);
}

static void filters_for_one_place_share_a_value(void **state)
{
	struct lab *lab = *state;
	struct sg_buf configs = { 0 };

	lab_configure(lab, NULL, "");
	add_filter(&configs, "F1", "/ecp", "evil.svc");
	add_filter(&configs, "F2", "/ecp", "evil.svc");
	offer(lab, 1, &configs);
	assert_state(lab, "F1", "applied");
	assert_state(lab, "F2", "applied");
	lab_do(lab, "rollback", "id", "F1", "reason", "test", NULL);
	lab_run(lab);
	assert_true(t_drive_has(lab->drive, T_ECP, "<add sequence=\"evil.svc\" />"));
	lab_do(lab, "rollback", "id", "F2", "reason", "test", NULL);
	lab_run(lab);
	assert_true(lab_untouched(lab));
	sg_buf_release(&configs);
}

/* On one chain IIS would meet the sequence twice and answer 500.19: only one goes in, whether they come at once or one after the other. */
static void filters_on_one_chain_never_meet(void **state)
{
	struct lab *lab = *state;
	struct sg_buf configs = { 0 };

	lab_configure(lab, NULL, "");
	add_filter(&configs, "F1", "/", "evil.svc");
	add_filter(&configs, "F2", "/ecp", "evil.svc");
	add_filter(&configs, "F3", "/OAB", "other.svc");
	offer(lab, 1, &configs);
	assert_state(lab, "F3", "applied");
	assert_int_equal(
	        t_drive_has(lab->drive, T_WWWROOT, "evil.svc") + t_drive_has(lab->drive, T_ECP, "evil.svc"),
	        1);
	lab_do(lab, "rollback", "id", "F1", "reason", "test", NULL);
	lab_do(lab, "rollback", "id", "F2", "reason", "test", NULL);
	lab_do(lab, "rollback", "id", "F3", "reason", "test", NULL);
	lab_run(lab);
	assert_true(lab_untouched(lab));
	sg_buf_release(&configs);
}

static void what_somebody_else_denies_is_in_force_by_others(void **state)
{
	struct lab *lab = *state;
	struct sg_buf configs = { 0 };

	t_drive_replace(lab->drive, T_ECP, "<modules>",
	        "<security><requestFiltering><denyUrlSequences><add "
	        "sequence=\"Evil.svc\"/></denyUrlSequences></requestFiltering></security><modules>");
	lab_configure(lab, NULL, "");
	add_filter(&configs, "F1", "/ecp", "evil.svc");
	offer(lab, 1, &configs);
	assert_state(lab, "F1", "applicable");
	assert_non_null(strstr(lab_field(lab, "F1", "text"), T_ECP ":"));
	assert_false(t_drive_has(lab->drive, T_ECP, "\"evil.svc\""));
	sg_buf_release(&configs);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, lab_set_up, lab_tear_down)
	const struct CMUnitTest tests[] = {
		T(a_filter_goes_in_is_proven_and_goes_out),
		T(filters_for_one_place_share_a_value),
		T(filters_on_one_chain_never_meet),
		T(what_somebody_else_denies_is_in_force_by_others),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
