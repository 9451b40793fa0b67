/* conf.h - the configuration, decoded: every setting with its default and its range. Octets in, a struct out; nothing is opened.
 *
 * The XML reads `<stopgap xmlns="urn:stopgap:config:1">` (schemas/config.xsd is for authors; a test proves that both agree).
 * A mistake is SG_EINVAL with "FILE:LINE: ..." and the allowed values. Owner: the caller; read-only after decoding.
 */
#ifndef SG_MODEL_CONF_H
#define SG_MODEL_CONF_H

#include "base/buf.h"
#include "base/err.h"

#define SG_CONF_NS "urn:stopgap:config:1"

enum sg_mode { SG_MODE_ENFORCE, SG_MODE_ASK, SG_MODE_OBSERVE };
enum sg_do { SG_DO_APPLY, SG_DO_ASK, SG_DO_OBSERVE };
enum sg_signature_need { SG_SIGNED_XMLDSIG, SG_SIGNED_CMS, SG_SIGNED_BOTH };

struct sg_conf_anchor {
	char *name, *file; /* PEM; a relative path is relative to the configuration file's folder */
	char *eku;         /* OID that the leaf must carry besides codeSigning; NULL: none */
	char *feeds;       /* globs: the feeds that it may sign; default "*" */
};
/* A time-stamping authority: its certificate, or the SHA-256 of that. An eocs feed that it is for must carry its countersignature. */
struct sg_conf_timestamp {
	char *name, *file;
	char *sha256; /* 64 hex digits; exactly one of the two */
	char *feeds;
};
struct sg_conf_crl {
	char *file;  /* PEM or DER */
	char *feeds; /* globs: with any list, each authority of the feed's signer needs one */
};
struct sg_conf_feed {
	char *name;
	char *url;     /* NULL: never polled, `stopgapctl import` brings its documents */
	char *anchors; /* blank-separated names; default: all that are for this feed */
	char *ids;     /* blank-separated globs; default "*" */
	bool eocs;     /* profile="eocs"; default stopgap */
	enum sg_signature_need signature;
	int64_t signers;                     /* of the detached signature, with keys of their own: 1 to 8 */
	int64_t max_serial_jump;             /* 10,000 */
	int64_t every, stale_after, timeout; /* ms: 5m (1s..7d), 24h, 2m */
	int64_t max_bytes;                   /* 6 MiB */
};
struct sg_conf_when {
	char *kind; /* blank-separated action types in configuration spelling: url_rewrite app_pool service; NULL: any */
	char *feed, *id;  /* globs; NULL: any */
	char *ring;       /* globs of this server's ring; NULL: any, and none */
	int min_severity; /* enum sg_severity, -1: any */
	enum sg_do what;
	int64_t delay, remind, after; /* ms; after 0: never */
	bool then_apply;
	char *window; /* model/window.h; NULL: what <policy window> says */
};
struct sg_conf_block {
	char *id, *revision, *reason;
	int64_t until;
	bool keep;
};
struct sg_conf {
	enum sg_mode mode;
	struct sg_conf_anchor *anchors;
	size_t n_anchors;
	struct sg_conf_timestamp *timestamps;
	size_t n_timestamps;
	struct sg_conf_crl *crls;
	size_t n_crls;
	char *proxy;                /* "system", "none", or an URL */
	char *ca_file;              /* for HTTPS; NULL: the system's */
	struct sg_conf_feed *feeds; /* in order of precedence: the first that offers an id wins */
	size_t n_feeds;
	bool require_reason;
	char *ring;   /* which of the fleet's rings this server is in; NULL: none */
	char *window; /* for disruptive kinds and removals where nothing nearer says one; NULL: always */
	struct sg_conf_when *whens;
	size_t n_whens;
	int64_t fixed_settle;
	char *removal_window; /* NULL: `window` */
	bool reapply_by_hand; /* by-hand: respect | reapply */
	bool adopt;           /* equivalent: leave | adopt */
	struct sg_conf_block *blocks;
	size_t n_blocks;
	char *access_read,
	        *access_change; /* comma-separated accounts: uid numbers or names, group names with a leading % ; default root alone */
	bool access_remote; /* Windows: who is logged on over the network (PowerShell remoting, SSH) may ask, too */
	int64_t journal_size;   /* bytes; default 64 MiB */
	int64_t history_keep;   /* ms; default 400 days */
	char *socket;           /* control pipe; NULL: the platform's default */
	int64_t audit_every;    /* ms; default 15m */
	struct sg_strs origins; /* "name=value (FILE:LINE | default)" per setting, for --print-config */
};

/* `file` is for messages and for relative paths; an absolute one makes a printed configuration read to the same. `kinds` are the words, with blanks
 * between them, that <when kind> may hold: the kinds of action that this version knows (NULL: any word of that shape). An empty <stopgap/> is
 * valid. */
int sg_conf_decode(struct sg_bytes octets, const char *file, const char *kinds, struct sg_conf **ret,
        struct sg_err *err);
struct sg_conf *sg_conf_default(void);
void sg_conf_free(struct sg_conf *conf);
/* The whole configuration with all defaults written out, as XML that sg_conf_decode() reads to the same. */
void sg_conf_print(const struct sg_conf *conf, struct sg_buf *out);

#endif
