/* url_rewrite_force.h - what url_rewrite_force.c, _judge.c and _prove.c share; included by nothing else. */
#ifndef SG_ACTIONS_URL_REWRITE_FORCE_H
#define SG_ACTIONS_URL_REWRITE_FORCE_H

#include "actions/iis_parts.h"
#include "actions/url_rewrite_parts.h"

/* Whether the action's rules count for one URL, by how the files are built and not by any request. */
struct sg_ur_force {
	char *defeat; /* the first thing that takes one of them out of force, "FILE:LINE: how"; NULL: nothing */
	char *broken;    /* a file on the way cannot be read; NULL: all can */
	char *container; /* the file of the first of the rules that is there; NULL: none is */
};
/* Of the outbound rules, or of all others. Site and url NULL: the server. */
void sg_ur_force(struct sg_iis_files *files, const struct sg_iis *iis, const struct sg_ur *ur, bool outbound,
        const struct sg_iis_site *site, const char *url, struct sg_ur_force *ret);
void sg_ur_force_release(struct sg_ur_force *f);

/* Where RewriteModule is taken out of the URL's modules, "FILE:LINE: how", owned by the caller; NULL: it runs. */
char *sg_ur_module_off(struct sg_iis_files *files, const struct sg_iis *iis, const struct sg_iis_site *site,
        const char *url);

/* Whether the action has rules that such a test is about: outbound ones for Response, others for Refuse and Serve. */
bool sg_ur_concerns(const struct sg_ur *ur, enum sg_test_kind kind);

#endif
