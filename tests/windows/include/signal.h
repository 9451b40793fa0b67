/* signal.h - the C library's. Nothing ends a process here that writes to who has gone. */
#ifndef SG_TEST_WINDOWS_SIGNAL_H
#define SG_TEST_WINDOWS_SIGNAL_H

#include_next <signal.h>

#define SIGPIPE 13
#define SIGKILL 9
#define SIGBUS  7

#endif
