/* doctor.c - what keeps this server from being protected, check by check, with what to do about each. Changes no row and nothing that is held: its files say what
 * they touch.
 */
#include "engine/doctor_parts.h"

#include <stdlib.h>

static const char *const names[SG_CHECKS] = { "ok", "warn", "fail", "unknown" };

void sg_doctor_check(
        struct sg_doctor *d, const char *name, enum sg_check status, const char *cure, const char *fmt, ...)
{
	struct sg_val *m = sg_val_push(d->checks, sg_val_map());
	struct sg_buf text = { 0 };
	va_list ap;

	va_start(ap, fmt);
	sg_buf_vfmt(&text, fmt, ap);
	va_end(ap);
	sg_val_set_str(m, "check", name);
	sg_val_set_str(m, "status", names[status]);
	sg_val_set_str(m, "text", (const char *)text.data);
	sg_val_set_str(m, "cure", cure);
	sg_buf_release(&text);
	d->n[status]++;
}

int sg_report_doctor(struct sg_engine *e, const struct sg_world *w, struct sg_val **ret, struct sg_err *err)
{
	struct sg_doctor d = { .e = e, .w = w };
	struct sg_val *v = sg_val_map();
	int64_t all = 0;
	char *text;

	(void)err;
	sg_val_set_str(v, "schema", "stopgap.doctor.v1");
	d.checks = sg_val_set(v, "checks", sg_val_array());
	d.path = sg_val_set(v, "path", sg_val_array());
	sg_doctor_host(&d);
	sg_doctor_feeds(&d);
	sg_doctor_targets(&d);
	for (int i = 0; i < SG_CHECKS; i++) {
		sg_val_set_int(v, names[i], d.n[i]);
		all += d.n[i];
	}
	text = d.n[SG_CHECK_FAIL] ? sg_format("%lld of %lld checks failed", (long long)d.n[SG_CHECK_FAIL],
	                                    (long long)all)
	       : d.n[SG_CHECK_WARN]
	               ? sg_format("nothing failed; %lld to look at", (long long)d.n[SG_CHECK_WARN])
	       : d.n[SG_CHECK_UNKNOWN]
	               ? sg_format("nothing failed; %lld cannot be told", (long long)d.n[SG_CHECK_UNKNOWN])
	               : sg_strdup("nothing is wrong");
	sg_val_set_str(v, "text", text);
	free(text);
	*ret = v;
	return 0;
}

int sg_engine_doctor(struct sg_engine *e, struct sg_walk *walks, size_t n, const struct sg_val *params,
        const char *account, struct sg_val **ret_reply, struct sg_err *err)
{
	int code;

	e->walks = walks;
	e->n_walks = n;
	code = sg_engine_request(e, "doctor", params, account, ret_reply, err);
	e->walks = NULL;
	e->n_walks = 0;
	return code;
}
