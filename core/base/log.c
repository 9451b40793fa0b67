/* log.c - hands finished lines to one sink. Guarantees one write per line and no raw control characters on stderr. */
#include "base/log.h"
#include "base/os.h"
#include "base/text.h"

#include <stdatomic.h>
#include <stdio.h>

static void to_stderr(void *arg, enum sg_level level, int code, const char *text, const struct sg_val *data);

/* Set while there is one thread; the level may change at any time. */
static sg_log_sink *the_sink = to_stderr;
static void *the_arg;
static atomic_int lowest_level = SG_INFO;

static void to_stderr(void *arg, enum sg_level level, int code, const char *text, const struct sg_val *data)
{
	static const char *const names[] = { "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL" };
	static const char *const prefixes[] = { "<7>", "<6>", "<4>", "<3>", "<2>" }; /* sd-daemon(3) */
	struct sg_buf line = { 0 };

	(void)arg;
	(void)data;
	if (sg_os_stderr_is_journal())
		sg_buf_str(&line, prefixes[level]);
	sg_buf_fmt(&line, "%s %d ", names[level], code);
	sg_text_safe(text, &line);
	sg_buf_char(&line, '\n');
	fwrite(line.data, 1, line.len, stderr);
	sg_buf_release(&line);
}

void sg_log_to(sg_log_sink *sink, void *arg)
{
	the_sink = sink ? sink : to_stderr;
	the_arg = arg;
}

void sg_log_level(enum sg_level lowest)
{
	atomic_store(&lowest_level, (int)lowest);
}

void sg_log(enum sg_level level, int code, const struct sg_val *data, const char *fmt, ...)
{
	struct sg_buf text = { 0 };
	va_list ap;

	if ((int)level < atomic_load(&lowest_level))
		return;
	va_start(ap, fmt);
	sg_buf_vfmt(&text, fmt, ap);
	va_end(ap);
	the_sink(the_arg, level, code, text.data ? (const char *)text.data : "", data);
	sg_buf_release(&text);
}
