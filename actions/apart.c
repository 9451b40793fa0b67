/* apart.c - which workers there are, whether this process asks them, and how. Believes no code that would stop the service, and no text as it came. */
#include "actions/apart_parts.h"
#include "actions/rules_parts.h"

#include "base/os.h"
#include "base/pack.h"
#include "base/text.h"

const struct sg_worker_job sg_action_jobs[] = {
	{ .name = SG_JOB_CONFIG, .prepare = sg_cfg_job_prepare, .run = sg_cfg_job },
	{ .name = SG_JOB_RULES, .prepare = sg_rules_job_prepare, .run = sg_rules_job },
	{ 0 },
};

static bool apart; /* written once, before threads */
static bool (*asks_to_stop)(void *arg);
static void *stop_arg;

void sg_actions_apart(void)
{
	apart = true;
}

bool sg_actions_are_apart(void)
{
	return apart;
}

void sg_actions_stop_when(bool (*stop)(void *arg), void *arg)
{
	asks_to_stop = stop;
	stop_arg = arg;
}

static bool is_to_stop(void)
{
	return asks_to_stop && asks_to_stop(stop_arg);
}

static int64_t mono(void)
{
	struct sg_clock now = { 0 };

	sg_os_clock(&now);
	return now.mono;
}

/* An honest file is read within that time: what an operation needs to settle is still answered. */
static bool given_up(void *since)
{
	int64_t *at = since;

	if (!is_to_stop())
		return false;
	if (!*at)
		*at = mono();
	return mono() - *at >= SG_ACTION_STOP_MS;
}

static int call_worker(enum sg_action_job job, struct sg_bytes request, int64_t may_take, size_t max_reply,
        struct sg_buf *ret_reply, struct sg_err *err)
{
	static const char *const names[] = {
		[SG_ACTION_CONFIG] = SG_JOB_CONFIG, [SG_ACTION_RULES] = SG_JOB_RULES
	};
	int64_t begun = mono(), since = 0;
	const struct sg_worker_call call = { .job = names[job],
		.request = request,
		.max_reply = max_reply,
		.timeout_ms = may_take,
		.stop = given_up,
		.arg = &since };
	int r = sg_worker_call(&call, ret_reply, err);

	if (r == SG_EUNSUPPORTED)
		r = SG_EBUSY;
	if (r && r != SG_EBUSY && r != SG_ECANCELED) {
		sg_action_lost(job, mono() - begun, mono());
		r = SG_EIO;
	}
	return r;
}

int sg_action_ask(enum sg_action_job job, enum sg_action_for use, const char *what, struct sg_bytes request,
        struct sg_val **ret, bool *ret_asked, struct sg_err *err)
{
	enum { DEPTH = 8, OBJECTS = 200000, REPLY = 8 << 20 };
	static const struct sg_pack_limits limits = { .bytes = REPLY, .depth = DEPTH, .objects = OBJECTS };
	int64_t may_take = sg_action_may_take(job, use, mono());
	struct sg_err why = SG_ERR_INIT;
	struct sg_buf reply = { 0 };
	struct sg_val *answer = NULL;
	bool asked = false;
	int r;

	if (use == SG_FOR_TELLING && is_to_stop()) {
		r = sg_fail(&why, SG_ECANCELED, "not asked, because a stop was asked for");
	} else if (!may_take) {
		r = sg_fail(&why, SG_EIO,
		        "not asked: what ends or holds up its worker took %d s within a minute; it is asked "
		        "again when nothing has for a minute",
		        SG_ACTION_LOST_MS / 1000);
	} else {
		r = call_worker(job, request, may_take, REPLY, &reply, &why);
		asked = r != SG_EBUSY && r != SG_ECANCELED;
	}
	if (!r && (sg_unpack(sg_buf_bytes(&reply), &limits, &answer, &why) || answer->type != SG_VAL_MAP))
		r = sg_fail(&why, SG_EIO, "its worker answers with something else");
	sg_buf_release(&reply);
	if (ret_asked)
		*ret_asked = asked;
	if (r) {
		sg_val_free(answer);
		return sg_fail(err, r, "%s: %s", what, why.msg);
	}
	*ret = answer;
	return 0;
}

static int plain_code(int64_t code)
{
	switch (code) {
	case SG_EINVAL:
	case SG_ENOENT:
	case SG_ECONFLICT:
	case SG_EPARSE:
	case SG_ELIMIT:
	case SG_EUNSUPPORTED: return (int)code;
	default: return SG_EIO;
	}
}

int sg_action_refusal(const struct sg_val *answer, struct sg_err *err)
{
	int64_t code = sg_val_get_int(answer, "code", SG_EIO);
	struct sg_buf safe = { 0 };

	if (code == 0)
		return 0;
	sg_text_safe(sg_val_get_str(answer, "text", ""), &safe);
	sg_fail(err, plain_code(code), "%s",
	        safe.len ? (const char *)safe.data : ": the worker gives no reason");
	sg_buf_release(&safe);
	return plain_code(code);
}

struct sg_val *sg_action_answer(int code, const struct sg_err *err)
{
	struct sg_val *answer = sg_val_map();
	struct sg_buf safe = { 0 };

	if (code)
		sg_text_safe(err->msg, &safe);
	sg_val_set_int(answer, "code", code);
	sg_val_set_str(answer, "text", safe.data ? (const char *)safe.data : "");
	sg_buf_release(&safe);
	return answer;
}
