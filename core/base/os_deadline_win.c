/* os_deadline_win.c - calls that took too long are cancelled by one timer for the whole process.
 *
 * Guarantees that nothing is cancelled outside of its bounds: who begins, who ends and the timer that cancels exclude each other by one lock. Beginning and
 * ending cost that lock and no call to the system, but for the first after a pause, which starts the timer.
 */
#include "base/os_deadline_win.h"

#include <windows.h>

enum { TICK_MS = 100 };

static struct {
	SRWLOCK lock;
	struct sg_deadline *first; /* all that are under way */
	PTP_TIMER timer;
	bool ticks;
} the = { .lock = SRWLOCK_INIT };

/* Its id means that very thread, which is between begin and end. */
static void cancel(DWORD id)
{
	HANDLE thread = OpenThread(THREAD_TERMINATE, FALSE, id);

	if (!thread)
		return;
	CancelSynchronousIo(thread);
	CloseHandle(thread);
}

/* A call of Windows may be several of the kernel, and one that is cancelled before it waits is not cancelled: hence each time until the end. */
static void CALLBACK on_tick(PTP_CALLBACK_INSTANCE instance, void *arg, PTP_TIMER timer)
{
	uint64_t now = GetTickCount64();

	(void)instance;
	(void)arg;
	AcquireSRWLockExclusive(&the.lock);
	for (struct sg_deadline *d = the.first; d; d = d->next) {
		if (now < d->due)
			continue;
		d->struck = true;
		cancel(d->thread);
	}
	if (!the.first) {
		SetThreadpoolTimer(timer, NULL, 0, 0);
		the.ticks = false;
	}
	ReleaseSRWLockExclusive(&the.lock);
}

/* Under the lock. */
static bool start_timer(void)
{
	ULARGE_INTEGER after = { .QuadPart = (ULONGLONG)0 -
		                             (ULONGLONG)TICK_MS * 10000 }; /* negative: from now on */
	FILETIME due = { .dwLowDateTime = after.LowPart, .dwHighDateTime = after.HighPart };

	if (!the.timer)
		the.timer = CreateThreadpoolTimer(on_tick, NULL, NULL);
	if (the.timer && !the.ticks)
		SetThreadpoolTimer(the.timer, &due, TICK_MS, 0);
	the.ticks = the.timer != NULL;
	return the.ticks;
}

bool sg_deadline_begin(struct sg_deadline *d, unsigned long ms)
{
	DWORD e = 0;

	*d = (struct sg_deadline){ .thread = GetCurrentThreadId(), .due = GetTickCount64() + ms };
	AcquireSRWLockExclusive(&the.lock);
	if (start_timer()) {
		d->next = the.first;
		if (d->next)
			d->next->prev = d;
		the.first = d;
	} else {
		e = GetLastError();
	}
	ReleaseSRWLockExclusive(&the.lock);
	SetLastError(e);
	return e == 0;
}

bool sg_deadline_end(struct sg_deadline *d)
{
	DWORD e = GetLastError();

	AcquireSRWLockExclusive(&the.lock);
	if (d->prev)
		d->prev->next = d->next;
	else
		the.first = d->next;
	if (d->next)
		d->next->prev = d->prev;
	ReleaseSRWLockExclusive(&the.lock);
	SetLastError(e);
	return d->struck;
}
