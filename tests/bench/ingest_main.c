/* ingest here|apart FILE ROOT.pem TIMES - verifies and reads the document that many times, in this process or by workers as the service does, and prints the
 * median processor time of one, the worker included, in milliseconds. `start` instead: of a worker alone, which is started and given nothing. */
#include "base/os.h"
#include "feed/apart.h"
#include "feed/feed.h"
#include "feed/verify.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static double cpu_ms(void)
{
	static const int whose[] = { RUSAGE_SELF, RUSAGE_CHILDREN };
	double ms = 0;

	for (size_t i = 0; i < 2; i++) {
		struct rusage u;

		getrusage(whose[i], &u);
		ms += (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e3 +
		      (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e3;
	}
	return ms;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static int read_once(bool apart, const struct sg_buf *doc, const struct sg_feed_rules *rules)
{
	struct sg_feed *feed = NULL;
	struct sg_err err = SG_ERR_INIT;
	int event = 0, r;

	r = (apart ? sg_feed_read_apart : sg_feed_read)(sg_buf_bytes(doc), rules, &feed, &event, &err);
	if (r || feed->n_refused) {
		fprintf(stderr, "ingest: refused: %s\n", feed ? feed->refused[0].text : err.msg);
		r = -1;
	}
	sg_feed_free(feed);
	return r;
}

/* The worker finds that the request is none, and ends. */
static int start_one(void)
{
	const struct sg_worker_call call = { .job = "feed-take", .max_reply = 1024, .timeout_ms = 10000 };
	struct sg_buf reply = { 0 };

	return sg_worker_call(&call, &reply, NULL) == SG_EDAMAGED ? 0 : -1;
}

int main(int argc, char **argv)
{
	char name[] = "corp";
	struct sg_anchor root = { .name = name };
	struct sg_feed_rules rules = { .name = name, .anchors = &root, .n_anchors = 1 };
	struct sg_buf doc = { 0 };
	struct sg_err err = SG_ERR_INIT;
	struct sg_clock clock_now = { 0 };
	int n = argc == 5 ? atoi(argv[4]) : 0, r = 0;
	double *took;

	sg_worker_begin(argc, argv, sg_feed_jobs);
	if (n < 1 || sg_os_read(argv[2], 16 << 20, &doc, NULL, &err) ||
	        sg_os_read(argv[3], 1 << 20, &root.pem, NULL, &err) || sg_verify_init(&err)) {
		fprintf(stderr, "usage: ingest here|apart|start FILE ROOT.pem TIMES %s\n", err.msg);
		return 2;
	}
	sg_os_clock(&clock_now);
	rules.now = clock_now.wall;
	took = sg_alloc((size_t)n * sizeof *took);
	for (int i = 0; i < n && !r; i++) {
		double before = cpu_ms();

		if (strcmp(argv[1], "start") == 0)
			r = start_one();
		else
			r = read_once(strcmp(argv[1], "apart") == 0, &doc, &rules);
		took[i] = cpu_ms() - before;
	}
	qsort(took, (size_t)n, sizeof *took, compare);
	if (!r)
		printf("%.3f\n", took[n / 2]);
	free(took);
	sg_buf_release(&doc);
	sg_buf_release(&root.pem);
	return r ? 1 : 0;
}
