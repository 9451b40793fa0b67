/* lists_win.h - private to folders_win.c and mend_win.c: the access lists of the service's own folders, and giving them. Includes no header of Windows: a
 * HANDLE is a void *. */
#ifndef SG_DAEMON_LISTS_WIN_H
#define SG_DAEMON_LISTS_WIN_H

#include "base/os.h"

/* SYSTEM and the administrators, everything; nobody else anything. */
enum sg_list {
	SG_LIST_TOP,    /* protected from what is above, and handed on to what is below */
	SG_LIST_FOLDER, /* inherited from the top, and handed on */
	SG_LIST_FILE,   /* inherited */
};

/* What has the name, link or not, to be given a list, and with `owner` an owner. As long as it is open nobody can give the name to anything else, so that what
 * is asked by name is asked of it, too. The caller closes it. */
int sg_list_open(const char *path, bool owner, void **ret, struct sg_file_id *ret_id, struct sg_err *err);

/* Whether what is open as `h` is the entry `name` of the folder that is open as `folder`, with no link crossed between them: both from sg_list_open(). True
 * stays true while they are open, for neither can be renamed, and a folder with something in it becomes no junction. */
bool sg_list_lies(void *h, void *folder, const char *name);

/* Owner and access list of what is open, in the form that "Security Descriptor Definition Language" describes; the caller's. */
int sg_list_text(void *h, const char *path, char **ret, struct sg_err *err);

/* Gives what was opened this list, and with `owner` to the administrators. `path` is for the message. */
int sg_list_set(void *h, const char *path, enum sg_list list, bool owner, struct sg_err *err);

#endif
