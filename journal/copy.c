/* copy.c - a private copy of a journal, in memory (read.h).
 *
 * In memory and not in a folder: nothing is left behind when the reader dies, a full volume does not matter, and the bounds-checked reader
 * (pages.h) needs no environment. A commit writes its pages before its meta page, and takes only pages that were free two commits before, so a copy is
 * whole when the newest meta page names the same transaction before and after it.
 */
#include "journal/read.h"

#include "base/os.h"
#include "journal/mirror.h"
#include "journal/reader.h"
#include <stdlib.h>
#include <string.h>

enum { TRIES = 20, TWO_PAGES = 2 * 65536 };

/* Octets [0, len) of f; fewer when the file is shorter. */
static int read_front(struct sg_os_file f, uint64_t len, struct sg_buf *ret, struct sg_err *err)
{
	unsigned char chunk[65536];
	size_t got = sizeof chunk;
	int rc = 0;

	sg_buf_clear(ret);
	while (rc == 0 && ret->len < len && got == sizeof chunk) {
		rc = sg_os_pread(f, ret->len, chunk, sizeof chunk, &got, err);
		if (rc == 0)
			sg_buf_add(ret, chunk, got);
	}
	return rc;
}

/* One try: 1 when a commit came in between. */
static int copy_once(struct sg_os_file f, struct sg_buf *ret, struct sg_err *err)
{
	struct sg_buf front = { 0 };
	uint64_t before = 0, after = 0, octets = 0, ignored = 0;
	int rc = read_front(f, TWO_PAGES, &front, err);

	if (rc == 0)
		rc = sg_pages_peek(sg_buf_bytes(&front), &before, &octets, err);
	if (rc == 0)
		rc = read_front(f, octets, ret, err);
	if (rc == 0)
		rc = read_front(f, TWO_PAGES, &front, err);
	if (rc == 0)
		rc = sg_pages_peek(sg_buf_bytes(&front), &after, &ignored, err);
	sg_buf_release(&front);
	return rc == 0 && before != after ? 1 : rc;
}

int sg_pages_read_file(const char *path, struct sg_pages **ret, struct sg_err *err)
{
	struct sg_os_file f = SG_OS_FILE_INIT;
	struct sg_buf octets = { 0 };
	struct sg_err why = SG_ERR_INIT;
	int rc = sg_os_open_read(path, &f, err);

	if (rc != 0)
		return rc;
	rc = 1;
	for (int i = 0; rc == 1 && i < TRIES; i++)
		rc = copy_once(f, &octets, &why);
	sg_os_close(&f);
	if (rc == 1)
		rc = sg_fail(
		        &why, SG_EBUSY, "the journal is written to faster than it can be copied: try again");
	if (rc == 0)
		rc = sg_pages_load(&octets, ret, &why);
	sg_buf_release(&octets);
	return rc == 0 ? 0 : sg_fail(err, rc, "%s: %s", path, why.msg);
}

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n >= m && strcmp(s + n - m, end) == 0;
}

int sg_journal_copy(const char *path, struct sg_journal_read **ret, struct sg_err *err)
{
	struct sg_file_id id;
	struct sg_journal_read *r;
	char *file, *folder;
	int rc = sg_os_stat(path, &id, err);

	if (rc != 0)
		return rc;
	folder = sg_strdup(path);
	if (id.is_dir) {
		file = sg_format("%s/journal.mdb", path);
	} else {
		file = sg_strdup(path);
		/* Only a file with the live one's name has its mirror beside it: another name is somebody's copy. */
		if (ends_with(path, "/journal.mdb"))
			folder[strlen(path) - strlen("/journal.mdb")] = 0;
		else
			*folder = 0;
	}
	r = sg_alloc(sizeof *r);
	if (*folder) {
		uint64_t seq = 0;
		r->mirror = sg_format("%s/journal.mirror", folder);
		sg_mirror_read(r->mirror, &r->mirror_content, &seq, &r->mirror_err);
	}
	rc = sg_pages_read_file(file, &r->pages, err);
	free(file);
	free(folder);
	if (rc != 0)
		sg_journal_copy_close(r);
	else
		*ret = r;
	return rc;
}

void sg_journal_copy_close(struct sg_journal_read *r)
{
	if (!r)
		return;
	sg_pages_free(r->pages);
	sg_val_free(r->mirror_content);
	free(r->mirror);
	free(r);
}

int sg_journal_export(struct sg_journal_read *r, const char *path, struct sg_err *err)
{
	const char *slash = strrchr(path, '/');
	char *folder = slash ? sg_strndup(path, slash == path ? 1 : (size_t)(slash - path)) : sg_strdup(".");
	int rc = 0;

	if (!r->pages)
		rc = sg_fail(err, SG_EINVAL, "only a copy can be exported");
	if (rc == 0)
		rc = sg_os_create(path, sg_pages_octets(r->pages), NULL, err);
	if (rc != 0)
		goto out;
	rc = sg_os_allocate(path, sg_pages_size(r->pages), err);
	if (rc == 0)
		rc = sg_os_sync_file(path, err);
	if (rc == 0)
		rc = sg_os_sync_dir(folder, err);
	if (rc != 0)
		sg_os_unlink(path, NULL);
out:
	free(folder);
	return rc;
}
