/* do_nothing.c - EM's heartbeat: an action that changes nothing. Applied, it proves that feed, signature and journal work. */
#include "actions/kinds.h"

static int check(const struct sg_mitigation *m, const struct sg_action *a, struct sg_err *err)
{
	if (a->scope && !sg_same(a->scope, "Server"))
		return sg_fail(err, SG_EINVAL,
		        "mitigation '%s': DoNothing with scope=\"%s\"; allowed: Server", m->id, a->scope);
	return 0;
}

static int plan(const struct sg_mitigation *m, const struct sg_action *a, const struct sg_host *host,
        const struct sg_drives *drives, const struct sg_holds *own, struct sg_wishes *ret, struct sg_err *err)
{
	(void)m;
	(void)a;
	(void)host;
	(void)drives;
	(void)own;
	(void)ret;
	(void)err;
	return 0;
}

const struct sg_action_kind sg_kind_do_nothing = {
	.type = "DoNothing",
	.conf_name = "do_nothing",
	.check = check,
	.plan = plan,
};
