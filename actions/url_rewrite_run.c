/* url_rewrite_run.c - one test by a set of rules, in a fate and words. Pure: in a worker it is what meets strangers' patterns. */
#include "actions/url_rewrite_parts.h"
#include "rewrite/rewrite.h"

#include <stdlib.h>
#include <string.h>

char *sg_ur_folder(const char *url)
{
	return sg_format("%s%s", url ? url : "/", url && strcmp(url, "/") ? "/" : "");
}

static void say_request(const struct sg_rw_result *res, struct sg_judgement *j)
{
	const char *rule = res->rule ? res->rule : "";

	switch (res->outcome) {
	case SG_RW_REFUSED:
		j->fate = SG_FATE_REFUSED;
		j->text = res->status ? sg_format("refused by rule '%s' (%u)", rule, res->status)
		                      : sg_format("refused by rule '%s' (connection aborted)", rule);
		return;
	case SG_RW_RESPONDED:
		j->fate = SG_FATE_OTHER;
		j->text = sg_format("answered by rule '%s' (%u)", rule, res->status);
		return;
	case SG_RW_REDIRECTED:
		j->fate = SG_FATE_OTHER;
		j->text = sg_format("redirected by rule '%s' to %s", rule, res->url ? res->url : "");
		return;
	case SG_RW_UNKNOWN:
		j->fate = SG_FATE_UNKNOWN;
		j->text = sg_format("not known: %s", res->why ? res->why : "");
		return;
	case SG_RW_SERVED: break;
	}
	j->fate = SG_FATE_SERVED;
	j->text = res->rule ? sg_format("served, after rule '%s'", rule) : sg_strdup("served");
}

void sg_ur_say_response(const struct sg_test *test, const char *is, struct sg_judgement *j)
{
	if ((is && test->becomes && !strcmp(is, test->becomes)) || (!is && !test->becomes)) {
		j->fate = SG_FATE_BECOMES;
		j->text = sg_format("%s becomes \"%s\"", test->header, is ? is : "");
	} else {
		j->fate = SG_FATE_DIFFERS;
		j->text = sg_format("%s is \"%s\", and should be \"%s\"", test->header,
		        is ? is : "(not sent)", test->becomes ? test->becomes : "(not sent)");
	}
}

static void say_response(const struct sg_test *test, const struct sg_rw_result *res, struct sg_judgement *j)
{
	if (res->outcome == SG_RW_UNKNOWN) {
		j->fate = SG_FATE_UNKNOWN;
		j->text = sg_format("not known: %s: %s", res->why ? res->why : "", test->header);
	} else {
		sg_ur_say_response(test, res->url, j);
	}
}

int sg_ur_run(const struct sg_rw_rules *rules, const struct sg_test *test, unsigned *work,
        struct sg_judgement *j, struct sg_err *err)
{
	struct sg_rw_header *headers = sg_alloc(test->n_headers * sizeof(*headers));
	struct sg_rw_request req = { .method = test->method,
		.uri = test->uri,
		.headers = headers,
		.n_headers = test->n_headers,
		.work = work };
	struct sg_rw_result res = { 0 };
	bool response = test->kind == SG_TEST_RESPONSE;
	int r;

	for (size_t i = 0; i < test->n_headers; i++)
		headers[i] = (struct sg_rw_header){ test->headers[i].name, test->headers[i].value };
	r = response ? sg_rw_response(rules, &req, test->type, test->header, test->is, &res, err)
	             : sg_rw_request(rules, &req, &res, err);
	if (!r) {
		if (response)
			say_response(test, &res, j);
		else
			say_request(&res, j);
		sg_rw_result_release(&res);
	}
	free(headers);
	return r;
}
