/* live_lab.h - a lab whose drive runs: services and pools are started and stopped, and they are a fake's (fake_runner.h). */
#ifndef SG_TESTS_LIB_LIVE_LAB_H
#define SG_TESTS_LIB_LIVE_LAB_H

#include "tests/lib/engine_lab.h"
#include "tests/lib/fake_runner.h"
#include "tests/lib/hive_file.h"

#define T_CONFIG(id, actions)                                                                                \
	"<Config id=\"" id "\" sg:revision=\"1\"><ActionList>" actions "</ActionList></Config>"
#define T_SERVICE(attributes, inside)                                                                        \
	"<Action type=\"Service\" scope=\"Server\"><sg:Service " attributes ">" inside                       \
	"</sg:Service></Action>"
#define T_POOL(name, inside)                                                                                 \
	"<Action type=\"AppPool\" scope=\"Server\"><sg:AppPool name=\"" name                                 \
	"\" autoStart=\"false\" run=\"Stopped\">" inside "</sg:AppPool></Action>"
#define T_RULE(id)                                                                                           \
	"<Action type=\"UrlRewrite\" scope=\"Site\"><sg:At sites=\"Default Web Site\" path=\"/\" "           \
	"inherit=\"yes\"/><rewrite><rules><rule name=\"stopgap " id                                          \
	" inbound\" stopProcessing=\"true\"><match url=\".*\"/><conditions><add "                            \
	"input=\"{UrlDecode:{REQUEST_URI}}\" pattern=\"" LAB_ATTACK                                          \
	"\"/></conditions><action type=\"AbortRequest\"/></rule></rules></rewrite></Action>"
#define T_HM       "MSExchangeHM"
#define T_HMR      "MSExchangeHMRecovery"
#define T_UM       "MSExchangeUM"
#define T_UMCR     "MSExchangeUMCR"
#define T_SPAM     "MSExchangeAntispamUpdate" /* Automatic (delayed) */
#define T_ECP_POOL "MSExchangeECPAppPool"
#define T_BOTH     "<sg:Companion name=\"" T_HM "\"/><sg:Companion name=\"" T_HMR "\" if-missing=\"skip\"/>"
#define T_OFF(who) "name=\"" who "\" start=\"Disabled\" run=\"Stopped\""

struct live {
	struct lab lab;
	struct fake_runner *fake;
	struct sg_runner runner;
};

/* For cmocka: HM and HMR run (HMR needs HM), UM runs, Fax needs UM and FaxPrinter needs Fax, SPAM and the pool ECP run, UMCR does not. */
int live_set_up(void **state);
int live_tear_down(void **state);
void live_offer(struct live *l, uint64_t serial, const char *configs); /* and runs until nothing is due */
void live_out(struct live *l, const char *id);                         /* rolled back; the log begins anew */
void live_restart(struct live *l);                                     /* of stopgap */
bool live_said(struct live *l, const char *id, const char *text);      /* a line of its history says so */

#define live_is(l, id, text)   assert_string_equal(lab_state(&(l)->lab, id), text)
#define live_runs(l, name)     assert_true(fake_runner_runs((l)->fake, name))
#define live_rests(l, name)    assert_false(fake_runner_runs((l)->fake, name))
#define live_start(l, name, n) assert_int_equal(t_start((l)->lab.drive, name), n)

#endif
