/* mend_win.c - looks at the access lists of what stopgap has in a folder, and puts back those that an administrator got into. Follows no link, opens no content,
 * and leaves alone what it does not know by name. */
#include "daemon/mend_win.h"
#include "base/os.h"
#include "base/os_win.h"
#include "base/text.h"
#include "daemon/lists_win.h"

#include <windows.h>

#include <stdlib.h>
#include <string.h>

/* What stopgap makes, or reads because its configuration says so: globs of names, and for folders what is ours in them. */
struct ours {
	const char *names;
	const struct ours *inside; /* NULL: files */
};
static const struct ours in_journal[] = {
	{ "journal.mdb journal.mirror journal.lock reserve journal.new journal.mirror.new", NULL },
	{ NULL, NULL },
};
static const struct ours in_anchors[] = {
	{ "*.pem *.crt *.cer *.crl", NULL },
	{ NULL, NULL },
};
static const struct ours in_own[] = {
	{ "stopgap.xml machine *.pem *.crt *.cer *.crl", NULL },
	{ "anchors", in_anchors },
	{ "journal", in_journal },
	{ NULL, NULL },
};

enum { MOST_LISTS = 4096 }; /* octets of a text that tell how lists were */

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
	char *why;         /* it cannot be told */
	char *path;        /* the first that was put back */
	size_t n;          /* that were */
	struct sg_buf was; /* their lists before */
	size_t untold;     /* lists that did not fit there */
	char *left;        /* about the first that was not */
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

/* `was` is told as a whole or not at all: half a list gives nothing back. */
static void note_put_back(struct mend *m, const struct sg_strs *strangers, const char *path, const char *was)
{
	for (size_t i = 0; i < strangers->n; i++) {
		struct stranger *s = know(m, strangers->at[i]);

		if (!s->path)
			s->path = sg_strdup(path);
		s->n++;
		if (s->was.len + strlen(path) + strlen(was) < MOST_LISTS)
			sg_buf_fmt(&s->was, "%s%s %s", s->was.len ? "; " : "", path, was);
		else
			s->untold++;
	}
}

static void finish(struct mend *m, struct sg_mended *into)
{
	for (size_t i = 0; i < m->n; i++) {
		struct stranger *s = &m->at[i];

		if (s->path) {
			char *account = sg_win_account(s->sid), *more = NULL, *untold = NULL, *text;

			if (s->n > 1)
				more = sg_format(" and %zu more file%s or folders below", s->n - 1,
				        s->n > 2 ? "s" : "");
			if (s->untold)
				untold = sg_format(
				        "%s%zu too long to be told here", s->was.len ? "; " : "", s->untold);
			text = sg_format(
			        "%s, an administrator, had the right to change %s%s, not elevated, too (as "
			        "\"Continue\" in Explorer gives it): the access lists are as stopgapd "
			        "install "
			        "makes them again; look whether all is as it should be there. They were: "
			        "%s%s",
			        account, s->path, more ? more : "",
			        s->was.len ? (const char *)s->was.data : "", untold ? untold : "");
			sg_strs_add(&into->put_back, text);
			free(text);
			free(untold);
			free(more);
			free(account);
		}
		if (s->left)
			sg_strs_add(&into->left, s->left);
		free(s->sid);
		free(s->why);
		free(s->path);
		free(s->left);
		sg_buf_release(&s->was);
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

/* A file or folder that may be written; and the open folder that it is an entry of, NULL for the top, whose way sg_mend_folder() has looked at. */
struct spot {
	const char *path, *name;
	enum sg_list list;
	void *folder;
	void *h;    /* open: the name is its own until it is closed */
	bool owner; /* may be given another owner, too */
};

static int check_shape(const struct spot *at, const struct sg_file_id *id, struct sg_err *err)
{
	if (id->is_link || id->is_dir != (at->list != SG_LIST_FILE) || (!id->is_dir && id->links > 1))
		return sg_fail(err, SG_EACCES,
		        "%s is a link, or the same file as another, which stopgap never made: look at it, "
		        "and remove it",
		        at->path);
	if (at->folder && !sg_list_lies(at->h, at->folder, at->name))
		return sg_fail(err, SG_EBUSY, "%s does not lie in its folder any more", at->path);
	return 0;
}

/* `seen` is what `at->h` has. */
static int put_back(struct mend *m, const struct spot *at, const struct sg_win_look *seen, struct sg_err *err)
{
	struct stranger *s = against(m, seen);
	char *was = NULL;
	int r;

	if (s)
		return sg_win_refuse(at->path, at->list == SG_LIST_FILE ? SG_WIN_FILE : SG_WIN_FOLDER,
		        seen->is, s->sid, err);
	if (seen->is == SG_WIN_UNLISTED || (seen->is == SG_WIN_OWNED && !at->owner) ||
	        (at->list == SG_LIST_TOP && !seen->apart))
		return sg_fail(
		        err, SG_EBUSY, "the access list of %s is being changed by somebody else", at->path);
	r = sg_list_text(at->h, at->path, &was, err);
	if (r == 0)
		r = sg_list_set(at->h, at->path, at->list, at->owner, err);
	if (r == 0)
		note_put_back(m, &seen->strangers, at->path, was);
	free(was);
	return r;
}

/* The look by name only tells whether it has to be opened, which may be in somebody's way, and names who is told of when that fails; what is open is judged for
 * itself. SG_EACCES and the like: it is not closed, or not ours. The caller closes `at->h` in any case. */
static int mend_one(struct mend *m, struct spot *at)
{
	enum sg_win_place place = at->list == SG_LIST_FILE ? SG_WIN_FILE : SG_WIN_FOLDER;
	struct sg_win_look hint = { 0 }, seen = { 0 };
	const struct sg_strs *who;
	struct sg_err wrong = SG_ERR_INIT;
	struct sg_file_id id = { 0 };
	int r = sg_win_look(at->path, place, &hint, NULL);

	if (r < 0 || (hint.is == SG_WIN_CLOSED && at->list == SG_LIST_FILE))
		goto out;
	at->owner = hint.is == SG_WIN_OWNED;
	r = sg_list_open(at->path, at->owner, &at->h, &id, &wrong);
	if (r == 0)
		r = check_shape(at, &id, &wrong);
	if (r == 0)
		r = sg_win_look_open(at->h, at->path, place, &seen, &wrong);
	if (r == 0 && seen.is != SG_WIN_CLOSED)
		r = put_back(m, at, &seen, &wrong);
	who = seen.strangers.n ? &seen.strangers : &hint.strangers;
	if (r < 0 && who->n) {
		struct stranger *s = against(m, &seen);

		note_left(s ? s : know(m, who->at[0]), &wrong);
	}
out:
	sg_win_look_release(&hint);
	sg_win_look_release(&seen);
	return r;
}

static const struct ours *find_ours(const struct ours *table, const char *name)
{
	while (table->names && !sg_globs(table->names, name))
		table++;
	return table->names ? table : NULL;
}

/* The folder is closed, so that nobody puts in what was not listed, and open, so that it stays where it is. */
static void walk(struct mend *m, const char *folder, void *h, const struct ours *table)
{
	struct sg_strs names = { 0 };

	if (sg_os_list(folder, &names, NULL) < 0)
		return;
	for (size_t i = 0; i < names.n; i++) {
		const struct ours *known = find_ours(table, names.at[i]);
		char *path = sg_format("%s\\%s", folder, names.at[i]);
		struct spot at = { .path = path, .name = names.at[i], .folder = h };

		at.list = known && known->inside ? SG_LIST_FOLDER : SG_LIST_FILE;
		if (known && mend_one(m, &at) == 0 && known->inside)
			walk(m, path, at.h, known->inside);
		if (at.h)
			CloseHandle(at.h);
		free(path);
	}
	sg_strs_release(&names);
}

/* A folder that is somebody's may be as closed as one of ours. */
static bool holds_journal(const char *folder)
{
	struct sg_strs names = { 0 };
	bool found = false;

	if (sg_os_list(folder, &names, NULL) == 0)
		for (size_t i = 0; i < names.n; i++)
			found = found || sg_globs("journal.mdb journal.mirror", names.at[i]);
	sg_strs_release(&names);
	return found;
}

void sg_mend_folder(const char *folder, enum sg_mend_part part,
        enum sg_admin (*ask)(const char *sid, char **ret_why), struct sg_mended *into)
{
	const struct ours *table = part == SG_MEND_OWN ? in_own : in_journal;
	struct spot at = { .path = folder, .list = SG_LIST_TOP };
	struct mend m = { .ask = ask ? ask : sg_admin_ask };
	struct sg_win_look top = { 0 };

	if (sg_win_look(folder, SG_WIN_FOLDER, &top, NULL) == 0 && top.apart && !top.link &&
	        top.is != SG_WIN_OWNED && top.is != SG_WIN_UNLISTED &&
	        (part == SG_MEND_OWN || holds_journal(folder)) && sg_win_check_way(folder, NULL) == 0 &&
	        mend_one(&m, &at) == 0)
		walk(&m, folder, at.h, table);
	if (at.h)
		CloseHandle(at.h);
	sg_win_look_release(&top);
	finish(&m, into);
}

void sg_mended_release(struct sg_mended *mended)
{
	sg_strs_release(&mended->put_back);
	sg_strs_release(&mended->left);
}
