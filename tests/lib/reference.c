#include "tests/lib/reference.h"

#include "base/xml.h"
#include <libxml/parser.h>
#include <xmlsec/crypto.h>
#include <xmlsec/errors.h>
#include <xmlsec/io.h>
#include <xmlsec/openssl/evp.h>
#include <xmlsec/xmldsig.h>
#include <xmlsec/xmlsec.h>
#include <xmlsec/xmltree.h>

/* xmlsec's own words go to stderr by default. */
static void quiet(const char *file, int line, const char *func, const char *object, const char *subject,
        int reason, const char *msg)
{
	(void)file, (void)line, (void)func, (void)object, (void)subject, (void)reason, (void)msg;
}

/* A second xmlSecInit() would bring its file and network access back. */
int reference_init(void)
{
	static bool done;

	if (done)
		return 0;
	sg_xml_init();
	if (xmlSecInit() < 0 || xmlSecCheckVersion() != 1 || xmlSecCryptoInit() < 0)
		return -1;
	xmlSecErrorsSetCallback(quiet);
	xmlSecIOCleanupCallbacks();
	done = true;
	return 0;
}

static bool permit(xmlSecDSigCtx *ctx)
{
	ctx->flags |= XMLSEC_DSIG_FLAGS_IGNORE_MANIFESTS | XMLSEC_DSIG_FLAGS_STORE_SIGNEDINFO_REFERENCES;
	ctx->enabledReferenceUris = xmlSecTransformUriTypeEmpty;
	return xmlSecDSigCtxEnableReferenceTransform(ctx, xmlSecTransformEnvelopedId) == 0 &&
	       xmlSecDSigCtxEnableReferenceTransform(ctx, xmlSecTransformInclC14NId) == 0 &&
	       xmlSecDSigCtxEnableReferenceTransform(ctx, xmlSecTransformSha256Id) == 0 &&
	       xmlSecDSigCtxEnableSignatureTransform(ctx, xmlSecTransformInclC14NId) == 0 &&
	       xmlSecDSigCtxEnableSignatureTransform(ctx, xmlSecTransformRsaSha256Id) == 0;
}

static bool give_key(xmlSecDSigCtx *ctx, EVP_PKEY *key)
{
	xmlSecKeyDataPtr data;

	ctx->signKey = xmlSecKeyCreate();
	EVP_PKEY_up_ref(key);
	data = xmlSecOpenSSLEvpKeyAdopt(key);
	if (data && ctx->signKey && xmlSecKeySetValue(ctx->signKey, data) == 0)
		return true;
	if (data)
		xmlSecKeyDataDestroy(data);
	else
		EVP_PKEY_free(key);
	return false;
}

bool reference_covers(struct sg_bytes document, EVP_PKEY *key, struct sg_buf *ret)
{
	xmlDoc *doc = xmlReadMemory((const char *)document.data, (int)document.len, NULL, NULL,
	        XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
	xmlNode *signature =
	        doc ? xmlSecFindNode(xmlDocGetRootElement(doc), xmlSecNodeSignature, xmlSecDSigNs) : NULL;
	xmlSecDSigCtx *ctx = xmlSecDSigCtxCreate(NULL);
	bool good = signature && ctx && permit(ctx) && give_key(ctx, key) &&
	            xmlSecDSigCtxVerify(ctx, signature) == 0 && ctx->status == xmlSecDSigStatusSucceeded &&
	            xmlSecPtrListGetSize(&ctx->signedInfoReferences) == 1;

	if (good) {
		xmlSecBuffer *octets = xmlSecDSigReferenceCtxGetPreDigestBuffer(
		        xmlSecPtrListGetItem(&ctx->signedInfoReferences, 0));

		sg_buf_set(ret, xmlSecBufferGetData(octets), xmlSecBufferGetSize(octets));
	}
	if (ctx)
		xmlSecDSigCtxDestroy(ctx);
	xmlFreeDoc(doc);
	return good;
}
