/* os_account_win.c - accounts and groups of Windows by their SIDs, whose text is the same on every server and in every language; what tokens say, and services. */
#include "base/os_win.h"

#include <windows.h>
#include <sddl.h>

#include <stdlib.h>

char *sg_win_sid_text(void *sid)
{
	wchar_t *wide = NULL;
	char *text;

	if (!ConvertSidToStringSidW(sid, &wide))
		return sg_strdup("S-1-0-0"); /* nobody */
	text = sg_win_utf8(wide);
	LocalFree(wide);
	return text;
}

char *sg_win_self_sid(void)
{
	struct {
		TOKEN_USER user;
		unsigned char sid[SECURITY_MAX_SID_SIZE];
	} self;
	char *text = NULL;
	DWORD size = 0;
	HANDLE token;

	if (OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token)) {
		if (GetTokenInformation(token, TokenUser, &self, sizeof self, &size))
			text = sg_win_sid_text(self.user.User.Sid);
		CloseHandle(token);
	}
	return text ? text : sg_strdup("S-1-0-0");
}

char *sg_win_account(const char *sid)
{
	wchar_t name[512], domain[512], *wide = sg_win_wide(sid);
	DWORD n_name = 512, n_domain = 512;
	SID_NAME_USE use;
	PSID binary = NULL;
	char *text = NULL;

	if (ConvertStringSidToSidW(wide, &binary)) {
		if (LookupAccountSidW(NULL, binary, name, &n_name, domain, &n_domain, &use)) {
			char *account = sg_win_utf8(name), *of = sg_win_utf8(domain);

			text = sg_format("%s%s%s (%s)", of, *of ? "\\" : "", account, sid);
			free(account);
			free(of);
		}
		LocalFree(binary);
	}
	free(wide);
	return text ? text : sg_strdup(sid);
}

void *sg_win_token_info(void *token, int what)
{
	enum { MOST = 1 << 20 }; /* octets of one answer: an account is in a thousand groups at most */
	DWORD size = 0, e;
	void *info;

	if (GetTokenInformation(token, (TOKEN_INFORMATION_CLASS)what, NULL, 0, &size) || !size ||
	        size > MOST) {
		if (size)
			SetLastError(ERROR_BAD_LENGTH);
		return NULL;
	}
	info = sg_alloc(size);
	if (GetTokenInformation(token, (TOKEN_INFORMATION_CLASS)what, info, size, &size))
		return info;
	e = GetLastError();
	free(info);
	SetLastError(e);
	return NULL;
}

bool sg_win_token_level(void *token, unsigned long *ret)
{
	TOKEN_MANDATORY_LABEL *label = sg_win_token_info(token, TokenIntegrityLevel);
	UCHAR parts = label && label->Label.Sid ? *GetSidSubAuthorityCount(label->Label.Sid) : 0;

	if (parts) /* its SID's last one */
		*ret = *GetSidSubAuthority(label->Label.Sid, (DWORD)(parts - 1));
	free(label);
	return parts > 0;
}

void *sg_win_service_config(void *service)
{
	QUERY_SERVICE_CONFIGW *config;
	DWORD size = 0, e;

	QueryServiceConfigW(service, NULL, 0, &size);
	size += (DWORD)sizeof *config; /* somebody may have made it longer meanwhile */
	config = sg_alloc(size);
	if (QueryServiceConfigW(service, config, size, &size))
		return config;
	e = GetLastError();
	free(config);
	SetLastError(e);
	return NULL;
}
