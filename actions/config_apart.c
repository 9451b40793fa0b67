/* config_apart.c - the second reader's word on a file (config_sax.c): asked of a worker, in a process that does so, else in this thread. */
#include "actions/apart_parts.h"
#include "actions/config_internal.h"

#include "base/pack.h"
#include "base/xml.h"

int sg_cfg_job_prepare(struct sg_err *err)
{
	(void)err;
	sg_xml_init();
	return 0;
}

/* Both readers, as a process reads for itself. No name: the one who asked puts it in front. */
int sg_cfg_job(struct sg_bytes request, struct sg_buf *ret_reply)
{
	struct sg_err err = SG_ERR_INIT;
	struct sg_cfg cfg = { 0 };
	struct sg_val *answer;
	int code = sg_cfg_first(request, "", &cfg, &err);

	if (!code)
		code = sg_cfg_sax(&cfg, "", &err);
	sg_cfg_release(&cfg);
	answer = sg_action_answer(code, &err);
	sg_pack(answer, ret_reply);
	sg_val_free(answer);
	return 0;
}

int sg_cfg_second(const struct sg_cfg *cfg, const char *name, struct sg_err *err)
{
	struct sg_val *answer = NULL;
	int r;

	if (!sg_actions_are_apart())
		return sg_cfg_sax(cfg, name, err);
	r = sg_action_ask(SG_JOB_CONFIG, name, cfg->octets, &answer, err);
	if (r)
		return r;
	r = sg_action_code(answer);
	if (r)
		r = sg_fail(err, r, "%s%s", name, sg_val_get_str(answer, "text", ""));
	sg_val_free(answer);
	return r;
}
