/* codes.c - the table of events, from the one list in codes.h. */
#include "model/codes.h"

static const struct sg_event_info events[] = {
#define X(number, NAME, level, name, meaning, cure) { number, level, name, meaning, cure },
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
