/* policy_lab.h - configurations and bodies in short form, for what is decided about them. What does not decode ends the test. */
#ifndef SG_TESTS_LIB_POLICY_LAB_H
#define SG_TESTS_LIB_POLICY_LAB_H

#include "engine/policy.h"

#define T0 1795046400000LL /* 2026-11-19T00:00:00Z */

/* A configuration of that mode with these elements inside; the caller's. */
struct sg_conf *conf_of(const char *mode, const char *policy);

/* A body of the feed "corp", revision 2.1, with one action of that type; the caller's. */
struct sg_mitigation *body_of(const char *id, const char *severity, const char *type);

#endif
