/* feed_run.c - one run of stopgap-feed: reads the command line, runs the verb, prints what it leaves. Knows no verb but help. */
#include "base/json.h"
#include "base/os.h"
#include "base/text.h"
#include "base/xml.h"
#include "cli/feed_args.h"
#include "feed/fetch.h"
#include "feed/verify.h"

#include <stdio.h>
#include <string.h>

/* Whatever was made safe before: nothing of a document or a file's name reaches the terminal as it stands. */
static void print(struct sg_buf *text)
{
	struct sg_buf page = { 0 };

	sg_text_page(sg_buf_bytes(text), &page);
	fwrite(page.data, 1, page.len, stdout);
	fflush(stdout);
	sg_buf_release(&page);
	sg_buf_clear(text);
}

static void print_json(const struct sg_val *v)
{
	struct sg_buf text = { 0 };

	sg_json(v, SG_JSON_PRETTY | SG_JSON_ASCII, &text);
	sg_buf_char(&text, '\n');
	print(&text);
	sg_buf_release(&text);
}

static void complain(const struct sg_err *err, enum sg_exit status, bool json)
{
	struct sg_buf line = { 0 };

	if (json) {
		struct sg_val *v = sg_val_map();

		sg_val_set_str(v, "schema", "stopgap.error.v1");
		sg_val_set_str(v, "code", sg_code_name(err->code));
		sg_val_set_str(v, "message", err->msg);
		sg_val_set_int(v, "exit", status);
		print_json(v);
		sg_val_free(v);
	}
	sg_buf_str(&line, "stopgap-feed: ");
	sg_text_safe(err->msg, &line);
	sg_buf_char(&line, '\n');
	fwrite(line.data, 1, line.len, stderr);
	if (status == SG_EXIT_USAGE)
		fputs("stopgap-feed help says more\n", stderr);
	sg_buf_release(&line);
}

static enum sg_exit help(const struct sg_author_args *a, struct sg_err *err)
{
	const struct sg_author_verb *verb = sg_author_has(a, SG_AUTHOR_HELP) ? a->verb : NULL;
	const char *about = a->verb && !a->verb->run && a->words.n ? a->words.at[0] : NULL;
	struct sg_buf out = { 0 };

	if (about) {
		verb = sg_author_verb_find(about);
		if (!verb) {
			sg_author_unknown(about, err);
			return SG_EXIT_USAGE;
		}
	}
	if (verb)
		sg_author_help_verb(verb, &out);
	else
		sg_author_help(&out);
	print(&out);
	sg_buf_release(&out);
	return SG_EXIT_DONE;
}

static enum sg_exit run(const struct sg_author_args *a, struct sg_err *err)
{
	struct sg_author_out out = { .failure = SG_EXIT_FAILED };
	bool json = sg_author_has(a, SG_AUTHOR_JSON);
	int r;

	sg_xml_init();
	sg_fetch_init();
	r = sg_verify_init(err);
	if (!r)
		r = a->verb->run(a, &out, err);
	if (!json)
		print(&out.text);
	else if (!r && out.json)
		print_json(out.json);
	sg_buf_release(&out.text);
	sg_val_free(out.json);
	return r ? out.failure : out.status;
}

enum sg_exit sg_author_run(int argc, char **argv)
{
	struct sg_author_args a = { 0 };
	struct sg_err err = SG_ERR_INIT;
	struct sg_clock now = { 0 };
	enum sg_exit status;

	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		puts("stopgap-feed " SG_VERSION);
		return SG_EXIT_DONE;
	}
	sg_os_clock(&now);
	if (sg_author_args_read(argc, argv, now.wall, &a, &err) < 0)
		status = SG_EXIT_USAGE;
	else if (!a.verb || !a.verb->run || sg_author_has(&a, SG_AUTHOR_HELP))
		status = help(&a, &err);
	else
		status = run(&a, &err);
	if (err.code)
		complain(&err, status, sg_author_has(&a, SG_AUTHOR_JSON));
	sg_author_args_release(&a);
	return status;
}
