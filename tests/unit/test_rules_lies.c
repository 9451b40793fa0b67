/* test_rules_lies.c - workers that say of strangers' rules what cannot be: nothing of it is believed, and nothing remembered. */
#include "actions/rules_apart.h"

#include "actions/apart.h"
#include "actions/rules_parts.h"
#include "base/os.h"
#include "tests/lib/prove_lab.h"
#include "tests/lib/rules_lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const char *lie;

static struct sg_val *first(struct sg_val *v)
{
	return v && v->type == SG_VAL_ARRAY && v->n ? v->kid[0] : NULL;
}

/* The first rule that is named as an equal one. */
static struct sg_val *named(struct sg_val *same)
{
	struct sg_val *items = first(same);

	for (size_t i = 0; items && i < items->n; i++)
		if (first(items->kid[i]))
			return items->kid[i]->kid[0];
	return NULL;
}

static struct sg_val *part(struct sg_val *v, const char *key)
{
	return (struct sg_val *)(uintptr_t)sg_val_get(v, key);
}

static void longer(struct sg_val *list)
{
	sg_val_push(list, list->n ? sg_val_copy(list->kid[0]) : sg_val_map());
}

static void shorter(struct sg_val *list)
{
	sg_val_free(list->kid[--list->n]);
}

static void tell(struct sg_val *v)
{
	struct sg_val *judge = part(v, "judge"), *same = part(v, "same"), *one = first(judge),
	              *equal = named(same);
	char *huge = sg_alloc(SG_RULES_TEXT + 2);

	memset(huge, 'x', SG_RULES_TEXT + 1);
	if (strcmp(lie, "fatal") == 0)
		sg_val_set_int(v, "code", SG_EFATAL);
	else if (strcmp(lie, "no lists") == 0)
		sg_val_set_int(v, "judge", 1);
	else if (strcmp(lie, "one more") == 0)
		longer(judge);
	else if (strcmp(lie, "one less") == 0)
		shorter(judge);
	else if (strcmp(lie, "one place more") == 0)
		longer(same);
	else if (strcmp(lie, "one item more") == 0 && first(same))
		longer(first(same));
	else if (strcmp(lie, "one item less") == 0 && first(same))
		shorter(first(same));
	else if (strcmp(lie, "too many rules") == 0 && first(first(same)))
		for (int i = 0; i < SG_RULES_EQUALS; i++)
			longer(first(same)->kid[0]);
	else if (strcmp(lie, "no item") == 0 && first(first(same)))
		first(same)->kid[0]->type = SG_VAL_NIL;
	else if (strcmp(lie, "another fate") == 0)
		sg_val_set_int(one, "fate", SG_FATE_BECOMES);
	else if (strcmp(lie, "no fate") == 0)
		sg_val_set_int(one, "fate", SG_FATE_NONE);
	else if (strcmp(lie, "large fate") == 0)
		sg_val_set_int(one, "fate", (1LL << 32) + SG_FATE_REFUSED);
	else if (strcmp(lie, "no text") == 0)
		sg_val_set_str(one, "text", "");
	else if (strcmp(lie, "huge text") == 0)
		sg_val_set_str(one, "text", huge);
	else if (strcmp(lie, "blames") == 0)
		sg_val_set_int(one, "piece", 0);
	else if (strcmp(lie, "blames nobody") == 0) {
		sg_val_set_int(one, "fate", SG_FATE_UNKNOWN);
		sg_val_set_int(one, "piece", 1000);
	} else if (strcmp(lie, "below") == 0) {
		sg_val_set_int(one, "fate", SG_FATE_UNKNOWN);
		sg_val_set_int(one, "piece", -2);
	} else if (strcmp(lie, "escapes") == 0)
		sg_val_set_str(one, "text", "\x1b]0;x\a");
	else if (strcmp(lie, "another name") == 0 && equal)
		sg_val_set_str(equal, "name", "nobody");
	else if (strcmp(lie, "no name") == 0 && equal)
		sg_val_set_int(equal, "name", 1);
	else if (strcmp(lie, "a preCondition's name") == 0 && equal)
		sg_val_set_str(equal, "name", "stopgap T-2 HTML");
	else if (strcmp(lie, "another section") == 0 && equal)
		sg_val_set_int(equal, "piece", sg_val_get_int(equal, "piece", 0) ? 0 : 1);
	else if (strcmp(lie, "no section") == 0 && equal)
		sg_val_set_int(equal, "piece", 77);
	free(huge);
}

static int lie_or_not(struct sg_bytes request, struct sg_buf *ret)
{
	struct sg_val *v = NULL;
	int r = sg_rules_job(request, ret);

	if (r || !lie)
		return r;
	if (strcmp(lie, "nothing") == 0) {
		sg_buf_clear(ret);
		return 0;
	}
	assert_int_equal(sg_unpack(sg_buf_bytes(ret), &sg_rules_limits, &v, NULL), 0);
	tell(v);
	sg_buf_clear(ret);
	sg_pack(v, ret);
	sg_val_free(v);
	return 0;
}

static const struct sg_worker_job jobs[] = {
	{ .name = SG_JOB_CONFIG, .prepare = sg_cfg_job_prepare, .run = sg_cfg_job },
	{ .name = SG_JOB_RULES, .prepare = sg_rules_job_prepare, .run = lie_or_not },
	{ 0 },
};

static int set_up(void **state)
{
	sg_rules_forget();
	lie = NULL;
	return t_ur_setup(state);
}

static void a_worker_that_lies_is_caught(void **state)
{
	static const char *const lies[] = { "nothing", "fatal", "no lists", "one more", "one less",
		"one place more", "another fate", "no fate", "large fate", "no text", "huge text", "blames",
		"blames nobody", "below" };
	struct t_ur *f = *state;

	t_rules_put(f, T_APPHOST, SECTION(THEIRS("x", ABORTS)));
	for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
		lie = lies[i];
		sg_rules_forget();
		if (t_ur_prove(f, POWERSHELL) != SG_EFFECTIVE_UNKNOWN ||
		        !strstr(f->proof.text, "not known: "))
			fail_msg("%s: %d %s", lie, f->proof.effective, f->proof.text);
		for (size_t k = 0; k < 3; k++)
			assert_false(f->proof.at[k].passed);
	}
	lie = "escapes";
	sg_rules_forget();
	t_ur_prove(f, POWERSHELL);
	assert_non_null(strstr(f->proof.at[0].text, "\\x1b]0;x\\x07"));
	/* nothing of it was remembered, but for what could be true */
	sg_rules_forget();
	lie = NULL;
	t_ur_prove(f, POWERSHELL);
	assert_true(t_prove_has_line(f, "refused by rule 'x'"));
}

static void only_rules_that_are_there_can_be_named(void **state)
{
	static const char *const lies[] = { "another name", "no name", "a preCondition's name",
		"another section", "no section", "one item more", "one item less", "no item",
		"one place more", "too many rules" };
	struct t_ur *f = *state;
	struct sg_others o = { 0 };

	t_ur_apply(f, POWERSHELL, NULL);
	t_ur_apply(f, CSP, NULL);
	t_ur_apply(f, GLOBAL, NULL);
	/* another section may have a rule of that name, and may stand before it */
	t_drive_replace(f->dir, T_APPHOST, "<globalRules>",
	        "<globalRules><rule name=\"stopgap T-1 PowerShell\"><match url=\"x\"/><action "
	        "type=\"None\"/></rule>");
	for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
		const char *config = strstr(lies[i], "preCondition") ? CSP : POWERSHELL;

		lie = lies[i];
		sg_rules_forget();
		if (t_rules_others(f, config, &o) != SG_EIO || !strstr(f->err.msg, "none to what was asked"))
			fail_msg("%s: %s", lie, f->err.msg);
		assert_int_equal(o.n, 0);
	}
	lie = NULL;
	sg_rules_forget();
	assert_int_equal(t_rules_others(f, POWERSHELL, &o), 0);
	assert_true(o.all);
	assert_int_equal(o.n, 1);
	sg_others_release(&o);
}

/* Each rule that is named is looked for in this process: a site's owner, who may have as many as fit his file, shall not choose how many. */
static void of_very_many_equal_rules_the_first_are_enough(void **state)
{
	enum { MANY = 900 }; /* as many as fit what IIS reads */
	struct sg_clock before = { 0 }, after = { 0 };
	struct t_ur *f = *state;
	struct sg_others o = { 0 };
	struct sg_buf rules = { 0 };

	for (int i = 0; i < MANY; i++)
		sg_buf_fmt(&rules, THEIRS("%d", ABORTS), i);
	sg_buf_str(&rules, "</rules></rewrite>");
	t_rules_put(f, T_WWWROOT, "<rewrite><rules>@");
	t_drive_replace(f->dir, T_WWWROOT, "@", (const char *)rules.data);
	sg_os_clock(&before);
	assert_int_equal(t_rules_others(f, POWERSHELL, &o), 0);
	sg_os_clock(&after);
	assert_true(o.all);
	assert_int_equal(o.n, SG_RULES_EQUALS);
	print_message(
	        "%d rules that do what ours does: %lld ms\n", MANY, (long long)(after.mono - before.mono));
	sg_others_release(&o);
	sg_buf_release(&rules);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, t_ur_teardown)
	const struct CMUnitTest tests[] = {
		T(a_worker_that_lies_is_caught),
		T(only_rules_that_are_there_can_be_named),
		T(of_very_many_equal_rules_the_first_are_enough),
	};

	sg_worker_in_process(jobs);
	sg_actions_apart();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
