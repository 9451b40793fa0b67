/* sandbox_posix.h - how a worker gives up what it does not need. Only worker_posix.c includes it. */
#ifndef SG_BASE_SANDBOX_POSIX_H
#define SG_BASE_SANDBOX_POSIX_H

#include "base/err.h"
#include <stdbool.h>
#include <stdint.h>

/* Once, in a process with one thread, after its libraries are ready. `cpu_s`: seconds of processor time. Afterwards this process
 *  - is nobody, in no group, when it was root; can gain nothing through exec; is not dumped and not traced by its own kind;
 *  - without `network`: can read from and write to the descriptors it has, allocate up to SG_SANDBOX_MEMORY, ask for the time, and end. Any other system
 *    call kills it. Its root folder, when it was root, is one that holds nothing;
 *  - with `network`: can use sockets, start threads but no process, and read what is public below /etc, /usr, /lib, /run and /dev; it writes no file.
 * Of root's capabilities the parent needs CAP_SETUID, CAP_SETGID, CAP_KILL and, to leave the root folder, CAP_SYS_CHROOT.
 * *ret_lacks: what this system does not give (enum sg_worker_lack); nothing else rests on that. Errors: SG_EACCES, SG_EUNSUPPORTED: nothing may run then. */
enum { SG_SANDBOX_MEMORY = 512 << 20, SG_SANDBOX_NOBODY = 65534 };
int sg_sandbox_enter(bool network, int64_t cpu_s, unsigned *ret_lacks, struct sg_err *err);

#endif
