/* test_base_xml.c - what the prescan refuses, what the parser gives, and canonical octets. */
#include "base/os.h"
#include "tests/lib/canon_reference.h"
#include "tests/lib/growth.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static int prescan(struct sg_bytes doc, const struct sg_xml_limits *limits, struct sg_err *err)
{
	sg_err_clear(err);
	return sg_xml_prescan(doc, limits, err);
}

static void assert_refused(const char *doc, const struct sg_xml_limits *limits, int code, const char *says)
{
	struct sg_err err = SG_ERR_INIT;
	xmlDoc *tree = NULL;

	assert_int_equal(prescan(sg_bytes_of(doc), limits, &err), code);
	if (!strstr(err.msg, says))
		fail_msg("\"%s\" does not say \"%s\"", err.msg, says);
	sg_err_clear(&err);
	assert_int_equal(sg_xml_parse(sg_bytes_of(doc), "a file", limits, &tree, &err), code);
	assert_int_equal(strncmp(err.msg, "a file: ", 8), 0);
	assert_null(tree);
}

static void ordinary_documents_pass(void **state)
{
	static const char *const docs[] = { "<a/>",
		"\xef\xbb\xbf<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<a b='x>y'>t</a>\r\n",
		"<?xml version='1.0' encoding='us-ascii' standalone='yes'?><a><!-- <b> --><c d=\"'\"/></a >",
		"<?xml version=\"1.0\"?><\xc3\xa4/>", "<a b=\"1\"\n\tc='2' ></a>" };
	struct sg_err err = SG_ERR_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof docs / sizeof *docs; i++) {
		xmlDoc *tree = NULL;

		assert_int_equal(prescan(sg_bytes_of(docs[i]), &sg_xml_feed_limits, &err), 0);
		assert_int_equal(
		        sg_xml_parse(sg_bytes_of(docs[i]), "x", &sg_xml_feed_limits, &tree, &err), 0);
		xmlFreeDoc(tree);
	}
	assert_int_equal(
	        prescan(sg_bytes_of("<a><?pi x?><![CDATA[<b>]]></a>"), &sg_xml_config_limits, &err), 0);
}

static void mark_up_that_is_dangerous_is_refused(void **state)
{
	const struct sg_xml_limits *feed = &sg_xml_feed_limits, *config = &sg_xml_config_limits;

	(void)state;
	assert_refused("<!DOCTYPE a><a/>", config, SG_EUNSUPPORTED, "line 1, column 1: a document type");
	assert_refused("<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>", feed, SG_EUNSUPPORTED, "DOCTYPE");
	assert_refused("<a>\n  \xc3\xa4<!ENTITY x \"y\"></a>", config, SG_EPARSE, "line 2, column 4");
	assert_refused("<a><![CDATA[x]]></a>", feed, SG_EUNSUPPORTED, "CDATA");
	assert_refused("<a><?x y?></a>", feed, SG_EUNSUPPORTED, "processing instructions");
	assert_refused("<?xml-stylesheet href='x'?><a/>", feed, SG_EUNSUPPORTED, "processing instructions");
	assert_refused("<a/><?xml version='1.0'?>", feed, SG_EUNSUPPORTED, "processing instructions");
}

static void encodings_other_than_utf8_are_refused(void **state)
{
	const struct sg_xml_limits *config = &sg_xml_config_limits;
	struct sg_err err = SG_ERR_INIT;

	(void)state;
	assert_refused(
	        "<?xml version=\"1.0\" encoding=\"iso-8859-1\"?><a/>", config, SG_EUNSUPPORTED, "UTF-8");
	assert_refused("<?xml version=\"1.0\" encoding='UTF-7'?><a/>", config, SG_EUNSUPPORTED, "UTF-8");
	assert_refused("<?xml version=\"1.0\" encoding = \"UTF-16\"?><a/>", config, SG_EUNSUPPORTED, "UTF-8");
	/* its name, and not the first octet that is strange: a file that Windows' own tools saved as they do */
	assert_refused("<?xml version=\"1.0\" encoding=\"windows-1252\"?><a>\xe4</a>", config,
	        SG_EUNSUPPORTED,
	        "line 1, column 1: the encoding is not UTF-8 but windows-1252: only UTF-8 is read");
	assert_refused("<?xml version=\"1.0\" encoding=\"a\x01\"?><a/>", config, SG_EUNSUPPORTED,
	        "the encoding is not UTF-8: only");
	assert_refused(
	        "<?xml version=\"1.0\" encoding=\"utf-8\"?><a>\xe4</a>", config, SG_EPARSE, "not UTF-8");
	assert_refused("<a>\n\xc0\xbc</a>", config, SG_EPARSE, "line 2, column 1");
	assert_refused("<a>\xe4</a>", config, SG_EPARSE, "not UTF-8");
	assert_int_equal(
	        prescan((struct sg_bytes){ (const unsigned char *)"\xff\xfe<\0a\0/\0>\0", 10 }, config, &err),
	        SG_EUNSUPPORTED);
	assert_int_equal(
	        prescan((struct sg_bytes){ (const unsigned char *)"\xfe\xff\0<\0a\0/\0>", 10 }, config, &err),
	        SG_EUNSUPPORTED);
	assert_int_equal(prescan((struct sg_bytes){ (const unsigned char *)"<\0a\0/\0>\0", 8 }, config, &err),
	        SG_EUNSUPPORTED);
	assert_non_null(strstr(err.msg, "UTF-16"));
	assert_int_equal(
	        prescan((struct sg_bytes){ (const unsigned char *)"<a>\0</a>", 8 }, config, &err), SG_EPARSE);
	assert_non_null(strstr(err.msg, "line 1, column 4: there is a NUL"));
}

static void broken_documents_are_refused_with_their_place(void **state)
{
	const struct sg_xml_limits *config = &sg_xml_config_limits;

	(void)state;
	assert_refused("", config, SG_EPARSE, "empty");
	assert_refused("   \n", config, SG_EPARSE, "no element");
	assert_refused("<a>", config, SG_EPARSE, "ends inside");
	assert_refused("<a>\n</b></a>", config, SG_EPARSE, "closes nothing");
	assert_refused("<a b=\"1></a>", config, SG_EPARSE, "'<' inside of an attribute");
	assert_refused("<a <b/>", config, SG_EPARSE, "'<' inside of a tag");
	assert_refused("<a><!-- ", config, SG_EPARSE, "comment has no end");
	assert_refused("<a><![CDATA[ ", config, SG_EPARSE, "CDATA section has no end");
	assert_refused("<a", config, SG_EPARSE, "tag has no end");
	assert_refused("<?xml version=\"1.0\"", config, SG_EPARSE, "declaration has no end");
}

static void the_parser_refuses_what_the_prescan_cannot_know(void **state)
{
	static const char *const docs[] = { "<a>\n</b>", "<a>\n<b c='1' c='2'/></a>", "<a>\n<x:b/></a>",
		"<a>\n&nbsp;</a>", "<a>\n& </a>", "<a></a>\n<b/>", "<a>\n<!-- -- --></a>" };

	(void)state;
	for (size_t i = 0; i < sizeof docs / sizeof *docs; i++) {
		struct sg_err err = SG_ERR_INIT;
		xmlDoc *tree = NULL;

		assert_int_equal(
		        sg_xml_parse(sg_bytes_of(docs[i]), "web.config", &sg_xml_config_limits, &tree, &err),
		        SG_EPARSE);
		assert_int_equal(strncmp(err.msg, "web.config: line 2, column ", 27), 0);
		assert_null(tree);
	}
}

static void fill(struct sg_buf *doc, const char *head, const char *part, size_t n, const char *tail)
{
	sg_buf_set(doc, head, strlen(head));
	for (size_t i = 0; i < n; i++)
		sg_buf_str(doc, part);
	sg_buf_str(doc, tail);
}

static void limits_are_exact(void **state)
{
	struct sg_xml_limits few = {
		.bytes = 100, .tag_bytes = 20, .attributes = 2, .depth = 3, .nodes = 4, .allow_comment = true
	};
	struct sg_err err = SG_ERR_INIT;
	struct sg_buf doc = { 0 };

	(void)state;
	assert_int_equal(prescan(sg_bytes_of("<a b='' c=''/>"), &few, &err), 0);
	assert_int_equal(prescan(sg_bytes_of("<a b='' c='' d=''/>"), &few, &err), SG_ELIMIT);
	assert_int_equal(prescan(sg_bytes_of("<a><a><a></a></a></a>"), &few, &err), 0);
	assert_int_equal(prescan(sg_bytes_of("<a><a><a><a/></a></a></a>"), &few, &err), SG_ELIMIT);
	assert_int_equal(prescan(sg_bytes_of("<a><a/><a/><a/></a>"), &few, &err), 0);
	assert_int_equal(prescan(sg_bytes_of("<a><a/><a/><a/><a/></a>"), &few, &err), SG_ELIMIT);
	assert_int_equal(prescan(sg_bytes_of("<a b=''><a b=''/></a>"), &few, &err), 0);
	assert_int_equal(prescan(sg_bytes_of("<a b=''><a b=''/><a/></a>"), &few, &err), SG_ELIMIT);
	assert_int_equal(prescan(sg_bytes_of("<a b=''><!----><!----></a>"), &few, &err), 0);
	assert_int_equal(prescan(sg_bytes_of("<a b=''><!----><!----><a/></a>"), &few, &err), SG_ELIMIT);
	assert_int_equal(prescan(sg_bytes_of("<a23456789 123456 />"), &few, &err), 0);
	assert_int_equal(prescan(sg_bytes_of("<a23456789 1234567 />"), &few, &err), SG_ELIMIT);
	assert_int_equal(prescan(sg_bytes_of("<a b='0123456789abcdefghij'/>"), &few, &err), SG_ELIMIT);
	fill(&doc, "<a>", "x", 93, "</a>");
	assert_int_equal(prescan(sg_buf_bytes(&doc), &few, &err), 0);
	fill(&doc, "<a>", "x", 94, "</a>");
	assert_int_equal(prescan(sg_buf_bytes(&doc), &few, &err), SG_ELIMIT);
	sg_buf_release(&doc);
}

static void many_attributes(size_t n)
{
	struct sg_xml_limits wide = sg_xml_feed_limits;
	struct sg_err err = SG_ERR_INIT;
	struct sg_buf doc = { 0 };

	sg_buf_str(&doc, "<a");
	for (size_t i = 0; i < n; i++)
		sg_buf_fmt(&doc, " a%zu=''", i);
	sg_buf_str(&doc, "/>");
	assert_int_equal(prescan(sg_buf_bytes(&doc), &sg_xml_feed_limits, &err), SG_ELIMIT);
	wide.tag_bytes = 4 << 20; /* so that the attributes are counted */
	sg_err_clear(&err);
	assert_int_equal(prescan(sg_buf_bytes(&doc), &wide, &err), SG_ELIMIT);
	assert_non_null(strstr(err.msg, "too many attributes"));
	sg_buf_release(&doc);
}

static void deep_and_open(size_t n)
{
	struct sg_err err = SG_ERR_INIT;
	struct sg_buf doc = { 0 };

	fill(&doc, "", "<a>", n, "");
	assert_int_equal(prescan(sg_buf_bytes(&doc), &sg_xml_feed_limits, &err), SG_ELIMIT);
	fill(&doc, "<a>", "<!--", n, "");
	assert_int_equal(prescan(sg_buf_bytes(&doc), &sg_xml_feed_limits, &err), SG_EPARSE);
	sg_buf_release(&doc);
}

static void hostile_documents_cost_little_time(void **state)
{
	(void)state;
	assert_linear(many_attributes, 100000);
	assert_linear(deep_and_open, 500000);
}

static void a_long_text_can_be_parsed(void **state)
{
	struct sg_err err = SG_ERR_INIT;
	struct sg_buf doc = { 0 };
	xmlDoc *tree = NULL;

	(void)state;
	/* 12 MB in all: longer than libxml2's look-ahead of 10 MB */
	fill(&doc, "<a>", "<add key=\"0123456789\"/>\r\n", 500000, "</a>");
	assert_int_equal(sg_xml_parse(sg_buf_bytes(&doc), "x", &sg_xml_config_limits, &tree, &err), 0);
	xmlFreeDoc(tree);
	sg_buf_release(&doc);
}

static xmlDoc *parse(const char *text)
{
	xmlDoc *tree = NULL;

	assert_int_equal(sg_xml_parse(sg_bytes_of(text), "x", &sg_xml_config_limits, &tree, NULL), 0);
	return tree;
}

static void the_helpers_find_elements_attributes_and_text(void **state)
{
	xmlDoc *tree =
	        parse("<r a='1' x:a='2' xmlns:x='urn:x'> t <b/> u <x:b> <!-- n --> v &lt; </x:b><c/></r>");
	xmlNode *root = xmlDocGetRootElement(tree), *b, *xb;
	char *s;

	(void)state;
	assert_true(sg_xml_is(root, NULL, "r"));
	assert_false(sg_xml_is(root, "urn:x", "r"));
	s = sg_xml_attr(root, NULL, "a");
	assert_string_equal(s, "1");
	free(s);
	s = sg_xml_attr(root, "urn:x", "a");
	assert_string_equal(s, "2");
	free(s);
	assert_null(sg_xml_attr(root, NULL, "b"));
	b = sg_xml_first(root);
	assert_true(sg_xml_is(b, NULL, "b"));
	assert_ptr_equal(sg_xml_child(root, NULL, "b"), b);
	xb = sg_xml_child(root, "urn:x", "b");
	assert_ptr_equal(sg_xml_next(b), xb);
	assert_true(sg_xml_is(xb, "urn:x", "b"));
	assert_false(sg_xml_is(xb, NULL, "b"));
	s = sg_xml_text(xb);
	assert_string_equal(s, "v <");
	free(s);
	s = sg_xml_text(b);
	assert_string_equal(s, "");
	free(s);
	assert_null(sg_xml_next(sg_xml_next(xb)));
	assert_null(sg_xml_child(root, NULL, "d"));
	xmlFreeDoc(tree);
}

static void octets_of_an_element_stand_alone(void **state)
{
	xmlDoc *tree = parse("<r xmlns='urn:d' xmlns:u='urn:u' xml:lang='en' q='1'><!-- c --><a  z='1' "
	                     "b=\"2\" u:k='3'>t<!-- c --><e/>"
	                     "&#65;&amp;</a><o/></r>");
	struct sg_err err = SG_ERR_INIT;
	struct sg_buf out = { 0 };
	xmlDoc *again;

	(void)state;
	assert_int_equal(sg_xml_octets(sg_xml_first(xmlDocGetRootElement(tree)), &out, &err), 0);
	/* C14N orders attributes by namespace name, then by local name */
	assert_string_equal((char *)out.data, "<a xmlns=\"urn:d\" xmlns:u=\"urn:u\" b=\"2\" z=\"1\" "
	                                      "xml:lang=\"en\" u:k=\"3\">t<e></e>A&amp;</a>");
	again = parse((char *)out.data);
	assert_true(sg_xml_is(xmlDocGetRootElement(again), "urn:d", "a"));
	xmlFreeDoc(again);
	xmlFreeDoc(tree);
	sg_buf_release(&out);
}

/* libxml2's own form of the whole document, and of each part of it made a document by the text of its octets. */
static void octets_are_those_that_libxml2_writes(void **state)
{
	static const char *const docs[] = {
		"<a/>",
		"<a><!-- x --><b/>t<!-- y -->u</a>",
		"<?xml version='1.0' encoding='UTF-8'?>\n<a>\n\t<b c='d'/>\n</a>\n",
		"<a z='1' y='2' x='3' b:y='4' b:x='5' xmlns:b='urn:b' xmlns:a='urn:c' a:q='6'/>",
		"<a "
		"b='&lt;&gt;&amp;&quot;&apos;&#9;&#10;&#13;&#x1F600;'>&lt;&gt;&amp;&quot;&apos;&#9;&#10;&#13;"
		"</a>",
		"<a b='\n\t  x \r\n'>\r\n x \r y</a>",
		"<a xmlns='urn:1'><b xmlns=''><c xmlns='urn:1'/></b><d xmlns='urn:1'/></a>",
		"<a xmlns:p='urn:1'><p:b xmlns:p='urn:2'><p:c/></p:b><p:d xmlns:p='urn:1'/></a>",
		"<p:a xmlns:p='urn:1' xmlns='urn:1' xmlns:b='urn:0'><b:x b:y='' p:y='' y=''/></p:a>",
		"<a xml:lang='en' xml:space='preserve' q=''><b xml:lang='de'/></a>",
		"<a xmlns=''><b xmlns=''/></a>",
		"<a>\xc3\xa4\xe2\x82\xac<b \xc3\xa4='\xc3\xa4'/></a>",
	};

	(void)state;
	for (size_t i = 0; i < sizeof docs / sizeof *docs; i++) {
		struct sg_buf ours = { 0 }, theirs = { 0 };
		xmlDoc *tree = parse(docs[i]), *again;

		assert_true(canon_reference(tree, &theirs));
		assert_int_equal(sg_xml_octets(xmlDocGetRootElement(tree), &ours, NULL), 0);
		assert_string_equal((char *)ours.data, (char *)theirs.data);
		for (xmlNode *n = sg_xml_first(xmlDocGetRootElement(tree)); n; n = sg_xml_next(n)) {
			assert_int_equal(sg_xml_octets(n, &ours, NULL), 0);
			again = parse(
			        (char *)ours.data); /* what is in scope came along: its form is itself */
			assert_true(canon_reference(again, &theirs));
			assert_string_equal((char *)ours.data, (char *)theirs.data);
			xmlFreeDoc(again);
		}
		xmlFreeDoc(tree);
		sg_buf_release(&ours);
		sg_buf_release(&theirs);
	}
}

static void a_namespace_whose_name_needs_escapes_has_no_octets(void **state)
{
	xmlDoc *tree = parse("<a xmlns:b='urn:x&amp;y'/>");
	struct sg_buf out = { 0 };

	(void)state;
	assert_int_equal(sg_xml_octets(xmlDocGetRootElement(tree), &out, NULL), SG_EPARSE);
	xmlFreeDoc(tree);
}

static void a_relative_namespace_has_no_octets(void **state)
{
	static const char *const docs[] = { "<a xmlns='1'/>", "<a><b xmlns:c='x/y'/></a>" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		xmlDoc *tree = parse(docs[i]);
		struct sg_err err = SG_ERR_INIT;
		struct sg_buf out = { 0 };

		assert_false(canon_reference(tree, &out));
		assert_int_equal(sg_xml_octets(xmlDocGetRootElement(tree), &out, &err), SG_EPARSE);
		assert_null(out.data);
		xmlFreeDoc(tree);
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
		cmocka_unit_test(ordinary_documents_pass),
		cmocka_unit_test(mark_up_that_is_dangerous_is_refused),
		cmocka_unit_test(encodings_other_than_utf8_are_refused),
		cmocka_unit_test(broken_documents_are_refused_with_their_place),
		cmocka_unit_test(the_parser_refuses_what_the_prescan_cannot_know),
		cmocka_unit_test(limits_are_exact),
		cmocka_unit_test(hostile_documents_cost_little_time),
		cmocka_unit_test(a_long_text_can_be_parsed),
		cmocka_unit_test(the_helpers_find_elements_attributes_and_text),
		cmocka_unit_test(octets_of_an_element_stand_alone),
		cmocka_unit_test(octets_are_those_that_libxml2_writes),
		cmocka_unit_test(a_relative_namespace_has_no_octets),
		cmocka_unit_test(a_namespace_whose_name_needs_escapes_has_no_octets),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
