/* watch_parts.h - private to watch*.c: what a watch is made of, and what its three files ask of each other. */
#ifndef SG_DAEMON_WATCH_PARTS_H
#define SG_DAEMON_WATCH_PARTS_H

#include "daemon/watch.h"

struct sg_stamp {
	bool there;
	uint64_t dev, ino, size;
	int64_t mtime;
};

/* A folder on the way to a file. */
struct sg_watched_folder {
	char *path;
	uv_fs_event_t *handle; /* NULL: none */
	uint64_t dev, ino;     /* of the folder that the handle is on */
	bool top;              /* none above it is watched */
};
struct sg_watched_file {
	char *path;
	struct sg_stamp seen;
	bool known;   /* `seen` was asked for since the list was given, or since handles were closed */
	bool touched; /* to be told */
	bool gone;    /* it was there when it was last told */
};

struct sg_watch {
	struct sg_watch_options o;
	uv_timer_t timer;
	bool timer_closed;
	size_t closing; /* handles that the loop still has */
	struct sg_strs paths, roots;
	struct sg_watched_folder *folders;
	size_t n_folders, cap_folders;
	struct sg_watched_file *files;
	size_t n_files;
	uint64_t list; /* counts the lists */
	bool off, limited, told_limited, stopped;
	int64_t limited_at;
	bool looking;        /* a question is under way */
	bool due;            /* and another one is to follow */
	bool lost;           /* a root is not there, and nothing would say that it is back */
	int64_t first, last; /* events since the last telling; 0: none */
	int64_t told, busy;  /* when it was told last, and the pause after it */
};

/* watch.c */
void sg_watch_schedule(struct sg_watch *w);
/* The files below that name in the folder, NULL: all below the folder, are to be told. Whether there are any. */
bool sg_watch_touch(struct sg_watch *w, const char *folder, const char *name);
bool sg_watch_open(struct sg_watch *w, struct sg_watched_folder *f);
void sg_watch_close(struct sg_watch *w, struct sg_watched_folder *f);
int64_t sg_watch_now(const struct sg_watch *w);

/* watch_posix.c, watch_win.c: whether a folder may be kept open without being in anybody's way. */
bool sg_watch_keeps_handles(void);

/* watch_list.c */
void sg_watch_take_list(
        struct sg_watch *w); /* of w->paths and w->roots; handles that are still wanted stay open */
void sg_watch_free_list(struct sg_watch *w);
bool sg_watch_inside(const char *path, const char *folder);
size_t sg_watch_folder_len(const char *path); /* of the folder that a path is in */
bool sg_watch_is_cut(char c); /* paths are made from Windows names: neither sign stands in a name */

/* watch_look.c */
void sg_watch_ask(struct sg_watch *w); /* unless it is asked already */

#endif
