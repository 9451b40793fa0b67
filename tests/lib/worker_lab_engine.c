/* worker_lab_engine.c - see worker_lab_engine.h. */
#include "tests/lib/worker_lab_engine.h"

#include "actions/apart_parts.h"
#include "actions/iis.h"
#include "actions/rules_apart.h"
#include "feed/apart.h"

#include <string.h>

enum { MOST = 16 };

struct t_workers t_workers;
static struct sg_worker_job all[MOST], others[MOST];
static int (*watched)(struct sg_bytes request, struct sg_buf *ret);

static int counted(struct sg_bytes request, struct sg_buf *ret)
{
	t_workers.asked++;
	return t_workers.dead ? -1 : watched(request, ret);
}

/* Both programs' tables in one, with our own worker in the place of one. */
void t_workers_watch(const char *job)
{
	const struct sg_worker_job *const tables[] = { sg_feed_jobs, sg_action_jobs };
	size_t n = 0, n_others = 0;

	for (size_t i = 0; i < 2; i++)
		for (const struct sg_worker_job *j = tables[i]; j->name && n + 1 < MOST; j++) {
			all[n] = *j;
			if (strcmp(j->name, job) == 0) {
				watched = j->run;
				all[n].run = counted;
			} else {
				others[n_others++] = *j;
			}
			n++;
		}
}

void t_workers_forget(void)
{
	sg_cfg_forget();
	sg_rules_forget();
}

void t_workers_are_there(bool there)
{
	sg_worker_in_process(there ? all : others);
}

int t_workers_set_up(void **state)
{
	struct lab *lab = sg_alloc(sizeof(*lab));
	struct sg_iis *iis = NULL;

	t_workers = (struct t_workers){ 0 };
	t_workers_forget();
	t_workers_are_there(true);
	lab_make(lab);
	if (sg_iis_read(&lab->drives, &iis, &lab->err))
		return 1;
	sg_iis_free(iis);
	lab_open(lab); /* offers a table of its own */
	t_workers_are_there(true);
	*state = lab;
	return 0;
}
