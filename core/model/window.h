/* window.h - when something may be done: "22:00-05:00" in the server's local time, "maintenance", or up to eight of them with " or " between. Pure. */
#ifndef SG_MODEL_WINDOW_H
#define SG_MODEL_WINDOW_H

#include "base/err.h"

#include <stdbool.h>

/* SG_EPARSE names the part that is no window. */
int sg_window_check(const char *text, struct sg_err *err);
/* Whether it is open at that minute of the day (0 to 1439). *ret_wait: minutes until a time of day opens it; 0 when it is open, -1 when none does because
 * maintenance alone opens it. A text that sg_window_check() refuses is always open. */
bool sg_window_open(const char *text, int minute, bool maintenance, int *ret_wait);

#endif
