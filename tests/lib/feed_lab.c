#include "tests/lib/feed_lab.h"

#include "base/os.h"
#include "base/text.h"
#include "tests/lib/sign.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

struct pki feed_pki[2];

int feed_lab_group(void **state)
{
	(void)state;
	pki_chain(&feed_pki[0], LAB_NOW);
	pki_chain(&feed_pki[1], LAB_NOW);
	return 0;
}

int feed_lab_ungroup(void **state)
{
	(void)state;
	pki_release(&feed_pki[0]);
	pki_release(&feed_pki[1]);
	return 0;
}

void feed_lab_put(struct lab *lab, const char *name, struct sg_bytes octets)
{
	char *file = sg_format("%s/%s", lab->folder, name);

	sg_err_clear(&lab->err);
	assert_int_equal(sg_os_unlink(file, &lab->err), 0);
	assert_int_equal(sg_os_create(file, octets, NULL, &lab->err), 0);
	free(file);
}

static void put_cert(struct lab *lab, const char *name, const struct pki_cert *c)
{
	struct sg_buf pem = { 0 };

	pki_cert_pem(c, &pem);
	feed_lab_put(lab, name, sg_buf_bytes(&pem));
	sg_buf_release(&pem);
}

int feed_lab_set_up(void **state)
{
	lab_set_up(state);
	put_cert(*state, "a.pem", &feed_pki[0].root);
	put_cert(*state, "b.pem", &feed_pki[1].root);
	put_cert(*state, "a-middle.pem", &feed_pki[0].middle);
	return 0;
}

int feed_lab_configure(struct lab *lab, const char *inside)
{
	struct sg_conf *conf = NULL;
	char *file = sg_format("%s/stopgap.xml", lab->folder);
	char *xml = sg_format("<stopgap xmlns=\"urn:stopgap:config:1\">%s</stopgap>", inside);
	int r;

	sg_err_clear(&lab->err);
	r = sg_conf_decode(sg_bytes_of(xml), file, NULL, &conf, &lab->err);
	if (!r && (r = sg_engine_configure(lab->engine, conf, sg_bytes_of(xml), file, &lab->err)) != 0)
		sg_conf_free(conf);
	free(xml);
	free(file);
	return r;
}

static const char heartbeat[] =
        "<Config id=\"PING\" desc=\"Heartbeat\"><ActionList><Action type=\"DoNothing\" "
        "scope=\"Server\" desc=\"Nothing\"><Value>DoNothing</Value></Action></ActionList></Config>";

void feed_lab_sign(struct lab *lab, const struct feed_doc *d, struct sg_fetched *ret)
{
	const struct pki *pki = &feed_pki[d->pki];
	X509 *certs[2] = { pki->leaf.x509, pki->middle.x509 };
	struct sign_spec spec = { .key = pki->leaf.key, .certs = certs, .n_certs = 2 };
	const char *configs = d->configs ? d->configs : heartbeat;
	char issued[32], expires[32], *doc;

	sg_time_format(d->issued ? d->issued : lab->now - 60000, issued);
	sg_time_format(d->expires ? d->expires : lab->now + 14 * FEED_DAY, expires);
	if (d->eocs)
		doc = sg_format("<EOCS version=\"1.0.4\">%s</EOCS>", configs);
	else
		doc = sg_format("<EOCS version=\"1.0.4\" xmlns:sg=\"urn:stopgap:feed:1\" sg:feed=\"%s\" "
		                "sg:serial=\"%llu\" sg:issued=\"%s\" sg:expires=\"%s\">%s</EOCS>",
		        d->feed, (unsigned long long)d->serial, issued, expires, configs);
	*ret = (struct sg_fetched){ 0 };
	assert_int_equal(sign_xmldsig(sg_bytes_of(doc), &spec, &ret->octets), 0);
	if (d->cms)
		sign_cms(sg_buf_bytes(&ret->octets), d->cms, &ret->cms);
	free(doc);
}

int feed_lab_give(struct lab *lab, const char *feed, const struct sg_fetched *f)
{
	sg_err_clear(&lab->err);
	return sg_engine_fetched(lab->engine, feed, f, NULL, &lab->err);
}

int feed_lab_offer_as(struct lab *lab, const char *feed, const struct feed_doc *d)
{
	struct sg_fetched f;
	int r;

	feed_lab_sign(lab, d, &f);
	r = feed_lab_give(lab, feed, &f);
	sg_fetched_release(&f);
	return r;
}

int feed_lab_offer(struct lab *lab, const struct feed_doc *d)
{
	return feed_lab_offer_as(lab, d->feed, d);
}

struct sg_val *feed_lab_status(struct lab *lab, const char *feed)
{
	struct sg_snapshot *s = sg_engine_snapshot(lab->engine);
	const struct sg_val *list = sg_val_get(s->status, "feeds");
	struct sg_val *found = NULL;

	for (size_t i = 0; i < list->n; i++)
		if (strcmp(sg_val_get_str(list->kid[i], "name", ""), feed) == 0)
			found = sg_val_copy(list->kid[i]);
	sg_snapshot_free(s);
	assert_non_null(found);
	return found;
}

void feed_lab_expect(struct lab *lab, const char *feed, uint64_t serial, const char *error)
{
	struct sg_val *f = feed_lab_status(lab, feed);
	const char *says = sg_val_get_str(f, "error", NULL);

	if ((uint64_t)sg_val_get_int(f, "serial", 0) != serial || !error != !says ||
	        (error && !strstr(says, error)))
		fail_msg("feed %s: serial %lld, error \"%s\"; expected %llu and \"%s\"", feed,
		        (long long)sg_val_get_int(f, "serial", 0), says ? says : "",
		        (unsigned long long)serial, error ? error : "");
	sg_val_free(f);
}

size_t feed_lab_said(struct lab *lab, int code, const char *part)
{
	struct sg_val *reply = NULL;
	const struct sg_val *lines;
	size_t n = 0;

	assert_int_equal(lab_ask(lab, &reply, "history", "limit", "@100000", NULL), 0);
	lines = sg_val_get(reply, "lines");
	for (size_t i = 0; lines && i < lines->n; i++)
		n += sg_val_get_int(lines->kid[i], "code", 0) == code &&
		     strstr(sg_val_get_str(lines->kid[i], "text", ""), part) != NULL;
	sg_val_free(reply);
	return n;
}

int64_t feed_lab_read(struct lab *lab)
{
	struct sg_snapshot *s = sg_engine_snapshot(lab->engine);
	int64_t n = sg_val_get_int(s->status, "documents_read", -1);

	sg_snapshot_free(s);
	return n;
}
