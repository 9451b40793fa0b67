/* test_journal_dump.c - stopgap-journal as its users meet it: arguments in, text and exit status out. */
#include "journal/dump.h"
#include "tests/lib/journal_fixture.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

struct run {
	int status;
	struct sg_buf out, err; /* text, NUL-terminated */
};

static void capture(int fd, const char *path)
{
	int to = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(to >= 0);
	assert_true(dup2(to, fd) >= 0);
	close(to);
}

/* Runs the tool with these words behind its name (NULL ends them), the journal's folder last unless `bare`. */
static void run(struct fixture *f, struct run *r, bool bare, const char *const *words)
{
	char *argv[16] = { (char *)"stopgap-journal" };
	char *out = sg_format("%s/stdout", f->dir), *err = sg_format("%s/stderr", f->dir);
	int argc = 1, saved_out = dup(STDOUT_FILENO), saved_err = dup(STDERR_FILENO);

	for (size_t i = 0; words[i]; i++)
		argv[argc++] = (char *)(uintptr_t)words[i];
	if (!bare) {
		argv[argc++] = (char *)"-j";
		argv[argc++] = f->dir;
	}
	fflush(stdout);
	fflush(stderr);
	capture(STDOUT_FILENO, out);
	capture(STDERR_FILENO, err);
	r->status = sg_dump_main(argc, argv);
	fflush(stdout);
	fflush(stderr);
	dup2(saved_out, STDOUT_FILENO);
	dup2(saved_err, STDERR_FILENO);
	close(saved_out);
	close(saved_err);
	assert_int_equal(sg_os_read(out, SIZE_MAX, &r->out, NULL, NULL), 0);
	assert_int_equal(sg_os_read(err, SIZE_MAX, &r->err, NULL, NULL), 0);
	unlink(out);
	unlink(err);
	free(out);
	free(err);
}
#define RUN(f, r, ...)      run(f, r, false, (const char *const[]){ __VA_ARGS__, NULL })
#define RUN_BARE(f, r, ...) run(f, r, true, (const char *const[]){ __VA_ARGS__, NULL })

static void done(struct run *r)
{
	sg_buf_release(&r->out);
	sg_buf_release(&r->err);
}

static void assert_has(const struct sg_buf *b, const char *text)
{
	if (!strstr((char *)b->data, text))
		print_error("\"%s\" is not in:\n%s\n", text, (char *)b->data);
	assert_non_null(strstr((char *)b->data, text));
}

static size_t lines_of(const struct sg_buf *b)
{
	size_t n = 0;

	for (size_t i = 0; i < b->len; i++)
		n += b->data[i] == '\n';
	return n;
}

static void line(struct fixture *f, int64_t at, int code, const char *id, const char *text,
        const char *verdict, const char *state)
{
	struct sg_err err = SG_ERR_INIT;
	struct sg_audit a = { .wall = at, .code = code, .text = (char *)(uintptr_t)text };
	struct sg_change change = { .audits = &a, .n_audits = 1 };

	if (id)
		a.key = (struct sg_key){ (char *)"f", (char *)(uintptr_t)id };
	if (verdict) {
		a.data = sg_val_map();
		sg_val_set_str(a.data, "verdict", verdict);
		sg_val_set_str(a.data, "state", state);
		sg_val_set_str(a.data, "reason", "none");
	}
	assert_int_equal(sg_journal_note(f->j, &change, &f->now, &err), 0);
	sg_val_free(a.data);
}

static void dump_prints_a_line_for_each_event_oldest_first(void **state)
{
	struct fixture *f = *state;
	struct run r = { 0 };

	line(f, 2000, SG_EV_STARTED, NULL, "up", NULL, NULL);
	line(f, 3000, SG_EV_APPLIED, "M1", "in place", NULL, NULL);
	RUN(f, &r, "dump");
	assert_int_equal(r.status, 0);
	assert_string_equal((char *)r.out.data,
	        "1970-01-01T00:00:02Z 1000 started          up\n"
	        "1970-01-01T00:00:03Z 4010 applied          f/M1: in place\n");
	assert_int_equal(r.err.len, 0);
	RUN(f, &r, "dump", "-r", "-n", "1");
	assert_has(&r.out, "in place");
	assert_int_equal(lines_of(&r.out), 1);
	RUN(f, &r, "dump", "--id", "m*");
	assert_int_equal(lines_of(&r.out), 1);
	RUN(f, &r, "dump", "--since", "1970-01-01T00:00:03Z");
	assert_int_equal(lines_of(&r.out), 1);
	RUN(f, &r, "dump", "--until", "1970-01-01T00:00:03Z");
	assert_has(&r.out, "started");
	assert_int_equal(lines_of(&r.out), 1);
	RUN(f, &r, "dump", "--since", "2h");
	assert_int_equal(r.out.len, 0);
	done(&r);
}

static void json_has_one_object_per_line_and_names_its_schema(void **state)
{
	struct fixture *f = *state;
	struct run r = { 0 };

	line(f, 3000, SG_EV_APPLIED, "M1", "in \"place\"", "IN FORCE", "applied");
	RUN(f, &r, "dump", "-o", "json");
	assert_int_equal(lines_of(&r.out), 1);
	assert_has(&r.out,
	        "{\"schema\":\"stopgap.journal.line.v1\",\"seq\":1,\"time\":\"1970-01-01T00:00:03Z\"");
	assert_has(&r.out, "\"text\":\"in \\\"place\\\"\"");
	assert_has(&r.out, "\"verdict\":\"IN FORCE\"");
	done(&r);
}

static void foreign_text_cannot_reach_the_terminal(void **state)
{
	struct fixture *f = *state;
	struct run r = { 0 };

	line(f, 3000, SG_EV_APPLIED, "M\x1b[2J", "red \x1b[31m alert", NULL, NULL);
	RUN(f, &r, "dump");
	assert_null(strchr((char *)r.out.data, '\x1b'));
	assert_has(&r.out, "\\x1b[31m");
	done(&r);
}

static void show_tells_a_whole_life(void **state)
{
	struct fixture *f = *state;
	struct sg_intent intent = { 0 };
	struct run r = { 0 };

	fixture_apply(f, "M1", 2, 60, &intent);
	fixture_close(f, "M1", SG_APPLIED);
	RUN(f, &r, "show", "M1");
	assert_int_equal(r.status, 0);
	assert_has(&r.out, "f/M1: applied");
	assert_has(&r.out, "rule[@name='M1 1']");
	assert_has(&r.out, "applied          f/M1: in place");
	RUN(f, &r, "show", "f/M1", "-o", "json");
	assert_has(&r.out, "stopgap.journal.row.v1");
	assert_has(&r.out, "stopgap.journal.hold.v1");
	assert_has(&r.out, "stopgap.journal.line.v1");
	RUN(f, &r, "show", "M2");
	assert_int_equal(r.status, 1);
	assert_has(&r.err, "knows nothing of it");
	done(&r);
	sg_intent_release(&intent);
}

static void intent_shows_each_value_and_where_it_settles(void **state)
{
	struct fixture *f = *state;
	struct sg_intent intent = { 0 };
	struct run r = { 0 };

	RUN(f, &r, "intent");
	assert_string_equal((char *)r.out.data, "no operation is under way\n");
	fixture_apply(f, "M1", 2, 60, &intent);
	RUN(f, &r, "intent");
	assert_has(&r.out, "apply, number 1");
	assert_has(&r.out, "settles to `from`");
	assert_has(&r.out, "+<to n=");
	RUN(f, &r, "intent", "-o", "json-pretty");
	assert_has(&r.out, "stopgap.journal.intent.v1");
	done(&r);
	sg_intent_release(&intent);
}

static void holds_shows_a_diff_and_writes_the_exact_bytes(void **state)
{
	struct fixture *f = *state;
	struct sg_intent intent = { 0 };
	struct run r = { 0 };
	struct sg_buf octets = { 0 };
	char *file = sg_format("%s/before.bin", f->dir);

	RUN(f, &r, "holds");
	assert_string_equal((char *)r.out.data, "nothing is held\n");
	fixture_apply(f, "M1", 2, 700, &intent);
	RUN(f, &r, "holds");
	assert_has(&r.out, "#2 element in C:\\inetpub");
	assert_has(&r.out, "held by f/M1");
	assert_has(&r.out, "--- before");
	RUN(f, &r, "holds", "2", "--before", file);
	assert_int_equal(r.status, 0);
	assert_int_equal(sg_os_read(file, SIZE_MAX, &octets, NULL, NULL), 0);
	assert_true(sg_bytes_equal(sg_buf_bytes(&octets), sg_buf_bytes(&intent.moves.at[1].from.octets)));
	RUN(f, &r, "holds", "/configuration/rule[@name='M1 0']", "--before", "-");
	assert_true(sg_bytes_equal(sg_buf_bytes(&r.out), sg_buf_bytes(&intent.moves.at[0].from.octets)));
	RUN(f, &r, "holds", "--before", "-");
	assert_int_equal(r.status, 2);
	RUN(f, &r, "holds", "9", "--before", "-");
	assert_int_equal(r.status, 1);
	done(&r);
	sg_buf_release(&octets);
	sg_intent_release(&intent);
	free(file);
}

static void coverage_names_times_and_causes(void **state) /* P13 */
{
	struct fixture *f = *state;
	struct run r = { 0 };

	line(f, 1000000, SG_EV_STARTED, NULL, "up", NULL, NULL);
	line(f, 2000000, SG_EV_NEW, "M1", "recorded", "UNKNOWN", "pending");
	line(f, 3000000, SG_EV_WAITS, "M1", "waits", "EXPOSED", "applicable");
	line(f, 3000000, SG_EV_WAITS, "M2", "waits", "WAITING", "applicable");
	line(f, 4000000, SG_EV_APPLIED, "M1", "in place", "IN FORCE", "applied");
	line(f, 5000000, SG_EV_STOPPED, NULL, "down", NULL, NULL);
	line(f, 6000000, SG_EV_STARTED, NULL, "up", NULL, NULL);
	line(f, 7000000, SG_EV_REVERTED, "M1", "out", "NOT NEEDED", "reverted");
	line(f, 9000000, SG_EV_STARTED, NULL, "up again, nobody said goodbye", NULL, NULL);
	line(f, 10000000, SG_EV_AUDITED, NULL, "still there", NULL, NULL);
	RUN(f, &r, "coverage", "M1");
	assert_int_equal(r.status, 0);
	assert_string_equal((char *)r.out.data,
	        "f/M1: exposed\n"
	        "  1970-01-01T00:33:20Z to 1970-01-01T00:50:00Z  16m 40s   unknown    UNKNOWN: pending\n"
	        "  1970-01-01T00:50:00Z to 1970-01-01T01:06:40Z  16m 40s   exposed    EXPOSED: applicable\n"
	        "  1970-01-01T01:06:40Z to 1970-01-01T01:23:20Z  16m 40s   protected  IN FORCE: applied\n"
	        "  1970-01-01T01:23:20Z to 1970-01-01T01:40:00Z  16m 40s   unknown    the service was "
	        "stopped; "
	        "what was in place stays there, and nobody looks\n"
	        "  1970-01-01T01:40:00Z to 1970-01-01T01:56:40Z  16m 40s   protected  IN FORCE: applied\n"
	        "  1970-01-01T01:56:40Z to 1970-01-01T02:30:00Z  33m 20s   unknown    the service died some "
	        "time after this\n"
	        "  1970-01-01T02:30:00Z to 1970-01-01T02:46:40Z  16m 40s   protected  NOT NEEDED: "
	        "reverted\n");
	RUN(f, &r, "coverage", "-o", "json");
	assert_has(&r.out, "{\"schema\":\"stopgap.coverage.v1\",\"from\":1000000,\"to\":10000000,\"server\":{"
	                   "\"coverage\":\"exposed\"");
	assert_has(&r.out, "\"id\":\"M2\",\"coverage\":\"exposed\"");
	assert_has(
	        &r.out, "{\"from\":3000000,\"to\":5000000,\"coverage\":\"exposed\",\"verdict\":\"WAITING\"");
	RUN(f, &r, "coverage", "--since", "1970-01-01T02:00:00Z", "M1");
	assert_int_equal(lines_of(&r.out), 3);
	RUN(f, &r, "coverage", "--until", "1970-01-01T03:00:00Z", "M1");
	assert_has(&r.out,
	        "1970-01-01T02:46:40Z to 1970-01-01T03:00:00Z  13m 20s   unknown    behind the journal's "
	        "last line\n");
	RUN(f, &r, "coverage", "M9");
	assert_int_equal(r.status, 1);
	done(&r);
}

static void check_is_clean_or_names_the_record(void **state)
{
	struct fixture *f = *state;
	struct sg_buf octets = { 0 };
	struct run r = { 0 };
	char *path = sg_format("%s/journal.mdb", f->dir), *copy = sg_format("%s/copy.mdb", f->dir);

	line(f, 2000, SG_EV_APPLIED, "M1", "the needle in the hay", NULL, NULL);
	line(f, 3000, SG_EV_APPLIED, "M2", "another line", NULL, NULL);
	RUN(f, &r, "check");
	assert_int_equal(r.status, 0);
	assert_has(&r.out, "clean");
	assert_int_equal(sg_os_read(path, SIZE_MAX, &octets, NULL, NULL), 0);
	for (size_t i = 0; i + 6 < octets.len; i++) {
		if (memcmp(octets.data + i, "needle", 6) == 0)
			octets.data[i] = 'N';
	}
	fixture_write(copy, sg_buf_bytes(&octets));
	RUN_BARE(f, &r, "check", copy);
	assert_int_equal(r.status, 1);
	assert_has(&r.out, "audit/1: record audit/1: its checksum is wrong");
	/* And the rest is printed all the same. */
	RUN_BARE(f, &r, "dump", copy);
	assert_int_equal(r.status, 1);
	assert_has(&r.err, "audit/1");
	assert_has(&r.out, "another line");
	assert_null(strstr((char *)r.out.data, "needle"));
	done(&r);
	sg_buf_release(&octets);
	free(path);
	free(copy);
}

static void what_is_no_journal_is_unreadable(void **state)
{
	struct fixture *f = *state;
	struct run r = { 0 };
	char *path = sg_format("%s/x.mdb", f->dir);

	fixture_write(path, sg_bytes_of("this is no journal"));
	RUN_BARE(f, &r, "dump", path);
	assert_int_equal(r.status, 3);
	RUN_BARE(f, &r, "dump", "-j", "/nowhere/at/all");
	assert_int_equal(r.status, 3);
	done(&r);
	free(path);
}

static void mistakes_in_usage_are_answered_with_what_was_meant(void **state)
{
	struct fixture *f = *state;
	struct run r = { 0 };

	RUN_BARE(f, &r, "hodls");
	assert_int_equal(r.status, 2);
	assert_has(&r.err, "did you mean \"holds\"");
	RUN_BARE(f, &r, "dump", "--sicne", "2h");
	assert_int_equal(r.status, 2);
	assert_has(&r.err, "--since");
	RUN_BARE(f, &r, "check", "-f");
	assert_int_equal(r.status, 2);
	RUN_BARE(f, &r, "show");
	assert_int_equal(r.status, 2);
	RUN_BARE(f, &r, "dump", "--since", "yesterday");
	assert_int_equal(r.status, 2);
	RUN_BARE(f, &r, "dump", "--help");
	assert_int_equal(r.status, 0);
	assert_has(&r.out, "stopgap-journal dump --since 2h");
	done(&r);
}

static void stat_and_export_work_on_a_live_journal(void **state)
{
	struct fixture *f = *state;
	struct run r = { 0 };
	char *file = sg_format("%s/export.mdb", f->dir);

	fixture_lines(f, 3);
	RUN(f, &r, "stat");
	assert_int_equal(r.status, 0);
	assert_has(&r.out, "audit    3 records");
	RUN(f, &r, "export", file);
	assert_int_equal(r.status, 0);
	RUN_BARE(f, &r, "dump", file);
	assert_int_equal(lines_of(&r.out), 3);
	RUN(f, &r, "export", file);
	assert_int_equal(r.status, 2);
	done(&r);
	free(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
		T(dump_prints_a_line_for_each_event_oldest_first),
		T(json_has_one_object_per_line_and_names_its_schema),
		T(foreign_text_cannot_reach_the_terminal),
		T(show_tells_a_whole_life),
		T(intent_shows_each_value_and_where_it_settles),
		T(holds_shows_a_diff_and_writes_the_exact_bytes),
		T(coverage_names_times_and_causes),
		T(check_is_clean_or_names_the_record),
		T(what_is_no_journal_is_unreadable),
		T(mistakes_in_usage_are_answered_with_what_was_meant),
		T(stat_and_export_work_on_a_live_journal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
