/* host.h - the facts about this server that applicability is decided with. Reads only; of this machine or of a drive, one contract. */
#ifndef SG_ACTIONS_HOST_H
#define SG_ACTIONS_HOST_H

#include "actions/iis.h"
#include "actions/services.h"
#include "base/text.h"

struct sg_host_product {
	char *name;                /* "Exchange", "IIS" */
	char *role;                /* "Mailbox", "Edge" or NULL */
	char *app;                 /* install folder, canonical: what {app} stands for */
	struct sg_version version; /* from the product's files, read twice alike; n == 0: could not be read */
	char *source;              /* the file and how it was read, or why it could not be */
};
struct sg_host {
	struct sg_host_product *products;
	size_t n_products;
	/* Id of the machine whose drive this is: a journal of another machine asks before it acts. The first line of ProgramData\stopgap\machine, else Windows's
	 * MachineGuid, which is new in each installation; live or on a drive. NULL when neither is there: unknown. */
	char *machine;
	struct sg_iis *iis; /* NULL when there is none */
	char *iis_error;    /* why not */
	int iis_code; /* SG_ENOENT: there is no IIS; another error: there is one whose configuration cannot be read now; 0 with iis */
	char *edge_error; /* why the registry does not tell whether the role Edge of Exchange is here; NULL: it does */
	struct sg_services *services; /* NULL when they cannot be read */
	char *services_error;         /* why not */
	/* Setup of a product is at work, or was interrupted on this drive; a restart of Windows is due before its files count. The texts say how that is
	 * known (key and value, or process), NULL when it is not so. */
	bool setup_running, restart_pending;
	char *setup_text, *restart_text;
	/* Exchange's server component states put this server into maintenance: ServerWideOffline is not active. */
	bool maintenance;
	char *maintenance_text;
	/* Why what the registry says may be out of date (a dirty or unreadable hive); NULL: nothing speaks against it. */
	char *registry_text;
	/* The files that plans read, kept by whoever makes many of them over the same files, while nothing is written; borrowed. NULL: each reads for itself. */
	struct sg_iis_files *files;
	/* Microsoft's own Emergency Mitigation service on this server. */
	enum sg_em { SG_EM_UNKNOWN, SG_EM_ABSENT, SG_EM_DISABLED, SG_EM_ENABLED } em;
};
/* Fails only when the system itself does: a drive without IIS gives a host without iis, and iis_error says why. */
int sg_host_read(const struct sg_drives *drives, struct sg_host **ret, struct sg_err *err);
void sg_host_free(struct sg_host *host);

/* Whether sg_host_read() would find the product in that role (NULL: in any), so that its absence there proves that it is not installed. SG_EUNSUPPORTED says
 * what this version does not know, with the nearest word that it does. Letters' case is ignored. Pure. */
int sg_host_can_tell(const char *name, const char *role, struct sg_err *err);

/* FILEVERSION of a PE file's version resource (Microsoft PE format; VS_FIXEDFILEINFO). Bounds-checked; at most 256 MiB. */
int sg_pe_version(struct sg_bytes octets, struct sg_version *ret, struct sg_err *err);
int sg_file_version(
        const struct sg_drives *drives, const char *win_path, struct sg_version *ret, struct sg_err *err);
/* The same, read twice: SG_EBUSY when both readings differ, because Setup may be replacing the file. */
int sg_file_version_twice(
        const struct sg_drives *drives, const char *win_path, struct sg_version *ret, struct sg_err *err);

#endif
