#include "source/recording/read.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "source/recording/reader.h"
#include "source/recording/schema.h"

#define PROCESSES_MAX 100000
#define ROWS_MAX      UINT64_C(200000000)
/* A file made to keep us busy gets so many millions of SQLite's steps; a week's recording takes some 50. */
#define STEPS_MAX 2000
/* A writer may hold the file for a moment. */
#define BUSY_MS 5000

bool nm_recording_is_one(const char *path)
{
	static const char magic[] = "SQLite format 3";
	char head[sizeof(magic)] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t length = fd >= 0 ? pread(fd, head, sizeof(head), 0) : -1;

	if (fd >= 0)
		close(fd);
	return length == (ssize_t)sizeof(head) && memcmp(head, magic, sizeof(magic)) == 0;
}

/* ---- rows ----------------------------------------------------------------------------------- */

static int fail(const struct nm_recording_reader *reader, int code)
{
	if (code == SQLITE_NOMEM)
		return nm_error_nomem(reader->err);
	if (code == SQLITE_NOTADB || code == SQLITE_CORRUPT || code == SQLITE_ERROR)
		return nm_error_set(reader->err, NM_E_CORRUPT, "%s is no whole recording: %s",
				    reader->path, sqlite3_errmsg(reader->db));
	return nm_error_set(reader->err, NM_E_IO, "cannot read the recording %s: %s", reader->path,
			    sqlite3_errmsg(reader->db));
}

int nm_recording_each(struct nm_recording_reader *reader, const char *sql, nm_recording_take *take)
{
	sqlite3_stmt *statement = NULL;
	int code = sqlite3_prepare_v2(reader->db, sql, -1, &statement, NULL);
	int status = code == SQLITE_OK ? NM_OK : fail(reader, code);

	while (status == NM_OK && (code = sqlite3_step(statement)) == SQLITE_ROW)
		status = ++reader->rows > ROWS_MAX
				 ? nm_error_set(reader->err, NM_E_LIMIT,
						"%s has more than %" PRIu64 " rows", reader->path,
						ROWS_MAX)
				 : take(reader, statement);
	if (status == NM_OK && code != SQLITE_DONE)
		status = fail(reader, code);
	sqlite3_finalize(statement);
	return status;
}

void *nm_recording_grow(void *items, size_t *count, size_t size)
{
	/* The room doubles whenever the count is a power of two. */
	if ((*count & (*count - 1)) == 0) {
		items = realloc(items, (*count ? *count * 2 : 1) * size);
		if (!items)
			return NULL;
	}
	memset((char *)items + *count * size, 0, size);
	return items;
}

uint64_t nm_recording_size_at(sqlite3_stmt *row, int at)
{
	int64_t value;

	if (sqlite3_column_type(row, at) != SQLITE_INTEGER)
		return NM_UNKNOWN;
	value = sqlite3_column_int64(row, at);
	return value < 0 ? NM_UNKNOWN : (uint64_t)value;
}

void nm_recording_text_at(sqlite3_stmt *row, int at, char *out, size_t room)
{
	const unsigned char *text = sqlite3_column_text(row, at);

	snprintf(out, room, "%s", text ? (const char *)text : "");
}

struct nm_recording_place *nm_recording_place_at(struct nm_recording_place *places,
						 sqlite3_stmt *row, int at)
{
	const int64_t id = sqlite3_column_int64(row, at);
	struct nm_recording_place *found;

	HASH_FIND(hh, places, &id, sizeof(id), found);
	return found;
}

struct nm_history_process *nm_recording_process_at(struct nm_recording_reader *reader,
						   sqlite3_stmt *row, int at)
{
	const struct nm_recording_place *place = nm_recording_place_at(reader->processes, row, at);

	return place ? &reader->history->processes[place->process] : NULL;
}

/* ---- what there is -------------------------------------------------------------------------- */

/* The id is in column 0. NULL when there is no memory. */
static struct nm_recording_place *add_place(struct nm_recording_place **places, sqlite3_stmt *row)
{
	struct nm_recording_place *place = calloc(1, sizeof(*place));

	if (!place)
		return NULL;
	place->id = sqlite3_column_int64(row, 0);
	HASH_ADD(hh, *places, id, sizeof(place->id), place);
	return place;
}

static int take_recorder(struct nm_recording_reader *reader, sqlite3_stmt *row)
{
	struct nm_history *history = reader->history;
	const int64_t begun = sqlite3_column_int64(row, 2);

	nm_recording_text_at(row, 0, history->host, sizeof(history->host));
	history->totalmem = nm_recording_size_at(row, 1);
	if (history->begun_ms == 0 || begun < history->begun_ms)
		history->begun_ms = begun;
	history->is_complete = sqlite3_column_type(row, 3) != SQLITE_NULL;
	return NM_OK;
}

static int take_process(struct nm_recording_reader *reader, sqlite3_stmt *row)
{
	struct nm_history *history = reader->history;
	struct nm_history_process *processes, *process;
	struct nm_recording_place *place;

	if (history->process_count == PROCESSES_MAX)
		return nm_error_set(reader->err, NM_E_LIMIT, "%s has more than %d processes",
				    reader->path, PROCESSES_MAX);
	processes =
		nm_recording_grow(history->processes, &history->process_count, sizeof(*processes));
	if (!processes)
		return nm_error_nomem(reader->err);
	history->processes = processes;
	place = add_place(&reader->processes, row);
	if (!place)
		return nm_error_nomem(reader->err);
	place->process = history->process_count++;
	process = &processes[place->process];
	process->pid = (pid_t)sqlite3_column_int(row, 1);
	process->started_ms = sqlite3_column_int64(row, 2);
	nm_recording_text_at(row, 3, process->label, sizeof(process->label));
	nm_recording_text_at(row, 4, process->node, sizeof(process->node));
	nm_recording_text_at(row, 5, process->v8, sizeof(process->v8));
	nm_recording_text_at(row, 6, process->command, sizeof(process->command));
	process->end.exit_code = -1;
	return NM_OK;
}

static int take_isolate(struct nm_recording_reader *reader, sqlite3_stmt *row)
{
	struct nm_history_process *process = nm_recording_process_at(reader, row, 1);
	struct nm_history_isolate *isolates;
	struct nm_recording_place *place;

	if (!process)
		return NM_OK;
	isolates = nm_recording_grow(process->isolates, &process->isolate_count, sizeof(*isolates));
	if (!isolates)
		return nm_error_nomem(reader->err);
	process->isolates = isolates;
	place = add_place(&reader->isolates, row);
	if (!place)
		return nm_error_nomem(reader->err);
	place->process = (size_t)(process - reader->history->processes);
	place->isolate = process->isolate_count++;
	nm_recording_text_at(row, 2, isolates[place->isolate].name,
			     sizeof(isolates[place->isolate].name));
	if (sqlite3_column_type(row, 3) == SQLITE_INTEGER)
		isolates[place->isolate].max_semi_space = nm_recording_size_at(row, 3);
	return NM_OK;
}

/* ---- samples -------------------------------------------------------------------------------- */

/* Room for one more in every column. */
static bool grow_columns(struct nm_history_isolate *isolate)
{
	void *grown = nm_recording_grow(isolate->time_ms, &isolate->count, sizeof(int64_t));

	if (!grown)
		return false;
	isolate->time_ms = grown;
	for (size_t i = 0; i < NM_COLUMN_COUNT; i++) {
		grown = nm_recording_grow(isolate->columns[i], &isolate->count, sizeof(uint64_t));
		if (!grown)
			return false;
		isolate->columns[i] = grown;
	}
	return true;
}

static int take_sample(struct nm_recording_reader *reader, sqlite3_stmt *row)
{
	const struct nm_recording_place *place = nm_recording_place_at(reader->isolates, row, 1);
	const int64_t time_ms = sqlite3_column_int64(row, 0);
	struct nm_history_process *process;
	struct nm_history_isolate *isolate;

	if (!place)
		return NM_OK;
	process = &reader->history->processes[place->process];
	isolate = &process->isolates[place->isolate];
	if (isolate->count > 0 && time_ms <= isolate->time_ms[isolate->count - 1])
		return NM_OK;
	if (!grow_columns(isolate))
		return nm_error_nomem(reader->err);
	isolate->time_ms[isolate->count] = time_ms;
	for (int i = 0; i < NM_COLUMN_COUNT; i++)
		isolate->columns[i][isolate->count] = nm_recording_size_at(row, 2 + i);
	isolate->count++;
	if (process->first_ms == 0 || time_ms < process->first_ms)
		process->first_ms = time_ms;
	if (time_ms > process->last_ms)
		process->last_ms = time_ms;
	if (time_ms > reader->history->ended_ms)
		reader->history->ended_ms = time_ms;
	return NM_OK;
}

static int take_space(struct nm_recording_reader *reader, sqlite3_stmt *row)
{
	const struct nm_recording_place *isolate = nm_recording_place_at(reader->isolates, row, 1);
	struct nm_recording_place *place;

	if (!isolate)
		return NM_OK;
	place = add_place(&reader->spaces, row);
	if (!place)
		return nm_error_nomem(reader->err);
	place->process = isolate->process;
	place->isolate = isolate->isolate;
	nm_recording_text_at(row, 2, place->name, sizeof(place->name));
	return NM_OK;
}

/* A limit of a kind that is not known is of a newer nodemem, and left out. */
static int take_limit(struct nm_recording_reader *reader, sqlite3_stmt *row)
{
	static const char *const kinds[] = {
#define X(name, text, ends) text,
		NM_LIMIT_LIST(X)
#undef X
	};
	const struct nm_recording_place *process = nm_recording_place_at(reader->processes, row, 1);
	struct nm_recording_place *place;
	char kind[40];

	nm_recording_text_at(row, 2, kind, sizeof(kind));
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]) && process; i++) {
		if (strcmp(kinds[i], kind) != 0)
			continue;
		place = add_place(&reader->limits, row);
		if (!place)
			return nm_error_nomem(reader->err);
		place->process = process->process;
		place->kind = (enum nm_limit_kind)i;
		nm_recording_text_at(row, 3, place->scope, sizeof(place->scope));
	}
	return NM_OK;
}

static int read_all(struct nm_recording_reader *reader)
{
	static const struct {
		const char *sql;
		nm_recording_take *take;
	} steps[] = {
		{"SELECT host, totalmem, begun_ms, ended_ms FROM recorder ORDER BY id",
		 take_recorder},
		{"SELECT id, pid, started_ms, label, node, v8, command FROM process ORDER BY id",
		 take_process},
		{"SELECT id, process, name, max_semi_space FROM isolate ORDER BY id", take_isolate},
		{"SELECT time_ms, isolate, rss, swap, heap_total, heap_used, external, "
		 "array_buffers, old_used FROM sample ORDER BY id",
		 take_sample},
		{"SELECT id, isolate, name FROM space", take_space},
		{"SELECT id, process, kind, scope FROM \"limit\"", take_limit},
	};
	int status = NM_OK;

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]) && status == NM_OK; i++)
		status = nm_recording_each(reader, steps[i].sql, steps[i].take);
	return status == NM_OK ? nm_recording_read_rows(reader) : status;
}

/* ---- the file ------------------------------------------------------------------------------- */

static int take_application(struct nm_recording_reader *reader, sqlite3_stmt *row)
{
	if (sqlite3_column_int64(row, 0) != NM_RECORDING_APPLICATION)
		return nm_error_set(reader->err, NM_E_CORRUPT,
				    "%s is a SQLite database, but no recording", reader->path);
	return NM_OK;
}

/* Ours is for people. Another one could stand for a table without an end. */
static int take_view(struct nm_recording_reader *reader, sqlite3_stmt *row)
{
	return nm_error_set(reader->err, NM_E_CORRUPT, "%s is no recording: it has a %s %.40s",
			    reader->path, (const char *)sqlite3_column_text(row, 0),
			    (const char *)sqlite3_column_text(row, 1));
}

static int take_format(struct nm_recording_reader *reader, sqlite3_stmt *row)
{
	if (sqlite3_column_int64(row, 0) > NM_RECORDING_FORMAT)
		return nm_error_set(reader->err, NM_E_UNSUPPORTED,
				    "%s is a recording of format %lld; this nodemem reads up to %d "
				    "(a newer one is needed)",
				    reader->path, (long long)sqlite3_column_int64(row, 0),
				    NM_RECORDING_FORMAT);
	return NM_OK;
}

static int count_steps(void *context)
{
	struct nm_recording_reader *reader = context;

	return ++reader->steps > STEPS_MAX;
}

/* A log left by a writer that was killed needs writing to be read; where that may not be, what the file
   itself holds is read. */
static int open_database(struct nm_recording_reader *reader)
{
	char uri[1200];
	int code;

	if (!nm_recording_is_one(reader->path))
		return nm_error_set(reader->err, NM_E_CORRUPT, "%s is no recording", reader->path);
	code = sqlite3_open_v2(reader->path, &reader->db, SQLITE_OPEN_READWRITE, NULL);
	sqlite3_busy_timeout(reader->db, BUSY_MS);
	if (code == SQLITE_OK)
		code = sqlite3_exec(reader->db, "SELECT 1 FROM sqlite_master", NULL, NULL, NULL);
	if (code != SQLITE_CANTOPEN && code != SQLITE_READONLY)
		return code == SQLITE_OK ? NM_OK : fail(reader, code);
	sqlite3_close(reader->db);
	snprintf(uri, sizeof(uri), "file:%s?immutable=1", reader->path);
	code = sqlite3_open_v2(uri, &reader->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL);
	return code == SQLITE_OK ? NM_OK : fail(reader, code);
}

/* What the file says of itself is not to be run. */
static int distrust(struct nm_recording_reader *reader)
{
	int code = sqlite3_exec(reader->db, "PRAGMA trusted_schema = OFF", NULL, NULL, NULL);

	sqlite3_db_config(reader->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_progress_handler(reader->db, 1000000, count_steps, reader);
	return code == SQLITE_OK ? NM_OK : fail(reader, code);
}

static void free_places(struct nm_recording_place *places)
{
	struct nm_recording_place *place = places, *next;

	/* This ends the table and leaves what was in it. */
	HASH_CLEAR(hh, places);
	for (; place; place = next) {
		next = place->hh.next;
		free(place);
	}
}

int nm_recording_read(const char *path, struct nm_history *out, struct nm_error *err)
{
	struct nm_recording_reader reader = {.path = path, .history = out, .err = err};
	int status;

	nm_history_init(out);
	status = open_database(&reader);
	if (status == NM_OK)
		status = distrust(&reader);
	if (status == NM_OK)
		status = nm_recording_each(&reader, "PRAGMA application_id", take_application);
	if (status == NM_OK)
		status = nm_recording_each(&reader, "PRAGMA user_version", take_format);
	if (status == NM_OK)
		status = nm_recording_each(&reader,
					   "SELECT type, name FROM sqlite_master WHERE type NOT IN "
					   "('table', 'index') AND name <> 'numbers'",
					   take_view);
	/* All tables as of one moment. */
	if (status == NM_OK && sqlite3_exec(reader.db, "BEGIN", NULL, NULL, NULL) != SQLITE_OK)
		status = fail(&reader, sqlite3_errcode(reader.db));
	if (status == NM_OK)
		status = read_all(&reader);
	free_places(reader.processes);
	free_places(reader.isolates);
	free_places(reader.spaces);
	free_places(reader.limits);
	sqlite3_close(reader.db);
	if (status != NM_OK)
		nm_history_done(out);
	return status;
}
