/* sign_key.c - from files to a key that may sign: PEM, PKCS #12, and the certificates that go with them.
 *
 * Guarantees that key and certificate are a pair, that a password comes from a file or from the terminal and never from a command line, and that it is
 * wiped from memory. Whether servers accept the signer is not decided here.
 */
#include "feed/sign_parts.h"

#include "base/os.h"
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_FILE = 1 << 20, MAX_SECRET = 1024 };

/* --- passwords */

int sg_sign_secret_read(struct sg_sign_secret *s, char *out, int size)
{
	struct sg_buf file = { 0 };
	char *question;
	size_t n;
	int r;

	if (s->failed)
		return -1;
	if (!s->file) {
		question = sg_format("Password of %s: ", s->what);
		r = EVP_read_pw_string(out, size < MAX_SECRET ? size : MAX_SECRET, question, 0);
		free(question);
		if (r == 0)
			return (int)strlen(out);
		s->failed = true;
		sg_fail(s->err, SG_EINVAL,
		        "%s needs a password, and nobody answered: name a file that holds it with "
		        "--password-file FILE",
		        s->what);
		return -1;
	}
	r = sg_os_read(s->file, MAX_SECRET, &file, NULL, s->err);
	n = r ? 0 : strcspn((const char *)file.data, "\r\n");
	if (!r && (n == 0 || n >= (size_t)size))
		r = sg_fail(s->err, SG_EINVAL, "%s: its first line should be the password of %s", s->file,
		        s->what);
	if (!r) {
		memcpy(out, file.data, n);
		out[n] = 0;
	}
	if (file.data)
		OPENSSL_cleanse(file.data, file.cap);
	sg_buf_release(&file);
	s->failed = r != 0;
	return r ? -1 : (int)n;
}

static int on_password(char *out, int size, int writing, void *arg)
{
	(void)writing;
	return sg_sign_secret_read(arg, out, size);
}

/* --- certificates */

static int read_certs(const char *path, STACK_OF(X509) * ret, struct sg_err *err)
{
	struct sg_buf file = { 0 };
	int before = sk_X509_num(ret), r = sg_os_read(path, MAX_FILE, &file, NULL, err);
	BIO *bio = r ? NULL : BIO_new_mem_buf(file.data, (int)file.len);

	for (X509 *cert; bio && (cert = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL;)
		sk_X509_push(ret, cert);
	ERR_clear_error();
	if (!r && sk_X509_num(ret) == before)
		r = sg_fail(err, SG_EINVAL,
		        "%s: there is no certificate in PEM (-----BEGIN CERTIFICATE-----); convert a DER "
		        "file with \"openssl "
		        "x509 -inform DER\"",
		        path);
	BIO_free(bio);
	sg_buf_release(&file);
	return r;
}

static int take_certs(const struct sg_sign_source *source, struct sg_sign_key *key, struct sg_err *err)
{
	int r = 0;

	if (source->cert) {
		STACK_OF(X509) *certs = sk_X509_new_null();

		r = read_certs(source->cert, certs, err);
		if (!r) {
			X509_free(key->cert);
			key->cert = sk_X509_shift(certs);
		}
		while (sk_X509_num(certs))
			sk_X509_push(key->chain, sk_X509_shift(certs));
		sk_X509_free(certs);
	}
	for (size_t i = 0; !r && source->chain && i < source->chain->n; i++)
		r = read_certs(source->chain->at[i], key->chain, err);
	if (!r && !key->cert)
		r = sg_fail(err, SG_EINVAL,
		        "%s: nothing says whose key it is: name its certificate with --cert FILE", key->name);
	return r;
}

/* --- keys */

static int read_pem(
        struct sg_buf *file, struct sg_sign_secret *secret, struct sg_sign_key *key, struct sg_err *err)
{
	BIO *bio = BIO_new_mem_buf(file->data, (int)file->len);

	key->key = PEM_read_bio_PrivateKey(bio, NULL, on_password, secret);
	BIO_free(bio);
	if (key->key)
		return 0;
	if (secret->failed)
		return err ? err->code : SG_EINVAL;
	if (strstr((const char *)file->data, "ENCRYPTED"))
		return sg_sign_fail(
		        err, SG_ETRUST, "%s: the key cannot be opened; is the password right?", key->name);
	return sg_sign_fail(err, SG_EINVAL, "%s: there is no private key in PEM", key->name);
}

static int read_p12(PKCS12 *p12, struct sg_sign_secret *secret, struct sg_sign_key *key, struct sg_err *err)
{
	char password[MAX_SECRET] = "";
	STACK_OF(X509) *others = NULL;
	int r = 0;

	if (!PKCS12_verify_mac(p12, "", 0) && !PKCS12_verify_mac(p12, NULL, 0)) {
		if (sg_sign_secret_read(secret, password, sizeof password) < 0)
			r = err ? err->code : SG_EINVAL;
		else if (!PKCS12_verify_mac(p12, password, -1))
			r = sg_fail(err, SG_ETRUST, "%s: the password is wrong", key->name);
	}
	ERR_clear_error();
	if (!r && !PKCS12_parse(p12, password, &key->key, &key->cert, &others))
		r = sg_sign_fail(err, SG_EUNSUPPORTED,
		        "%s cannot be opened; an old file that is encrypted with RC2 must be made anew, with "
		        "\"openssl pkcs12 "
		        "-legacy\" and then \"openssl pkcs12 -export\"",
		        key->name);
	OPENSSL_cleanse(password, sizeof password);
	while (sk_X509_num(others) > 0)
		sk_X509_push(key->chain, sk_X509_shift(others));
	sk_X509_free(others);
	if (!r && !key->key)
		r = sg_fail(err, SG_EINVAL, "%s: there is no private key in it", key->name);
	return r;
}

static int read_file(const struct sg_sign_source *source, struct sg_sign_key *key, struct sg_err *err)
{
	struct sg_sign_secret secret = { .file = source->password_file, .what = key->name, .err = err };
	struct sg_buf file = { 0 };
	const unsigned char *p;
	PKCS12 *p12 = NULL;
	int r = sg_os_read(source->key, MAX_FILE, &file, NULL, err);

	if (r)
		return r;
	p = file.data;
	sg_buf_add(&file, "", 0);
	if (file.len && file.data[0] == 0x30)
		p12 = d2i_PKCS12(NULL, &p, (long)file.len);
	ERR_clear_error();
	if (p12)
		r = read_p12(p12, &secret, key, err);
	else if (file.len && memchr(file.data, '-', file.len))
		r = read_pem(&file, &secret, key, err);
	else
		r = sg_fail(
		        err, SG_EINVAL, "%s is neither a private key in PEM nor a PKCS #12 file", key->name);
	PKCS12_free(p12);
	if (file.data)
		OPENSSL_cleanse(file.data, file.cap);
	sg_buf_release(&file);
	return r;
}

static int check_pair(const struct sg_sign_source *source, const struct sg_sign_key *key, struct sg_err *err)
{
	if (!EVP_PKEY_is_a(key->key, "RSA") && EVP_PKEY_get_base_id(key->key) != EVP_PKEY_RSA)
		return sg_fail(err, SG_EINVAL,
		        "%s is no RSA key: feeds are signed with RSA, of 2048 bits or more", key->name);
	if (X509_check_private_key(key->cert, key->key) != 1) {
		ERR_clear_error();
		return sg_fail(err, SG_EINVAL, "%s: the first certificate of %s is not that of this key",
		        key->name, source->cert ? source->cert : "the file");
	}
	return 0;
}

int sg_sign_key_open(const struct sg_sign_source *source, struct sg_sign_key **ret, struct sg_err *err)
{
	struct sg_sign_key *key = sg_alloc(sizeof *key);
	bool token = strncmp(source->key, "pkcs11:", 7) == 0;
	int r;

	ERR_clear_error();
	key->name = sg_strdup(token ? "the token's key" : source->key);
	key->chain = sk_X509_new_null();
	r = token ? sg_sign_token_open(source, key, err) : read_file(source, key, err);
	if (!r)
		r = take_certs(source, key, err);
	if (!r)
		r = check_pair(source, key, err);
	if (r)
		sg_sign_key_free(key);
	else
		*ret = key;
	return r;
}

void sg_sign_key_free(struct sg_sign_key *key)
{
	if (!key)
		return;
	EVP_PKEY_free(key->key);
	if (key->close)
		key->close(key->token);
	X509_free(key->cert);
	sk_X509_pop_free(key->chain, X509_free);
	free(key->name);
	free(key);
}

bool sg_sign_key_anchor(const struct sg_sign_key *key, struct sg_buf *ret)
{
	X509 *top = key->cert;
	BIO *bio;
	char *text;
	long len;

	for (int steps = 0; steps < 8; steps++) { /* no longer path is accepted */
		X509 *up = NULL;

		for (int i = 0; i < sk_X509_num(key->chain) && !up; i++)
			if (X509_check_issued(sk_X509_value(key->chain, i), top) == X509_V_OK)
				up = sk_X509_value(key->chain, i);
		if (!up || up == top)
			break;
		top = up;
	}
	if (top == key->cert)
		return false;
	bio = BIO_new(BIO_s_mem());
	PEM_write_bio_X509(bio, top);
	len = BIO_get_mem_data(bio, &text);
	sg_buf_set(ret, text, (size_t)len);
	BIO_free(bio);
	return true;
}
