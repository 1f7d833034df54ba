#include "model/ending.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *nm_cause_name(enum nm_cause cause)
{
	static const char *const names[] = {
#define X(name, text) [NM_CAUSE_##name] = text,
		NM_CAUSE_LIST(X)
#undef X
	};

	return names[cause];
}

bool nm_words_are_of_memory(enum nm_words_kind kind)
{
	return kind != NM_WORDS_OTHER && kind != NM_WORDS_ABORT;
}

void nm_ending_init(struct nm_ending *ending)
{
	memset(ending, 0, sizeof(*ending));
}

void nm_ending_add_evidence(struct nm_ending *ending, const char *format, ...)
{
	va_list args;
	char *line;

	if (ending->evidence_count == NM_EVIDENCE_MAX)
		return;
	line = ending->evidence[ending->evidence_count];
	va_start(args, format);
	vsnprintf(line, sizeof(ending->evidence[0]), format, args);
	va_end(args);
	for (unsigned i = 0; i < ending->evidence_count; i++)
		if (strcmp(ending->evidence[i], line) == 0)
			return;
	ending->evidence_count++;
}

struct nm_run_process *nm_ending_add_process(struct nm_ending *ending)
{
	size_t count = ending->process_count;
	struct nm_run_process *processes;

	processes = realloc(ending->processes, (count + 1) * sizeof(*processes));
	if (!processes)
		return NULL;
	ending->processes = processes;
	ending->process_count = count + 1;
	memset(&processes[count], 0, sizeof(processes[count]));
	return &processes[count];
}

bool nm_ending_knows_duration(const struct nm_ending *ending)
{
	return ending->source == NM_ENDING_RUN || ending->source == NM_ENDING_WATCH ||
	       ending->source == NM_ENDING_RECORDING;
}

static void raise_to(uint64_t *peak, uint64_t value)
{
	if (value > *peak)
		*peak = value;
}

void nm_run_process_add(struct nm_run_process *process, const struct nm_sample *sample)
{
	const struct nm_isolate *isolate = nm_sample_main(sample);
	bool is_peak = false;

	process->samples++;
	if (sample->has & NM_HAS_RSS) {
		process->rss = sample->rss;
		is_peak = sample->rss >= process->peak_rss;
		raise_to(&process->peak_rss, sample->rss);
		process->has |= NM_HAS_RSS;
	}
	if (!isolate)
		return;
	/* A number that is not known is 0 and raises no peak. */
	raise_to(&process->peak_heap_total, isolate->heap_total);
	raise_to(&process->peak_heap_used, isolate->heap_used);
	raise_to(&process->peak_array_buffers, isolate->array_buffers);
	raise_to(&process->peak_external, isolate->external);
	if (isolate->has & NM_HAS_HEAP_USED)
		process->heap_used = isolate->heap_used;
	if (isolate->has & NM_HAS_HEAP_SIZE_LIMIT)
		process->heap_size_limit = isolate->heap_size_limit;
	if (is_peak) {
		process->array_buffers_at_peak = isolate->array_buffers;
		process->heap_total_at_peak = isolate->heap_total;
	}
	process->has |= isolate->has;
	process->is_near_limit = nm_last_heap_is_near(isolate);
}

void nm_ending_to_history(const struct nm_ending *ending, struct nm_history_end *out)
{
	snprintf(out->cause, sizeof(out->cause), "%s", nm_cause_name(ending->cause));
	out->exit_code = ending->exit_code;
	out->signal = ending->signal;
	memcpy(out->headline, ending->headline, sizeof(out->headline));
	memcpy(out->reason, ending->reason, sizeof(out->reason));
	memcpy(out->advice, ending->advice, sizeof(out->advice));
}

void nm_ending_done(struct nm_ending *ending)
{
	if (!ending)
		return;
	free(ending->processes);
	memset(ending, 0, sizeof(*ending));
}

const struct nm_gc *nm_ending_gcs(const struct nm_ending *ending, unsigned *out_count)
{
	const struct nm_last_words *words = ending->last_words;

	*out_count = words && words->gc_count > 0 ? words->gc_count : ending->traced_count;
	return words && words->gc_count > 0 ? words->gcs : ending->traced;
}
