#include "model/verdict.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "model/verdict_part.h"

static const struct nm_run_process *find_process(const struct nm_ending *ending, pid_t pid)
{
	/* From behind: a number that was used twice means the later one. */
	for (size_t i = ending->process_count; i > 0; i--)
		if (ending->processes[i - 1].pid == pid)
			return &ending->processes[i - 1];
	return NULL;
}

static const struct nm_run_process *largest_process(const struct nm_ending *ending)
{
	const struct nm_run_process *largest = NULL;

	for (size_t i = 0; i < ending->process_count; i++)
		if (!largest || ending->processes[i].peak_rss > largest->peak_rss)
			largest = &ending->processes[i];
	return largest;
}

/* ---- last words ---------------------------------------------------------------------------- */

/* V8 and Node end themselves by these; a shell or npm in between turns them into exit codes. */
static bool is_own_end(const struct nm_ending *ending)
{
	switch (ending->signal) {
	case 0:
		return ending->exit_code != 0;
	case SIGABRT:
	case SIGTRAP:
	case SIGILL:
	case SIGSEGV:
	case SIGBUS:
		return true;
	default:
		return false;
	}
}

/* The words that tell the end: the command's own, else the last ones. */
static const struct nm_last_words *choose_words(const struct nm_ending *ending, bool are_of_memory)
{
	const struct nm_last_words *chosen = NULL;

	for (unsigned i = 0; i < ending->words_count; i++)
		if (nm_words_are_of_memory(ending->words[i].kind) == are_of_memory &&
		    (!chosen || chosen->pid != ending->pid))
			chosen = &ending->words[i];
	return chosen;
}

/* ---- evidence ------------------------------------------------------------------------------ */

static void add_counters(struct nm_ending *ending)
{
	const struct nm_kills *kills = &ending->kills;
	const char *name = kills->cgroup_name[0] ? kills->cgroup_name : "/";

	if (kills->in_cgroup > 0)
		nm_ending_add_evidence(ending,
				       "the kernel killed %" PRIu64 " process%s of the cgroup%s",
				       kills->in_cgroup, kills->in_cgroup == 1 ? "" : "es",
				       kills->groups > 0 ? ", all of it together" : "");
	if (kills->cgroup_was_full)
		nm_ending_add_evidence(ending,
				       "allocations failed at the memory limit of cgroup %s", name);
	if (kills->on_machine > 0)
		nm_ending_add_evidence(ending,
				       "the kernel killed %" PRIu64
				       " process%s of the machine for want of memory",
				       kills->on_machine, kills->on_machine == 1 ? "" : "es");
	else if (kills->knows_machine && ending->signal == SIGKILL)
		nm_ending_add_evidence(ending, "the kernel killed no process for want of memory");
}

/* Of a command that nodemem ran; who read a file has found its evidence in there. */
static void add_evidence(struct nm_ending *ending)
{
	char name[32];

	if (ending->signal != 0)
		nm_ending_add_evidence(ending, "%s ended by %s", ending->command,
				       nm_verdict_signal_name(ending->signal, name, sizeof(name)));
	else if (ending->exit_code != NM_EXIT_UNKNOWN)
		nm_ending_add_evidence(ending, "%s ended with exit code %d", ending->command,
				       ending->exit_code);
	if (ending->last_words && ending->last_words->reason[0])
		nm_ending_add_evidence(ending, "on stderr: %s", ending->last_words->reason);
	else if (ending->exit_code != 0 && ending->error[0])
		nm_ending_add_evidence(ending, "on stderr: %s", ending->error);
	if (ending->stop_sent != 0)
		nm_ending_add_evidence(
			ending, "nodemem was sent %s and passed it on",
			nm_verdict_signal_name(ending->stop_sent, name, sizeof(name)));
	add_counters(ending);
}

/* ---- the verdict --------------------------------------------------------------------------- */

/* An error of a worker that was full, which nobody caught. */
static bool is_of_worker(const struct nm_ending *ending)
{
	return ending->signal == 0 && ending->exit_code != 0 &&
	       strstr(ending->error, "ERR_WORKER_OUT_OF_MEMORY") != NULL;
}

/* V8 ends a process whose heap is full by abort(). */
static bool is_seen_full(const struct nm_ending *ending)
{
	return ending->source == NM_ENDING_WATCH && ending->subject &&
	       ending->subject->is_near_limit &&
	       (ending->signal == SIGABRT || ending->signal == SIGTRAP);
}

void nm_verdict_reach(struct nm_ending *ending)
{
	const struct nm_last_words *words = NULL;

	ending->headline[0] = ending->reason[0] = ending->advice[0] = '\0';
	if (is_own_end(ending))
		words = choose_words(ending, true);
	ending->subject = find_process(ending, words && words->pid ? words->pid : ending->pid);
	if (!ending->subject && !(words && words->pid))
		ending->subject = largest_process(ending);
	ending->last_words = words;
	if (words) {
		nm_verdict_words(ending);
	} else if (!nm_verdict_kill(ending)) {
		if (is_own_end(ending))
			ending->last_words = choose_words(ending, false);
		if (is_of_worker(ending))
			nm_verdict_worker(ending);
		else if (is_seen_full(ending))
			nm_verdict_seen_full(ending);
		else
			nm_verdict_end(ending);
	}
	if (nm_verdict_was_there(ending))
		add_evidence(ending);
}
