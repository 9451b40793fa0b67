/* What `stopgap-feed new` writes: it lints clean, validates by schemas/feed.xsd and passes its own tests, whatever the answers. */
#include "base/xml.h"
#include "engine/draft.h"
#include "engine/lint.h"
#include "model/mitigation.h"

#include <libxml/xmlschemas.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define NOW 1795000000000LL /* 2026-11-18 */

static void validate(const char *config)
{
	xmlSchemaParserCtxt *parser = xmlSchemaNewParserCtxt(SG_SOURCE_DIR "/schemas/feed.xsd");
	xmlSchema *schema = xmlSchemaParse(parser);
	xmlSchemaValidCtxt *ctxt = xmlSchemaNewValidCtxt(schema);
	const char *root = strstr(config, "<Config");
	char *feed =
	        sg_format("<EOCS xmlns:sg=\"" SG_FEED_NS "\" sg:feed=\"corp\" sg:serial=\"3\" "
	                  "sg:issued=\"2026-11-18T00:00:00Z\" sg:expires=\"2026-12-01T00:00:00Z\">%s</EOCS>",
	                root ? root : config);
	xmlDoc *doc = xmlReadMemory(feed, (int)strlen(feed), "draft", NULL, XML_PARSE_NONET);

	assert_non_null(schema);
	if (xmlSchemaValidateDoc(ctxt, doc))
		fail_msg("does not validate:\n%s", feed);
	xmlFreeDoc(doc);
	xmlSchemaFreeValidCtxt(ctxt);
	xmlSchemaFree(schema);
	xmlSchemaFreeParserCtxt(parser);
	free(feed);
}

static void one_draft(const struct sg_draft *d)
{
	struct sg_err err = SG_ERR_INIT;
	struct sg_findings f;
	struct sg_buf out = { 0 };

	if (sg_draft(d, &out, &err))
		fail_msg("%s", err.msg);
	sg_lint(sg_buf_bytes(&out), NOW, &f);
	if (f.errors || f.warnings) {
		for (size_t i = 0; i < f.n; i++)
			fprintf(stderr, "  [%s] %s\n", f.at[i].rule, f.at[i].text);
		fail_msg("%s", (const char *)out.data);
	}
	validate((const char *)out.data);
	sg_findings_release(&f);
	sg_buf_release(&out);
}

static void what_new_writes_lints_clean_and_validates(void **state)
{
	static const char *const uris[] = { "/owa/auth/x.aspx?cmd=run&x=1", "/owa/auth/x.aspx",
		"/autodiscover/a.json?@b/PowerShell/", "/ecp/a%20b.aspx?q=%3Cscript%3E",
		"/a+b(c).aspx?d=[e]|f", "/owa/?a=b&&c=d" };
	struct sg_draft d = { .id = "CORP-7",
		.kind = "url_rewrite",
		.cve = "CVE-2026-10001",
		.product = "Exchange",
		.affected = "15.1-15.3",
		.review_by = "2027-02-16" };

	(void)state;
	sg_strs_add(&d.fixed, "15.2.986=15.2.986.36");
	for (size_t i = 0; i < sizeof(uris) / sizeof(*uris); i++) {
		sg_strs_release(&d.refuse);
		sg_strs_add(&d.refuse, uris[i]);
		one_draft(&d);
	}
	d.method = "POST";
	d.path = "/owa";
	sg_strs_release(&d.refuse);
	sg_strs_add(&d.refuse, "/owa/auth/x.aspx?cmd=run");
	one_draft(&d);
	d.method = d.path = NULL;
	d.kind = "request_filtering";
	sg_strs_release(&d.refuse);
	sg_strs_add(&d.refuse, "/owa/auth/evil.aspx");
	one_draft(&d);
	sg_strs_release(&d.refuse);
	d.kind = "service";
	d.service = "MSExchangeUM";
	d.review_by = "2026-12-18";
	sg_strs_add(&d.companions, "MSExchangeHM");
	one_draft(&d);
	d.kind = "app_pool";
	d.pool = "MSExchangeECPAppPool";
	one_draft(&d);
	sg_strs_release(&d.companions);
	sg_strs_release(&d.fixed);
}

static void answers_that_cannot_be_right_are_refused(void **state)
{
	struct sg_draft d = { .id = "CORP 7", .kind = "url_rewrite", .review_by = "2027-02-16" };
	struct sg_err err = SG_ERR_INIT;
	struct sg_buf out = { 0 };

	(void)state;
	assert_int_equal(sg_draft(&d, &out, &err), SG_EINVAL);
	d.id = "CORP-7";
	assert_int_equal(sg_draft(&d, &out, NULL), SG_EINVAL); /* no request */
	sg_strs_add(&d.refuse, "/");
	assert_int_equal(sg_draft(&d, &out, NULL), SG_EINVAL); /* the whole site */
	sg_strs_release(&d.refuse);
	sg_strs_add(&d.refuse, "owa");
	assert_int_equal(sg_draft(&d, &out, NULL), SG_EINVAL);
	d.kind = "magic";
	assert_int_equal(sg_draft(&d, &out, NULL), SG_EINVAL);
	assert_null(out.data);
	sg_strs_release(&d.refuse);
}

/* Drafts with the request and the day filled in; expects SG_EINVAL whose text holds `says`, or with NULL that it is taken and `writes` stands in it. */
static void judge(struct sg_draft d, const char *says, const char *writes)
{
	struct sg_err err = SG_ERR_INIT;
	struct sg_buf out = { 0 };
	int r;

	d.kind = "url_rewrite";
	d.review_by = "2027-02-16";
	sg_strs_add(&d.refuse, "/owa/auth/x.aspx");
	r = sg_draft(&d, &out, &err);
	if (says && (r != SG_EINVAL || !strstr(err.msg, says)))
		fail_msg("taken, or another text: %s", err.msg);
	if (!says && (r || !strstr((const char *)out.data, writes)))
		fail_msg("%s%s", err.msg, r ? "" : (const char *)out.data);
	sg_strs_release(&d.refuse);
	sg_buf_release(&out);
}

static void a_reference_is_a_cve_a_kb_or_an_address(void **state)
{
	static const char *const wrong[] = { "", "2026-1", "CVE2026-1", "CVE-2026-1", "CVE-26-10001",
		"CVE-2026-", "CVE-2026-1000x", "KB", "KB12a", "example.com/advisory", "https://",
		"https:///x", "https://a b", "ftp://example.com/x" };
	static const struct {
		const char *given, *type;
	} right[] = { { "CVE-2026-42897", "\"cve\">CVE-2026-42897<" }, { "CVE-2026-1234567", "\"cve\">" },
		{ "KB5074992", "\"kb\">KB5074992<" }, { "https://example.com/a?b=1&c", "\"url\">https:" },
		{ "http://intranet/x", "\"url\">" } };

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		judge((struct sg_draft){ .id = "CORP-7", .cve = wrong[i] }, "is no reference", NULL);
	for (size_t i = 0; i < sizeof(right) / sizeof(*right); i++)
		judge((struct sg_draft){ .id = "CORP-7", .cve = right[i].given }, NULL, right[i].type);
}

static void a_product_that_no_server_detects_is_refused_with_the_one_that_is_meant(void **state)
{
	(void)state;
	judge((struct sg_draft){ .id = "CORP-7", .product = "Exchnge" }, "did you mean 'Exchange'?", NULL);
	judge((struct sg_draft){ .id = "CORP-7", .product = "SharePoint" },
	        "does not know the product 'SharePoint'", NULL);
	judge((struct sg_draft){ .id = "CORP-7", .product = "IIS" }, NULL, "name=\"IIS\"");
}

static void an_id_that_is_not_allowed_is_quoted(void **state)
{
	(void)state;
	judge((struct sg_draft){ .id = "CORP 1" }, "\"CORP 1\" is not allowed: 1 to 64 letters", NULL);
	judge((struct sg_draft){ .id = "" }, "an id is needed", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_new_writes_lints_clean_and_validates),
		cmocka_unit_test(answers_that_cannot_be_right_are_refused),
		cmocka_unit_test(a_reference_is_a_cve_a_kb_or_an_address),
		cmocka_unit_test(a_product_that_no_server_detects_is_refused_with_the_one_that_is_meant),
		cmocka_unit_test(an_id_that_is_not_allowed_is_quoted),
	};

	sg_xml_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
