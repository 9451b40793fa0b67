/* hive_fill.c - hives that are filled: the two of a test drive (Windows Server 2019 with IIS and Exchange 2019), and a small one to damage. See
 * hive_file.h. */
#include "hive_file.h"

#include <stdlib.h>

#define V15     "C:\\Program Files\\Microsoft\\Exchange Server\\V15\\"
#define SVCHOST "%SystemRoot%\\System32\\svchost.exe -k "

/* Names, images and dependencies as on a server; start types as after Setup, but for Microsoft's own mitigation service, which is off. */
static const struct {
	const char *name;
	uint32_t start;
	const char *image, *depends_on;
} services[] = {
	{ "AppHostSvc", 2, SVCHOST "apphost", NULL },
	{ "EventLog", 2, SVCHOST "LocalServiceNetworkRestricted", NULL },
	{ "HTTP", 3, "system32\\drivers\\HTTP.sys", NULL },
	{ "IISADMIN", 2, "%windir%\\system32\\inetsrv\\inetinfo.exe", "RPCSS SamSS HTTP" },
	{ "KeyIso", 3, "%SystemRoot%\\system32\\lsass.exe", "RpcSs" },
	{ "LanmanWorkstation", 2, SVCHOST "NetworkService", NULL },
	{ "NetTcpPortSharing", 2, "%systemroot%\\Microsoft.NET\\Framework64\\v4.0.30319\\SMSvcHost.exe",
	        NULL },
	{ "RpcSs", 2, SVCHOST "rpcss", NULL },
	{ "SamSs", 2, "%SystemRoot%\\system32\\lsass.exe", "RPCSS" },
	{ "W32Time", 3, SVCHOST "LocalService", NULL },
	{ "W3SVC", 2, "%windir%\\system32\\svchost.exe -k iissvcs", "WAS HTTP" },
	{ "WAS", 3, "%windir%\\system32\\svchost.exe -k iissvcs", "RPCSS" },
	{ "HostControllerService", 2, V15 "Bin\\Search\\Ceres\\HostController\\hostcontrollerservice.exe",
	        "http" },
	{ "MSExchangeADTopology", 2, "\"" V15 "Bin\\Microsoft.Exchange.Directory.TopologyService.exe\"",
	        "NetTcpPortSharing" },
	{ "MSExchangeAntispamUpdate", 2, "\"" V15 "Bin\\Microsoft.Exchange.AntispamUpdateSvc.exe\"",
	        "MSExchangeADTopology" },
	{ "MSExchangeDelivery", 2, "\"" V15 "Bin\\MSExchangeDelivery.exe\"", "MSExchangeADTopology" },
	{ "MSExchangeFrontEndTransport", 2, "\"" V15 "Bin\\MSExchangeFrontendTransport.exe\"",
	        "MSExchangeADTopology" },
	{ "MSExchangeHM", 2, "\"" V15 "Bin\\MSExchangeHMHost.exe\"", "EventLog" },
	{ "MSExchangeHMRecovery", 3, "\"" V15 "Bin\\MSExchangeHMRecovery.exe\"", "EventLog" },
	{ "MSExchangeImap4", 3, "\"" V15 "FrontEnd\\PopImap\\Microsoft.Exchange.Imap4Service.exe\"",
	        "MSExchangeADTopology" },
	{ "MSExchangeIS", 2, "\"" V15 "Bin\\Microsoft.Exchange.Store.Service.exe\"", "EventLog RPCSS" },
	{ "MSExchangeMailboxAssistants", 2, "\"" V15 "Bin\\MSExchangeMailboxAssistants.exe\"",
	        "MSExchangeADTopology" },
	{ "MSExchangeMitigation", 4, "\"" V15 "Bin\\MSExchangeMitigation.exe\"", NULL },
	{ "MSExchangePop3", 3, "\"" V15 "FrontEnd\\PopImap\\Microsoft.Exchange.Pop3Service.exe\"",
	        "MSExchangeADTopology" },
	{ "MSExchangeRepl", 2, "\"" V15 "Bin\\msexchangerepl.exe\"", "MSExchangeADTopology" },
	{ "MSExchangeRPC", 2, "\"" V15 "Bin\\Microsoft.Exchange.RpcClientAccess.Service.exe\"",
	        "MSExchangeADTopology" },
	{ "MSExchangeServiceHost", 2, "\"" V15 "Bin\\Microsoft.Exchange.ServiceHost.exe\"", NULL },
	{ "MSExchangeSubmission", 2, "\"" V15 "Bin\\MSExchangeSubmission.exe\"", "MSExchangeADTopology" },
	{ "MSExchangeTransport", 2, "\"" V15 "Bin\\MSExchangeTransport.exe\"", "MSExchangeADTopology" },
	{ "MSExchangeTransportLogSearch", 2, "\"" V15 "Bin\\MSExchangeTransportLogSearch.exe\"",
	        "MSExchangeADTopology" },
	{ "MSExchangeUM", 2, "\"" V15 "Bin\\umservice.exe\"", "MSExchangeADTopology KeyIso" },
	{ "MSExchangeUMCR", 2, "\"" V15 "FrontEnd\\CallRouter\\Microsoft.Exchange.UM.CallRouter.exe\"",
	        "MSExchangeADTopology" },
};

static void fill_system(const char *dir)
{
	struct t_hive *h = t_hive_new();

	t_hive_dword(h, "Select", "Current", 1);
	t_hive_dword(h, "Select", "Default", 1);
	t_hive_dword(h, "Select", "Failed", 0);
	t_hive_dword(h, "Select", "LastKnownGood", 1);
	t_hive_text(h, "ControlSet001\\Control\\ComputerName\\ComputerName", "ComputerName", "MAIL01");
	t_hive_key(h, "ControlSet001\\Control\\Session Manager");
	t_hive_key(h, T_SERVICES ".NET CLR Data"); /* a key that is no service */
	for (size_t i = 0; i < sizeof(services) / sizeof(*services); i++)
		t_hive_service(
		        h, services[i].name, services[i].start, services[i].image, services[i].depends_on);
	t_hive_text(
	        h, T_SERVICES "W3SVC\\Parameters", "ServiceDll", "%windir%\\system32\\inetsrv\\iisw3adm.dll");
	t_hive_dword(h, T_SERVICES "MSExchangeAntispamUpdate", "DelayedAutostart", 1);
	t_hive_text(h, T_SERVICES "RpcSs", "ObjectName", "NT AUTHORITY\\NetworkService");
	t_hive_save(dir, T_SYSTEM, h, NULL);
	t_hive_free(h);
}

static void fill_software(const char *dir)
{
	static const char setup[] = "Microsoft\\ExchangeServer\\v15\\Setup", iis[] = "Microsoft\\InetStp",
	                  windows[] = "Microsoft\\Windows NT\\CurrentVersion";
	struct t_hive *h = t_hive_new();

	t_hive_text(h, setup, "MsiInstallPath", V15);
	t_hive_dword(h, setup, "MsiProductMajor", 15);
	t_hive_dword(h, setup, "MsiProductMinor", 2);
	t_hive_dword(h, setup, "MsiBuildMajor", 986);
	t_hive_dword(h, setup, "MsiBuildMinor", 5);
	t_hive_text(h, setup, "OwaVersion", "15.2.986.29");
	t_hive_text(h, "Microsoft\\ExchangeServer\\v15\\MailboxRole", "ConfiguredVersion", "15.2.986.5");
	t_hive_dword(h, iis, "MajorVersion", 10);
	t_hive_dword(h, iis, "MinorVersion", 0);
	t_hive_text(h, iis, "VersionString", "Version 10.0");
	t_hive_expand(h, iis, "InstallPath", "%windir%\\system32\\inetsrv");
	t_hive_expand(h, iis, "PathWWWRoot", "%SystemDrive%\\inetpub\\wwwroot");
	t_hive_text(h, "Microsoft\\IIS Extensions\\URL Rewrite", "Version", "7.2.1993");
	t_hive_dword(h, "Microsoft\\IIS Extensions\\URL Rewrite", "Install", 1);
	t_hive_text(h, windows, "ProductName", "Windows Server 2019 Standard");
	t_hive_text(h, windows, "CurrentBuild", "17763");
	t_hive_dword(h, windows, "CurrentMajorVersionNumber", 10);
	t_hive_text(h, windows, "SystemRoot", "C:\\Windows");
	t_hive_key(h, "Microsoft\\Windows\\CurrentVersion\\Component Based Servicing");
	t_hive_save(dir, T_SOFTWARE, h, NULL);
	t_hive_free(h);
}

void t_hive_fill(const char *dir)
{
	fill_system(dir);
	fill_software(dir);
}

struct t_hive *t_hive_sample(void)
{
	struct t_hive *h = t_hive_new();
	char big[20000] = { 1 };

	t_hive_dword(h, "Select", "Current", 1);
	t_hive_dword(h, "Select", "Default", 1);
	t_hive_service(h, "W3SVC", 2, "%windir%\\x.exe", "WAS HTTP");
	t_hive_service(h, "WAS", 3, NULL, "RpcSs");
	t_hive_service(h,
	        "Gr\xc3\xb6\xc3\x9f"
	        "e",
	        3, NULL, NULL);
	t_hive_service(h, "\xce\xa9", 3, NULL, NULL);
	t_hive_dword(h, T_SERVICES "W3SVC\\Parameters\\Deep\\Deeper", "Start", 2);
	t_hive_raw(h, "Big", "Big", T_REG_BINARY, big, sizeof(big));
	return h;
}

void t_hive_put32(unsigned char *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (unsigned char)(v >> (8 * i));
}

uint32_t t_hive_get32(const unsigned char *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}
