/* folder_lab.c - see folder_lab.h. */
#include "tests/lib/folder_lab.h"

#include "base/os.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

static char folder[] = "/tmp/sg-test-XXXXXX";

int t_folder_make(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

int t_folder_remove(void **state)
{
	(void)state;
	return sg_os_remove_tree(folder, NULL);
}

const char *t_folder(void)
{
	return folder;
}

const char *t_at(const char *name)
{
	static char paths[8][256];
	static int next;

	next = (next + 1) % 8;
	snprintf(paths[next], sizeof paths[next], "%s/%s", folder, name);
	return paths[next];
}

void t_put(const char *path, const char *text)
{
	assert_int_equal(sg_os_create(path, sg_bytes_of(text), NULL, NULL), 0);
}

void assert_holds(const char *path, const char *text)
{
	struct sg_buf buf = { 0 };

	assert_int_equal(sg_os_read(path, 1 << 20, &buf, NULL, NULL), 0);
	assert_string_equal((char *)buf.data, text);
	sg_buf_release(&buf);
}
