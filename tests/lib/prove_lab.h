/* prove_lab.h - pieces of configuration that take rules out of force, and short ways to ask a proof what it says. */
#ifndef SG_TESTS_LIB_PROVE_LAB_H
#define SG_TESTS_LIB_PROVE_LAB_H

#include "tests/lib/rewrite_lab.h"

#define DWS             "Default Web Site"
#define SECTION(inside) "<rewrite><rules>" inside "</rules></rewrite>"
#define STOP_ALL                                                                                             \
	"<rule name=\"early\" stopProcessing=\"true\"><match url=\".*\"/><action type=\"None\"/></rule>"
#define REFUSE_ALL                                                                                           \
	"<rule name=\"early\" stopProcessing=\"true\"><match url=\".*\"/><action type=\"CustomResponse\" "   \
	"statusCode=\"503\"/></rule>"
#define LOCATION(path, inside)                                                                               \
	"<location path=\"" path "\"><system.webServer>" inside "</system.webServer></location>"
/* Where another location may go in applicationHost.config: in front of this one. */
#define APPHOST_END "<location path=\"Exchange Back End/owa/15.2.986.29\">"

char *t_prove_at(const struct t_ur *f, const char *file,
        const char *needle); /* "FILE:LINE: " of the first `needle` in the file; owned by the caller */
bool t_prove_has_line(const struct t_ur *f, const char *text);
void t_prove_show(const struct t_ur *f);

#endif
