/*
 * history.h - processes over time, as a recording holds them
 *
 * Made by a reader and read-only after that: for drawing, for forecasts, for telling what ended a
 * process. Samples are columns, one array a number, because a week has 600,000 of them.
 *
 * Owns     everything in it, until nm_history_done().
 * Costs    60 bytes a sample.
 */
#ifndef NM_MODEL_HISTORY_H
#define NM_MODEL_HISTORY_H

#include "nodemem.h"

/* In a column: the number is not known. */
#define NM_UNKNOWN UINT64_MAX

#define NM_COLUMN_LIST(X)                \
	X(RSS, "rss")                    \
	X(SWAP, "swap")                  \
	X(HEAP_TOTAL, "heapTotal")       \
	X(HEAP_USED, "heapUsed")         \
	X(EXTERNAL, "external")          \
	X(ARRAY_BUFFERS, "arrayBuffers") \
	X(OLD_USED, "oldGenerationUsed") /* of the heap without new_space: what the limit is for */

enum nm_column {
#define X(name, text) NM_COLUMN_##name,
	NM_COLUMN_LIST(X)
#undef X
		NM_COLUMN_COUNT,
};

/* "heapUsed" */
const char *nm_column_name(enum nm_column column);

/* The numbers of one isolate; rss and swap, which are the process's, stand with the main one. */
struct nm_history_isolate {
	char name[24];		 /* "main", "worker-1" */
	uint64_t max_semi_space; /* of V8, three of which are in its heap limit; 0: not known */
	size_t count;
	int64_t *time_ms; /* since 1970, ascending */
	uint64_t *columns[NM_COLUMN_COUNT];
};

/* How a collection became known. */
#define NM_GC_SOURCE_LIST(X)                                                     \
	X(COUNTER, "counter") /* V8's own counter went up between two samples */ \
	X(DROP, "drop")	      /* the used size fell between two samples */       \
	X(TRACE, "trace")     /* V8 printed it: --trace-gc, or the last few of a dying process */

enum nm_gc_source {
#define X(name, text) NM_GC_##name,
	NM_GC_SOURCE_LIST(X)
#undef X
		NM_GC_SOURCE_COUNT,
};

/* "counter" */
const char *nm_gc_source_name(enum nm_gc_source source);

struct nm_history_gc {
	int64_t time_ms;
	unsigned isolate; /* index */
	bool is_major;
	enum nm_gc_source source;
	unsigned count;	 /* between these samples; 1 for a printed one */
	uint64_t before; /* used before and after */
	uint64_t after;
	double pause_ms; /* negative: not known */
	char kind[40];	 /* as V8 prints it, or "" */
};

/* A limit above the process, from this time on. */
struct nm_history_limit {
	int64_t time_ms;
	enum nm_limit_kind kind;
	char scope[256];
	uint64_t limit; /* NM_UNKNOWN: no longer there */
	bool is_first;	/* the one that was nearest then */
};

/* What was used under such a limit, at a slower pace than the samples. */
struct nm_history_use {
	int64_t time_ms;
	enum nm_limit_kind kind;
	char scope[256];
	uint64_t used;
	uint64_t cache;	 /* of a control group, page cache; NM_UNKNOWN for others */
	uint64_t kills;	 /* of a control group; NM_UNKNOWN for others */
	double pressure; /* share of the last 10 s in which some task waited for memory, in percent;
			    negative: not known */
};

struct nm_history_ledger {
	int64_t time_ms;
	uint64_t rss[NM_GROUP_COUNT];
};

struct nm_history_space {
	int64_t time_ms;
	unsigned isolate;
	char name[40];
	uint64_t size, used;
};

struct nm_history_class {
	char *name;
	uint64_t count, bytes;
};

/* The classes of the heap at one time, the most bytes first. */
struct nm_history_histogram {
	int64_t time_ms;
	char reason[40]; /* "start", "near-limit" */
	uint64_t live_bytes;
	uint64_t stopped_us;
	struct nm_history_class *classes;
	size_t class_count;
};

struct nm_history_finding {
	int64_t time_ms;
	char id[40];
	char severity[16];
	char text[1000];
	char fix[1000];
};

/* How it ended; an empty cause: it was still there when the recording ended. */
struct nm_history_end {
	int64_t time_ms;
	char cause[24]; /* as nm_cause_name() */
	int exit_code;	/* -1: not known */
	int signal;	/* 0: none, or not known */
	char headline[240];
	char reason[1000];
	char advice[1000];
};

struct nm_history_process {
	pid_t pid;
	char label[32];
	char node[32];
	char v8[40];
	char command[256];
	int64_t started_ms;
	int64_t first_ms, last_ms;	     /* seen from, seen until */
	struct nm_history_isolate *isolates; /* the main one first */
	size_t isolate_count;
	struct nm_history_gc *gcs;
	size_t gc_count;
	struct nm_history_limit *limits;
	size_t limit_count;
	struct nm_history_use *uses;
	size_t use_count;
	struct nm_history_ledger *ledgers;
	size_t ledger_count;
	struct nm_history_space *spaces;
	size_t space_count;
	struct nm_history_histogram *histograms;
	size_t histogram_count;
	struct nm_history_finding *findings;
	size_t finding_count;
	struct nm_history_end end;
};

struct nm_history {
	int64_t begun_ms, ended_ms; /* of the recording; ended_ms: its last sample */
	bool is_complete;	    /* the recorder ended in peace */
	char host[65];
	uint64_t totalmem;
	struct nm_history_process *processes;
	size_t process_count;
};

/* What an isolate uses of its heap but for new_space: the part which V8's limit is for. Its heap_used
   must be known. */
uint64_t nm_history_old_used(const struct nm_isolate *isolate);

/* Put the processes in the order of their ends; those that had not ended come last. */
void nm_history_sort_by_end(struct nm_history *history);

void nm_history_init(struct nm_history *history);
void nm_history_done(struct nm_history *history);

#endif
