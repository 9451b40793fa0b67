/* service_control.h - what the service answers to a control of the service control manager, by the state that it is in. Pure: numbers as the Microsoft page
 * "LPHANDLER_FUNCTION_EX callback function (winsvc.h)" and "SERVICE_STATUS structure (winsvc.h)" have them, so that a table tests them on any platform;
 * service_win.c compares them with winsvc.h when it is compiled.
 */
#ifndef SG_DAEMON_SERVICE_CONTROL_H
#define SG_DAEMON_SERVICE_CONTROL_H

enum sg_scm_state {
	SG_SCM_STOPPED = 1,
	SG_SCM_START_PENDING = 2,
	SG_SCM_STOP_PENDING = 3,
	SG_SCM_RUNNING = 4,
};

enum sg_scm_control {
	SG_SCM_STOP = 0x1,
	SG_SCM_INTERROGATE = 0x4,
	SG_SCM_SHUTDOWN = 0x5,
	SG_SCM_PARAMCHANGE = 0x6,
	SG_SCM_PRESHUTDOWN = 0xf,
};

enum sg_scm_accept {
	SG_SCM_ACCEPT_STOP = 0x1,
	SG_SCM_ACCEPT_SHUTDOWN = 0x4,
	SG_SCM_ACCEPT_PARAMCHANGE = 0x8,
	SG_SCM_ACCEPT_PRESHUTDOWN = 0x100,
};

enum sg_scm_error {
	SG_SCM_DONE = 0, /* NO_ERROR */
	SG_SCM_NOT_THIS_ONE =
	        120, /* ERROR_CALL_NOT_IMPLEMENTED: what the page wants for a control that is not handled */
	SG_SCM_NOT_IN_THIS_STATE = 1061, /* ERROR_SERVICE_CANNOT_ACCEPT_CTRL */
};

enum sg_scm_does {
	SG_SCM_NOTHING,
	SG_SCM_TELL,     /* says its state again */
	SG_SCM_RELOAD,   /* reads its configuration again */
	SG_SCM_END,      /* settles and stops: somebody asked for it */
	SG_SCM_END_DOWN, /* the same: the machine goes down */
};

struct sg_scm_answer {
	enum sg_scm_does does;
	unsigned long error; /* what the handler returns: enum sg_scm_error */
};

/* Any two numbers; those that are none of the above are refused and do nothing. A control that came in just as the state changed is answered like any other. */
struct sg_scm_answer sg_scm_answer(unsigned long state, unsigned long control);
/* What the service tells the manager that it takes in this state: the sum of enum sg_scm_accept. INTERROGATE is always taken. */
unsigned long sg_scm_accepts(unsigned long state);

#endif
