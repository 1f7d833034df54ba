/*
 * The slower rows of a recording: collections, limits, the ledger, classes, findings, ends.
 */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "source/recording/reader.h"

/* Append a zeroed item to an array: its address, or NULL when there is no memory. */
#define APPEND(items, count)                                                                    \
	({                                                                                      \
		__typeof__(items) grown = nm_recording_grow(items, &(count), sizeof(*(items))); \
		if (grown)                                                                      \
			(items) = grown;                                                        \
		grown ? &grown[(count)++] : NULL;                                               \
	})

static double real_at(sqlite3_stmt *row, int at)
{
	return sqlite3_column_type(row, at) == SQLITE_NULL ? -1 : sqlite3_column_double(row, at);
}

static struct nm_history_process *process_of(struct nm_recording_reader *reader,
					     const struct nm_recording_place *place)
{
	return &reader->history->processes[place->process];
}

static int take_space_sample(struct nm_recording_reader *reader, sqlite3_stmt *row)
{
	const struct nm_recording_place *place = nm_recording_place_at(reader->spaces, row, 1);
	struct nm_history_process *process;
	struct nm_history_space *space;

	if (!place)
		return NM_OK;
	process = process_of(reader, place);
	space = APPEND(process->spaces, process->space_count);
	if (!space)
		return nm_error_nomem(reader->err);
	space->time_ms = sqlite3_column_int64(row, 0);
	space->isolate = (unsigned)place->isolate;
	memcpy(space->name, place->name, sizeof(space->name));
	space->size = nm_recording_size_at(row, 2);
	space->used = nm_recording_size_at(row, 3);
	return NM_OK;
}

static enum nm_gc_source source_at(sqlite3_stmt *row, int at)
{
	char name[16];

	nm_recording_text_at(row, at, name, sizeof(name));
	for (int i = 0; i < NM_GC_SOURCE_COUNT; i++)
		if (strcmp(nm_gc_source_name((enum nm_gc_source)i), name) == 0)
			return (enum nm_gc_source)i;
	return NM_GC_DROP;
}

static int take_gc(struct nm_recording_reader *reader, sqlite3_stmt *row)
{
	const struct nm_recording_place *place = nm_recording_place_at(reader->isolates, row, 1);
	struct nm_history_process *process;
	struct nm_history_gc *gc;

	if (!place)
		return NM_OK;
	process = process_of(reader, place);
	gc = APPEND(process->gcs, process->gc_count);
	if (!gc)
		return nm_error_nomem(reader->err);
	gc->time_ms = sqlite3_column_int64(row, 0);
	gc->isolate = (unsigned)place->isolate;
	gc->is_major = sqlite3_column_int(row, 2) != 0;
	gc->count = (unsigned)sqlite3_column_int(row, 3);
	gc->source = source_at(row, 4);
	gc->before = nm_recording_size_at(row, 5);
	gc->after = nm_recording_size_at(row, 6);
	gc->pause_ms = real_at(row, 7);
	nm_recording_text_at(row, 8, gc->kind, sizeof(gc->kind));
	return NM_OK;
}

static int take_limit_value(struct nm_recording_reader *reader, sqlite3_stmt *row)
{
	const struct nm_recording_place *place = nm_recording_place_at(reader->limits, row, 1);
	struct nm_history_process *process;
	struct nm_history_limit *limit;

	if (!place)
		return NM_OK;
	process = process_of(reader, place);
	limit = APPEND(process->limits, process->limit_count);
	if (!limit)
		return nm_error_nomem(reader->err);
	limit->time_ms = sqlite3_column_int64(row, 0);
	limit->kind = place->kind;
	memcpy(limit->scope, place->scope, sizeof(limit->scope));
	limit->limit = nm_recording_size_at(row, 2);
	limit->is_first = sqlite3_column_int(row, 3) != 0;
	return NM_OK;
}

static int take_limit_use(struct nm_recording_reader *reader, sqlite3_stmt *row)
{
	const struct nm_recording_place *place = nm_recording_place_at(reader->limits, row, 1);
	struct nm_history_process *process;
	struct nm_history_use *use;

	if (!place)
		return NM_OK;
	process = process_of(reader, place);
	use = APPEND(process->uses, process->use_count);
	if (!use)
		return nm_error_nomem(reader->err);
	use->time_ms = sqlite3_column_int64(row, 0);
	use->kind = place->kind;
	memcpy(use->scope, place->scope, sizeof(use->scope));
	use->used = nm_recording_size_at(row, 2);
	use->cache = nm_recording_size_at(row, 3);
	use->kills = nm_recording_size_at(row, 4);
	use->pressure = real_at(row, 5);
	return NM_OK;
}

static int take_ledger(struct nm_recording_reader *reader, sqlite3_stmt *row)
{
	struct nm_history_process *process = nm_recording_process_at(reader, row, 1);
	struct nm_history_ledger *ledger;

	if (!process)
		return NM_OK;
	ledger = APPEND(process->ledgers, process->ledger_count);
	if (!ledger)
		return nm_error_nomem(reader->err);
	ledger->time_ms = sqlite3_column_int64(row, 0);
	for (int i = 0; i < NM_GROUP_COUNT; i++)
		ledger->rss[i] = nm_recording_size_at(row, 2 + i);
	return NM_OK;
}

/* A row a class, the rows of a histogram together. */
static int take_class(struct nm_recording_reader *reader, sqlite3_stmt *row)
{
	struct nm_history_process *process = nm_recording_process_at(reader, row, 1);
	const int64_t time_ms = sqlite3_column_int64(row, 0);
	struct nm_history_histogram *histogram;
	struct nm_history_class *class;
	const char *name;

	if (!process)
		return NM_OK;
	histogram = process->histogram_count > 0
			    ? &process->histograms[process->histogram_count - 1]
			    : NULL;
	if (!histogram || histogram->time_ms != time_ms) {
		histogram = APPEND(process->histograms, process->histogram_count);
		if (!histogram)
			return nm_error_nomem(reader->err);
		histogram->time_ms = time_ms;
		nm_recording_text_at(row, 2, histogram->reason, sizeof(histogram->reason));
		histogram->live_bytes = nm_recording_size_at(row, 3);
		histogram->stopped_us = nm_recording_size_at(row, 4);
	}
	class = APPEND(histogram->classes, histogram->class_count);
	if (!class)
		return nm_error_nomem(reader->err);
	name = (const char *)sqlite3_column_text(row, 5);
	class->name = strdup(name ? name : "");
	class->count = nm_recording_size_at(row, 6);
	class->bytes = nm_recording_size_at(row, 7);
	return class->name ? NM_OK : nm_error_nomem(reader->err);
}

static int take_finding(struct nm_recording_reader *reader, sqlite3_stmt *row)
{
	struct nm_history_process *process = nm_recording_process_at(reader, row, 1);
	struct nm_history_finding *finding;

	if (!process)
		return NM_OK;
	finding = APPEND(process->findings, process->finding_count);
	if (!finding)
		return nm_error_nomem(reader->err);
	finding->time_ms = sqlite3_column_int64(row, 0);
	nm_recording_text_at(row, 2, finding->id, sizeof(finding->id));
	nm_recording_text_at(row, 3, finding->severity, sizeof(finding->severity));
	nm_recording_text_at(row, 4, finding->text, sizeof(finding->text));
	nm_recording_text_at(row, 5, finding->fix, sizeof(finding->fix));
	return NM_OK;
}

static int take_end(struct nm_recording_reader *reader, sqlite3_stmt *row)
{
	struct nm_history_process *process = nm_recording_process_at(reader, row, 0);
	struct nm_history_end *end;

	if (!process)
		return NM_OK;
	end = &process->end;
	end->time_ms = sqlite3_column_int64(row, 1);
	nm_recording_text_at(row, 2, end->cause, sizeof(end->cause));
	end->exit_code =
		sqlite3_column_type(row, 3) == SQLITE_NULL ? -1 : sqlite3_column_int(row, 3);
	end->signal = sqlite3_column_int(row, 4);
	nm_recording_text_at(row, 5, end->headline, sizeof(end->headline));
	nm_recording_text_at(row, 6, end->reason, sizeof(end->reason));
	nm_recording_text_at(row, 7, end->advice, sizeof(end->advice));
	return NM_OK;
}

int nm_recording_read_rows(struct nm_recording_reader *reader)
{
	static const struct {
		const char *sql;
		nm_recording_take *take;
	} steps[] = {
		{"SELECT time_ms, space, size, used FROM space_sample ORDER BY rowid",
		 take_space_sample},
		{"SELECT time_ms, isolate, major, count, source, before, after, pause_ms, kind "
		 "FROM gc ORDER BY rowid",
		 take_gc},
		{"SELECT time_ms, \"limit\", value, is_first FROM limit_value ORDER BY rowid",
		 take_limit_value},
		{"SELECT time_ms, \"limit\", used, cache, kills, pressure FROM limit_use "
		 "ORDER BY rowid",
		 take_limit_use},
		{"SELECT * FROM ledger ORDER BY rowid", take_ledger},
		{"SELECT time_ms, process, reason, live_bytes, stopped_us, name, count, bytes "
		 "FROM histogram JOIN histogram_class ON histogram = histogram.id "
		 "JOIN class ON class.id = class ORDER BY histogram.id, bytes DESC",
		 take_class},
		{"SELECT time_ms, process, id, severity, text, fix FROM finding ORDER BY rowid",
		 take_finding},
		{"SELECT process, time_ms, cause, exit_code, signal, headline, reason, advice "
		 "FROM ending",
		 take_end},
	};
	int status = NM_OK;

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]) && status == NM_OK; i++)
		status = nm_recording_each(reader, steps[i].sql, steps[i].take);
	return status;
}
