/* host_registry.c - the host's facts that only the registry knows: of running Windows, or of a drive's SYSTEM and SOFTWARE hives. Reads only.
 *
 * A hive that is missing or unreadable leaves its facts as if nothing were going on, and one that is dirty is read as it stands: either is said in
 * host->registry_text, because a server on which Setup is not seen to be at work is a server that is changed. Names of keys and values are Microsoft's:
 * the checks of Exchange's own Setup (a watermark; a pending restart), and Set-ServerComponentState's record. Windows keeps some of the signs of a
 * restart in keys that live in memory only; a drive shows those that outlive it.
 */
#include "actions/host_parts.h"
#include "actions/live.h"
#include "actions/registry.h"

#include <stdlib.h>
#include <string.h>

static const char exchange[] = "Microsoft\\ExchangeServer\\v15";

/* The facts may be out of date, and why. The first reason is enough. */
static void doubt(struct sg_host *host, const char *why)
{
	if (!host->registry_text)
		host->registry_text = sg_format("facts from the registry may be out of date: %s", why);
}

/* Setup writes how far it is into the key of the role that it is about, and takes that out when the role is done: a watermark means that it is at work,
 * or that it was interrupted and has to be run again. */
static void read_setup(struct sg_host *host, const struct sg_registry *software)
{
	struct sg_strs roles = { 0 };

	sg_registry_subkeys(software, exchange, &roles, NULL);
	for (size_t i = 0; i < roles.n && !host->setup_running; i++) {
		char *role = sg_format("%s\\%s", exchange, roles.at[i]), *mark = NULL, *action = NULL;

		if (sg_registry_string(software, role, "Watermark", &mark, NULL) == 0) {
			sg_registry_string(software, role, "Action", &action, NULL);
			host->setup_running = true;
			host->setup_text = sg_format("Exchange's Setup is at work or was interrupted: "
			                             "HKLM\\SOFTWARE\\%s has the "
			                             "watermark '%.100s'%s%.40s%s",
			        role, mark, action ? " (" : "", action ? action : "", action ? ")" : "");
		}
		free(mark);
		free(action);
		free(role);
	}
	sg_strs_release(&roles);
}

/* Before Setup writes its first watermark, and while it rolls back, only its process tells. */
static void read_setup_process(struct sg_host *host)
{
	static const char *const programs[] = { "ExSetup.exe", "ExSetupUI.exe" };
	const char *found = NULL;

	if (host->setup_running || !sg_live_process(programs, sizeof(programs) / sizeof(programs[0]), &found))
		return;
	host->setup_running = true;
	host->setup_text = sg_format("Exchange's Setup is at work: %s runs", found);
}

static void restart(struct sg_host *host, const char *what)
{
	if (host->restart_pending)
		return;
	host->restart_pending = true;
	host->restart_text = sg_format("a restart of Windows is due: %s", what);
}

static void read_restart_software(struct sg_host *host, const struct sg_registry *software)
{
	static const char *const keys[] = {
		"Microsoft\\Windows\\CurrentVersion\\Component Based Servicing\\RebootPending",
		"Microsoft\\Windows\\CurrentVersion\\Component Based Servicing\\PackagesPending",
		"Microsoft\\Windows\\CurrentVersion\\WindowsUpdate\\Auto Update\\RebootRequired",
	};
	uint32_t flags = 0;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		char *text = sg_format("HKLM\\SOFTWARE\\%s is there", keys[i]);

		if (sg_registry_has(software, keys[i]))
			restart(host, text);
		free(text);
	}
	if (sg_registry_dword(software, "Microsoft\\Updates\\UpdateExeVolatile", "Flags", &flags, NULL) ==
	                0 &&
	        flags)
		restart(host, "HKLM\\SOFTWARE\\Microsoft\\Updates\\UpdateExeVolatile has Flags");
}

/* Pairs of names: what is to be moved, and whereto ("": it is to be deleted). */
static void read_restart_system(struct sg_host *host, const struct sg_registry *system)
{
	struct sg_hive_value raw = { 0 };

	if (sg_registry_value(system, "CurrentControlSet\\Control\\Session Manager",
	            "PendingFileRenameOperations", &raw, NULL))
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
static void read_maintenance(struct sg_host *host, const struct sg_registry *software)
{
	static const char *const requesters[] = { "Maintenance", "Sidelined", "Functional", "Deployment",
		"HealthAPI" };
	static const char path[] = "Microsoft\\ExchangeServer\\v15\\ServerComponentStates\\ServerWideOffline";

	for (size_t i = 0; i < sizeof(requesters) / sizeof(requesters[0]) && !host->maintenance; i++) {
		char *record = NULL;

		if (sg_registry_string(software, path, requesters[i], &record, NULL) == 0 &&
		        inactive(record)) {
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
static void read_max_web_config(struct sg_host *host, const struct sg_registry *software)
{
	static const char *const keys[] = { "Microsoft\\InetStp\\Configuration",
		"Wow6432Node\\Microsoft\\InetStp\\Configuration" };
	uint32_t kib, least = 0;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (sg_registry_dword(software, keys[i], "MaxWebConfigFileSizeInKB", &kib, NULL) == 0 &&
		        kib && (!least || kib < least))
			least = kib;
	}
	if (least && host->iis)
		host->iis->max_web_config = (uint64_t)least * 1024;
}

/* Windows's own id of this installation, for machines that were given none. */
static void read_machine(struct sg_host *host, const struct sg_registry *software)
{
	char *guid = NULL;

	if (!host->machine &&
	        sg_registry_string(software, "Microsoft\\Cryptography", "MachineGuid", &guid, NULL) == 0 &&
	        *guid)
		host->machine = sg_strdup(guid);
	free(guid);
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
static struct sg_registry *open_root(
        struct sg_host *host, const struct sg_drives *drives, enum sg_registry_root root)
{
	struct sg_registry *r = NULL;
	struct sg_err why = SG_ERR_INIT;
	int code = sg_registry_open(drives, root, &r, &why);

	if (code && code != SG_ENOENT)
		doubt(host, why.msg);
	else if (!code && sg_registry_doubt(r))
		doubt(host, sg_registry_doubt(r));
	return r;
}

/* Setup makes a key for each role that it installs; Exchange's own scripts ask for this one to tell an Edge Transport server. The folder is Setup's, too. */
static void read_edge(
        struct sg_host *host, const struct sg_drives *drives, const struct sg_registry *software)
{
	struct sg_strs roles = { 0 };
	struct sg_err why = SG_ERR_INIT;
	char *written = NULL, *folder = NULL, *setup = NULL;
	int code = sg_registry_subkeys(software, exchange, &roles, &why);
	bool edge = false;

	for (size_t i = 0; !code && i < roles.n; i++)
		edge = edge || sg_same(roles.at[i], "EdgeTransportRole");
	if (code && code != SG_ENOENT) {
		host->edge_error = sg_strdup(why.msg);
	} else if (edge) {
		setup = sg_format("%s\\Setup", exchange);
		code = sg_registry_string(software, setup, "MsiInstallPath", &written, &why);
		if (!code)
			code = sg_drive_canonical(drives, written, &folder, &why);
		if (!code)
			sg_host_add_product(host, drives, SG_FOUND_EDGE, folder, "Bin\\ExSetup.exe");
		else
			host->edge_error = sg_format(
			        "its key is in the registry, but its folder cannot be told: %s", why.msg);
	}
	sg_strs_release(&roles);
	free(setup);
	free(written);
	free(folder);
}

void sg_host_read_registry(struct sg_host *host, const struct sg_drives *drives)
{
	struct sg_registry *software, *system;

	read_services(host, drives);
	software = open_root(host, drives, SG_REGISTRY_SOFTWARE);
	if (software) {
		read_setup(host, software);
		read_restart_software(host, software);
		read_maintenance(host, software);
		read_max_web_config(host, software);
		read_machine(host, software);
		read_edge(host, drives, software);
	} else {
		host->edge_error = sg_strdup(
		        host->registry_text ? host->registry_text : "the drive has no SOFTWARE hive");
	}
	system = open_root(host, drives, SG_REGISTRY_SYSTEM);
	if (system)
		read_restart_system(host, system);
	if (sg_drives_live(drives))
		read_setup_process(host);
	sg_registry_close(software);
	sg_registry_close(system);
}
