/* test_engine_pools.c - attributes of application pools through the whole engine: in and out, beside other hands, and shared. */
#include "journal/journal.h"
#include "tests/lib/engine_lab.h"

#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

#define POOL(id, name, attributes)                                                                           \
	"<Config id=\"" id "\" sg:revision=\"1\"><ActionList><Action type=\"AppPool\" "                      \
	"scope=\"Server\"><sg:AppPool name=\"" name "\" " attributes "/></Action></ActionList></Config>"
#define ECP  "MSExchangeECPAppPool"
#define OAB  "MSExchangeOABAppPool"
#define OFF  "autoStart=\"false\" startMode=\"OnDemand\" run=\"Stopped\""
#define LINE "<add name=\"" ECP "\" managedRuntimeVersion=\"v4.0\" managedPipelineMode=\"Integrated\""

static int setup(void **state)
{
	int r = lab_set_up(state);

	lab_configure(*state, NULL, NULL);
	return r;
}

static void offer(struct lab *lab, uint64_t serial, const char *configs)
{
	lab_offer(lab, "corp", serial, configs);
	lab_run(lab);
}

static void absent_and_present_come_back_to_the_octet(void **state)
{
	struct lab *lab = *state;

	offer(lab, 1, POOL("A", ECP, OFF) POOL("B", OAB, OFF));
	assert_string_equal(lab_state(lab, "A"), "applied/applied");
	assert_string_equal(lab_state(lab, "B"), "applied/applied");
	assert_string_equal(lab_field(lab, "A", "effective"), "yes");
	assert_true(t_drive_has(lab->drive, T_APPHOST, LINE " autoStart=\"false\" startMode=\"OnDemand\""));
	assert_true(t_drive_has(
	        lab->drive, T_APPHOST, "<add name=\"" OAB "\" queueLength=\"1000\" autoStart=\"false\""));
	lab_do(lab, "rollback", "id", "A", NULL);
	lab_do(lab, "rollback", "id", "B", NULL);
	assert_true(lab_untouched(lab));
}

static void the_other_attribute_in_other_hands_is_left_alone(void **state)
{
	struct lab *lab = *state;

	offer(lab, 1, POOL("A", ECP, "autoStart=\"false\""));
	t_drive_replace(lab->drive, T_APPHOST, LINE, LINE " startMode=\"AlwaysRunning\"");
	lab_do(lab, "audit", NULL);
	assert_string_equal(lab_state(lab, "A"), "applied/applied");
	lab_do(lab, "rollback", "id", "A", NULL);
	assert_true(t_drive_has(lab->drive, T_APPHOST, LINE " startMode=\"AlwaysRunning\">"));
	t_drive_replace(lab->drive, T_APPHOST, " startMode=\"AlwaysRunning\">", ">");
	assert_true(lab_untouched(lab));
}

static void what_was_edited_is_left_alone_and_its_neighbour_comes_back(void **state)
{
	struct lab *lab = *state;

	offer(lab, 1, POOL("A", ECP, OFF));
	t_drive_replace(lab->drive, T_APPHOST, "startMode=\"OnDemand\"", "startMode=\"AlwaysRunning\"");
	lab_do(lab, "audit", NULL);
	assert_string_equal(lab_state(lab, "A"), "blocked/drift");
	assert_int_not_equal(lab_ask(lab, NULL, "rollback", "id", "A", NULL), 0);
	assert_true(t_drive_has(lab->drive, T_APPHOST, LINE " startMode=\"AlwaysRunning\">"));
}

static void what_a_person_put_back_stays_and_is_exposed(void **state)
{
	struct lab *lab = *state;

	offer(lab, 1, POOL("A", OAB, "autoStart=\"false\""));
	t_drive_replace(lab->drive, T_APPHOST, "queueLength=\"1000\" autoStart=\"false\"",
	        "queueLength=\"1000\" autoStart=\"true\"");
	lab_do(lab, "audit", NULL);
	assert_string_equal(lab_state(lab, "A"), "blocked/removed");
	assert_string_equal(lab_verdict(lab), "EXPOSED");
	assert_true(lab_untouched(lab));
}

static void a_value_that_is_so_already_is_held_and_left(void **state)
{
	struct lab *lab = *state;

	offer(lab, 1, POOL("A", OAB, "autoStart=\"true\""));
	assert_string_equal(lab_state(lab, "A"), "applied/applied");
	assert_true(lab_untouched(lab));
	t_drive_replace(lab->drive, T_APPHOST,
	        "queueLength=\"1000\" autoStart=\"true\" managedRuntimeVersion=\"v4.0\" />",
	        "queueLength=\"1000\" autoStart=\"false\" managedRuntimeVersion=\"v4.0\" />");
	lab_do(lab, "audit", NULL);
	assert_string_equal(lab_state(lab, "A"), "blocked/drift");
	lab_do(lab, "resolve", "id", "A", "how", "take-over", NULL);
	assert_string_equal(lab_state(lab, "A"), "applied/applied");
	lab_do(lab, "rollback", "id", "A", NULL);
	assert_true(t_drive_has(lab->drive, T_APPHOST,
	        "queueLength=\"1000\" autoStart=\"false\" managedRuntimeVersion=\"v4.0\" />"));
}

/* Two that share a value leave it as it was, in either order. */
static void share(struct lab *lab, const char *first, const char *second)
{
	offer(lab, 1, POOL("A", ECP, OFF) POOL("B", "msexchangeECPapppool", "autoStart=\"false\""));
	assert_string_equal(lab_state(lab, "A"), "applied/applied");
	assert_string_equal(lab_state(lab, "B"), "applied/applied");
	lab_do(lab, "rollback", "id", first, NULL);
	assert_true(t_drive_has(lab->drive, T_APPHOST, LINE " autoStart=\"false\""));
	assert_string_equal(lab_state(lab, second), "applied/applied");
	lab_do(lab, "rollback", "id", second, NULL);
	assert_true(lab_untouched(lab));
}

static void a_shared_value_stays_until_the_last_one_ends(void **state)
{
	share(*state, "A", "B");
}

static void a_shared_value_stays_until_the_last_one_ends_in_the_other_order(void **state)
{
	share(*state, "B", "A");
}

static void one_that_comes_later_shares_what_is_there(void **state)
{
	struct lab *lab = *state;

	offer(lab, 1, POOL("A", OAB, "autoStart=\"false\""));
	offer(lab, 2, POOL("A", OAB, "autoStart=\"false\"") POOL("B", OAB, "autoStart=\"false\""));
	assert_string_equal(lab_state(lab, "B"), "applied/applied");
	lab_do(lab, "rollback", "id", "A", NULL);
	assert_true(t_drive_has(lab->drive, T_APPHOST, "queueLength=\"1000\" autoStart=\"false\""));
	lab_do(lab, "rollback", "id", "B", NULL);
	assert_true(lab_untouched(lab));
}

static void another_value_waits_for_its_holder(void **state)
{
	struct lab *lab = *state;

	offer(lab, 1, POOL("A", OAB, "autoStart=\"false\""));
	offer(lab, 2, POOL("A", OAB, "autoStart=\"false\"") POOL("B", OAB, "autoStart=\"true\""));
	assert_string_equal(lab_state(lab, "A"), "applied/applied");
	assert_string_equal(lab_state(lab, "B"), "applicable/holder");
	lab_do(lab, "rollback", "id", "A", NULL);
	lab->now += 24 * 3600 * 1000;
	lab_run(lab);
	assert_string_equal(lab_state(lab, "B"), "applied/applied");
	lab_do(lab, "rollback", "id", "B", NULL);
	assert_true(lab_untouched(lab));
}

static void a_newer_body_changes_the_value_and_keeps_its_before(void **state)
{
	struct lab *lab = *state;

	offer(lab, 1, POOL("A", OAB, "autoStart=\"false\" startMode=\"AlwaysRunning\""));
	offer(lab, 2, POOL("A", OAB, "startMode=\"OnDemand\""));
	assert_true(t_drive_has(lab->drive, T_APPHOST,
	        "queueLength=\"1000\" autoStart=\"true\" managedRuntimeVersion=\"v4.0\" "
	        "startMode=\"OnDemand\" />"));
	lab_do(lab, "rollback", "id", "A", NULL);
	assert_true(lab_untouched(lab));
}

static void a_restart_keeps_the_claims(void **state)
{
	struct lab *lab = *state;

	offer(lab, 1, POOL("A", ECP, OFF));
	lab_close(lab);
	lab_open(lab);
	lab_configure(lab, NULL, NULL);
	lab_run(lab);
	assert_string_equal(lab_state(lab, "A"), "applied/applied");
	lab_do(lab, "rollback", "id", "A", NULL);
	assert_true(lab_untouched(lab));
}

/* The service ends in the middle of an operation that had not written anything, on a value whose before and after are the same. */
static void crash_in(struct lab *lab, enum sg_op op, const char *to)
{
	struct sg_journal_options options = { .map_size = 4 << 20, .machine = T_MACHINE };
	struct sg_clock now = { .wall = LAB_NOW, .boot = "boot-of-the-lab" };
	struct sg_outcome outcome = {
		.key = { (char *)"corp", (char *)"A" }, .done = SG_APPLIED, .done_why = SG_WHY_APPLIED
	};
	struct sg_intent intent = { .op = op, .started = LAB_NOW, .outcomes = &outcome, .n_outcomes = 1 };
	struct sg_change change = { 0 };
	struct sg_journal *journal = NULL;
	struct sg_move *move = sg_moves_add(&intent.moves);
	static const char path[] =
	        "/configuration/system.applicationHost/applicationPools/add[@name='" OAB "']/@autoStart";

	lab_close(lab);
	move->addr = (struct sg_addr){ SG_VALUE_ATTRIBUTE, sg_strdup(T_APPHOST), sg_strdup(path) };
	move->from.present = move->to.present = true;
	sg_buf_str(&move->from.octets, "true");
	sg_buf_str(&move->to.octets, to);
	if (sg_journal_open(lab->journal, &options, &now, &journal, &lab->err) ||
	        sg_journal_open_intent(journal, &intent, &change, &now, &lab->err))
		fail_msg("%s", lab->err.msg);
	sg_journal_close(journal);
	sg_moves_release(&intent.moves);
	lab_open(lab);
	lab_configure(lab, NULL, NULL);
	lab_run(lab);
}

static void recovered_as_it_was(struct lab *lab, enum sg_op op, const char *to)
{
	offer(lab, 1, POOL("A", OAB, "autoStart=\"true\""));
	crash_in(lab, op, to);
	assert_string_equal(lab_field(lab, "A", "state"), "applied");
	assert_true(lab_untouched(lab));
	t_drive_replace(lab->drive, T_APPHOST,
	        "queueLength=\"1000\" autoStart=\"true\" managedRuntimeVersion=\"v4.0\" />",
	        "queueLength=\"1000\" autoStart=\"false\" managedRuntimeVersion=\"v4.0\" />");
	lab_do(lab, "audit", NULL);
	assert_string_equal(lab_state(lab, "A"), "blocked/drift"); /* it is claimed still */
}

static void a_crash_that_moved_nothing_is_settled(void **state)
{
	recovered_as_it_was(*state, SG_OP_REPAIR, "true");
}

static void a_crash_of_a_newer_body_keeps_the_older_claim(void **state)
{
	recovered_as_it_was(*state, SG_OP_SUPERSEDE, "false");
}

static void two_values_offered_at_once_do_not_mix(void **state)
{
	struct lab *lab = *state;

	offer(lab, 1, POOL("A", OAB, "autoStart=\"true\"") POOL("B", OAB, "autoStart=\"false\""));
	assert_string_equal(lab_state(lab, "A"), "applied/applied");
	assert_string_equal(lab_state(lab, "B"), "applicable/holder");
	lab_do(lab, "rollback", "id", "A", NULL);
	assert_string_equal(lab_state(lab, "B"), "applied/applied"); /* it waited for A alone */
	lab_do(lab, "rollback", "id", "B", NULL);
	assert_true(lab_untouched(lab));
}

static void no_pool_is_not_needed_here(void **state)
{
	struct lab *lab = *state;

	offer(lab, 1, POOL("A", "NoSuchPool", OFF));
	assert_string_equal(lab_state(lab, "A"), "pending/not-needed");
	assert_true(lab_untouched(lab));
}

static bool lists(const struct sg_val *reply, const char *text)
{
	const struct sg_val *list = sg_val_get(reply, "effects");
	size_t found = 0;

	for (size_t i = 0; list && i < list->n; i++)
		found += strstr(list->kid[i]->s, text) != NULL;
	assert_true(found <= 1); /* each sentence once */
	return found == 1;
}

static void the_plan_says_what_goes_down_with_it(void **state)
{
	struct lab *lab = *state;
	struct sg_val *reply = NULL;

	lab_configure(lab, "observe", NULL);
	offer(lab, 1, POOL("A", ECP, OFF) POOL("B", ECP, OFF));
	lab_configure(lab, "enforce", "<policy><when kind=\"app_pool\" do=\"ask\"/></policy>");
	lab_run(lab);
	assert_true(lab_untouched(lab));
	assert_int_equal(lab_ask(lab, &reply, "plan", "id", "A", NULL), 0);
	assert_true(lists(reply, "Default Web Site/ecp runs in"));
	assert_true(lists(reply, "Exchange Back End/ecp runs in"));
	assert_true(lists(reply, "/ecp/healthcheck.htm of Default Web Site answers 503"));
	assert_true(lists(reply, "the application pool " ECP " is not stopped by this"));
	assert_true(lists(reply, "no service or application pool is stopped or started"));
	sg_val_free(reply);
	lab_do(lab, "apply", "id", "A", NULL);
	lab_do(lab, "apply", "id", "B", NULL);
	assert_string_equal(lab_state(lab, "A"), "applied/applied");
	lab_offer(lab, "corp", 2,
	        "<Config id=\"A\" sg:withdrawn=\"2026-10-01\" sg:reason=\"r\"/>"
	        "<Config id=\"B\" sg:withdrawn=\"2026-10-01\" sg:reason=\"r\"/>");
	assert_int_equal(lab_ask(lab, &reply, "plan", NULL), 0);
	assert_true(lists(reply, "Exchange Back End/ecp runs in"));
	assert_true(lists(reply, "is not started by this"));
	sg_val_free(reply);
	lab_run(lab);
	assert_true(lab_untouched(lab));
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, lab_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(absent_and_present_come_back_to_the_octet),
		T(the_other_attribute_in_other_hands_is_left_alone),
		T(what_was_edited_is_left_alone_and_its_neighbour_comes_back),
		T(what_a_person_put_back_stays_and_is_exposed),
		T(a_value_that_is_so_already_is_held_and_left),
		T(a_shared_value_stays_until_the_last_one_ends),
		T(a_shared_value_stays_until_the_last_one_ends_in_the_other_order),
		T(one_that_comes_later_shares_what_is_there),
		T(another_value_waits_for_its_holder),
		T(a_newer_body_changes_the_value_and_keeps_its_before),
		T(a_restart_keeps_the_claims),
		T(a_crash_that_moved_nothing_is_settled),
		T(a_crash_of_a_newer_body_keeps_the_older_claim),
		T(two_values_offered_at_once_do_not_mix),
		T(no_pool_is_not_needed_here),
		T(the_plan_says_what_goes_down_with_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
