/* Signatures of another shape: other algorithms, transforms, references and keys, each really made so; and signature wrapping, XSW 1 to 8, in the terms
 * of a feed. An em document's KeyValue and Object are ignored, so rows about them are asked by both profiles. */
#include "tests/lib/attack.h"

#include "model/codes.h"
#include <stdlib.h>
#include <string.h>

#define SIG   SG_EV_TRUST_SIGNATURE
#define DSIG  "http://www.w3.org/2000/09/xmldsig#"
#define MORE  "http://www.w3.org/2001/04/xmldsig-more#"
#define MORE7 "http://www.w3.org/2007/05/xmldsig-more#"
#define C14N  "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
#define EXC   "http://www.w3.org/2001/10/xml-exc-c14n#"

static void own(struct attack *a, char *doc)
{
	sg_buf_set(&a->doc, doc, strlen(doc));
	free(doc);
}

static void edited(const struct attack_row *row, struct attack *ret)
{
	own(ret, fix_with(fix_good, row->a, row->b));
}

static void edited_em(const struct attack_row *row, struct attack *ret)
{
	edited(row, ret);
	ret->rules.eocs = true;
}

/* Only said: the good document with another name of that method or digest. */
static void claimed(const char *algorithm, const char *field, struct attack *ret)
{
	own(ret, fix_with(fix_good, strcmp(field, "method") == 0 ? SIGN_RSA256 : SIGN_SHA256, algorithm));
}

/* Really signed so: `a` names the field of the spec, `b` is its value. Without such an algorithm in the library that signs, signed rightly and said to be so. */
static void really(const struct attack_row *row, struct attack *ret)
{
	X509 *certs[2];
	struct sign_spec spec = fix_spec(certs);
	const char **fields[] = { &spec.c14n, &spec.method, &spec.transform, &spec.digest, &spec.uri,
		&spec.extra_transform, &spec.extra_reference };
	static const char *const names[] = { "c14n", "method", "transform", "digest", "uri",
		"extra_transform", "extra_reference" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(names[i], row->a) == 0)
			*fields[i] = row->b;
	if (strncmp(row->b, "http:", 5) == 0 && !sign_knows(row->b)) {
		claimed(row->b, row->a, ret);
		return;
	}
	own(ret, fix_sign(fix_plain, &spec));
}

/* HMAC with what everybody knows: the public certificate. */
static void by_hmac(const struct attack_row *row, struct attack *ret)
{
	X509 *certs[2];
	struct sign_spec spec = fix_spec(certs);

	spec.method = row->a;
	spec.hmac = (const char *)fix_anchors[0].pem.data;
	own(ret, fix_sign(fix_plain, &spec));
}

#define ALGORITHM(name, what, field, value)                                                                  \
	{                                                                                                    \
		name, really, SG_EUNSUPPORTED, SIG, what " Algorithm", field, value                          \
	}
#define CLAIM(name, what, from, to)                                                                          \
	{                                                                                                    \
		name, edited, SG_EUNSUPPORTED, SIG, what, from, to                                           \
	}
#define METHOD(name, uri)          CLAIM(name, "SignatureMethod Algorithm", MORE "rsa-sha256", uri)
#define TRANSFORM(name, says, xml) CLAIM(name, says, "<Transform Algorithm=\"" C14N "\"/>", xml)

static const struct attack_row shapes[] = {
	ALGORITHM("really RSA with SHA-1", "SignatureMethod", "method", DSIG "rsa-sha1"),
	ALGORITHM("really RSA with SHA-512", "SignatureMethod", "method", MORE "rsa-sha512"),
	ALGORITHM("really RSA with MD5", "SignatureMethod", "method", MORE "rsa-md5"),
	ALGORITHM("really a digest with SHA-1", "DigestMethod", "digest", DSIG "sha1"),
	ALGORITHM("really a digest with MD5", "DigestMethod", "digest", MORE "md5"),
	ALGORITHM("really a digest with SHA-512", "DigestMethod", "digest",
	        "http://www.w3.org/2001/04/xmlenc#sha512"),
	ALGORITHM("really SignedInfo with comments", "CanonicalizationMethod", "c14n", C14N "#WithComments"),
	ALGORITHM("really SignedInfo exclusively", "CanonicalizationMethod", "c14n", EXC),
	ALGORITHM("really the content with comments", "Transform", "transform", C14N "#WithComments"),
	ALGORITHM("really the content exclusively", "Transform", "transform", EXC),
	ALGORITHM("really the content by canonical form 1.1", "Transform", "transform",
	        "http://www.w3.org/2006/12/xml-c14n11"),
	{ "really a further transform", really, SG_EUNSUPPORTED, SIG, "Transform is one too many",
	        "extra_transform",
	        "<Transform "
	        "Algorithm=\"http://www.w3.org/TR/1999/REC-xpath-19991116\"><XPath>not(self::Value)</XPath></"
	        "Transform>" },
	{ "really a further reference", really, SG_EUNSUPPORTED, SIG, "Reference is one too many",
	        "extra_reference",
	        "<Reference URI=\"\"><DigestMethod Algorithm=\"" SIGN_SHA256
	        "\"/><DigestValue></DigestValue></Reference>" },
	{ "HMAC with the public certificate", by_hmac, SG_EUNSUPPORTED, SIG, "SignatureMethod Algorithm",
	        MORE "hmac-sha256" },
	{ "HMAC with SHA-1", by_hmac, SG_EUNSUPPORTED, SIG, "SignatureMethod Algorithm", DSIG "hmac-sha1" },
	CLAIM("HMAC cut to 8 bits", "SignatureMethod", "<SignatureMethod Algorithm=\"" MORE "rsa-sha256\"/>",
	        "<SignatureMethod Algorithm=\"" MORE
	        "hmac-sha256\"><HMACOutputLength>8</HMACOutputLength></SignatureMethod>"),
	CLAIM("HMACOutputLength beside RSA", "has a parameter", "rsa-sha256\"/>",
	        "rsa-sha256\"><HMACOutputLength>0</HMACOutputLength></SignatureMethod>"),
	METHOD("RSA with MD5", MORE "rsa-md5"),
	METHOD("RSA with RIPEMD", MORE "rsa-ripemd160"),
	METHOD("RSA-PSS", MORE7 "rsa-pss"),
	METHOD("RSA-PSS with SHA-256", MORE7 "sha256-rsa-MGF1"),
	METHOD("ECDSA with SHA-256", MORE "ecdsa-sha256"),
	METHOD("DSA", DSIG "dsa-sha1"),
	METHOD("no method's name", ""),
	METHOD("none", "none"),
	METHOD("a method's name with a blank", MORE "rsa-sha256 "),
	METHOD("a method's name in capitals", "HTTP://www.w3.org/2001/04/xmldsig-more#rsa-sha256"),
	{ "ECDSA with r and s zero", edited, SG_EUNSUPPORTED, SIG, "SignatureMethod Algorithm",
	        MORE "rsa-sha256\"/>", MORE "ecdsa-sha256\"/>" },
	CLAIM("two algorithms", "exactly the expected attribute", "<SignatureMethod ",
	        "<SignatureMethod a=\"" DSIG "hmac-sha1\" "),
	CLAIM("an algorithm of another namespace", "exactly the expected attribute",
	        "<SignatureMethod Algorithm", "<SignatureMethod xmlns:d=\"" DSIG "\" d:Algorithm"),
	CLAIM("a digest without a method", "DigestValue stands where DigestMethod",
	        "<DigestMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"/>", ""),
	CLAIM("SHA-224", "DigestMethod Algorithm", "xmlenc#sha256", "xmlenc#sha224"),
	TRANSFORM("XPath", "Transform Algorithm",
	        "<Transform "
	        "Algorithm=\"http://www.w3.org/TR/1999/REC-xpath-19991116\"><XPath>count(//.|//@*|//"
	        "namespace::*)</XPath></Transform>"),
	TRANSFORM("XPath filter 2", "Transform Algorithm",
	        "<Transform Algorithm=\"http://www.w3.org/2002/06/xmldsig-filter2\"><XPath "
	        "xmlns=\"http://www.w3.org/2002/06/xmldsig-filter2\" "
	        "Filter=\"subtract\">//Value</XPath></Transform>"),
	TRANSFORM("XSLT that never ends", "Transform Algorithm",
	        "<Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xslt-19991116\"><x:stylesheet "
	        "xmlns:x=\"http://www.w3.org/1999/XSL/Transform\" "
	        "version=\"1.0\"><x:template match=\"/\" name=\"a\"><x:call-template "
	        "name=\"a\"/><x:call-template "
	        "name=\"a\"/></x:template></x:stylesheet></Transform>"),
	TRANSFORM("XSLT that reads a file", "Transform Algorithm",
	        "<Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xslt-19991116\"><x:stylesheet "
	        "xmlns:x=\"http://www.w3.org/1999/XSL/Transform\" "
	        "version=\"1.0\"><x:include href=\"file:///etc/passwd\"/></x:stylesheet></Transform>"),
	TRANSFORM("base64", "Transform Algorithm", "<Transform Algorithm=\"" DSIG "base64\"/>"),
	TRANSFORM("decryption", "Transform Algorithm",
	        "<Transform Algorithm=\"http://www.w3.org/2002/07/decrypt#XML\"/>"),
	TRANSFORM("relationships of an archive", "Transform Algorithm",
	        "<Transform "
	        "Algorithm=\"http://schemas.openxmlformats.org/package/2006/RelationshipTransform\"/>"),
	TRANSFORM("XPointer", "Transform Algorithm",
	        "<Transform Algorithm=\"http://www.w3.org/2001/04/xmldsig-more/xptr\"/>"),
	TRANSFORM("only one transform", "Transform is missing", ""),
	TRANSFORM("enveloped twice", "Transform Algorithm",
	        "<Transform Algorithm=\"" DSIG "enveloped-signature\"/>"),
	TRANSFORM("three transforms", "one too many in Transforms",
	        "<Transform Algorithm=\"" C14N "\"/><Transform Algorithm=\"" C14N "\"/>"),
	TRANSFORM("exclusive form with a list of prefixes", "Transform Algorithm",
	        "<Transform Algorithm=\"" EXC "\"><InclusiveNamespaces xmlns=\"" EXC
	        "\" PrefixList=\"sg #default\"/></Transform>"),
	TRANSFORM("a list of prefixes in the inclusive form", "has a parameter",
	        "<Transform Algorithm=\"" C14N "\"><InclusiveNamespaces xmlns=\"" EXC
	        "\" PrefixList=\"\"/></Transform>"),
	CLAIM("the order swapped", "Transform Algorithm",
	        "<Transform Algorithm=\"" DSIG "enveloped-signature\"/><Transform Algorithm=\"" C14N "\"/>",
	        "<Transform Algorithm=\"" C14N "\"/><Transform Algorithm=\"" DSIG "enveloped-signature\"/>"),
	CLAIM("no Transforms", "DigestMethod stands where Transforms",
	        "<Transforms><Transform Algorithm=\"" DSIG
	        "enveloped-signature\"/><Transform Algorithm=\"" C14N "\"/></Transforms>",
	        ""),
	CLAIM("reference to a fragment", "Reference URI", "URI=\"\"", "URI=\"#PING1\""),
	CLAIM("reference by XPointer to the root", "Reference URI", "URI=\"\"", "URI=\"#xpointer(/)\""),
	CLAIM("reference by XPointer to an id", "Reference URI", "URI=\"\"",
	        "URI=\"#xpointer(id('PING1'))\""),
	CLAIM("reference to a file", "Reference URI", "URI=\"\"", "URI=\"file:///etc/passwd\""),
	CLAIM("reference to a device", "Reference URI", "URI=\"\"", "URI=\"/dev/zero\""),
	CLAIM("reference to a share", "Reference URI", "URI=\"\"", "URI=\"\\\\evil\\share\\x\""),
	CLAIM("reference to a server", "Reference URI", "URI=\"\"", "URI=\"http://127.0.0.1:1/\""),
	CLAIM("reference to data", "Reference URI", "URI=\"\"", "URI=\"data:text/xml,x\""),
	CLAIM("reference without a URI", "exactly the expected attribute", " URI=\"\"", ""),
	CLAIM("reference with an Id", "exactly the expected attribute", "URI=\"\"", "URI=\"\" Id=\"r\""),
	CLAIM("reference of a Manifest", "exactly the expected attribute", "URI=\"\"",
	        "URI=\"\" Type=\"" DSIG "Manifest\""),
	CLAIM("two SignedInfo", "SignedInfo stands where SignatureValue", "</SignedInfo>",
	        "</SignedInfo><SignedInfo/>"),
	CLAIM("an empty SignedInfo first", "is missing", "<SignedInfo>", "<SignedInfo/><SignedInfo>"),
	CLAIM("SignedInfo of another namespace", "SignatureValue stands where SignedInfo", "<SignedInfo>",
	        "<SignatureValue/><SignedInfo>"),
	CLAIM("Signature with an Id", "has an attribute", "<Signature ", "<Signature Id=\"s\" "),
	{ "Signature in a namespace that looks the same", edited, SG_EPARSE, SG_EV_FEED_MALFORMED,
	        "is not a valid URI", "<Signature xmlns=\"" DSIG "\"",
	        "<Signature xmlns=\"http://www.w3.org/2000/09/xmld\xd1\x95ig#\"" },
	CLAIM("Signature in a namespace without its last character", "not in the namespace",
	        "<Signature xmlns=\"" DSIG "\"", "<Signature xmlns=\"http://www.w3.org/2000/09/xmldsig\""),
	CLAIM("namespace of signatures changed inside", "stands where", "<KeyInfo>",
	        "<KeyInfo xmlns=\"urn:x\">"),
	CLAIM("KeyName", "KeyName stands where X509Data", "<KeyInfo>", "<KeyInfo><KeyName>root</KeyName>"),
	CLAIM("KeyName instead of certificates", "KeyName stands where X509Data", "<KeyInfo>",
	        "<KeyInfo><KeyName>/etc/key.pem</KeyName></KeyInfo><KeyInfo>"),
	CLAIM("RetrievalMethod of a file", "RetrievalMethod stands where", "<KeyInfo>",
	        "<KeyInfo><RetrievalMethod URI=\"file:///etc/ssl/certs/evil.pem\" Type=\"" DSIG
	        "rawX509Certificate\"/>"),
	CLAIM("RetrievalMethod of a server", "RetrievalMethod stands where", "<KeyInfo>",
	        "<KeyInfo><RetrievalMethod URI=\"http://127.0.0.1:1/k\" Type=\"" DSIG "X509Data\"/>"),
	CLAIM("RetrievalMethod of itself", "RetrievalMethod stands where", "<KeyInfo>",
	        "<KeyInfo><RetrievalMethod URI=\"\"/>"),
	CLAIM("an encrypted key", "EncryptedKey stands where", "<KeyInfo>",
	        "<KeyInfo><EncryptedKey xmlns=\"http://www.w3.org/2001/04/xmlenc#\"/>"),
	CLAIM("KeyValue in our profile", "a key is never taken from the document", "<KeyInfo>",
	        "<KeyInfo><KeyValue/>"),
	CLAIM("DEREncodedKeyValue", "DEREncodedKeyValue stands where", "<KeyInfo>",
	        "<KeyInfo><DEREncodedKeyValue "
	        "xmlns=\"http://www.w3.org/2009/xmldsig11#\">AA==</DEREncodedKeyValue>"),
	{ "two KeyValue in an em document", edited_em, SG_EUNSUPPORTED, SIG, "KeyValue stands where X509Data",
	        "<KeyInfo>", "<KeyInfo><KeyValue/><KeyValue/>" },
	{ "KeyValue behind the certificates in an em document", edited_em, SG_EUNSUPPORTED, SIG,
	        "KeyValue is one too many", "</KeyInfo>", "<KeyValue/></KeyInfo>" },
	CLAIM("no KeyInfo content", "X509Data is missing", "<KeyInfo>", "<KeyInfo></KeyInfo><KeyInfo>"),
	CLAIM("X509SubjectName", "X509SubjectName stands where", "<X509Data>",
	        "<X509Data><X509SubjectName>CN=root</X509SubjectName>"),
	CLAIM("X509IssuerSerial", "X509IssuerSerial stands where", "<X509Data>",
	        "<X509Data><X509IssuerSerial/>"),
	CLAIM("a revocation list that comes along", "X509CRL stands where", "</X509Data>",
	        "<X509CRL>AA==</X509CRL></X509Data>"),
	CLAIM("two X509Data", "X509Data is one too many", "</X509Data>", "</X509Data><X509Data/>"),
	CLAIM("no certificate", "has no certificate", "<X509Data>",
	        "<X509Data></X509Data></KeyInfo><KeyInfo><X509Data>"),
	CLAIM("four certificates", "more than 3 certificates", "<X509Data>",
	        "<X509Data><X509Certificate>AA==</X509Certificate><X509Certificate>AA==</X509Certificate>"),
	CLAIM("Object in our profile", "Object is one too many", "</KeyInfo>", "</KeyInfo><Object/>"),
	CLAIM("Manifest in our profile", "Object is one too many", "</KeyInfo>",
	        "</KeyInfo><Object><Manifest><Reference URI=\"\"/></Manifest></Object>"),
	{ "Object of another name in an em document", edited_em, SG_EUNSUPPORTED, SIG,
	        "exactly the expected attribute", "</KeyInfo>", "</KeyInfo><Object/>" },
	{ "Manifest in an em document", edited_em, SG_EUNSUPPORTED, SIG, "Manifest is one too many in Object",
	        "</KeyInfo>", "</KeyInfo><Object Id=\"ts-countersig\"><Manifest/></Object>" },
	{ "two Objects in an em document", edited_em, SG_EUNSUPPORTED, SIG, "Object is one too many",
	        "</KeyInfo>", "</KeyInfo><Object Id=\"ts-countersig\"/><Object Id=\"ts-countersig\"/>" },
	{ "a timestamp that is split", edited_em, SG_EUNSUPPORTED, SIG, "CounterSignature is not one piece",
	        "</KeyInfo>",
	        "</KeyInfo><Object Id=\"ts-countersig\"><CounterSignature "
	        "xmlns=\"http://schemas.microsoft.com/xmldsig/timestamp/2003\" "
	        "ts-format=\"cms-timestamp-message\">AA<!-- -->==</CounterSignature></Object>" },
	{ "five certificates of a timestamp", edited_em, SG_EUNSUPPORTED, SIG, "more than 4 certificates",
	        "</KeyInfo>",
	        "</KeyInfo><Object "
	        "Id=\"ts-countersig\"><X509Data><X509Certificate>A</X509Certificate><X509Certificate>A</"
	        "X509Certificate>"
	        "<X509Certificate>A</X509Certificate><X509Certificate>A</X509Certificate><X509Certificate>A</"
	        "X509Certificate></X509Data></Object>" },
};
const struct attack_table attack_shapes = ATTACK_TABLE("shapes", shapes);

/* --- signature wrapping */

struct parts { /* of the good document */
	char *signature, *inner /* EOCS whole */, *bare /* without the signature */,
	        *evil /* bare, with another value */, *evil_signed;
};

static void take_apart(struct parts *p)
{
	p->signature = fix_part(fix_good, "<Signature ", "</Signature>");
	p->inner = fix_part(fix_good, "<EOCS", "</EOCS>");
	p->bare = fix_with(p->inner, p->signature, "");
	p->evil = fix_with(p->bare, "<Value>DoNothing", "<Value>Evil");
	p->evil_signed = fix_with(p->inner, "<Value>DoNothing", "<Value>Evil");
}

/* In `b`, {G} is the good document, {B} without its signature, {S} the signature; put in the place of `a` in the evil one (n: the one that keeps the
 * signature). */
static void wrapped(const struct attack_row *row, struct attack *ret)
{
	struct parts p;
	struct sg_buf what = { 0 };

	take_apart(&p);
	for (const char *at = row->b; *at; at++) {
		if (at[0] != '{' || at[2] != '}') {
			sg_buf_char(&what, *at);
			continue;
		}
		sg_buf_str(&what, at[1] == 'G' ? p.inner : at[1] == 'B' ? p.bare : p.signature);
		at += 2;
	}
	own(ret, fix_with(row->n ? p.evil_signed : p.evil, row->a, (const char *)what.data));
	sg_buf_release(&what);
	free(p.signature);
	free(p.inner);
	free(p.bare);
	free(p.evil);
	free(p.evil_signed);
}

static void wrapped_em(const struct attack_row *row, struct attack *ret)
{
	wrapped(row, ret);
	ret->rules.eocs = true;
}

static void in_another(const struct attack_row *row, struct attack *ret)
{
	char *inner = fix_part(fix_good, "<EOCS", "</EOCS>");

	(void)row;
	own(ret, sg_format("<Feeds>%s</Feeds>", inner));
	free(inner);
}

#define WRAPPED(name, code, says, at, with, n)                                                               \
	{                                                                                                    \
		name, wrapped, code, SIG, says, at, with, n                                                  \
	}

static const struct attack_row wrappings[] = {
	WRAPPED("XSW 1: the signed one inside the Signature", SG_EUNSUPPORTED,
	        "EOCS is one too many in Signature", "</Signature>", "{B}</Signature>", 1),
	WRAPPED("XSW 2: the signed one before a detached Signature", SG_ETRUST, "does not hold", "</EOCS>",
	        "{B}{S}</EOCS>", 0),
	WRAPPED("XSW 3: an evil Config before the signed one", SG_ETRUST, "does not hold", "<Config ",
	        "<Config id=\"PING1\"/><Config ", 1),
	WRAPPED("XSW 4: the signed document inside an evil Config", SG_EUNSUPPORTED,
	        "not the last child of EOCS", "</Config>", "{G}</Config>", 0),
	WRAPPED("XSW 5: the signed one behind the Signature", SG_EUNSUPPORTED, "not the last child of EOCS",
	        "</EOCS>", "{S}{B}</EOCS>", 0),
	WRAPPED("XSW 6: the signed one behind KeyInfo", SG_EUNSUPPORTED, "EOCS is one too many in Signature",
	        "</KeyInfo>", "</KeyInfo>{B}", 1),
	WRAPPED("XSW 7: the signed one in an element of another namespace", SG_ETRUST, "does not hold",
	        "<Config ", "<Extensions xmlns=\"urn:x\">{B}</Extensions><Config ", 1),
	WRAPPED("XSW 8: the signed one in an Object", SG_EUNSUPPORTED, "Object is one too many", "</KeyInfo>",
	        "</KeyInfo><Object>{B}</Object>", 1),
	{ "XSW 8 in an em document", wrapped_em, SG_EUNSUPPORTED, SIG, "EOCS is one too many in Object",
	        "</KeyInfo>", "</KeyInfo><Object Id=\"ts-countersig\">{B}</Object>", 1 },
	{ "XSW 8 in the timestamp of an em document", wrapped_em, SG_EUNSUPPORTED, SIG,
	        "not one piece of text", "</KeyInfo>",
	        "</KeyInfo><Object Id=\"ts-countersig\"><CounterSignature "
	        "xmlns=\"http://schemas.microsoft.com/xmldsig/timestamp/2003\" "
	        "ts-format=\"cms-timestamp-message\">{B}</CounterSignature></Object>",
	        1 },
	{ "XSW 8 in the KeyValue of an em document", wrapped_em, SG_ETRUST, SIG, "does not hold", "<KeyInfo>",
	        "<KeyInfo><KeyValue>{B}</KeyValue>", 1 },
	WRAPPED("the signed document as a child", SG_EUNSUPPORTED, "not the last child of EOCS", "</EOCS>",
	        "{G}</EOCS>", 0),
	WRAPPED("the signed document as a child, the Signature outside as well", SG_EUNSUPPORTED,
	        "more than one Signature", "</Config>", "</Config>{G}", 1),
	WRAPPED("two Signatures, both last", SG_EUNSUPPORTED, "more than one Signature", "</EOCS>",
	        "{S}</EOCS>", 1),
	WRAPPED("an empty Signature of no namespace", SG_EUNSUPPORTED, "more than one Signature", "</Config>",
	        "<Signature/></Config>", 1),
	WRAPPED("a Signature of our namespace", SG_EUNSUPPORTED, "more than one Signature", "</Config>",
	        "<sg:Signature/></Config>", 1),
	WRAPPED("a Signature inside the Signature", SG_EUNSUPPORTED, "more than one Signature", "</KeyInfo>",
	        "</KeyInfo>{S}", 1),
	WRAPPED("the Signature inside a Config", SG_EUNSUPPORTED, "not the last child of EOCS", "</Config>",
	        "{S}</Config>", 0),
	WRAPPED("the Signature first", SG_EUNSUPPORTED, "not the last child of EOCS", "<Config ",
	        "{S}<Config ", 0),
	WRAPPED("a Config behind the Signature", SG_EUNSUPPORTED, "not the last child of EOCS", "</EOCS>",
	        "<Config id=\"E\"/></EOCS>", 1),
	WRAPPED("the same xml:id twice", SG_ETRUST, "does not hold", "<Config ",
	        "<Config xml:id=\"a\" id=\"E\"/><Config xml:id=\"a\" ", 1),
	{ "another root around it", in_another, SG_EPARSE, SG_EV_FEED_MALFORMED, "not EOCS" },
};
const struct attack_table attack_wrappings = ATTACK_TABLE("wrappings", wrappings);
