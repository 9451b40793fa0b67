/* What needs no XML reader: countersignatures, detached signatures, and a first half that lies to the second. */
#include "tests/lib/attack.h"

#include "model/codes.h"
#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define CHAIN SG_EV_TRUST_CHAIN
#define SIG   SG_EV_TRUST_SIGNATURE
#define DAY   86400

static void own(struct attack *a, char *doc)
{
	sg_buf_set(&a->doc, doc, strlen(doc));
	free(doc);
}

/* --- timestamps: row->a names what is wrong with the token, row->b its value */

static void stamped(const struct attack_row *row, struct attack *ret)
{
	struct stamp_spec spec = { .imprint_md = strcmp(row->a, "imprint") == 0 ? row->b : NULL,
		.signer_md = strcmp(row->a, "digest") == 0 ? row->b : NULL,
		.time = strcmp(row->a, "time") == 0 ? row->b : NULL,
		.other_imprint = strcmp(row->a, "other") == 0,
		.plain_content = strcmp(row->a, "content") == 0,
		.trailing = strcmp(row->a, "trailing") == 0,
		.cut = strcmp(row->a, "cut") == 0 ? row->b : NULL };

	own(ret, attack_stamped(attack_em_plain, strcmp(row->a, "none") == 0 ? NULL : &spec));
	ret->rules = attack_later;
	if (strcmp(row->a, "unpinned") == 0)
		ret->rules.n_stamps = 0;
}

/* A service that is wrong in one point: row->a names it. */
static void by_service(const struct attack_row *row, struct attack *ret)
{
	struct pki_spec root = { .name = "Time Root",
		.from = fix_pki.now - DAY,
		.to = fix_pki.now + 9999 * DAY,
		.constraints = "critical,CA:TRUE",
		.usage = "critical,keyCertSign" };
	struct pki_cert theirs = { 0 }, service;
	struct pki_spec spec = { .name = "Time Service",
		.issuer = &attack_authority,
		.from = fix_pki.now - DAY,
		.to = fix_pki.now + DAY,
		.constraints = "critical,CA:FALSE",
		.usage = "critical,digitalSignature",
		.extended = "critical,timeStamping" };
	struct stamp_spec stamp = { .signer = &service };

	if (strcmp(row->a, "extended") == 0)
		spec.extended = row->b;
	else if (strcmp(row->a, "usage") == 0)
		spec.usage = row->b;
	else if (strcmp(row->a, "expired") == 0)
		spec.to = fix_pki.now - 3600;
	else if (strcmp(row->a, "bits") == 0)
		spec.bits = 1024;
	else if (strcmp(row->a, "md") == 0)
		spec.md = row->b;
	else if (strcmp(row->a, "authority") == 0) {
		spec.constraints = "critical,CA:TRUE";
		spec.usage = "critical,keyCertSign,digitalSignature";
	} else if (strcmp(row->a, "critical") == 0) {
		spec.unknown_critical = "1.3.6.1.4.1.99999.1";
	} else { /* of somebody else, by the same names */
		theirs = pki_make(&root);
		spec.issuer = &theirs;
		stamp.authority = &theirs;
	}
	service = pki_make(&spec);
	own(ret, attack_stamped(attack_em_plain, &stamp));
	ret->rules = attack_later;
	pki_cert_release(&service);
	pki_cert_release(&theirs);
}

static void of_another(const struct attack_row *row, struct attack *ret)
{
	struct stamp_spec spec = { 0 };
	char *mine = attack_stamped(attack_em_plain, &spec),
	     *other = fix_with(attack_em_plain, "Heartbeat", "Another"), *bare = attack_stamped(other, NULL),
	     *object = fix_part(mine, "<Object", "</Object>"), *moved = sg_format("%s</Signature>", object);

	(void)row;
	own(ret, fix_with(bare, "</Signature>", moved));
	ret->rules = attack_later;
	free(moved);
	free(object);
	free(bare);
	free(other);
	free(mine);
}

static void ordered(const struct attack_row *row, struct attack *ret)
{
	struct stamp_spec spec = { .time = row->a };

	own(ret, attack_stamped(attack_em_plain, &spec));
	ret->rules = attack_later;
	ret->follows = true;
	ret->before.issued = INT64_C(1795003200000); /* 2026-11-18 12:00 */
	memset(&ret->before.document, 1, sizeof ret->before.document);
}

#define STAMP(name, says, what, value)                                                                       \
	{                                                                                                    \
		name, stamped, SG_ETRUST, CHAIN, says, what, value                                           \
	}
#define SERVICE(name, says, what, value)                                                                     \
	{                                                                                                    \
		name, by_service, SG_ETRUST, CHAIN, says, what, value                                        \
	}

static const struct attack_row stamp_rows[] = {
	STAMP("no timestamp", "there is none", "none", NULL),
	STAMP("a timestamp that nobody pinned", "certificate has expired", "unpinned", NULL),
	STAMP("made for other octets", "given to another signature", "other", NULL),
	{ "made for another document", of_another, SG_ETRUST, CHAIN, "given to another signature" },
	STAMP("an imprint with SHA-1", "SHA-256, SHA-384 or SHA-512", "imprint", "SHA1"),
	STAMP("an imprint with MD5", "SHA-256, SHA-384 or SHA-512", "imprint", "MD5"),
	STAMP("signed with SHA-1", "not signed with SHA-256", "digest", "SHA1"),
	STAMP("plain data instead of a time", "no signed TSTInfo", "content", NULL),
	STAMP("an octet behind it", "no CMS message", "trailing", NULL),
	STAMP("cut short", "cannot be read", "cut", "info"),
	STAMP("a time in the future", "in the future", "time", "20290101000000Z"),
	STAMP("a time before its service was there", "not accepted", "time", "20200101000000Z"),
	STAMP("a time before anything", "time cannot be read", "time", "00000101000000Z"),
	STAMP("a time without a zone", "time cannot be read", "time", "20261118120000"),
	STAMP("a time of another zone", "time cannot be read", "time", "202611181200+0100"),
	STAMP("a month that is none", "time cannot be read", "time", "20261318120000Z"),
	STAMP("a day that is none", "time cannot be read", "time", "20260230120000Z"),
	STAMP("a fraction that is none", "time cannot be read", "time", "20261118120000.xZ"),
	STAMP("letters for a time", "time cannot be read", "time", "yyyymmddhhmmssZ"),
	SERVICE("a service for TLS", "not for time-stamping alone", "extended", "critical,serverAuth"),
	SERVICE("a service for code as well", "not for time-stamping alone", "extended",
	        "critical,timeStamping,codeSigning"),
	SERVICE("a service for anything", "not for time-stamping alone", "extended", "anyExtendedKeyUsage"),
	SERVICE("a service without a usage", "not for time-stamping alone", "extended", NULL),
	SERVICE("a service that may not sign", "may not sign", "usage", "critical,keyEncipherment"),
	SERVICE("a service that had expired", "certificate has expired", "expired", NULL),
	SERVICE("a service with a weak key", "too weak", "bits", NULL),
	SERVICE("a service's certificate by SHA-1", "too weak", "md", "SHA1"),
	SERVICE("a service that is an authority", "is an authority", "authority", NULL),
	SERVICE("a service with an unknown critical extension", "unhandled critical extension", "critical",
	        NULL),
	SERVICE("a service of a stranger of the same names", "not accepted", "stranger", NULL),
	{ "signed before the last one", ordered, SG_ETRUST, SG_EV_TRUST_SERIAL, "signed before the one",
	        "20261118115959Z" },
	{ "signed a fraction before the last one", ordered, SG_ETRUST, SG_EV_TRUST_SERIAL,
	        "signed before the one", "20261118115959.9Z" },
	{ "another one of the very same time", ordered, SG_ETRUST, SG_EV_TRUST_EQUIVOCATION, "very same time",
	        "20261118120000Z" },
};
const struct attack_table attack_stamps = ATTACK_TABLE("timestamps", stamp_rows);

/* --- detached signatures */

static void detached_by(const struct sign_cms_spec *spec, struct attack *ret)
{
	own(ret, sg_strdup(fix_plain));
	ret->rules.need = SG_SIGNED_CMS;
	attack_sign_cms(fix_plain, *spec, &ret->cms);
}

static void detached(const struct attack_row *row, struct attack *ret)
{
	struct sign_cms_spec spec = { .md = strcmp(row->a, "md") == 0 ? row->b : NULL,
		.attached = strcmp(row->a, "attached") == 0,
		.no_attributes = strcmp(row->a, "attributes") == 0,
		.trailing = strcmp(row->a, "trailing") == 0 };

	detached_by(&spec, ret);
	if (strcmp(row->a, "none") == 0)
		sg_buf_clear(&ret->cms);
	if (strcmp(row->a, "torn") == 0)
		ret->cms.len /= 2;
	if (strcmp(row->a, "pem") == 0)
		sg_buf_set(&ret->cms, "-----BEGIN CMS-----", 19);
	if (strcmp(row->a, "large") == 0)
		attack_repeat("", "0123456789abcdef", 5000, "", &ret->cms);
	if (strcmp(row->a, "signers") == 0)
		ret->rules.signers = (size_t)row->n;
	if (strcmp(row->a, "both") == 0)
		ret->rules.need = SG_SIGNED_BOTH;
	if (strcmp(row->a, "xmldsig") == 0)
		ret->rules.need = SG_SIGNED_XMLDSIG;
}

static void detached_edited(const struct attack_row *row, struct attack *ret)
{
	struct sign_cms_spec spec = { 0 };

	detached_by(&spec, ret);
	own(ret, fix_with(fix_plain, row->a, row->b));
}

/* By a signer of the genuine authority that is wrong, or by a stranger; row->n: together with the good one. */
static void detached_signer(const struct attack_row *row, struct attack *ret)
{
	struct pki_spec spec = pki_leaf_spec(&fix_pki);
	struct sign_cms_signer signers[2] = { { fix_pki.leaf.x509, fix_pki.leaf.key } };
	struct sign_cms_spec cms = { .signers = row->n ? signers : signers + 1, .n_signers = row->n ? 2 : 1 };
	struct pki_cert c;

	if (strcmp(row->a, "extended") == 0)
		spec.extended = row->b;
	else if (strcmp(row->a, "expired") == 0)
		spec.to = fix_pki.now - 60;
	else if (strcmp(row->a, "md") == 0)
		spec.md = row->b;
	else if (strcmp(row->a, "bits") == 0) {
		spec.key_of = NULL;
		spec.bits = 1024;
	} else if (strcmp(row->a, "self") == 0) {
		spec.issuer = NULL;
		spec.key_of = NULL;
	}
	c = pki_make(&spec);
	signers[1] = (struct sign_cms_signer){ c.x509, c.key };
	detached_by(&cms, ret);
	if (strcmp(row->a, "twin") == 0)
		ret->rules.signers = 2;
	pki_cert_release(&c);
}

#define CMS(name, event, says, what, value)                                                                  \
	{                                                                                                    \
		name, detached, SG_ETRUST, event, says, what, value                                          \
	}
#define RAW(name, from, to)                                                                                  \
	{                                                                                                    \
		name, detached_edited, SG_ETRUST, SIG, "does not hold", from, to                             \
	}
#define SIGNER(name, says, what, value, n)                                                                   \
	{                                                                                                    \
		name, detached_signer, SG_ETRUST, CHAIN, says, what, value, n                                \
	}

static const struct attack_row cms_rows[] = {
	CMS("no detached signature", SIG, "there is none", "none", NULL),
	CMS("a torn one", SIG, "no CMS message", "torn", NULL),
	CMS("one in PEM", SIG, "no CMS message", "pem", NULL),
	CMS("one of 80 KB", SIG, "larger than 64 KiB", "large", NULL),
	CMS("one with content of its own", SIG, "content of its own", "attached", NULL),
	CMS("one that covers no attributes", SIG, "no attributes", "attributes", NULL),
	CMS("one with an octet behind it", SIG, "no CMS message", "trailing", NULL),
	CMS("one with SHA-1", SIG, "SHA-256", "md", "SHA1"),
	CMS("one with MD5", SIG, "SHA-256", "md", "MD5"),
	CMS("one where both are asked for", SIG, "not signed", "both", NULL),
	CMS("one where another kind is asked for", SIG, "not signed", "xmldsig", NULL),
	{ "one signer where two are asked for", detached, SG_ETRUST, CHAIN, "1 different key signed, and 2",
	        "signers", NULL, 2 },
	RAW("text changed", "Heartbeat", "heartbeat"),
	RAW("comment changed", "<!-- head -->", "<!-- haed -->"),
	RAW("a blank taken away", "\n</EOCS>", "</EOCS>"),
	RAW("line ends changed", "\n", "\r\n"),
	RAW("an octet behind the document", "</EOCS>\n", "</EOCS>\n\n"),
	RAW("a mark at its beginning", "<?xml", "\xef\xbb\xbf<?xml"),
	SIGNER("a signer for TLS", "lacks codeSigning", "extended", "serverAuth", 0),
	SIGNER("a signer for nothing", "lacks codeSigning", "extended", NULL, 0),
	SIGNER("a signer that has expired", "certificate has expired", "expired", NULL, 0),
	SIGNER("a signer with a weak key", "too weak", "bits", NULL, 0),
	SIGNER("a signer by SHA-1", "too weak", "md", "SHA1", 0),
	SIGNER("a stranger", "not accepted", "self", NULL, 0),
	SIGNER("a good signer and a stranger", "not accepted", "self", NULL, 1),
	SIGNER("a good signer and one that has expired", "certificate has expired", "expired", NULL, 1),
	SIGNER("two certificates of one key", "1 different key signed, and 2", "twin", NULL, 1),
};
const struct attack_table attack_cms = ATTACK_TABLE("detached", cms_rows);

/* --- lies */

static void swap(struct sg_buf *buf, const char *from, const char *to)
{
	char *text = sg_strndup((char *)buf->data, buf->len), *with = fix_with(text, from, to);

	sg_buf_set(buf, with, strlen(with));
	free(with);
	free(text);
}

/* row->a names the part, row->b what is put in the place of "{" up to "}" ... of it: "from=>to". */
static void lie(const struct attack_row *row, struct attack *ret)
{
	const char *arrow = row->b ? strstr(row->b, "=>") : NULL;
	char *from = arrow ? sg_strndup(row->b, (size_t)(arrow - row->b)) : NULL;
	struct sg_signed *s = &ret->said;
	int event;

	ret->lies = true;
	assert_int_equal(sg_verify_take(sg_bytes_of(fix_good), false, "corp", s, &event, NULL), 0);
	if (strcmp(row->a, "octets") == 0)
		arrow ? swap(&s->octets, from, arrow + 2) : sg_buf_clear(&s->octets);
	else if (strcmp(row->a, "info") == 0)
		arrow ? swap(&s->signed_info, from, arrow + 2) : sg_buf_clear(&s->signed_info);
	else if (strcmp(row->a, "half info") == 0)
		s->signed_info.len /= 2;
	else if (strcmp(row->a, "value") == 0)
		arrow ? (void)(s->value.data[row->n] ^= 1) : sg_buf_clear(&s->value);
	else if (strcmp(row->a, "zero value") == 0)
		memset(s->value.data, 0, s->value.len);
	else if (strcmp(row->a, "long value") == 0)
		sg_buf_char(&s->value, 0);
	else if (strcmp(row->a, "leaf") == 0)
		sg_buf_set(&s->certs.at[0], row->b, strlen(row->b));
	else if (strcmp(row->a, "no certs") == 0)
		sg_bufs_release(&s->certs);
	else if (strcmp(row->a, "order") == 0) {
		struct sg_buf first = s->certs.at[0];

		s->certs.at[0] = s->certs.at[1];
		s->certs.at[1] = first;
	} else if (strcmp(row->a, "fits") == 0) { /* a digest that fits what was never signed */
		struct sg_hash before = sg_sha256(sg_buf_bytes(&s->octets)), after;
		unsigned char was[64], is[64];

		swap(&s->octets, "Heartbeat", "Evil");
		after = sg_sha256(sg_buf_bytes(&s->octets));
		EVP_EncodeBlock(was, before.b, 32);
		EVP_EncodeBlock(is, after.b, 32);
		swap(&s->signed_info, (char *)was, (char *)is);
	}
	free(from);
}

#define INFO(name, change)                                                                                   \
	{                                                                                                    \
		name, lie, SG_ETRUST, SIG, "not this document in the allowed form", "info", change           \
	}

static const struct attack_row lie_rows[] = {
	{ "octets that were not signed", lie, SG_ETRUST, SIG, "was changed", "octets", "Heartbeat=>Evil" },
	{ "octets with one more blank", lie, SG_ETRUST, SIG, "was changed", "octets", "</EOCS>=></EOCS> " },
	{ "no octets", lie, SG_ETRUST, SIG, "was changed", "octets" },
	{ "a digest that fits other octets", lie, SG_ETRUST, SIG, "the document or the signature was changed",
	        "fits" },
	INFO("no SignedInfo", NULL),
	{ "half of SignedInfo", lie, SG_ETRUST, SIG, "not this document in the allowed form", "half info" },
	INFO("another reference", "URI=\"\"=>URI=\"#x\""),
	INFO("a further reference", "</Reference>=></Reference><Reference URI=\"\"></Reference>"),
	INFO("another digest method", "xmlenc#sha256=>xmlenc#sha512"),
	INFO("another signature method", "rsa-sha256=>rsa-sha1"),
	INFO("a further transform", "</Transforms>=><Transform Algorithm=\"x\"></Transform></Transforms>"),
	INFO("a further attribute", "URI=\"\"=>URI=\"\" Type=\"x\""),
	INFO("an attribute that looks like a namespace", "URI=\"\"=> xmlnsx=\"\" URI=\"\""),
	INFO("text behind it", "</SignedInfo>=></SignedInfo>x"),
	{ "no signature value", lie, SG_ETRUST, SIG, "was changed", "value" },
	{ "a bit of the signature value", lie, SG_ETRUST, SIG, "was changed", "value", "=>", 100 },
	{ "a signature value of zeros", lie, SG_ETRUST, SIG, "was changed", "zero value" },
	{ "a signature value that is longer", lie, SG_ETRUST, SIG, "was changed", "long value" },
	{ "a leaf that is text", lie, SG_ETRUST, CHAIN, "cannot be decoded", "leaf", "no certificate" },
	{ "no certificates", lie, SG_ETRUST, CHAIN, "brings no certificate", "no certs" },
	{ "certificates in the wrong order", lie, SG_ETRUST, CHAIN, "belongs to an authority", "order" },
};
const struct attack_table attack_lies = ATTACK_TABLE("lies", lie_rows);
