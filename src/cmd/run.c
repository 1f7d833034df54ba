/*
 * run.c - start a command, watch its Node processes, say how it ended
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

#include "base/units.h"
#include "cmd/command.h"
#include "cmd/family.h"
#include "cmd/options.h"
#include "cmd/relay.h"
#include "cmd/run_output.h"
#include "cmd/spawn.h"
#include "model/verdict.h"
#include "source/crashlog/crashlog.h"
#include "source/proc/oom.h"

/* Exit codes of a shell, for a command that could not be started. */
#define EXIT_NOT_EXECUTABLE 126
#define EXIT_NOT_FOUND	    127

#define INTERVAL_MIN_MS 10
/* Without -i: as often as this is looked, so that the peaks are seen. */
#define INTERVAL_MS 100

struct run {
	uv_loop_t loop;
	uv_poll_t signals;
	uv_poll_t relay_poll;
	uv_timer_t tick;
	uv_timer_t try_again;
	int signal_fd;
	struct nm_inherited inherited;
	struct nm_relay relay;
	struct nm_family family;
	struct nm_crashlog crashlog;
	struct nm_run_output output;
	struct nm_oom oom; /* at the start, or when the command went to another cgroup */
	struct nm_ending ending;
	bool is_verbose;
	uint64_t interval_ms;
	uint64_t begun_ns;
	pid_t pid;
};

static uint64_t since_ms(const struct run *run)
{
	return (uv_hrtime() - run->begun_ns) / 1000000;
}

/* ---- the Node processes ------------------------------------------------------------------ */

static struct nm_run_process *record_of(struct run *run, struct nm_member *member)
{
	struct nm_run_process *record;

	if (member->record != 0)
		return &run->ending.processes[member->record - 1];
	record = nm_ending_add_process(&run->ending);
	if (!record)
		return NULL;
	member->record = run->ending.process_count;
	record->pid = member->pid;
	return record;
}

static void on_sample(void *context, struct nm_member *member)
{
	struct run *run = context;
	struct nm_run_process *record = record_of(run, member);

	if (!record)
		return;
	memcpy(record->label, member->label, sizeof(record->label));
	memcpy(record->node, nm_target_info(member->target)->node, sizeof(record->node));
	nm_run_process_add(record, &member->sample);
	nm_run_output_sample(&run->output, member, since_ms(run), run->ending.process_count);
}

static void take_stderr(void *context, const char *bytes, size_t length)
{
	struct run *run = context;

	nm_crashlog_feed(&run->crashlog, bytes, length);
}

static const struct nm_last_words *find_words(const struct run *run, pid_t pid)
{
	for (unsigned i = 0; i < run->crashlog.words_count; i++)
		if (run->crashlog.words[i].pid == pid)
			return &run->crashlog.words[i];
	return NULL;
}

static void tell_cost(struct run *run, const struct nm_member *member)
{
	const struct nm_target_cost *cost;

	if (!run->is_verbose || !member->target)
		return;
	cost = nm_target_cost(member->target);
	nm_run_output_note(&run->output,
			   "%s, process %d: opened in %" PRIu64 " us with %" PRIu64
			   " reads; %" PRIu64 " samples, %" PRIu64 " reads, %" PRIu64
			   " bytes; it was never stopped",
			   member->label, (int)member->pid, cost->open_us, cost->open_reads,
			   cost->samples, cost->sample_reads, cost->sample_bytes);
}

static void on_end(void *context, struct nm_member *member)
{
	struct run *run = context;
	const struct nm_last_words *words;

	tell_cost(run, member);
	run->ending.processes[member->record - 1].has_ended = true;
	if (member->pid == run->pid || run->output.is_quiet)
		return;
	nm_relay_read(&run->relay, take_stderr, run);
	words = find_words(run, member->pid);
	nm_run_output_note(&run->output, "%s, process %d, %s%s%s", member->label, (int)member->pid,
			   words ? "died: \"" : "ended", words ? words->reason : "",
			   words ? "\"" : "");
}

static void on_unreadable(void *context, const struct nm_error *err)
{
	struct run *run = context;

	memcpy(run->ending.unreadable, err->message, sizeof(run->ending.unreadable));
}

static const struct nm_family_events family_events = {on_sample, on_end, on_unreadable};

/* ---- the loop ---------------------------------------------------------------------------- */

static void on_try_again(uv_timer_t *timer)
{
	struct run *run = timer->data;
	uint64_t next;

	nm_family_look(&run->family);
	next = nm_family_try(&run->family);
	if (next != 0)
		uv_timer_start(&run->try_again, on_try_again, next, 0);
}

/* A command may move to another cgroup after its start. One that ended, to the topmost. */
static void follow_cgroup(struct run *run)
{
	struct nm_oom now;

	nm_oom_read(run->family.proc, run->pid, &now);
	if (!now.knows_cgroup || !now.folder[0] || strcmp(now.folder, run->oom.folder) == 0)
		return;
	now.knows_machine = run->oom.knows_machine;
	now.machine_kills = run->oom.machine_kills;
	run->oom = now;
}

static void on_tick(uv_timer_t *timer)
{
	struct run *run = timer->data;

	follow_cgroup(run);
	nm_family_sample(&run->family);
	if (!uv_is_active((uv_handle_t *)&run->try_again))
		on_try_again(&run->try_again);
}

static void on_relay(uv_poll_t *poll, int status, int events)
{
	struct run *run = poll->data;

	(void)status;
	(void)events;
	if (!nm_relay_read(&run->relay, take_stderr, run))
		uv_poll_stop(poll);
}

static void note_exit(struct run *run, int status, const struct rusage *usage)
{
	struct nm_ending *ending = &run->ending;

	ending->duration_ms = since_ms(run);
	ending->peak_rss = (uint64_t)usage->ru_maxrss * NM_KIB;
	ending->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	ending->exit_code = ending->signal ? 128 + ending->signal : WEXITSTATUS(status);
	uv_stop(&run->loop);
}

/* All that ended, for we may be the parent of orphans too: as the first process of a container. */
static void reap(struct run *run)
{
	struct rusage usage;
	int status;
	pid_t pid;

	while ((pid = wait4(-1, &status, WNOHANG, &usage)) > 0)
		if (pid == run->pid)
			note_exit(run, status, &usage);
}

static void on_signal(uv_poll_t *poll, int poll_status, int events)
{
	struct run *run = poll->data;
	struct signalfd_siginfo info;

	(void)poll_status;
	(void)events;
	while (read(run->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGCHLD) {
			reap(run);
		} else if (info.ssi_code <= 0) {
			/* Sent to us by a process. What the terminal sends goes to the command
			   too, as it is in the same process group. */
			run->ending.stop_sent = (int)info.ssi_signo;
			kill(run->pid, (int)info.ssi_signo);
		}
	}
}

static int watch(struct run *run, struct nm_error *err)
{
	int status;

	if ((status = nm_family_init(&run->family, &run->loop, run->pid, &family_events, run,
				     err)) != NM_OK)
		return status;
	nm_oom_read(run->family.proc, run->pid, &run->oom);
	run->signals.data = run->relay_poll.data = run->tick.data = run->try_again.data = run;
	uv_poll_init(&run->loop, &run->signals, run->signal_fd);
	uv_poll_start(&run->signals, UV_READABLE, on_signal);
	uv_poll_init(&run->loop, &run->relay_poll, run->relay.peer);
	uv_poll_start(&run->relay_poll, UV_READABLE, on_relay);
	uv_timer_init(&run->loop, &run->tick);
	uv_timer_start(&run->tick, on_tick, run->interval_ms, run->interval_ms);
	uv_timer_init(&run->loop, &run->try_again);
	uv_timer_start(&run->try_again, on_try_again, 1, 0);
	uv_run(&run->loop, UV_RUN_DEFAULT);
	return NM_OK;
}

/* ---- the end ----------------------------------------------------------------------------- */

static void count_kills(struct run *run)
{
	const struct nm_oom *before = &run->oom;
	struct nm_kills *kills = &run->ending.kills;
	struct nm_oom after;

	nm_oom_read_again(run->family.proc, before, &after);
	kills->knows_machine = before->knows_machine && after.knows_machine;
	if (kills->knows_machine)
		kills->on_machine = after.machine_kills - before->machine_kills;
	kills->cgroup_limit = before->cgroup_limit;
	snprintf(kills->cgroup_name, sizeof(kills->cgroup_name), "%.150s", before->limited);
	kills->knows_cgroup = before->knows_cgroup && after.knows_cgroup;
	if (!kills->knows_cgroup)
		return;
	kills->in_cgroup = after.cgroup_kills - before->cgroup_kills;
	kills->groups = after.group_kills - before->group_kills;
	kills->cgroup_was_full = after.cgroup_failures > before->cgroup_failures;
}

/* The kernel saw every moment, we did not. */
static void refine_peak(struct nm_ending *ending)
{
	struct nm_run_process *process = ending->processes;

	if (ending->process_count == 1 && process->pid == ending->pid &&
	    process->peak_rss < ending->peak_rss)
		process->peak_rss = ending->peak_rss;
}

/* Everything the command wrote comes first, then the end, and nodemem ends after both are
   printed. */
static void tell_end(struct run *run)
{
	struct nm_ending *ending = &run->ending;

	nm_relay_sync(&run->relay, take_stderr, run);
	for (size_t i = 0; i < run->family.count; i++)
		tell_cost(run, run->family.members[i]);
	nm_crashlog_end(&run->crashlog);
	count_kills(run);
	memcpy(ending->words, run->crashlog.words, sizeof(ending->words));
	ending->words_count = run->crashlog.words_count;
	ending->worker_ran_out = run->crashlog.worker_ran_out;
	ending->buffer_failed = run->crashlog.buffer_failed;
	memcpy(ending->error, run->crashlog.error, sizeof(ending->error));
	ending->pid = run->pid;
	ending->totalmem = uv_get_total_memory();
	refine_peak(ending);
	nm_verdict_reach(ending);
	nm_run_output_end(&run->output, ending);
	nm_relay_sync(&run->relay, take_stderr, run);
}

/* ---- the start --------------------------------------------------------------------------- */

static bool open_json(struct nm_call *call, struct run *run, struct nm_error *err)
{
	const char *name = nm_call_option(call, "json");
	struct nm_view_options *json = &run->output.json;

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

/* Our own files must not take the places of stdin, stdout and stderr. */
static void fill_closed(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDWR);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

static int start(struct run *run, const struct nm_call *call, struct nm_error *err)
{
	static const int forwarded[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2};
	const char *slash = strrchr(call->words[0], '/');
	sigset_t signals;
	int status;

	if ((status = nm_relay_start(&run->relay, err)) != NM_OK)
		return status;
	sigemptyset(&signals);
	for (size_t i = 0; i < sizeof(forwarded) / sizeof(forwarded[0]); i++)
		sigaddset(&signals, forwarded[i]);
	nm_inherited_take(&run->inherited, &signals);
	sigaddset(&signals, SIGCHLD);
	run->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	if (run->signal_fd < 0 || uv_loop_init(&run->loop) != 0)
		return nm_error_set_errno(err, NM_E_IO, errno, "cannot make an event loop");
	run->begun_ns = uv_hrtime();
	snprintf(run->ending.command, sizeof(run->ending.command), "%s",
		 slash && slash[1] ? slash + 1 : call->words[0]);
	status = nm_spawn(call->words, run->relay.stderr_end, &run->inherited, &run->pid, err);
	nm_relay_given(&run->relay);
	return status;
}

static int fail_start(struct run *run, const struct nm_call *call, const struct nm_error *err)
{
	int code;

	nm_relay_close(&run->relay);
	code = nm_call_fail(call, err);
	if (err->code == NM_E_IO && run->begun_ns != 0)
		code = err->os_errno == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE;
	return code;
}

static int run_command(struct nm_call *call)
{
	static struct run run;
	struct nm_error err;
	int code;

	fill_closed();
	run.interval_ms = INTERVAL_MS;
	if (!nm_call_duration(call, "interval", INTERVAL_MIN_MS, &run.interval_ms))
		return NM_EXIT_USAGE;
	if (!open_json(call, &run, &err))
		return nm_call_fail(call, &err);
	run.output.relay = &run.relay;
	run.output.text = call->view;
	run.output.text.color = nm_options_color(call, stderr);
	run.output.is_quiet = nm_call_option(call, "quiet") != NULL;
	run.output.is_steady = nm_call_option(call, "interval") != NULL;
	run.is_verbose = call->verbose;
	nm_ending_init(&run.ending);
	nm_crashlog_init(&run.crashlog);
	if (start(&run, call, &err) != NM_OK)
		return fail_start(&run, call, &err);
	if (watch(&run, &err) != NM_OK)
		return nm_call_fail(call, &err);
	tell_end(&run);
	nm_relay_close(&run.relay);
	code = run.ending.exit_code;
	nm_family_done(&run.family);
	nm_ending_done(&run.ending);
	return code;
}

static const struct nm_option options[] = {
	{'i', "interval", "TIME",
	 "time between samples, each with a row (default: a row each second, and sooner when much "
	 "changes)"},
	{'q', "quiet", NULL, "no rows, only the end"},
	{0, "json", "[FILE]", "samples and the end as JSON Lines into FILE (- or none: stdout)"},
	{0, "isolates", NULL, "in JSON every isolate and space too"},
	{0, NULL, NULL, NULL},
};

const struct nm_command nm_cmd_run = {
	.name = "run",
	.summary = "start a command, watch its Node processes and say how it ended",
	.usage = "[OPTIONS] -- COMMAND [ARGUMENT...]",
	.about = "The command behaves as without nodemem: stdin, stdout, stderr, signals and exit\n"
		 "code are its own. What nodemem shows goes to stderr. Node processes below it,\n"
		 "of npm or cluster, are watched too. If nodemem is killed the command goes on.\n",
	.options = options,
	.takes_command = true,
	.min_words = 1,
	.max_words = -1,
	.run = run_command,
};
