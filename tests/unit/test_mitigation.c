/* test_mitigation.c - one Config: what is read, what is refused, and what is kept as not understood. */
#include "base/xml.h"
#include "model/mitigation.h"
#include "tests/lib/as_canonical.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define SG   " xmlns:sg=\"urn:stopgap:feed:1\""
#define LIST "<ActionList><Action type=\"DoNothing\"/></ActionList>"

static struct sg_mitigation *decode(const char *text)
{
	struct sg_err err = SG_ERR_INIT;
	struct sg_mitigation *m = NULL;

	if (decode_mitigation("corp", sg_bytes_of(text), &m, &err))
		fail_msg("%s", err.msg);
	return m;
}

static void every_part_is_read(void **state)
{
	static const char text[] =
	        "<Config id=\"CVE-1.a_b\" desc=\"D\" sg:revision=\"2.1.0\" sg:severity=\"critical\" "
	        "sg:same-as=\"EM:M2\""
	        " sg:review-by=\"2027-03-01\" sg:remove-after=\"2027-04-01T12:00:00Z\"" SG ">"
	        "<sg:Reference type=\"cve\">CVE-2022-41040</sg:Reference><sg:SideEffect> None known. "
	        "</sg:SideEffect>"
	        "<sg:FixedBy>an update</sg:FixedBy>"
	        "<sg:Applicability><sg:Product name=\"Exchange\" role=\"Mailbox\"><sg:Affected from=\"15.0\" "
	        "below=\"15.3\"/>"
	        "<sg:Affected below=\"14\"/><sg:Fixed branch=\"15.2.1118\" "
	        "from=\"15.2.1118.20\"/></sg:Product>"
	        "<sg:Product name=\"IIS\"/><sg:File path=\"{app}\\bin\\A.dll\" "
	        "below=\"4.2.1\"/></sg:Applicability>"
	        "<sg:Test><sg:Refuse method=\"POST\" uri=\"/a?b\"><sg:Header "
	        "name=\"Cookie\">X=1</sg:Header></sg:Refuse>"
	        "<sg:Serve uri=\"/\"/><sg:Response uri=\"/owa/\" type=\"text/html\" header=\"CSP\" is=\"a\" "
	        "becomes=\"a; b\"/></sg:Test>"
	        "<sg:Probe uri=\"/p\" expect=\"refused\"/>"
	        "<ActionList><Action type=\"UrlRewrite\" scope=\"Site\" desc=\"R\"><sg:At "
	        "sites=\"*\"/><rewrite/></Action>"
	        "<Action type=\"Later\"/></ActionList></Config>";
	struct sg_mitigation *m = decode(text);
	const struct sg_applicability *a = &m->applicability;

	(void)state;
	assert_string_equal(m->feed, "corp");
	assert_string_equal(m->id, "CVE-1.a_b");
	assert_string_equal(m->revision, "2.1.0");
	assert_string_equal(m->desc, "D");
	assert_int_equal(m->severity, SG_CRITICAL_SEVERITY);
	assert_string_equal(sg_severity_name(m->severity), "critical");
	assert_string_equal(m->same_as, "EM:M2");
	assert_string_equal(m->fixed_by, "an update");
	assert_string_equal(m->references.at[0], "CVE-2022-41040");
	assert_string_equal(m->side_effects.at[0], "None known.");
	assert_int_equal(m->review_by, 1803859200000);
	assert_int_equal(m->remove_after, 1806580800000);
	assert_false(m->tombstone);
	assert_true(a->given);
	assert_null(a->unknown);
	assert_int_equal(a->n_products, 2);
	assert_string_equal(a->products[0].role, "Mailbox");
	assert_int_equal(a->products[0].n_affected, 2);
	assert_int_equal(a->products[0].affected[0].below.part[1], 3);
	assert_int_equal(a->products[0].affected[1].from.n, 0);
	assert_int_equal(a->products[0].n_fixed, 1);
	assert_int_equal(a->products[0].fixed[0].branch.n, 3);
	assert_int_equal(a->products[0].fixed[0].from.part[3], 20);
	assert_string_equal(a->products[1].name, "IIS");
	assert_string_equal(a->files[0].path, "{app}\\bin\\A.dll");
	assert_int_equal(a->files[0].from.n, 0);
	assert_int_equal(m->n_tests, 3);
	assert_int_equal(m->tests[0].kind, SG_TEST_REFUSE);
	assert_string_equal(m->tests[0].method, "POST");
	assert_string_equal(m->tests[0].headers[0].value, "X=1");
	assert_int_equal(m->tests[1].kind, SG_TEST_SERVE);
	assert_null(m->tests[1].method);
	assert_string_equal(m->tests[2].becomes, "a; b");
	assert_string_equal(m->probes[0].expect, "refused");
	assert_int_equal(m->n_actions, 2);
	assert_string_equal(m->actions[0].type, "UrlRewrite");
	assert_string_equal(m->actions[0].scope, "Site");
	/* the action's octets stand by themselves: they parse, and know the namespaces that they use */
	xmlDoc *doc = NULL;

	assert_int_equal(
	        sg_xml_parse(sg_buf_bytes(&m->actions[0].xml), "x", &sg_xml_feed_limits, &doc, NULL), 0);
	assert_non_null(sg_xml_child(xmlDocGetRootElement(doc), SG_FEED_NS, "At"));
	xmlFreeDoc(doc);
	struct sg_buf octets = { 0 };

	assert_int_equal(as_canonical(sg_bytes_of(text), &octets, NULL), 0);
	struct sg_hash expected = sg_sha256(sg_buf_bytes(&octets));

	assert_true(sg_hash_equal(&m->hash, &expected));
	assert_true(sg_bytes_equal(sg_buf_bytes(&m->body), sg_buf_bytes(&octets)));
	sg_buf_release(&octets);
	sg_mitigation_free(m);
}

static void an_em_config_is_read_and_applies_everywhere(void **state)
{
	struct sg_mitigation *m =
	        decode("<Config id=\"PING1\" desc=\"Heartbeat\"><ActionList><Action type=\"DoNothing\" "
	               "scope=\"Server\" desc=\"x\"><Value>DoNothing</Value></Action></ActionList></Config>");

	(void)state;
	assert_false(m->applicability.given);
	assert_null(m->applicability.unknown);
	assert_int_equal(m->severity, SG_MEDIUM);
	assert_null(m->revision);
	sg_mitigation_free(m);
}

static void a_tombstone_says_when_and_why(void **state)
{
	struct sg_mitigation *m =
	        decode("<Config id=\"A\"" SG " sg:withdrawn=\"2026-10-01T00:00:00Z\" sg:reason=\"Fixed.\"/>");

	(void)state;
	assert_true(m->tombstone);
	assert_int_equal(m->withdrawn, 1790812800000);
	assert_string_equal(m->withdraw_reason, "Fixed.");
	sg_mitigation_free(m);
}

static void what_others_add_makes_applicability_unknown(void **state)
{
	static const struct {
		const char *doc, *unknown;
	} table[] = {
		{ "<Config id=\"A\" maxVersion=\"15.2\">" LIST "</Config>",
		        "attribute 'maxVersion' of <Config>" },
		{ "<Config id=\"A\"><Versions/>" LIST "</Config>", "element 'Versions' of <Config>" },
		{ "<Config id=\"A\"><ActionList order=\"1\"><Action "
		  "type=\"DoNothing\"/></ActionList></Config>",
		        "attribute 'order' of <ActionList>" },
		{ "<Config id=\"A\"><ActionList><Action type=\"DoNothing\" "
		  "only=\"x\"/></ActionList></Config>",
		        "attribute 'only' of <Action>" },
		{ "<Config id=\"A\"" SG "><sg:Applicability><sg:Moon phase=\"full\"/></sg:Applicability>" LIST
		  "</Config>",
		        "condition 'Moon' of <Applicability>" },
		{ "<Config id=\"A\"" SG "><sg:Applicability><sg:Product "
		  "name=\"X\"><sg:Edition/></sg:Product></sg:Applicability>" LIST "</Config>",
		        "condition 'Edition' of <Product>" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct sg_mitigation *m = decode(table[i].doc);

		assert_non_null(m->applicability.unknown);
		assert_string_equal(m->applicability.unknown, table[i].unknown);
		sg_mitigation_free(m);
	}
}

static const struct {
	const char *doc, *says;
} bad[] = {
	{ "<Confg id=\"A\"/>", "a Config element is expected" },
	{ "<Config>" LIST "</Config>", "attribute 'id' is missing" },
	{ "<Config id=\"-A\">" LIST "</Config>", "id '-A' is not allowed: 1 to 64 letters" },
	{ "<Config id=\"A B\">" LIST "</Config>", "is not allowed" },
	{ "<Config id=\"A/../B\">" LIST "</Config>", "is not allowed" },
	{ "<Config id=\"A\"/>", "mitigation 'A': <Config>: element 'ActionList' is missing" },
	{ "<Config id=\"A\"><ActionList/></Config>", "<ActionList>: there is no Action in it" },
	{ "<Config id=\"A\">" LIST LIST "</Config>", "there is a second one" },
	{ "<Config id=\"A\">text" LIST "</Config>", "text is not allowed" },
	{ "<Config id=\"A\"><ActionList><Action/></ActionList></Config>", "attribute 'type' is missing" },
	{ "<Config id=\"A\"" SG " sg:severty=\"low\">" LIST "</Config>",
	        "attribute 'severty' is not known; did you mean 'severity'?" },
	{ "<Config id=\"A\"" SG " sg:severity=\"urgent\">" LIST "</Config>",
	        "'urgent' is not one of low, medium, high, critical" },
	{ "<Config id=\"A\"" SG " sg:revision=\"1 2\">" LIST "</Config>", "attribute 'revision'" },
	{ "<Config id=\"A\"" SG " sg:review-by=\"soon\">" LIST "</Config>",
	        "'soon' is not a time; write 2027-03-01" },
	{ "<Config id=\"A\"" SG " sg:review-by=\"2027-02-30\">" LIST "</Config>", "is not a time" },
	{ "<Config id=\"A\"" SG " sg:withdrawn=\"2026-10-01\"/>", "attribute 'reason' is missing" },
	{ "<Config id=\"A\"" SG " sg:reason=\"x\">" LIST "</Config>", "belongs to 'withdrawn'" },
	{ "<Config id=\"A\"" SG " sg:withdrawn=\"2026-10-01\" sg:reason=\"x\">" LIST "</Config>",
	        "has no content" },
	{ "<Config id=\"A\"" SG "><sg:Applicabilty/>" LIST "</Config>",
	        "<Applicabilty>: this element is not known; did you mean 'Applicability'?" },
	{ "<Config id=\"A\"" SG "><sg:Applicability/>" LIST "</Config>", "there is no condition in it" },
	{ "<Config id=\"A\"" SG "><sg:Applicability><sg:Product/></sg:Applicability>" LIST "</Config>",
	        "attribute 'name' is missing" },
	{ "<Config id=\"A\"" SG
	  "><sg:Applicability><sg:Product name=\"E\"><sg:Affected/></sg:Product></sg:Applicability>" LIST
	  "</Config>",
	        "at least one of 'from' and 'below'" },
	{ "<Config id=\"A\"" SG "><sg:Applicability><sg:Product name=\"E\"><sg:Affected "
	  "from=\"15.x\"/></sg:Product></sg:Applicability>" LIST "</Config>",
	        "'15.x' is not a version" },
	{ "<Config id=\"A\"" SG "><sg:Applicability><sg:Product name=\"E\"><sg:Affected from=\"15.2\" "
	  "below=\"15.1\"/></sg:Product></sg:Applicability>" LIST "</Config>",
	        "'from' must be less than 'below'" },
	{ "<Config id=\"A\"" SG "><sg:Applicability><sg:Product name=\"E\"><sg:Fixed branch=\"15.2\" "
	  "from=\"15.1.9\"/></sg:Product></sg:Applicability>" LIST "</Config>",
	        "'from' must lie in 'branch'" },
	{ "<Config id=\"A\"" SG
	  "><sg:Applicability><sg:File path=\"bin\\a.dll\" below=\"1\"/></sg:Applicability>" LIST "</Config>",
	        "must begin with a drive" },
	{ "<Config id=\"A\"" SG "><sg:Test/>" LIST "</Config>", "there is no test in it" },
	{ "<Config id=\"A\"" SG "><sg:Test><sg:Refuse uri=\"owa\"/></sg:Test>" LIST "</Config>",
	        "must begin with '/'" },
	{ "<Config id=\"A\"" SG "><sg:Test><sg:Refuse uri=\"/a b\"/></sg:Test>" LIST "</Config>",
	        "write it as %20" },
	{ "<Config id=\"A\"" SG "><sg:Test><sg:Refuse uri=\"/\" method=\"post\"/></sg:Test>" LIST "</Config>",
	        "capital letters" },
	{ "<Config id=\"A\"" SG "><sg:Test><sg:Refuse uri=\"/\" is=\"x\"/></sg:Test>" LIST "</Config>",
	        "attribute 'is' is not known" },
	{ "<Config id=\"A\"" SG "><sg:Test><sg:Response uri=\"/\" header=\"H\"/></sg:Test>" LIST "</Config>",
	        "'becomes' is missing" },
	{ "<Config id=\"A\"" SG "><sg:Test><sg:Deny uri=\"/\"/></sg:Test>" LIST "</Config>",
	        "allowed: Refuse, Serve, Response" },
	{ "<Config id=\"A\"" SG "><sg:Probe uri=\"/\" expect=\"403\"/>" LIST "</Config>",
	        "not one of refused, served" },
	{ "<Config id=\"A\"" SG "><sg:Reference type=\"x\">y</sg:Reference>" LIST "</Config>",
	        "not one of cve, kb, url" },
	{ "<Config id=\"A\"" SG "><sg:SideEffect><b/></sg:SideEffect>" LIST "</Config>",
	        "an element is not allowed" },
	{ "<Config id=\"A\"" SG "><sg:FixedBy>a</sg:FixedBy><sg:FixedBy>b</sg:FixedBy>" LIST "</Config>",
	        "a second one" },
	{ "<Config id=\"A\"", "mitigation: octet 14 of " },
};

static void what_is_wrong_is_refused_with_its_place(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct sg_err err = SG_ERR_INIT;
		struct sg_mitigation *m = NULL;

		if (decode_mitigation("corp", sg_bytes_of(bad[i].doc), &m, &err) >= 0)
			fail_msg("accepted: %s", bad[i].doc);
		assert_null(m);
		if (!strstr(err.msg, bad[i].says))
			fail_msg("\"%s\" does not say \"%s\"", err.msg, bad[i].says);
	}
}

static void ids_are_safe_names(void **state)
{
	char longest[66] = { 0 };

	(void)state;
	memset(longest, 'a', 64);
	assert_true(sg_id_valid("M1"));
	assert_true(sg_id_valid("EXK-2022.41040_b"));
	assert_true(sg_id_valid(longest));
	longest[64] = 'a';
	assert_false(sg_id_valid(longest));
	assert_false(sg_id_valid(""));
	assert_false(sg_id_valid(".x"));
	assert_false(sg_id_valid("a\\b"));
	assert_false(sg_id_valid("\xc3\xa4"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_part_is_read),
		cmocka_unit_test(an_em_config_is_read_and_applies_everywhere),
		cmocka_unit_test(a_tombstone_says_when_and_why),
		cmocka_unit_test(what_others_add_makes_applicability_unknown),
		cmocka_unit_test(what_is_wrong_is_refused_with_its_place),
		cmocka_unit_test(ids_are_safe_names),
	};

	sg_xml_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
