/* neighbour_lab.h - rules of others that do what a mitigation does: Microsoft's EM's, a script's, one made by hand. */
#ifndef SG_TESTS_LIB_NEIGHBOUR_LAB_H
#define SG_TESTS_LIB_NEIGHBOUR_LAB_H

#include "tests/lib/engine_lab.h"

#define EM_RULE     "EEMS M1.1 PowerShell - inbound"
#define EOMTV2_RULE "PowerShell - inbound"
#define ADOPT       "<policy><removal equivalent=\"adopt\"/></policy>"
#define TESTS                                                                                                \
	"<sg:Test><sg:Refuse uri=\"/autodiscover/autodiscover.json?a@b.example/PowerShell/\"/><sg:Serve "    \
	"uri=\"/owa/\"/></sg:Test>"

/* A rule of that name that does what M1 does, as text for a web.config; owned by the caller. */
char *lab_rule(const char *name);
/* Rules (text) in front of what else the file has; the second: that one rule, in the default site's own file. */
void lab_put_rules(struct lab *lab, const char *file, const char *rules);
void lab_put_rule(struct lab *lab, const char *name);
/* M1 by "corp", with its TESTS; nothing is run yet. */
void lab_offer_m1(struct lab *lab, uint64_t serial, const char *revision, const char *pattern);

#endif
