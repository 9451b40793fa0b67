/* test_endpoint_share_win.c - another <access> on a pipe that is there: its list is replaced for every instance, and its name is never let go of meanwhile.
 *
 * The list is read back from the pipe's own handles. Wine obeys no list when a client connects, so who comes in by it a real Windows shows. */
#include "base/os_win.h"
#include "cli/pipe.h"
#include "daemon/access.h"
#include "daemon/descriptor.h"
#include "daemon/endpoint.h"
#include "daemon/token_win.h"

#include <windows.h>
#include <sddl.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* --- between this program and the system */

enum { MOST = 32 };
static struct {
	DWORD open;
	char *list;
} made[MOST];
static size_t n_made;
static bool refuse_first; /* another has the name */

/* What was asked for when the list was replaced, and through which handle. */
static struct {
	size_t calls;
	HANDLE handle;
	SECURITY_INFORMATION what;
} replaced;

/* The entries of a list, as the system writes them. */
static char *entries_of(PSECURITY_DESCRIPTOR sd)
{
	wchar_t *wide = NULL;
	char *text, *list;

	assert_true(ConvertSecurityDescriptorToStringSecurityDescriptorW(
	        sd, SDDL_REVISION_1, DACL_SECURITY_INFORMATION, &wide, NULL));
	text = sg_win_utf8(wide);
	list = sg_strdup(strchr(text, '(') ? strchr(text, '(') : "");
	free(text);
	LocalFree(wide);
	return list;
}

static HANDLE WINAPI make_pipe(const wchar_t *name, DWORD open, DWORD mode, DWORD most, DWORD out, DWORD in,
        DWORD wait, SECURITY_ATTRIBUTES *sa)
{
	HANDLE(WINAPI * real)
	(const wchar_t *, DWORD, DWORD, DWORD, DWORD, DWORD, DWORD, SECURITY_ATTRIBUTES *) =
	        (void *)GetProcAddress(GetModuleHandleW(L"kernel32.dll"), "CreateNamedPipeW");

	if (refuse_first && (open & FILE_FLAG_FIRST_PIPE_INSTANCE)) {
		SetLastError(ERROR_ACCESS_DENIED);
		return INVALID_HANDLE_VALUE;
	}
	assert_true(n_made < MOST);
	made[n_made].open = open;
	made[n_made++].list = entries_of(sa->lpSecurityDescriptor);
	return real(name, open, mode, most, out, in, wait, sa);
}

static BOOL WINAPI replace_list(HANDLE h, SECURITY_INFORMATION what, PSECURITY_DESCRIPTOR sd)
{
	BOOL(WINAPI * real)
	(HANDLE, SECURITY_INFORMATION, PSECURITY_DESCRIPTOR) =
	        (void *)GetProcAddress(GetModuleHandleW(L"advapi32.dll"), "SetKernelObjectSecurity");

	replaced.calls++;
	replaced.handle = h;
	replaced.what = what;
	return real(h, what, sd);
}

void *const __imp_CreateNamedPipeW = (void *)make_pipe;
void *const __imp_SetKernelObjectSecurity = (void *)replace_list;

/* --- the service's end */

struct stage {
	uv_loop_t loop;
	struct sg_access *access;
	struct sg_endpoint *endpoint;
	uv_pipe_t clients[4];
	size_t n_clients;
	char *name;
};

static struct sg_access *access_for(const char *readers)
{
	struct sg_err err = SG_ERR_INIT;
	struct sg_access *a = NULL;

	assert_int_equal(sg_access_resolve(readers, NULL, false, &a, &err), 0);
	return a;
}

static void on_connected(void *arg)
{
	struct stage *s = arg;

	assert_true(s->n_clients < 4);
	uv_pipe_init(&s->loop, &s->clients[s->n_clients], 0);
	assert_int_equal(sg_endpoint_accept(s->endpoint, &s->clients[s->n_clients]), 0);
	s->n_clients++;
}

static int begin(void **state)
{
	static struct stage s;
	struct sg_err err = SG_ERR_INIT;

	s = (struct stage){ .access = access_for("S-1-5-32-545") };
	memset(&replaced, 0, sizeof replaced);
	uv_loop_init(&s.loop);
	s.name = sg_format("\\\\.\\pipe\\stopgap-test-%lu-share", GetCurrentProcessId());
	if (sg_endpoint_open(s.name, s.access, &s.endpoint, &err) < 0 ||
	        sg_endpoint_listen(s.endpoint, &s.loop, on_connected, &s, &err) < 0)
		return -1;
	*state = &s;
	return 0;
}

static int begin_without_the_name(void **state)
{
	refuse_first = true;
	return begin(state);
}

static int end(void **state)
{
	struct stage *s = *state;

	for (size_t i = 0; i < s->n_clients; i++)
		uv_close((uv_handle_t *)&s->clients[i], NULL);
	sg_endpoint_stop(s->endpoint);
	uv_run(&s->loop, UV_RUN_DEFAULT);
	if (uv_loop_close(&s->loop) < 0)
		return -1;
	sg_endpoint_free(s->endpoint);
	sg_access_free(s->access);
	free(s->name);
	for (size_t i = 0; i < n_made; i++)
		free(made[i].list);
	n_made = 0;
	refuse_first = false;
	return 0;
}

static void run_until(struct stage *s, size_t clients, size_t instances, int64_t ms)
{
	for (int64_t stop = sg_pipe_now() + ms; sg_pipe_now() < stop; Sleep(1)) {
		if (s->n_clients >= clients && n_made >= instances)
			return;
		uv_run(&s->loop, UV_RUN_NOWAIT);
	}
	fail_msg("%zu clients and %zu instances after %lld ms", s->n_clients, n_made, (long long)ms);
}

static HANDLE connect_to(struct stage *s)
{
	wchar_t *name = sg_win_wide(s->name);
	HANDLE h = CreateFileW(name, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING,
	        SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION, NULL);

	free(name);
	assert_true(h != INVALID_HANDLE_VALUE);
	run_until(s, s->n_clients + 1, 0, 5000);
	return h;
}

/* --- its list */

static void list_is(HANDLE pipe, const char *want)
{
	unsigned char sd[4096];
	DWORD size;
	char *is;

	assert_true(GetKernelObjectSecurity(pipe, DACL_SECURITY_INFORMATION, sd, sizeof sd, &size));
	is = entries_of(sd);
	assert_string_equal(is, want);
	free(is);
}

static char *list_for(const struct sg_access *a)
{
	char *self = sg_win_self_sid(), *text = sg_descriptor_text(a, self, sg_token_is_high()), *list;
	wchar_t *wide = sg_win_wide(text);
	PSECURITY_DESCRIPTOR sd = NULL;

	assert_true(ConvertStringSecurityDescriptorToSecurityDescriptorW(wide, SDDL_REVISION_1, &sd, NULL));
	list = entries_of(sd);
	LocalFree(sd);
	free(wide);
	free(text);
	free(self);
	return list;
}

/* A client that is there stays. */
static void another_access_replaces_the_list_of_every_instance(void **state)
{
	struct stage *s = *state;
	struct sg_access *other = access_for("S-1-5-32-551,S-1-5-11");
	struct sg_err err = SG_ERR_INIT;
	char *was = list_for(s->access), *want = list_for(other);
	HANDLE before = connect_to(s), after;
	uv_os_fd_t server;
	size_t instances;
	DWORD n;

	assert_string_not_equal(was, want);
	list_is(before, was);
	instances = n_made;
	assert_int_equal(instances, 6); /* the holder, four that wait, and one in the place of who came */
	assert_int_equal(sg_endpoint_share(s->endpoint, other, &err), 0);
	assert_int_equal(n_made, instances); /* none was made anew: the name was never free */
	assert_int_equal(replaced.calls, 1);
	assert_int_equal(replaced.what, DACL_SECURITY_INFORMATION | LABEL_SECURITY_INFORMATION);
	list_is(replaced.handle, want); /* the holder's */
	list_is(before, want);
	assert_int_equal(uv_fileno((uv_handle_t *)&s->clients[0], &server), 0);
	assert_true(server != replaced.handle);
	list_is(server, want);
	assert_true(WriteFile(before, "x", 1, &n, NULL)); /* it has not been sent away */
	after = connect_to(s);                            /* to one that waited already */
	list_is(after, want);
	assert_int_equal(n_made, instances + 1);
	assert_int_equal(made[instances].open, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED);
	assert_string_equal(
	        made[instances].list, want); /* on Windows the name's counts; this is the same one */
	CloseHandle(before);
	CloseHandle(after);
	sg_access_free(other);
	free(was);
	free(want);
}

static void while_another_has_the_name_the_new_list_waits_for_it(void **state)
{
	struct stage *s = *state;
	struct sg_access *other = access_for("S-1-5-32-551");
	struct sg_err err = SG_ERR_INIT;
	char *want = list_for(other);
	HANDLE client;

	assert_int_equal(n_made, 0);
	assert_int_equal(sg_endpoint_share(s->endpoint, other, &err), 0);
	assert_int_equal(replaced.calls, 0);
	refuse_first = false;
	run_until(s, 0, 5, 5000);
	assert_true(made[0].open & FILE_FLAG_FIRST_PIPE_INSTANCE);
	for (size_t i = 0; i < n_made; i++)
		assert_string_equal(made[i].list, want);
	client = connect_to(s);
	list_is(client, want);
	CloseHandle(client);
	sg_access_free(other);
	free(want);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		        another_access_replaces_the_list_of_every_instance, begin, end),
		cmocka_unit_test_setup_teardown(
		        while_another_has_the_name_the_new_list_waits_for_it, begin_without_the_name, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
