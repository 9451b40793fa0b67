/* loop.c - joins lanes, pipe, timer and the service's manager. Must not decide about mitigations: it moves facts to the engine and snapshots from it. */
#include "daemon/loop.h"
#include "base/log.h"
#include "base/os.h"
#include "daemon/change.h"
#include "daemon/control.h"
#include "daemon/desk.h"
#include "daemon/endpoint.h"
#include "daemon/poll.h"
#include "daemon/refresh.h"
#include "daemon/service.h"
#include "daemon/watch.h"
#include "model/codes.h"

#include <stdlib.h>
#include <string.h>

enum {
	THREADS = 12,                  /* of libuv's pool */
	WALKS = 4,                     /* the doctor's */
	FETCHES = THREADS - WALKS - 2, /* so that the change lane never waits for a slow server */
	LONGEST_MS = 60 * 1000,        /* sleep: a clock that was set is noticed within this */
	SKEW_MS = 2000,                /* wall against monotonic time: more, and the clock was set */
	STUCK_MS = 10 * 60 * 1000,     /* a job that takes longer is no sign of life */
	STOPPING_MS = 20,
};

struct loop {
	uv_loop_t uv;
	uv_timer_t timer;
	struct sg_loop_options o;
	struct sg_control *control;
	struct sg_change *change;
	struct sg_polls *polls;
	struct sg_refresh *refresh;
	struct sg_walks *walks;
	struct sg_watch *watch;
	struct sg_snapshot *snapshot; /* the newest */
	struct sg_desk desk;
	struct sg_limit refused; /* the desk's */
	int64_t began;
	int64_t wake;   /* uv_now() at which the engine has something to do */
	int64_t offset; /* wall minus uv_now() when last looked at */
	int64_t alive_every, alive_next;
	bool settled; /* the engine was idle once: audit and repair came before the first fetch */
	bool stopping;
	int code;
	struct sg_err err;
};

static int64_t now_of(const struct loop *l)
{
	return (int64_t)uv_now(&l->uv);
}

static int64_t wall_now(void)
{
	uv_timeval64_t tv = { 0 };

	uv_gettimeofday(&tv);
	return (int64_t)tv.tv_sec * 1000 + tv.tv_usec / 1000;
}

static void on_timer(uv_timer_t *timer);

/* The timer looks at everything that has a time, at the loop's next turn. */
static void arm(struct loop *l)
{
	if (!uv_is_closing((uv_handle_t *)&l->timer))
		uv_timer_start(&l->timer, on_timer, 0, 0);
}

static void on_rearm(void *arg)
{
	arm(arg);
}

/* --- the end */

static void begin_stop(struct loop *l, int code, const char *why)
{
	if (code < 0 && l->code == 0)
		l->code = sg_fail(&l->err, code, "%s", why);
	if (l->stopping)
		return;
	l->stopping = true;
	sg_service_stopping();
	if (code == 0)
		sg_log(SG_INFO, SG_EV_STOPPED, NULL, "stopping on %s: mitigations stay in place", why);
	atomic_store(l->o.stop, true);
	sg_change_stop(l->change);
	sg_refresh_stop(l->refresh);
	sg_walks_stop(l->walks);
	sg_watch_stop(l->watch);
	sg_control_stop(l->control);
	sg_service_detach();
	arm(l);
}

static bool all_quiet(const struct loop *l)
{
	return sg_control_stopped(l->control) && sg_change_idle(l->change) && !sg_polls_busy(l->polls) &&
	       !sg_walks_busy(l->walks) && sg_watch_stopped(l->watch);
}

/* --- the timer */

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t tick_alive(struct loop *l, int64_t now)
{
	int64_t since = sg_change_since(l->change);

	if (!l->alive_every)
		return INT64_MAX;
	if (now < l->alive_next)
		return l->alive_next;
	if (!since || now - since < STUCK_MS)
		sg_service_alive();
	l->alive_next = now + l->alive_every;
	return l->alive_next;
}

/* Windows and ends are wall times: when the clock was set, the engine looks at all of them again. */
static void look_at_clock(struct loop *l, int64_t now)
{
	int64_t offset = wall_now() - now, skew = offset - l->offset;

	l->offset = offset;
	if (skew > SKEW_MS || skew < -SKEW_MS)
		l->wake = now;
}

static void on_timer(uv_timer_t *timer)
{
	struct loop *l = timer->data;
	int64_t now = now_of(l), next = now + LONGEST_MS;

	next = earlier(next, sg_control_tick(l->control, now));
	next = earlier(next, tick_alive(l, now));
	if (l->stopping) {
		if (all_quiet(l)) {
			uv_close((uv_handle_t *)&l->timer, NULL);
			return;
		}
		next = earlier(next, now + STOPPING_MS);
	} else {
		look_at_clock(l, now);
		if (l->settled || now - l->began > SG_FIRST_POLL_MS)
			next = earlier(next, sg_polls_tick(l->polls, now));
		if (l->wake <= now) {
			l->wake = INT64_MAX;
			sg_change_wake(l->change);
		}
		next = earlier(next, l->wake);
	}
	uv_timer_start(&l->timer, on_timer, next > now ? (uint64_t)(next - now) : 0, 0);
}

/* --- what the lanes bring */

static void set_wake(struct loop *l, bool idle)
{
	int64_t now = now_of(l), wall = wall_now(), wake = l->snapshot->wake;

	if (wake == INT64_MAX)
		l->wake = INT64_MAX;
	else if (wake > wall)
		l->wake = now + (wake - wall);
	else /* it said that nothing is due, and that something is: asked again soon, not at once */
		l->wake = idle ? now + 1000 : now;
}

static void use_snapshot(struct loop *l)
{
	const struct sg_snapshot *s = l->snapshot;

	sg_polls_update(l->polls, s->polls, s->n_polls, wall_now());
	sg_watch_update(l->watch, &s->watch, &s->watch_roots, s->handles_off);
}

static void take_snapshot(struct loop *l, struct sg_job *job)
{
	if (!job->snapshot || job->snapshot->fatal)
		return;
	sg_snapshot_free(l->snapshot);
	l->snapshot = job->snapshot;
	l->desk.snapshot = l->snapshot;
	job->snapshot = NULL;
	use_snapshot(l);
	if (l->snapshot->events)
		sg_control_notify(l->control, l->snapshot->events);
	set_wake(l, job->kind == SG_JOB_RUN && job->code == 0);
}

static void request_done(struct loop *l, struct sg_job *job)
{
	if (job->code < 0)
		sg_control_error(l->control, job->conn, job->id, &job->err, sg_exit_of(job->code));
	else if (strcmp(job->method, "refresh") == 0)
		sg_refresh_begin(l->refresh, job->conn, job->id, sg_val_get_str(job->params, "feed", NULL),
		        l->snapshot);
	else
		sg_control_result(l->control, job->conn, job->id, job->reply);
}

static void reload_done(struct loop *l, struct sg_job *job)
{
	struct sg_err err = SG_ERR_INIT;

	if (job->code == 0) {
		sg_access_free(l->o.access);
		l->o.access = job->access;
		l->desk.access = job->access;
		job->access = NULL;
		if (sg_endpoint_share(l->o.endpoint, l->o.access, &err) < 0)
			sg_log(SG_ERROR, SG_EV_CONFIG_REFUSED, NULL, "%s", err.msg);
	} else if (job->code != SG_ECANCELED) {
		sg_log(SG_ERROR, SG_EV_CONFIG_REFUSED, NULL, "the configuration stays as it was: %s",
		        job->err.msg);
	}
	if (!l->stopping)
		sg_service_ready(job->code == 0 ? "a new configuration is in force"
		                                : "the last good configuration is in force");
}

static void on_job_done(void *arg, struct sg_job *job)
{
	struct loop *l = arg;
	bool fatal = job->code == SG_EFATAL || (job->snapshot && job->snapshot->fatal) ||
	             (job->kind == SG_JOB_RUN && job->code < 0);

	if (job->kind == SG_JOB_FETCHED) {
		if (job->code == 1)
			sg_polls_again(l->polls, job->feed);
		else
			sg_polls_ended(l->polls, job->feed);
		if (job->code < 0 && job->code != SG_ECANCELED)
			sg_log(SG_WARNING, SG_EV_FEED_UNREACHABLE, NULL, "feed %s: %s", job->feed,
			        job->err.msg);
	}
	take_snapshot(l, job);
	if (job->kind == SG_JOB_REQUEST)
		request_done(l, job);
	else if (job->kind == SG_JOB_RELOAD)
		reload_done(l, job);
	sg_walks_answered(l->walks, job);
	if (fatal) {
		begin_stop(l, SG_EFATAL,
		        job->err.code ? job->err.msg : "the journal cannot be written safely any more");
	} else if (sg_change_settled(l->change)) {
		l->settled = true;
		sg_refresh_idle(l->refresh, l->snapshot);
	}
	arm(l);
}

static void on_fetched(void *arg, const char *feed, struct sg_fetched *fetched, const struct sg_err *failure)
{
	struct loop *l = arg;
	struct sg_job *job = sg_job_new(SG_JOB_FETCHED);

	job->feed = sg_strdup(feed);
	job->fetched = *fetched;
	*fetched = (struct sg_fetched){ 0 };
	job->failure = *failure;
	sg_change_add(l->change, job);
	arm(l);
}

/* --- what the files bring */

static void on_files(void *arg, const struct sg_strs *paths)
{
	struct loop *l = arg;

	sg_change_touched(l->change, paths);
}

static void on_limited(void *arg, const char *why)
{
	(void)arg;
	sg_log(SG_WARNING, SG_EV_WATCH_LIMITED, NULL,
	        "the system gives no more file watches (%s): files are asked every second instead", why);
}

/* --- what the pipe brings */

static bool may_watch(void *arg, const struct sg_caller *caller)
{
	return sg_desk_allows(&((struct loop *)arg)->desk, caller, SG_RIGHT_READ);
}

static bool may_change(void *arg, const struct sg_caller *caller)
{
	return sg_desk_allows(&((struct loop *)arg)->desk, caller, SG_RIGHT_CHANGE);
}

static void on_request(void *arg, uint64_t conn, const struct sg_caller *caller, struct sg_rpc_message *m)
{
	sg_desk_take(&((struct loop *)arg)->desk, conn, caller, m);
}

/* --- what the service's manager, or a person at a terminal, asks */

static void on_asked(void *arg, enum sg_service_ask what, const char *why)
{
	struct loop *l = arg;

	switch (what) {
	case SG_SERVICE_RELOAD:
		sg_service_reloading();
		sg_change_add(l->change, sg_job_new(SG_JOB_RELOAD));
		break;
	case SG_SERVICE_STOP: begin_stop(l, 0, why); break;
	}
}

/* --- the whole */

static void start_lanes(struct loop *l)
{
	l->change = sg_change_new(&(struct sg_change_options){ .loop = &l->uv,
	        .engine = l->o.engine,
	        .config = l->o.config,
	        .done = on_job_done,
	        .arg = l });
	l->polls = sg_polls_new(&(struct sg_polls_options){ .loop = &l->uv,
	        .stop = l->o.stop,
	        .seed = l->o.seed,
	        .at_once = FETCHES,
	        .fetched = on_fetched,
	        .arg = l });
	l->refresh = sg_refresh_new(l->polls, l->control, on_rearm, l);
	l->walks = sg_walks_new(&(struct sg_walks_options){ .loop = &l->uv,
	        .stop = l->o.stop,
	        .at_once = WALKS,
	        .change = l->change,
	        .snapshot = (const struct sg_snapshot *const *)&l->snapshot });
	l->watch = sg_watch_new(&(struct sg_watch_options){
	        .loop = &l->uv, .changed = on_files, .limited = on_limited, .arg = l });
	l->snapshot = sg_engine_snapshot(l->o.engine);
	use_snapshot(l);
	l->desk = (struct sg_desk){ .control = l->control,
		.change = l->change,
		.walks = l->walks,
		.access = l->o.access,
		.snapshot = l->snapshot,
		.limit = &l->refused };
}

int sg_loop_run(const struct sg_loop_options *options, struct sg_err *err)
{
	struct loop *l = sg_alloc(sizeof *l);
	const struct sg_control_hooks hooks = { .arg = l,
		.request = on_request,
		.may_watch = may_watch,
		.may_import = may_change,
		.has_place = may_change,
		.rearm = on_rearm };
	char threads[8];
	int r;

	/* read by libuv when the first job is queued */
	snprintf(threads, sizeof threads, "%d", THREADS);
	sg_os_setenv("UV_THREADPOOL_SIZE", threads);
	l->o = *options;
	uv_loop_init(&l->uv);
	uv_timer_init(&l->uv, &l->timer);
	l->timer.data = l;
	l->began = now_of(l);
	l->offset = wall_now() - now_of(l);
	l->wake = now_of(l);
	l->alive_every = sg_service_watchdog();
	l->alive_next = l->alive_every ? now_of(l) : INT64_MAX;
	r = sg_control_start(&l->uv, l->o.endpoint, &hooks, &l->control, err);
	if (r < 0) {
		uv_close((uv_handle_t *)&l->timer, NULL);
	} else {
		start_lanes(l);
		sg_service_attach(&l->uv, on_asked, l);
		if (l->snapshot->fatal)
			begin_stop(l, SG_EFATAL, "the journal cannot be read");
		else if (atomic_load(l->o.stop)) /* before there was a loop */
			begin_stop(l, 0, "a request at its start");
		else
			sg_service_ready(sg_val_get_str(l->snapshot->status, "verdict", "up"));
		arm(l);
	}
	uv_run(&l->uv, UV_RUN_DEFAULT);
	uv_loop_close(&l->uv);
	if (r == 0 && l->code < 0)
		r = sg_fail(err, l->code, "%s", l->err.msg);
	sg_refresh_free(l->refresh);
	sg_walks_free(l->walks);
	sg_watch_free(l->watch);
	sg_polls_free(l->polls);
	sg_change_free(l->change);
	sg_control_free(l->control);
	sg_snapshot_free(l->snapshot);
	sg_access_free(l->o.access);
	free(l);
	return r;
}
