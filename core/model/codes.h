/* codes.h - every event that stopgap tells anybody, once: number, level, name, and what to do about it.
 * 1xxx service, 2xxx feed, 3xxx trust, 4xxx mitigations, 5xxx operator, 9xxx journal. A number never changes its meaning. */
#ifndef SG_MODEL_CODES_H
#define SG_MODEL_CODES_H

#include "base/log.h"

/* X(number, NAME, level, "name", "what it means", "why it comes", "what to do"). schemas/events.md is printed from it, in this order. */
#define SG_EVENTS(X)                                                                                         \
	X(1000, STARTED, SG_INFO, "started", "the service is up",                                            \
	        "stopgapd was started by a person, the system or a watchdog", "nothing")                     \
	X(1001, STOPPED, SG_INFO, "stopped", "the service stopped; mitigations stay in place",               \
	        "somebody or the system ended it in order", "nothing")                                       \
	X(1002, RELOADED, SG_INFO, "reloaded", "a new configuration is in force",                            \
	        "the configuration file was read at a start or a reload, and it is right", "nothing")        \
	X(1003, CONFIG_REFUSED, SG_ERROR, "config-refused",                                                  \
	        "the configuration is wrong; the last good one stays in force",                              \
	        "a word, a value or a file that the configuration names is wrong",                           \
	        "mend the named line and reload")                                                            \
	X(1004, CONFIG_LAST_GOOD, SG_WARNING, "config-last-good",                                            \
	        "started with the last good configuration of the journal",                                   \
	        "the configuration file is missing or wrong, and the journal has one that was in force "     \
	        "before",                                                                                    \
	        "mend the configuration file and reload")                                                    \
	X(1005, HOST_CHANGED, SG_INFO, "host-changed", "product builds or the machine's boot changed",       \
	        "an update was installed, or the machine was started again, while the service was not "      \
	        "running",                                                                                   \
	        "nothing")                                                                                   \
	X(1006, PAUSED, SG_WARNING, "paused", "nothing is applied, repaired or reverted until resume",       \
	        "an administrator asked for a pause", "stopgapctl resume")                                   \
	X(1007, RESUMED, SG_INFO, "resumed", "work goes on",                                                 \
	        "an administrator ended the pause, or its time is over", "nothing")                          \
	X(1008, SETUP, SG_WARNING, "setup", "Setup is at work: nothing is touched until it ends",            \
	        "Exchange's Setup runs, or one that was interrupted left its marks", "nothing")              \
	X(1009, SETUP_ENDED, SG_INFO, "setup-ended", "Setup has ended, and what it took is back",            \
	        "Exchange's Setup has removed its marks", "nothing")                                         \
	X(1010, WATCH_LIMITED, SG_WARNING, "watch-limited",                                                  \
	        "the system gives no more file watches; files are asked for their times instead",            \
	        "all of the system's file watches are in use, most by other programs",                       \
	        "raise fs.inotify.max_user_watches or max_user_instances")                                   \
	X(1011, SETUP_LASTS, SG_CRITICAL, "setup-lasts",                                                     \
	        "Setup is at work, or was interrupted, for hours: nothing is applied, repaired or taken "    \
	        "out",                                                                                       \
	        "a Setup was interrupted and its marks in the registry stayed",                              \
	        "finish Exchange's Setup: run it again")                                                     \
	X(1012, REGISTRY_DOUBTED, SG_WARNING, "registry-doubted",                                            \
	        "what the registry says may be out of date",                                                 \
	        "the hive on this drive was not written out whole when Windows was last on it",              \
	        "start Windows from this drive once, and shut it down properly")                             \
	X(1013, FAILED, SG_CRITICAL, "failed", "the service ended on an error; mitigations stay in place",   \
	        "the text names it: a journal that cannot be used, a disk that failed, a setting",           \
	        "mend what it names; the service manager starts the service again")                          \
	X(1014, CONTROL_TAKEN, SG_CRITICAL, "control-taken",                                                 \
	        "the control pipe cannot be made; the service works without it",                             \
	        "another program has taken its name: one that a person runs, or one that lies in wait",      \
	        "find the process that has the pipe and end it; it is tried again every two seconds")        \
	X(1015, CONTROL_BACK, SG_INFO, "control-back", "the control pipe answers now",                       \
	        "what had its name is gone", "nothing")                                                      \
	X(1016, ACCOUNT_UNKNOWN, SG_WARNING, "account-unknown",                                              \
	        "an account of <access> is not known; it may do nothing",                                    \
	        "the name is wrong, or its domain did not answer",                                           \
	        "reload the configuration once the domain answers, or write the account's SID")              \
	X(1017, WORKERS_LESS, SG_WARNING, "workers-less",                                                    \
	        "processes that read what strangers wrote are less shut in than they should be",             \
	        "this system does not give them what shuts them in; the text says what",                     \
	        "see stopgapctl doctor, which names what is left out; it is tried again every minute")       \
	X(1018, WORKERS_REFUSED, SG_ERROR, "workers-refused",                                                \
	        "no process may be started for what strangers wrote: nothing new is fetched or read; what "  \
	        "is applied stays",                                                                          \
	        "this system gives none with few enough rights: a policy or another program takes away "     \
	        "what is needed",                                                                            \
	        "the failing feed's own event has the system's words; stopgapctl doctor")                    \
	X(1019, WORKERS_SHUT_IN, SG_INFO, "workers-shut-in",                                                 \
	        "processes that read what strangers wrote are shut in as they should be again",              \
	        "what was left out can be had again", "nothing")                                             \
	X(1020, LISTS_PUT_BACK, SG_CRITICAL, "lists-put-back",                                               \
	        "an administrator's account had rights to the service's files that its not elevated "        \
	        "programs have, too; they were taken back",                                                  \
	        "somebody opened the folder in Explorer and clicked \"Continue\", which gives that account " \
	        "full control for good",                                                                     \
	        "look whether configuration and anchors are as they should be; open the folder from an "     \
	        "elevated prompt instead")                                                                   \
	X(1021, LISTS_LEFT, SG_CRITICAL, "lists-left",                                                       \
	        "an account that is not known to be an administrator's may change the service's files; "     \
	        "what "                                                                                      \
	        "it may change is not obeyed",                                                               \
	        "somebody gave it the right, or typed an administrator's password where Explorer asked; or " \
	        "no domain answered",                                                                        \
	        "look at what is in the file, then run the icacls command that the text names")              \
	X(2000, FEED_ACCEPTED, SG_INFO, "feed-accepted", "a new document of the feed is in force",           \
	        "the publisher published, and the signature, the serial and the time are right", "nothing")  \
	X(2001, FEED_UNREACHABLE, SG_WARNING, "feed-unreachable",                                            \
	        "the feed cannot be fetched; what is applied stays",                                         \
	        "the address is wrong, the network or a proxy is down, or the server does not answer in "    \
	        "time",                                                                                      \
	        "check address, proxy and network; stopgapctl refresh")                                      \
	X(2002, FEED_REACHABLE, SG_INFO, "feed-reachable", "the feed can be fetched again",                  \
	        "what kept it from being fetched or verified has passed", "nothing")                         \
	X(2003, FEED_STALE, SG_WARNING, "feed-stale",                                                        \
	        "the feed has not verified for longer than its stale-after",                                 \
	        "the feed could not be fetched, or was refused at every poll, for that long",                \
	        "ask its publisher, or check the network")                                                   \
	X(2004, FEED_MALFORMED, SG_ERROR, "feed-malformed",                                                  \
	        "the document is not of the expected shape; the last good one stays in force",               \
	        "something else is served at that address, or the publisher made a mistake",                 \
	        "tell the feed's publisher")                                                                 \
	X(2005, FEED_PART_REFUSED, SG_WARNING, "feed-part-refused",                                          \
	        "one mitigation of the feed was refused; the others work",                                   \
	        "it is not valid, its id is outside the feed's ids, or it is of a newer kind",               \
	        "tell the feed's publisher")                                                                 \
	X(3000, TRUST_SIGNATURE, SG_ERROR, "trust-signature",                                                \
	        "the signature does not hold; the document was refused",                                     \
	        "the document was changed on its way, document and detached signature do not belong "        \
	        "together, or it has another shape",                                                         \
	        "somebody may be tampering: compare the feed with its publisher's")                          \
	X(3001, TRUST_CHAIN, SG_ERROR, "trust-chain",                                                        \
	        "the signer's certificate does not lead to a pinned anchor, or may not sign feeds",          \
	        "the publisher has a new certificate, it ended or was revoked, or somebody else signed",     \
	        "check the anchors of the configuration")                                                    \
	X(3002, TRUST_SERIAL, SG_ERROR, "trust-serial", "the serial is lower than one accepted before",      \
	        "an old document is served, or a mirror is behind, or the publisher lost count",             \
	        "compare the feed with its publisher's; stopgapctl feed reset-serial NAME, once the "        \
	        "publisher says that it lost count")                                                         \
	X(3003, TRUST_EQUIVOCATION, SG_CRITICAL, "trust-equivocation",                                       \
	        "the same serial came with other octets",                                                    \
	        "the publisher published twice under one number, or somebody else has its key",              \
	        "ask the publisher at once")                                                                 \
	X(3004, TRUST_NAME, SG_ERROR, "trust-name", "the document names another feed",                       \
	        "the document of one feed is served at another's address", "check the feed's address")       \
	X(3005, TRUST_TIME, SG_ERROR, "trust-time",                                                          \
	        "the document says that it was issued in the future; it was refused",                        \
	        "this server's clock is behind, or the publisher's is ahead", "set the clock that is wrong") \
	X(3006, TRUST_ENDS, SG_WARNING, "trust-ends",                                                        \
	        "a certificate or a revocation list that the feeds rest on ends within 90, 30 or 7 days",    \
	        "certificates and lists have an end",                                                        \
	        "put the new one beside it in <trust> now, or ask the publisher to renew its own")           \
	X(3007, TRUST_ENDED, SG_ERROR, "trust-ended",                                                        \
	        "a certificate or a revocation list that the feeds rest on has ended",                       \
	        "it was not renewed in time, or the clock is wrong",                                         \
	        "put the current one in its place and reload, or ask the publisher for a document that is "  \
	        "signed anew")                                                                               \
	X(4000, NEW, SG_INFO, "new", "a mitigation was recorded",                                            \
	        "a feed offers it for the first time, changed it, withdrew it or lists it no longer",        \
	        "nothing")                                                                                   \
	X(4001, EVALUATED, SG_INFO, "evaluated", "whether this server needs it was decided",                 \
	        "the builds, the files or the roles of this server were looked at", "nothing")               \
	X(4002, WAITS, SG_INFO, "waits", "it is needed here and waits",                                      \
	        "an approval, a window, a delay, another holder or a time to try again is between",          \
	        "see stopgapctl show ID")                                                                    \
	X(4010, APPLIED, SG_INFO, "applied", "the mitigation is in place",                                   \
	        "it is needed here, and nothing stood in the way", "nothing")                                \
	X(4011, APPLY_FAILED, SG_ERROR, "apply-failed",                                                      \
	        "the mitigation could not be applied; nothing was changed",                                  \
	        "a file cannot be read or written, or what would come of it is not right",                   \
	        "see stopgapctl show ID")                                                                    \
	X(4012, SUPERSEDED, SG_INFO, "superseded", "a newer body took the older one's place",                \
	        "the feed offers another body of it", "nothing")                                             \
	X(4013, SUPERSEDE_FAILED, SG_ERROR, "supersede-failed",                                              \
	        "the newer body could not be applied; the older one stays",                                  \
	        "a file cannot be read or written, or what would come of it is not right",                   \
	        "see stopgapctl show ID")                                                                    \
	X(4014, REPAIRED, SG_WARNING, "repaired", "values that had been overwritten are back",               \
	        "an update or a tool had written the file anew without them", "nothing")                     \
	X(4015, REPAIR_FAILED, SG_ERROR, "repair-failed",                                                    \
	        "values are missing and could not be put back: EXPOSED",                                     \
	        "a file cannot be read or written, or somebody else has taken the place",                    \
	        "see stopgapctl show ID")                                                                    \
	X(4020, REVERTED, SG_INFO, "reverted", "what was there before is back",                              \
	        "it was withdrawn, is not needed any more, has ended, or an administrator took it out",      \
	        "nothing")                                                                                   \
	X(4021, REVERT_FAILED, SG_ERROR, "revert-failed", "it could not be taken out; it is tried again",    \
	        "a file cannot be read or written now", "see stopgapctl show ID")                            \
	X(4022, LEFT_ALONE, SG_WARNING, "left-alone",                                                        \
	        "a value is somebody else's work now and was not written",                                   \
	        "somebody edited it since it was put in", "see stopgapctl show ID")                          \
	X(4023, DROPPED, SG_WARNING, "dropped",                                                              \
	        "a claim was dropped: its file, site or element is gone or in others' use",                  \
	        "a site, a file, a pool or a service was removed, or others use the element that was made "  \
	        "for ours",                                                                                  \
	        "nothing")                                                                                   \
	X(4030, DRIFT, SG_CRITICAL, "drift", "a held value was edited by somebody else",                     \
	        "a person or a tool changed it since it was put in",                                         \
	        "stopgapctl resolve ID --retry | --take-over | --accept")                                    \
	X(4031, REMOVED_BY_HAND, SG_CRITICAL, "removed-by-hand",                                             \
	        "a person took the mitigation out: EXPOSED",                                                 \
	        "a person or a tool took the values out, and nothing else of the file changed",              \
	        "stopgapctl resolve ID --retry, or block ID")                                                \
	X(4032, FOUGHT, SG_CRITICAL, "fought", "something keeps taking the mitigation out",                  \
	        "a tool that manages the configuration writes its own copy again and again",                 \
	        "find what overwrites the file, then resolve ID --retry")                                    \
	X(4033, CONFLICT, SG_ERROR, "conflict", "its place is taken by somebody else's content",             \
	        "another rule or element has the same name or place",                                        \
	        "stopgapctl resolve ID --retry | --take-over")                                               \
	X(4034, DEFEATED, SG_CRITICAL, "defeated", "the mitigation is in place but does not take effect",    \
	        "a rule before it, a lock, a disabled module or another file takes its effect",              \
	        "see stopgapctl show ID")                                                                    \
	X(4035, STILL_EXPOSED, SG_CRITICAL, "still-exposed",                                                 \
	        "a day more without what a person or something else took out",                               \
	        "nobody has acted since it was said last", "see stopgapctl show ID")                         \
	X(4036, EXPOSED, SG_CRITICAL, "exposed",                                                             \
	        "it is needed here and not in force, and a person has to act",                               \
	        "the policy asks, an administrator refused it, or it cannot be applied",                     \
	        "see stopgapctl show ID")                                                                    \
	X(4037, ASKS, SG_WARNING, "asks", "it still waits for an approval",                                  \
	        "the policy asks for an approval and nobody has given it",                                   \
	        "stopgapctl approve ID, or block ID")                                                        \
	X(4038, ENDED, SG_INFO, "ended", "its remove-after has passed", "the feed gave it an end",           \
	        "nothing")                                                                                   \
	X(4039, REVIEW_DUE, SG_WARNING, "review-due", "its review-by has passed",                            \
	        "its publisher wanted to look at it again by then, and no newer body came",                  \
	        "ask its publisher whether it is still right")                                               \
	X(4040, RECOVERED, SG_WARNING, "recovered", "an operation that had not finished was settled",        \
	        "the process or the machine ended while files were being written", "nothing")                \
	X(4041, MOVED, SG_INFO, "moved", "the mitigation's state or reason changed",                         \
	        "a fact about it changed", "nothing")                                                        \
	X(4042, AUDITED, SG_INFO, "audited", "every held value was looked at", "the hour is over",           \
	        "nothing")                                                                                   \
	X(4043, UNSEEN, SG_WARNING, "unseen",                                                                \
	        "what should be in place cannot be looked at, or is not there and is not put back now",      \
	        "its file cannot be read, is not well-formed or has another encoding; or it was taken out "  \
	        "in a pause, or while it waits",                                                             \
	        "put right what its line names; what cannot be looked at is tried again each minute")        \
	X(4044, SEEN, SG_INFO, "seen", "what could not be seen, or was not put back, is looked after again", \
	        "what kept it from being looked at or put back has passed", "nothing")                       \
	X(4045, BY_OTHERS, SG_INFO, "by-others", "somebody else's rule does what the mitigation would",      \
	        "Microsoft's EM service or a person put an equal rule in",                                   \
	        "nothing; <removal equivalent=\"adopt\"/> lets ours take its place")                         \
	X(4046, OTHERS_GONE, SG_WARNING, "others-gone",                                                      \
	        "somebody else's rule that did it is gone or without effect",                                \
	        "whoever put it in took it out", "nothing")                                                  \
	X(4047, FORGOTTEN, SG_INFO, "forgotten", "a withdrawn mitigation is known no longer",                \
	        "its withdrawal left the feed 90 days ago, and nothing of it is left here", "nothing")       \
	X(4050, RAN, SG_INFO, "ran", "a service or an application pool was stopped or started",              \
	        "a mitigation needs it stopped, or has gone out", "nothing")                                 \
	X(4051, NOT_RUN, SG_WARNING, "not-run",                                                              \
	        "a service or an application pool does not run as it did before; its start type is back",    \
	        "it was stopped by others meanwhile, or does not start", "start it, if it is to run")        \
	X(4052, COPY_STALE, SG_WARNING, "copy-stale",                                                        \
	        "IIS did not renew the copy of applicationHost.config that a pool's worker processes read",  \
	        "the Process Activation Service refused the file, or is busy; the pool was recycled, or "    \
	        "its line says why not",                                                                     \
	        "look for WAS 5172 and 5189 in the System log; appcmd list config tells whether IIS reads "  \
	        "the file")                                                                                  \
	X(4053, STAYS_DOWN, SG_ERROR, "stays-down",                                                          \
	        "a service or an application pool that ran before does not start, and is not tried any "     \
	        "more",                                                                                      \
	        "what it depends on does not run, or it ends by itself; its line has the reason",            \
	        "put the reason right and start it; stopgapctl doctor names it until it runs")               \
	X(5000, BLOCKED, SG_WARNING, "blocked", "an administrator refuses a mitigation",                     \
	        "somebody asked for it, or the configuration says so",                                       \
	        "stopgapctl unblock ID to take it back")                                                     \
	X(5001, UNBLOCKED, SG_INFO, "unblocked", "a block was taken back",                                   \
	        "somebody asked for it, or the configuration says so no longer", "nothing")                  \
	X(5002, APPROVED, SG_INFO, "approved", "an administrator approved a body",                           \
	        "an administrator asked for it", "nothing")                                                  \
	X(5003, APPLY_ASKED, SG_INFO, "apply-asked", "an administrator asked to apply now",                  \
	        "an administrator asked for it", "nothing")                                                  \
	X(5004, ROLLBACK_ASKED, SG_WARNING, "rollback-asked", "an administrator took a mitigation out",      \
	        "an administrator asked for it", "stopgapctl apply ID to take it in again")                  \
	X(5005, RESOLVED, SG_INFO, "resolved", "an administrator resolved a blocked mitigation",             \
	        "an administrator asked for it", "nothing")                                                  \
	X(5006, BLOCK_ENDED, SG_INFO, "block-ended", "a block's time is over",                               \
	        "the end that was given with it has come", "nothing")                                        \
	X(5007, DENIED, SG_WARNING, "denied", "a request was refused: the account may not do that",          \
	        "the account is not in <access>", "see <access> in the configuration")                       \
	X(5008, REFRESH_ASKED, SG_INFO, "refresh-asked", "an administrator asked to poll the feeds now",     \
	        "an administrator asked for it", "nothing")                                                  \
	X(5009, BLOCK_ENDS, SG_WARNING, "block-ends", "a block ends within a day, or within an hour",        \
	        "the end that was given with it is near", "block the id again if it is still right")         \
	X(5010, SERIAL_RESET, SG_WARNING, "serial-reset",                                                    \
	        "an administrator reset a feed's serial: its next document may have any",                    \
	        "an administrator asked for it", "see that the publisher knows of it")                       \
	X(5011, IMPORTED, SG_INFO, "imported", "an administrator brought a feed's document from a file",     \
	        "an administrator asked for it", "nothing")                                                  \
	X(9000, JOURNAL_CREATED, SG_INFO, "journal-created", "a new journal was made",                       \
	        "there was none at its place", "nothing")                                                    \
	X(9001, JOURNAL_DAMAGED, SG_CRITICAL, "journal-damaged", "a record does not match its checksum",     \
	        "a disk failed, or somebody wrote into the file", "stopgap-journal check FILE")              \
	X(9002, JOURNAL_FULL, SG_CRITICAL, "journal-full",                                                   \
	        "the journal is near its size: nothing new is applied; reverts go on",                       \
	        "the history has outgrown it", "raise <journal size> or prune")                              \
	X(9003, JOURNAL_PRUNED, SG_INFO, "journal-pruned",                                                   \
	        "old history was taken out; the chain goes on from a checkpoint",                            \
	        "it was older than the configuration keeps it, or the journal was half full", "nothing")     \
	X(9004, JOURNAL_OTHER_HOST, SG_CRITICAL, "journal-other-host",                                       \
	        "the journal was written by another machine", "the drive was copied or moved",               \
	        "see README: moving a journal")

enum sg_event {
#define X(number, NAME, level, name, meaning, cause, cure) SG_EV_##NAME = number,
	SG_EVENTS(X)
#undef X
};
struct sg_event_info {
	int code;
	enum sg_level level;
	const char *name, *meaning, *cause, *cure;
};
const struct sg_event_info *sg_event_info(int code); /* NULL when there is no such code */
size_t sg_event_count(void);
const struct sg_event_info *sg_event_at(size_t i);
/* For people, in Markdown; appended. All of them are schemas/events.md. */
void sg_event_print(const struct sg_event_info *info, struct sg_buf *out);
void sg_events_print(struct sg_buf *out);

#endif
