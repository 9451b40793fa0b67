/* kinds.h - the functions that fill sg_action_kinds[]; the contract of each is in action.h. Nothing outside actions/ includes it. */
#ifndef SG_ACTIONS_KINDS_H
#define SG_ACTIONS_KINDS_H

#include "actions/action.h"

int sg_do_nothing_check(const struct sg_mitigation *m, const struct sg_action *a, struct sg_err *err);
int sg_do_nothing_plan(const struct sg_mitigation *m, const struct sg_action *a, const struct sg_host *host,
        const struct sg_drives *drives, const struct sg_holds *own, struct sg_wishes *ret,
        struct sg_err *err);

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

int sg_app_pool_check(const struct sg_mitigation *m, const struct sg_action *a, struct sg_err *err);
int sg_app_pool_plan(const struct sg_mitigation *m, const struct sg_action *a, const struct sg_host *host,
        const struct sg_drives *drives, const struct sg_holds *own, struct sg_wishes *ret,
        struct sg_err *err);
int sg_app_pool_prove(const struct sg_mitigation *m, const struct sg_action *a, const struct sg_host *host,
        struct sg_iis_files *files, struct sg_proof *ret, struct sg_err *err);
void sg_app_pool_effects(const struct sg_mitigation *m, const struct sg_action *a, const struct sg_host *host,
        bool out, struct sg_strs *ret);
void sg_app_pool_by_hand(const struct sg_wish *wish, bool undo, struct sg_buf *out);

int sg_service_check(const struct sg_mitigation *m, const struct sg_action *a, struct sg_err *err);
int sg_service_plan(const struct sg_mitigation *m, const struct sg_action *a, const struct sg_host *host,
        const struct sg_drives *drives, const struct sg_holds *own, struct sg_wishes *ret,
        struct sg_err *err);
int sg_service_prove(const struct sg_mitigation *m, const struct sg_action *a, const struct sg_host *host,
        struct sg_iis_files *files, struct sg_proof *ret, struct sg_err *err);
void sg_service_effects(const struct sg_mitigation *m, const struct sg_action *a, const struct sg_host *host,
        bool out, struct sg_strs *ret);
void sg_service_by_hand(const struct sg_wish *wish, bool undo, struct sg_buf *out);

#endif
