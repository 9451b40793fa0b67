/* test_base_values.c - buffers, errors, value trees, JSON and SHA-256. */
#include "base/hash.h"
#include "base/json.h"

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
	/* the ends of what one unit of UTF-16 can say, and of what two can */
	assert_json(sg_val_str("~\x7f\xc2\x80\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"), SG_JSON_ASCII,
	        "\"~\\u007f\\u0080\\uffff\\ud800\\udc00\\udbff\\udfff\"");
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

static void a_text_is_set_from_a_part_of_itself(void **state)
{
	char *text = sg_strdup("old and new");

	(void)state;
	sg_str_set(&text, text + 8);
	assert_string_equal(text, "new");
	sg_str_set(&text, NULL);
	assert_null(text);
}

static void texts_are_equal_octet_by_octet_and_absent_ones_to_absent_ones(void **state)
{
	(void)state;
	assert_true(sg_str_equal("a", "a"));
	assert_true(sg_str_equal(NULL, NULL));
	assert_false(sg_str_equal("a", "A"));
	assert_false(sg_str_equal(NULL, ""));
	assert_false(sg_str_equal("", NULL));
}

static void a_text_that_is_in_the_list_is_not_added_again(void **state)
{
	struct sg_strs list = { 0 };

	(void)state;
	sg_strs_add_once(&list, "a");
	sg_strs_add_once(&list, "b");
	sg_strs_add_once(&list, "a");
	assert_int_equal(list.n, 2);
	assert_string_equal(list.at[1], "b");
	sg_strs_release(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_text_is_set_from_a_part_of_itself),
		cmocka_unit_test(texts_are_equal_octet_by_octet_and_absent_ones_to_absent_ones),
		cmocka_unit_test(a_text_that_is_in_the_list_is_not_added_again),
		cmocka_unit_test(the_first_message_wins),
		cmocka_unit_test(a_message_that_is_cut_stays_utf8),
		cmocka_unit_test(every_code_has_its_own_name),
		cmocka_unit_test(a_buffer_inserts_and_cuts),
		cmocka_unit_test(a_map_keeps_the_order_and_replaces_under_a_key),
		cmocka_unit_test(json_escapes_what_must_be_escaped),
		cmocka_unit_test(json_writes_every_type),
		cmocka_unit_test(sha256_matches_the_standard),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
