/* config_apart.c - the second reader's word on a file (config_sax.c): asked of a worker, in a process that does so, else in this thread.
 *
 * A worker gets the octets and nothing else, reads them with both readers and says whether they agree. What it says is believed, because it decides
 * nothing but whether the file is used: where things stand in it is what our own reader found in this process. So a lie costs the file its edits, or lets
 * a file through that only our reader has read; every edit of it still changes nothing outside of the addressed octets (config_referee.c).
 *
 * Verdicts are remembered, refusals too: whoever may write files may write many that are refused, and each would cost a worker each time. What a worker
 * died of, or did not finish, is believed for a minute: a file that hangs the reader shall not cost that time at every question, and a machine that was
 * short of something gets another chance. A worker that could not be started, or was not asked (apart_time.c), has said nothing, and nothing is remembered.
 */
#include "actions/apart_parts.h"
#include "actions/config_internal.h"

#include "base/os.h"
#include "base/pack.h"
#include "base/xml.h"

#include <string.h>

/* --- the worker */

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

/* --- who asks */

/* As much of it as there is room for, in whole characters. */
static void keep_text(struct sg_cfg_said *said, const char *text)
{
	size_t len = strlen(text), most = sizeof said->text - 1;

	if (len > most)
		for (len = most; len && ((unsigned char)text[len] & 0xc0) == 0x80;)
			len--;
	memcpy(said->text, text, len);
	said->text[len] = 0;
}

/* What is said of them, and whether it is worth remembering. */
static bool ask(struct sg_bytes octets, enum sg_action_for use, int64_t now, struct sg_cfg_said *ret)
{
	struct sg_err why = SG_ERR_INIT;
	struct sg_val *answer = NULL;
	bool asked = false;
	int r = sg_action_ask(SG_ACTION_CONFIG, use, "", octets, &answer, &asked, &why);

	if (!r)
		r = sg_action_refusal(answer, &why);
	*ret = (struct sg_cfg_said){ .code = r == SG_EBUSY ? SG_EIO : r };
	if (ret->code == SG_EIO)
		ret->until = now + SG_MINUTE;
	keep_text(ret, why.msg);
	sg_val_free(answer);
	return asked;
}

int sg_cfg_second(const struct sg_cfg *cfg, const char *name, enum sg_action_for use, struct sg_err *err)
{
	struct sg_cfg_said said;
	struct sg_clock now = { 0 };
	struct sg_hash hash;

	if (!sg_actions_are_apart())
		return sg_cfg_sax(cfg, name, err);
	sg_os_clock(&now);
	hash = sg_sha256(cfg->octets);
	if (!sg_cfg_remembered(&hash, now.mono, &said) && ask(cfg->octets, use, now.mono, &said))
		sg_cfg_remember(&hash, &said);
	return said.code ? sg_fail(err, said.code, "%s%s", name, said.text) : 0;
}

int sg_cfg_between(struct sg_bytes octets, const char *name, struct sg_cfg *ret, struct sg_err *err)
{
	return sg_actions_are_apart() ? sg_cfg_first(octets, name, ret, err)
	                              : sg_cfg_scan(octets, name, ret, err);
}
