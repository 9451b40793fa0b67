/* registry.c - one way to ask, two that answer. See registry.h. */
#include "actions/live.h"
#include "actions/registry.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

struct sg_registry {
	enum sg_registry_root root;
	bool live;
	struct sg_hive hive;
	char *doubt;
};

static const struct {
	const char *hive, *key;
} roots[] = {
	[SG_REGISTRY_SOFTWARE] = { SG_HIVE_SOFTWARE, "SOFTWARE" },
	[SG_REGISTRY_SYSTEM] = { SG_HIVE_SYSTEM, "SYSTEM" },
};

int sg_registry_open(const struct sg_drives *drives, enum sg_registry_root root, struct sg_registry **ret,
        struct sg_err *err)
{
	struct sg_registry *r = sg_alloc(sizeof(*r));
	int code;

	r->root = root;
	r->live = sg_drives_live(drives);
	code = r->live ? sg_live_key(roots[root].key, err)
	               : sg_hive_load(drives, roots[root].hive, &r->hive, err);
	if (code) {
		sg_registry_close(r);
		return code;
	}
	if (r->hive.unclean)
		r->doubt = sg_format("%s: %s", r->hive.name, r->hive.unclean);
	*ret = r;
	return 0;
}

void sg_registry_close(struct sg_registry *r)
{
	if (!r)
		return;
	sg_hive_release(&r->hive);
	free(r->doubt);
	free(r);
}

const char *sg_registry_doubt(const struct sg_registry *r)
{
	return r->doubt;
}

/* Of a hive: the key; Windows's own registry has the link CurrentControlSet itself. */
static int find(const struct sg_registry *r, const char *path, uint32_t *ret, struct sg_err *err)
{
	static const char current[] = "CurrentControlSet";
	size_t len = sizeof(current) - 1;
	uint32_t from = r->hive.root;
	unsigned number;
	int code = 0;

	if (r->root == SG_REGISTRY_SYSTEM && sg_same_n(path, current, len) &&
	        (!path[len] || path[len] == '\\')) {
		code = sg_hive_control_set(&r->hive, &from, &number, err);
		path += len + (path[len] == '\\');
	}
	if (!code && !*path)
		*ret = from;
	return code || !*path ? code : sg_hive_key(&r->hive, from, path, ret, err);
}

static char *whole(const struct sg_registry *r, const char *path)
{
	return sg_format("%s\\%s", roots[r->root].key, path);
}

bool sg_registry_has(const struct sg_registry *r, const char *path)
{
	char *key = whole(r, path);
	uint32_t at;
	bool has = r->live ? sg_live_key(key, NULL) == 0 : find(r, path, &at, NULL) == 0;

	free(key);
	return has;
}

int sg_registry_subkeys(
        const struct sg_registry *r, const char *path, struct sg_strs *ret, struct sg_err *err)
{
	char *key = whole(r, path);
	uint32_t at = 0;
	int code;

	if (r->live) {
		code = sg_live_subkeys(key, ret, err);
	} else {
		code = find(r, path, &at, err);
		if (!code)
			code = sg_hive_subkeys(&r->hive, at, ret, err);
	}
	free(key);
	return code;
}

int sg_registry_value(const struct sg_registry *r, const char *path, const char *name,
        struct sg_hive_value *ret, struct sg_err *err)
{
	char *key = whole(r, path);
	uint32_t at = 0;
	int code;

	if (r->live) {
		code = sg_live_value(key, name, ret, err);
	} else {
		code = find(r, path, &at, err);
		if (!code)
			code = sg_hive_value(&r->hive, at, name, ret, err);
	}
	free(key);
	return code;
}

static const char *where(const struct sg_registry *r)
{
	return r->live ? roots[r->root].key : r->hive.name;
}

int sg_registry_dword(
        const struct sg_registry *r, const char *path, const char *name, uint32_t *ret, struct sg_err *err)
{
	struct sg_hive_value v = { 0 };
	int code = sg_registry_value(r, path, name, &v, err);

	if (!code)
		code = sg_hive_value_dword(&v, where(r), name, ret, err);
	sg_hive_value_release(&v);
	return code;
}

int sg_registry_string(
        const struct sg_registry *r, const char *path, const char *name, char **ret, struct sg_err *err)
{
	struct sg_hive_value v = { 0 };
	int code = sg_registry_value(r, path, name, &v, err);

	if (!code)
		code = sg_hive_value_string(&v, where(r), name, ret, err);
	sg_hive_value_release(&v);
	return code;
}
