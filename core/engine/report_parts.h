/* report_parts.h - private to report*.c. */
#ifndef SG_ENGINE_REPORT_PARTS_H
#define SG_ENGINE_REPORT_PARTS_H

#include "engine/inside.h"

void sg_report_time(struct sg_val *map, const char *key, int64_t ms); /* 0 becomes nil */
void sg_report_who(struct sg_val *map, const struct sg_who *who);

#endif
