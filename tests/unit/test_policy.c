/* test_policy.c - what configuration and administrators say about one body: delays, questions, freshness, rings, blocks. Pure; time is a number. */
#include "base/clock.h"
#include "tests/lib/policy_lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

/* One body under one configuration, and its row. */
struct lab {
	struct sg_conf *conf;
	struct sg_mitigation *m;
	struct sg_row *row;
	struct sg_feed_row feed;
	bool newer_blocked;
	struct sg_go go;
};

static void lab_make(struct lab *lab, const char *mode, const char *policy)
{
	*lab = (struct lab){ .conf = conf_of(mode, policy),
		.m = body_of("EXK-1", "high", "UrlRewrite"),
		.row = sg_row_new("corp", "EXK-1") };
	lab->row->offered = lab->m->hash;
	sg_policy_deadlines(lab->conf, lab->m, lab->row, T0);
}

static void lab_free(struct lab *lab)
{
	sg_conf_free(lab->conf);
	sg_mitigation_free(lab->m);
	sg_row_free(lab->row);
}

/* Why it may not go at that time; SG_WHY_NONE: it may. */
static enum sg_reason why_at(struct lab *lab, int64_t now)
{
	struct sg_go_in in = { .conf = lab->conf,
		.m = lab->m,
		.row = lab->row,
		.feed = &lab->feed,
		.newer_blocked = lab->newer_blocked,
		.now = now };

	sg_policy_go(&in, &lab->go);
	assert_true(lab->go.go == (lab->go.why == SG_WHY_NONE));
	assert_true(lab->go.go || lab->go.text[0]);
	return lab->go.why;
}

static void what_is_not_said_is_allowed_at_once(void **state)
{
	struct lab lab;

	(void)state;
	lab_make(&lab, "enforce", "");
	assert_int_equal(why_at(&lab, T0), SG_WHY_NONE);
	lab_free(&lab);
}

/* --- delays, questions, retries, freshness */

static void a_delay_counts_from_when_the_body_was_first_seen(void **state)
{
	struct lab lab;

	(void)state;
	lab_make(&lab, "enforce", "<policy><when do=\"apply\" delay=\"30m\"/></policy>");
	assert_int_equal(why_at(&lab, T0 + 30 * SG_MINUTE - 1), SG_WHY_DELAY);
	assert_int_equal(lab.go.next, T0 + 30 * SG_MINUTE);
	assert_int_equal(why_at(&lab, T0 + 30 * SG_MINUTE), SG_WHY_NONE);
	lab_free(&lab);
}

static void ask_waits_for_a_person_without_a_time(void **state)
{
	struct lab lab;

	(void)state;
	lab_make(&lab, "ask", "");
	assert_int_equal(why_at(&lab, T0 + 365 * SG_DAY), SG_WHY_APPROVAL);
	assert_int_equal(lab.go.next, 0);
	lab.row->approved = lab.m->hash;
	assert_int_equal(why_at(&lab, T0), SG_WHY_NONE);
	lab_free(&lab);
}

static void ask_then_apply_goes_by_itself_after_its_time(void **state)
{
	struct lab lab;

	(void)state;
	lab_make(&lab, "enforce", "<policy><when do=\"ask\" after=\"4h\" then=\"apply\"/></policy>");
	assert_int_equal(why_at(&lab, T0), SG_WHY_APPROVAL);
	assert_int_equal(lab.go.next, T0 + 4 * SG_HOUR);
	assert_int_equal(why_at(&lab, T0 + 4 * SG_HOUR), SG_WHY_NONE);
	lab_free(&lab);
}

static void an_approval_is_for_one_body(void **state)
{
	struct lab lab;

	(void)state;
	lab_make(&lab, "ask", "");
	lab.row->approved = lab.m->hash;
	lab.row->approved.b[31] ^= 1;
	lab.row->now = true;
	assert_int_equal(why_at(&lab, T0), SG_WHY_APPROVAL);
	lab_free(&lab);
}

static void an_approved_body_still_waits_for_its_window_unless_asked_for_now(void **state)
{
	struct lab lab;

	(void)state;
	lab_make(&lab, "ask", "<policy><when do=\"ask\" delay=\"1h\" window=\"22:00-05:00\"/></policy>");
	lab.row->approved = lab.m->hash;
	assert_int_equal(why_at(&lab, T0 + 12 * SG_HOUR), SG_WHY_WINDOW);
	lab.row->delay_until = T0 + 13 * SG_HOUR;
	assert_int_equal(why_at(&lab, T0 + 12 * SG_HOUR), SG_WHY_DELAY);
	lab.row->now = true;
	assert_int_equal(why_at(&lab, T0 + 12 * SG_HOUR), SG_WHY_NONE);
	lab_free(&lab);
}

static void nothing_new_starts_from_a_stale_feed_but_what_was_in_is_repaired(void **state)
{
	struct lab lab;

	(void)state;
	lab_make(&lab, "enforce", "");
	lab.feed.expires = T0;
	assert_int_equal(why_at(&lab, T0), SG_WHY_NONE);
	assert_int_equal(why_at(&lab, T0 + 1), SG_WHY_STALE);
	lab.row->applied = lab.m->hash;
	assert_int_equal(why_at(&lab, T0 + 1), SG_WHY_NONE);
	lab.row->applied.b[0] ^= 1; /* another body of it was in */
	assert_int_equal(why_at(&lab, T0 + 1), SG_WHY_STALE);
	lab_free(&lab);
}

static void a_retry_waits_for_its_time_and_a_block_of_the_revision_for_a_person(void **state)
{
	struct lab lab;

	(void)state;
	lab_make(&lab, "enforce", "");
	lab.row->retry_at = T0 + SG_MINUTE;
	assert_int_equal(why_at(&lab, T0), SG_WHY_RETRY);
	assert_int_equal(lab.go.next, T0 + SG_MINUTE);
	assert_int_equal(why_at(&lab, T0 + SG_MINUTE), SG_WHY_NONE);
	lab.newer_blocked = true;
	assert_int_equal(why_at(&lab, T0 + SG_MINUTE), SG_WHY_ADMIN);
	assert_int_equal(lab.go.next, 0);
	lab_free(&lab);
}

/* --- the first <when> that matches */

static void the_first_that_matches_counts(void **state)
{
	static const char policy[] =
	        "<policy><when kind=\"service app_pool\" do=\"ask\"/>"
	        "<when id=\"CORP-*\" do=\"observe\"/><when feed=\"other\" do=\"observe\"/>"
	        "<when min-severity=\"critical\" do=\"apply\"/>"
	        "<when kind=\"url_rewrite\" do=\"apply\" delay=\"30m\"/></policy>";
	static const struct {
		const char *id, *severity, *type;
		int when; /* -1: none */
	} table[] = {
		{ "EXK-1", "critical", "UrlRewrite", 3 },
		{ "EXK-1", "high", "UrlRewrite", 4 },
		{ "corp-7", "critical", "UrlRewrite", 1 },
		{ "EXK-1", "low", "DoNothing", -1 },
	};
	struct sg_conf *conf = conf_of("enforce", policy);

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct sg_mitigation *m = body_of(table[i].id, table[i].severity, table[i].type);
		const struct sg_conf_when *w = sg_policy_when(conf, m);

		assert_ptr_equal(w, table[i].when < 0 ? NULL : &conf->whens[table[i].when]);
		sg_mitigation_free(m);
	}
	sg_conf_free(conf);
}

/* One file for a whole fleet; a server says only which ring it is in. */
static void a_ring_has_its_own_delay(void **state)
{
	static const struct {
		const char *ring;
		int64_t delay;
	} servers[] = { { " ring=\"canary\"", 0 }, { " ring=\"pilot-2\"", SG_HOUR },
		{ " ring=\"rest\"", SG_DAY }, { "", SG_DAY } };

	(void)state;
	for (size_t i = 0; i < sizeof(servers) / sizeof(servers[0]); i++) {
		char *policy = sg_format("<policy%s><when ring=\"canary\" do=\"apply\"/>"
		                         "<when ring=\"pilot-*\" do=\"apply\" delay=\"1h\"/>"
		                         "<when do=\"apply\" delay=\"1d\"/></policy>",
		        servers[i].ring);
		struct lab lab;

		lab_make(&lab, "enforce", policy);
		assert_int_equal(lab.row->delay_until, servers[i].delay ? T0 + servers[i].delay : 0);
		lab_free(&lab);
		free(policy);
	}
}

static void observe_is_the_mode_or_what_a_rule_says(void **state)
{
	struct sg_conf *all = conf_of("observe", ""),
	               *some = conf_of("enforce", "<policy><when id=\"CORP-*\" do=\"observe\"/></policy>");
	struct sg_mitigation *corp = body_of("CORP-1", "low", "UrlRewrite"),
	                     *other = body_of("EXK-1", "low", "UrlRewrite");

	(void)state;
	assert_true(sg_policy_observe(all, other));
	assert_true(sg_policy_observe(all, NULL)); /* a tombstone has no body */
	assert_true(sg_policy_observe(some, corp));
	assert_false(sg_policy_observe(some, other));
	assert_false(sg_policy_observe(some, NULL));
	sg_mitigation_free(corp);
	sg_mitigation_free(other);
	sg_conf_free(all);
	sg_conf_free(some);
}

static void a_rule_that_applies_does_not_overrule_the_mode_ask(void **state)
{
	struct lab lab;

	(void)state;
	lab_make(&lab, "ask", "<policy><when do=\"apply\" delay=\"1h\"/></policy>");
	assert_int_equal(why_at(&lab, T0 + SG_DAY), SG_WHY_APPROVAL);
	lab_free(&lab);
}

/* --- blocks */

static const struct sg_block *covering(
        const struct sg_block *list, size_t n, const char *revision, bool *ret_keep)
{
	struct sg_block copy[4];
	struct sg_blocks blocks = { .at = copy, .n = n, .cap = 4 };
	struct sg_row *row = sg_row_new("corp", "EXK-1");
	const struct sg_block *b;

	for (size_t i = 0; i < n; i++)
		copy[i] = list[i];
	b = sg_policy_block(&blocks, row, revision, T0, ret_keep);
	sg_row_free(row);
	return b ? &list[b - copy] : NULL;
}

static void a_block_covers_a_revision_part_by_part(void **state)
{
	static const struct {
		const char *block, *revision;
		bool covers;
	} table[] = {
		{ NULL, "2.1", true },
		{ NULL, NULL, true },
		{ "2.1", "2.1", true },
		{ "2.1", "2.1.0", true },
		{ "2.1", "2.10", false },
		{ "2.1", "2", false },
		{ "2", "2.1", true },
		{ "2", "20", false },
		{ "2.1", NULL, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		char id[] = "EXK-1", revision[16];
		struct sg_block b = { .id = id };
		bool keep;

		if (table[i].block) {
			strcpy(revision, table[i].block);
			b.revision = revision;
		}
		if ((covering(&b, 1, table[i].revision, &keep) != NULL) != table[i].covers)
			fail_msg("block %s, revision %s", table[i].block ? table[i].block : "any",
			        table[i].revision ? table[i].revision : "none");
	}
}

static void a_block_is_for_its_id_its_feed_and_its_time(void **state)
{
	char id[] = "exk-1", other[] = "EXK-11", corp[] = "corp", elsewhere[] = "elsewhere";
	struct sg_block blocks[] = {
		{ .id = other },
		{ .id = id, .feed = elsewhere },
		{ .id = id, .until = T0 }, /* over */
		{ .id = id, .feed = corp, .until = T0 + 1 },
	};
	bool keep = true;

	(void)state;
	assert_ptr_equal(covering(blocks, 4, "1", &keep), &blocks[3]);
	assert_false(keep);
	assert_null(covering(blocks, 3, "1", &keep));
}

static void what_is_applied_stays_only_when_every_block_keeps_it(void **state)
{
	char id[] = "EXK-1";
	struct sg_block blocks[] = { { .id = id, .keep = true }, { .id = id, .keep = true }, { .id = id } };
	bool keep = false;

	(void)state;
	assert_ptr_equal(covering(blocks, 2, "1", &keep), &blocks[0]);
	assert_true(keep);
	assert_ptr_equal(covering(blocks, 3, "1", &keep), &blocks[0]);
	assert_false(keep);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_not_said_is_allowed_at_once),
		cmocka_unit_test(a_delay_counts_from_when_the_body_was_first_seen),
		cmocka_unit_test(ask_waits_for_a_person_without_a_time),
		cmocka_unit_test(ask_then_apply_goes_by_itself_after_its_time),
		cmocka_unit_test(an_approval_is_for_one_body),
		cmocka_unit_test(an_approved_body_still_waits_for_its_window_unless_asked_for_now),
		cmocka_unit_test(nothing_new_starts_from_a_stale_feed_but_what_was_in_is_repaired),
		cmocka_unit_test(a_retry_waits_for_its_time_and_a_block_of_the_revision_for_a_person),
		cmocka_unit_test(the_first_that_matches_counts),
		cmocka_unit_test(a_ring_has_its_own_delay),
		cmocka_unit_test(observe_is_the_mode_or_what_a_rule_says),
		cmocka_unit_test(a_rule_that_applies_does_not_overrule_the_mode_ask),
		cmocka_unit_test(a_block_covers_a_revision_part_by_part),
		cmocka_unit_test(a_block_is_for_its_id_its_feed_and_its_time),
		cmocka_unit_test(what_is_applied_stays_only_when_every_block_keeps_it),
	};

	setenv("TZ", "UTC0", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
