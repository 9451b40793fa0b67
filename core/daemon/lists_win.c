/* lists_win.c - the lists as they are written, and the one place that writes them. Never follows a link. */
#include "daemon/lists_win.h"
#include "base/os_open_win.h"
#include "base/os_win.h"

#include <windows.h>
#include <sddl.h>

#include <stdlib.h>

static const wchar_t *const lists[] = {
	[SG_LIST_TOP] = L"O:BAD:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)",
	[SG_LIST_FOLDER] = L"O:BAD:AI(A;OICIID;FA;;;SY)(A;OICIID;FA;;;BA)",
	[SG_LIST_FILE] = L"O:BAD:AI(A;ID;FA;;;SY)(A;ID;FA;;;BA)",
};

int sg_list_open(const char *path, bool owner, void **ret, struct sg_file_id *ret_id, struct sg_err *err)
{
	const DWORD rights = FILE_READ_DATA | FILE_READ_ATTRIBUTES | READ_CONTROL | WRITE_DAC;
	wchar_t *wide = sg_win_path(path);
	int tries = 0, r;
	HANDLE h;
	DWORD e;

	do {
		h = sg_win_open(wide, owner ? rights | WRITE_OWNER : rights,
		        FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING,
		        FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT);
		e = GetLastError();
	} while (h == INVALID_HANDLE_VALUE && sg_win_again(e, &tries));
	free(wide);
	if (h == INVALID_HANDLE_VALUE)
		return sg_win_fail(err, e, "cannot open %s", path);
	r = sg_os_identify((struct sg_os_file){ (intptr_t)h }, ret_id, err);
	if (r < 0)
		CloseHandle(h);
	else
		*ret = h;
	return r;
}

bool sg_list_lies(void *h, void *folder, const char *name)
{
	wchar_t *place = NULL, *folder_place = NULL, *step;
	char *below;
	bool lies;

	if (sg_win_places(h, folder, &place, &folder_place) < 0)
		return false;
	below = sg_format("\\%s", name);
	step = sg_win_wide(below);
	lies = sg_win_lies(place, folder_place, step, L"\\");
	free(step);
	free(below);
	free(place);
	free(folder_place);
	return lies;
}

int sg_list_text(void *h, const char *path, char **ret, struct sg_err *err)
{
	const SECURITY_INFORMATION what = OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION;
	wchar_t *wide = NULL;
	DWORD size = 0;
	void *sd;
	int r = 0;

	GetKernelObjectSecurity(h, what, NULL, 0, &size);
	sd = sg_alloc((size_t)size + 1);
	if (GetKernelObjectSecurity(h, what, sd, size, &size) &&
	        ConvertSecurityDescriptorToStringSecurityDescriptorW(sd, SDDL_REVISION_1, what, &wide, NULL))
		*ret = sg_win_utf8(wide);
	else
		r = sg_win_fail(err, GetLastError(), "cannot write the access list of %s down", path);
	LocalFree(wide);
	free(sd);
	return r;
}

/* As it is written, bit by bit: the calls that compute inheritance would ask the parent again. */
int sg_list_set(void *h, const char *path, enum sg_list list, bool owner, struct sg_err *err)
{
	SECURITY_INFORMATION what = DACL_SECURITY_INFORMATION;
	PSECURITY_DESCRIPTOR sd = NULL;
	int r = 0;

	if (!ConvertStringSecurityDescriptorToSecurityDescriptorW(lists[list], SDDL_REVISION_1, &sd, NULL))
		return sg_win_fail(err, GetLastError(), "cannot make an access list for %s", path);
	/* the kernel keeps the mark "inherited" only for a descriptor that asks for it */
	SetSecurityDescriptorControl(sd, SE_DACL_AUTO_INHERIT_REQ, SE_DACL_AUTO_INHERIT_REQ);
	if (!SetKernelObjectSecurity(h, owner ? what | OWNER_SECURITY_INFORMATION : what, sd))
		r = sg_win_fail(err, GetLastError(), "cannot set the access list of %s", path);
	LocalFree(sd);
	return r;
}
