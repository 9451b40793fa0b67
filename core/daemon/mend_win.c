/* mend_win.c - looks at every access list below a folder, and puts back those that an administrator got into. Follows no link, opens no content. */
#include "daemon/mend_win.h"
#include "base/os.h"
#include "base/os_win.h"
#include "daemon/lists_win.h"

#include <windows.h>

#include <stdlib.h>
#include <string.h>

enum { DEEPEST = 32 }; /* folders below each other; the service makes three */

enum sg_mend sg_mend_decide(enum sg_win_access is, const char *sid, enum sg_admin admin, bool closed)
{
	/* of a machine, a domain, or Entra ID: what Windows makes by itself has other authorities ("Well-known SIDs") */
	static const char *const accounts[] = { "S-1-5-21-", "S-1-12-1-" };
	bool account = false;

	if (is == SG_WIN_CLOSED)
		return SG_MEND_NOTHING;
	for (size_t i = 0; sid && i < sizeof accounts / sizeof *accounts; i++)
		account = account || strncmp(sid, accounts[i], strlen(accounts[i])) == 0;
	return closed && is != SG_WIN_UNLISTED && account && admin == SG_ADMIN_YES ? SG_MEND_PUT_BACK
	                                                                           : SG_MEND_REFUSE;
}

/* --- what is known of each stranger */

struct stranger {
	char *sid;
	enum sg_admin admin;
	char *why;  /* it cannot be told */
	char *path; /* the first that was put back */
	size_t n;   /* that were */
	char *left; /* about the first that was not */
};

struct mend {
	enum sg_admin (*ask)(const char *sid, char **ret_why);
	struct stranger *at;
	size_t n, cap;
};

/* Each is asked about once. */
static struct stranger *know(struct mend *m, const char *sid)
{
	struct stranger *s;

	for (size_t i = 0; i < m->n; i++)
		if (strcmp(m->at[i].sid, sid) == 0)
			return &m->at[i];
	m->at = sg_grow(m->at, m->n, &m->cap, sizeof *m->at);
	s = &m->at[m->n++];
	*s = (struct stranger){ .sid = sg_strdup(sid), .admin = SG_ADMIN_NO };
	/* what is nobody's account is no administrator, whatever would be answered */
	if (sg_mend_decide(SG_WIN_LISTED, sid, SG_ADMIN_YES, true) == SG_MEND_PUT_BACK)
		s->admin = m->ask(sid, &s->why);
	return s;
}

/* Why it was left as it is: what is wrong with it, and what its stranger is. */
static void note_left(struct stranger *s, const struct sg_err *wrong)
{
	const char *what = s->admin == SG_ADMIN_YES  ? "that account is an administrator's"
	                   : s->admin == SG_ADMIN_NO ? "that account is no administrator of this machine"
	                                             : "that account is not known to be an administrator's";

	if (!s->left)
		s->left = sg_format("%s. Nothing was changed: %s%s%s", wrong->msg, what, s->why ? "; " : "",
		        s->why ? s->why : "");
}

static void note_put_back(struct mend *m, const struct sg_strs *strangers, const char *path)
{
	for (size_t i = 0; i < strangers->n; i++) {
		struct stranger *s = know(m, strangers->at[i]);

		if (!s->path)
			s->path = sg_strdup(path);
		s->n++;
	}
}

static void finish(struct mend *m, struct sg_mended *into)
{
	for (size_t i = 0; i < m->n; i++) {
		struct stranger *s = &m->at[i];

		if (s->path) {
			char *account = sg_win_account(s->sid), *more = NULL, *text;

			if (s->n > 1)
				more = sg_format(" and %zu more file%s or folders below", s->n - 1,
				        s->n > 2 ? "s" : "");
			text = sg_format(
			        "%s, an administrator, had the right to change %s%s, not elevated, too (as "
			        "\"Continue\" in Explorer gives it): the access lists are as stopgapd "
			        "install "
			        "makes them again; look whether all is as it should be there",
			        account, s->path, more ? more : "");
			sg_strs_add(&into->put_back, text);
			free(text);
			free(more);
			free(account);
		}
		if (s->left)
			sg_strs_add(&into->left, s->left);
		free(s->sid);
		free(s->why);
		free(s->path);
		free(s->left);
	}
	free(m->at);
}

/* --- what is there */

/* The first stranger whose right is not to be put back. NULL: there is none. */
static struct stranger *against(struct mend *m, const struct sg_win_look *seen)
{
	for (size_t i = 0; i < seen->strangers.n; i++) {
		struct stranger *s = know(m, seen->strangers.at[i]);

		if (sg_mend_decide(seen->is, s->sid, s->admin, true) != SG_MEND_PUT_BACK)
			return s;
	}
	return NULL;
}

/* What is open has its name until it is closed: what is looked at now is what is written. */
static int put_back(struct mend *m, const char *path, enum sg_list list, enum sg_win_place place, bool owner,
        struct sg_err *err)
{
	struct sg_win_look seen = { 0 };
	struct sg_file_id id = { 0 };
	void *h = NULL;
	int r = sg_list_open(path, owner, &h, &id, err);

	if (r < 0)
		return r;
	r = sg_win_look(path, place, &seen, err);
	if (r == 0 && (id.is_link || id.is_dir != (list != SG_LIST_FILE) || (!id.is_dir && id.links > 1)))
		r = sg_fail(err, SG_EACCES,
		        "%s is a link, or the same file as another, which stopgap never made: look at it, "
		        "and remove it",
		        path);
	if (r == 0 && (seen.is == SG_WIN_UNLISTED || (seen.is == SG_WIN_OWNED && !owner) || against(m, &seen)))
		r = sg_fail(err, SG_EBUSY, "the access list of %s is being changed by somebody else", path);
	if (r == 0)
		r = sg_list_set(h, path, list, owner, err);
	CloseHandle(h);
	sg_win_look_release(&seen);
	return r;
}

static void mend_one(struct mend *m, const char *path, enum sg_list list, const struct sg_win_look *seen)
{
	enum sg_win_place place = list == SG_LIST_FILE ? SG_WIN_FILE : SG_WIN_FOLDER;
	struct sg_err wrong = SG_ERR_INIT;
	struct stranger *s;

	if (seen->is == SG_WIN_CLOSED || !seen->strangers.n)
		return;
	s = against(m, seen);
	if (s)
		sg_win_refuse(path, place, seen->is, s->sid, &wrong);
	else if (put_back(m, path, list, place, seen->is == SG_WIN_OWNED, &wrong) < 0)
		s = know(m, seen->strangers.at[0]);
	if (s)
		note_left(s, &wrong);
	else
		note_put_back(m, &seen->strangers, path);
}

/* The folder's own list is put back before what is in it is looked at: nobody puts anything in any more. */
static void walk(struct mend *m, const char *folder, int depth)
{
	struct sg_strs names = { 0 };

	if (sg_os_list(folder, &names, NULL) < 0)
		return;
	for (size_t i = 0; i < names.n; i++) {
		char *path = sg_format("%s\\%s", folder, names.at[i]);
		struct sg_win_look seen = { 0 };
		struct sg_file_id id = { 0 };

		if (sg_os_stat(path, &id, NULL) == 0 && !id.is_link &&
		        sg_win_look(path, id.is_dir ? SG_WIN_FOLDER : SG_WIN_FILE, &seen, NULL) == 0) {
			mend_one(m, path, id.is_dir ? SG_LIST_FOLDER : SG_LIST_FILE, &seen);
			if (id.is_dir && depth < DEEPEST)
				walk(m, path, depth + 1);
		}
		sg_win_look_release(&seen);
		free(path);
	}
	sg_strs_release(&names);
}

void sg_mend_folder(
        const char *folder, enum sg_admin (*ask)(const char *sid, char **ret_why), struct sg_mended *into)
{
	struct mend m = { .ask = ask ? ask : sg_admin_ask };
	struct sg_win_look top = { 0 };

	if (sg_win_look(folder, SG_WIN_FOLDER, &top, NULL) == 0 && top.apart && !top.link &&
	        top.is != SG_WIN_OWNED && top.is != SG_WIN_UNLISTED) {
		mend_one(&m, folder, SG_LIST_TOP, &top);
		walk(&m, folder, 1);
	}
	sg_win_look_release(&top);
	finish(&m, into);
}

void sg_mended_release(struct sg_mended *mended)
{
	sg_strs_release(&mended->put_back);
	sg_strs_release(&mended->left);
}
