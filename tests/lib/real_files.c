/* real_files.c - see real_files.h. */
#include "tests/lib/real_files.h"

#include "base/os.h"
#include "tests/lib/drive.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

char *t_real_path(const char *name)
{
	const char *folder = getenv("STOPGAP_DATA");

	return sg_format("%s/%s", folder ? folder : SG_SOURCE_DIR "/../shared/data", name);
}

bool t_real_read(const char *name, struct sg_buf *ret)
{
	char *path = t_real_path(name);
	bool there = sg_os_read(path, 64u << 20, ret, NULL, NULL) == 0;

	if (!there)
		print_message("skipped: %s is not at hand\n", path);
	free(path);
	return there;
}

bool t_real_take(const char *dir, const char *file, const char *win)
{
	char *name = sg_format("iis/%s", file);
	struct sg_buf octets = { 0 };
	bool there = t_real_read(name, &octets);

	if (there)
		t_drive_write(dir, win, sg_buf_bytes(&octets));
	sg_buf_release(&octets);
	free(name);
	return there;
}
