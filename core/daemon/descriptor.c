/* descriptor.c - writes the control pipe's security descriptor. Opens nothing, looks nothing up. */
#include "daemon/descriptor.h"

#include <string.h>

#define SYSTEM         "S-1-5-18"
#define ADMINISTRATORS "S-1-5-32-544"
/* FILE_GENERIC_READ and FILE_GENERIC_WRITE without FILE_CREATE_PIPE_INSTANCE (4, which is FILE_APPEND_DATA for files) */
#define READ_WRITE "0x12019b"

static bool is_sid(const char *id)
{
	return strncmp(id, "S-1-", 4) == 0 && id[4] && id[4 + strspn(id + 4, "0123456789-")] == 0;
}

/* Integrity levels are no trustees. */
static bool is_level(const char *id)
{
	return strncmp(id, "S-1-16-", 7) == 0;
}

static void allow(const char *id, const char *self, struct sg_strs *done, struct sg_buf *out)
{
	bool all = strcmp(id, SYSTEM) == 0 || strcmp(id, self) == 0;

	if (!is_sid(id) || is_level(id) || sg_strs_has(done, id))
		return;
	sg_strs_add(done, id);
	sg_buf_fmt(out, "(A;;%s;;;%s)", all ? "GA" : READ_WRITE, id);
}

char *sg_descriptor_text(const struct sg_access *access, const char *self, bool high)
{
	const struct sg_strs *const lists[] = { &access->always, &access->change, &access->read };
	struct sg_strs done = { 0 };
	struct sg_buf out = { 0 };

	/* its owner is what a client can check without asking anybody: elevated, an administrator makes it the administrators' */
	sg_buf_fmt(&out, "O:%s", strcmp(self, SYSTEM) != 0 && high ? ADMINISTRATORS : self);
	/* protected: nothing comes from elsewhere. Denials first, as the system reads the list in its order. */
	sg_buf_str(&out, "D:P");
	for (size_t i = 0; i < access->never.n; i++)
		if (is_sid(access->never.at[i]) && !is_level(access->never.at[i]))
			sg_buf_fmt(&out, "(D;;GA;;;%s)", access->never.at[i]);
	allow(SYSTEM, self, &done, &out);
	allow(self, self, &done, &out);
	for (size_t k = 0; k < sizeof lists / sizeof *lists; k++)
		for (size_t i = 0; i < lists[k]->n; i++)
			allow(lists[k]->at[i], self, &done, &out);
	sg_buf_fmt(&out, "S:(ML;;NW;;;%s)", high && !sg_access_others(access) ? "HI" : "ME");
	sg_strs_release(&done);
	return sg_buf_detach(&out);
}
