/* filter_lab.h - RequestFiltering actions in short form. The application /ecp of the test drive filters; the site root and /owa have taken the module
 * out, as Exchange does. */
#ifndef SG_TESTS_LIB_FILTER_LAB_H
#define SG_TESTS_LIB_FILTER_LAB_H

#include "tests/lib/rewrite_lab.h"

#define FILTER(scope, inside)                                                                                \
	"<Action type=\"RequestFiltering\" scope=\"" scope "\" desc=\"d\">" inside "</Action>"
#define DENY(urls, queries)                                                                                  \
	"<requestFiltering><denyUrlSequences>" urls "</denyUrlSequences><denyQueryStringSequences>" queries  \
	"</denyQueryStringSequences></requestFiltering>"
#define SEQ(text) "<add sequence=\"" text "\"/>"
#define ECP       AT("Default Web Site", "/ecp", "yes")
#define OAB       AT("Default Web Site", "/OAB", "yes")
#define TESTS                                                                                                \
	"<sg:Test><sg:Refuse uri=\"/ecp/x/DDIService.SVC?a=b\"/><sg:Refuse "                                 \
	"uri=\"/ecp/%64diservice.svc\"/><sg:Refuse uri=\"/ecp/y?msExchEcpCanary=%50owershell\"/><sg:Serve "  \
	"uri=\"/ecp/default.aspx?a=b\"/></sg:Test>"
#define BOTH           DENY(SEQ("ddiservice.svc"), SEQ("powershell"))
#define AT_ECP(inside) CONFIG("T-5", TESTS ACTIONS(FILTER("VDir", ECP inside)))
#define RF             "/configuration/system.webServer/security/requestFiltering"

#endif
