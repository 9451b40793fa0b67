/* iis_parts.h - what the files of the IIS reader share; nothing outside actions/ includes it.
 *
 * Three notions. A file: one configuration file, read and scanned. An URL: a site and a path below it, with the folder that serves it. An
 * occurrence: one element that is a given section, in a file, with the URLs that it applies to.
 */
#ifndef SG_ACTIONS_IIS_PARTS_H
#define SG_ACTIONS_IIS_PARTS_H

#include "actions/iis.h"

#define SG_NO_NODE UINT32_MAX

/* --- files */

struct sg_iis_file {
	char *container; /* canonical Windows path */
	struct sg_buf octets;
	struct sg_cfg cfg; /* borrows octets */
};
/* SG_ENOENT when there is no such file; SG_EPARSE, SG_EUNSUPPORTED when it cannot be used. */
int sg_iis_file_read(
        const struct sg_drives *drives, const char *container, struct sg_iis_file *ret, struct sg_err *err);
/* The same, where the native path is known already, by sg_cfg_scan() or sg_cfg_scan_to_tell(). */
int sg_iis_file_read_native(const char *native, const char *container, sg_cfg_scanner *scan,
        struct sg_iis_file *ret, struct sg_err *err);
void sg_iis_file_release(struct sg_iis_file *file);
bool sg_iis_exists(const struct sg_drives *drives, const char *win_path, bool *ret_is_dir);

/* --- URLs: paths below a site begin with "/" and have no trailing one, but for "/" itself */

char *sg_iis_url_join(const char *base, const char *rest);    /* "/a" + "b/c", "/" + "/b" */
bool sg_iis_url_covers(const char *outer, const char *inner); /* inner is outer or below it; case ignored */
char *sg_iis_vdir_url(const struct sg_iis_app *app, const struct sg_iis_vdir *vdir);
/* The application and virtual directory that serve the URL, and its folder (owned by the caller); false: nothing serves it. */
bool sg_iis_resolve(const struct sg_iis_site *site, const char *url, const struct sg_iis_app **ret_app,
        char **ret_folder);
/* The URLs whose web.config is `folder`\web.config, over all sites. */
struct sg_iis_reader {
	const struct sg_iis_site *site;
	char *url;
};
struct sg_iis_readers {
	struct sg_iis_reader *at;
	size_t n, cap;
};
void sg_iis_readers(const struct sg_iis *iis, const char *folder, struct sg_iis_readers *ret);
void sg_iis_readers_release(struct sg_iis_readers *readers);

/* --- occurrences */

struct sg_iis_occurrence {
	uint32_t node;     /* the section's element */
	uint32_t location; /* the <location> that holds it, or SG_NO_NODE */
	char *site;        /* NULL: all sites */
	char *url;         /* below the site; NULL with site NULL */
	bool inherit;      /* false: inheritInChildApplications="false" */
};
struct sg_iis_occurrences {
	struct sg_iis_occurrence *at;
	size_t n, cap;
};
/* All elements that are `section` in the file, in document order. `site` and `url` are the file's own: NULL for applicationHost.config. */
void sg_iis_occurrences(const struct sg_cfg *cfg, const char *section, const char *site, const char *url,
        struct sg_iis_occurrences *ret);
void sg_iis_occurrences_release(struct sg_iis_occurrences *o);
/* Whether what stands there reaches the URL. */
bool sg_iis_reaches(
        const struct sg_iis *iis, const struct sg_iis_occurrence *o, const char *site, const char *url);
/* The address of the occurrence's parent of system.webServer: "/configuration" or with its location. */
char *sg_iis_occurrence_prefix(const struct sg_cfg *cfg, const struct sg_iis_occurrence *o);
/* "location[@path='P']" and, unless inherited, "[@inheritInChildApplications='false']", below /configuration. */
char *sg_iis_location_prefix(const char *path, bool inherit);

/* The address of the item below the parent of system.webServer; NULL when its name holds both kinds of quotes. */
char *sg_iis_item_path(const char *prefix, const struct sg_iis_item *item);

/* Calls `each` for applicationHost.config and then each web.config from the site's root down to the URL's own folder, with the file's own site
 * and URL (NULL for applicationHost.config). Files that are not there are left out. Stops at the first result other than 0 and gives it back. */
typedef int sg_iis_visit(void *arg, const char *container, const struct sg_cfg *cfg, const char *site,
        const char *url, struct sg_err *err);
int sg_iis_chain(struct sg_iis_files *files, const char *site, const char *url, sg_iis_visit *each, void *arg,
        struct sg_err *err);

/* <section> of configSections for "system.webServer/rewrite/rules", or SG_NO_NODE. */
uint32_t sg_iis_declared(const struct sg_cfg *cfg, const char *section);

#endif
