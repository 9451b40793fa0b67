#include "tests/lib/engine_lab.h"

#include "base/os.h"
#include "base/text.h"
#include "feed/apart.h"
#include "model/codes.h"
#include "tests/lib/pki.h"
#include "tests/lib/sign.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static struct pki pki; /* one chain for all tests of a process: keys are slow to make */
static bool have_pki;
static char text[4096];

static void the_clock(void *arg, struct sg_clock *ret)
{
	struct lab *lab = arg;

	*ret = (struct sg_clock){ .wall = lab->now, .mono = lab->now };
	snprintf(ret->boot, sizeof(ret->boot), "%s", lab->boot ? lab->boot : "boot-of-the-lab");
}

static bool is_stopping(void *arg)
{
	const struct lab *lab = arg;

	return lab->stopping;
}

static void drop_pki(void)
{
	pki_release(&pki);
}

void lab_make(struct lab *lab)
{
	struct sg_buf pem = { 0 };
	char *file;

	*lab = (struct lab){ .now = LAB_NOW };
	if (!have_pki) {
		pki_chain(&pki, LAB_NOW);
		have_pki = true;
		atexit(drop_pki);
	}
	lab->drive = t_drive_make();
	lab->folder = t_drive_empty();
	lab->journal = sg_format("%s/journal", lab->folder);
	t_drive_drives(lab->drive, &lab->drives);
	lab->before = t_drive_snapshot(lab->drive);
	pki_cert_pem(&pki.root, &pem);
	file = sg_format("%s/root.pem", lab->folder);
	assert_int_equal(sg_os_create(file, sg_buf_bytes(&pem), NULL, &lab->err), 0);
	free(file);
	sg_buf_release(&pem);
}

void lab_open(struct lab *lab)
{
	struct sg_engine_options options = {
		.drives = &lab->drives,
		.journal = lab->journal,
		.journal_size = lab->journal_size ? lab->journal_size : 4 << 20,
		.clock = the_clock,
		.clock_arg = lab,
		.stop = is_stopping,
		.stop_arg = lab,
		.runner = lab->runner,
		.unguarded = true,
	};

	sg_worker_in_process(sg_feed_jobs);
	sg_err_clear(&lab->err);
	if (sg_engine_open(&options, &lab->engine, &lab->err))
		fail_msg("the engine does not open: %s", lab->err.msg);
}

void lab_close(struct lab *lab)
{
	sg_engine_close(lab->engine);
	lab->engine = NULL;
}

void lab_free(struct lab *lab)
{
	lab_close(lab);
	sg_drives_release(&lab->drives);
	t_snapshot_free(lab->before);
	t_drive_free(lab->drive);
	t_drive_free(lab->folder);
	free(lab->journal);
}

int lab_set_up(void **state)
{
	struct lab *lab = sg_alloc(sizeof(*lab));

	lab_make(lab);
	lab_open(lab);
	*state = lab;
	return 0;
}

int lab_tear_down(void **state)
{
	lab_free(*state);
	free(*state);
	return 0;
}

void lab_configure(struct lab *lab, const char *mode, const char *inside)
{
	struct sg_conf *conf = NULL;
	char *file = sg_format("%s/stopgap.xml", lab->folder);
	char *xml = sg_format("<stopgap xmlns=\"urn:stopgap:config:1\" mode=\"%s\"><trust><anchor "
	                      "name=\"root\" file=\"root.pem\"/></trust>"
	                      "<feed name=\"corp\" url=\"https://feed.example/corp.xml\"/><feed "
	                      "name=\"local\" url=\"https://feed.example/local.xml\"/>%s"
	                      "</stopgap>",
	        mode ? mode : "enforce", inside ? inside : "");

	sg_err_clear(&lab->err);
	if (sg_conf_decode(sg_bytes_of(xml), file, NULL, &conf, &lab->err) ||
	        sg_engine_configure(lab->engine, conf, sg_bytes_of(xml), file, &lab->err))
		fail_msg("%s", lab->err.msg);
	free(xml);
	free(file);
}

char *lab_config(const char *id, const char *revision, const char *path, const char *inherit,
        const char *pattern, const char *extra)
{
	return sg_format(
	        "<Config id=\"%s\" desc=\"lab\" sg:revision=\"%s\" sg:severity=\"high\">%s<ActionList>"
	        "<Action type=\"UrlRewrite\" scope=\"Site\" desc=\"lab\"><sg:At sites=\"Default Web Site\" "
	        "path=\"%s\" inherit=\"%s\"/>"
	        "<rewrite><rules><rule name=\"stopgap %s inbound\" stopProcessing=\"true\"><match "
	        "url=\".*\"/>"
	        "<conditions><add input=\"{UrlDecode:{REQUEST_URI}}\" pattern=\"%s\"/></conditions>"
	        "<action type=\"CustomResponse\" statusCode=\"403\" statusReason=\"Forbidden\" "
	        "statusDescription=\"Refused\"/>"
	        "</rule></rules></rewrite></Action></ActionList></Config>\n",
	        id, revision, extra ? extra : "", path, inherit, id, pattern);
}

void lab_document(struct lab *lab, const char *feed, uint64_t serial, int64_t issued, int64_t expires,
        const char *configs, struct sg_buf *ret)
{
	X509 *certs[2] = { pki.leaf.x509, pki.middle.x509 };
	struct sign_spec spec = { .key = pki.leaf.key, .certs = certs, .n_certs = 2 };
	char from[32], to[32];
	char *doc;

	(void)lab; /* whose chain it is */
	sg_time_format(issued, from);
	sg_time_format(expires, to);
	doc = sg_format("<EOCS version=\"1.0.4\" xmlns:sg=\"urn:stopgap:feed:1\" sg:feed=\"%s\" "
	                "sg:serial=\"%llu\" sg:issued=\"%s\" "
	                "sg:expires=\"%s\">%s</EOCS>",
	        feed, (unsigned long long)serial, from, to, configs);
	assert_int_equal(sign_xmldsig(sg_bytes_of(doc), &spec, ret), 0);
	free(doc);
}

void lab_offer(struct lab *lab, const char *feed, uint64_t serial, const char *configs)
{
	struct sg_fetched fetched = { 0 };

	lab_document(lab, feed, serial, lab->now - 1000, lab->now + 14 * 24 * 3600 * 1000LL, configs,
	        &fetched.octets);
	sg_err_clear(&lab->err);
	if (sg_engine_fetched(lab->engine, feed, &fetched, NULL, &lab->err))
		fail_msg("%s", lab->err.msg);
	sg_buf_release(&fetched.octets);
}

void lab_offer_one(
        struct lab *lab, uint64_t serial, const char *id, const char *revision, const char *pattern)
{
	char *config = lab_config(id, revision, "/", "yes", pattern, NULL);

	lab_offer(lab, "corp", serial, config);
	free(config);
}

void lab_run(struct lab *lab)
{
	int code = 1;

	sg_err_clear(&lab->err);
	for (int i = 0; i < 200 && code > 0; i++)
		code = sg_engine_run(lab->engine, &lab->err);
	if (code)
		fail_msg("the engine does not come to rest: %d %s", code, lab->err.msg);
}

int lab_ask(struct lab *lab, struct sg_val **ret, const char *method, ...)
{
	struct sg_val *params = sg_val_map(), *reply = NULL;
	const char *key;
	va_list ap;
	int code;

	va_start(ap, method);
	while ((key = va_arg(ap, const char *))) {
		const char *value = va_arg(ap, const char *);

		if (strcmp(value, "true") == 0)
			sg_val_set_bool(params, key, true);
		else if (value[0] == '@')
			sg_val_set_int(params, key, strtoll(value + 1, NULL, 10));
		else
			sg_val_set_str(params, key, value);
	}
	va_end(ap);
	sg_err_clear(&lab->err);
	code = sg_engine_request(lab->engine, method, params, "uid 0 (root)", &reply, &lab->err);
	if (code)
		fprintf(stderr, "%s: %s\n", method, lab->err.msg);
	if (ret && !code)
		*ret = reply;
	else
		sg_val_free(reply);
	sg_val_free(params);
	return code;
}

static const char *keep(const char *s)
{
	snprintf(text, sizeof(text), "%s", s);
	return text;
}

const char *lab_field(struct lab *lab, const char *id, const char *field)
{
	struct sg_snapshot *s = sg_engine_snapshot(lab->engine);
	const struct sg_val *list = sg_val_get(s->list, "mitigations");

	text[0] = 0;
	for (size_t i = 0; i < list->n; i++) {
		if (strcmp(sg_val_get_str(list->kid[i], "id", ""), id) == 0)
			keep(sg_val_get_str(list->kid[i], field, ""));
	}
	sg_snapshot_free(s);
	return text;
}

const char *lab_state(struct lab *lab, const char *id)
{
	char state[64];

	snprintf(state, sizeof(state), "%s", lab_field(lab, id, "state"));
	if (state[0]) {
		char both[200];

		snprintf(both, sizeof(both), "%s/%s", state, lab_field(lab, id, "reason"));
		keep(both);
	}
	return text;
}

const char *lab_verdict(struct lab *lab)
{
	struct sg_snapshot *s = sg_engine_snapshot(lab->engine);

	keep(sg_val_get_str(s->status, "verdict", "?"));
	sg_snapshot_free(s);
	return text;
}

bool lab_untouched(struct lab *lab)
{
	return t_drive_same(lab->drive, lab->before);
}

void lab_later(struct lab *lab, int64_t by)
{
	lab->now += by;
	lab_run(lab);
}

int64_t lab_wake(struct lab *lab)
{
	struct sg_snapshot *s = sg_engine_snapshot(lab->engine);
	int64_t at = s->wake;

	sg_snapshot_free(s);
	return at;
}

size_t lab_said(struct lab *lab, const char *name, char **ret_text)
{
	struct sg_val *reply = NULL;
	const struct sg_val *lines;
	size_t n = 0;

	assert_int_equal(lab_ask(lab, &reply, "history", "limit", "@1000", NULL), 0);
	lines = sg_val_get(reply, "lines");
	for (size_t i = 0; lines && i < lines->n; i++) {
		if (strcmp(sg_val_get_str(lines->kid[i], "name", ""), name) != 0)
			continue;
		n++;
		if (ret_text) {
			free(*ret_text);
			*ret_text = sg_strdup(sg_val_get_str(lines->kid[i], "text", ""));
		}
	}
	sg_val_free(reply);
	return n;
}
