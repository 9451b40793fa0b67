/* os_deadline_win.h - a bound on a call that waits for somebody else: for the answer of who holds an opportunistic lock on the file, or for contents that have
 * to be fetched. It includes no header of Windows. */
#ifndef SG_BASE_OS_DEADLINE_WIN_H
#define SG_BASE_OS_DEADLINE_WIN_H

#include <stdbool.h>
#include <stdint.h>

enum { SG_DEADLINE_MS = 5000 }; /* for one call to the system that works on somebody else's file */

struct sg_deadline {
	struct sg_deadline *prev, *next;
	unsigned long thread;
	uint64_t due; /* ms since the machine was started */
	bool struck;
};

/* Bounds what the calling thread asks of files and pipes from now on until sg_deadline_end(): `ms` later, within a tenth of a second, whatever it waits for is
 * cancelled, again and again until the end, and the calls fail with ERROR_OPERATION_ABORTED (sg_win_fail() makes SG_EBUSY of it). A call that was cancelled may
 * have had its effect all the same. `d` stays where it is until the end, which the same thread must call; one may lie within another. False, GetLastError() and
 * no end: the system has no timer. Any thread.
 * Follows "Canceling Pending I/O Operations" and "CancelSynchronousIo function". */
bool sg_deadline_begin(struct sg_deadline *d, unsigned long ms);

/* From here on nothing is cancelled any more. True: the time was over, so that a call was cancelled, or came back by itself just then. Leaves GetLastError() as it is. */
bool sg_deadline_end(struct sg_deadline *d);

#endif
