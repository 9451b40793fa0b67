/* model_main.c - explores every state that two mitigations, two administrators' verbs, outside edits, crashes and failing writes can reach within the
 * bounds, and holds every one against the promises. Exit status: 0 none broke, 1 one did (the path that led there is printed).
 *
 *   model                 explore
 *   model --mutant N      explore with one planted fault below the operations (1: holds do not go in with the intent, 2: OTHER is written, 3: a revert that
 *                         does not count the other holder); exit status 0 when it was caught
 */
#include "model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct bounds bound = { 1, 1, 1, 2 };

/* --- every state that was reached, with the step that led there */
struct node {
	struct world w;
	uint32_t parent;
	char step[56];
};
static struct node *nodes;
static size_t n_nodes, cap_nodes;
static uint32_t *table;
static size_t table_size;
static uint64_t runs;

static uint64_t hash_of(const struct world *w)
{
	const unsigned char *p = (const unsigned char *)w;
	uint64_t h = 1469598103934665603u;

	for (size_t i = 0; i < sizeof(*w); i++)
		h = (h ^ p[i]) * 1099511628211u;
	return h ^ (h >> 29);
}

static void grow_table(void)
{
	size_t size = table_size ? table_size * 2 : 1 << 16;
	uint32_t *fresh = sg_alloc(size * sizeof(*fresh));

	for (size_t i = 0; i < n_nodes; i++) {
		size_t at = (size_t)hash_of(&nodes[i].w) & (size - 1);

		while (fresh[at])
			at = (at + 1) & (size - 1);
		fresh[at] = (uint32_t)i + 1;
	}
	free(table);
	table = fresh;
	table_size = size;
}

static void print_path(uint32_t i)
{
	if (nodes[i].parent != UINT32_MAX)
		print_path(nodes[i].parent);
	fprintf(stderr, "  %s\n", nodes[i].step);
}

/* Adds a state unless it is known. */
static void reach(const struct world *w, uint32_t parent, const char *step)
{
	size_t at;

	if ((n_nodes + 1) * 2 > table_size)
		grow_table();
	at = (size_t)hash_of(w) & (table_size - 1);
	while (table[at]) {
		if (memcmp(&nodes[table[at] - 1].w, w, sizeof(*w)) == 0)
			return;
		at = (at + 1) & (table_size - 1);
	}
	nodes = sg_grow(nodes, n_nodes, &cap_nodes, sizeof(*nodes));
	nodes[n_nodes].w = *w;
	nodes[n_nodes].parent = parent;
	snprintf(nodes[n_nodes].step, sizeof(nodes[n_nodes].step), "%s", step);
	table[at] = (uint32_t)++n_nodes;
}

static bool run_one(uint32_t i, enum event e, enum cut cut, int at, int mutant, int *ret_points)
{
	struct world w = nodes[i].w;
	struct sg_err err = SG_ERR_INIT;
	char step[96];

	if (!allowed(e, &w))
		return false;
	if (cut == CUT_CRASH && w.crashes++ >= bound.crashes)
		return false;
	if ((cut == CUT_ONCE || cut == CUT_FROM_THERE) && w.faults++ >= bound.faults)
		return false;
	the_run = (struct run){ .w = &w, .cut = cut, .at = at, .mutant = mutant };
	happen(e, &err);
	*ret_points = the_run.points;
	runs++;
	if (cut == CUT_CRASH && !the_run.dead)
		return false;
	if (!the_run.dead && err.code == SG_EFATAL)
		broken("an operation that lives says that it is dead: %s", err.msg);
	judge(&w);
	if (!the_run.broken[0] && !the_run.dead && cut == CUT_NONE)
		settles(&w);
	snprintf(step, sizeof(step), "%s%s%.0d", event_names[e],
	        cut == CUT_CRASH  ? ", killed at "
	        : cut == CUT_ONCE ? ", one failure at "
	        : cut             ? ", failing from "
	                          : "",
	        cut ? at : 0);
	if (the_run.broken[0]) {
		char what[256];

		memcpy(what, the_run.broken, sizeof(what));
		if (mutant)
			return true;
		fprintf(stderr, "broken: %s\n", what);
		print_path(i);
		fprintf(stderr, "  %s\n", step);
		print_world(&w);
		return true;
	}
	if (!w.intent.open && the_run.dead) { /* died before its intent: a start finds nothing to do */
		reach(&w, i, step);
		return false;
	}
	reach(&w, i, step);
	return false;
}

/* 1: a promise broke. */
static int explore(int mutant)
{
	struct world start = { .needed = 3 };

	nodes = NULL;
	table = NULL;
	n_nodes = cap_nodes = table_size = 0;
	reach(&start, UINT32_MAX, "an empty server");
	for (uint32_t i = 0; i < n_nodes; i++) {
		for (int e = 0; e < N_EVENTS; e++) {
			int points = 0, ignored;

			if (run_one(i, (enum event)e, CUT_NONE, 0, mutant, &points))
				return 1;
			for (int at = 1; at <= points; at++) {
				for (enum cut cut = CUT_CRASH; cut <= CUT_FROM_THERE; cut++) {
					if (run_one(i, (enum event)e, cut, at, mutant, &ignored))
						return 1;
				}
			}
		}
	}
	return 0;
}

int main(int argc, char **argv)
{
	int mutant = argc == 3 && strcmp(argv[1], "--mutant") == 0 ? atoi(argv[2]) : 0, found;

	if (argc == 6 && strcmp(argv[1], "--bounds") == 0) {
		bound.edits = atoi(argv[2]);
		bound.crashes = atoi(argv[3]);
		bound.faults = atoi(argv[4]);
		bound.asks = atoi(argv[5]);
	} else if (argc != 1 && (mutant < 1 || mutant > 3)) {
		fprintf(stderr, "usage: model [--mutant 1|2|3] [--bounds EDITS CRASHES FAULTS ASKS]\n");
		return 2;
	}
	found = explore(mutant);
	printf("model: %zu states, %llu transitions%s\n", n_nodes, (unsigned long long)runs,
	        mutant  ? found ? ", the planted fault was caught" : ", THE PLANTED FAULT WAS NOT CAUGHT"
	        : found ? ", A PROMISE BROKE"
	                : ", every promise held");
	free(nodes);
	free(table);
	return mutant ? !found : found;
}
