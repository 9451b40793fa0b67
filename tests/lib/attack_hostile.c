/* Documents that are made to cost: bombs, depth, size, torn and foreign octets, DTDs and encodings. None needs a key, so each must be refused before any
 * cryptography, in little time and memory. */
#include "tests/lib/attack.h"

#include "model/codes.h"
#include <stdlib.h>
#include <string.h>

#define BAD SG_EV_FEED_MALFORMED
#define SIG SG_EV_TRUST_SIGNATURE

static void own(struct attack *a, char *doc)
{
	sg_buf_set(&a->doc, doc, strlen(doc));
	free(doc);
}

static void raw(const struct attack_row *row, struct attack *ret)
{
	sg_buf_set(&ret->doc, row->a, row->n ? (size_t)row->n : strlen(row->a));
}

static void edited(const struct attack_row *row, struct attack *ret)
{
	own(ret, fix_with(fix_good, row->a, row->b));
}

static void doctype(const struct attack_row *row, struct attack *ret)
{
	char *head = sg_format("%s<EOCS", row->a);

	own(ret, fix_with(fix_good, "<EOCS", head));
	free(head);
}

/* n times `a`, with the end of a document behind when `b` says how it goes on. */
static void repeated(const struct attack_row *row, struct attack *ret)
{
	attack_repeat(row->b ? row->b : "", row->a, (size_t)row->n, "", &ret->doc);
}

static void deep(const struct attack_row *row, struct attack *ret)
{
	attack_repeat("<EOCS>", "<a>", (size_t)row->n, "", &ret->doc);
	attack_repeat("", "</a>", (size_t)row->n, "</EOCS>", &ret->doc);
}

static void attributes(const struct attack_row *row, struct attack *ret)
{
	sg_buf_str(&ret->doc, "<EOCS");
	for (long i = 0; i < row->n; i++)
		sg_buf_fmt(&ret->doc, " %s%ld=\"u\"", row->a, i);
	sg_buf_str(&ret->doc, "/>");
}

/* Namespaces, few for each element, each in scope of those inside. */
static void namespaces_of_many(const struct attack_row *row, struct attack *ret)
{
	sg_buf_str(&ret->doc, "<EOCS>");
	for (long i = 0; i < row->n; i++)
		sg_buf_fmt(&ret->doc, "<a xmlns:n%ld=\"urn:%ld\" xmlns:m%ld=\"urn:%ld\"/>", i, i, i, i);
	sg_buf_str(&ret->doc, "</EOCS>");
}

/* Namespaces in scope, `b` of them for each of 8 levels or more, and tags below them: what canonical form has to look through. */
static void scopes(const struct attack_row *row, struct attack *ret)
{
	int each = atoi(row->b), levels = each > 1 ? 29 : 8;

	sg_buf_str(&ret->doc, "<EOCS>");
	for (int level = 0; level < levels; level++) {
		sg_buf_str(&ret->doc, "<a");
		for (int i = 0; i < each; i++)
			sg_buf_fmt(&ret->doc, " xmlns:n%d_%d=\"urn:%d\"", level, i, i);
		sg_buf_str(&ret->doc, ">");
	}
	attack_repeat("", "<b/>", (size_t)row->n, "", &ret->doc);
	attack_repeat("", "</a>", (size_t)levels, "", &ret->doc);
	{
		char *signature = fix_part(fix_good, "<Signature ", "</Signature>");

		sg_buf_fmt(&ret->doc, "%s</EOCS>", signature);
		free(signature);
	}
}

/* The good document with 3 MB of something in it: everything up to the signature has to be done. */
static void padded(const struct attack_row *row, struct attack *ret)
{
	struct sg_buf pad = { 0 };

	attack_repeat("", row->b, (size_t)row->n, row->a, &pad);
	own(ret, fix_with(fix_good, row->a, (const char *)pad.data));
	sg_buf_release(&pad);
}

static void torn(const struct attack_row *row, struct attack *ret)
{
	sg_buf_set(&ret->doc, fix_good, (size_t)row->n);
}

static void noise(const struct attack_row *row, struct attack *ret)
{
	uint64_t x = 88172645463325252ull;

	for (long i = 0; i < row->n; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		sg_buf_char(&ret->doc, (char)x);
	}
}

#define RAW(name, code, says, text)                                                                          \
	{                                                                                                    \
		name, raw, code, BAD, says, text                                                             \
	}
#define RAW_N(name, code, says, text)                                                                        \
	{                                                                                                    \
		name, raw, code, BAD, says, text, NULL, sizeof(text) - 1                                     \
	}
#define DOCTYPE(name, text)                                                                                  \
	{                                                                                                    \
		name, doctype, SG_EUNSUPPORTED, BAD, "a document type (DOCTYPE) is not allowed", text        \
	}
#define TORN(at)                                                                                             \
	{                                                                                                    \
		"torn at octet " #at, torn, SG_EPARSE, BAD, "corp: line", NULL, NULL, at                     \
	}

#define THIRTY                                                                                               \
	" a='' b='' c='' d='' e='' f='' g='' h='' i='' j='' k='' l='' m='' n='' o='' p='' q='' r='' s='' "   \
	"t='' u='' v='' w='' x='' y='' z='' A='' B='' C='' D=''"

static const struct attack_row hostile[] = {
	{ "depth of 300", deep, SG_ELIMIT, BAD, "nested too deeply", NULL, NULL, 300 },
	{ "depth of 100,000", deep, SG_ELIMIT, BAD, "nested too deeply", NULL, NULL, 100000 },
	{ "a million tags that never end", repeated, SG_ELIMIT, BAD, "nested too deeply", "<a>", NULL,
	        1000000 },
	{ "100,000 attributes on one tag", attributes, SG_ELIMIT, BAD, "too many attributes", "a", NULL,
	        100000 },
	{ "1,000 attributes on one tag", attributes, SG_ELIMIT, BAD, "too many attributes", "a", NULL, 1000 },
	{ "60,000 namespaces on one tag", attributes, SG_ELIMIT, BAD, "too many attributes", "xmlns:n", NULL,
	        60000 },
	{ "60,000 namespaces on 30,000 tags", namespaces_of_many, SG_ETRUST, SIG, "not signed", NULL, NULL,
	        30000 },
	{ "900 namespaces in scope of 100,000 tags", scopes, SG_ELIMIT, BAD,
	        "too many namespaces are in scope", NULL, "32", 100000 },
	{ "8 namespaces in scope of 140,000 tags", scopes, SG_ELIMIT, BAD, "too many namespaces are in scope",
	        NULL, "1", 140000 },
	{ "8 namespaces in scope of 30,000 tags", scopes, SG_ETRUST, SIG, "does not hold", NULL, "1", 30000 },
	{ "an attribute of 3 MB", repeated, SG_ELIMIT, BAD, "the tag is too long", "0123456789abcdef",
	        "<EOCS a=\"", 200000 },
	{ "a name of 3 MB", repeated, SG_ELIMIT, BAD, "the tag is too long", "0123456789abcdef", "<",
	        200000 },
	{ "150,001 tags", padded, SG_ELIMIT, BAD, "too many elements", "<Config ", "<a/>", 150001 },
	{ "a million attributes, 30 for each tag", padded, SG_ELIMIT, BAD, "too many elements", "<Config ",
	        "<a" THIRTY "/>", 34000 },
	{ "146,000 attributes", padded, SG_ETRUST, SIG, "does not hold", "<Config ", "<a" THIRTY "/>", 4700 },
	{ "800,000 comments", padded, SG_ELIMIT, BAD, "too many elements", "<Config ", "<!---->", 800000 },
	{ "149,000 comments", padded, SG_ETRUST, SIG, "does not hold", "DoNothing</Value>", "<!---->x",
	        149000 },
	{ "149,000 tags with blanks between", padded, SG_ETRUST, SIG, "does not hold", "<Config ",
	        "<a/>\n\t\t", 149000 },
	{ "149,000 tags in 6 MB", padded, SG_ETRUST, SIG, "does not hold", "<Config ",
	        "<a/>0123456789abcdef0123456789abcdef", 149000 },
	{ "a text of 7 MB", padded, SG_ELIMIT, BAD, "more than 6291456", "DoNothing</Value>",
	        "0123456789abcdef", 440000 },
	{ "a text of 6 MB", padded, SG_ETRUST, SIG, "does not hold", "DoNothing</Value>", "0123456789abcdef",
	        390000 },
	{ "a text of a million references", padded, SG_ETRUST, SIG, "does not hold", "DoNothing</Value>",
	        "&lt;", 1000000 },
	{ "100,000 comments", padded, SG_ETRUST, SIG, "does not hold", "DoNothing</Value>",
	        "<!-- comment -->x", 100000 },
	{ "120,000 comments in SignedInfo", padded, SG_EUNSUPPORTED, SIG, "besides elements", "<SignedInfo>",
	        "<!----><!----><!---->", 40000 },
	{ "149,000 tags", padded, SG_ETRUST, SIG, "does not hold", "<Config ", "<a/>", 149000 },
	{ "10,000 references", padded, SG_EUNSUPPORTED, SIG, "Reference is one too many", "</SignedInfo>",
	        "<Reference URI=\"\"><Transforms/></Reference>", 10000 },
	{ "10,000 transforms", padded, SG_EUNSUPPORTED, SIG, "one too many in Transforms", "</Transforms>",
	        "<Transform Algorithm=\"http://www.w3.org/TR/2001/REC-xml-c14n-20010315\"/>", 10000 },
	{ "40,000 certificates", padded, SG_EUNSUPPORTED, SIG, "more than 3 certificates", "</X509Data>",
	        "<X509Certificate>AA==</X509Certificate>", 40000 },
	{ "a signature value of 3 MB", padded, SG_ETRUST, SG_EV_TRUST_CHAIN, "SignatureValue is not base64",
	        "</SignatureValue>", "AAAAAAAAAAAAAAAA", 200000 },
	{ "a digest of 3 MB", padded, SG_ETRUST, SIG, "does not hold", "</DigestValue>", "AAAAAAAAAAAAAAAA",
	        200000 },
	{ "a certificate of 3 MB", padded, SG_ETRUST, SG_EV_TRUST_CHAIN, "at most 8192 octets",
	        "</X509Certificate>", "AAAAAAAAAAAAAAAA", 200000 },
	{ "4 MB of '<'", repeated, SG_EPARSE, BAD, "", "<", NULL, 4000000 },
	{ "4 MB of '&'", repeated, SG_EPARSE, BAD, "no element", "&", NULL, 4000000 },
	{ "4 MB of '<!--'", repeated, SG_EPARSE, BAD, "the comment has no end", "<!--", NULL, 1000000 },
	{ "4 MB of '<!-'", repeated, SG_EPARSE, BAD, "a declaration where none may be", "<!-", NULL,
	        1300000 },
	{ "4 MB of quotes in a tag", repeated, SG_ELIMIT, BAD, "too many attributes", "\"\"", "<a ",
	        2000000 },
	{ "4 MB of line ends", repeated, SG_EPARSE, BAD, "no element", "\n", NULL, 4000000 },
	{ "noise", noise, SG_EPARSE, BAD, "", NULL, NULL, 65536 },
	{ "noise of 4 MB", noise, SG_EPARSE, BAD, "", NULL, NULL, 4000000 },
	RAW("empty", SG_EPARSE, "the document is empty", ""),
	RAW("one octet", SG_EPARSE, "no element", "x"),
	RAW("one '<'", SG_EPARSE, "the tag has no end", "<"),
	RAW("blanks", SG_EPARSE, "no element", " \r\n\t "),
	RAW("a page that asks to log in", SG_EPARSE, "",
	        "<html><head><title>Log in</title></head><body><p>Welcome to the guest "
	        "network<br></body></html>"),
	RAW("a page that is well-formed", SG_EPARSE, "not EOCS",
	        "<html xmlns=\"http://www.w3.org/1999/xhtml\"><body>Blocked by policy</body></html>"),
	RAW("a page with a document type", SG_EPARSE, "", "<!doctype html><html></html>"),
	RAW("JSON", SG_EPARSE, "no element", "{\"error\": \"not found\"}"),
	RAW_N("gzip", SG_EPARSE, "NUL",
	        "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xb3\xf1\x77\xf6\x0f\xd6\xb7\x03\x00"),
	RAW_N("a zip archive", SG_EPARSE, "NUL", "PK\x03\x04\x14\x00\x00\x00\x08\x00"),
	RAW_N("a certificate", SG_EPARSE, "", "0\x82\x03\x01\x02\x03"),
	RAW("another root", SG_EPARSE, "not EOCS", "<feed/>"),
	RAW("EOCS of our namespace", SG_EPARSE, "not EOCS", "<EOCS xmlns=\"urn:stopgap:feed:1\"/>"),
	RAW("eocs in small letters", SG_EPARSE, "not EOCS", "<eocs/>"),
	{ "EOCS and nothing else", raw, SG_ETRUST, SIG, "not signed", "<EOCS/>" },
	RAW("two roots", SG_EPARSE, "", "<EOCS/><EOCS/>"),
	DOCTYPE("a document type", "<!DOCTYPE EOCS>"),
	DOCTYPE("an entity of the same text", "<!DOCTYPE EOCS [<!ENTITY x \"DoNothing\">]>"),
	DOCTYPE("an entity of a file", "<!DOCTYPE EOCS [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>"),
	DOCTYPE("an entity of a server", "<!DOCTYPE EOCS [<!ENTITY x SYSTEM \"http://127.0.0.1:1/\">]>"),
	DOCTYPE("a parameter entity", "<!DOCTYPE EOCS [<!ENTITY % x SYSTEM \"file:///etc/passwd\"> %x;]>"),
	DOCTYPE("an external document type", "<!DOCTYPE EOCS SYSTEM \"file:///evil.dtd\">"),
	DOCTYPE("a public document type",
	        "<!DOCTYPE EOCS PUBLIC \"-//x//y\" \"http://127.0.0.1:1/evil.dtd\">"),
	DOCTYPE("a default attribute", "<!DOCTYPE EOCS [<!ATTLIST Config sg:severity CDATA \"critical\">]>"),
	DOCTYPE("an id by document type", "<!DOCTYPE EOCS [<!ATTLIST Config id ID #REQUIRED>]>"),
	DOCTYPE("billion laughs",
	        "<!DOCTYPE EOCS [<!ENTITY a \"lol\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\"><!ENTITY c "
	        "\"&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;\"><!ENTITY d \"&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;\">]>"),
	DOCTYPE("a document type behind a comment", "<!-- x --><!DOCTYPE EOCS>"),
	DOCTYPE("a document type behind blanks", "\n\n  <!DOCTYPE\tEOCS>"),
	{ "a document type in small letters", doctype, SG_EPARSE, BAD, "a declaration where none may be",
	        "<!doctype EOCS>" },
	{ "an entity declaration alone", doctype, SG_EPARSE, BAD, "a declaration where none may be",
	        "<!ENTITY x \"y\">" },
	{ "a document type inside the root", edited, SG_EUNSUPPORTED, BAD, "DOCTYPE", "<ActionList>",
	        "<!DOCTYPE x><ActionList>" },
	{ "an entity that is not declared", edited, SG_EPARSE, BAD, "", "<Value>", "<Value>&evil;" },
	{ "a parameter entity that is not declared", edited, SG_ETRUST, SIG, "does not hold", "<Value>",
	        "<Value>%evil;" },
	TORN(100),
	TORN(200),
	TORN(300),
	TORN(400),
	TORN(500),
	TORN(600),
	TORN(700),
	TORN(800),
	TORN(900),
	TORN(1000),
	TORN(1100),
	TORN(1200),
	TORN(1300),
	TORN(1400),
	TORN(1500),
	TORN(1600),
	TORN(1700),
	TORN(1800),
	TORN(1900),
	TORN(2000),
	TORN(2100),
	TORN(2200),
	TORN(2300),
	TORN(2400),
	TORN(2500),
	TORN(2600),
	TORN(2700),
	TORN(2800),
	TORN(2900),
	TORN(3000),
	TORN(3100),
	TORN(3200),
	TORN(3300),
	TORN(3400),
	TORN(3500),
	TORN(3600),
	TORN(3700),
};
const struct attack_table attack_hostile = ATTACK_TABLE("hostile", hostile);

/* --- encodings */

static void utf16(const struct attack_row *row, struct attack *ret)
{
	bool big = row->a[0] == 'B';

	if (row->n)
		sg_buf_add(&ret->doc, big ? "\xfe\xff" : "\xff\xfe", 2);
	for (const char *p = fix_good; *p; p++) {
		char pair[2] = { big ? 0 : *p, big ? *p : 0 };

		sg_buf_add(&ret->doc, pair, 2);
	}
}

static void utf32(const struct attack_row *row, struct attack *ret)
{
	if (row->n)
		sg_buf_add(&ret->doc, "\xff\xfe\0\0", 4);
	for (const char *p = fix_good; *p; p++) {
		char four[4] = { *p };

		sg_buf_add(&ret->doc, four, 4);
	}
}

static void nul_in_it(const struct attack_row *row, struct attack *ret)
{
	own(ret, sg_strdup(fix_good));
	ret->doc.data[row->n < 0 ? ret->doc.len - 1 : (size_t)row->n] = 0;
}

#define DECLARED(name, code, says, as)                                                                       \
	{                                                                                                    \
		name, edited, code, BAD, says, "encoding=\"UTF-8\"", as                                      \
	}
#define INSIDE(name, code, says, what)                                                                       \
	{                                                                                                    \
		name, edited, code, BAD, says, "<Value>", "<Value>" what                                     \
	}

static const struct attack_row encodings[] = {
	{ "UTF-16, little end first, with its mark", utf16, SG_EUNSUPPORTED, BAD, "in UTF-16", "L", NULL, 1 },
	{ "UTF-16, big end first, with its mark", utf16, SG_EUNSUPPORTED, BAD, "in UTF-16", "B", NULL, 1 },
	{ "UTF-16, little end first", utf16, SG_EUNSUPPORTED, BAD, "in UTF-16", "L" },
	{ "UTF-16, big end first", utf16, SG_EUNSUPPORTED, BAD, "in UTF-16", "B" },
	{ "UTF-32", utf32, SG_EUNSUPPORTED, BAD, "in UTF-16" },
	{ "UTF-32 with its mark", utf32, SG_EUNSUPPORTED, BAD, "in UTF-16", NULL, NULL, 1 },
	DECLARED("UTF-16 in name alone", SG_EUNSUPPORTED, "the encoding is not UTF-8", "encoding=\"UTF-16\""),
	DECLARED("UTF-7", SG_EUNSUPPORTED, "the encoding is not UTF-8", "encoding=\"UTF-7\""),
	DECLARED("Latin-1", SG_EUNSUPPORTED, "the encoding is not UTF-8", "encoding=\"ISO-8859-1\""),
	DECLARED("EBCDIC", SG_EUNSUPPORTED, "the encoding is not UTF-8", "encoding='IBM037'"),
	DECLARED("an encoding without a name", SG_EUNSUPPORTED, "the encoding is not UTF-8", "encoding=\"\""),
	DECLARED("an encoding with a blank", SG_EUNSUPPORTED, "the encoding is not UTF-8",
	        "encoding=\"UTF-8 \""),
	DECLARED("two encodings", SG_EPARSE, "", "encoding=\"UTF-8\" encoding=\"UTF-16\""),
	DECLARED("an encoding in another's clothes", SG_EUNSUPPORTED, "the encoding is not UTF-8",
	        "encoding \t= 'utf-16'"),
	DECLARED("XML 1.1", SG_EPARSE, "", "encoding=\"UTF-8\" version=\"1.1\""),
	INSIDE("an overlong '<'", SG_EPARSE, "not UTF-8", "\xc0\xbc"),
	INSIDE("an overlong '/' of three octets", SG_EPARSE, "not UTF-8", "\xe0\x80\xaf"),
	INSIDE("an overlong NUL", SG_EPARSE, "not UTF-8", "\xc0\x80"),
	INSIDE("half of a pair", SG_EPARSE, "not UTF-8", "\xed\xa0\x80"),
	INSIDE("beyond the last character", SG_EPARSE, "not UTF-8", "\xf4\x90\x80\x80"),
	INSIDE("five octets", SG_EPARSE, "not UTF-8", "\xf8\x88\x80\x80\x80"),
	INSIDE("a lone octet of Latin-1", SG_EPARSE, "not UTF-8", "\xe9t"),
	INSIDE("a torn character", SG_EPARSE, "not UTF-8", "\xe2\x82"),
	INSIDE("a control character", SG_EPARSE, "", "\x01"),
	INSIDE("a character that is none", SG_EPARSE, "", "\xef\xbf\xbf"),
	{ "a mark in the middle", edited, SG_ETRUST, SIG, "does not hold", "<Value>", "<Value>\xef\xbb\xbf" },
	{ "a mark between the tags of the signature", edited, SG_EUNSUPPORTED, SIG, "besides elements",
	        "<SignedInfo>", "<SignedInfo>\xef\xbb\xbf" },
	{ "two marks at the beginning", edited, SG_EUNSUPPORTED, BAD, "", "<?xml",
	        "\xef\xbb\xbf\xef\xbb\xbf<?xml" },
	{ "a letter that looks like another", edited, SG_ETRUST, SIG, "does not hold", "Heartbeat",
	        "He\xd0\xb0rtbeat" },
	{ "the same letter, in parts", edited, SG_ETRUST, SIG, "does not hold", "Heartbeat",
	        "Hearte\xcc\x81" },
	{ "text that runs from right to left", edited, SG_ETRUST, SIG, "does not hold", "Heartbeat",
	        "\xe2\x80\xaeHeartbeat" },
	{ "NUL at the beginning", nul_in_it, SG_EPARSE, BAD, "", NULL, NULL, 0 },
	{ "NUL in the middle", nul_in_it, SG_EPARSE, BAD, "a NUL", NULL, NULL, 500 },
	{ "NUL at the end", nul_in_it, SG_EPARSE, BAD, "a NUL", NULL, NULL, -1 },
	{ "a default namespace on the root", edited, SG_EPARSE, BAD, "not EOCS", "<EOCS ",
	        "<EOCS xmlns=\"urn:stopgap:feed:1\" " },
	{ "a default namespace of signatures on the root", edited, SG_EPARSE, BAD, "not EOCS", "<EOCS ",
	        "<EOCS xmlns=\"http://www.w3.org/2000/09/xmldsig#\" " },
	{ "a prefixed root", raw, SG_EPARSE, BAD, "not EOCS", "<e:EOCS xmlns:e=\"urn:e\"/>" },
	{ "an undeclared prefix", edited, SG_EPARSE, BAD, "Namespace prefix", " desc=", " x:desc=" },
	{ "our prefix undeclared", edited, SG_EPARSE, BAD, "", "xmlns:sg=\"urn:stopgap:feed:1\"",
	        "xmlns:sg=\"\"" },
	{ "our namespace that looks the same", edited, SG_EPARSE, BAD, "is not a valid URI",
	        "urn:stopgap:feed:1", "urn:st\xd0\xbepgap:feed:1" },
	{ "a relative namespace", edited, SG_ETRUST, SIG, "does not hold", "<EOCS ", "<EOCS xmlns:r=\"1\" " },
	{ "the prefix xml bound anew", edited, SG_EPARSE, BAD, "", "<EOCS ", "<EOCS xmlns:xml=\"urn:x\" " },
	{ "the prefix xmlns bound", edited, SG_EPARSE, BAD, "", "<EOCS ", "<EOCS xmlns:xmlns=\"urn:x\" " },
	{ "xml:base on a Config", edited, SG_ETRUST, SIG, "does not hold", "<Config ",
	        "<Config xml:base=\"http://evil/\" " },
	{ "xml:space on the root", edited, SG_ETRUST, SIG, "does not hold", "<EOCS ",
	        "<EOCS xml:space=\"default\" " },
	{ "xml:lang on a Config", edited, SG_ETRUST, SIG, "does not hold", "<Config ",
	        "<Config xml:lang=\"en\" " },
	{ "XInclude of a file", edited, SG_ETRUST, SIG, "does not hold", "<Value>",
	        "<Value><i:include xmlns:i=\"http://www.w3.org/2001/XInclude\" href=\"file:///etc/passwd\" "
	        "parse=\"text\"/>" },
	{ "XInclude in the signature", edited, SG_EUNSUPPORTED, SIG, "include stands where", "<SignedInfo>",
	        "<i:include xmlns:i=\"http://www.w3.org/2001/XInclude\" href=\"x\"/><SignedInfo>" },
	{ "a schema's place", edited, SG_ETRUST, SIG, "does not hold", "<EOCS ",
	        "<EOCS xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" "
	        "xsi:noNamespaceSchemaLocation=\"http://127.0.0.1:1/x.xsd\" " },
};
const struct attack_table attack_encodings = ATTACK_TABLE("encodings", encodings);
