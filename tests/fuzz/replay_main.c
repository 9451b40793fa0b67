/* replay - gives each file of the folders named to the fuzz target that it is linked with. For every compiler and sanitizer, without a fuzzer. */
#include "tests/fuzz/fuzz.h"

#include "base/os.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t replay(const char *folder)
{
	DIR *dir = opendir(folder);
	const struct dirent *entry;
	size_t n = 0;

	while (dir && (entry = readdir(dir))) {
		char *path = sg_format("%s/%s", folder, entry->d_name);
		struct sg_buf octets = { 0 };

		if (entry->d_name[0] != '.' && sg_os_read(path, 16 << 20, &octets, NULL, NULL) == 0) {
			LLVMFuzzerTestOneInput(octets.data, octets.len);
			n++;
		}
		sg_buf_release(&octets);
		free(path);
	}
	if (dir)
		closedir(dir);
	return n;
}

int main(int argc, char **argv)
{
	LLVMFuzzerInitialize(&argc, &argv);
	for (int i = 1; i < argc; i++) {
		size_t n = replay(argv[i]);

		printf("%zu inputs of %s\n", n, strrchr(argv[i], '/') ? strrchr(argv[i], '/') + 1 : argv[i]);
		if (!n)
			return 1;
	}
	return argc > 1 ? 0 : 1;
}
