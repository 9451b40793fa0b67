/* services.h - the services of a server: what is configured for them. Reads only; one contract, two backends (a drive's SYSTEM hive; running Windows's
 * service control manager and registry): which, the drives say. The value of a service is its start type, the registry's Start: kind SG_VALUE_SERVICE, container
 * C:\Windows\System32\config\SYSTEM, path /CurrentControlSet/Services/NAME/@Start with the name as it stands there, octets "0" to "4" in decimal;
 * `lead` of what was read names the control set that it was read from ("ControlSet001"), and live it says whether its automatic start is delayed
 * ("ControlSet001, delayed"), so that this is given back, too. The address is the same on both platforms.
 */
#ifndef SG_ACTIONS_SERVICES_H
#define SG_ACTIONS_SERVICES_H

#include "base/drive.h"
#include "model/row.h"

enum sg_start_type { SG_START_BOOT, SG_START_SYSTEM, SG_START_AUTOMATIC, SG_START_MANUAL, SG_START_DISABLED };
const char *sg_start_name(enum sg_start_type t); /* "Boot" "System" "Automatic" "Manual" "Disabled" */
bool sg_start_parse(const char *name, enum sg_start_type *ret);

struct sg_service {
	char *name; /* as it stands in the registry */
	enum sg_start_type start;
	bool delayed;              /* DelayedAutostart: counts with Automatic only */
	char *image;               /* ImagePath, not expanded; NULL: none */
	char *account;             /* ObjectName */
	struct sg_strs depends_on; /* DependOnService */
	char *wrong; /* why its start type can neither be read nor changed (`start` says Disabled then); NULL: it can */
};
struct sg_services; /* all of a server, read once */
/* A service is a key with a value Start; letters' case of ASCII is ignored in all names. SG_ENOENT: no SYSTEM hive; SG_EPARSE; SG_ELIMIT; SG_EUNSUPPORTED: Select
 * names two control sets. A dirty hive can be read. */
int sg_services_read(const struct sg_drives *drives, struct sg_services **ret, struct sg_err *err);
void sg_services_free(struct sg_services *s);
const struct sg_service *sg_services_find(
        const struct sg_services *s, const char *name); /* case ignored; NULL */
/* Services that depend on it (DependOnService), directly or through others, those that nothing depends on first: the order in which they are stopped. A
 * circle ends the order, not the list. */
void sg_services_dependants(const struct sg_services *s, const char *name, struct sg_strs *ret);
/* Why no start type may be written here now (dirty hive, logs that are newer, a hibernated or read-only drive) and what to do; NULL: it may. Borrowed. */
const char *sg_services_locked(const struct sg_services *s);

/* The address of a service's start type; `name` as it stands in the registry. */
void sg_service_addr(const char *name, struct sg_addr *ret);
/* The service's name in such an address, owned by the caller; NULL: it is none. */
char *sg_service_of(const struct sg_addr *addr);

#endif
