/*
 * ending.h - how a command and its Node processes ended
 *
 * Filled with facts while the command runs and when it ends; nm_verdict_reach() then says what
 * they mean. Plain data: it owns nothing but `processes`, until nm_ending_done().
 */
#ifndef NM_MODEL_ENDING_H
#define NM_MODEL_ENDING_H

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
};

#define NM_GCS_MAX   8
#define NM_WORDS_MAX 8

enum nm_words_kind {
	NM_WORDS_HEAP_LIMIT,   /* the JavaScript heap is full */
	NM_WORDS_INVALID_SIZE, /* one array, table or string would be larger than V8 allows */
	NM_WORDS_NO_MEMORY,    /* the operating system gave no memory */
	NM_WORDS_OTHER,	       /* a fatal error which is not about memory */
};

/* What V8 said on stderr when it died. */
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
};

/* What the kernel counted between the start and the end. */
struct nm_kills {
	bool knows_cgroup;
	bool knows_machine;
	bool cgroup_was_full;  /* an allocation failed at the limit of the cgroup or one above */
	uint64_t in_cgroup;    /* processes killed in the command's cgroup */
	uint64_t on_machine;   /* processes killed anywhere */
	uint64_t cgroup_limit; /* the lowest of the cgroup and those above; 0 when there is none */
	char cgroup_name[160]; /* of the one with that limit */
};

struct nm_ending {
	/* The facts. */
	char command[64]; /* the first word, without folders */
	pid_t pid;
	int exit_code;	 /* as a shell shows it: 128 + signal when one ended it */
	int signal;	 /* 0 when it ended by itself */
	bool is_foreign; /* no child of ours: its stderr was not read, and an exit code of -1 is
			    one that is not known */
	int stop_sent;	 /* the last signal that nodemem was asked to pass on; 0 for none */
	uint64_t duration_ms;
	uint64_t peak_rss; /* of the largest process, counted by the kernel; 0 when not known */
	uint64_t totalmem;
	bool worker_ran_out; /* a worker reached its own heap limit */
	bool buffer_failed;  /* an ArrayBuffer could not be had */
	struct nm_kills kills;
	struct nm_last_words words[NM_WORDS_MAX];
	unsigned words_count;
	struct nm_run_process *processes; /* owned; in the order in which they were seen */
	size_t process_count;
	char unreadable[400]; /* why a Node process could not be read; "" when all could be */

	const struct nm_last_heap *heap; /* borrowed; what filled the heap of the subject; NULL */

	/* The verdict. */
	enum nm_cause cause;
	const struct nm_run_process *subject;	/* whose end it is; NULL when not known */
	const struct nm_last_words *last_words; /* of the subject; NULL when it said none */
	char headline[240];			/* one line */
	char reason[1000];			/* sentences; may be empty */
	char advice[1000];			/* sentences; may be empty */
};

void nm_ending_init(struct nm_ending *ending);

/* Room for one more process, all unknown. The pointer holds until the next call. NULL when there
   is no memory. */
struct nm_run_process *nm_ending_add_process(struct nm_ending *ending);

/* Take the numbers of a sample into account. */
void nm_run_process_add(struct nm_run_process *process, const struct nm_sample *sample);

/* The same as a recording keeps it; all but the time. */
void nm_ending_to_history(const struct nm_ending *ending, struct nm_history_end *out);

void nm_ending_done(struct nm_ending *ending);

#endif
