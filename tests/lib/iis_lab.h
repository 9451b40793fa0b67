/* iis_lab.h - a drive, what sg_iis_read() makes of it, and short ways to ask, for the tests of actions/iis*.c. A question that must have an answer
 * fails the test when it has none. */
#ifndef SG_TESTS_LIB_IIS_LAB_H
#define SG_TESTS_LIB_IIS_LAB_H

#include "actions/iis.h"
#include "tests/lib/drive.h"

#define RULES    "system.webServer/rewrite/rules"
#define OUTBOUND "system.webServer/rewrite/outboundRules"
#define NAME     "stopgap T-1 rule"
/* A whole section with a rule of that name, in other letters. */
#define SECTION_OF_RULE(indent)                                                                              \
	"<system.webServer><rewrite><rules><rule name=\"STOPGAP t-1 rule\"><match url=\".*\"/><action "      \
	"type=\"None\"/></rule>"                                                                             \
	"</rules></rewrite></system.webServer>" indent

/* A drive and what is read from it. */
struct t_iis {
	char *dir;
	struct sg_drives drives;
	struct sg_iis *iis;
	struct sg_err err;
	struct sg_iis_place *places;
	size_t n;
};

int t_iis_setup(void **state);
int t_iis_teardown(void **state);
int t_iis_reread(struct t_iis *f);
int t_iis_places(struct t_iis *f, const char *sites, const char *path, bool inherit);
const struct sg_iis_place *t_iis_place(struct t_iis *f, const char *site, const char *path, bool inherit);
int t_iis_may_write(struct t_iis *f, const struct sg_iis_place *p, const char *section);
int t_iis_names_free(struct t_iis *f, const struct sg_iis_place *p, const struct sg_iis_item *item,
        const struct sg_addr *own, size_t n_own);
int t_iis_name_free(struct t_iis *f, const struct sg_iis_place *p);
void t_iis_says(const struct t_iis *f, const char *text);

#endif
