/* offline.c - the same engine and the same request as the daemon's, without the daemon. */
#include "cli/offline.h"
#include "base/xml.h"
#include "cli/pipe.h"
#include "engine/once.h"
#include "engine/places.h"
#include "feed/verify.h"

#include <stdlib.h>

int sg_offline_rollback(
        const struct sg_args *a, const struct sg_drives *drives, struct sg_val **ret, struct sg_err *err)
{
	struct sg_engine_options options = {
		.drives = drives, .journal = a->journal, .any_machine = (a->given & SG_OPT_ANY_MACHINE) != 0
	};
	struct sg_val *params = sg_args_params(a);
	char *journal = NULL, *account = sg_pipe_self();
	int r = a->journal ? 0 : sg_place_journal(drives, &journal, err);

	if (r == 0) {
		sg_xml_init();
		r = sg_verify_init(err);
	}
	if (r == 0) {
		if (!a->journal)
			options.journal = journal;
		r = sg_engine_once(&options, "rollback", params, account, ret, err);
	}
	sg_val_free(params);
	free(journal);
	free(account);
	return r;
}
