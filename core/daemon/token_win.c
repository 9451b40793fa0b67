/* token_win.c - reads a token. Decides nothing: what it finds is compared by authorise.c. */
#include "daemon/token_win.h"
#include "base/os_win.h"

#include <windows.h>

#include <stdlib.h>

static void add(struct sg_caller *c, const SID_AND_ATTRIBUTES *one, bool counts)
{
	char *text = sg_win_sid_text(one->Sid);

	sg_strs_add_once(counts ? &c->ids : &c->barred, text);
	free(text);
}

static void add_groups(const TOKEN_GROUPS *groups, struct sg_caller *c)
{
	for (DWORD i = 0; i < groups->GroupCount; i++) {
		const SID_AND_ATTRIBUTES *g = &groups->Groups[i];

		add(c, g,
		        (g->Attributes & (SE_GROUP_ENABLED | SE_GROUP_INTEGRITY_ENABLED)) &&
		                !(g->Attributes & SE_GROUP_USE_FOR_DENY_ONLY));
	}
}

int sg_token_caller(void *token, struct sg_caller *ret, struct sg_err *err)
{
	struct sg_caller c = { 0 };
	TOKEN_USER *user = sg_win_token_info(token, TokenUser);
	TOKEN_GROUPS *groups = user ? sg_win_token_info(token, TokenGroups) : NULL;
	DWORD e = groups ? 0 : GetLastError();
	TOKEN_GROUPS *restricted = sg_win_token_info(token, TokenRestrictedSids);
	DWORD silent = restricted ? 0 : GetLastError();
	DWORD contained = 0, size = sizeof contained, level = 0;
	bool leveled = sg_win_token_level(token, &level);
	int r = 0;

	if (!user || !groups) {
		r = sg_win_fail(err, e, "cannot tell who asks");
		goto out;
	}
	c.account = sg_win_sid_text(user->User.Sid);
	add(&c, &user->User, !(user->User.Attributes & SE_GROUP_USE_FOR_DENY_ONLY));
	add_groups(groups, &c);
	sg_caller_level(&c, leveled, level);
	/* a system that does not know the question makes no such tokens (Wine) */
	if (restricted ? restricted->GroupCount != 0 : silent != ERROR_INVALID_FUNCTION)
		sg_strs_add_once(&c.barred, "S-1-5-12");
	/* unknown before Windows 8, as app containers are */
	if (GetTokenInformation(token, TokenIsAppContainer, &contained, size, &size) && contained)
		sg_strs_add_once(&c.barred, "S-1-15-2-1");
	sg_caller_release(ret);
	*ret = c;
out:
	free(user);
	free(groups);
	free(restricted);
	return r;
}

bool sg_token_is_high(void)
{
	DWORD level = 0;
	HANDLE token;
	bool high;

	if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token))
		return false;
	high = sg_win_token_level(token, &level) && level >= SECURITY_MANDATORY_HIGH_RID;
	CloseHandle(token);
	return high;
}
