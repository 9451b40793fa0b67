/* limit.c - see limit.h. */
#include "model/limit.h"

#include <stdio.h>

static struct sg_hash key_of(int code, const char *thing)
{
	struct sg_buf text = { 0 };
	struct sg_hash h;

	sg_buf_fmt(&text, "%d %s", code, thing);
	h = sg_sha256(sg_buf_bytes(&text));
	sg_buf_release(&text);
	return h;
}

static struct sg_limited *entry_of(struct sg_limit *l, const struct sg_hash *what)
{
	struct sg_limited *oldest = &l->at[0];

	for (size_t i = 0; i < l->n; i++) {
		if (sg_hash_equal(&l->at[i].what, what))
			return &l->at[i];
		if (l->at[i].last < oldest->last)
			oldest = &l->at[i];
	}
	if (l->n < SG_LIMIT_THINGS)
		oldest = &l->at[l->n++];
	*oldest = (struct sg_limited){ .what = *what };
	return oldest;
}

/* A clock that was set back begins a new while. */
static bool over(const struct sg_limited *e, int64_t now)
{
	return now - e->since >= SG_LIMIT_WHILE || now < e->since;
}

bool sg_limit_pass(struct sg_limit *l, int code, const char *thing, int64_t now, uint32_t *ret_left_out)
{
	struct sg_hash what = key_of(code, thing ? thing : "");
	struct sg_limited *e = entry_of(l, &what);

	*ret_left_out = 0;
	if (!e->said || over(e, now)) {
		*ret_left_out = e->left_out;
		*e = (struct sg_limited){ .what = what, .since = now, .code = code };
		snprintf(e->thing, sizeof e->thing, "%s", thing ? thing : "");
	} else if (e->said >= SG_LIMIT_SAID) {
		e->left_out++;
		e->last = now;
		return false;
	}
	e->said++;
	e->last = now;
	return true;
}

bool sg_limit_over(struct sg_limit *l, int64_t now, struct sg_limited *ret)
{
	for (size_t i = 0; i < l->n; i++) {
		if (!l->at[i].left_out || !over(&l->at[i], now))
			continue;
		*ret = l->at[i];
		l->at[i] = l->at[--l->n];
		return true;
	}
	return false;
}
