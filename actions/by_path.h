/* by_path.h - things found again by their Windows path, in a time that nobody who chooses paths can make long.
 *
 * Paths are the same as sg_win_same() has it. Owner: whoever has the struct, zeroed at first; one thread.
 */
#ifndef SG_ACTIONS_BY_PATH_H
#define SG_ACTIONS_BY_PATH_H

#include <stddef.h>
#include <stdint.h>

struct sg_by_path_node;
struct sg_by_path {
	struct sg_by_path_node *root;
	uint64_t random;
	size_t n;
	size_t compared; /* paths, since the table was made: what it costs; for tests */
};
/* Where the thing of that path is kept: what it points to is NULL as long as nobody put anything there, and stays where it is until the release. *ret_path is
 * the path as it was first asked for, as long as the table lives. */
void **sg_by_path(struct sg_by_path *table, const char *path, const char **ret_path);
/* Calls `release` (may be NULL) for each thing that is there. */
void sg_by_path_release(struct sg_by_path *table, void (*release)(void *thing));

#endif
