/* eventlog_text.h - what an event of Windows' event log says: two strings, bounded and safe to show. Pure, so that it is tested on every system.
 *
 * Both together have at most SG_EVENTLOG_UNITS units of UTF-16: ReportEventW refuses a string of more than 31,839 characters, and an event of more than about
 * 61,440 octets. Whoever shows an event puts its strings into the message and then expands, again and without an escape, whatever looks like an insertion in
 * the result ("Expanding Unexpanded Event Description Strings" of [MS-EVEN]: %1, %%1, %{...}): none is left in either string.
 */
#ifndef SG_DAEMON_EVENTLOG_TEXT_H
#define SG_DAEMON_EVENTLOG_TEXT_H

#include "base/val.h"

enum { SG_EVENTLOG_UNITS = 28000, SG_EVENTLOG_TEXT_UNITS = 8000 };

/* UTF-8, owned by the holder of the struct. */
struct sg_eventlog_text {
	char *text; /* one line for people, at most SG_EVENTLOG_TEXT_UNITS; "% 1" stands for "%1"; what was cut ends in "... [cut]" */
	char *json; /* always a whole document. One that is too long has "cut":true and shortened fields or, at worst, nothing but its code */
};

/* `data` may be NULL: then the document is {}. */
void sg_eventlog_text(int code, const char *text, const struct sg_val *data, struct sg_eventlog_text *ret);
void sg_eventlog_text_release(struct sg_eventlog_text *t);

#endif
