/* hive_file.c - the tree of a test hive, and hives on a test drive. See hive_file.h. POSIX only, like drive.c. */
#include "hive_parts.h"

#include "drive.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void die(const char *what, const char *name)
{
	fprintf(stderr, "test hive: %s: %s\n", what, name);
	abort();
}

/* --- the tree */

struct t_hive_node *t_hive_node_new(const char *name)
{
	struct t_hive_node *k = sg_alloc(sizeof(*k));

	k->name = sg_strdup(name);
	return k;
}

static void value_release(struct t_hive_value *v)
{
	free(v->name);
	sg_buf_release(&v->data);
	memset(v, 0, sizeof(*v));
}

void t_hive_node_free(struct t_hive_node *k)
{
	for (size_t i = 0; i < k->n_values; i++)
		value_release(&k->values[i]);
	for (size_t i = 0; i < k->n_subs; i++)
		t_hive_node_free(k->subs[i]);
	free(k->values);
	free(k->subs);
	free(k->name);
	free(k);
}

void t_hive_node_add(struct t_hive_node *k, struct t_hive_node *sub)
{
	k->subs = sg_grow(k->subs, k->n_subs, &k->cap_subs, sizeof(struct t_hive_node *));
	k->subs[k->n_subs++] = sub;
}

struct t_hive_value *t_hive_value_add(struct t_hive_node *k, const char *name)
{
	k->values = sg_grow(k->values, k->n_values, &k->cap_values, sizeof(*k->values));
	k->values[k->n_values] = (struct t_hive_value){ .name = sg_strdup(name) };
	return &k->values[k->n_values++];
}

struct t_hive *t_hive_new(void)
{
	struct t_hive *h = sg_alloc(sizeof(*h));

	h->root = t_hive_node_new("ROOT");
	return h;
}

void t_hive_free(struct t_hive *h)
{
	t_hive_node_free(h->root);
	free(h);
}

static bool same_name(const char *a, const char *b)
{
	struct sg_buf p = { 0 }, q = { 0 };
	bool same;

	t_hive_utf16(a, &p);
	t_hive_utf16(b, &q);
	same = p.len == q.len;
	for (size_t i = 0; same && i < p.len; i += 2)
		same = t_hive_upper((uint32_t)(p.data[i] | p.data[i + 1] << 8)) ==
		       t_hive_upper((uint32_t)(q.data[i] | q.data[i + 1] << 8));
	sg_buf_release(&p);
	sg_buf_release(&q);
	return same;
}

/* The key, made if need be, or NULL. *ret_at (may be NULL): its place in the key above it, which is then given back instead. */
static struct t_hive_node *reach(const struct t_hive *h, const char *path, bool make, size_t *ret_at)
{
	struct t_hive_node *k = h->root, *above = NULL;
	size_t at = 0;

	while (*path) {
		size_t len = strcspn(path, "\\");
		char *name = sg_strndup(path, len);

		path += len + (path[len] == '\\');
		above = k;
		for (at = 0; at < above->n_subs && !same_name(above->subs[at]->name, name); at++)
			;
		if (at == above->n_subs && make)
			t_hive_node_add(above, t_hive_node_new(name));
		free(name);
		if (at == above->n_subs)
			return NULL;
		k = above->subs[at];
	}
	if (!ret_at)
		return k;
	*ret_at = at;
	return above;
}

static struct t_hive_value *value_of(struct t_hive_node *k, const char *name)
{
	for (size_t i = 0; k && i < k->n_values; i++)
		if (same_name(k->values[i].name, name))
			return &k->values[i];
	return NULL;
}

void t_hive_key(struct t_hive *h, const char *key)
{
	reach(h, key, true, NULL);
}

void t_hive_raw(
        struct t_hive *h, const char *key, const char *name, uint32_t type, const void *data, size_t len)
{
	struct t_hive_node *k = reach(h, key, true, NULL);
	struct t_hive_value *v = value_of(k, name);

	if (!v)
		v = t_hive_value_add(k, name);
	v->type = type;
	v->at = 0;
	sg_buf_set(&v->data, data, len);
}

void t_hive_dword(struct t_hive *h, const char *key, const char *name, uint32_t value)
{
	unsigned char p[4] = { (unsigned char)value, (unsigned char)(value >> 8),
		(unsigned char)(value >> 16), (unsigned char)(value >> 24) };

	t_hive_raw(h, key, name, T_REG_DWORD, p, 4);
}

static void put_text(struct t_hive *h, const char *key, const char *name, uint32_t type, const char *text)
{
	struct sg_buf b = { 0 };

	t_hive_utf16(text, &b);
	sg_buf_add(&b, "\0", 2);
	t_hive_raw(h, key, name, type, b.data, b.len);
	sg_buf_release(&b);
}

void t_hive_text(struct t_hive *h, const char *key, const char *name, const char *text)
{
	put_text(h, key, name, T_REG_SZ, text);
}

void t_hive_expand(struct t_hive *h, const char *key, const char *name, const char *text)
{
	put_text(h, key, name, T_REG_EXPAND, text);
}

void t_hive_list(struct t_hive *h, const char *key, const char *name, const char *words)
{
	struct sg_buf b = { 0 };

	while (*words) {
		size_t len = strcspn(words, " ");
		char *word = sg_strndup(words, len);

		t_hive_utf16(word, &b);
		sg_buf_add(&b, "\0", 2);
		free(word);
		words += len + (words[len] == ' ');
	}
	sg_buf_add(&b, "\0", 2);
	t_hive_raw(h, key, name, T_REG_MULTI, b.data, b.len);
	sg_buf_release(&b);
}

void t_hive_remove(struct t_hive *h, const char *key)
{
	size_t at;
	struct t_hive_node *above = reach(h, key, false, &at);

	if (!above)
		die("there is no key to remove", key);
	t_hive_node_free(above->subs[at]);
	memmove(above->subs + at, above->subs + at + 1, (above->n_subs - at - 1) * sizeof(*above->subs));
	above->n_subs--;
}

void t_hive_remove_value(struct t_hive *h, const char *key, const char *name)
{
	struct t_hive_node *k = reach(h, key, false, NULL);
	struct t_hive_value *v = value_of(k, name);

	if (!v)
		die("there is no value to remove", name);
	value_release(v);
	*v = k->values[--k->n_values];
}

void t_hive_service(
        struct t_hive *h, const char *name, uint32_t start, const char *image, const char *depends_on)
{
	char *key = sg_format(T_SERVICES "%s", name);

	t_hive_dword(h, key, "Type", 0x10);
	t_hive_dword(h, key, "Start", start);
	t_hive_dword(h, key, "ErrorControl", 1);
	if (image)
		t_hive_expand(h, key, "ImagePath", image);
	t_hive_text(h, key, "DisplayName", name);
	t_hive_text(h, key, "ObjectName", "LocalSystem");
	if (depends_on)
		t_hive_list(h, key, "DependOnService", depends_on);
	free(key);
}

/* --- on a drive */

struct t_hive *t_hive_open(const char *dir, const char *win)
{
	struct sg_buf octets = { 0 };
	struct t_hive *h;

	t_drive_read(dir, win, &octets);
	h = t_hive_parse(sg_buf_bytes(&octets));
	sg_buf_release(&octets);
	return h;
}

void t_hive_save(const char *dir, const char *win, const struct t_hive *h, const struct t_hive_shape *shape)
{
	struct sg_buf octets = { 0 };

	t_hive_build(h, shape, &octets);
	t_drive_write(dir, win, sg_buf_bytes(&octets));
	sg_buf_release(&octets);
}

uint32_t t_start(const char *dir, const char *service)
{
	struct t_hive *h = t_hive_open(dir, T_SYSTEM);
	char *key = sg_format(T_SERVICES "%s", service);
	struct t_hive_value *v = value_of(reach(h, key, false, NULL), "Start");
	uint32_t start = T_NO_START;

	if (v && v->data.len == 4)
		start = (uint32_t)v->data.data[0] | (uint32_t)v->data.data[1] << 8 |
		        (uint32_t)v->data.data[2] << 16 | (uint32_t)v->data.data[3] << 24;
	free(key);
	t_hive_free(h);
	return start;
}

static void poke(const char *dir, const char *win, size_t at, const void *octets, size_t len)
{
	char *native = t_drive_native(dir, win);
	int fd = open(native, O_WRONLY);

	if (fd < 0 || pwrite(fd, octets, len, (off_t)at) != (ssize_t)len || close(fd))
		die("it cannot be written", native);
	free(native);
}

void t_set_start(const char *dir, const char *service, uint32_t start)
{
	struct t_hive *h = t_hive_open(dir, T_SYSTEM);
	char *key = sg_format(T_SERVICES "%s", service);
	struct t_hive_value *v = value_of(reach(h, key, false, NULL), "Start");
	unsigned char p[4] = { (unsigned char)start, (unsigned char)(start >> 8),
		(unsigned char)(start >> 16), (unsigned char)(start >> 24) };

	if (!v || !v->at)
		die("there is no such service", service);
	poke(dir, T_SYSTEM, v->at, p, 4);
	free(key);
	t_hive_free(h);
}

void t_add_service(
        const char *dir, const char *name, uint32_t start, const char *image, const char *depends_on)
{
	struct t_hive *h = t_hive_open(dir, T_SYSTEM);

	t_hive_service(h, name, start, image, depends_on);
	t_hive_save(dir, T_SYSTEM, h, NULL);
	t_hive_free(h);
}

static void drop_key(const char *dir, const char *win, const char *key)
{
	struct t_hive *h = t_hive_open(dir, win);

	t_hive_remove(h, key);
	t_hive_save(dir, win, h, NULL);
	t_hive_free(h);
}

void t_remove_service(const char *dir, const char *name)
{
	char *key = sg_format(T_SERVICES "%s", name);

	drop_key(dir, T_SYSTEM, key);
	free(key);
}

void t_software_remove(const char *dir, const char *key)
{
	drop_key(dir, T_SOFTWARE, key);
}

static void set_text(const char *dir, const char *win, const char *key, const char *name, const char *text)
{
	struct t_hive *h = t_hive_open(dir, win);

	t_hive_text(h, key, name, text);
	t_hive_save(dir, win, h, NULL);
	t_hive_free(h);
}

static void set_dword(const char *dir, const char *win, const char *key, const char *name, uint32_t value)
{
	struct t_hive *h = t_hive_open(dir, win);

	t_hive_dword(h, key, name, value);
	t_hive_save(dir, win, h, NULL);
	t_hive_free(h);
}

void t_software_text(const char *dir, const char *key, const char *name, const char *text)
{
	set_text(dir, T_SOFTWARE, key, name, text);
}

void t_software_dword(const char *dir, const char *key, const char *name, uint32_t value)
{
	set_dword(dir, T_SOFTWARE, key, name, value);
}

void t_system_text(const char *dir, const char *key, const char *name, const char *text)
{
	set_text(dir, T_SYSTEM, key, name, text);
}

void t_system_list(const char *dir, const char *key, const char *name, const char *words)
{
	struct t_hive *h = t_hive_open(dir, T_SYSTEM);

	t_hive_list(h, key, name, words);
	t_hive_save(dir, T_SYSTEM, h, NULL);
	t_hive_free(h);
}

/* Writes the primary sequence number `ahead` of the secondary one, in place. */
static void set_ahead(const char *dir, const char *win, unsigned char ahead)
{
	struct sg_buf octets = { 0 };

	t_drive_read(dir, win, &octets);
	memcpy(octets.data + 4, octets.data + 8, 4);
	octets.data[4] = (unsigned char)(octets.data[4] + ahead);
	t_hive_seal(&octets);
	poke(dir, win, 0, octets.data, 512);
	sg_buf_release(&octets);
}

void t_make_dirty(const char *dir, const char *win)
{
	set_ahead(dir, win, 1);
}

void t_make_clean(const char *dir, const char *win)
{
	static const char *const tails[] = { ".LOG1", ".LOG2" };

	set_ahead(dir, win, 0);
	for (size_t i = 0; i < 2; i++) {
		char *log = sg_format("%s%s", win, tails[i]), *native = t_drive_native(dir, log);

		unlink(native);
		free(native);
		free(log);
	}
}

void t_make_newer_log(const char *dir, const char *win)
{
	struct sg_buf octets = { 0 }, log = { 0 };
	char *name = sg_format("%s.LOG1", win);

	t_drive_read(dir, win, &octets);
	t_hive_log(sg_buf_bytes(&octets), octets.data[8], 2, &log);
	t_drive_write(dir, name, sg_buf_bytes(&log));
	sg_buf_release(&log);
	sg_buf_release(&octets);
	free(name);
}

void t_hibernate(const char *dir)
{
	unsigned char head[8192] = "HIBR";

	t_drive_write(dir, "C:\\hiberfil.sys", (struct sg_bytes){ head, sizeof(head) });
}
