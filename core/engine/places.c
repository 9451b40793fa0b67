/* places.c - the default places of a drive. Folders that are there are found without regard to case, as Windows would; what is missing is
 * taken as written. */
#include "engine/places_parts.h"

#include <stdlib.h>
#include <string.h>

int sg_place_below(
        const struct sg_drives *drives, const char *leaf, const char *file, char **ret, struct sg_err *err)
{
	const char *parts[] = { "ProgramData", "stopgap", leaf, file };
	char *win = sg_strdup("C:"), *native = NULL, *next;
	int r = 0;

	for (size_t i = 0; r == 0 && i < 4 && parts[i]; i++) {
		struct sg_err why = SG_ERR_INIT;

		next = sg_format("%s\\%s", win, parts[i]);
		free(win);
		win = next;
		next = NULL;
		r = sg_drive_path(drives, win, true, &next, &why);
		if (r == SG_ENOENT && native) {
			next = sg_format("%s/%s", native, parts[i]);
			r = 0;
		}
		if (r < 0) {
			sg_fail(err, r, "%s", why.msg);
			break;
		}
		free(native);
		native = next;
	}
	free(win);
	if (r < 0) {
		free(native);
		return r;
	}
	*ret = native;
	return 0;
}

int sg_place_journal(const struct sg_drives *drives, char **ret, struct sg_err *err)
{
	if (sg_drives_live(drives))
		return sg_drive_canonical(drives, "%ProgramData%\\stopgap\\journal", ret, err);
	if (!drives->dir['C' - 'A'])
		return sg_fail(err, SG_EINVAL,
		        "there is no drive C: give --root C=FOLDER (a mounted or copied system drive), or "
		        "say where the "
		        "journal is with --journal FOLDER");
	return sg_place_below(drives, "journal", NULL, ret, err);
}
