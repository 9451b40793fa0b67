/* engine_lab.h - a real engine on a throw-away drive, with a real journal, a signing chain and a clock that the test moves. */
#ifndef SG_TESTS_LIB_ENGINE_LAB_H
#define SG_TESTS_LIB_ENGINE_LAB_H

#include "engine/engine.h"
#include "tests/lib/drive.h"

#define LAB_NOW    1795000000000LL /* 2026-11-18 */
#define LAB_ATTACK "(?=.*autodiscover)(?=.*powershell)"

struct lab {
	char *drive;  /* what C: is */
	char *folder; /* journal and anchor */
	char *journal;
	struct sg_drives drives;
	struct sg_engine *engine; /* NULL while closed */
	struct t_snapshot *before;
	int64_t now;                    /* what the engine's clock says */
	const char *boot;               /* and which start of Windows it is; NULL: always the same */
	const struct sg_runner *runner; /* NULL: a drive, where nothing runs */
	bool stopping;                  /* what the engine is told when it asks */
	uint64_t journal_size;          /* of a new one; 0: a small one */
	struct sg_err err;
};

void lab_make(struct lab *lab); /* a drive, no engine */
void lab_free(struct lab *lab);
void lab_open(struct lab *lab); /* opens the engine, without a configuration */
void lab_close(struct lab *lab);
int lab_set_up(void **state); /* for cmocka: a lab whose engine is open, without a configuration */
int lab_tear_down(void **state);
/* `inside`: elements between <stopgap> and its end, behind an anchor and the feeds "corp" and "local". mode NULL: enforce. */
void lab_configure(struct lab *lab, const char *mode, const char *inside);

/* A signed document of the feed with these Configs (text); times in ms. */
void lab_document(struct lab *lab, const char *feed, uint64_t serial, int64_t issued, int64_t expires,
        const char *configs, struct sg_buf *ret);
/* One that counts from now for a fortnight, given to the engine as if it had been fetched. */
void lab_offer(struct lab *lab, const char *feed, uint64_t serial, const char *configs);
/* One Config: inbound rules at a site or virtual directory. `pattern` of the one condition; `extra` is put into the Config before ActionList. */
char *lab_config(const char *id, const char *revision, const char *path, const char *inherit,
        const char *pattern, const char *extra);
/* "corp" offers this one Config: a rule at "/", inherited. */
void lab_offer_one(
        struct lab *lab, uint64_t serial, const char *id, const char *revision, const char *pattern);

void lab_run(struct lab *lab);               /* until nothing is due */
void lab_later(struct lab *lab, int64_t by); /* so many ms later, and what is due then */
int64_t lab_wake(struct lab *lab);           /* when the engine has something to do next */
/* How often an event of that name is in the history; *ret_text (may be NULL) becomes the text of the newest, and is the caller's. */
size_t lab_said(struct lab *lab, const char *name, char **ret_text);
/* A request by account "uid 0 (root)". Params as key, value pairs of strings, ended by NULL; "true" is a bool, "@N" an integer. */
int lab_ask(struct lab *lab, struct sg_val **ret, const char *method, ...);
/* Asks and wants it to go well; the reply is thrown away. */
#define lab_do(lab, ...) assert_int_equal(lab_ask(lab, NULL, __VA_ARGS__), 0)

/* "applied/applied" : state and reason of an id; "" when it is not known. Owned by the lab until the next call. */
const char *lab_state(struct lab *lab, const char *id);
const char *lab_field(struct lab *lab, const char *id, const char *field);
const char *lab_verdict(struct lab *lab); /* of status */
bool lab_untouched(struct lab *lab);      /* the drive is as it was when it was made */

#endif
