/* doctor_parts.h - private to doctor*.c: the reply that is being made, and who adds to it. */
#ifndef SG_ENGINE_DOCTOR_PARTS_H
#define SG_ENGINE_DOCTOR_PARTS_H

#include "engine/inside.h"

enum sg_check { SG_CHECK_OK, SG_CHECK_WARN, SG_CHECK_FAIL, SG_CHECK_UNKNOWN, SG_CHECKS };

struct sg_doctor {
	struct sg_engine *e;
	const struct sg_world *w;
	struct sg_val *checks, *path; /* the reply's lists */
	int64_t n[SG_CHECKS];         /* of both */
};

/* One line. `cure` NULL: nothing to do. The text is formatted. */
void sg_doctor_check(struct sg_doctor *d, const char *name, enum sg_check status, const char *cure,
        const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* doctor_host.c: the machine, Microsoft's EM, the configuration, journal and space. */
void sg_doctor_host(struct sg_doctor *d);
/* doctor_path.c: each feed: what is known of it, and its way, walked from the address to the serial. */
void sg_doctor_feeds(struct sg_doctor *d);
/* doctor_targets.c: which mitigations this server needs, what they wait for, and the files and folders that they would write. */
void sg_doctor_targets(struct sg_doctor *d);

#endif
