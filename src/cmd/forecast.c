/*
 * forecast.c - when which limit is reached, or why that cannot be said
 */
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <uv.h>

#include "base/units.h"
#include "cmd/command.h"
#include "cmd/follow.h"
#include "cmd/open.h"
#include "source/recording/read.h"

#define INTERVAL_MIN_MS 10
/* While a process starts or ends, its heap can be in no readable state for a moment. */
#define TROUBLE_MAX_MS 3000
#define JUDGE_EVERY_MS 1000
/* So often in a row the forecast must have been good enough to end before the time is over. */
#define SETTLED 3

enum handle { HANDLE_TIMER, HANDLE_INTERRUPT, HANDLE_TERMINATE, HANDLE_END };
#define HANDLE_COUNT 4

struct vigil {
	struct nm_call *call;
	pid_t pid;
	struct nm_target *target;
	struct nm_sample sample;
	struct nm_follow follow;
	struct nm_forecast forecast;
	uint64_t interval_ms;
	uint64_t duration_ms;
	uint64_t begun_ms; /* of the loop's clock, as are the next three */
	uint64_t judged_ms;
	uint64_t sampled_ms;
	int settled;
	struct nm_error err; /* why the watching ended, if it failed */
	int pidfd;
	uv_loop_t loop;
	union uv_any_handle handles[HANDLE_COUNT];
	bool is_open[HANDLE_COUNT];
};

static void stop(struct vigil *vigil)
{
	for (int i = 0; i < HANDLE_COUNT; i++)
		if (vigil->is_open[i] && !uv_is_closing(&vigil->handles[i].handle))
			uv_close(&vigil->handles[i].handle, NULL);
}

/* Narrow enough to act on, or so near that there is no time for more. */
static bool is_good(const struct nm_forecast *forecast, uint64_t left_ms)
{
	if (forecast->reason != NM_FORECAST_OK)
		return false;
	return forecast->eta_ms < left_ms ||
	       (forecast->has_high &&
		forecast->eta_high_ms - forecast->eta_low_ms <= forecast->eta_ms);
}

static void judge(struct vigil *vigil, uint64_t passed_ms)
{
	const uint64_t left_ms =
		vigil->duration_ms > passed_ms ? vigil->duration_ms - passed_ms : 0;

	nm_follow_forecast(&vigil->follow, &vigil->forecast);
	vigil->settled = is_good(&vigil->forecast, left_ms) ? vigil->settled + 1 : 0;
	if (vigil->settled >= SETTLED || left_ms == 0)
		stop(vigil);
}

static void meet_trouble(struct vigil *vigil)
{
	const int code = vigil->err.code;
	const uint64_t since = uv_now(&vigil->loop) - vigil->sampled_ms;

	if (code == NM_E_GONE || code == NM_E_PERM || code == NM_E_NOMEM || since > TROUBLE_MAX_MS)
		stop(vigil);
	else
		vigil->err.code = NM_OK;
}

static void on_tick(uv_timer_t *timer)
{
	struct vigil *vigil = timer->loop->data;
	const uint64_t now = uv_now(timer->loop);

	if (nm_target_sample(vigil->target, &vigil->sample, &vigil->err) != NM_OK) {
		meet_trouble(vigil);
		return;
	}
	vigil->sampled_ms = now;
	nm_follow_sample(&vigil->follow, vigil->target, &vigil->sample, NULL);
	if (now - vigil->judged_ms < JUDGE_EVERY_MS && now - vigil->begun_ms < vigil->duration_ms)
		return;
	vigil->judged_ms = now;
	judge(vigil, now - vigil->begun_ms);
}

static void on_signal(uv_signal_t *handle, int number)
{
	(void)number;
	stop(handle->loop->data);
}

static void on_target_end(uv_poll_t *handle, int status, int events)
{
	struct vigil *vigil = handle->loop->data;

	(void)status;
	(void)events;
	nm_error_set(&vigil->err, NM_E_GONE, "process %d has ended", (int)vigil->pid);
	stop(vigil);
}

static void open_handles(struct vigil *vigil)
{
	uv_timer_init(&vigil->loop, &vigil->handles[HANDLE_TIMER].timer);
	uv_signal_init(&vigil->loop, &vigil->handles[HANDLE_INTERRUPT].signal);
	uv_signal_init(&vigil->loop, &vigil->handles[HANDLE_TERMINATE].signal);
	vigil->is_open[HANDLE_TIMER] = true;
	vigil->is_open[HANDLE_INTERRUPT] = vigil->is_open[HANDLE_TERMINATE] = true;
	uv_signal_start(&vigil->handles[HANDLE_INTERRUPT].signal, on_signal, SIGINT);
	uv_signal_start(&vigil->handles[HANDLE_TERMINATE].signal, on_signal, SIGTERM);
	if (vigil->pidfd < 0 ||
	    uv_poll_init(&vigil->loop, &vigil->handles[HANDLE_END].poll, vigil->pidfd) != 0)
		return;
	vigil->is_open[HANDLE_END] = true;
	uv_poll_start(&vigil->handles[HANDLE_END].poll, UV_READABLE, on_target_end);
}

static void watch(struct vigil *vigil)
{
	uv_loop_init(&vigil->loop);
	vigil->loop.data = vigil;
	open_handles(vigil);
	uv_update_time(&vigil->loop);
	vigil->begun_ms = vigil->judged_ms = vigil->sampled_ms = uv_now(&vigil->loop);
	uv_timer_start(&vigil->handles[HANDLE_TIMER].timer, on_tick, 0, vigil->interval_ms);
	uv_run(&vigil->loop, UV_RUN_DEFAULT);
	uv_loop_close(&vigil->loop);
}

static void show(const struct nm_call *call, const struct nm_target_info *info,
		 const struct nm_forecast *forecast, const char *ended)
{
	const struct nm_view_forecast view = {info, forecast, ended};

	call->view.format->forecast(&call->view, &view);
}

static int forecast_process(struct vigil *vigil)
{
	struct nm_call *call = vigil->call;
	char text[32];

	if (nm_open_target(vigil->pid, &vigil->target, &vigil->err) != NM_OK)
		return nm_call_fail(call, &vigil->err);
	vigil->err.code = NM_OK;
	if (isatty(STDERR_FILENO))
		fprintf(stderr,
			"nodemem: watching process %d for up to %s; Ctrl-C ends it earlier\n",
			(int)vigil->pid, nm_units_duration(vigil->duration_ms, text, sizeof(text)));
	watch(vigil);
	if (vigil->err.code != NM_OK)
		return nm_call_fail(call, &vigil->err);
	nm_follow_forecast(&vigil->follow, &vigil->forecast);
	show(call, nm_target_info(vigil->target), &vigil->forecast, NULL);
	if (call->verbose)
		nm_print_cost(vigil->target, &vigil->sample);
	return NM_EXIT_OK;
}

/* ---- a recording ----------------------------------------------------------------------------- */

static int show_recorded(const struct nm_call *call, const struct nm_history_process *process)
{
	struct nm_target_info info = {.pid = process->pid, .started_ms = process->started_ms};
	struct nm_forecast forecast;
	struct nm_error err;

	if (nm_forecast_history(process, &forecast) != NM_OK) {
		nm_error_nomem(&err);
		return nm_call_fail(call, &err);
	}
	memcpy(info.node, process->node, sizeof(info.node));
	memcpy(info.v8, process->v8, sizeof(info.v8));
	memcpy(info.command, process->command, sizeof(info.command));
	show(call, &info, &forecast, process->end.cause[0] ? process->end.headline : NULL);
	return NM_EXIT_OK;
}

/* Each process, as of its last sample. */
static int forecast_recording(struct nm_call *call, const char *path)
{
	struct nm_history history;
	struct nm_error err;
	int code = NM_EXIT_OK;

	if (nm_recording_read(path, &history, &err) != NM_OK)
		return nm_call_fail(call, &err);
	if (history.process_count == 0) {
		nm_error_set(&err, NM_E_CORRUPT, "%s has no process in it", path);
		code = nm_call_fail(call, &err);
	}
	for (size_t i = 0; i < history.process_count && code == NM_EXIT_OK; i++) {
		if (i > 0 && call->view.format == &nm_view_text)
			fputc('\n', call->view.out);
		code = show_recorded(call, &history.processes[i]);
	}
	nm_history_done(&history);
	return code;
}

static int run(struct nm_call *call)
{
	const char *path;
	struct vigil vigil = {.call = call, .interval_ms = 100, .duration_ms = 60000};
	int code;

	if (!nm_call_duration(call, "interval", INTERVAL_MIN_MS, &vigil.interval_ms) ||
	    !nm_call_duration(call, "duration", 1, &vigil.duration_ms) ||
	    !nm_call_target(call, 0, &vigil.pid, &path))
		return NM_EXIT_USAGE;
	if (path)
		return forecast_recording(call, path);
	/* Taken first, so that it can't be of a later process with the same number. */
	vigil.pidfd = (int)syscall(SYS_pidfd_open, vigil.pid, 0);
	nm_sample_init(&vigil.sample);
	nm_follow_init(&vigil.follow);
	code = forecast_process(&vigil);
	nm_follow_done(&vigil.follow);
	nm_sample_done(&vigil.sample);
	nm_target_close(vigil.target);
	if (vigil.pidfd >= 0)
		close(vigil.pidfd);
	return code;
}

static const struct nm_option options[] = {
	{'d', "duration", "TIME", "watch no longer than this: 1m unless given"},
	{'i', "interval", "TIME", "between two looks: 100ms unless given, 10ms at least"},
	{0, NULL, NULL, NULL},
};

const struct nm_command nm_cmd_forecast = {
	.name = "forecast",
	.summary = "when which limit is reached, or why that cannot be said",
	.usage = "[OPTIONS] PID|RECORDING",
	.about =
		"Watches the process, which is not stopped, and tells how fast what stays in its memory\n"
		"grows, and when that reaches the first limit: between when and when. It ends as soon as\n"
		"that is clear, with the time, or with Ctrl-C. No trend is invented where there is none.\n"
		"Of a recording each process is told, as of its last sample.\n",
	.options = options,
	.min_words = 1,
	.max_words = 1,
	.run = run,
};
