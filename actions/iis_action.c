/* iis_action.c - from the elements that a kind adds to the wishes for one server. Plans only.
 *
 * Each element is a value of its own; what stands around it are scaffolds. Nothing is planned where IIS could not load it: in a locked or
 * outsourced section, or where a key would be met twice.
 */
#include "actions/iis_action.h"
#include "actions/config_edit.h"
#include "actions/iis_parts.h"

#include <stdlib.h>
#include <string.h>

/* --- where */

int sg_iis_action_places(const struct sg_iis_at *at, const struct sg_host *host,
        const struct sg_drives *drives, struct sg_iis_place **ret, size_t *ret_n, struct sg_err *err)
{
	if (!host->iis)
		return sg_fail(err, host->iis_code ? host->iis_code : SG_ENOENT,
		        "there is no IIS that can be read here: %s", host->iis_error ? host->iis_error : "");
	if (!at->server)
		return sg_iis_places(host->iis, drives, at->sites, at->path, at->inherit, ret, ret_n, err);
	*ret = sg_alloc(sizeof(**ret));
	*ret_n = 1;
	sg_iis_place_server(host->iis, *ret);
	return 0;
}

void sg_iis_places_free(struct sg_iis_place *places, size_t n)
{
	for (size_t i = 0; i < n; i++)
		sg_iis_place_release(&places[i]);
	free(places);
}

/* --- what speaks against it */

static bool same_sort(const struct sg_iis_item *a, const struct sg_iis_item *b)
{
	return !strcmp(a->section, b->section) && !strcmp(a->list, b->list) && !strcmp(a->tag, b->tag);
}

static int check_place(const struct sg_iis_add *adds, size_t n, const struct sg_host *host,
        struct sg_iis_files *files, const struct sg_iis_place *place, const struct sg_addr *own, size_t n_own,
        struct sg_err *err)
{
	struct sg_iis_item *items = sg_alloc(n * sizeof(*items));
	int r = 0;

	for (size_t i = 0; !r && i < n; i++) {
		bool asked = false;

		items[i] = adds[i].item;
		for (size_t k = 0; !asked && k < i; k++)
			asked = same_sort(&items[k], &items[i]);
		if (!asked)
			r = sg_iis_may_write(files, place, &items[i], err);
	}
	if (!r)
		r = sg_iis_names_free(host->iis, files, place, items, n, own, n_own, err);
	free(items);
	return r;
}

/* --- the wishes */

static struct sg_wish *add_wish(
        struct sg_wishes *wishes, enum sg_value_kind kind, const struct sg_iis_place *place, const char *path)
{
	struct sg_wish *wish = sg_wishes_add(wishes);

	wish->addr.kind = kind;
	wish->addr.container = sg_strdup(place->container);
	wish->addr.path = sg_strdup(path);
	wish->site = place->site ? sg_format("%s%s", place->site, strcmp(place->path, "/") ? place->path : "")
	                         : NULL;
	wish->to.present = true;
	return wish;
}

static void add_scaffold(struct sg_wishes *wishes, const struct sg_iis_place *place, const char *path)
{
	for (size_t i = 0; i < wishes->n; i++)
		if (wishes->at[i].addr.kind == SG_VALUE_SCAFFOLD && !strcmp(wishes->at[i].addr.path, path) &&
		        sg_win_same(wishes->at[i].addr.container, place->container))
			return;
	add_wish(wishes, SG_VALUE_SCAFFOLD, place, path);
}

/* Everything from below /configuration down to `path`, outer before inner. */
static void add_scaffolds(struct sg_wishes *wishes, const struct sg_iis_place *place, const char *path)
{
	char *parent = sg_path_parent(path);

	if (parent && strcmp(path, "/configuration"))
		add_scaffolds(wishes, place, parent);
	if (strcmp(path, "/configuration"))
		add_scaffold(wishes, place, path);
	free(parent);
}

/* The step of the element of the same sort in front, which the new one is to follow; NULL: it is the first. */
static char *step_in_front(const struct sg_iis_add *adds, size_t i)
{
	for (size_t k = i; k-- > 0;)
		if (same_sort(&adds[k].item, &adds[i].item))
			return sg_path_step(adds[k].item.tag, adds[k].item.key, adds[k].item.name);
	return NULL;
}

static int add_element(const struct sg_iis_add *adds, size_t i, const struct sg_iis_place *place,
        struct sg_wishes *wishes, struct sg_err *err)
{
	const struct sg_iis_item *item = &adds[i].item;
	char *path = sg_iis_item_path(place->prefix, item), *parent;
	struct sg_wish *wish;

	if (!path)
		return sg_fail(err, SG_EUNSUPPORTED,
		        "%s \"%s\" holds both kinds of quotes: it has no address", item->key, item->name);
	parent = sg_path_parent(path);
	add_scaffolds(wishes, place, parent);
	wish = add_wish(wishes, SG_VALUE_ELEMENT, place, path);
	sg_buf_add(&wish->to.octets, adds[i].octets.data, adds[i].octets.len);
	wish->to.after = step_in_front(adds, i);
	free(parent);
	free(path);
	return 0;
}

/* Of what we hold, what does not stand in the way of the wishes; contents are borrowed. What stands at a wish's own address is for the operation to
 * judge: it may be ours, adopted or taken over, or it is a conflict then. */
static struct sg_addr *out_of_the_way(const struct sg_mitigation *m, const struct sg_holds *own,
        const struct sg_wishes *wishes, size_t *ret_n)
{
	struct sg_addr *ret = sg_alloc(((own ? own->n : 0) + wishes->n) * sizeof(*ret));
	size_t n = 0;

	for (size_t i = 0; own && i < own->n; i++) {
		const struct sg_hold *hold = &own->at[i];
		bool free_way = true;

		for (size_t k = 0; k < hold->holders.n; k++)
			free_way = free_way && sg_same(hold->holders.at[k].id, m->id) &&
			           sg_same(hold->holders.at[k].feed, m->feed);
		if (free_way)
			ret[n++] = hold->addr;
	}
	for (size_t k = 0; k < wishes->n; k++) {
		if (wishes->at[k].addr.kind == SG_VALUE_ELEMENT)
			ret[n++] = wishes->at[k].addr;
	}
	*ret_n = n;
	return ret;
}

int sg_iis_action_wishes(const struct sg_mitigation *m, const struct sg_iis_place *places, size_t n_places,
        const struct sg_iis_add *adds, size_t n_adds, const struct sg_host *host,
        const struct sg_drives *drives, const struct sg_holds *own, struct sg_wishes *ret, struct sg_err *err)
{
	struct sg_iis_files *own_files = host->files ? NULL : sg_iis_files_new(host->iis, drives);
	struct sg_iis_files *files = host->files ? host->files : own_files;
	struct sg_wishes wishes = { 0 };
	struct sg_addr *held = NULL;
	size_t n_held = 0;
	int r = 0;

	for (size_t i = 0; !r && i < n_places * n_adds; i++)
		r = add_element(adds, i % n_adds, &places[i / n_adds], &wishes, err);
	if (!r)
		held = out_of_the_way(m, own, &wishes, &n_held);
	for (size_t p = 0; !r && p < n_places; p++)
		r = check_place(adds, n_adds, host, files, &places[p], held, n_held, err);
	if (!r) {
		*ret = wishes;
		memset(&wishes, 0, sizeof(wishes));
	}
	sg_iis_files_free(own_files);
	sg_wishes_release(&wishes);
	free(held);
	return r;
}
