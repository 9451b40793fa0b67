/* stopgapd_main.c - the service's beginning and end, in the order that design.md section 3 asks for: lock, check, recover, configuration,
 * control socket, loop. Started by itself as a worker (base/worker.h) it is another program: that comes first. Nothing starts a thread before sg_loop_run(),
 * because checking the journal forks. */
#include "actions/apart.h"
#include "base/log.h"
#include "base/os.h"
#include "base/text.h"
#include "base/xml.h"
#include "daemon/access.h"
#include "daemon/config.h"
#include "daemon/endpoint.h"
#include "daemon/loop.h"
#include "daemon/once.h"
#include "daemon/options.h"
#include "daemon/service.h"
#include "engine/places.h"
#include "feed/apart.h"
#include "model/codes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static atomic_bool stop_asked;

static bool is_stop_asked(void *arg)
{
	(void)arg;
	return atomic_load(&stop_asked);
}

static void complain(const struct sg_err *err)
{
	struct sg_buf line = { 0 };

	sg_buf_str(&line, "stopgapd: ");
	sg_text_safe(err->msg, &line);
	sg_buf_char(&line, '\n');
	fwrite(line.data, 1, line.len, stderr);
	sg_buf_release(&line);
}

/* What the service obeys and a person should know (access.h says why it is obeyed). */
static void warn_of_config(const char *file)
{
	struct sg_err why = SG_ERR_INIT, said = SG_ERR_INIT;

	if (sg_os_ours(file, &why) == SG_EACCES) {
		sg_fail(&said, SG_EACCES, "warning: %s; who changes it says what this server does", why.msg);
		complain(&said);
	}
}

static enum sg_exit show_config(const struct sg_options *o, struct sg_err *err)
{
	struct sg_buf octets = { 0 }, text = { 0 };
	struct sg_conf *conf = NULL;
	int r = sg_config_read(o->config, &octets, &conf, err);

	if (r == 0)
		r = sg_config_check_files(conf, o->config, err);
	if (r == 0 && o->run == SG_RUN_CHECK_CONFIG)
		r = sg_config_check_closed(conf, o->config, err);
	if (r == 0 && o->run == SG_RUN_PRINT_CONFIG) {
		sg_conf_print(conf, &text);
		sg_buf_str(&text, "<!-- where each setting comes from:\n");
		for (size_t i = 0; i < conf->origins.n; i++) {
			for (char *p = conf->origins.at[i]; (p = strstr(p, "--")) != NULL;)
				p[1] = '_'; /* two hyphens would end the comment's well-formedness */
			sg_buf_fmt(&text, "  %s\n", conf->origins.at[i]);
		}
		sg_buf_str(&text, "-->\n");
		fwrite(text.data, 1, text.len, stdout);
	} else if (r == 0) {
		warn_of_config(o->config);
		printf("%s: good, %zu feed%s\n", o->config, conf->n_feeds, conf->n_feeds == 1 ? "" : "s");
	}
	sg_conf_free(conf);
	sg_buf_release(&octets);
	sg_buf_release(&text);
	return sg_exit_of(r) == SG_EXIT_DONE ? SG_EXIT_DONE : SG_EXIT_FAILED;
}

/* The size of a journal is fixed when it is made, so this one setting is read before the journal is opened. A wrong file is judged later. */
static uint64_t journal_size(const char *config)
{
	struct sg_buf octets = { 0 };
	struct sg_conf *conf = NULL;
	uint64_t size = 0;

	if (config && sg_access_check_file(config, NULL) == 0 &&
	        sg_config_read(config, &octets, &conf, NULL) == 0)
		size = (uint64_t)conf->journal_size;
	sg_conf_free(conf);
	sg_buf_release(&octets);
	return size;
}

static int open_engine(const struct sg_options *o, const char *journal, uint64_t seed, struct sg_engine **ret,
        struct sg_err *err)
{
	const struct sg_engine_options options = { .drives = &o->drives,
		.journal = journal,
		.journal_size = journal_size(o->config),
		.any_machine = o->any_machine,
		.stop = is_stop_asked,
		.seed = seed };

	return sg_engine_open(&options, ret, err);
}

/* A journal that did not open (engine NULL) cannot hold them. */
static void say_each(struct sg_engine *engine, int code, struct sg_strs *texts)
{
	for (size_t i = 0; i < texts->n; i++) {
		if (engine)
			sg_engine_say(engine, code, texts->at[i]);
		else
			sg_log(SG_CRITICAL, code, NULL, "%s", texts->at[i]);
	}
	sg_strs_release(texts);
}

static int choose_socket(const struct sg_options *o, const char *configured, char **ret, struct sg_err *err)
{
	const char *path = o->socket ? o->socket : configured;
	int r;

	if (!path)
		return sg_place_socket(&o->drives, ret, err);
	r = sg_place_check_socket(path, err);
	if (r == 0)
		*ret = sg_strdup(path);
	return r;
}

/* Everything between an open engine and a closed one. */
static int serve(const struct sg_options *o, struct sg_engine *engine, uint64_t seed, struct sg_err *err)
{
	struct sg_loop_options loop = {
		.engine = engine, .config = o->config, .stop = &stop_asked, .seed = seed
	};
	char *configured = NULL, *socket = NULL;
	int r = sg_config_start(engine, o->config, &loop.access, &configured, err);

	if (r == 0)
		r = choose_socket(o, configured, &socket, err);
	if (r == 0)
		r = sg_endpoint_open(socket, loop.access, &loop.endpoint, err);
	if (r == 0) {
		r = sg_loop_run(&loop, err);
		loop.access = NULL; /* the loop's */
	}
	sg_endpoint_free(loop.endpoint);
	sg_access_free(loop.access);
	free(configured);
	free(socket);
	return r;
}

static enum sg_exit run_service(const struct sg_options *o, const char *journal, struct sg_err *err)
{
	struct sg_engine *engine = NULL;
	struct sg_strs put_back = { 0 }, left = { 0 };
	uint64_t seed;
	int r;

	sg_os_random(&seed, sizeof seed);
	r = sg_service_begin(&stop_asked, err);
	/* before anything is judged: it depends on this */
	sg_access_mend(sg_drives_live(&o->drives), journal, &put_back, &left);
	if (r == 0)
		r = open_engine(o, journal, seed, &engine, err);
	say_each(engine, SG_EV_LISTS_PUT_BACK, &put_back);
	say_each(engine, SG_EV_LISTS_LEFT, &left);
	/* A journal that does not open cannot hold the line that says so. */
	if (r == SG_EDAMAGED)
		sg_log(SG_CRITICAL, SG_EV_JOURNAL_DAMAGED, NULL, "%s", err->msg);
	else if (r == SG_ESTATE)
		sg_log(SG_CRITICAL, SG_EV_JOURNAL_OTHER_HOST, NULL, "%s", err->msg);
	if (r == 0)
		r = serve(o, engine, seed, err);
	sg_engine_close(engine);
	if (r < 0)
		sg_service_failed(err);
	return r == 0 ? SG_EXIT_DONE : SG_EXIT_FAILED;
}

static enum sg_exit manage(const struct sg_options *o, struct sg_err *err)
{
	const struct sg_service_setup setup = { .config = o->config,
		.journal = o->journal,
		.seed = { .config = o->seed, .anchor = o->anchor, .mode = o->mode },
		.start = o->start,
		.keep = o->keep,
		.rollback = o->rollback };
	static const enum sg_service_verb verbs[] = {
		[SG_RUN_INSTALL] = SG_SERVICE_INSTALL,
		[SG_RUN_UNINSTALL] = SG_SERVICE_UNINSTALL,
		[SG_RUN_START] = SG_SERVICE_START,
		[SG_RUN_RELOAD] = SG_SERVICE_READ_AGAIN,
		[SG_RUN_STOP] = SG_SERVICE_HALT,
	};

	return sg_exit_of(sg_service_setup(verbs[o->run], &setup, err));
}

static enum sg_exit run(const struct sg_options *o, struct sg_err *err)
{
	enum sg_exit status;
	char *journal = NULL;
	int r;

	sg_xml_init();
	if (o->run == SG_RUN_CHECK_CONFIG || o->run == SG_RUN_PRINT_CONFIG)
		return show_config(o, err);
	if (o->run >= SG_RUN_INSTALL && o->run <= SG_RUN_STOP)
		return manage(o, err);
	r = o->journal ? 0 : sg_place_journal(&o->drives, &journal, err);
	if (r < 0)
		status = r == SG_EINVAL ? SG_EXIT_USAGE : SG_EXIT_FAILED;
	else if (o->run == SG_RUN_SERVICE)
		status = run_service(o, o->journal ? o->journal : journal, err);
	else
		status = sg_once_run(o, o->journal ? o->journal : journal, err);
	free(journal);
	return status;
}

static int stopgapd(int argc, char **argv)
{
	struct sg_options o = { 0 };
	struct sg_err err = SG_ERR_INIT;
	enum sg_exit status;

	if (sg_options_read(argc, argv, &o, &err) < 0) {
		complain(&err);
		fputs("stopgapd --help says more\n", stderr);
		return SG_EXIT_USAGE;
	}
	if (o.foreground)
		sg_os_setenv("JOURNAL_STREAM", NULL); /* whose presence asks for level prefixes */
	if (o.run == SG_RUN_HELP) {
		fputs(sg_options_help, stdout);
		status = SG_EXIT_DONE;
	} else if (o.run == SG_RUN_VERSION) {
		puts("stopgapd " SG_VERSION);
		status = SG_EXIT_DONE;
	} else {
		status = run(&o, &err);
	}
	if (err.code)
		complain(&err);
	sg_options_release(&o);
	return (int)status;
}

/* What a worker of this program may be: a reader of feeds, a fetcher, a reader of configuration. */
static const struct sg_worker_job *jobs(void)
{
	enum { MOST = 16 };
	static struct sg_worker_job all[MOST + 1];
	const struct sg_worker_job *const tables[] = { sg_feed_jobs, sg_action_jobs };
	size_t n = 0;

	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
		for (const struct sg_worker_job *j = tables[i]; j->name && n < MOST; j++)
			all[n++] = *j;
	return all;
}

int main(int argc, char **argv)
{
	sg_os_begin(&argc, &argv);
	sg_worker_begin(argc, argv, jobs()); /* never returns in a worker */
	sg_actions_apart();
	return sg_service_host(argc, argv, stopgapd);
}
