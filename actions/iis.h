/* iis.h - IIS's layout as the files say it: sites, applications, virtual directories, pools, sections and locks. Reads only.
 *
 * Everything comes from applicationHost.config and the web.config files that it leads to, in octets or through a reader that the caller gives, so
 * that it can run without rights. Facts: facts/iis.md sections 0 to 4.
 */
#ifndef SG_ACTIONS_IIS_H
#define SG_ACTIONS_IIS_H

#include "base/drive.h"
#include "base/err.h"
#include "actions/config_scan.h"

struct sg_iis_vdir {
	char *path;     /* below its application: "/" or "/x" */
	char *physical; /* canonical Windows path */
};
struct sg_iis_app {
	char *path; /* below the site: "/", "/owa" */
	char *pool; /* explicit or by defaults; "" when none */
	bool pool_explicit;
	struct sg_iis_vdir *vdirs;
	size_t n_vdirs;
};
struct sg_iis_site {
	char *name;
	char *id;
	struct sg_iis_app *apps;
	size_t n_apps;
};
struct sg_iis_pool {
	char *name;
	char *auto_start, *start_mode; /* as written; NULL when absent */
	/* the same as IIS reads them: the attribute, else applicationPoolDefaults, else the schema's "true" and "OnDemand" */
	char *auto_start_read, *start_mode_read;
	bool no_config_override; /* enableConfigurationOverride="false" */
	uint32_t line;
};
enum sg_sign { SG_SIGN_MISSING, SG_SIGN_THERE, SG_SIGN_UNKNOWN };
struct sg_iis {
	char *apphost;        /* canonical Windows path of applicationHost.config */
	struct sg_buf octets; /* its content */
	struct sg_cfg cfg;
	struct sg_iis_site *sites;
	size_t n_sites;
	struct sg_iis_pool *pools;
	size_t n_pools;
	/* the three signs of URL Rewrite (facts/iis.md 0.4): all are needed before a <rewrite> is added anywhere */
	enum sg_sign rewrite_section, rewrite_module, rewrite_schema;
	char *rewrite_missing;   /* sentence that names the signs which are missing; NULL: all there */
	uint64_t max_web_config; /* bytes: MaxWebConfigFileSizeInKB or 250 KB */
};

/* Reads %windir%\System32\inetsrv\config\applicationHost.config of the drives and what is needed around it. SG_ENOENT: no IIS here.
 * SG_EUNSUPPORTED: redirection.config is enabled (the file that is live is elsewhere). */
int sg_iis_read(const struct sg_drives *drives, struct sg_iis **ret, struct sg_err *err);
void sg_iis_free(struct sg_iis *iis);
/* SG_EUNSUPPORTED, with file and line: redirection.config says that the live applicationHost.config is somewhere else. 0: it does not. */
int sg_iis_redirected(const struct sg_drives *drives, struct sg_err *err);

const struct sg_iis_site *sg_iis_site(const struct sg_iis *iis, const char *name);

/* Where the configuration of an URL lives: one place per web.config or location. */
struct sg_iis_place {
	char *site,
	        *path; /* "Default Web Site", "/owa"; both NULL: the server, applicationHost.config's own sections */
	bool inherit;    /* applications below inherit what stands there */
	char *folder;    /* canonical physical folder */
	char *container; /* its web.config when there is one, else applicationHost.config */
	char *prefix; /* address of the parent of system.webServer in there: "/configuration" or ".../location[...]" */
	bool shared;       /* more than one application or virtual directory reads this folder's web.config */
	char *shared_text; /* which */
};
void sg_iis_place_release(struct sg_iis_place *p);
/* Whether the place is that site's, or the server's, and the path is the place's or below it. */
bool sg_iis_place_covers(const struct sg_iis_place *place, const struct sg_iis_site *site, const char *path);
/* sites: a name, "*" or "having-app:/owa"; path "/" or a virtual directory; inherit false: inside inheritInChildApplications="false".
 * SG_ENOENT: no such site or path here (the mitigation is not needed or not yet). */
int sg_iis_places(const struct sg_iis *iis, const struct sg_drives *drives, const char *sites,
        const char *path, bool inherit, struct sg_iis_place **ret, size_t *ret_n, struct sg_err *err);

/* The server itself: /configuration of applicationHost.config. */
void sg_iis_place_server(const struct sg_iis *iis, struct sg_iis_place *ret);

/* One element that a kind of action adds to a collection, as IIS's schema names its parts. Strings are borrowed. */
struct sg_iis_item {
	const char *section; /* as configSections declares it: "system.webServer/rewrite/outboundRules" */
	const char *
	        list; /* the collection inside the section: "preConditions"; "": the section is the collection */
	const char *tag;  /* "rule" */
	const char *key;  /* the attribute that IIS wants unique: "name" */
	const char *name; /* its value; NULL where only the sort of element is meant */
	bool first;       /* the order counts: it goes in front of others */
};

/* Whether the item may be written at the place: not locked (overrideModeDefault, overrideMode, allowOverride, allowDefinition, lockItem,
 * lockElements, lockAllElementsExcept ... from applicationHost.config down), no configSource, no configProtectionProvider, not both at top level and
 * in a location of path ".", not two locations with the same path holding the same section, web.config not ignored (enableConfigurationOverride;
 * allowSubDirConfig concerns only folders below a place, never a place). Errors: SG_EUNSUPPORTED or SG_EACCES (locked) with file, line, reason;
 * SG_EPARSE when a file on the way cannot be read, because then nobody can tell; other codes (SG_EIO) when it cannot be read now. */
struct sg_iis_files;
int sg_iis_may_write(struct sg_iis_files *files, const struct sg_iis_place *place,
        const struct sg_iis_item *item, struct sg_err *err);

/* Whether any of the items, by its key, is already met by IIS anywhere on the chains that pass through the place: ancestors, descendants,
 * applicationHost.config and its locations, or the place twice because folders are shared. `own` are addresses that are ours and do not count.
 * Below the place at most 20,000 folders are looked through; `files` remembers them for the next place. SG_ECONFLICT names the file and line. */
struct sg_addr;
int sg_iis_names_free(const struct sg_iis *iis, struct sg_iis_files *files, const struct sg_iis_place *place,
        const struct sg_iis_item *items, size_t n, const struct sg_addr *own, size_t n_own,
        struct sg_err *err);

/* What restarts when the container changes, as a sentence list for people: "application Default Web Site/owa (pool MSExchangeOWAAppPool)". */
void sg_iis_restarts(const struct sg_iis *iis, const char *container, struct sg_strs *ret);

#endif
