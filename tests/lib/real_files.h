/* real_files.h - real inputs that nobody here wrote, where they are at hand: below the folder that STOPGAP_DATA names, else ../shared/data beside the sources.
 * A clone has none of them, and what needs them says by name that it skips. */
#ifndef SG_TESTS_LIB_REAL_FILES_H
#define SG_TESTS_LIB_REAL_FILES_H

#include "base/buf.h"

/* Where a file or folder of the collection would be, as in "iis/229/applicationHost.config"; the caller's. */
char *t_real_path(const char *name);

/* Its contents, 64 MiB at most; false, and said, when it is not there. */
bool t_real_read(const char *name, struct sg_buf *ret);

/* The same for one of "iis", put on the drive in `dir` as the Windows path `win`. */
bool t_real_take(const char *dir, const char *file, const char *win);

#endif
