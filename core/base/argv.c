/* argv.c - see argv.h. Before a quote, and before the quote that ends the argument, a backslash counts as half of one; anywhere else it is itself. */
#include "base/argv.h"

#include <string.h>

static void backslashes(struct sg_buf *line, size_t n)
{
	while (n--)
		sg_buf_char(line, '\\');
}

void sg_argv_add(struct sg_buf *line, const char *arg)
{
	size_t run = 0;

	if (line->len)
		sg_buf_char(line, ' ');
	if (*arg && !strpbrk(arg, " \t\n\v\"")) {
		sg_buf_str(line, arg);
		return;
	}
	sg_buf_char(line, '"');
	for (; *arg; arg++) {
		if (*arg == '\\') {
			run++;
			continue;
		}
		backslashes(line, *arg == '"' ? 2 * run + 1 : run);
		run = 0;
		sg_buf_char(line, *arg);
	}
	backslashes(line, 2 * run);
	sg_buf_char(line, '"');
}
