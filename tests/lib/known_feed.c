#include "tests/lib/known_feed.h"

#include "base/os.h"
#include "tests/lib/as_canonical.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

void known_octets(const char *name, struct sg_buf *ret)
{
	char *path = sg_format("%s/schemas/examples/%s", SG_SOURCE_DIR, name);
	struct sg_err err = SG_ERR_INIT;

	if (sg_os_read(path, 1 << 20, ret, NULL, &err))
		fail_msg("%s", err.msg);
	free(path);
}

struct sg_feed *known_decode(const char *name)
{
	struct sg_feed_rules rules = { .name = KNOWN_FEED };
	struct sg_err err = SG_ERR_INIT;
	struct sg_feed *feed = NULL;
	struct sg_buf octets = { 0 };
	int event = 0;

	known_octets(name, &octets);
	if (decode_feed(sg_buf_bytes(&octets), &rules, &feed, &event, &err))
		fail_msg("%s: %s", name, err.msg);
	sg_buf_release(&octets);
	return feed;
}

/* From `from` up to and with `to`. */
static char *part(const char *text, const char *from, const char *to)
{
	const char *a = strstr(text, from), *b = a ? strstr(a, to) : NULL;

	if (!b)
		fail_msg("there is no %s ... %s", from, to);
	return sg_strndup(a, (size_t)(b - a) + strlen(to));
}

char *known_configs(const char *name)
{
	struct sg_buf octets = { 0 };
	char *root, *end;

	known_octets(name, &octets);
	root = strstr(strstr((char *)octets.data, "<EOCS "), ">");
	end = strstr(root, "</EOCS>");
	root = sg_strndup(root + 1, (size_t)(end - root) - 1);
	sg_buf_release(&octets);
	return root;
}

char *known_config(const char *name, const char *id)
{
	char *all = known_configs(name), *head = sg_format("<Config id=\"%s\"", id), *one;

	one = part(all, head, "</Config>");
	free(all);
	free(head);
	return one;
}

struct sg_mitigation *known_find(const struct sg_feed *feed, const char *id)
{
	for (size_t i = 0; i < feed->n; i++) {
		if (strcmp(feed->at[i]->id, id) == 0)
			return feed->at[i];
	}
	fail_msg("the feed has no %s", id);
	return NULL;
}
