/* access_posix.c - looks the accounts of <access> up in the system's user and group databases. Blocking; never on the loop's thread. */
#include "daemon/access.h"

#include <errno.h>
#include <grp.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool number(const char *s, uint32_t *ret)
{
	char *end;
	unsigned long n;

	if (!*s || strspn(s, "0123456789") != strlen(s))
		return false;
	errno = 0;
	n = strtoul(s, &end, 10);
	/* (uid_t)-1 means "nobody in particular" in many calls */
	if (errno || n >= UINT32_MAX)
		return false;
	*ret = (uint32_t)n;
	return true;
}

static void add_id(struct sg_strs *ids, const char *kind, uint32_t number)
{
	char *id = sg_format("%s %" PRIu32, kind, number);

	sg_strs_add_once(ids, id);
	free(id);
}

static int add_group(const char *name, struct sg_strs *ids, struct sg_err *err)
{
	struct group *g;
	uint32_t gid;

	if (!number(name, &gid)) {
		g = getgrnam(name);
		if (!g)
			return sg_fail(
			        err, SG_EINVAL, "<access>: there is no group \"%s\" on this machine", name);
		gid = g->gr_gid;
	}
	add_id(ids, "gid", gid);
	return 0;
}

static int add_user(const char *name, struct sg_strs *ids, struct sg_err *err)
{
	struct passwd *p;
	uint32_t uid;

	if (!number(name, &uid)) {
		p = getpwnam(name);
		if (!p)
			return sg_fail(err, SG_EINVAL,
			        "<access>: there is no account \"%s\" on this machine (a group is written "
			        "%%%s)",
			        name, name);
		uid = p->pw_uid;
	}
	add_id(ids, "uid", uid);
	return 0;
}

static int add_list(const char *list, struct sg_strs *ids, struct sg_err *err)
{
	char *copy = sg_strdup(list ? list : ""), *rest = copy, *item;
	int r = 0;

	while (r == 0 && (item = strsep(&rest, ",")) != NULL) {
		size_t len;

		item += strspn(item, " \t\r\n");
		for (len = strlen(item); len && strchr(" \t\r\n", item[len - 1]);)
			item[--len] = 0;
		if (*item == '%')
			r = add_group(item + 1, ids, err);
		else if (*item)
			r = add_user(item, ids, err);
	}
	free(copy);
	return r;
}

int sg_access_resolve(
        const char *read, const char *change, bool remote, struct sg_access **ret, struct sg_err *err)
{
	struct sg_access *a = sg_alloc(sizeof *a);
	int r;

	(void)remote;
	add_id(&a->always, "uid", 0);
	add_id(&a->always, "uid", (uint32_t)geteuid());
	r = add_list(read, &a->read, err);
	if (r == 0)
		r = add_list(change, &a->change, err);
	if (r < 0) {
		sg_access_free(a);
		return r;
	}
	*ret = a;
	return 0;
}

char *sg_access_self(void)
{
	return sg_format("uid %" PRIu32, (uint32_t)geteuid());
}

char *sg_access_account(const char *id)
{
	uint32_t uid;
	struct passwd *p = strncmp(id, "uid ", 4) == 0 && number(id + 4, &uid) ? getpwuid((uid_t)uid) : NULL;

	return p ? sg_format("%s (%s)", id, p->pw_name) : sg_strdup(id);
}

int sg_access_check_file(const char *file, struct sg_err *err)
{
	(void)file;
	(void)err;
	return 0;
}

void sg_access_mend(bool live, const char *journal, struct sg_strs *ret_put_back, struct sg_strs *ret_left)
{
	(void)live;
	(void)journal;
	(void)ret_put_back;
	(void)ret_left;
}

void sg_access_mend_around(const char *file, struct sg_strs *ret_put_back, struct sg_strs *ret_left)
{
	(void)file;
	(void)ret_put_back;
	(void)ret_left;
}
