/* url_rewrite_parts.h - an UrlRewrite action, read; shared by url_rewrite*.c and bare.c, and included by nothing else. */
#ifndef SG_ACTIONS_URL_REWRITE_PARTS_H
#define SG_ACTIONS_URL_REWRITE_PARTS_H

#include "actions/iis_action.h"
#include "actions/kinds.h"

enum { SG_UR_MAX_ITEMS = SG_IIS_MAX_ADDS }; /* of one action */

enum sg_ur_section { SG_UR_GLOBAL, SG_UR_INBOUND, SG_UR_OUTBOUND, SG_UR_SECTIONS };
extern const char *const sg_ur_section_names[SG_UR_SECTIONS]; /* "globalRules", "rules", "outboundRules" */

/* A rule or a preCondition: one value. */
struct sg_ur_item {
	enum sg_ur_section section;
	bool pre; /* a preCondition, in <preConditions> */
	char *name;
	struct sg_buf octets; /* the element by itself, as sg_iis_element() writes it */
};
struct sg_ur {
	struct sg_iis_at at;
	struct sg_ur_item *items; /* in the feed's order */
	size_t n, cap;
	struct sg_buf rewrite; /* <rewrite> with all of them, for the evaluator */
	struct sg_strs
	        variables; /* server variables that inbound rules set: IIS wants them in allowedServerVariables */
};
/* Reads and checks: everything that can be wrong with the action by itself. */
int sg_ur_read(
        const struct sg_mitigation *m, const struct sg_action *a, struct sg_ur *ret, struct sg_err *err);
void sg_ur_release(struct sg_ur *ur);

/* The places of the action on this server. */
int sg_ur_places(const struct sg_ur *ur, const struct sg_host *host, const struct sg_drives *drives,
        struct sg_iis_place **ret, size_t *ret_n, struct sg_err *err);

/* One test by these rules, whose text says which rule decided. `work`: see sg_rw_request; may be NULL. */
struct sg_rw_rules;
int sg_ur_run(const struct sg_rw_rules *rules, const struct sg_test *test, unsigned *work,
        struct sg_judgement *j, struct sg_err *err);
/* A Response test whose header is that in the end; NULL: it is not sent. */
void sg_ur_say_response(const struct sg_test *test, const char *is, struct sg_judgement *j);
/* What the patterns of a web.config's rules are relative to: "/owa/" of "/owa", "/" of NULL; owned by the caller. */
char *sg_ur_folder(const char *url);

/* The kind's functions; the contract of each is in action.h. */
int sg_url_rewrite_check(const struct sg_mitigation *m, const struct sg_action *a, struct sg_err *err);
int sg_url_rewrite_plan(const struct sg_mitigation *m, const struct sg_action *a, const struct sg_host *host,
        const struct sg_drives *drives, const struct sg_holds *own, struct sg_wishes *ret,
        struct sg_err *err);
int sg_url_rewrite_judge(const struct sg_mitigation *m, const struct sg_action *a, const struct sg_host *host,
        struct sg_iis_files *files, const struct sg_iis_site *site, const struct sg_test *test,
        struct sg_judgement *ret, struct sg_err *err);
int sg_url_rewrite_prove(const struct sg_mitigation *m, const struct sg_action *a, const struct sg_host *host,
        struct sg_iis_files *files, struct sg_proof *ret, struct sg_err *err);
void sg_url_rewrite_by_hand(const struct sg_wish *wish, bool undo, struct sg_buf *out);
int sg_url_rewrite_others(const struct sg_mitigation *m, const struct sg_action *a,
        const struct sg_host *host, const struct sg_drives *drives, const struct sg_holds *own,
        struct sg_others *ret, struct sg_err *err);

#endif
