/* step_lab.c - see step_lab.h. */
#include "tests/lib/step_lab.h"

#include "actions/services.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

int t_step_setup(void **state)
{
	struct t_step *f = sg_alloc(sizeof(*f));

	f->dir = t_drive_make();
	t_drive_drives(f->dir, &f->drives);
	f->before = t_drive_snapshot(f->dir);
	*state = f;
	return 0;
}

int t_step_teardown(void **state)
{
	struct t_step *f = *state;

	sg_moves_release(&f->moves);
	t_snapshot_free(f->before);
	sg_drives_release(&f->drives);
	t_drive_free(f->dir);
	free(f);
	return 0;
}

/* The drive as it is now is what must be there at the end. */
void t_step_snapshot(struct t_step *f)
{
	t_snapshot_free(f->before);
	f->before = t_drive_snapshot(f->dir);
}

void t_step_want(struct t_step *f, enum sg_value_kind kind, const char *container, const char *path,
        const char *octets)
{
	struct sg_move *m = sg_moves_add(&f->moves);

	m->addr.kind = kind;
	m->addr.container = sg_strdup(container);
	m->addr.path = sg_strdup(path);
	m->to.present = true;
	if (octets)
		sg_buf_str(&m->to.octets, octets);
}

/* One rule with all its scaffolds. */
void t_step_want_rule(struct t_step *f, const char *container, const char *prefix)
{
	static const char *const tail[] = { "/system.webServer", "/system.webServer/rewrite",
		"/system.webServer/rewrite/rules" };
	char *rule = sg_format("%s/system.webServer/rewrite/rules/rule[@name='stopgap T-1 a']", prefix);

	if (strcmp(prefix, "/configuration"))
		t_step_want(f, SG_VALUE_SCAFFOLD, container, prefix, NULL);
	for (size_t i = 0; i < 3; i++) {
		char *path = sg_format("%s%s", prefix, tail[i]);

		t_step_want(f, SG_VALUE_SCAFFOLD, container, path, NULL);
		free(path);
	}
	t_step_want(f, SG_VALUE_ELEMENT, container, rule, RULE_XML);
	free(rule);
}

void t_step_want_service(struct t_step *f, const char *service, uint32_t start)
{
	struct sg_addr a = { 0 };
	char digit[2] = { (char)('0' + start), 0 };

	sg_service_addr(service, &a);
	t_step_want(f, SG_VALUE_SERVICE, a.container, a.path, digit);
	sg_addr_release(&a);
}

/* What is there becomes the before, as an intent would say; what is there already as it is wanted is no move at all. */
void t_step_take_before(struct t_step *f)
{
	struct sg_seen_value *now = sg_alloc(f->moves.n * sizeof(*now));
	size_t n = 0;

	assert_int_equal(sg_step_look(&f->drives, &f->moves, now, &f->err), 0);
	for (size_t i = 0; i < f->moves.n; i++) {
		struct sg_move *m = &f->moves.at[i];

		assert_true(now[i].seen != SG_SEEN_FAILED && now[i].seen != SG_SEEN_GONE);
		if (now[i].seen == SG_SEEN_TO) {
			sg_move_release(m);
			continue;
		}
		sg_content_release(&m->from);
		sg_content_copy(&m->from, &now[i].now);
		f->moves.at[n++] = *m;
	}
	sg_seen_release(now, f->moves.n);
	free(now);
	f->moves.n = n;
}

int t_step_plan(struct t_step *f, bool settle, struct sg_step_plan *ret)
{
	memset(ret, 0, sizeof(*ret));
	sg_err_clear(&f->err);
	return sg_step_plan(&f->drives, &f->moves, settle, MAX, ret, &f->err);
}

int t_step_write(struct t_step *f, const struct sg_step_plan *p)
{
	sg_err_clear(&f->err);
	return sg_step_write(p, false, NULL, NULL, &f->err);
}

/* Plans and writes; the journal would keep what was written as the after. */
void t_step_go(struct t_step *f, bool settle)
{
	struct sg_step_plan p;

	if (t_step_plan(f, settle, &p) || t_step_write(f, &p))
		fail_msg("%s", f->err.msg);
	for (size_t i = 0; !settle && i < f->moves.n; i++) {
		sg_content_release(&f->moves.at[i].to);
		sg_content_copy(&f->moves.at[i].to, &p.written[i]);
	}
	sg_step_plan_release(&p);
}

void t_step_turn(struct t_step *f)
{
	for (size_t i = 0; i < f->moves.n; i++) {
		struct sg_content c = f->moves.at[i].from;

		f->moves.at[i].from = f->moves.at[i].to;
		f->moves.at[i].to = c;
	}
}

void t_step_says(const struct t_step *f, const char *text)
{
	if (!strstr(f->err.msg, text))
		fail_msg("\"%s\" does not say \"%s\"", f->err.msg, text);
}

/* The plan is refused with that code and text, and the drive is as it was. */
void t_step_refused(struct t_step *f, int code, const char *text)
{
	struct sg_step_plan p;

	assert_int_equal(t_step_plan(f, false, &p), code);
	t_step_says(f, text);
	assert_true(t_drive_same(f->dir, f->before));
	sg_step_plan_release(&p);
}
