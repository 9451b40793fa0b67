/* hash.c - SHA-256 through libcrypto's EVP. A digest that fails ends the process: nothing is compared with zeros. */
#include "base/hash.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct sg_hash sg_sha256(struct sg_bytes data)
{
	return sg_sha256_2(data, (struct sg_bytes){ 0 });
}

struct sg_hash sg_sha256_2(struct sg_bytes a, struct sg_bytes b)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	struct sg_hash h = { 0 };
	unsigned int len = 0;

	if (!ctx || EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) != 1 ||
	        (a.len && EVP_DigestUpdate(ctx, a.data, a.len) != 1) ||
	        (b.len && EVP_DigestUpdate(ctx, b.data, b.len) != 1) ||
	        EVP_DigestFinal_ex(ctx, h.b, &len) != 1 || len != sizeof h.b) {
		fprintf(stderr, "stopgap: libcrypto gives no SHA-256\n");
		_Exit(70);
	}
	EVP_MD_CTX_free(ctx);
	return h;
}

bool sg_hash_equal(const struct sg_hash *a, const struct sg_hash *b)
{
	return memcmp(a->b, b->b, sizeof a->b) == 0;
}

bool sg_hash_is_zero(const struct sg_hash *h)
{
	static const struct sg_hash zero;

	return sg_hash_equal(h, &zero);
}

void sg_hash_hex(const struct sg_hash *h, char out[65])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < sizeof h->b; i++) {
		out[2 * i] = digits[h->b[i] >> 4];
		out[2 * i + 1] = digits[h->b[i] & 15];
	}
	out[64] = 0;
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool sg_hash_from_hex(const char *hex, struct sg_hash *ret)
{
	struct sg_hash h;

	for (size_t i = 0; i < sizeof h.b; i++) {
		int hi = digit(hex[2 * i]);
		int lo = hi < 0 ? -1 : digit(hex[2 * i + 1]);

		if (lo < 0)
			return false;
		h.b[i] = (unsigned char)(hi << 4 | lo);
	}
	if (hex[64])
		return false;
	*ret = h;
	return true;
}
