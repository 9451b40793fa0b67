/* closed_win.h - who may change a file, or put another one in its place, on Windows. Includes no header of Windows: a SECURITY_DESCRIPTOR is a void *.
 *
 * Trusted are SYSTEM, the administrators and Windows' own installer; they may do everything here anyhow. So is the account of this process, unless what it
 * makes belongs to the administrators: that is so for the service and for whoever is elevated, and there the same account's programs that are not elevated
 * may do less than this one. A person without such rights is believed about their own files, because nothing more is done with those than they may.
 */
#ifndef SG_BASE_CLOSED_WIN_H
#define SG_BASE_CLOSED_WIN_H

#include "base/err.h"
#include "base/mem.h"

/* What others may not do. */
enum sg_win_place {
	SG_WIN_OWNER,  /* own it: its access list is about to be replaced */
	SG_WIN_FILE,   /* write it, take it away, or say who may */
	SG_WIN_FOLDER, /* the same, and put anything into it: a library beside a program is loaded by it */
	SG_WIN_ABOVE, /* take it, or what is in it, away or rename it; new names beside ours may be made, as everybody may in C:\ and %ProgramData% */
	SG_WIN_ROOT,  /* the same for a volume's root, which itself cannot be taken away */
};

enum sg_win_access {
	SG_WIN_CLOSED,   /* nobody but the trusted may */
	SG_WIN_OWNED,    /* a stranger owns it, and so says who may */
	SG_WIN_LISTED,   /* a stranger may, as the access list says */
	SG_WIN_UNLISTED, /* it has no owner or no access list, or one that cannot be read: anybody may */
};

/* Pure: what the descriptor (owner and access list, "Access Control Lists", "Order of ACEs in a DACL") says; anything that is not surely a denial counts as
 * allowing what its mask says, and what denials take away again is not subtracted. `self`: one more SID to trust, or NULL. *ret_sid: the stranger, owned by
 * the caller; NULL unless OWNED or LISTED. */
enum sg_win_access sg_win_judge(void *descriptor, enum sg_win_place place, const char *self, char **ret_sid);

/* The same, with all of them: every stranger's SID is added to `strangers`, each once. UNLISTED, wherever it is found, else what was found
 * first. */
enum sg_win_access sg_win_strangers(
        void *descriptor, enum sg_win_place place, const char *self, struct sg_strs *strangers);

/* Of what is at `path`, link or not, as sg_win_strangers() sees it. */
struct sg_win_look {
	enum sg_win_access is;
	struct sg_strs strangers;
	bool apart; /* its access list is protected: nothing is inherited from above */
	bool link;
};
int sg_win_look(const char *path, enum sg_win_place place, struct sg_win_look *ret, struct sg_err *err);
/* The same of what `how` (0 or FILE_FLAG_OPEN_REPARSE_POINT) opens. */
int sg_win_look_at(const char *path, unsigned long how, enum sg_win_place place, struct sg_win_look *ret,
        struct sg_err *err);
/* The same of what is open as `h`, a HANDLE that may read its descriptor and attributes, whatever has its name now; `path` is for the message. */
int sg_win_look_open(
        void *h, const char *path, enum sg_win_place place, struct sg_win_look *ret, struct sg_err *err);
void sg_win_look_release(struct sg_win_look *look);

/* The words for it: SG_EACCES with who may change `path` and the command that ends it; 0 for CLOSED. `sid` for OWNED and LISTED. */
int sg_win_refuse(const char *path, enum sg_win_place place, enum sg_win_access is, const char *sid,
        struct sg_err *err);

/* SG_EACCES unless what is there is closed in that sense, with who may change it and the command that ends it. Where `path` is a link, the link has to be, the
 * folder that it lies in, what it leads to, and the way there; a link that leads to another link is judged at its two ends. */
int sg_win_check(const char *path, enum sg_win_place place, struct sg_err *err);

/* The same for every folder above `path` up to the volume's root, none of which may be a link; the message names all that are open. `path` itself need not be
 * there, nor folders right above it. */
int sg_win_check_way(const char *path, struct sg_err *err);

#endif
