/* ingest FILE ROOT.pem TIMES - verifies and reads the document that many times, and prints the least processor time of one, in milliseconds. */
#include "base/os.h"
#include "feed/feed.h"
#include "feed/verify.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

int main(int argc, char **argv)
{
	char name[] = "corp";
	struct sg_anchor root = { .name = name };
	struct sg_feed_rules rules = { .name = name, .anchors = &root, .n_anchors = 1 };
	struct sg_buf doc = { 0 };
	struct sg_err err = SG_ERR_INIT;
	struct sg_clock clock_now = { 0 };
	double least = 1e9;

	if (argc != 4 || sg_os_read(argv[1], 16 << 20, &doc, NULL, &err) ||
	        sg_os_read(argv[2], 1 << 20, &root.pem, NULL, &err) || sg_verify_init(&err)) {
		fprintf(stderr, "usage: ingest FILE ROOT.pem TIMES %s\n", err.msg);
		return 2;
	}
	sg_os_clock(&clock_now);
	rules.now = clock_now.wall;
	for (int i = 0, n = atoi(argv[3]); i < n; i++) {
		struct sg_feed *feed = NULL;
		clock_t before = clock();
		int event = 0;
		double ms;

		if (sg_feed_read(sg_buf_bytes(&doc), &rules, &feed, &event, &err) || feed->n_refused) {
			fprintf(stderr, "ingest: refused: %s\n", feed ? feed->refused[0].text : err.msg);
			return 1;
		}
		ms = (double)(clock() - before) * 1e3 / CLOCKS_PER_SEC;
		least = ms < least ? ms : least;
		sg_feed_free(feed);
	}
	printf("%.3f\n", least);
	sg_buf_release(&doc);
	sg_buf_release(&root.pem);
	return 0;
}
