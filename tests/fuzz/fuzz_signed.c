/* fuzz_signed.c - any octets as one part of what a lying first half hands over, or as a detached signature or a revocation list: DER of all kinds meets
 * the privileged half, and nothing but the seeds' octets is ever believed. The first octet says which part. */
#include "tests/fuzz/fuzz.h"

#include "feed/verify.h"
#include <stdlib.h>
#include <string.h>

enum { OCTETS, INFO, VALUE, LEAF, MIDDLE, STAMP, STAMP_CERT, CMS, CRL, PARTS };

static void give(struct sg_buf *to, struct sg_bytes from)
{
	sg_buf_set(to, from.data, from.len);
}

static void take(const char *seed, bool eocs, struct sg_signed *ret)
{
	struct sg_buf doc = { 0 };
	int event;

	fuzz_seed(seed, &doc);
	if (sg_verify_take(sg_buf_bytes(&doc), eocs, "corp", ret, &event, NULL))
		fuzz_broken("a seed cannot be taken");
	sg_buf_release(&doc);
}

static void copy(const struct sg_signed *from, struct sg_signed *ret)
{
	give(&ret->octets, sg_buf_bytes(&from->octets));
	give(&ret->signed_info, sg_buf_bytes(&from->signed_info));
	give(&ret->value, sg_buf_bytes(&from->value));
	for (size_t i = 0; i < from->certs.n; i++)
		give(sg_bufs_add(&ret->certs), sg_buf_bytes(&from->certs.at[i]));
	give(&ret->stamp, sg_buf_bytes(&from->stamp));
}

static void say(unsigned part, struct sg_bytes input)
{
	static struct sg_signed good[2];
	struct sg_feed_rules rules;
	struct sg_signed said = { 0 };
	struct sg_verified v = { 0 };
	struct sg_buf list = { 0 };
	bool later = part == STAMP || part == STAMP_CERT;
	int event = 0;

	if (!good[0].octets.len) {
		take("signed.xml", false, &good[0]);
		take("stamped.xml", true, &good[1]);
	}
	rules = fuzz_rules(later);
	copy(&good[later], &said);
	switch (part) {
	case OCTETS: give(&said.octets, input); break;
	case INFO: give(&said.signed_info, input); break;
	case VALUE: give(&said.value, input); break;
	case LEAF: give(&said.certs.at[0], input); break;
	case MIDDLE: give(&said.certs.at[1], input); break;
	case STAMP: give(&said.stamp, input); break;
	case STAMP_CERT: give(sg_bufs_add(&said.stamp_certs), input); break;
	default:
		give(&list, input);
		rules.crls = &list;
		rules.n_crls = 1;
	}
	if (sg_verify_signed(&said, &rules, &v, &event, NULL) == 0 &&
	        !sg_bytes_equal(sg_buf_bytes(&v.octets), sg_buf_bytes(&good[later].octets)))
		fuzz_broken("octets were believed that nobody signed");
	sg_verified_release(&v);
	sg_signed_release(&said);
	sg_buf_release(&list);
}

static void detached(struct sg_bytes input)
{
	static struct sg_buf doc;
	struct sg_feed_rules rules = fuzz_rules(false);
	struct sg_verified v = { 0 };
	int event = 0;

	if (!doc.len)
		fuzz_seed("signed.xml", &doc);
	rules.cms = input;
	if (sg_verify_cms(sg_buf_bytes(&doc), &rules, &v, &event, NULL) == 0 &&
	        (!v.signer || v.octets.len != doc.len))
		fuzz_broken("a detached signature holds, and nobody made it");
	sg_verified_release(&v);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sg_buf rest = { 0 };

	if (!size || data[0] >= PARTS)
		return 0;
	fuzz_init();
	sg_buf_set(&rest, data + 1, size - 1);
	if (data[0] == CMS)
		detached(sg_buf_bytes(&rest));
	else
		say(data[0], sg_buf_bytes(&rest));
	sg_buf_release(&rest);
	return 0;
}
