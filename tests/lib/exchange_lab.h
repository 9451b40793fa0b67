/* exchange_lab.h - an engine on an Exchange server whose build the test sets: one mitigation, EXK-1, is needed there until the fixed build. */
#ifndef SG_TESTS_LIB_EXCHANGE_LAB_H
#define SG_TESTS_LIB_EXCHANGE_LAB_H

#include "tests/lib/engine_lab.h"

/* Affected: 15.2 and later; fixed: 15.2.986.36 and later. */
extern const char lab_exchange_needed[];
/* ExSetup.exe says 15.2.986.REVISION. */
void lab_exchange_build(struct lab *lab, unsigned revision);
void lab_exchange_offer(struct lab *lab, uint64_t serial); /* EXK-1 by "corp", and what follows */
int lab_exchange_set_up(void **state);                     /* for cmocka: EXK-1 is applied */

#endif
