/* step_look.c - looking at values: each container is read once, nothing is written. */
#include "actions/step_parts.h"
#include "base/xml.h"

#include <stdlib.h>
#include <string.h>

void sg_seen_release(struct sg_seen_value *seen, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		sg_content_release(&seen[i].now);
		free(seen[i].why);
		memset(&seen[i], 0, sizeof(seen[i]));
	}
}

static bool in_config_file(enum sg_value_kind kind)
{
	return kind == SG_VALUE_ELEMENT || kind == SG_VALUE_SCAFFOLD || kind == SG_VALUE_ATTRIBUTE;
}

void sg_step_group_load(const struct sg_drives *drives, const struct sg_addr *addr, struct sg_step_group *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->container = addr->container;
	ret->is_hive = sg_step_in_hive(addr);
	ret->live = ret->is_hive && sg_drives_live(drives);
	if (ret->live)
		return;
	if (ret->is_hive) {
		ret->code = sg_step_hive_load(drives, ret, &ret->err);
		return;
	}
	if (!in_config_file(addr->kind)) {
		ret->code = sg_fail(&ret->err, SG_EUNSUPPORTED,
		        "%s: values of this kind cannot be changed here", addr->container);
		return;
	}
	ret->code = sg_drive_path(drives, addr->container, false, &ret->native, &ret->err);
	if (!ret->code)
		ret->code = sg_os_read(
		        ret->native, sg_xml_config_limits.bytes, &ret->octets, &ret->id, &ret->err);
	if (!ret->code)
		ret->code = sg_cfg_scan(sg_buf_bytes(&ret->octets), addr->container, &ret->cfg, &ret->err);
}

void sg_step_group_release(struct sg_step_group *group)
{
	sg_cfg_release(&group->cfg);
	sg_hive_release(&group->hive);
	sg_buf_release(&group->octets);
	free(group->native);
	memset(group, 0, sizeof(*group));
}

int sg_step_group_look(
        const struct sg_step_group *group, const struct sg_addr *addr, struct sg_seen_value *ret)
{
	struct sg_err err = SG_ERR_INIT;
	int r = group->code;

	memset(ret, 0, sizeof(*ret));
	if (r)
		sg_fail(&err, r, "%s", group->err.msg);
	else if (group->is_hive != sg_step_in_hive(addr))
		r = sg_fail(&err, SG_EUNSUPPORTED, "%s: there is no %s in it", addr->container, addr->path);
	else if (group->live)
		r = sg_step_live_look(addr, &ret->now, &err);
	else if (group->is_hive)
		r = sg_step_hive_look(group, addr, &ret->now, &err);
	else
		r = sg_cfg_look(&group->cfg, addr, &ret->now, &err);
	switch (r) {
	case 0: ret->seen = SG_SEEN_FROM; return 0;
	case SG_ENOENT: ret->seen = SG_SEEN_GONE; break;
	case SG_ECONFLICT:
		ret->seen = SG_SEEN_OTHER;
		break; /* two of that name: certainly not as we left it */
	default: ret->seen = SG_SEEN_FAILED; break;
	}
	ret->why = sg_strdup(err.msg);
	return ret->seen == SG_SEEN_FAILED ? r : 0;
}

int sg_step_group_compare(
        const struct sg_step_group *group, const struct sg_move *move, struct sg_seen_value *ret)
{
	int r = sg_step_group_look(group, &move->addr, ret);

	if (ret->seen != SG_SEEN_FROM)
		return r;
	if (sg_content_same(move->addr.kind, &ret->now, &move->to)) {
		ret->seen = SG_SEEN_TO;
	} else if (!sg_content_same(move->addr.kind, &ret->now, &move->from)) {
		ret->seen = SG_SEEN_OTHER;
		ret->why = sg_strdup("it is neither as it was found nor as it is wanted");
	}
	return 0;
}

int sg_step_read(const struct sg_drives *drives, const struct sg_addr *addrs, size_t n,
        struct sg_seen_value *ret, struct sg_err *err)
{
	bool *done = sg_alloc(n * sizeof(*done));

	(void)err;
	for (size_t i = 0; i < n; i++) {
		struct sg_step_group group;

		if (done[i])
			continue;
		sg_step_group_load(drives, &addrs[i], &group);
		for (size_t j = i; j < n; j++)
			if (!done[j] && sg_win_same(addrs[j].container, addrs[i].container)) {
				sg_step_group_look(&group, &addrs[j], &ret[j]);
				done[j] = true;
			}
		sg_step_group_release(&group);
	}
	free(done);
	return 0;
}

int sg_step_look(const struct sg_drives *drives, const struct sg_moves *moves, struct sg_seen_value *ret,
        struct sg_err *err)
{
	bool *done = sg_alloc(moves->n * sizeof(*done));

	(void)err;
	for (size_t i = 0; i < moves->n; i++) {
		struct sg_step_group group;

		if (done[i])
			continue;
		sg_step_group_load(drives, &moves->at[i].addr, &group);
		for (size_t j = i; j < moves->n; j++)
			if (!done[j] &&
			        sg_win_same(moves->at[j].addr.container, moves->at[i].addr.container)) {
				sg_step_group_compare(&group, &moves->at[j], &ret[j]);
				done[j] = true;
			}
		sg_step_group_release(&group);
	}
	free(done);
	return 0;
}

int sg_step_identify(const struct sg_drives *drives, const char *container, struct sg_container_id *ret,
        struct sg_err *err)
{
	struct sg_buf octets = { 0 };
	struct sg_file_id id;
	char *native = NULL;
	int r;

	if (sg_step_live(drives, container)) {
		*ret = (struct sg_container_id){ .file = sg_sha256(sg_buf_bytes(&octets)) };
		return 0;
	}
	r = sg_drive_path(drives, container, false, &native, err);
	if (!r)
		r = sg_os_read(native, sg_step_max(container), &octets, &id, err);
	if (!r)
		*ret = (struct sg_container_id){ id.dev, id.ino, sg_sha256(sg_buf_bytes(&octets)) };
	sg_buf_release(&octets);
	free(native);
	return r;
}
