/* rules_lab.c - see rules_lab.h. */
#include "tests/lib/rules_lab.h"

#include <stdlib.h>
#include <string.h>

void t_rules_put(struct t_ur *f, const char *file, const char *section)
{
	char *with = sg_format("<system.webServer>%s</system.webServer></configuration>", section);

	t_drive_replace(f->dir, file, "</configuration>", with);
	free(with);
}

int t_rules_others(struct t_ur *f, const char *config, struct sg_others *ret)
{
	t_ur_use(f, config);
	sg_err_clear(&f->err);
	return sg_actions_others(f->m, f->host, &f->drives, NULL, ret, &f->err);
}

bool t_rules_hold(struct sg_bytes s, const char *text)
{
	size_t n = strlen(text);

	for (size_t i = 0; i + n <= s.len; i++)
		if (memcmp(s.data + i, text, n) == 0)
			return true;
	return false;
}
