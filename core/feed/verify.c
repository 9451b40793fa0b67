/* verify.c - the half that meets the document: from a signed document to octets, none of them trusted yet.
 *
 * Guarantees that the shape is exact (verify_shape.c), and that digest and signature hold by the key of the document's own leaf, so that a document which
 * was changed is refused here already. xmlsec gets no keys manager, no file or network access, and only the transforms that the shape has proven to be
 * there. What is given on is xmlsec's own pre-digest buffer: comments, references and character tricks of the document are gone from it. Whom to trust is
 * decided elsewhere (verify_signed.c), by octets alone.
 */
#include "feed/verify.h"

#include "feed/verify_x509.h"
#include "model/codes.h"
#include <stdlib.h>
#include <string.h>
#include <xmlsec/crypto.h>
#include <xmlsec/errors.h>
#include <xmlsec/io.h>
#include <xmlsec/openssl/evp.h>
#include <xmlsec/xmldsig.h>
#include <xmlsec/xmlsec.h>

/* Less cannot hold an EOCS element: a failed canonicalisation once gave an empty text whose digest matched
 * (CVE-2025-66568). */
enum { MIN_OCTETS = 16 };

/* xmlsec's own words go to stderr by default. The sentence for people is made here. */
static void quiet(const char *file, int line, const char *func, const char *object, const char *subject,
        int reason, const char *msg)
{
	(void)file, (void)line, (void)func, (void)object, (void)subject, (void)reason, (void)msg;
}

/* A second xmlSecInit() would bring its file and network access back. */
int sg_verify_init(struct sg_err *err)
{
	static bool done;

	if (done)
		return 0;
	sg_xml_init();
	if (xmlSecInit() < 0 || xmlSecCheckVersion() != 1 || xmlSecCryptoInit() < 0)
		return sg_fail(err, SG_EIO, "libxmlsec1 cannot be initialised");
	xmlSecErrorsSetCallback(quiet);
	xmlSecIOCleanupCallbacks();
	done = true;
	return 0;
}

/* A context that knows the one key and the allowed transforms. Takes nothing over. */
static xmlSecDSigCtx *context(EVP_PKEY *leaf_key)
{
	xmlSecDSigCtx *ctx = xmlSecDSigCtxCreate(NULL);
	xmlSecKeyDataPtr data = NULL;

	if (!ctx)
		return NULL;
	ctx->flags |= XMLSEC_DSIG_FLAGS_IGNORE_MANIFESTS | XMLSEC_DSIG_FLAGS_STORE_SIGNEDINFO_REFERENCES |
	              XMLSEC_DSIG_FLAGS_STORE_SIGNATURE;
	ctx->enabledReferenceUris = xmlSecTransformUriTypeEmpty;
	if (xmlSecDSigCtxEnableReferenceTransform(ctx, xmlSecTransformEnvelopedId) < 0 ||
	        xmlSecDSigCtxEnableReferenceTransform(ctx, xmlSecTransformInclC14NId) < 0 ||
	        xmlSecDSigCtxEnableReferenceTransform(ctx, xmlSecTransformSha256Id) < 0 ||
	        xmlSecDSigCtxEnableSignatureTransform(ctx, xmlSecTransformInclC14NId) < 0 ||
	        xmlSecDSigCtxEnableSignatureTransform(ctx, xmlSecTransformRsaSha256Id) < 0)
		goto fail;
	ctx->signKey = xmlSecKeyCreate();
	EVP_PKEY_up_ref(leaf_key);
	data = xmlSecOpenSSLEvpKeyAdopt(leaf_key);
	if (!data) {
		EVP_PKEY_free(leaf_key);
		goto fail;
	}
	if (!ctx->signKey || xmlSecKeySetValue(ctx->signKey, data) < 0) {
		xmlSecKeyDataDestroy(data);
		goto fail;
	}
	return ctx;
fail:
	xmlSecDSigCtxDestroy(ctx);
	return NULL;
}

/* The covered octets, once status and counts say that there is exactly one good reference. */
static int covered(xmlSecDSigCtx *ctx, struct sg_signed *ret, struct sg_err *err)
{
	xmlSecDSigReferenceCtx *ref;
	xmlSecBuffer *octets, *info = xmlSecDSigCtxGetPreSignBuffer(ctx);

	if (ctx->status != xmlSecDSigStatusSucceeded)
		return sg_fail(err, SG_ETRUST,
		        "the signature does not hold: the document or the signature was changed");
	if (xmlSecPtrListGetSize(&ctx->signedInfoReferences) != 1 ||
	        xmlSecPtrListGetSize(&ctx->manifestReferences) != 0)
		return sg_fail(err, SG_ETRUST, "the signature does not cover exactly one thing");
	ref = xmlSecPtrListGetItem(&ctx->signedInfoReferences, 0);
	octets = ref ? xmlSecDSigReferenceCtxGetPreDigestBuffer(ref) : NULL;
	if (!octets || xmlSecBufferGetSize(octets) < MIN_OCTETS || !info)
		return sg_fail(err, SG_ETRUST, "the signature covers nothing");
	sg_buf_set(&ret->octets, xmlSecBufferGetData(octets), xmlSecBufferGetSize(octets));
	sg_buf_set(&ret->signed_info, xmlSecBufferGetData(info), xmlSecBufferGetSize(info));
	return 0;
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

/* By that key: it proves nothing about who signed; it finds what was changed. */
static int check_signature(xmlNode *signature, EVP_PKEY *key, struct sg_signed *ret, struct sg_err *err)
{
	xmlSecDSigCtx *ctx = context(key);
	int r;

	if (!ctx)
		return sg_fail(err, SG_EIO, "libxmlsec1 gives no context");
	if (xmlSecDSigCtxVerify(ctx, signature) < 0)
		r = sg_fail(err, SG_ETRUST, "the signature does not hold: it cannot be computed");
	else
		r = covered(ctx, ret, err);
	xmlSecDSigCtxDestroy(ctx);
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
		r = check_signature(shape.signature, key, &taken, err);
	}
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
