/* watch_posix.c - a watch is on a folder's inode here, and in nobody's way. */
#include "daemon/watch_parts.h"

bool sg_watch_keeps_handles(void)
{
	return true;
}
