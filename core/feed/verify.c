/* verify.c - the half that meets the document: from a signed document to octets, none of them trusted yet.
 *
 * Guarantees that the shape is exact (verify_shape.c), and that digest and signature hold by the key of the document's own leaf, so that a document which
 * was changed is refused here already. Since the shape leaves one reference with two transforms, what it covers is the document without its Signature, in
 * canonical form: that is written by one walk over the tree (base/xml.h), and no engine for references and transforms is asked. The digest proves those octets
 * to be what the signer signed; comments, references and character tricks of the document are gone from them. Whom to trust is decided elsewhere
 * (verify_signed.c), by octets alone. Tests hold libxmlsec1's own answer, and its pre-digest octets, against this one.
 */
#include "feed/verify.h"

#include "feed/verify_x509.h"
#include "model/codes.h"
#include <stdlib.h>
#include <string.h>

/* Less cannot hold an EOCS element: a failed canonicalisation once gave an empty text whose digest matched
 * (CVE-2025-66568). */
enum { MIN_OCTETS = 16 };

int sg_verify_init(struct sg_err *err)
{
	(void)err;
	sg_xml_init();
	return 0;
}

/* Takes the Signature out of the tree: before, what is in scope around it belongs to SignedInfo's canonical form; afterwards the rest is what is covered. */
static int covered(xmlDoc *doc, const struct sg_shape *shape, struct sg_signed *ret, struct sg_err *err)
{
	int r = sg_xml_octets(shape->signed_info, &ret->signed_info, NULL);

	xmlUnlinkNode(shape->signature);
	xmlFreeNode(shape->signature);
	if (!r)
		r = sg_xml_octets(xmlDocGetRootElement(doc), &ret->octets, NULL);
	if (r)
		return sg_fail(
		        err, SG_ETRUST, "the signature does not hold: what it covers has no canonical form");
	if (ret->octets.len < MIN_OCTETS)
		r = sg_fail(err, SG_ETRUST, "the signature covers nothing");
	return r;
}

/* The key that came along, not trusted yet. */
static int leaf_key(const struct sg_signed *s, EVP_PKEY **ret, struct sg_err *err)
{
	X509 *leaf = sg_x509_of_der(sg_buf_bytes(&s->certs.at[0]), err);
	int r = leaf ? 0 : SG_ETRUST;

	if (!r) {
		*ret = X509_get_pubkey(leaf);
		if (!*ret || EVP_PKEY_get_base_id(*ret) != EVP_PKEY_RSA)
			r = sg_fail(err, SG_ETRUST, "the signer's key is not RSA");
		else
			r = sg_x509_sound(leaf, err); /* before it is reckoned with */
	}
	X509_free(leaf);
	return r;
}

static int decode(const struct sg_shape *shape, struct sg_signed *ret, struct sg_err *err)
{
	int r = sg_x509_base64(shape->value, SG_VERIFY_MAX_VALUE, "SignatureValue", &ret->value, err);

	if (!r && shape->stamp)
		r = sg_x509_base64(shape->stamp, SG_VERIFY_MAX_TOKEN, "the timestamp", &ret->stamp, err);
	for (size_t i = 0; !r && i < shape->n_certs; i++)
		r = sg_x509_base64(shape->certs[i], SG_VERIFY_MAX_DER, "a certificate of the signature",
		        sg_bufs_add(&ret->certs), err);
	for (size_t i = 0; !r && i < shape->n_stamp_certs; i++)
		r = sg_x509_base64(shape->stamp_certs[i], SG_VERIFY_MAX_DER, "a certificate of the timestamp",
		        sg_bufs_add(&ret->stamp_certs), err);
	return r;
}

int sg_verify_take(struct sg_bytes document, bool eocs, const char *name, struct sg_signed *ret,
        int *ret_event, struct sg_err *err)
{
	struct sg_signed taken = { 0 };
	struct sg_shape shape = { 0 };
	EVP_PKEY *key = NULL;
	xmlDoc *doc = NULL;
	int event = SG_EV_FEED_MALFORMED, r;

	r = sg_xml_parse(document, name, &sg_xml_feed_limits, &doc, err);
	if (!r)
		r = sg_verify_shape(doc, eocs, &shape, &event, err);
	if (!r) {
		event = SG_EV_TRUST_CHAIN;
		r = decode(&shape, &taken, err);
	}
	if (!r)
		r = leaf_key(&taken, &key, err);
	if (!r) {
		event = SG_EV_TRUST_SIGNATURE;
		r = covered(doc, &shape, &taken, err);
	}
	if (!r) /* this proves nothing about who signed; it finds what was changed */
		r = sg_verify_holds(&taken, key, err);
	if (!r) {
		*ret = taken;
		taken = (struct sg_signed){ 0 };
	} else {
		*ret_event = event;
	}
	EVP_PKEY_free(key);
	sg_signed_release(&taken);
	xmlFreeDoc(doc);
	return r;
}

int sg_verify_xmldsig(struct sg_bytes document, const struct sg_feed_rules *rules, struct sg_verified *ret,
        int *ret_event, struct sg_err *err)
{
	struct sg_signed taken = { 0 };
	int r = sg_verify_take(document, rules->eocs, rules->name, &taken, ret_event, err);

	if (!r)
		r = sg_verify_signed(&taken, rules, ret, ret_event, err);
	sg_signed_release(&taken);
	return r;
}

void sg_signed_release(struct sg_signed *s)
{
	sg_buf_release(&s->octets);
	sg_buf_release(&s->signed_info);
	sg_buf_release(&s->value);
	sg_bufs_release(&s->certs);
	sg_buf_release(&s->stamp);
	sg_bufs_release(&s->stamp_certs);
}

void sg_verified_release(struct sg_verified *v)
{
	sg_buf_release(&v->octets);
	free(v->signer);
	sg_ends_release(&v->ends);
	*v = (struct sg_verified){ 0 };
}
