/*
 * serve.c - the Node processes of the machine as metrics and as a live page
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "cmd/serve/serve.h"

#define LISTEN	       "127.0.0.1:9469"
#define SERIES_MIN     10
#define SERIES_MAX     10000000
#define SERIES_DEFAULT 20000

static void on_signal(uv_signal_t *handle, int number)
{
	(void)number;
	uv_stop(handle->loop);
	/* The next one ends it at once. */
	uv_signal_stop(handle);
}

/* False after the wrong usage was told. */
static bool read_words(struct nm_call *call, pid_t *pids)
{
	for (int i = 0; i < call->word_count; i++)
		if (!nm_call_pid(call, i, &pids[i]))
			return false;
	return true;
}

/* False after the wrong usage was told. */
static bool read_otlp(struct nm_serve *serve)
{
	struct nm_call *call = serve->call;
	uint64_t interval_ms = 0;
	struct nm_error err;

	if (!nm_call_duration(call, "otlp-interval", 100, &interval_ms))
		return false;
	if (nm_otel_read(&serve->push.otel, nm_call_option(call, "otlp"), interval_ms, &err) !=
	    NM_OK) {
		nm_call_usage(call, "%s", err.message);
		return false;
	}
	return true;
}

/* NM_OK, or the exit code is set and what is wrong was told. */
static int read_options(struct nm_serve *serve, struct sockaddr_storage *address, int *out_code)
{
	struct nm_call *call = serve->call;
	const char *listen = nm_call_option(call, "listen");
	const char *token_file = nm_call_option(call, "token-file");
	struct nm_error err;
	int status;

	serve->allow_actions = nm_call_option(call, "allow-actions") != NULL;
	serve->no_pid_label = nm_call_option(call, "no-pid-label") != NULL;
	serve->guard.hosts = nm_call_option(call, "allow-host");
	serve->max_series = SERIES_DEFAULT;
	*out_code = NM_EXIT_USAGE;
	if (!nm_call_whole(call, "max-series", SERIES_MIN, SERIES_MAX, &serve->max_series) ||
	    !read_otlp(serve))
		return NM_E_USAGE;
	status = nm_web_parse_address(listen ? listen : LISTEN, address, &err);
	if (status == NM_OK && token_file)
		status = nm_guard_read_token(&serve->guard, token_file, &err);
	serve->needs_token = token_file != NULL;
	if (status != NM_OK) {
		*out_code = nm_call_fail(call, &err);
		return status;
	}
	if (!token_file && !nm_web_is_loopback(address)) {
		*out_code = nm_call_usage(call,
					  "--listen %s can be reached from other machines: it "
					  "needs --token-file",
					  listen);
		return NM_E_USAGE;
	}
	return NM_OK;
}

/* Of what is sent to a receiver of OTLP. */
static char *make_body(void *context, const struct nm_otlp_options *options)
{
	struct nm_serve *serve = context;
	struct nm_fleet *fleet = nm_lookout_fleet(&serve->lookout, NM_FRESH_MS);

	if (nm_points_make(&serve->points, fleet, serve->max_series) != NM_OK)
		return NULL;
	return nm_otlp_write(&serve->points, fleet, options);
}

static void start_signals(struct nm_serve *serve)
{
	uv_signal_init(&serve->loop, &serve->interrupt);
	uv_signal_init(&serve->loop, &serve->terminate);
	uv_signal_start(&serve->interrupt, on_signal, SIGINT);
	uv_signal_start(&serve->terminate, on_signal, SIGTERM);
}

static void tell_address(const struct sockaddr_storage *address)
{
	char name[80];

	nm_web_name(address, name, sizeof(name));
	fprintf(stderr, "nodemem: serving on %s\n", name);
}

static void finish(struct nm_serve *serve)
{
	nm_jobs_finish(&serve->jobs);
	nm_stream_stop(&serve->stream);
	nm_web_stop(&serve->web);
	for (size_t i = 0; i < 2; i++)
		if (serve->metrics[i])
			MHD_destroy_response(serve->metrics[i]);
	nm_push_stop(&serve->push);
	nm_lookout_stop(&serve->lookout);
	uv_close((uv_handle_t *)&serve->interrupt, NULL);
	uv_close((uv_handle_t *)&serve->terminate, NULL);
	uv_run(&serve->loop, UV_RUN_DEFAULT);
	nm_points_done(&serve->points);
	nm_lookout_done(&serve->lookout);
}

static int serve_all(struct nm_serve *serve, struct sockaddr_storage *address, const pid_t *pids)
{
	struct nm_error err;
	int code = NM_EXIT_OK, status;

	uv_loop_init(&serve->loop);
	start_signals(serve);
	serve->lookout.is_verbose = serve->call->verbose;
	status = nm_lookout_init(&serve->lookout, &serve->loop, pids,
				 (size_t)serve->call->word_count, &err);
	serve->web.answer = nm_routes_answer;
	serve->web.context = serve->push.context = serve;
	serve->push.make = make_body;
	serve->jobs.loop = serve->stream.loop = &serve->loop;
	serve->lookout.looked = nm_processes_tell;
	serve->lookout.context = serve;
	serve->push.is_verbose = serve->call->verbose;
	if (status == NM_OK)
		status = nm_web_start(&serve->web, &serve->loop, address, &err);
	if (status == NM_OK)
		status = nm_push_start(&serve->push, &serve->loop, &err);
	if (status == NM_OK) {
		tell_address(address);
		uv_run(&serve->loop, UV_RUN_DEFAULT);
	} else {
		code = nm_call_fail(serve->call, &err);
	}
	finish(serve);
	uv_loop_close(&serve->loop);
	return code;
}

static int run(struct nm_call *call)
{
	struct sockaddr_storage address;
	struct nm_serve *serve = calloc(1, sizeof(*serve));
	pid_t *pids = calloc((size_t)call->word_count + 1, sizeof(*pids));
	struct nm_error err;
	int code = NM_EXIT_USAGE;

	signal(SIGPIPE, SIG_IGN);
	if (!serve || !pids) {
		nm_error_nomem(&err);
		code = nm_call_fail(call, &err);
		goto out;
	}
	serve->call = call;
	if (read_words(call, pids) && read_options(serve, &address, &code) == NM_OK)
		code = serve_all(serve, &address, pids);
out:
	if (serve)
		nm_push_done(&serve->push);
	free(pids);
	free(serve);
	return code;
}

static const struct nm_option options[] = {
	{0, "listen", "ADDR:PORT",
	 "where to listen: " LISTEN " unless given; port 0: any free one"},
	{0, "token-file", "FILE", "ask everybody for the token that is in there"},
	{0, "allow-host", "NAMES", "names by which it may be called, with commas between"},
	{0, "allow-actions", NULL, "the page may stop a process for a histogram of its heap"},
	{0, "no-pid-label", NULL, "series without the label pid, added up"},
	{0, "max-series", "NUMBER", "no more series than this: 20000 unless given"},
	{0, "otlp", "URL", "send the metrics to a receiver of OTLP over HTTP too"},
	{0, "otlp-interval", "TIME", "between two times that they are sent: 1m unless given"},
	{0, NULL, NULL, NULL},
};

const struct nm_command nm_cmd_serve = {
	.name = "serve",
	.summary = "metrics for Prometheus and a live page",
	.usage = "[OPTIONS] [PID...]",
	.about =
		"Watches all Node.js processes of the machine, or those given and what they start.\n"
		"Open the address in a browser: the page shows them live.\n"
		"/metrics has their numbers in the formats of Prometheus. An address that other\n"
		"machines can reach needs --token-file. The variables OTEL_EXPORTER_OTLP_... are heeded.\n",
	.options = options,
	.max_words = -1,
	.run = run,
};
