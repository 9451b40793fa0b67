/* sign_parts.h - what the files of sign*.c share; nobody else includes it, since it shows OpenSSL's types. */
#ifndef SG_FEED_SIGN_PARTS_H
#define SG_FEED_SIGN_PARTS_H

#include "feed/sign.h"
#include <openssl/x509.h>

struct sg_sign_key {
	char *name; /* as it was given, for messages */
	EVP_PKEY *key;
	X509 *cert;
	STACK_OF(X509) * chain;     /* authorities, in the order in which they were given */
	void (*close)(void *token); /* of what the key lives in; NULL: memory */
	void *token;
};

/* A password, once it is needed. */
struct sg_sign_secret {
	const char *file; /* NULL: ask */
	const char *what; /* it is for, for the question and for messages */
	struct sg_err *err;
	bool failed; /* the file could not be read, or nobody answered: err says so */
};
/* At most `size` - 1 octets and a NUL; the length, or -1. Wipe it after use. */
int sg_sign_secret_read(struct sg_sign_secret *s, char *out, int size);

/* sign_token.c: a private key in a token. Sets key, close and token of *ret. */
int sg_sign_token_open(const struct sg_sign_source *source, struct sg_sign_key *ret, struct sg_err *err);

/* SG_EIO-like failure with OpenSSL's own last reason appended; always returns `code`. */
int sg_sign_fail(struct sg_err *err, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

#endif
