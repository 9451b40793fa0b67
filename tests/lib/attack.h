/* attack.h - hostile feeds: each a good one but for one point, with what must be said about it.
 *
 * A row names the attack, makes it, and says with which code, which event and which words it must be refused. The tables are split by what is attacked;
 * attack_tables[] is all of them. Uses signed_fixture.h's chain, so fix_setup() and attack_set_up() come first. Not thread-safe.
 */
#ifndef SG_TESTS_LIB_ATTACK_H
#define SG_TESTS_LIB_ATTACK_H

#include "tests/lib/signed_fixture.h"
#include "tests/lib/stamp.h"
#include <openssl/cms.h>

struct attack {
	struct sg_buf doc;
	struct sg_feed_rules rules; /* fix_rules, unless the row wants others */
	struct sg_buf cms, crls[3]; /* owned; the rules point at them */
	struct sg_anchor anchor;    /* owned; for rows with an anchor of their own */
	struct sg_signed said;      /* what a lying first half says; used when `lies` */
	bool lies;
	struct sg_feed_before before; /* what was accepted last; asked when `follows` */
	bool follows;
};
void attack_release(struct attack *a);

/* A row leaves out what its maker does not read. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

struct attack_row {
	const char *name;
	void (*make)(const struct attack_row *row, struct attack *ret);
	int code;  /* enum sg_code */
	int event; /* SG_EV_FEED_PART_REFUSED: the document stands, its one mitigation is left out */
	const char *says;
	const char *a, *b; /* the maker's own */
	long n;
};
struct attack_table {
	const char *name;
	const struct attack_row *rows;
	size_t n;
};
#define ATTACK_TABLE(name, rows)                                                                             \
	{                                                                                                    \
		name, rows, sizeof(rows) / sizeof *(rows)                                                    \
	}

/* In this order; ends with an entry whose name is NULL. */
extern const struct attack_table *const attack_tables[];
extern const struct attack_table attack_documents, attack_shapes, attack_wrappings, attack_chains,
        attack_hostile, attack_encodings, attack_contents, attack_schema, attack_stamps, attack_cms,
        attack_lies, attack_values, attack_ecdsa;

struct attack_verdict {
	int code, event; /* code 0: accepted */
	char says[512];
};
/* What the product says, by the whole of sg_feed_read(), or by the half that the row is about. */
void attack_judge(const struct attack *a, struct attack_verdict *ret);

int attack_set_up(void **state); /* for a group of cmocka tests; fix_setup() is in it */
int attack_tear_down(void **state);

/* --- what rows are made of */
extern struct pki_cert attack_authority, attack_service; /* a time-stamping authority and its service */
extern struct sg_anchor attack_stamp_anchor;
extern struct sg_feed_rules
        attack_later; /* an em feed two years on: the leaf is over, its time is proven by a stamp */
extern const char attack_em_plain[]; /* what such a feed says, unsigned */

/* A revocation list of `issuer`, DER, times in seconds; `revoked` may be NULL. */
void attack_crl(const struct pki_cert *issuer, X509 *revoked, int64_t from, int64_t to, struct sg_buf *ret);
/* The signed em document with that countersignature; `spec` NULL: without one. Of a spec, zeroed fields are made good ones. */
char *attack_stamped(const char *plain, const struct stamp_spec *spec);
/* Octets of the first element of that name, base64 decoded. */
void attack_value(const char *doc, const char *element, struct sg_buf *ret);
/* The good document with these octets as its n-th certificate, from 0. */
char *attack_with_cert(const char *doc, int n, struct sg_bytes der);
/* A detached signature over `doc` by the chain's leaf, but for what the spec says. */
void attack_sign_cms(const char *doc, struct sign_cms_spec spec, struct sg_buf *ret);
/* The good document with another SignatureValue. */
void attack_in_document(struct attack *ret, const struct sg_buf *value);
/* fix_plain with a detached signature, decoded; and back, with another value of its first signer. Takes the message over. */
CMS_ContentInfo *attack_detached(const struct sign_cms_spec *spec, struct attack *ret);
void attack_put_value(CMS_ContentInfo *cms, const struct sg_buf *value, struct attack *ret);
void attack_der(X509 *cert, struct sg_buf *ret);
/* fix_plain with what stands in it replaced (NULL: as it is), signed by the chain's leaf: the content is at fault, not the signature. */
char *attack_resigned(const char *from, const char *to);
/* `count` times `piece` between `head` and `tail`. */
void attack_repeat(const char *head, const char *piece, size_t count, const char *tail, struct sg_buf *ret);

#endif
