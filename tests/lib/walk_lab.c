#include "tests/lib/walk_lab.h"

#include "base/os.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static char dir[] = "/tmp/stopgap-walk-XXXXXX";
struct sg_walk walk;

struct sg_fetch_request walk_ask(const char *url)
{
	return (struct sg_fetch_request){
		.url = url, .proxy = "none", .timeout_ms = 10000, .max_bytes = 1000
	};
}

static const char *word(enum sg_walked walked)
{
	static const char *const words[] = { "no step", "ok", "skipped", "failed" };

	return words[walked];
}

void walk_is(enum sg_walk_step step, enum sg_walked walked, const char *says)
{
	const struct sg_walk_line *line = &walk.at[step];

	if (line->walked != walked || (walked && !strstr(line->text, says)))
		fail_msg("%s: %s, \"%s\"; expected %s, \"%s\"", sg_walk_step_name(step), word(line->walked),
		        line->walked ? line->text : "", word(walked), says);
	if (walked == SG_WALKED_FAILED)
		assert_non_null(line->cure);
}

void walk_fails(
        const struct sg_fetch_request *req, enum sg_walk_step step, const char *says, const char *cure)
{
	sg_walk_release(&walk);
	sg_fetch_walk(req, &walk);
	if (walk.at[step].walked != SG_WALKED_FAILED)
		for (int i = 0; i < SG_WALK_STEPS; i++)
			if (walk.at[i].walked == SG_WALKED_FAILED)
				print_error(
				        "%s: %s\n", sg_walk_step_name((enum sg_walk_step)i), walk.at[i].text);
	walk_is(step, SG_WALKED_FAILED, says);
	if (!strstr(walk.at[step].cure, cure))
		fail_msg("do: \"%s\"; expected \"%s\"", walk.at[step].cure, cure);
	for (int i = SG_WALK_NAME; i <= SG_WALK_SIZE; i++) {
		if (i == (int)step)
			continue;
		if (walk.at[i].walked == SG_WALKED_FAILED || walk.at[i].walked == SG_WALKED_NOT)
			fail_msg("%s: %s", sg_walk_step_name((enum sg_walk_step)i), word(walk.at[i].walked));
		if (i > (int)step)
			walk_is((enum sg_walk_step)i, SG_WALKED_SKIPPED, "");
	}
	assert_int_equal(walk.fetched.octets.len, 0);
	assert_true(sg_walk_failed(&walk));
}

void walk_is_well(const struct sg_fetch_request *req)
{
	sg_walk_release(&walk);
	sg_fetch_walk(req, &walk);
	for (int i = 0; i < SG_WALK_STEPS; i++)
		if (walk.at[i].walked == SG_WALKED_FAILED)
			fail_msg("%s: %s", sg_walk_step_name((enum sg_walk_step)i), walk.at[i].text);
	assert_false(sg_walk_failed(&walk));
}

char *walk_file(const char *name, const char *text)
{
	char *path = sg_format("%s/%s", dir, name);
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	return path;
}

int walk_set_up(void **state)
{
	(void)state;
	return mkdtemp(dir) ? 0 : -1;
}

int walk_tear_down(void **state)
{
	(void)state;
	sg_walk_release(&walk);
	return sg_os_remove_tree(dir, NULL);
}
