/* render_status.c - `status`: the verdict first, then why, then what it rests on. */
#include "cli/render.h"
#include "cli/table.h"

#include <inttypes.h>
#include <stdlib.h>

static void headline(const struct sg_val *s, struct sg_buf *out)
{
	const char *why = sg_val_get_str(s, "why", "");

	sg_put_safe(sg_val_get_str(s, "verdict", "UNKNOWN"), out);
	if (*why) {
		sg_buf_str(out, ": ");
		sg_put_safe(why, out);
	}
	sg_buf_char(out, '\n');
}

static void counts(const struct sg_val *s, struct sg_buf *out)
{
	const struct sg_val *c = sg_val_get(s, "counts");
	const char *comma = "";

	sg_buf_str(out, "  mitigations  ");
	for (size_t i = 0; i < sg_val_count(c); i++) {
		if (c->kid[i]->i == 0)
			continue;
		sg_buf_fmt(out, "%s%" PRId64 " ", comma, c->kid[i]->i);
		sg_put_safe(c->kid[i]->key, out);
		comma = ", ";
	}
	sg_buf_str(out, *comma ? "\n" : "none\n");
}

static void pause_line(const struct sg_val *s, struct sg_buf *out)
{
	int64_t until = sg_val_get_int(s, "paused_until", 0);

	if (!sg_val_get_bool(s, "paused", false))
		return;
	sg_buf_str(out, "  PAUSED       ");
	if (until) {
		sg_buf_str(out, "until ");
		sg_put_time(until, out);
		sg_buf_str(out, ", or ");
	}
	sg_buf_str(out, "until \"stopgapctl resume\": nothing is applied, repaired or given back\n");
}

static void service(const struct sg_val *s, struct sg_buf *out)
{
	sg_buf_str(out, "  service      stopgapd ");
	sg_put_safe(sg_val_get_str(s, "version", "-"), out);
	sg_buf_fmt(out, ", process %" PRId64 ", up since ", sg_val_get_int(s, "pid", 0));
	sg_put_time(sg_val_get_int(s, "started", 0), out);
	sg_buf_str(out, ", mode ");
	sg_put_safe(sg_val_get_str(s, "mode", "-"), out);
	sg_buf_char(out, '\n');
}

static void config(const struct sg_val *s, struct sg_buf *out)
{
	const struct sg_val *c = sg_val_get(s, "config");
	const char *error = sg_val_get_str(c, "error", "");

	sg_buf_str(out, "  config       ");
	sg_put_safe(sg_val_get_str(c, "file", "none"), out);
	if (sg_val_get_bool(c, "last_good", false))
		sg_buf_str(out, " (the last good one is in force)");
	sg_buf_char(out, '\n');
	if (*error) {
		sg_buf_str(out, "               ");
		sg_put_safe(error, out);
		sg_buf_char(out, '\n');
	}
}

static void journal(const struct sg_val *s, struct sg_buf *out)
{
	const struct sg_val *j = sg_val_get(s, "journal");
	double mib = 1024 * 1024;

	sg_buf_str(out, "  journal      ");
	sg_put_safe(sg_val_get_str(j, "folder", "-"), out);
	sg_buf_fmt(out, ", %.1f of %.1f MiB used%s\n", (double)sg_val_get_int(j, "used", 0) / mib,
	        (double)sg_val_get_int(j, "size", 0) / mib,
	        sg_val_get_bool(j, "full", false) ? ": FULL, nothing new is applied" : "");
}

static void products(const struct sg_val *s, struct sg_buf *out)
{
	const struct sg_val *list = sg_val_get(s, "products");

	for (size_t i = 0; i < sg_val_count(list); i++) {
		const struct sg_val *p = list->kid[i];
		const char *role = sg_val_get_str(p, "role", "");

		sg_buf_str(out, i ? "               " : "  products     ");
		sg_put_safe(sg_val_get_str(p, "name", "-"), out);
		sg_buf_char(out, ' ');
		sg_put_safe(sg_val_get_str(p, "version", "(version unknown)"), out);
		if (*role) {
			sg_buf_str(out, " (");
			sg_put_safe(role, out);
			sg_buf_char(out, ')');
		}
		sg_buf_char(out, '\n');
	}
}

/* Only what is not as on any other day. */
static void host(const struct sg_val *s, struct sg_buf *out)
{
	static const char *const keys[] = { "setup", "restart", "maintenance", "registry" };
	const struct sg_val *h = sg_val_get(s, "host");
	bool first = true;

	for (size_t i = 0; h && i < sizeof(keys) / sizeof(keys[0]); i++) {
		const char *text = sg_val_get_str(h, keys[i], "");

		if (!*text)
			continue;
		sg_buf_str(out, first ? "  server       " : "               ");
		sg_put_safe(text, out);
		sg_buf_char(out, '\n');
		first = false;
	}
}

/* Said from 90 days before: whoever has to renew it needs them. */
static void ends(const struct sg_val *s, struct sg_buf *out)
{
	const struct sg_val *e = sg_val_get(s, "ends");
	int64_t at = sg_val_get_int(e, "at", 0), now = sg_val_get_int(s, "now", 0);

	if (!at || at - now > INT64_C(90) * 24 * 3600 * 1000)
		return;
	sg_buf_str(out, "  trust        ");
	sg_put_safe(sg_val_get_str(e, "what", "-"), out);
	sg_buf_str(out, at > now ? " ends " : " ENDED ");
	sg_put_time(at, out);
	sg_buf_char(out, '\n');
}

static const char *feed_state(const struct sg_val *feed)
{
	const char *error = sg_val_get_str(feed, "error", "");

	if (*error)
		return error;
	if (!sg_val_get_int(feed, "verified", 0))
		return "not verified yet";
	return sg_val_get_bool(feed, "stale", false) ? "stale" : "good";
}

static void feeds(const struct sg_val *s, struct sg_buf *out)
{
	static const char *const heads[] = { "FEED", "SERIAL", "VERIFIED", "EXPIRES", "NEXT POLL", "STATE",
		NULL };
	const struct sg_val *list = sg_val_get(s, "feeds");
	struct sg_table t = { 0 };

	sg_table_head(&t, heads);
	for (size_t i = 0; i < sg_val_count(list); i++) {
		const struct sg_val *f = list->kid[i];
		char *serial = sg_format("%" PRId64, sg_val_get_int(f, "serial", 0));

		sg_table_cell(&t, sg_val_get_str(f, "name", NULL));
		sg_table_cell(&t, serial);
		sg_table_time(&t, sg_val_get_int(f, "verified", 0));
		sg_table_time(&t, sg_val_get_int(f, "expires", 0));
		sg_table_time(&t, sg_val_get_int(f, "next", 0));
		sg_table_cell(&t, feed_state(f));
		free(serial);
	}
	sg_buf_char(out, '\n');
	if (sg_val_count(list) == 0)
		sg_buf_str(out, "No feed is configured: add <feed> to the configuration and reload (SIGHUP, "
		                "on Windows \"stopgapd reload\").\n");
	sg_table_print(&t, "", out);
}

void sg_render_status(const struct sg_val *reply, struct sg_buf *out)
{
	headline(reply, out);
	pause_line(reply, out);
	counts(reply, out);
	service(reply, out);
	config(reply, out);
	journal(reply, out);
	products(reply, out);
	host(reply, out);
	ends(reply, out);
	feeds(reply, out);
}

void sg_render_short(const struct sg_val *reply, struct sg_buf *out)
{
	headline(reply, out);
	pause_line(reply, out);
	counts(reply, out);
	sg_buf_str(out, "\n\"stopgapctl list\" names them, \"stopgapctl status\" says more, \"stopgapctl "
	                "help\" lists the verbs.\n");
}
