#include "cmd/session.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/units.h"
#include "cmd/options.h"
#include "model/verdict.h"

/* Exit codes of a shell, for a command that could not be started. */
#define EXIT_NOT_EXECUTABLE 126
#define EXIT_NOT_FOUND	    127

#define CLOSE_TICK_MS 15
#define NEWS_MAX      1000

static uint64_t since_ms(const struct nm_session *session)
{
	return (uv_hrtime() - session->begun_ns) / 1000000;
}

/* ---- the Node processes ------------------------------------------------------------------ */

static struct nm_run_process *record_of(struct nm_session *session, struct nm_member *member)
{
	struct nm_run_process *record;

	if (member->record != 0)
		return &session->ending.processes[member->record - 1];
	record = nm_ending_add_process(&session->ending);
	if (!record)
		return NULL;
	member->record = session->ending.process_count;
	record->pid = member->pid;
	return record;
}

/* On the grid of the interval, which begins with the command; there are more samples near a limit. */
static bool is_shown(const struct nm_session *session, struct nm_member *member)
{
	const uint64_t slot = since_ms(session) / session->interval_ms;

	if (member->shown_slot == slot + 1)
		return false;
	member->shown_slot = slot + 1;
	return true;
}

/* What is kept of the process `record`; NULL when there is no memory. */
static struct nm_session_process *process_of(struct nm_session *session, size_t record)
{
	struct nm_session_process *grown;

	if (record <= session->process_count)
		return &session->processes[record - 1];
	grown = realloc(session->processes, record * sizeof(*grown));
	if (!grown)
		return NULL;
	session->processes = grown;
	while (session->process_count < record) {
		struct nm_session_process *process = &grown[session->process_count++];

		memset(process, 0, sizeof(*process));
		nm_follow_init(&process->follow);
	}
	return &grown[record - 1];
}

/* Before it dies, when. */
static void tell_news(struct nm_session *session, struct nm_follow *follow,
		      const struct nm_member *member)
{
	struct nm_forecast forecast;
	struct nm_strbuf text;

	if (session->output.is_quiet || !nm_follow_has_news(follow, &forecast))
		return;
	nm_strbuf_init(&text, NEWS_MAX);
	nm_forecast_say(&forecast, &text);
	nm_run_output_note(&session->output, "%s, process %d: %s", member->label, (int)member->pid,
			   nm_strbuf_get(&text));
	nm_strbuf_done(&text);
}

static void on_sample(void *context, struct nm_member *member)
{
	struct nm_session *session = context;
	struct nm_run_process *record = record_of(session, member);
	struct nm_session_process *process;

	if (!record)
		return;
	memcpy(record->label, member->label, sizeof(record->label));
	memcpy(record->node, nm_target_info(member->target)->node, sizeof(record->node));
	nm_run_process_add(record, &member->sample);
	nm_recorder_sample(&session->recorder, member);
	process = process_of(session, member->record);
	if (process) {
		nm_isolate_names_see(&process->isolates, member->target);
		nm_recorder_follow(&session->recorder, &process->follow, member);
		tell_news(session, &process->follow, member);
	}
	nm_flight_look(&session->flight, &member->near_limit, nm_target_info(member->target),
		       member->record, &member->sample);
	if (is_shown(session, member))
		nm_run_output_sample(&session->output, member, since_ms(session),
				     session->ending.process_count);
}

static void tell_taken(struct nm_session *session, const struct nm_flight_result *result)
{
	if (session->output.is_quiet)
		return;
	if (result->status == NM_OK && session->is_verbose)
		nm_run_output_note(
			&session->output,
			"process %d is near its heap limit: a histogram was taken; it was "
			"stopped for %.1f ms by %s",
			(int)result->pid, (double)result->classes.stopped_us / 1000,
			nm_via_name(result->classes.via));
	if (result->status != NM_OK && (result->status != NM_E_GONE || session->is_verbose))
		nm_run_output_note(&session->output,
				   "process %d is near its heap limit, but what fills its heap "
				   "cannot be told: %s",
				   (int)result->pid, result->err.message);
	if (result->dump_path[0] && result->dump_status == NM_OK)
		nm_run_output_note(&session->output, "process %d is near its heap limit: wrote %s",
				   (int)result->pid, result->dump_path);
	else if (result->dump_path[0])
		nm_run_output_note(&session->output, "%s was not written: %s", result->dump_path,
				   result->dump_err.message);
}

/* Nothing is known of an isolate that was made and gone between two samples. */
static void on_traced(void *context, pid_t pid, const struct nm_gc *gc)
{
	struct nm_session *session = context;

	/* The last one of that number. */
	for (size_t i = session->process_count; i > 0; i--) {
		const char *isolate;

		if (session->ending.processes[i - 1].pid != pid)
			continue;
		isolate = nm_isolate_names_find(&session->processes[i - 1].isolates, gc->isolate);
		if (isolate)
			nm_recorder_traced(&session->recorder, i, isolate, gc);
		return;
	}
}

static const struct nm_last_words *find_words(const struct nm_session *session, pid_t pid)
{
	const struct nm_crashlog *log = &session->hearing.err.log;

	for (unsigned i = 0; i < log->words_count; i++)
		if (log->words[i].pid == pid)
			return &log->words[i];
	return NULL;
}

static void tell_cost(struct nm_session *session, const struct nm_member *member)
{
	const struct nm_target_cost *cost;

	if (!session->is_verbose || !member->target)
		return;
	cost = nm_target_cost(member->target);
	nm_run_output_note(&session->output,
			   "%s, process %d: opened in %" PRIu64 " us with %" PRIu64
			   " reads; %" PRIu64 " samples, %" PRIu64 " reads, %" PRIu64
			   " bytes; none of it stopped the process",
			   member->label, (int)member->pid, cost->open_us, cost->open_reads,
			   cost->samples, cost->sample_reads, cost->sample_bytes);
}

static void on_end(void *context, struct nm_member *member)
{
	struct nm_session *session = context;
	const struct nm_last_words *words;

	tell_cost(session, member);
	session->ending.processes[member->record - 1].has_ended = true;
	if (member->pid == session->pid || session->output.is_quiet)
		return;
	nm_hearing_read(&session->hearing);
	words = find_words(session, member->pid);
	nm_run_output_note(&session->output, "%s, process %d, %s%s%s", member->label,
			   (int)member->pid, words ? "died: \"" : "ended",
			   words ? words->reason : "", words ? "\"" : "");
}

static void on_unreadable(void *context, const struct nm_error *err)
{
	struct nm_session *session = context;

	memcpy(session->ending.unreadable, err->message, sizeof(session->ending.unreadable));
}

static const struct nm_family_events family_events = {on_sample, on_end, on_unreadable};

/* ---- the loop ---------------------------------------------------------------------------- */

static void on_try_again(uv_timer_t *timer)
{
	struct nm_session *session = timer->data;
	uint64_t next;

	nm_family_look(&session->family);
	next = nm_family_try(&session->family);
	if (next != 0)
		uv_timer_start(&session->try_again, on_try_again, next, 0);
}

/* A command may move to another cgroup after its start. One that ended, to the topmost. */
static void follow_cgroup(struct nm_session *session)
{
	struct nm_oom now;

	nm_oom_read(session->family.proc, session->pid, &now);
	if (!now.knows_cgroup || !now.folder[0] || strcmp(now.folder, session->oom.folder) == 0)
		return;
	now.knows_machine = session->oom.knows_machine;
	now.machine_kills = session->oom.machine_kills;
	session->oom = now;
}

/* It may be full before the next tick. */
static bool is_close(const struct nm_member *member)
{
	return nm_last_heap_is_close(&member->sample);
}

/* Between two ticks those near their limits are looked at more often. */
static void on_close_tick(uv_timer_t *timer)
{
	struct nm_session *session = timer->data;

	nm_family_sample(&session->family, is_close);
}

static void on_tick(uv_timer_t *timer)
{
	struct nm_session *session = timer->data;
	struct nm_error err;

	follow_cgroup(session);
	nm_family_sample(&session->family, NULL);
	if (nm_recorder_tick(&session->recorder, &err) != NM_OK)
		nm_run_output_note(&session->output, "%s", err.message);
	if (!uv_is_active((uv_handle_t *)&session->try_again))
		on_try_again(&session->try_again);
}

static void note_exit(struct nm_session *session, int status, const struct rusage *usage)
{
	struct nm_ending *ending = &session->ending;

	ending->duration_ms = since_ms(session);
	ending->peak_rss = (uint64_t)usage->ru_maxrss * NM_KIB;
	ending->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	ending->exit_code = ending->signal ? 128 + ending->signal : WEXITSTATUS(status);
	uv_stop(&session->loop);
}

/*
 * While a thread of ours traces the command, its stops would be told here too, and lost for that thread
 * (wait_consider_task in kernel/exit.c): only whether it has ended may be asked then.
 */
static bool may_collect(const struct nm_session *session)
{
	struct pollfd end = {.fd = session->pidfd, .events = POLLIN};

	return !session->flight.job || (session->pidfd >= 0 && poll(&end, 1, 0) > 0);
}

/* All that ended, for we may be the parent of orphans too: as the first process of a container. */
static void reap(struct nm_session *session)
{
	struct rusage usage;
	int status;
	pid_t pid;

	if (!may_collect(session))
		return;
	while ((pid = wait4(session->flight.job ? session->pid : -1, &status, WNOHANG, &usage)) > 0)
		if (pid == session->pid)
			note_exit(session, status, &usage);
}

static void on_taken(void *context, struct nm_flight_result *result)
{
	struct nm_session *session = context;
	struct nm_session_process *process = process_of(session, result->record);

	reap(session);
	tell_taken(session, result);
	if (result->status != NM_OK || !process)
		return;
	nm_recorder_histogram(&session->recorder, result);
	nm_last_heap_add(&process->heap, result->isolate, result->time_ms, result->heap_used,
			 &result->classes);
	process->heap.pid = result->pid;
}

static void on_signal(uv_poll_t *poll, int poll_status, int events)
{
	struct nm_session *session = poll->data;
	struct signalfd_siginfo info;

	(void)poll_status;
	(void)events;
	while (read(session->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGCHLD) {
			reap(session);
		} else if (info.ssi_code <= 0) {
			/* Sent to us by a process. What the terminal sends goes to the command
			   too, as it is in the same process group. */
			session->ending.stop_sent = (int)info.ssi_signo;
			kill(session->pid, (int)info.ssi_signo);
		}
	}
}

static int watch(struct nm_session *session, struct nm_error *err)
{
	const uint64_t tick_ms = session->interval_ms < NM_SESSION_TICK_MS ? session->interval_ms
									   : NM_SESSION_TICK_MS;
	int status;

	if ((status = nm_family_init(&session->family, &session->loop, session->pid, &family_events,
				     session, err)) != NM_OK)
		return status;
	session->recorder.proc = session->family.proc;
	session->flight.loop = &session->loop;
	session->flight.taken = on_taken;
	session->flight.context = session;
	nm_oom_read(session->family.proc, session->pid, &session->oom);
	session->signals.data = session;
	session->tick.data = session->close_tick.data = session->try_again.data = session;
	uv_poll_init(&session->loop, &session->signals, session->signal_fd);
	uv_poll_start(&session->signals, UV_READABLE, on_signal);
	nm_hearing_listen(&session->hearing, &session->loop);
	uv_timer_init(&session->loop, &session->tick);
	uv_timer_start(&session->tick, on_tick, tick_ms, tick_ms);
	uv_timer_init(&session->loop, &session->close_tick);
	uv_timer_start(&session->close_tick, on_close_tick, CLOSE_TICK_MS, CLOSE_TICK_MS);
	uv_timer_init(&session->loop, &session->try_again);
	uv_timer_start(&session->try_again, on_try_again, 1, 0);
	uv_run(&session->loop, UV_RUN_DEFAULT);
	return NM_OK;
}

/* ---- the end ----------------------------------------------------------------------------- */

static void count_kills(struct nm_session *session)
{
	struct nm_oom after;

	nm_oom_read_again(session->family.proc, &session->oom, &after);
	nm_oom_compare(&session->oom, &after, &session->ending.kills);
}

/* The kernel saw every moment, we did not. */
static void refine_peak(struct nm_ending *ending)
{
	struct nm_run_process *process = ending->processes;

	if (ending->process_count == 1 && process->pid == ending->pid &&
	    process->peak_rss < ending->peak_rss)
		process->peak_rss = ending->peak_rss;
}

/* What is known of the end of each process into the recording. */
static void record_ends(struct nm_session *session)
{
	const struct nm_ending *ending = &session->ending;
	const int64_t now = nm_recorder_now_ms();

	for (size_t i = 0; i < ending->process_count; i++) {
		const struct nm_run_process *process = &ending->processes[i];
		const struct nm_last_words *words = find_words(session, process->pid);
		struct nm_history_end end = {.time_ms = now, .exit_code = -1};

		if (words)
			nm_recorder_last_words(&session->recorder, i + 1, words);
		if (process == ending->subject || process->pid == ending->pid) {
			nm_ending_to_history(ending, &end);
			nm_recorder_end(&session->recorder, i + 1, &end);
		}
	}
}

static void close_recording(struct nm_session *session)
{
	const bool was_recording = session->recorder.recording != NULL;
	struct nm_error err;

	record_ends(session);
	if (nm_recorder_close(&session->recorder, &err) != NM_OK)
		nm_run_output_note(&session->output, "%s", err.message);
	else if (was_recording && !session->output.is_quiet)
		nm_run_output_note(&session->output, "recorded into %s", session->record_path);
}

/* The heap of the process whose end is told. */
static void find_heap(struct nm_session *session)
{
	const struct nm_run_process *subject = session->ending.subject;

	for (size_t i = 0; i < session->process_count && subject; i++) {
		struct nm_last_heap *heap = &session->processes[i].heap;

		if (heap->pid == subject->pid && heap->taken > 0 &&
		    nm_last_heap_finish(heap) == NM_OK)
			session->ending.heap = heap;
	}
}

/* Its last collections, if it told of them all the time. */
static void find_traced(struct nm_session *session)
{
	struct nm_ending *ending = &session->ending;
	const struct nm_crashlog_gcs *gcs =
		ending->subject ? nm_hearing_gcs(&session->hearing, ending->subject->pid) : NULL;

	if (!gcs)
		return;
	memcpy(ending->traced, gcs->gcs, sizeof(ending->traced));
	ending->traced_count = gcs->count;
}

static void take_words(struct nm_ending *ending, const struct nm_crashlog *log)
{
	memcpy(ending->words, log->words, sizeof(ending->words));
	ending->words_count = log->words_count;
	ending->worker_ran_out = log->worker_ran_out;
	ending->buffer_failed = log->buffer_failed;
	memcpy(ending->error, log->error, sizeof(ending->error));
}

/* Everything the command wrote comes first, then the end, and nodemem ends after both are
   printed. */
static void tell_end(struct nm_session *session)
{
	struct nm_ending *ending = &session->ending;

	nm_hearing_sync(&session->hearing);
	nm_flight_finish(&session->flight);
	for (size_t i = 0; i < session->family.count; i++)
		tell_cost(session, session->family.members[i]);
	nm_hearing_end(&session->hearing);
	count_kills(session);
	take_words(ending, &session->hearing.err.log);
	ending->pid = session->pid;
	ending->totalmem = uv_get_total_memory();
	refine_peak(ending);
	nm_verdict_reach(ending);
	find_heap(session);
	find_traced(session);
	close_recording(session);
	nm_run_output_end(&session->output, ending);
	nm_hearing_sync(&session->hearing);
}

/* ---- the start --------------------------------------------------------------------------- */

static int start(struct nm_session *session, const struct nm_call *call, struct nm_error *err)
{
	static const int forwarded[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2};
	const char *slash = strrchr(call->words[0], '/');
	sigset_t signals;
	int status;

	if ((status = nm_hearing_start(&session->hearing,
				       session->reads_stdout || nm_hearing_is_traced(call->words),
				       on_traced, session, err)) != NM_OK)
		return status;
	/* The relay, which may outlive us, must not have it. */
	if (session->record_path &&
	    (status = nm_recorder_open(&session->recorder, session->record_path, err)) != NM_OK)
		return status;
	sigemptyset(&signals);
	for (size_t i = 0; i < sizeof(forwarded) / sizeof(forwarded[0]); i++)
		sigaddset(&signals, forwarded[i]);
	nm_inherited_take(&session->inherited, &signals);
	sigaddset(&signals, SIGCHLD);
	session->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	if (session->signal_fd < 0 || uv_loop_init(&session->loop) != 0)
		return nm_error_set_errno(err, NM_E_IO, errno, "cannot make an event loop");
	session->begun_ns = uv_hrtime();
	snprintf(session->ending.command, sizeof(session->ending.command), "%s",
		 slash && slash[1] ? slash + 1 : call->words[0]);
	session->pidfd = -1;
	status = nm_spawn(call->words, session->hearing.stdout_end, session->hearing.stderr_end,
			  &session->inherited, &session->pid, err);
	nm_hearing_given(&session->hearing);
	if (status == NM_OK)
		session->pidfd = (int)syscall(SYS_pidfd_open, session->pid, 0);
	return status;
}

static int fail_start(struct nm_session *session, const struct nm_call *call,
		      const struct nm_error *err)
{
	int code;

	nm_hearing_close(&session->hearing);
	code = nm_call_fail(call, err);
	if (err->code == NM_E_IO && session->begun_ns != 0)
		code = err->os_errno == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE;
	return code;
}

/* ---- the whole --------------------------------------------------------------------------- */

void nm_session_init(struct nm_session *session, struct nm_call *call)
{
	nm_spawn_keep_free();
	memset(session, 0, sizeof(*session));
	session->interval_ms = NM_SESSION_TICK_MS;
	session->output.relay = &session->hearing.err.relay;
	session->output.text = call->view;
	session->output.text.color = nm_options_color(call, stderr);
	session->is_verbose = call->verbose;
	nm_ending_init(&session->ending);
}

bool nm_session_open_json(struct nm_session *session, struct nm_call *call, struct nm_error *err)
{
	const char *name = nm_call_option(call, "json");
	struct nm_view_options *json = &session->output.json;

	*json = call->view;
	json->out = NULL;
	json->isolates = nm_call_option(call, "isolates") != NULL;
	if (!name)
		return true;
	if (name[0] == '\0' || strcmp(name, "-") == 0)
		json->out = stdout;
	else
		json->out = fopen(name, "we");
	if (!json->out) {
		nm_error_set_errno(err, NM_E_IO, errno, "cannot write '%s'", name);
		return false;
	}
	/* Errors are told there as well. */
	call->view.format = &nm_view_json;
	call->view.out = json->out;
	return true;
}

static void done(struct nm_session *session)
{
	nm_hearing_close(&session->hearing);
	nm_family_done(&session->family);
	nm_ending_done(&session->ending);
	for (size_t i = 0; i < session->process_count; i++) {
		nm_last_heap_done(&session->processes[i].heap);
		nm_follow_done(&session->processes[i].follow);
	}
	free(session->processes);
}

int nm_session_run(struct nm_session *session, struct nm_call *call)
{
	struct nm_error err;
	int code;

	if (start(session, call, &err) != NM_OK)
		return fail_start(session, call, &err);
	if (watch(session, &err) != NM_OK)
		return nm_call_fail(call, &err);
	tell_end(session);
	code = session->ending.exit_code;
	done(session);
	return code;
}
