/* edit_lab.h - mitigations on one configuration file in memory: what the engine does with holds, without journal and disk.
 *
 * A mitigation is a list of values, scaffolds outer to inner and then elements. Applying follows P1 to P6: the first look is the before, a scaffold
 * that is open and not held is somebody else's; ending takes elements out, then the scaffolds that nobody else holds, inner to outer.
 */
#ifndef SG_TESTS_EDIT_LAB_H
#define SG_TESTS_EDIT_LAB_H

#include "actions/config_edit.h"

#define LAB_MAX 8

struct lab_value {
	enum sg_value_kind kind;
	const char *path;
	const char *octets; /* of an element or attribute */
	const char *after;
};
struct lab_hold {
	struct sg_addr addr;
	struct sg_content before;
	unsigned holders; /* a bit for each mitigation */
};
struct lab {
	struct sg_buf file;
	struct lab_hold *holds;
	size_t n, cap;
	struct sg_err err; /* of the last step that failed */
};
void lab_init(struct lab *lab, struct sg_bytes file);
void lab_release(struct lab *lab);
/* 0 or the code of the first value that did not go in; then the file may be half changed and the lab is to be released. */
int lab_apply(struct lab *lab, unsigned who, const struct lab_value *values, size_t n);
int lab_end(struct lab *lab, unsigned who);

/* Three mitigations that share scaffolds: an inbound rule at the top level; an inbound rule there, too, and an outbound rule with its
 * preCondition; an inbound rule inside <location path="." inheritInChildApplications="false">. */
struct lab_mitigation {
	const struct lab_value *values;
	size_t n;
};
extern const struct lab_mitigation lab_mitigations[3];
extern const unsigned lab_orders[6][3]; /* all orders of three */

#endif
