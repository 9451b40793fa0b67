/* rewrite_expect.c - rules in one line, and what they must make of a request in another. */
#include "tests/lib/rewrite_expect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

struct sg_rw_rules *rules_of(const char *xml)
{
	struct sg_rw_rules *rules = NULL;
	struct sg_err err = SG_ERR_INIT;

	if (sg_rw_read(sg_bytes_of(xml), &rules, &err))
		fail_msg("%s", err.msg);
	return rules;
}

struct sg_rw_result run_at(const char *xml, const struct sg_rw_request *req)
{
	struct sg_rw_rules *rules = rules_of(xml);
	struct sg_rw_result result = { 0 };
	struct sg_err err = SG_ERR_INIT;

	if (sg_rw_request(rules, req, &result, &err))
		fail_msg("%s", err.msg);
	sg_rw_free(rules);
	return result;
}

void expect_at(const char *xml, const struct sg_rw_request *req, const char *expected)
{
	struct sg_rw_result result = run_at(xml, req);
	struct sg_buf got = { 0 };

	sg_buf_str(&got, sg_rw_outcome_name(result.outcome));
	if (result.url)
		sg_buf_fmt(&got, " %s", result.url);
	if (strcmp((char *)got.data, expected))
		fail_msg("%s of %s: expected '%s', got '%s' %s", xml, req->uri, expected, (char *)got.data,
		        result.why ? result.why : "");
	sg_buf_release(&got);
	sg_rw_result_release(&result);
}

void expect(const char *xml, const char *uri, const char *expected)
{
	struct sg_rw_request req = { .uri = uri };
	expect_at(xml, &req, expected);
}

void expect_why(const char *xml, const char *uri, const char *part)
{
	struct sg_rw_request req = { .uri = uri };
	struct sg_rw_result result = run_at(xml, &req);

	assert_int_equal(result.outcome, SG_RW_UNKNOWN);
	assert_null(result.url);
	if (!strstr(result.why, part))
		fail_msg("'%s' does not say '%s'", result.why, part);
	sg_rw_result_release(&result);
}

void refuse_to_read(const char *xml, int code, const char *part)
{
	struct sg_rw_rules *rules = NULL;
	struct sg_err err = SG_ERR_INIT;
	int r = sg_rw_read(sg_bytes_of(xml), &rules, &err);

	if (r != code || !strstr(err.msg, part))
		fail_msg("%s: expected %d with '%s', got %d '%s'", xml, code, part, r, err.msg);
	assert_null(rules);
}
