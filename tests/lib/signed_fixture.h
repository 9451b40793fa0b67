/* signed_fixture.h - one good signed document, and what tests need to make bad ones of it and to judge them. */
#ifndef SG_TESTS_SIGNED_FIXTURE_H
#define SG_TESTS_SIGNED_FIXTURE_H

#include "feed/verify.h"
#include "tests/lib/pki.h"
#include "tests/lib/sign.h"

#define FIX_NOW 1795000000000LL /* 2026-11-18, the time of every test */

extern const char fix_plain[];          /* a feed in the stopgap profile, unsigned */
extern struct pki fix_pki;              /* its chain */
extern struct sg_anchor fix_anchors[1]; /* the chain's root */
extern struct sg_feed_rules fix_rules;  /* what accepts it */
extern char *fix_good;                  /* fix_plain, signed by the chain's leaf */

int fix_setup(void **state); /* for a group of cmocka tests; sg_verify_init() is in it */
int fix_teardown(void **state);

/* --- making documents; what is returned is the caller's */
char *fix_sign(const char *doc, const struct sign_spec *spec);
struct sign_spec fix_spec(X509 **certs);               /* the leaf's key; certs gets room for two */
char *fix_sign_with_leaf(const struct pki_spec *leaf); /* fix_plain, by a leaf made for it */
char *fix_with(
        const char *doc, const char *from, const char *to); /* the first `from` replaced; it must be there */
char *fix_part(const char *doc, const char *from, const char *to); /* from `from` up to and with `to` */

/* --- judging them */
void fix_verifies(const char *doc, const struct sg_feed_rules *by);
void fix_refused_by(const char *doc, const struct sg_feed_rules *by, int event, const char *says);
void fix_refused(char *doc, int event, const char *says); /* by fix_rules; frees doc */

#endif
