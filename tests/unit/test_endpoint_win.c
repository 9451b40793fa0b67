/* test_endpoint_win.c - the control pipe's server on Windows: with which flags and descriptor its instances are made, that the name is held from the first
 * to the last of them, and that no client keeps a service from ending.
 *
 * Wine ignores FILE_FLAG_FIRST_PIPE_INSTANCE and PIPE_REJECT_REMOTE_CLIENTS, and ends what a client does not read with the handle, so the calls are looked at
 * on their way to the system: this program's own imports stand for kernel32's. */
#include "base/log.h"
#include "base/os_win.h"
#include "base/rpc.h"
#include "cli/pipe.h"
#include "daemon/access.h"
#include "daemon/control.h"
#include "daemon/descriptor.h"
#include "daemon/token_win.h"
#include "model/codes.h"

#include <windows.h>
#include <sddl.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static char *name_of(const char *what)
{
	return sg_format("\\\\.\\pipe\\stopgap-test-%lu-%s", GetCurrentProcessId(), what);
}

/* --- between this program and the system */

enum { MOST = 64 };
static struct {
	DWORD open, mode;
	char *sddl;
} made[MOST];
static size_t n_made;
static DWORD refuse_first, refuse_others; /* what the next instances fail with */
static size_t disconnects;

static HANDLE WINAPI make_pipe(const wchar_t *name, DWORD open, DWORD mode, DWORD most, DWORD out, DWORD in,
        DWORD wait, SECURITY_ATTRIBUTES *sa)
{
	HANDLE(WINAPI * real)
	(const wchar_t *, DWORD, DWORD, DWORD, DWORD, DWORD, DWORD, SECURITY_ATTRIBUTES *) =
	        (void *)GetProcAddress(GetModuleHandleW(L"kernel32.dll"), "CreateNamedPipeW");
	DWORD refuse = open & FILE_FLAG_FIRST_PIPE_INSTANCE ? refuse_first : refuse_others;
	wchar_t *sddl = NULL;

	assert_true(n_made < MOST);
	ConvertSecurityDescriptorToStringSecurityDescriptorW(sa->lpSecurityDescriptor, SDDL_REVISION_1,
	        OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION | LABEL_SECURITY_INFORMATION, &sddl,
	        NULL);
	made[n_made].open = open;
	made[n_made].mode = mode;
	made[n_made++].sddl = sddl ? sg_win_utf8(sddl) : NULL;
	LocalFree(sddl);
	if (refuse) {
		SetLastError(refuse);
		return INVALID_HANDLE_VALUE;
	}
	return real(name, open, mode, most, out, in, wait, sa);
}

static BOOL WINAPI disconnect(HANDLE h)
{
	BOOL(WINAPI * real)
	(HANDLE) = (void *)GetProcAddress(GetModuleHandleW(L"kernel32.dll"), "DisconnectNamedPipe");
	BOOL done = real(h);

	disconnects += done != 0;
	return done;
}

void *const __imp_DisconnectNamedPipe = (void *)disconnect;
void *const __imp_CreateNamedPipeW = (void *)make_pipe;

static int forget(void **state)
{
	(void)state;
	for (size_t i = 0; i < n_made; i++)
		free(made[i].sddl);
	n_made = disconnects = refuse_first = refuse_others = 0;
	return 0;
}

/* --- the service's end */

static struct sg_access *access_of(void)
{
	struct sg_err err = SG_ERR_INIT;
	struct sg_access *a = NULL;

	assert_int_equal(sg_access_resolve("S-1-5-32-545", NULL, false, &a, &err), 0);
	return a;
}

static void every_instance_is_ours_alone_and_answers_no_other_machine(void **state)
{
	struct sg_access *a = access_of();
	struct sg_endpoint *e = NULL;
	struct sg_err err = SG_ERR_INIT;
	char *name = name_of("flags"), *self = sg_win_self_sid(),
	     *want = sg_descriptor_text(a, self, sg_token_is_high());
	wchar_t *wide = sg_win_wide(want), *back = NULL;
	PSECURITY_DESCRIPTOR sd = NULL;

	(void)state;
	assert_true(ConvertStringSecurityDescriptorToSecurityDescriptorW(wide, SDDL_REVISION_1, &sd, NULL));
	assert_true(ConvertSecurityDescriptorToStringSecurityDescriptorW(sd, SDDL_REVISION_1,
	        OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION | LABEL_SECURITY_INFORMATION, &back,
	        NULL));
	free(want);
	want = sg_win_utf8(back);
	assert_int_equal(sg_endpoint_open(name, a, &e, &err), 0);
	assert_int_equal(n_made, 1);
	assert_int_equal(made[0].open,
	        PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED | WRITE_DAC | FILE_FLAG_FIRST_PIPE_INSTANCE);
	assert_int_equal(
	        made[0].mode, PIPE_TYPE_BYTE | PIPE_READMODE_BYTE | PIPE_WAIT | PIPE_REJECT_REMOTE_CLIENTS);
	assert_string_equal(made[0].sddl, want);
	assert_non_null(strstr(want, "D:P"));
	sg_endpoint_free(e);
	sg_access_free(a);
	LocalFree(back);
	LocalFree(sd);
	free(wide);
	free(want);
	free(self);
	free(name);
}

/* A service that answers with as many octets as it was asked for, until it is stopped. */
struct stage {
	uv_loop_t loop;
	struct sg_access *access;
	struct sg_endpoint *endpoint;
	struct sg_control *control;
	char *name;
	size_t answer, asked;
};

static void on_request(void *arg, uint64_t conn, const struct sg_caller *caller, struct sg_rpc_message *m)
{
	struct stage *s = arg;
	char *text = sg_alloc(s->answer + 1);
	struct sg_val *result;

	(void)caller;
	memset(text, 'x', s->answer);
	result = sg_val_str(text);
	s->asked++;
	sg_control_result(s->control, conn, m->id, result);
	sg_val_free(result);
	free(text);
}

static bool yes(void *arg, const struct sg_caller *caller)
{
	(void)arg;
	(void)caller;
	return true;
}

static void on_rearm(void *arg)
{
	(void)arg;
}

static void begin(struct stage *s, const char *what)
{
	const struct sg_control_hooks hooks = { .arg = s,
		.request = on_request,
		.may_watch = yes,
		.may_import = yes,
		.has_place = yes,
		.rearm = on_rearm };
	struct sg_err err = SG_ERR_INIT;

	uv_loop_init(&s->loop);
	s->access = access_of();
	s->name = name_of(what);
	assert_int_equal(sg_endpoint_open(s->name, s->access, &s->endpoint, &err), 0);
	assert_int_equal(sg_control_start(&s->loop, s->endpoint, &hooks, &s->control, &err), 0);
}

/* Lets the loop run until `done` or for `ms`. */
static bool run_until(struct stage *s, bool (*done)(struct stage *s), int64_t ms)
{
	int64_t end = sg_pipe_now() + ms;

	while (!done(s) && sg_pipe_now() < end) {
		uv_run(&s->loop, UV_RUN_NOWAIT);
		sg_control_tick(s->control, (int64_t)uv_now(&s->loop));
		Sleep(1);
	}
	return done(s);
}

static bool was_asked(struct stage *s)
{
	return s->asked > 0;
}

static bool has_stopped(struct stage *s)
{
	return sg_control_stopped(s->control);
}

static bool never(struct stage *s)
{
	(void)s;
	return false;
}

static void end(struct stage *s)
{
	sg_control_stop(s->control);
	assert_true(run_until(s, has_stopped, 10 * 1000));
	uv_run(&s->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&s->loop), 0);
	sg_control_free(s->control);
	sg_endpoint_free(s->endpoint);
	sg_access_free(s->access);
	free(s->name);
}

/* A client, as stopgapctl is one, with its request sent. */
static struct sg_pipe ask(struct stage *s)
{
	struct sg_err err = SG_ERR_INIT;
	struct sg_val *none = sg_val_map();
	struct sg_buf request = { 0 };
	struct sg_pipe p = { -1 };

	assert_int_equal(sg_pipe_open(s->name, sg_pipe_now() + 5000, &p, &err), 0);
	sg_rpc_request(1, "status", none, &request);
	assert_int_equal(sg_pipe_write(p, sg_buf_bytes(&request), sg_pipe_now() + 5000, &err), 0);
	sg_buf_release(&request);
	sg_val_free(none);
	return p;
}

static void a_client_that_never_reads_keeps_no_service_from_ending(void **state)
{
	struct stage s = { .answer = 3 << 20 };
	struct sg_pipe p;
	int64_t began;

	(void)state;
	begin(&s, "deaf");
	p = ask(&s);
	assert_true(run_until(&s, was_asked, 5000));
	run_until(&s, never, 100); /* the answer is under way, and fills what the system keeps */
	began = sg_pipe_now();
	end(&s);
	assert_int_equal(disconnects,
	        2); /* the name's holder, and this one: a close alone would leave the answer to it */
	assert_in_range((uintmax_t)(sg_pipe_now() - began), 500, 5000); /* it had its second */
	sg_pipe_close(&p);
}

static void an_answer_that_the_system_took_is_read_after_the_service_has_ended(void **state)
{
	struct stage s = { .answer = 20000 };
	struct sg_err err = SG_ERR_INIT;
	struct sg_buf in = { 0 };
	struct sg_pipe p;
	int64_t began;

	(void)state;
	begin(&s, "late");
	p = ask(&s);
	assert_true(run_until(&s, was_asked, 5000));
	began = sg_pipe_now();
	end(&s);
	assert_int_equal(disconnects, 1);                            /* which would have thrown it away */
	assert_in_range((uintmax_t)(sg_pipe_now() - began), 0, 900); /* nobody waits for it to be read */
	while (in.len < s.answer && sg_pipe_read(p, sg_pipe_now() + 5000, &in, &err) == 0)
		;
	assert_true(in.len > s.answer);
	assert_int_equal(sg_pipe_read(p, sg_pipe_now() + 5000, &in, &err), SG_EIO);
	sg_buf_release(&in);
	sg_pipe_close(&p);
}

/* Every instance that waits for clients gone, and none to be had: the name stays ours, and is not asked for as if it were free. */
static void the_name_is_held_while_no_instance_waits(void **state)
{
	struct stage s = { .answer = 10 };
	struct sg_err err = SG_ERR_INIT;
	struct sg_pipe p[5];
	size_t before;

	(void)state;
	begin(&s, "held");
	assert_int_equal(n_made, 5); /* the holder, and four that wait */
	for (size_t i = 1; i < n_made; i++) {
		/* nor WRITE_OWNER, which is the same bit there */
		assert_int_equal(made[i].open, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED);
		assert_int_equal(made[i].mode, made[0].mode);
		assert_string_equal(made[i].sddl, made[0].sddl);
	}
	refuse_others = ERROR_NOT_ENOUGH_MEMORY;
	for (size_t i = 0; i < 4; i++) {
		s.asked = 0;
		p[i] = ask(&s);
		assert_true(run_until(&s, was_asked, 5000));
	}
	assert_int_equal(sg_pipe_open(s.name, sg_pipe_now(), &p[4], &err), SG_ETIMEOUT); /* busy, and there */
	sg_err_clear(&err);
	for (size_t i = 0; i < 4; i++)
		sg_pipe_close(&p[i]);
	before = n_made;
	refuse_others = 0;
	run_until(&s, never, 2500); /* the timer's turn */
	assert_true(n_made >= before + 4);
	for (size_t i = 1; i < n_made; i++)
		assert_false(made[i].open & FILE_FLAG_FIRST_PIPE_INSTANCE);
	s.asked = 0;
	p[0] = ask(&s);
	assert_true(run_until(&s, was_asked, 5000));
	sg_pipe_close(&p[0]);
	end(&s);
}

static int taken, back;

static void count_line(void *arg, enum sg_level level, int code, const char *text, const struct sg_val *data)
{
	(void)arg;
	(void)level;
	(void)text;
	(void)data;
	taken += code == SG_EV_CONTROL_TAKEN;
	back += code == SG_EV_CONTROL_BACK;
}

static void a_name_that_is_taken_is_said_once_and_asked_for_as_the_first_again(void **state)
{
	struct stage s = { .answer = 10 };
	struct sg_pipe p;

	(void)state;
	sg_log_to(count_line, NULL);
	refuse_first = ERROR_ACCESS_DENIED;
	begin(&s, "taken");
	run_until(&s, never, 2300);
	assert_true(n_made >= 3); /* when it was opened, when it began to listen, by the timer */
	for (size_t i = 0; i < n_made; i++)
		assert_true(made[i].open & FILE_FLAG_FIRST_PIPE_INSTANCE);
	assert_int_equal(taken, 1);
	assert_int_equal(back, 0);
	refuse_first = 0;
	run_until(&s, never, 2300);
	assert_int_equal(back, 1);
	p = ask(&s);
	assert_true(run_until(&s, was_asked, 5000));
	sg_pipe_close(&p);
	end(&s);
	sg_log_to(NULL, NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, forget, forget)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_instance_is_ours_alone_and_answers_no_other_machine),
		TEST(a_client_that_never_reads_keeps_no_service_from_ending),
		TEST(an_answer_that_the_system_took_is_read_after_the_service_has_ended),
		TEST(the_name_is_held_while_no_instance_waits),
		TEST(a_name_that_is_taken_is_said_once_and_asked_for_as_the_first_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
