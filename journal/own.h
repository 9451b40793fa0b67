/* own.h - what an open journal is made of; private to the write half. */
#ifndef SG_JOURNAL_OWN_H
#define SG_JOURNAL_OWN_H

#include "base/os.h"
#include "journal/journal.h"
#include "journal/mirror.h"
#include "journal/reader.h"

struct sg_journal {
	char *folder;
	struct sg_db *db;
	struct sg_mirror *mirror;
	struct sg_os_file lock;
	struct sg_journal_read reader;
	bool created;
};

#endif
