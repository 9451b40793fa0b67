/* known_feed.h - the known mitigations of schemas/examples, for the tests that decode, match, apply and roll them back. What cannot be read fails. */
#ifndef SG_TESTS_LIB_KNOWN_FEED_H
#define SG_TESTS_LIB_KNOWN_FEED_H

#include "feed/feed.h"

#define KNOWN_FEED   "exchange-known"
#define KNOWN_NEWEST "exchange-known.xml"
#define KNOWN_OLDER                                                                                          \
	6 /* known/serial-1.xml to known/serial-6.xml, in the order in which they would have been published */

/* `name` below schemas/examples. The octets, the feed as the service decodes it, and the Configs' text, to be signed under another serial. */
void known_octets(const char *name, struct sg_buf *ret);
struct sg_feed *known_decode(const char *name);       /* sg_feed_free() is the caller's */
char *known_configs(const char *name);                /* between the root's tags; owned by the caller */
char *known_config(const char *name, const char *id); /* one Config's text; owned by the caller */
struct sg_mitigation *known_find(const struct sg_feed *feed, const char *id);

#endif
