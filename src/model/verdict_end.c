#include <inttypes.h>
#include <signal.h>
#include <string.h>

#include "base/units.h"
#include "model/verdict_part.h"

/* Off-heap memory below this needs no explanation. */
#define WORTH_A_WORD (64 * NM_MIB)

/* Whose exit code or signal it was: a shell's is not that of the Node process below it. */
static const char *command_name(const struct nm_ending *ending)
{
	return ending->subject && ending->subject->pid == ending->pid ? ending->subject->label
								      : ending->command;
}

/* Why rss went past the heap limit, or is mostly not heap. */
static void say_off_heap(struct nm_ending *ending)
{
	const struct nm_run_process *subject = ending->subject;
	uint64_t room, in_rss, limit = subject ? subject->heap_size_limit : 0;
	char rss[32], text[32], heap[32], buffers[32];
	const char *whose;

	if (!subject || limit == 0 || subject->peak_rss <= limit + WORTH_A_WORD)
		return;
	room = nm_verdict_room(ending, &whose);
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

/* ---- signals ------------------------------------------------------------------------------- */

static void say_sigkill(struct nm_ending *ending)
{
	if (!nm_verdict_was_there(ending)) {
		REASON(ending,
		       "Nothing here says who sent it. SIGKILL comes from the kernel when memory "
		       "runs out, from a supervisor whose patience ended (docker stop, kubelet, "
		       "systemd, some time after SIGTERM), or from somebody's kill -9.");
		ADVICE(ending, "The kernel's log tells whether it was memory: give the output of "
			       "dmesg or journalctl -k, or of docker inspect, to nodemem why.");
	} else if (ending->kills.knows_machine) {
		REASON(ending, "Somebody sent it: the kernel counted no kill for want of memory.");
	} else {
		REASON(ending,
		       "Whether the kernel killed it for want of memory or somebody sent it "
		       "cannot be told here.");
	}
}

static void say_sent(struct nm_ending *ending)
{
	REASON(ending,
	       "That is how a process is asked to end: by a supervisor, a terminal or a person. It "
	       "has nothing to do with memory.");
	if (ending->source == NM_ENDING_RUN)
		REASON(ending, " nodemem was not asked to pass it on; who sent it, the kernel does "
			       "not tell a parent.");
}

static void say_crash(struct nm_ending *ending)
{
	REASON(ending,
	       "That is a bug in native code, of an addon or of Node itself, or somebody sent the "
	       "signal; it does not tell of too little memory.");
	ADVICE(ending,
	       "With ulimit -c unlimited the next one leaves a core file: a debugger shows where it "
	       "happened, 'nodemem heap CORE' what the heap held.");
}

static void say_trap(struct nm_ending *ending)
{
	REASON(ending,
	       "That is how V8 ends a process on a fatal error of its own, be it memory or a bug, "
	       "after it has told the error on stderr");
	if (ending->source == NM_ENDING_RUN) {
		REASON(ending, "; here it told none.");
	} else {
		REASON(ending, ".");
		ADVICE(ending, "Give nodemem why what the process wrote to stderr.");
	}
}

/* With words that are not of memory. */
static void say_words(struct nm_ending *ending)
{
	const struct nm_last_words *words = ending->last_words;

	if (words->kind == NM_WORDS_ABORT) {
		REASON(ending,
		       "An error was thrown and not caught (\"%s\"), and "
		       "--abort-on-uncaught-exception makes an abort of that.",
		       words->reason);
		ADVICE(ending, "Mend or catch the error. It is not about memory.");
	} else if (words->reason[0]) {
		REASON(ending,
		       "Node ended itself on a fatal error which is not about memory (\"%s\").",
		       words->reason);
		ADVICE(ending,
		       "It is a bug in an addon or in Node: the stack trace on stderr shows "
		       "in which.");
	} else {
		REASON(ending,
		       "abort() was called, by process.abort() or by native code, without a "
		       "word of why; it does not tell of too little memory.");
		ADVICE(ending, "The stack trace on stderr shows who called it.");
	}
}

static void tell_signal(struct nm_ending *ending)
{
	char name[32];

	ending->cause = NM_CAUSE_SIGNAL;
	if (ending->signal != 0)
		HEADLINE(ending, "%s was ended by %s", command_name(ending),
			 nm_verdict_signal_name(ending->signal, name, sizeof(name)));
	else
		HEADLINE(ending, "%s aborted", command_name(ending));
	if (ending->signal != 0 && ending->stop_sent == ending->signal) {
		REASON(ending, "nodemem was sent the signal and passed it on.");
	} else if (ending->last_words) {
		say_words(ending);
	} else {
		switch (ending->signal) {
		case SIGKILL:
			say_sigkill(ending);
			break;
		case SIGABRT:
			REASON(ending,
			       "abort() was called, by process.abort() or by native code, or "
			       "somebody sent the signal; %s",
			       ending->source == NM_ENDING_WATCH
				       ? "what it wrote to stderr, where it says why, was not read."
				       : "V8 leaves words when it is memory.");
			break;
		case SIGSEGV:
		case SIGBUS:
		case SIGFPE:
		case SIGSYS:
			say_crash(ending);
			break;
		case SIGTRAP:
		case SIGILL:
			say_trap(ending);
			break;
		case SIGTERM:
		case SIGINT:
		case SIGHUP:
		case SIGQUIT:
		case SIGUSR1:
		case SIGUSR2:
			say_sent(ending);
			break;
		default:
			break;
		}
	}
	say_off_heap(ending);
}

/* ---- exits --------------------------------------------------------------------------------- */

/* Errors that are about a size or about memory, and what to do. */
static const struct {
	const char *part; /* of the error's first line */
	const char *reason;
	const char *advice;
} errors[] = {
	{"Invalid array length",
	 "An array has at most 2^32 - 1 elements, and one that is filled at most some 2^27; no heap "
	 "limit changes that.",
	 "Look for the array that grows without end, or split it."},
	{"Invalid string length",
	 "A string has at most some 2^29 characters, 512 MiB; no heap limit changes that.",
	 "Look for the text that is put together in one piece, and write it as a stream."},
	{"Cannot create a string longer than",
	 "A string has at most some 2^29 characters, 512 MiB; no heap limit changes that.",
	 "Read it as a stream, or as a Buffer."},
	{"Map maximum size exceeded", "A Map has at most some 2^24 entries, whatever the memory.",
	 "Split it, or find out why it grows."},
	{"Set maximum size exceeded", "A Set has at most some 2^24 entries, whatever the memory.",
	 "Split it, or find out why it grows."},
	{"Maximum call stack size exceeded",
	 "The stack was full: a function that calls itself without end, or a list that is spread "
	 "into the arguments of a call. It is not the heap.",
	 ""},
	{"ERR_STRING_TOO_LONG",
	 "A string has at most some 2^29 characters, 512 MiB; no heap limit changes that.",
	 "Read it as a stream, or as a Buffer."},
};

static void say_error(struct nm_ending *ending)
{
	REASON(ending, "An error was thrown and nobody caught it: \"%s\".", ending->error);
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (strstr(ending->error, errors[i].part)) {
			REASON(ending, " %s", errors[i].reason);
			ADVICE(ending, "%s", errors[i].advice);
			return;
		}
}

/* What Node, a shell or npm means by it. */
static void say_code(struct nm_ending *ending)
{
	int signal = ending->exit_code - 128;
	char name[32];

	if (signal > 0 && signal < 65)
		REASON(ending,
		       "By this code a shell, npm or a container shows that a process below it was "
		       "ended by %s.",
		       nm_verdict_signal_name(signal, name, sizeof(name)));
	else if (ending->exit_code == 13)
		REASON(ending, "Node ends with this code when a top-level await is never settled.");
	else if (ending->exit_code == 9)
		REASON(ending, "Node ends with this code when it does not know an option.");
}

static void tell_exit(struct nm_ending *ending)
{
	bool has_failed = ending->exit_code != 0;

	if (ending->source == NM_ENDING_WATCH && ending->exit_code == NM_EXIT_UNKNOWN) {
		ending->cause = NM_CAUSE_UNKNOWN;
		HEADLINE(ending, "%s has ended, and how cannot be known", command_name(ending));
		REASON(ending, "This kernel tells it only to the process's parent.");
		return;
	}
	ending->cause = NM_CAUSE_EXIT;
	if (ending->exit_code == 0)
		HEADLINE(ending, "%s ended normally", command_name(ending));
	else if (ending->exit_code == NM_EXIT_UNKNOWN)
		HEADLINE(ending, "%s ended on an error that nobody caught", command_name(ending));
	else
		HEADLINE(ending, "%s ended with exit code %d", command_name(ending),
			 ending->exit_code);
	if (has_failed && ending->error[0])
		say_error(ending);
	else if (has_failed)
		say_code(ending);
	if (has_failed && ending->worker_ran_out) {
		REASON(ending,
		       "%sOne of its workers reached its own heap limit "
		       "(ERR_WORKER_OUT_OF_MEMORY).",
		       ending->reason[0] ? " " : "");
		ADVICE(ending, "A worker's limit is resourceLimits.maxOldGenerationSizeMb, given "
			       "when it is made; --max-old-space-size does not raise it.");
	} else if (has_failed && ending->buffer_failed) {
		REASON(ending,
		       "%sA Buffer or ArrayBuffer could not be had: the operating system refused "
		       "the memory, or the size was too large.",
		       ending->reason[0] ? " " : "");
		ADVICE(ending,
		       "Buffers are not in the heap: no flag of Node's bounds them. Look at "
		       "how much memory there was, and at ulimit -v.");
	}
	say_off_heap(ending);
}

void nm_verdict_end(struct nm_ending *ending)
{
	if (ending->signal != 0 || (ending->last_words && ending->source == NM_ENDING_LOG))
		tell_signal(ending);
	else
		tell_exit(ending);
}
