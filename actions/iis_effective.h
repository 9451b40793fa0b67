/* iis_effective.h - the configuration of an URL as IIS reads it: every element of a section that counts there, in the order in which it counts.
 *
 * One proof asks about many URLs over the same files, so they are kept: each is read and scanned once. Reads only.
 * The order is that of levels, outer first (server, site root, each folder down to the URL); inside one level what outer files say of it in a
 * <location> comes before the folder's own web.config (facts: HealthChecker's walk, the other way round). Left out, and said: the web.config files that
 * IIS ignores there (enableConfigurationOverride of the application's pool, allowSubDirConfig of the virtual directory).
 */
#ifndef SG_ACTIONS_IIS_EFFECTIVE_H
#define SG_ACTIONS_IIS_EFFECTIVE_H

#include "actions/iis.h"

struct sg_iis_file;

/* The files of one proof. Owner: who made it; one thread; iis (NULL: there is none) and drives are borrowed. */
struct sg_iis_files;
struct sg_iis_files *sg_iis_files_new(const struct sg_iis *iis, const struct sg_drives *drives);
void sg_iis_files_free(struct sg_iis_files *files);
const struct sg_drives *sg_iis_files_drives(const struct sg_iis_files *files);
const struct sg_iis *sg_iis_files_iis(const struct sg_iis_files *files);
/* What is asked about rewrite rules in these files (rules_apart.h); freed with them. */
struct sg_rules;
struct sg_rules *sg_iis_files_rules(struct sg_iis_files *files);
/* The file, scanned; borrowed until the files are freed. SG_ENOENT: there is none; SG_EUNSUPPORTED: its drive is not at hand, or it is not for us;
 * SG_EPARSE: it is no configuration file, or larger than IIS reads one. A failure is remembered, too. */
int sg_iis_files_get(struct sg_iis_files *files, const char *container, const struct sg_iis_file **ret,
        struct sg_err *err);
/* The same of a file that nothing is written by, only said: where such files have cost their readers much time within the last minute it is refused, SG_EIO. */
int sg_iis_files_get_to_tell(struct sg_iis_files *files, const char *container,
        const struct sg_iis_file **ret, struct sg_err *err);

/* One element that is the section, where it counts. */
struct sg_iis_met {
	const char *container;    /* the file that holds it; borrowed from the files */
	const struct sg_cfg *cfg; /* of that file; borrowed, too */
	uint32_t node;            /* in cfg; behind a configSource: the document element of that other file */
	unsigned
	        location; /* the line of the <location> that it stands in, in the file that names it; 0: in none */
	char *site, *url; /* the level that it stands for; both NULL: the server */
};
struct sg_iis_effective {
	struct sg_iis_met *at;
	size_t n, cap;
	/* What an outer level has and would count but for inheritInChildApplications="false": the URL is in another application. */
	struct sg_iis_met *withheld;
	size_t n_withheld, cap_withheld;
	char *ignored; /* "FILE:LINE: ...": why IIS reads no web.config there, or none below the virtual directory; NULL: it reads them */
	char *broken; /* a file on the way cannot be read, so that IIS answers 500.19 there or nobody can tell: which and why; NULL: none */
};
/* What counts for the URL of the site (any path below it; a file's name at its end is fine), of `section` ("system.webServer/rewrite/rules"). Site and
 * url NULL: the server. Never fails: what cannot be read is said in `broken`, and what could be read is there. */
void sg_iis_effective(struct sg_iis_files *files, const char *section, const struct sg_iis_site *site,
        const char *url, struct sg_iis_effective *ret);
void sg_iis_effective_release(struct sg_iis_effective *e);

/* The path of a request's URI below its site, as IIS looks for it: decoded once, dot segments resolved, without its query. Owned by the caller. */
char *sg_iis_uri_path(const char *uri);

/* URLs whose configuration may differ from that of `url`, itself first: every virtual directory at or below it and, of each, the folders that hold a
 * web.config or cannot be listed (at most `max_folders` are looked into, so that one site's folders are no other's trouble; *ret_all is false when there were more). With `inherit` false
 * only those of the URL's own application. `url` is that of a virtual directory. */
void sg_iis_urls_below(struct sg_iis_files *files, const struct sg_iis_site *site, const char *url,
        bool inherit, size_t max_folders, struct sg_strs *ret, bool *ret_all);

#endif
