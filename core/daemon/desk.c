/* desk.c - each request is judged first, then answered from memory or handed on. Must not wait and must not decide about mitigations. */
#include "daemon/desk.h"
#include "base/log.h"
#include "model/codes.h"
#include "model/state.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static int64_t wall_now(void)
{
	uv_timeval64_t tv = { 0 };

	uv_gettimeofday(&tv);
	return (int64_t)tv.tv_sec * 1000 + tv.tv_usec / 1000;
}

bool sg_desk_allows(const struct sg_desk *d, const struct sg_caller *caller, enum sg_right right)
{
	return sg_authorise(d->access, caller, right);
}

static struct sg_val *from_memory(const struct sg_desk *d, const struct sg_rpc_message *m)
{
	struct sg_buf text = { 0 };
	struct sg_val *reply;

	if (strcmp(m->method, "list") == 0)
		return sg_val_copy(d->snapshot->list);
	if (strcmp(m->method, "status") == 0) {
		reply = sg_val_copy(d->snapshot->status);
		sg_val_set_int(reply, "now", wall_now());
		sg_val_set_int(reply, "pid", uv_os_getpid());
		return reply;
	}
	sg_state_print(sg_val_get_bool(m->params, "dot", false) ? SG_PRINT_DOT : SG_PRINT_TEXT, &text);
	reply = sg_val_map();
	sg_val_set_str(reply, "schema", "stopgap.states.v1");
	sg_val_set(reply, "text", sg_val_strn((const char *)text.data, text.len));
	sg_buf_release(&text);
	return reply;
}

/* The params of all methods and what they are: a flag that some client writes as 1 must not be taken for "not given". */
static int check_types(const struct sg_val *params, struct sg_err *err)
{
	static const struct {
		const char *key;
		enum sg_val_type type;
		const char *name;
	} known[] = {
		{ "id", SG_VAL_STR, "text" },
		{ "feed", SG_VAL_STR, "text" },
		{ "how", SG_VAL_STR, "text" },
		{ "as", SG_VAL_STR, "text" },
		{ "reason", SG_VAL_STR, "text" },
		{ "ticket", SG_VAL_STR, "text" },
		{ "on_behalf_of", SG_VAL_STR, "text" },
		{ "name", SG_VAL_STR, "text" },
		{ "document", SG_VAL_BIN, "octets" },
		{ "signature", SG_VAL_BIN, "octets" },
		{ "until", SG_VAL_INT, "a number" },
		{ "from", SG_VAL_INT, "a number" },
		{ "to", SG_VAL_INT, "a number" },
		{ "limit", SG_VAL_INT, "a number" },
		{ "by_hand", SG_VAL_BOOL, "true or false" },
		{ "keep", SG_VAL_BOOL, "true or false" },
		{ "all", SG_VAL_BOOL, "true or false" },
		{ "dot", SG_VAL_BOOL, "true or false" },
	};

	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		const struct sg_val *v = sg_val_get(params, known[i].key);

		if (v && v->type != SG_VAL_NIL && v->type != known[i].type)
			return sg_fail(err, SG_EINVAL, "\"%s\" must be %s", known[i].key, known[i].name);
	}
	return 0;
}

static void deny(const struct sg_desk *d, uint64_t conn, const struct sg_caller *caller,
        const struct sg_rpc_message *m)
{
	struct sg_err err = SG_ERR_INIT;
	struct sg_val *data = sg_val_map();
	const char *who = sg_caller_account(caller);
	uint32_t left_out = 0;

	sg_val_set_str(data, "account", who);
	sg_val_set_int(data, "pid", caller->pid);
	sg_val_set_str(data, "method", m->method);
	if (sg_limit_pass(d->limit, SG_EV_DENIED, who, wall_now(), &left_out)) {
		if (left_out)
			sg_val_set_int(data, "left_out", left_out);
		sg_log(SG_WARNING, SG_EV_DENIED, data, "%s (process %" PRId64 ") may not ask for \"%s\"%s",
		        who, caller->pid, m->method,
		        left_out ? "; more of its requests before were refused and not said" : "");
	}
	sg_val_free(data);
	sg_fail(&err, SG_EACCES,
	        "%s may not ask for \"%s\": see <access> in the configuration, or ask as an administrator",
	        who, m->method);
	sg_control_error(d->control, conn, m->id, &err, SG_EXIT_DENIED);
}

/* Who may only read shares the engine with what protects: none keeps more of its reads waiting than this, for the lane or for a walk. */
static int check_waiting(const struct sg_desk *d, const struct sg_caller *caller,
        const struct sg_method *method, struct sg_err *err)
{
	const char *who = sg_caller_account(caller);

	if (method->right != SG_RIGHT_READ || method->by == SG_BY_SNAPSHOT || method->by == SG_BY_WATCH ||
	        sg_change_waiting(d->change, who) + sg_walks_waiting(d->walks, who) < SG_READS_WAITING)
		return 0;
	return sg_fail(err, SG_EBUSY,
	        "\"%s\" is not done: %d requests of %s that only read wait for their turn already, and no "
	        "account "
	        "may have more of them waiting; ask again once one of them is answered",
	        method->name, SG_READS_WAITING, who);
}

static struct sg_job *job_of(uint64_t conn, const struct sg_caller *caller, const struct sg_method *method,
        struct sg_rpc_message *m)
{
	struct sg_job *job = sg_job_new(SG_JOB_REQUEST);

	job->conn = conn;
	job->id = m->id;
	job->account = sg_strdup(sg_caller_account(caller));
	job->right = method->right;
	job->only_reads = method->by == SG_BY_READING;
	job->method = m->method;
	job->params = m->params;
	m->method = NULL;
	m->params = NULL;
	return job;
}

static void watch(const struct sg_desk *d, uint64_t conn, uint32_t id)
{
	struct sg_err err = SG_ERR_INIT;
	struct sg_val *reply;

	if (sg_control_watch(d->control, conn, &err) < 0) {
		sg_control_error(d->control, conn, id, &err, SG_EXIT_FAILED);
		return;
	}
	reply = sg_val_map();
	sg_val_set_str(reply, "schema", "stopgap.watch.v1");
	sg_val_set_int(reply, "now", wall_now());
	sg_control_result(d->control, conn, id, reply);
	sg_val_free(reply);
}

void sg_desk_take(
        const struct sg_desk *d, uint64_t conn, const struct sg_caller *caller, struct sg_rpc_message *m)
{
	const struct sg_method *method = sg_method_find(m->method);
	struct sg_err err = SG_ERR_INIT;
	struct sg_val *reply;

	if (!sg_desk_allows(d, caller, method ? method->right : SG_RIGHT_READ)) {
		deny(d, conn, caller, m);
		return;
	}
	if (!method || check_types(m->params, &err) < 0) {
		sg_fail(&err, SG_EINVAL, "there is no method \"%s\"", m->method);
		sg_control_error(d->control, conn, m->id, &err, SG_EXIT_USAGE);
		return;
	}
	if (check_waiting(d, caller, method, &err) < 0) {
		sg_control_error(d->control, conn, m->id, &err, sg_exit_of(err.code));
		return;
	}
	switch (method->by) {
	case SG_BY_SNAPSHOT:
		reply = from_memory(d, m);
		sg_control_result(d->control, conn, m->id, reply);
		sg_val_free(reply);
		break;
	case SG_BY_WATCH: watch(d, conn, m->id); break;
	case SG_BY_DOCTOR: sg_walks_add(d->walks, job_of(conn, caller, method, m)); break;
	case SG_BY_READING:
	case SG_BY_ENGINE:
	case SG_BY_REFRESH: sg_change_add(d->change, job_of(conn, caller, method, m)); break;
	}
}
