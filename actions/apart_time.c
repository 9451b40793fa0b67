/* apart_time.c - how long workers are waited for: strangers' octets can make a worker hang, and a site's owner may have many such files.
 *
 * Guarantees that what workers lose for one job within a minute is bounded where nothing that is to be written depends on it: about SG_ACTION_LOST_MS. The
 * first that hang get all the time there is, because an honest file on a busy machine may need it; then all get a tenth; then what is only told is not asked
 * any more, and says so. What is to be written is always asked, so that nobody keeps a mitigation out by making others' files slow. A minute after the last
 * loss it is as if nothing had been.
 */
#include "actions/apart_parts.h"

#include "base/clock.h"

#include <stdatomic.h>

static struct {
	int64_t until, lost; /* monotonic ms; ms */
} lately[SG_ACTION_JOBS];
static atomic_flag lock = ATOMIC_FLAG_INIT; /* for a few instructions */

static void enter(void)
{
	while (atomic_flag_test_and_set_explicit(&lock, memory_order_acquire))
		;
}

static void leave(void)
{
	atomic_flag_clear_explicit(&lock, memory_order_release);
}

int64_t sg_action_may_take(enum sg_action_job job, enum sg_action_for use, int64_t now)
{
	int64_t lost;

	enter();
	lost = now < lately[job].until ? lately[job].lost : 0;
	leave();
	if (lost < SG_ACTION_WORKER_MS)
		return SG_ACTION_WORKER_MS;
	return use == SG_FOR_WRITING || lost < SG_ACTION_LOST_MS ? SG_ACTION_WORKER_MS / 10 : 0;
}

void sg_action_lost(enum sg_action_job job, int64_t spent, int64_t now)
{
	enter();
	if (now >= lately[job].until)
		lately[job].lost = 0;
	lately[job].lost += spent > 0 ? spent : 1;
	lately[job].until = now + SG_MINUTE;
	leave();
}

void sg_action_lost_forget(void)
{
	enter();
	for (size_t i = 0; i < SG_ACTION_JOBS; i++)
		lately[i].until = lately[i].lost = 0;
	leave();
}
