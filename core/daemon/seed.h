/* seed.h - the first configuration of a server, as an installation brings it: a configuration, the certificate that it pins, and the mode to begin with.
 *
 * Guarantees that a configuration which is there already is never touched, that everything is judged before anything is written, and that what was written
 * is taken away again when the rest fails.
 */
#ifndef SG_DAEMON_SEED_H
#define SG_DAEMON_SEED_H

#include "base/buf.h"
#include "base/err.h"

/* What an administrator asked for; NULL or "": not given. Borrowed. */
struct sg_seed {
	const char *config; /* becomes the configuration */
	const char *anchor; /* a certificate: copied to where the configuration names it */
	const char *mode;   /* written over the configuration's own */
};
/* What is to be written, and then what was. Zeroed is nothing. */
struct sg_seeding {
	struct sg_buf octets, anchor;
	char *target, *place; /* files: of the configuration, of the certificate; NULL: not to be written */
	bool target_made, place_made;
};

/* Reads and judges; writes nothing. `target` is the file that is to become the configuration: when it is there, or nothing was asked for, *ret is nothing.
 * SG_EINVAL with the file and the line, or what does not go together. */
int sg_seed_read(const struct sg_seed *seed, const char *target, struct sg_seeding *ret, struct sg_err *err);

/* Writes the certificate, judges the configuration with all the files that it names as the service will, and writes it; durable. Whoever asks has closed the
 * configuration's folder to others. On failure nothing of it is left but folders. */
int sg_seed_write(struct sg_seeding *s, struct sg_err *err);
void sg_seed_undo(struct sg_seeding *s); /* what was written goes away again; best effort */
void sg_seeding_release(struct sg_seeding *s);

#endif
