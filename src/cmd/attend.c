#include "cmd/attend.h"

#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/units.h"
#include "cmd/command.h"
#include "model/verdict.h"
#include "source/proc/exit_status.h"

#define CLOSE_TICK_MS 100
#define NEWS_MAX      1000
/* The limits of twenty processes each second would be most of the work. */
#define LIMITS_EVERY_MS 10000

struct nm_attended {
	pid_t pid;
	struct nm_oom oom; /* when it was first seen */
	struct nm_ending ending;
	struct nm_last_heap heap;
	struct nm_follow follow;
	uint64_t first_ms; /* of the loop's clock */
	uint64_t samples;
	int64_t ended_ms; /* since 1970; 0: it has not */
};

static void __attribute__((format(printf, 1, 2))) note(const char *format, ...)
{
	va_list args;

	fflush(stdout);
	fputs("nodemem: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

/* ---- the processes -------------------------------------------------------------------------- */

static struct nm_attended *find(struct nm_attend *attend, struct nm_member *member)
{
	struct nm_attended *grown, *process;

	if (member->record != 0)
		return &attend->processes[member->record - 1];
	grown = realloc(attend->processes, (attend->process_count + 1) * sizeof(*grown));
	if (!grown)
		return NULL;
	attend->processes = grown;
	process = &grown[attend->process_count++];
	memset(process, 0, sizeof(*process));
	process->pid = member->pid;
	process->first_ms = uv_now(&attend->loop);
	nm_oom_read(attend->family.proc, member->pid, &process->oom);
	nm_ending_init(&process->ending);
	nm_follow_init(&process->follow);
	process->follow.limits_every_ms = LIMITS_EVERY_MS;
	member->record = attend->process_count;
	return process;
}

/* Before it dies, when. */
static void tell_news(struct nm_attended *process, const struct nm_member *member)
{
	struct nm_forecast forecast;
	struct nm_strbuf text;

	if (!nm_follow_has_news(&process->follow, &forecast))
		return;
	nm_strbuf_init(&text, NEWS_MAX);
	nm_forecast_say(&forecast, &text);
	note("%s, process %d: %s", member->label, (int)member->pid, nm_strbuf_get(&text));
	nm_strbuf_done(&text);
}

static void on_sample(void *context, struct nm_member *member)
{
	struct nm_attend *attend = context;
	struct nm_attended *process = find(attend, member);
	struct nm_run_process *numbers;

	if (!process)
		return;
	numbers = process->ending.process_count > 0 ? process->ending.processes
						    : nm_ending_add_process(&process->ending);
	if (!numbers)
		return;
	numbers->pid = member->pid;
	memcpy(numbers->label, member->label, sizeof(numbers->label));
	memcpy(numbers->node, nm_target_info(member->target)->node, sizeof(numbers->node));
	nm_run_process_add(numbers, &member->sample);
	process->samples++;
	nm_recorder_sample(&attend->recorder, member);
	nm_recorder_follow(&attend->recorder, &process->follow, member);
	tell_news(process, member);
	nm_flight_look(&attend->flight, &member->near_limit, nm_target_info(member->target),
		       member->record, &member->sample);
}

static void count_kills(struct nm_attend *attend, struct nm_attended *process)
{
	struct nm_oom after;

	nm_oom_read_again(attend->family.proc, &process->oom, &after);
	nm_oom_compare(&process->oom, &after, &process->ending.kills);
}

/* What can be known from outside: how the kernel says that it ended, and what was seen before. */
static void take_facts(struct nm_attend *attend, struct nm_attended *process,
		       const struct nm_member *member)
{
	struct nm_ending *ending = &process->ending;
	int status;

	ending->pid = process->pid;
	ending->source = NM_ENDING_WATCH;
	snprintf(ending->command, sizeof(ending->command), "%s", member->label);
	ending->duration_ms = uv_now(&attend->loop) - process->first_ms;
	ending->totalmem = uv_get_total_memory();
	if (nm_exit_status_read(attend->family.proc, process->pid, member->pidfd, &status)) {
		ending->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
		ending->exit_code = ending->signal ? 128 + ending->signal : WEXITSTATUS(status);
	} else {
		ending->exit_code = NM_EXIT_UNKNOWN;
	}
	count_kills(attend, process);
}

/* None of those that were asked for is left; also one that ended before its first sample is not. */
static void stop_when_over(struct nm_attend *attend)
{
	for (size_t i = 0; i < attend->family.count; i++)
		for (size_t k = 0; k < attend->root_count; k++)
			if (attend->family.members[i]->pid == attend->roots[k])
				return;
	if (!attend->flight.job)
		uv_stop(&attend->loop);
}

static void tell_end(struct nm_attend *attend, size_t record)
{
	struct nm_attended *process = &attend->processes[record - 1];
	struct nm_history_end end = {.time_ms = process->ended_ms};

	if (process->heap.taken > 0 && nm_last_heap_finish(&process->heap) == NM_OK)
		process->ending.heap = &process->heap;
	nm_verdict_reach(&process->ending);
	nm_ending_to_history(&process->ending, &end);
	nm_recorder_end(&attend->recorder, record, &end);
	note("%s, process %d: %s", process->ending.command, (int)process->pid,
	     process->ending.headline);
	stop_when_over(attend);
}

static bool is_looked_at(const struct nm_attend *attend, size_t record)
{
	return attend->flight.job && nm_flight_record(&attend->flight) == record;
}

static void on_end(void *context, struct nm_member *member)
{
	struct nm_attend *attend = context;
	struct nm_attended *process = &attend->processes[member->record - 1];

	process->ended_ms = nm_recorder_now_ms();
	take_facts(attend, process, member);
	/* A histogram that is under way belongs to it: then the end is told after that. */
	if (!is_looked_at(attend, member->record))
		tell_end(attend, member->record);
}

static void on_unreadable(void *context, const struct nm_error *err)
{
	(void)context;
	note("%s", err->message);
}

static const struct nm_family_events family_events = {on_sample, on_end, on_unreadable};

static void on_taken(void *context, struct nm_flight_result *result)
{
	struct nm_attend *attend = context;
	struct nm_last_heap *heap = &attend->processes[result->record - 1].heap;

	if (result->status == NM_OK && attend->call->verbose)
		note("process %d is near its heap limit: a histogram was taken; it was stopped for "
		     "%.1f ms by %s",
		     (int)result->pid, (double)result->classes.stopped_us / 1000,
		     nm_via_name(result->classes.via));
	if (result->status != NM_OK && (result->status != NM_E_GONE || attend->call->verbose))
		note("process %d is near its heap limit, but what fills its heap cannot be told: %s",
		     (int)result->pid, result->err.message);
	if (result->dump_path[0])
		note("%s: %s", result->dump_path,
		     result->dump_status == NM_OK ? "written, near the heap limit"
						  : result->dump_err.message);
	if (result->status == NM_OK) {
		nm_recorder_histogram(&attend->recorder, result);
		nm_last_heap_add(heap, result->isolate, result->time_ms, result->heap_used,
				 &result->classes);
		heap->pid = result->pid;
	}
	if (attend->processes[result->record - 1].ended_ms != 0)
		tell_end(attend, result->record);
}

/* ---- the loop ------------------------------------------------------------------------------- */

static void on_try_again(uv_timer_t *timer)
{
	struct nm_attend *attend = timer->data;
	uint64_t next;

	nm_family_look(&attend->family);
	next = nm_family_try(&attend->family);
	if (next != 0)
		uv_timer_start(timer, on_try_again, next, 0);
}

static void commit(struct nm_attend *attend)
{
	if (nm_recorder_tick(&attend->recorder, &attend->failure) != NM_OK)
		uv_stop(&attend->loop);
	else
		attend->failure.code = NM_OK;
}

static void on_tick(uv_timer_t *timer)
{
	struct nm_attend *attend = timer->data;

	nm_family_sample(&attend->family, NULL);
	commit(attend);
	stop_when_over(attend);
	if (!uv_is_active((uv_handle_t *)&attend->try_again))
		on_try_again(&attend->try_again);
}

static bool is_close(const struct nm_member *member)
{
	return nm_last_heap_is_close(&member->sample);
}

static void on_close_tick(uv_timer_t *timer)
{
	struct nm_attend *attend = timer->data;

	nm_family_sample(&attend->family, is_close);
}

static void on_time(uv_timer_t *timer)
{
	uv_stop(timer->loop);
}

static void on_signal(uv_signal_t *handle, int number)
{
	(void)number;
	uv_stop(handle->loop);
}

static int begin(struct nm_attend *attend, struct nm_error *err)
{
	int status = nm_recorder_open(&attend->recorder, attend->path, err);

	if (status != NM_OK)
		return status;
	if (uv_loop_init(&attend->loop) != 0)
		return nm_error_set(err, NM_E_IO, "cannot make an event loop");
	status = nm_family_init(&attend->family, &attend->loop, attend->roots[0], &family_events,
				attend, err);
	if (status != NM_OK)
		return status;
	for (size_t i = 1; i < attend->root_count; i++)
		nm_family_add(&attend->family, attend->roots[i]);
	attend->recorder.proc = attend->family.proc;
	attend->recorder.interval_ms = attend->interval_ms;
	attend->flight.loop = &attend->loop;
	attend->flight.taken = on_taken;
	attend->flight.context = attend;
	return NM_OK;
}

static void watch(struct nm_attend *attend)
{
	attend->tick.data = attend->close_tick.data = attend->try_again.data = attend;
	attend->begun_ms = uv_now(&attend->loop);
	uv_timer_init(&attend->loop, &attend->tick);
	uv_timer_start(&attend->tick, on_tick, attend->interval_ms, attend->interval_ms);
	uv_timer_init(&attend->loop, &attend->close_tick);
	uv_timer_start(&attend->close_tick, on_close_tick, CLOSE_TICK_MS, CLOSE_TICK_MS);
	uv_timer_init(&attend->loop, &attend->try_again);
	uv_timer_start(&attend->try_again, on_try_again, 0, 0);
	uv_timer_init(&attend->loop, &attend->end);
	if (attend->duration_ms > 0)
		uv_timer_start(&attend->end, on_time, attend->duration_ms, 0);
	uv_signal_init(&attend->loop, &attend->interrupt);
	uv_signal_start(&attend->interrupt, on_signal, SIGINT);
	uv_signal_init(&attend->loop, &attend->terminate);
	uv_signal_start(&attend->terminate, on_signal, SIGTERM);
	uv_run(&attend->loop, UV_RUN_DEFAULT);
}

/* ---- the end -------------------------------------------------------------------------------- */

static void tell(struct nm_attend *attend)
{
	struct nm_view_recorded view = {
		.path = attend->path,
		.duration_ms = uv_now(&attend->loop) - attend->begun_ms,
		.process_count = attend->process_count,
	};

	for (size_t i = 0; i < attend->process_count; i++)
		view.samples += attend->processes[i].samples;
	attend->call->view.format->recorded(&attend->call->view, &view);
}

static void done(struct nm_attend *attend)
{
	nm_family_done(&attend->family);
	for (size_t i = 0; i < attend->process_count; i++) {
		nm_ending_done(&attend->processes[i].ending);
		nm_last_heap_done(&attend->processes[i].heap);
		nm_follow_done(&attend->processes[i].follow);
	}
	free(attend->processes);
}

int nm_attend_run(struct nm_attend *attend, const pid_t *roots, size_t root_count)
{
	struct nm_error err;
	int code = NM_EXIT_OK;

	attend->roots = roots;
	attend->root_count = root_count;
	if (begin(attend, &err) != NM_OK)
		return nm_call_fail(attend->call, &err);
	if (root_count == 1)
		note("recording process %d into %s (Ctrl-C ends it)", (int)roots[0], attend->path);
	else
		note("recording %zu processes into %s (Ctrl-C ends it)", root_count, attend->path);
	watch(attend);
	nm_flight_finish(&attend->flight);
	if (attend->failure.code == NM_OK)
		nm_recorder_close(&attend->recorder, &attend->failure);
	if (attend->failure.code != NM_OK)
		code = nm_call_fail(attend->call, &attend->failure);
	else
		tell(attend);
	done(attend);
	return code;
}
