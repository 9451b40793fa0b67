/* uninstall_win.c - `stopgapd uninstall`: the service and its event source go, and what is held does not get lost on the way.
 *
 * Guarantees: which mitigations are in place is looked at with the service stopped, so that nothing goes in behind the look; a removal that is refused leaves
 * service and event source as they were, for nothing fails once the service is deleted; and a journal that is known of and cannot be found is no empty one.
 * The journal is the one that the caller names, else the service's, else the one that the last installation left remembered (remembered_win.h), else the
 * default place.
 */
#include "base/os.h"
#include "base/os_win.h"
#include "base/text.h"
#include "daemon/eventlog_win.h"
#include "daemon/remembered_win.h"
#include "daemon/setup_win.h"
#include "daemon/takeout.h"
#include "engine/places.h"
#include "journal/read.h"

#include <windows.h>

#include <stdio.h>
#include <stdlib.h>

/* --- which journal */

struct journal {
	char *folder;
	bool known;     /* somebody said that it is there: then it has to be */
	bool elsewhere; /* than where everybody looks who is not told otherwise */
};

static int find_journal(
        SC_HANDLE service, const char *asked, const char *installed, struct journal *ret, struct sg_err *err)
{
	struct sg_remembered memory = { 0 };
	struct sg_drives live = { 0 };
	char *usual = NULL;
	int r = sg_place_journal(&live, &usual, err);

	if (r == 0)
		r = sg_remembered_read(&memory, err);
	if (r == 0) {
		const char *folder = asked ? asked : service ? installed : memory.journal;

		ret->known = folder || service;
		r = sg_win_full_path(folder ? folder : usual, &ret->folder, err);
	}
	if (r == 0)
		ret->elsewhere = !sg_same(ret->folder, usual);
	sg_remembered_release(&memory);
	free(usual);
	return r;
}

static bool is_there(const char *folder, const char *name)
{
	char *path = sg_format("%s\\%s", folder, name);
	struct sg_file_id id = { 0 };
	bool is = sg_os_stat(path, &id, NULL) != SG_ENOENT;

	free(path);
	return is;
}

/* There is no journal.mdb to read: nothing is held, unless one has to be there. */
static int judge_missing(const struct journal *j, bool asked, struct sg_err *err)
{
	struct sg_file_id id = { 0 };
	const char *what = NULL;

	if (sg_os_stat(j->folder, &id, NULL) == SG_ENOENT)
		what = j->known ? "is not there" : NULL;
	else if (is_there(j->folder, "journal.mirror"))
		what = "has lost its journal.mdb";
	else if (asked)
		what = "holds no journal";
	if (!what)
		return 0;
	return sg_fail(err, SG_ESTATE,
	        "the journal's folder %s %s, so that nobody can tell which mitigations are in place: bring "
	        "it "
	        "back, or say where it is now (--journal FOLDER), or leave whatever is there in place "
	        "(--keep)",
	        j->folder, what);
}

/* The mitigations that hold something, once each. Reads a copy: the service may run. */
static int list_held(const struct journal *where, bool asked, struct sg_strs *ret, struct sg_err *err)
{
	struct sg_journal_read *j = NULL;
	struct sg_err why = SG_ERR_INIT;
	struct sg_holds holds = { 0 };
	int r = sg_journal_copy(where->folder, &j, &why);

	if (r == 0)
		r = sg_journal_holds(j, &holds, &why);
	if (r == SG_ENOENT)
		r = judge_missing(where, asked, err);
	else if (r < 0)
		sg_fail(err, r, "whether mitigations are in place cannot be told: %s", why.msg);
	sg_strs_release(ret);
	for (size_t i = 0; i < holds.n; i++)
		for (size_t k = 0; k < holds.at[i].holders.n; k++)
			sg_strs_add_once(ret, holds.at[i].holders.at[k].id);
	sg_holds_release(&holds);
	if (j)
		sg_journal_copy_close(j);
	return r;
}

static int refuse_held(const struct sg_strs *held, struct sg_err *err)
{
	struct sg_buf names = { 0 };
	int r;

	for (size_t i = 0; i < held->n; i++)
		sg_buf_fmt(&names, "%s%s", i ? ", " : "", held->at[i]);
	r = sg_fail(err, SG_ESTATE,
	        "mitigations are in place: %s. Take them out first (stopgapctl rollback --all), or leave "
	        "them there with "
	        "\"stopgapd uninstall --keep\"",
	        (char *)names.data);
	sg_buf_release(&names);
	return r;
}

/* --- the removal */

struct removal {
	SC_HANDLE
	service; /* NULL: somebody has taken it away before; its mitigations may be there all the same */
	const struct sg_service_setup *setup;
	struct sg_installed was;
	struct journal journal;
	struct sg_strs held;
	bool told; /* `held` is all of it */
};

/* What was told to leave whatever is there goes on without knowing what that is. */
static int look(struct removal *m, struct sg_err *err)
{
	struct sg_err why = SG_ERR_INIT;
	int r = list_held(&m->journal, m->setup->journal != NULL, &m->held, &why);

	m->told = r == 0;
	if (r < 0 && m->setup->keep) {
		printf("note: %s\n", why.msg);
		return 0;
	}
	if (r < 0)
		return sg_fail(err, r, "%s", why.msg);
	return m->held.n && !m->setup->keep && !m->setup->rollback ? refuse_held(&m->held, err) : 0;
}

/* The event source first: it can be put back, a service that was deleted cannot. */
static int take_away(struct removal *m, struct sg_err *err)
{
	struct sg_err again = SG_ERR_INIT;
	int r = sg_eventlog_unregister(err);

	if (r < 0 || !m->service || DeleteService(m->service) ||
	        GetLastError() == ERROR_SERVICE_MARKED_FOR_DELETE)
		return r;
	r = sg_win_fail(err, GetLastError(), "cannot take the service " SG_SERVICE_NAME " away");
	if (m->was.argc) {
		wchar_t *program = sg_win_wide(m->was.argv[0]);

		if (sg_eventlog_register(program, &again) < 0)
			printf("%s\n", again.msg);
		free(program);
	}
	return r;
}

/* With the service stopped; a service that ran before is the caller's to start again when something is refused. */
static int remove_all(struct removal *m, struct sg_err *err)
{
	struct sg_drives live = { 0 };
	int r = look(m, err);

	if (r == 0 && m->held.n && m->setup->rollback) {
		r = sg_takeout(&live, m->journal.folder, "stopgapd uninstall --rollback", err);
		if (r == 0)
			sg_strs_release(&m->held);
	}
	if (r == 0)
		r = take_away(m, err);
	return r;
}

/* Unless something stays in place, or nobody knows: the next removal has to find the journal. The service is gone by now, so that nothing here is a failure. */
static void forget(const struct removal *m)
{
	struct sg_err why = SG_ERR_INIT;

	if (m->told && !m->held.n && sg_remembered_forget(&why) < 0)
		printf("note: %s\n", why.msg);
}

static void say_what_stays(const struct removal *m)
{
	printf("the service " SG_SERVICE_NAME " and its event source are gone. What stays: configuration and "
	       "journal (%s), and this program\n",
	        m->journal.elsewhere ? m->journal.folder : "%ProgramData%\\stopgap");
	for (size_t i = 0; i < m->held.n; i++) {
		printf("  %s stays in place; \"stopgapd --once rollback %s", m->held.at[i], m->held.at[i]);
		if (m->journal.elsewhere)
			printf(" --journal %s", m->journal.folder);
		printf("\" takes it out\n");
	}
}

int sg_setup_uninstall(void *service, const struct sg_service_setup *setup, struct sg_err *err)
{
	struct removal m = { .service = service, .setup = setup };
	struct sg_err again = SG_ERR_INIT;
	bool ran = false;
	int r;

	if (service)
		sg_installed_read(service, &m.was);
	r = find_journal(service, setup->journal, m.was.options.journal, &m.journal, err);
	if (r == 0) /* what is refused now need not stop first */
		r = look(&m, err);
	if (r == 0 && service)
		r = sg_setup_stop(service, &ran, err);
	if (r == 0) {
		r = remove_all(&m, err);
		if (r < 0 && ran && sg_setup_start(service, &again) < 0)
			printf("%s\n", again.msg);
	}
	if (r == 0) {
		forget(&m);
		say_what_stays(&m);
	}
	sg_strs_release(&m.held);
	sg_installed_release(&m.was);
	free(m.journal.folder);
	return r;
}
