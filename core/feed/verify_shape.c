/* verify_shape.c - the exact shape that EM gives a signed document, and nothing else.
 *
 * Guarantees, before any cryptography: the root is EOCS, there is one ds:Signature in the whole tree, it is the root's
 * last child, and each element of it is one of those below with exactly the algorithms below. So signature wrapping,
 * further references, XPath, XSLT, HMAC truncation and foreign canonicalisations never go further. Reads a tree only.
 *
 *   Signature  SignedInfo  CanonicalizationMethod  C14N 1.0, inclusive, no comments
 *                          SignatureMethod         RSA with SHA-256
 *                          Reference URI=""        Transforms (enveloped-signature, then C14N), SHA-256, DigestValue
 *              SignatureValue
 *              KeyInfo     X509Data with 1 to 3 certificates, leaf first; eocs: a KeyValue may stand before, ignored
 *              Object      eocs only: Id="ts-countersig", with X509Data and CounterSignature (verify_time.c)
 */
#include "feed/verify_parts.h"

#include "model/codes.h"
#include <string.h>

#define C14N         "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
#define RSA_SHA256   "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
#define ENVELOPED    SG_DSIG_NS "enveloped-signature"
#define SHA256       "http://www.w3.org/2001/04/xmlenc#sha256"
#define TIMESTAMP_NS "http://schemas.microsoft.com/xmldsig/timestamp/2003"

static int refuse(struct sg_err *err, const char *what, const char *why)
{
	return sg_fail(err, SG_EUNSUPPORTED, "the signature is not of the allowed shape: %s %s", what, why);
}

/* Only elements and blanks between them: no comment, no text. */
static int only_elements(const xmlNode *node, struct sg_err *err)
{
	for (const xmlNode *n = node->children; n; n = n->next)
		if (n->type != XML_ELEMENT_NODE && !(n->type == XML_TEXT_NODE && xmlIsBlankNode(n)))
			return refuse(err, (const char *)node->name, "holds something besides elements");
	return 0;
}

/* Exactly one run of text: no comment and no element can split a value. */
static int only_text(const xmlNode *node, struct sg_err *err)
{
	const xmlNode *n = node->children;

	if (!n || n->type != XML_TEXT_NODE || n->next)
		return refuse(err, (const char *)node->name, "is not one piece of text");
	if (node->properties)
		return refuse(err, (const char *)node->name, "has an attribute");
	return 0;
}

/* Takes the next element of the list *at, which must be {ds}name. */
static int take(const xmlNode **at, const char *name, const xmlNode **ret, struct sg_err *err)
{
	if (!*at)
		return refuse(err, name, "is missing");
	if (!sg_xml_is(*at, SG_DSIG_NS, name))
		return sg_fail(err, SG_EUNSUPPORTED,
		        "the signature is not of the allowed shape: %.40s stands where %s is expected",
		        (const char *)(*at)->name, name);
	*ret = *at;
	*at = sg_xml_next(*at);
	return 0;
}

static int done(const xmlNode *at, const char *in, struct sg_err *err)
{
	if (!at)
		return 0;
	return sg_fail(err, SG_EUNSUPPORTED,
	        "the signature is not of the allowed shape: %.40s is one too many in %s",
	        (const char *)at->name, in);
}

/* The element has this one attribute with this value, none besides. */
static int one_attr(const xmlNode *node, const char *name, const char *value, struct sg_err *err)
{
	const xmlAttr *a = node->properties;

	if (!a || a->next || a->ns || strcmp((const char *)a->name, name) != 0)
		return refuse(err, (const char *)node->name, "does not have exactly the expected attribute");
	const xmlNode *text = a->children;
	const char *has = text ? (const char *)text->content : "";

	if ((text && (text->type != XML_TEXT_NODE || text->next)) || strcmp(has, value) != 0)
		return sg_fail(err, SG_EUNSUPPORTED,
		        "the signature is not of the allowed shape: %s %s=\"%.100s\"; only \"%s\" is "
		        "accepted",
		        (const char *)node->name, name, has, value);
	return 0;
}

/* Takes an empty element that names an algorithm. */
static int algorithm(const xmlNode **at, const char *name, const char *uri, struct sg_err *err)
{
	const xmlNode *node = NULL;
	int r = take(at, name, &node, err);

	if (!r)
		r = one_attr(node, "Algorithm", uri, err);
	if (!r && node->children)
		r = refuse(err, name, "has a parameter");
	return r;
}

/* Takes {ds}name, which holds elements only and no attribute; *ret_first is its first one. */
static int group(const xmlNode **at, const char *name, const xmlNode **ret_first, struct sg_err *err)
{
	const xmlNode *node = NULL;
	int r = take(at, name, &node, err);

	if (!r)
		r = only_elements(node, err);
	if (!r && node->properties)
		r = refuse(err, name, "has an attribute");
	if (!r)
		*ret_first = sg_xml_first(node);
	return r;
}

static int reference(const xmlNode *ref, struct sg_err *err)
{
	const xmlNode *at, *in = NULL, *value = NULL;
	int r = only_elements(ref, err);

	if (!r)
		r = one_attr(ref, "URI", "", err);
	at = sg_xml_first(ref);
	if (!r)
		r = group(&at, "Transforms", &in, err);
	if (!r)
		r = algorithm(&in, "Transform", ENVELOPED, err);
	if (!r)
		r = algorithm(&in, "Transform", C14N, err);
	if (!r)
		r = done(in, "Transforms", err);
	if (!r)
		r = algorithm(&at, "DigestMethod", SHA256, err);
	if (!r)
		r = take(&at, "DigestValue", &value, err);
	if (!r)
		r = only_text(value, err);
	return r ? r : done(at, "Reference", err);
}

static int signed_info(const xmlNode *at, struct sg_err *err)
{
	const xmlNode *ref = NULL;
	int r = algorithm(&at, "CanonicalizationMethod", C14N, err);

	if (!r)
		r = algorithm(&at, "SignatureMethod", RSA_SHA256, err);
	if (!r)
		r = take(&at, "Reference", &ref, err);
	if (!r)
		r = reference(ref, err);
	return r ? r : done(at, "SignedInfo", err);
}

static int key_info(const xmlNode *at, bool eocs, struct sg_shape *shape, struct sg_err *err)
{
	const xmlNode *cert = NULL;
	int r;

	if (at && sg_xml_is(at, SG_DSIG_NS, "KeyValue")) {
		if (!eocs)
			return refuse(
			        err, "KeyInfo", "carries a KeyValue; a key is never taken from the document");
		at = sg_xml_next(at);
	}
	r = group(&at, "X509Data", &cert, err);
	if (!r)
		r = done(at, "KeyInfo", err);
	if (!r && !cert)
		r = refuse(err, "X509Data", "has no certificate");
	for (shape->n_certs = 0; !r && cert;) {
		if (shape->n_certs == SG_VERIFY_MAX_CERTS)
			return refuse(err, "X509Data", "has more than 3 certificates");
		r = take(&cert, "X509Certificate", &shape->certs[shape->n_certs], err);
		if (!r)
			r = only_text(shape->certs[shape->n_certs++], err);
	}
	return r;
}

/* EM's countersignature: it may date the signature, and nothing else. */
static int timestamp(const xmlNode *object, struct sg_shape *shape, struct sg_err *err)
{
	const xmlNode *at = sg_xml_first(object), *cert = NULL;
	int r = only_elements(object, err);

	if (!r)
		r = one_attr(object, "Id", "ts-countersig", err);
	if (!r && at && sg_xml_is(at, SG_DSIG_NS, "X509Data"))
		r = group(&at, "X509Data", &cert, err);
	while (!r && cert) {
		if (shape->n_stamp_certs == SG_VERIFY_MAX_STAMP_CERTS)
			return refuse(err, "X509Data", "of the timestamp has more than 4 certificates");
		r = take(&cert, "X509Certificate", &shape->stamp_certs[shape->n_stamp_certs], err);
		if (!r)
			r = only_text(shape->stamp_certs[shape->n_stamp_certs++], err);
	}
	if (!r && at && sg_xml_is(at, TIMESTAMP_NS, "CounterSignature")) {
		r = one_attr(at, "ts-format", "cms-timestamp-message", err);
		if (!r && (!at->children || at->children->type != XML_TEXT_NODE || at->children->next))
			r = refuse(err, "CounterSignature", "is not one piece of text");
		shape->stamp = at;
		at = sg_xml_next(at);
	}
	return r ? r : done(at, "Object", err);
}

static int signature(const xmlNode *node, bool eocs, struct sg_shape *shape, struct sg_err *err)
{
	const xmlNode *at = sg_xml_first(node), *in = NULL, *value = NULL;
	int r = only_elements(node, err);

	if (!r && node->properties)
		r = refuse(err, "Signature", "has an attribute");
	shape->signed_info = at;
	if (!r)
		r = group(&at, "SignedInfo", &in, err);
	if (!r)
		r = signed_info(in, err);
	if (!r)
		r = take(&at, "SignatureValue", &value, err);
	if (!r)
		r = only_text(value, err);
	shape->value = value;
	if (!r)
		r = group(&at, "KeyInfo", &in, err);
	if (!r)
		r = key_info(in, eocs, shape, err);
	if (!r && eocs && at && sg_xml_is(at, SG_DSIG_NS, "Object")) {
		r = timestamp(at, shape, err);
		at = sg_xml_next(at);
	}
	return r ? r : done(at, "Signature", err);
}

/* The next node in document order; NULL after the last one below `root`. */
static xmlNode *next_in_tree(xmlNode *n, const xmlNode *root)
{
	if (n->type == XML_ELEMENT_NODE && n->children)
		return n->children;
	while (n && n != root && !n->next)
		n = n->parent;
	return n && n != root ? n->next : NULL;
}

/* Names count without their namespace: a second "Signature" in any of them is refused, so that no reader can differ
 * about which one is meant. */
static xmlNode *only_signature(xmlNode *root, size_t *ret_count)
{
	xmlNode *found = NULL;

	*ret_count = 0;
	for (xmlNode *n = root; n; n = next_in_tree(n, root)) {
		if (n->type == XML_ELEMENT_NODE && n->name[0] == 'S' &&
		        strcmp((const char *)n->name, "Signature") == 0) {
			found = n;
			++*ret_count;
		}
	}
	return found;
}

int sg_verify_shape(xmlDoc *doc, bool eocs, struct sg_shape *ret, int *ret_event, struct sg_err *err)
{
	xmlNode *root = xmlDocGetRootElement(doc);
	struct sg_shape shape = { 0 };
	size_t count;
	int r;

	if (doc->intSubset || doc->extSubset || !root || !sg_xml_is(root, NULL, "EOCS")) {
		*ret_event = SG_EV_FEED_MALFORMED;
		return sg_fail(
		        err, SG_EPARSE, "this is no feed: the root element is not EOCS (in no namespace)");
	}
	*ret_event = SG_EV_TRUST_SIGNATURE;
	shape.signature = only_signature(root, &count);
	if (count == 0)
		return sg_fail(err, SG_ETRUST, "the document is not signed");
	if (count > 1)
		return sg_fail(err, SG_EUNSUPPORTED, "the document has more than one Signature");
	if (!sg_xml_is(shape.signature, SG_DSIG_NS, "Signature"))
		return sg_fail(
		        err, SG_EUNSUPPORTED, "the Signature is not in the namespace of XML signatures");
	if (shape.signature->parent != root || sg_xml_next(shape.signature))
		return sg_fail(err, SG_EUNSUPPORTED, "the Signature is not the last child of EOCS");
	r = signature(shape.signature, eocs, &shape, err);
	if (r)
		return r;
	*ret = shape;
	*ret_event = 0;
	return 0;
}
