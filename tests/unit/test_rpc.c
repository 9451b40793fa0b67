/* test_rpc.c - frames of the control pipe: in pieces, several at once, too large, too deep, and not frames at all (P12). */
#include "base/rpc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static int take(struct sg_buf *in, struct sg_rpc_message *m, uint32_t *id, struct sg_err *err)
{
	sg_err_clear(err);
	return sg_rpc_take(in, &sg_pack_request_limits, m, id, err);
}

static void add_request(struct sg_buf *in, uint32_t id, const char *method)
{
	struct sg_val *params = sg_val_map();

	sg_val_set_str(params, "id", "CORP-1");
	sg_rpc_request(id, method, params, in);
	sg_val_free(params);
}

static void a_request_arrives_whatever_pieces_it_comes_in(void **state)
{
	struct sg_buf whole = { 0 }, in = { 0 };
	struct sg_rpc_message m = { 0 };
	struct sg_err err = SG_ERR_INIT;
	uint32_t id;

	(void)state;
	add_request(&whole, 70000, "show");
	for (size_t i = 0; i + 1 < whole.len; i++) {
		sg_buf_add(&in, whole.data + i, 1);
		assert_int_equal(take(&in, &m, &id, &err), 0);
	}
	sg_buf_add(&in, whole.data + whole.len - 1, 1);
	assert_int_equal(take(&in, &m, &id, &err), 1);
	assert_int_equal(in.len, 0);
	assert_int_equal(m.kind, SG_RPC_REQUEST);
	assert_int_equal(m.id, 70000);
	assert_string_equal(m.method, "show");
	assert_string_equal(sg_val_get_str(m.params, "id", ""), "CORP-1");
	sg_rpc_release(&m);
	sg_buf_release(&whole);
	sg_buf_release(&in);
}

static void several_messages_in_one_read_come_out_in_order(void **state)
{
	struct sg_buf in = { 0 };
	struct sg_rpc_message m = { 0 };
	struct sg_err err = SG_ERR_INIT;
	uint32_t id;

	(void)state;
	for (uint32_t i = 1; i <= 5; i++)
		add_request(&in, i, "status");
	sg_buf_add(&in, "\x94\x00", 2); /* and the beginning of a sixth */
	for (uint32_t i = 1; i <= 5; i++) {
		assert_int_equal(take(&in, &m, &id, &err), 1);
		assert_int_equal(m.id, i);
		sg_rpc_release(&m);
	}
	assert_int_equal(take(&in, &m, &id, &err), 0);
	assert_int_equal(in.len, 2);
	sg_buf_release(&in);
}

static void params_may_be_left_out(void **state)
{
	struct sg_buf in = { 0 };
	struct sg_rpc_message m = { 0 };
	struct sg_err err = SG_ERR_INIT;
	uint32_t id;

	(void)state;
	sg_buf_add(&in, "\x94\x00\x07\xa4list\x90", 9);
	assert_int_equal(take(&in, &m, &id, &err), 1);
	assert_int_equal(m.id, 7);
	assert_int_equal(m.params->type, SG_VAL_MAP);
	assert_int_equal(m.params->n, 0);
	sg_rpc_release(&m);
	sg_buf_release(&in);
}

/* Octets that end the connection, and the id that the answer is to carry. */
static void what_is_no_request_is_refused_at_once(void **state)
{
	static const struct {
		const char *what;
		const char *octets;
		size_t len;
		int code;
		uint32_t id;
	} table[] = {
#define ROW(what, octets, code, id) { what, octets, sizeof octets - 1, code, id }
		ROW("HTTP", "GET / HTTP/1.1\r\n", SG_EPARSE, 0),
		ROW("a number", "\x2a", SG_EPARSE, 0),
		ROW("nil", "\xc0", SG_EPARSE, 0),
		ROW("never used", "\xc1", SG_EPARSE, 0),
		ROW("an extension", "\xd4\x01\x00", SG_EPARSE, 0),
		ROW("an empty array", "\x90", SG_EPARSE, 0),
		ROW("an unknown kind", "\x94\x03\x01\xa1x\x90", SG_EPARSE, 0),
		ROW("a kind below zero", "\x94\xff\x01\xa1x\x90", SG_EPARSE, 0),
		ROW("too few parts", "\x93\x00\x01\xa1x", SG_EPARSE, 0),
		ROW("too many parts", "\x95\x00\x01\xa1x\x90\xc0", SG_EPARSE, 0),
		ROW("an id that is text", "\x94\x00\xa1x\xa1x\x90", SG_EPARSE, 0),
		ROW("an id below zero", "\x94\x00\xff\xa1x\x90", SG_EPARSE, 0),
		ROW("an id beyond 32 bits", "\x94\x00\xcf\x00\x00\x00\x01\x00\x00\x00\x00\xa1x\x90",
		        SG_EPARSE, 0),
		ROW("a method that is a number", "\x94\x00\x05\x01\x90", SG_EPARSE, 5),
		ROW("an empty method", "\x94\x00\x05\xa0\x90", SG_EPARSE, 5),
		ROW("params that are a map", "\x94\x00\x05\xa1x\x80", SG_EPARSE, 5),
		ROW("two params", "\x94\x00\x05\xa1x\x92\x80\x80", SG_EPARSE, 5),
		ROW("a param that is text", "\x94\x00\x05\xa1x\x91\xa1y", SG_EPARSE, 5),
		ROW("a repeated key", "\x94\x00\x05\xa1x\x91\x82\xa1y\x01\xa1y\x02", SG_EPARSE, 0),
		ROW("a key that is a number", "\x94\x00\x05\xa1x\x91\x81\x01\x02", SG_EPARSE, 0),
		ROW("a float", "\x94\x00\x05\xa1x\x91\x81\xa1y\xca\x00\x00\x00\x00", SG_EPARSE, 0),
		ROW("text that is no UTF-8", "\x94\x00\x05\xa1x\x91\x81\xa1y\xa1\xff", SG_EPARSE, 0),
		ROW("five bytes that ask for 400 MB", "\xdd\x01\x80\x00\x00", SG_ELIMIT, 0),
		ROW("a map of four thousand million", "\xdf\xff\xff\xff\xff", SG_ELIMIT, 0),
		ROW("text of four thousand million octets", "\x94\x00\x05\xdb\xff\xff\xff\xff", SG_ELIMIT, 0),
		ROW("nine deep", "\x94\x00\x01\xa1x\x91\x91\x91\x91\x91\x91\x91\x91\x91\x90", SG_ELIMIT, 0),
#undef ROW
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct sg_buf in = { 0 };
		struct sg_rpc_message m = { 0 };
		struct sg_err err = SG_ERR_INIT;
		uint32_t id = 99;
		int r;

		sg_buf_add(&in, table[i].octets, table[i].len);
		r = take(&in, &m, &id, &err);
		if (r != table[i].code || id != table[i].id || !err.msg[0])
			fail_msg("%s: %d (id %u): %s", table[i].what, r, id, err.msg);
		sg_buf_release(&in);
	}
}

static void a_request_may_be_large_but_not_larger(void **state)
{
	struct sg_buf in = { 0 };
	struct sg_rpc_message m = { 0 };
	struct sg_err err = SG_ERR_INIT;
	struct sg_val *params = sg_val_map();
	char *text = sg_alloc(sg_pack_request_limits.bytes + 1);
	uint32_t id;

	(void)state;
	memset(text, 'x', sg_pack_request_limits.bytes);
	text[60000] = 0;
	sg_val_set_str(params, "reason", text);
	sg_rpc_request(1, "pause", params, &in);
	assert_int_equal(take(&in, &m, &id, &err), 1);
	sg_rpc_release(&m);
	text[60000] = 'x';
	sg_val_set_str(params, "reason", text);
	sg_rpc_request(2, "pause", params, &in);
	assert_int_equal(take(&in, &m, &id, &err), SG_ELIMIT);
	sg_val_free(params);
	free(text);
	sg_buf_release(&in);
}

static void answers_come_back_as_they_went(void **state)
{
	struct sg_buf in = { 0 };
	struct sg_rpc_message m = { 0 };
	struct sg_err err = SG_ERR_INIT, why = SG_ERR_INIT;
	struct sg_val *v = sg_val_map();
	uint32_t id;

	(void)state;
	sg_val_set_str(v, "schema", "stopgap.done.v1");
	sg_rpc_result(3, v, &in);
	sg_fail(&why, SG_ESTATE, "M1 is blocked: 'stopgapctl unblock M1' first");
	sg_rpc_error(4, &why, SG_EXIT_STATE, &in);
	sg_rpc_notify("event", v, &in);
	sg_rpc_result(5, NULL, &in);
	assert_int_equal(take(&in, &m, &id, &err), 1);
	assert_int_equal(m.kind, SG_RPC_ANSWER);
	assert_true(sg_val_equal(m.result, v));
	assert_null(m.error);
	sg_rpc_release(&m);
	assert_int_equal(take(&in, &m, &id, &err), 1);
	assert_int_equal(m.id, 4);
	assert_null(m.result);
	assert_string_equal(sg_val_get_str(m.error, "code", ""), "state");
	assert_string_equal(sg_val_get_str(m.error, "message", ""), why.msg);
	assert_int_equal(sg_val_get_int(m.error, "exit", 0), 5);
	sg_rpc_release(&m);
	assert_int_equal(take(&in, &m, &id, &err), 1);
	assert_int_equal(m.kind, SG_RPC_NOTIFY);
	assert_string_equal(m.method, "event");
	sg_rpc_release(&m);
	assert_int_equal(take(&in, &m, &id, &err), 1);
	assert_int_equal(m.result->type, SG_VAL_NIL);
	sg_rpc_release(&m);
	sg_val_free(v);
	sg_buf_release(&in);
}

static void exit_statuses_are_those_that_are_written_down(void **state)
{
	(void)state;
	assert_int_equal(sg_exit_of(SG_OK), 0);
	assert_int_equal(sg_exit_of(SG_EINVAL), 2);
	assert_int_equal(sg_exit_of(SG_ESTATE), 5);
	assert_int_equal(sg_exit_of(SG_ETIMEOUT), 6);
	assert_int_equal(sg_exit_of(SG_ENOENT), 1);
	/* a file that the service may not write is no refusal of the person who asked */
	assert_int_equal(sg_exit_of(SG_EACCES), 1);
	assert_int_equal(sg_exit_of(SG_EFATAL), 1);
}

static void the_method_is_seen_before_the_whole_of_a_request_is_there(void **state)
{
	static const uint32_t ids[] = { 0, 1, 127, 128, 255, 256, 65535, 65536, UINT32_MAX };

	(void)state;
	for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
		struct sg_buf out = { 0 };

		sg_rpc_request(ids[i], "import", NULL, &out);
		assert_true(sg_rpc_begins(&out, "import"));
		assert_false(sg_rpc_begins(&out, "impor"));
		assert_false(sg_rpc_begins(&out, "imports"));
		while (out.len > 0) { /* torn anywhere: never read behind its end */
			struct sg_buf exact = { 0 };

			sg_buf_set(&exact, out.data, --out.len);
			if (sg_rpc_begins(&exact, "import"))
				assert_true(exact.len >= 9);
			sg_buf_release(&exact);
		}
		sg_buf_release(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_arrives_whatever_pieces_it_comes_in),
		cmocka_unit_test(several_messages_in_one_read_come_out_in_order),
		cmocka_unit_test(params_may_be_left_out),
		cmocka_unit_test(what_is_no_request_is_refused_at_once),
		cmocka_unit_test(a_request_may_be_large_but_not_larger),
		cmocka_unit_test(answers_come_back_as_they_went),
		cmocka_unit_test(the_method_is_seen_before_the_whole_of_a_request_is_there),
		cmocka_unit_test(exit_statuses_are_those_that_are_written_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
