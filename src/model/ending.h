/*
 * ending.h - how a command and its Node processes ended
 *
 * Filled with facts while the command runs and when it ends; nm_verdict_reach() then says what
 * they mean. Plain data: it owns nothing but `processes`, until nm_ending_done().
 */
#ifndef NM_MODEL_ENDING_H
#define NM_MODEL_ENDING_H

#include "base/error.h"
#include "model/history.h"
#include "model/last_heap.h"

#define NM_CAUSE_LIST(X)                                                                 \
	X(UNKNOWN, "unknown")                                                            \
	X(EXIT, "exit")			  /* it returned an exit code of its own */      \
	X(V8_HEAP_LIMIT, "v8-heap-limit") /* V8 gave up at its heap limit */             \
	X(V8_OTHER_OOM, "v8-other-oom")	  /* V8 gave up for another want of memory */    \
	X(CGROUP_OOM, "cgroup-oom")	  /* killed at the limit of its control group */ \
	X(KERNEL_OOM, "kernel-oom")	  /* killed because the machine had no more */   \
	X(SIGNAL, "signal")		  /* by a signal which has nothing to do with memory */

enum nm_cause {
#define X(name, text) NM_CAUSE_##name,
	NM_CAUSE_LIST(X)
#undef X
};

/* The name of a cause in JSON: "v8-heap-limit". */
const char *nm_cause_name(enum nm_cause cause);

/* One garbage collection, as V8 prints it. */
struct nm_gc {
	char kind[40]; /* "Mark-Compact (reduce)" */
	double at_ms;  /* since the isolate was made */
	double before_mb;
	double after_mb;
	double pause_ms;
	uint64_t isolate; /* its address */
};

#define NM_GCS_MAX	8
#define NM_WORDS_MAX	8
#define NM_EVIDENCE_MAX 12

enum nm_words_kind {
	NM_WORDS_HEAP_LIMIT,   /* the JavaScript heap is full */
	NM_WORDS_INVALID_SIZE, /* one array, table or string would be larger than V8 allows */
	NM_WORDS_NO_MEMORY,    /* the operating system gave no memory */
	NM_WORDS_ZONE,	       /* the same, while a script was parsed or compiled */
	NM_WORDS_BAD_ALLOC,    /* the same, for native code: std::bad_alloc */
	NM_WORDS_ABORT,	       /* an uncaught error, with --abort-on-uncaught-exception */
	NM_WORDS_OTHER,	       /* a fatal error which is not about memory */
};

/* Is a fatal error of this kind about memory? */
bool nm_words_are_of_memory(enum nm_words_kind kind);

/* What V8 or Node said on stderr when it died. */
struct nm_last_words {
	enum nm_words_kind kind;
	pid_t pid;	  /* 0 when it was not told */
	char reason[160]; /* "Reached heap limit"; no control characters */
	unsigned gc_count;
	struct nm_gc gcs[NM_GCS_MAX]; /* the last ones, in order */
};

/* One Node process: the highest and the last numbers that were seen. */
struct nm_run_process {
	pid_t pid;
	char label[32];
	char node[32];
	bool has_ended;
	uint64_t samples;
	unsigned has; /* enum nm_has: which of the numbers are known */
	uint64_t peak_rss;
	uint64_t peak_heap_total;
	uint64_t peak_heap_used;
	uint64_t peak_array_buffers;
	uint64_t peak_external;
	uint64_t array_buffers_at_peak; /* when rss was highest */
	uint64_t heap_total_at_peak;
	uint64_t rss;
	uint64_t heap_used;
	uint64_t heap_size_limit;
	bool is_near_limit; /* of V8, when it was last seen */
};

/* What the kernel counted between the start and the end. */
struct nm_kills {
	bool knows_cgroup;
	bool knows_machine;
	bool cgroup_was_full;  /* an allocation failed at the limit of the cgroup or one above */
	uint64_t in_cgroup;    /* processes killed in the command's cgroup */
	uint64_t groups;       /* how often all of the cgroup were killed together */
	uint64_t on_machine;   /* processes killed anywhere */
	uint64_t cgroup_limit; /* the lowest of the cgroup and those above; 0 when there is none */
	char cgroup_name[160]; /* of the one with that limit */
};

/* Where the facts come from, which decides what can be known and how it is told. */
enum nm_ending_source {
	NM_ENDING_RUN,	     /* nodemem started it, and read its stderr */
	NM_ENDING_WATCH,     /* nodemem saw it from outside; its stderr was not read */
	NM_ENDING_LOG,	     /* what was written to stderr, or what a supervisor wrote */
	NM_ENDING_KERNEL,    /* the kernel's log */
	NM_ENDING_REPORT,    /* a diagnostic report of Node's */
	NM_ENDING_RECORDING, /* nodemem was there and wrote down its verdict */
};

/* What the kernel's log tells of a process that it killed; 0 and "": not told. */
struct nm_kill_record {
	bool is_known;
	bool is_cgroup; /* at the limit of a cgroup, else for want of memory of the machine */
	bool is_group;	/* together with all others of its cgroup */
	uint64_t anon_rss;
	uint64_t file_rss;
	uint64_t shmem_rss;
};

/* What a diagnostic report tells of the heap; the sizes are of objects. */
struct nm_report_heap {
	bool is_known;
	uint64_t small_used; /* in all spaces but those for large objects */
	uint64_t large_used; /* in spaces of objects that are too large for a page */
	uint64_t old_limit;  /* what of the limit is for old objects; 0: not known */
};

/* No exit code is known. */
#define NM_EXIT_UNKNOWN (-1)

struct nm_ending {
	/* The facts. */
	enum nm_ending_source source;
	char command[64]; /* the first word, without folders */
	pid_t pid;	  /* 0: not known */
	int exit_code;	  /* as a shell shows it: 128 + signal when one ended it */
	int signal;	  /* 0 when it ended by itself */
	int stop_sent;	  /* the last signal that nodemem was asked to pass on; 0 for none */
	uint64_t duration_ms;
	uint64_t peak_rss; /* of the largest process, counted by the kernel; 0 when not known */
	uint64_t totalmem;
	bool worker_ran_out; /* a worker reached its own heap limit */
	bool buffer_failed;  /* an ArrayBuffer could not be had */
	bool oom_was_told;   /* a supervisor says that it was killed for want of memory */
	char error[240];     /* first line of the error that nobody caught; "" for none */
	struct nm_kills kills;
	struct nm_kill_record kill;
	struct nm_report_heap report;
	struct nm_last_words words[NM_WORDS_MAX];
	unsigned words_count;
	struct nm_run_process *processes; /* owned; in the order in which they were seen */
	size_t process_count;
	char unreadable[400]; /* why a Node process could not be read; "" when all could be */
	/* What the verdict rests on, as it was found: lines, numbers, counters. */
	char evidence[NM_EVIDENCE_MAX][240];
	unsigned evidence_count;

	const struct nm_last_heap *heap; /* borrowed; what filled the heap of the subject; NULL */

	/* The verdict. */
	enum nm_cause cause;
	const struct nm_run_process *subject;	/* whose end it is; NULL when not known */
	const struct nm_last_words *last_words; /* of the subject; NULL when it said none */
	/* Of the subject, where --trace-gc printed them. */
	unsigned traced_count;
	struct nm_gc traced[NM_GCS_MAX];
	char headline[240]; /* one line */
	char reason[1000];  /* sentences; may be empty */
	char advice[1000];  /* sentences; may be empty */
};

void nm_ending_init(struct nm_ending *ending);

/* One more piece of evidence, one line; what does not fit, and what is there already, is left out. */
void nm_ending_add_evidence(struct nm_ending *ending, const char *format, ...) NM_PRINTF(2, 3);

/* The last collections that V8 printed: in its last words, or else while it lived. Borrowed. */
const struct nm_gc *nm_ending_gcs(const struct nm_ending *ending, unsigned *out_count);

/* A file seldom tells how long a process had lived. */
bool nm_ending_knows_duration(const struct nm_ending *ending);

/* Room for one more process, all unknown. The pointer holds until the next call. NULL when there
   is no memory. */
struct nm_run_process *nm_ending_add_process(struct nm_ending *ending);

/* Take the numbers of a sample into account. */
void nm_run_process_add(struct nm_run_process *process, const struct nm_sample *sample);

/* The same as a recording keeps it; all but the time. */
void nm_ending_to_history(const struct nm_ending *ending, struct nm_history_end *out);

void nm_ending_done(struct nm_ending *ending);

#endif
