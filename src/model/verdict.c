#include "model/verdict.h"

#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/units.h"

/* A heap is one part of a process: leave the rest of it, and the others, a quarter. */
#define HEAP_SHARE_PERCENT 75
#define OLD_SPACE_STEP_MIB 64
/* With less than this of its limit in use at the end, a heap needs to be explained. */
#define FULL_SHARE 0.9
/* Off-heap memory below this needs no explanation. */
#define WORTH_A_WORD (64 * NM_MIB)

const char *nm_verdict_signal_name(int number, char *out, size_t room)
{
	static const struct {
		int number;
		const char *name;
	} names[] = {
		{SIGHUP, "SIGHUP"},   {SIGINT, "SIGINT"},   {SIGQUIT, "SIGQUIT"},
		{SIGILL, "SIGILL"},   {SIGTRAP, "SIGTRAP"}, {SIGABRT, "SIGABRT"},
		{SIGBUS, "SIGBUS"},   {SIGFPE, "SIGFPE"},   {SIGKILL, "SIGKILL"},
		{SIGUSR1, "SIGUSR1"}, {SIGSEGV, "SIGSEGV"}, {SIGUSR2, "SIGUSR2"},
		{SIGPIPE, "SIGPIPE"}, {SIGALRM, "SIGALRM"}, {SIGTERM, "SIGTERM"},
		{SIGXCPU, "SIGXCPU"}, {SIGXFSZ, "SIGXFSZ"}, {SIGSYS, "SIGSYS"},
	};

	snprintf(out, room, "signal %d", number);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].number == number)
			snprintf(out, room, "%s", names[i].name);
	return out;
}

uint64_t nm_verdict_old_space_mib(uint64_t limit, uint64_t room)
{
	uint64_t now = limit / NM_MIB, wanted = 2 * now;
	uint64_t most = room / NM_MIB * HEAP_SHARE_PERCENT / 100;

	wanted += OLD_SPACE_STEP_MIB - 1;
	wanted -= wanted % OLD_SPACE_STEP_MIB;
	if (room != 0 && wanted > most)
		wanted = most;
	/* Less than a quarter more only puts the end off. */
	return wanted < now + now / 4 ? 0 : wanted;
}

/* Append to a text; what does not fit is left out. */
static void say(char *text, size_t room, const char *format, ...) NM_PRINTF(3, 4);

static void say(char *text, size_t room, const char *format, ...)
{
	size_t used = strlen(text);
	va_list args;

	va_start(args, format);
	vsnprintf(text + used, room - used, format, args);
	va_end(args);
}

#define HEADLINE(ending, ...) say((ending)->headline, sizeof((ending)->headline), __VA_ARGS__)
#define REASON(ending, ...)   say((ending)->reason, sizeof((ending)->reason), __VA_ARGS__)
#define ADVICE(ending, ...)   say((ending)->advice, sizeof((ending)->advice), __VA_ARGS__)

/* What there is for all that the process needs, and what sets it. */
static uint64_t room_of(const struct nm_ending *ending, const char **out_whose)
{
	uint64_t limit = ending->kills.cgroup_limit;

	if (limit != 0 && (ending->totalmem == 0 || limit < ending->totalmem)) {
		*out_whose = "the container";
		return limit;
	}
	*out_whose = "the machine";
	return ending->totalmem;
}

static const char *subject_name(const struct nm_ending *ending)
{
	return ending->subject ? ending->subject->label : ending->command;
}

/* Whose exit code or signal it was: a shell's is not that of the Node process below it. */
static const char *command_name(const struct nm_ending *ending)
{
	return ending->subject && ending->subject->pid == ending->pid ? ending->subject->label
								      : ending->command;
}

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

/* ---- V8 gave up -------------------------------------------------------------------------- */

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
static const struct nm_last_words *choose_words(const struct nm_ending *ending)
{
	const struct nm_last_words *chosen = NULL;

	for (unsigned i = 0; i < ending->words_count; i++)
		if (ending->words[i].kind != NM_WORDS_OTHER &&
		    (!chosen || chosen->pid != ending->pid))
			chosen = &ending->words[i];
	return chosen;
}

static double heap_limit_mb(const struct nm_ending *ending)
{
	return ending->subject ? (double)ending->subject->heap_size_limit / (double)NM_MIB : 0;
}

static void say_collections(struct nm_ending *ending)
{
	const struct nm_last_words *words = ending->last_words;
	const struct nm_gc *last = words->gc_count ? &words->gcs[words->gc_count - 1] : NULL;
	double freed;

	if (!last)
		return;
	if (last->after_mb < FULL_SHARE * heap_limit_mb(ending))
		REASON(ending,
		       " A part of the limit is kept for new objects; what was left for old ones "
		       "was full at %.1f MiB.",
		       last->after_mb);
	freed = last->before_mb - last->after_mb;
	if (freed < last->before_mb / 20)
		REASON(ending,
		       " The last collection took %.0f ms and freed %.1f of %.1f MiB: nearly all of "
		       "the heap is still in use, or is kept alive by something that forgot to let "
		       "go.",
		       last->pause_ms, freed > 0 ? freed : 0.0, last->before_mb);
	else
		REASON(ending,
		       " The last collection took %.0f ms and freed %.1f of %.1f MiB, but what was "
		       "asked for next did not fit.",
		       last->pause_ms, freed, last->before_mb);
}

static void advise_limit(struct nm_ending *ending)
{
	const struct nm_last_words *words = ending->last_words;
	uint64_t limit = ending->subject ? ending->subject->heap_size_limit : 0, room, mib;
	bool is_command = ending->subject && ending->subject->pid == ending->pid;
	char text[32];
	const char *whose;

	room = room_of(ending, &whose);
	/* The flag bounds the old space, which is what was full. */
	if (words->gc_count > 0 && words->gcs[words->gc_count - 1].after_mb < heap_limit_mb(ending))
		limit = (uint64_t)words->gcs[words->gc_count - 1].after_mb * NM_MIB;
	mib = limit ? nm_verdict_old_space_mib(limit, room) : 0;
	if (mib != 0)
		ADVICE(ending,
		       "If it needs that much, allow it more: %s--max-old-space-size=%" PRIu64
		       "%s (%s has %s).",
		       is_command ? "node " : "NODE_OPTIONS=", mib, is_command ? " ..." : "", whose,
		       nm_units_words(room, text, sizeof(text)));
	else if (limit != 0 && room != 0)
		ADVICE(ending,
		       "There is no room for a much higher --max-old-space-size: %s has %s for "
		       "everything. If the program needs more, give it more memory first.",
		       whose, nm_units_words(room, text, sizeof(text)));
	else
		ADVICE(ending, "If it needs more, raise --max-old-space-size.");
	ADVICE(ending,
	       " To see what fills the heap, start it with --heapsnapshot-near-heap-limit=1 and "
	       "open the file it then writes in Chrome DevTools.");
}

/* A heap near its limit is collected nearly all the time, when no sample can be taken. What V8
   itself printed of the last collection is then newer than the last sample. */
static void take_last_collection(struct nm_ending *ending)
{
	const struct nm_last_words *words = ending->last_words;
	uint64_t used;

	if (!ending->subject || words->gc_count == 0)
		return;
	used = (uint64_t)(words->gcs[words->gc_count - 1].after_mb * (double)NM_MIB);
	for (size_t i = 0; i < ending->process_count; i++) {
		struct nm_run_process *process = &ending->processes[i];

		if (process != ending->subject || used <= process->heap_used)
			continue;
		process->heap_used = used;
		process->has |= NM_HAS_HEAP_USED;
		if (process->peak_heap_used < used)
			process->peak_heap_used = used;
	}
}

static void judge_heap_limit(struct nm_ending *ending)
{
	const struct nm_run_process *subject = ending->subject;
	char text[32];

	take_last_collection(ending);

	ending->cause = NM_CAUSE_V8_HEAP_LIMIT;
	if (subject && subject->heap_size_limit != 0)
		HEADLINE(ending, "%s died: its JavaScript heap was full, at a limit of %s",
			 subject_name(ending),
			 nm_units_words(subject->heap_size_limit, text, sizeof(text)));
	else
		HEADLINE(ending, "%s died: its JavaScript heap was full", subject_name(ending));
	REASON(ending, "V8 could not make room for more objects and ended the process (\"%s\").",
	       ending->last_words->reason);
	say_collections(ending);
	advise_limit(ending);
}

static void judge_other_oom(struct nm_ending *ending)
{
	const char *reason = ending->last_words->reason;

	ending->cause = NM_CAUSE_V8_OTHER_OOM;
	if (ending->last_words->kind == NM_WORDS_INVALID_SIZE) {
		HEADLINE(ending, "%s died: one object would have been larger than V8 allows",
			 subject_name(ending));
		REASON(ending,
		       "V8 ended the process (\"%s\"). A single array, Map, Set or string has a "
		       "greatest length, whatever the memory; no heap limit changes that.",
		       reason);
		ADVICE(ending, "Look for the one that grows without end, or split it.");
		return;
	}
	HEADLINE(ending, "%s died: V8 got no memory from the operating system",
		 subject_name(ending));
	REASON(ending,
	       "V8 asked for memory outside its heap and was refused, so it ended the process "
	       "(\"%s\"). The heap limit was not what stopped it.",
	       reason);
	ADVICE(ending, "Look at ulimit -v, vm.overcommit_memory, vm.max_map_count and at how much "
		       "memory was left on the machine.");
}

/* ---- the kernel killed ------------------------------------------------------------------- */

/* A kill shows as SIGKILL, and as 137 behind a shell. */
static bool is_killed(const struct nm_ending *ending)
{
	return ending->signal == SIGKILL ||
	       (ending->signal == 0 && ending->exit_code == 128 + SIGKILL);
}

/* Behind npm it is just some failure; but a kill in the command's own cgroup is no accident. */
static bool is_killed_in_cgroup(const struct nm_ending *ending)
{
	return ending->kills.in_cgroup > 0 && ending->kills.cgroup_was_full &&
	       (is_killed(ending) || (ending->signal == 0 && ending->exit_code != 0));
}

static void say_shares(struct nm_ending *ending)
{
	const struct nm_run_process *subject = ending->subject;
	char rss[32], heap[32], buffers[32];

	if (!subject || !(subject->has & NM_HAS_RSS))
		return;
	REASON(ending,
	       " When its rss was last seen at its highest, %s, heapTotal was %s and arrayBuffers "
	       "%s.",
	       nm_units_words(subject->peak_rss, rss, sizeof(rss)),
	       nm_units_words(subject->heap_total_at_peak, heap, sizeof(heap)),
	       nm_units_words(subject->array_buffers_at_peak, buffers, sizeof(buffers)));
}

static void judge_cgroup_oom(struct nm_ending *ending)
{
	const struct nm_run_process *subject = ending->subject;
	uint64_t limit = ending->kills.cgroup_limit;
	char text[32], heap[32];

	ending->cause = NM_CAUSE_CGROUP_OOM;
	nm_units_words(limit, text, sizeof(text));
	if (limit != 0)
		HEADLINE(ending, "%s was killed: its container reached the memory limit of %s",
			 subject_name(ending), text);
	else
		HEADLINE(ending, "%s was killed: its container reached its memory limit",
			 subject_name(ending));
	REASON(ending,
	       "The kernel killed it with SIGKILL, which leaves no last words; the cgroup %s "
	       "counted the kill.",
	       ending->kills.cgroup_name[0] ? ending->kills.cgroup_name : "it was in");
	say_shares(ending);
	ADVICE(ending, "Raise the container's limit, or use less.");
	if (subject && subject->array_buffers_at_peak > subject->heap_total_at_peak)
		ADVICE(ending, " Buffers count most here, and no flag of Node's bounds them.");
	else if (subject && limit != 0 &&
		 subject->heap_size_limit + subject->heap_size_limit / 4 > limit)
		ADVICE(ending,
		       " V8 believed it could have a heap of %s: with "
		       "--max-old-space-size=%" PRIu64 " it would collect harder before the kernel "
		       "steps in, and say why when it cannot.",
		       nm_units_words(subject->heap_size_limit, heap, sizeof(heap)),
		       limit * HEAP_SHARE_PERCENT / 100 / NM_MIB);
}

static void judge_kernel_oom(struct nm_ending *ending)
{
	char text[32];

	ending->cause = NM_CAUSE_KERNEL_OOM;
	HEADLINE(ending, "%s was killed: the machine had no more memory", subject_name(ending));
	REASON(ending,
	       "The kernel's OOM killer ended it with SIGKILL, which leaves no last words.");
	say_shares(ending);
	ADVICE(ending,
	       "The machine has %s: run less on it, add memory or swap, or bound the "
	       "program below that with --max-old-space-size and a cgroup limit.",
	       nm_units_words(ending->totalmem, text, sizeof(text)));
}

/* ---- it ended by itself or by a signal ---------------------------------------------------- */

/* Why rss went past the heap limit, or is mostly not heap. */
static void say_off_heap(struct nm_ending *ending)
{
	const struct nm_run_process *subject = ending->subject;
	uint64_t room, in_rss, limit = subject ? subject->heap_size_limit : 0;
	char rss[32], text[32], heap[32], buffers[32];
	const char *whose;

	if (!subject || limit == 0 || subject->peak_rss <= limit + WORTH_A_WORD)
		return;
	room = room_of(ending, &whose);
	REASON(ending,
	       "%sIts rss went up to %s, past V8's heap limit of %s, while heapTotal was never "
	       "more than %s. That is no mistake: the limit bounds the JavaScript heap alone.",
	       ending->reason[0] ? " " : "", nm_units_words(subject->peak_rss, rss, sizeof(rss)),
	       nm_units_words(limit, text, sizeof(text)),
	       nm_units_words(subject->peak_heap_total, heap, sizeof(heap)));
	/* Memory of a Buffer that was never written to is not in rss. */
	in_rss = subject->array_buffers_at_peak;
	if (in_rss > subject->peak_rss)
		in_rss = subject->peak_rss;
	if (in_rss >= subject->peak_rss / 4)
		REASON(ending, " Buffers live outside of it: %s of the peak rss were ArrayBuffers.",
		       nm_units_words(in_rss, buffers, sizeof(buffers)));
	REASON(ending, " Only the memory of the container and of the machine bounds the rest");
	if (room != 0)
		REASON(ending, ": here %s with %s", whose,
		       nm_units_words(room, text, sizeof(text)));
	REASON(ending, ".");
}

static void judge_signal(struct nm_ending *ending)
{
	char name[32];

	ending->cause = NM_CAUSE_SIGNAL;
	nm_verdict_signal_name(ending->signal, name, sizeof(name));
	HEADLINE(ending, "%s was ended by %s", command_name(ending), name);
	if (ending->stop_sent == ending->signal)
		REASON(ending, "nodemem was sent the signal and passed it on.");
	else if (ending->signal == SIGKILL && ending->kills.knows_machine)
		REASON(ending, "Somebody sent it: the kernel counted no kill for want of memory.");
	else if (ending->signal == SIGKILL)
		REASON(ending,
		       "Whether the kernel killed it for want of memory or somebody sent it "
		       "cannot be told here.");
	say_off_heap(ending);
}

static void judge_exit(struct nm_ending *ending)
{
	ending->cause = NM_CAUSE_EXIT;
	if (ending->exit_code == 0)
		HEADLINE(ending, "%s ended normally", command_name(ending));
	else
		HEADLINE(ending, "%s ended with exit code %d", command_name(ending),
			 ending->exit_code);
	if (ending->exit_code != 0 && ending->worker_ran_out) {
		REASON(ending, "One of its workers reached its own heap limit "
			       "(ERR_WORKER_OUT_OF_MEMORY).");
		ADVICE(ending, "A worker's limit is resourceLimits.maxOldGenerationSizeMb, given "
			       "when it is made; --max-old-space-size does not raise it.");
	} else if (ending->exit_code != 0 && ending->buffer_failed) {
		REASON(ending,
		       "A Buffer or ArrayBuffer could not be had (\"Array buffer allocation "
		       "failed\"): the operating system refused the memory, or the size was "
		       "too large.");
	}
	say_off_heap(ending);
}

void nm_verdict_reach(struct nm_ending *ending)
{
	const struct nm_last_words *words = is_own_end(ending) ? choose_words(ending) : NULL;

	ending->headline[0] = ending->reason[0] = ending->advice[0] = '\0';
	ending->last_words = words;
	ending->subject = find_process(ending, words && words->pid ? words->pid : ending->pid);
	if (!ending->subject && !(words && words->pid))
		ending->subject = largest_process(ending);
	if (words && words->kind == NM_WORDS_HEAP_LIMIT)
		judge_heap_limit(ending);
	else if (words)
		judge_other_oom(ending);
	else if (is_killed_in_cgroup(ending))
		judge_cgroup_oom(ending);
	else if (is_killed(ending) && ending->kills.on_machine > 0)
		judge_kernel_oom(ending);
	else if (ending->signal != 0)
		judge_signal(ending);
	else
		judge_exit(ending);
}
