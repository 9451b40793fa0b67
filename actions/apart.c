/* apart.c - which workers there are, whether this process asks them, and how. Believes no code that would stop the service, and no text as it came. */
#include "actions/apart_parts.h"
#include "actions/rules_parts.h"

#include "base/pack.h"
#include "base/text.h"

const struct sg_worker_job sg_action_jobs[] = {
	{ .name = SG_JOB_CONFIG, .prepare = sg_cfg_job_prepare, .run = sg_cfg_job },
	{ .name = SG_JOB_RULES, .prepare = sg_rules_job_prepare, .run = sg_rules_job },
	{ 0 },
};

static bool apart; /* written once, before threads */

void sg_actions_apart(void)
{
	apart = true;
}

bool sg_actions_are_apart(void)
{
	return apart;
}

int sg_action_ask(const char *job, const char *what, struct sg_bytes request, int64_t timeout_ms,
        struct sg_val **ret, struct sg_err *err)
{
	enum { DEPTH = 8, OBJECTS = 200000, REPLY = 8 << 20 };
	static const struct sg_pack_limits limits = { .bytes = REPLY, .depth = DEPTH, .objects = OBJECTS };
	const struct sg_worker_call call = {
		.job = job, .request = request, .max_reply = REPLY, .timeout_ms = timeout_ms
	};
	struct sg_err why = SG_ERR_INIT;
	struct sg_buf reply = { 0 };
	struct sg_val *answer = NULL;
	int r = sg_worker_call(&call, &reply, &why);

	if (!r)
		r = sg_unpack(sg_buf_bytes(&reply), &limits, &answer, &why);
	if (!r && answer->type != SG_VAL_MAP)
		r = sg_fail(&why, SG_EIO, "the worker for '%s' answers with something else", job);
	sg_buf_release(&reply);
	if (r) {
		sg_val_free(answer);
		return sg_fail(err, r == SG_EBUSY || r == SG_EUNSUPPORTED ? SG_EBUSY : SG_EIO, "%s: %s", what,
		        why.msg);
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
