/* service_control.c - see service_control.h. */
#include "daemon/service_control.h"

unsigned long sg_scm_accepts(unsigned long state)
{
	/* While it starts there is nothing that could settle, and while it stops nothing more to ask for. */
	return state == SG_SCM_RUNNING ? SG_SCM_ACCEPT_STOP | SG_SCM_ACCEPT_SHUTDOWN |
	                                         SG_SCM_ACCEPT_PRESHUTDOWN | SG_SCM_ACCEPT_PARAMCHANGE
	                               : 0;
}

/* Asked to end once more it goes on ending; a start is given up, as the manager may have asked before it knew of it. */
static struct sg_scm_answer end(unsigned long state, enum sg_scm_does how)
{
	switch (state) {
	case SG_SCM_START_PENDING:
	case SG_SCM_RUNNING: return (struct sg_scm_answer){ how, SG_SCM_DONE };
	default: return (struct sg_scm_answer){ SG_SCM_NOTHING, SG_SCM_DONE };
	}
}

struct sg_scm_answer sg_scm_answer(unsigned long state, unsigned long control)
{
	switch (control) {
	case SG_SCM_STOP: return end(state, SG_SCM_END);
	case SG_SCM_SHUTDOWN:
	case SG_SCM_PRESHUTDOWN: return end(state, SG_SCM_END_DOWN);
	case SG_SCM_PARAMCHANGE:
		if (state == SG_SCM_START_PENDING ||
		        state == SG_SCM_RUNNING) /* what is read just now may be older */
			return (struct sg_scm_answer){ SG_SCM_RELOAD, SG_SCM_DONE };
		return (struct sg_scm_answer){ SG_SCM_NOTHING, SG_SCM_NOT_IN_THIS_STATE };
	case SG_SCM_INTERROGATE: return (struct sg_scm_answer){ SG_SCM_TELL, SG_SCM_DONE };
	default: return (struct sg_scm_answer){ SG_SCM_NOTHING, SG_SCM_NOT_THIS_ONE };
	}
}
