/* kinds.h - the table of kinds of action. A kind costs its own file, which fills in what action.h asks for, and its row here. Nothing outside actions/
 * includes it. */
#ifndef SG_ACTIONS_KINDS_H
#define SG_ACTIONS_KINDS_H

#include "actions/action.h"

/* clang-format off */
#define SG_ACTION_KINDS(ROW)   \
	ROW(url_rewrite)       \
	ROW(app_pool)          \
	ROW(service)           \
	ROW(request_filtering) \
	ROW(do_nothing)
/* clang-format on */

#define SG_DECLARE_KIND(kind) extern const struct sg_action_kind sg_kind_##kind;
SG_ACTION_KINDS(SG_DECLARE_KIND)
#undef SG_DECLARE_KIND

#endif
