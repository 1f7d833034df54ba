/*
 * crashlog.h - what V8 says when it dies, found in a stream of stderr, or of stdout with --trace-gc
 *
 * Fed with pieces as they come, cut anywhere; keeps the last garbage collections of the last
 * few processes that told them ("[PID:0x...] ... ms: Mark-Compact ...", from --trace-gc and
 * from "<--- Last few GCs --->"), the fatal errors, and the error that nobody caught. Wordings of
 * Node 16 to 26.
 *
 * Trusts   nothing: the text is the program's own. Colours are skipped, long lines are cut.
 * Costs    some 20 KiB, whatever the stream holds.
 */
#ifndef NM_CRASHLOG_CRASHLOG_H
#define NM_CRASHLOG_CRASHLOG_H

#include "model/ending.h"
#include "source/crashlog/lines.h"

#define NM_CRASHLOG_PIDS_MAX 8

/* The garbage collections of one process. */
struct nm_crashlog_gcs {
	pid_t pid;
	uint64_t used_at; /* the least recent one makes room for a new process */
	bool is_dying;	  /* told in "Last few GCs", and its fatal error was not seen yet */
	unsigned count;
	struct nm_gc gcs[NM_GCS_MAX];
};

/* A collection was printed as it ended, not among the last few of a dying process. */
typedef void nm_crashlog_traced(void *context, pid_t pid, const struct nm_gc *gc);

struct nm_crashlog {
	nm_crashlog_traced *traced; /* NULL unless set after nm_crashlog_init() */
	void *context;
	struct nm_lines lines;
	bool in_last_gcs;
	uint64_t clock;
	struct nm_crashlog_gcs pids[NM_CRASHLOG_PIDS_MAX];
	struct nm_last_words words[NM_WORDS_MAX]; /* when full, the first ones are kept */
	unsigned words_count;
	bool was_told; /* a stack trace that follows belongs to words already read */
	bool worker_ran_out;
	bool buffer_failed;
	bool is_below_caret;
	bool has_candidate;  /* one was printed since this was reset */
	char candidate[240]; /* the error printed last */
	char error[240];     /* first line of the last one that nobody caught; "" for none */
	uint64_t errors;     /* how many those were */
};

void nm_crashlog_init(struct nm_crashlog *log);
void nm_crashlog_feed(struct nm_crashlog *log, const char *bytes, size_t length);

/* One whole line, without its line feed; in place of nm_crashlog_feed(). */
void nm_crashlog_line(struct nm_crashlog *log, const char *line);

/* The last collections that a process printed; NULL for none. */
const struct nm_crashlog_gcs *nm_crashlog_find_gcs(const struct nm_crashlog *log, pid_t pid);

/* No more will come: a last line without a line feed counts. */
void nm_crashlog_end(struct nm_crashlog *log);

#endif
