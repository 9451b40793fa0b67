/* test_journal_format.c - records of older and newer formats: older ones are read with what they lacked, newer ones are refused by name. */
#include "journal/record.h"
#include "journal/shape.h"
#include "tests/lib/journal_fixture.h"

/* A feed's record as a stopgap of that format seals it: the checksum covers the format. */
static void seal_as(unsigned char format, struct sg_bytes key, struct sg_bytes payload, struct sg_buf *ret)
{
	struct sg_buf all = { 0 };
	struct sg_hash h;

	sg_record_seal(SG_T_FEEDS, key, 1, payload, ret);
	ret->data[3] = format;
	sg_buf_add(&all, "feeds", 6);
	sg_buf_add(&all, key.data, key.len);
	sg_buf_add(&all, ret->data, 12);
	sg_buf_add(&all, payload.data, payload.len);
	h = sg_sha256(sg_buf_bytes(&all));
	memcpy(ret->data + 12, h.b, SG_RECORD_SUM);
	sg_buf_release(&all);
}

static void a_record_of_a_newer_format_is_refused_by_name_and_an_older_one_is_read(void **state)
{
	struct sg_buf record = { 0 };
	struct sg_err err = SG_ERR_INIT;
	struct sg_val *v = NULL;
	struct sg_bytes key = sg_bytes_of("f");

	(void)state;
	seal_as(3, key, sg_bytes_of("\x80"), &record);
	assert_int_equal(sg_record_val(SG_T_FEEDS, key, sg_buf_bytes(&record), &v, &err), SG_EVERSION);
	assert_non_null(strstr(err.msg, "has format 3"));
	assert_non_null(strstr(err.msg, "formats up to 2"));
	sg_buf_clear(&record);
	sg_err_clear(&err);
	seal_as(0, key, sg_bytes_of("\x80"), &record); /* there was none */
	assert_int_equal(sg_record_val(SG_T_FEEDS, key, sg_buf_bytes(&record), &v, &err), SG_EVERSION);
	sg_buf_clear(&record);
	sg_err_clear(&err);
	seal_as(1, key, sg_bytes_of("\x80"), &record);
	assert_int_equal(sg_record_val(SG_T_FEEDS, key, sg_buf_bytes(&record), &v, &err), 0);
	sg_val_free(v);
	sg_buf_release(&record);
}

static void a_row_of_format_1_is_of_two_bodies_when_it_could_not_be_settled(void **state)
{
	static const struct {
		enum sg_reason reason;
		bool mixed;
	} cases[] = { { SG_WHY_IO, true }, { SG_WHY_DRIFT, false } };
	struct sg_err err = SG_ERR_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct sg_row *row = sg_row_new("microsoft", "M1"), *back = NULL;
		struct sg_val *now, *then = sg_val_map();

		row->state = SG_BLOCKED;
		row->reason = cases[i].reason;
		now = sg_shape_row(row);
		for (size_t k = 0; k < now->n; k++) {
			if (strcmp(now->kid[k]->key, "mixed") != 0)
				sg_val_set(then, now->kid[k]->key, sg_val_copy(now->kid[k]));
		}
		assert_int_equal(sg_shape_row_read(then, &back, &err), 0);
		assert_int_equal(back->mixed, cases[i].mixed);
		sg_row_free(back);
		sg_row_free(row);
		sg_val_free(now);
		sg_val_free(then);
	}
}

static void an_intent_of_an_older_journal_with_hooks_of_its_own_is_read(void **state)
{
	struct sg_intent intent = { .op = SG_OP_APPLY, .started = 7 }, back = { 0 };
	struct sg_err err = SG_ERR_INIT;
	struct sg_val *map = sg_shape_intent(&intent);
	size_t moves = 1;

	(void)state;
	assert_null(sg_val_get(map, "hooks"));
	sg_val_set(map, "hooks", sg_val_nil());
	assert_int_equal(sg_shape_intent_read(map, &back, &moves, &err), 0);
	assert_int_equal(back.started, 7);
	assert_int_equal(moves, 0);
	sg_intent_release(&back);
	sg_val_free(map);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_record_of_a_newer_format_is_refused_by_name_and_an_older_one_is_read),
		cmocka_unit_test(a_row_of_format_1_is_of_two_bodies_when_it_could_not_be_settled),
		cmocka_unit_test(an_intent_of_an_older_journal_with_hooks_of_its_own_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
