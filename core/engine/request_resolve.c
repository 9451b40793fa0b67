/* request_resolve.c - what a person decides about a mitigation that is blocked: look again, write ours, or leave what is there. */
#include "engine/request_parts.h"

#include <string.h>

static int take_over(struct sg_request *r)
{
	const struct sg_hash *hash = sg_hash_is_zero(&r->row->applied) ? &r->row->offered : &r->row->applied;
	struct sg_member member = { .row = r->row,
		.m = sg_engine_body(r->e, r->row->key.feed, hash, r->err) };
	struct sg_ctx ctx;

	if (!member.m)
		return r->err ? r->err->code : SG_ENOENT;
	sg_engine_ctx(r->e, &r->who, &ctx);
	return sg_op_in(&ctx, SG_OP_TAKE_OVER, &member, 1, r->err);
}

int sg_request_check_resolve(struct sg_request *r, const char *how)
{
	bool keep;

	if (r->row->state != SG_BLOCKED && r->row->state != SG_APPLICABLE)
		return sg_fail(r->err, SG_ESTATE, "%s is %s: there is nothing to resolve", r->row->key.id,
		        sg_state_name(r->row->state));
	if (r->row->state == SG_BLOCKED && r->row->reason == SG_WHY_ADMIN)
		return sg_fail(r->err, SG_ESTATE,
		        "%s is blocked by an administrator: 'stopgapctl unblock %s'", r->row->key.id,
		        r->row->key.id);
	if (strcmp(how ? how : "", "take-over") == 0 &&
	        sg_policy_block(&r->w.blocks, r->row, r->row->offered_revision, r->w.now.wall, &keep))
		return sg_fail(r->err, SG_ESTATE, "%s is blocked: 'stopgapctl unblock %s' first",
		        r->row->key.id, r->row->key.id);
	if (!how || (strcmp(how, "retry") && strcmp(how, "take-over") && strcmp(how, "accept")))
		return sg_fail(r->err, SG_EINVAL, "how: retry, take-over or accept");
	if (strcmp(how, "retry") != 0 && sg_request_refuse_in_setup(r))
		return SG_ESTATE;
	if (strcmp(how, "accept") == 0 && sg_hash_is_zero(&r->row->applied))
		return sg_fail(r->err, SG_ESTATE,
		        "%s is not in place, so there is nothing to accept: --retry, --take-over or block it",
		        r->row->key.id);
	if (strcmp(how, "accept") == 0 && (r->row->mixed || r->row->reason == SG_WHY_IO))
		return sg_fail(r->err, SG_ESTATE,
		        "%s could not be written to its end, and may be half of one body and half of "
		        "another: --retry, --take-over (ours is written whole), or 'stopgapctl rollback %s'",
		        r->row->key.id, r->row->key.id);
	return 0;
}

void sg_request_resolve_row(struct sg_request *r, const char *how)
{
	bool holds = sg_holds_any(&r->w.holds, &r->row->key);

	r->row->failed = (struct sg_hash){ { 0 } };
	r->row->attempts = r->row->repairs = 0;
	r->row->retry_at = 0;
	r->row->goal = SG_IN;
	if (strcmp(how, "retry") == 0) {
		/* What could not be settled may be of two bodies: it is whole again when it was repaired. */
		bool whole = holds && !sg_hash_is_zero(&r->row->applied) && !r->row->mixed;

		sg_row_move(r->row,
		        whole   ? SG_APPLIED
		        : holds ? SG_BLOCKED
		                : SG_PENDING,
		        whole   ? SG_WHY_APPLIED
		        : holds ? SG_WHY_IO
		                : SG_WHY_NEW,
		        r->w.now.wall, "looked at again");
	}
}

int sg_request_do_resolve(struct sg_request *r)
{
	const char *how = sg_request_param(r, "how");
	struct sg_ctx ctx;
	int code = sg_request_check_resolve(r, how);

	if (code)
		return code;
	sg_request_resolve_row(r, how);
	code = sg_request_note(r, SG_EV_RESOLVED, r->row, NULL, how);
	sg_engine_ctx(r->e, &r->who, &ctx);
	if (!code && strcmp(how, "take-over") == 0)
		code = take_over(r);
	if (!code && strcmp(how, "accept") == 0)
		code = sg_op_accept(&ctx, r->row, r->err);
	if (!code)
		code = sg_request_settle(r);
	if (code)
		return code;
	if (r->row && r->row->state == SG_BLOCKED)
		return sg_fail(r->err, SG_ESTATE, "%s is still blocked: %s%s", r->row->key.id,
		        r->row->text ? r->row->text : "?", sg_request_way_out(r->row));
	sg_request_done(
	        r, true, "%s: %s", r->row ? r->row->key.id : "?", r->row && r->row->text ? r->row->text : "");
	return 0;
}
