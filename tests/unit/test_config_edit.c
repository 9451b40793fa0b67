/* test_config_edit.c - byte-preserving edits, one quirk of real files each (P6, P7, P10). */
#include "base/xml.h"
#include "tests/lib/edit_lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define TOP "/configuration/system.webServer"

static void same_text(const struct sg_buf *is, const char *wanted)
{
	if (!sg_bytes_is(sg_buf_bytes(is), wanted))
		fail_msg("is:\n%s\nwanted:\n%s", is->data ? (const char *)is->data : "", wanted);
}

static void apply(struct lab *lab, unsigned who)
{
	if (lab_apply(lab, who, lab_mitigations[who].values, lab_mitigations[who].n) < 0)
		fail_msg("%s\nin:\n%s", lab->err.msg, lab->file.data);
}

static void end(struct lab *lab, unsigned who)
{
	if (lab_end(lab, who) < 0)
		fail_msg("%s\nin:\n%s", lab->err.msg, lab->file.data);
}

/* Every order of applying the three, and every order of ending them. */
static void gives_back(const char *doc)
{
	for (size_t in = 0; in < 6; in++)
		for (size_t out = 0; out < 6; out++) {
			struct lab lab;

			lab_init(&lab, sg_bytes_of(doc));
			for (size_t i = 0; i < 3; i++)
				apply(&lab, lab_orders[in][i]);
			assert_non_null(strstr((const char *)lab.file.data, "stopgap A"));
			assert_non_null(strstr((const char *)lab.file.data, "stopgap B out"));
			assert_non_null(strstr((const char *)lab.file.data, "stopgap C"));
			for (size_t i = 0; i < 3; i++)
				end(&lab, lab_orders[out][i]);
			same_text(&lab.file, doc);
			lab_release(&lab);
		}
}

static void becomes(const char *doc, unsigned who, const char *wanted)
{
	struct lab lab;

	lab_init(&lab, sg_bytes_of(doc));
	apply(&lab, who);
	same_text(&lab.file, wanted);
	end(&lab, who);
	same_text(&lab.file, doc);
	lab_release(&lab);
}

static struct sg_addr at(enum sg_value_kind kind, const char *path)
{
	return (struct sg_addr){ kind, sg_strdup("C:\\web.config"), sg_strdup(path) };
}

/* Sets one value; gives the code. `octets` NULL: absent. */
static int set(struct sg_buf *file, enum sg_value_kind kind, const char *path, const char *octets,
        enum sg_edit_result *result, struct sg_err *err)
{
	struct sg_addr addr = at(kind, path);
	struct sg_content to = { .present = octets };
	int rc;

	if (octets)
		sg_buf_str(&to.octets, octets);
	rc = sg_cfg_set(file, "web.config", &addr, &to, NULL, result, err);
	sg_content_release(&to);
	sg_addr_release(&addr);
	return rc;
}

static void a_byte_order_mark_and_crlf_stay(void **state)
{
	(void)state;
	gives_back("\xef\xbb\xbf<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<configuration>\r\n    "
	           "<system.webServer>\r\n        <rewrite>\r\n"
	           "            <rules>\r\n                <clear />\r\n                <rule "
	           "name=\"x\"><match url=\".*\" /></rule>\r\n"
	           "            </rules>\r\n        </rewrite>\r\n    "
	           "</system.webServer>\r\n</configuration>\r\n");
}

static void bare_carriage_returns_stay(void **state)
{
	(void)state;
	gives_back("<configuration>\r  <system.webServer>\r  </system.webServer>\r</configuration>\r");
}

static void mixed_newlines_are_continued_as_the_neighbours_have_them(void **state)
{
	(void)state;
	becomes("<configuration>\r\n  <a/>\r\n  <b/>\r\n  <system.webServer>\n    <rewrite>\n      <rules>\n "
	        "     </rules>\n    </rewrite>\n"
	        "  </system.webServer>\r\n</configuration>",
	        0,
	        "<configuration>\r\n  <a/>\r\n  <b/>\r\n  <system.webServer>\n    <rewrite>\n      <rules>\n"
	        "        <rule name=\"stopgap A\" stopProcessing=\"true\">\n          <match url=\".*\"/>\n  "
	        "        <conditions>\n"
	        "            <add input=\"{UrlDecode:{REQUEST_URI}}\" pattern=\"(?=.*a>b)(?=.*&amp;)\"/>\n   "
	        "       </conditions>\n"
	        "          <action type=\"CustomResponse\" statusCode=\"403\"/>\n        </rule>\n      "
	        "</rules>\n    </rewrite>\n"
	        "  </system.webServer>\r\n</configuration>");
	gives_back("<configuration>\n  <a>\r\n  </a>\r  "
	           "<system.webServer>\r\n\n\r</system.webServer>\r\n\n</configuration>\r");
}

static void tabs_are_continued(void **state)
{
	(void)state;
	becomes("<configuration>\n\t<a />\n</configuration>", 2,
	        "<configuration>\n\t<a />\n\t<location path=\".\" "
	        "inheritInChildApplications=\"false\">\n\t\t<system.webServer>\n\t\t\t<rewrite>\n"
	        "\t\t\t\t<rules>\n\t\t\t\t\t<rule name=\"stopgap C\">\n\t\t\t\t\t\t<match url=\"c\" "
	        "/>\n\t\t\t\t\t\t<action type=\"AbortRequest\" />\n"
	        "\t\t\t\t\t</rule>\n\t\t\t\t</rules>\n\t\t\t</rewrite>\n\t\t</system.webServer>\n\t</"
	        "location>\n</configuration>");
	gives_back("<configuration>\n\t<system.webServer>\n\t    <rewrite>\n\t\t</rewrite>\n  "
	           "</system.webServer>\n</configuration>");
}

static void single_quotes_and_odd_tags_stay(void **state)
{
	(void)state;
	gives_back("<?xml version='1.0'?>\n<configuration >\n  <system.webServer\n    x = 'a>b'\n  >\n    "
	           "<rewrite ><rules  >\n"
	           "<rule name='y' ><match url='\"'/><match\nurl='&#xD;&#xA;'   /></rule "
	           ">\n</rules\n></rewrite></system.webServer>\n</configuration\n>");
}

static void comments_with_lookalikes_are_no_places(void **state)
{
	(void)state;
	gives_back(
	        "<!-- <configuration><system.webServer/> -->\n<configuration>\n  <!-- "
	        "<system.webServer><rewrite><rules> -->\n  <system.webServer>\n"
	        "    <!--</system.webServer>-->\n    <rewrite>\n      <rules><!-- first -->\n        <!-- "
	        "<rule name=\"stopgap A\"> -->\n"
	        "        <clear/> <!-- all off -->\n        <remove name='r'/>\n        <!-- ours -->\n      "
	        "  <rule name='x'/>\n      </rules> <!-- end -->\n"
	        "    </rewrite>\n  </system.webServer>\n  <!-- tail -->\n</configuration>\n<!-- after -->");
}

static void self_closed_elements_are_opened_and_shut_again(void **state)
{
	(void)state;
	gives_back("<configuration/>");
	gives_back("<configuration />\n");
	gives_back("<?xml version=\"1.0\"?>\r\n<configuration   />");
	gives_back("<configuration>\n  <system.webServer/>\n</configuration>");
	gives_back("<configuration>\n  <system.webServer>\n    <rewrite>\n      <rules />\n      "
	           "<outboundRules\n/>\n    </rewrite>\n  </system.webServer>\n"
	           "  <location path=\".\" inheritInChildApplications=\"false\" />\n</configuration>");
	becomes("<configuration>\n  <system.webServer>\n    <rewrite>\n      <rules />\n    </rewrite>\n  "
	        "</system.webServer>\n  <system.webServer />\n</configuration>",
	        0,
	        "<configuration>\n  <system.webServer>\n    <rewrite>\n      <rules>\n        <rule "
	        "name=\"stopgap A\" stopProcessing=\"true\">\n"
	        "          <match url=\".*\" />\n          <conditions>\n"
	        "            <add input=\"{UrlDecode:{REQUEST_URI}}\" pattern=\"(?=.*a>b)(?=.*&amp;)\" />\n  "
	        "        </conditions>\n"
	        "          <action type=\"CustomResponse\" statusCode=\"403\" />\n        </rule>\n      "
	        "</rules>\n    </rewrite>\n  </system.webServer>\n"
	        "  <system.webServer />\n</configuration>");
}

static void empty_elements_with_two_tags_come_back(void **state)
{
	(void)state;
	gives_back("<configuration></configuration>");
	gives_back("<configuration>\n  "
	           "<system.webServer><rewrite></rewrite></system.webServer>\n</configuration>\n");
	gives_back("<configuration>\n  <system.webServer>\n    <rewrite>\n      <rules></rules>\n      "
	           "<outboundRules> </outboundRules>\n    </rewrite>\n"
	           "  </system.webServer>\n</configuration>\n");
}

static void a_file_in_one_line_stays_in_one_line(void **state)
{
	(void)state;
	becomes("<configuration><system.webServer><rewrite><rules><rule "
	        "name='x'/></rules></rewrite></system.webServer></configuration>",
	        0,
	        "<configuration><system.webServer><rewrite><rules><rule name=\"stopgap A\" "
	        "stopProcessing=\"true\"><match url=\".*\"/><conditions>"
	        "<add input=\"{UrlDecode:{REQUEST_URI}}\" pattern=\"(?=.*a>b)(?=.*&amp;)\"/></conditions>"
	        "<action type=\"CustomResponse\" statusCode=\"403\"/></rule><rule "
	        "name='x'/></rules></rewrite></system.webServer></configuration>");
	gives_back("<configuration><a/></configuration>");
	gives_back("<?xml "
	           "version=\"1.0\"?>\n<configuration><system.webServer><rewrite/></system.webServer></"
	           "configuration>\n");
	gives_back("<configuration> <system.webServer> </system.webServer> </configuration>");
}

static void blank_lines_and_trailing_blanks_stay(void **state)
{
	(void)state;
	gives_back("<configuration>   \n\n  \n  <system.webServer>   \n\n\n    <rewrite>  \t\n      <rules>  "
	           "   \n\n      </rules>  \n    </rewrite>\n   \n"
	           "  </system.webServer>   \n\n</configuration>   \n\n\n");
}

static void two_top_level_sections_count_as_one(void **state)
{
	(void)state;
	gives_back("<configuration>\r\n  <system.webServer>\r\n    <rewrite>\r\n      <rules>\r\n        "
	           "<rule name='x'/>\r\n      </rules>\r\n    </rewrite>\r\n"
	           "  </system.webServer>\r\n  <system.web/>\r\n  <system.webServer>\r\n    <handlers/>\r\n  "
	           "</system.webServer>\r\n</configuration>");
	gives_back("<configuration>\n  <system.webServer>\n  </system.webServer>\n  <system.webServer>\n  "
	           "</system.webServer>\n</configuration>");
	gives_back("<configuration>\n  <system.webServer/>\n  <system.webServer>\n    "
	           "<x/></system.webServer>\n  <system.webServer/>\n</configuration>");
}

static void locations_are_told_apart_by_path_and_inheritance(void **state)
{
	struct lab lab;
	const char *c, *top;

	(void)state;
	gives_back("<configuration>\n  <location "
	           "path=\".\"><system.webServer><rewrite><rules/></rewrite></system.webServer></location>\n"
	           "  <location inheritInChildApplications=\"False\">\n    <system.webServer>\n      "
	           "<rewrite/>\n    </system.webServer>\n  </location>\n"
	           "  <location path=\"owa\" inheritInChildApplications=\"false\"/>\n</configuration>");
	lab_init(&lab,
	        sg_bytes_of(
	                "<configuration>\n  <location path=\"\" inheritInChildApplications='false'>\n    "
	                "<system.webServer/>\n  </location>\n"
	                "  <location path=\".\">\n    <system.webServer/>\n  </location>\n</configuration>"));
	apply(&lab, 2);
	c = strstr((const char *)lab.file.data, "stopgap C");
	top = strstr((const char *)lab.file.data, "<location path=\".\">");
	assert_true(c && top && c < top);
	assert_null(strstr((const char *)lab.file.data, "<location path=\".\" inherit"));
	lab_release(&lab);
}

static void a_rule_stands_before_foreign_rules_and_behind_clear(void **state)
{
	(void)state;
	becomes("<configuration><system.webServer><rewrite><rules>\n  <clear/><!-- c -->\n  <!-- of x -->\n  "
	        "<rule name=\"x\"/>\n</rules></rewrite></system.webServer>"
	        "<location inheritInChildApplications=\"false\"><system.webServer><rewrite><rules>\n  <!-- d "
	        "-->\n  <rule name=\"x\"/>\n  <remove name=\"z\"/>\n"
	        "</rules></rewrite></system.webServer></location></configuration>",
	        2,
	        "<configuration><system.webServer><rewrite><rules>\n  <clear/><!-- c -->\n  <!-- of x -->\n  "
	        "<rule name=\"x\"/>\n</rules></rewrite></system.webServer>"
	        "<location inheritInChildApplications=\"false\"><system.webServer><rewrite><rules>\n  <rule "
	        "name=\"stopgap C\">\n    <match url=\"c\"/>\n"
	        "    <action type=\"AbortRequest\"/>\n  </rule>\n  <!-- d -->\n  <rule name=\"x\"/>\n  "
	        "<remove name=\"z\"/>\n"
	        "</rules></rewrite></system.webServer></location></configuration>");
	becomes("<configuration>\n <system.webServer>\n  <rewrite>\n   <rules>\n    <clear/><!-- c -->\n    "
	        "<!-- of x -->\n    <rule name=\"x\"/>\n   </rules>\n"
	        "   <outboundRules>\n    <rule name=\"o\"/>\n   </outboundRules>\n  </rewrite>\n "
	        "</system.webServer>\n</configuration>",
	        1,
	        "<configuration>\n <system.webServer>\n  <rewrite>\n   <rules>\n    <clear/><!-- c -->\n    "
	        "<rule name='stopgap B'>\n     <match url='.*'/>\n"
	        "     <!-- why -->\n     <action type='AbortRequest'/>\n    </rule>\n    <!-- of x -->\n    "
	        "<rule name=\"x\"/>\n   </rules>\n   <outboundRules>\n"
	        "    <preConditions>\n     <preCondition name=\"stopgap B html\">\n      <add "
	        "input=\"{RESPONSE_CONTENT_TYPE}\" pattern=\"^text/html\"/>\n"
	        "     </preCondition>\n    </preConditions>\n    <rule name=\"stopgap B out\" "
	        "preCondition=\"stopgap B html\">\n"
	        "     <match serverVariable=\"RESPONSE_X\" pattern=\".*\"/>\n     <action type=\"Rewrite\" "
	        "value=\"y\"/>\n    </rule>\n    <rule name=\"o\"/>\n"
	        "   </outboundRules>\n  </rewrite>\n </system.webServer>\n</configuration>");
}

static void names_compare_without_case_and_twins_are_a_conflict(void **state)
{
	struct sg_buf file = { 0 };
	enum sg_edit_result result;
	struct sg_err err = SG_ERR_INIT;

	(void)state;
	sg_buf_str(&file, "<configuration>\n  <system.webServer><rewrite><rules><rule name=\"STOPGAP "
	                  "a\"/></rules></rewrite></system.webServer>\n</configuration>");
	assert_int_equal(set(&file, SG_VALUE_ELEMENT, TOP "/rewrite/rules/rule[@name='stopgap A']", NULL,
	                         &result, &err),
	        0);
	assert_int_equal(result, SG_EDIT_DONE);
	same_text(&file,
	        "<configuration>\n  "
	        "<system.webServer><rewrite><rules></rules></rewrite></system.webServer>\n</configuration>");
	sg_buf_clear(&file);
	sg_buf_str(&file, "<configuration>\n<system.webServer><rewrite><rules><rule "
	                  "name='a'/></rules></rewrite></system.webServer>\n"
	                  "<system.webServer><rewrite><rules><rule "
	                  "name='A'/></rules></rewrite></system.webServer></configuration>");
	assert_int_equal(
	        set(&file, SG_VALUE_ELEMENT, TOP "/rewrite/rules/rule[@name='a']", NULL, &result, &err),
	        SG_ECONFLICT);
	assert_non_null(strstr(err.msg, "lines 2 and 3"));
	sg_buf_release(&file);
}

static void attributes_are_set_added_and_taken_out_exactly(void **state)
{
	static const char pool[] = "/configuration/system.applicationHost/applicationPools/"
	                           "add[@name='MSExchangeOWAAppPool']/@autoStart";
	static const char *const docs[] = {
		"<configuration><system.applicationHost><applicationPools>\n<add "
		"name=\"msexchangeowaapppool\" "
		"/>\n</applicationPools></system.applicationHost></configuration>",
		"<configuration><system.applicationHost><applicationPools>\n<add\n\tname = "
		"'MSExchangeOWAAppPool'>\n</add></applicationPools></system.applicationHost></configuration>",
		"<configuration><system.applicationHost><applicationPools>\n<add  autoStart = 'true' "
		"name='MSExchangeOWAAppPool'/></applicationPools></system.applicationHost></configuration>",
		"<configuration><system.applicationHost><applicationPools>\n<add name='MSExchangeOWAAppPool' "
		"autoStart=\"&#116;rue\"\n/></applicationPools></system.applicationHost></configuration>",
	};

	(void)state;
	for (size_t i = 0; i < sizeof docs / sizeof *docs; i++) {
		struct lab lab;
		struct lab_value v = { SG_VALUE_ATTRIBUTE, pool, "false", NULL };

		lab_init(&lab, sg_bytes_of(docs[i]));
		assert_int_equal(lab_apply(&lab, 0, &v, 1), 0);
		assert_non_null(strstr((const char *)lab.file.data, "false"));
		assert_null(strstr((const char *)lab.file.data, "rue\""));
		assert_int_equal(lab_end(&lab, 0), 0);
		same_text(&lab.file, docs[i]);
		lab_release(&lab);
	}
}

static void an_attribute_that_was_taken_out_comes_back_as_it_was(void **state)
{
	static const char doc[] = "<c>\n<add a='1'\n\tstart = '\"x\"' b=\"2\"/>\n</c>";
	struct sg_addr addr = at(SG_VALUE_ATTRIBUTE, "/c/add[@a='1']/@start");
	struct sg_content was = { 0 }, none = { 0 };
	struct sg_buf file = { 0 };
	struct sg_cfg cfg = { 0 };
	enum sg_edit_result result;

	(void)state;
	sg_buf_str(&file, doc);
	assert_int_equal(sg_cfg_scan(sg_buf_bytes(&file), "x", &cfg, NULL), 0);
	assert_int_equal(sg_cfg_look(&cfg, &addr, &was, NULL), 0);
	sg_cfg_release(&cfg);
	same_text(&was.octets, "\"x\"");
	assert_string_equal(was.after, "a");
	assert_int_equal(sg_cfg_set(&file, "x", &addr, &none, NULL, &result, NULL), 0);
	same_text(&file, "<c>\n<add a='1' b=\"2\"/>\n</c>");
	assert_int_equal(sg_cfg_set(&file, "x", &addr, &was, NULL, &result, NULL), 0);
	same_text(&file, doc);
	sg_content_release(&was);
	sg_addr_release(&addr);
	sg_buf_release(&file);
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
		cmocka_unit_test(a_byte_order_mark_and_crlf_stay),
		cmocka_unit_test(bare_carriage_returns_stay),
		cmocka_unit_test(mixed_newlines_are_continued_as_the_neighbours_have_them),
		cmocka_unit_test(tabs_are_continued),
		cmocka_unit_test(single_quotes_and_odd_tags_stay),
		cmocka_unit_test(comments_with_lookalikes_are_no_places),
		cmocka_unit_test(self_closed_elements_are_opened_and_shut_again),
		cmocka_unit_test(empty_elements_with_two_tags_come_back),
		cmocka_unit_test(a_file_in_one_line_stays_in_one_line),
		cmocka_unit_test(blank_lines_and_trailing_blanks_stay),
		cmocka_unit_test(two_top_level_sections_count_as_one),
		cmocka_unit_test(locations_are_told_apart_by_path_and_inheritance),
		cmocka_unit_test(a_rule_stands_before_foreign_rules_and_behind_clear),
		cmocka_unit_test(names_compare_without_case_and_twins_are_a_conflict),
		cmocka_unit_test(attributes_are_set_added_and_taken_out_exactly),
		cmocka_unit_test(an_attribute_that_was_taken_out_comes_back_as_it_was),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
