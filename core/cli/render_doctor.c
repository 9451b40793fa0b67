/* render_doctor.c - `doctor`: one line per check, and below each that is not well what to do. */
#include "cli/render.h"
#include "cli/table.h"

#include <string.h>

void sg_render_doctor(const struct sg_val *reply, struct sg_buf *out)
{
	const struct sg_val *list = sg_val_get(reply, "checks");

	for (size_t i = 0; i < sg_val_count(list); i++) {
		const struct sg_val *c = list->kid[i];
		const char *status = sg_val_get_str(c, "status", "-"), *cure = sg_val_get_str(c, "cure", "");

		sg_buf_fmt(out, "%-8s", strcmp(status, "fail") == 0 ? "FAIL" : status);
		sg_buf_fmt(out, "%-14s ", sg_val_get_str(c, "check", "-"));
		sg_put_safe(sg_val_get_str(c, "text", "-"), out);
		sg_buf_char(out, '\n');
		if (*cure && strcmp(status, "ok") != 0) {
			sg_buf_fmt(out, "%-8s%-14s do: ", "", "");
			sg_put_safe(cure, out);
			sg_buf_char(out, '\n');
		}
	}
	sg_buf_char(out, '\n');
	sg_put_safe(sg_val_get_str(reply, "text", ""), out);
	sg_buf_char(out, '\n');
}
