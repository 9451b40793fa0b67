/* mitigation.h - one Config of one feed, decoded. Pure: octets in, a struct out; nothing is opened.
 *
 * Both profiles give the same struct. `eocs` is EM's own vocabulary (facts: EOCS/Config/ActionList/Action with type, scope, desc and a
 * Value); `stopgap` is a superset of it in the namespace urn:stopgap:feed:1 (schemas/feed.xsd).
 * Owner: whoever decoded it; read-only afterwards, so any thread may read it.
 */
#ifndef SG_MODEL_MITIGATION_H
#define SG_MODEL_MITIGATION_H

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/text.h"

#define SG_FEED_NS "urn:stopgap:feed:1"

enum sg_severity { SG_LOW, SG_MEDIUM, SG_HIGH, SG_CRITICAL_SEVERITY };

struct sg_range { /* builds: from <= x < below; an unwritten end is open (n == 0) */
	struct sg_version from, below;
};
struct sg_fixed { /* builds of this branch at or past `from` are fixed */
	struct sg_version branch, from;
};
struct sg_product {
	char *name; /* "Exchange", "IIS" */
	char *role; /* "Mailbox" or NULL */
	struct sg_range *affected;
	size_t n_affected;
	struct sg_fixed *fixed;
	size_t n_fixed;
};
struct sg_file_condition {
	char *path; /* Windows path; may begin with {app} */
	struct sg_version from, below;
};
struct sg_applicability {
	bool given;                  /* false: every server where the target exists */
	struct sg_product *products; /* any of them */
	size_t n_products;
	struct sg_file_condition *files; /* and each of these */
	size_t n_files;
	char *unknown; /* name of a condition that this version does not know: the answer is UNKNOWN */
};

enum sg_test_kind { SG_TEST_REFUSE, SG_TEST_SERVE, SG_TEST_RESPONSE };
struct sg_test_header {
	char *name, *value;
};
struct sg_test {
	enum sg_test_kind kind;
	char *method, *uri; /* method NULL: GET */
	struct sg_test_header *headers;
	size_t n_headers;
	char *type, *header, *is, *becomes; /* RESPONSE only */
};
struct sg_probe {
	char *uri, *expect;
};

/* What one change wants. The kind's own part stays octets here and is read by actions/<kind>.c alone, so that a new kind
 * costs one file there and nothing here. */
struct sg_action {
	char *type;  /* as written: "UrlRewrite", "DoNothing", ... */
	char *scope; /* "Server", "Site", "VDir" or NULL */
	char *desc;
	struct sg_buf xml; /* the Action element as a document of its own */
};

struct sg_mitigation {
	char *feed, *id;
	char *revision; /* a label for people; NULL when none */
	char *desc;
	enum sg_severity severity;
	char *same_as;
	char *fixed_by;
	struct sg_strs references, side_effects;
	int64_t review_by;    /* 0: none. ms */
	int64_t remove_after; /* 0: none. ms */
	bool tombstone;
	int64_t withdrawn; /* tombstone: when, ms */
	char *withdraw_reason;
	struct sg_applicability applicability;
	struct sg_test *tests;
	size_t n_tests;
	struct sg_probe *probes;
	size_t n_probes;
	struct sg_action *actions;
	size_t n_actions;
	struct sg_buf body;  /* the Config element as a document of its own */
	struct sg_hash hash; /* SHA-256 of body */
};

/* Reads a Config element given as a document of its own in canonical form (sg_canon_alone, sg_xml_octets), without an XML parser. `feed` is
 * copied. Errors, safe to show: SG_EPARSE and SG_ELIMIT name the octet, SG_EINVAL names the id, the element and the allowed values. Unknown attributes and elements in our namespace are refused; unknown action types and
 * unknown conditions of Applicability are kept and make the mitigation UNKNOWN. */
int sg_mitigation_decode(
        const char *feed, struct sg_bytes config, struct sg_mitigation **ret, struct sg_err *err);
void sg_mitigation_free(struct sg_mitigation *m);

const char *sg_severity_name(enum sg_severity s); /* low medium high critical */
/* Ids: 1 to 64 of A-Z a-z 0-9 . _ - beginning with a letter or digit. */
bool sg_id_valid(const char *id);

#endif
