/* iis_lab.c - see iis_lab.h. */
#include "tests/lib/iis_lab.h"
#include "actions/iis_effective.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

int t_iis_setup(void **state)
{
	struct t_iis *f = sg_alloc(sizeof(*f));

	f->dir = t_drive_make();
	t_drive_drives(f->dir, &f->drives);
	*state = f;
	return 0;
}

static void drop_places(struct t_iis *f)
{
	for (size_t i = 0; i < f->n; i++)
		sg_iis_place_release(&f->places[i]);
	free(f->places);
	f->places = NULL;
	f->n = 0;
}

int t_iis_teardown(void **state)
{
	struct t_iis *f = *state;

	drop_places(f);
	sg_iis_free(f->iis);
	sg_drives_release(&f->drives);
	t_drive_free(f->dir);
	free(f);
	return 0;
}

int t_iis_reread(struct t_iis *f)
{
	sg_iis_free(f->iis);
	f->iis = NULL;
	sg_err_clear(&f->err);
	return sg_iis_read(&f->drives, &f->iis, &f->err);
}

int t_iis_places(struct t_iis *f, const char *sites, const char *path, bool inherit)
{
	drop_places(f);
	if (!f->iis)
		assert_int_equal(t_iis_reread(f), 0);
	sg_err_clear(&f->err);
	return sg_iis_places(f->iis, &f->drives, sites, path, inherit, &f->places, &f->n, &f->err);
}

/* The only t_iis_place, read again. */
const struct sg_iis_place *t_iis_place(struct t_iis *f, const char *site, const char *path, bool inherit)
{
	assert_int_equal(t_iis_reread(f), 0);
	if (t_iis_places(f, site, path, inherit))
		fail_msg("%s", f->err.msg);
	assert_int_equal(f->n, 1);
	return &f->places[0];
}

int t_iis_may_write(struct t_iis *f, const struct sg_iis_place *p, const char *section)
{
	struct sg_iis_item item = { section, "", "rule", "name", NAME, true };
	struct sg_iis_files *files = sg_iis_files_new(f->iis, &f->drives);
	int r;

	sg_err_clear(&f->err);
	r = sg_iis_may_write(files, p, &item, &f->err);
	sg_iis_files_free(files);
	return r;
}

int t_iis_names_free(struct t_iis *f, const struct sg_iis_place *p, const struct sg_iis_item *item,
        const struct sg_addr *own, size_t n_own)
{
	struct sg_iis_files *files = sg_iis_files_new(f->iis, &f->drives);
	int r;

	sg_err_clear(&f->err);
	r = sg_iis_names_free(f->iis, files, p, item, 1, own, n_own, &f->err);
	sg_iis_files_free(files);
	return r;
}

int t_iis_name_free(struct t_iis *f, const struct sg_iis_place *p)
{
	struct sg_iis_item item = { RULES, "", "rule", "name", NAME, true };

	return t_iis_names_free(f, p, &item, NULL, 0);
}

void t_iis_says(const struct t_iis *f, const char *text)
{
	if (!strstr(f->err.msg, text))
		fail_msg("\"%s\" does not say \"%s\"", f->err.msg, text);
}
