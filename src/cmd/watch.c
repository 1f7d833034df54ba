/*
 * watch.c - a line of numbers per interval
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio_ext.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <uv.h>

#include "base/units.h"
#include "cmd/command.h"
#include "cmd/follow.h"
#include "cmd/open.h"

#define INTERVAL_MIN_MS 10
/* While a process starts or ends, its heap can be in no readable state for a moment. */
#define TROUBLE_MAX_MS	 3000
#define TROUBLE_AGAIN_MS 100

enum handle { HANDLE_TIMER, HANDLE_INTERRUPT, HANDLE_TERMINATE, HANDLE_END, HANDLE_OUTPUT };
#define HANDLE_COUNT 5

struct watch {
	struct nm_call *call;
	pid_t pid;
	struct nm_target *target;
	struct nm_sample sample;
	struct nm_follow follow;
	uint64_t interval_ms;
	uint64_t duration_ms; /* UINT64_MAX: no end */
	uint64_t count;	      /* the same */
	uint64_t begun_ms;    /* of the loop's clock */
	uint64_t took_ms;     /* all of it */
	uint64_t rows;
	uint64_t trouble_ms; /* since when no sample could be taken; 0: it could */
	int lines;	     /* printed since and with the last heading */
	bool saw_gc;
	bool has_ended;
	int output_errno; /* why the output could not be written; 0 when it could */
	int code;
	int pidfd;
	uv_loop_t loop;
	union uv_any_handle handles[HANDLE_COUNT];
	bool is_open[HANDLE_COUNT];
};

static void stop(struct watch *watch)
{
	for (int i = 0; i < HANDLE_COUNT; i++)
		if (watch->is_open[i] && !uv_is_closing(&watch->handles[i].handle))
			uv_close(&watch->handles[i].handle, NULL);
}

/* A reader that went away (| head) is a good end. Anything else main() reports. */
static void check_output(struct watch *watch)
{
	FILE *out = watch->call->view.out;

	if (!ferror(out))
		return;
	watch->output_errno = errno;
	if (errno == EPIPE) {
		__fpurge(out);
		clearerr(out);
	}
	stop(watch);
}

/* On a terminal again before the last heading leaves the screen. */
static void show_head(struct watch *watch)
{
	const struct nm_view *format = watch->call->view.format;
	int lines = nm_call_measure(watch->call);
	bool is_due = format == &nm_view_text && lines > 2 && watch->lines >= lines - 1;

	if (format->series_head && (watch->rows == 0 || is_due)) {
		format->series_head(&watch->call->view, false);
		watch->lines = 1;
	}
	watch->lines++;
}

static void show_row(struct watch *watch)
{
	const struct nm_isolate *isolate = nm_sample_main(&watch->sample);
	struct nm_series_row row = {
		.info = nm_target_info(watch->target),
		.sample = &watch->sample,
		.since_ms = uv_now(&watch->loop) - watch->begun_ms,
	};

	show_head(watch);
	errno = 0;
	watch->call->view.format->series_row(&watch->call->view, &row);
	watch->rows++;
	watch->saw_gc = watch->saw_gc || (isolate && isolate->in_gc);
	check_output(watch);
}

static void on_tick(uv_timer_t *timer);

/* The next tick that is still to come, on the grid which begins with the first: what one row costs
   does not move those after it, and ticks which were missed are not made up for. */
static void set_timer(struct watch *watch)
{
	uint64_t passed = uv_now(&watch->loop) - watch->begun_ms;
	uint64_t next = (passed / watch->interval_ms + 1) * watch->interval_ms;

	if (watch->rows >= watch->count || next > watch->duration_ms) {
		stop(watch);
		return;
	}
	uv_timer_start(&watch->handles[HANDLE_TIMER].timer, on_tick, next - passed, 0);
}

/* The process could not be read. It may be about to end: give it time before calling it an error. */
static void meet_trouble(struct watch *watch, const struct nm_error *err)
{
	uint64_t now = uv_now(&watch->loop);

	if (err->code == NM_E_GONE) {
		watch->has_ended = true;
		stop(watch);
		return;
	}
	if (watch->trouble_ms == 0)
		watch->trouble_ms = now;
	if (err->code == NM_E_PERM || err->code == NM_E_NOMEM ||
	    now - watch->trouble_ms > TROUBLE_MAX_MS) {
		watch->code = nm_call_fail(watch->call, err);
		stop(watch);
		return;
	}
	uv_timer_start(&watch->handles[HANDLE_TIMER].timer, on_tick, TROUBLE_AGAIN_MS, 0);
}

static void on_tick(uv_timer_t *timer)
{
	struct watch *watch = timer->loop->data;
	struct nm_error err;

	if (nm_target_sample(watch->target, &watch->sample, &err) != NM_OK) {
		meet_trouble(watch, &err);
		return;
	}
	watch->trouble_ms = 0;
	if (watch->call->view.format == &nm_view_text)
		nm_follow_sample(&watch->follow, watch->target, &watch->sample, NULL);
	show_row(watch);
	uv_update_time(&watch->loop);
	if (!uv_is_closing((uv_handle_t *)timer))
		set_timer(watch);
}

static void on_signal(uv_signal_t *handle, int number)
{
	(void)number;
	stop(handle->loop->data);
}

static void on_target_end(uv_poll_t *handle, int status, int events)
{
	struct watch *watch = handle->loop->data;

	(void)status;
	(void)events;
	watch->has_ended = true;
	stop(watch);
}

/* Nobody reads the pipe any more. */
static void on_output_end(uv_poll_t *handle, int status, int events)
{
	(void)status;
	(void)events;
	stop(handle->loop->data);
}

/* Poll a file that stays as it is: uv_poll_init() would make it non-blocking, for its other users
   too. */
static bool init_poll(struct watch *watch, enum handle which, int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || uv_poll_init(&watch->loop, &watch->handles[which].poll, fd) != 0)
		return false;
	fcntl(fd, F_SETFL, flags);
	return watch->is_open[which] = true;
}

static void open_handles(struct watch *watch)
{
	struct stat output;

	uv_timer_init(&watch->loop, &watch->handles[HANDLE_TIMER].timer);
	uv_signal_init(&watch->loop, &watch->handles[HANDLE_INTERRUPT].signal);
	uv_signal_init(&watch->loop, &watch->handles[HANDLE_TERMINATE].signal);
	watch->is_open[HANDLE_TIMER] = true;
	watch->is_open[HANDLE_INTERRUPT] = watch->is_open[HANDLE_TERMINATE] = true;
	uv_signal_start(&watch->handles[HANDLE_INTERRUPT].signal, on_signal, SIGINT);
	uv_signal_start(&watch->handles[HANDLE_TERMINATE].signal, on_signal, SIGTERM);
	if (watch->pidfd >= 0 && init_poll(watch, HANDLE_END, watch->pidfd))
		uv_poll_start(&watch->handles[HANDLE_END].poll, UV_READABLE, on_target_end);
	if (fstat(STDOUT_FILENO, &output) == 0 &&
	    (S_ISFIFO(output.st_mode) || S_ISSOCK(output.st_mode)) &&
	    init_poll(watch, HANDLE_OUTPUT, STDOUT_FILENO))
		uv_poll_start(&watch->handles[HANDLE_OUTPUT].poll, UV_DISCONNECT, on_output_end);
}

static void watch_target(struct watch *watch)
{
	uv_loop_init(&watch->loop);
	watch->loop.data = watch;
	open_handles(watch);
	uv_update_time(&watch->loop);
	watch->begun_ms = uv_now(&watch->loop);
	uv_timer_start(&watch->handles[HANDLE_TIMER].timer, on_tick, 0, 0);
	uv_run(&watch->loop, UV_RUN_DEFAULT);
	uv_update_time(&watch->loop);
	watch->took_ms = uv_now(&watch->loop) - watch->begun_ms;
	uv_loop_close(&watch->loop);
}

/* A line on the trend, for people: each line of the other formats is a sample. */
static void show_trend(const struct watch *watch)
{
	const struct nm_view_options *how = &watch->call->view;
	struct nm_forecast forecast;

	if (how->format != &nm_view_text || watch->has_ended || watch->output_errno != 0)
		return;
	nm_follow_forecast(&watch->follow, &forecast);
	if (nm_follow_is_news(&forecast))
		how->format->trend(how, &forecast);
}

static void finish(struct watch *watch)
{
	const struct nm_view_options *how = &watch->call->view;
	struct nm_error err;
	char text[32];

	if (how->format->series_foot && watch->rows > 0)
		how->format->series_foot(how, watch->saw_gc);
	show_trend(watch);
	if (!watch->has_ended)
		return;
	if (watch->rows == 0) {
		nm_error_set(&err, NM_E_GONE, "process %d has ended", (int)watch->pid);
		watch->code = nm_call_fail(watch->call, &err);
		return;
	}
	fflush(how->out);
	fprintf(stderr, "nodemem: process %d ended after %s of watching\n", (int)watch->pid,
		nm_units_duration(watch->took_ms, text, sizeof(text)));
}

/* False after the wrong usage was told. */
static bool read_options(struct watch *watch)
{
	struct nm_call *call = watch->call;
	bool json = call->view.format == &nm_view_json;

	call->view.isolates = nm_call_option(call, "isolates") != NULL;
	if (nm_call_option(call, "csv")) {
		if (json) {
			nm_call_usage(call, "--csv and --json: one of the two");
			return false;
		}
		call->view.format = &nm_view_csv;
	}
	if (call->view.isolates && !json) {
		nm_call_usage(call, "--isolates needs --json");
		return false;
	}
	return nm_call_duration(call, "interval", INTERVAL_MIN_MS, &watch->interval_ms) &&
	       nm_call_duration(call, "duration", 1, &watch->duration_ms) &&
	       nm_call_whole(call, "count", 1, UINT64_MAX, &watch->count) &&
	       nm_call_pid(call, 0, &watch->pid);
}

static int run(struct nm_call *call)
{
	struct watch watch = {
		.call = call,
		.interval_ms = 1000,
		.duration_ms = UINT64_MAX,
		.count = UINT64_MAX,
	};
	struct nm_error err;

	if (!read_options(&watch))
		return NM_EXIT_USAGE;
	/* Taken first, so that it can't be of a later process with the same number. */
	watch.pidfd = (int)syscall(SYS_pidfd_open, watch.pid, 0);
	nm_sample_init(&watch.sample);
	nm_follow_init(&watch.follow);
	signal(SIGPIPE, SIG_IGN);
	if (nm_open_target(watch.pid, &watch.target, &err) != NM_OK) {
		watch.code = nm_call_fail(call, &err);
	} else {
		watch_target(&watch);
		finish(&watch);
		if (call->verbose)
			nm_print_cost(watch.target, &watch.sample);
	}
	nm_follow_done(&watch.follow);
	nm_sample_done(&watch.sample);
	nm_target_close(watch.target);
	if (watch.pidfd >= 0)
		close(watch.pidfd);
	errno = watch.output_errno; /* main() says why */
	return watch.code;
}

static const struct nm_option options[] = {
	{'i', "interval", "TIME", "between two lines: 1s unless given, 10ms at least"},
	{'d', "duration", "TIME", "no line later than this: 30s, 5m, 1h"},
	{'n', "count", "NUMBER", "end after so many lines"},
	{0, "csv", NULL, "comma-separated values, sizes in bytes"},
	{0, "isolates", NULL, "every isolate and its spaces too (with --json)"},
	{0, NULL, NULL, NULL},
};

const struct nm_command nm_cmd_watch = {
	.name = "watch",
	.summary = "the numbers of a running process, a line per interval",
	.usage = "[OPTIONS] PID",
	.about =
		"The process is not stopped. Ends with the process, with Ctrl-C, or as told below.\n"
		"With --json each line is a document of its own. As text, a last line tells the trend\n"
		"and when a limit is reached, if that can be said.\n",
	.options = options,
	.min_words = 1,
	.max_words = 1,
	.run = run,
};
