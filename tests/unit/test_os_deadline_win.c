/* test_os_deadline_win.c - calls on Windows that wait for somebody else are given up when their time is over, and no others. A pipe that nobody writes into stands for
 * the file whose holder does not answer. */
#include "base/os_deadline_win.h"
#include "base/os_win.h"

#include <windows.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define COUNT(table) (sizeof(table) / sizeof *(table))

struct pipe {
	HANDLE server, client;
};

/* Synchronous, and nobody ever writes into it. */
static void open_pipe(struct pipe *p)
{
	wchar_t name[100];

	swprintf(
	        name, COUNT(name), L"\\\\.\\pipe\\sg-open-%lu-%llu", GetCurrentProcessId(), GetTickCount64());
	p->server = CreateNamedPipeW(name, PIPE_ACCESS_DUPLEX | FILE_FLAG_FIRST_PIPE_INSTANCE,
	        PIPE_TYPE_BYTE | PIPE_WAIT, 1, 512, 512, 0, NULL);
	assert_true(p->server != INVALID_HANDLE_VALUE);
	p->client = CreateFileW(name, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
	assert_true(p->client != INVALID_HANDLE_VALUE);
}

static void close_pipe(struct pipe *p)
{
	CloseHandle(p->client);
	CloseHandle(p->server);
}

static void a_call_that_waits_is_given_up_when_its_time_is_over(void **state)
{
	ULONGLONG begun = GetTickCount64(), took;
	struct sg_deadline d;
	struct pipe p;
	char octet;
	DWORD n, e;

	(void)state;
	open_pipe(&p);
	assert_true(sg_deadline_begin(&d, 300));
	assert_false(ReadFile(p.client, &octet, 1, &n, NULL));
	e = GetLastError();
	assert_true(sg_deadline_end(&d));
	took = GetTickCount64() - begun;
	assert_int_equal(e, ERROR_OPERATION_ABORTED);
	if (took < 250 || took > 5000)
		fail_msg("it took %llu ms", took);
	assert_int_equal(sg_win_fail(NULL, e, "x"), SG_EBUSY);
	close_pipe(&p);
}

/* One that was cancelled before it waits is cancelled when it does. */
static void a_call_that_begins_late_is_given_up_too(void **state)
{
	struct sg_deadline d;
	struct pipe p;
	char octet;
	DWORD n;

	(void)state;
	open_pipe(&p);
	assert_true(sg_deadline_begin(&d, 1));
	Sleep(400);
	assert_false(ReadFile(p.client, &octet, 1, &n, NULL));
	assert_int_equal(GetLastError(), ERROR_OPERATION_ABORTED);
	assert_true(sg_deadline_end(&d));
	close_pipe(&p);
}

static DWORD WINAPI write_later(void *arg)
{
	DWORD n;

	Sleep(900);
	return WriteFile(arg, "x", 1, &n, NULL) ? 0 : 1;
}

static void a_later_call_of_the_same_thread_waits_as_long_as_it_has_to(void **state)
{
	struct sg_deadline d, outer;
	HANDLE writer;
	struct pipe p;
	char octet = 0;
	DWORD n = 0;

	(void)state;
	open_pipe(&p);
	assert_true(sg_deadline_begin(&outer, 60000)); /* keeps the timer at work */
	assert_true(sg_deadline_begin(&d, 300));
	SetLastError(1234);
	assert_false(sg_deadline_end(&d));
	assert_int_equal(GetLastError(), 1234);
	writer = CreateThread(NULL, 0, write_later, p.server, 0, NULL);
	assert_non_null(writer);
	assert_true(ReadFile(p.client, &octet, 1, &n, NULL));
	assert_int_equal(octet, 'x');
	assert_false(sg_deadline_end(&outer));
	WaitForSingleObject(writer, INFINITE);
	CloseHandle(writer);
	close_pipe(&p);
}

struct many {
	HANDLE go;
	volatile LONG struck, late;
};

/* Begins and ends all the time, and is never struck; every eighth waits for nobody and is. */
static DWORD WINAPI begin_and_end(void *arg)
{
	struct many *m = arg;
	struct sg_deadline d, in;

	WaitForSingleObject(m->go, INFINITE);
	for (int i = 0; i < 20000; i++) {
		if (!sg_deadline_begin(&d, 60000) || !sg_deadline_begin(&in, 60000))
			return 1;
		if (sg_deadline_end(&d) | sg_deadline_end(&in)) /* not even in their order */
			InterlockedIncrement(&m->late);
	}
	if (!sg_deadline_begin(&d, 50))
		return 1;
	Sleep(400);
	if (sg_deadline_end(&d))
		InterlockedIncrement(&m->struck);
	return 0;
}

static void many_threads_have_their_own_bounds(void **state)
{
	struct many m = { .go = CreateEventW(NULL, TRUE, FALSE, NULL) };
	HANDLE threads[8];
	ULONGLONG begun;

	(void)state;
	for (size_t i = 0; i < COUNT(threads); i++)
		assert_non_null(threads[i] = CreateThread(NULL, 0, begin_and_end, &m, 0, NULL));
	begun = GetTickCount64();
	SetEvent(m.go);
	assert_int_equal(WaitForMultipleObjects(COUNT(threads), threads, TRUE, 60000), WAIT_OBJECT_0);
	print_message("320000 bounds by 8 threads: %llu ms\n", GetTickCount64() - begun - 400);
	assert_int_equal(m.late, 0);
	assert_int_equal(m.struck, COUNT(threads));
	for (size_t i = 0; i < COUNT(threads); i++)
		CloseHandle(threads[i]);
	CloseHandle(m.go);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_call_that_waits_is_given_up_when_its_time_is_over),
		cmocka_unit_test(a_call_that_begins_late_is_given_up_too),
		cmocka_unit_test(a_later_call_of_the_same_thread_waits_as_long_as_it_has_to),
		cmocka_unit_test(many_threads_have_their_own_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
