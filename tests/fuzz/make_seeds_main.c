/* make-seeds - writes seed/: signed documents, their detached signature, a revocation list and the anchors, all by keys that end with this process.
 * And the first inputs of both targets. Run it only to start anew: inputs that were found with other seeds say less about these. */
#include "tests/lib/attack.h"

#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void put(const char *folder, const char *name, int part, struct sg_bytes octets)
{
	char *path = sg_format("%s/%s", folder, name);
	FILE *f = fopen(path, "wb");

	if (!f || (part >= 0 && fputc(part, f) < 0) || fwrite(octets.data, 1, octets.len, f) != octets.len ||
	        fclose(f)) {
		perror(path);
		exit(1);
	}
	free(path);
}

int main(int argc, char **argv)
{
	static const char *const parts[] = { "octets", "info", "value", "leaf", "middle", "stamp",
		"stamp-cert", "cms", "crl" };
	struct sg_signed good = { 0 }, later = { 0 };
	struct sg_buf cms = { 0 }, crl = { 0 }, der = { 0 };
	struct stamp_spec stamp = { 0 };
	int event;
	char *stamped;

	if (argc != 4 || attack_set_up(NULL)) {
		fprintf(stderr, "usage: make-seeds SEED-FOLDER FEED-CORPUS SIGNED-CORPUS\n");
		return 2;
	}
	stamped = attack_stamped(attack_em_plain, &stamp);
	attack_sign_cms(fix_good, (struct sign_cms_spec){ 0 }, &cms);
	attack_crl(&fix_pki.middle, fix_pki.leaf.x509, FIX_NOW / 1000 - 86400, FIX_NOW / 1000 + 86400, &crl);
	attack_der(attack_authority.x509, &der);
	if (sg_verify_take(sg_bytes_of(fix_good), false, "corp", &good, &event, NULL) ||
	        sg_verify_take(sg_bytes_of(stamped), true, "corp", &later, &event, NULL))
		return 1;
	put(argv[1], "signed.xml", -1, sg_bytes_of(fix_good));
	put(argv[1], "stamped.xml", -1, sg_bytes_of(stamped));
	put(argv[1], "root.pem", -1, sg_buf_bytes(&fix_anchors[0].pem));
	put(argv[1], "time.pem", -1, sg_buf_bytes(&attack_stamp_anchor.pem));
	put(argv[2], "signed", -1, sg_bytes_of(fix_good));
	put(argv[2], "stamped", -1, sg_bytes_of(stamped));
	put(argv[2], "plain", -1, sg_bytes_of(fix_plain));
	{
		struct sg_bytes of[] = { sg_buf_bytes(&good.octets), sg_buf_bytes(&good.signed_info),
			sg_buf_bytes(&good.value), sg_buf_bytes(&good.certs.at[0]),
			sg_buf_bytes(&good.certs.at[1]), sg_buf_bytes(&later.stamp), sg_buf_bytes(&der),
			sg_buf_bytes(&cms), sg_buf_bytes(&crl) };

		for (int i = 0; i < (int)(sizeof of / sizeof *of); i++)
			put(argv[3], parts[i], i, of[i]);
	}
	sg_signed_release(&good);
	sg_signed_release(&later);
	sg_buf_release(&cms);
	sg_buf_release(&crl);
	sg_buf_release(&der);
	free(stamped);
	return attack_tear_down(NULL);
}
