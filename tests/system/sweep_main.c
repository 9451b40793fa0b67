/* sweep - applies three mitigations to one configuration file after the other, ends them in every order, and compares octets (P6, P7, P10).
 *
 * Reads lines from stdin: NAME, a tab, "apphost" or "web", a tab, "yes" or "no" (do applications below inherit the rules), a tab, the file's path. Each
 * file stands in for one of a throw-away drive, whose own files bring the signs of the URL Rewrite module. Prints one line per file: NAME, a tab,
 * "applied" (and given back in all six orders), "refused" (nothing was touched; why follows, a field per mitigation) or "BROKEN" (what follows).
 * It judges no refusal: test_sweep.py does. Exit status: 0 no file was broken, 1 one was, 2 the stage could not be set.
 */
#include "base/os.h"
#include "base/text.h"
#include "engine/engine.h"
#include "feed/apart.h"
#include "tests/lib/drive.h"
#include "tests/lib/pki.h"
#include "tests/lib/sign.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IDS 3
static const char *const ids[IDS] = { "SWEEP-A", "SWEEP-B", "SWEEP-C" };
static const int orders[6][IDS] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 }, { 2, 0, 1 },
	{ 2, 1, 0 } };

struct stage {
	char *drive;  /* what C: is */
	char *folder; /* journal, anchor */
	struct sg_drives drives;
	struct t_snapshot *before;
	struct sg_engine *engine;
	struct sg_err err;
};

static struct pki pki;
static char *anchor_file;

static void die(const char *what, const struct sg_err *err)
{
	fprintf(stderr, "sweep: %s: %s\n", what, err ? err->msg : "");
	exit(2);
}

/* SWEEP-A and SWEEP-C share their scaffolds; SWEEP-B needs an outbound rule and its preCondition. */
static void add_config(struct sg_buf *out, int i, bool server, const char *inherit)
{
	const char *id = ids[i], *section = server ? "globalRules" : "rules";

	sg_buf_fmt(out, "<Config id=\"%s\" desc=\"sweep\" sg:revision=\"1\"><ActionList>", id);
	sg_buf_fmt(
	        out, "<Action type=\"UrlRewrite\" scope=\"%s\" desc=\"sweep\">", server ? "Server" : "Site");
	if (!server)
		sg_buf_fmt(out, "<sg:At sites=\"Default Web Site\" path=\"/\" inherit=\"%s\"/>", inherit);
	sg_buf_str(out, "<rewrite>");
	if (i == 1)
		sg_buf_fmt(out,
		        "<outboundRules><preConditions><preCondition name=\"stopgap %s html\">"
		        "<add input=\"{RESPONSE_CONTENT_TYPE}\" "
		        "pattern=\"^text/html\"/></preCondition></preConditions>"
		        "<rule name=\"stopgap %s out\" preCondition=\"stopgap %s html\">"
		        "<match serverVariable=\"RESPONSE_X_Sweep\" pattern=\"(.*)\"/>"
		        "<action type=\"Rewrite\" value=\"{R:1}; sweep\"/></rule></outboundRules>",
		        id, id, id);
	else
		sg_buf_fmt(out,
		        "<%s><rule name=\"stopgap %s in\" stopProcessing=\"true\"><match url=\"^sweep/%s$\"/>"
		        "<conditions><add input=\"{QUERY_STRING}\" pattern=\"a&amp;&lt;b\"/></conditions>"
		        "<action type=\"CustomResponse\" statusCode=\"403\" "
		        "statusReason=\"Forbidden\"/></rule></%s>",
		        section, id, id, section);
	sg_buf_str(out, "</rewrite></Action></ActionList></Config>\n");
}

static void make_feed(bool server, const char *inherit, struct sg_buf *ret)
{
	struct sg_buf doc = { 0 };
	struct sg_clock now = { 0 };
	char issued[32], expires[32];
	X509 *certs[] = { pki.leaf.x509, pki.middle.x509 };
	struct sign_spec spec = { .key = pki.leaf.key, .certs = certs, .n_certs = 2 };

	sg_os_clock(&now);
	sg_time_format(now.wall - 60000, issued);
	sg_time_format(now.wall + 86400000, expires);
	sg_buf_fmt(&doc,
	        "<EOCS version=\"1.0.4\" xmlns:sg=\"urn:stopgap:feed:1\" sg:feed=\"sweep\" sg:serial=\"1\" "
	        "sg:issued=\"%s\" "
	        "sg:expires=\"%s\">\n",
	        issued, expires);
	for (int i = 0; i < IDS; i++)
		add_config(&doc, i, server, inherit);
	sg_buf_str(&doc, "</EOCS>");
	if (sign_xmldsig(sg_buf_bytes(&doc), &spec, ret))
		die("signing failed", NULL);
	sg_buf_release(&doc);
}

static int run(struct stage *s)
{
	int r;

	while ((r = sg_engine_run(s->engine, &s->err)) > 0)
		;
	return r;
}

static int request(struct stage *s, const char *method, const char *id)
{
	struct sg_val *params = sg_val_map(), *reply = NULL;
	int r;

	if (id)
		sg_val_set_str(params, "id", id);
	else
		sg_val_set_bool(params, "all", true);
	sg_val_set_str(params, "reason", "sweep");
	r = sg_engine_request(s->engine, method, params, "sweep", &reply, &s->err);
	sg_val_free(params);
	sg_val_free(reply);
	return r ? r : run(s);
}

/* True when all are applied. `why` gets a field per mitigation. */
static bool all_applied(struct stage *s, struct sg_buf *why)
{
	struct sg_snapshot *now = sg_engine_snapshot(s->engine);
	const struct sg_val *list = sg_val_get(now->list, "mitigations");
	size_t applied = 0;

	sg_buf_clear(why);
	for (size_t i = 0; list && i < list->n; i++) {
		const char *state = sg_val_get_str(list->kid[i], "state", "?");
		applied += strcmp(state, "applied") == 0;
		sg_buf_fmt(why, "\t%s %s: %s", state, sg_val_get_str(list->kid[i], "reason", "?"),
		        sg_val_get_str(list->kid[i], "text", ""));
	}
	sg_snapshot_free(now);
	return applied == IDS;
}

static int open_engine(struct stage *s, bool server, const char *inherit)
{
	struct sg_engine_options options = {
		.drives = &s->drives, .journal = s->folder, .seed = 1, .unguarded = true
	};
	struct sg_fetched fetched = { 0 };
	struct sg_buf text = { 0 };
	struct sg_conf *conf = NULL;
	int r = sg_engine_open(&options, &s->engine, &s->err);

	if (r)
		goto out;
	sg_buf_fmt(&text,
	        "<stopgap xmlns=\"urn:stopgap:config:1\"><trust><anchor name=\"test\" file=\"%s\"/></trust>"
	        "<feed name=\"sweep\" url=\"file:///nowhere\" anchors=\"test\"/></stopgap>",
	        anchor_file);
	r = sg_conf_decode(sg_buf_bytes(&text), "sweep.xml", NULL, &conf, &s->err);
	if (!r)
		r = sg_engine_configure(s->engine, conf, sg_buf_bytes(&text), "sweep.xml", &s->err);
	if (r) {
		sg_conf_free(conf);
		goto out;
	}
	make_feed(server, inherit, &fetched.octets);
	r = sg_engine_fetched(s->engine, "sweep", &fetched, NULL, &s->err);
	if (!r)
		r = run(s);
out:
	sg_fetched_release(&fetched);
	sg_buf_release(&text);
	return r;
}

/* NULL when every order gave the octets back, else what went wrong. */
static const char *every_order(struct stage *s, struct sg_buf *why)
{
	for (size_t o = 0; o < 6; o++) {
		for (int i = 0; i < IDS; i++) {
			if (request(s, "rollback", ids[orders[o][i]]))
				return "rollback failed";
		}
		if (!t_drive_same(s->drive, s->before))
			return "the drive differs after the last rollback";
		for (int i = 0; i < IDS; i++) {
			if (request(s, "apply", ids[orders[o][IDS - 1 - i]]))
				return "apply failed";
		}
		if (!all_applied(s, why))
			return "not applied again";
		if (t_drive_same(s->drive, s->before))
			return "applied, but nothing changed";
	}
	if (request(s, "rollback", NULL))
		return "rollback of all failed";
	return t_drive_same(s->drive, s->before) ? NULL : "the drive differs after the rollback of all";
}

static bool sweep(const char *name, bool server, const char *inherit, struct sg_bytes octets)
{
	struct stage s = { .drive = t_drive_make(), .folder = t_drive_empty(), .err = SG_ERR_INIT };
	struct sg_buf why = { 0 };
	const char *broken = NULL;
	char *arg = sg_format("C=%s", s.drive);

	t_drive_write(s.drive, server ? T_APPHOST : T_WWWROOT, octets);
	if (sg_drives_add(&s.drives, arg, &s.err))
		die(arg, &s.err);
	s.before = t_drive_snapshot(s.drive);
	if (open_engine(&s, server, inherit)) {
		broken = "the engine stopped";
	} else if (all_applied(&s, &why)) {
		broken = every_order(&s, &why);
		if (!broken)
			printf("%s\tapplied\n", name);
	} else {
		/* What could go in is taken out again; then nothing may be left, and nothing else may have moved. */
		if (request(&s, "rollback", NULL))
			broken = "rollback of all failed";
		else if (!t_drive_same(s.drive, s.before))
			broken = "refused, but the drive differs";
		else
			printf("%s\trefused%s\n", name, (const char *)why.data);
	}
	if (broken)
		printf("%s\tBROKEN\t%s: %s%s\n", name, broken, s.err.msg,
		        why.data ? (const char *)why.data : "");
	fflush(stdout);
	sg_engine_close(s.engine);
	t_snapshot_free(s.before);
	sg_drives_release(&s.drives);
	t_drive_free(s.drive);
	t_drive_free(s.folder);
	sg_buf_release(&why);
	free(arg);
	return !broken;
}

int main(void)
{
	struct sg_clock now = { 0 };
	struct sg_buf pem = { 0 }, octets = { 0 };
	struct sg_err err = SG_ERR_INIT;
	char *folder = t_drive_empty(), line[4096];
	int broken = 0;

	sg_worker_in_process(sg_feed_jobs);
	sg_os_clock(&now);
	pki_chain(&pki, now.wall);
	pki_cert_pem(&pki.root, &pem);
	anchor_file = sg_format("%s/root.pem", folder);
	if (sg_os_create(anchor_file, sg_buf_bytes(&pem), NULL, &err))
		die(anchor_file, &err);
	while (fgets(line, sizeof(line), stdin)) {
		char *rest = NULL;
		const char *name = strtok_r(line, "\t\n", &rest), *kind = strtok_r(NULL, "\t\n", &rest),
		           *inherit = strtok_r(NULL, "\t\n", &rest), *path = strtok_r(NULL, "\t\n", &rest);
		if (!name || !kind || !inherit || !path)
			die("a line of stdin has too few fields", NULL);
		sg_buf_clear(&octets);
		if (sg_os_read(path, 64u << 20, &octets, NULL, &err))
			die(path, &err);
		broken += !sweep(name, strcmp(kind, "apphost") == 0, inherit, sg_buf_bytes(&octets));
	}
	sg_buf_release(&octets);
	sg_buf_release(&pem);
	pki_release(&pki);
	free(anchor_file);
	t_drive_free(folder);
	return broken ? 1 : 0;
}
