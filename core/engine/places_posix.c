/* places_posix.c - where the control socket is: below the drive that it controls, else in the system's own place. */
#include "engine/places_parts.h"

#include <stdlib.h>
#include <string.h>

enum { SOCKET_MAX = 100 }; /* sun_path has 108 octets on Linux, 104 elsewhere */

int sg_place_check_socket(const char *path, struct sg_err *err)
{
	if (strlen(path) <= SOCKET_MAX)
		return 0;
	return sg_fail(err, SG_ELIMIT,
	        "%s is longer than the %d octets that a socket's address may have: choose a shorter one with "
	        "--socket PATH or <control socket=\"...\"/>",
	        path, SOCKET_MAX);
}

int sg_place_socket(const struct sg_drives *drives, char **ret, struct sg_err *err)
{
	char *path = NULL;
	int r = 0;

	if (drives->dir['C' - 'A'])
		r = sg_place_below(drives, "control", "control.sock", &path, err);
	else
		path = sg_strdup("/run/stopgap/control.sock");
	if (r == 0)
		r = sg_place_check_socket(path, err);
	if (r < 0) {
		free(path);
		return r;
	}
	*ret = path;
	return 0;
}

bool sg_place_is_service(const char *path)
{
	(void)path; /* a socket's folder says whose it is */
	return false;
}
