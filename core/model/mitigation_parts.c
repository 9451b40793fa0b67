/* mitigation_parts.c - references, conditions, tests and probes of a mitigation. */
#include "model/mitigation_read.h"

#include "model/words.h"
#include <stdlib.h>
#include <string.h>

/* --- labels */

void sg_mread_reference(struct sg_mread *r, const struct sg_canon_elem *node)
{
	static const char *const types = "cve kb url";

	sg_mread_attrs(r, node, "type");
	char *type = sg_mread_attr(r, node, NULL, "type", true);
	char *text = sg_mread_text(r, node);

	if (type && sg_words_index(types, type) < 0)
		sg_mread_fail(r, node, "attribute 'type': '%s' is not one of cve, kb, url", type);
	if (text)
		sg_strs_add(&r->m->references, text);
	free(type);
	free(text);
}

void sg_mread_side_effect(struct sg_mread *r, const struct sg_canon_elem *node)
{
	sg_mread_attrs(r, node, "");
	char *text = sg_mread_text(r, node);

	if (text)
		sg_strs_add(&r->m->side_effects, text);
	free(text);
}

void sg_mread_fixed_by(struct sg_mread *r, const struct sg_canon_elem *node)
{
	if (r->m->fixed_by) {
		sg_mread_fail(r, node, "there is a second one");
		return;
	}
	sg_mread_attrs(r, node, "");
	r->m->fixed_by = sg_mread_text(r, node);
}

/* --- conditions */

static struct sg_version read_version(
        struct sg_mread *r, const struct sg_canon_elem *node, const char *name, bool required)
{
	char *s = sg_mread_attr(r, node, NULL, name, required);
	struct sg_version v = { .n = 0 };

	if (s && sg_version_parse(s, &v, NULL)) {
		sg_mread_fail(r, node,
		        "attribute '%s': '%s' is not a version; write 1 to 4 numbers, such as 15.2.1118.20",
		        name, s);
		v = (struct sg_version){ .n = 0 };
	}
	free(s);
	return v;
}

/* from <= x < below, at least one of them written. */
static struct sg_range read_range(struct sg_mread *r, const struct sg_canon_elem *node)
{
	struct sg_range range = {
		.from = read_version(r, node, "from", false),
		.below = read_version(r, node, "below", false),
	};

	if (range.from.n == 0 && range.below.n == 0)
		sg_mread_fail(r, node, "at least one of 'from' and 'below' is needed");
	if (range.from.n > 0 && range.below.n > 0 && sg_version_cmp(&range.from, &range.below) >= 0)
		sg_mread_fail(r, node, "'from' must be less than 'below'");
	return range;
}

static void read_affected(struct sg_mread *r, const struct sg_canon_elem *node, struct sg_product *product)
{
	sg_mread_attrs(r, node, "from below");
	sg_mread_no_text(r, node);
	product->affected =
	        sg_realloc(product->affected, (product->n_affected + 1) * sizeof *product->affected);
	product->affected[product->n_affected++] = read_range(r, node);
}

static void read_fixed(struct sg_mread *r, const struct sg_canon_elem *node, struct sg_product *product)
{
	struct sg_fixed fixed = {
		.branch = read_version(r, node, "branch", true),
		.from = read_version(r, node, "from", true),
	};

	sg_mread_attrs(r, node, "branch from");
	sg_mread_no_text(r, node);
	if (!r->code && !sg_version_has_prefix(&fixed.from, &fixed.branch))
		sg_mread_fail(r, node, "'from' must lie in 'branch': begin with the same numbers");
	product->fixed = sg_realloc(product->fixed, (product->n_fixed + 1) * sizeof *product->fixed);
	product->fixed[product->n_fixed++] = fixed;
}

static void read_product(struct sg_mread *r, const struct sg_canon_elem *node)
{
	struct sg_applicability *a = &r->m->applicability;

	a->products = sg_realloc(a->products, (a->n_products + 1) * sizeof *a->products);
	struct sg_product *product = &a->products[a->n_products++];

	sg_mread_attrs(r, node, "name role");
	sg_mread_no_text(r, node);
	*product = (struct sg_product){
		.name = sg_mread_attr(r, node, NULL, "name", true),
		.role = sg_mread_attr(r, node, NULL, "role", false),
	};
	for (const struct sg_canon_elem *n = node->first; n && !r->code; n = n->next) {
		if (sg_canon_is(n, SG_FEED_NS, "Affected"))
			read_affected(r, n, product);
		else if (sg_canon_is(n, SG_FEED_NS, "Fixed"))
			read_fixed(r, n, product);
		else
			sg_mread_unknown(r, "condition", n->name, "Product");
	}
}

static void read_file(struct sg_mread *r, const struct sg_canon_elem *node)
{
	struct sg_applicability *a = &r->m->applicability;

	a->files = sg_realloc(a->files, (a->n_files + 1) * sizeof *a->files);
	struct sg_file_condition *file = &a->files[a->n_files++];

	sg_mread_attrs(r, node, "path from below");
	sg_mread_no_text(r, node);
	*file = (struct sg_file_condition){ .path = sg_mread_attr(r, node, NULL, "path", true) };
	struct sg_range range = read_range(r, node);

	file->from = range.from;
	file->below = range.below;
	if (file->path && strncmp(file->path, "{app}\\", 6) != 0 && file->path[0] != '%' &&
	        !(file->path[0] && strncmp(file->path + 1, ":\\", 2) == 0))
		sg_mread_fail(r, node, "attribute 'path' must begin with a drive, %%Name%% or {app}\\");
}

void sg_mread_applicability(struct sg_mread *r, const struct sg_canon_elem *node)
{
	struct sg_applicability *a = &r->m->applicability;

	if (a->given) {
		sg_mread_fail(r, node, "there is a second one");
		return;
	}
	a->given = true;
	sg_mread_attrs(r, node, "");
	sg_mread_no_text(r, node);
	if (!node->first)
		sg_mread_fail(r, node, "there is no condition in it; leave it out to mean every server");
	for (const struct sg_canon_elem *n = node->first; n && !r->code; n = n->next) {
		if (sg_canon_is(n, SG_FEED_NS, "Product"))
			read_product(r, n);
		else if (sg_canon_is(n, SG_FEED_NS, "File"))
			read_file(r, n);
		else
			sg_mread_unknown(r, "condition", n->name, "Applicability");
	}
}

/* --- tests and probes */

static char *read_uri(struct sg_mread *r, const struct sg_canon_elem *node)
{
	char *uri = sg_mread_attr(r, node, NULL, "uri", true);

	if (uri && uri[0] != '/')
		sg_mread_fail(r, node, "attribute 'uri' must begin with '/'");
	for (const char *p = uri; p && *p; p++)
		if ((unsigned char)*p <= ' ' || *p == 0x7f) {
			sg_mread_fail(r, node,
			        "attribute 'uri' has a blank or a control character; write it as %%20");
			break;
		}
	return uri;
}

static void read_header(struct sg_mread *r, const struct sg_canon_elem *node, struct sg_test *test)
{
	test->headers = sg_realloc(test->headers, (test->n_headers + 1) * sizeof *test->headers);
	struct sg_test_header *header = &test->headers[test->n_headers++];

	sg_mread_attrs(r, node, "name");
	*header = (struct sg_test_header){
		.name = sg_mread_attr(r, node, NULL, "name", true),
		.value = sg_mread_text(r, node),
	};
}

static void read_test(struct sg_mread *r, const struct sg_canon_elem *node, enum sg_test_kind kind)
{
	struct sg_mitigation *m = r->m;
	bool response = kind == SG_TEST_RESPONSE;

	m->tests = sg_realloc(m->tests, (m->n_tests + 1) * sizeof *m->tests);
	struct sg_test *test = &m->tests[m->n_tests++];

	sg_mread_attrs(r, node, response ? "method uri type header is becomes" : "method uri");
	sg_mread_no_text(r, node);
	*test = (struct sg_test){ .kind = kind, .uri = read_uri(r, node) };
	test->method = sg_mread_attr(r, node, NULL, "method", false);
	if (test->method && strspn(test->method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-") != strlen(test->method))
		sg_mread_fail(r, node, "attribute 'method' must be in capital letters, such as POST");
	if (response) {
		test->type = sg_mread_attr(r, node, NULL, "type", false);
		test->header = sg_mread_attr(r, node, NULL, "header", true);
		test->is = sg_mread_attr(r, node, NULL, "is", false);
		test->becomes = sg_mread_attr(r, node, NULL, "becomes", true);
	}
	for (const struct sg_canon_elem *n = node->first; n && !r->code; n = n->next) {
		if (sg_canon_is(n, SG_FEED_NS, "Header"))
			read_header(r, n, test);
		else
			sg_mread_fail(r, node, "element '%s' is not known here; allowed: Header", n->name);
	}
}

void sg_mread_tests(struct sg_mread *r, const struct sg_canon_elem *node)
{
	static const char *const kinds = "Refuse Serve Response"; /* as enum sg_test_kind counts */

	sg_mread_attrs(r, node, "");
	sg_mread_no_text(r, node);
	if (!node->first)
		sg_mread_fail(r, node, "there is no test in it");
	for (const struct sg_canon_elem *n = node->first; n && !r->code; n = n->next) {
		int kind = sg_words_index(kinds, n->name);

		if (kind < 0 || !sg_canon_is(n, SG_FEED_NS, n->name))
			sg_mread_fail(r, node,
			        "element '%s' is not known here; allowed: Refuse, Serve, Response", n->name);
		else
			read_test(r, n, (enum sg_test_kind)kind);
	}
}

void sg_mread_probe(struct sg_mread *r, const struct sg_canon_elem *node)
{
	struct sg_mitigation *m = r->m;

	m->probes = sg_realloc(m->probes, (m->n_probes + 1) * sizeof *m->probes);
	struct sg_probe *probe = &m->probes[m->n_probes++];

	sg_mread_attrs(r, node, "uri expect");
	sg_mread_no_text(r, node);
	*probe = (struct sg_probe){ .uri = read_uri(r, node) };
	probe->expect = sg_mread_attr(r, node, NULL, "expect", true);
	if (probe->expect && sg_words_index("refused served", probe->expect) < 0)
		sg_mread_fail(
		        r, node, "attribute 'expect': '%s' is not one of refused, served", probe->expect);
	if (node->first)
		sg_mread_fail(r, node, "an element is not allowed here");
}

void sg_mitigation_parts_release(struct sg_mitigation *m)
{
	struct sg_applicability *a = &m->applicability;

	for (size_t i = 0; i < a->n_products; i++) {
		free(a->products[i].name);
		free(a->products[i].role);
		free(a->products[i].affected);
		free(a->products[i].fixed);
	}
	free(a->products);
	for (size_t i = 0; i < a->n_files; i++)
		free(a->files[i].path);
	free(a->files);
	free(a->unknown);
	for (size_t i = 0; i < m->n_tests; i++) {
		struct sg_test *test = &m->tests[i];

		for (size_t j = 0; j < test->n_headers; j++) {
			free(test->headers[j].name);
			free(test->headers[j].value);
		}
		free(test->headers);
		free(test->method);
		free(test->uri);
		free(test->type);
		free(test->header);
		free(test->is);
		free(test->becomes);
	}
	free(m->tests);
	for (size_t i = 0; i < m->n_probes; i++) {
		free(m->probes[i].uri);
		free(m->probes[i].expect);
	}
	free(m->probes);
}
