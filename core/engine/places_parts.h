/* places_parts.h - private to places*.c. */
#ifndef SG_ENGINE_PLACES_PARTS_H
#define SG_ENGINE_PLACES_PARTS_H

#include "engine/places.h"

/* Native path of C:\ProgramData\stopgap\LEAF, and below it `file` unless NULL; whether it is there or not. */
int sg_place_below(
        const struct sg_drives *drives, const char *leaf, const char *file, char **ret, struct sg_err *err);

#endif
