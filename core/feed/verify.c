/* verify.c - one signed document to the octets that its signature covers.
 *
 * Guarantees P8: nothing is given back unless the shape is exact (verify_shape.c), the chain ends at a pinned anchor
 * (verify_chain.c), and xmlsec finds digest and signature right with the key of that leaf. xmlsec gets no keys manager,
 * no file or network access, and only the transforms that the shape has proven to be there. What is given back is
 * xmlsec's own pre-digest buffer: comments, references and character tricks of the document are gone from it.
 */
#include "feed/verify.h"

#include "feed/verify_parts.h"
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
	ctx->flags |= XMLSEC_DSIG_FLAGS_IGNORE_MANIFESTS | XMLSEC_DSIG_FLAGS_STORE_SIGNEDINFO_REFERENCES;
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
static int covered(xmlSecDSigCtx *ctx, struct sg_buf *ret, struct sg_err *err)
{
	if (ctx->status != xmlSecDSigStatusSucceeded)
		return sg_fail(err, SG_ETRUST,
		        "the signature does not hold: the document or the signature was changed");
	if (xmlSecPtrListGetSize(&ctx->signedInfoReferences) != 1 ||
	        xmlSecPtrListGetSize(&ctx->manifestReferences) != 0)
		return sg_fail(err, SG_ETRUST, "the signature does not cover exactly one thing");
	xmlSecDSigReferenceCtx *ref = xmlSecPtrListGetItem(&ctx->signedInfoReferences, 0);
	xmlSecBuffer *octets = ref ? xmlSecDSigReferenceCtxGetPreDigestBuffer(ref) : NULL;

	if (!octets || xmlSecBufferGetSize(octets) < MIN_OCTETS)
		return sg_fail(err, SG_ETRUST, "the signature covers nothing");
	sg_buf_set(ret, xmlSecBufferGetData(octets), xmlSecBufferGetSize(octets));
	return 0;
}

static int check_signature(xmlNode *signature, EVP_PKEY *key, struct sg_buf *ret, struct sg_err *err)
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

int sg_verify_xmldsig(struct sg_bytes document, const struct sg_feed_rules *rules, struct sg_verified *ret,
        int *ret_event, struct sg_err *err)
{
	struct sg_verified verified = { 0 };
	struct sg_signer signer = { 0 };
	struct sg_shape shape = { 0 };
	xmlDoc *doc = NULL;
	int event = SG_EV_FEED_MALFORMED, r;

	r = sg_xml_parse(document, rules->name, &sg_xml_feed_limits, &doc, err);
	if (!r)
		r = sg_verify_shape(doc, rules->eocs, &shape, &event, err);
	if (!r && rules->eocs && rules->n_stamps)
		r = sg_verify_time(&shape, rules, &verified.signed_at, &event, err);
	if (!r)
		r = sg_verify_chain(&shape, rules, verified.signed_at ? verified.signed_at : rules->now,
		        &signer, &event, err);
	if (!r) {
		event = SG_EV_TRUST_SIGNATURE;
		r = check_signature(shape.signature, signer.key, &verified.octets, err);
	}
	if (!r) {
		verified.signer = signer.subject;
		verified.not_after = signer.not_after;
		*ret = verified;
	} else {
		*ret_event = event;
		sg_buf_release(&verified.octets);
		free(signer.subject);
	}
	EVP_PKEY_free(signer.key);
	xmlFreeDoc(doc);
	return r;
}

void sg_verified_release(struct sg_verified *v)
{
	sg_buf_release(&v->octets);
	free(v->signer);
	*v = (struct sg_verified){ 0 };
}
