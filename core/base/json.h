/* json.h - writes a value tree as JSON (RFC 8259). Output is always valid UTF-8 and ASCII-only when asked; BIN becomes
 * a base64 string. There is no reader: stopgap takes no JSON in. */
#ifndef SG_BASE_JSON_H
#define SG_BASE_JSON_H

#include "base/val.h"

enum sg_json_style { SG_JSON_LINE = 0, SG_JSON_PRETTY = 1, SG_JSON_ASCII = 2 }; /* may be or-ed */
void sg_json(const struct sg_val *v, int style, struct sg_buf *out);

#endif
