/* rules_lab.h - rules of strangers on a drive, and short ways to ask whether they do what ours would. */
#ifndef SG_TESTS_LIB_RULES_LAB_H
#define SG_TESTS_LIB_RULES_LAB_H

#include "tests/lib/rewrite_lab.h"

#define PATTERN "(?=.*autodiscover)(?=.*powershell)"
#define THEIRS(name, action)                                                                                 \
	"<rule name=\"" name "\" stopProcessing=\"true\"><match url=\".*\" /><conditions><add "              \
	"input=\"{UrlDecode:{REQUEST_URI}}\" "                                                               \
	"pattern=\"" PATTERN "\" /></conditions><action " action " /></rule>"
#define ABORTS "type=\"AbortRequest\""
#define MATCHES(name, pattern)                                                                               \
	"<rule name=\"" name                                                                                 \
	"\"><match url=\".*\"/><conditions><add input=\"{REQUEST_URI}\" pattern=\"" pattern                  \
	"\"/></conditions><action type=\"AbortRequest\"/></rule>"

/* The section becomes the last one of the file. */
void t_rules_put(struct t_ur *f, const char *file, const char *section);
int t_rules_others(struct t_ur *f, const char *config, struct sg_others *ret);
bool t_rules_hold(struct sg_bytes octets, const char *text);

#endif
