/* watch_win.c - a watch is an open folder here, and in the way of whoever renames or removes one above it (watch.h). */
#include "daemon/watch_parts.h"

bool sg_watch_keeps_handles(void)
{
	return false;
}
