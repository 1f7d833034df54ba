#include <inttypes.h>
#include <string.h>

#include "base/units.h"
#include "model/verdict_part.h"

/* With less than this of its limit in use at the end, a heap needs to be explained. */
#define FULL_SHARE 0.9
/* No object takes more of the heap than 1 GiB, and new ones less than a quarter of that: with more
   room than both a heap was not full, whatever did not fit. */
#define ROOM_FOR_ANY (NM_GIB + NM_GIB / 4)
/* The largest new generation, and some. */
#define ROOM_FOR_NEW (256 * NM_MIB)

static double heap_limit_mb(const struct nm_ending *ending)
{
	return ending->subject ? (double)ending->subject->heap_size_limit / (double)NM_MIB : 0;
}

static const struct nm_gc *last_gc(const struct nm_ending *ending)
{
	const struct nm_last_words *words = ending->last_words;

	return words && words->gc_count > 0 ? &words->gcs[words->gc_count - 1] : NULL;
}

static void say_collections(struct nm_ending *ending)
{
	const struct nm_gc *last = last_gc(ending);
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

/* Many small objects or few large ones? */
static void say_spaces(struct nm_ending *ending)
{
	const struct nm_report_heap *heap = &ending->report;
	char large[32], all[32], old[32];

	if (!heap->is_known)
		return;
	nm_units_words(heap->large_used, large, sizeof(large));
	nm_units_words(heap->small_used + heap->large_used, all, sizeof(all));
	if (heap->large_used > heap->small_used)
		REASON(ending,
		       " %s of the %s in use were in objects too large for a page of the heap: few "
		       "large arrays or strings, not many small objects.",
		       large, all);
	else
		REASON(ending,
		       " Of the %s in use %s were in objects too large for a page: it was many "
		       "small objects that filled the heap.",
		       all, large);
	if (heap->old_limit != 0 && heap->small_used + heap->large_used < heap->old_limit / 2)
		REASON(ending,
		       " That is less than half of the %s there are for old objects: one object "
		       "that was asked for did not fit, or was larger than V8 allows. V8's words on "
		       "stderr tell which.",
		       nm_units_words(heap->old_limit, old, sizeof(old)));
}

static void advise_limit(struct nm_ending *ending)
{
	const struct nm_gc *last = last_gc(ending);
	uint64_t limit = ending->subject ? ending->subject->heap_size_limit : 0, room, mib;
	bool is_command = ending->subject && ending->subject->pid == ending->pid;
	char text[32];
	const char *whose;

	room = nm_verdict_room(ending, &whose);
	/* The flag bounds the old space, which is what was full. */
	if (last && (limit == 0 || last->after_mb < heap_limit_mb(ending)))
		limit = (uint64_t)last->after_mb * NM_MIB;
	else if (ending->report.old_limit != 0)
		limit = ending->report.old_limit;
	mib = limit ? nm_verdict_old_space_mib(limit, room) : 0;
	if (mib != 0) {
		ADVICE(ending,
		       "If it needs that much, allow it more: %s--max-old-space-size=%" PRIu64 "%s",
		       is_command ? "node " : "NODE_OPTIONS=", mib, is_command ? " ..." : "");
		if (room != 0)
			ADVICE(ending, " (%s has %s).", whose,
			       nm_units_words(room, text, sizeof(text)));
		else
			ADVICE(ending, ", if the machine and its container have that much.");
	} else if (limit != 0 && room != 0) {
		ADVICE(ending,
		       "There is no room for a much higher --max-old-space-size: %s has %s for "
		       "everything. If the program needs more, give it more memory first.",
		       whose, nm_units_words(room, text, sizeof(text)));
	} else {
		ADVICE(ending, "If it needs more, raise --max-old-space-size.");
	}
	ADVICE(ending,
	       " To see what holds it, start it by 'nodemem run --dump-near-limit FILE --' and look "
	       "at the heap snapshot with 'nodemem heap' or Chrome DevTools.");
}

void nm_verdict_seen_full(struct nm_ending *ending)
{
	char text[32], name[32];

	ending->cause = NM_CAUSE_V8_HEAP_LIMIT;
	HEADLINE(ending, "%s died: its JavaScript heap was full, at a limit of %s",
		 nm_verdict_subject_name(ending),
		 nm_units_words(ending->subject->heap_size_limit, text, sizeof(text)));
	REASON(ending,
	       "It ended by %s, as V8 ends a process that it can make no room for, and most of what "
	       "its heap may have was in use when it was last seen, %s. What V8 said of it went to "
	       "stderr, which was not read here.",
	       nm_verdict_signal_name(ending->signal, name, sizeof(name)),
	       nm_units_words(ending->subject->heap_used, text, sizeof(text)));
	advise_limit(ending);
}

/* A heap near its limit is collected nearly all the time, when no sample can be taken. What V8
   itself printed of the last collection is then newer than the last sample. */
static void take_last_collection(struct nm_ending *ending)
{
	const struct nm_gc *last = last_gc(ending);
	uint64_t used;

	if (!ending->subject || !last)
		return;
	used = (uint64_t)(last->after_mb * (double)NM_MIB);
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

static void tell_heap_limit(struct nm_ending *ending)
{
	const struct nm_run_process *subject = ending->subject;
	char text[32];

	ending->cause = NM_CAUSE_V8_HEAP_LIMIT;
	if (subject && subject->heap_size_limit != 0)
		HEADLINE(ending, "%s died: its JavaScript heap was full, at a limit of %s",
			 nm_verdict_subject_name(ending),
			 nm_units_words(subject->heap_size_limit, text, sizeof(text)));
	else
		HEADLINE(ending, "%s died: its JavaScript heap was full",
			 nm_verdict_subject_name(ending));
	REASON(ending, "V8 could not make room for more objects and ended the process (\"%s\").",
	       ending->last_words->reason);
	say_collections(ending);
	say_spaces(ending);
	advise_limit(ending);
}

static void tell_size(struct nm_ending *ending)
{
	HEADLINE(ending, "%s died: one object would have been larger than V8 allows",
		 nm_verdict_subject_name(ending));
	REASON(ending,
	       "V8 ended the process (\"%s\"). A single array, Map, Set or string has a "
	       "greatest length, whatever the memory; no heap limit changes that.",
	       ending->last_words->reason);
	ADVICE(ending, "Look for the one that grows without end, or split it.");
}

#define LOOK_AT                                                                      \
	"Look at ulimit -v, vm.overcommit_memory, vm.max_map_count and at how much " \
	"memory was left on the machine."

static void tell_refused(struct nm_ending *ending)
{
	const char *name = nm_verdict_subject_name(ending), *reason = ending->last_words->reason;

	switch (ending->last_words->kind) {
	case NM_WORDS_ZONE:
		HEADLINE(ending, "%s died: V8 got no memory to compile a script", name);
		REASON(ending,
		       "V8 parses and compiles in memory outside of its heap, was refused more of "
		       "it, and ended the process (\"%s\"). The heap limit was not what stopped it.",
		       reason);
		ADVICE(ending, "Does it load a script, a template or a regular expression of many "
			       "megabytes? JSON.parse() needs far less than the same as code. ");
		break;
	case NM_WORDS_BAD_ALLOC:
		HEADLINE(ending, "%s died: native code got no memory", name);
		REASON(ending,
		       "C++ code, of Node, of V8 or of an addon, asked the operating system for "
		       "memory and was refused (\"%s\"). The heap limit was not what stopped it.",
		       reason);
		break;
	default:
		HEADLINE(ending, "%s died: V8 got no memory from the operating system", name);
		REASON(ending,
		       "V8 asked for memory outside its heap and was refused, so it ended the "
		       "process (\"%s\"). The heap limit was not what stopped it.",
		       reason);
	}
	ADVICE(ending, LOOK_AT);
}

/* V8 says that its heap is out of memory also when the operating system gave it no page for that, and
   when one object is too large. With this much room in it the heap was not full. */
static bool was_far_from_full(const struct nm_ending *ending)
{
	/* With these it was a place for new objects that could not be had, or one to move them to. */
	static const char *const of_new[] = {"semi space", "semi-space", "young object promotion"};
	const struct nm_run_process *subject = ending->subject;
	uint64_t room = ROOM_FOR_ANY;

	for (size_t i = 0; i < sizeof(of_new) / sizeof(of_new[0]); i++)
		if (strstr(ending->last_words->reason, of_new[i]))
			room = ROOM_FOR_NEW;
	return subject && (subject->has & NM_HAS_HEAP_USED) != 0 &&
	       subject->heap_size_limit > subject->heap_used + room;
}

static void tell_not_full(struct nm_ending *ending)
{
	const struct nm_run_process *subject = ending->subject;
	char used[32], limit[32];

	HEADLINE(ending, "%s died: V8 could not make one object, with most of its heap free",
		 nm_verdict_subject_name(ending));
	REASON(ending,
	       "V8 ended the process (\"%s\") when %s of its limit of %s were in use, so it was "
	       "not full. Either one array, Map, Set or string would have been larger than V8 "
	       "allows, or the operating system refused memory.",
	       ending->last_words->reason, nm_units_words(subject->heap_used, used, sizeof(used)),
	       nm_units_words(subject->heap_size_limit, limit, sizeof(limit)));
	if (ending->source == NM_ENDING_REPORT)
		ADVICE(ending, "V8's words on stderr tell which: give that log to nodemem why. ");
	ADVICE(ending, "Look for an array or a table that grows without end. " LOOK_AT);
}

void nm_verdict_words(struct nm_ending *ending)
{
	take_last_collection(ending);
	ending->cause = NM_CAUSE_V8_OTHER_OOM;
	if (ending->last_words->kind == NM_WORDS_INVALID_SIZE)
		tell_size(ending);
	else if (ending->last_words->kind != NM_WORDS_HEAP_LIMIT)
		tell_refused(ending);
	else if (was_far_from_full(ending))
		tell_not_full(ending);
	else
		tell_heap_limit(ending);
}

void nm_verdict_worker(struct nm_ending *ending)
{
	ending->cause = NM_CAUSE_V8_HEAP_LIMIT;
	HEADLINE(ending, "%s ended: the JavaScript heap of one of its workers was full",
		 nm_verdict_subject_name(ending));
	REASON(ending,
	       "A worker has a heap of its own. One reached its limit and was ended "
	       "(ERR_WORKER_OUT_OF_MEMORY); nobody listened for the worker's 'error' event, so the "
	       "error ended the process.");
	ADVICE(ending,
	       "A worker's limit is resourceLimits.maxOldGenerationSizeMb, given when it is made; "
	       "--max-old-space-size does not raise it where that is given. With a listener for "
	       "'error' the process outlives its worker.");
}
