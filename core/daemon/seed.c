/* seed.c - the first configuration: read, judged, written. The mode is spliced into the root's start tag, and the result has to say the same otherwise. */
#include "daemon/seed.h"
#include "base/os.h"
#include "base/text.h"
#include "daemon/config.h"

#include <stdlib.h>
#include <string.h>

static bool is_given(const char *value)
{
	return value && *value;
}

/* --- the mode */

/* Where the root's start tag has its name's end; only of what is well-formed. 0: in no encoding that begins like this. */
static size_t root_name_end(struct sg_bytes xml)
{
	static const struct {
		const char *open, *close;
	} skipped[] = { { "<?", "?>" }, { "<!--", "-->" } };
	size_t at = 0;

	while (at < xml.len) {
		const char *p = (const char *)xml.data + at;
		const char *end = NULL;
		bool skip = false;

		for (size_t i = 0; i < sizeof skipped / sizeof *skipped && !skip; i++) {
			skip = strncmp(p, skipped[i].open, strlen(skipped[i].open)) == 0;
			end = skip ? strstr(p + 2, skipped[i].close) : NULL;
		}
		if (skip && !end)
			return 0;
		if (skip)
			at = (size_t)(end - (const char *)xml.data);
		else if (*p == '<')
			return at + 1 + strcspn(p + 1, " \t\r\n/>");
		at++;
	}
	return 0;
}

/* The value of the root's attribute "mode" as a range; false: it has none, and *ret_from is where one may be written. */
static bool find_mode(struct sg_bytes xml, size_t *ret_from, size_t *ret_to)
{
	const char *text = (const char *)xml.data;
	size_t at = root_name_end(xml);

	*ret_from = at;
	while (at < xml.len) {
		size_t name = at + strspn(text + at, " \t\r\n");
		size_t end = name + strcspn(text + name, " \t\r\n=/>");
		at = end + strcspn(text + end, "'\"/>");
		if (end == name || !text[at] || strchr("/>", text[at]))
			return false;
		*ret_to = at + 1 + strcspn(text + at + 1, text[at] == '"' ? "\"" : "'");
		if (end - name == 4 && memcmp(text + name, "mode", 4) == 0) {
			*ret_from = at + 1;
			return true;
		}
		at = *ret_to + 1;
	}
	return false;
}

static void print_without_mode(struct sg_conf *conf, struct sg_buf *out)
{
	enum sg_mode mode = conf->mode;

	conf->mode = SG_MODE_ENFORCE;
	sg_conf_print(conf, out);
	conf->mode = mode;
}

/* `octets` get the mode. The word is judged by who reads configurations, and what else the file says must not have moved. */
static int set_mode(
        const struct sg_seed *seed, struct sg_conf *was, struct sg_buf *octets, struct sg_err *err)
{
	struct sg_buf edited = { 0 }, before = { 0 }, after = { 0 };
	struct sg_conf *conf = NULL;
	size_t from, to;
	int r;

	if (strspn(seed->mode, "abcdefghijklmnopqrstuvwxyz") != strlen(seed->mode))
		return sg_fail(
		        err, SG_EINVAL, "the mode \"%s\" is none of enforce, ask, observe", seed->mode);
	sg_buf_add(&edited, octets->data, octets->len);
	if (find_mode(sg_buf_bytes(octets), &from, &to)) {
		sg_buf_cut(&edited, from, to - from);
		sg_buf_insert(&edited, from, seed->mode, strlen(seed->mode));
	} else {
		char *attribute = sg_format(" mode=\"%s\"", seed->mode);

		sg_buf_insert(&edited, from, attribute, strlen(attribute));
		free(attribute);
	}
	r = sg_config_decode(sg_buf_bytes(&edited), seed->config, &conf, err);
	if (r == 0) {
		print_without_mode(was, &before);
		print_without_mode(conf, &after);
		if (!sg_bytes_equal(sg_buf_bytes(&before), sg_buf_bytes(&after)))
			r = sg_fail(err, SG_EINVAL,
			        "the mode %s cannot be put into %s: write it there as "
			        "<stopgap mode=\"%s\">",
			        seed->mode, seed->config, seed->mode);
	}
	if (r == 0) {
		sg_buf_release(octets);
		*octets = edited;
		edited = (struct sg_buf){ 0 };
	}
	sg_conf_free(conf);
	sg_buf_release(&edited);
	sg_buf_release(&before);
	sg_buf_release(&after);
	return r;
}

/* --- the certificate */

static char *folder_of(const char *file)
{
	return sg_strndup(file, (size_t)(sg_os_last(file) - file));
}

/* Nothing is written outside the configuration's own folder, whatever the configuration names. `folder` ends in a separator; which one that is may differ. */
static bool is_below(const char *path, const char *folder)
{
	size_t len = strlen(folder);

	return len && strncmp(path, folder, len - 1) == 0 && sg_os_slash(path[len - 1]) &&
	       !strstr(path + len, "..");
}

/* The anchor that has this file's name; the only one whatever its name. */
static int place_of(const struct sg_conf *conf, const struct sg_seed *seed, const char *target, char **ret,
        struct sg_err *err)
{
	const char *name = sg_os_last(seed->anchor), *found = NULL;
	char *folder;
	int r = 0;

	for (size_t i = 0; i < conf->n_anchors; i++) {
		if (conf->n_anchors == 1 || sg_same(sg_os_last(conf->anchors[i].file), name))
			found = conf->anchors[i].file;
	}
	if (!found)
		return sg_fail(err, SG_EINVAL,
		        "%s names %zu anchors, and no file of theirs is called %s: give the certificate the "
		        "name that it has there",
		        seed->config, conf->n_anchors, name);
	folder = folder_of(target);
	if (is_below(found, folder))
		*ret = sg_strdup(found);
	else
		r = sg_fail(err, SG_EINVAL,
		        "%s has its anchor at %s, which is not below %s: copy %s there yourself, or name it "
		        "without a folder",
		        seed->config, found, folder, seed->anchor);
	free(folder);
	return r;
}

/* A certificate that is there already stays; another one in its place is no business of an installation. */
static int read_anchor(const struct sg_seed *seed, struct sg_seeding *s, struct sg_err *err)
{
	struct sg_buf there = { 0 };
	struct sg_err why = SG_ERR_INIT;
	int r = sg_os_read(seed->anchor, SG_CONFIG_MAX, &s->anchor, NULL, err);

	if (r < 0)
		return r;
	r = sg_os_read(s->place, SG_CONFIG_MAX, &there, NULL, &why);
	if (r == 0 && !sg_bytes_equal(sg_buf_bytes(&there), sg_buf_bytes(&s->anchor)))
		r = sg_fail(err, SG_EINVAL, "%s is there already, and it is not %s", s->place, seed->anchor);
	else if (r == 0) {
		free(s->place);
		s->place = NULL;
	} else if (r == SG_ENOENT)
		r = 0;
	else
		r = sg_fail(err, r, "%s", why.msg);
	sg_buf_release(&there);
	return r;
}

/* --- the whole */

static int read_all(const struct sg_seed *seed, const char *target, struct sg_seeding *s, struct sg_err *err)
{
	struct sg_conf *conf = NULL, *placed = NULL;
	int r = sg_config_read(seed->config, &s->octets, &conf, err);

	if (r == 0 && is_given(seed->mode))
		r = set_mode(seed, conf, &s->octets, err);
	if (r == 0 && is_given(seed->anchor)) {
		/* where its relative names lead from the place that it will have */
		r = sg_config_decode(sg_buf_bytes(&s->octets), target, &placed, err);
		if (r == 0)
			r = place_of(placed, seed, target, &s->place, err);
		if (r == 0)
			r = read_anchor(seed, s, err);
	}
	if (r == 0)
		s->target = sg_strdup(target);
	sg_conf_free(conf);
	sg_conf_free(placed);
	return r;
}

int sg_seed_read(const struct sg_seed *seed, const char *target, struct sg_seeding *ret, struct sg_err *err)
{
	struct sg_seeding s = { 0 };
	struct sg_file_id id;
	struct sg_err why = SG_ERR_INIT;
	int r;

	if (!is_given(seed->config) && (is_given(seed->anchor) || is_given(seed->mode)))
		return sg_fail(err, SG_EINVAL,
		        "a certificate and a mode are part of a first configuration: name that, too");
	if (!is_given(seed->config))
		return 0;
	r = sg_os_stat(target, &id, &why);
	if (r == 0)
		return 0;
	if (r != SG_ENOENT)
		return sg_fail(err, r, "%s", why.msg);
	r = read_all(seed, target, &s, err);
	if (r < 0) {
		sg_seeding_release(&s);
		return r;
	}
	*ret = s;
	return 0;
}

/* --- writing */

static int make(const char *path, struct sg_bytes octets, struct sg_err *err)
{
	char *folder = folder_of(path);
	int r = sg_os_mkdirs(folder, err);

	if (r == 0)
		r = sg_os_create(path, octets, NULL, err);
	if (r == 0) {
		r = sg_os_sync_file(path, err);
		if (r == 0)
			r = sg_os_sync_dir(folder, err);
		if (r < 0)
			sg_os_unlink(path, NULL);
	}
	free(folder);
	return r;
}

/* Whole or absent: the service may be started by somebody else meanwhile. */
static int make_target(struct sg_seeding *s, struct sg_err *err)
{
	char *aside = sg_format("%s.seed", s->target), *folder = folder_of(s->target);
	int r = sg_os_unlink(aside, err); /* of an installation that was cut off */

	if (r == 0)
		r = make(aside, sg_buf_bytes(&s->octets), err);
	if (r == 0) {
		r = sg_os_replace(aside, s->target, err);
		s->target_made = r == 0;
		if (r < 0)
			sg_os_unlink(aside, NULL);
	}
	if (r == 0)
		r = sg_os_sync_dir(folder, err);
	free(aside);
	free(folder);
	return r;
}

int sg_seed_write(struct sg_seeding *s, struct sg_err *err)
{
	struct sg_conf *conf = NULL;
	int r = 0;

	if (!s->target)
		return 0;
	if (s->place) {
		r = make(s->place, sg_buf_bytes(&s->anchor), err);
		s->place_made = r == 0;
	}
	if (r == 0)
		r = sg_config_decode(sg_buf_bytes(&s->octets), s->target, &conf, err);
	if (r == 0)
		r = sg_config_check_files(conf, s->target, err);
	if (r == 0)
		r = make_target(s, err);
	if (r < 0)
		sg_seed_undo(s);
	sg_conf_free(conf);
	return r;
}

void sg_seed_undo(struct sg_seeding *s)
{
	if (s->target_made)
		sg_os_unlink(s->target, NULL);
	if (s->place_made)
		sg_os_unlink(s->place, NULL);
	s->target_made = s->place_made = false;
}

void sg_seeding_release(struct sg_seeding *s)
{
	sg_buf_release(&s->octets);
	sg_buf_release(&s->anchor);
	free(s->target);
	free(s->place);
	*s = (struct sg_seeding){ 0 };
}
