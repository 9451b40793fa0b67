/* sign.h - signs a feed document in the one shape that verify.h accepts, for those who write feeds. No service signs anything.
 *
 * XMLDSig is written by splicing the Signature into the author's own octets: nothing else of the document changes, and taking the Signature out gives
 * them back. Keys never leave OpenSSL: PEM, PKCS #12, or a token through OpenSSL's PKCS #11 engine or provider. Blocking (a token, a question on the
 * terminal); one thread.
 */
#ifndef SG_FEED_SIGN_H
#define SG_FEED_SIGN_H

#include "base/buf.h"
#include "base/err.h"
#include "base/val.h"

/* A private key with its certificate and the authorities above it. Opaque; sg_sign_key_free() is the caller's. */
struct sg_sign_key;
struct sg_sign_source {
	const char *key; /* path of a PEM or PKCS #12 file, or "pkcs11:..." (RFC 7512, without pin-value) */
	const char
	        *cert; /* PEM, the signer's first, authorities may follow; NULL: it is in the PKCS #12 file */
	const struct sg_strs *chain; /* more PEM files of authorities; NULL: none */
	const char *
	        password_file; /* its first line is the password or PIN; NULL: asked on the terminal when one is needed */
	const char *module; /* path of the token's PKCS #11 module; NULL: what the engine finds */
};
/* Errors: SG_ENOENT, SG_EACCES, SG_EINVAL (no key, no certificate, not a pair, not RSA), SG_ETRUST (the password), SG_EUNSUPPORTED (no PKCS #11). */
int sg_sign_key_open(const struct sg_sign_source *source, struct sg_sign_key **ret, struct sg_err *err);
void sg_sign_key_free(struct sg_sign_key *key);
/* The topmost authority that came with the key, in PEM: what the document will be checked against when nobody names an anchor. False: there is none. */
bool sg_sign_key_anchor(const struct sg_sign_key *key, struct sg_buf *ret);

/* The document with this signature as the root's last child; a Signature that was there is taken out. Errors: SG_EPARSE, SG_ELIMIT, SG_EIO (the key
 * refused). What is written has not been checked against any rule: read it with sg_feed_read(). */
int sg_sign_xmldsig(struct sg_bytes doc, const char *name, const struct sg_sign_key *key, struct sg_buf *ret,
        struct sg_err *err);
/* A detached CMS signature over the raw octets by each key (RFC 5652, DER). */
int sg_sign_cms(struct sg_bytes doc, struct sg_sign_key *const *keys, size_t n_keys, struct sg_buf *ret,
        struct sg_err *err);

/* sign_make.c: a root and a leaf for trials, RSA 3072, all in PEM. The keys are not encrypted. */
struct sg_sign_trial {
	struct sg_buf root_key, root_cert, leaf_key, leaf_cert;
};
/* `name`: the leaf's common name, at most 64 characters of UTF-8. Valid from a day before `now` (ms) for `days`. */
int sg_sign_make(const char *name, int64_t now, int days, struct sg_sign_trial *ret, struct sg_err *err);
void sg_sign_trial_release(struct sg_sign_trial *t);

/* sign_tell.c: what certificates say, for people: an array of maps {subject, issuer, from, until (ms), sha256}. What cannot be decoded is left out. */
struct sg_val *sg_sign_tell(const struct sg_bufs *ders);
/* The certificates of a CMS message's signers, in DER; none when it cannot be read. It checks nothing. */
void sg_sign_cms_signers(struct sg_bytes octets, struct sg_bufs *ret);

#endif
