/* golden_main.c - what is made must be, byte for byte, what was once looked at and found right.
 *
 * golden [--write] edit FILE.config       three mitigations applied to the file: as FILE.applied; ended in every order: the file again
 * golden [--write] states FILE            the table of states, as text (FILE ends in .md) or as a drawing (.dot)
 * golden [--write] dump FILE TOOL         the tool's lines for a journal whose events and times are fixed
 * --write writes the golden file afresh; look at the difference before it is committed.
 */
#include "base/os.h"
#include "journal/journal.h"
#include "model/codes.h"
#include "tests/lib/edit_lab.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool writing;

static int complain(const char *what, const char *why)
{
	fprintf(stderr, "golden: %s: %s\n", what, why);
	return 1;
}

static int write_file(const char *path, struct sg_bytes octets)
{
	FILE *f = fopen(path, "wb");

	if (!f || fwrite(octets.data, 1, octets.len, f) != octets.len || fclose(f))
		return complain(path, strerror(errno));
	return 0;
}

/* 0 when the octets are the golden file's; else says where they first differ and prints them. */
static int compare(const char *path, struct sg_bytes octets)
{
	struct sg_err err = SG_ERR_INIT;
	struct sg_buf golden = { 0 };
	size_t at = 0, line = 1;

	if (writing)
		return write_file(path, octets);
	if (sg_os_read(path, SIZE_MAX, &golden, NULL, &err))
		return complain(path, err.msg);
	if (sg_bytes_equal(octets, sg_buf_bytes(&golden))) {
		sg_buf_release(&golden);
		return 0;
	}
	for (; at < octets.len && at < golden.len && octets.data[at] == golden.data[at]; at++)
		line += golden.data[at] == '\n';
	fprintf(stderr, "golden: %s:%zu: octet %zu is another one; what was made:\n%.*s\n", path, line, at,
	        (int)octets.len, (const char *)octets.data);
	sg_buf_release(&golden);
	return 1;
}

static int edit(const char *path)
{
	struct sg_err err = SG_ERR_INIT;
	struct sg_buf file = { 0 };
	char *applied = sg_format("%.*s.applied", (int)(strlen(path) - strlen(".config")), path);
	int rc = sg_os_read(path, SIZE_MAX, &file, NULL, &err);

	if (rc)
		rc = complain(path, err.msg);
	for (size_t o = 0; !rc && o < sizeof(lab_orders) / sizeof(lab_orders[0]); o++) {
		struct lab lab;

		lab_init(&lab, sg_buf_bytes(&file));
		for (unsigned m = 0; !rc && m < 3; m++)
			rc = lab_apply(&lab, m, lab_mitigations[m].values, lab_mitigations[m].n);
		if (!rc && o == 0)
			rc = compare(applied, sg_buf_bytes(&lab.file));
		for (unsigned m = 0; !rc && m < 3; m++)
			rc = lab_end(&lab, lab_orders[o][m]);
		if (rc < 0)
			rc = complain(path, lab.err.msg);
		if (!rc && !sg_bytes_equal(sg_buf_bytes(&lab.file), sg_buf_bytes(&file)))
			rc = complain(path, "ended, it is not what it was");
		lab_release(&lab);
	}
	free(applied);
	sg_buf_release(&file);
	return rc;
}

static int states(const char *path)
{
	const char *dot = strrchr(path, '.');
	struct sg_buf out = { 0 };
	int rc;

	sg_state_print(dot && strcmp(dot, ".dot") == 0 ? SG_PRINT_DOT : SG_PRINT_TEXT, &out);
	rc = compare(path, sg_buf_bytes(&out));
	sg_buf_release(&out);
	return rc;
}

/* --- a journal of seven lines */

static const struct event {
	int64_t wall;
	int code;
	const char *id, *text, *account, *reason, *ticket, *on_behalf_of;
} events[] = {
	{ 1795046400000, SG_EV_STARTED, NULL, "stopgap started", NULL, NULL, NULL, NULL },
	{ 1795046401250, SG_EV_FEED_ACCEPTED, NULL, "feed corp: serial 1", NULL, NULL, NULL, NULL },
	{ 1795046401250, SG_EV_NEW, "CORP-1", "CORP-1 revision 1.0: offered", NULL, NULL, NULL, NULL },
	{ 1795046402000, SG_EV_APPLIED, "CORP-1", "in place", NULL, NULL, NULL, NULL },
	{ 1795050002000, SG_EV_ROLLBACK_ASKED, "CORP-1", "asked to roll back", "uid 0 (root)", "printing",
	        "OPS-17", "anna" },
	{ 1795050003000, SG_EV_DRIFT, "CORP-1", "hostile \x1b[31mtext\xe2\x80\xae and a\nsecond line", NULL,
	        NULL, NULL, NULL },
	{ 1795050004000, SG_EV_STOPPED, NULL, "stopped; mitigations stay in place", NULL, NULL, NULL, NULL },
};

static char *text_of(const char *s)
{
	return (char *)(uintptr_t)s;
}

static int fill_journal(const char *dir)
{
	struct sg_journal_options options = { .map_size = 2u << 20, .machine = "machine-1" };
	struct sg_clock now = { .wall = 1795046400000, .boot = "boot-1" };
	struct sg_err err = SG_ERR_INIT;
	struct sg_journal *journal = NULL;
	int rc = sg_journal_open(dir, &options, &now, &journal, &err);

	for (size_t i = 0; !rc && i < sizeof(events) / sizeof(events[0]); i++) {
		const struct event *e = &events[i];
		struct sg_audit line = { .wall = e->wall,
			.code = e->code,
			.text = text_of(e->text),
			.who = { text_of(e->account), text_of(e->reason), text_of(e->ticket),
			        text_of(e->on_behalf_of) } };
		struct sg_change change = { .audits = &line, .n_audits = 1 };

		if (e->id)
			line.key = (struct sg_key){ text_of("corp"), text_of(e->id) };
		now.wall = e->wall;
		rc = sg_journal_note(journal, &change, &now, &err);
	}
	sg_journal_close(journal);
	return rc ? complain(dir, err.msg) : 0;
}

static int dump(const char *path, const char *tool)
{
	const char *tmp = getenv("TMPDIR");
	char *dir = sg_format("%s/sg-golden-XXXXXX", tmp ? tmp : "/tmp"), *command, part[4096];
	struct sg_buf out = { 0 };
	FILE *pipe;
	size_t n;
	int rc;

	if (!mkdtemp(dir))
		return complain(dir, strerror(errno));
	rc = fill_journal(dir);
	command = sg_format("'%s' dump -j '%s'", tool, dir);
	pipe = rc ? NULL : popen(command, "r");
	while (pipe && (n = fread(part, 1, sizeof(part), pipe)) > 0)
		sg_buf_add(&out, part, n);
	if (pipe && pclose(pipe) != 0)
		rc = complain(command, "failed");
	if (!rc)
		rc = compare(path, sg_buf_bytes(&out));
	sg_os_remove_tree(dir, NULL);
	sg_buf_release(&out);
	free(command);
	free(dir);
	return rc;
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "--write") == 0) {
		writing = true;
		argv++;
		argc--;
	}
	if (argc == 3 && strcmp(argv[1], "edit") == 0)
		return edit(argv[2]);
	if (argc == 3 && strcmp(argv[1], "states") == 0)
		return states(argv[2]);
	if (argc == 4 && strcmp(argv[1], "dump") == 0)
		return dump(argv[2], argv[3]);
	fputs("usage: golden [--write] edit FILE.config | states FILE | dump FILE TOOL\n", stderr);
	return 2;
}
