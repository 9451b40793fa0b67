/* wait.h - there are no children: the cases that fork are left out in windows.cmake. */
#ifndef SG_TEST_WINDOWS_WAIT_H
#define SG_TEST_WINDOWS_WAIT_H

#include <sys/types.h>

#define WNOHANG             1
#define WIFEXITED(status)   ((status) == 0)
#define WIFSIGNALED(status) ((status) < 0)
#define WEXITSTATUS(status) (status)
#define WTERMSIG(status)    (status)
pid_t waitpid(pid_t pid, int *ret_status, int options); /* ENOSYS */

#endif
