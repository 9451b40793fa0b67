/* mitigation.c - one Config element to one struct sg_mitigation.
 *
 * Guarantees that nothing of our own vocabulary is skipped silently: an attribute or element of ours that is not known
 * is refused by name. What others add (EM's vocabulary is not public) is kept in the body and makes applicability
 * UNKNOWN, because half-understood instructions must not run. The payload of an Action is left to actions/<kind>.c;
 * the conditions and the tests are read by mitigation_parts.c.
 */
#include "model/mitigation_read.h"
#include "model/mitigation_tree.h"

#include "base/xml.h"
#include "model/words.h"
#include <stdlib.h>
#include <string.h>

enum { MAX_ACTIONS = 32, MAX_LABEL = 32, MAX_TEXT = 2000, MAX_NAME = 60, MAX_WHY = 800 };

static const char *const severities = "low medium high critical";

const char *sg_severity_name(enum sg_severity s)
{
	switch (s) {
	case SG_LOW: return "low";
	case SG_MEDIUM: return "medium";
	case SG_HIGH: return "high";
	case SG_CRITICAL_SEVERITY: return "critical";
	}
	return "?";
}

static bool alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

bool sg_id_valid(const char *id)
{
	size_t n = strlen(id);

	if (n < 1 || n > 64 || !alnum(id[0]))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!alnum(id[i]) && !strchr("._-", id[i]))
			return false;
	return true;
}

/* --- what the two files share */

int sg_mread_fail(struct sg_mread *r, const struct sg_canon_elem *at, const char *fmt, ...)
{
	struct sg_buf text = { 0 };
	va_list ap;

	if (!r->code) {
		char *name = sg_text_short(at->name, MAX_NAME), *why;

		va_start(ap, fmt);
		sg_buf_vfmt(&text, fmt, ap);
		va_end(ap);
		why = sg_text_short((const char *)text.data, MAX_WHY);
		r->code = sg_fail(
		        r->err, SG_EINVAL, "mitigation '%s': <%s>: %s", r->m->id ? r->m->id : "?", name, why);
		free(name);
		free(why);
		sg_buf_release(&text);
	}
	return r->code;
}

void sg_mread_attrs(struct sg_mread *r, const struct sg_canon_elem *node, const char *allowed)
{
	for (const struct sg_canon_attr *a = node->attrs; a; a = a->next) {
		struct sg_buf hint = { 0 };

		if (!*a->ns && sg_words_index(allowed, a->name) >= 0)
			continue;
		sg_words_hint(allowed, a->name, &hint);
		sg_mread_fail(r, node, "attribute '%s' is not known%s", a->name, (const char *)hint.data);
		sg_buf_release(&hint);
	}
}

void sg_mread_no_text(struct sg_mread *r, const struct sg_canon_elem *node)
{
	if (node->says)
		sg_mread_fail(r, node, "text is not allowed here");
}

char *sg_mread_attr(
        struct sg_mread *r, const struct sg_canon_elem *node, const char *ns, const char *name, bool required)
{
	const char *s = sg_canon_attr(node, ns, name);

	if (!s && required)
		sg_mread_fail(r, node, "attribute '%s' is missing", name);
	else if (s && (!*s || strlen(s) > MAX_TEXT))
		sg_mread_fail(r, node, "attribute '%s' must have 1 to %d characters", name, MAX_TEXT);
	return sg_strdup(s);
}

char *sg_mread_text(struct sg_mread *r, const struct sg_canon_elem *node)
{
	const char *s = node->text + strspn(node->text, " \t\r\n");
	size_t len = strlen(s);

	while (len && strchr(" \t\r\n", s[len - 1]))
		len--;
	if (node->first)
		sg_mread_fail(r, node, "an element is not allowed here");
	else if (!len || len > MAX_TEXT)
		sg_mread_fail(r, node, "a text of 1 to %d characters is expected", MAX_TEXT);
	return sg_strndup(s, len);
}

void sg_mread_unknown(struct sg_mread *r, const char *kind, const char *name, const char *in)
{
	if (!r->m->applicability.unknown) {
		char *what = sg_text_short(name, MAX_NAME);

		r->m->applicability.unknown = sg_format("%s '%s' of <%s>", kind, what, in);
		free(what);
	}
}

/* --- Config */

/* "2027-03-01" or "2027-03-01T08:00:00Z"; 0 when the attribute is absent. */
static int64_t read_time(struct sg_mread *r, const struct sg_canon_elem *node, const char *name)
{
	char *s = sg_mread_attr(r, node, SG_FEED_NS, name, false);
	char *whole = s && strlen(s) == 10 ? sg_format("%sT00:00:00Z", s) : sg_strdup(s);
	int64_t ms = 0;

	if (whole && !r->code && (sg_time_parse(whole, &ms, NULL) || ms <= 0)) {
		sg_mread_fail(r, node,
		        "attribute '%s': '%s' is not a time; write 2027-03-01 or 2027-03-01T08:00:00Z", name,
		        s);
		ms = 0;
	}
	free(whole);
	free(s);
	return ms;
}

static void read_severity(struct sg_mread *r, const struct sg_canon_elem *node)
{
	char *s = sg_mread_attr(r, node, SG_FEED_NS, "severity", false);
	int at = s ? sg_words_index(severities, s) : SG_MEDIUM;

	if (at < 0)
		sg_mread_fail(
		        r, node, "attribute 'severity': '%s' is not one of low, medium, high, critical", s);
	else
		r->m->severity = (enum sg_severity)at;
	free(s);
}

static void read_revision(struct sg_mread *r, const struct sg_canon_elem *node)
{
	char *s = r->m->revision = sg_mread_attr(r, node, SG_FEED_NS, "revision", false);
	size_t n = s ? strlen(s) : 0;

	for (size_t i = 0; i < n; i++)
		if (n > MAX_LABEL || !(alnum(s[i]) || strchr(".-_+", s[i]))) {
			sg_mread_fail(r, node,
			        "attribute 'revision' must have 1 to %d letters, digits, '.', '-', '_' or "
			        "'+'",
			        MAX_LABEL);
			return;
		}
}

/* A tombstone states when and why; nothing else does. */
static void read_tombstone(struct sg_mread *r, const struct sg_canon_elem *node)
{
	r->m->withdrawn = read_time(r, node, "withdrawn");
	r->m->tombstone = r->m->withdrawn != 0;
	r->m->withdraw_reason = sg_mread_attr(r, node, SG_FEED_NS, "reason", r->m->tombstone);
	if (r->m->withdraw_reason && !r->m->tombstone)
		sg_mread_fail(r, node, "attribute 'reason' belongs to 'withdrawn', which is missing");
}

static void config_attrs(struct sg_mread *r, const struct sg_canon_elem *node)
{
	static const char *const ours = "revision severity same-as review-by remove-after withdrawn reason";

	for (const struct sg_canon_attr *a = node->attrs; a; a = a->next) {
		const char *ns = a->ns, *name = a->name;
		struct sg_buf hint = { 0 };

		if (!*ns && sg_words_index("id desc", name) >= 0)
			continue;
		if (strcmp(ns, SG_FEED_NS) != 0) {
			sg_mread_unknown(r, "attribute", name, "Config");
			continue;
		}
		if (sg_words_index(ours, name) >= 0)
			continue;
		sg_words_hint(ours, name, &hint);
		sg_mread_fail(r, node, "attribute '%s' is not known%s", name, (const char *)hint.data);
		sg_buf_release(&hint);
	}
	r->m->desc = sg_mread_attr(r, node, NULL, "desc", false);
	r->m->same_as = sg_mread_attr(r, node, SG_FEED_NS, "same-as", false);
	r->m->review_by = read_time(r, node, "review-by");
	r->m->remove_after = read_time(r, node, "remove-after");
	read_revision(r, node);
	read_severity(r, node);
	read_tombstone(r, node);
}

static void read_action(struct sg_mread *r, const struct sg_canon_elem *node)
{
	if (r->m->n_actions >= MAX_ACTIONS) {
		sg_mread_fail(r, node, "there are more than %d actions", MAX_ACTIONS);
		return;
	}
	for (const struct sg_canon_attr *a = node->attrs; a; a = a->next) {
		if (strcmp(a->ns, SG_FEED_NS) == 0)
			sg_mread_fail(r, node, "attribute '%s' is not known", a->name);
		else if (*a->ns || sg_words_index("type scope desc", a->name) < 0)
			sg_mread_unknown(r, "attribute", a->name, "Action");
	}
	r->m->actions = sg_realloc(r->m->actions, (r->m->n_actions + 1) * sizeof *r->m->actions);
	struct sg_action *action = &r->m->actions[r->m->n_actions++];

	*action = (struct sg_action){
		.type = sg_mread_attr(r, node, NULL, "type", true),
		.scope = sg_mread_attr(r, node, NULL, "scope", false),
		.desc = sg_mread_attr(r, node, NULL, "desc", false),
	};
	if (!r->code)
		r->code = sg_canon_alone(node, &sg_xml_feed_limits, &action->xml, r->err);
	r->octets += action->xml.len;
	if (r->octets > sg_xml_feed_limits.bytes)
		sg_mread_fail(r, node, "with the namespaces around them, the actions are too large");
}

static void read_action_list(struct sg_mread *r, const struct sg_canon_elem *list)
{
	if (r->m->n_actions > 0)
		sg_mread_fail(r, list, "there is a second one");
	for (const struct sg_canon_attr *a = list->attrs; a; a = a->next)
		sg_mread_unknown(r, "attribute", a->name, "ActionList");
	sg_mread_no_text(r, list);
	for (const struct sg_canon_elem *n = list->first; n && !r->code; n = n->next) {
		if (sg_canon_is(n, NULL, "Action"))
			read_action(r, n);
		else if (sg_canon_is(n, SG_FEED_NS, n->name))
			sg_mread_fail(r, list, "element '%s' is not known here; allowed: Action", n->name);
		else
			sg_mread_unknown(r, "element", n->name, "ActionList");
	}
	if (r->m->n_actions == 0)
		sg_mread_fail(r, list, "there is no Action in it");
}

static void config_element(struct sg_mread *r, const struct sg_canon_elem *n)
{
	static const char *const ours = "Reference SideEffect FixedBy Applicability Test Probe";

	if (sg_canon_is(n, NULL, "ActionList")) {
		read_action_list(r, n);
		return;
	}
	if (!sg_canon_is(n, SG_FEED_NS, n->name)) {
		sg_mread_unknown(r, "element", n->name, "Config");
		return;
	}
	switch (sg_words_index(ours, n->name)) {
	case 0: sg_mread_reference(r, n); break;
	case 1: sg_mread_side_effect(r, n); break;
	case 2: sg_mread_fixed_by(r, n); break;
	case 3: sg_mread_applicability(r, n); break;
	case 4: sg_mread_tests(r, n); break;
	case 5: sg_mread_probe(r, n); break;
	default: {
		struct sg_buf hint = { 0 };

		sg_words_hint(ours, n->name, &hint);
		sg_mread_fail(r, n, "this element is not known%s", (const char *)hint.data);
		sg_buf_release(&hint);
	}
	}
}

static void read_config(struct sg_mread *r, const struct sg_canon_elem *root)
{
	if (!sg_canon_is(root, NULL, "Config")) {
		sg_mread_fail(r, root, "a Config element is expected");
		return;
	}
	char *id = sg_mread_attr(r, root, NULL, "id", true);

	if (id && !sg_id_valid(id)) {
		char *safe = sg_text_short(id, 80);

		sg_mread_fail(r, root,
		        "id '%s' is not allowed: 1 to 64 letters, digits, '.', '_' or '-', a letter or "
		        "digit first",
		        safe);
		free(safe);
		free(id);
		return;
	}
	r->m->id = id;
	config_attrs(r, root);
	sg_mread_no_text(r, root);
	for (const struct sg_canon_elem *n = root->first; n && !r->code; n = n->next)
		config_element(r, n);
	if (r->m->tombstone && root->first)
		sg_mread_fail(
		        r, root, "a withdrawn mitigation has no content, only 'withdrawn' and 'reason'");
	if (!r->m->tombstone && r->m->n_actions == 0)
		sg_mread_fail(r, root, "element 'ActionList' is missing");
}

int sg_mitigation_read(const char *feed, const struct sg_canon_elem *config, struct sg_buf *octets,
        struct sg_mitigation **ret, struct sg_err *err)
{
	struct sg_mread r = { .m = sg_alloc(sizeof *r.m), .err = err };

	r.m->feed = sg_strdup(feed);
	read_config(&r, config);
	if (r.code) {
		sg_mitigation_free(r.m);
		return r.code;
	}
	r.m->body = *octets;
	*octets = (struct sg_buf){ 0 };
	r.m->hash = sg_sha256(sg_buf_bytes(&r.m->body));
	*ret = r.m;
	return 0;
}

int sg_mitigation_decode(
        const char *feed, struct sg_bytes config, struct sg_mitigation **ret, struct sg_err *err)
{
	struct sg_buf octets = { 0 };
	struct sg_canon tree = { 0 };
	struct sg_err why = SG_ERR_INIT;
	int r = sg_canon_read(config, &sg_xml_feed_limits, &tree, &why);

	if (r)
		return sg_fail(err, r, "mitigation: %s", why.msg);
	sg_buf_set(&octets, config.data, config.len);
	r = sg_mitigation_read(feed, tree.root, &octets, ret, err);
	sg_buf_release(&octets);
	sg_canon_release(&tree);
	return r;
}

void sg_mitigation_free(struct sg_mitigation *m)
{
	if (!m)
		return;
	sg_mitigation_parts_release(m);
	for (size_t i = 0; i < m->n_actions; i++) {
		free(m->actions[i].type);
		free(m->actions[i].scope);
		free(m->actions[i].desc);
		sg_buf_release(&m->actions[i].xml);
	}
	free(m->actions);
	free(m->feed);
	free(m->id);
	free(m->revision);
	free(m->desc);
	free(m->same_as);
	free(m->fixed_by);
	free(m->withdraw_reason);
	sg_strs_release(&m->references);
	sg_strs_release(&m->side_effects);
	sg_buf_release(&m->body);
	free(m);
}
