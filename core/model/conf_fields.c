/* conf_fields.c - every attribute of the configuration: its kind, its range and its default. schemas/config.xsd says the
 * same for authors' editors. */
#include "model/conf_fields.h"

#include <stddef.h>

#define SECONDS *1000LL
#define MINUTES *60 SECONDS
#define HOURS   *60 MINUTES
#define DAYS    *24 HOURS
#define KIB     *1024LL
#define MIB     *1024 KIB
#define GIB     *1024 MIB

/* clang-format off */
#define IN(type, member) .offset = offsetof(struct type, member)

static const struct sg_conf_field root_fields[] = {
	{ "mode", SG_CF_CHOICE, IN(sg_conf, mode), .words = "enforce ask observe", .fallback = "enforce" },
};
static const struct sg_conf_field anchor_fields[] = {
	{ "name", SG_CF_NAME, IN(sg_conf_anchor, name), .required = true },
	{ "file", SG_CF_PATH, IN(sg_conf_anchor, file), .required = true },
	{ "eku",  SG_CF_OID,  IN(sg_conf_anchor, eku) },
	{ "feeds", SG_CF_GLOBS, IN(sg_conf_anchor, feeds), .fallback = "*" },
};
static const struct sg_conf_field timestamp_fields[] = {
	{ "name",   SG_CF_NAME,   IN(sg_conf_timestamp, name), .required = true },
	{ "file",   SG_CF_PATH,   IN(sg_conf_timestamp, file) },
	{ "sha256", SG_CF_SHA256, IN(sg_conf_timestamp, sha256) },
	{ "feeds",  SG_CF_GLOBS,  IN(sg_conf_timestamp, feeds), .fallback = "*" },
};
static const struct sg_conf_field crl_fields[] = {
	{ "file",  SG_CF_PATH,  IN(sg_conf_crl, file), .required = true },
	{ "feeds", SG_CF_GLOBS, IN(sg_conf_crl, feeds), .fallback = "*" },
};
static const struct sg_conf_field network_fields[] = {
	{ "proxy",   SG_CF_PROXY, IN(sg_conf, proxy), .fallback = "system" },
	{ "ca-file", SG_CF_PATH,  IN(sg_conf, ca_file) },
};
static const struct sg_conf_field feed_fields[] = {
	{ "name",        SG_CF_NAME,     IN(sg_conf_feed, name), .required = true },
	{ "url",         SG_CF_URL,      IN(sg_conf_feed, url) },
	{ "anchors",     SG_CF_NAMES,    IN(sg_conf_feed, anchors) },
	{ "ids",         SG_CF_GLOBS,    IN(sg_conf_feed, ids), .fallback = "*" },
	{ "profile",     SG_CF_FLAG,     IN(sg_conf_feed, eocs), .words = "stopgap eocs", .fallback = "stopgap" },
	{ "signature",   SG_CF_CHOICE,   IN(sg_conf_feed, signature), .words = "xmldsig cms both", .fallback = "xmldsig" },
	{ "signers",     SG_CF_NUMBER,   IN(sg_conf_feed, signers), .min = 1, .max = 8, .fallback = "1" },
	{ "max-serial-jump", SG_CF_NUMBER, IN(sg_conf_feed, max_serial_jump), .min = 1, .max = 1000000000000, .fallback = "10000" },
	{ "every",       SG_CF_DURATION, IN(sg_conf_feed, every), .min = 1 SECONDS, .max = 7 DAYS, .fallback = "5m" },
	{ "stale-after", SG_CF_DURATION, IN(sg_conf_feed, stale_after), .min = 1 MINUTES, .max = 365 DAYS, .fallback = "24h" },
	{ "timeout",     SG_CF_DURATION, IN(sg_conf_feed, timeout), .min = 1 SECONDS, .max = 1 HOURS, .fallback = "2m" },
	{ "max-size",    SG_CF_SIZE,     IN(sg_conf_feed, max_bytes), .min = 1 KIB, .max = 6 MIB, .fallback = "6MiB" },
};
static const struct sg_conf_field policy_fields[] = {
	{ "require-reason", SG_CF_FLAG,   IN(sg_conf, require_reason), .words = "false true", .fallback = "false" },
	{ "ring",           SG_CF_NAME,   IN(sg_conf, ring) },
	{ "window",         SG_CF_WINDOW, IN(sg_conf, window) },
};
static const struct sg_conf_field when_fields[] = {
	{ "kind",         SG_CF_KINDS,    IN(sg_conf_when, kind) },
	{ "feed",         SG_CF_GLOBS,    IN(sg_conf_when, feed) },
	{ "id",           SG_CF_GLOBS,    IN(sg_conf_when, id) },
	{ "ring",         SG_CF_GLOBS,    IN(sg_conf_when, ring) },
	{ "min-severity", SG_CF_SEVERITY, IN(sg_conf_when, min_severity), .words = "low medium high critical" },
	{ "do",           SG_CF_CHOICE,   IN(sg_conf_when, what), .words = "apply ask observe", .required = true },
	{ "delay",        SG_CF_DURATION, IN(sg_conf_when, delay), .min = 0, .max = 30 DAYS, .fallback = "0s" },
	{ "remind",       SG_CF_DURATION, IN(sg_conf_when, remind), .min = 0, .max = 7 DAYS, .fallback = "0s" },
	{ "after",        SG_CF_DURATION, IN(sg_conf_when, after), .min = 0, .max = 30 DAYS, .fallback = "0s" },
	{ "then",         SG_CF_FLAG,     IN(sg_conf_when, then_apply), .words = "wait apply", .fallback = "wait" },
	{ "window",       SG_CF_WINDOW,   IN(sg_conf_when, window) },
};
static const struct sg_conf_field removal_fields[] = {
	{ "fixed-settle", SG_CF_DURATION, IN(sg_conf, fixed_settle), .min = 0, .max = 30 DAYS, .fallback = "30m" },
	{ "window",       SG_CF_WINDOW,   IN(sg_conf, removal_window) },
	{ "by-hand",      SG_CF_FLAG,     IN(sg_conf, reapply_by_hand), .words = "respect reapply", .fallback = "respect" },
	{ "equivalent",   SG_CF_FLAG,     IN(sg_conf, adopt), .words = "leave adopt", .fallback = "leave" },
};
static const struct sg_conf_field block_fields[] = {
	{ "id",       SG_CF_NAME,     IN(sg_conf_block, id), .required = true },
	{ "revision", SG_CF_REVISION, IN(sg_conf_block, revision) },
	{ "reason",   SG_CF_TEXT,     IN(sg_conf_block, reason), .required = true },
	{ "until",    SG_CF_TIME,     IN(sg_conf_block, until) },
	{ "keep",     SG_CF_FLAG,     IN(sg_conf_block, keep), .words = "false true", .fallback = "false" },
};
static const struct sg_conf_field access_fields[] = {
	{ "read",   SG_CF_ACCOUNTS, IN(sg_conf, access_read), .fallback = "root" },
	{ "change", SG_CF_ACCOUNTS, IN(sg_conf, access_change), .fallback = "root" },
	{ "remote", SG_CF_FLAG,     IN(sg_conf, access_remote), .words = "refuse allow", .fallback = "refuse" },
};
static const struct sg_conf_field journal_fields[] = {
	{ "size", SG_CF_SIZE,     IN(sg_conf, journal_size), .min = 1 MIB, .max = 64 GIB, .fallback = "64MiB" },
	{ "keep", SG_CF_DURATION, IN(sg_conf, history_keep), .min = 1 DAYS, .max = 3650 DAYS, .fallback = "400d" },
};
static const struct sg_conf_field control_fields[] = {
	{ "socket", SG_CF_PATH, IN(sg_conf, socket) },
};
static const struct sg_conf_field audit_fields[] = {
	{ "every", SG_CF_DURATION, IN(sg_conf, audit_every), .min = 1 SECONDS, .max = 7 DAYS, .fallback = "15m" },
};

#define ROWS(name, path, table) { name, path, table, sizeof table / sizeof *table }

const struct sg_conf_words sg_conf_words[SG_CE_COUNT] = {
	[SG_CE_ROOT]    = ROWS("stopgap", "", root_fields),
	[SG_CE_ANCHOR]  = ROWS("anchor", "trust.anchor", anchor_fields),
	[SG_CE_TIMESTAMP] = ROWS("timestamp", "trust.timestamp", timestamp_fields),
	[SG_CE_CRL]     = ROWS("crl", "trust.crl", crl_fields),
	[SG_CE_NETWORK] = ROWS("network", "network", network_fields),
	[SG_CE_FEED]    = ROWS("feed", "feed", feed_fields),
	[SG_CE_POLICY]  = ROWS("policy", "policy", policy_fields),
	[SG_CE_WHEN]    = ROWS("when", "policy.when", when_fields),
	[SG_CE_REMOVAL] = ROWS("removal", "policy.removal", removal_fields),
	[SG_CE_BLOCK]   = ROWS("block", "policy.block", block_fields),
	[SG_CE_ACCESS]  = ROWS("access", "access", access_fields),
	[SG_CE_JOURNAL] = ROWS("journal", "journal", journal_fields),
	[SG_CE_CONTROL] = ROWS("control", "control", control_fields),
	[SG_CE_AUDIT]   = ROWS("audit", "audit", audit_fields),
};
/* clang-format on */
