/*
 * Thinning a recording: of old rows one in so long is kept.
 *
 * Rows are in the order of time, so a pass goes over the rows of each table from the first one to that
 * at the cut-off, a piece each time it is called. What is deleted makes room inside the file for what
 * comes; the file itself does not become smaller.
 */
#include <stdio.h>

#include "base/error.h"
#include "source/recording/write.h"
#include "source/recording/writer.h"

#define MINUTE_MS INT64_C(60000)
/* Rows looked at in one call. */
#define PIECE 20000
/* Thinning for size begins when the file has this part of its greatest size, and only so much of it, in
   percent, is free. */
#define FULL_PERCENT 95
#define FREE_PERCENT 3

/* What is kept of the rows which are alike is the first one in this order. */
static const struct {
	const char *name, *alike, *order;
} tables[NM_RECORDING_THINNED_TABLES] = {
	{"sample", "isolate", "rss DESC"},	 {"space_sample", "space", "used DESC"},
	{"limit_use", "\"limit\"", "used DESC"}, {"gc", "isolate, major", "after DESC"},
	{"ledger", "process", "time_ms"},
};

static const int64_t steps_ms[] = {10000, MINUTE_MS, 10 * MINUTE_MS, 60 * MINUTE_MS};
#define LEVELS (sizeof(steps_ms) / sizeof(steps_ms[0]))

/* The first column of the only row; `fallback` when there is none. */
static int64_t ask(struct nm_recording *recording, const char *sql, int64_t value, int64_t fallback)
{
	sqlite3_stmt *statement = NULL;
	int64_t found = fallback;
	int code = sqlite3_prepare_v2(recording->db, sql, -1, &statement, NULL);

	if (code == SQLITE_OK && sqlite3_bind_parameter_count(statement) > 0)
		code = sqlite3_bind_int64(statement, 1, value);
	if (code == SQLITE_OK)
		code = sqlite3_step(statement);
	if (code == SQLITE_ROW)
		found = sqlite3_column_int64(statement, 0);
	else if (code != SQLITE_DONE)
		nm_recording_fail(recording, code);
	sqlite3_finalize(statement);
	return found;
}

/* The last row older than `cutoff_ms`. */
static int64_t find_row(struct nm_recording *recording, const char *table, int64_t cutoff_ms)
{
	int64_t low = 0, high;
	char sql[160];

	snprintf(sql, sizeof(sql), "SELECT max(rowid) FROM %s", table);
	high = ask(recording, sql, 0, 0);
	snprintf(sql, sizeof(sql), "SELECT time_ms FROM %s WHERE rowid >= ? ORDER BY rowid LIMIT 1",
		 table);
	while (low < high) {
		const int64_t middle = low + (high - low + 1) / 2;

		if (ask(recording, sql, middle, INT64_MAX) < cutoff_ms)
			low = middle;
		else
			high = middle - 1;
	}
	return low;
}

static void thin_rows(struct nm_recording *recording, size_t table, int64_t after, int64_t to,
		      int64_t step_ms)
{
	sqlite3_stmt *statement = NULL;
	char sql[400];
	int code;

	snprintf(sql, sizeof(sql),
		 "DELETE FROM %s WHERE rowid IN (SELECT place_row FROM (SELECT rowid AS place_row,"
		 " row_number() OVER (PARTITION BY %s, time_ms / ?3 ORDER BY %s, rowid) AS place"
		 " FROM %s WHERE rowid > ?1 AND rowid <= ?2) WHERE place > 1)",
		 tables[table].name, tables[table].alike, tables[table].order, tables[table].name);
	code = sqlite3_prepare_v2(recording->db, sql, -1, &statement, NULL);
	if (code == SQLITE_OK) {
		sqlite3_bind_int64(statement, 1, after);
		sqlite3_bind_int64(statement, 2, to);
		sqlite3_bind_int64(statement, 3, step_ms);
		code = sqlite3_step(statement);
	}
	if (code != SQLITE_DONE)
		nm_recording_fail(recording, code);
	sqlite3_finalize(statement);
}

/* One piece of a pass. True when the pass was at its end. */
static bool thin_piece(struct nm_recording *recording, struct nm_recording_thinning *thinning,
		       int64_t cutoff_ms, int64_t step_ms)
{
	for (size_t i = 0; i < NM_RECORDING_THINNED_TABLES; i++) {
		const int64_t end = find_row(recording, tables[i].name, cutoff_ms);
		int64_t to = thinning->done[i] + PIECE;

		if (thinning->done[i] >= end || recording->has_failed)
			continue;
		if (to > end)
			to = end;
		thin_rows(recording, i, thinning->done[i], to, step_ms);
		thinning->done[i] = to;
		return false;
	}
	return true;
}

static bool is_full(struct nm_recording *recording, uint64_t max_size)
{
	const int64_t page = ask(recording, "PRAGMA page_size", 0, 4096);
	const int64_t pages = ask(recording, "PRAGMA page_count", 0, 0);
	const int64_t unused = ask(recording, "PRAGMA freelist_count", 0, 0);

	return (uint64_t)(pages * page) >= max_size / 100 * FULL_PERCENT &&
	       unused < pages * FREE_PERCENT / 100;
}

/* The older half first, less and less of it; then all but the last hour. */
static int fit(struct nm_recording *recording, uint64_t max_size, int64_t now_ms,
	       struct nm_error *err)
{
	struct nm_recording_thinning *thinning = &recording->fit;
	const int64_t begun =
		ask(recording, "SELECT time_ms FROM sample ORDER BY rowid LIMIT 1", 0, now_ms);
	const bool is_half = thinning->level < LEVELS;

	/* The same for the whole pass, else it would never end. */
	if (thinning->cutoff_ms == 0)
		thinning->cutoff_ms =
			is_half ? begun + (now_ms - begun) / 2 : now_ms - 60 * MINUTE_MS;
	if (!is_full(recording, max_size)) {
		*thinning = (struct nm_recording_thinning){.level = 0};
		return NM_OK;
	}
	if (thinning->level >= 2 * LEVELS)
		return nm_error_set(err, NM_E_LIMIT,
				    "the recording %s is at its greatest size, and of old samples "
				    "too few are left to thin out (give more with --max-size)",
				    recording->path);
	if (thin_piece(recording, thinning, thinning->cutoff_ms,
		       steps_ms[thinning->level % LEVELS]))
		*thinning = (struct nm_recording_thinning){.level = thinning->level + 1};
	return NM_OK;
}

int nm_recording_thin(struct nm_recording *recording, const struct nm_recording_bounds *bounds,
		      int64_t now_ms, struct nm_error *err)
{
	int status = NM_OK;

	if (recording->has_failed)
		return nm_recording_commit(recording, err);
	if (bounds->keep_ms > 0)
		thin_piece(recording, &recording->keep, now_ms - (int64_t)bounds->keep_ms,
			   MINUTE_MS);
	if (bounds->max_size > 0)
		status = fit(recording, bounds->max_size, now_ms, err);
	return status == NM_OK ? nm_recording_commit(recording, err) : status;
}
