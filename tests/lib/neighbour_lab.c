/* neighbour_lab.c - see neighbour_lab.h. */
#include "tests/lib/neighbour_lab.h"

#include <stdlib.h>

void lab_put_rules(struct lab *lab, const char *file, const char *rules)
{
	char *text =
	        sg_format("\t<system.webServer>\r\n\t\t<rewrite>\r\n\t\t\t<rules>\r\n%s\t\t\t</rules>\r\n"
	                  "\t\t</rewrite>\r\n\t</system.webServer>\r\n</configuration>",
	                rules);

	t_drive_replace(lab->drive, file, "</configuration>", text);
	free(text);
}

char *lab_rule(const char *name)
{
	return sg_format("\t\t\t\t<rule name='%s' stopProcessing=\"true\" >\r\n\t\t\t\t\t<match url=\".*\"  "
	                 "/>\r\n\t\t\t\t\t<conditions>\r\n\t\t\t\t\t\t<add "
	                 "input=\"{UrlDecode:{REQUEST_URI}}\" pattern=\"" LAB_ATTACK
	                 "\"/>\r\n\t\t\t\t\t</conditions>\r\n\t\t\t\t\t<action type=\"AbortRequest\" "
	                 "/>\r\n\t\t\t\t</rule>\r\n",
	        name);
}

void lab_put_rule(struct lab *lab, const char *name)
{
	char *text = lab_rule(name);

	lab_put_rules(lab, T_WWWROOT, text);
	free(text);
}

void lab_offer_m1(struct lab *lab, uint64_t serial, const char *revision, const char *pattern)
{
	char *config = lab_config("M1", revision, "/", "yes", pattern, TESTS);

	lab_offer(lab, "corp", serial, config);
	free(config);
}
