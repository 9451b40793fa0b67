/* log.h - where lines go. Only engine and daemon log. The table of codes is model/codes.h. Thread: any. */
#ifndef SG_BASE_LOG_H
#define SG_BASE_LOG_H

#include "base/val.h"

enum sg_level { SG_DEBUG, SG_INFO, SG_WARNING, SG_ERROR, SG_CRITICAL };

/* A sink gets finished lines. The default one writes "LEVEL code text" to stderr, with sd-daemon(3) level prefixes
 * when stderr is connected to the journal ($JOURNAL_STREAM). */
typedef void sg_log_sink(
        void *arg, enum sg_level level, int code, const char *text, const struct sg_val *data);
void sg_log_to(sg_log_sink *sink, void *arg); /* NULL: the default */
void sg_log_level(enum sg_level lowest);
void sg_log(enum sg_level level, int code, const struct sg_val *data, const char *fmt, ...)
        __attribute__((format(printf, 4, 5)));

#endif
