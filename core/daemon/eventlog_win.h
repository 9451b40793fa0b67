/* eventlog_win.h - events in Windows' event log, as well as on stderr. Its texts are the program's own message table (scripts/windows/make-messages): the number
 * of an event is its code, its kind the line's level, its strings the sentence and, last, the data as JSON. */
#ifndef SG_DAEMON_EVENTLOG_WIN_H
#define SG_DAEMON_EVENTLOG_WIN_H

#include "base/err.h"
#include <wchar.h>

/* From now on lines go to the event log instead of stderr. Before there are other threads. */
void sg_eventlog_begin(void);

/* The source "stopgap" of the Application log, with this program as its message file. Registering again mends it. SG_EDAMAGED: this program was built
 * without its messages. Taking away one that is not there is fine. */
int sg_eventlog_register(const wchar_t *program, struct sg_err *err);
int sg_eventlog_unregister(struct sg_err *err);

#endif
