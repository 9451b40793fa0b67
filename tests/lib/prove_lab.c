/* prove_lab.c - see prove_lab.h. */
#include "tests/lib/prove_lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

char *t_prove_at(const struct t_ur *f, const char *file, const char *needle)
{
	struct sg_buf octets = { 0 };
	const char *found;
	unsigned line = 1;
	char *text;

	t_drive_read(f->dir, file, &octets);
	found = strstr((const char *)octets.data, needle);
	if (!found)
		fail_msg("%s does not hold %s", file, needle);
	for (const char *p = (const char *)octets.data; found && p < found; p++)
		line += *p == '\n';
	text = sg_format("%s:%u: ", file, line);
	sg_buf_release(&octets);
	return text;
}

bool t_prove_has_line(const struct t_ur *f, const char *text)
{
	for (size_t i = 0; i < f->proof.n; i++)
		if (strstr(f->proof.at[i].text, text))
			return true;
	return false;
}

void t_prove_show(const struct t_ur *f)
{
	print_message("effective %d: %s\n", f->proof.effective, f->proof.text ? f->proof.text : "");
	for (size_t i = 0; i < f->proof.n; i++)
		print_message("  %d %s\n", f->proof.at[i].passed, f->proof.at[i].text);
}
