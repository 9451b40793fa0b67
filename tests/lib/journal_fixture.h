/* journal_fixture.h - a journal in a folder of its own, and small operations on it, for the journal's tests. */
#ifndef SG_TESTS_JOURNAL_FIXTURE_H
#define SG_TESTS_JOURNAL_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/os.h"
#include "journal/journal.h"
#include "journal/read.h"
#include "model/codes.h"

#define MAP_SIZE (2u << 20)

struct fixture {
	char *dir;
	struct sg_journal *j;
	struct sg_journal_options options;
	struct sg_clock now;
};

static inline int fixture_setup(void **state)
{
	const char *tmp = getenv("TMPDIR");
	struct fixture *f = sg_alloc(sizeof *f);
	struct sg_err err = SG_ERR_INIT;

	f->dir = sg_format("%s/sg-journal-XXXXXX", tmp ? tmp : "/tmp");
	f->options = (struct sg_journal_options){ .map_size = MAP_SIZE, .machine = "machine-1" };
	f->now = (struct sg_clock){ .wall = 1000, .boot = "boot-1" };
	if (!mkdtemp(f->dir) || sg_journal_open(f->dir, &f->options, &f->now, &f->j, &err) != 0) {
		print_error("set-up: %s\n", err.msg);
		return -1;
	}
	*state = f;
	return 0;
}

static inline int fixture_teardown(void **state)
{
	struct fixture *f = *state;

	sg_journal_close(f->j);
	sg_os_remove_tree(f->dir, NULL);
	free(f->dir);
	free(f);
	return 0;
}

static inline void fixture_reopen(struct fixture *f)
{
	struct sg_err err = SG_ERR_INIT;

	sg_journal_close(f->j);
	f->j = NULL;
	int rc = sg_journal_open(f->dir, &f->options, &f->now, &f->j, &err);
	if (rc != 0)
		print_error("%s\n", err.msg);
	assert_int_equal(rc, 0);
}

static inline void fixture_write(const char *path, struct sg_bytes octets)
{
	FILE *out = fopen(path, "wb");

	assert_non_null(out);
	assert_int_equal(fwrite(octets.data, 1, octets.len, out), octets.len);
	assert_int_equal(fclose(out), 0);
}

static inline void fixture_fill(struct sg_content *c, const char *what, size_t i, size_t len)
{
	c->present = true;
	while (c->octets.len < len)
		sg_buf_fmt(&c->octets, "<%s n=\"%zu\" at=\"%zu\"/>", what, i, c->octets.len);
	if (c->octets.len > len)
		sg_buf_cut(&c->octets, len, c->octets.len - len);
	sg_buf_str(&c->lead, "\r\n\t");
	c->after = sg_strdup("");
}

/* Opens an intent to apply `id` of feed "f" with n values whose contents have `len` octets, row and holds with it. */
static inline void fixture_apply(
        struct fixture *f, const char *id, size_t n, size_t len, struct sg_intent *ret)
{
	struct sg_err err = SG_ERR_INIT;
	struct sg_holds holds = { 0 };
	struct sg_row *row = sg_row_new("f", id);

	*ret = (struct sg_intent){ .op = SG_OP_APPLY, .started = f->now.wall, .n_outcomes = 1 };
	memcpy(ret->boot, "boot-1", 7);
	ret->outcomes = sg_alloc(sizeof *ret->outcomes);
	ret->outcomes[0].key = (struct sg_key){ sg_strdup("f"), sg_strdup(id) };
	ret->outcomes[0].done = SG_APPLIED;
	ret->outcomes[0].done_why = SG_WHY_APPLIED;
	sg_strs_add(&ret->temps, "C:\\inetpub\\x.config");
	for (size_t i = 0; i < n; i++) {
		struct sg_move *m = sg_moves_add(&ret->moves);
		m->addr.kind = SG_VALUE_ELEMENT;
		m->addr.container = sg_strdup("C:\\inetpub\\wwwroot\\web.config");
		m->addr.path = sg_format("/configuration/rule[@name='%s %zu']", id, i);
		fixture_fill(&m->from, "from", i, len);
		fixture_fill(&m->to, "to", i, len);
		struct sg_hold *h = sg_holds_add(&holds);
		sg_addr_copy(&h->addr, &m->addr);
		sg_content_copy(&h->before, &m->from);
		sg_content_copy(&h->after, &m->to);
		sg_keys_add(&h->holders, "f", id);
	}
	row->state = SG_APPLICABLE;
	struct sg_change change = {
		.rows = &row, .n_rows = 1, .holds_put = holds.at, .n_holds_put = holds.n
	};
	int rc = sg_journal_open_intent(f->j, ret, &change, &f->now, &err);
	if (rc != 0)
		print_error("%s\n", err.msg);
	assert_int_equal(rc, 0);
	sg_holds_release(&holds);
	sg_row_free(row);
}

static inline void fixture_close(struct fixture *f, const char *id, enum sg_state to)
{
	struct sg_err err = SG_ERR_INIT;
	struct sg_row *row = sg_row_new("f", id);
	struct sg_audit line = { .code = SG_EV_APPLIED, .key = row->key, .text = (char *)"in place" };
	struct sg_change change = { .rows = &row, .n_rows = 1, .audits = &line, .n_audits = 1 };

	row->state = to;
	row->applied = sg_sha256(sg_bytes_of(id));
	assert_int_equal(sg_journal_close_intent(f->j, &change, &f->now, &err), 0);
	sg_row_free(row);
}

/* n audit lines, one write each, each a millisecond later. */
static inline void fixture_lines(struct fixture *f, int n)
{
	struct sg_err err = SG_ERR_INIT;

	for (int i = 0; i < n; i++) {
		f->now.wall++;
		struct sg_audit line = {
			.code = SG_EV_MOVED, .key = { (char *)"f", (char *)"M1" }, .text = (char *)"moved"
		};
		line.data = sg_val_map();
		sg_val_set_str(line.data, "verdict", i % 2 ? "EXPOSED" : "IN FORCE");
		struct sg_change change = { .audits = &line, .n_audits = 1 };
		assert_int_equal(sg_journal_note(f->j, &change, &f->now, &err), 0);
		sg_val_free(line.data);
	}
}

#endif
