/* sign-feed - a signer for the demo and the tests: makes a throw-away chain, and signs a feed with it.
 *
 * The keys that it writes are unencrypted and belong to nobody: never use them for a real feed.
 */
#include "base/os.h"
#include "tests/lib/pki.h"
#include "tests/lib/sign.h"
#include "tests/lib/stamp.h"
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char usage[] =
        "usage: sign-feed --make-chain DIR\n"
        "         writes root.pem (the anchor), leaf.key, leaf.pem, chain.pem (leaf and intermediate), and "
        "for an\n"
        "         HTTPS server at localhost and 127.0.0.1: tls-ca.pem, tls.key, tls.pem\n"
        "       sign-feed --key FILE --cert FILE [--token FILE] IN.xml OUT.xml\n"
        "         signs IN.xml with the key; --cert holds one to three certificates, the key's own first;\n"
        "         --token: with a timestamp, as EM's publisher has it, which is written there, too, the "
        "octets\n"
        "         that it is for to FILE.value, and the authority that gave it to FILE.pem\n";

static int write_file(const char *dir, const char *name, const struct sg_buf *octets)
{
	char *path = dir ? sg_format("%s/%s", dir, name) : sg_strdup(name);
	FILE *f = fopen(path, "wb");
	bool ok = f && fwrite(octets->data, 1, octets->len, f) == octets->len;
	if (f && fclose(f) != 0)
		ok = false;
	if (!ok)
		perror(path);
	free(path);
	return ok ? 0 : -1;
}

static int write_cert(
        const char *dir, const char *name, const struct pki_cert *first, const struct pki_cert *second)
{
	struct sg_buf pem = { 0 };
	pki_cert_pem(first, &pem);
	if (second)
		pki_cert_pem(second, &pem);
	int r = write_file(dir, name, &pem);
	sg_buf_release(&pem);
	return r;
}

static int write_key(const char *dir, const char *name, const struct pki_cert *c)
{
	struct sg_buf pem = { 0 };
	pki_key_pem(c, &pem);
	int r = write_file(dir, name, &pem);
	sg_buf_release(&pem);
	return r;
}

static int make_chain(const char *dir)
{
	struct sg_err err = SG_ERR_INIT;
	struct sg_clock clock = { 0 };
	struct pki pki = { 0 };

	if (sg_os_mkdirs(dir, &err)) {
		fprintf(stderr, "sign-feed: %s\n", err.msg);
		return -1;
	}
	sg_os_clock(&clock);
	pki_chain(&pki, clock.wall);
	struct pki_spec spec = {
		.name = "Test TLS Root",
		.from = pki.now - 86400,
		.to = pki.now + 3650LL * 86400,
		.constraints = "critical,CA:TRUE",
		.usage = "critical,keyCertSign,cRLSign",
	};
	struct pki_cert ca = pki_make(&spec);
	spec = (struct pki_spec){
		.name = "localhost",
		.issuer = &ca,
		.from = spec.from,
		.to = pki.now + 365LL * 86400,
		.constraints = "critical,CA:FALSE",
		.usage = "critical,digitalSignature,keyEncipherment",
		.extended = "serverAuth",
		.names = "DNS:localhost,IP:127.0.0.1,IP:::1",
	};
	struct pki_cert tls = pki_make(&spec);
	int r = write_cert(dir, "root.pem", &pki.root, NULL) | write_cert(dir, "leaf.pem", &pki.leaf, NULL) |
	        write_cert(dir, "chain.pem", &pki.leaf, &pki.middle) | write_key(dir, "leaf.key", &pki.leaf) |
	        write_cert(dir, "tls-ca.pem", &ca, NULL) | write_cert(dir, "tls.pem", &tls, NULL) |
	        write_key(dir, "tls.key", &tls);
	pki_cert_release(&tls);
	pki_cert_release(&ca);
	pki_release(&pki);
	return r;
}

static int read_file(const char *path, struct sg_buf *ret)
{
	FILE *f = fopen(path, "rb");
	unsigned char part[4096];
	size_t n;
	if (!f) {
		perror(path);
		return -1;
	}
	while ((n = fread(part, 1, sizeof part, f)) > 0)
		sg_buf_add(ret, part, n);
	int r = ferror(f) ? -1 : 0;
	fclose(f);
	return r;
}

/* The octets of the only SignatureValue. */
static void signature_of(const struct sg_buf *doc, struct sg_buf *ret)
{
	const char *open = "<SignatureValue>", *from = strstr((const char *)doc->data, open);
	size_t len = from ? strcspn(from += strlen(open), "<") : 0;
	EVP_ENCODE_CTX *ctx = EVP_ENCODE_CTX_new();
	unsigned char *raw = sg_alloc(len + 8);
	int n = 0, rest = 0;

	EVP_DecodeInit(ctx);
	if (len && EVP_DecodeUpdate(ctx, raw, &n, (const unsigned char *)from, (int)len) >= 0 &&
	        EVP_DecodeFinal(ctx, raw + n, &rest) >= 0)
		sg_buf_set(ret, raw, (size_t)n + (size_t)rest);
	EVP_ENCODE_CTX_free(ctx);
	free(raw);
}

/* Puts a token into the signed document by an authority made for it, and the parts of it beside it. */
static int stamp(struct sg_buf *doc, const char *file)
{
	struct sg_clock clock = { 0 };
	struct sg_buf value = { 0 }, token = { 0 }, object = { 0 };
	const char *end = strstr((const char *)doc->data, "</Signature>");
	char *name_value = sg_format("%s.value", file), *name_root = sg_format("%s.pem", file), time[24];
	int r = -1;

	sg_os_clock(&clock);
	struct pki_spec spec = {
		.name = "Test Time Root",
		.from = clock.wall / 1000 - 86400,
		.to = clock.wall / 1000 + 3650LL * 86400,
		.constraints = "critical,CA:TRUE",
		.usage = "critical,keyCertSign,cRLSign",
	};
	struct pki_cert root = pki_make(&spec);
	spec.name = "Test Time Service";
	spec.issuer = &root;
	spec.constraints = "critical,CA:FALSE";
	spec.usage = "critical,digitalSignature";
	spec.extended = "critical,timeStamping";
	struct pki_cert service = pki_make(&spec);
	time_t now = (time_t)(clock.wall / 1000);

	strftime(time, sizeof time, "%Y%m%d%H%M%SZ", gmtime(&now));
	signature_of(doc, &value);
	if (end && value.len) {
		const struct stamp_spec how = { .signer = &service, .authority = &root, .time = time };

		stamp_token(sg_buf_bytes(&value), &how, &token);
		stamp_object(sg_buf_bytes(&token), NULL, 0, &object);
		sg_buf_insert(doc, (size_t)((const unsigned char *)end - doc->data), object.data, object.len);
		r = write_file(NULL, file, &token) | write_file(NULL, name_value, &value) |
		    write_cert(NULL, name_root, &root, NULL);
	}
	pki_cert_release(&service);
	pki_cert_release(&root);
	sg_buf_release(&value);
	sg_buf_release(&token);
	sg_buf_release(&object);
	free(name_value);
	free(name_root);
	return r;
}

static int sign(
        const char *key_file, const char *cert_file, const char *token, const char *in, const char *out)
{
	struct sg_buf doc = { 0 }, signed_doc = { 0 };
	X509 *certs[3] = { NULL };
	struct sign_spec spec = { .certs = certs };
	int r = -1;

	FILE *keys = fopen(key_file, "r"), *pems = fopen(cert_file, "r");
	if (!keys || !pems) {
		perror(keys ? cert_file : key_file);
		goto out;
	}
	spec.key = PEM_read_PrivateKey(keys, NULL, NULL, NULL);
	while (spec.n_certs < 3 && (certs[spec.n_certs] = PEM_read_X509(pems, NULL, NULL, NULL)))
		spec.n_certs++;
	if (!spec.key || spec.n_certs == 0) {
		fprintf(stderr, "sign-feed: no private key in %s, or no certificate in %s\n", key_file,
		        cert_file);
		goto out;
	}
	if (X509_check_private_key(certs[0], spec.key) != 1) {
		fprintf(stderr, "sign-feed: the first certificate of %s does not belong to %s\n", cert_file,
		        key_file);
		goto out;
	}
	if (read_file(in, &doc) == 0 && sign_xmldsig(sg_buf_bytes(&doc), &spec, &signed_doc) == 0 &&
	        (!token || stamp(&signed_doc, token) == 0))
		r = write_file(NULL, out, &signed_doc);
out:
	if (keys)
		fclose(keys);
	if (pems)
		fclose(pems);
	for (size_t i = 0; i < 3; i++)
		X509_free(certs[i]);
	EVP_PKEY_free(spec.key);
	sg_buf_release(&doc);
	sg_buf_release(&signed_doc);
	return r;
}

int main(int argc, char **argv)
{
	const char *key = NULL, *cert = NULL, *token = NULL;
	int i = 1;

	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		fputs(usage, stdout);
		return 0;
	}
	if (argc == 3 && strcmp(argv[1], "--make-chain") == 0)
		return make_chain(argv[2]) == 0 ? 0 : 1;
	for (; i + 1 < argc && argv[i][0] == '-'; i += 2) {
		if (strcmp(argv[i], "--key") == 0)
			key = argv[i + 1];
		else if (strcmp(argv[i], "--cert") == 0)
			cert = argv[i + 1];
		else if (strcmp(argv[i], "--token") == 0)
			token = argv[i + 1];
		else
			break;
	}
	if (!key || !cert || argc - i != 2) {
		fputs(usage, stderr);
		return 2;
	}
	return sign(key, cert, token, argv[i], argv[i + 1]) == 0 ? 0 : 1;
}
