/* test_config_edit_foreign.c - other people's edits survive (P2, P6, P7), what is refused is untouched, and the referee sees more than it is told. */
#include "base/xml.h"
#include "tests/lib/edit_lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define TOP  "/configuration/system.webServer"
#define RULE TOP "/rewrite/rules/rule[@name='stopgap A']"

static const char plain[] =
        "<configuration>\n  <system.webServer>\n  </system.webServer>\n</configuration>\n";

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

/* Somebody's edit: `what` becomes `with`, once. */
static void foreign(struct sg_buf *file, const char *what, const char *with)
{
	char *p = strstr((char *)file->data, what);
	size_t place;

	assert_non_null(p);
	place = (size_t)((unsigned char *)p - file->data);
	sg_buf_cut(file, place, strlen(what));
	sg_buf_insert(file, place, with, strlen(with));
}

static int set(struct sg_buf *file, enum sg_value_kind kind, const char *path, const char *octets,
        enum sg_edit_result *result, struct sg_err *err)
{
	struct sg_addr addr = { kind, sg_strdup("C:\\web.config"), sg_strdup(path) };
	struct sg_content to = { .present = octets };
	int rc;

	if (octets)
		sg_buf_str(&to.octets, octets);
	rc = sg_cfg_set(file, "web.config", &addr, &to, NULL, result, err);
	sg_content_release(&to);
	sg_addr_release(&addr);
	return rc;
}

static void a_rule_added_beside_ours_stays_with_its_scaffolds(void **state)
{
	struct lab lab;

	(void)state;
	lab_init(&lab, sg_bytes_of(plain));
	apply(&lab, 0);
	foreign(&lab.file, "      </rules>", "        <rule name=\"theirs\" />\n      </rules>");
	end(&lab, 0);
	same_text(&lab.file, "<configuration>\n  <system.webServer>\n    <rewrite>\n      <rules>\n        "
	                     "<rule name=\"theirs\" />\n      </rules>\n"
	                     "    </rewrite>\n  </system.webServer>\n</configuration>\n");
	lab_release(&lab);
}

static void a_comment_in_our_scaffold_keeps_it(void **state)
{
	struct lab lab;

	(void)state;
	lab_init(&lab, sg_bytes_of(plain));
	apply(&lab, 0);
	foreign(&lab.file, "    </rewrite>", "      <!-- ask Eve -->\n    </rewrite>");
	end(&lab, 0);
	same_text(&lab.file, "<configuration>\n  <system.webServer>\n    <rewrite>\n      <!-- ask Eve -->\n "
	                     "   </rewrite>\n  </system.webServer>\n</configuration>\n");
	lab_release(&lab);
}

static void an_attribute_on_our_scaffold_keeps_it(void **state)
{
	struct lab lab;

	(void)state;
	lab_init(&lab, sg_bytes_of(plain));
	apply(&lab, 2);
	foreign(&lab.file, "inheritInChildApplications=\"false\"",
	        "inheritInChildApplications=\"false\" overrideMode=\"Deny\"");
	end(&lab, 2);
	same_text(&lab.file, "<configuration>\n  <system.webServer>\n  </system.webServer>\n"
	                     "  <location path=\".\" inheritInChildApplications=\"false\" "
	                     "overrideMode=\"Deny\">\n  </location>\n</configuration>\n");
	lab_release(&lab);
}

static void an_opened_element_that_others_use_stays_open(void **state)
{
	struct lab lab;

	(void)state;
	lab_init(&lab, sg_bytes_of("<configuration>\n  <system.webServer/>\n</configuration>\n"));
	apply(&lab, 0);
	foreign(&lab.file, "  </system.webServer>", "    <handlers />\n  </system.webServer>");
	end(&lab, 0);
	same_text(&lab.file, "<configuration>\n  <system.webServer>\n    <handlers />\n  "
	                     "</system.webServer>\n</configuration>\n");
	lab_release(&lab);
}

static void edits_elsewhere_survive(void **state)
{
	struct lab lab;

	(void)state;
	lab_init(&lab, sg_bytes_of(plain));
	apply(&lab, 0);
	apply(&lab, 1);
	foreign(&lab.file, "<configuration>\n", "<configuration>\n  <appSettings/>\n");
	foreign(&lab.file, "  </system.webServer>", "    <handlers/>\n  </system.webServer>");
	end(&lab, 0);
	foreign(&lab.file, "</configuration>\n", "</configuration>\n<!-- tail -->\n");
	end(&lab, 1);
	same_text(&lab.file, "<configuration>\n  <appSettings/>\n  <system.webServer>\n    <handlers/>\n  "
	                     "</system.webServer>\n</configuration>\n<!-- tail -->\n");
	lab_release(&lab);
}

static void a_reindented_rule_leaves_no_line_behind(void **state)
{
	struct lab lab;

	(void)state;
	lab_init(&lab, sg_bytes_of("<configuration>\n  <system.webServer>\n    <rewrite>\n      <rules>\n    "
	                           "    <rule name=\"x\"/>\n      </rules>\n    </rewrite>\n"
	                           "  </system.webServer>\n</configuration>\n"));
	apply(&lab, 0);
	foreign(&lab.file, "\n        <rule name=\"stopgap A\"", "\r\n\r\n\t\t<rule name=\"stopgap A\"");
	end(&lab, 0);
	same_text(&lab.file, "<configuration>\n  <system.webServer>\n    <rewrite>\n      <rules>\r\n\n      "
	                     "  <rule name=\"x\"/>\n      </rules>\n    </rewrite>\n"
	                     "  </system.webServer>\n</configuration>\n");
	lab_release(&lab);
}

static void what_is_gone_already_is_no_error(void **state)
{
	struct sg_buf file = { 0 };
	enum sg_edit_result result;

	(void)state;
	sg_buf_str(&file, plain);
	assert_int_equal(set(&file, SG_VALUE_ELEMENT, RULE, NULL, &result, NULL), 0);
	assert_int_equal(result, SG_EDIT_ALREADY);
	assert_int_equal(set(&file, SG_VALUE_SCAFFOLD, TOP "/rewrite", NULL, &result, NULL), 0);
	assert_int_equal(result, SG_EDIT_ALREADY);
	assert_int_equal(set(&file, SG_VALUE_SCAFFOLD, TOP, "", &result, NULL), 0);
	assert_int_equal(result, SG_EDIT_ALREADY);
	same_text(&file, plain);
	sg_buf_release(&file);
}

static void a_new_revision_replaces_in_place_and_the_old_octets_come_back(void **state)
{
	struct sg_addr addr = { SG_VALUE_ELEMENT, sg_strdup("x"), sg_strdup(RULE) };
	struct sg_content wish = { .present = true }, first = { 0 }, second = { 0 };
	struct sg_cfg cfg = { 0 };
	struct lab lab;
	enum sg_edit_result result;
	char *applied;

	(void)state;
	lab_init(&lab, sg_bytes_of(plain));
	apply(&lab, 0);
	apply(&lab, 1);
	applied = sg_strdup((char *)lab.file.data);
	assert_int_equal(sg_cfg_scan(sg_buf_bytes(&lab.file), "x", &cfg, NULL), 0);
	assert_int_equal(sg_cfg_look(&cfg, &addr, &first, NULL), 0);
	sg_cfg_release(&cfg);
	sg_buf_str(&wish.octets, "<rule name=\"stopgap A\"><match url=\"new\"/></rule>");
	assert_int_equal(sg_cfg_set(&lab.file, "x", &addr, &wish, &second, &result, NULL), 0);
	assert_int_equal(result, SG_EDIT_DONE);
	same_text(&second.octets,
	        "<rule name=\"stopgap A\">\n          <match url=\"new\" />\n        </rule>");
	assert_true(sg_content_same(SG_VALUE_ELEMENT, &wish, &second));
	assert_false(sg_content_same(SG_VALUE_ELEMENT, &wish, &first));
	assert_int_equal(sg_cfg_set(&lab.file, "x", &addr, &first, NULL, &result, NULL), 0);
	same_text(&lab.file, applied);
	assert_int_equal(sg_cfg_set(&lab.file, "x", &addr, &first, NULL, &result, NULL), 0);
	assert_int_equal(result, SG_EDIT_ALREADY);
	free(applied);
	sg_content_release(&wish);
	sg_content_release(&first);
	sg_content_release(&second);
	sg_addr_release(&addr);
	lab_release(&lab);
}

static void a_rule_that_vanished_comes_back_in_its_place(void **state)
{
	struct sg_addr addr = { SG_VALUE_ELEMENT, sg_strdup("x"), sg_strdup(RULE) };
	struct sg_content was = { 0 }, none = { 0 };
	struct sg_cfg cfg = { 0 };
	struct lab lab;
	enum sg_edit_result result;
	char *applied;

	(void)state;
	lab_init(
	        &lab, sg_bytes_of("<configuration>\r\n  <system.webServer><rewrite>\r\n<rules>\r\n\t<rule "
	                          "name='1'/>\r\n\t<rule "
	                          "name='2'/>\r\n</rules>\r\n</rewrite></system.webServer></configuration>"));
	foreign(&lab.file, "<rule name='2'/>", "<rule name='stopgap A' >\r\n</rule><rule name='2'/>");
	applied = sg_strdup((char *)lab.file.data);
	assert_int_equal(sg_cfg_scan(sg_buf_bytes(&lab.file), "x", &cfg, NULL), 0);
	assert_int_equal(sg_cfg_look(&cfg, &addr, &was, NULL), 0);
	sg_cfg_release(&cfg);
	assert_string_equal(was.after, "rule[@name='1']");
	assert_int_equal(sg_cfg_set(&lab.file, "x", &addr, &none, NULL, &result, NULL), 0);
	assert_null(strstr((char *)lab.file.data, "stopgap"));
	assert_int_equal(sg_cfg_set(&lab.file, "x", &addr, &was, NULL, &result, NULL), 0);
	same_text(&lab.file, applied);
	free(applied);
	sg_content_release(&was);
	sg_addr_release(&addr);
	lab_release(&lab);
}

static void refusals_touch_nothing_and_say_why(void **state)
{
	static const struct {
		const char *doc, *path, *octets;
		enum sg_value_kind kind;
		int code;
		const char *says;
	} cases[] = {
		{ "<configuration><system.webServer><rewrite><rules "
		  "configSource='r.config'></rules></rewrite></system.webServer></configuration>",
		        RULE, "<rule name='stopgap A'/>", SG_VALUE_ELEMENT, SG_EUNSUPPORTED, "configSource" },
		{ "<configuration>\n<system.webServer "
		  "configProtectionProvider='x'></system.webServer></configuration>",
		        TOP "/rewrite", "", SG_VALUE_SCAFFOLD, SG_EUNSUPPORTED,
		        "web.config:2: the element has the attribute configProtectionProvider" },
		{ "<configuration/>", RULE, "<rule name='stopgap A'/>", SG_VALUE_ELEMENT, SG_ENOENT,
		        "nothing for" },
		{ "<configuration><system.webServer/></configuration>", TOP "/rewrite", "", SG_VALUE_SCAFFOLD,
		        SG_EINVAL, "self-closed" },
		{ "<web/>", "/configuration", "", SG_VALUE_SCAFFOLD, SG_ENOENT, "document element" },
		{ "<configuration><a></a></configuration>", "/configuration/a/b[@name='x']", "<b name='y'/>",
		        SG_VALUE_ELEMENT, SG_EINVAL, "not what its address says" },
		{ "<configuration><a></a></configuration>", "/configuration/a/b[@name='x']",
		        "<b name='x'/><c/>", SG_VALUE_ELEMENT, SG_EPARSE, "second" },
		{ "<configuration><a></a></configuration>", "/configuration/a/b[@name='x']",
		        "<b name='x'></a><a></b>", SG_VALUE_ELEMENT, SG_EPARSE, "end tag" },
		{ "<configuration><a></a></configuration>", "/configuration/a/@x", "1&quot; y=&quot;<",
		        SG_VALUE_ATTRIBUTE, SG_EPARSE, "'<'" },
		{ "<configuration><a></a></configuration>", "/configuration/b/@x", "1", SG_VALUE_ATTRIBUTE,
		        SG_ENOENT, "no element" },
		{ "<configuration><a></a></configuration>", "/configuration/a[x]/b", "<b/>", SG_VALUE_ELEMENT,
		        SG_EINVAL, "not an address" },
		{ "<configuration><a></configuration>", "/configuration/a/b", "<b/>", SG_VALUE_ELEMENT,
		        SG_EPARSE, "web.config" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct sg_err err = SG_ERR_INIT;
		struct sg_buf file = { 0 };
		enum sg_edit_result result;

		sg_buf_str(&file, cases[i].doc);
		if (set(&file, cases[i].kind, cases[i].path, cases[i].octets, &result, &err) !=
		                cases[i].code ||
		        !strstr(err.msg, cases[i].says))
			fail_msg("%zu: %d %s", i, err.code, err.msg);
		same_text(&file, cases[i].doc);
		sg_buf_release(&file);
	}
}

static void removing_needs_no_permission(void **state)
{
	struct sg_buf file = { 0 };
	enum sg_edit_result result;

	(void)state;
	sg_buf_str(&file, "<configuration><system.webServer><rewrite><rules configSource='r'><rule "
	                  "name='stopgap A'/></rules></rewrite></system.webServer></configuration>");
	assert_int_equal(set(&file, SG_VALUE_ELEMENT, RULE, NULL, &result, NULL), 0);
	assert_int_equal(result, SG_EDIT_DONE);
	sg_buf_release(&file);
}

static void addresses_are_quoted_and_taken_apart(void **state)
{
	char *a = sg_path_step("rule", "name", "Tom's /[@x] rule"),
	     *b = sg_path_step("rule", "name", "say \"x\"");
	char *path = sg_path_join("/configuration", a), *parent = sg_path_parent(path),
	     *none = sg_path_step("rule", "name", "'\"");
	struct sg_addr addr = { SG_VALUE_ELEMENT, NULL, sg_path_join("/configuration", none) };
	struct sg_content c = { 0 };
	struct sg_cfg cfg = { 0 };

	(void)state;
	assert_string_equal(path, "/configuration/rule[@name=\"Tom's /[@x] rule\"]");
	assert_string_equal(b, "rule[@name='say \"x\"']");
	assert_string_equal(parent, "/configuration");
	assert_null(sg_path_parent(parent));
	assert_null(none);
	assert_null(addr.path);
	assert_int_equal(
	        sg_cfg_scan(sg_bytes_of("<configuration><rule name=\"tom's /[@X] rule\"/></configuration>"),
	                "x", &cfg, NULL),
	        0);
	assert_int_equal(sg_cfg_look(&cfg, &addr, &c, NULL), SG_EUNSUPPORTED);
	addr.path = path;
	assert_int_equal(sg_cfg_look(&cfg, &addr, &c, NULL), 0);
	assert_true(c.present);
	sg_content_release(&c);
	sg_cfg_release(&cfg);
	free(a);
	free(b);
	free(path);
	free(parent);
}

static void the_referee_sees_what_it_was_not_told(void **state)
{
	static const char before[] =
	        "<configuration>\n  <a x=\"1\"/>\n  <system.webServer/>\n  <b>t</b>\n</configuration>\n";
	static const char *const vetoed[] = {
		"<configuration>\n  <a x=\"2\"/>\n  <system.webServer/>\n  <b>t</b>\n</configuration>\n",
		"<configuration>\n  <a x='1'/>\n  <system.webServer/>\n  <b>t</b>\n</configuration>\n",
		"<configuration>\n  <a x=\"1\"/>\n  <system.webServer/>\n  <b>t </b>\n</configuration>\n",
		"<configuration>\n  <a x=\"1\"/>\n  <system.webServer>\n    <rewrite>\n      <evil/>\n    "
		"</rewrite>\n  </system.webServer>\n  <b>t</b>\n</configuration>\n",
		"<configuration>\n  <a x=\"1\"/>\n  <system.webServer>\n    <rewrite evil='1'>\n    "
		"</rewrite>\n  </system.webServer>\n  <b>t</b>\n</configuration>\n",
		"<configuration>\n  <a x=\"1\"/>\n  <system.webServer evil='1'>\n  </system.webServer>\n  "
		"<b>t</b>\n</configuration>\n",
		"<configuration>\n  <a x=\"1\"/>\n  <system.webServer>\n  <b>t</b>\n  "
		"</system.webServer>\n</configuration>\n",
		"<configuration>\n  <system.webServer/>\n  <a x=\"1\"/>\n  <b>t</b>\n</configuration>\n",
		"<configuration>\n  <a x=\"1\"/>\n  <system.webServer/>\n  <b>t</b>\n</configuration>",
		"<configuration>\n  <a x=\"1\"/>\n  <!-- evil -->\n  <system.webServer/>\n  "
		"<b>t</b>\n</configuration>\n",
	};
	struct sg_addr addrs[] = { { SG_VALUE_SCAFFOLD, NULL, sg_strdup(TOP) },
		{ SG_VALUE_SCAFFOLD, NULL, sg_strdup(TOP "/rewrite") },
		{ SG_VALUE_SCAFFOLD, NULL, sg_strdup(TOP "/rewrite/rules") },
		{ SG_VALUE_ELEMENT, NULL, sg_strdup(RULE) } };
	static const char good[] = "<configuration>\n  <a x=\"1\"/>\n  <system.webServer>\n    <rewrite>\n   "
	                           "   <rules>\n        <rule name='stopgap A'/>\n      </rules>\n"
	                           "    </rewrite>\n  </system.webServer>\n  <b>t</b>\n</configuration>\n";
	static const char roomy[] = "<configuration>\n  <a x=\"1\"/>\n  <system.webServer>\n\n<rewrite>    "
	                            "<rules>\n\n<rule name='stopgap A'/> \n\n      </rules> \n\n"
	                            "    </rewrite></system.webServer>\n  <b>t</b>\n</configuration>\n";
	struct sg_err err = SG_ERR_INIT;

	(void)state;
	if (sg_cfg_referee(sg_bytes_of(before), sg_bytes_of(good), "x", addrs, 4, &err) < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(sg_cfg_referee(sg_bytes_of(good), sg_bytes_of(before), "x", addrs, 4, NULL), 0);
	assert_int_equal(sg_cfg_referee(sg_bytes_of(good), sg_bytes_of(good), "x", addrs, 4, NULL), 0);
	assert_int_equal(sg_cfg_referee(sg_bytes_of(roomy), sg_bytes_of(before), "x", addrs, 4, NULL), 0);
	assert_int_equal(
	        sg_cfg_referee(sg_bytes_of(before), sg_bytes_of(good), "x", addrs, 3, NULL), SG_ECONFLICT);
	for (size_t i = 0; i < sizeof vetoed / sizeof *vetoed; i++)
		if (sg_cfg_referee(sg_bytes_of(before), sg_bytes_of(vetoed[i]), "x", addrs, 4, NULL) !=
		        SG_ECONFLICT)
			fail_msg("%zu passed:\n%s", i, vetoed[i]);
	for (size_t i = 0; i < sizeof addrs / sizeof *addrs; i++)
		sg_addr_release(&addrs[i]);
}

static void octets_that_bring_more_than_their_value_are_vetoed(void **state)
{
	static const char doc[] = "<configuration>\n  <a>\n  </a>\n</configuration>\n";
	struct sg_addr addr = { SG_VALUE_ELEMENT, sg_strdup("x"),
		sg_strdup("/configuration/a/b[@name='x']") };
	struct sg_content to = { .present = true };
	struct sg_err err = SG_ERR_INIT;
	struct sg_buf file = { 0 };
	enum sg_edit_result result;

	(void)state;
	sg_buf_str(&file, doc);
	sg_buf_str(&to.lead, "\n    ");
	sg_buf_str(&to.octets, "<b name=\"x\"/><!-- evil -->");
	assert_int_equal(sg_cfg_set(&file, "x", &addr, &to, NULL, &result, &err), SG_ECONFLICT);
	assert_non_null(strstr(err.msg, "x:3:"));
	same_text(&file, doc);
	sg_content_release(&to);
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
		cmocka_unit_test(a_rule_added_beside_ours_stays_with_its_scaffolds),
		cmocka_unit_test(a_comment_in_our_scaffold_keeps_it),
		cmocka_unit_test(an_attribute_on_our_scaffold_keeps_it),
		cmocka_unit_test(an_opened_element_that_others_use_stays_open),
		cmocka_unit_test(edits_elsewhere_survive),
		cmocka_unit_test(a_reindented_rule_leaves_no_line_behind),
		cmocka_unit_test(what_is_gone_already_is_no_error),
		cmocka_unit_test(a_new_revision_replaces_in_place_and_the_old_octets_come_back),
		cmocka_unit_test(a_rule_that_vanished_comes_back_in_its_place),
		cmocka_unit_test(refusals_touch_nothing_and_say_why),
		cmocka_unit_test(removing_needs_no_permission),
		cmocka_unit_test(addresses_are_quoted_and_taken_apart),
		cmocka_unit_test(the_referee_sees_what_it_was_not_told),
		cmocka_unit_test(octets_that_bring_more_than_their_value_are_vetoed),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
