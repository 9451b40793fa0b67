/* change.c - the queues of the change lane, whose turn it is, and the one function that runs on its thread. */
#include "daemon/change.h"
#include "daemon/access.h"
#include "daemon/config.h"

#include <stdlib.h>
#include <string.h>

struct queue {
	struct sg_job *first, **last;
};

struct sg_change {
	struct sg_change_options o;
	uv_work_t work;
	struct queue readers, people, documents;
	unsigned document_passed, round_passed; /* times, since the last document or round */
	bool read_before;                       /* the last job was a read */
	struct sg_strs touched;                 /* for the next run */
	struct sg_job *job;                     /* under way; the thread's while it is */
	int64_t since;
	bool due; /* sg_engine_run() has not said yet that nothing is due */
	bool stopped;
};

struct sg_job *sg_job_new(enum sg_job_kind kind)
{
	struct sg_job *job = sg_alloc(sizeof *job);

	job->kind = kind;
	return job;
}

void sg_job_free(struct sg_job *job)
{
	if (!job)
		return;
	free(job->account);
	free(job->method);
	sg_val_free(job->params);
	sg_val_free(job->reply);
	free(job->feed);
	sg_fetched_release(&job->fetched);
	sg_strs_release(&job->touched);
	sg_access_free(job->access);
	sg_snapshot_free(job->snapshot);
	free(job);
}

static void put(struct queue *q, struct sg_job *job)
{
	if (!q->first)
		q->last = &q->first;
	job->next = NULL;
	*q->last = job;
	q->last = &job->next;
}

static struct sg_job *get(struct queue *q)
{
	struct sg_job *job = q->first;

	if (job)
		q->first = job->next;
	return job;
}

/* --- on the job's thread */

static int request(struct sg_engine *e, struct sg_job *job)
{
	char *account = sg_access_account(job->account);
	int r = job->walks ? sg_engine_doctor(e, job->walks, job->n_walks, job->params, account, &job->reply,
	                             &job->err)
	                   : sg_engine_request(e, job->method, job->params, account, &job->reply, &job->err);

	free(account);
	return r;
}

static void on_thread(uv_work_t *work)
{
	struct sg_change *lane = work->data;
	struct sg_job *job = lane->job;
	struct sg_engine *e = lane->o.engine;

	switch (job->kind) {
	case SG_JOB_REQUEST: job->code = request(e, job); break;
	case SG_JOB_RELOAD: job->code = sg_config_reload(e, lane->o.config, &job->access, &job->err); break;
	case SG_JOB_FETCHED:
		job->code = sg_engine_fetched(
		        e, job->feed, &job->fetched, job->failure.code ? &job->failure : NULL, &job->err);
		break;
	case SG_JOB_RUN:
		if (job->touched.n)
			sg_engine_touched(e, &job->touched);
		job->code = sg_engine_run(e, &job->err);
		break;
	}
	if (!job->only_reads)
		job->snapshot = sg_engine_snapshot(e);
}

/* --- on the loop's thread */

static void next(struct sg_change *lane);

static void after(uv_work_t *work, int status)
{
	struct sg_change *lane = work->data;
	struct sg_job *job = lane->job;

	(void)status; /* a job under way is never cancelled */
	lane->job = NULL;
	lane->since = 0;
	/* whatever was done may have made something else due */
	if (!job->only_reads && (job->kind != SG_JOB_RUN || job->code == 1))
		lane->due = true;
	lane->o.done(lane->o.arg, job);
	sg_job_free(job);
	next(lane);
}

static struct sg_job *round_of(struct sg_change *lane)
{
	struct sg_job *job = sg_job_new(SG_JOB_RUN);

	job->touched = lane->touched;
	lane->touched = (struct sg_strs){ 0 };
	lane->due = false; /* whatever comes from now on is for the next one */
	lane->round_passed = 0;
	return job;
}

static struct sg_job *document_of(struct sg_change *lane)
{
	lane->document_passed = 0;
	lane->round_passed += lane->due;
	return get(&lane->documents);
}

static struct sg_job *work_of(struct sg_change *lane)
{
	if (lane->due && lane->round_passed >= SG_PATIENCE)
		return round_of(lane);
	if (lane->documents.first && (!lane->people.first || lane->document_passed >= SG_PATIENCE))
		return document_of(lane);
	if (lane->people.first) {
		lane->document_passed += lane->documents.first != NULL;
		lane->round_passed += lane->due;
		return get(&lane->people);
	}
	return lane->due ? round_of(lane) : NULL;
}

static void next(struct sg_change *lane)
{
	struct sg_job *job;

	if (lane->job || lane->stopped)
		return;
	job = lane->read_before ? work_of(lane) : get(&lane->readers);
	if (!job)
		job = lane->read_before ? get(&lane->readers) : work_of(lane);
	if (!job)
		return;
	lane->read_before = job->right == SG_RIGHT_READ;
	lane->job = job;
	lane->since = (int64_t)uv_now(lane->o.loop);
	lane->work.data = lane;
	uv_queue_work(lane->o.loop, &lane->work, on_thread, after);
}

struct sg_change *sg_change_new(const struct sg_change_options *options)
{
	struct sg_change *lane = sg_alloc(sizeof *lane);

	lane->o = *options;
	return lane;
}

void sg_change_free(struct sg_change *lane)
{
	if (lane)
		sg_strs_release(&lane->touched);
	free(lane);
}

void sg_change_add(struct sg_change *lane, struct sg_job *job)
{
	put(job->kind == SG_JOB_FETCHED       ? &lane->documents
	        : job->right == SG_RIGHT_READ ? &lane->readers
	                                      : &lane->people,
	        job);
	if (lane->stopped)
		sg_change_stop(lane);
	else
		next(lane);
}

void sg_change_wake(struct sg_change *lane)
{
	lane->due = true;
	next(lane);
}

void sg_change_touched(struct sg_change *lane, const struct sg_strs *paths)
{
	for (size_t i = 0; i < paths->n; i++) {
		if (!sg_strs_has(&lane->touched, paths->at[i]))
			sg_strs_add(&lane->touched, paths->at[i]);
	}
	sg_change_wake(lane);
}

bool sg_change_idle(const struct sg_change *lane)
{
	return !lane->job && !lane->readers.first && !lane->people.first && !lane->documents.first &&
	       (!lane->due || lane->stopped);
}

bool sg_change_settled(const struct sg_change *lane)
{
	const struct sg_job *job = lane->job;

	return !lane->documents.first && (!lane->due || lane->stopped) &&
	       !(job && (job->kind == SG_JOB_FETCHED || job->kind == SG_JOB_RUN));
}

size_t sg_change_waiting(const struct sg_change *lane, const char *account)
{
	size_t n = 0;

	for (const struct sg_job *job = lane->readers.first; job; job = job->next)
		n += strcmp(job->account, account) == 0;
	return n;
}

int64_t sg_change_since(const struct sg_change *lane)
{
	return lane->since;
}

static void cancel_all(struct sg_change *lane, struct queue *q)
{
	struct sg_job *job;

	while ((job = get(q)) != NULL) {
		job->code = sg_fail(&job->err, SG_ECANCELED,
		        "stopgapd is stopping: nothing was done about this; ask again once it is back");
		lane->o.done(lane->o.arg, job);
		sg_job_free(job);
	}
}

void sg_change_stop(struct sg_change *lane)
{
	lane->stopped = true;
	cancel_all(lane, &lane->people);
	cancel_all(lane, &lane->documents);
	cancel_all(lane, &lane->readers);
}
