#include "cmd/top/batch.h"

#include <errno.h>
#include <signal.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "cmd/top/watch.h"

/* Processes that are just starting are given a moment before the first round. */
#define PATIENCE_MS 300

enum handle { HANDLE_TIMER, HANDLE_INTERRUPT, HANDLE_TERMINATE };
#define HANDLE_COUNT 3

struct batch {
	struct nm_call *call;
	const struct nm_top_options *options;
	struct nm_top_watch watch;
	struct nm_roster_line lines[NM_ROSTER_MAX];
	uint64_t left; /* rounds */
	int output_errno;
	int code;
	uv_loop_t loop;
	union uv_any_handle handles[HANDLE_COUNT];
};

static void stop(struct batch *batch)
{
	for (int i = 0; i < HANDLE_COUNT; i++)
		if (!uv_is_closing(&batch->handles[i].handle))
			uv_close(&batch->handles[i].handle, NULL);
}

static void show(struct batch *batch)
{
	const struct nm_view_options *how = &batch->call->view;
	struct nm_view_top top = {.rows = batch->watch.rows,
				  .lines = batch->lines,
				  .hidden = batch->watch.family.hidden};
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	top.time_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
	top.count = nm_roster_arrange(batch->watch.rows, batch->watch.count, &batch->options->order,
				      batch->lines);
	errno = 0;
	how->format->top(how, &top);
	fflush(how->out);
	if (!ferror(how->out))
		return;
	/* A reader that went away (| head) is a good end. Anything else main() reports. */
	batch->output_errno = errno;
	if (errno == EPIPE) {
		__fpurge(how->out);
		clearerr(how->out);
	}
	stop(batch);
}

static void on_tick(uv_timer_t *timer)
{
	struct batch *batch = timer->loop->data;
	struct nm_error err;

	if (nm_top_watch_round(&batch->watch, &err) != NM_OK) {
		batch->code = nm_call_fail(batch->call, &err);
		stop(batch);
		return;
	}
	show(batch);
	if (batch->left != UINT64_MAX && --batch->left == 0)
		stop(batch);
	else if (batch->left > 0 && batch->call->view.format == &nm_view_text)
		fputc('\n', batch->call->view.out);
}

static void on_signal(uv_signal_t *handle, int number)
{
	(void)number;
	stop(handle->loop->data);
}

static void open_handles(struct batch *batch)
{
	uv_timer_init(&batch->loop, &batch->handles[HANDLE_TIMER].timer);
	uv_signal_init(&batch->loop, &batch->handles[HANDLE_INTERRUPT].signal);
	uv_signal_init(&batch->loop, &batch->handles[HANDLE_TERMINATE].signal);
	uv_signal_start(&batch->handles[HANDLE_INTERRUPT].signal, on_signal, SIGINT);
	uv_signal_start(&batch->handles[HANDLE_TERMINATE].signal, on_signal, SIGTERM);
	uv_timer_start(&batch->handles[HANDLE_TIMER].timer, on_tick, 0,
		       batch->options->interval_ms);
}

static void wait_for_starting(struct batch *batch)
{
	const uint64_t begun = uv_hrtime();
	uint64_t wait;

	nm_top_watch_round(&batch->watch, NULL);
	while ((wait = nm_top_watch_try(&batch->watch)) > 0 &&
	       (uv_hrtime() - begun) / 1000000 < PATIENCE_MS) {
		usleep((useconds_t)(wait * 1000));
		uv_update_time(&batch->loop);
	}
}

int nm_top_batch(struct nm_call *call, const struct nm_top_options *options, uint64_t count)
{
	struct batch *batch = calloc(1, sizeof(*batch));
	struct nm_error err;
	int code;

	if (!batch) {
		nm_error_nomem(&err);
		return nm_call_fail(call, &err);
	}
	batch->call = call;
	batch->options = options;
	batch->left = count;
	signal(SIGPIPE, SIG_IGN);
	uv_loop_init(&batch->loop);
	batch->loop.data = batch;
	if (nm_top_watch_init(&batch->watch, &batch->loop, options->only, options->only_count,
			      &err) != NM_OK) {
		batch->code = nm_call_fail(call, &err);
	} else {
		wait_for_starting(batch);
		open_handles(batch);
		while (uv_is_active(&batch->handles[HANDLE_TIMER].handle))
			uv_run(&batch->loop, UV_RUN_ONCE);
		stop(batch);
		nm_top_watch_done(&batch->watch);
		uv_run(&batch->loop, UV_RUN_DEFAULT);
	}
	uv_loop_close(&batch->loop);
	code = batch->code;
	errno = batch->output_errno;
	free(batch);
	return code;
}
