#include "tests/lib/reference.h"
#include "tests/lib/sign.h"

#include <libxml/parser.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <stdio.h>
#include <string.h>
#include <xmlsec/crypto.h>
#include <xmlsec/openssl/evp.h>
#include <xmlsec/templates.h>
#include <xmlsec/xmldsig.h>
#include <xmlsec/xmltree.h>

static const char *usually(const char *given, const char *usual)
{
	return given ? given : usual;
}

/* The template, as text: xmlsec fills DigestValue and SignatureValue in. KeyInfo is not covered by a signature and is
 * added here complete, because xmlsec would only write a KeyInfo of its own liking. */
static void template(const struct sign_spec *s, struct sg_buf *out)
{
	sg_buf_fmt(out,
	        "<Signature xmlns=\"http://www.w3.org/2000/09/xmldsig#\"><SignedInfo><CanonicalizationMethod "
	        "Algorithm=\"%s\"/>"
	        "<SignatureMethod Algorithm=\"%s\"/><Reference URI=\"%s\"><Transforms><Transform "
	        "Algorithm=\"%s\"/>",
	        usually(s->c14n, SIGN_C14N), usually(s->method, SIGN_RSA256), usually(s->uri, ""),
	        SIGN_ENVELOPED);
	sg_buf_fmt(out,
	        "<Transform Algorithm=\"%s\"/>%s</Transforms><DigestMethod "
	        "Algorithm=\"%s\"/><DigestValue></DigestValue>"
	        "</Reference>%s</SignedInfo><SignatureValue></SignatureValue>%s</Signature>",
	        usually(s->transform, SIGN_C14N), usually(s->extra_transform, ""),
	        usually(s->digest, SIGN_SHA256), usually(s->extra_reference, ""), usually(s->object, ""));
}

static void base64(const unsigned char *data, int len, struct sg_buf *out)
{
	struct sg_buf text = { 0 };
	text.data = sg_alloc((size_t)len / 3 * 4 + 8);
	int n = EVP_EncodeBlock(text.data, data, len);
	sg_buf_add(out, text.data, (size_t)n);
	sg_buf_release(&text);
}

static void number(EVP_PKEY *key, const char *param, const char *element, struct sg_buf *out)
{
	BIGNUM *bn = NULL;
	unsigned char octets[1024];
	if (!EVP_PKEY_get_bn_param(key, param, &bn))
		return;
	int len = BN_bn2bin(bn, octets);
	sg_buf_fmt(out, "<%s>", element);
	base64(octets, len, out);
	sg_buf_fmt(out, "</%s>", element);
	BN_free(bn);
}

static void key_info(const struct sign_spec *s, struct sg_buf *out)
{
	sg_buf_str(out, "<KeyInfo>");
	if (s->key_value) {
		sg_buf_str(out, "<KeyValue><RSAKeyValue>");
		number(s->key, OSSL_PKEY_PARAM_RSA_N, "Modulus", out);
		number(s->key, OSSL_PKEY_PARAM_RSA_E, "Exponent", out);
		sg_buf_str(out, "</RSAKeyValue></KeyValue>");
	}
	if (s->n_certs > 0)
		sg_buf_str(out, "<X509Data>");
	for (size_t i = 0; i < s->n_certs; i++) {
		unsigned char *der = NULL;
		int len = i2d_X509(s->certs[i], &der);
		sg_buf_str(out, "<X509Certificate>");
		base64(der, len, out);
		sg_buf_str(out, "</X509Certificate>");
		OPENSSL_free(der);
	}
	if (s->n_certs > 0)
		sg_buf_str(out, "</X509Data>");
	sg_buf_str(out, "</KeyInfo>");
}

static xmlNode *parse_into(xmlDoc *doc, const struct sg_buf *text)
{
	xmlDoc *part =
	        xmlReadMemory((const char *)text->data, (int)text->len, NULL, "UTF-8", XML_PARSE_NONET);
	xmlNode *node = part ? xmlDocCopyNode(xmlDocGetRootElement(part), doc, 1) : NULL;
	xmlFreeDoc(part);
	return node;
}

static xmlSecKey *signing_key(const struct sign_spec *s)
{
	if (s->hmac)
		return xmlSecKeyReadMemory(
		        xmlSecKeyDataHmacId, (const xmlSecByte *)s->hmac, (xmlSecSize)strlen(s->hmac));
	xmlSecKey *key = xmlSecKeyCreate();
	EVP_PKEY_up_ref(s->key);
	xmlSecKeyDataPtr data = xmlSecOpenSSLEvpKeyAdopt(s->key);
	if (key && data && xmlSecKeySetValue(key, data) == 0)
		return key;
	xmlSecKeyDestroy(key);
	return NULL;
}

bool sign_knows(const char *algorithm)
{
	return reference_init() == 0 && xmlSecTransformIdListFindByHref(xmlSecTransformIdsGet(),
	                                        (const xmlChar *)algorithm, xmlSecTransformUsageAny) != NULL;
}

int sign_xmldsig(struct sg_bytes octets, const struct sign_spec *spec, struct sg_buf *out)
{
	struct sg_buf text = { 0 };
	xmlSecDSigCtx *ctx = NULL;
	int r = -1;

	if (reference_init())
		return -1;
	xmlDoc *doc =
	        xmlReadMemory((const char *)octets.data, (int)octets.len, NULL, "UTF-8", XML_PARSE_NONET);
	if (!doc)
		goto out;
	template(spec, &text);
	xmlNode *signature = parse_into(doc, &text);
	if (!signature)
		goto out;
	xmlAddChild(xmlDocGetRootElement(doc), signature);
	ctx = xmlSecDSigCtxCreate(NULL);
	if (!ctx || !(ctx->signKey = signing_key(spec)))
		goto out;
	if (xmlSecDSigCtxSign(ctx, signature) < 0)
		goto out;

	sg_buf_clear(&text);
	key_info(spec, &text);
	xmlNode *info = NULL, *value = xmlSecFindChild(signature, xmlSecNodeSignatureValue, xmlSecDSigNs);
	if (!value || xmlParseInNodeContext(signature, (const char *)text.data, (int)text.len, 0, &info) !=
	                      XML_ERR_OK)
		goto out;
	xmlAddNextSibling(value, info);

	xmlChar *dumped;
	int len;
	xmlDocDumpMemoryEnc(doc, &dumped, &len, "UTF-8");
	sg_buf_add(out, dumped, (size_t)len);
	xmlFree(dumped);
	r = 0;
out:
	if (r)
		fprintf(stderr, "sign: the document could not be signed\n");
	if (ctx)
		xmlSecDSigCtxDestroy(ctx);
	xmlFreeDoc(doc);
	sg_buf_release(&text);
	return r;
}
