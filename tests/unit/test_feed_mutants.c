/* test_feed_mutants.c - a good document, changed at random: what is still accepted says, octet for octet, what the good one says. So many harmless accepts
 * there must be, or the mutants would prove nothing. STOPGAP_MUTANTS says how many (scripts/prove: 40,000), STOPGAP_SEED where they begin. */
#include "tests/lib/attack.h"
#include "tests/lib/reference.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static uint64_t state_of_chance;

static size_t chance(size_t below)
{
	state_of_chance ^= state_of_chance << 13;
	state_of_chance ^= state_of_chance >> 7;
	state_of_chance ^= state_of_chance << 17;
	return below ? (size_t)(state_of_chance % below) : 0;
}

static unsigned long asked(const char *name, unsigned long fallback)
{
	const char *s = getenv(name);

	return s ? strtoul(s, NULL, 10) : fallback;
}

/* The place of a random octet `c`, or of any when there is none behind a random start. */
static size_t find(const struct sg_buf *doc, char c)
{
	size_t from = chance(doc->len);
	const unsigned char *at = memchr(doc->data + from, c, doc->len - from);

	return at ? (size_t)(at - doc->data) : from;
}

static void insert(struct sg_buf *doc, size_t at, const char *text)
{
	sg_buf_insert(doc, at, text, strlen(text));
}

static void copy_run(struct sg_buf *doc, size_t from, size_t len, size_t to)
{
	char *run;

	len = len < doc->len - from ? len : doc->len - from;
	run = sg_strndup((char *)doc->data + from, len);
	sg_buf_insert(doc, to, run, strlen(run));
	free(run);
}

/* Takes a whole tag from one place to another. */
static void splice_tag(struct sg_buf *doc)
{
	size_t from = find(doc, '<'), to;
	const unsigned char *end = memchr(doc->data + from, '>', doc->len - from);
	size_t len = end ? (size_t)(end - doc->data) + 1 - from : 1;
	char *tag = sg_strndup((char *)doc->data + from, len);

	if (chance(2))
		sg_buf_cut(doc, from, len);
	to = find(doc, '<');
	insert(doc, to < doc->len ? to : doc->len, tag);
	free(tag);
}

/* Exchanges two neighbouring attributes of a tag: name="value" name="value". */
static void swap_attributes(struct sg_buf *doc)
{
	size_t first = find(doc, ' ') + 1, q1, q2, second, q3, q4;
	const unsigned char *p;
	struct sg_buf out = { 0 };

#define QUOTE(from, ret)                                                                                     \
	p = (from) < doc->len ? memchr(doc->data + (from), '"', doc->len - (from)) : NULL;                   \
	if (!p)                                                                                              \
		return;                                                                                      \
	ret = (size_t)(p - doc->data)
	QUOTE(first, q1);
	QUOTE(q1 + 1, q2);
	second = q2 + 2;
	QUOTE(second, q3);
	QUOTE(q3 + 1, q4);
#undef QUOTE
	sg_buf_add(&out, doc->data + second, q4 + 1 - second);
	sg_buf_add(&out, doc->data + q2 + 1, 1);
	sg_buf_add(&out, doc->data + first, q2 + 1 - first);
	sg_buf_cut(doc, first, q4 + 1 - first);
	sg_buf_insert(doc, first, out.data, out.len);
	sg_buf_release(&out);
}

static void mutate(struct sg_buf *doc)
{
	static const char *const blanks[] = { " ", "\n", "\t", "\r\n", "  ", "<!-- x -->", "<!---->" };
	size_t at = chance(doc->len);

	switch (chance(12)) {
	case 0: doc->data[at] ^= (unsigned char)(1u << chance(8)); break;
	case 1: doc->data[at] = (unsigned char)chance(256); break;
	case 2: sg_buf_cut(doc, at, 1 + chance(doc->len - at < 40 ? doc->len - at : 40)); break;
	case 3: copy_run(doc, at, 1 + chance(60), chance(doc->len)); break;
	case 4: splice_tag(doc); break;
	case 5: swap_attributes(doc); break;
	case 6: insert(doc, find(doc, '>'), blanks[chance(4)]); break; /* inside of a tag, before its end */
	case 7: insert(doc, find(doc, '=') + chance(2), blanks[chance(5)]); break;
	case 8: insert(doc, find(doc, '<'), blanks[chance(7)]); break;
	case 9: insert(doc, find(doc, '='), "\""); break;
	case 10: sg_buf_cut(doc, find(doc, '\n'), 1); break;
	default: doc->data[find(doc, '"')] = '\''; break;
	}
	if (!doc->len)
		sg_buf_char(doc, '<');
}

/* libxmlsec1 must hold it for good, too, and for the same octets. */
static void check_by_reference(const struct sg_buf *doc)
{
	struct sg_signed ours = { 0 };
	struct sg_buf theirs = { 0 };
	int event;

	assert_int_equal(sg_verify_take(sg_buf_bytes(doc), true, "corp", &ours, &event, NULL), 0);
	if (!reference_covers(sg_buf_bytes(doc), fix_pki.leaf.key, &theirs) ||
	        !sg_bytes_equal(sg_buf_bytes(&theirs), sg_buf_bytes(&ours.octets)))
		fail_msg("libxmlsec1 does not say the same of\n%s", (const char *)doc->data);
	sg_signed_release(&ours);
	sg_buf_release(&theirs);
}

/* What is accepted of `n` mutants of the document; the verified octets must be `good`'s. */
static size_t accepted_of(const char *doc, const struct sg_feed_rules *rules, size_t n, const char *what)
{
	struct sg_verified good = { 0 };
	size_t accepted = 0;
	int event;

	assert_int_equal(sg_verify_xmldsig(sg_bytes_of(doc), rules, &good, &event, NULL), 0);
	for (size_t i = 0; i < n; i++) {
		struct sg_buf mutant = { 0 };
		struct sg_verified v = { 0 };

		sg_buf_str(&mutant, doc);
		for (size_t k = 1 + chance(8) / 6; k > 0; k--)
			mutate(&mutant);
		if (sg_verify_xmldsig(sg_buf_bytes(&mutant), rules, &v, &event, NULL) == 0) {
			accepted++;
			check_by_reference(&mutant);
			if (!sg_bytes_equal(sg_buf_bytes(&v.octets), sg_buf_bytes(&good.octets)) ||
			        strcmp(v.signer, good.signer) != 0 || v.signed_at != good.signed_at)
				fail_msg("%s, mutant %zu is accepted and says something else:\n%s", what, i,
				        (char *)mutant.data);
			sg_verified_release(&v);
		}
		sg_buf_release(&mutant);
	}
	print_message("%s: %zu mutants, %zu of them harmless and accepted, none says anything else\n", what,
	        n, accepted);
	sg_verified_release(&good);
	return accepted;
}

static void begin(size_t salt)
{
	state_of_chance =
	        (asked("STOPGAP_SEED", 1) * 1000003 + salt) * 2862933555777941757ull + 3037000493ull;
}

static size_t how_many(size_t share)
{
	return asked("STOPGAP_MUTANTS", 800) / share;
}

static void a_signed_document(void **state)
{
	(void)state;
	begin(1);
	assert_true(accepted_of(fix_good, &fix_rules, how_many(2), "signed") > 0);
}

static void a_stamped_document(void **state)
{
	struct stamp_spec spec = { 0 };
	char *doc = attack_stamped(attack_em_plain, &spec);

	(void)state;
	begin(2);
	assert_true(accepted_of(doc, &attack_later, how_many(4), "stamped") > 0);
	free(doc);
}

/* Here the document is bound octet by octet: what is mutated is its signature. */
static void a_detached_signature(void **state)
{
	struct sg_buf good = { 0 };
	struct sg_feed_rules rules = fix_rules;
	size_t accepted = 0, n = how_many(4);
	int event;

	(void)state;
	begin(3);
	attack_sign_cms(fix_plain, (struct sign_cms_spec){ 0 }, &good);
	for (size_t i = 0; i < n; i++) {
		struct sg_buf mutant = { 0 }, doc = { 0 };
		struct sg_verified v = { 0 };
		bool of_doc = chance(4) == 0;

		sg_buf_set(&mutant, good.data, good.len);
		sg_buf_str(&doc, fix_plain);
		if (of_doc)
			mutate(&doc);
		else
			mutant.data[chance(mutant.len)] ^= (unsigned char)(1u << chance(8));
		rules.cms = sg_buf_bytes(&mutant);
		if (sg_verify_cms(sg_buf_bytes(&doc), &rules, &v, &event, NULL) == 0) {
			accepted++;
			if (!sg_bytes_equal(sg_buf_bytes(&v.octets), sg_bytes_of(fix_plain)))
				fail_msg("detached, mutant %zu is accepted and says something else", i);
			sg_verified_release(&v);
		}
		sg_buf_release(&mutant);
		sg_buf_release(&doc);
	}
	print_message("detached: %zu mutants, %zu of them harmless and accepted, none says anything else\n",
	        n, accepted);
	if (n >= 1000)
		assert_true(accepted > 0);
	sg_buf_release(&good);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_signed_document),
		cmocka_unit_test(a_stamped_document),
		cmocka_unit_test(a_detached_signature),
	};

	return cmocka_run_group_tests(tests, attack_set_up, attack_tear_down);
}
