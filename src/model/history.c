#include "model/history.h"

#include <stdlib.h>
#include <string.h>

const char *nm_column_name(enum nm_column column)
{
	static const char *const names[] = {
#define X(name, text) [NM_COLUMN_##name] = text,
		NM_COLUMN_LIST(X)
#undef X
	};

	return names[column];
}

const char *nm_gc_source_name(enum nm_gc_source source)
{
	static const char *const names[] = {
#define X(name, text) [NM_GC_##name] = text,
		NM_GC_SOURCE_LIST(X)
#undef X
	};

	return names[source];
}

uint64_t nm_history_old_used(const struct nm_isolate *isolate)
{
	uint64_t young = 0;

	for (unsigned i = 0; i < isolate->space_count; i++)
		if (strncmp(isolate->spaces[i].name, "new_", 4) == 0)
			young += isolate->spaces[i].used;
	return isolate->heap_used > young ? isolate->heap_used - young : 0;
}

static int by_end(const void *a, const void *b)
{
	const struct nm_history_end *one = &((const struct nm_history_process *)a)->end;
	const struct nm_history_end *other = &((const struct nm_history_process *)b)->end;
	const int64_t one_ms = one->cause[0] ? one->time_ms : INT64_MAX;
	const int64_t other_ms = other->cause[0] ? other->time_ms : INT64_MAX;

	return (one_ms > other_ms) - (one_ms < other_ms);
}

void nm_history_sort_by_end(struct nm_history *history)
{
	if (history->process_count > 0)
		qsort(history->processes, history->process_count, sizeof(*history->processes),
		      by_end);
}

void nm_history_init(struct nm_history *history)
{
	memset(history, 0, sizeof(*history));
}

static void free_process(struct nm_history_process *process)
{
	for (size_t i = 0; i < process->isolate_count; i++) {
		free(process->isolates[i].time_ms);
		for (size_t column = 0; column < NM_COLUMN_COUNT; column++)
			free(process->isolates[i].columns[column]);
	}
	for (size_t i = 0; i < process->histogram_count; i++) {
		for (size_t j = 0; j < process->histograms[i].class_count; j++)
			free(process->histograms[i].classes[j].name);
		free(process->histograms[i].classes);
	}
	free(process->isolates);
	free(process->gcs);
	free(process->limits);
	free(process->uses);
	free(process->ledgers);
	free(process->spaces);
	free(process->histograms);
	free(process->findings);
}

void nm_history_done(struct nm_history *history)
{
	if (!history)
		return;
	for (size_t i = 0; i < history->process_count; i++)
		free_process(&history->processes[i]);
	free(history->processes);
	memset(history, 0, sizeof(*history));
}
