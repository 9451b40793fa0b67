/* rewrite_eval_main.c - runs core/rewrite over a list of requests, for comparison with another evaluator.
 *
 * usage: rewrite_eval CASES.tsv
 * One case a line, fields separated by tabs, "~" for a field that is not given:
 *   rules-file  method  uri  headers  https  base  header  type  is
 * headers: "Name: value" lines separated by the octet 0x1e. With `header` the outbound rules run on that response header
 * (`type`: its Content-Type, `is`: its value), without it the inbound ones on the request.
 * One JSON line is printed per case, flushed at the end; {"error": CODE} where the rules or the request are refused.
 */
#include "base/json.h"
#include "base/os.h"
#include "base/xml.h"
#include "rewrite/rewrite.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIELDS = 9, HEADERS_MAX = 32, LINE_MAX_OCTETS = 1 << 20 };

struct reader {
	char *file; /* of the rules that were read last */
	int code;   /* what reading them gave */
	struct sg_rw_rules *rules;
};

static int load(struct reader *rd, const char *file, struct sg_err *err)
{
	struct sg_buf text = { 0 };

	if (rd->file && !strcmp(rd->file, file))
		return rd->code ? sg_fail(err, rd->code, "as before") : 0;
	free(rd->file);
	sg_rw_free(rd->rules);
	rd->rules = NULL;
	rd->file = sg_strdup(file);
	int r = sg_os_read(file, 1 << 24, &text, NULL, err);
	if (!r)
		r = sg_rw_read(sg_buf_bytes(&text), &rd->rules, err);
	sg_buf_release(&text);
	rd->code = r;
	return r;
}

/* Cuts "Name: value" lines apart in place. */
static size_t split_headers(char *text, struct sg_rw_header *headers)
{
	size_t n = 0;

	for (char *line = strtok(text, "\x1e"); line && n < HEADERS_MAX; line = strtok(NULL, "\x1e")) {
		char *colon = strchr(line, ':');
		if (!colon)
			continue;
		*colon = 0;
		headers[n++] = (struct sg_rw_header){ line, colon + 1 + strspn(colon + 1, " ") };
	}
	return n;
}

static const char *given(const char *field)
{
	return strcmp(field, "~") ? field : NULL;
}

static int run(struct reader *rd, char *field[FIELDS], struct sg_rw_result *ret, struct sg_err *err)
{
	struct sg_rw_header headers[HEADERS_MAX];
	struct sg_rw_request req = { .method = given(field[1]),
		.uri = field[2],
		.headers = headers,
		.https = !strcmp(field[4], "on"),
		.base = given(field[5]) };
	int r = load(rd, field[0], err);

	if (r)
		return r;
	if (given(field[3]))
		req.n_headers = split_headers(field[3], headers);
	if (given(field[6]))
		return sg_rw_response(rd->rules, &req, given(field[7]), field[6], given(field[8]), ret, err);
	return sg_rw_request(rd->rules, &req, ret, err);
}

static void print(int r, const struct sg_rw_result *result, const struct sg_err *err)
{
	struct sg_val *line = sg_val_map();
	struct sg_buf text = { 0 };

	if (r) {
		sg_val_set_str(line, "error", sg_code_name(r));
		sg_val_set_str(line, "why", err->msg);
	} else {
		sg_val_set_str(line, "outcome", sg_rw_outcome_name(result->outcome));
		sg_val_set_int(line, "status", result->status);
		sg_val_set_int(line, "substatus", result->substatus);
		sg_val_set_str(line, "rule", result->rule);
		sg_val_set_str(line, "url", result->url);
		sg_val_set_str(line, "why", result->why);
	}
	sg_json(line, SG_JSON_LINE | SG_JSON_ASCII, &text);
	puts((const char *)text.data);
	sg_buf_release(&text);
	sg_val_free(line);
}

int main(int argc, char **argv)
{
	struct reader rd = { 0 };
	int status = 0;

	if (argc != 2) {
		fputs("usage: rewrite_eval CASES.tsv\n", stderr);
		return 2;
	}
	sg_xml_init();
	FILE *in = fopen(argv[1], "r");
	char *text = sg_alloc(LINE_MAX_OCTETS);
	if (!in) {
		perror(argv[1]);
		status = 1;
	}
	while (in && !status && fgets(text, LINE_MAX_OCTETS, in)) {
		char *field[FIELDS] = { text };
		int n = 1;
		text[strcspn(text, "\n")] = 0;
		for (char *tab = strchr(text, '\t'); tab && n < FIELDS; tab = strchr(tab + 1, '\t')) {
			*tab = 0;
			field[n++] = tab + 1;
		}
		if (n != FIELDS) {
			fputs("rewrite_eval: a line with too few fields\n", stderr);
			status = 1;
			break;
		}
		struct sg_rw_result result = { 0 };
		struct sg_err err = SG_ERR_INIT;
		int r = run(&rd, field, &result, &err);
		print(r, &result, &err);
		sg_rw_result_release(&result);
	}
	if (in)
		fclose(in);
	free(text);
	free(rd.file);
	sg_rw_free(rd.rules);
	return status;
}
