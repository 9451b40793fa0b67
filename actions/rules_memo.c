/* rules_memo.c - replies about rules, by the SHA-256 of their requests: an unchanged server costs no worker. One thread's (rules_apart.h). */
#include "actions/rules_parts.h"

/* A round asks once for each mitigation; one that is larger than all slots finds nothing again, and costs workers. */
enum { SLOTS = 1024, OCTETS_MAX = 4 << 20, REPLY_MAX = 256 << 10 };

static struct slot {
	struct sg_hash request;
	struct sg_buf reply; /* never empty where the slot is used */
} slots[SLOTS];
static size_t next;   /* the slot that is filled next: the oldest */
static size_t octets; /* of all replies */

static void drop(struct slot *slot)
{
	octets -= slot->reply.len;
	sg_buf_release(&slot->reply);
}

bool sg_rules_remembered(const struct sg_hash *request, struct sg_buf *ret_reply)
{
	for (size_t i = 0; i < SLOTS; i++)
		if (slots[i].reply.len && sg_hash_equal(&slots[i].request, request)) {
			sg_buf_set(ret_reply, slots[i].reply.data, slots[i].reply.len);
			return true;
		}
	return false;
}

void sg_rules_remember(const struct sg_hash *request, struct sg_bytes reply)
{
	if (!reply.len || reply.len > REPLY_MAX)
		return;
	drop(&slots[next]);
	for (size_t i = next + 1; octets + reply.len > OCTETS_MAX; i++)
		drop(&slots[i % SLOTS]);
	slots[next].request = *request;
	sg_buf_set(&slots[next].reply, reply.data, reply.len);
	octets += reply.len;
	next = (next + 1) % SLOTS;
}

void sg_rules_forget_answers(void)
{
	for (size_t i = 0; i < SLOTS; i++)
		drop(&slots[i]);
}
