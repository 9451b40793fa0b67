#include "tests/fuzz/fuzz.h"

#include "base/os.h"
#include "feed/verify.h"
#include <stdio.h>
#include <stdlib.h>

static struct sg_anchor root, authority;

void fuzz_broken(const char *what)
{
	fprintf(stderr, "broken: %s\n", what);
	abort();
}

void fuzz_seed(const char *name, struct sg_buf *ret)
{
	char *path = sg_format("%s/tests/fuzz/seed/%s", SG_SOURCE_DIR, name);

	if (sg_os_read(path, 1 << 20, ret, NULL, NULL))
		fuzz_broken(path);
	free(path);
}

void fuzz_init(void)
{
	static char names[2][8] = { "corp", "time" };

	if (root.pem.len)
		return;
	if (sg_verify_init(NULL))
		fuzz_broken("nothing can be verified");
	root.name = names[0];
	authority.name = names[1];
	fuzz_seed("root.pem", &root.pem);
	fuzz_seed("time.pem", &authority.pem);
}

struct sg_feed_rules fuzz_rules(bool later)
{
	struct sg_feed_rules rules = { .name = "corp", .anchors = &root, .n_anchors = 1, .now = FUZZ_NOW };

	if (later) {
		rules.eocs = true;
		rules.now += 2 * 365 * 24 * 3600 * INT64_C(1000);
		rules.stamps = &authority;
		rules.n_stamps = 1;
	}
	return rules;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	fuzz_init();
	return 0;
}
