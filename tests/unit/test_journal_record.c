/* test_journal_record.c - structs into records and back: every field, long contents, strictness, versions. */
#include "base/pack.h"
#include "journal/blob.h"
#include "journal/reader.h"
#include "journal/record.h"
#include "journal/shape.h"
#include "tests/lib/journal_fixture.h"

/* A row in which no field has its default value. */
static struct sg_row *full_row(void)
{
	struct sg_row *r = sg_row_new("microsoft", "M1");

	r->state = SG_BLOCKED;
	r->reason = SG_WHY_IO;
	r->text = sg_strdup("the volume is full");
	r->since = 11;
	r->offered = sg_sha256(sg_bytes_of("offered"));
	r->offered_revision = sg_strdup("1.2");
	r->offered_at = 12;
	r->offered_serial = 13;
	r->applied = sg_sha256(sg_bytes_of("applied"));
	r->applied_revision = sg_strdup("1.1");
	r->applied_at = 14;
	r->failed = sg_sha256(sg_bytes_of("failed"));
	r->mixed = true;
	r->missing = r->tombstone = true;
	r->withdraw_reason = sg_strdup("fixed");
	r->remove_after = 15;
	r->severity = SG_ROW_CRITICAL;
	r->desc = sg_strdup("d");
	r->applies = SG_APPLIES_NO;
	r->proof = sg_strdup("p");
	r->fixed_since = 16;
	r->effective = SG_EFFECTIVE_NO;
	r->effective_text = sg_strdup("web.config:3");
	r->in_force_by_others = true;
	r->others_text = sg_strdup("EM");
	r->shadowed_by = sg_strdup("g");
	r->out = true;
	r->out_who =
	        (struct sg_who){ sg_strdup("uid 0"), sg_strdup("why"), sg_strdup("T1"), sg_strdup("ann") };
	r->out_at = 17;
	r->approved = sg_sha256(sg_bytes_of("approved"));
	r->approved_who.account = sg_strdup("uid 1");
	r->approved_at = 18;
	r->now = true;
	r->delay_until = 19;
	r->ask_until = 20;
	r->retry_at = 21;
	r->attempts = 22;
	r->goal = SG_OUT;
	r->repairs = 23;
	r->repairs_since = 24;
	return r;
}

static void every_field_of_a_row_survives(void **state)
{
	struct sg_err err = SG_ERR_INIT;
	struct sg_row *row = full_row(), *back = NULL;
	struct sg_val *v = sg_shape_row(row), *again;

	(void)state;
	for (size_t i = 0; i < v->n; i++) {
		bool zero =
		        v->kid[i]->type == SG_VAL_NIL || (v->kid[i]->type <= SG_VAL_INT && v->kid[i]->i == 0);
		if (zero)
			print_error("%s was not set by this test\n", v->kid[i]->key);
		assert_false(zero);
	}
	assert_int_equal(sg_shape_row_read(v, &back, &err), 0);
	again = sg_shape_row(back);
	assert_true(sg_val_equal(v, again));
	assert_int_equal(back->severity, SG_ROW_CRITICAL);
	assert_string_equal(back->out_who.on_behalf_of, "ann");
	sg_val_free(v);
	sg_val_free(again);
	sg_row_free(row);
	sg_row_free(back);
}

static void a_key_that_is_missing_unknown_or_of_another_type_is_refused(void **state)
{
	struct sg_err err = SG_ERR_INIT;
	struct sg_row *row = full_row(), *back = NULL;
	struct sg_val *good = sg_shape_row(row);

	(void)state;
	for (size_t i = 0; i < good->n; i++) {
		struct sg_val *v = sg_val_map();
		for (size_t k = 0; k < good->n; k++) {
			if (k != i)
				sg_val_set(v, good->kid[k]->key, sg_val_copy(good->kid[k]));
		}
		sg_err_clear(&err);
		if (strcmp(good->kid[i]->key, "mixed") != 0) { /* which format 1 had not */
			assert_int_equal(sg_shape_row_read(v, &back, &err), SG_EPARSE);
			assert_non_null(strstr(err.msg, good->kid[i]->key));
		}
		sg_val_set(v, good->kid[i]->key, sg_val_array());
		assert_int_equal(sg_shape_row_read(v, &back, NULL), SG_EPARSE);
		sg_val_free(v);
	}
	sg_val_set_int(good, "surprise", 1);
	sg_err_clear(&err);
	assert_int_equal(sg_shape_row_read(good, &back, &err), SG_EPARSE);
	assert_non_null(strstr(err.msg, "surprise"));
	assert_null(back);
	sg_val_free(good);
	sg_row_free(row);
}

static void absent_contents_and_empty_ones_differ(void **state)
{
	struct sg_err err = SG_ERR_INIT;
	struct sg_hold h = { .addr = { SG_VALUE_ATTRIBUTE, (char *)"C:\\x", (char *)"/a/@b" } }, back = { 0 };
	struct sg_val *v;

	(void)state;
	h.after.present = true;
	sg_buf_add(&h.after.octets, "", 0);
	v = sg_shape_hold(&h);
	assert_int_equal(sg_shape_hold_read(v, &back, &err), 0);
	assert_false(back.before.present);
	assert_true(back.after.present);
	assert_int_equal(back.after.octets.len, 0);
	assert_null(back.after.after);
	sg_buf_release(&h.after.octets);
	sg_hold_release(&back);
	sg_val_free(v);
}

static void what_was_stopped_comes_back_and_older_holds_stopped_nothing(void **state)
{
	struct sg_err err = SG_ERR_INIT;
	struct sg_hold h = { .addr = { SG_VALUE_SERVICE, (char *)"C:\\x", (char *)"/a/@Start" } },
	               back = { 0 };
	struct sg_val *v = sg_shape_hold(&h);

	(void)state;
	assert_null(sg_val_get(v, "hook")); /* as older journals have it */
	assert_int_equal(sg_shape_hold_read(v, &back, &err), 0);
	assert_int_equal(back.hook.kind, SG_HOOK_NONE);
	sg_hold_release(&back);
	sg_val_free(v);
	h.hook = (struct sg_hook){ .kind = SG_HOOK_SERVICE,
		.name = (char *)"MSExchangeHM",
		.companion = true,
		.was = SG_RUN_RUNNING,
		.boot = "b1" };
	sg_strs_add(&h.hook.dependants, "D2");
	sg_strs_add(&h.hook.dependants, "D1");
	v = sg_shape_hold(&h);
	assert_int_equal(sg_shape_hold_read(v, &back, &err), 0);
	assert_int_equal(back.hook.kind, SG_HOOK_SERVICE);
	assert_string_equal(back.hook.name, "MSExchangeHM");
	assert_true(back.hook.companion);
	assert_int_equal(back.hook.was, SG_RUN_RUNNING);
	assert_string_equal(back.hook.boot, "b1");
	assert_int_equal(back.hook.dependants.n, 2);
	assert_string_equal(back.hook.dependants.at[0], "D2");
	sg_hold_release(&back);
	sg_val_set_str((struct sg_val *)(uintptr_t)sg_val_get(v, "hook"), "was", "flying");
	assert_int_equal(sg_shape_hold_read(v, &back, &err), SG_EPARSE);
	sg_val_free(v);
	sg_strs_release(&h.hook.dependants);
}

static void a_value_under_another_key_or_table_is_damage(void **state)
{
	struct sg_buf record = { 0 };
	struct sg_record got;
	struct sg_err err = SG_ERR_INIT;
	struct sg_bytes key = sg_bytes_of("name"), payload = sg_bytes_of("payload");

	(void)state;
	sg_record_seal(SG_T_FACTS, key, 5, payload, &record);
	assert_int_equal(sg_record_open(SG_T_FACTS, key, sg_buf_bytes(&record), &got, &err), 0);
	assert_int_equal(got.stamp, 5);
	assert_int_equal(got.format, SG_RECORD_FORMAT);
	assert_true(sg_bytes_equal(got.payload, payload));
	assert_int_equal(sg_record_open(SG_T_FACTS, sg_bytes_of("nam"), sg_buf_bytes(&record), &got, &err),
	        SG_EDAMAGED);
	assert_non_null(strstr(err.msg, "facts/nam"));
	assert_int_equal(sg_record_open(SG_T_FEEDS, key, sg_buf_bytes(&record), &got, NULL), SG_EDAMAGED);
	for (size_t i = 0; i < record.len; i++) {
		record.data[i] ^= 1;
		assert_int_equal(
		        sg_record_open(SG_T_FACTS, key, sg_buf_bytes(&record), &got, NULL), SG_EDAMAGED);
		record.data[i] ^= 1;
		assert_int_equal(
		        sg_record_open(SG_T_FACTS, key, (struct sg_bytes){ record.data, i }, &got, NULL),
		        SG_EDAMAGED);
	}
	sg_buf_release(&record);
}

/* --- long contents, with a source that is a list in memory */

struct kept {
	struct {
		struct sg_hash hash;
		struct sg_buf octets, chunk;
	} at[32];
	size_t n;
};

static void keep(void *arg, const struct sg_hash *hash, struct sg_bytes octets)
{
	struct kept *k = arg;

	for (size_t i = 0; i < k->n; i++) {
		if (sg_hash_equal(&k->at[i].hash, hash))
			return;
	}
	assert_true(k->n < 32);
	k->at[k->n].hash = *hash;
	sg_buf_set(&k->at[k->n++].octets, octets.data, octets.len);
}

static int kept_get(
        void *self, enum sg_table t, struct sg_bytes key, struct sg_bytes *ret, struct sg_err *err)
{
	struct kept *k = self;
	size_t no = key.data[35] + (size_t)key.data[34] * 256;

	(void)err;
	assert_int_equal(t, SG_T_BLOBS);
	for (size_t i = 0; i < k->n; i++) {
		if (memcmp(k->at[i].hash.b, key.data, 32) != 0 || no * SG_CHUNK > k->at[i].octets.len)
			continue;
		size_t left = k->at[i].octets.len - no * SG_CHUNK;
		struct sg_bytes part = { k->at[i].octets.data + no * SG_CHUNK,
			left < SG_CHUNK ? left : SG_CHUNK };
		sg_record_seal(t, key, 1, part, &k->at[i].chunk);
		*ret = sg_buf_bytes(&k->at[i].chunk);
		return 0;
	}
	return SG_ENOENT;
}

static void kept_release(struct kept *k)
{
	for (size_t i = 0; i < k->n; i++) {
		sg_buf_release(&k->at[i].octets);
		sg_buf_release(&k->at[i].chunk);
	}
}

static void assert_round_trip(struct sg_val *v, size_t blobs)
{
	struct sg_err err = SG_ERR_INIT;
	struct kept kept = { 0 };
	struct sg_source s = { &kept, kept_get, NULL };
	struct sg_buf payload = { 0 };
	struct sg_val *packed = NULL, *back = NULL;

	sg_blob_shrink(v, keep, &kept, &payload);
	assert_true(payload.len <= SG_PAYLOAD_MAX);
	assert_int_equal(kept.n, blobs);
	assert_int_equal(sg_unpack(sg_buf_bytes(&payload), &sg_pack_row_limits, &packed, &err), 0);
	assert_int_equal(sg_blob_expand(&s, packed, &back, &err), 0);
	assert_true(sg_val_equal(v, back));
	sg_val_free(back);
	if (blobs > 0) {
		/* One that is gone, or another one in its place, is never passed over. */
		kept.at[0].octets.data[0] ^= 1;
		packed = NULL;
		assert_int_equal(sg_unpack(sg_buf_bytes(&payload), &sg_pack_row_limits, &packed, &err), 0);
		assert_int_equal(sg_blob_expand(&s, packed, &back, NULL), SG_EDAMAGED);
	}
	sg_buf_release(&payload);
	kept_release(&kept);
	sg_val_free(v);
}

static struct sg_val *text_of(size_t len)
{
	struct sg_buf b = { 0 };

	for (size_t i = 0; i < len; i++)
		sg_buf_char(&b, (char)('a' + i % 26));
	struct sg_val *v = sg_val_strn((char *)b.data, b.len);
	sg_buf_release(&b);
	return v;
}

static void short_trees_stay_in_their_record_and_long_ones_are_put_aside(void **state)
{
	struct sg_val *v = sg_val_map(), *list;

	(void)state;
	sg_val_set(v, "short", text_of(SG_INLINE_MAX));
	assert_round_trip(v, 0);
	v = sg_val_map();
	sg_val_set(v, "long", text_of(SG_INLINE_MAX + 1));
	sg_val_set(v, "longer", text_of(SG_CHUNK * 3));
	sg_val_set_bin(v, "octets", "\0\1\2", 3);
	assert_round_trip(v, 2);
	/* Many middling ones, and then more than any reference helps with: the whole goes aside. */
	v = sg_val_map();
	list = sg_val_set(v, "list", sg_val_array());
	for (size_t i = 0; i < 12; i++)
		sg_val_push(list, text_of(200 + i));
	assert_round_trip(v, 12);
	v = sg_val_map();
	list = sg_val_set(v, "list", sg_val_array());
	for (size_t i = 0; i < 500; i++)
		sg_val_push(list, text_of(20));
	assert_round_trip(v, 1);
}

static void foreign_keys_that_look_like_references_are_kept_as_they_are(void **state)
{
	struct sg_val *v = sg_val_map(), *inner = sg_val_map();
	struct sg_hash h = sg_sha256(sg_bytes_of("x"));

	(void)state;
	sg_val_set_bin(inner, "$blob", h.b, sizeof h.b);
	sg_val_set_int(inner, "len", 1);
	sg_val_set(v, "data", inner);
	assert_round_trip(v, 0);
	v = sg_val_map();
	sg_val_set_bin(v, "$all", h.b, sizeof h.b);
	assert_round_trip(v, 0);
	v = sg_val_map();
	sg_val_set(v, "$map", sg_val_map());
	assert_round_trip(v, 0);
}

static void text_that_is_no_utf_8_is_made_safe_and_can_be_read_again(void **state)
{
	struct sg_err err = SG_ERR_INIT;
	struct kept kept = { 0 };
	struct sg_buf payload = { 0 };
	struct sg_val *v = sg_val_map(), *back = NULL;

	(void)state;
	sg_val_set_str(v, "error", "bad \xff byte");
	sg_blob_shrink(v, keep, &kept, &payload);
	assert_int_equal(sg_unpack(sg_buf_bytes(&payload), &sg_pack_row_limits, &back, &err), 0);
	assert_string_equal(sg_val_get_str(back, "error", ""), "bad \\xff byte");
	sg_val_free(back);
	sg_val_free(v);
	sg_buf_release(&payload);
}

static void keys_fit_lmdb_and_ignore_the_case_of_containers(void **state)
{
	struct sg_buf a = { 0 }, b = { 0 };
	struct sg_addr one = { SG_VALUE_ELEMENT, (char *)"C:\\Inetpub\\Web.config", (char *)"/x" },
	               two = { SG_VALUE_ELEMENT, (char *)"c:\\inetpub\\web.CONFIG", (char *)"/x" },
	               three = { SG_VALUE_ELEMENT, (char *)"c:\\inetpub\\web.config", (char *)"/X" };
	char longer[2][600];

	(void)state;
	sg_key_of_hold(&one, &a);
	sg_key_of_hold(&two, &b);
	assert_true(sg_bytes_equal(sg_buf_bytes(&a), sg_buf_bytes(&b)));
	sg_key_of_hold(&three, &b);
	assert_false(sg_bytes_equal(sg_buf_bytes(&a), sg_buf_bytes(&b)));
	for (int i = 0; i < 2; i++) {
		memset(longer[i], 'n', sizeof longer[i]);
		longer[i][598] = (char)('0' + i);
		longer[i][599] = 0;
	}
	sg_key_of_name(longer[0], &a);
	sg_key_of_name(longer[1], &b);
	assert_true(a.len <= SG_KEY_MAX);
	assert_false(sg_bytes_equal(sg_buf_bytes(&a), sg_buf_bytes(&b)));
	struct sg_block any = { .id = (char *)"M1", .source = (char *)"admin" },
	                empty = { .feed = (char *)"", .id = (char *)"M1", .source = (char *)"admin" };
	sg_key_of_block(&any, &a);
	sg_key_of_block(&empty, &b);
	assert_false(sg_bytes_equal(sg_buf_bytes(&a), sg_buf_bytes(&b)));
	sg_buf_release(&a);
	sg_buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_field_of_a_row_survives),
		cmocka_unit_test(a_key_that_is_missing_unknown_or_of_another_type_is_refused),
		cmocka_unit_test(absent_contents_and_empty_ones_differ),
		cmocka_unit_test(what_was_stopped_comes_back_and_older_holds_stopped_nothing),
		cmocka_unit_test(a_value_under_another_key_or_table_is_damage),
		cmocka_unit_test(short_trees_stay_in_their_record_and_long_ones_are_put_aside),
		cmocka_unit_test(foreign_keys_that_look_like_references_are_kept_as_they_are),
		cmocka_unit_test(text_that_is_no_utf_8_is_made_safe_and_can_be_read_again),
		cmocka_unit_test(keys_fit_lmdb_and_ignore_the_case_of_containers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
