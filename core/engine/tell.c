/* tell.c - new audit lines become log lines and events for watchers; the same again and again is said a few times, then counted (model/limit.h). The audit
 * trail has every line. */
#include "engine/inside.h"

#include <stdlib.h>

/* What the line is about. */
static char *thing_of(const struct sg_audit *line)
{
	if (line->key.id)
		return sg_format("%s/%s", line->key.feed ? line->key.feed : "", line->key.id);
	return sg_strdup(line->data ? sg_val_get_str(line->data, "feed", "") : "");
}

static void say(struct sg_engine *e, const struct sg_audit *line, uint32_t left_out)
{
	const struct sg_event_info *info = sg_event_info(line->code);
	struct sg_val *event = sg_report_line(line);
	struct sg_buf text = { 0 };

	sg_buf_str(&text, line->text ? line->text : "");
	if (left_out)
		sg_buf_fmt(&text, " [%u more like it before were not said; the journal has them]",
		        (unsigned)left_out);
	if (line->data)
		sg_val_set(event, "data", sg_val_copy(line->data));
	if (left_out)
		sg_val_set_int(event, "left_out", left_out);
	sg_log(info ? info->level : SG_INFO, line->code, line->data, "%s%s%s%s", (const char *)text.data,
	        line->who.account ? " [by: " : "", line->who.account ? line->who.account : "",
	        line->who.account ? "]" : "");
	sg_val_push(e->events, event);
	sg_buf_release(&text);
}

static int tell_line(void *arg, const struct sg_audit *line)
{
	struct sg_engine *e = arg;
	uint32_t left_out = 0;
	char *thing = thing_of(line);

	/* What a person asked for is said, however often. */
	if (line->who.account || sg_limit_pass(&e->limit, line->code, thing, line->wall, &left_out))
		say(e, line, left_out);
	free(thing);
	e->told = line->seq;
	return 0;
}

/* Of what has fallen silent: how often it was not said. */
static void tell_rest(struct sg_engine *e)
{
	struct sg_limited over;
	struct sg_clock now;

	sg_engine_clock(e, &now);
	while (sg_limit_over(&e->limit, now.wall, &over)) {
		const struct sg_event_info *info = sg_event_info(over.code);

		sg_log(info ? info->level : SG_INFO, over.code, NULL,
		        "%s%s%s: %u more like it were not said; the journal has them",
		        info ? info->name : "?", over.thing[0] ? " of " : "", over.thing,
		        (unsigned)over.left_out);
	}
}

void sg_engine_tell(struct sg_engine *e)
{
	if (e->fatal)
		return;
	sg_journal_audits(e->read, e->told + 1, false, tell_line, e, NULL);
	tell_rest(e);
}
