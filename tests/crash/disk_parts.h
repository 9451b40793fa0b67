/* disk_parts.h - what the two files of disk.h share; nothing else includes it. */
#ifndef SG_TESTS_CRASH_DISK_PARTS_H
#define SG_TESTS_CRASH_DISK_PARTS_H

#include "disk.h"

#include <sys/stat.h>

_Noreturn void disk_give_up(const char *what, const char *path); /* with errno's text */
void disk_read_file(const char *path, const struct stat *st, struct disk_node *ret);

#endif
