/* hive_parts.h - the tree that hive_file.c keeps and hive_build.c writes down. */
#ifndef SG_TESTS_LIB_HIVE_PARTS_H
#define SG_TESTS_LIB_HIVE_PARTS_H

#include "hive_file.h"

struct t_hive_value {
	char *name;
	uint32_t type;
	struct sg_buf data;
	size_t at; /* read back: where the data stands inline; 0: elsewhere */
};
struct t_hive_node {
	char *name;
	struct t_hive_value *values;
	size_t n_values, cap_values;
	struct t_hive_node **subs;
	size_t n_subs, cap_subs;
};
struct t_hive {
	struct t_hive_node *root;
};
struct t_hive_node *t_hive_node_new(const char *name);
void t_hive_node_free(struct t_hive_node *k);
void t_hive_node_add(struct t_hive_node *k, struct t_hive_node *sub);
struct t_hive_value *t_hive_value_add(struct t_hive_node *k, const char *name);
uint32_t t_hive_upper(uint32_t c);
void t_hive_utf16(const char *text, struct sg_buf *out); /* without a NUL */

#endif
