/* live_posix.c - here is no running Windows: sg_drives_live() never holds, and nothing asks. */
#include "actions/live.h"
#include "actions/run.h"

static int none(struct sg_err *err)
{
	return sg_fail(err, SG_EUNSUPPORTED, "this machine does not run Windows");
}

int sg_live_key(const char *path, struct sg_err *err)
{
	(void)path;
	return none(err);
}

int sg_live_subkeys(const char *path, struct sg_strs *ret, struct sg_err *err)
{
	(void)path, (void)ret;
	return none(err);
}

int sg_live_value(const char *path, const char *name, struct sg_hive_value *ret, struct sg_err *err)
{
	(void)path, (void)name, (void)ret;
	return none(err);
}

int sg_live_start(const char *service, uint32_t *ret, struct sg_err *err)
{
	(void)service, (void)ret;
	return none(err);
}

int sg_live_starts(struct sg_live_start **ret, size_t *ret_n, struct sg_err *err)
{
	(void)ret, (void)ret_n;
	return none(err);
}

void sg_live_starts_free(struct sg_live_start *list, size_t n)
{
	(void)list, (void)n;
}

int sg_live_set_start(const char *service, uint32_t from, uint32_t to, bool delayed, struct sg_err *err)
{
	(void)service, (void)from, (void)to, (void)delayed;
	return none(err);
}

int sg_live_flush(struct sg_err *err)
{
	return none(err);
}

bool sg_live_process(const char *const *names, size_t n, const char **ret)
{
	(void)names, (void)n, (void)ret;
	return false;
}

const struct sg_runner *sg_run_live(void)
{
	return &sg_run_offline;
}
