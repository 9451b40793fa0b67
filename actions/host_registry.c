/* host_registry.c - the host's facts that only the registry knows, from a drive's SYSTEM and SOFTWARE hives. Reads only.
 *
 * A hive that is missing or unreadable leaves its facts as if nothing were going on, and one that is dirty is read as it stands: either is said in
 * host->registry_text, because a server on which Setup is not seen to be at work is a server that is changed. Names of keys and values are Microsoft's:
 * the checks of Exchange's own Setup (a watermark; a pending restart), and Set-ServerComponentState's record. Windows keeps some of the signs of a
 * restart in keys that live in memory only; a drive shows those that outlive it.
 */
#include "actions/hive.h"
#include "actions/host_parts.h"

#include <stdlib.h>
#include <string.h>

static const char exchange[] = "Microsoft\\ExchangeServer\\v15";

static bool has_key(const struct sg_hive *h, uint32_t from, const char *path, uint32_t *ret)
{
	return sg_hive_key(h, from, path, ret, NULL) == 0;
}

/* The facts may be out of date, and why. The first reason is enough. */
static void doubt(struct sg_host *host, const char *why)
{
	if (!host->registry_text)
		host->registry_text = sg_format("facts from the registry may be out of date: %s", why);
}

/* Setup writes how far it is into the key of the role that it is about, and takes that out when the role is done: a watermark means that it is at work,
 * or that it was interrupted and has to be run again. */
static void read_setup(struct sg_host *host, const struct sg_hive *software)
{
	struct sg_hive_keys roles = { 0 };
	uint32_t v15;

	if (!has_key(software, software->root, exchange, &v15) || sg_hive_list(software, v15, &roles, NULL))
		return;
	for (size_t i = 0; i < roles.n && !host->setup_running; i++) {
		char *mark = NULL, *action = NULL;

		if (sg_hive_string(software, roles.at[i].key, "Watermark", &mark, NULL) == 0) {
			sg_hive_string(software, roles.at[i].key, "Action", &action, NULL);
			host->setup_running = true;
			host->setup_text = sg_format("Exchange's Setup is at work or was interrupted: "
			                             "HKLM\\SOFTWARE\\%s\\%s has the "
			                             "watermark '%.100s'%s%.40s%s",
			        exchange, roles.at[i].name, mark, action ? " (" : "", action ? action : "",
			        action ? ")" : "");
		}
		free(mark);
		free(action);
	}
	sg_hive_keys_release(&roles);
}

static void restart(struct sg_host *host, const char *what)
{
	if (host->restart_pending)
		return;
	host->restart_pending = true;
	host->restart_text = sg_format("a restart of Windows is due: %s", what);
}

static void read_restart_software(struct sg_host *host, const struct sg_hive *software)
{
	static const char *const keys[] = {
		"Microsoft\\Windows\\CurrentVersion\\Component Based Servicing\\RebootPending",
		"Microsoft\\Windows\\CurrentVersion\\Component Based Servicing\\PackagesPending",
		"Microsoft\\Windows\\CurrentVersion\\WindowsUpdate\\Auto Update\\RebootRequired",
	};
	uint32_t key, flags = 0;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		char *text = sg_format("HKLM\\SOFTWARE\\%s is there", keys[i]);

		if (has_key(software, software->root, keys[i], &key))
			restart(host, text);
		free(text);
	}
	if (has_key(software, software->root, "Microsoft\\Updates\\UpdateExeVolatile", &key) &&
	        sg_hive_dword(software, key, "Flags", &flags, NULL, NULL) == 0 && flags)
		restart(host, "HKLM\\SOFTWARE\\Microsoft\\Updates\\UpdateExeVolatile has Flags");
}

/* Pairs of names: what is to be moved, and whereto ("": it is to be deleted). */
static void read_restart_system(struct sg_host *host, const struct sg_hive *system)
{
	struct sg_hive_value raw = { 0 };
	uint32_t set, key;
	unsigned number;

	if (sg_hive_control_set(system, &set, &number, NULL) ||
	        !has_key(system, set, "Control\\Session Manager", &key) ||
	        sg_hive_value(system, key, "PendingFileRenameOperations", &raw, NULL))
		return;
	for (size_t i = 0; i < raw.data.len; i++) {
		if (raw.data.data[i]) { /* a list of empty names asks for nothing */
			restart(host, "HKLM\\SYSTEM\\CurrentControlSet\\Control\\Session Manager has "
			              "PendingFileRenameOperations");
			break;
		}
	}
	sg_hive_value_release(&raw);
}

/* "1:Inactive:638700000000000000": a number, the state, and when it was set. */
static bool inactive(const char *record)
{
	const char *state = strchr(record, ':'), *end = state ? strchr(state + 1, ':') : NULL;
	char *word =
	        state ? sg_strndup(state + 1, end ? (size_t)(end - state - 1) : strlen(state + 1)) : NULL;
	bool found = word && (sg_same(word, "Inactive") || sg_same(word, "Draining"));

	free(word);
	return found;
}

/* One value per requester; Inactive wins over Active, as in Exchange. */
static void read_maintenance(struct sg_host *host, const struct sg_hive *software)
{
	static const char *const requesters[] = { "Maintenance", "Sidelined", "Functional", "Deployment",
		"HealthAPI" };
	static const char path[] = "Microsoft\\ExchangeServer\\v15\\ServerComponentStates\\ServerWideOffline";
	uint32_t key;

	if (!has_key(software, software->root, path, &key))
		return;
	for (size_t i = 0; i < sizeof(requesters) / sizeof(requesters[0]) && !host->maintenance; i++) {
		char *record = NULL;

		if (sg_hive_string(software, key, requesters[i], &record, NULL) == 0 && inactive(record)) {
			host->maintenance = true;
			host->maintenance_text =
			        sg_format("in maintenance: ServerWideOffline is not active, as the requester "
			                  "%s set it",
			                requesters[i]);
		}
		free(record);
	}
}

/* 32-bit worker processes read the limit below Wow6432Node: where both are given, the smaller one counts. */
static void read_max_web_config(struct sg_host *host, const struct sg_hive *software)
{
	static const char *const keys[] = { "Microsoft\\InetStp\\Configuration",
		"Wow6432Node\\Microsoft\\InetStp\\Configuration" };
	uint32_t key, kib, least = 0;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (has_key(software, software->root, keys[i], &key) &&
		        sg_hive_dword(software, key, "MaxWebConfigFileSizeInKB", &kib, NULL, NULL) == 0 &&
		        kib && (!least || kib < least))
			least = kib;
	}
	if (least && host->iis)
		host->iis->max_web_config = (uint64_t)least * 1024;
}

static void read_services(struct sg_host *host, const struct sg_drives *drives)
{
	const struct sg_service *em;
	struct sg_err why = SG_ERR_INIT;

	if (sg_services_read(drives, &host->services, &why)) {
		host->services_error = sg_strdup(why.msg);
		return;
	}
	em = sg_services_find(host->services, "MSExchangeMitigation");
	host->em = !em ? SG_EM_ABSENT : em->start == SG_START_DISABLED ? SG_EM_DISABLED : SG_EM_ENABLED;
}

/* A drive without that hive is no server's, or not a whole one: nothing is said then. */
static bool load(struct sg_host *host, const struct sg_drives *drives, const char *path, struct sg_hive *ret)
{
	struct sg_err why = SG_ERR_INIT;
	int code = sg_hive_load(drives, path, ret, &why);

	if (code && code != SG_ENOENT)
		doubt(host, why.msg);
	else if (!code && ret->unclean) {
		char *text = sg_format("%s: %s", ret->name, ret->unclean);

		doubt(host, text);
		free(text);
	}
	return code == 0;
}

void sg_host_read_registry(struct sg_host *host, const struct sg_drives *drives)
{
	struct sg_hive software = { 0 }, system = { 0 };

	read_services(host, drives);
	if (load(host, drives, SG_HIVE_SOFTWARE, &software)) {
		read_setup(host, &software);
		read_restart_software(host, &software);
		read_maintenance(host, &software);
		read_max_web_config(host, &software);
		sg_hive_release(&software);
	}
	if (load(host, drives, SG_HIVE_SYSTEM, &system)) {
		read_restart_system(host, &system);
		sg_hive_release(&system);
	}
}
