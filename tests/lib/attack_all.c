#include "tests/lib/attack.h"

const struct attack_table *const attack_tables[] = { &attack_documents, &attack_shapes, &attack_wrappings,
	&attack_chains, &attack_hostile, &attack_encodings, &attack_contents, &attack_schema, &attack_stamps,
	&attack_cms, &attack_lies, &attack_values, &attack_ecdsa, NULL };
