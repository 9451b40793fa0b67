/* action.c - finding a kind in the table, and all actions of a mitigation together. */
#include "actions/kinds.h"

#include <stdlib.h>
#include <string.h>

#define ADDRESS_OF(kind) &sg_kind_##kind,
static const struct sg_action_kind *const kinds[] = { SG_ACTION_KINDS(ADDRESS_OF) };
enum { N_KINDS = sizeof(kinds) / sizeof(*kinds) };

const struct sg_action_kind *sg_action_kind(const char *type)
{
	for (size_t i = 0; type && i < N_KINDS; i++)
		if (!strcmp(kinds[i]->type, type))
			return kinds[i];
	return NULL;
}

char *sg_action_words(void)
{
	struct sg_buf words = { 0 };

	for (size_t i = 0; i < N_KINDS; i++)
		sg_buf_fmt(&words, "%s%s", i ? " " : "", kinds[i]->conf_name);
	return sg_buf_detach(&words);
}

/* --- wishes */

struct sg_wish *sg_wishes_add(struct sg_wishes *w)
{
	w->at = sg_grow(w->at, w->n, &w->cap, sizeof(*w->at));
	memset(&w->at[w->n], 0, sizeof(*w->at));
	return &w->at[w->n++];
}

static void wish_release(struct sg_wish *wish)
{
	sg_addr_release(&wish->addr);
	sg_content_release(&wish->to);
	free(wish->site);
	free(wish->was);
	free(wish->hook_name);
	memset(wish, 0, sizeof(*wish));
}

void sg_wishes_release(struct sg_wishes *w)
{
	for (size_t i = 0; i < w->n; i++)
		wish_release(&w->at[i]);
	free(w->at);
	memset(w, 0, sizeof(*w));
}

const struct sg_hold *sg_wish_keep_letters(struct sg_wish *wish, const struct sg_holds *own)
{
	for (size_t i = 0; own && i < own->n; i++) {
		const struct sg_addr *addr = &own->at[i].addr;

		if (addr->kind != wish->addr.kind || !sg_win_same(addr->container, wish->addr.container) ||
		        !sg_same(addr->path, wish->addr.path))
			continue;
		sg_addr_release(&wish->addr);
		sg_addr_copy(&wish->addr, addr);
		return &own->at[i];
	}
	return NULL;
}

/* A companion that another action names, too, and wants the same of it, is one value. */
static bool joins(struct sg_wish *there, const struct sg_wish *wish)
{
	if (wish->addr.kind != SG_VALUE_SERVICE || !(wish->companion || there->companion) ||
	        !sg_bytes_equal(sg_buf_bytes(&wish->to.octets), sg_buf_bytes(&there->to.octets)))
		return wish->addr.kind == SG_VALUE_SCAFFOLD;
	there->companion = true;
	if (wish->hook && !there->hook) {
		there->hook = wish->hook;
		there->hook_name = sg_strdup(wish->hook_name);
	}
	return true;
}

/* Moves the wishes of one action behind those of the others. A scaffold that is there already is the same one. */
static int merge(struct sg_wishes *to, struct sg_wishes *from, const char *id, struct sg_err *err)
{
	for (size_t i = 0; i < from->n; i++) {
		struct sg_wish *wish = &from->at[i], *there = NULL;

		for (size_t j = 0; j < to->n && !there; j++)
			if (sg_addr_equal(&to->at[j].addr, &wish->addr))
				there = &to->at[j];
		if (there && !joins(there, wish))
			return sg_fail(err, SG_EINVAL, "mitigation '%s': two of its actions want %s in %s",
			        id, wish->addr.path, wish->addr.container);
		if (there) {
			wish_release(wish);
		} else {
			*sg_wishes_add(to) = *wish;
			memset(wish, 0, sizeof(*wish));
		}
	}
	return 0;
}

/* --- all actions of a mitigation */

int sg_action_kind_of(const struct sg_mitigation *m, const struct sg_action *a,
        const struct sg_action_kind **ret, struct sg_err *err)
{
	*ret = sg_action_kind(a->type);
	if (!*ret)
		return sg_fail(err, SG_EUNSUPPORTED,
		        "mitigation '%s': this version does not know the action type \"%s\"", m->id,
		        a->type ? a->type : "");
	return 0;
}

int sg_actions_check(const struct sg_mitigation *m, struct sg_err *err)
{
	int r = 0;

	for (size_t i = 0; !r && i < m->n_actions; i++) {
		const struct sg_action_kind *kind;

		r = sg_action_kind_of(m, &m->actions[i], &kind, err);
		if (!r)
			r = kind->check(m, &m->actions[i], err);
	}
	return r;
}

int sg_actions_plan(const struct sg_mitigation *m, const struct sg_host *host, const struct sg_drives *drives,
        const struct sg_holds *own, struct sg_wishes *ret, struct sg_err *err)
{
	struct sg_wishes all = { 0 };
	int r = sg_actions_check(
	        m, err); /* whoever plans has checked: nothing goes in that is wrong by itself */

	for (size_t i = 0; !r && i < m->n_actions; i++) {
		const struct sg_action_kind *kind;
		struct sg_wishes wishes = { 0 };

		r = sg_action_kind_of(m, &m->actions[i], &kind, err);
		if (!r)
			r = kind->plan(m, &m->actions[i], host, drives, own, &wishes, err);
		if (!r)
			r = merge(&all, &wishes, m->id, err);
		sg_wishes_release(&wishes);
	}
	if (!r) {
		*ret = all;
		memset(&all, 0, sizeof(all));
	}
	sg_wishes_release(&all);
	return r;
}

void sg_effect_add(struct sg_strs *ret, char *line)
{
	sg_strs_add_once(ret, line);
	free(line);
}

void sg_actions_effects(
        const struct sg_mitigation *m, const struct sg_host *host, bool out, struct sg_strs *ret)
{
	for (size_t i = 0; i < m->n_actions; i++) {
		const struct sg_action_kind *kind = sg_action_kind(m->actions[i].type);

		if (kind && kind->effects)
			kind->effects(m, &m->actions[i], host, out, ret);
	}
}
