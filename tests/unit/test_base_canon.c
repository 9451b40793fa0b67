/* test_base_canon.c - canonical octets read without an XML parser: what a parser reads in them, and nothing that is not canonical. */
#include "base/canon.h"

#include "tests/lib/as_canonical.h"
#include "tests/lib/canon_agree.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static uint64_t seed = 1;

static size_t any(size_t below)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (size_t)(seed >> 33) % below;
}

static int read_it(const char *octets, struct sg_canon *ret, struct sg_err *err)
{
	return sg_canon_read(sg_bytes_of(octets), &sg_xml_feed_limits, ret, err);
}

static void elements_attributes_and_texts_are_found(void **state)
{
	struct sg_canon c = { 0 };
	const struct sg_canon_elem *b, *d;

	(void)state;
	assert_int_equal(
	        read_it("<a xmlns:p=\"urn:p\" n=\"1 &lt;&quot;>\" p:n=\"2&#xA;\">\n<b>x &amp; y&gt;\"</b>"
	                "<p:d xmlns=\"urn:d\"><e> &#xD;</e></p:d>z</a>",
	                &c, NULL),
	        0);
	assert_true(sg_canon_is(c.root, NULL, "a"));
	assert_string_equal(sg_canon_attr(c.root, NULL, "n"), "1 <\">");
	assert_string_equal(sg_canon_attr(c.root, "urn:p", "n"), "2\n");
	assert_null(sg_canon_attr(c.root, "urn:q", "n"));
	assert_null(sg_canon_attr(c.root, NULL, "p"));
	assert_string_equal(c.root->text, "\n");
	assert_true(c.root->says); /* behind its elements */
	b = c.root->first;
	assert_string_equal(b->text, "x & y>\"");
	assert_true(b->says && !b->first);
	assert_true(sg_bytes_is(b->octets, "<b>x &amp; y&gt;\"</b>"));
	d = b->next;
	assert_true(sg_canon_is(d, "urn:p", "d"));
	assert_string_equal(d->text, "");
	assert_true(sg_canon_is(d->first, "urn:d", "e"));
	assert_string_equal(d->first->text, " \r");
	assert_false(d->first->says);
	assert_null(d->next);
	assert_ptr_equal(d->first->parent, d);
	sg_canon_release(&c);
}

static void what_is_not_canonical_is_refused(void **state)
{
	static const char *const bad[] = { "", "x", "<", "<a", "<a>", "<a/>", "</a>", "<a></a>x",
		"<a></a><b></b>", " <a></a>", "<a></a >", "<a ></a>", "<a></b>", "<a></ab>", "<ab></a>",
		"<a><b></a></b>", "<a b=\"></a>", "<a b='1'></a>", "<a b=\"1\"c=\"2\"></a>",
		"<a  b=\"1\"></a>", "<a b = \"1\"></a>", "<a b></a>", "<a =\"1\"></a>", "<a><!-- --></a>",
		"<a><?p?></a>", "<?xml version=\"1.0\"?><a></a>", "<!DOCTYPE a><a></a>",
		"<a><![CDATA[x]]></a>", "<a b=\"<\"></a>", "<a>></a>", "<a>&</a>", "<a>&amp</a>",
		"<a>&quot;</a>", "<a>&apos;</a>", "<a>&#13;</a>", "<a>&#x9;</a>", "<a>&#xd;</a>",
		"<a>&x;</a>", "<a b=\"&gt;\"></a>", "<a b=\"\t\"></a>", "<a b=\"\n\"></a>", "<a>\r</a>",
		"<a>\x01</a>", "<a>\x80</a>", "<a>\xc0\x80</a>", "<a>\xed\xa0\x80</a>", "<a>\xef\xbf\xbf</a>",
		"<a>\xef\xbf\xbe</a>", "<1a></1a>", "<-a></-a>", "<a:></a:>", "<:a></:a>", "<a:b:c></a:b:c>",
		"<p:a></p:a>", "<a p:b=\"1\"></a>", "<xmlns:a></xmlns:a>", "<a b=\"1\" b=\"2\"></a>",
		"<a c=\"1\" b=\"2\"></a>", "<a xmlns:p=\"urn:x\" xmlns:q=\"urn:x\" p:b=\"1\" q:b=\"2\"></a>",
		"<a xmlns:q=\"urn:q\" xmlns:p=\"urn:p\"></a>", "<a b=\"1\" xmlns=\"urn:x\"></a>",
		"<a xmlns:p=\"urn:p\"><b xmlns:p=\"urn:p\"></b></a>", "<a xmlns=\"\"></a>",
		"<a xmlns:p=\"\"></a>", "<a xmlns:p=\"x\"></a>", "<a xmlns:p=\"urn:a&amp;b\"></a>",
		"<a xmlns:p=\"1:a\"></a>", "<a xmlns:xml=\"http://www.w3.org/XML/1998/namespace\"></a>",
		"<a xmlns:p=\"http://www.w3.org/XML/1998/namespace\"></a>",
		"<a xmlns:p=\"http://www.w3.org/2000/xmlns/\"></a>", "<a xmlns:xmlns=\"urn:x\"></a>",
		"<\xc3\x97></\xc3\x97>" };

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct sg_canon c = { 0 };
		struct sg_err err = SG_ERR_INIT;

		if (read_it(bad[i], &c, &err) != SG_EPARSE || strncmp(err.msg, "octet ", 6) != 0 || c.root)
			fail_msg("\"%s\": \"%s\"", bad[i], err.msg);
	}
}

static void cut_anywhere_it_is_refused_and_nothing_outside_is_read(void **state)
{
	static const char good[] =
	        "<a xmlns:p=\"urn:p\" x=\">&lt;\"><b>t&amp;\xc3\xa4</b>t<p:c><d></d></p:c></a>";
	struct sg_canon c = { 0 };

	(void)state;
	for (size_t n = 0; n < sizeof good - 1; n++) {
		unsigned char *cut = sg_alloc(n);

		memcpy(cut, good, n);
		assert_int_equal(
		        sg_canon_read((struct sg_bytes){ cut, n }, &sg_xml_feed_limits, &c, NULL), SG_EPARSE);
		free(cut);
	}
	assert_int_equal(read_it(good, &c, NULL), 0);
	sg_canon_release(&c);
}

static void limits_are_those_of_the_prescan(void **state)
{
	static const struct sg_xml_limits tight = {
		.bytes = 60, .tag_bytes = 18, .attributes = 2, .depth = 3, .nodes = 6, .scope = 4
	};
	static const struct {
		const char *octets;
		int code;
	} rows[] = {
		{ "<a><b><c></c></b></a>", 0 },
		{ "<a><b><c><d></d></c></b></a>", SG_ELIMIT },
		{ "<a b=\"\" c=\"\"></a>", 0 },
		{ "<a b=\"\" c=\"\" d=\"\"></a>", SG_ELIMIT },
		{ "<a b=\"0123456789\"></a>", 0 },
		{ "<a b=\"0123456789x\"></a>", SG_ELIMIT },
		{ "<n23456789012345></n23456789012345>", 0 },
		{ "<n234567890123456></n234567890123456>", SG_ELIMIT }, /* by its end tag */
		{ "<a><b></b><b></b><b></b><b></b><b></b></a>", 0 },
		{ "<a><b></b><b></b><b></b><b></b><b x=\"\"></b></a>", SG_ELIMIT },
		{ "<a xmlns=\"urn:a\"><b></b><b></b><b></b></a>", 0 },
		{ "<a xmlns=\"urn:a\"><b></b><b></b><b></b><b></b></a>", SG_ELIMIT },
		{ "<a>01234567890123456789012345678901234567890123456789012</a>", 0 },
		{ "<a>012345678901234567890123456789012345678901234567890123</a>", SG_ELIMIT },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct sg_canon c = { 0 };
		struct sg_bytes octets = sg_bytes_of(rows[i].octets);

		if (sg_canon_read(octets, &tight, &c, NULL) != rows[i].code ||
		        sg_xml_prescan(octets, &tight, NULL) != rows[i].code)
			fail_msg("%s", rows[i].octets);
		sg_canon_release(&c);
	}
}

/* What comes along can make more of an element than may be read alone: said when it is taken out, not when it is needed. */
static void what_is_alone_can_be_read_again_or_is_refused(void **state)
{
	struct sg_buf doc = { 0 }, alone = { 0 };
	struct sg_canon c = { 0 }, again = { 0 };
	struct sg_err err = SG_ERR_INIT;

	(void)state;
	sg_buf_str(&doc, "<a");
	for (int i = 10; i < 40; i++)
		sg_buf_fmt(&doc, " xmlns:n%d=\"urn:%d\"", i, i);
	sg_buf_str(&doc, "><b x=\"1\" y=\"2\"></b><b x=\"1\" y=\"2\" z=\"3\"></b></a>");
	assert_int_equal(sg_canon_read(sg_buf_bytes(&doc), &sg_xml_feed_limits, &c, NULL), 0);
	assert_int_equal(sg_canon_alone(c.root->first, &sg_xml_feed_limits, &alone, NULL), 0);
	assert_int_equal(sg_canon_read(sg_buf_bytes(&alone), &sg_xml_feed_limits, &again, NULL), 0);
	assert_int_equal(sg_canon_alone(c.root->first->next, &sg_xml_feed_limits, &alone, &err), SG_ELIMIT);
	assert_non_null(strstr(err.msg, "too many attributes"));
	sg_canon_release(&again);
	sg_canon_release(&c);
	sg_buf_release(&alone);
	sg_buf_release(&doc);
}

static void what_hides_a_namespace_is_neither_written_nor_counted(void **state)
{
	struct sg_buf doc = { 0 }, alone = { 0 };
	struct sg_canon c = { 0 }, again = { 0 };

	(void)state;
	sg_buf_str(&doc, "<a xmlns=\"urn:x\"");
	for (int i = 10; i < 40; i++)
		sg_buf_fmt(&doc, " xmlns:n%d=\"urn:%d\"", i, i);
	sg_buf_str(&doc, "><b xmlns=\"\" y=\"1\" z=\"1\"></b></a>");
	assert_int_equal(sg_canon_read(sg_buf_bytes(&doc), &sg_xml_feed_limits, &c, NULL), 0);
	assert_int_equal(sg_canon_alone(c.root->first, &sg_xml_feed_limits, &alone, NULL), 0);
	assert_null(strstr((char *)alone.data, "xmlns=\""));
	assert_int_equal(sg_canon_read(sg_buf_bytes(&alone), &sg_xml_feed_limits, &again, NULL), 0);
	sg_canon_release(&again);
	sg_canon_release(&c);
	sg_buf_release(&alone);
	sg_buf_release(&doc);
}

/* C14N 1.0 writes them; so bodies may have them that were signed and put in long ago. */
static void any_absolute_name_of_a_namespace_is_read(void **state)
{
	static const char *const names[] = { "http://user@h/", "http://[::1]/", "urn:a#[b]", "http://a%20b/",
		"http://h:123456/", "urn:x", "HTTP://X" };

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		char *text = sg_format("<a xmlns:p=\"%s\"></a>", names[i]);
		struct sg_canon c = { 0 };

		if (read_it(text, &c, NULL))
			fail_msg("%s", names[i]);
		assert_string_equal(c.root->declares->name, names[i]);
		sg_canon_release(&c);
		free(text);
	}
}

/* --- libxml2 reads the same */

static void put_text(struct sg_buf *out, bool value)
{
	static const char *const parts[] = { "x", " ", "\n", "\t", "&amp;", "&lt;", "&gt;", "&#13;", "&#10;",
		"&#9;", "\xc3\xa4", "'", "&quot;", ">", "\xe2\x82\xac" };

	for (size_t n = any(4); n-- > 0;) {
		const char *part = parts[any(sizeof parts / sizeof *parts)];

		sg_buf_str(out, value && *part == '\n' ? "&#10;" : part);
	}
}

static void put_element(struct sg_buf *out, int depth, unsigned scope)
{
	static const char *const names[] = { "a", "b", "Config", "\xc3\xa9" }, *const spaces[] = { "urn:a",
		"urn:b", "http://x.example/y?z=%20#f" };
	const char *name = names[any(4)];
	unsigned declared = (unsigned)any(8);
	char prefix[4] = "";

	scope |= declared & 3;
	if (scope && any(3) == 0)
		snprintf(prefix, sizeof prefix, "%c:", scope & 1 ? 'p' : 'q');
	sg_buf_fmt(out, "<%s%s", prefix, name);
	for (unsigned i = 0; i < 2; i++)
		if (declared & (1u << i))
			sg_buf_fmt(out, " xmlns:%c=\"%s\"", "pq"[i], spaces[any(3)]);
	if (declared & 4)
		sg_buf_fmt(out, " xmlns=\"%s\"", any(3) ? spaces[any(3)] : "");
	for (unsigned i = 0; i < 3; i++)
		if (any(3) == 0) {
			sg_buf_fmt(out, " %s=\"",
			        i == 2           ? "xml:lang"
			        : i && scope & 1 ? "p:z"
			        : i              ? "y"
			                         : "x");
			put_text(out, true);
			sg_buf_char(out, '"');
		}
	sg_buf_char(out, '>');
	put_text(out, false);
	for (size_t n = depth ? any(4) : 0; n-- > 0;) {
		put_element(out, depth - 1, scope);
		put_text(out, false);
	}
	sg_buf_fmt(out, "</%s%s>", prefix, name);
}

static void judge(struct sg_bytes octets, size_t *read)
{
	bool was_read;
	const char *wrong = canon_agree_document(octets, &was_read);

	if (wrong)
		fail_msg("%s: %.*s", wrong, (int)octets.len, (const char *)octets.data);
	*read += was_read;
}

static void every_canonical_form_is_read_as_libxml2_reads_it(void **state)
{
	size_t n = 0, read = 0;

	(void)state;
	for (size_t i = 0; i < 20000; i++) {
		struct sg_buf doc = { 0 }, octets = { 0 };

		put_element(&doc, 3, 0);
		if (as_canonical(sg_buf_bytes(&doc), &octets, NULL) == 0) {
			n++;
			judge(sg_buf_bytes(&octets), &read);
		}
		sg_buf_release(&doc);
		sg_buf_release(&octets);
	}
	assert_true(n > 15000);
	assert_int_equal(read, n);
}

static void whatever_is_read_is_canonical(void **state)
{
	static const char letters[] = "<>/\"'= &;:#\n\t\r-!?[]abpqxmlns\xc3\xa4\xef\xbf\x01";
	size_t read = 0, tried = 0;

	(void)state;
	for (size_t i = 0; i < 4000; i++) {
		struct sg_buf doc = { 0 }, octets = { 0 };

		put_element(&doc, 2, 0);
		for (size_t k = 0; k < 20 && as_canonical(sg_buf_bytes(&doc), &octets, NULL) == 0; k++) {
			for (size_t n = 1 + any(2); n-- > 0;) {
				size_t at = any(octets.len), from = any(octets.len);

				switch (any(4)) {
				case 0:
					octets.data[at] = (unsigned char)letters[any(sizeof letters - 1)];
					break;
				case 1: sg_buf_cut(&octets, at, 1 + any(octets.len - at)); break;
				case 2: {
					char *part = sg_strndup((char *)octets.data + from, 1 + any(20));

					sg_buf_insert(&octets, at, part, strlen(part));
					free(part);
					break;
				}
				default:
					sg_buf_insert(&octets, at, &letters[any(sizeof letters - 1)], 1);
					break;
				}
				if (!octets.len)
					break;
			}
			tried++;
			judge(sg_buf_bytes(&octets), &read);
		}
		sg_buf_release(&doc);
		sg_buf_release(&octets);
	}
	print_message("%zu of %zu changed documents are canonical, too\n", read, tried);
	assert_in_range(read, tried / 100, tried - tried / 4);
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
		cmocka_unit_test(elements_attributes_and_texts_are_found),
		cmocka_unit_test(what_is_not_canonical_is_refused),
		cmocka_unit_test(cut_anywhere_it_is_refused_and_nothing_outside_is_read),
		cmocka_unit_test(limits_are_those_of_the_prescan),
		cmocka_unit_test(what_is_alone_can_be_read_again_or_is_refused),
		cmocka_unit_test(what_hides_a_namespace_is_neither_written_nor_counted),
		cmocka_unit_test(any_absolute_name_of_a_namespace_is_read),
		cmocka_unit_test(every_canonical_form_is_read_as_libxml2_reads_it),
		cmocka_unit_test(whatever_is_read_is_canonical),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
