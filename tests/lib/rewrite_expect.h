/* rewrite_expect.h - short ways to state what rewrite rules do, for tests. */
#ifndef SG_TEST_REWRITE_EXPECT_H
#define SG_TEST_REWRITE_EXPECT_H

#include "rewrite/rewrite.h"

#define IN(text)                "<rewrite><rules>" text "</rules></rewrite>"
#define RULE(name, more, parts) "<rule name='" name "' " more ">" parts "</rule>"
#define ABORT                   "<action type='AbortRequest'/>"
#define WHEN(input, pattern)                                                                                 \
	IN(RULE("r", "",                                                                                     \
	        "<match url='.*'/><conditions><add input='" input "' pattern='" pattern                      \
	        "'/></conditions>" ABORT))

#define OUT(text) "<rewrite><outboundRules>" text "</outboundRules></rewrite>"
#define HTML                                                                                                 \
	"<preConditions><preCondition name='html'><add input='{RESPONSE_CONTENT_TYPE}' "                     \
	"pattern='^text/html'/></preCondition></preConditions>"
#define HEADER(more, pattern, value)                                                                         \
	"<rule name='o" pattern "' " more "><match serverVariable='RESPONSE_X_A' pattern='" pattern          \
	"'/><action type='Rewrite' value='" value "'/></rule>"

/* Each fails the test that calls it. Owned by the caller: sg_rw_free(), sg_rw_result_release(). */
struct sg_rw_rules *rules_of(const char *xml);
struct sg_rw_result run_at(const char *xml, const struct sg_rw_request *req);
/* `expected` is the outcome's name, and the URL after a blank where there is one: "served /a?b", "refused". */
void expect_at(const char *xml, const struct sg_rw_request *req, const char *expected);
void expect(const char *xml, const char *uri, const char *expected);
void expect_why(
        const char *xml, const char *uri, const char *part); /* unknown, for a reason that contains `part` */
void refuse_to_read(const char *xml, int code, const char *part);

#endif
