/* test_url_rewrite.c - the action UrlRewrite: what a feed may say, what is wished for on a server, what is refused, what is proven. */
#include "actions/action.h"
#include "actions/step.h"
#include "base/text.h"
#include "tests/lib/drive.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define CONFIG(id, inside)                                                                                   \
	"<Config xmlns:sg=\"urn:stopgap:feed:1\" id=\"" id                                                   \
	"\" desc=\"test\" sg:revision=\"1\" sg:severity=\"high\">" inside "</Config>"
#define ACTIONS(inside)          "<ActionList>" inside "</ActionList>"
#define ACTION(scope, inside)    "<Action type=\"UrlRewrite\" scope=\"" scope "\" desc=\"d\">" inside "</Action>"
#define AT(sites, path, inherit) "<sg:At sites=\"" sites "\" path=\"" path "\" inherit=\"" inherit "\"/>"
#define RULES(inside)            "<rewrite><rules>" inside "</rules></rewrite>"
#define RULE(name, pattern)                                                                                  \
	"<rule name=\"" name "\" stopProcessing=\"true\"><match url=\".*\"/><conditions><add "               \
	                     "input=\"{UrlDecode:{REQUEST_URI}}\" "                                          \
	"pattern=\"" pattern "\"/></conditions><action type=\"AbortRequest\"/></rule>"
#define SITE_ROOT AT("Default Web Site", "/", "yes")

#define POWERSHELL                                                                                           \
	CONFIG("T-1",                                                                                        \
	        "<sg:Test><sg:Refuse uri=\"/autodiscover/autodiscover.json?a@b.example/PowerShell/\"/>"      \
	        "<sg:Refuse uri=\"/ecp/autodiscover%2ejson?Protocol=%50owershell\"/><sg:Serve "              \
	        "uri=\"/owa/\"/></sg:Test>" ACTIONS(                                                         \
	                ACTION("Site", SITE_ROOT RULES(RULE("stopgap T-1 PowerShell",                        \
	                                       "(?=.*autodiscover)(?=.*powershell)")))))
#define CSP                                                                                                  \
	CONFIG("T-2",                                                                                        \
	        "<sg:Test><sg:Response uri=\"/owa/\" type=\"text/html\" header=\"Content-Security-Policy\" " \
	        "is=\"default-src 'self'\" "                                                                 \
	        "becomes=\"default-src 'self'; script-src-attr 'none'\"/></sg:Test>" ACTIONS(ACTION("VDir",  \
	                AT("Default Web Site", "/owa",                                                       \
	                        "no") "<rewrite><outboundRules><preConditions><preCondition name=\"stopgap " \
	                              "T-2 HTML\">"                                                          \
	                              "<add input=\"{RESPONSE_CONTENT_TYPE}\" "                              \
	                              "pattern=\"^text/html\"/></preCondition></preConditions>"              \
	                              "<rule name=\"stopgap T-2 CSP\" preCondition=\"stopgap T-2 HTML\">"    \
	                              "<match serverVariable=\"RESPONSE_Content_Security_Policy\" "          \
	                              "pattern=\"(.*)\"/>"                                                   \
	                              "<action type=\"Rewrite\" value=\"{R:1}; script-src-attr "             \
	                              "'none'\"/></rule>"                                                    \
	                              "</outboundRules></rewrite>")))
#define GLOBAL                                                                                               \
	CONFIG("T-3", "<sg:Test><sg:Refuse uri=\"/x/upload.ashx\"/></sg:Test>" ACTIONS(                      \
	                      ACTION("Server", "<rewrite><globalRules><rule name=\"stopgap T-3 upload\" "    \
	                                       "stopProcessing=\"true\"><match "                             \
	                                       "url=\"(^|/)upload\\.ashx$\"/><action "                       \
	                                       "type=\"CustomResponse\" statusCode=\"403\"/></rule>"         \
	                                       "</globalRules></rewrite>")))

static struct sg_mitigation *decode(const char *config)
{
	struct sg_err err = SG_ERR_INIT;
	struct sg_mitigation *m = NULL;

	if (sg_mitigation_decode("test", sg_bytes_of(config), &m, &err))
		fail_msg("%s", err.msg);
	return m;
}

/* --- check */

static void check(const char *config, int code, const char *says)
{
	struct sg_mitigation *m = decode(config);
	struct sg_err err = SG_ERR_INIT;
	int r = sg_actions_check(m, &err);

	if (r != code)
		fail_msg("%d (%s) where %d (%s) was expected", r, err.msg, code, says);
	if (says && !strstr(err.msg, says))
		fail_msg("\"%s\" does not say \"%s\"", err.msg, says);
	if (says)
		assert_non_null(strstr(err.msg, m->id));
	sg_mitigation_free(m);
}

static void good_actions_pass(void **state)
{
	(void)state;
	check(POWERSHELL, 0, NULL);
	check(CSP, 0, NULL);
	check(GLOBAL, 0, NULL);
	check(CONFIG("T-1", ACTIONS("<Action type=\"DoNothing\" "
	                            "scope=\"Server\"><Value>DoNothing</Value></Action>")),
	        0, NULL);
	check(CONFIG("T-1", ACTIONS(ACTION("Site", SITE_ROOT RULES(RULE("stopgap T-1", "x"))))), 0, NULL);
}

static void names_must_carry_the_prefix(void **state)
{
	static const char must[] = "must begin with";

	(void)state;
	check(CONFIG("T-1", ACTIONS(ACTION("Site", SITE_ROOT RULES(RULE("PowerShell - inbound", "x"))))),
	        SG_EINVAL, must);
	check(CONFIG("T-1", ACTIONS(ACTION("Site", SITE_ROOT RULES(RULE("stopgap T-2 x", "x"))))), SG_EINVAL,
	        must);
	check(CONFIG("T-1", ACTIONS(ACTION("Site", SITE_ROOT RULES(RULE("stopgap T-10 x", "x"))))), SG_EINVAL,
	        must);
	check(CONFIG("T-1", ACTIONS(ACTION("Site", SITE_ROOT RULES(RULE("Stopgap T-1 x", "x"))))), SG_EINVAL,
	        must);
	check(CONFIG("T-1",
	              ACTIONS(ACTION("Site",
	                      SITE_ROOT RULES("<rule><match url=\".*\"/><action type=\"None\"/></rule>")))),
	        SG_EINVAL, "no name");
}

static void names_are_used_once(void **state)
{
	(void)state;
	check(CONFIG("T-1", ACTIONS(ACTION("Site",
	                            SITE_ROOT RULES(RULE("stopgap T-1 a", "x") RULE("stopgap T-1 A", "y"))))),
	        SG_EINVAL, "twice");
	check(CONFIG("T-1",
	              ACTIONS(ACTION("Site", SITE_ROOT RULES(RULE("stopgap T-1 a", "x"))) ACTION("Site",
	                      AT("Default Web Site", "/ecp", "yes") RULES(RULE("stopgap T-1 a", "x"))))),
	        SG_EINVAL, "two actions");
}

static void what_a_feed_may_not_hold_is_named(void **state)
{
	static const struct {
		const char *rewrite, *says;
	} cases[] = {
		{ "<rewrite><rewriteMaps/></rewrite>", "<rewriteMaps>" },
		{ "<rewrite><providers/></rewrite>", "<providers>" },
		{ "<rewrite><allowedServerVariables/></rewrite>", "<allowedServerVariables>" },
		{ "<rewrite><outboundRules><customTags/></outboundRules></rewrite>", "<customTags>" },
		{ RULES("<clear/>"), "only adds" },
		{ RULES("<remove name=\"other\"/>"), "only adds" },
		{ "<rewrite><outboundRules rewriteBeforeCache=\"true\"/></rewrite>", "rewriteBeforeCache" },
		{ "<rewrite><rules configSource=\"x.config\"/></rewrite>", "configSource" },
		{ RULES("<rule name=\"stopgap T-1 a\" lockItem=\"true\"><match url=\".*\"/><action "
		        "type=\"None\"/></rule>"),
		        "lockItem" },
		{ RULES("<rule name=\"stopgap T-1 a\">text<match url=\".*\"/><action type=\"None\"/></rule>"),
		        "text" },
		{ RULES("<rule name=\"stopgap T-1 a\"><match url=\"*\"/><action type=\"None\"/></rule>"),
		        "stopgap T-1 a" },
		{ RULES("<rule name=\"stopgap T-1 a\"><match url=\"(\"/><action type=\"None\"/></rule>"),
		        "stopgap T-1 a" },
		{ RULES("<rule name=\"stopgap T-1 a\"><match url=\".*\"/><action type=\"Explode\"/></rule>"),
		        "AbortRequest" },
		{ RULES("<rule name=\"stopgap T-1 a\"><match url=\".*\" speed=\"1\"/><action "
		        "type=\"None\"/></rule>"),
		        "speed" },
		{ RULES("<sg:rule name=\"stopgap T-1 a\"/>"), "<rule>" },
		{ "<rewrite><globalRules>" RULE("stopgap T-1 a", "x") "</globalRules></rewrite>",
		        "scope=\"Server\"" },
		{ "<rewrite/>", "no rule" },
		{ "", "no <rewrite>" },
		{ "<rewrite><outboundRules><rule name=\"stopgap T-1 a\" preCondition=\"IsHTML\"><match "
		  "serverVariable=\"RESPONSE_X\" "
		  "pattern=\".*\"/><action type=\"Rewrite\" value=\"\"/></rule></outboundRules></rewrite>",
		        "IsHTML" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char *config =
		        sg_format(CONFIG("T-1", ACTIONS(ACTION("Site", SITE_ROOT "%s"))), cases[i].rewrite);

		check(config, SG_EINVAL, cases[i].says);
		free(config);
	}
}

static void the_place_is_checked(void **state)
{
#define GOOD RULES(RULE("stopgap T-1 a", "x"))
	(void)state;
	check(CONFIG("T-1", ACTIONS(ACTION("Site", GOOD))), SG_EINVAL, "needs <At");
	check(CONFIG("T-1", ACTIONS(ACTION("Server", SITE_ROOT GOOD))), SG_EINVAL, "scope=\"Server\"");
	check(CONFIG("T-1", ACTIONS(ACTION("World", SITE_ROOT GOOD))), SG_EINVAL, "Server, Site, VDir");
	check(CONFIG("T-1", ACTIONS(ACTION("VDir", "<sg:At sites=\"*\"/>" GOOD))), SG_EINVAL, "path");
	check(CONFIG("T-1", ACTIONS(ACTION("Site", "<sg:At path=\"/\"/>" GOOD))), SG_EINVAL, "sites");
	check(CONFIG("T-1", ACTIONS(ACTION("Site", AT("*", "/", "maybe") GOOD))), SG_EINVAL, "yes, no");
	check(CONFIG("T-1", ACTIONS(ACTION("VDir", AT("*", "/../x", "yes") GOOD))), SG_EINVAL, "path");
	check(CONFIG("T-1", ACTIONS(ACTION("Site", "<sg:At sites=\"*\" speed=\"1\"/>" GOOD))), SG_EINVAL,
	        "'speed'");
}

static void an_unknown_kind_is_named(void **state)
{
	struct sg_err err = SG_ERR_INIT;
	struct sg_mitigation *m =
	        decode(CONFIG("T-1", ACTIONS("<Action type=\"Firewall\" scope=\"Server\"/>")));

	(void)state;
	assert_int_equal(sg_actions_check(m, &err), SG_EUNSUPPORTED);
	assert_non_null(strstr(err.msg, "Firewall"));
	assert_null(sg_action_kind("urlrewrite"));
	assert_string_equal(sg_action_kind("UrlRewrite")->conf_name, "url_rewrite");
	sg_mitigation_free(m);
}

/* --- on a drive */

struct fixture {
	char *dir;
	struct sg_drives drives;
	struct sg_host *host;
	struct sg_mitigation *m;
	struct sg_wishes wishes;
	struct sg_proof proof;
	struct sg_err err;
};

static int setup(void **state)
{
	struct fixture *f = sg_alloc(sizeof(*f));

	f->dir = t_drive_make();
	t_drive_drives(f->dir, &f->drives);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	sg_proof_release(&f->proof);
	sg_wishes_release(&f->wishes);
	sg_mitigation_free(f->m);
	sg_host_free(f->host);
	sg_drives_release(&f->drives);
	t_drive_free(f->dir);
	free(f);
	return 0;
}

static void use(struct fixture *f, const char *config)
{
	sg_mitigation_free(f->m);
	f->m = decode(config);
	sg_host_free(f->host);
	f->host = NULL;
	assert_int_equal(sg_host_read(&f->drives, &f->host, &f->err), 0);
}

static int plan(struct fixture *f, const char *config, const struct sg_holds *own)
{
	use(f, config);
	sg_wishes_release(&f->wishes);
	sg_err_clear(&f->err);
	return sg_actions_plan(f->m, f->host, &f->drives, own, &f->wishes, &f->err);
}

static void refused(struct fixture *f, const char *config, int code, const char *says)
{
	struct t_snapshot *before = t_drive_snapshot(f->dir);
	int r = plan(f, config, NULL);

	if (r != code)
		fail_msg("%d (%s) where %d (%s) was expected", r, f->err.msg, code, says);
	if (!strstr(f->err.msg, says))
		fail_msg("\"%s\" does not say \"%s\"", f->err.msg, says);
	assert_int_equal(f->wishes.n, 0);
	assert_true(t_drive_same(f->dir, before));
	t_snapshot_free(before);
}

/* Plans, and moves every wish from what is there to what is wanted; *ret gets the moves as they were made. */
static void apply(struct fixture *f, const char *config, struct sg_moves *ret)
{
	struct sg_moves moves = { 0 };
	struct sg_seen_value *now;
	struct sg_step_plan p = { 0 };
	size_t n = 0;

	if (plan(f, config, NULL))
		fail_msg("%s", f->err.msg);
	for (size_t i = 0; i < f->wishes.n; i++) {
		struct sg_move *m = sg_moves_add(&moves);

		sg_addr_copy(&m->addr, &f->wishes.at[i].addr);
		sg_content_copy(&m->to, &f->wishes.at[i].to);
	}
	now = sg_alloc(moves.n * sizeof(*now));
	sg_step_look(&f->drives, &moves, now, &f->err);
	for (size_t i = 0; i < moves.n; i++)
		if (now[i].seen == SG_SEEN_TO) {
			sg_move_release(&moves.at[i]);
		} else {
			sg_content_release(&moves.at[i].from);
			sg_content_copy(&moves.at[i].from, &now[i].now);
			moves.at[n++] = moves.at[i];
		}
	sg_seen_release(now, moves.n);
	free(now);
	moves.n = n;
	if (sg_step_plan(&f->drives, &moves, false, f->host->iis->max_web_config, &p, &f->err) ||
	        sg_step_write(&p, false, NULL, NULL, &f->err))
		fail_msg("%s", f->err.msg);
	for (size_t i = 0; i < moves.n; i++) {
		sg_content_release(&moves.at[i].to);
		sg_content_copy(&moves.at[i].to, &p.written[i]);
	}
	sg_step_plan_release(&p);
	if (ret)
		*ret = moves;
	else
		sg_moves_release(&moves);
}

static void revert(struct fixture *f, struct sg_moves *moves)
{
	struct sg_step_plan p = { 0 };

	for (size_t i = 0; i < moves->n; i++) {
		struct sg_content c = moves->at[i].from;

		moves->at[i].from = moves->at[i].to;
		moves->at[i].to = c;
	}
	sg_err_clear(&f->err);
	if (sg_step_plan(&f->drives, moves, false, f->host->iis->max_web_config, &p, &f->err) ||
	        sg_step_write(&p, false, NULL, NULL, &f->err))
		fail_msg("%s", f->err.msg);
	sg_step_plan_release(&p);
	sg_moves_release(moves);
}

static enum sg_effective prove(struct fixture *f, const char *config)
{
	use(f, config);
	sg_proof_release(&f->proof);
	sg_err_clear(&f->err);
	if (sg_actions_prove(f->m, f->host, &f->drives, &f->proof, &f->err))
		fail_msg("%s", f->err.msg);
	return f->proof.effective;
}

static void proof_says(const struct fixture *f, const char *text)
{
	if (!f->proof.text || !strstr(f->proof.text, text))
		fail_msg("\"%s\" does not say \"%s\"", f->proof.text ? f->proof.text : "", text);
}

/* --- plan */

static void wishes_are_scaffolds_then_elements_in_the_feeds_order(void **state)
{
	static const char *const paths[] = {
		"/configuration/system.webServer",
		"/configuration/system.webServer/rewrite",
		"/configuration/system.webServer/rewrite/rules",
		"/configuration/system.webServer/rewrite/rules/rule[@name='stopgap T-1 a']",
		"/configuration/system.webServer/rewrite/rules/rule[@name='stopgap T-1 b']",
	};
	struct fixture *f = *state;

	assert_int_equal(
	        plan(f,
	                CONFIG("T-1", ACTIONS(ACTION("Site", SITE_ROOT RULES(RULE("stopgap T-1 a", "x")
	                                                                     RULE("stopgap T-1 b", "y"))))),
	                NULL),
	        0);
	assert_int_equal(f->wishes.n, 5);
	for (size_t i = 0; i < 5; i++) {
		assert_string_equal(f->wishes.at[i].addr.path, paths[i]);
		assert_string_equal(f->wishes.at[i].addr.container, T_WWWROOT);
		assert_int_equal(f->wishes.at[i].addr.kind, i < 3 ? SG_VALUE_SCAFFOLD : SG_VALUE_ELEMENT);
		assert_true(f->wishes.at[i].to.present);
		assert_string_equal(f->wishes.at[i].site, "Default Web Site");
	}
	assert_null(f->wishes.at[3].to.after);
	assert_string_equal(f->wishes.at[4].to.after, "rule[@name='stopgap T-1 a']");
	assert_null(strstr((const char *)f->wishes.at[3].to.octets.data, "xmlns"));
	assert_int_equal(f->wishes.at[3].to.lead.len, 0);
}

static void a_precondition_is_a_value_beside_its_rule(void **state)
{
#define OWA_REWRITE                                                                                          \
	"/configuration/location[@path='.'][@inheritInChildApplications='false']/system.webServer/rewrite/"  \
	"outboundRules"
	struct fixture *f = *state;

	assert_int_equal(plan(f, CSP, NULL), 0);
	assert_int_equal(f->wishes.n, 7);
	assert_string_equal(f->wishes.at[0].addr.path,
	        "/configuration/location[@path='.'][@inheritInChildApplications='false']");
	assert_string_equal(f->wishes.at[4].addr.path, OWA_REWRITE "/preConditions");
	assert_string_equal(f->wishes.at[5].addr.path,
	        OWA_REWRITE "/preConditions/preCondition[@name='stopgap T-2 HTML']");
	assert_string_equal(f->wishes.at[6].addr.path, OWA_REWRITE "/rule[@name='stopgap T-2 CSP']");
	assert_string_equal(f->wishes.at[6].addr.container, T_OWA);
	assert_string_equal(f->wishes.at[6].site, "Default Web Site/owa");
}

static void the_server_and_folders_without_web_config_are_in_applicationhost(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(plan(f, GLOBAL, NULL), 0);
	assert_string_equal(f->wishes.at[f->wishes.n - 1].addr.container, T_APPHOST);
	assert_string_equal(f->wishes.at[f->wishes.n - 1].addr.path,
	        "/configuration/system.webServer/rewrite/globalRules/rule[@name='stopgap T-3 upload']");
	assert_null(f->wishes.at[0].site);
	assert_int_equal(plan(f,
	                         CONFIG("T-1", ACTIONS(ACTION("VDir", AT("*", "/OAB", "yes") RULES(
	                                                                      RULE("stopgap T-1 a", "x"))))),
	                         NULL),
	        0);
	assert_int_equal(f->wishes.n, 10);
	assert_string_equal(f->wishes.at[4].addr.path,
	        "/configuration/location[@path='Default Web "
	        "Site/OAB']/system.webServer/rewrite/rules/rule[@name='stopgap T-1 a']");
	assert_string_equal(f->wishes.at[9].addr.container, T_APPHOST);
	assert_non_null(strstr(f->wishes.at[9].addr.path, "Exchange Back End/OAB"));
}

static void doing_nothing_wishes_nothing(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(
	        plan(f, CONFIG("T-1", ACTIONS("<Action type=\"DoNothing\" scope=\"Server\"/>")), NULL), 0);
	assert_int_equal(f->wishes.n, 0);
}

static void what_speaks_against_it_is_said_and_nothing_is_touched(void **state)
{
#define AT_ROOT(rules) CONFIG("T-1", ACTIONS(ACTION("Site", SITE_ROOT rules)))
	static const struct {
		const char *config, *file, *from, *to;
		int code;
		const char *says;
	} cases[] = {
		{ POWERSHELL, T_APPHOST, "<add name=\"RewriteModule\" image=", "<add name=\"X\" image=",
		        SG_EUNSUPPORTED, "URL Rewrite is not installed" },
		{ POWERSHELL, T_APPHOST, "<sectionGroup name=\"rewrite\">", "<sectionGroup name=\"x\">",
		        SG_EUNSUPPORTED, "URL Rewrite is not installed" },
		{ POWERSHELL, T_APPHOST, "<section name=\"rules\" overrideModeDefault=\"Allow\" />",
		        "<section name=\"rules\" overrideModeDefault=\"Deny\" />", SG_EACCES, "locked" },
		{ POWERSHELL, T_WWWROOT, "</system.web>", "<system.web>", SG_EPARSE, "wwwroot\\web.config" },
		{ POWERSHELL, T_WWWROOT, "<configuration>", "<!DOCTYPE configuration><configuration>",
		        SG_EUNSUPPORTED, "DOCTYPE" },
		{ POWERSHELL, T_WWWROOT, "<assemblyBinding",
		        "<system.webServer><rewrite><rules "
		        "configSource=\"r.config\"/></rewrite></system.webServer><assemblyBinding",
		        SG_EUNSUPPORTED, "configSource" },
		{ POWERSHELL, T_WWWROOT, "<assemblyBinding",
		        "<system.webServer><rewrite><rules "
		        "configProtectionProvider=\"p\"><EncryptedData/></rules></rewrite></system.webServer>"
		        "<assemblyBinding",
		        SG_EUNSUPPORTED, "encrypted" },
		{ POWERSHELL, T_WWWROOT, "<modules>", "<rewrite><rules/></rewrite><modules>", SG_EUNSUPPORTED,
		        "already" },
		{ POWERSHELL, T_ECP, "<appSettings>",
		        "<system.webServer><rewrite><rules><rule name=\"stopgap T-1 "
		        "powershell\"/></rules></rewrite></system.webServer>"
		        "<appSettings>",
		        SG_ECONFLICT, "only once" },
		{ POWERSHELL, T_APPHOST, "<site name=\"Default Web Site\"", "<site name=\"Renamed\"",
		        SG_ENOENT, "Default Web Site" },
		{ CONFIG("T-1", ACTIONS(ACTION("VDir", AT("Default Web Site", "/owa", "yes")
		                                               RULES(RULE("stopgap T-1 a", "x"))))),
		        T_APPHOST, "", "", SG_ECONFLICT, "twice" },
		{ AT_ROOT(RULES("<rule name=\"stopgap T-1 a\"><match url=\".*\"/><serverVariables><set "
		                "name=\"HTTP_X\" "
		                "value=\"1\"/></serverVariables><action type=\"None\"/></rule>")),
		        T_APPHOST, "", "", SG_EUNSUPPORTED, "allowedServerVariables" },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct sg_buf was = { 0 };

		t_drive_read(f->dir, cases[i].file, &was);
		t_drive_replace(f->dir, cases[i].file, cases[i].from, cases[i].to);
		refused(f, cases[i].config, cases[i].code, cases[i].says);
		t_drive_write(f->dir, cases[i].file, sg_buf_bytes(&was));
		sg_buf_release(&was);
	}
	/* a set variable that the server allows is fine */
	t_drive_replace(f->dir, T_APPHOST, "<validation />",
	        "<rewrite><allowedServerVariables><add name=\"http_x\" "
	        "/></allowedServerVariables></rewrite><validation />");
	assert_int_equal(
	        plan(f,
	                AT_ROOT(RULES("<rule name=\"stopgap T-1 a\"><match url=\".*\"/><serverVariables><set "
	                              "name=\"HTTP_X\" "
	                              "value=\"1\"/></serverVariables><action type=\"None\"/></rule>")),
	                NULL),
	        0);
}

static void utf16_is_refused(void **state)
{
	static const char utf16[] = "\xff\xfe<\0c\0o\0n\0f\0i\0g\0u\0r\0a\0t\0i\0o\0n\0/\0>";
	struct fixture *f = *state;

	t_drive_write(f->dir, T_WWWROOT, (struct sg_bytes){ (const unsigned char *)utf16, sizeof(utf16) });
	refused(f, POWERSHELL, SG_EUNSUPPORTED, "UTF-16");
}

static void a_drive_without_iis_does_not_need_it(void **state)
{
	struct fixture *f = *state;

	t_drive_remove(f->dir, T_APPHOST);
	refused(f, POWERSHELL, SG_ENOENT, "no IIS");
}

static void what_we_hold_is_no_conflict(void **state)
{
	struct fixture *f = *state;
	struct sg_moves moves = { 0 };
	struct sg_holds own = { 0 };

	apply(f, POWERSHELL, &moves);
	assert_int_equal(plan(f, POWERSHELL, NULL), SG_ECONFLICT);
	for (size_t i = 0; i < moves.n; i++)
		sg_addr_copy(&sg_holds_add(&own)->addr, &moves.at[i].addr);
	assert_int_equal(plan(f, POWERSHELL, &own), 0);
	sg_holds_release(&own);
	sg_moves_release(&moves);
}

/* --- in and out again, and what it does */

static void each_kind_goes_in_and_comes_out_with_identical_octets(void **state)
{
	static const char *const configs[] = { POWERSHELL, CSP, GLOBAL };
	struct fixture *f = *state;
	struct t_snapshot *before = t_drive_snapshot(f->dir);

	for (size_t i = 0; i < 3; i++) {
		struct sg_moves moves = { 0 };

		assert_int_equal(prove(f, configs[i]), SG_EFFECTIVE_NO);
		apply(f, configs[i], &moves);
		if (prove(f, configs[i]) != SG_EFFECTIVE_YES)
			fail_msg("%s", f->proof.text);
		revert(f, &moves);
		assert_int_equal(prove(f, configs[i]), SG_EFFECTIVE_NO);
		assert_true(t_drive_same(f->dir, before));
	}
	t_snapshot_free(before);
}

static void mitigations_end_in_every_order_and_leave_nothing(void **state)
{
	static const char *const configs[] = { POWERSHELL, CSP, GLOBAL };
	static const int orders[6][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 }, { 2, 0, 1 },
		{ 2, 1, 0 } };
	struct fixture *f = *state;
	struct t_snapshot *before = t_drive_snapshot(f->dir);

	for (size_t o = 0; o < 6; o++) {
		struct sg_moves moves[3] = { { 0 } };

		for (size_t i = 0; i < 3; i++)
			apply(f, configs[i], &moves[i]);
		for (size_t i = 0; i < 3; i++)
			revert(f, &moves[orders[o][i]]);
		assert_true(t_drive_same(f->dir, before));
	}
	t_snapshot_free(before);
}

static void proof_lines_say_which_rule_refused(void **state)
{
	struct fixture *f = *state;

	apply(f, POWERSHELL, NULL);
	assert_int_equal(prove(f, POWERSHELL), SG_EFFECTIVE_YES);
	assert_int_equal(f->proof.n, 3);
	for (size_t i = 0; i < 3; i++)
		assert_true(f->proof.at[i].passed);
	assert_non_null(
	        strstr(f->proof.at[0].text, "refused by rule 'stopgap T-1 PowerShell' (connection aborted)"));
	assert_non_null(strstr(f->proof.at[2].text, "served: GET /owa/"));
	apply(f, GLOBAL, NULL);
	assert_int_equal(prove(f, GLOBAL), SG_EFFECTIVE_YES);
	assert_non_null(strstr(f->proof.at[0].text, "(403)"));
	assert_int_equal(f->proof.n, 2); /* on each site */
}

static void what_defeats_a_rule_is_named_with_file_and_line(void **state)
{
	static const struct {
		const char *file, *from, *to, *says;
	} cases[] = {
		{ T_ECP, "<modules>", "<rewrite><rules>\r\n<clear/></rules></rewrite><modules>",
		        "ecp\\web.config:5: <clear>" },
		{ T_ECP, "<modules>",
		        "<rewrite><rules><remove name=\"STOPGAP T-1 "
		        "PowerShell\"/></rules></rewrite><modules>",
		        "ecp\\web.config:4: <remove>" },
		{ T_ECP, "<modules>", "<modules><remove name=\"RewriteModule\"/>", "URL Rewrite" },
		{ T_WWWROOT, "stopProcessing=\"true\"", "enabled=\"false\"", "should be refused" },
	};
	struct fixture *f = *state;

	apply(f, POWERSHELL, NULL);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct sg_buf was = { 0 };

		t_drive_read(f->dir, cases[i].file, &was);
		t_drive_replace(f->dir, cases[i].file, cases[i].from, cases[i].to);
		assert_int_equal(prove(f, POWERSHELL), SG_EFFECTIVE_NO);
		proof_says(f, cases[i].says);
		t_drive_write(f->dir, cases[i].file, sg_buf_bytes(&was));
		sg_buf_release(&was);
		assert_int_equal(prove(f, POWERSHELL), SG_EFFECTIVE_YES);
	}
}

static void a_foreign_rule_that_stops_before_ours_defeats_it(void **state)
{
	struct fixture *f = *state;

	apply(f, POWERSHELL, NULL);
	t_drive_replace(f->dir, T_APPHOST, "<validation />",
	        "<rewrite><rules><rule name=\"early\" stopProcessing=\"true\"><match url=\".*\"/><action "
	        "type=\"None\"/></rule></rules>"
	        "</rewrite><validation />");
	assert_int_equal(prove(f, POWERSHELL), SG_EFFECTIVE_NO);
	proof_says(f, "early");
}

static void what_cannot_be_known_is_unknown(void **state)
{
	struct fixture *f = *state;

	/* no test at all */
	assert_int_equal(
	        prove(f, CONFIG("T-9", ACTIONS(ACTION("Site", SITE_ROOT RULES(RULE("stopgap T-9 a", "x")))))),
	        SG_EFFECTIVE_UNKNOWN);
	proof_says(f, "no test");
	/* a foreign rule in front that depends on the file system */
	apply(f, POWERSHELL, NULL);
	t_drive_replace(f->dir, T_APPHOST, "<validation />",
	        "<rewrite><rules><rule name=\"early\" stopProcessing=\"true\"><match "
	        "url=\".*\"/><conditions><add input=\"{REQUEST_FILENAME}\" "
	        "matchType=\"IsFile\"/></conditions><action type=\"Rewrite\" "
	        "url=\"/x\"/></rule></rules></rewrite><validation />");
	assert_int_equal(prove(f, POWERSHELL), SG_EFFECTIVE_UNKNOWN);
	proof_says(f, "early");
	/* a file on the way that cannot be read */
	t_drive_replace(f->dir, T_ECP, "</modules>", "<modules>");
	assert_int_equal(prove(f, POWERSHELL), SG_EFFECTIVE_UNKNOWN);
	assert_int_equal(prove(f, CONFIG("PING", ACTIONS("<Action type=\"DoNothing\" scope=\"Server\"/>"))),
	        SG_EFFECTIVE_UNKNOWN);
}

/* --- by hand */

static void by_hand_lines_are_appcmd_where_appcmd_can(void **state)
{
	struct fixture *f = *state;
	const struct sg_action_kind *kind = sg_action_kind("UrlRewrite");
	struct sg_buf out = { 0 };

	assert_int_equal(plan(f, POWERSHELL, NULL), 0);
	kind->by_hand(&f->wishes.at[0], false, &out);
	assert_int_equal(out.len, 0); /* appcmd makes what surrounds a rule by itself */
	kind->by_hand(&f->wishes.at[f->wishes.n - 1], false, &out);
	assert_non_null(strstr((const char *)out.data,
	        "appcmd.exe set config \"Default Web Site\" -section:system.webServer/rewrite/rules "
	        "/+\"[name='stopgap T-1 PowerShell',stopProcessing='true']\"\r\n"));
	assert_non_null(
	        strstr((const char *)out.data, "\"/[name='stopgap T-1 PowerShell'].match.url:.*\"\r\n"));
	assert_non_null(strstr((const char *)out.data,
	        "/+\"[name='stopgap T-1 PowerShell'].conditions.[input='{UrlDecode:{REQUEST_URI}}',"));
	sg_buf_clear(&out);
	kind->by_hand(&f->wishes.at[f->wishes.n - 1], true, &out);
	assert_non_null(strstr((const char *)out.data, "/-\"[name='stopgap T-1 PowerShell']\""));
	sg_buf_clear(&out);
	assert_int_equal(plan(f, CSP, NULL), 0);
	kind->by_hand(&f->wishes.at[f->wishes.n - 1], false, &out);
	assert_non_null(strstr((const char *)out.data, T_OWA));
	assert_non_null(strstr((const char *)out.data, "<rule name=\"stopgap T-2 CSP\""));
	sg_buf_clear(&out);
	assert_int_equal(plan(f, GLOBAL, NULL), 0);
	kind->by_hand(&f->wishes.at[f->wishes.n - 1], false, &out);
	assert_non_null(strstr((const char *)out.data, "/commit:apphost"));
	sg_buf_release(&out);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_actions_pass),
		cmocka_unit_test(names_must_carry_the_prefix),
		cmocka_unit_test(names_are_used_once),
		cmocka_unit_test(what_a_feed_may_not_hold_is_named),
		cmocka_unit_test(the_place_is_checked),
		cmocka_unit_test(an_unknown_kind_is_named),
		T(wishes_are_scaffolds_then_elements_in_the_feeds_order),
		T(a_precondition_is_a_value_beside_its_rule),
		T(the_server_and_folders_without_web_config_are_in_applicationhost),
		T(doing_nothing_wishes_nothing),
		T(what_speaks_against_it_is_said_and_nothing_is_touched),
		T(utf16_is_refused),
		T(a_drive_without_iis_does_not_need_it),
		T(what_we_hold_is_no_conflict),
		T(each_kind_goes_in_and_comes_out_with_identical_octets),
		T(mitigations_end_in_every_order_and_leave_nothing),
		T(proof_lines_say_which_rule_refused),
		T(what_defeats_a_rule_is_named_with_file_and_line),
		T(a_foreign_rule_that_stops_before_ours_defeats_it),
		T(what_cannot_be_known_is_unknown),
		T(by_hand_lines_are_appcmd_where_appcmd_can),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
