/* test_config_scan.c - what the two readers find, and what they refuse. */
#include "tests/lib/growth.h"
#include "actions/config_scan.h"
#include "base/xml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static struct sg_cfg scan(const char *doc)
{
	struct sg_err err = SG_ERR_INIT;
	struct sg_cfg cfg = { 0 };

	if (sg_cfg_scan(sg_bytes_of(doc), "web.config", &cfg, &err) < 0)
		fail_msg("%s", err.msg);
	return cfg;
}

static void refused(struct sg_bytes doc, int code, const char *says)
{
	struct sg_err err = SG_ERR_INIT;
	struct sg_cfg cfg = { 0 };

	assert_int_equal(sg_cfg_scan(doc, "web.config", &cfg, &err), code);
	if (!strstr(err.msg, says) || !strstr(err.msg, "web.config"))
		fail_msg("'%s' does not say '%s'", err.msg, says);
	assert_null(cfg.nodes);
}

static void every_octet_belongs_to_a_node(void **state)
{
	static const char doc[] = "\xef\xbb\xbf<?xml version='1.0'?>\r\n<!-- a --><configuration>\r\n <a x = "
	                          "'1'\r\n y=\"2\" />text&amp;<b></b>"
	                          "<![CDATA[<no>]]><?pi data?></configuration>\r\n<!-- end -->";
	struct sg_cfg cfg = scan(doc);
	size_t at = 3;
	uint32_t deep = cfg.root;

	(void)state;
	assert_true(cfg.bom);
	for (uint32_t n = cfg.nodes[0].first; n != UINT32_MAX; n = cfg.nodes[n].next) {
		assert_int_equal(cfg.nodes[n].at, at);
		at = cfg.nodes[n].end;
	}
	assert_int_equal(at, sizeof doc - 1);
	at = cfg.nodes[deep].open_end;
	for (uint32_t n = cfg.nodes[deep].first; n != UINT32_MAX; n = cfg.nodes[n].next) {
		assert_int_equal(cfg.nodes[n].at, at);
		at = cfg.nodes[n].end;
	}
	assert_int_equal(at, cfg.nodes[deep].close_at);
	sg_cfg_release(&cfg);
}

static void values_are_decoded_as_xml_says(void **state)
{
	struct sg_cfg cfg = scan("<a x='&lt;&#65;&#x42;&amp;&quot;\"&apos;' y=\"1\r\n2\t3\n\r4\" z='a>b' "
	                         "e='&#xE4;&#x20AC;&#x1F600;' n=\"&#xD;&#xA;\"/>");

	(void)state;
	assert_string_equal(sg_cfg_attr(&cfg, cfg.root, "x"), "<AB&\"\"'");
	assert_string_equal(sg_cfg_attr(&cfg, cfg.root, "y"), "1 2 3  4");
	assert_string_equal(sg_cfg_attr(&cfg, cfg.root, "z"), "a>b");
	assert_string_equal(sg_cfg_attr(&cfg, cfg.root, "e"), "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80");
	assert_string_equal(sg_cfg_attr(&cfg, cfg.root, "n"), "\r\n");
	assert_null(sg_cfg_attr(&cfg, cfg.root, "X"));
	sg_cfg_release(&cfg);
}

static void lookalikes_in_comments_and_cdata_are_no_elements(void **state)
{
	struct sg_cfg cfg =
	        scan("<configuration><!-- <system.webServer><rules> --><a><![CDATA[<system.webServer>]]></a>"
	             "<system.webServer/></configuration>");
	uint32_t n = sg_cfg_first_element(&cfg, cfg.root);

	(void)state;
	assert_true(sg_cfg_is(&cfg, n, "a"));
	n = sg_cfg_next_element(&cfg, n);
	assert_true(sg_cfg_is(&cfg, n, "system.webServer"));
	assert_true(cfg.nodes[n].self_closed);
	assert_int_equal(sg_cfg_next_element(&cfg, n), UINT32_MAX);
	sg_cfg_release(&cfg);
}

static void lines_are_counted_for_every_end_of_line(void **state)
{
	static const char *const docs[] = { "<a>\n\n<b/></a>", "<a>\r\n\r\n<b/></a>", "<a>\r\r<b/></a>",
		"<a>\r\n\r<b/></a>" };

	(void)state;
	for (size_t i = 0; i < sizeof docs / sizeof *docs; i++) {
		struct sg_cfg cfg = scan(docs[i]);

		assert_int_equal(cfg.nodes[sg_cfg_first_element(&cfg, cfg.root)].line, 3);
		sg_cfg_release(&cfg);
	}
}

static void the_style_is_that_of_most_lines(void **state)
{
	static const struct {
		const char *doc, *newline, *indent;
	} cases[] = {
		{ "<a/>", "\r\n", "    " },
		{ "<a>\n\t<b>\n\t\t<c/>\n\t</b>\n</a>\n", "\n", "\t" },
		{ "<a>\r\n  <b>\r\n    <c/>\n  </b>\r\n</a>", "\r\n", "  " },
		{ "<a>\r   <b/>\r</a>\r", "\r", "   " },
		{ "<a>\n  <b/>\n    <c><d/></c>\n  <e/>\n</a>", "\n", "  " },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct sg_cfg cfg = scan(cases[i].doc);

		assert_string_equal(cfg.newline, cases[i].newline);
		assert_string_equal(cfg.indent, cases[i].indent);
		sg_cfg_release(&cfg);
	}
}

static void what_is_ill_formed_is_refused_with_its_line(void **state)
{
	static const char *const docs[] = {
		"<a>\n</b>",
		"<a>\n<b></a>",
		"<a/>\n<b/>",
		"<a\n x=1/>",
		"<a/>\n]]>",
		"<a>\n&nbsp;</a>",
		"<a>\n<b x='&#0;'/></a>",
		"<a>\n<b x='1' x='2'/></a>",
		"<a>\n<!-- -- --></a>",
		"<a>\n<1b/></a>",
		"<a>\n<p:b/></a>",
		"<a>\n<b x='1'y='2'/></a>",
		"<a>\nx]]>y</a>",
		"<a>\n<?xml version='1.0'?></a>",
		"<a>\n<b x='<'/></a>",
		"<a>\n< b/></a>",
		"<a>\n<b/ ></a>",
		"<a>\n\x01</a>",
		"<a>\n<b x='&amp'/></a>",
		"<a>\n<!-- no end",
		"<a>\n<b x='1",
		"<a>\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof docs / sizeof *docs; i++) {
		struct sg_err err = SG_ERR_INIT;
		struct sg_cfg cfg = { 0 };

		if (sg_cfg_scan(sg_bytes_of(docs[i]), "web.config", &cfg, &err) != SG_EPARSE)
			fail_msg("%s: %s", docs[i], err.msg);
		if (!strstr(err.msg, "web.config") || (!strstr(err.msg, ":2:") && !strstr(err.msg, "line 2")))
			fail_msg("'%s' does not name line 2 of %s", err.msg, docs[i]);
	}
	refused(sg_bytes_of(""), SG_EPARSE, "empty");
	refused((struct sg_bytes){ (const unsigned char *)"<a>\0</a>", 8 }, SG_EPARSE, "NUL");
	refused(sg_bytes_of("<a>\xc3(</a>"), SG_EPARSE, "UTF-8");
}

static void what_is_not_edited_on_purpose_says_why(void **state)
{
	(void)state;
	refused((struct sg_bytes){ (const unsigned char *)"\xff\xfe<\0a\0/\0>\0", 10 }, SG_EUNSUPPORTED,
	        "UTF-16");
	refused(sg_bytes_of("<?xml version='1.0' encoding='gb2312'?><a/>"), SG_EUNSUPPORTED, "UTF-8");
	refused(sg_bytes_of("<!DOCTYPE a><a/>"), SG_EUNSUPPORTED, "DOCTYPE");
	refused(sg_bytes_of("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"), SG_EUNSUPPORTED, "DOCTYPE");
}

static void odd_but_well_formed_xml_is_read_alike(void **state)
{
	static const char *const docs[] = {
		"<a xmlns='u' xmlns:p='v' p:x='1' x='2'><p:b xmlns:p=''  /></a>", /* refused: an empty prefix binding is ill-formed */
		"<a xmlns='u' xmlns:p='v' p:x='1' x='2'><p:b xmlns=''/></a>",
		"<a x='\r\n\r\n'>\r\n&#13;&#10;\r]] &gt;<![CDATA[\r\n&amp;]]>\r\n</a>",
		"<!--a\r\nb--><?p  q\r\nr ?><?s?><a><!----></a><!--\r-->\r\n<?t u?>",
		"<a>&#x1F600;\xf0\x9f\x98\x80 &lt;b&gt;</a >",
		"<\xc3\xa4 \xc3\xb6='\xc3\xbc'/>",
		"<a><![CDATA[]]><![CDATA[x]]]]><![CDATA[>]]></a>",
	};

	(void)state;
	for (size_t i = 1; i < sizeof docs / sizeof *docs; i++) {
		struct sg_cfg cfg = scan(docs[i]);

		sg_cfg_release(&cfg);
	}
	refused(sg_bytes_of(docs[0]), SG_EPARSE, "xmlns");
}

static void equal_means_the_same_events(void **state)
{
	static const struct {
		const char *a, *b;
		bool same;
	} cases[] = {
		{ "<a x='1' y='2'/>", "<a\n y = \"2\"\tx=\"&#49;\"></a>", true },
		{ "<a><b/><c/></a>", "<a>\r\n  <b />\r\n  <!-- c -->\r\n  <c></c>\r\n</a>", true },
		{ "<a>x&amp;y</a>", "<a><![CDATA[x&y]]></a>", true },
		{ "<a>x</a>", "<a>x </a>", false },
		{ "<a><b/><c/></a>", "<a><c/><b/></a>", false },
		{ "<a><b/></a>", "<a><b/><b/></a>", false },
		{ "<a x='1'/>", "<a X='1'/>", false },
		{ "<a x='1'/>", "<a x='1' y=''/>", false },
		{ "<a/>", "<b/>", false },
		{ "<a>x<b/></a>", "<a><b/>x</a>", false },
		{ "<a", "<b", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		if (sg_cfg_same_octets(sg_bytes_of(cases[i].a), sg_bytes_of(cases[i].b)) != cases[i].same)
			fail_msg("%s and %s", cases[i].a, cases[i].b);
}

static void read_sites(size_t bytes)
{
	struct sg_buf doc = { 0 };
	struct sg_cfg cfg = { 0 };
	size_t sites = 0;

	sg_buf_str(&doc, "<configuration>\r\n    <sites>\r\n");
	for (; doc.len < bytes; sites++)
		sg_buf_fmt(&doc,
		        "        <site name=\"Site %zu\" id=\"%zu\">\r\n            <application path=\"/\" "
		        "applicationPool=\"P &amp; %zu\" />\r\n        </site>\r\n",
		        sites, sites, sites);
	sg_buf_str(&doc, "    </sites>\r\n</configuration>\r\n");
	assert_int_equal(sg_cfg_scan(sg_buf_bytes(&doc), "big", &cfg, NULL), 0);
	assert_true(cfg.n_attrs == sites * 4);
	sg_cfg_release(&cfg);
	sg_buf_release(&doc);
}

static void ten_megabytes_are_read_in_linear_time(void **state)
{
	(void)state;
	assert_linear(read_sites, 10u << 20);
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
		cmocka_unit_test(every_octet_belongs_to_a_node),
		cmocka_unit_test(values_are_decoded_as_xml_says),
		cmocka_unit_test(lookalikes_in_comments_and_cdata_are_no_elements),
		cmocka_unit_test(lines_are_counted_for_every_end_of_line),
		cmocka_unit_test(the_style_is_that_of_most_lines),
		cmocka_unit_test(what_is_ill_formed_is_refused_with_its_line),
		cmocka_unit_test(what_is_not_edited_on_purpose_says_why),
		cmocka_unit_test(odd_but_well_formed_xml_is_read_alike),
		cmocka_unit_test(equal_means_the_same_events),
		cmocka_unit_test(ten_megabytes_are_read_in_linear_time),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
