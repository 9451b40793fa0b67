/* once.c - open, ask, close. Must not start threads: opening forks a child that checks the journal. */
#include "engine/once.h"
#include "base/os.h"

int sg_engine_once(const struct sg_engine_options *options, const char *method, const struct sg_val *params,
        const char *account, struct sg_val **ret_reply, struct sg_err *err)
{
	struct sg_file_id id;
	struct sg_engine *e = NULL;
	struct sg_err why = SG_ERR_INIT;
	struct sg_val *reply = NULL;
	int r;

	/* opening would make an empty journal, and an empty journal would say that there is nothing to give back */
	r = sg_os_stat(options->journal, &id, &why);
	if (r == SG_ENOENT)
		return sg_fail(err, r,
		        "there is no journal at %s: stopgap has changed nothing here, or its journal is "
		        "elsewhere (--journal "
		        "FOLDER)",
		        options->journal);
	if (r == 0)
		r = sg_engine_open(options, &e, &why);
	if (r == SG_EBUSY)
		return sg_fail(err, r,
		        "%s. stopgapd is running: use stopgapctl without --offline, or stop it first",
		        why.msg);
	if (r < 0)
		return sg_fail(err, r, "%s", why.msg);
	if (method)
		r = sg_engine_request(e, method, params, account, &reply, err);
	sg_engine_close(e);
	if (r == 0)
		*ret_reply = reply ? reply : sg_val_nil();
	return r;
}
