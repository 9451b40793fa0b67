/* feed_new.c - the verb new: asks what was not given (at a terminal only), writes a Config, and lints it before it is written. */
#include "cli/feed_check.h"

#include "base/os.h"
#include "base/text.h"
#include "cli/ask.h"
#include "cli/feed_work.h"
#include "cli/table.h"
#include "engine/draft.h"
#include "engine/lint.h"

#include <stdlib.h>
#include <string.h>

#define DAY (24 * 3600 * (int64_t)1000)
enum { REVIEW_DAYS = 90, REVIEW_DAYS_COMPANIONS = 30 };

struct asking {
	const struct sg_author_args *a;
	bool person;
	struct sg_strs kept; /* answers live here */
};

/* The option's value, else the person's answer, else `otherwise`. `question` NULL: it is not asked. */
static const char *answer(
        struct asking *q, enum sg_author_opt opt, const char *question, const char *otherwise)
{
	const char *value = sg_author_value(q->a, opt);
	char *line;

	if (value || !q->person || !question)
		return value ? value : otherwise;
	line = sg_ask_line(question, otherwise);
	sg_strs_add(&q->kept, line);
	free(line);
	/* the list's own array may move, its strings do not */
	return q->kept.at[q->kept.n - 1];
}

static void several(struct asking *q, enum sg_author_opt opt, const char *question, struct sg_strs *ret)
{
	const struct sg_strs *given = &q->a->opt[opt];

	for (size_t i = 0; i < given->n; i++)
		sg_strs_add(ret, given->at[i]);
	while (!given->n && q->person && question) {
		char *line = sg_ask_line(question, "");
		bool more = *line != 0;

		if (more)
			sg_strs_add(ret, line);
		free(line);
		if (!more)
			return;
	}
}

static const char *review_day(struct asking *q, bool companions)
{
	char day[32];

	sg_time_format(q->a->now + (companions ? REVIEW_DAYS_COMPANIONS : REVIEW_DAYS) * DAY, day);
	day[10] = 0;
	sg_strs_add(&q->kept, day);
	return answer(q, SG_AUTHOR_REVIEW_BY, "Day of the next review", q->kept.at[q->kept.n - 1]);
}

static void ask_all(struct asking *q, struct sg_draft *d)
{
	bool stops;

	d->id = answer(q, SG_AUTHOR_ID, "Id, such as CORP-7", "");
	d->kind = answer(
	        q, SG_AUTHOR_KIND, "Kind: url_rewrite, request_filtering, service, app_pool", "url_rewrite");
	d->desc = answer(q, SG_AUTHOR_DESC, "What it does, in one line", "An interim mitigation");
	d->cve = answer(q, SG_AUTHOR_CVE, "CVE, KB or address (empty: none)", "");
	if (!*d->cve && !sg_author_has(q->a, SG_AUTHOR_CVE))
		d->cve = NULL; /* an empty answer, not an empty option */
	d->severity = answer(q, SG_AUTHOR_SEVERITY, "Severity: low, medium, high, critical", "high");
	stops = !strcmp(d->kind, "service") || !strcmp(d->kind, "app_pool");
	d->method = answer(q, SG_AUTHOR_METHOD, NULL, NULL);
	d->match = answer(q, SG_AUTHOR_MATCH, NULL, NULL);
	d->query = answer(q, SG_AUTHOR_QUERY, NULL, NULL);
	d->sequence = answer(q, SG_AUTHOR_SEQUENCE, NULL, NULL);
	if (!stops) {
		several(q, SG_AUTHOR_REFUSE,
		        "A request to refuse, such as /owa/auth/x.aspx?y=1 (empty: no more)", &d->refuse);
		several(q, SG_AUTHOR_SERVE, "A request that goes on (empty: no more)", &d->serve);
		d->sites = answer(
		        q, SG_AUTHOR_SITES, "Sites: a name, *, or having-app:/owa", "Default Web Site");
		d->path = answer(q, SG_AUTHOR_PATH, "Path below which it stands", "/");
	} else {
		if (!strcmp(d->kind, "service"))
			d->service = answer(q, SG_AUTHOR_SERVICE, "Service, by the name of the registry", "");
		else
			d->pool = answer(q, SG_AUTHOR_POOL, "Application pool", "");
		several(q, SG_AUTHOR_COMPANION, "A service that would start it again (empty: no more)",
		        &d->companions);
	}
	d->product = answer(q, SG_AUTHOR_PRODUCT, "Product: Exchange or IIS", "Exchange");
	d->affected = answer(
	        q, SG_AUTHOR_AFFECTED, "Affected builds FROM-BELOW, such as 15.1-15.3 (empty: all)", "");
	several(q, SG_AUTHOR_FIXED, "A fix as BRANCH=BUILD, such as 15.2.986=15.2.986.36 (empty: no more)",
	        &d->fixed);
	d->side_effect =
	        answer(q, SG_AUTHOR_SIDE_EFFECT, "What stops working while it is in force", "None known.");
	d->review_by = review_day(q, d->companions.n > 0);
}

static const struct sg_finding *worst(const struct sg_findings *f)
{
	const struct sg_finding *found = NULL;

	for (size_t i = 0; i < f->n; i++)
		if (f->at[i].level != SG_LINT_NOTE && (!found || f->at[i].level > found->level))
			found = &f->at[i];
	return found;
}

static void warn(const struct sg_finding *f, struct sg_val *list, struct sg_buf *text)
{
	struct sg_val *v = sg_val_push(list, sg_val_map());

	sg_val_set_str(v, "rule", f->rule);
	sg_val_set_int(v, "line", f->line);
	sg_val_set_str(v, "text", f->text);
	sg_buf_fmt(text, "line %u: warning: ", f->line);
	sg_put_safe(f->text, text);
	sg_buf_fmt(text, " [%s]\n", f->rule);
}

/* Nothing is written that lint calls wrong; a warning is said. */
static int check(const struct sg_buf *config, int64_t now, struct sg_val *warnings, struct sg_author_out *out,
        struct sg_err *err)
{
	struct sg_findings found = { 0 };
	const struct sg_finding *f;
	int r = 0;

	sg_lint(sg_buf_bytes(config), now, &found);
	f = worst(&found);
	if (f && f->level == SG_LINT_ERROR)
		r = sg_fail(err, SG_EINVAL, "with these answers the mitigation would be wrong: %s [%s]%s%s",
		        f->text, f->rule, f->advice ? "; " : "", f->advice ? f->advice : "");
	for (size_t i = 0; !r && i < found.n; i++)
		if (found.at[i].level == SG_LINT_WARNING)
			warn(&found.at[i], warnings, &out->text);
	sg_findings_release(&found);
	return r;
}

int sg_author_new(const struct sg_author_args *a, struct sg_author_out *out, struct sg_err *err)
{
	struct asking q = { .a = a, .person = sg_ask_person() && !sg_author_has(a, SG_AUTHOR_JSON) };
	struct sg_draft d = { 0 };
	struct sg_buf config = { 0 };
	const char *path = sg_author_value(a, SG_AUTHOR_OUT);
	struct sg_val *warnings;
	char *made = NULL;
	int r;

	out->json = sg_val_map();
	sg_val_set_str(out->json, "schema", "stopgap.new.v1");
	warnings = sg_val_set(out->json, "warnings", sg_val_array());
	ask_all(&q, &d);
	r = sg_draft(&d, &config, err);
	if (r)
		out->failure = SG_EXIT_USAGE;
	if (!r)
		r = check(&config, a->now, warnings, out, err);
	if (!r && !path)
		path = made = sg_format("%s.xml", d.id);
	if (!r) {
		struct sg_err why = SG_ERR_INIT;

		r = sg_os_create(path, sg_buf_bytes(&config), NULL, &why);
		if (r)
			sg_fail(err, r, "%s%s", why.msg, r == SG_EEXIST ? "; another place: --out FILE" : "");
	}
	if (!r) {
		sg_buf_fmt(&out->text,
		        "%s written: lint, test and try it, then \"stopgap-feed add LIVE.xml %s\"\n", path,
		        path);
		sg_val_set_str(out->json, "id", d.id);
		sg_val_set_str(out->json, "file", path);
	}
	free(made);
	sg_buf_release(&config);
	sg_strs_release(&d.fixed);
	sg_strs_release(&d.refuse);
	sg_strs_release(&d.serve);
	sg_strs_release(&d.companions);
	sg_strs_release(&q.kept);
	return r;
}
