/* conn.h - one connection of the control pipe: what goes out to it, and how it ends. Private to control.c, which fills it and reads from it.
 *
 * Guarantees that a connection whose end has begun is gone LINGER_MS later at the latest, whatever its client sends or does not read, as long as
 * sg_control_tick() is called when it asks to be. Thread: the loop's.
 */
#ifndef SG_DAEMON_CONN_H
#define SG_DAEMON_CONN_H

#include "daemon/control.h"

struct sg_conn {
	uv_pipe_t pipe; /* first: a handle is its connection */
	struct sg_control *owner;
	struct sg_conn *next;
	uint64_t id;
	char *opener;            /* the account that it is counted for */
	struct sg_caller caller; /* of what was read last */
	struct sg_buf in;
	size_t under_way; /* requests without an answer yet */
	size_t largest;   /* answer so far */
	int64_t begun;    /* when the first octet of an unfinished request came */
	int64_t last;     /* opened, or the last answer */
	int64_t linger;   /* when a closing connection is dropped */
	bool heard;       /* its first octet has come */
	bool ended;       /* it will send nothing more */
	bool watching, closing;
	bool put_off; /* what is in `in` has its turn with the next tick, and nothing is read before */
};

struct sg_control {
	struct sg_endpoint *endpoint;
	uv_loop_t *loop;
	struct sg_control_hooks hooks;
	struct sg_conn *conns;
	uint64_t next_id;
	bool stopping;
	char chunk[64 << 10]; /* libuv fills it and hands it over in one step */
};

int64_t sg_conn_now(const struct sg_conn *k);
/* NULL: it is gone, or on its way. */
struct sg_conn *sg_conn_find(const struct sg_control *c, uint64_t id);

/* Nothing more is read, and what was read and is no request yet, or has not had its turn, is thrown away. */
void sg_conn_end_reading(struct sg_conn *k);
/* At once. What the system has taken its client can still read; what it has not is thrown away. */
void sg_conn_drop(struct sg_conn *k);
/* Closes once the system has taken everything, or after LINGER_MS. */
void sg_conn_finish(struct sg_conn *k);
/* Takes the octets over. Drops who leaves too much unread. */
void sg_conn_post(struct sg_conn *k, struct sg_buf *octets);

#endif
