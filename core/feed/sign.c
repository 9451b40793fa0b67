/* sign.c - writes the signature: XMLDSig by splicing, CMS through OpenSSL.
 *
 * Guarantees that no octet of the author's document changes but for the Signature. The digest is over the canonical form of the document without it, the
 * signature over the canonical form of SignedInfo in its place, both by base/xml.h, so that no signing library rewrites anything. Must not be trusted to
 * have made something acceptable: the caller reads the result with the very reader of the servers.
 */
#include "feed/sign_parts.h"

#include "base/hash.h"
#include "base/xml.h"
#include "feed/sign_layout.h"
#include "feed/verify_parts.h"
#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#define C14N "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"

int sg_sign_fail(struct sg_err *err, int code, const char *fmt, ...)
{
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());
	struct sg_buf text = { 0 };
	va_list ap;

	va_start(ap, fmt);
	sg_buf_vfmt(&text, fmt, ap);
	va_end(ap);
	sg_fail(err, code, "%s%s%s", (const char *)text.data, reason ? ": " : "", reason ? reason : "");
	sg_buf_release(&text);
	ERR_clear_error();
	return code;
}

static void base64(struct sg_bytes octets, struct sg_buf *out)
{
	unsigned char *text = sg_alloc(octets.len / 3 * 4 + 8);
	int n = EVP_EncodeBlock(text, octets.data, (int)octets.len);

	sg_buf_add(out, text, (size_t)n);
	free(text);
}

/* --- KeyInfo */

static void add_cert(X509 *cert, struct sg_buf *out)
{
	unsigned char *der = NULL;
	int n = i2d_X509(cert, &der);

	if (n > 0) {
		sg_buf_str(out, "<X509Certificate>");
		base64((struct sg_bytes){ der, (size_t)n }, out);
		sg_buf_str(out, "</X509Certificate>");
	}
	OPENSSL_free(der);
}

static bool self_signed(X509 *cert)
{
	return X509_NAME_cmp(X509_get_subject_name(cert), X509_get_issuer_name(cert)) == 0;
}

/* The leaf and what leads from it towards a root, each issuer behind what it issued. A root stays out: whoever trusts it has it. */
static int key_info(const struct sg_sign_key *key, struct sg_buf *out, struct sg_err *err)
{
	X509 *last = key->cert;
	size_t n = 1;

	sg_buf_str(out, "<KeyInfo><X509Data>");
	add_cert(key->cert, out);
	for (bool found = true; found;) {
		found = false;
		for (int i = 0; i < sk_X509_num(key->chain) && !found; i++) {
			X509 *up = sk_X509_value(key->chain, i);

			if (up == last || self_signed(up) || self_signed(last) ||
			        X509_check_issued(up, last) != X509_V_OK)
				continue;
			if (n == SG_VERIFY_MAX_CERTS)
				return sg_fail(err, SG_EINVAL,
				        "%s: more than %d certificates lie below the root; a feed carries at "
				        "most that many",
				        key->name, SG_VERIFY_MAX_CERTS);
			add_cert(up, out);
			last = up;
			n++;
			found = true;
		}
	}
	sg_buf_str(out, "</X509Data></KeyInfo>");
	return 0;
}

/* --- XMLDSig */

static void signed_info(const struct sg_buf *octets, struct sg_buf *out)
{
	struct sg_hash hash = sg_sha256(sg_buf_bytes(octets));

	sg_buf_str(out, "<SignedInfo><CanonicalizationMethod Algorithm=\"" C14N "\"/><SignatureMethod "
	                "Algorithm=\"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256\"/><Reference "
	                "URI=\"\"><Transforms>"
	                "<Transform Algorithm=\"" SG_DSIG_NS
	                "enveloped-signature\"/><Transform Algorithm=\"" C14N "\"/>"
	                "</Transforms><DigestMethod "
	                "Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"/><DigestValue>");
	base64((struct sg_bytes){ hash.b, sizeof hash.b }, out);
	sg_buf_str(out, "</DigestValue></Reference></SignedInfo>");
}

/* The canonical form of the whole document, or of the SignedInfo of its last child. */
static int canonical(
        const struct sg_buf *doc, const char *name, bool info, struct sg_buf *ret, struct sg_err *err)
{
	xmlDoc *tree = NULL;
	int r = sg_xml_parse(sg_buf_bytes(doc), name, &sg_xml_feed_limits, &tree, err);
	xmlNode *node = r ? NULL : xmlDocGetRootElement(tree), *last = NULL;

	for (xmlNode *n = node && info ? sg_xml_first(node) : NULL; n; n = sg_xml_next(n))
		last = n;
	if (last)
		node = sg_xml_first(last);
	if (!r)
		r = sg_xml_octets(node, ret, err);
	xmlFreeDoc(tree);
	return r;
}

static int sign_octets(
        const struct sg_sign_key *key, const struct sg_buf *octets, struct sg_buf *ret, struct sg_err *err)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char *value = NULL;
	size_t len = 0;
	int r = 0;

	ERR_clear_error();
	if (!ctx || EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key->key) != 1 ||
	        EVP_DigestSign(ctx, NULL, &len, octets->data, octets->len) != 1) {
		r = sg_sign_fail(err, SG_EIO, "%s: the key does not sign", key->name);
		goto out;
	}
	value = sg_alloc(len);
	if (EVP_DigestSign(ctx, value, &len, octets->data, octets->len) != 1)
		r = sg_sign_fail(err, SG_EIO, "%s: the key does not sign", key->name);
	else
		base64((struct sg_bytes){ value, len }, ret);
out:
	free(value);
	EVP_MD_CTX_free(ctx);
	return r;
}

/* The document's octets up to and behind the place of the Signature. */
static void split(
        const struct sg_buf *doc, const struct sg_layout *l, struct sg_buf *head, struct sg_buf *tail)
{
	if (!l->empty) {
		sg_buf_add(head, doc->data, l->end);
		sg_buf_add(tail, doc->data + l->end, doc->len - l->end);
		return;
	}
	sg_buf_add(head, doc->data, l->tag_to - 2); /* <EOCS .../> */
	sg_buf_char(head, '>');
	sg_buf_str(tail, "</EOCS>");
	sg_buf_add(tail, doc->data + l->tag_to, doc->len - l->tag_to);
}

static void assemble(const struct sg_buf *const part[], size_t n, struct sg_buf *ret)
{
	sg_buf_clear(ret);
	for (size_t i = 0; i < n; i++)
		sg_buf_add(ret, part[i]->data, part[i]->len);
}

int sg_sign_xmldsig(struct sg_bytes doc, const char *name, const struct sg_sign_key *key, struct sg_buf *ret,
        struct sg_err *err)
{
	struct sg_buf plain = { 0 }, head = { 0 }, tail = { 0 }, open = { 0 }, value = { 0 }, info = { 0 },
	              octets = { 0 }, out = { 0 }, middle = { 0 };
	const struct sg_buf *const parts[] = { &head, &open, &value, &middle, &info, &tail };
	struct sg_layout l = { 0 };
	int r = sg_layout_read(doc, name, &l, err);

	if (r)
		goto out;
	sg_layout_unsigned(doc, &l, &plain);
	sg_layout_release(&l);
	r = sg_layout_read(sg_buf_bytes(&plain), name, &l, err);
	if (!r)
		r = canonical(&plain, name, false, &octets, err);
	if (!r)
		r = key_info(key, &info, err);
	if (r)
		goto out;
	split(&plain, &l, &head, &tail);
	sg_buf_str(&open, "<Signature xmlns=\"" SG_DSIG_NS "\">");
	signed_info(&octets, &open);
	sg_buf_str(&open, "<SignatureValue>");
	sg_buf_str(&middle, "</SignatureValue>");
	sg_buf_str(&info, "</Signature>");
	/* the canonical form of SignedInfo needs its place in the document: namespaces of the root are in it */
	assemble(parts, 6, &out);
	sg_buf_clear(&octets);
	r = canonical(&out, name, true, &octets, err);
	if (!r)
		r = sign_octets(key, &octets, &value, err);
	if (!r) {
		assemble(parts, 6, &out);
		sg_buf_set(ret, out.data, out.len);
	}
out:
	sg_layout_release(&l);
	sg_buf_release(&plain);
	sg_buf_release(&head);
	sg_buf_release(&tail);
	sg_buf_release(&open);
	sg_buf_release(&value);
	sg_buf_release(&middle);
	sg_buf_release(&info);
	sg_buf_release(&octets);
	sg_buf_release(&out);
	return r;
}

/* --- CMS */

static int add_signer(CMS_ContentInfo *cms, const struct sg_sign_key *key, struct sg_err *err)
{
	if (!CMS_add1_signer(cms, key->cert, key->key, EVP_sha256(), CMS_BINARY | CMS_NOSMIMECAP))
		return sg_sign_fail(err, SG_EIO, "%s: the key does not sign", key->name);
	for (int i = 0; i < sk_X509_num(key->chain); i++) {
		X509 *cert = sk_X509_value(key->chain, i);

		/* one that is there already is no mistake: keys share authorities */
		if (!self_signed(cert))
			CMS_add1_cert(cms, cert);
	}
	ERR_clear_error();
	return 0;
}

int sg_sign_cms(struct sg_bytes doc, struct sg_sign_key *const *keys, size_t n_keys, struct sg_buf *ret,
        struct sg_err *err)
{
	const unsigned flags = CMS_BINARY | CMS_DETACHED | CMS_PARTIAL | CMS_NOSMIMECAP;
	BIO *content = BIO_new_mem_buf(doc.data, (int)doc.len);
	CMS_ContentInfo *cms;
	unsigned char *der = NULL;
	int n = 0, r = 0;

	ERR_clear_error();
	cms = CMS_sign(NULL, NULL, NULL, NULL, flags);
	if (!cms || !content)
		r = sg_sign_fail(err, SG_EIO, "OpenSSL makes no CMS message");
	for (size_t i = 0; !r && i < n_keys; i++)
		r = add_signer(cms, keys[i], err);
	if (!r && CMS_final(cms, content, NULL, flags & ~(unsigned)CMS_PARTIAL) != 1)
		r = sg_sign_fail(err, SG_EIO, "%s: the key does not sign", keys[0]->name);
	if (!r) {
		n = i2d_CMS_ContentInfo(cms, &der);
		if (n <= 0)
			r = sg_sign_fail(err, SG_EIO, "OpenSSL writes no CMS message");
		else
			sg_buf_set(ret, der, (size_t)n);
	}
	OPENSSL_free(der);
	CMS_ContentInfo_free(cms);
	BIO_free(content);
	return r;
}
