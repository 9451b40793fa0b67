/* takeout.c - first the look that changes nothing held, then the rollback of all: whoever removes stopgap gets all of it or the reasons why not. */
#include "daemon/takeout.h"
#include "base/os.h"
#include "base/text.h"
#include "daemon/access.h"
#include "engine/engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int ask(struct sg_engine *e, const char *method, const char *account, const char *reason,
        struct sg_val **ret, struct sg_err *err)
{
	struct sg_val *params = sg_val_map();
	int r;

	if (strcmp(method, "rollback") == 0) {
		sg_val_set_bool(params, "all", true);
		sg_val_set_str(params, "reason", reason);
	}
	r = sg_engine_request(e, method, params, account, ret, err);
	sg_val_free(params);
	return r;
}

static void print_line(const char *text)
{
	struct sg_buf line = { 0 };

	sg_text_safe(text, &line);
	sg_buf_char(&line, '\n');
	fwrite(line.data, 1, line.len, stdout);
	sg_buf_release(&line);
}

/* Prints one line per value that is somebody else's now; SG_ESTATE names their mitigations. */
static int refuse_strange(const struct sg_val *audit, struct sg_err *err)
{
	const struct sg_val *values = sg_val_get(audit, "values");
	struct sg_strs ids = { 0 };
	struct sg_buf names = { 0 };
	int r = 0;

	for (size_t i = 0; values && i < values->n; i++) {
		const struct sg_val *v = values->kid[i];
		const char *seen = sg_val_get_str(v, "seen", ""), *id = sg_val_get_str(v, "id", "?");
		char *text;

		if (strcmp(seen, "before") == 0 || strcmp(seen, "after") == 0)
			continue;
		text = sg_format("  %s: %s in %s: %s", id, sg_val_get_str(v, "path", "?"),
		        sg_val_get_str(v, "container", "?"), sg_val_get_str(v, "why", seen));
		print_line(text);
		free(text);
		sg_strs_add_once(&ids, id);
	}
	for (size_t i = 0; i < ids.n; i++)
		sg_buf_fmt(&names, "%s%s", i ? ", " : "", ids.at[i]);
	if (ids.n)
		r = sg_fail(err, SG_ESTATE,
		        "not everything would be given back, and nothing was changed: somebody else has "
		        "changed "
		        "values of %s. 'stopgapctl resolve' settles each; --keep leaves all in place",
		        (const char *)names.data);
	sg_strs_release(&ids);
	sg_buf_release(&names);
	return r;
}

/* What the rollback says of each; of `left` only those that still have something. */
static void print_list(const struct sg_val *reply, bool left)
{
	const struct sg_val *list = sg_val_get(reply, "mitigations");

	for (size_t i = 0; list && i < list->n; i++) {
		const struct sg_val *m = list->kid[i];
		const char *state = sg_val_get_str(m, "state", "?");
		char *text;

		if (left && strcmp(state, "applied") != 0 && strcmp(state, "blocked") != 0)
			continue;
		text = sg_format(
		        "  %s: %s: %s", sg_val_get_str(m, "id", "?"), state, sg_val_get_str(m, "text", "?"));
		print_line(text);
		free(text);
	}
}

static int take_out(struct sg_engine *e, const char *account, const char *reason, struct sg_err *err)
{
	struct sg_val *audit = NULL, *done = NULL, *list = NULL;
	struct sg_err why = SG_ERR_INIT;
	int r = ask(e, "audit", account, NULL, &audit, err);

	if (r == 0)
		r = refuse_strange(audit, err);
	if (r == 0) {
		r = ask(e, "rollback", account, reason, &done, &why);
		if (r == 0) {
			print_line(sg_val_get_str(done, "text", "rolled back"));
			print_list(done, false);
		} else {
			if (ask(e, "list", account, NULL, &list, NULL) == 0)
				print_list(list, true);
			sg_fail(err, r, "%s", why.msg);
		}
	}
	sg_val_free(audit);
	sg_val_free(done);
	sg_val_free(list);
	return r;
}

int sg_takeout(const struct sg_drives *drives, const char *journal, const char *reason, struct sg_err *err)
{
	const struct sg_engine_options options = { .drives = drives, .journal = journal };
	char *self = sg_access_self(), *account = sg_access_account(self);
	struct sg_engine *e = NULL;
	struct sg_file_id id;
	int r = sg_os_stat(journal, &id, NULL);

	if (r == SG_ENOENT) /* opening would make one */
		r = 0;
	else {
		r = sg_engine_open(&options, &e, err);
		if (r == 0)
			r = take_out(e, account, reason, err);
		sg_engine_close(e);
	}
	free(account);
	free(self);
	return r;
}
