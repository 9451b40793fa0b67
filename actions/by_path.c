/* by_path.c - a search tree that is also a heap of random numbers: as deep as one whose paths came in random order, whatever order and paths somebody chose. */
#include "actions/by_path.h"

#include "base/drive.h"
#include "base/mem.h"
#include "base/os.h"

#include <stdlib.h>

struct sg_by_path_node {
	struct sg_by_path_node *side[2]; /* smaller paths, larger ones */
	uint64_t weight;                 /* never smaller than those below */
	char *path;
	void *thing;
};

/* xorshift64*: what follows from what nobody has seen need not be better. */
static uint64_t next_weight(struct sg_by_path *table)
{
	while (!table->random)
		sg_os_random(&table->random, sizeof(table->random));
	table->random ^= table->random >> 12;
	table->random ^= table->random << 25;
	table->random ^= table->random >> 27;
	return table->random * UINT64_C(2685821657736338717);
}

/* Splits a tree into what is smaller than the path and what is larger; it is not in there. */
static void split(struct sg_by_path *table, struct sg_by_path_node *node, const char *path,
        struct sg_by_path_node **ret_smaller, struct sg_by_path_node **ret_larger)
{
	struct sg_by_path_node **ends[2] = { ret_smaller, ret_larger };

	while (node) {
		int larger = sg_win_compare(node->path, path) > 0;

		table->compared++;
		*ends[larger] = node;
		ends[larger] = &node->side[!larger];
		node = node->side[!larger];
	}
	*ends[0] = *ends[1] = NULL;
}

void **sg_by_path(struct sg_by_path *table, const char *path, const char **ret_path)
{
	struct sg_by_path_node **at = &table->root, *node, *fresh;

	for (node = *at; node; node = *at) {
		int r = sg_win_compare(path, node->path);

		table->compared++;
		if (!r) {
			*ret_path = node->path;
			return &node->thing;
		}
		at = &node->side[r > 0];
	}
	fresh = sg_alloc(sizeof(*fresh));
	fresh->path = sg_strdup(path);
	fresh->weight = next_weight(table);
	for (at = &table->root; *at && (*at)->weight >= fresh->weight;) {
		table->compared++;
		at = &(*at)->side[sg_win_compare(path, (*at)->path) > 0];
	}
	split(table, *at, path, &fresh->side[0], &fresh->side[1]);
	*at = fresh;
	table->n++;
	*ret_path = fresh->path;
	return &fresh->thing;
}

/* Turns the tree into a list while it goes, so that no depth is too deep. */
void sg_by_path_release(struct sg_by_path *table, void (*release)(void *thing))
{
	struct sg_by_path_node *node = table->root;

	while (node) {
		struct sg_by_path_node *smaller = node->side[0], *larger = node->side[1];

		if (smaller) {
			node->side[0] = smaller->side[1];
			smaller->side[1] = node;
			node = smaller;
			continue;
		}
		if (node->thing && release)
			release(node->thing);
		free(node->path);
		free(node);
		node = larger;
	}
	*table = (struct sg_by_path){ 0 };
}
