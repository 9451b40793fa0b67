/* once.c - one request to an engine that nobody else has, and its answer as lines for a person. */
#include "daemon/once.h"
#include "base/text.h"
#include "daemon/access.h"
#include "engine/once.h"

#include <stdio.h>
#include <stdlib.h>

static void print_line(const char *text)
{
	struct sg_buf line = { 0 };

	sg_text_safe(text, &line);
	sg_buf_char(&line, '\n');
	fwrite(line.data, 1, line.len, stdout);
	sg_buf_release(&line);
}

static void print_reply(const struct sg_val *reply)
{
	const struct sg_val *list = sg_val_get(reply, "mitigations");

	print_line(sg_val_get_str(reply, "text", "recovered: nothing is under way"));
	for (size_t i = 0; list && i < list->n; i++) {
		char *text = sg_format("  %s: %s: %s", sg_val_get_str(list->kid[i], "id", "?"),
		        sg_val_get_str(list->kid[i], "state", "?"), sg_val_get_str(list->kid[i], "text", ""));

		print_line(text);
		free(text);
	}
}

enum sg_exit sg_once_run(const struct sg_options *o, const char *journal, struct sg_err *err)
{
	const struct sg_engine_options options = {
		.drives = &o->drives, .journal = journal, .any_machine = o->any_machine
	};
	struct sg_strs put_back = { 0 }, left = { 0 };
	struct sg_val *params = sg_val_map(), *reply = NULL;
	char *self = sg_access_self(), *account = sg_access_account(self);
	int r;

	if (o->id)
		sg_val_set_str(params, "id", o->id);
	else if (o->run == SG_RUN_ROLLBACK_ALL)
		sg_val_set_bool(params, "all", true);
	sg_val_set_str(params, "reason", "stopgapd --once");
	sg_access_mend(sg_drives_live(&o->drives), journal, &put_back, &left);
	for (size_t i = 0; i < put_back.n; i++)
		print_line(put_back.at[i]);
	for (size_t i = 0; i < left.n; i++)
		print_line(left.at[i]);
	sg_strs_release(&put_back);
	sg_strs_release(&left);
	r = sg_engine_once(
	        &options, o->run == SG_RUN_RECOVER ? NULL : "rollback", params, account, &reply, err);
	if (r == 0)
		print_reply(reply);
	sg_val_free(reply);
	sg_val_free(params);
	free(account);
	free(self);
	return sg_exit_of(r);
}
