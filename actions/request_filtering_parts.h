/* request_filtering_parts.h - a RequestFiltering action, read; shared by request_filtering*.c and bare.c, and included by nothing else. */
#ifndef SG_ACTIONS_REQUEST_FILTERING_PARTS_H
#define SG_ACTIONS_REQUEST_FILTERING_PARTS_H

#include "actions/iis_action.h"
#include "actions/iis_collection.h"
#include "actions/kinds.h"

#define SG_RF_SECTION "system.webServer/security/requestFiltering"

enum { SG_RF_URLS, SG_RF_QUERIES, SG_RF_LISTS };
extern const struct sg_iis_item sg_rf_lists[SG_RF_LISTS]; /* denyUrlSequences, denyQueryStringSequences */
extern const char sg_rf_module[];

struct sg_rf_sequence {
	int list;
	char *text;
	struct sg_buf octets; /* the <add>, as sg_iis_element() writes it */
};
struct sg_rf {
	struct sg_iis_at at;
	struct sg_rf_sequence seq[SG_IIS_MAX_ADDS];
	size_t n;
};
/* Reads and checks: everything that can be wrong with the action by itself. */
int sg_rf_read(
        const struct sg_mitigation *m, const struct sg_action *a, struct sg_rf *ret, struct sg_err *err);
void sg_rf_release(struct sg_rf *f);

bool sg_rf_holds(const char *whole, const char *sequence); /* as IIS compares: ASCII case ignored */
char *sg_rf_unescaped(const char *query);                  /* each %XX once; owned by the caller */
char *sg_rf_where(const struct sg_iis_entry *entry);       /* "FILE:LINE"; owned by the caller */

int sg_rf_judge(const struct sg_mitigation *m, const struct sg_action *a, const struct sg_host *host,
        struct sg_iis_files *files, const struct sg_iis_site *site, const struct sg_test *test,
        struct sg_judgement *ret, struct sg_err *err);
int sg_rf_prove(const struct sg_mitigation *m, const struct sg_action *a, const struct sg_host *host,
        struct sg_iis_files *files, struct sg_proof *ret, struct sg_err *err);

#endif
