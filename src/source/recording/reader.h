/*
 * reader.h - what the files that read a recording share
 */
#ifndef NM_RECORDING_READER_H
#define NM_RECORDING_READER_H

#include <sqlite3.h>

#include "base/hashed.h"
#include "source/recording/read.h"

/* Where a row of the recording stands in the history. */
struct nm_recording_place {
	int64_t id; /* of the isolate */
	size_t process, isolate;
	char name[40]; /* of a space */
	enum nm_limit_kind kind;
	char scope[256];
	UT_hash_handle hh;
};

struct nm_recording_reader {
	sqlite3 *db;
	const char *path;
	struct nm_history *history;
	struct nm_recording_place *processes, *isolates, *spaces, *limits; /* uthash, by id */
	uint64_t rows;							   /* so far */
	unsigned steps; /* of SQLite's, in millions */
	struct nm_error *err;
};

/* Put a row of the statement into the history; NM_OK or what ends the reading. */
typedef int nm_recording_take(struct nm_recording_reader *reader, sqlite3_stmt *row);

/* Every row of `sql` is taken. */
int nm_recording_each(struct nm_recording_reader *reader, const char *sql, nm_recording_take *take);

/* Room for one more in an array: its address, zeroed; NULL when there is no memory. `*items` may move. */
void *nm_recording_grow(void *items, size_t *count, size_t size);

/* The process in column `at`; NULL when the recording has none of that number. */
struct nm_history_process *nm_recording_process_at(struct nm_recording_reader *reader,
						   sqlite3_stmt *row, int at);
struct nm_recording_place *nm_recording_place_at(struct nm_recording_place *places,
						 sqlite3_stmt *row, int at);

/* A column as a size; NM_UNKNOWN when it is NULL or no size. */
uint64_t nm_recording_size_at(sqlite3_stmt *row, int at);

/* As text, cut to fit; "" for NULL. */
void nm_recording_text_at(sqlite3_stmt *row, int at, char *out, size_t room);

/* All tables but samples, processes and isolates. */
int nm_recording_read_rows(struct nm_recording_reader *reader);

#endif
