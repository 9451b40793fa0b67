/* test_base_pack.c - MessagePack, and the strict reader of what was unpacked. */
#include "base/clock.h"
#include "base/pack.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

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

int main(void)
{
	const struct CMUnitTest tests[] = {
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
