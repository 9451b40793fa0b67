/* world.c - names and contents of the model's world. */
#include "world.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct run the_run;

static char feeds[2][8] = { "one", "two" };
static char ids[2][8] = { "M1", "M2" };

void broken(const char *fmt, ...)
{
	va_list ap;

	if (the_run.broken[0])
		return;
	va_start(ap, fmt);
	vsnprintf(the_run.broken, sizeof(the_run.broken), fmt, ap);
	va_end(ap);
}

int point(int failure, struct sg_err *err)
{
	if (the_run.dead)
		return sg_fail(err, SG_EFATAL, "dead");
	the_run.points++;
	if (the_run.cut == CUT_CRASH && the_run.points == the_run.at) {
		the_run.dead = true;
		return sg_fail(err, SG_EFATAL, "killed");
	}
	if (failure && ((the_run.cut == CUT_ONCE && the_run.points == the_run.at) ||
	                       (the_run.cut == CUT_FROM_THERE && the_run.points >= the_run.at)))
		return sg_fail(err, failure, "injected");
	return 0;
}

struct sg_hash world_hash(int m, int body)
{
	struct sg_hash h = { { 0 } };

	if (body) {
		h.b[0] = (unsigned char)(body + 10 * (m + 1));
		h.b[1] = 1;
	}
	return h;
}

int world_body_of(const struct sg_hash *h)
{
	return h->b[0] % 10;
}

const struct sg_mitigation *world_body(int m, int body)
{
	static struct sg_mitigation bodies[2][3];
	struct sg_mitigation *b = &bodies[m][body];

	b->feed = feeds[m];
	b->id = ids[m];
	b->hash = world_hash(m, body);
	return b;
}

int world_wish(int m, int body, int v)
{
	static const uint8_t wishes[2][3][NV] = {
		{ [1] = { [VS] = 1, [VA] = 1, [VB] = 1 }, [2] = { [VB] = 2 } },
		{ [1] = { [VS] = 1, [VA] = 1, [VB] = 1, [VC] = 1 }, [2] = { [VS] = 1, [VA] = 2, [VC] = 1 } },
	};

	return wishes[m][body][v];
}

bool world_equivalent(void)
{
	return the_run.w->disk[VE] && !the_run.w->hold[VE].present;
}

const char *world_container(int v)
{
	return v == VB ? "C:\\G" : "C:\\F";
}

const char *world_path(int v)
{
	static const char *const paths[NV] = {
		[VS] = "/s", [VA] = "/s/a", [VC] = "/s/c", [VE] = "/s/e", [VB] = "/b"
	};

	return paths[v];
}

int world_value(const struct sg_addr *a)
{
	for (int v = 0; v < NV; v++) {
		if (strcmp(a->path, world_path(v)) == 0)
			return v;
	}
	broken("an address that nobody made: %s", a->path);
	return VS;
}

enum sg_value_kind world_kind(int v)
{
	return v == VS ? SG_VALUE_SCAFFOLD : v == VB ? SG_VALUE_SERVICE : SG_VALUE_ELEMENT;
}

void world_content(int v, int content, struct sg_content *ret)
{
	char c = (char)('0' + content);

	*ret = (struct sg_content){ .present = content != 0 };
	if (content && v != VS)
		sg_buf_set(&ret->octets, &c, 1);
}

int world_content_of(const struct sg_content *c)
{
	if (!c->present)
		return 0;
	return c->octets.len ? c->octets.data[0] - '0' : 1;
}

int world_member(const struct sg_key *k)
{
	return strcmp(k->id, ids[1]) == 0;
}
