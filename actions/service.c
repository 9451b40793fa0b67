/* service.c - the action that keeps a service from running: its start type. Plans only.
 *
 * The value is Start in the registry. DelayedAutostart, triggers and accounts are never touched: a disabled service is started by none of them, and
 * what they were counts again the moment that the very type from before is back. Whether the service runs at this moment is a hook.
 */
#include "actions/service_parts.h"

#include <stdlib.h>
#include <string.h>

int sg_service_find(
        const struct sg_host *host, const char *name, const struct sg_service **ret, struct sg_err *err)
{
	struct sg_addr addr = { 0 };
	int code = 0;

	if (!host->services)
		return sg_fail(err, SG_EUNSUPPORTED, "the services of this server cannot be read: %s",
		        host->services_error ? host->services_error : "?");
	*ret = sg_services_find(host->services, name);
	if (!*ret) {
		sg_service_addr(name, &addr);
		code = sg_fail(err, SG_ENOENT, "%s has no service %s", addr.container, name);
		sg_addr_release(&addr);
	}
	return code;
}

/* What it was before us, for people: "Automatic (delayed)". Whether it is delayed is read now: we never change that. */
static char *was(const struct sg_service *service, const struct sg_hold *held)
{
	enum sg_start_type start = service->start;

	if (held && held->before.present && held->before.octets.len == 1 &&
	        held->before.octets.data[0] >= '0' && held->before.octets.data[0] <= '4')
		start = (enum sg_start_type)(held->before.octets.data[0] - '0');
	return sg_format("%s%s", sg_start_name(start),
	        start == SG_START_AUTOMATIC && service->delayed ? " (delayed)" : "");
}

int sg_service_wish(const struct sg_host *host, const struct sg_service *service, enum sg_start_type start,
        bool stop, bool companion, const struct sg_holds *own, struct sg_wishes *ret, struct sg_err *err)
{
	const char *locked = sg_services_locked(host->services);
	const struct sg_hold *held;
	struct sg_wish *wish;

	if (service->wrong)
		return sg_fail(err, SG_EUNSUPPORTED, "%s", service->wrong);
	if (service->start != start && locked)
		return sg_fail(err, SG_EUNSUPPORTED,
		        "the start type of the service %s cannot be changed now: %s", service->name, locked);
	if (service->start == SG_START_BOOT || service->start == SG_START_SYSTEM)
		return sg_fail(err, SG_EUNSUPPORTED,
		        "%s is loaded when Windows itself starts (%s): without it Windows might not start",
		        service->name, sg_start_name(service->start));
	wish = sg_wishes_add(ret);
	sg_service_addr(service->name, &wish->addr);
	held = sg_wish_keep_letters(wish, own);
	wish->to.present = true;
	sg_buf_fmt(&wish->to.octets, "%d", (int)start);
	wish->was = was(service, held);
	wish->companion = companion;
	if (stop) {
		wish->hook = SG_HOOK_SERVICE;
		wish->hook_name = sg_strdup(service->name);
	}
	return 0;
}

int sg_service_plan(const struct sg_mitigation *m, const struct sg_action *a, const struct sg_host *host,
        const struct sg_drives *drives, const struct sg_holds *own, struct sg_wishes *ret, struct sg_err *err)
{
	const struct sg_service *service = NULL;
	struct sg_service_action s = { 0 };
	struct sg_wishes wishes = { 0 };
	struct sg_err why = SG_ERR_INIT;
	char *target = NULL;
	int code = sg_service_read(m, a, &s, err);

	(void)drives;
	if (code)
		return code;
	code = sg_service_find(host, s.name, &service, &why);
	if (code == SG_ENOENT && s.may_miss) {
		code = 0;
		goto out;
	}
	if (code) {
		sg_fail(err, code, "%s", why.msg);
		goto out;
	}
	target = sg_format("the service %s", service->name);
	code = sg_companions_plan(&s.companions, target, host, own, &wishes, err);
	if (!code)
		code = sg_service_wish(host, service, s.start, s.stopped, false, own, &wishes, err);
	if (!code) {
		*ret = wishes;
		memset(&wishes, 0, sizeof(wishes));
	}
out:
	free(target);
	sg_wishes_release(&wishes);
	sg_service_action_release(&s);
	return code;
}

/* --- what it comes to */

void sg_service_prove_start(
        const struct sg_service *service, enum sg_start_type start, struct sg_proof *proof)
{
	bool passed = service->start == start && !service->wrong;
	char *text = service->wrong
	                     ? sg_strdup(service->wrong)
	                     : sg_format("the service %s reads %s%s%s", service->name,
	                               sg_start_name(service->start), passed ? "" : ", and should read ",
	                               passed ? "" : sg_start_name(start));
	struct sg_addr addr = { 0 };

	sg_proof_add(proof, passed, text);
	if (!passed && proof->effective != SG_EFFECTIVE_NO) {
		sg_service_addr(service->name, &addr);
		proof->effective = SG_EFFECTIVE_NO;
		free(proof->text);
		proof->text = sg_format("%s: %s", addr.container, text);
		sg_addr_release(&addr);
	}
}

int sg_service_prove(const struct sg_mitigation *m, const struct sg_action *a, const struct sg_host *host,
        struct sg_iis_files *files, struct sg_proof *ret, struct sg_err *err)
{
	const struct sg_service *service = NULL;
	struct sg_proof proof = { .effective = SG_EFFECTIVE_YES };
	struct sg_service_action s = { 0 };
	struct sg_err why = SG_ERR_INIT;
	int code = sg_service_read(m, a, &s, err), found;

	(void)files;
	if (code)
		return code;
	found = sg_service_find(host, s.name, &service, &why);
	if (found == SG_ENOENT && !s.may_miss) { /* where there is none, nothing is kept from running */
		proof.effective = SG_EFFECTIVE_NO;
		proof.text = sg_strdup(why.msg);
	} else if (found && found != SG_ENOENT) {
		proof.effective = SG_EFFECTIVE_UNKNOWN;
		proof.text = sg_strdup(why.msg);
	} else if (!found) {
		sg_service_prove_start(service, s.start, &proof);
		sg_companions_prove(&s.companions, host, &proof);
	}
	*ret = proof;
	sg_service_action_release(&s);
	return 0;
}

/* What people miss while it is off. */
static const struct {
	const char *name, *without;
} known[] = {
	{ "MSExchangeHM", "managed availability is off: no probes, no automatic recovery, and load balancers "
	                  "and monitoring see no health sets" },
	{ "MSExchangeHMRecovery", "managed availability is off: it recovers nothing by itself" },
	{ "MSExchangeUM", "Unified Messaging is off: no voice mail, no auto attendants" },
	{ "MSExchangeUMCR", "Unified Messaging is off: no voice mail, no auto attendants" },
	{ "MSExchangeTransport", "mail is neither received nor sent by this server" },
	{ "MSExchangeFrontEndTransport", "this server takes no mail from clients and from the Internet" },
	{ "MSExchangeMailboxReplication", "no mailbox moves, imports and exports" },
	{ "MSExchangePop3", "no POP3" },
	{ "MSExchangeImap4", "no IMAP4" },
	{ "MSExchangeMitigation", "Microsoft's own emergency mitigations come no more" },
	{ "Spooler", "nothing is printed from and by this server" },
};

void sg_service_say(const struct sg_host *host, const struct sg_service *service, enum sg_start_type start,
        bool out, struct sg_strs *ret)
{
	struct sg_strs dependants = { 0 };

	if (out) {
		sg_effect_add(
		        ret, sg_format("the service %s gets back the start type that it had", service->name));
		return;
	}
	if (start == SG_START_DISABLED)
		sg_effect_add(ret,
		        sg_format("the service %s is disabled: neither Windows nor anybody else starts it",
		                service->name));
	else
		sg_effect_add(
		        ret, sg_format("the service %s does not start with Windows; it starts when somebody "
		                       "asks for it",
		                     service->name));
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (sg_same(service->name, known[i].name))
			sg_effect_add(
			        ret, sg_format("while %s does not run, %s", service->name, known[i].without));
	sg_services_dependants(host->services, service->name, &dependants);
	for (size_t i = 0; i < dependants.n; i++)
		sg_effect_add(ret, sg_format("the service %s depends on %s and does not run without it",
		                           dependants.at[i], service->name));
	sg_strs_release(&dependants);
}

void sg_service_effects(const struct sg_mitigation *m, const struct sg_action *a, const struct sg_host *host,
        bool out, struct sg_strs *ret)
{
	const struct sg_service *service = NULL;
	struct sg_err ignored = SG_ERR_INIT;
	struct sg_service_action s = { 0 };

	if (sg_service_read(m, a, &s, &ignored) == 0 &&
	        sg_service_find(host, s.name, &service, &ignored) == 0) {
		sg_service_say(host, service, s.start, out, ret);
		sg_companions_effects(&s.companions, host, out, ret);
	}
	sg_service_action_release(&s);
}

/* --- by hand */

static const struct {
	const char *was, *sc, *powershell; /* powershell NULL: Set-Service has no word for it */
} types[] = {
	{ "Boot", "boot", NULL },
	{ "System", "system", NULL },
	{ "Automatic", "auto", "Automatic" },
	{ "Automatic (delayed)", "delayed-auto", NULL }, /* Windows PowerShell has none */
	{ "Manual", "demand", "Manual" },
	{ "Disabled", "disabled", "Disabled" },
};

static void set_start(const char *name, const char *type, struct sg_buf *out)
{
	for (size_t i = 0; type && i < sizeof(types) / sizeof(*types); i++) {
		if (strcmp(types[i].was, type) != 0)
			continue;
		sg_buf_fmt(out, "sc.exe config \"%s\" start= %s\r\n", name, types[i].sc);
		if (types[i].powershell)
			sg_buf_fmt(out,
			        "rem the same: powershell -Command \"Set-Service -Name '%s' -StartupType "
			        "%s\"\r\n",
			        name, types[i].powershell);
		return;
	}
}

void sg_service_by_hand(const struct sg_wish *wish, bool undo, struct sg_buf *out)
{
	char *name = sg_service_of(&wish->addr);
	enum sg_start_type to;

	if (!name || !wish->to.octets.len)
		goto out;
	to = (enum sg_start_type)(wish->to.octets.data[0] - '0');
	if (strpbrk(name, "\"'%`$&|<>^")) {
		sg_buf_fmt(out, "Give the service that is named in %s the start type %s.\r\n",
		        wish->addr.path, undo ? wish->was : sg_start_name(to));
		goto out;
	}
	set_start(name, undo ? wish->was : sg_start_name(to), out);
	if (wish->hook == SG_HOOK_SERVICE && !undo)
		sg_buf_fmt(out, "powershell -Command \"Stop-Service -Name '%s' -Force\"\r\n", name);
	else if (wish->hook == SG_HOOK_SERVICE && wish->was && !strncmp(wish->was, "Automatic", 9))
		sg_buf_fmt(out, "sc.exe start \"%s\"\r\n", name);
out:
	free(name);
}

const struct sg_action_kind sg_kind_service = {
	.type = "Service",
	.conf_name = "service",
	.disruptive = true,
	.check = sg_service_check,
	.plan = sg_service_plan,
	.prove = sg_service_prove,
	.effects = sg_service_effects,
	.by_hand = sg_service_by_hand,
};
