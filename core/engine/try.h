/* try.h - what a feed would do on a server, tried on a copy of the few files that matter: planned, applied, proven, taken out again, compared.
 *
 * The real engine with a journal of its own, in a scratch folder that is removed at the end; the drives given are only read. The feed need not be signed:
 * this is an author's question, and nothing of the answer outlives it. Starts and stops are only said, as on every drive.
 */
#ifndef SG_ENGINE_TRY_H
#define SG_ENGINE_TRY_H

#include "base/drive.h"
#include "feed/feed.h"

enum sg_try_outcome {
	SG_TRY_APPLIED,    /* it went in, its tests hold, and what was there came back octet by octet */
	SG_TRY_NOT_NEEDED, /* the server does not need it: with proof, or somebody else's rules do it */
	SG_TRY_REFUSED,    /* anything else */
};
struct sg_try_one {
	char *id;
	enum sg_try_outcome outcome;
	char *text; /* why; of APPLIED what is known of its effect */
};
struct sg_try {
	struct sg_try_one *at; /* in the feed's order, without tombstones */
	size_t n;
	enum sg_try_outcome outcome; /* the worst: REFUSED, else APPLIED when any is, else NOT_NEEDED */
	char *build;                 /* "Exchange 15.2.986.29" and the like; "" when no product is known */
	char *broken; /* why the server as a whole is REFUSED: after the rollback a file was not as before; NULL: nothing of that sort */
	size_t files; /* that were copied and compared */
	struct sg_strs notes;
};
/* `scratch`: a folder that is there; a folder of its own is made in it. Errors: the copy cannot be made, or the engine does not open; what a server
 * answers is no error. Blocking; what is logged meanwhile goes nowhere, and
 * after it to the default sink; forks (a child checks the new journal), so before threads are started. */
int sg_try(const struct sg_drives *drives, const struct sg_feed *feed, const char *scratch,
        struct sg_try *ret, struct sg_err *err);
void sg_try_release(struct sg_try *t);

/* Fills an empty folder with the files of an archive that `stopgapctl collect` made, and says what its drives are: each top folder of one letter is that
 * drive. SG_EPARSE, SG_EUNSUPPORTED: it is no such archive. */
int sg_try_unpack(struct sg_bytes tar, const char *folder, struct sg_drives *ret, struct sg_err *err);

#endif
