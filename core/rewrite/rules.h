/* rules.h - what a set of rewrite rules is made of, and the steps that evaluate it. Private to core/rewrite.
 *
 * Reading (rules_read.c) makes the structures, rules.c owns them, match.c knows patterns, vars.c what a request says,
 * expand.c the {...} references, conditions.c groups of conditions; eval_inbound.c and eval_outbound.c run the rules.
 * All text is UTF-8; octets of a request that are not valid UTF-8 count as Latin-1 and are converted on the way in.
 */
#ifndef SG_REWRITE_RULES_H
#define SG_REWRITE_RULES_H

#include "rewrite/rewrite.h"

enum { SG_RW_KINDS = 3 };
enum { SG_RW_TEXT_MAX = 64 * 1024 }; /* octets of a URI, a header, an expanded value */
enum { SG_RW_NESTING_MAX = 16 };     /* references inside references */

/* NO and YES are certain. MAYBE: something decides it that is not known here. */
enum sg_rw_answer { SG_RW_NO, SG_RW_YES, SG_RW_MAYBE };

/* Why an answer is MAYBE: the first reason given since it was emptied. */
struct sg_rw_why {
	char text[320];
};
void sg_rw_why_set(struct sg_rw_why *why, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* --- patterns (match.c) */
enum sg_rw_syntax { SG_RW_ECMASCRIPT, SG_RW_WILDCARD, SG_RW_EXACT };
struct sg_rw_regex; /* a compiled PCRE2 pattern */
struct sg_rw_pattern {
	enum sg_rw_syntax syntax;
	char *text;
	bool ignore_case, negate;
	struct sg_rw_regex *regex; /* NULL for ExactMatch */
	char *beyond; /* the construct that ECMAScript does not have, or NULL: such a pattern answers MAYBE */
};

/* What back-references can see. A group that took no part in the match is an empty text. */
enum sg_rw_caps_state { SG_RW_CAPS_NONE, SG_RW_CAPS_KNOWN, SG_RW_CAPS_UNKNOWN };
struct sg_rw_caps {
	enum sg_rw_caps_state state;
	bool many; /* numbers above 9 count: IIS has them with trackAllCaptures only */
	struct sg_buf *at;
	size_t n, cap;
};
void sg_rw_caps_add(struct sg_rw_caps *caps, const void *data, size_t len);
void sg_rw_caps_clear(struct sg_rw_caps *caps); /* back to NONE */
void sg_rw_caps_release(struct sg_rw_caps *caps);

/* Fills p->regex from p->syntax, p->text and p->ignore_case. SG_EINVAL names `what` and the offset in the pattern. */
int sg_rw_pattern_compile(struct sg_rw_pattern *p, const char *what, struct sg_err *err);
void sg_rw_pattern_copy(struct sg_rw_pattern *to, const struct sg_rw_pattern *from);
void sg_rw_pattern_release(struct sg_rw_pattern *p);
/* Whether the text satisfies the pattern, `negate` not considered. After YES `caps` holds groups 0 to n; otherwise it
 * is as it was. MAYBE, with e->why, when this pattern runs away or when those before it have used up e->work. */
struct sg_rw_eval;
enum sg_rw_answer sg_rw_pattern_match(
        const struct sg_rw_pattern *p, struct sg_bytes text, struct sg_rw_caps *caps, struct sg_rw_eval *e);

/* --- rules (rules.c) */
enum sg_rw_input { SG_RW_PATTERN, SG_RW_IS_FILE, SG_RW_IS_DIRECTORY };
struct sg_rw_condition {
	enum sg_rw_input type;
	char *input;
	struct sg_rw_pattern pattern; /* negate counts for all types */
};
struct sg_rw_conditions {
	bool any, track_all;
	struct sg_rw_condition *at;
	size_t n, cap;
};
struct sg_rw_set {
	char *name, *value;
	bool replace;
};
enum sg_rw_action { SG_RW_DO_NOTHING, SG_RW_REWRITE, SG_RW_REDIRECT, SG_RW_RESPOND, SG_RW_ABORT };
struct sg_rw_rule {
	char *name;
	bool enabled, stop;
	char *base;     /* inbound: the folder that the URL is relative to; NULL: the request's */
	char *variable; /* outbound: match/@serverVariable; NULL: the rule works on the body */
	char *pre;      /* outbound: the preCondition's name, or NULL */
	struct sg_rw_pattern match;
	struct sg_rw_conditions conditions;
	struct sg_rw_set *set;
	size_t n_set, cap_set;
	enum sg_rw_action action;
	char *value; /* action/@url or, outbound, action/@value */
	bool append_query, replace;
	unsigned status, substatus;
};
struct sg_rw_pre {
	char *name;
	struct sg_rw_conditions conditions;
};
struct sg_rw_map {
	char *name, *otherwise;
	bool ignore_case;
	struct sg_strs keys, values;
};

/* What a collection says of the one it inherits: <clear/> and <remove/>. */
struct sg_rw_marks {
	bool cleared;
	struct sg_strs removed;
};
struct sg_rw_rules {
	struct sg_rw_rule **at[SG_RW_KINDS];
	size_t n[SG_RW_KINDS], cap[SG_RW_KINDS];
	struct sg_rw_marks marks[SG_RW_KINDS];
	struct sg_rw_pre **pre;
	size_t n_pre, cap_pre;
	struct sg_rw_marks pre_marks;
	struct sg_rw_map **map;
	size_t n_map, cap_map;
	struct sg_rw_marks map_marks;
};
void sg_rw_rule_free(struct sg_rw_rule *rule);
void sg_rw_pre_free(struct sg_rw_pre *pre);
void sg_rw_map_free(struct sg_rw_map *map);
void sg_rw_conditions_release(struct sg_rw_conditions *c);
const struct sg_rw_pre *sg_rw_pre_find(const struct sg_rw_rules *rules, const char *name);
const struct sg_rw_map *sg_rw_map_find(const struct sg_rw_rules *rules, const char *name, size_t len);
/* They drop what they name from the set itself, and nothing else. */
void sg_rw_pre_drop(struct sg_rw_rules *rules, const char *name); /* NULL: all */
void sg_rw_map_drop(struct sg_rw_rules *rules, const char *name);

/* --- a request being evaluated (vars.c) */
struct sg_rw_var {
	char *name;
	struct sg_buf value;
	char *unknown; /* why its value is not known, or NULL */
	bool stopped;  /* outbound: a stopProcessing rule ended the rules for this header */
};
struct sg_rw_vars {
	struct sg_rw_var *at;
	size_t n, cap;
};
struct sg_rw_eval {
	const struct sg_rw_rules *rules;
	const struct sg_rw_request *req;
	struct sg_buf uri;         /* as sent */
	struct sg_buf path, query; /* as they are now: the path decoded and canonical, the query raw */
	bool rewritten;
	bool elsewhere;             /* rewritten to another server: `path` is the whole URL */
	bool bad;                   /* HTTP.sys does not accept the URL: `why` says what is wrong */
	struct sg_rw_vars set;      /* by <serverVariables> */
	struct sg_rw_vars response; /* the response headers that are known */
	struct sg_rw_why why;
	unsigned work; /* of patterns so far: match.c bounds it, because the rules may be anybody's */
};
int sg_rw_eval_init(struct sg_rw_eval *e, const struct sg_rw_rules *rules, const struct sg_rw_request *req,
        struct sg_err *err);
void sg_rw_eval_release(struct sg_rw_eval *e);
/* A server variable's value, appended to `out`; false when it is not known, with e->why. */
bool sg_rw_var_get(struct sg_rw_eval *e, const char *name, size_t len, struct sg_buf *out);
struct sg_rw_var *sg_rw_vars_find(const struct sg_rw_vars *vars, const char *name, size_t len);
void sg_rw_vars_set(struct sg_rw_vars *vars, const char *name, struct sg_bytes value, const char *unknown);
void sg_rw_vars_release(struct sg_rw_vars *vars);
/* The header that a variable named PREFIX_Some_Name stands for compares equal to Some-Name. */
bool sg_rw_is_header(const char *header, const char *name, size_t len);

/* --- decoding (decode.c) */
/* %XX (and %uXXXX when `wide`) to octets; a % that starts neither is kept and makes the answer false. */
bool sg_rw_percent_decode(struct sg_bytes in, bool wide, struct sg_buf *out);
void sg_rw_to_utf8(struct sg_buf *buf); /* octets that are no UTF-8 count as Latin-1 */
/* The path that rules see: decoded, \ as /, repeated slashes as one, dot segments resolved. false: HTTP.sys refuses. */
bool sg_rw_cook_path(struct sg_bytes raw, struct sg_buf *out);

/* --- references (expand.c) */
/* Braces in pairs, no empty name, nesting within bounds: what IIS refuses otherwise. SG_EINVAL. */
int sg_rw_template_check(const char *text, const char *what, struct sg_err *err);
bool sg_rw_template_has(const char *text, char which); /* uses {R:1} to {R:9}, or {C:n} */
/* Appends the text with all references replaced; false when one is not known, with e->why. */
bool sg_rw_expand(struct sg_rw_eval *e, const struct sg_rw_caps *r, const struct sg_rw_caps *c,
        const char *text, struct sg_buf *out);

/* --- conditions (conditions.c) */
/* Captures of matched conditions go to `c`, as trackAllCaptures says. */
enum sg_rw_answer sg_rw_conditions_hold(struct sg_rw_eval *e, const struct sg_rw_conditions *list,
        const struct sg_rw_caps *r, struct sg_rw_caps *c);
enum sg_rw_answer sg_rw_not(enum sg_rw_answer a);

#endif
