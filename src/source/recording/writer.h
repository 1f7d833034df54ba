/*
 * writer.h - what the files that write a recording share: its struct, and running statements
 */
#ifndef NM_RECORDING_WRITER_H
#define NM_RECORDING_WRITER_H

#include <sqlite3.h>

#include "base/hashed.h"
#include "source/recording/write.h"

/* Compiled once. The first word is the enum's, the second the text. */
#define NM_RECORDING_STATEMENTS(X)                                                             \
	X(BEGIN, "BEGIN IMMEDIATE")                                                            \
	X(COMMIT, "COMMIT")                                                                    \
	X(RECORDER, "INSERT INTO recorder(host, totalmem, begun_ms) VALUES(?, ?, ?)")          \
	X(RECORDER_END, "UPDATE recorder SET ended_ms = ? WHERE id = ?")                       \
	X(FIND_PROCESS, "SELECT id FROM process WHERE pid = ? AND abs(started_ms - ?) < 1000") \
	X(PROCESS, "INSERT INTO process(pid, started_ms, label, node, v8, command)"            \
		   " VALUES(?, ?, ?, ?, ?, ?)")                                                \
	X(FIND_ISOLATE, "SELECT id FROM isolate WHERE process = ? AND name = ?")               \
	X(ISOLATE, "INSERT INTO isolate(process, name) VALUES(?, ?)")                          \
	X(SEMI_SPACE, "UPDATE isolate SET max_semi_space = ? WHERE id = ?")                    \
	X(SAMPLE, "INSERT INTO sample(time_ms, isolate, rss, swap, heap_total, heap_used,"     \
		  " external, array_buffers, old_used) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)")     \
	X(FIND_SPACE, "SELECT id FROM space WHERE isolate = ? AND name = ?")                   \
	X(SPACE, "INSERT INTO space(isolate, name) VALUES(?, ?)")                              \
	X(SPACE_SAMPLE, "INSERT INTO space_sample VALUES(?, ?, ?, ?)")                         \
	X(GC, "INSERT INTO gc VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)")                              \
	X(FIND_LIMIT, "SELECT id FROM \"limit\" WHERE process = ? AND kind = ? AND scope = ?") \
	X(LIMIT, "INSERT INTO \"limit\"(process, kind, scope) VALUES(?, ?, ?)")                \
	X(LIMIT_VALUE, "INSERT INTO limit_value VALUES(?, ?, ?, ?)")                           \
	X(LIMIT_USE, "INSERT INTO limit_use VALUES(?, ?, ?, ?, ?, ?)")                         \
	X(LEDGER, "INSERT INTO ledger VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")       \
	X(HISTOGRAM, "INSERT INTO histogram(time_ms, process, reason, live_bytes, stopped_us)" \
		     " VALUES(?, ?, ?, ?, ?)")                                                 \
	X(FIND_CLASS, "SELECT id FROM class WHERE name = ?")                                   \
	X(CLASS, "INSERT INTO class(name) VALUES(?)")                                          \
	X(HISTOGRAM_CLASS, "INSERT OR REPLACE INTO histogram_class VALUES(?, ?, ?, ?)")        \
	X(FINDING, "INSERT INTO finding VALUES(?, ?, ?, ?, ?, ?)")                             \
	X(ENDING, "INSERT OR REPLACE INTO ending VALUES(?, ?, ?, ?, ?, ?, ?, ?)")

enum nm_recording_statement {
#define X(name, sql) NM_RECORDING_##name,
	NM_RECORDING_STATEMENTS(X)
#undef X
		NM_RECORDING_STATEMENT_COUNT,
};

/* A row that has a name: an isolate, a space, a limit. */
struct nm_recording_name {
	char *key; /* owned */
	int64_t id;
	bool has_last; /* what was last written of it: */
	uint64_t last, last_too;
	UT_hash_handle hh;
};

/* How far a pass over the tables has come. */
#define NM_RECORDING_THINNED_TABLES 5

struct nm_recording_thinning {
	int64_t done[NM_RECORDING_THINNED_TABLES]; /* up to these rows */
	unsigned level;				   /* how much is left out in this pass */
	int64_t cutoff_ms;			   /* of this pass; 0: not begun */
};

struct nm_recording {
	sqlite3 *db;
	int lock_fd;
	sqlite3_stmt *statements[NM_RECORDING_STATEMENT_COUNT];
	bool in_transaction;
	bool has_failed;
	struct nm_error why; /* it failed */
	char path[512];
	int64_t recorder;
	struct nm_recording_name *names;	/* uthash */
	struct nm_recording_thinning keep, fit; /* for the time to keep, and for the size */
};

/* A value for a statement; made by the functions below. */
struct nm_recording_value {
	enum { NM_RECORDING_NULL, NM_RECORDING_INTEGER, NM_RECORDING_REAL, NM_RECORDING_TEXT } type;
	int64_t integer;
	double real;
	const char *text;
};

/* NULL for NM_UNKNOWN. */
struct nm_recording_value nm_recording_size(uint64_t size);
struct nm_recording_value nm_recording_integer(int64_t number);
struct nm_recording_value nm_recording_text(const char *text);
/* NULL when negative. */
struct nm_recording_value nm_recording_real(double number);

/* Run a statement with these values, in a transaction which it begins when there is none. The first
   column of the first row, or of an INSERT the row's id; -1 when there is none or it failed. */
int64_t nm_recording_run(struct nm_recording *recording, enum nm_recording_statement which,
			 const struct nm_recording_value *values, int count);

/* The same for an array of values. */
#define NM_RECORDING_RUN(recording, which, ...)                                        \
	nm_recording_run(recording, which, (struct nm_recording_value[]){__VA_ARGS__}, \
			 (int)(sizeof((struct nm_recording_value[]){__VA_ARGS__}) /    \
			       sizeof(struct nm_recording_value)))

/* The row of a name below `owner`: found or made by the two statements, whose values are `owner`, `name`
   and, when it is not NULL, `more`. NULL when it failed. */
struct nm_recording_name *nm_recording_find(struct nm_recording *recording,
					    enum nm_recording_statement find,
					    enum nm_recording_statement make, int64_t owner,
					    const char *name, const char *more);

/* Remember what SQLite says now as the end of the recording. */
void nm_recording_fail(struct nm_recording *recording, int code);

#endif
