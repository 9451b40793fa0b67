/* test_config_back.c - an element that is taken out comes back to the octet where it stood, whatever stands around it. */
#include "actions/config_edit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define FILE(rules)                                                                                          \
	"<configuration><system.webServer><rewrite><rules>" rules                                            \
	"</rules></rewrite></system.webServer></configuration>"
#define R(name) "<rule name=\"" name "\"><match url=\".*\"/></rule>"

static const char *const files[] = {
	FILE(R("a") R("b") R("c")),
	FILE("\r\n\t" R("a") "\r\n\t" R("b") "\r\n\r\n\t" R("c") "\r\n"),
	FILE("\n  <!-- one -->\n  " R("a") " <!-- of a -->\n  <!-- two -->\n" R("b") "\n\n\n" R("c")),
	FILE(" " R("a") "   " R("b") "<!-- x -->" R("c") "  "),
	FILE("<clear/>\r\n" R("a") "<!-- x --> <?y z?>\r\n" R("b") "  \r\n  " R("c")),
	FILE("<!-- first -->" R("b") "\r\n\r\n<!-- second -->\r\n\r\n" R("c") "\r\n" R("a")),
};

static struct sg_addr *addr_of(const char *name)
{
	struct sg_addr *addr = sg_alloc(sizeof(*addr));

	addr->kind = SG_VALUE_ELEMENT;
	addr->container = sg_strdup("C:\\web.config");
	addr->path = sg_format("/configuration/system.webServer/rewrite/rules/rule[@name='%s']", name);
	return addr;
}

static void look(const struct sg_buf *octets, const struct sg_addr *addr, struct sg_content *ret)
{
	struct sg_err err = SG_ERR_INIT;
	struct sg_cfg cfg = { 0 };

	if (sg_cfg_scan(sg_buf_bytes(octets), "web.config", &cfg, &err) || sg_cfg_look(&cfg, addr, ret, &err))
		fail_msg("%s", err.msg);
	sg_cfg_release(&cfg);
}

static void set(struct sg_buf *octets, const struct sg_addr *addr, const struct sg_content *to)
{
	struct sg_err err = SG_ERR_INIT;
	enum sg_edit_result result;

	if (sg_cfg_set(octets, "web.config", addr, to, NULL, &result, &err))
		fail_msg("%s", err.msg);
	assert_int_equal(result, SG_EDIT_DONE);
}

static void each_rule_comes_back_to_where_it_stood(void **state)
{
	static const char *const names[] = { "a", "b", "c" };

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		for (size_t k = 0; k < 3; k++) {
			struct sg_addr *addr = addr_of(names[k]);
			struct sg_content was = { 0 }, none = { 0 };
			struct sg_buf octets = { 0 };
			char gone[] = { '"', names[k][0], '"', 0 };

			sg_buf_str(&octets, files[i]);
			look(&octets, addr, &was);
			set(&octets, addr, &none);
			assert_null(strstr((char *)octets.data, gone));
			set(&octets, addr, &was);
			if (strcmp((char *)octets.data, files[i]) != 0)
				fail_msg(
				        "%s of\n%s\nis back as\n%s", names[k], files[i], (char *)octets.data);
			sg_content_release(&was);
			sg_buf_release(&octets);
			sg_addr_release(addr);
			free(addr);
		}
	}
}

/* All are taken out and come back in the order in which they stood, with ours in and out meanwhile. */
static void all_of_them_come_back_around_a_rule_of_ours(void **state)
{
	static const char *const orders[] = { "abc", "abc", "abc", "abc", "abc", "bca" };

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct sg_addr *addrs[3], *mine = addr_of("mine");
		struct sg_content was[3] = { 0 }, ours = { .present = true }, none = { 0 };
		struct sg_buf octets = { 0 };

		sg_buf_str(&octets, files[i]);
		sg_buf_str(&ours.octets, "<rule name=\"mine\"><match url=\".*\"/></rule>");
		for (size_t k = 0; k < 3; k++) {
			addrs[k] = addr_of(orders[i][k] == 'a' ? "a" : orders[i][k] == 'b' ? "b" : "c");
			look(&octets, addrs[k], &was[k]);
		}
		for (size_t k = 0; k < 3; k++)
			set(&octets, addrs[k], &none);
		set(&octets, mine, &ours);
		for (size_t k = 0; k < 3; k++)
			set(&octets, addrs[k], &was[k]);
		set(&octets, mine, &none);
		if (strcmp((char *)octets.data, files[i]) != 0)
			fail_msg("%s\nis back as\n%s", files[i], (char *)octets.data);
		for (size_t k = 0; k < 3; k++) {
			sg_content_release(&was[k]);
			sg_addr_release(addrs[k]);
			free(addrs[k]);
		}
		sg_addr_release(mine);
		free(mine);
		sg_content_release(&ours);
		sg_buf_release(&octets);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_rule_comes_back_to_where_it_stood),
		cmocka_unit_test(all_of_them_come_back_around_a_rule_of_ours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
