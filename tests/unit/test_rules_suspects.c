/* test_rules_suspects.c - a site whose rules end every worker: it is found out with few questions, and nobody else's answers suffer. */
#include "actions/apart.h"
#include "actions/rules_parts.h"
#include "tests/lib/prove_lab.h"
#include "tests/lib/rules_lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { SITES = 40, EVIL = 17 };
#define EVERYWHERE(id)                                                                                       \
	CONFIG(id, "<sg:Test><sg:Refuse uri=\"/x/upload.ashx\"/></sg:Test>" ACTIONS(                         \
	                   ACTION("Site", AT("*", "/", "yes") RULES(RULE("stopgap " id " a", "upload")))))

static size_t asked, together; /* questions; those that had more than one site's sections */
static bool all_die;

static int counted(struct sg_bytes request, struct sg_buf *ret)
{
	asked++;
	together += t_rules_hold(request, "of site 1 ") && t_rules_hold(request, "of site 2 ");
	return all_die || t_rules_hold(request, "CRASH-THE-WORKER") ? -1 : sg_rules_job(request, ret);
}

static const struct sg_worker_job jobs[] = {
	{ .name = SG_JOB_CONFIG, .prepare = sg_cfg_job_prepare, .run = sg_cfg_job },
	{ .name = SG_JOB_RULES, .prepare = sg_rules_job_prepare, .run = counted },
	{ 0 },
};

static void write_site(struct t_ur *f, int i, const char *name)
{
	char *file = sg_format("C:\\sites\\%d\\web.config", i);
	char *text = sg_format("<configuration><system.webServer><rewrite><rules><rule name=\"of site %d "
	                       "%s\"><match url=\"upload\"/><action type=\"AbortRequest\"/></rule></rules>"
	                       "</rewrite></system.webServer></configuration>",
	        i, name);

	t_drive_write(f->dir, file, sg_bytes_of(text));
	free(text);
	free(file);
}

static int set_up(void **state)
{
	struct sg_buf sites = { 0 };
	struct t_ur *f;

	sg_rules_forget();
	all_die = false;
	asked = together = 0;
	t_ur_setup(state);
	f = *state;
	for (int i = 0; i < SITES; i++) {
		sg_buf_fmt(&sites,
		        "<site name=\"s%d\" id=\"%d\"><application path=\"/\"><virtualDirectory path=\"/\" "
		        "physicalPath=\"C:\\sites\\%d\"/></application></site>",
		        i, 100 + i, i);
		write_site(f, i, "good");
	}
	sg_buf_str(&sites, "<siteDefaults>");
	t_drive_replace(f->dir, T_APPHOST, "<siteDefaults>", (const char *)sites.data);
	sg_buf_release(&sites);
	return 0;
}

/* How many sites' lines say that. */
static size_t say(const struct t_ur *f, const char *text)
{
	size_t n = 0;

	for (size_t i = 0; i < f->proof.n; i++)
		n += strstr(f->proof.at[i].text, text) && strstr(f->proof.at[i].text, " at s");
	return n;
}

static void only_the_site_whose_section_it_is_is_not_known(void **state)
{
	struct t_ur *f = *state;

	write_site(f, EVIL, "CRASH-THE-WORKER");
	t_ur_prove(f, EVERYWHERE("T-1"));
	assert_int_equal(say(f, "refused by rule 'of site "), SITES - 1);
	assert_int_equal(say(f, "not known: the rules: "), 1);
	assert_true(t_prove_has_line(f, "(with C:\\sites\\17\\web.config): GET /x/upload.ashx at s17"));
	print_message("%d sites, one of them hostile: %zu questions\n", SITES, asked);
	assert_in_range(asked, 2, 14);
	/* the next mitigation's proof knows who it was */
	asked = 0;
	t_ur_prove(f, EVERYWHERE("T-2"));
	assert_int_equal(say(f, "refused by rule 'of site "), SITES - 1);
	assert_int_equal(say(f, "not known: the rules: "), 1);
	assert_in_range(asked, 0, 1);
}

static void what_a_suspect_writes_next_is_asked_about_alone(void **state)
{
	struct t_ur *f = *state;

	write_site(f, EVIL, "CRASH-THE-WORKER");
	t_ur_prove(f, EVERYWHERE("T-1"));
	for (int i = 0; i < 3; i++) {
		char *name = sg_format("CRASH-THE-WORKER %d", i);

		write_site(f, EVIL, name);
		asked = together = 0;
		t_ur_prove(f, EVERYWHERE("T-1"));
		assert_int_equal(say(f, "refused by rule 'of site "), SITES - 1);
		assert_int_equal(asked - together, 1); /* the others' are remembered, or asked once */
		assert_in_range(together, 0, 1);
		free(name);
	}
	write_site(f, EVIL, "good again");
	t_ur_prove(f, EVERYWHERE("T-1"));
	assert_int_equal(say(f, "refused by rule 'of site "), SITES);
}

/* A machine where no worker gets to its end has no suspects to look for without end. */
static void where_all_workers_end_asking_ends(void **state)
{
	struct t_ur *f = *state;

	all_die = true;
	t_ur_prove(f, EVERYWHERE("T-1"));
	assert_int_equal(say(f, "not known: the rules: "), SITES);
	assert_in_range(asked, 2, 64);
}

static void each_time_that_it_happens_again_lasts_longer(void **state)
{
	struct sg_rules_piece piece = { .container = "C:\\a", .folder = (char *)(uintptr_t) "" };
	struct sg_cfg_node node = { 0 };
	struct sg_cfg cfg = { .octets = sg_bytes_of("<rules/>"), .nodes = &node, .n_nodes = 1 };
	struct sg_rules rules = { .pieces = &piece, .n_pieces = 1 };
	size_t number = 0;
	struct sg_rules_chain chain = { .at = &number, .n = 1 };
	const struct sg_rules_suspect *s;
	int64_t now = 1000;
	bool same = false;

	(void)state;
	node.end = cfg.octets.len;
	piece.cfg = &cfg;
	assert_null(sg_rules_suspected(&rules, &chain, now, &same));
	for (int64_t span = SG_MINUTE; span <= SG_HOUR; span *= 2) {
		sg_rules_suspect(&rules, &chain, now, "why");
		s = sg_rules_suspected(&rules, &chain, now, &same);
		assert_non_null(s);
		assert_true(same);
		assert_int_equal(s->until, now + span);
		now = s->until;
	}
	sg_rules_suspect(&rules, &chain, now, "why");
	s = sg_rules_suspected(&rules, &chain, now, &same);
	assert_in_range(s->until - now, SG_HOUR / 2, SG_HOUR);
	node.end--;
	assert_non_null(sg_rules_suspected(&rules, &chain, now, &same));
	assert_false(same);
	piece.container = "C:\\b";
	assert_null(sg_rules_suspected(&rules, &chain, now, &same));
	/* after an hour without it, it begins anew */
	piece.container = "C:\\a";
	now = s->until + SG_HOUR;
	assert_null(sg_rules_suspected(&rules, &chain, now, &same));
	sg_rules_suspect(&rules, &chain, now, "why");
	assert_int_equal(sg_rules_suspected(&rules, &chain, now, &same)->until, now + SG_MINUTE);
	sg_rules_forget();
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, t_ur_teardown)
	const struct CMUnitTest tests[] = {
		T(only_the_site_whose_section_it_is_is_not_known),
		T(what_a_suspect_writes_next_is_asked_about_alone),
		T(where_all_workers_end_asking_ends),
		T(each_time_that_it_happens_again_lasts_longer),
	};

	sg_worker_in_process(jobs);
	sg_actions_apart();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
