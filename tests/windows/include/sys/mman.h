/* mman.h - memory without a file, which is all that portable tests map. */
#ifndef SG_TEST_WINDOWS_MMAN_H
#define SG_TEST_WINDOWS_MMAN_H

#include <stdlib.h>

#define PROT_READ                              1
#define PROT_WRITE                             2
#define MAP_SHARED                             1
#define MAP_ANONYMOUS                          32
#define MAP_FAILED                             ((void *)0)
#define mmap(at, len, prot, flags, fd, offset) calloc(1, len)
#define munmap(p, len)                         free(p)

#endif
