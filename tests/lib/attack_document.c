/* Documents that were changed after they were signed, and content that no feed may have though its signature is good. */
#include "tests/lib/attack.h"

#include "model/codes.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define SIG  SG_EV_TRUST_SIGNATURE
#define BAD  SG_EV_FEED_MALFORMED
#define PART SG_EV_FEED_PART_REFUSED
#define NAME SG_EV_TRUST_NAME

static void own(struct attack *a, char *doc)
{
	sg_buf_set(&a->doc, doc, strlen(doc));
	free(doc);
}

/* The good document, the first `a` of it replaced by `b`. */
static void edited(const struct attack_row *row, struct attack *ret)
{
	own(ret, fix_with(fix_good, row->a, row->b));
}

/* The octet n of the good document's element `a`, behind its tag, turned. */
static void turned(const struct attack_row *row, struct attack *ret)
{
	char *at;

	own(ret, sg_strdup(fix_good));
	at = strstr((char *)ret->doc.data, row->a);
	assert_non_null(at);
	at += strlen(row->a) + (size_t)row->n;
	*at = *at == 'A' ? 'B' : 'A';
}

static void plain(const struct attack_row *row, struct attack *ret)
{
	(void)row;
	own(ret, sg_strdup(fix_plain));
}

static void half(const struct attack_row *row, struct attack *ret)
{
	own(ret, sg_strndup(fix_good, strlen(fix_good) * (size_t)row->n / 100));
}

static void twice(const struct attack_row *row, struct attack *ret)
{
	(void)row;
	own(ret, sg_format("%s%s", fix_good, strstr(fix_good, "<EOCS")));
}

/* Another document of the same signer, with this one's Signature. */
static void of_another(const struct attack_row *row, struct attack *ret)
{
	char *other = attack_resigned(row->a, row->b),
	     *mine = fix_part(fix_good, "<Signature ", "</Signature>"),
	     *theirs = fix_part(other, "<Signature ", "</Signature>");

	own(ret, fix_with(other, theirs, mine));
	free(theirs);
	free(mine);
	free(other);
}

static const struct attack_row documents[] = {
	{ "value changed", edited, SG_ETRUST, SIG, "does not hold", "<Value>DoNothing", "<Value>DoNothinG" },
	{ "attribute changed", edited, SG_ETRUST, SIG, "does not hold", "desc=\"Heartbeat\"",
	        "desc=\"heartbeat\"" },
	{ "attribute added", edited, SG_ETRUST, SIG, "does not hold", "id=\"PING1\"",
	        "id=\"PING1\" x=\"1\"" },
	{ "attribute taken away", edited, SG_ETRUST, SIG, "does not hold", " desc=\"Heartbeat\"", "" },
	{ "attribute moved into our namespace", edited, SG_ETRUST, SIG, "does not hold",
	        " desc=\"Heartbeat\"", " sg:desc=\"Heartbeat\"" },
	{ "white space added in text", edited, SG_ETRUST, SIG, "does not hold", "</Config>", "</Config> " },
	{ "white space taken away", edited, SG_ETRUST, SIG, "does not hold", "\n  <Config", "<Config" },
	{ "line end changed to a reference", edited, SG_ETRUST, SIG, "does not hold", "\n  <Config",
	        "&#13;\n  <Config" },
	{ "element added", edited, SG_ETRUST, SIG, "does not hold", "<ActionList>",
	        "<ActionList><Action type=\"Evil\"/>" },
	{ "element renamed", edited, SG_EPARSE, BAD, "mismatch", "<Value>", "<value>" },
	{ "Config added before", edited, SG_ETRUST, SIG, "does not hold", "  <Config",
	        "<Config id=\"E\"/>  <Config" },
	{ "tombstone added", edited, SG_ETRUST, SIG, "does not hold", "  <Config",
	        "<Config id=\"E\" sg:withdrawn=\"2026-01-01\" sg:reason=\"x\"/>  <Config" },
	{ "serial raised", edited, SG_ETRUST, SIG, "does not hold", "sg:serial=\"7\"", "sg:serial=\"8\"" },
	{ "expiry put off", edited, SG_ETRUST, SIG, "does not hold", "2026-12-01", "2036-12-01" },
	{ "feed renamed", edited, SG_ETRUST, SIG, "does not hold", "sg:feed=\"corp\"", "sg:feed=\"evil\"" },
	{ "version changed", edited, SG_ETRUST, SIG, "does not hold", "version=\"1.0.4\"",
	        "version=\"1.0.5\"" },
	{ "namespace declared in addition", edited, SG_ETRUST, SIG, "does not hold", "<EOCS ",
	        "<EOCS xmlns:e=\"urn:e\" " },
	{ "prefix of our namespace renamed at one place", edited, SG_EPARSE, BAD, "Namespace prefix x",
	        "sg:serial", "x:serial" },
	{ "two prefixes for our namespace", edited, SG_ETRUST, SIG, "does not hold", "sg:serial=\"7\"",
	        "x:serial=\"7\" xmlns:x=\"urn:stopgap:feed:1\"" },
	{ "two attributes of one expanded name", edited, SG_EPARSE, BAD, "redefined", "sg:serial=\"7\"",
	        "sg:serial=\"7\" x:serial=\"8\" xmlns:x=\"urn:stopgap:feed:1\"" },
	{ "attribute twice", edited, SG_EPARSE, BAD, "redefined", "sg:serial=\"7\"",
	        "sg:serial=\"7\" sg:serial=\"8\"" },
	{ "text replaced by a reference to other text", edited, SG_ETRUST, SIG, "does not hold", "<Value>Do",
	        "<Value>&#68;&#79;" },
	{ "digest: first octet", turned, SG_ETRUST, SIG, "does not hold", "<DigestValue>", NULL, 0 },
	{ "digest: last octet", turned, SG_ETRUST, SIG, "does not hold", "<DigestValue>", NULL, 41 },
	{ "digest: a second one", edited, SG_EUNSUPPORTED, SIG, "DigestValue is one too many", "</Reference>",
	        "<DigestValue/></Reference>" },
	{ "signature: first octet", turned, SG_ETRUST, SIG, "does not hold", "<SignatureValue>", NULL, 0 },
	{ "signature: in the middle", turned, SG_ETRUST, SIG, "does not hold", "<SignatureValue>", NULL,
	        170 },
	{ "signature: one octet short", edited, SG_ETRUST, SG_EV_TRUST_CHAIN, "SignatureValue is not base64",
	        "==</SignatureValue>", "=</SignatureValue>" },
	{ "signature: doubled", edited, SG_EUNSUPPORTED, SIG, "SignatureValue stands where KeyInfo",
	        "</SignatureValue>", "</SignatureValue><SignatureValue>AA==</SignatureValue>" },
	{ "signature of another document of the signer", of_another, SG_ETRUST, SIG, "does not hold",
	        "Heartbeat", "heartbeat" },
	{ "signature of another serial", of_another, SG_ETRUST, SIG, "does not hold", "sg:serial=\"7\"",
	        "sg:serial=\"8\"" },
	{ "not signed", plain, SG_ETRUST, SIG, "not signed" },
	{ "torn in the middle", half, SG_EPARSE, BAD, "", NULL, NULL, 50 },
	{ "torn at its last tag", half, SG_EPARSE, BAD, "", NULL, NULL, 99 },
	{ "two documents one after the other", twice, SG_EPARSE, BAD, "" },
	/* what stands inside of values */
	{ "comment inside DigestValue", edited, SG_EUNSUPPORTED, SIG, "DigestValue is not one piece",
	        "<DigestValue>", "<DigestValue><!-- x -->" },
	{ "comment behind DigestValue", edited, SG_EUNSUPPORTED, SIG, "DigestValue is not one piece",
	        "</DigestValue>", "<!-- x --></DigestValue>" },
	{ "comment inside SignatureValue", edited, SG_EUNSUPPORTED, SIG, "SignatureValue is not one piece",
	        "<SignatureValue>", "<SignatureValue>AA<!-- x -->" },
	{ "comment inside X509Certificate", edited, SG_EUNSUPPORTED, SIG, "X509Certificate is not one piece",
	        "<X509Certificate>", "<X509Certificate><!-- x -->" },
	{ "comment that hides evil in a Value", edited, SG_ETRUST, SIG, "does not hold", "<Value>Do",
	        "<Value>Evil<!-- -->Do" },
	{ "comment between the signature's elements", edited, SG_EUNSUPPORTED, SIG, "besides elements",
	        "<SignedInfo>", "<SignedInfo><!-- x -->" },
	{ "comment in KeyInfo", edited, SG_EUNSUPPORTED, SIG, "besides elements", "<KeyInfo>",
	        "<KeyInfo><!-- x -->" },
	{ "instruction inside DigestValue", edited, SG_EUNSUPPORTED, BAD, "processing instructions",
	        "<DigestValue>", "<DigestValue><?x y?>" },
	{ "instruction inside SignatureValue", edited, SG_EUNSUPPORTED, BAD, "processing instructions",
	        "<SignatureValue>", "<SignatureValue><?x y?>" },
	{ "instruction inside Value", edited, SG_EUNSUPPORTED, BAD, "processing instructions", "<Value>",
	        "<Value><?x y?>" },
	{ "instruction before the root", edited, SG_EUNSUPPORTED, BAD, "processing instructions", "<EOCS",
	        "<?xml-stylesheet href='x.xsl' type='text/xsl'?><EOCS" },
	{ "instruction behind the root", edited, SG_EUNSUPPORTED, BAD, "processing instructions", "</EOCS>",
	        "</EOCS><?x y?>" },
	{ "CDATA inside Value", edited, SG_EUNSUPPORTED, BAD, "CDATA", "<Value>DoNothing",
	        "<Value><![CDATA[DoNothing]]>" },
	{ "CDATA inside DigestValue", edited, SG_EUNSUPPORTED, BAD, "CDATA", "<DigestValue>",
	        "<DigestValue><![CDATA[AA]]>" },
	{ "CDATA inside SignatureValue", edited, SG_EUNSUPPORTED, BAD, "CDATA", "<SignatureValue>",
	        "<SignatureValue><![CDATA[AA]]>" },
	{ "reference into SignatureValue", edited, SG_ETRUST, SG_EV_TRUST_CHAIN,
	        "SignatureValue is not base64", "<SignatureValue>", "<SignatureValue>&#65;" },
	{ "reference that is no base64, in SignatureValue", edited, SG_ETRUST, SG_EV_TRUST_CHAIN,
	        "SignatureValue is not base64", "<SignatureValue>", "<SignatureValue>&#33;" },
	{ "reference to no character", edited, SG_EPARSE, BAD, "", "<Value>", "<Value>&#0;" },
	{ "reference to half a character", edited, SG_EPARSE, BAD, "", "<Value>", "<Value>&#xD800;" },
	{ "base64 that ends early, and goes on", edited, SG_ETRUST, SG_EV_TRUST_CHAIN, "not base64",
	        "</X509Certificate>", "-rest</X509Certificate>" },
	{ "words in the middle of the signature's base64", edited, SG_ETRUST, SG_EV_TRUST_CHAIN, "not base64",
	        "</SignatureValue>", "-nothing</SignatureValue>" },
	{ "text between KeyInfo's elements", edited, SG_EUNSUPPORTED, SIG, "besides elements", "<KeyInfo>",
	        "<KeyInfo>x" },
};
const struct attack_table attack_documents = ATTACK_TABLE("documents", documents);

/* --- signed by the right one, and still refused */

static void resigned(const struct attack_row *row, struct attack *ret)
{
	own(ret, attack_resigned(row->a, row->b));
}

static void limited(const struct attack_row *row, struct attack *ret)
{
	own(ret, attack_resigned(row->a, row->b));
	ret->rules.ids = "CORP-*";
}

static void follows(const struct attack_row *row, struct attack *ret)
{
	own(ret, attack_resigned(row->a, row->b));
	ret->follows = true;
	ret->before.serial = (uint64_t)row->n;
	memset(&ret->before.document, 1, sizeof ret->before.document);
}

static void jumps_by_the_rules(const struct attack_row *row, struct attack *ret)
{
	follows(row, ret);
	ret->rules.max_serial_jump = 2;
}

static void as_em_of_another(const struct attack_row *row, struct attack *ret)
{
	own(ret, attack_resigned(row->a, row->b));
	ret->rules.eocs = true;
}

static void many(const struct attack_row *row, struct attack *ret)
{
	struct sg_buf configs = { 0 };

	for (long i = 0; i < row->n; i++)
		sg_buf_fmt(&configs, "<Config id=\"M%ld\"/>", i);
	sg_buf_str(&configs, "</EOCS>");
	own(ret, attack_resigned("</EOCS>", (const char *)configs.data));
	sg_buf_release(&configs);
}

#define HEAD(name, to)                                                                                       \
	{                                                                                                    \
		name, resigned, SG_EINVAL, BAD, "", "sg:serial=\"7\"", to                                    \
	}

static const struct attack_row contents[] = {
	{ "another feed's document", resigned, SG_ETRUST, NAME, "of the feed 'vendor', not of 'corp'",
	        "sg:feed=\"corp\"", "sg:feed=\"vendor\"" },
	{ "another feed's document in an em feed", as_em_of_another, SG_ETRUST, NAME, "of the feed 'vendor'",
	        "sg:feed=\"corp\"", "sg:feed=\"vendor\"" },
	{ "name in other case", resigned, SG_ETRUST, NAME, "of the feed 'Corp'", "sg:feed=\"corp\"",
	        "sg:feed=\"Corp\"" },
	{ "name with a letter that looks the same", resigned, SG_ETRUST, NAME, "of the feed",
	        "sg:feed=\"corp\"",
	        "sg:feed=\"c\xd0\xbe"
	        "rp\"" },
	{ "name with a control character", resigned, SG_ETRUST, NAME, "of the feed", "sg:feed=\"corp\"",
	        "sg:feed=\"corp&#10;\"" },
	{ "no name", resigned, SG_EINVAL, BAD, "'sg:feed' is missing", "sg:feed=\"corp\"", "" },
	{ "serial goes down", follows, SG_ETRUST, SG_EV_TRUST_SERIAL, "serial 7, but 8 was accepted", NULL,
	        NULL, 8 },
	{ "serial goes down by far", follows, SG_ETRUST, SG_EV_TRUST_SERIAL, "but 4000000 was accepted", NULL,
	        NULL, 4000000 },
	{ "same serial with other octets", follows, SG_ETRUST, SG_EV_TRUST_EQUIVOCATION, "other octets", NULL,
	        NULL, 7 },
	{ "serial jumps", follows, SG_ETRUST, SG_EV_TRUST_SERIAL, "jumps from 7 to 10008", "sg:serial=\"7\"",
	        "sg:serial=\"10008\"", 7 },
	{ "serial jumps to its end", follows, SG_ETRUST, SG_EV_TRUST_SERIAL, "jumps", "sg:serial=\"7\"",
	        "sg:serial=\"9223372036854775807\"", 7 },
	{ "serial jumps further than the rules have it", jumps_by_the_rules, SG_ETRUST, SG_EV_TRUST_SERIAL,
	        "at most 2 at once", NULL, NULL, 4 },
	{ "serial beyond 63 bits", resigned, SG_EINVAL, BAD, "is not a number", "sg:serial=\"7\"",
	        "sg:serial=\"9223372036854775808\"" },
	{ "serial that wraps 64 bits", resigned, SG_EINVAL, BAD, "is not a number", "sg:serial=\"7\"",
	        "sg:serial=\"18446744073709551623\"" },
	HEAD("serial zero", "sg:serial=\"0\""),
	HEAD("serial below zero", "sg:serial=\"-7\""),
	HEAD("serial with a leading zero", "sg:serial=\"07\""),
	HEAD("serial in hexadecimal", "sg:serial=\"0x7\""),
	HEAD("serial with a blank", "sg:serial=\" 7\""),
	HEAD("serial in other digits", "sg:serial=\"\xd9\xa7\""),
	HEAD("no serial", ""),
	{ "no time of issue", resigned, SG_EINVAL, BAD, "'sg:issued' is missing",
	        "sg:issued=\"2026-11-01T00:00:00Z\"", "" },
	{ "no expiry", resigned, SG_EINVAL, BAD, "'sg:expires' is missing",
	        "sg:expires=\"2026-12-01T00:00:00Z\"", "" },
	{ "time without a zone", resigned, SG_EINVAL, BAD, "is not a time", "00:00Z\" sg:expires",
	        "00:00\" sg:expires" },
	{ "time that is none", resigned, SG_EINVAL, BAD, "is not a time", "2026-11-01T", "2026-13-01T" },
	{ "expires before it was issued", resigned, SG_EINVAL, BAD, "must be later", "2026-12-01T",
	        "2026-10-01T" },
	{ "unknown word in the head", resigned, SG_EINVAL, BAD, "'epoch' is not known", "sg:serial",
	        "sg:epoch=\"1\" sg:serial" },
	{ "foreign attribute in the head", resigned, SG_ETRUST, SIG, "not this document in the allowed form",
	        "<EOCS ", "<EOCS xml:base=\"http://evil/\" " },
	{ "xml:id in the head", resigned, SG_ETRUST, SIG, "not this document in the allowed form", "<EOCS ",
	        "<EOCS xml:id=\"a\" " },
	{ "an id twice", resigned, SG_EINVAL, BAD, "twice", "</EOCS>", "<Config id=\"PING1\"/></EOCS>" },
	{ "an id twice, in another case", resigned, SG_EINVAL, BAD, "twice", "</EOCS>",
	        "<Config id=\"ping1\"/></EOCS>" },
	{ "more mitigations than can be", many, SG_ELIMIT, BAD, "more than 4096", NULL, NULL, 4097 },
	{ "an element that is no Config", resigned, SG_EINVAL, BAD, "element 'Confíg' is not known",
	        "</EOCS>", "<Confíg id=\"X\"/></EOCS>" },
	{ "a Config of our namespace", resigned, SG_EINVAL, BAD, "is not known", "</EOCS>",
	        "<sg:Config id=\"X\"/></EOCS>" },
	{ "a Config of another namespace", resigned, SG_EINVAL, BAD, "is not known", "</EOCS>",
	        "<Config xmlns=\"urn:x\" id=\"X\"/></EOCS>" },
	{ "a Config by XInclude", resigned, SG_EINVAL, BAD, "element 'include' is not known", "</EOCS>",
	        "<i:include xmlns:i=\"http://www.w3.org/2001/XInclude\" href=\"file:///etc/passwd\" "
	        "parse=\"text\"/></EOCS>" },
	{ "text between mitigations", resigned, SG_EINVAL, BAD, "text is not allowed", "</EOCS>",
	        "evil</EOCS>" },
	{ "an id that the feed may not offer", limited, SG_EINVAL, PART, "this feed may not offer it" },
	{ "an id that looks like an allowed one", limited, SG_EINVAL, PART, "is not allowed", "id=\"PING1\"",
	        "id=\"\xd0\xa1ORP-1\"" },
};
const struct attack_table attack_contents = ATTACK_TABLE("contents", contents);
