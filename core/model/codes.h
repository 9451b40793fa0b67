/* codes.h - every event that stopgap tells anybody, once: number, level, name, and what to do about it.
 * 1xxx service, 2xxx feed, 3xxx trust, 4xxx mitigations, 5xxx operator, 9xxx journal. A number never changes its meaning. */
#ifndef SG_MODEL_CODES_H
#define SG_MODEL_CODES_H

#include "base/log.h"

/* X(number, NAME, level, "name", "what it means", "what to do") */
#define SG_EVENTS(X)                                                                                         \
	X(1000, STARTED, SG_INFO, "started", "the service is up", "nothing")                                 \
	X(1001, STOPPED, SG_INFO, "stopped", "the service stopped; mitigations stay in place", "nothing")    \
	X(1002, RELOADED, SG_INFO, "reloaded", "a new configuration is in force", "nothing")                 \
	X(1003, CONFIG_REFUSED, SG_ERROR, "config-refused",                                                  \
	        "the configuration is wrong; the last good one stays in force",                              \
	        "mend the named line and reload")                                                            \
	X(1004, CONFIG_LAST_GOOD, SG_WARNING, "config-last-good",                                            \
	        "started with the last good configuration of the journal",                                   \
	        "mend the configuration file and reload")                                                    \
	X(1005, HOST_CHANGED, SG_INFO, "host-changed", "product builds or the machine's boot changed",       \
	        "nothing")                                                                                   \
	X(1006, PAUSED, SG_WARNING, "paused", "nothing is applied, repaired or reverted until resume",       \
	        "stopgapctl resume")                                                                         \
	X(1007, RESUMED, SG_INFO, "resumed", "work goes on", "nothing")                                      \
	X(1008, SETUP, SG_WARNING, "setup", "Setup is at work: nothing is touched until it ends", "nothing") \
	X(1009, SETUP_ENDED, SG_INFO, "setup-ended", "Setup has ended, and what it took is back", "nothing") \
	X(1010, WATCH_LIMITED, SG_WARNING, "watch-limited",                                                  \
	        "the system gives no more file watches; files are asked for their times instead",            \
	        "raise fs.inotify.max_user_watches or max_user_instances")                                   \
	X(1011, SETUP_LASTS, SG_CRITICAL, "setup-lasts",                                                     \
	        "Setup is at work, or was interrupted, for hours: nothing is applied, repaired or taken "    \
	        "out",                                                                                       \
	        "finish Exchange's Setup: run it again")                                                     \
	X(1012, REGISTRY_DOUBTED, SG_WARNING, "registry-doubted",                                            \
	        "what the registry says may be out of date",                                                 \
	        "start Windows from this drive once, and shut it down properly")                             \
	X(2000, FEED_ACCEPTED, SG_INFO, "feed-accepted", "a new document of the feed is in force",           \
	        "nothing")                                                                                   \
	X(2001, FEED_UNREACHABLE, SG_WARNING, "feed-unreachable",                                            \
	        "the feed cannot be fetched; what is applied stays",                                         \
	        "check address, proxy and network; stopgapctl refresh")                                      \
	X(2002, FEED_REACHABLE, SG_INFO, "feed-reachable", "the feed can be fetched again", "nothing")       \
	X(2003, FEED_STALE, SG_WARNING, "feed-stale",                                                        \
	        "the feed has not verified for longer than its stale-after",                                 \
	        "ask its publisher, or check the network")                                                   \
	X(2004, FEED_MALFORMED, SG_ERROR, "feed-malformed",                                                  \
	        "the document is not of the expected shape; the last good one stays in force",               \
	        "tell the feed's publisher")                                                                 \
	X(2005, FEED_PART_REFUSED, SG_WARNING, "feed-part-refused",                                          \
	        "one mitigation of the feed was refused; the others work", "tell the feed's publisher")      \
	X(3000, TRUST_SIGNATURE, SG_ERROR, "trust-signature",                                                \
	        "the signature does not hold; the document was refused",                                     \
	        "somebody may be tampering: compare the feed with its publisher's")                          \
	X(3001, TRUST_CHAIN, SG_ERROR, "trust-chain",                                                        \
	        "the signer's certificate does not lead to a pinned anchor, or may not sign feeds",          \
	        "check the anchors of the configuration")                                                    \
	X(3002, TRUST_SERIAL, SG_ERROR, "trust-serial", "the serial is lower than one accepted before",      \
	        "somebody may be replaying an old feed")                                                     \
	X(3003, TRUST_EQUIVOCATION, SG_CRITICAL, "trust-equivocation",                                       \
	        "the same serial came with other octets", "ask the publisher at once")                       \
	X(3004, TRUST_NAME, SG_ERROR, "trust-name", "the document names another feed",                       \
	        "check the feed's address")                                                                  \
	X(4000, NEW, SG_INFO, "new", "a mitigation was recorded", "nothing")                                 \
	X(4001, EVALUATED, SG_INFO, "evaluated", "whether this server needs it was decided", "nothing")      \
	X(4002, WAITS, SG_INFO, "waits", "it is needed here and waits", "see stopgapctl show ID")            \
	X(4010, APPLIED, SG_INFO, "applied", "the mitigation is in place", "nothing")                        \
	X(4011, APPLY_FAILED, SG_ERROR, "apply-failed",                                                      \
	        "the mitigation could not be applied; nothing was changed", "see stopgapctl show ID")        \
	X(4012, SUPERSEDED, SG_INFO, "superseded", "a newer body took the older one's place", "nothing")     \
	X(4013, SUPERSEDE_FAILED, SG_ERROR, "supersede-failed",                                              \
	        "the newer body could not be applied; the older one stays", "see stopgapctl show ID")        \
	X(4014, REPAIRED, SG_WARNING, "repaired", "values that had been overwritten are back", "nothing")    \
	X(4015, REPAIR_FAILED, SG_ERROR, "repair-failed",                                                    \
	        "values are missing and could not be put back: EXPOSED", "see stopgapctl show ID")           \
	X(4020, REVERTED, SG_INFO, "reverted", "what was there before is back", "nothing")                   \
	X(4021, REVERT_FAILED, SG_ERROR, "revert-failed", "it could not be taken out; it is tried again",    \
	        "see stopgapctl show ID")                                                                    \
	X(4022, LEFT_ALONE, SG_WARNING, "left-alone",                                                        \
	        "a value is somebody else's work now and was not written", "see stopgapctl show ID")         \
	X(4023, DROPPED, SG_WARNING, "dropped",                                                              \
	        "a claim was dropped: its file, site or element is gone or in others' use", "nothing")       \
	X(4030, DRIFT, SG_CRITICAL, "drift", "a held value was edited by somebody else",                     \
	        "stopgapctl resolve ID --retry | --take-over | --accept")                                    \
	X(4031, REMOVED_BY_HAND, SG_CRITICAL, "removed-by-hand",                                             \
	        "a person took the mitigation out: EXPOSED", "stopgapctl resolve ID --retry, or block ID")   \
	X(4032, FOUGHT, SG_CRITICAL, "fought", "something keeps taking the mitigation out",                  \
	        "find what overwrites the file, then resolve ID --retry")                                    \
	X(4033, CONFLICT, SG_ERROR, "conflict", "its place is taken by somebody else's content",             \
	        "stopgapctl resolve ID --retry | --take-over")                                               \
	X(4034, DEFEATED, SG_CRITICAL, "defeated", "the mitigation is in place but does not take effect",    \
	        "see stopgapctl show ID")                                                                    \
	X(4035, STILL_EXPOSED, SG_CRITICAL, "still-exposed",                                                 \
	        "a day more without what a person or something else took out", "see stopgapctl show ID")     \
	X(4036, EXPOSED, SG_CRITICAL, "exposed",                                                             \
	        "it is needed here and not in force, and a person has to act", "see stopgapctl show ID")     \
	X(4037, ASKS, SG_WARNING, "asks", "it still waits for an approval",                                  \
	        "stopgapctl approve ID, or block ID")                                                        \
	X(4038, ENDED, SG_INFO, "ended", "its remove-after has passed", "nothing")                           \
	X(4039, REVIEW_DUE, SG_WARNING, "review-due", "its review-by has passed",                            \
	        "ask its publisher whether it is still right")                                               \
	X(4040, RECOVERED, SG_WARNING, "recovered", "an operation that had not finished was settled",        \
	        "nothing")                                                                                   \
	X(4041, MOVED, SG_INFO, "moved", "the mitigation's state or reason changed", "nothing")              \
	X(4042, AUDITED, SG_INFO, "audited", "every held value was looked at", "nothing")                    \
	X(4050, RAN, SG_INFO, "ran", "a service or an application pool was stopped or started", "nothing")   \
	X(4051, NOT_RUN, SG_WARNING, "not-run",                                                              \
	        "a service or an application pool does not run as it did before; its start type is back",    \
	        "start it, if it is to run")                                                                 \
	X(4045, BY_OTHERS, SG_INFO, "by-others", "somebody else's rule does what the mitigation would",      \
	        "nothing; <removal equivalent=\"adopt\"/> lets ours take its place")                         \
	X(4046, OTHERS_GONE, SG_WARNING, "others-gone",                                                      \
	        "somebody else's rule that did it is gone or without effect", "nothing")                     \
	X(5000, BLOCKED, SG_WARNING, "blocked", "an administrator refuses a mitigation",                     \
	        "stopgapctl unblock ID to take it back")                                                     \
	X(5001, UNBLOCKED, SG_INFO, "unblocked", "a block was taken back", "nothing")                        \
	X(5002, APPROVED, SG_INFO, "approved", "an administrator approved a body", "nothing")                \
	X(5003, APPLY_ASKED, SG_INFO, "apply-asked", "an administrator asked to apply now", "nothing")       \
	X(5004, ROLLBACK_ASKED, SG_WARNING, "rollback-asked", "an administrator took a mitigation out",      \
	        "stopgapctl apply ID to take it in again")                                                   \
	X(5005, RESOLVED, SG_INFO, "resolved", "an administrator resolved a blocked mitigation", "nothing")  \
	X(5006, BLOCK_ENDED, SG_INFO, "block-ended", "a block's time is over", "nothing")                    \
	X(5009, BLOCK_ENDS, SG_WARNING, "block-ends", "a block ends within a day, or within an hour",        \
	        "block the id again if it is still right")                                                   \
	X(5007, DENIED, SG_WARNING, "denied", "a request was refused: the account may not do that",          \
	        "see <access> in the configuration")                                                         \
	X(5008, REFRESH_ASKED, SG_INFO, "refresh-asked", "an administrator asked to poll the feeds now",     \
	        "nothing")                                                                                   \
	X(9000, JOURNAL_CREATED, SG_INFO, "journal-created", "a new journal was made", "nothing")            \
	X(9001, JOURNAL_DAMAGED, SG_CRITICAL, "journal-damaged", "a record does not match its checksum",     \
	        "stopgap-journal check FILE")                                                                \
	X(9002, JOURNAL_FULL, SG_CRITICAL, "journal-full",                                                   \
	        "the journal is near its size: nothing new is applied; reverts go on",                       \
	        "raise <journal size> or prune")                                                             \
	X(9003, JOURNAL_PRUNED, SG_INFO, "journal-pruned",                                                   \
	        "old history was taken out; the chain goes on from a checkpoint", "nothing")                 \
	X(9004, JOURNAL_OTHER_HOST, SG_CRITICAL, "journal-other-host",                                       \
	        "the journal was written by another machine", "see README: moving a journal")

enum sg_event {
#define X(number, NAME, level, name, meaning, cure) SG_EV_##NAME = number,
	SG_EVENTS(X)
#undef X
};
struct sg_event_info {
	int code;
	enum sg_level level;
	const char *name, *meaning, *cure;
};
const struct sg_event_info *sg_event_info(int code); /* NULL when there is no such code */
size_t sg_event_count(void);
const struct sg_event_info *sg_event_at(size_t i);

#endif
