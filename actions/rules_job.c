/* rules_job.c - the octet call "rules" itself: strangers' sections read, their patterns compiled and run. Pure; what runs without rights where processes ask
 * workers. A section is read once, a chain is put together once, and the patterns of all questions share one bound on their work.
 */
#include "actions/rules_parts.h"

#include "actions/url_rewrite_parts.h"
#include "base/text.h"
#include "base/xml.h"
#include "rewrite/rewrite.h"

#include <stdlib.h>
#include <string.h>

enum { DEPTH = 8, OBJECTS = 1000000 };
const struct sg_pack_limits sg_rules_limits = { .bytes = SG_WORKER_MAX, .depth = DEPTH, .objects = OBJECTS };

int sg_rules_job_prepare(struct sg_err *err)
{
	(void)err;
	sg_xml_init();
	return 0;
}

/* Rules, or why there are none. */
struct set {
	struct sg_rw_rules *rules;
	struct sg_err why;
	bool made;
	size_t piece; /* of a chain: the one that is why */
};
struct job {
	const struct sg_val *in_pieces, *in_chains;
	struct set *pieces, *chains;
	unsigned work;
};

static const struct sg_val *list_of(const struct sg_val *map, const char *key)
{
	static const struct sg_val none = { .type = SG_VAL_ARRAY };
	const struct sg_val *v = sg_val_get(map, key);

	return v && v->type == SG_VAL_ARRAY ? v : &none;
}

static struct sg_bytes octets_of(const struct sg_val *map, const char *key)
{
	const struct sg_val *v = sg_val_get(map, key);

	return v && v->type == SG_VAL_BIN ? (struct sg_bytes){ (const unsigned char *)v->s, v->len }
	                                  : sg_bytes_of("");
}

/* --- pieces and chains */

static struct sg_rw_rules *empty_set(void)
{
	struct sg_rw_rules *rules = NULL;

	sg_rw_read(sg_bytes_of("<rewrite/>"), &rules, NULL);
	return rules;
}

static int read_rules(struct sg_bytes octets, const char *before, const char *behind, struct sg_bytes folder,
        struct sg_rw_rules **ret, struct sg_err *err)
{
	char *place = sg_strndup((const char *)folder.data, folder.len);
	struct sg_buf text = { 0 };
	int r;

	sg_buf_str(&text, before);
	sg_buf_add(&text, octets.data, octets.len);
	sg_buf_str(&text, behind);
	r = sg_rw_read(sg_buf_bytes(&text), ret, err);
	if (!r)
		sg_rw_place(*ret, place);
	sg_buf_release(&text);
	free(place);
	return r;
}

static const struct set *piece_of(struct job *job, size_t i)
{
	const struct sg_val *in = job->in_pieces->kid[i];
	struct set *set = &job->pieces[i];

	if (!set->made)
		read_rules(octets_of(in, "octets"), "<rewrite>", "</rewrite>", octets_of(in, "folder"),
		        &set->rules, &set->why);
	set->made = true;
	return set;
}

/* The number of a piece; in_pieces->n for what is none. */
static size_t number_of(const struct job *job, const struct sg_val *v)
{
	return v->type == SG_VAL_INT && v->i >= 0 && (uint64_t)v->i < job->in_pieces->n ? (size_t)v->i
	                                                                                : job->in_pieces->n;
}

/* All rules in force at the chain's end, or the piece that cannot be read or inherited. NULL: there is no such chain. */
static const struct set *chain_of(struct job *job, const struct sg_val *question)
{
	int64_t i = sg_val_get_int(question, "chain", -1);
	const struct sg_val *in;
	struct set *set;

	if (i < 0 || (uint64_t)i >= job->in_chains->n || job->in_chains->kid[i]->type != SG_VAL_ARRAY)
		return NULL;
	in = job->in_chains->kid[i];
	set = &job->chains[i];
	if (set->made)
		return set;
	set->made = true;
	set->rules = empty_set();
	for (size_t k = 0; k < in->n; k++) {
		size_t number = number_of(job, in->kid[k]);
		const struct set *piece = number < job->in_pieces->n ? piece_of(job, number) : NULL;

		if (!piece)
			return NULL;
		if (!piece->rules)
			sg_fail(&set->why, piece->why.code, "%s", piece->why.msg);
		if (!piece->rules || sg_rw_append(set->rules, piece->rules, &set->why)) {
			set->piece = number;
			sg_rw_free(set->rules);
			set->rules = NULL;
			break;
		}
	}
	return set;
}

/* --- judging */

static void read_test(const struct sg_val *v, struct sg_test *ret)
{
	const struct sg_val *headers = list_of(v, "headers");

	ret->kind = (enum sg_test_kind)sg_val_get_int(v, "kind", SG_TEST_REFUSE);
	ret->method = sg_strdup(sg_val_get_str(v, "method", NULL));
	ret->uri = sg_strdup(sg_val_get_str(v, "uri", ""));
	ret->type = sg_strdup(sg_val_get_str(v, "type", NULL));
	ret->header = sg_strdup(sg_val_get_str(v, "header", NULL));
	ret->is = sg_strdup(sg_val_get_str(v, "is", NULL));
	ret->becomes = sg_strdup(sg_val_get_str(v, "becomes", NULL));
	ret->headers = sg_alloc((headers->n + 1) * sizeof(*ret->headers));
	for (size_t i = 0; i < headers->n; i++)
		ret->headers[ret->n_headers++] = (struct sg_test_header){
			sg_strdup(sg_val_get_str(headers->kid[i], "name", "")),
			sg_strdup(sg_val_get_str(headers->kid[i], "value", "")),
		};
}

static void release_test(struct sg_test *test)
{
	for (size_t i = 0; i < test->n_headers; i++) {
		free(test->headers[i].name);
		free(test->headers[i].value);
	}
	free(test->headers);
	free(test->method);
	free(test->uri);
	free(test->type);
	free(test->header);
	free(test->is);
	free(test->becomes);
}

/* Texts quote rules and requests: what leaves is safe, and no longer than it may be, in whole characters. */
static void set_text(struct sg_val *map, const char *text)
{
	struct sg_buf safe = { 0 };

	sg_text_safe(text, &safe);
	if (safe.len > SG_RULES_TEXT) {
		size_t len = SG_RULES_TEXT;

		while (len && (safe.data[len] & 0xc0) == 0x80)
			len--;
		sg_buf_cut(&safe, len, safe.len - len);
	}
	sg_val_set_str(map, "text", (const char *)safe.data);
	sg_buf_release(&safe);
}

static int judge(struct job *job, const struct sg_val *question, struct sg_val *answer)
{
	struct sg_judgement j = { .fate = SG_FATE_UNKNOWN };
	const struct set *chain = chain_of(job, question);
	struct sg_err why = SG_ERR_INIT;
	struct sg_test test = { 0 };

	if (!chain)
		return -1;
	read_test(question, &test);
	if (chain->rules && sg_ur_run(chain->rules, &test, &job->work, &j, &why))
		j.text = sg_format("not known: %s", why.msg);
	sg_val_set_int(answer, "fate", j.fate);
	sg_val_set_int(answer, "piece", chain->rules ? -1 : (int64_t)chain->piece);
	set_text(answer, chain->rules ? j.text : chain->why.msg);
	release_test(&test);
	sg_judgement_release(&j);
	return 0;
}

/* --- comparing */

/* The last piece of the chain that has a rule of that name: whatever had it before was removed on the way. */
static int64_t home_of(struct job *job, const struct sg_val *chain, enum sg_rw_kind kind, const char *name)
{
	for (size_t k = chain->n; k-- > 0;) {
		size_t number = number_of(job, chain->kid[k]);
		const struct sg_rw_rules *rules = piece_of(job, number)->rules;

		for (size_t i = 0; i < sg_rw_count(rules, kind); i++)
			if (sg_same(sg_rw_name(rules, kind, i), name))
				return (int64_t)number;
	}
	return -1;
}

static void compare_item(struct job *job, const struct sg_val *question, const struct sg_rw_rules *theirs,
        const struct sg_rw_rules *ours, const struct sg_val *item, struct sg_val *answer)
{
	static const enum sg_rw_kind kinds[SG_UR_SECTIONS] = { [SG_UR_GLOBAL] = SG_RW_GLOBAL,
		[SG_UR_INBOUND] = SG_RW_INBOUND,
		[SG_UR_OUTBOUND] = SG_RW_OUTBOUND };
	const struct sg_val *chain = job->in_chains->kid[sg_val_get_int(question, "chain", 0)];
	int64_t section = sg_val_get_int(item, "section", 0);
	enum sg_rw_kind kind = kinds[section >= 0 && section < SG_UR_SECTIONS ? section : 0];
	const char *name = sg_val_get_str(item, "name", "");
	size_t mine = 0;

	while (mine < sg_rw_count(ours, kind) && !sg_same(sg_rw_name(ours, kind, mine), name))
		mine++;
	for (size_t i = 0; mine < sg_rw_count(ours, kind) && i < sg_rw_count(theirs, kind) &&
	                   answer->n < SG_RULES_EQUALS;
	        i++) {
		struct sg_val *equal;

		if (!sg_rw_enabled(theirs, kind, i) || !sg_rw_equivalent(ours, mine, theirs, i, kind))
			continue;
		equal = sg_val_push(answer, sg_val_map());
		sg_val_set_int(equal, "piece", home_of(job, chain, kind, sg_rw_name(theirs, kind, i)));
		sg_val_set_str(equal, "name", sg_rw_name(theirs, kind, i));
	}
}

static int compare(struct job *job, const struct sg_val *question, struct sg_val *answer)
{
	const struct sg_val *items = list_of(question, "items");
	const struct set *chain = chain_of(job, question);
	struct sg_rw_rules *ours = NULL;

	if (!chain)
		return -1;
	if (chain->rules)
		read_rules(octets_of(question, "ours"), "", "", octets_of(question, "folder"), &ours, NULL);
	for (size_t i = 0; i < items->n; i++) {
		struct sg_val *equals = sg_val_push(answer, sg_val_array());

		if (ours)
			compare_item(job, question, chain->rules, ours, items->kid[i], equals);
	}
	sg_rw_free(ours);
	return 0;
}

/* --- the call */

static void release(struct job *job)
{
	for (size_t i = 0; i < job->in_pieces->n; i++)
		sg_rw_free(job->pieces[i].rules);
	for (size_t i = 0; i < job->in_chains->n; i++)
		sg_rw_free(job->chains[i].rules);
	free(job->pieces);
	free(job->chains);
}

static int each(struct job *job, const struct sg_val *questions,
        int (*answer)(struct job *, const struct sg_val *, struct sg_val *), enum sg_val_type type,
        struct sg_val *into)
{
	int r = 0;

	for (size_t i = 0; !r && i < questions->n; i++)
		r = answer(job, questions->kid[i],
		        sg_val_push(into, type == SG_VAL_MAP ? sg_val_map() : sg_val_array()));
	return r;
}

int sg_rules_job(struct sg_bytes request, struct sg_buf *ret_reply)
{
	struct sg_val *in = NULL, *out;
	struct job job = { 0 };
	int r;

	if (sg_unpack(request, &sg_rules_limits, &in, NULL))
		return -1;
	out = sg_action_answer(0, NULL);
	job.in_pieces = list_of(in, "pieces");
	job.in_chains = list_of(in, "chains");
	job.pieces = sg_alloc((job.in_pieces->n + 1) * sizeof(*job.pieces));
	job.chains = sg_alloc((job.in_chains->n + 1) * sizeof(*job.chains));
	r = each(&job, list_of(in, "judge"), judge, SG_VAL_MAP, sg_val_set(out, "judge", sg_val_array()));
	if (!r)
		r = each(&job, list_of(in, "same"), compare, SG_VAL_ARRAY,
		        sg_val_set(out, "same", sg_val_array()));
	if (!r)
		sg_pack(out, ret_reply);
	release(&job);
	sg_val_free(out);
	sg_val_free(in);
	return r;
}
