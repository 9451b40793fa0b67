/* feed_verbs.c - the one table of stopgap-feed's verbs, the one of its options, and the help that is made of them. */
#include "cli/feed_args.h"
#include "cli/feed_check.h"
#include "cli/feed_work.h"

#include <stdlib.h>
#include <string.h>

/* clang-format off */
static const struct sg_author_option options[SG_AUTHOR_OPTIONS] = {
	[SG_AUTHOR_HELP] = { "--help", NULL, false, "this text" },
	[SG_AUTHOR_JSON] = { "--json", NULL, false, "one JSON document on stdout" },
	[SG_AUTHOR_KEY] = { "--key", "KEY", true, "a private key: PEM, PKCS #12, or pkcs11:... for a token (not on Windows); once for each signer" },
	[SG_AUTHOR_CERT] = { "--cert", "FILE", true, "its certificate in PEM, authorities may follow; one for each --key, in their order" },
	[SG_AUTHOR_CHAIN] = { "--chain", "FILE", true, "more certificates of authorities, in PEM" },
	[SG_AUTHOR_PASSWORD_FILE] = { "--password-file", "FILE", true, "its first line is the key's password or PIN; otherwise it is asked for" },
	[SG_AUTHOR_MODULE] = { "--module", "FILE", false, "the token's PKCS #11 module" },
	[SG_AUTHOR_PREVIOUS] = { "--previous", "FEED|none", false, "what is published now, as a file or address; none for the first one" },
	[SG_AUTHOR_OUT] = { "--out", "PATH", false, "where to write" },
	[SG_AUTHOR_TO] = { "--to", "PATH", false, "where to publish: a file, or a folder that is there" },
	[SG_AUTHOR_URL] = { "--url", "URL", false, "where servers fetch it: it is fetched back and verified; needs --anchor" },
	[SG_AUTHOR_CMS] = { "--cms", NULL, false, "write PATH.p7s, too: a detached CMS signature by every --key" },
	[SG_AUTHOR_ANCHOR] = { "--anchor", "PEM", true, "a certificate of an authority that is trusted" },
	[SG_AUTHOR_P7S] = { "--p7s", "FILE", false, "the detached CMS signature" },
	[SG_AUTHOR_SIGNERS] = { "--signers", "N", false, "so many different keys must have made it; default 1" },
	[SG_AUTHOR_AT] = { "--at", "TIME", false, "as if it were then: 2026-11-21T09:00:00Z" },
	[SG_AUTHOR_TIMESTAMP_ANCHOR] = { "--timestamp-anchor", "PEM|sha256:HEX", true, "a time-stamping authority that is trusted (EM's documents)" },
	[SG_AUTHOR_CRL] = { "--crl", "FILE", true, "a revocation list; with any, every authority needs one" },
	[SG_AUTHOR_PROFILE] = { "--profile", "stopgap|eocs", false, "the form of the document; default stopgap" },
	[SG_AUTHOR_EOCS] = { "--eocs", NULL, false, "the same as --profile eocs: EM's own form" },
	[SG_AUTHOR_FEED] = { "--feed", "NAME", false, "the name that servers know the feed by; default: what the document says" },
	[SG_AUTHOR_EXPIRES] = { "--expires", "TIME|14d", false, "until when the document counts as fresh; default 14d" },
	[SG_AUTHOR_REASON] = { "--reason", "TEXT", false, "why; administrators read it" },
	[SG_AUTHOR_NAME] = { "--name", "CN", false, "the signer's name; default Trial Feed Signing" },
	[SG_AUTHOR_DAYS] = { "--days", "N", false, "how long the certificates are valid; default 90" },
	[SG_AUTHOR_EXIT_CODE] = { "--exit-code", NULL, false, "exit with 10 when they differ" },
	[SG_AUTHOR_CA_FILE] = { "--ca-file", "FILE", false, "authorities for https, in PEM; default: the system's" },
	[SG_AUTHOR_PROXY] = { "--proxy", "URL|none|system", false, "default system" },
	[SG_AUTHOR_ID] = { "--id", "ID", false, "of the mitigation, such as CORP-7" },
	[SG_AUTHOR_KIND] = { "--kind", "KIND", false, "url_rewrite (default), request_filtering, service, app_pool" },
	[SG_AUTHOR_DESC] = { "--desc", "TEXT", false, "what it does, in one line" },
	[SG_AUTHOR_CVE] = { "--cve", "CVE|KB|URL", false, "the hole that it is for" },
	[SG_AUTHOR_SEVERITY] = { "--severity", "WORD", false, "low, medium, high (default), critical" },
	[SG_AUTHOR_REFUSE] = { "--refuse", "URI", true, "a request of the attack: the rule is made from the first, all become tests" },
	[SG_AUTHOR_SERVE] = { "--serve", "URI", true, "a request that goes on" },
	[SG_AUTHOR_METHOD] = { "--method", "WORD", false, "only requests of this method; default: any" },
	[SG_AUTHOR_MATCH] = { "--match", "PATTERN", false, "for the decoded path below --path, without its first slash; default: from --refuse" },
	[SG_AUTHOR_QUERY] = { "--query", "PATTERN", false, "for the decoded query; default: each parameter of --refuse" },
	[SG_AUTHOR_SEQUENCE] = { "--sequence", "TEXT", false, "request_filtering: what a request must not hold" },
	[SG_AUTHOR_SITES] = { "--sites", "NAME", false, "a site, * or having-app:/owa; default Default Web Site" },
	[SG_AUTHOR_PATH] = { "--path", "PATH", false, "below which it stands; default /" },
	[SG_AUTHOR_SERVICE] = { "--service", "NAME", false, "service: which one is disabled and stopped" },
	[SG_AUTHOR_POOL] = { "--pool", "NAME", false, "app_pool: which one is not started, and stopped" },
	[SG_AUTHOR_COMPANION] = { "--companion", "NAME", true, "a service that would start it again" },
	[SG_AUTHOR_PRODUCT] = { "--product", "NAME", false, "Exchange (default) or IIS" },
	[SG_AUTHOR_AFFECTED] = { "--affected", "FROM-BELOW", false, "affected builds, such as 15.1-15.3; default: all" },
	[SG_AUTHOR_FIXED] = { "--fixed", "BRANCH=BUILD", true, "builds of this branch from BUILD on are fixed" },
	[SG_AUTHOR_SIDE_EFFECT] = { "--side-effect", "TEXT", false, "what stops working; default None known." },
	[SG_AUTHOR_REVIEW_BY] = { "--review-by", "DAY", false, "2027-02-20; default in 90 days, with companions in 30" },
	[SG_AUTHOR_DRIVES] = { "--drives", "DIR", true, "a copy of a server's drive C:, or an archive of stopgapctl collect; more may follow it" },
	[SG_AUTHOR_SCRATCH] = { "--scratch", "DIR", false, "where the copies are made; default $TMPDIR or /tmp, on Windows %TMP% or %TEMP%" },
};
/* clang-format on */

#define BIT(name)   SG_AUTHOR_BIT(SG_AUTHOR_##name)
#define NETWORK     (BIT(CA_FILE) | BIT(PROXY))
#define PROFILE     (BIT(PROFILE) | BIT(EOCS) | BIT(FEED))
#define TRUST       (BIT(ANCHOR) | BIT(TIMESTAMP_ANCHOR) | BIT(CRL) | BIT(SIGNERS))
#define SIGNER_KEYS (BIT(KEY) | BIT(CERT) | BIT(CHAIN) | BIT(PASSWORD_FILE) | BIT(MODULE))

static const struct sg_author_verb verbs[] = {
	{ "keygen", "--out DIR [--name CN] [--days N]", "a root and a signer's key, for trials",
	        "Writes root.key, root.pem, leaf.key and leaf.pem. Servers trust root.pem. For trials: a "
	        "feed that\n"
	        "protects servers is signed with a key in a token, and its root is kept elsewhere.\n"
	        "example: stopgap-feed keygen --out keys\n",
	        BIT(OUT) | BIT(NAME) | BIT(DAYS), 0, 0, sg_author_keygen },
	{ "new", "[--id ID] [--refuse URI]...", "write a Config for an emergency; asks at a terminal",
	        "Writes ID.xml: 403 rather than an aborted connection, a review in 90 days, a Refuse and a "
	        "Serve test,\n"
	        "and conditions that see through encoding, order and case. What lint calls wrong is not "
	        "written.\n"
	        "example: stopgap-feed new --id CORP-7 --cve CVE-2026-10001 --refuse "
	        "\"/owa/auth/x.aspx?cmd=run\"\n",
	        BIT(ID) | BIT(KIND) | BIT(DESC) | BIT(CVE) | BIT(SEVERITY) | BIT(REFUSE) | BIT(SERVE) |
	                BIT(METHOD) | BIT(MATCH) | BIT(QUERY) | BIT(SEQUENCE) | BIT(SITES) | BIT(PATH) |
	                BIT(SERVICE) | BIT(POOL) | BIT(COMPANION) | BIT(PRODUCT) | BIT(AFFECTED) |
	                BIT(FIXED) | BIT(SIDE_EFFECT) | BIT(REVIEW_BY) | BIT(OUT),
	        0, 0, sg_author_new },
	{ "lint", "FILE...", "what an author would regret: patterns, forms that escape, builds, dates",
	        "FILE is a feed document, signed or not, or a single Config. Errors, warnings and notes, "
	        "each with its\n"
	        "place, its rule's name and what to do. Exit status 1 when there is an error.\n"
	        "example: stopgap-feed lint live.xml\n",
	        0, 1, -1, sg_author_lint },
	{ "test", "FILE...",
	        "run the tests of a feed or a single Config, and Exchange's health pages, offline",
	        "On a server that has nothing else. Exit status 1 when one fails or cannot be told.\n"
	        "example: stopgap-feed test CORP-7.xml\n",
	        PROFILE, 1, -1, sg_author_test },
	{ "try", "FEED --drives DIR...", "plan, apply, prove and roll back on copies of servers' drives",
	        "Of each drive only the files that a plan reads are copied, and only the copy is touched. "
	        "One line per\n"
	        "server: would apply, not needed, or REFUSED with the reason. FEED is a feed document or a "
	        "single Config.\n"
	        "Exit status 1 when one is REFUSED.\n"
	        "example: stopgap-feed try live.xml --drives servers/*\n",
	        PROFILE | BIT(DRIVES) | BIT(SCRATCH), 1, -1, sg_author_try },
	{ "add", "LIVE.xml ID.xml [--expires TIME] [--feed NAME]",
	        "put a mitigation into a feed document, or in the place of its id",
	        "ID.xml holds one Config. The serial goes up by one, issued becomes now, expires 14 days "
	        "later; all else\n"
	        "keeps its octets. Nothing is signed: a signature that is there is taken out. With --feed "
	        "NAME the\n"
	        "document is made when it is not there.\n"
	        "example: stopgap-feed add live.xml CORP-1.xml --feed corp\n",
	        PROFILE | BIT(EXPIRES), 2, 2, sg_author_add },
	{ "withdraw", "LIVE.xml ID --reason TEXT [--expires TIME]",
	        "put a tombstone in the place of a mitigation: servers give back what was there",
	        "The tombstone stays in the feed for 90 days, so that servers that were away hear of it.\n"
	        "example: stopgap-feed withdraw live.xml CORP-1 --reason \"the update of November fixes "
	        "it\"\n",
	        PROFILE | BIT(EXPIRES) | BIT(REASON), 2, 2, sg_author_withdraw },
	{ "show", "FEED", "what is in a feed: revisions, severity, where it applies, actions, tests",
	        "FEED is a file or an address. Nothing is verified: \"stopgap-feed verify\" does that.\n"
	        "example: stopgap-feed show live.xml\n",
	        PROFILE | NETWORK, 1, 1, sg_author_show },
	{ "diff", "OLD NEW [--exit-code]", "what a new document adds, changes and withdraws",
	        "Bodies are compared in canonical form, as servers do. Nothing is verified.\n"
	        "example: stopgap-feed diff published.xml live.xml\n",
	        PROFILE | NETWORK | BIT(EXIT_CODE), 2, 2, sg_author_diff },
	{ "sign", "FEED.xml --key KEY --cert FILE --previous FEED|none --out PATH [--cms]",
	        "sign a feed document",
	        "The result is read as a server reads it before it is written. The authorities that it is "
	        "checked\n"
	        "against are --anchor, or else the topmost one in --cert and --chain. With --anchor the "
	        "previous\n"
	        "document is verified, too; one whose signer has ended since counts as of its sg:issued, and "
	        "that "
	        "is\n"
	        "said. The first --key signs the document; with --cms each --key signs "
	        "PATH.p7s.\n"
	        "A token's PIN and a key's password are asked for, or come from --password-file; never from "
	        "here.\n"
	        "example: stopgap-feed sign live.xml --key keys/leaf.key --cert keys/leaf.pem --chain "
	        "keys/root.pem \\\n"
	        "             --previous none --out feed.xml\n",
	        SIGNER_KEYS | PROFILE | NETWORK | BIT(PREVIOUS) | BIT(OUT) | BIT(CMS) | BIT(ANCHOR) |
	                BIT(CRL),
	        1, 1, sg_author_sign },
	{ "verify", "FEED --anchor PEM... [--p7s FILE] [--at TIME] [--eocs]",
	        "who signed a feed, and whether servers would accept it",
	        "FEED is a file or an address. With --p7s both signatures must hold; of a document without "
	        "an XML\n"
	        "signature, that one. Without --anchor it says what the document says, and fails.\n"
	        "example: stopgap-feed verify feed.xml --anchor keys/root.pem\n",
	        TRUST | PROFILE | NETWORK | BIT(P7S) | BIT(AT), 1, 1, sg_author_verify },
	{ "publish", "FEED --to PATH [--url URL --anchor PEM]",
	        "put a signed feed in its place, whole or not at all",
	        "FEED.p7s goes first when there is one. A document older than the one in place is refused. "
	        "With --url\n"
	        "it is fetched back through it and verified as a server would.\n"
	        "example: stopgap-feed publish feed.xml --to www/corp.xml\n",
	        TRUST | PROFILE | NETWORK | BIT(TO) | BIT(URL), 1, 1, sg_author_publish },
	{ "mirror", "URL --to PATH --anchor PEM...",
	        "fetch, verify, and put the same octets in place, for servers without a network",
	        "URL may be a file, or a folder: then each .xml file in it is mirrored into the folder PATH. "
	        "Nothing is\n"
	        "written when nothing has changed, and nothing that does not verify or is older.\n"
	        "example: stopgap-feed mirror feed.xml --to share/corp.xml --anchor keys/root.pem\n",
	        TRUST | PROFILE | NETWORK | BIT(TO), 1, 1, sg_author_mirror },
	{ "help", "[VERB]", "this list, or one verb", "example: stopgap-feed help sign\n", 0, 0, 1, NULL },
};

const struct sg_author_option *sg_author_option_of(enum sg_author_opt opt)
{
	return &options[opt];
}

const struct sg_author_verb *sg_author_verb_at(size_t i)
{
	return i < sizeof verbs / sizeof *verbs ? &verbs[i] : NULL;
}

const struct sg_author_verb *sg_author_verb_find(const char *name)
{
	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	return NULL;
}

void sg_author_help(struct sg_buf *out)
{
	sg_buf_str(
	        out, "usage: stopgap-feed VERB ...      for those who write feeds; servers run stopgapd\n\n");
	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
		sg_buf_fmt(out, "  %-9s %s\n", verbs[i].name, verbs[i].summary);
	sg_buf_str(out,
	        "\n\"stopgap-feed help VERB\" says more, with an example.\n"
	        "Exit status: 0 done, 1 failed or refused, 2 usage, 10 they differ (diff --exit-code).\n");
}

void sg_author_help_verb(const struct sg_author_verb *verb, struct sg_buf *out)
{
	const char *example = strstr(verb->details, "example: ");
	size_t before = example ? (size_t)(example - verb->details) : strlen(verb->details);
	uint64_t takes = verb->options | BIT(HELP) | BIT(JSON);

	sg_buf_fmt(out, "usage: stopgap-feed %s %s\n\n%s\n%.*s\n", verb->name, verb->synopsis, verb->summary,
	        (int)before, verb->details);
	for (int i = 0; i < SG_AUTHOR_OPTIONS; i++) {
		const struct sg_author_option *o = &options[i];
		char *left;

		if (!(takes & SG_AUTHOR_BIT(i)))
			continue;
		left = sg_format("%s%s%s", o->name, o->value ? " " : "", o->value ? o->value : "");
		sg_buf_fmt(out, "  %-27s %s\n", left, o->help);
		free(left);
	}
	sg_buf_fmt(out, "\n%s", example ? example : "");
}
