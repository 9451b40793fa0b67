/* doctor_path.c - the feeds: what the journal knows of each, and its way from the address to the serial, read by the code that a poll is read by. Accepts nothing.
 */
#include "engine/doctor_parts.h"

#include "base/text.h"
#include "engine/accept.h"
#include "feed/apart.h"
#include "feed/fetch_walk.h"
#include "model/codes.h"

#include <stdlib.h>
#include <string.h>

static struct sg_walk *walk_of(const struct sg_doctor *d, const char *feed)
{
	for (size_t i = 0; i < d->e->n_walks; i++)
		if (strcmp(d->e->walks[i].feed, feed) == 0)
			return &d->e->walks[i];
	return NULL;
}

/* --- what a document is that is none */

static bool has_text(struct sg_bytes octets, const char *text)
{
	size_t n = strlen(text);

	for (size_t i = 0; i + n <= octets.len && i < 1024; i++)
		if (sg_same_n((const char *)octets.data + i, text, n))
			return true;
	return false;
}

static void say_no_feed(struct sg_walk *w, const char *why)
{
	struct sg_bytes octets = sg_buf_bytes(&w->fetched.octets);

	if (has_text(octets, "<html"))
		sg_walk_say(w, SG_WALK_PARSE, SG_WALKED_FAILED, -1,
		        "open the feed's url in a browser on this server: a portal or a proxy may ask for a "
		        "login there, "
		        "or the url is that of a page",
		        "a web page came instead of the document: %s", why);
	else
		sg_walk_say(w, SG_WALK_PARSE, SG_WALKED_FAILED, -1,
		        "check the feed's url; if it is right, tell the publisher: 'stopgap-feed verify' "
		        "says the same "
		        "there",
		        "%s", why);
}

static const char *cure_of_trust(int event, const struct sg_conf_feed *conf)
{
	if (event == SG_EV_TRUST_NAME)
		return "the document is another feed's: check the feed's url, and its name in the "
		       "configuration";
	if (event == SG_EV_TRUST_CHAIN)
		return "check that <anchor> and <timestamp> of this feed are its publisher's; if the "
		       "publisher changed "
		       "them, get the new certificate from there by another way than this address";
	if (conf->signature != SG_SIGNED_XMLDSIG)
		return "if the document is being published just now, run stopgapctl doctor again; otherwise "
		       "document "
		       "and FEED.p7s are not of one publication, or were changed on their way: tell the "
		       "publisher";
	return "the document was changed after it was signed, or on its way here: tell the publisher; "
	       "nothing of it is "
	       "used";
}

static void say_unread(const struct sg_conf_feed *conf, struct sg_walk *w, int event, const char *why)
{
	if (event == SG_EV_FEED_UNREACHABLE) {
		sg_walk_say(w, SG_WALK_PARSE, SG_WALKED_FAILED, -1,
		        "free memory and processes on this server", "%s", why);
	} else if (event == SG_EV_FEED_MALFORMED) {
		say_no_feed(w, why);
	} else {
		sg_walk_say(w, SG_WALK_PARSE, SG_WALKED_OK, -1, NULL, "it is a signed feed");
		sg_walk_say(
		        w, SG_WALK_SIGNATURE, SG_WALKED_FAILED, -1, cure_of_trust(event, conf), "%s", why);
	}
}

/* --- a document that verifies */

static void say_time(struct sg_walk *w, const struct sg_feed *feed, int64_t now)
{
	const struct sg_feed_before nothing = { .now = now };
	struct sg_err why = SG_ERR_INIT;
	char issued[32], expires[32], clock[32];
	int event = 0;

	sg_time_format(feed->issued, issued);
	sg_time_format(feed->expires, expires);
	sg_time_format(now, clock);
	if (sg_feed_follows(feed, &nothing, 0, &event, &why) && event == SG_EV_TRUST_TIME)
		sg_walk_say(w, SG_WALK_TIME, SG_WALKED_FAILED, -1,
		        "set this server's clock, if it is wrong; if it is right, tell the publisher",
		        "issued %s, but this server's clock says %s: one of the two clocks is wrong", issued,
		        clock);
	else if (feed->expires && now > feed->expires)
		sg_walk_say(w, SG_WALK_TIME, SG_WALKED_FAILED, -1,
		        "ask the publisher for a newer document; if this server's clock is wrong, set it",
		        "it expired on %s and this server's clock says %s: nothing new starts from it, and "
		        "what is in "
		        "force stays",
		        expires, clock);
	else if (feed->expires)
		sg_walk_say(
		        w, SG_WALK_TIME, SG_WALKED_OK, -1, NULL, "issued %s, expires %s", issued, expires);
	else
		sg_walk_say(w, SG_WALK_TIME, SG_WALKED_OK, -1, NULL, "%s%s",
		        feed->issued ? "signed " : "an EM document without a timestamp has no time",
		        feed->issued ? issued : "");
}

static const char *cure_of_serial(int event)
{
	if (event == SG_EV_TRUST_EQUIVOCATION)
		return "two documents of one serial: ask the publisher which is right, and whether somebody "
		       "else signs "
		       "with its key";
	return "a cache or a mirror may be behind: ask the publisher for its newest serial; only if it says "
	       "that it "
	       "began anew: stopgapctl feed reset-serial NAME --reason TEXT";
}

static void say_serial(const struct sg_arrival *a, struct sg_walk *w, const struct sg_feed *feed)
{
	const struct sg_feed_row *row = &a->row;
	const struct sg_feed_before before = {
		.serial = row->serial, .issued = row->eocs ? row->issued : 0, .document = row->document
	};
	unsigned long long is = (unsigned long long)feed->serial, was = (unsigned long long)row->serial;
	struct sg_err why = SG_ERR_INIT;
	int event = 0;

	if (sg_feed_follows(feed, &before, a->rules.feed.max_serial_jump, &event, &why))
		sg_walk_say(w, SG_WALK_SERIAL, SG_WALKED_FAILED, -1, cure_of_serial(event), "%s", why.msg);
	else if (sg_hash_equal(&feed->document, &row->document))
		sg_walk_say(w, SG_WALK_SERIAL, SG_WALKED_OK, -1, NULL, "%llu: this document is in force here",
		        is);
	else if (row->verified && !row->eocs)
		sg_walk_say(w, SG_WALK_SERIAL, SG_WALKED_OK, -1, "stopgapctl refresh takes it in now",
		        "%llu follows %llu, which is in force here: the next poll takes it in", is, was);
	else
		sg_walk_say(w, SG_WALK_SERIAL, SG_WALKED_OK, -1, "stopgapctl refresh takes it in now",
		        "%llu: the next poll takes it in", is);
}

/* As a poll reads it (sg_accept_document), and nothing of it is kept. */
static void read_on(const struct sg_doctor *d, const struct sg_conf_feed *conf, struct sg_walk *w)
{
	struct sg_arrival a = { 0 };
	struct sg_err why = SG_ERR_INIT;
	struct sg_feed *feed = NULL;
	int event = SG_EV_FEED_MALFORMED;
	char until[32];

	sg_arrival_begin(&a, d->e, d->w, conf, NULL);
	a.rules.feed.cms = sg_buf_bytes(&w->fetched.cms);
	if (sg_feed_read_apart(sg_buf_bytes(&w->fetched.octets), &a.rules.feed, &feed, &event, &why)) {
		say_unread(conf, w, event, why.msg);
	} else {
		sg_time_format(feed->signer_expires, until);
		sg_walk_say(w, SG_WALK_PARSE, SG_WALKED_OK, -1, NULL, "%zu mitigation%s%s", feed->n,
		        feed->n == 1 ? "" : "s",
		        feed->n_refused ? ", and some that this version leaves out" : "");
		sg_walk_say(w, SG_WALK_SIGNATURE, SG_WALKED_OK, -1, NULL,
		        "signed by %s, whose certificate ends %s", feed->signer ? feed->signer : "?", until);
		say_time(w, feed, d->w->now.wall);
		if (!sg_walk_failed(w))
			say_serial(&a, w, feed);
	}
	sg_feed_free(feed);
	sg_arrival_release(&a);
}

/* --- the reply's lines */

static void put(struct sg_doctor *d, const struct sg_walk *w)
{
	static const char *const words[] = { "", "ok", "skipped", "failed" };

	for (int i = 0; i < SG_WALK_STEPS; i++) {
		const struct sg_walk_line *line = &w->at[i];
		struct sg_val *m;

		if (line->walked == SG_WALKED_NOT)
			continue;
		m = sg_val_push(d->path, sg_val_map());
		sg_val_set_str(m, "feed", w->feed);
		sg_val_set_str(m, "step", sg_walk_step_name((enum sg_walk_step)i));
		sg_val_set_str(m, "status", words[line->walked]);
		sg_val_set_str(m, "text", line->text);
		sg_val_set_str(m, "cure", line->cure);
		sg_val_set(m, "ms", line->ms >= 0 ? sg_val_int(line->ms) : sg_val_nil());
		d->n[SG_CHECK_OK] += line->walked == SG_WALKED_OK;
		d->n[SG_CHECK_FAIL] += line->walked == SG_WALKED_FAILED;
	}
}

static void path(struct sg_doctor *d, const struct sg_conf_feed *conf)
{
	struct sg_walk *w = walk_of(d, conf->name);

	if (!w)
		return;
	/* All who share a round share what is read of it: many who ask at once cost the change lane one reading. */
	if (w->at[SG_WALK_SIZE].walked == SG_WALKED_OK && !w->at[SG_WALK_PARSE].walked)
		read_on(d, conf, w);
	sg_walk_skip(w, SG_WALK_PARSE, SG_WALK_SERIAL, "a step before it failed");
	put(d, w);
}

/* --- what is known */

void sg_doctor_feeds(struct sg_doctor *d)
{
	const struct sg_conf *conf = sg_engine_conf(d->e);

	for (size_t i = 0; i < conf->n_feeds; i++) {
		const struct sg_conf_feed *f = &conf->feeds[i];
		const struct sg_feed_row *row = sg_world_feed(d->w, f->name);
		int64_t age = row && row->verified ? d->w->now.wall - row->verified : 0;
		char text[32];

		sg_duration_format(age, text);
		path(d, f);
		if (row && row->error)
			sg_doctor_check(d, "feed",
			        age && age <= f->stale_after ? SG_CHECK_WARN : SG_CHECK_FAIL,
			        "look at the address, the proxy and the anchors; then stopgapctl refresh",
			        "%s: %s", f->name, row->error);
		else if ((!row || !row->verified) && !f->url)
			sg_doctor_check(d, "feed", SG_CHECK_UNKNOWN, "stopgapctl import FILE",
			        "%s has no url, and no document of it was imported yet", f->name);
		else if (!row || !row->verified)
			sg_doctor_check(d, "feed", SG_CHECK_UNKNOWN, "stopgapctl refresh",
			        "%s has not been fetched yet", f->name);
		else if (age > f->stale_after)
			sg_doctor_check(d, "feed", SG_CHECK_FAIL, "stopgapctl refresh; ask its publisher",
			        "%s has not verified for %s", f->name, text);
		else if (row->expires && d->w->now.wall > row->expires)
			sg_doctor_check(d, "feed", SG_CHECK_WARN, "ask its publisher for a newer document",
			        "%s is past its expires: nothing new starts from it", f->name);
		else
			sg_doctor_check(d, "feed", SG_CHECK_OK, NULL, "%s: serial %llu, verified %s ago",
			        f->name, (unsigned long long)row->serial, text);
	}
	if (!conf->n_feeds)
		sg_doctor_check(d, "feed", SG_CHECK_FAIL, "add a <feed> to the configuration and reload",
		        "no feed is configured");
}
