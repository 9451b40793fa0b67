/* fetch_lab.c - see fetch_lab.h. */
#include "tests/lib/fetch_lab.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

struct sg_fetch_request fetch_ask(const char *url)
{
	return (struct sg_fetch_request){
		.url = url, .proxy = "system", .timeout_ms = 10000, .max_bytes = 1000
	};
}

void assert_fetch_refused(const struct sg_fetch_request *req, int code, const char *says)
{
	struct sg_fetched got = { 0 };
	struct sg_err err = SG_ERR_INIT;
	int r = sg_fetch(req, &got, &err);

	if (r != code || !strstr(err.msg, says))
		fail_msg("%d, \"%s\"; expected %d, \"%s\"", r, err.msg, code, says);
	assert_null(got.octets.data);
}

char *fetch_file(const char *dir, const char *name, const char *text)
{
	char *path = sg_format("%s/%s", dir, name);
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	return path;
}
