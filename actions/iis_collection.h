/* iis_collection.h - a collection of a section as IIS merges it for one URL: what each level adds, what <clear/> and <remove> below it take out again.
 * Reads only. Owner: who called; entries borrow from the files. */
#ifndef SG_ACTIONS_IIS_COLLECTION_H
#define SG_ACTIONS_IIS_COLLECTION_H

#include "actions/iis_effective.h"

struct sg_iis_entry {
	const char *text; /* the key's value */
	const char *container;
	const struct sg_cfg *cfg;
	uint32_t node;
	char *gone; /* "FILE:LINE: <clear>", or the <location> that applications do not inherit: what takes it out of force; NULL: it is in force */
};
struct sg_iis_collection {
	struct sg_iis_entry *at; /* in the order in which IIS meets them */
	size_t n, cap;
	char *ignored, *broken; /* as in struct sg_iis_effective */
};
/* Of the item its section, list, tag and key. Site and url NULL: the server's own. */
void sg_iis_collect(struct sg_iis_files *files, const struct sg_iis_item *item,
        const struct sg_iis_site *site, const char *url, struct sg_iis_collection *ret);
void sg_iis_collection_release(struct sg_iis_collection *c);
/* The last entry of that name (case ignored) that is in force, else the last that is gone, else NULL. */
const struct sg_iis_entry *sg_iis_collection_find(const struct sg_iis_collection *c, const char *name);
unsigned sg_iis_entry_line(const struct sg_iis_entry *entry);
/* The entry's address in its file; NULL when its name holds both kinds of quotes. Owned by the caller. */
char *sg_iis_entry_path(const struct sg_iis_entry *entry, const struct sg_iis_item *item);

/* Whether that native module works for the URL: in globalModules, in modules, and not taken out on the way down. If not, *ret_why says why (owned by
 * the caller): "FILE:LINE: <remove> takes X out of force", "FILE has no X in globalModules". */
bool sg_iis_module(struct sg_iis_files *files, const struct sg_iis *iis, const char *name,
        const struct sg_iis_site *site, const char *url, char **ret_why);
/* An URL of the place where the module works: the place's own, or an application's that inherits from it; owned by the caller. NULL: none, and
 * *ret_why says why (owned by the caller, too). */
char *sg_iis_module_below(struct sg_iis_files *files, const struct sg_iis *iis, const char *name,
        const struct sg_iis_place *place, const struct sg_iis_site **ret_site, char **ret_why);

#endif
