/* fuzz_feed.c - any octets as a document: nothing breaks, nothing is believed that the seeds' signer did not sign, and what is read of octets that need
 * no signature can be read again and is the same. */
#include "tests/fuzz/fuzz.h"
#include "tests/lib/as_canonical.h"
#include "tests/lib/canon_agree.h"
#include "tests/lib/canon_reference.h"

#include "feed/verify.h"
#include <stdlib.h>
#include <string.h>

/* The octets that the seeds' signer signed, as they are verified. */
static struct sg_verified *known(void)
{
	static struct sg_verified good[2];
	static bool done;

	for (size_t i = 0; !done && i < 2; i++) {
		struct sg_feed_rules rules = fuzz_rules(i == 1);
		struct sg_buf seed = { 0 };
		int event;

		fuzz_seed(i ? "stamped.xml" : "signed.xml", &seed);
		if (sg_verify_xmldsig(sg_buf_bytes(&seed), &rules, &good[i], &event, NULL))
			fuzz_broken("a seed does not verify");
		sg_buf_release(&seed);
	}
	done = true;
	return good;
}

static void as_signed(struct sg_bytes document, bool later)
{
	struct sg_feed_rules rules = fuzz_rules(later);
	const struct sg_verified *good = known();
	struct sg_verified v = { 0 };
	struct sg_err err = SG_ERR_INIT;
	int event = 0, r = sg_verify_xmldsig(document, &rules, &v, &event, &err);

	if (r ? !event || !err.msg[0] || v.octets.data : false)
		fuzz_broken("a refusal without event or words");
	if (!r && !sg_bytes_equal(sg_buf_bytes(&v.octets), sg_buf_bytes(&good[0].octets)) &&
	        !sg_bytes_equal(sg_buf_bytes(&v.octets), sg_buf_bytes(&good[1].octets)))
		fuzz_broken("octets were verified that nobody signed");
	sg_verified_release(&v);
}

static void as_text(struct sg_bytes document, bool later)
{
	struct sg_feed_rules rules = fuzz_rules(later);
	struct sg_feed *feed = NULL;
	struct sg_err err = SG_ERR_INIT;
	int event = 0, r = decode_feed(document, &rules, &feed, &event, &err);

	if (r ? !event || !err.msg[0] || feed != NULL : !feed)
		fuzz_broken("a refusal without event or words");
	for (size_t i = 0; feed && i < feed->n; i++) {
		const struct sg_mitigation *m = feed->at[i];
		struct sg_mitigation *again = NULL;

		if (sg_mitigation_decode("corp", sg_buf_bytes(&m->body), &again, NULL))
			fuzz_broken("a mitigation that was read cannot be read again");
		if (strcmp(again->id, m->id) != 0 || !sg_hash_equal(&again->hash, &m->hash) ||
		        again->n_actions != m->n_actions)
			fuzz_broken("a mitigation is another one when it is read again");
		sg_mitigation_free(again);
	}
	sg_feed_free(feed);
}

/* Our canonical form is libxml2's, or neither has one. */
static void same_form(struct sg_bytes document)
{
	struct sg_buf ours = { 0 }, theirs = { 0 };
	xmlDoc *tree = NULL;

	if (sg_xml_parse(document, "it", &sg_xml_feed_limits, &tree, NULL))
		return;
	if (!canon_reference_differs(xmlDocGetRootElement(tree))) {
		bool good = canon_reference(tree, &theirs);

		if ((sg_xml_octets(xmlDocGetRootElement(tree), &ours, NULL) == 0) != good ||
		        (good && !sg_bytes_equal(sg_buf_bytes(&ours), sg_buf_bytes(&theirs))))
			fuzz_broken("a canonical form that libxml2 does not write");
	}
	sg_buf_release(&ours);
	sg_buf_release(&theirs);
	xmlFreeDoc(tree);
}

/* What the reader of canonical octets accepts is canonical, and libxml2 reads the same in it; and it accepts every canonical form. */
static void same_reading(struct sg_bytes document)
{
	struct sg_buf octets = { 0 };
	struct sg_canon tree = { 0 };
	bool read;
	const char *wrong = canon_agree_document(document, &read);

	if (!wrong && as_canonical(document, &octets, NULL) == 0)
		wrong = canon_agree_document(sg_buf_bytes(&octets), &read);
	if (wrong)
		fuzz_broken(wrong);
	if (octets.len && sg_canon_read(sg_buf_bytes(&octets), &sg_xml_feed_limits, &tree, NULL) != 0 &&
	        sg_xml_prescan(sg_buf_bytes(&octets), &sg_xml_feed_limits, NULL) == 0)
		fuzz_broken("a canonical form that is not read");
	sg_canon_release(&tree);
	sg_buf_release(&octets);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sg_buf copy = { 0 }; /* as long as it is, so that every octet behind it is somebody else's */

	fuzz_init();
	sg_buf_set(&copy, data, size);
	for (int later = 0; later < 2; later++) {
		as_signed(sg_buf_bytes(&copy), later);
		as_text(sg_buf_bytes(&copy), later);
	}
	same_form(sg_buf_bytes(&copy));
	same_reading(sg_buf_bytes(&copy));
	sg_buf_release(&copy);
	return 0;
}
