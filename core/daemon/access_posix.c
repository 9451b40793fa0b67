/* access_posix.c - looks the accounts of <access> up in the system's user and group databases. Blocking; never on the loop's thread. */
#include "daemon/access.h"

#include <errno.h>
#include <grp.h>
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

static int add_group(const char *name, struct sg_ids *gids, struct sg_err *err)
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
	sg_ids_add(gids, gid);
	return 0;
}

static int add_user(const char *name, struct sg_ids *uids, struct sg_err *err)
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
	sg_ids_add(uids, uid);
	return 0;
}

static int add_list(const char *list, struct sg_ids *uids, struct sg_ids *gids, struct sg_err *err)
{
	char *copy = sg_strdup(list ? list : ""), *rest = copy, *item;
	int r = 0;

	while (r == 0 && (item = strsep(&rest, ",")) != NULL) {
		size_t len;

		item += strspn(item, " \t\r\n");
		for (len = strlen(item); len && strchr(" \t\r\n", item[len - 1]);)
			item[--len] = 0;
		if (*item == '%')
			r = add_group(item + 1, gids, err);
		else if (*item)
			r = add_user(item, uids, err);
	}
	free(copy);
	return r;
}

int sg_access_resolve(const char *read, const char *change, struct sg_access **ret, struct sg_err *err)
{
	struct sg_access *a = sg_alloc(sizeof *a);
	int r;

	a->self = (uint32_t)geteuid();
	r = add_list(read, &a->read_uids, &a->read_gids, err);
	if (r == 0)
		r = add_list(change, &a->change_uids, &a->change_gids, err);
	if (r < 0) {
		sg_access_free(a);
		return r;
	}
	*ret = a;
	return 0;
}

char *sg_access_account(uint32_t uid)
{
	struct passwd *p = getpwuid((uid_t)uid);

	return p ? sg_format("uid %u (%s)", uid, p->pw_name) : sg_format("uid %u", uid);
}
