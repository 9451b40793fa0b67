/* test_config_edit_random.c - random files in random styles, random histories: what comes back is what was there (P6, P7).
 *
 * Three mitigations go in and out in random order while somebody else edits: the same edits are made to a shadow that never had ours in it. At
 * the end both have to be the same octets; when the somebody also changed white space around ours, the same events. The seed of a failure is
 * printed; STOPGAP_SEED runs that one.
 */
#include "base/xml.h"
#include "tests/lib/edit_lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define CASES 2000

static uint64_t chance;

static unsigned below(unsigned n)
{
	chance ^= chance << 13;
	chance ^= chance >> 7;
	chance ^= chance << 17;
	return (unsigned)(chance >> 33) % n;
}

static bool one_in(unsigned n)
{
	return below(n) == 0;
}

struct maker {
	struct sg_buf out;
	const char *newline; /* NULL: another one each time */
	const char *step;
	unsigned id;
	bool one_line, tidy;
};

static const char *newline(const struct maker *m)
{
	static const char *const any[] = { "\n", "\r\n", "\r" };

	return m->newline ? m->newline : any[below(3)];
}

/* White space before a tag at that depth; an untidy writer varies it. */
static void gap(struct maker *m, unsigned depth)
{
	if (m->one_line || (!m->tidy && one_in(8)))
		return;
	if (!m->tidy && one_in(6))
		sg_buf_str(&m->out, "  \t");
	sg_buf_str(&m->out, newline(m));
	if (!m->tidy && one_in(8))
		sg_buf_str(&m->out, newline(m));
	if (!m->tidy && one_in(8))
		depth = below(8);
	while (depth--)
		sg_buf_str(&m->out, m->step);
}

static void comment(struct maker *m, unsigned depth)
{
	static const char *const texts[] = { "<!-- <system.webServer> -->",
		"<!--<rules><rule name=\"stopgap A\"/></rules>-->", "<!---->", "<!-- a\n  b -->",
		"<?p <rewrite> ?>" };

	if (!one_in(3))
		gap(m, depth);
	else if (one_in(2))
		sg_buf_char(&m->out, ' ');
	sg_buf_str(&m->out, texts[below(5)]);
}

struct kind {
	const char *name, *attrs; /* attrs: without the id that each element gets */
	const char *children;     /* names, blank-separated */
};
static const struct kind kinds[] = {
	{ "configuration", "",
	        "system.webServer system.webServer system.web location-here location-all location-other "
	        "location-here" },
	{ "system.webServer", "", "rewrite handlers rewrite" },
	{ "location-here", " inheritInChildApplications=\"false\" path='.'",
	        "system.webServer system.web system.webServer" },
	{ "location-all", "", "system.webServer system.web" },
	{ "location-other", " path=\"owa\" inheritInChildApplications='false'", "system.webServer" },
	{ "rewrite", "", "rules outboundRules rules maps" },
	{ "rules", "", "clear remove rule rule rule" },
	{ "outboundRules", "", "preConditions rule customTags rule" },
	{ "preConditions", "", "preCondition" },
	{ "preCondition", " name='theirs'", "add" },
	{ "rule", " name=\"theirs\" x='a>b' y=\"&#xD;&#xA;&quot;\"", "match" },
};

static const struct kind *kind_of(const char *name, size_t len)
{
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (strlen(kinds[i].name) == len && memcmp(kinds[i].name, name, len) == 0)
			return &kinds[i];
	return NULL;
}

/* One element with some of its children; each has an id by which the shadow finds it again. */
static void element(struct maker *m, const char *kind, size_t len, unsigned depth)
{
	const struct kind *k = kind_of(kind, len);
	size_t name = memchr(kind, '-', len) ? (size_t)((const char *)memchr(kind, '-', len) - kind) : len;
	bool inside = false;

	sg_buf_fmt(&m->out, one_in(9) ? "<%.*s\n id='%u'%s" : "<%.*s id='%u'%s", (int)name, kind, m->id++,
	        k ? k->attrs : "");
	if (!k || one_in(6)) {
		sg_buf_str(&m->out, one_in(2) ? "/>" : " />");
		return;
	}
	sg_buf_char(&m->out, '>');
	for (const char *c = k->children; *c;) {
		size_t n = strcspn(c, " ");

		if (one_in(3)) {
			gap(m, depth + 1);
			element(m, c, n, depth + 1);
			inside = true;
		}
		if (one_in(12)) {
			comment(m, depth + 1);
			inside = true;
		}
		c += n + (c[n] == ' ');
	}
	if (inside || one_in(2))
		gap(m, depth);
	sg_buf_fmt(&m->out, one_in(15) ? "</%.*s >" : "</%.*s>", (int)name, kind);
}

static struct sg_buf document(unsigned *ret_ids)
{
	static const char *const newlines[] = { "\n", "\r\n", "\r", NULL };
	static const char *const steps[] = { "  ", "    ", "\t", "", " \t" };
	struct maker m = { .newline = newlines[below(4)],
		.step = steps[below(5)],
		.one_line = one_in(7),
		.tidy = one_in(2) };

	if (one_in(3))
		sg_buf_str(&m.out, "\xef\xbb\xbf");
	if (!one_in(4)) {
		sg_buf_str(&m.out, "<?xml version='1.0' encoding=\"UTF-8\"?>");
		gap(&m, 0);
	}
	if (one_in(6)) {
		comment(&m, 0);
		gap(&m, 0);
	}
	element(&m, "configuration", 13, 0);
	if (one_in(2))
		sg_buf_str(&m.out, newline(&m));
	if (one_in(9))
		comment(&m, 0);
	*ret_ids = m.id;
	return m.out;
}

/* The element with that id. */
static bool find(const struct sg_cfg *cfg, const char *id, uint32_t *ret)
{
	for (uint32_t n = 1; n < cfg->n_nodes; n++) {
		const char *is = cfg->nodes[n].type == SG_CFG_ELEMENT ? sg_cfg_attr(cfg, n, "id") : NULL;

		if (is && strcmp(is, id) == 0) {
			*ret = n;
			return true;
		}
	}
	return false;
}

/* Puts text right before or right behind the element with that id: there, it never stands between ours and the white space of ours. */
static void put(struct sg_buf *file, const char *id, bool before, const char *text)
{
	struct sg_cfg cfg = { 0 };
	uint32_t node = 0;

	assert_int_equal(sg_cfg_scan(sg_buf_bytes(file), "x", &cfg, NULL), 0);
	assert_true(find(&cfg, id, &node));
	sg_buf_insert(file, before ? cfg.nodes[node].at : cfg.nodes[node].end, text, strlen(text));
	sg_cfg_release(&cfg);
}

static void foreign_edit(struct lab *lab, struct sg_buf *shadow, unsigned *next_id)
{
	char *id = sg_format("%u", below(*next_id)), *text = NULL;
	struct sg_cfg cfg = { 0 };
	uint32_t node;
	bool there, before = one_in(2);

	assert_int_equal(sg_cfg_scan(sg_buf_bytes(shadow), "x", &cfg, NULL), 0);
	there = find(&cfg, id, &node) && node != cfg.root;
	sg_cfg_release(&cfg);
	switch (below(4)) {
	case 0: text = sg_format("<x id='%u'/>", *next_id); break;
	case 1: text = sg_format("<!-- %u <rules> -->", *next_id); break;
	case 2: text = sg_format("<!-- -->\n<rule name='other' id='%u'/>", *next_id); break;
	default: text = sg_format("\r\n\t\t<x id='%u'>t</x>", *next_id); break;
	}
	if (there) {
		put(&lab->file, id, before, text);
		put(shadow, id, before, text);
		++*next_id;
	}
	free(text);
	free(id);
}

/* Changes a run of white space somewhere, around ours as well. */
static void respace(struct lab *lab)
{
	static const char *const spaces[] = { "", " ", "\n", "\r\n      ", "\n\n\t", "   \n" };
	struct sg_cfg cfg = { 0 };
	uint32_t n;

	assert_int_equal(sg_cfg_scan(sg_buf_bytes(&lab->file), "x", &cfg, NULL), 0);
	n = 1 + below((unsigned)cfg.n_nodes - 1);
	if (cfg.nodes[n].type == SG_CFG_TEXT && cfg.nodes[n].parent != 0 &&
	        strspn((const char *)lab->file.data + cfg.nodes[n].at, " \t\r\n") ==
	                cfg.nodes[n].end - cfg.nodes[n].at) {
		const char *with = spaces[below(6)];

		sg_buf_cut(&lab->file, cfg.nodes[n].at, cfg.nodes[n].end - cfg.nodes[n].at);
		sg_buf_insert(&lab->file, cfg.nodes[n].at, with, strlen(with));
	}
	sg_cfg_release(&cfg);
}

/* --- all elements at once */

static unsigned agreed, left_alone; /* times */

static int inner_first(const void *a, const void *b)
{
	const struct lab_hold *x = *(const struct lab_hold *const *)a,
	                      *y = *(const struct lab_hold *const *)b;
	size_t nx = strlen(x->addr.path), ny = strlen(y->addr.path);

	return nx != ny ? nx < ny ? 1 : -1 : strcmp(x->addr.path, y->addr.path);
}

/* What is held goes to its before, one after the other; without the elements, if these are gone. */
static void back(struct sg_buf *file, const struct lab_hold *const *holds, size_t n, bool gone)
{
	for (size_t i = 0; i < n; i++) {
		struct sg_err err = SG_ERR_INIT;
		enum sg_edit_result result;

		if (gone && holds[i]->addr.kind == SG_VALUE_ELEMENT)
			continue;
		if (sg_cfg_set(file, "x", &holds[i]->addr, &holds[i]->before, NULL, &result, &err) < 0)
			fail_msg("%s: %s\n%s", holds[i]->addr.path, err.msg, file->data);
	}
}

static void all_at_once(const struct lab *lab, uint64_t seed)
{
	const struct lab_hold **holds = sg_alloc((lab->n + 1) * sizeof *holds);
	const struct sg_addr **addrs = sg_alloc((lab->n + 1) * sizeof *addrs);
	struct sg_buf one = { 0 }, all = { 0 };
	struct sg_err err = SG_ERR_INIT;
	bool done = false;

	for (size_t i = 0; i < lab->n; i++)
		holds[i] = &lab->holds[i];
	if (lab->n)
		qsort(holds, lab->n, sizeof *holds, inner_first);
	for (size_t i = 0; i < lab->n; i++)
		addrs[i] = &holds[i]->addr;
	sg_buf_set(&one, lab->file.data, lab->file.len);
	sg_buf_set(&all, lab->file.data, lab->file.len);
	assert_int_equal(sg_cfg_take_out(&all, "x", addrs, lab->n, &done, &err), 0);
	if (done) {
		back(&one, holds, lab->n, false);
		back(&all, holds, lab->n, true);
	}
	if (!sg_bytes_equal(sg_buf_bytes(&one), sg_buf_bytes(&all)))
		fail_msg("seed %llu\nheld:\n%s\nat once:\n%s\none after the other:\n%s",
		        (unsigned long long)seed, lab->file.data, all.data, one.data);
	agreed += done && lab->n > 0;
	left_alone += !done;
	sg_buf_release(&one);
	sg_buf_release(&all);
	free(addrs);
	free(holds);
}

enum others { NOBODY, EDITS, RESPACES };

static void history(uint64_t seed, enum others others)
{
	struct sg_buf shadow, first = { 0 };
	struct lab lab;
	unsigned next_id, in = 0, over = 0, steps = 0;
	bool good;

	chance = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
	shadow = document(&next_id);
	sg_buf_set(&first, shadow.data, shadow.len);
	lab_init(&lab, sg_buf_bytes(&shadow));
	while (over != 7) {
		unsigned who = below(3);
		int rc = 0;

		steps++;
		if (others != NOBODY && one_in(3)) {
			foreign_edit(&lab, &shadow, &next_id);
			if (others == RESPACES)
				respace(&lab);
		} else if (!(in & 1u << who)) {
			if (steps > 20) /* enough: whatever was never in is over, too */
				over |= 1u << who;
			else if ((rc = lab_apply(&lab, who, lab_mitigations[who].values,
			                  lab_mitigations[who].n)) == 0)
				in |= 1u << who;
		} else {
			rc = lab_end(&lab, who);
			in &= ~(1u << who);
			if (one_in(2))
				over |= 1u << who;
			else
				over &= ~(1u << who);
		}
		if (rc < 0)
			fail_msg("seed %llu: %s\n%s", (unsigned long long)seed, lab.err.msg, lab.file.data);
		if (in & over)
			over &= ~in;
		all_at_once(&lab, seed);
	}
	if (others == RESPACES)
		good = sg_cfg_same_octets(sg_buf_bytes(&lab.file), sg_buf_bytes(&shadow));
	else
		good = sg_bytes_equal(sg_buf_bytes(&lab.file), sg_buf_bytes(&shadow));
	if (!good)
		fail_msg("seed %llu\nfirst:\n%s\nis:\n%s\nwanted:\n%s", (unsigned long long)seed, first.data,
		        lab.file.data, shadow.data);
	lab_release(&lab);
	sg_buf_release(&shadow);
	sg_buf_release(&first);
}

static void histories(enum others others)
{
	const char *seed = getenv("STOPGAP_SEED");

	for (uint64_t i = 1; !seed && i <= CASES / 3; i++)
		history(i, others);
	if (seed)
		history(strtoull(seed, NULL, 10), others);
}

static void undisturbed_the_octets_are_the_same(void **state)
{
	(void)state;
	histories(NOBODY);
}

static void other_peoples_edits_survive_to_the_octet(void **state)
{
	(void)state;
	histories(EDITS);
}

static void other_peoples_white_space_changes_no_event(void **state)
{
	(void)state;
	histories(RESPACES);
}

/* After the three before it, each step of which compared both. */
static void elements_taken_out_at_once_leave_what_one_after_the_other_leaves(void **state)
{
	(void)state;
	print_message("at once as one after the other: %u times; left alone: %u\n", agreed, left_alone);
	assert_true(getenv("STOPGAP_SEED") || agreed > CASES);
	assert_true(getenv("STOPGAP_SEED") || left_alone > 0);
}

/* Mac's newline in front of it and Unix's behind it: without it they are one of Windows, and that is the lead of what comes next. */
static void elements_between_a_cr_and_an_lf_are_not_taken_out_at_once(void **state)
{
	static const struct {
		const char *text;
		bool done;
	} table[] = {
		{ "<a>\r\r<b id='1'/>\n<b id='2'/>\n</a>", false },
		{ "<a>\r\r<b id='1'/>\r<b id='2'/>\n</a>", false },
		{ "<a>\r\r<b id='2'/>\n \n<b id='1'/>\n</a>", false },
		{ "<a>\r\r<b id='1'/>\r<b id='2'/>\r</a>", true },
		{ "<a>\r\n<b id='1'/>\n<b id='2'/>\n</a>", true },
		{ "<a>\n\r<b id='1'/>\n<b id='2'/>\n</a>", true },
	};
	struct sg_addr one = { .kind = SG_VALUE_ELEMENT, .path = (char *)"/a/b[@id='1']" },
	               two = { .kind = SG_VALUE_ELEMENT, .path = (char *)"/a/b[@id='2']" };
	const struct sg_addr *const forth[] = { &one, &two }, *const back_again[] = { &two, &one };
	const struct sg_content none = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		for (int order = 0; order < 2; order++) {
			const struct sg_addr *const *addrs = order ? back_again : forth;
			struct sg_buf once = { 0 }, turns = { 0 };
			enum sg_edit_result result;
			bool done = !table[i].done;

			sg_buf_str(&once, table[i].text);
			sg_buf_str(&turns, table[i].text);
			assert_int_equal(sg_cfg_take_out(&once, "x", addrs, 2, &done, NULL), 0);
			assert_int_equal(done, table[i].done);
			for (int k = 0; done && k < 2; k++)
				assert_int_equal(
				        sg_cfg_set(&turns, "x", addrs[k], &none, NULL, &result, NULL), 0);
			assert_true(sg_bytes_equal(sg_buf_bytes(&once), sg_buf_bytes(&turns)));
			sg_buf_release(&once);
			sg_buf_release(&turns);
		}
}

static int set_up(void **state)
{
	(void)state;
	sg_xml_init();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(undisturbed_the_octets_are_the_same),
		cmocka_unit_test(other_peoples_edits_survive_to_the_octet),
		cmocka_unit_test(other_peoples_white_space_changes_no_event),
		cmocka_unit_test(elements_taken_out_at_once_leave_what_one_after_the_other_leaves),
		cmocka_unit_test(elements_between_a_cr_and_an_lf_are_not_taken_out_at_once),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
