/* scenario.c - the mitigations and the acts of the crash matrix (scenario.h). */
#include "scenario.h"

#define NS " xmlns:sg=\"urn:stopgap:feed:1\""
#define RULE(name, pattern)                                                                                  \
	"<rule name=\"" name "\" stopProcessing=\"true\"><match url=\".*\" /><conditions>"                   \
	"<add input=\"{UrlDecode:{REQUEST_URI}}\" pattern=\"" pattern "\" /></conditions>"                   \
	"<action type=\"AbortRequest\" /></rule>"
#define SITE(rules)                                                                                          \
	"<Action type=\"UrlRewrite\" scope=\"Site\"><sg:At sites=\"Default Web Site\" path=\"/\" "           \
	"inherit=\"yes\" /><rewrite><rules>" rules "</rules></rewrite></Action>"
#define OWA(value)                                                                                           \
	"<Action type=\"UrlRewrite\" scope=\"VDir\"><sg:At sites=\"Default Web Site\" path=\"/owa\" "        \
	"inherit=\"no\" /><rewrite><outboundRules><preConditions><preCondition name=\"stopgap A HTML\">"     \
	"<add input=\"{RESPONSE_CONTENT_TYPE}\" pattern=\"^text/html\" /></preCondition></preConditions>"    \
	"<rule name=\"stopgap A CSP\" preCondition=\"stopgap A HTML\">"                                      \
	"<match serverVariable=\"RESPONSE_Content_Security_Policy\" pattern=\"(.*)\" />"                     \
	"<action type=\"Rewrite\" value=\"{R:1}; " value "\" /></rule></outboundRules></rewrite></Action>"
#define SERVER(rule)                                                                                         \
	"<Action type=\"UrlRewrite\" scope=\"Server\"><rewrite><globalRules>" rule                           \
	"</globalRules></rewrite></Action>"
#define HM "<sg:Companion name=\"MSExchangeHM\" />"
#define SERVICE(name, companions)                                                                            \
	"<Action type=\"Service\" scope=\"Server\"><sg:Service name=\"" name                                 \
	"\" start=\"Disabled\" run=\"Stopped\">" companions "</sg:Service></Action>"
#define POOL(name, companions)                                                                               \
	"<Action type=\"AppPool\" scope=\"Server\"><sg:AppPool name=\"" name                                 \
	"\" autoStart=\"false\" run=\"Stopped\">" companions "</sg:AppPool></Action>"
#define THEIRS "PowerShell - inbound"
#define CONFIG(id, actions)                                                                                  \
	"<Config id=\"" id "\" desc=\"crash\" sg:revision=\"1\"" NS "><ActionList>" actions                  \
	"</ActionList></Config>"

/* A: two rules of the site, and an outbound rule with its preCondition in OWA's file. A newer A changes one, drops one, adds one. B: a rule beside A's,
 * and one for all sites in applicationHost.config. */
static const char a[] = CONFIG("A",
        SITE(RULE("stopgap A one", "first") RULE("stopgap A two", "second")) OWA("script-src-attr 'none'"));
static const char newer_a[] =
        CONFIG("A", SITE(RULE("stopgap A one", "changed") RULE("stopgap A three", "third"))
                            OWA("script-src-elem 'none'"));
static const char b[] =
        CONFIG("B", SITE(RULE("stopgap B one", "other")) SERVER(RULE("stopgap B all", "every")));

/* S: a rule, a pool and a service with their companion: a replace, another one, and octets in place. T: another service, and the same companion. */
static const char s[] = CONFIG("S",
        SITE(RULE("stopgap S one", "first")) POOL("MSExchangeECPAppPool", HM) SERVICE("MSExchangeUM", HM));
static const char t[] = CONFIG("T", SERVICE("MSExchangeUMCR", HM));

/* AD: what somebody's rule does already. A newer one is a service instead, and so is a newer B: nothing of theirs stays in the site's file. X wants the
 * name of somebody's rule for another one, and goes in nowhere. */
static const char ad[] = CONFIG("AD", SITE(RULE("stopgap AD one", "attack")));
static const char newer_ad[] = CONFIG("AD", SERVICE("MSExchangeUM", HM));
static const char newer_b[] = CONFIG("B", SERVICE("MSExchangeUMCR", HM));
static const char x[] = CONFIG("X", SITE(RULE(THEIRS, "another")));

#define APPLY_A                                                                                              \
	{                                                                                                    \
		.op = SG_OP_APPLY, .id = "A", .body = a, .files = 2, .folders = 2                            \
	}
#define APPLY_B                                                                                              \
	{                                                                                                    \
		.op = SG_OP_APPLY, .id = "B", .body = b, .files = 2, .folders = 2                            \
	}
#define REVERT_A                                                                                             \
	{                                                                                                    \
		.op = SG_OP_REVERT, .id = "A", .files = 2, .folders = 2                                      \
	}
#define REVERT_B                                                                                             \
	{                                                                                                    \
		.op = SG_OP_REVERT, .id = "B", .files = 2, .folders = 2                                      \
	}

#define APPLY_AD                                                                                             \
	{                                                                                                    \
		.op = SG_OP_APPLY, .id = "AD", .body = ad, .files = 1, .folders = 1, .adopt = true           \
	}

#define APPLY_S                                                                                              \
	{                                                                                                    \
		.op = SG_OP_APPLY, .id = "S", .body = s, .files = 3, .folders = 2                            \
	}
#define APPLY_T                                                                                              \
	{                                                                                                    \
		.op = SG_OP_APPLY, .id = "T", .body = t, .files = 1, .folders = 0                            \
	}
#define REVERT_S                                                                                             \
	{                                                                                                    \
		.op = SG_OP_REVERT, .id = "S", .files = 3, .folders = 2                                      \
	}
#define REVERT_T                                                                                             \
	{                                                                                                    \
		.op = SG_OP_REVERT, .id = "T", .files = 1, .folders = 0                                      \
	}

const struct scenario scenarios[] = {
	{ .name = "export",
	        .about = "the journal is written to a file",
	        .prepare = { APPLY_A },
	        .export = true },
	{ .name = "apply", .about = "the journal is made, and A goes in", .act = { APPLY_A } },
	{ .name = "share", .about = "B goes in beside A", .prepare = { APPLY_A }, .act = { APPLY_B } },
	{ .name = "supersede",
	        .about = "a newer A takes the place of A",
	        .prepare = { APPLY_A },
	        .act = { { .op = SG_OP_SUPERSEDE, .id = "A", .body = newer_a, .files = 2, .folders = 2 } } },
	{ .name = "repair",
	        .about = "A is put into a web.config that somebody replaced",
	        .prepare = { APPLY_A },
	        .replaced = true,
	        .act = { { .op = SG_OP_REPAIR, .id = "A", .body = a, .files = 1, .folders = 1 } } },
	{ .name = "revert", .about = "A goes out", .prepare = { APPLY_A }, .act = { REVERT_A } },
	{ .name = "revert-ab",
	        .about = "A goes out, then B",
	        .prepare = { APPLY_A, APPLY_B },
	        .act = { REVERT_A, REVERT_B } },
	{ .name = "revert-ba",
	        .about = "B goes out, then A",
	        .prepare = { APPLY_A, APPLY_B },
	        .act = { REVERT_B, REVERT_A } },
	{ .name = "services", .about = "a rule, a pool and services go in", .act = { APPLY_S } },
	{ .name = "services-st",
	        .about = "they go out, then a service that shares their companion",
	        .prepare = { APPLY_S, APPLY_T },
	        .act = { REVERT_S, REVERT_T } },
	{ .name = "adopt",
	        .about = "somebody's rule makes way for AD, and comes back",
	        .beside = true,
	        .act = { APPLY_AD, { .op = SG_OP_REVERT, .id = "AD", .files = 1, .folders = 1 } } },
	{ .name = "adopt-newer",
	        .about = "AD, which took somebody's rule out, becomes a service",
	        .beside = true,
	        .prepare = { APPLY_AD },
	        .act = { { .op = SG_OP_SUPERSEDE,
	                .id = "AD",
	                .body = newer_ad,
	                .files = 2,
	                .folders = 1 } } },
	{ .name = "group",
	        .about = "A and B go in together; X between them does not fit",
	        .beside = true,
	        .act = { { .op = SG_OP_APPLY,
	                .id = "A",
	                .body = a,
	                .files = 3,
	                .folders = 3,
	                .also = { { "X", x, true }, { "B", b, false } } } } },
	{ .name = "group-newer",
	        .about = "a newer A in the rules' places, and a newer B as a service",
	        .prepare = { APPLY_A, APPLY_B },
	        .act = { { .op = SG_OP_SUPERSEDE,
	                .id = "A",
	                .body = newer_a,
	                .files = 4,
	                .folders = 3,
	                .also = { { "B", newer_b, false } } } } },
	{ .name = "group-repair",
	        .about = "A and B are put into a web.config that somebody replaced",
	        .prepare = { APPLY_A, APPLY_B },
	        .replaced = true,
	        .act = { { .op = SG_OP_REPAIR,
	                .id = "A",
	                .body = a,
	                .files = 1,
	                .folders = 1,
	                .also = { { "B", b, false } } } } },
	{ .name = "group-revert",
	        .about = "A, B and S go out together",
	        .prepare = { APPLY_A, APPLY_B, APPLY_S },
	        .act = { { .op = SG_OP_REVERT,
	                .id = "A",
	                .files = 4,
	                .folders = 3,
	                .also = { { "B", NULL, false }, { "S", NULL, false } } } } },
};
const size_t n_scenarios = sizeof(scenarios) / sizeof(*scenarios);

size_t steps_of(const struct step *steps)
{
	size_t n = 0;

	while (n < STEPS && steps[n].op)
		n++;
	return n;
}
