/* run.c - finds the daemon, asks it, prints the answer. Knows of verbs only what their table does not say. */
#include "cli/run.h"
#include "base/drive.h"
#include "base/json.h"
#include "base/os.h"
#include "base/text.h"
#include "cli/ask.h"
#include "cli/client.h"
#include "cli/collect.h"
#include "cli/offline.h"
#include "cli/render.h"
#include "cli/table.h"
#include "cli/typed.h"
#include "engine/places.h"
#include "model/codes.h"
#include "model/state.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TIMEOUT_MS = 5 * 60 * 1000, DOCUMENT_MAX = 6 << 20, SIGNATURE_MAX = 64 << 10 };

/* Whatever was made safe before: nothing of a feed, a file or another person reaches the terminal as it stands. */
static void print(struct sg_buf *out)
{
	struct sg_buf page = { 0 };

	sg_text_page(sg_buf_bytes(out), &page);
	fwrite(page.data, 1, page.len, stdout);
	fflush(stdout);
	sg_buf_release(&page);
	sg_buf_release(out);
}

static void print_reply(const struct sg_args *a, const struct sg_val *reply, sg_render *render)
{
	struct sg_buf out = { 0 };

	if (a->given & SG_OPT_JSON) {
		sg_json(reply, SG_JSON_PRETTY | SG_JSON_ASCII, &out);
		sg_buf_char(&out, '\n');
	} else {
		render(reply, &out);
	}
	print(&out);
}

void sg_run_complain(const struct sg_err *err, enum sg_exit status, bool json)
{
	struct sg_buf line = { 0 };

	if (json) {
		struct sg_val *v = sg_val_map();

		sg_val_set_str(v, "schema", "stopgap.error.v1");
		sg_val_set_str(v, "code", sg_code_name(err->code));
		sg_val_set_str(v, "message", err->msg);
		sg_val_set_int(v, "exit", status);
		sg_json(v, SG_JSON_PRETTY | SG_JSON_ASCII, &line);
		sg_buf_char(&line, '\n');
		print(&line);
		sg_val_free(v);
	}
	sg_buf_str(&line, "stopgapctl: ");
	sg_text_safe(err->msg, &line);
	sg_buf_char(&line, '\n');
	fwrite(line.data, 1, line.len, stderr);
	sg_buf_release(&line);
}

/* --- finding the daemon */

static int read_roots(const struct sg_args *a, struct sg_drives *ret, struct sg_err *err)
{
	struct sg_drives drives = { 0 };
	int r = 0;

	for (size_t i = 0; r == 0 && i < a->roots.n; i++)
		r = sg_drives_add(&drives, a->roots.at[i], err);
	if (r < 0) {
		sg_drives_release(&drives);
		return r;
	}
	*ret = drives;
	return 0;
}

static int find_socket(
        const struct sg_args *a, const struct sg_drives *drives, char **ret, struct sg_err *err)
{
	const char *path = a->socket;

	if (!path && a->roots.n == 0)
		path = getenv("STOPGAP_SOCKET");
	if (path && *path) {
		*ret = sg_strdup(path);
		return 0;
	}
	return sg_place_socket(drives, ret, err);
}

static int connect_to(const struct sg_args *a, const struct sg_drives *drives, struct sg_client *ret,
        enum sg_exit *ret_exit, struct sg_err *err)
{
	struct sg_err why = SG_ERR_INIT;
	char *path = NULL;
	int r = find_socket(a, drives, &path, &why);

	*ret_exit = SG_EXIT_USAGE;
	if (r == 0)
		r = sg_client_open(path, a->timeout ? a->timeout : TIMEOUT_MS, ret, ret_exit, &why);
	if (r == SG_ENOENT && *ret_exit == SG_EXIT_NOBODY && sg_drives_live(drives))
		sg_fail(err, r,
		        "%s. Start it (stopgapd start), say where it is (--socket PATH, --root C=DIR), "
		        "or use \"stopgapctl rollback ID --offline\"",
		        why.msg);
	else if (r == SG_ENOENT && *ret_exit == SG_EXIT_NOBODY)
		sg_fail(err, r,
		        "%s. Start it (stopgapd --config FILE --root C=DIR), say where it is (--socket PATH, "
		        "--root C=DIR), or use "
		        "\"stopgapctl rollback ID --offline --root C=DIR\"",
		        why.msg);
	else if (r < 0)
		sg_fail(err, r, "%s", why.msg);
	free(path);
	return r;
}

/* --- what verbs do */

static const char *verb_name(const struct sg_args *a)
{
	return a->verb ? a->verb->name : "status";
}

static const char *method_of(const struct sg_args *a)
{
	return strcmp(verb_name(a), "feed") == 0 ? a->sub : verb_name(a);
}

/* The worst of what was asked for: the server, or each mitigation that matched. */
static enum sg_exit exit_of_coverage(const struct sg_val *reply)
{
	const struct sg_val *server = sg_val_get(reply, "server"), *list = sg_val_get(reply, "mitigations");
	enum sg_exit worst = SG_EXIT_DONE;

	for (size_t i = 0; i <= sg_val_count(list); i++) {
		const char *one = sg_val_get_str(i ? list->kid[i - 1] : server, "coverage", "");

		if (strcmp(one, "exposed") == 0)
			return SG_EXIT_EXPOSED;
		if (strcmp(one, "unknown") == 0)
			worst = SG_EXIT_UNKNOWN;
	}
	return worst;
}

static enum sg_exit exit_of_reply(const struct sg_args *a, const struct sg_val *reply)
{
	if ((a->given & SG_OPT_EXIT_CODE) && strcmp(verb_name(a), "coverage") == 0)
		return exit_of_coverage(reply);
	if ((a->given & SG_OPT_EXIT_CODE) && sg_val_get_bool(reply, "would_change", false))
		return SG_EXIT_CHANGES;
	if (strcmp(sg_val_get_str(reply, "schema", ""), "stopgap.doctor.v1") == 0 &&
	        sg_val_get_int(reply, "fail", 0) > 0)
		return SG_EXIT_FAILED;
	return SG_EXIT_DONE;
}

/* The document that goes with the request, read here: the daemon opens no file on anybody's word. */
static int add_document(const struct sg_args *a, struct sg_val *params, struct sg_err *err)
{
	struct sg_buf document = { 0 }, signature = { 0 };
	struct sg_err none = SG_ERR_INIT;
	char *beside = sg_format("%s.p7s", a->word);
	int r = sg_os_read(a->word, DOCUMENT_MAX, &document, NULL, err);

	if (!r)
		r = sg_os_read(beside, SIGNATURE_MAX, &signature, NULL, &none);
	if (!r)
		sg_val_set_bin(params, "signature", signature.data, signature.len);
	else if (r == SG_ENOENT && !err->code)
		r = 0;
	else if (!err->code)
		sg_fail(err, r, "%s", none.msg);
	if (!r)
		sg_val_set_bin(params, "document", document.data, document.len);
	sg_buf_release(&document);
	sg_buf_release(&signature);
	free(beside);
	return r;
}

static enum sg_exit ask(const struct sg_args *a, const struct sg_drives *drives, struct sg_err *err)
{
	struct sg_val *params = sg_args_params(a), *reply = NULL;
	struct sg_client c;
	enum sg_exit status = SG_EXIT_DONE;
	if (strcmp(verb_name(a), "import") == 0 && add_document(a, params, err) < 0) {
		status = SG_EXIT_FAILED;
		goto out;
	}
	if (connect_to(a, drives, &c, &status, err) < 0)
		goto out;
	status = SG_EXIT_DONE;
	if (strcmp(verb_name(a), "doctor") == 0 && sg_ask_progress())
		fputs("the daemon walks the way of each feed now: half a minute at most\n", stderr);
	if (sg_client_call(&c, method_of(a), params, &reply, &status, err) == 0) {
		print_reply(a, reply, a->verb ? a->verb->render : sg_render_short);
		status = exit_of_reply(a, reply);
	} else if (status == SG_EXIT_TIMEOUT) {
		struct sg_err first = *err;

		sg_err_clear(err);
		sg_fail(err, first.code,
		        "%s: it may still be at work on this; \"stopgapctl status\" says how things are",
		        first.msg);
	}
	sg_client_close(&c);
out:
	sg_val_free(params);
	sg_val_free(reply);
	return status;
}

static enum sg_exit watch(const struct sg_args *a, const struct sg_drives *drives, struct sg_err *err)
{
	struct sg_val *v = NULL;
	struct sg_client c;
	enum sg_exit status = SG_EXIT_DONE;
	int r = connect_to(a, drives, &c, &status, err);

	if (r < 0)
		return status;
	r = sg_client_call(&c, "watch", NULL, &v, &status, err);
	if (!(a->given & SG_OPT_TIMEOUT))
		c.deadline = INT64_MAX;
	while (r == 0) {
		struct sg_buf out = { 0 };

		sg_val_free(v);
		v = NULL;
		r = sg_client_event(&c, &v, &status, err);
		if (r < 0)
			break;
		if (a->given & SG_OPT_JSON) {
			sg_json(v, SG_JSON_LINE | SG_JSON_ASCII, &out);
			sg_buf_char(&out, '\n');
		} else {
			sg_render_event(v, &out);
		}
		print(&out);
		if (ferror(stdout))
			break;
	}
	sg_val_free(v);
	sg_client_close(&c);
	if (r == SG_ETIMEOUT && (a->given & SG_OPT_TIMEOUT)) {
		sg_err_clear(err); /* it was asked to stop then */
		status = SG_EXIT_DONE;
	}
	return status;
}

static enum sg_exit offline(const struct sg_args *a, const struct sg_drives *drives, struct sg_err *err)
{
	struct sg_val *reply = NULL;
	int r = sg_offline_rollback(a, drives, &reply, err);

	if (r == 0)
		print_reply(a, reply, sg_render_done);
	sg_val_free(reply);
	return sg_exit_of(r);
}

static enum sg_exit collect(const struct sg_args *a, const struct sg_drives *drives, struct sg_err *err)
{
	struct sg_val *reply = NULL;
	int r = sg_collect_run(a, drives, &reply, err);

	if (r == 0)
		print_reply(a, reply, sg_collect_render);
	sg_val_free(reply);
	return sg_exit_of(r);
}

static enum sg_exit help_states(const struct sg_args *a)
{
	struct sg_buf out = { 0 };
	struct sg_val *v;

	sg_state_print(a->given & SG_OPT_DOT ? SG_PRINT_DOT : SG_PRINT_TEXT, &out);
	if (a->given & SG_OPT_JSON) {
		v = sg_val_map();
		sg_val_set_str(v, "schema", "stopgap.states.v1");
		sg_val_set(v, "text", sg_val_strn((const char *)out.data, out.len));
		sg_buf_clear(&out);
		sg_json(v, SG_JSON_PRETTY | SG_JSON_ASCII, &out);
		sg_buf_char(&out, '\n');
		sg_val_free(v);
	}
	print(&out);
	return SG_EXIT_DONE;
}

static enum sg_exit help_events(const struct sg_args *a, struct sg_err *err)
{
	const struct sg_event_info *info = NULL;
	struct sg_buf out = { 0 };

	if (!a->sub && strcmp(a->word, "events") == 0) {
		sg_events_print(&out);
		print(&out);
		return SG_EXIT_DONE;
	}
	for (size_t i = 0; a->sub && !info && i < sg_event_count(); i++) {
		const struct sg_event_info *at = sg_event_at(i);
		char *number = sg_format("%d", at->code);

		if (strcmp(number, a->word) == 0 || strcmp(at->name, a->word) == 0)
			info = at;
		free(number);
	}
	if (!info) {
		sg_fail(err, SG_EINVAL,
		        "there is no such event%s%.60s: \"stopgapctl help events\" lists them",
		        a->sub ? " as " : "", a->sub ? a->word : "");
		return SG_EXIT_USAGE;
	}
	sg_event_print(info, &out);
	print(&out);
	return SG_EXIT_DONE;
}

static enum sg_exit help(const struct sg_args *a, struct sg_err *err)
{
	const struct sg_verb *verb = a->verb && strcmp(a->verb->name, "help") != 0 ? a->verb : NULL;
	struct sg_buf out = { 0 };

	if (!verb && a->word && strcmp(a->word, "states") == 0)
		return help_states(a);
	if (!verb && a->word && (a->sub || strcmp(a->word, "events") == 0 || strcmp(a->word, "event") == 0))
		return help_events(a, err);
	if (!verb && a->word) {
		verb = sg_verb_find(a->word);
		if (!verb) {
			sg_help_unknown(a->word, err);
			return SG_EXIT_USAGE;
		}
	}
	if (verb)
		sg_help_verb(verb, &out);
	else
		sg_help(&out);
	print(&out);
	return SG_EXIT_DONE;
}

enum sg_exit sg_run_args(struct sg_args *a, struct sg_err *err)
{
	const char *verb = a->verb ? a->verb->name : "";
	struct sg_drives drives = { 0 };
	enum sg_exit status;

	if ((a->given & SG_OPT_HELP) || strcmp(verb, "help") == 0)
		return help(a, err);
	if (a->given & SG_OPT_VERSION) {
		puts("stopgapctl " SG_VERSION);
		return SG_EXIT_DONE;
	}
	if (sg_typed_read(a, err) < 0 || read_roots(a, &drives, err) < 0)
		return SG_EXIT_USAGE;
	if (a->given & SG_OPT_OFFLINE)
		status = offline(a, &drives, err);
	else if (strcmp(verb, "collect") == 0)
		status = collect(a, &drives, err);
	else if (strcmp(verb, "watch") == 0)
		status = watch(a, &drives, err);
	else
		status = ask(a, &drives, err);
	sg_drives_release(&drives);
	return status;
}
