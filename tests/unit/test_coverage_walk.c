/* test_coverage_walk.c - a year of what happens to a server, at random and seeded, with the real engine and journal; what `list` said after each step is
 * kept by hand, and `coverage` must say the same afterwards (P13). SEEDS of the environment: how many walks. */
#include "tests/lib/engine_lab.h"

#include "base/os.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define HOUR  (3600 * 1000LL)
#define DAY   (24 * HOUR)
#define IDS   4
#define STEPS 365

struct step { /* what was the case from `at` to the next step's */
	int64_t at;
	char id[IDS][12]; /* "" : not recorded yet */
	char server[12];
};
struct walk {
	struct lab lab;
	uint64_t rand;
	uint64_t serial;
	struct step steps[2 * STEPS + 2];
	size_t n;
	int revision[IDS]; /* 0: not offered yet */
	size_t by_others;  /* steps at which one was in force by others */
	bool withdrawn[IDS], failing, fixed;
	struct sg_buf wwwroot; /* as it was made */
};

static const char *const names[IDS] = { "W0", "W1", "W2", "W3" };

static unsigned pick(struct walk *w, unsigned n)
{
	w->rand = w->rand * 6364136223846793005ULL + 1442695040888963407ULL;
	return (unsigned)(w->rand >> 33) % n;
}

/* --- what happens */

/* What cannot be done now is refused, and nothing has happened. */
static void ask(struct walk *w, const char *method, const char *id, const char *key, const char *value)
{
	struct sg_val *params = sg_val_map(), *reply = NULL;

	if (id)
		sg_val_set_str(params, "id", id);
	if (key && strcmp(key, "until") == 0)
		sg_val_set_int(params, key, w->lab.now + (int64_t)pick(w, 100) * HOUR + 1);
	else if (key)
		sg_val_set_str(params, key, value);
	sg_engine_request(w->lab.engine, method, params, "uid 0 (root)", &reply, NULL);
	sg_val_free(params);
	sg_val_free(reply);
}

static void offer(struct walk *w)
{
	struct sg_buf all = { 0 };

	for (int i = 0; i < IDS; i++) {
		char pattern[32], revision[16], *one;

		if (!w->revision[i])
			continue;
		if (w->withdrawn[i]) {
			sg_buf_fmt(&all,
			        "<Config id=\"%s\" sg:withdrawn=\"2026-10-01T00:00:00Z\" sg:reason=\"r\" "
			        "desc=\"d\"/>",
			        names[i]);
			continue;
		}
		snprintf(pattern, sizeof pattern, "evil%dr%d", i, w->revision[i] % 3);
		snprintf(revision, sizeof revision, "1.%d", w->revision[i]);
		one = lab_config(names[i], revision, i == 3 ? "/owa" : "/", i == 3 ? "no" : "yes", pattern,
		        i == 1 ? "<sg:Applicability><sg:Product name=\"Exchange\"><sg:Affected "
		                 "from=\"15.2\" below=\"15.3\"/>"
		                 "<sg:Fixed branch=\"15.2.986\" from=\"15.2.986.36\"/></sg:Product>"
		                 "</sg:Applicability>"
		               : NULL);
		sg_buf_str(&all, one);
		free(one);
	}
	lab_offer(&w->lab, "corp", ++w->serial, all.len ? (const char *)all.data : "");
	w->failing = false;
	sg_buf_release(&all);
}

static void poll(struct walk *w, const char *feed, bool fails)
{
	struct sg_fetched same = { .unchanged = true };
	struct sg_err failure = SG_ERR_INIT;

	sg_fail(&failure, SG_EIO, "no route to the feed");
	assert_int_equal(sg_engine_fetched(w->lab.engine, feed, &same, fails ? &failure : NULL, NULL), 0);
}

static void edit(struct walk *w)
{
	char from[32], to[32];
	int i = (int)pick(w, 3);

	snprintf(from, sizeof from, "evil%dr%d", i, w->revision[i] % 3);
	snprintf(to, sizeof to, "EVIL%dr%d", i, w->revision[i] % 3);
	if (t_drive_has(w->lab.drive, T_WWWROOT, from))
		t_drive_replace(w->lab.drive, T_WWWROOT, from, to);
	else if (t_drive_has(w->lab.drive, T_WWWROOT, to))
		t_drive_replace(w->lab.drive, T_WWWROOT, to, from);
}

/* Somebody's own rule that does what W0 does now, or does not do it any more. */
static void by_hand(struct walk *w)
{
	static const char rule[] =
	        "<rule name=\"Hand %d\" stopProcessing=\"true\"><match url=\".*\" /><conditions><add "
	        "input=\"{UrlDecode:{REQUEST_URI}}\" pattern=\"evil0r%d\" /></conditions><action "
	        "type=\"AbortRequest\" /></rule>";

	for (int i = 0; i < 3; i++) {
		char *one = sg_format(rule, i, i),
		     *whole = sg_format("<rewrite><rules>%s</rules></rewrite><modules>", one),
		     *behind = sg_format("<rules>%s", one);

		if (t_drive_has(w->lab.drive, T_WWWROOT, one))
			t_drive_replace(w->lab.drive, T_WWWROOT, one, "");
		else if (i == w->revision[0] % 3 && !t_drive_has(w->lab.drive, T_WWWROOT, "Hand") &&
		         t_drive_has(w->lab.drive, T_WWWROOT, "<rules>"))
			t_drive_replace(w->lab.drive, T_WWWROOT, "<rules>", behind);
		else if (i == w->revision[0] % 3 && !t_drive_has(w->lab.drive, T_WWWROOT, "<rewrite"))
			t_drive_replace(w->lab.drive, T_WWWROOT, "<modules>", whole);
		free(one);
		free(whole);
		free(behind);
	}
}

static void install(struct walk *w)
{
	struct sg_buf pe = { 0 };

	w->fixed = !w->fixed;
	t_pe(15, 2, 986, w->fixed ? 36 : 29, &pe);
	t_drive_write(w->lab.drive, T_EXSETUP, sg_buf_bytes(&pe));
	sg_buf_release(&pe);
}

/* One thing at random. */
static void happen(struct walk *w)
{
	static const char *const hows[] = { "retry", "accept", "take-over" };
	unsigned i = pick(w, IDS);

	switch (pick(w, 17)) {
	case 0:
	case 1:
		w->revision[i]++;
		w->withdrawn[i] = false;
		offer(w);
		break;
	case 2:
		w->withdrawn[i] = w->revision[i] > 0;
		offer(w);
		break;
	case 3: ask(w, "block", names[i], "until", NULL); break;
	case 4: ask(w, "block", names[i], NULL, NULL); break;
	case 5:
	case 6: ask(w, "unblock", names[i], NULL, NULL); break;
	case 7: ask(w, "rollback", names[i], NULL, NULL); break;
	case 8: ask(w, "apply", names[i], NULL, NULL); break;
	case 9: edit(w); break;
	case 10: t_drive_write(w->lab.drive, T_WWWROOT, sg_buf_bytes(&w->wwwroot)); break;
	case 11: ask(w, "resolve", names[i], "how", hows[pick(w, 3)]); break;
	case 12: ask(w, pick(w, 2) ? "pause" : "resume", NULL, NULL, NULL); break;
	case 13: w->failing = !w->failing; break;
	case 14: install(w); break;
	case 15:
	case 16: by_hand(w); break;
	}
}

/* --- what is the case */

static const char *cover_of(const char *verdict)
{
	if (strcmp(verdict, "IN FORCE") == 0 || strcmp(verdict, "IN FORCE BY OTHERS") == 0 ||
	        strcmp(verdict, "NOT NEEDED") == 0)
		return "protected";
	if (strcmp(verdict, "WAITING") == 0 || strcmp(verdict, "EXPOSED") == 0)
		return "exposed";
	return *verdict ? "unknown" : "";
}

static void record(struct walk *w)
{
	struct step *s = &w->steps[w->n++];
	bool exposed = false, unknown = w->failing;

	*s = (struct step){ .at = w->lab.now };
	for (int i = 0; i < IDS; i++) {
		snprintf(s->id[i], sizeof s->id[i], "%s", cover_of(lab_field(&w->lab, names[i], "verdict")));
		exposed |= strcmp(s->id[i], "exposed") == 0;
		unknown |= strcmp(s->id[i], "unknown") == 0;
		w->by_others += strcmp(lab_field(&w->lab, names[i], "verdict"), "IN FORCE BY OTHERS") == 0;
	}
	snprintf(s->server, sizeof s->server, "%s", exposed ? "exposed" : unknown ? "unknown" : "protected");
}

static void record_gap(struct walk *w, int64_t at)
{
	struct step *s = &w->steps[w->n++];

	*s = (struct step){ .at = at };
	for (int i = 0; i < IDS; i++)
		snprintf(s->id[i], sizeof s->id[i], "%s",
		        w->n > 1 && w->steps[w->n - 2].id[i][0] ? "unknown" : "");
	snprintf(s->server, sizeof s->server, "unknown");
}

/* --- stops and crashes */

static int64_t last_line(struct walk *w)
{
	struct sg_val *reply = NULL;
	int64_t at;

	assert_int_equal(lab_ask(&w->lab, &reply, "history", "limit", "@1", NULL), 0);
	at = sg_val_get_int(sg_val_get(reply, "lines")->kid[0], "time", 0);
	sg_val_free(reply);
	return at;
}

static void copy(const char *dir, const char *name, struct sg_buf *octets, bool back)
{
	char *path = sg_format("%s/%s", dir, name);
	FILE *f;

	if (!back) {
		assert_int_equal(sg_os_read(path, SIZE_MAX, octets, NULL, NULL), 0);
	} else {
		f = fopen(path, "r+b");
		assert_non_null(f);
		assert_int_equal(fwrite(octets->data, 1, octets->len, f), octets->len);
		assert_int_equal(fclose(f), 0);
	}
	free(path);
}

/* Away for a while; a crash leaves the journal as it was before the goodbye. */
static void restart(struct walk *w, bool crash)
{
	struct sg_buf mdb = { 0 }, mirror = { 0 };

	if (crash) {
		record_gap(w, last_line(w));
		copy(w->lab.journal, "journal.mdb", &mdb, false);
		copy(w->lab.journal, "journal.mirror", &mirror, false);
	} else {
		record_gap(w, w->lab.now);
	}
	lab_close(&w->lab);
	if (crash) {
		copy(w->lab.journal, "journal.mdb", &mdb, true);
		copy(w->lab.journal, "journal.mirror", &mirror, true);
	}
	sg_buf_release(&mdb);
	sg_buf_release(&mirror);
	w->lab.now += HOUR + (int64_t)pick(w, 40) * HOUR;
	lab_open(&w->lab);
}

/* --- the comparison */

static const char *cover_at(const struct sg_val *subject, int64_t at)
{
	const struct sg_val *spans = subject ? sg_val_get(subject, "spans") : NULL;

	for (size_t i = 0; spans && i < spans->n; i++) {
		if (at >= sg_val_get_int(spans->kid[i], "from", 0) &&
		        at < sg_val_get_int(spans->kid[i], "to", 0))
			return sg_val_get_str(spans->kid[i], "coverage", "?");
	}
	return "";
}

static const struct sg_val *subject(const struct sg_val *report, const char *id)
{
	const struct sg_val *list = sg_val_get(report, "mitigations");

	for (size_t i = 0; i < list->n; i++) {
		if (strcmp(sg_val_get_str(list->kid[i], "id", ""), id) == 0)
			return list->kid[i];
	}
	return NULL;
}

static void same(
        const struct walk *w, size_t i, int64_t at, const char *what, const char *got, const char *want)
{
	if (strcmp(got, want) != 0)
		fail_msg("step %zu, %lld hours after the start, %s: coverage says \"%s\", list said \"%s\"",
		        i, (long long)((at - w->steps[0].at) / HOUR), what, got, want);
}

/* `from`: steps before it are of history that was taken out: nothing but unknown may be said of them. */
static void compare(struct walk *w, int64_t from, size_t *ret_words)
{
	struct sg_val *report = NULL;
	char first[32];

	snprintf(first, sizeof first, "@%lld", (long long)w->steps[0].at);
	assert_int_equal(lab_ask(&w->lab, &report, "coverage", "from", first, NULL), 0);
	for (size_t i = 0; i + 1 < w->n; i++) {
		int64_t at[] = { w->steps[i].at, (w->steps[i].at + w->steps[i + 1].at) / 2,
			w->steps[i + 1].at - 1 };

		for (size_t k = 0; w->steps[i + 1].at > w->steps[i].at && k < 3; k++) {
			bool gone = at[k] < from;

			same(w, i, at[k], "the server", cover_at(sg_val_get(report, "server"), at[k]),
			        gone ? "unknown" : w->steps[i].server);
			for (int id = 0; id < IDS; id++) {
				const char *got = cover_at(subject(report, names[id]), at[k]);

				if (gone)
					assert_true(strcmp(got, "") == 0 || strcmp(got, "unknown") == 0);
				else
					same(w, i, at[k], names[id], got, w->steps[i].id[id]);
				ret_words[got[0] == 'p' ? 0 : got[0] == 'e' ? 1 : 2] += got[0] != 0;
			}
		}
	}
	sg_val_free(report);
}

static int first_line_at(struct walk *w, int64_t *ret)
{
	struct sg_val *reply = NULL;

	assert_int_equal(lab_ask(&w->lab, &reply, "history", "limit", "@100000", NULL), 0);
	*ret = sg_val_get_int(sg_val_get(reply, "lines")->kid[0], "time", 0);
	sg_val_free(reply);
	return 0;
}

static void go(uint64_t seed, const char *inside, bool pruned, size_t *ret_words)
{
	struct walk w = { .rand = seed };
	int64_t from = 0;

	lab_make(&w.lab);
	t_drive_read(w.lab.drive, T_WWWROOT, &w.wwwroot);
	lab_open(&w.lab);
	lab_configure(&w.lab, NULL, inside);
	lab_offer(&w.lab, "local", 1, "");
	w.revision[0] = w.revision[1] = 1;
	offer(&w);
	lab_run(&w.lab);
	record(&w);
	for (int i = 0; i < STEPS; i++) {
		unsigned what = pick(&w, 20);

		if (what < 2) {
			restart(&w, what == 1);
			lab_configure(&w.lab, NULL, inside);
		} else {
			w.lab.now += HOUR + (int64_t)pick(&w, 46) * HOUR;
		}
		poll(&w, "local", false);
		poll(&w, "corp", w.failing);
		happen(&w);
		if (!w.failing)
			poll(&w, "corp", false);
		else
			poll(&w, "corp", true);
		lab_run(&w.lab);
		record(&w);
	}
	if (pruned)
		first_line_at(&w, &from);
	assert_true(!pruned || from > w.steps[0].at);
	compare(&w, from, ret_words);
	ret_words[3] += w.by_others;
	sg_buf_release(&w.wwwroot);
	lab_free(&w.lab);
}

static void a_year_reads_as_it_was_lived(void **state)
{
	const char *seeds = getenv("SEEDS");
	size_t words[4] = { 0 };

	(void)state;
	for (uint64_t seed = 1; seed <= (seeds ? strtoull(seeds, NULL, 10) : 1); seed++)
		go(seed, NULL, false, words);
	/* a walk that meets only one of the three has compared nothing */
	assert_true(words[0] > 100 && words[1] > 100 && words[2] > 100 && words[3] > 0);
}

static void what_is_left_of_a_pruned_year_reads_as_it_was_lived(void **state)
{
	size_t words[4] = { 0 };

	(void)state;
	go(77, "<journal keep=\"60d\"/>", true, words);
	assert_true(words[0] > 20 && words[1] > 20 && words[2] > 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_year_reads_as_it_was_lived),
		cmocka_unit_test(what_is_left_of_a_pruned_year_reads_as_it_was_lived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
