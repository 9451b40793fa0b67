/* mirror.c - two slots in one allocated file, written in turn (mirror.h).
 *
 * A slot: "SGMIRROR", format (4 octets, big-endian), sequence number (8), length of the content (8), SHA-256 over sequence number, length and content
 * (32), then the content as MessagePack. Slot i starts at i * half the file.
 */
#include "journal/mirror.h"

#include "base/hash.h"
#include "base/os.h"
#include "base/pack.h"
#include "journal/record.h"
#include <stdlib.h>
#include <string.h>

enum { HEAD = 60, FORMAT = 1, FORMAT_AT = 8, SEQ_AT = 12, LEN_AT = 20, SUM_AT = 28 };
#define FILE_MAX ((size_t)1 << 32)
static const char magic[8] = { 'S', 'G', 'M', 'I', 'R', 'R', 'O', 'R' };
static const struct sg_pack_limits limits = { 64 * 1024 * 1024, 16, 2000000 };

struct sg_mirror {
	struct sg_os_file file;
	char *path;
	uint64_t slot_size, seq;
};

static struct sg_hash content_sum(const unsigned char *head, struct sg_bytes content)
{
	return sg_sha256_2((struct sg_bytes){ head + SEQ_AT, SUM_AT - SEQ_AT }, content);
}

/* The content of slot i, when it verifies. *newer is set when its format is another one. */
static bool slot_read(
        struct sg_bytes file, unsigned i, struct sg_bytes *ret, uint64_t *ret_seq, uint32_t *newer)
{
	size_t slot_size = file.len / 2;
	const unsigned char *head = file.data + i * slot_size;

	if (slot_size < HEAD || memcmp(head, magic, sizeof magic) != 0)
		return false;
	uint64_t len = sg_be_get(head + LEN_AT, 8);
	if (len > slot_size - HEAD)
		return false;
	struct sg_bytes content = { head + HEAD, (size_t)len };
	struct sg_hash have = content_sum(head, content);
	if (memcmp(have.b, head + SUM_AT, sizeof have.b) != 0)
		return false;
	if (sg_be_get(head + FORMAT_AT, 4) != FORMAT) {
		*newer = (uint32_t)sg_be_get(head + FORMAT_AT, 4);
		return false;
	}
	*ret = content;
	*ret_seq = sg_be_get(head + SEQ_AT, 8);
	return true;
}

static bool newest(struct sg_bytes file, struct sg_bytes *ret, uint64_t *ret_seq, uint32_t *newer)
{
	struct sg_bytes slot[2] = { { 0 }, { 0 } };
	uint64_t seq[2] = { 0, 0 };
	bool good[2];

	for (unsigned i = 0; i < 2; i++)
		good[i] = slot_read(file, i, &slot[i], &seq[i], newer);
	unsigned pick = good[1] && (!good[0] || seq[1] > seq[0]);
	*ret = slot[pick];
	*ret_seq = seq[pick];
	return good[pick];
}

/* Made aside, allocated and synced, then renamed: a mirror that is there has its blocks. */
static int make(const char *path, uint64_t size, struct sg_err *err)
{
	char *aside = sg_format("%s.new", path);
	int rc = sg_os_unlink(aside, err);

	if (rc == 0)
		rc = sg_os_allocate(aside, size, err);
	if (rc == 0)
		rc = sg_os_sync_file(aside, err);
	if (rc == 0)
		rc = sg_os_replace(aside, path, err);
	free(aside);
	return rc;
}

int sg_mirror_open(const char *path, uint64_t slot_size, struct sg_mirror **ret, struct sg_err *err)
{
	struct sg_file_id id;
	struct sg_mirror *m;
	struct sg_buf file = { 0 };
	struct sg_bytes content;
	uint32_t newer = 0;
	struct sg_err none = SG_ERR_INIT;
	int rc = sg_os_stat(path, &id, &none);

	if (rc == SG_ENOENT || (rc == 0 && id.size < 2 * 4096)) {
		rc = make(path, 2 * slot_size, err);
		if (rc == 0)
			rc = sg_os_stat(path, &id, err);
	}
	if (rc != 0)
		return sg_fail(err, rc, "%s", none.msg);
	m = sg_alloc(sizeof *m);
	m->path = sg_strdup(path);
	m->slot_size = id.size / 2;
	m->file = (struct sg_os_file)SG_OS_FILE_INIT;
	rc = sg_os_read(path, FILE_MAX, &file, &id, err);
	if (rc == 0) {
		newest(sg_buf_bytes(&file), &content, &m->seq, &newer);
		if (newer > FORMAT)
			rc = sg_fail(err, SG_EVERSION, "%s has format %u; this stopgap reads format %d", path,
			        newer, FORMAT);
	}
	if (rc == 0)
		rc = sg_os_open(path, false, &m->file, err);
	sg_buf_release(&file);
	if (rc != 0) {
		sg_mirror_close(m);
		return rc;
	}
	*ret = m;
	return 0;
}

void sg_mirror_close(struct sg_mirror *m)
{
	if (!m)
		return;
	sg_os_close(&m->file);
	free(m->path);
	free(m);
}

uint64_t sg_mirror_seq(const struct sg_mirror *m)
{
	return m->seq;
}

int sg_mirror_pack(
        const struct sg_mirror *m, const struct sg_val *content, struct sg_buf *ret, struct sg_err *err)
{
	unsigned char head[HEAD] = { 0 };
	struct sg_buf body = { 0 };
	int rc = 0;

	sg_pack(content, &body);
	if (body.len > m->slot_size - HEAD)
		rc = sg_fail(err, SG_ELIMIT, "%s: the claims need %llu bytes, and a slot has %llu", m->path,
		        (unsigned long long)body.len, (unsigned long long)(m->slot_size - HEAD));
	if (rc == 0) {
		memcpy(head, magic, sizeof magic);
		sg_be_put(head + FORMAT_AT, FORMAT, 4);
		sg_be_put(head + SEQ_AT, m->seq + 1, 8);
		sg_be_put(head + LEN_AT, body.len, 8);
		struct sg_hash sum = content_sum(head, sg_buf_bytes(&body));
		memcpy(head + SUM_AT, sum.b, sizeof sum.b);
		sg_buf_set(ret, head, sizeof head);
		sg_buf_add(ret, body.data, body.len);
	}
	sg_buf_release(&body);
	return rc;
}

int sg_mirror_write_packed(struct sg_mirror *m, struct sg_bytes slot, struct sg_err *err)
{
	uint64_t seq = m->seq + 1;
	int rc = sg_os_pwrite(m->file, (seq & 1) * m->slot_size, slot.data, slot.len, err);

	if (rc == 0)
		rc = sg_os_sync(m->file, err);
	if (rc != 0)
		return SG_EFATAL;
	m->seq = seq;
	return 0;
}

int sg_mirror_write(struct sg_mirror *m, const struct sg_val *content, struct sg_err *err)
{
	struct sg_buf slot = { 0 };
	int rc = sg_mirror_pack(m, content, &slot, err);

	if (rc == 0)
		rc = sg_mirror_write_packed(m, sg_buf_bytes(&slot), err);
	sg_buf_release(&slot);
	return rc;
}

int sg_mirror_read(const char *path, struct sg_val **ret, uint64_t *ret_seq, struct sg_err *err)
{
	struct sg_buf file = { 0 };
	struct sg_bytes content;
	struct sg_file_id id;
	uint32_t newer = 0;
	int rc = sg_os_read(path, FILE_MAX, &file, &id, err);

	if (rc != 0)
		return rc;
	if (newest(sg_buf_bytes(&file), &content, ret_seq, &newer))
		rc = sg_unpack(content, &limits, ret, err);
	else if (newer > FORMAT)
		rc = sg_fail(err, SG_EVERSION, "%s has format %u; this stopgap reads format %d", path, newer,
		        FORMAT);
	else
		rc = sg_fail(err, SG_EDAMAGED, "%s: neither of its two slots verifies", path);
	sg_buf_release(&file);
	return rc;
}
