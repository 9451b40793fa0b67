/* places_win.c - names of control pipes. They are not below a drive but in one place for the whole machine: a drive that is a folder gets one made of its
 * path, so that both programs find the same.
 *
 * Whoever makes a pipe's name first has it. Below ProtectedPrefix\Administrators (the pipe file system's own, since Windows 7) only administrators can make
 * names, and everybody whom a pipe's access list lets in can open them: there the service has its name. Whoever runs stopgapd on a folder need be no administrator. */
#include "base/hash.h"
#include "base/text.h"
#include "engine/places_parts.h"

#include <stdlib.h>
#include <string.h>

#define PIPES        "\\\\.\\pipe\\"
#define PROTECTED    PIPES "ProtectedPrefix\\Administrators\\"
#define SERVICE_PIPE PROTECTED SG_SERVICE_NAME

enum { NAME_MAX_LEN = 256, PIPES_LEN = sizeof PIPES - 1, PROTECTED_LEN = sizeof PROTECTED - 1 };

int sg_place_check_socket(const char *path, struct sg_err *err)
{
	size_t len = strlen(path);
	size_t at = sg_same_n(path, PROTECTED, PROTECTED_LEN) ? PROTECTED_LEN : PIPES_LEN;

	if (len <= at || !sg_same_n(path, PIPES, PIPES_LEN) || strpbrk(path + at, "\\/"))
		return sg_fail(err, SG_EINVAL,
		        "%s is no name of a pipe: write it as " PIPES "NAME or " PROTECTED "NAME", path);
	if (len > NAME_MAX_LEN)
		return sg_fail(err, SG_ELIMIT, "%s is longer than the %d octets that a pipe's name may have",
		        path, NAME_MAX_LEN);
	return 0;
}

int sg_place_socket(const struct sg_drives *drives, char **ret, struct sg_err *err)
{
	const char *dir = drives->dir['C' - 'A'];
	char *folder, hex[65];
	struct sg_hash hash;

	if (sg_drives_live(drives)) {
		*ret = sg_strdup(SERVICE_PIPE);
		return 0;
	}
	if (!dir)
		return sg_fail(err, SG_EINVAL,
		        "there is no drive C: give --root C=FOLDER (a mounted or copied system drive), or "
		        "say which "
		        "pipe with --socket " PIPES "NAME");
	folder = sg_strdup(dir);
	for (char *p = folder; *p; p++) /* a folder has one name in any case */
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p + 32);
	hash = sg_sha256(sg_bytes_of(folder));
	free(folder);
	sg_hash_hex(&hash, hex);
	*ret = sg_format(PIPES SG_SERVICE_NAME "-%.16s", hex);
	return 0;
}

bool sg_place_is_service(const char *path)
{
	return sg_same(path, SERVICE_PIPE);
}
