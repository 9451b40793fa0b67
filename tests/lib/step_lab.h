/* step_lab.h - a drive, moves on it, and short ways to plan, write and compare, for the tests of actions/step*.c. */
#ifndef SG_TESTS_LIB_STEP_LAB_H
#define SG_TESTS_LIB_STEP_LAB_H

#include "actions/step.h"
#include "tests/lib/drive.h"

#define REWRITE  "/configuration/system.webServer/rewrite"
#define RULE     REWRITE "/rules/rule[@name='stopgap T-1 a']"
#define OWA_LOC  "/configuration/location[@path='.'][@inheritInChildApplications='false']"
#define OAB_LOC  "/configuration/location[@path='Default Web Site/OAB']"
#define RULE_XML "<rule name=\"stopgap T-1 a\"><match url=\".*\" /><action type=\"AbortRequest\" /></rule>"
#define MAX      (250 * 1024)

struct t_step {
	char *dir;
	struct sg_drives drives;
	struct sg_err err;
	struct sg_moves moves;
	struct t_snapshot *before;
};

int t_step_setup(void **state);
int t_step_teardown(void **state);
void t_step_snapshot(struct t_step *f);
void t_step_want(struct t_step *f, enum sg_value_kind kind, const char *container, const char *path,
        const char *octets);
void t_step_want_rule(struct t_step *f, const char *container, const char *prefix);
void t_step_want_service(struct t_step *f, const char *service, uint32_t start);
void t_step_take_before(struct t_step *f);
int t_step_plan(struct t_step *f, bool settle, struct sg_step_plan *ret);
int t_step_write(struct t_step *f, const struct sg_step_plan *p);
void t_step_go(struct t_step *f, bool settle);
void t_step_turn(struct t_step *f);
void t_step_says(const struct t_step *f, const char *text);
void t_step_refused(struct t_step *f, int code, const char *text);

#endif
