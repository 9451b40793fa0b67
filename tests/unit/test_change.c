/* test_change.c - whose turn it is on the change lane: a real lane, loop and engine; the order in which jobs end is what is looked at. */
#include "daemon/change.h"
#include "tests/lib/engine_lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* One letter for each job that ended: a read, what a person may change, a document, a round; c: given back without being done. */
struct stage {
	void *lab;
	uv_loop_t loop;
	struct sg_change *lane;
	struct sg_buf ended;
	int more_people, more_reads, more_documents; /* each is added when one of its kind ends */
	size_t touched;                              /* what the last round was told */
	bool was_settled, was_idle;                  /* when the last job ended */
};

static void ask(struct stage *s, const char *account, const char *method)
{
	const struct sg_method *m = sg_method_find(method);
	struct sg_job *job = sg_job_new(SG_JOB_REQUEST);

	job->account = sg_strdup(account);
	job->method = sg_strdup(method);
	job->params = sg_val_map();
	job->right = m->right;
	job->only_reads = m->by == SG_BY_READING;
	sg_change_add(s->lane, job);
}

static void read_one(struct stage *s)
{
	ask(s, "uid 7", "history");
}

static void change_one(struct stage *s)
{
	ask(s, "uid 0", "resume");
}

/* A poll that failed: cheap, and work all the same. */
static void document(struct stage *s)
{
	struct sg_job *job = sg_job_new(SG_JOB_FETCHED);

	job->feed = sg_strdup("corp");
	sg_fail(&job->failure, SG_ENET, "the test's server is away");
	sg_change_add(s->lane, job);
}

static char letter_of(const struct sg_job *job)
{
	if (job->code == SG_ECANCELED)
		return 'c';
	switch (job->kind) {
	case SG_JOB_FETCHED: return 'd';
	case SG_JOB_RUN: return 'R';
	case SG_JOB_REQUEST:
	case SG_JOB_RELOAD: break;
	}
	return job->right == SG_RIGHT_READ ? 'r' : 'p';
}

static void on_done(void *arg, struct sg_job *job)
{
	struct stage *s = arg;
	char letter = letter_of(job);

	sg_buf_add(&s->ended, &letter, 1);
	s->was_settled = sg_change_settled(s->lane);
	s->was_idle = sg_change_idle(s->lane);
	if (letter == 'R')
		s->touched = job->touched.n;
	if (letter == 'p' && s->more_people-- > 0)
		change_one(s);
	if (letter == 'r' && s->more_reads-- > 0)
		read_one(s);
	if (letter == 'd' && s->more_documents-- > 0)
		document(s);
}

static int set_up(void **state)
{
	struct stage *s = sg_alloc(sizeof *s);
	struct lab *lab;

	lab_set_up(&s->lab);
	lab = s->lab;
	lab_configure(lab, NULL, "");
	lab_run(lab);
	assert_int_equal(uv_loop_init(&s->loop), 0);
	s->lane = sg_change_new(&(struct sg_change_options){
	        .loop = &s->loop, .engine = lab->engine, .done = on_done, .arg = s });
	*state = s;
	return 0;
}

static int tear_down(void **state)
{
	struct stage *s = *state;

	assert_true(sg_change_idle(s->lane));
	assert_int_equal(uv_loop_close(&s->loop), 0);
	sg_change_free(s->lane);
	lab_tear_down(&s->lab);
	sg_buf_release(&s->ended);
	free(s);
	return 0;
}

/* Until nothing waits and nothing is under way: in which order jobs ended. */
static const char *order(struct stage *s)
{
	uv_run(&s->loop, UV_RUN_DEFAULT);
	assert_true(sg_change_idle(s->lane));
	return s->ended.len ? (const char *)s->ended.data : "";
}

static void people_come_before_documents_and_these_before_a_round(void **state)
{
	struct stage *s = *state;

	document(s); /* under way at once */
	sg_change_wake(s->lane);
	document(s);
	change_one(s);
	change_one(s);
	assert_string_equal(order(s), "dppdR");
}

static void reads_and_work_go_in_turn(void **state)
{
	struct stage *s = *state;

	for (int i = 0; i < 3; i++)
		read_one(s);
	document(s);
	document(s);
	change_one(s);
	assert_string_equal(order(s), "rprdrdR");
}

static void reads_that_move_something_take_their_turn_too(void **state)
{
	struct stage *s = *state;

	ask(s, "uid 7", "audit");
	ask(s, "uid 8", "audit");
	ask(s, "uid 9", "doctor");
	document(s);
	assert_string_equal(order(s), "rdrRrR");
}

static void a_loop_of_reads_keeps_no_document_and_no_round_waiting(void **state)
{
	struct stage *s = *state;

	s->more_reads = 40;
	for (int i = 0; i < 4; i++)
		read_one(s);
	document(s);
	document(s);
	order(s);
	assert_memory_equal(s->ended.data, "rdrdrRrrr", 9);
	assert_int_equal(s->ended.len, 44 + 3);
}

static void a_loop_of_changes_lets_a_round_in_after_eight(void **state)
{
	struct stage *s = *state;

	s->more_people = 20;
	change_one(s);
	change_one(s);
	assert_string_equal(order(s), "pppppppppRpppppppppRppppR"); /* one makes it due, eight pass it over */
}

static void a_loop_of_changes_lets_a_document_in_beside_its_rounds(void **state)
{
	struct stage *s = *state;

	s->more_people = 20;
	change_one(s);
	change_one(s);
	document(s);
	document(s);
	order(s);
	assert_memory_equal(s->ended.data, "pppppppppRd", 11);
	assert_int_equal(strspn((const char *)s->ended.data + 11, "p"), SG_PATIENCE);
	assert_non_null(strchr((const char *)s->ended.data + 11, 'd'));
}

static void a_loop_of_documents_lets_a_round_in_after_eight(void **state)
{
	struct stage *s = *state;

	s->more_documents = 12;
	document(s);
	document(s);
	assert_string_equal(order(s), "dddddddddRdddddR");
}

static void what_is_fetched_is_settled_however_many_ask(void **state)
{
	struct stage *s = *state;

	sg_change_wake(s->lane);
	s->more_reads = 4;
	read_one(s);
	read_one(s);
	uv_run(&s->loop, UV_RUN_ONCE); /* the round, a read, or both */
	while (!strchr((const char *)s->ended.data, 'R'))
		uv_run(&s->loop, UV_RUN_ONCE);
	assert_true(s->was_settled);
	assert_false(s->was_idle);
	order(s);
	assert_true(s->was_idle);
}

static void what_changes_during_a_round_is_told_with_the_next(void **state)
{
	struct stage *s = *state;
	struct sg_strs paths = { 0 };

	sg_strs_add(&paths, "C:\\inetpub\\wwwroot\\web.config");
	sg_change_wake(s->lane); /* under way */
	sg_change_touched(s->lane, &paths);
	assert_string_equal(order(s), "RR");
	assert_int_equal(s->touched, 1);
	sg_strs_release(&paths);
}

static void reads_that_wait_are_counted_by_account(void **state)
{
	struct stage *s = *state;

	ask(s, "uid 7", "plan"); /* under way */
	assert_int_equal(sg_change_waiting(s->lane, "uid 7"), 0);
	ask(s, "uid 7", "audit");
	ask(s, "uid 7", "doctor");
	ask(s, "uid 8", "plan");
	ask(s, "uid 0", "resume"); /* no read */
	assert_int_equal(sg_change_waiting(s->lane, "uid 7"), 2);
	assert_int_equal(sg_change_waiting(s->lane, "uid 8"), 1);
	assert_int_equal(sg_change_waiting(s->lane, "uid 0"), 0);
	order(s);
	assert_int_equal(sg_change_waiting(s->lane, "uid 7"), 0);
}

static void a_stop_gives_everything_that_waits_back(void **state)
{
	struct stage *s = *state;

	read_one(s); /* under way: it ends by itself */
	read_one(s);
	change_one(s);
	document(s);
	assert_false(sg_change_idle(s->lane));
	sg_change_stop(s->lane);
	assert_string_equal((const char *)s->ended.data, "ccc");
	read_one(s);
	assert_string_equal(order(s), "ccccr");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		        people_come_before_documents_and_these_before_a_round, set_up, tear_down),
		cmocka_unit_test_setup_teardown(reads_and_work_go_in_turn, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		        reads_that_move_something_take_their_turn_too, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		        a_loop_of_reads_keeps_no_document_and_no_round_waiting, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		        a_loop_of_changes_lets_a_round_in_after_eight, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		        a_loop_of_changes_lets_a_document_in_beside_its_rounds, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		        a_loop_of_documents_lets_a_round_in_after_eight, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		        what_is_fetched_is_settled_however_many_ask, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		        what_changes_during_a_round_is_told_with_the_next, set_up, tear_down),
		cmocka_unit_test_setup_teardown(reads_that_wait_are_counted_by_account, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_stop_gives_everything_that_waits_back, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
