/* feed_lab.h - an engine lab with two signing chains, whose feeds are configured as the test says and whose documents are signed as it wants. */
#ifndef SG_TESTS_LIB_FEED_LAB_H
#define SG_TESTS_LIB_FEED_LAB_H

#include "tests/lib/engine_lab.h"
#include "tests/lib/pki.h"
#include "tests/lib/sign.h"

#define FEED_DAY (24 * 3600 * 1000LL)

extern struct pki feed_pki
        [2]; /* roots are a.pem and b.pem in the lab's folder, the first's intermediate is a-middle.pem */
int feed_lab_group(void **state);
int feed_lab_ungroup(void **state);
int feed_lab_set_up(void **state); /* a lab without a configuration; for cmocka */

void feed_lab_put(
        struct lab *lab, const char *name, struct sg_bytes octets); /* a file of the folder, replaced */
int feed_lab_configure(struct lab *lab, const char *inside);        /* the message of a refusal is lab->err */

struct feed_doc {
	const char *feed; /* that the document names */
	uint64_t serial;
	int64_t issued, expires;         /* 0: a minute ago, in 14 days */
	const char *configs;             /* NULL: a heartbeat PING */
	int pki;                         /* who signs the XML */
	bool eocs;                       /* no head */
	const struct sign_cms_spec *cms; /* a detached signature; NULL: none */
};
void feed_lab_sign(struct lab *lab, const struct feed_doc *d, struct sg_fetched *ret);
int feed_lab_give(
        struct lab *lab, const char *feed, const struct sg_fetched *f); /* what sg_engine_fetched() says */
int feed_lab_offer(struct lab *lab, const struct feed_doc *d);          /* both; keeps nothing */
int feed_lab_offer_as(struct lab *lab, const char *feed, const struct feed_doc *d);

struct sg_val *feed_lab_status(struct lab *lab, const char *feed); /* its entry of status; the caller's */
void feed_lab_expect(struct lab *lab, const char *feed, uint64_t serial,
        const char *error); /* error NULL: none; else a part of it */
size_t feed_lab_said(
        struct lab *lab, int code, const char *part); /* lines of history with that in their text */
int64_t feed_lab_read(struct lab *lab);               /* documents that were read since the start */

#endif
