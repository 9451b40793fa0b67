/* rewrite_lab.h - mitigations with rewrite rules in short form, and a drive on which they are planned, applied, proven and reverted. */
#ifndef SG_TESTS_LIB_REWRITE_LAB_H
#define SG_TESTS_LIB_REWRITE_LAB_H

#include "actions/action.h"
#include "actions/step.h"
#include "tests/lib/drive.h"

#define CONFIG(id, inside)                                                                                   \
	"<Config xmlns:sg=\"urn:stopgap:feed:1\" id=\"" id                                                   \
	"\" desc=\"test\" sg:revision=\"1\" sg:severity=\"high\">" inside "</Config>"
#define ACTIONS(inside)          "<ActionList>" inside "</ActionList>"
#define ACTION(scope, inside)    "<Action type=\"UrlRewrite\" scope=\"" scope "\" desc=\"d\">" inside "</Action>"
#define AT(sites, path, inherit) "<sg:At sites=\"" sites "\" path=\"" path "\" inherit=\"" inherit "\"/>"
#define RULES(inside)            "<rewrite><rules>" inside "</rules></rewrite>"
#define RULE(name, pattern)                                                                                  \
	"<rule name=\"" name "\" stopProcessing=\"true\"><match url=\".*\"/><conditions><add "               \
	"input=\"{UrlDecode:{REQUEST_URI}}\" "                                                               \
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

struct t_ur {
	char *dir;
	struct sg_drives drives;
	struct sg_host *host;
	struct sg_mitigation *m;
	struct sg_wishes wishes;
	struct sg_proof proof;
	struct sg_err err;
};

struct sg_mitigation *t_ur_decode(const char *config);
int t_ur_setup(void **state);
int t_ur_teardown(void **state);
void t_ur_use(struct t_ur *f, const char *config);
int t_ur_plan(struct t_ur *f, const char *config, const struct sg_holds *own);
void t_ur_refused(struct t_ur *f, const char *config, int code, const char *says);
void t_ur_apply(struct t_ur *f, const char *config, struct sg_moves *ret);
void t_ur_revert(struct t_ur *f, struct sg_moves *moves);
enum sg_effective t_ur_prove(struct t_ur *f, const char *config);
void t_ur_proof_says(const struct t_ur *f, const char *text);

#endif
