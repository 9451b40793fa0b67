/* test_base_values.c - buffers, errors, value trees, MessagePack and JSON. */
#include "base/clock.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/pack.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void the_first_message_wins(void **state)
{
	struct sg_err err = SG_ERR_INIT;

	(void)state;
	assert_int_equal(sg_fail(&err, SG_EPARSE, "first %d", 1), SG_EPARSE);
	assert_int_equal(sg_fail(&err, SG_EIO, "second"), SG_EIO);
	assert_int_equal(err.code, SG_EPARSE);
	assert_string_equal(err.msg, "first 1");
	sg_err_clear(&err);
	assert_int_equal(sg_fail(&err, SG_EIO, "third"), SG_EIO);
	assert_string_equal(err.msg, "third");
	assert_int_equal(sg_fail(NULL, SG_EBUSY, "nobody listens"), SG_EBUSY);
}

static void a_message_that_is_cut_stays_utf8(void **state)
{
	struct sg_err err = SG_ERR_INIT;
	char *text = sg_alloc(3001);

	(void)state;
	for (int i = 0; i < 3000; i += 3)
		memcpy(text + i, "\xe2\x82\xac", 3);
	sg_fail(&err, SG_EIO, "x%s", text); /* 1023 - 1 is no multiple of 3 less one */
	assert_int_equal(strlen(err.msg) % 3, 1);
	sg_err_clear(&err);
	sg_fail(&err, SG_EIO, "one line\n");
	assert_string_equal(err.msg, "one line");
	free(text);
}

static void every_code_has_its_own_name(void **state)
{
	(void)state;
	for (int a = 0; a >= SG_EFATAL; a--)
		for (int b = a - 1; b >= SG_EFATAL; b--)
			assert_string_not_equal(sg_code_name(a), sg_code_name(b));
	assert_string_equal(sg_code_name(SG_ECONFLICT), "conflict");
	assert_string_equal(sg_code_name(SG_ENOSPC), "nospace");
	assert_string_equal(sg_code_name(SG_EFATAL - 1), "unknown");
	assert_string_equal(sg_code_name(1), "unknown");
}

static void a_buffer_inserts_and_cuts(void **state)
{
	struct sg_buf buf = { 0 };
	char *s;

	(void)state;
	sg_buf_insert(&buf, 0, "world", 5);
	sg_buf_insert(&buf, 0, "hello ", 6);
	sg_buf_fmt(&buf, "%c%d", '!', 42);
	assert_string_equal((char *)buf.data, "hello world!42");
	sg_buf_cut(&buf, 5, 6);
	assert_string_equal((char *)buf.data, "hello!42");
	sg_buf_cut(&buf, 0, buf.len);
	assert_int_equal(buf.len, 0);
	for (int i = 0; i < 10000; i++)
		sg_buf_char(&buf, (char)('a' + i % 26));
	assert_int_equal(buf.len, 10000);
	assert_int_equal(buf.data[9999], 'a' + 9999 % 26);
	assert_int_equal(buf.data[10000], 0);
	s = sg_buf_detach(&buf);
	assert_int_equal(strlen(s), 10000);
	assert_null(buf.data);
	free(s);
	s = sg_buf_detach(&buf);
	assert_string_equal(s, "");
	free(s);
	assert_true(sg_bytes_is((struct sg_bytes){ 0 }, ""));
	assert_false(sg_bytes_is(sg_bytes_of("a"), "b"));
}

static void a_map_keeps_the_order_and_replaces_under_a_key(void **state)
{
	struct sg_val *map = sg_val_map(), *copy;

	(void)state;
	sg_val_set_str(map, "b", "1");
	sg_val_set_int(map, "a", 2);
	sg_val_set_str(map, "b", "3");
	sg_val_set_str(map, "nil", NULL);
	assert_int_equal(map->n, 3);
	assert_string_equal(map->kid[0]->key, "b");
	assert_string_equal(sg_val_get_str(map, "b", ""), "3");
	assert_int_equal(sg_val_get_int(map, "a", 0), 2);
	assert_int_equal(sg_val_get_int(map, "b", 7), 7);
	assert_string_equal(sg_val_get_str(map, "nil", "none"), "none");
	assert_null(sg_val_get(map, "c"));
	assert_null(sg_val_get(NULL, "c"));
	copy = sg_val_copy(map);
	assert_true(sg_val_equal(map, copy));
	sg_val_set_bool(copy, "a", true);
	assert_false(sg_val_equal(map, copy));
	sg_val_free(copy);
	sg_val_free(map);
}

static struct sg_val *a_row(void)
{
	struct sg_val *row = sg_val_map(), *list;

	sg_val_set_str(row, "id", "M1");
	sg_val_set_int(row, "n", 5);
	sg_val_set_bool(row, "on", true);
	sg_val_set_bin(row, "bin", "\0\1\2", 3);
	sg_val_set_str(row, "none", NULL);
	list = sg_val_set(row, "list", sg_val_array());
	sg_val_push(list, sg_val_int(-1));
	sg_val_set(row, "map", sg_val_map());
	return row;
}

static void the_strict_reader_gives_every_value(void **state)
{
	struct sg_err err = SG_ERR_INIT;
	struct sg_val *row = a_row();
	struct sg_buf bin = { 0 };
	struct sg_rd rd;
	char *id, *none;

	(void)state;
	sg_rd_begin(&rd, row, "row of M1", &err);
	id = sg_rd_str(&rd, "id");
	assert_string_equal(id, "M1");
	assert_int_equal(sg_rd_int(&rd, "n", 0, 5), 5);
	assert_true(sg_rd_bool(&rd, "on"));
	sg_rd_bin(&rd, "bin", 3, &bin);
	assert_memory_equal(bin.data, "\0\1\2", 3);
	assert_false(sg_rd_has(&rd, "none"));
	assert_false(sg_rd_has(&rd, "absent"));
	assert_true(sg_rd_has(&rd, "id"));
	none = sg_rd_str_or_nil(&rd, "none");
	assert_null(none);
	assert_int_equal(sg_rd_array(&rd, "list", 1)->n, 1);
	assert_non_null(sg_rd_map(&rd, "map"));
	assert_int_equal(sg_rd_end(&rd), 0);
	free(id);
	sg_buf_release(&bin);
	sg_val_free(row);
}

static void the_strict_reader_is_sticky_and_names_the_key(void **state)
{
	struct sg_err err = SG_ERR_INIT;
	struct sg_val *row = a_row();
	struct sg_rd rd;

	(void)state;
	sg_rd_begin(&rd, row, "row of M1", &err);
	assert_int_equal(sg_rd_int(&rd, "n", 0, 4), 0);
	assert_null(sg_rd_str(&rd, "id")); /* a no-op now */
	assert_int_equal(sg_rd_end(&rd), SG_EPARSE);
	assert_non_null(strstr(err.msg, "row of M1"));
	assert_non_null(strstr(err.msg, "\"n\""));

	sg_err_clear(&err);
	sg_rd_begin(&rd, row, "row", &err);
	assert_null(sg_rd_str(&rd, "none"));
	assert_int_equal(sg_rd_end(&rd), SG_EPARSE);

	sg_err_clear(&err);
	sg_rd_begin(&rd, row, "row", &err);
	assert_null(sg_rd_str(&rd, "missing"));
	assert_int_equal(sg_rd_end(&rd), SG_EPARSE);
	assert_non_null(strstr(err.msg, "missing"));

	sg_err_clear(&err);
	sg_rd_begin(&rd, row, "row", &err);
	assert_null(sg_rd_array(&rd, "list", 0));
	assert_int_equal(sg_rd_end(&rd), SG_ELIMIT);

	sg_err_clear(&err);
	sg_rd_begin(&rd, row->kid[0], "row", &err);
	assert_null(sg_rd_map(&rd, "x"));
	assert_int_equal(sg_rd_end(&rd), SG_EPARSE);
	sg_val_free(row);
}

static void the_strict_reader_refuses_a_key_that_nobody_read(void **state)
{
	struct sg_err err = SG_ERR_INIT;
	struct sg_val *row = a_row();
	struct sg_rd rd;

	(void)state;
	sg_rd_begin(&rd, row, "row", &err);
	sg_rd_int(&rd, "n", 0, 9);
	assert_int_equal(sg_rd_end(&rd), SG_EPARSE);
	assert_non_null(strstr(err.msg, "\"id\""));
	sg_val_free(row);
}

static void the_strict_reader_refuses_a_nul_inside_of_text(void **state)
{
	struct sg_err err = SG_ERR_INIT;
	struct sg_val *row = sg_val_map();
	struct sg_rd rd;

	(void)state;
	sg_val_set(row, "id", sg_val_strn("M1\0evil", 7));
	sg_rd_begin(&rd, row, "row", &err);
	assert_null(sg_rd_str(&rd, "id"));
	assert_int_equal(sg_rd_end(&rd), SG_EPARSE);
	sg_val_free(row);
}

static void pack_and_unpack_give_the_same_tree(void **state)
{
	static const int64_t edges[] = { 0, 127, 128, 255, 256, 65535, 65536, INT64_C(4294967295),
		INT64_C(4294967296), INT64_MAX, -1, -32, -33, -128, -129, -32768, -32769,
		INT64_C(-2147483648), INT64_C(-2147483649), INT64_MIN };
	struct sg_err err = SG_ERR_INIT;
	struct sg_val *row = a_row(), *back = NULL, *list;
	struct sg_buf out = { 0 };
	char *text = sg_alloc(70001);

	(void)state;
	list = sg_val_set(row, "ints", sg_val_array());
	for (size_t i = 0; i < sizeof edges / sizeof *edges; i++)
		sg_val_push(list, sg_val_int(edges[i]));
	memset(text, 'x', 70000);
	for (size_t n = 31; n < 70000; n = n * 2 + 2) {
		sg_val_push(list, sg_val_strn(text, n));
		sg_val_push(list, sg_val_bin(text, n));
	}
	for (int i = 0; i < 20; i++)
		sg_val_push(list, sg_val_nil());
	sg_pack(row, &out);
	assert_int_equal(sg_pack_walk(sg_buf_bytes(&out), &sg_pack_reply_limits, &err), (int64_t)out.len);
	assert_int_equal(sg_unpack(sg_buf_bytes(&out), &sg_pack_reply_limits, &back, &err), 0);
	assert_true(sg_val_equal(row, back));
	sg_val_free(back);
	sg_val_free(row);
	sg_buf_release(&out);
	free(text);
}

static void an_incomplete_message_is_told_from_a_wrong_one(void **state)
{
	struct sg_err err = SG_ERR_INIT;
	struct sg_val *row = a_row(), *back = NULL;
	struct sg_buf out = { 0 };

	(void)state;
	sg_pack(row, &out);
	for (size_t n = 0; n < out.len; n++) {
		struct sg_bytes part = { out.data, n };

		assert_int_equal(sg_pack_walk(part, &sg_pack_row_limits, &err), 0);
		sg_err_clear(&err);
		assert_int_equal(sg_unpack(part, &sg_pack_row_limits, &back, &err), SG_EPARSE);
		sg_err_clear(&err);
	}
	sg_buf_char(&out, '\0');
	assert_int_equal(sg_pack_walk(sg_buf_bytes(&out), &sg_pack_row_limits, &err), (int64_t)out.len - 1);
	assert_int_equal(sg_unpack(sg_buf_bytes(&out), &sg_pack_row_limits, &back, &err), SG_EPARSE);
	assert_null(back);
	sg_val_free(row);
	sg_buf_release(&out);
}

#define BYTES(s) ((struct sg_bytes){ (const unsigned char *)(s), sizeof(s) - 1 })

static void assert_refused(struct sg_bytes data, const struct sg_pack_limits *limits, int code)
{
	struct sg_err err = SG_ERR_INIT;
	struct sg_val *v = NULL;

	assert_int_equal(sg_unpack(data, limits, &v, &err), code);
	assert_int_equal(err.code, code);
	assert_string_not_equal(err.msg, "");
	assert_null(v);
}

static void five_octets_cannot_ask_for_memory(void **state)
{
	static const struct sg_bytes bombs[] = { BYTES("\xdd\xff\xff\xff\xff"), BYTES("\xdf\xff\xff\xff\xff"),
		BYTES("\xdb\xff\xff\xff\xff"), BYTES("\xc6\xff\xff\xff\xff"), BYTES("\xdc\xff\xff"),
		BYTES("\xde\xff\xff"), BYTES("\x91\xdd\x00\xff\xff\xff"),
		BYTES("\x81\xa1k\xdd\xff\xff\xff\xff") };
	struct sg_err err = SG_ERR_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof bombs / sizeof *bombs; i++) {
		assert_int_equal(sg_pack_walk(bombs[i], &sg_pack_row_limits, &err), SG_ELIMIT);
		sg_err_clear(&err);
		assert_refused(bombs[i], &sg_pack_row_limits, SG_ELIMIT);
	}
}

static void depth_and_counts_are_limited(void **state)
{
	struct sg_err err = SG_ERR_INIT;
	unsigned char deep[100000];
	struct sg_val *v = NULL;

	(void)state;
	memset(deep, 0x91, sizeof deep);
	assert_refused((struct sg_bytes){ deep, 60000 }, &sg_pack_row_limits, SG_ELIMIT);
	deep[12] = 0xc0;
	assert_int_equal(sg_unpack((struct sg_bytes){ deep, 13 }, &sg_pack_row_limits, &v, &err), 0);
	sg_val_free(v);
	v = NULL;
	assert_refused((struct sg_bytes){ deep, 13 }, &sg_pack_request_limits, SG_ELIMIT);
	/* 4,095 values in an array are 4,096; one more is too many */
	memset(deep, 0xc0, sizeof deep);
	memcpy(deep, "\xdc\x0f\xff", 3);
	assert_int_equal(sg_unpack((struct sg_bytes){ deep, 3 + 4095 }, &sg_pack_row_limits, &v, &err), 0);
	assert_int_equal(v->n, 4095);
	sg_val_free(v);
	memcpy(deep, "\xdc\x10\x00", 3);
	assert_refused((struct sg_bytes){ deep, 3 + 4096 }, &sg_pack_row_limits, SG_ELIMIT);
	/* one octet more than a row may have */
	memcpy(deep, "\xdb\x00\x00\xff\xfb", 5);
	memset(deep + 5, 'x', sizeof deep - 5);
	assert_int_equal(sg_pack_walk((struct sg_bytes){ deep, 65536 }, &sg_pack_row_limits, &err), 65536);
	memcpy(deep, "\xdb\x00\x00\xff\xfc", 5);
	assert_int_equal(
	        sg_pack_walk((struct sg_bytes){ deep, 65537 }, &sg_pack_row_limits, &err), SG_ELIMIT);
}

static void unpack_refuses_what_has_no_place_in_a_tree(void **state)
{
	static const struct sg_bytes wrong[] = {
		BYTES("\xc1"),
		BYTES("\x91\xc1"), /* never used */
		BYTES("\xd4\x01\x00"),
		BYTES("\xc7\x01\x05x"), /* extension types */
		BYTES("\xca\x3f\x80\x00\x00"),
		BYTES("\xcb\0\0\0\0\0\0\0\0"),                 /* floats */
		BYTES("\xcf\x80\x00\x00\x00\x00\x00\x00\x00"), /* 2^63 */
		BYTES("\x81\x01\x02"),
		BYTES("\x81\xc4\x01k\x02"), /* keys that are no strings */
		BYTES("\x82\xa1k\x01\xa1k\x02"),
		BYTES("\x83\xa1k\x01\xa1j\x03\xa1k\x02"), /* repeated keys */
		BYTES("\xa1\xff"),
		BYTES("\xa2\xc0\x80"),
		BYTES("\xa3\xed\xa0\x80"), /* no UTF-8 */
		BYTES("\x81\xa1\xff\x01"),
		BYTES("\x81\xa3k\0k\x01"),
		BYTES(""),
	};

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		assert_refused(wrong[i], &sg_pack_row_limits, SG_EPARSE);
}

static void a_large_map_is_checked_for_repeated_keys_quickly(void **state)
{
	struct sg_err err = SG_ERR_INIT;
	struct sg_buf out = { 0 };
	struct sg_val *v = NULL;

	(void)state;
	sg_buf_add(&out, "\xdf\x00\x06\x1a\x80", 5); /* 400,000 */
	for (int i = 0; i < 400000; i++)
		sg_buf_fmt(&out, "%c%06d%c", 0xa6, i, 1);
	assert_int_equal(sg_unpack(sg_buf_bytes(&out), &sg_pack_reply_limits, &v, &err), 0);
	assert_int_equal(v->n, 400000);
	assert_string_equal(v->kid[399999]->key, "399999");
	sg_val_free(v);
	memcpy(out.data + out.len - 7, "000000", 6);
	assert_refused(sg_buf_bytes(&out), &sg_pack_reply_limits, SG_EPARSE);
	sg_buf_release(&out);
}

static void random_octets_never_crash_the_reader(void **state)
{
	struct sg_rand rand = { 7 };

	(void)state;
	for (int round = 0; round < 20000; round++) {
		unsigned char data[64];
		size_t len = (size_t)sg_rand_below(&rand, sizeof data);
		struct sg_val *v = NULL;

		for (size_t i = 0; i < len; i++)
			data[i] = (unsigned char)(sg_rand_below(&rand, 2) ? sg_rand_next(&rand)
			                                                  : 0x80 + sg_rand_next(&rand) % 96);
		if (sg_unpack((struct sg_bytes){ data, len }, &sg_pack_row_limits, &v, NULL) == 0)
			sg_val_free(v);
	}
}

static void assert_json(struct sg_val *v, int style, const char *expected)
{
	struct sg_buf out = { 0 };

	sg_json(v, style, &out);
	assert_string_equal((char *)out.data, expected);
	sg_buf_release(&out);
	sg_val_free(v);
}

static void json_escapes_what_must_be_escaped(void **state)
{
	(void)state;
	assert_json(sg_val_str("a\"b\\c/\b\f\n\r\t\x01\x1f\x7f"), SG_JSON_LINE,
	        "\"a\\\"b\\\\c/\\b\\f\\n\\r\\t\\u0001\\u001f\\u007f\"");
	assert_json(sg_val_strn("a\0b", 3), SG_JSON_LINE, "\"a\\u0000b\"");
	assert_json(sg_val_str("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"), SG_JSON_LINE,
	        "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"");
	assert_json(sg_val_str("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"), SG_JSON_ASCII,
	        "\"\\u00e4\\u20ac\\ud83d\\ude00\"");
	assert_json(sg_val_str("x\xffy\xc3"), SG_JSON_LINE, "\"x\xef\xbf\xbdy\xef\xbf\xbd\"");
	assert_json(sg_val_str("x\xff"), SG_JSON_ASCII, "\"x\\ufffd\"");
	assert_json(sg_val_str("\xe2\x80\xae"
	                       "x\xc2\x9b"),
	        SG_JSON_LINE, "\"\\u202ex\\u009b\"");
}

static void json_writes_every_type(void **state)
{
	struct sg_val *v = sg_val_map(), *list;

	(void)state;
	sg_val_set_int(v, "min", INT64_MIN);
	sg_val_set_bool(v, "yes", true);
	sg_val_set_str(v, "no", NULL);
	list = sg_val_set(v, "bin", sg_val_array());
	sg_val_push(list, sg_val_bin("", 0));
	sg_val_push(list, sg_val_bin("f", 1));
	sg_val_push(list, sg_val_bin("fo", 2));
	sg_val_push(list, sg_val_bin("foo", 3));
	sg_val_push(list, sg_val_bin("\xff\xef\xbe\x00", 4));
	sg_val_set(v, "empty", sg_val_map());
	assert_json(sg_val_copy(v), SG_JSON_LINE,
	        "{\"min\":-9223372036854775808,\"yes\":true,\"no\":null,"
	        "\"bin\":[\"\",\"Zg==\",\"Zm8=\",\"Zm9v\",\"/+++AA==\"],\"empty\":{}}");
	sg_val_set(v, "bin", sg_val_array());
	assert_json(v, SG_JSON_PRETTY,
	        "{\n  \"min\": -9223372036854775808,\n  \"yes\": true,\n  \"no\": null,\n  \"bin\": [],\n  "
	        "\"empty\": {}\n}");
}

static void sha256_matches_the_standard(void **state)
{
	struct sg_hash h = sg_sha256(sg_bytes_of("abc")), back = { { 0 } };
	struct sg_hash two = sg_sha256_2(sg_bytes_of("a"), sg_bytes_of("bc")),
	               none = sg_sha256((struct sg_bytes){ 0 });
	char hex[65];

	(void)state;
	sg_hash_hex(&h, hex);
	assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	assert_true(sg_hash_equal(&h, &two));
	assert_true(
	        sg_hash_from_hex("BA7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", &back));
	assert_true(sg_hash_equal(&h, &back));
	assert_false(sg_hash_from_hex("ba78", &back));
	assert_false(
	        sg_hash_from_hex("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015adx", &back));
	assert_false(
	        sg_hash_from_hex("ga7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", &back));
	sg_hash_hex(&none, hex);
	assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	assert_false(sg_hash_is_zero(&h));
	assert_true(sg_hash_is_zero(&(struct sg_hash){ { 0 } }));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_message_wins),
		cmocka_unit_test(a_message_that_is_cut_stays_utf8),
		cmocka_unit_test(every_code_has_its_own_name),
		cmocka_unit_test(a_buffer_inserts_and_cuts),
		cmocka_unit_test(a_map_keeps_the_order_and_replaces_under_a_key),
		cmocka_unit_test(the_strict_reader_gives_every_value),
		cmocka_unit_test(the_strict_reader_is_sticky_and_names_the_key),
		cmocka_unit_test(the_strict_reader_refuses_a_key_that_nobody_read),
		cmocka_unit_test(the_strict_reader_refuses_a_nul_inside_of_text),
		cmocka_unit_test(pack_and_unpack_give_the_same_tree),
		cmocka_unit_test(an_incomplete_message_is_told_from_a_wrong_one),
		cmocka_unit_test(five_octets_cannot_ask_for_memory),
		cmocka_unit_test(depth_and_counts_are_limited),
		cmocka_unit_test(unpack_refuses_what_has_no_place_in_a_tree),
		cmocka_unit_test(a_large_map_is_checked_for_repeated_keys_quickly),
		cmocka_unit_test(random_octets_never_crash_the_reader),
		cmocka_unit_test(json_escapes_what_must_be_escaped),
		cmocka_unit_test(json_writes_every_type),
		cmocka_unit_test(sha256_matches_the_standard),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
