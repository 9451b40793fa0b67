/* eval_inbound.c - the global rules, then the inbound ones, over one request.
 *
 * Order: rules run as written; a rewritten URL is what the next rule sees; stopProcessing ends this set of rules, the other
 * set still runs; a redirect, a custom response and an abort end both. The substitution is expanded before the rule's
 * server variables are set. A rule of which it is not known whether it applies ends the evaluation as UNKNOWN, unless it
 * would do nothing.
 */
#include "rewrite/rules.h"
#include "base/text.h"
#include <stdlib.h>
#include <string.h>

enum next { NEXT_RULE, END_OF_SET, END_OF_ALL };

static void finish(struct sg_rw_result *ret, enum sg_rw_outcome outcome, const struct sg_rw_rule *rule)
{
	ret->outcome = outcome;
	free(ret->rule);
	ret->rule = sg_strdup(rule->name);
}

static enum next give_up(struct sg_rw_eval *e, const struct sg_rw_rule *rule, struct sg_rw_result *ret)
{
	finish(ret, SG_RW_UNKNOWN, rule);
	ret->why = sg_format("rule '%s' depends on %s", rule->name,
	        e->why.text[0] ? e->why.text : "what is not known here");
	return END_OF_ALL;
}

static const char *folder_of(const struct sg_rw_eval *e, enum sg_rw_kind kind, const struct sg_rw_rule *rule)
{
	if (kind == SG_RW_GLOBAL)
		return "/";
	return rule->base ? rule->base : e->req->base ? e->req->base : "/";
}

/* The URL as the rule sees it: relative to its folder. NO: the rule is not in force for this URL. */
static enum sg_rw_answer relative_url(struct sg_rw_eval *e, const char *folder, struct sg_bytes *ret)
{
	size_t len = strlen(folder);
	const char *path = e->path.data ? (const char *)e->path.data : "";

	if (e->elsewhere) {
		sg_rw_why_set(&e->why, "what a rule sees after a rewrite to another server");
		return SG_RW_MAYBE;
	}
	if (e->path.len >= len && sg_same_n(path, folder, len)) {
		*ret = (struct sg_bytes){ e->path.data + len, e->path.len - len };
		return SG_RW_YES;
	}
	if (e->path.len == len - 1 && sg_same_n(path, folder, len - 1)) {
		*ret = sg_bytes_of("");
		return SG_RW_YES;
	}
	if (!e->rewritten)
		return SG_RW_NO;
	sg_rw_why_set(&e->why, "what a rule in %s sees after a rewrite to '%.100s'", folder, path);
	return SG_RW_MAYBE;
}

static bool is_absolute(const char *url)
{
	size_t scheme = strspn(url, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.");
	return scheme && !strncmp(url + scheme, "://", 3);
}

/* The target of a rewrite or a redirect: its path (or whole URL) without query, and its query. */
static bool target(struct sg_rw_eval *e, const struct sg_rw_rule *rule, const char *folder,
        const struct sg_rw_caps *r, const struct sg_rw_caps *c, struct sg_buf *path, struct sg_buf *query)
{
	struct sg_buf url = { 0 };
	bool ok = sg_rw_expand(e, r, c, rule->value, &url);

	if (ok) {
		const char *text = url.data ? (const char *)url.data : "";
		size_t len = strcspn(text, "?");
		if (text[0] != '/' && !is_absolute(text))
			sg_buf_str(path, folder);
		sg_buf_add(path, text, len);
		if (text[len])
			sg_buf_str(query, text + len + 1);
		if (rule->append_query && e->query.len) {
			if (query->len)
				sg_buf_char(query, '&');
			sg_buf_add(query, e->query.data, e->query.len);
		}
	}
	sg_buf_release(&url);
	return ok;
}

static char *join_url(const struct sg_buf *path, const struct sg_buf *query)
{
	struct sg_buf url = { 0 };

	sg_buf_add(&url, path->data, path->len);
	if (query->len) {
		sg_buf_char(&url, '?');
		sg_buf_add(&url, query->data, query->len);
	}
	return sg_buf_detach(&url);
}

static void set_variables(struct sg_rw_eval *e, const struct sg_rw_rule *rule, const struct sg_rw_caps *r,
        const struct sg_rw_caps *c)
{
	for (size_t i = 0; i < rule->n_set; i++) {
		const struct sg_rw_set *set = &rule->set[i];
		struct sg_buf value = { 0 }, before = { 0 };
		bool known = true;
		e->why.text[0] = 0;
		/* replace="false" leaves a variable that has a value. */
		if (!set->replace)
			known = sg_rw_var_get(e, set->name, strlen(set->name), &before);
		if (known && !before.len)
			known = sg_rw_expand(e, r, c, set->value, &value);
		if (!before.len)
			sg_rw_vars_set(&e->set, set->name, sg_buf_bytes(&value), known ? NULL : e->why.text);
		sg_buf_release(&value);
		sg_buf_release(&before);
	}
}

static enum next rewrite(struct sg_rw_eval *e, const struct sg_rw_rule *rule, const char *folder,
        const struct sg_rw_caps *r, const struct sg_rw_caps *c, struct sg_rw_result *ret)
{
	struct sg_buf path = { 0 }, query = { 0 };
	bool ok = target(e, rule, folder, r, c, &path, &query);

	if (ok && path.len + query.len > SG_RW_TEXT_MAX) {
		sg_rw_why_set(&e->why, "what IIS does with a URL of more than %d octets", SG_RW_TEXT_MAX);
		ok = false;
	}
	if (ok) {
		set_variables(e, rule, r, c);
		e->elsewhere = is_absolute((const char *)path.data);
		e->rewritten = true;
		sg_buf_set(&e->path, path.data, path.len);
		sg_buf_set(&e->query, query.data, query.len);
		finish(ret, SG_RW_SERVED, rule);
	}
	sg_buf_release(&path);
	sg_buf_release(&query);
	if (!ok)
		return give_up(e, rule, ret);
	return rule->stop ? END_OF_SET : NEXT_RULE;
}

static enum next redirect(struct sg_rw_eval *e, const struct sg_rw_rule *rule, const char *folder,
        const struct sg_rw_caps *r, const struct sg_rw_caps *c, struct sg_rw_result *ret)
{
	struct sg_buf path = { 0 }, query = { 0 };
	enum next next = END_OF_ALL;

	if (target(e, rule, folder, r, c, &path, &query)) {
		finish(ret, SG_RW_REDIRECTED, rule);
		ret->status = rule->status;
		ret->url = join_url(&path, &query);
	} else {
		next = give_up(e, rule, ret);
	}
	sg_buf_release(&path);
	sg_buf_release(&query);
	return next;
}

static enum next act(struct sg_rw_eval *e, const struct sg_rw_rule *rule, const char *folder,
        const struct sg_rw_caps *r, const struct sg_rw_caps *c, struct sg_rw_result *ret)
{
	switch (rule->action) {
	case SG_RW_DO_NOTHING: break;
	case SG_RW_REWRITE: return rewrite(e, rule, folder, r, c, ret);
	case SG_RW_REDIRECT: return redirect(e, rule, folder, r, c, ret);
	case SG_RW_ABORT: finish(ret, SG_RW_REFUSED, rule); return END_OF_ALL;
	case SG_RW_RESPOND:
		finish(ret, rule->status >= 400 ? SG_RW_REFUSED : SG_RW_RESPONDED, rule);
		ret->status = rule->status;
		ret->substatus = rule->substatus;
		return END_OF_ALL;
	}
	set_variables(e, rule, r, c);
	if (!rule->stop)
		return NEXT_RULE;
	finish(ret, SG_RW_SERVED, rule);
	return END_OF_SET;
}

static enum next run_rule(
        struct sg_rw_eval *e, enum sg_rw_kind kind, const struct sg_rw_rule *rule, struct sg_rw_result *ret)
{
	struct sg_rw_caps r = { 0 }, c = { 0 };
	struct sg_bytes url = { 0 };
	const char *folder = folder_of(e, kind, rule);
	enum next next = NEXT_RULE;

	e->why.text[0] = 0;
	enum sg_rw_answer applies = relative_url(e, folder, &url);
	if (applies == SG_RW_YES) {
		applies = sg_rw_pattern_match(&rule->match, url, &r, e);
		if (rule->match.negate) {
			applies = sg_rw_not(applies);
			sg_rw_caps_clear(&r);
		}
	}
	if (applies == SG_RW_MAYBE)
		r.state = SG_RW_CAPS_UNKNOWN;
	if (applies != SG_RW_NO) {
		enum sg_rw_answer hold = sg_rw_conditions_hold(e, &rule->conditions, &r, &c);
		if (hold != SG_RW_YES)
			applies = hold;
	}
	if (applies == SG_RW_YES) {
		e->why.text[0] = 0;
		next = act(e, rule, folder, &r, &c, ret);
	} else if (applies == SG_RW_MAYBE &&
	           (rule->action != SG_RW_DO_NOTHING || rule->stop || rule->n_set)) {
		next = give_up(e, rule, ret);
	}
	sg_rw_caps_release(&r);
	sg_rw_caps_release(&c);
	return next;
}

static enum next run_set(struct sg_rw_eval *e, enum sg_rw_kind kind, struct sg_rw_result *ret)
{
	enum next next = NEXT_RULE;

	for (size_t i = 0; next == NEXT_RULE && i < e->rules->n[kind]; i++)
		if (e->rules->at[kind][i]->enabled)
			next = run_rule(e, kind, e->rules->at[kind][i], ret);
	return next;
}

int sg_rw_request(const struct sg_rw_rules *rules, const struct sg_rw_request *req, struct sg_rw_result *ret,
        struct sg_err *err)
{
	struct sg_rw_result result = { 0 };
	struct sg_rw_eval e;
	int r = sg_rw_eval_init(&e, rules, req, err);

	if (r)
		goto out;
	if (e.bad) {
		result.outcome = SG_RW_UNKNOWN;
		result.why = sg_strdup(e.why.text);
	} else if (run_set(&e, SG_RW_GLOBAL, &result) != END_OF_ALL) {
		run_set(&e, SG_RW_INBOUND, &result);
	}
	if (result.outcome == SG_RW_SERVED)
		result.url = e.rewritten ? join_url(&e.path, &e.query) : sg_strdup(req->uri);
	*ret = result;
out:
	sg_rw_eval_release(&e);
	return r;
}

void sg_rw_result_release(struct sg_rw_result *r)
{
	free(r->rule);
	free(r->url);
	free(r->why);
	*r = (struct sg_rw_result){ 0 };
}

const char *sg_rw_outcome_name(enum sg_rw_outcome outcome)
{
	switch (outcome) {
	case SG_RW_SERVED: return "served";
	case SG_RW_REFUSED: return "refused";
	case SG_RW_RESPONDED: return "responded";
	case SG_RW_REDIRECTED: return "redirected";
	case SG_RW_UNKNOWN: break;
	}
	return "unknown";
}
