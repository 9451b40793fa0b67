/* codes.c - the table of events, from the one list in codes.h. */
#include "model/codes.h"

static const struct sg_event_info events[] = {
#define X(number, NAME, level, name, meaning, cause, cure) { number, level, name, meaning, cause, cure },
	SG_EVENTS(X)
#undef X
};

size_t sg_event_count(void)
{
	return sizeof(events) / sizeof(events[0]);
}

const struct sg_event_info *sg_event_at(size_t i)
{
	return i < sg_event_count() ? &events[i] : NULL;
}

const struct sg_event_info *sg_event_info(int code)
{
	for (size_t i = 0; i < sg_event_count(); i++) {
		if (events[i].code == code)
			return &events[i];
	}
	return NULL;
}

/* A clause of the table as a sentence. */
static void sentence(const char *text, struct sg_buf *out)
{
	if (*text >= 'a' && *text <= 'z') {
		sg_buf_char(out, (char)(*text - 'a' + 'A'));
		text++;
	}
	sg_buf_str(out, text);
	sg_buf_str(out, ".\n");
}

void sg_event_print(const struct sg_event_info *info, struct sg_buf *out)
{
	static const char *const levels[] = { "debug", "info", "warning", "error", "critical" };

	sg_buf_fmt(out, "## %d %s (%s)\n", info->code, info->name, levels[info->level]);
	sentence(info->meaning, out);
	sg_buf_str(out, "- Cause: ");
	sentence(info->cause, out);
	sg_buf_str(out, "- What to do: ");
	sentence(info->cure, out);
}

void sg_events_print(struct sg_buf *out)
{
	sg_buf_str(out,
	        "# Events\n"
	        "Printed by `stopgapctl help events`; one of them: `stopgapctl help event NUMBER`. A "
	        "number never changes "
	        "its meaning. 1xxx is the service,\n2xxx feeds, 3xxx trust, 4xxx mitigations, 5xxx "
	        "what people "
	        "asked for, 9xxx the journal.\n\n"
	        "In Windows' event log an event has two strings, the sentence and its data as JSON. A "
	        "sentence that was cut ends in\n\"... [cut]\"; data that was shortened is still a whole "
	        "document and has `\"cut\":true`, at worst with its `code` alone.\nThe sentence says "
	        "\"% 1\" for \"%1\", which a viewer would replace. The journal has everything uncut.\n");
	for (size_t i = 0; i < sg_event_count(); i++) {
		sg_buf_char(out, '\n');
		sg_event_print(&events[i], out);
	}
}
