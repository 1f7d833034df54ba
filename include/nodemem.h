/*
 * nodemem.h - the memory of a Node.js process, read from outside it
 *
 * What you `open`, `init` or get through an `out` pointer is yours to end with the matching
 * verb; everything returned directly is borrowed and lives as long as the object you asked.
 * A function that can fail returns 0 or a negative enum nm_status and, if `err` is not NULL,
 * says there what failed, on what, why and what to do. Handles are not thread-safe; different
 * handles are independent. Sizes are bytes unless the name says otherwise.
 *
 * Words  isolate     one JavaScript heap with its thread: the main one, and one per worker
 *        space       a part of V8's heap: new_space, old_space, code_space, ...
 *        used        bytes of a space taken by objects, dead ones not yet collected included
 *        external    bytes outside the heap which V8 was told belong to JavaScript objects
 *        rss         resident set size: bytes of the process which are in memory now
 */
#ifndef NODEMEM_H
#define NODEMEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define NM_API __attribute__((visibility("default")))

/* ---- errors ---------------------------------------------------------------------------- */

/* Each code is a decision for the caller. */
#define NM_STATUS_LIST(X)                                                             \
	X(OK, 0, "ok")                                                                \
	X(E_GONE, -1, "gone")		    /* the target is not there, or ended */   \
	X(E_NOT_NODE, -2, "not-node")	    /* the target is no Node.js process */    \
	X(E_PERM, -3, "not-permitted")	    /* the kernel refused */                  \
	X(E_UNSUPPORTED, -4, "unsupported") /* version, layout or format not known */ \
	X(E_CORRUPT, -5, "corrupt")	    /* input contradicts itself */            \
	X(E_LIMIT, -6, "limit")		    /* input larger than a named maximum */   \
	X(E_IO, -7, "io")		    /* a system call failed */                \
	X(E_NOMEM, -8, "no-memory")	    /* this program's own memory ran out */   \
	X(E_USAGE, -9, "usage")		    /* the call makes no sense */             \
	X(E_BUSY, -10, "busy")		    /* the target never held still; try again */

enum nm_status {
#define X(name, value, text) NM_##name = value,
	NM_STATUS_LIST(X)
#undef X
};

struct nm_error {
	int code;	   /* enum nm_status */
	int os_errno;	   /* 0 when no system call failed */
	uint64_t offset;   /* in the input, for parsers */
	char message[400]; /* one clause, no full stop */
};

/* Short stable name of a code, as in JSON: "gone". */
NM_API const char *nm_status_name(int code);

/* ---- a sample: one moment of one process ----------------------------------------------- */

/* Which numbers are known. A number whose bit is not set is 0 and means nothing. */
enum nm_has {
	NM_HAS_RSS = 1u << 0,
	NM_HAS_HEAP_TOTAL = 1u << 1,
	NM_HAS_HEAP_USED = 1u << 2,
	NM_HAS_EXTERNAL = 1u << 3,
	NM_HAS_ARRAY_BUFFERS = 1u << 4,
	NM_HAS_HEAP_SIZE_LIMIT = 1u << 5,
	NM_HAS_MALLOCED_MEMORY = 1u << 6,
	NM_HAS_UPTIME = 1u << 7,
	NM_HAS_MAX_SEMI_SPACE = 1u << 8,
	NM_HAS_GC_COUNTS = 1u << 9, /* major_gcs, minor_gcs */
};

/* One space of V8's heap, named and counted as in v8.getHeapSpaceStatistics(). */
struct nm_space {
	const char *name;   /* static text */
	uint64_t size;	    /* space_size: committed memory */
	uint64_t used;	    /* space_used_size */
	uint64_t available; /* space_available_size, after nm_target_read_available() */
	bool knows_available;
};

#define NM_SPACES_MAX 16

/* One isolate's numbers, named and counted as in process.memoryUsage() of its own thread. */
struct nm_isolate {
	char name[24]; /* "main", "worker-1", ... in the order in which the threads were made */
	unsigned has;  /* enum nm_has */
	/* Memory was being collected at every try: the heap's numbers are those of the last
	   sample outside a collection, or unknown when there was none. */
	bool in_gc;
	uint64_t heap_total;
	uint64_t heap_used;
	uint64_t external;
	uint64_t array_buffers;
	uint64_t heap_size_limit;
	uint64_t malloced_memory;
	uint64_t
		max_semi_space; /* V8's --max-semi-space-size; heap_size_limit has it three times */
	uint64_t major_gcs;	/* collections of the whole heap since the isolate began ... */
	uint64_t minor_gcs;	/* ... and of its young objects alone */
	unsigned space_count;
	struct nm_space spaces[NM_SPACES_MAX];
};

struct nm_sample {
	pid_t pid;
	unsigned has;	    /* NM_HAS_RSS, NM_HAS_UPTIME; the rest is per isolate */
	uint64_t rss;	    /* of the whole process */
	int64_t time_ms;    /* when it was taken, since 1970 */
	uint64_t uptime_ms; /* of the process at that time */
	uint64_t took_us;   /* how long taking it took */
	unsigned tries;	    /* reads until no isolate was inside a collection */
	unsigned isolate_count;
	unsigned isolate_room;
	struct nm_isolate *isolates; /* owned; the main isolate is first when there is one */
};

NM_API void nm_sample_init(struct nm_sample *sample);
NM_API void nm_sample_done(struct nm_sample *sample);

/* The main isolate: process.memoryUsage() of the main thread speaks of this one. NULL when the
   sample has none. */
NM_API const struct nm_isolate *nm_sample_main(const struct nm_sample *sample);

/* ---- a target: a process being watched ------------------------------------------------- */

struct nm_target;

/* Of a target, as far as known; texts are empty when not. */
struct nm_target_info {
	pid_t pid;
	char node[32];	      /* "v20.20.2" */
	char v8[40];	      /* "11.3.244.8-node.38" */
	char command[256];    /* the command line, blanks between, cut to fit */
	char executable[512]; /* path as the kernel shows it */
	int64_t started_ms;   /* since 1970 */
	char layout[64];      /* which table row or calibration the numbers come from */
};

/* What reading the target cost it and us, for --verbose. */
struct nm_target_cost {
	uint64_t open_us;      /* finding and proving the isolates */
	uint64_t open_reads;   /* system calls reading its memory while opening */
	uint64_t sample_reads; /* the same, of all samples so far */
	uint64_t sample_bytes;
	uint64_t samples;
};

/*
 * Open the Node.js process `pid`: find its isolates and prove that their layout is understood.
 * Nothing is written to the process and it is not stopped. NM_E_GONE, NM_E_NOT_NODE, NM_E_PERM,
 * NM_E_UNSUPPORTED (a V8 in no table, or a layout that failed its proof).
 */
NM_API int nm_target_open(pid_t pid, struct nm_target **out, struct nm_error *err);

/*
 * Take a sample into `sample`, reusing its memory. About 10 us. New and ended workers are
 * followed. NM_E_GONE when the process has ended; `sample` then holds what could still be read,
 * which its `has` and isolates tell.
 */
NM_API int nm_target_sample(struct nm_target *target, struct nm_sample *sample,
			    struct nm_error *err);

/*
 * Read what is available in each space into the last sample of the target. Some 10 us more an isolate. Not of isolates
 * that are in a collection, nor with a layout that was learnt by nm_calibrate().
 */
NM_API void nm_target_read_available(struct nm_target *target, struct nm_sample *sample);

NM_API const struct nm_target_info *nm_target_info(const struct nm_target *target);
NM_API const struct nm_target_cost *nm_target_cost(const struct nm_target *target);
NM_API void nm_target_close(struct nm_target *target);

/* ---- the ledger: what the resident memory of a process is ------------------------------ */

#define NM_GROUP_LIST(X)                  \
	X(V8_HEAP, "v8 heap")             \
	X(V8_CODE, "v8 code")             \
	X(ARRAY_BUFFERS, "array buffers") \
	X(MALLOC, "malloc")               \
	X(STACKS, "stacks")               \
	X(PROGRAM, "program")             \
	X(LIBRARIES, "libraries")         \
	X(ADDONS, "addons")               \
	X(MAPPED_FILES, "mapped files")   \
	X(SHARED, "shared")               \
	X(WASM, "wasm")                   \
	X(OTHER, "other")

enum nm_group {
#define X(name, text) NM_GROUP_##name,
	NM_GROUP_LIST(X)
#undef X
		NM_GROUP_COUNT,
};

/* "v8 heap" */
NM_API const char *nm_group_name(enum nm_group group);

/* One line of the ledger. */
struct nm_part {
	enum nm_group group;
	char name[80];	  /* "old_space"; within group and isolate it stands once */
	char isolate[24]; /* whose space it is: "main", "worker-1"; "" for parts of no isolate */
	bool is_unnamed;  /* memory of which nothing is known but that it is there */
	uint64_t rss;
	uint64_t pss; /* each page divided by how many processes have it */
	uint64_t swap;
};

/* An arena of glibc's malloc: memory from which one or more threads allocate. */
struct nm_malloc_arena {
	bool is_main;
	uint64_t size;
	uint64_t in_use;
	uint64_t free;
	uint64_t reclaimable;
};

enum nm_malloc_has {
	NM_HAS_MALLOC_INSIDE = 1u << 0,	 /* in_use, free, reclaimable, cached, the arenas */
	NM_HAS_MALLOC_MMAPPED = 1u << 1, /* mmapped, mmapped_chunks */
};

/* Sizes are of address space, as in mallinfo2(3); what is resident of it is in the parts. */
struct nm_malloc {
	char allocator[48];   /* "glibc 2.36", "jemalloc", "unknown" */
	unsigned has;	      /* enum nm_malloc_has */
	uint64_t in_use;      /* uordblks: given out from the arenas, or cached for a thread */
	uint64_t free;	      /* fordblks: free inside the arenas */
	uint64_t reclaimable; /* resident, and what malloc_trim(0) would give back */
	uint64_t cached;      /* part of in_use: freed by a thread and kept for its next call */
	uint64_t mmapped;     /* hblkhd: chunks with a mapping of their own */
	uint64_t mmapped_chunks;
	struct nm_malloc_arena *arenas; /* owned by the ledger */
	size_t arena_count;
};

enum nm_ledger_has {
	NM_HAS_LEDGER_PSS = 1u << 0,	/* pss, and the parts' swap */
	NM_HAS_FOUND_BUFFERS = 1u << 1, /* array_buffers */
	NM_HAS_LEDGER_SWAP = 1u << 2,	/* swap */
};

#define NM_LEDGER_MISSING_MAX 4

struct nm_ledger {
	pid_t pid;
	unsigned has; /* enum nm_ledger_has */
	uint64_t rss; /* the sum of Rss in /proc/PID/smaps; the parts add up to it */
	uint64_t pss;
	uint64_t swap;
	uint64_t unnamed; /* the part of rss that is in parts without a name */
	uint64_t
		array_buffers; /* bytes of all ArrayBuffers that were found, whether resident or not */
	struct nm_part *parts; /* owned; by group, then the largest first */
	size_t part_count;
	struct nm_malloc malloc;
	/* What could not be looked at and why, a sentence each. None: the ledger is complete. */
	char missing[NM_LEDGER_MISSING_MAX][300];
	unsigned missing_count;
	/* How often and long the process stood still. */
	unsigned stops;
	uint64_t stopped_us;
	uint64_t longest_stop_us;
	uint64_t took_us; /* all of it */
};

struct nm_ledger_options {
	bool no_stop; /* never stop the process; what malloc holds is then not looked into */
	uint64_t max_stop_us; /* stop it no longer than this at a time; 0 for 15 ms */
};

/*
 * Read the ledger. To look into malloc the process is stopped for some milliseconds, by ptrace, as
 * often as needed; it goes on by itself if this program dies. No page that is not in memory is
 * touched. `out` is filled anew. NM_E_GONE, NM_E_PERM, NM_E_IO, NM_E_NOMEM. What could not be
 * looked at is told in `missing` and is no failure.
 */
NM_API int nm_ledger_read(struct nm_target *target, const struct nm_ledger_options *options,
			  struct nm_ledger *out, struct nm_error *err);

/* Without a target, of a process whose memory may not be read: what /proc/PID/smaps tells, or
   /proc/PID/status where that may not be read either. `why` is what to say of it. */
NM_API int nm_ledger_read_coarse(pid_t pid, const char *why, struct nm_ledger *out,
				 struct nm_error *err);

NM_API void nm_ledger_done(struct nm_ledger *ledger);

/* ---- the classes of a heap: what its memory is --------------------------------------------- */

/* How a still image of a process is taken. */
enum nm_via {
	NM_VIA_AUTO,	 /* fork for large processes where that can be, else copy */
	NM_VIA_COPY,	 /* its memory is copied while it stands still */
	NM_VIA_FORK,	 /* it makes a copy-on-write child of itself, which is read at leisure */
	NM_VIA_CORE,	 /* it was one already: a core file */
	NM_VIA_SNAPSHOT, /* no image: a heap snapshot, which holds only what lives */
};

/* "copy" */
NM_API const char *nm_via_name(enum nm_via via);

/* Objects of one class. Live are those that can be reached from the roots; garbage those that can
   not be, and wait for V8 to collect them. */
struct nm_class {
	const char *name; /* as V8 names it: a constructor, or a kind in brackets: "(string)" */
	uint64_t count;
	uint64_t bytes; /* of the objects themselves, not of what they hold */
	uint64_t garbage_count;
	uint64_t garbage_bytes;
};

/* What each isolate has of it. */
struct nm_classes_isolate {
	char name[24];
	uint64_t live_bytes;
	uint64_t garbage_bytes;
};

struct nm_classes {
	pid_t pid;
	char node[32];
	char v8[40];
	char isolate[24];	/* the only one that was asked for; "" for all */
	struct nm_class *items; /* owned, with the names; the most live bytes first */
	size_t count;
	uint64_t live_count;
	uint64_t live_bytes;
	uint64_t garbage_count;
	uint64_t garbage_bytes;
	struct nm_classes_isolate *isolates; /* owned; main first */
	size_t isolate_count;
	uint64_t read_only_bytes; /* live ones which all isolates share; part of live_bytes */
	/* The walk proves itself: of the bytes walked so many could not be explained, and so many of
	   the pointers led to no object. */
	uint64_t walked_bytes;
	uint64_t unexplained_bytes;
	uint64_t pointers;
	uint64_t missed_pointers;
	/* What it cost the process. */
	enum nm_via via;
	unsigned stops;
	uint64_t stopped_us;
	uint64_t longest_stop_us;
	uint64_t copied_bytes;
	char why_not_fork[200]; /* "" when there was no need to say */
	uint64_t
		missing_bytes; /* that a core file should have and has not: too little is counted */
	uint64_t image_us;     /* how long taking the image took, and reading it after that */
	uint64_t walk_us;
};

struct nm_classes_options {
	const char *isolate; /* "main", "worker-1"; NULL for all */
	enum nm_via via;
	uint64_t max_stop_us; /* stop it no longer than this; 0 for 500 ms */
};

/*
 * The classes of all objects in the heaps of a process, from a still image of it; the process is
 * stopped for the time that takes. `out` is filled anew. NM_E_UNSUPPORTED: a V8 whose objects are
 * in no table, or of which too little could be explained; NM_E_BUSY, NM_E_LIMIT (the stop would be
 * too long), NM_E_USAGE (no isolate of that name), NM_E_GONE, NM_E_PERM, NM_E_IO, NM_E_NOMEM.
 */
NM_API int nm_classes_read(struct nm_target *target, const struct nm_classes_options *options,
			   struct nm_classes *out, struct nm_error *err);

/* The same of the core file at `path`, of the Node.js program at `exe`; NULL: where the core says that
   it was. Also NM_E_NOT_NODE, NM_E_CORRUPT. */
NM_API int nm_classes_read_core(const char *path, const char *exe,
				const struct nm_classes_options *options, struct nm_classes *out,
				struct nm_error *err);

/* The same of the heap snapshot at `path`, plain or compressed: what its writer took for live, with the
   sizes that it gave. NM_E_CORRUPT: the message says what is wrong, and at which byte. */
NM_API int nm_classes_read_snapshot(const char *path, struct nm_classes *out, struct nm_error *err);

NM_API void nm_classes_done(struct nm_classes *classes);

/* ---- a heap snapshot made from outside --------------------------------------------------------- */

struct nm_dump_options {
	const char *isolate; /* as above */
	enum nm_via via;
	uint64_t max_stop_us;
	bool redact; /* leave out the texts of strings */
};

struct nm_dump {
	uint64_t nodes;
	uint64_t edges;
	uint64_t bytes; /* of the file */
	enum nm_via via;
	unsigned stops;
	uint64_t stopped_us;
	uint64_t longest_stop_us;
	uint64_t copied_bytes;
	char why_not_fork[200];
	uint64_t missing_bytes; /* that a core file should have and has not: objects are missing */
	uint64_t image_us;	/* how long each step took */
	uint64_t walk_us;
	uint64_t write_us;
};

/*
 * Write what lives in the heaps of a process as a .heapsnapshot file at `path`, from a still image
 * of it. The file appears when it is whole. Fails as nm_classes_read() does.
 */
NM_API int nm_dump_write(struct nm_target *target, const char *path,
			 const struct nm_dump_options *options, struct nm_dump *out,
			 struct nm_error *err);

/* The same of the core file at `core`, as nm_classes_read_core(). */
NM_API int nm_dump_write_core(const char *core, const char *exe, const char *path,
			      const struct nm_dump_options *options, struct nm_dump *out,
			      struct nm_error *err);

/* ---- the machine ----------------------------------------------------------------------- */

enum nm_system_has {
	NM_HAS_CONSTRAINED = 1u << 0,
	NM_HAS_AVAILABLE = 1u << 1,
	NM_HAS_SWAP = 1u << 2,
};

/* The memory of the machine, and what the caller's control groups leave of it. */
struct nm_system {
	unsigned has;		     /* enum nm_system_has; the first two are always known */
	uint64_t totalmem;	     /* os.totalmem() */
	uint64_t freemem;	     /* os.freemem(): what can be had without swapping */
	uint64_t constrained_memory; /* the lowest limit of the cgroup and all above it; not set
					when there is none */
	uint64_t available_memory;   /* the least that is left under any of those limits */
	char constrained_by[256];    /* path of the cgroup with that lowest limit */
	uint64_t swap_total;
	uint64_t swap_free;
};

/* `pid` chooses whose control groups; 0 for the caller's own. */
NM_API int nm_system_read(pid_t pid, struct nm_system *out, struct nm_error *err);

/* ---- limits: all that can end a process for its memory ---------------------------------- */

/* The name is that of the document: Node's, getrlimit(2)'s or that of the file in cgroup v2. */
#define NM_LIMIT_LIST(X)                                                                     \
	X(HEAP, "heapSizeLimit", true)	     /* of one isolate: V8 gives up */               \
	X(ADDRESS_SPACE, "RLIMIT_AS", true)  /* mapping memory fails */                      \
	X(DATA, "RLIMIT_DATA", true)	     /* the same, of private writable memory */      \
	X(CGROUP_MAX, "memory.max", true)    /* the kernel kills in this group */            \
	X(CGROUP_HIGH, "memory.high", false) /* the kernel slows the group down */           \
	X(CGROUP_SWAP, "swap.max", false)    /* what the group may have in swap */           \
	X(CGROUP_MEMSW, "memsw.max", true)   /* cgroup v1: memory and swap together */       \
	X(MACHINE, "machine", true)	     /* the kernel kills somewhere on the machine */ \
	X(MACHINE_SWAP, "machineSwap", false)

enum nm_limit_kind {
#define X(name, text, ends) NM_LIMIT_##name,
	NM_LIMIT_LIST(X)
#undef X
};

enum nm_limit_has {
	NM_LIMIT_HAS_LIMIT = 1u << 0, /* without it there is none: unlimited */
	NM_LIMIT_HAS_USED = 1u << 1,
	NM_LIMIT_HAS_HEADROOM = 1u << 2,
	NM_LIMIT_HAS_DISTANCE = 1u << 3,
	NM_LIMIT_HAS_USAGE = 1u << 4,
	NM_LIMIT_HAS_CACHE = 1u << 5,
	NM_LIMIT_HAS_KILLS = 1u << 6,
};

struct nm_limit {
	enum nm_limit_kind kind;
	unsigned has;	   /* enum nm_limit_has */
	bool ends_process; /* reaching it does; the others slow down or move to another one */
	char scope[256];   /* the isolate, "process", the path of the cgroup, or "machine" */
	uint64_t limit;
	uint64_t used;	   /* of a cgroup: without the page cache, which the kernel can drop */
	uint64_t headroom; /* limit - used, or 0 */
	uint64_t distance; /* what the process must take from the kernel until the end is reached:
			      comparable between all that end it */
	uint64_t usage;	   /* of a cgroup, page cache and all */
	uint64_t cache;
	uint64_t kills; /* processes that the kernel killed in this cgroup so far */
};

enum nm_limits_has {
	NM_LIMITS_HAS_BELIEF = 1u << 0, /* and the defaults that follow from it */
	NM_LIMITS_HAS_SWAPPED = 1u << 1,
};

/* Where Node looks for the memory that it may use. */
#define NM_BELIEF_LIST(X)                                           \
	X(MACHINE, "the machine's memory: it sees no limit")        \
	X(GROUP_MAX, "the limit of its own control group")          \
	X(GROUP_HIGH, "memory.high of its own control group")       \
	X(GROUP_SOFT, "the soft limit of its own control group")    \
	X(TOP_MAX, "the limit at the top of /sys/fs/cgroup/memory") \
	X(ADDRESS_SPACE, "RLIMIT_AS")                               \
	X(DATA, "RLIMIT_DATA")

enum nm_belief_source {
#define X(name, text) NM_BELIEF_##name,
	NM_BELIEF_LIST(X)
#undef X
};

struct nm_limits {
	struct nm_limit *items; /* owned; isolates, process, cgroups from the lowest up, machine */
	size_t count;
	size_t first;		/* index of the one that is reached first; `count` when not known */
	unsigned has;		/* enum nm_limits_has */
	int cgroup_version;	/* where the memory controller is; 0 for none */
	uint64_t node_believes; /* the memory from which this Node computes its heap limit */
	enum nm_belief_source believes_from;
	bool is_proven; /* that rule was measured on this release line of Node */
	uint64_t
		default_heap_limit; /* heapSizeLimit and semi-space that this gives without flags */
	uint64_t default_semi_space;
	unsigned
		older_major; /* a release line of Node which would take another semi-space here, the
				 nearest older one; 0 for none */
	uint64_t older_semi_space;
	uint64_t swapped; /* memory of the process that is in swap */
};

/* Short name of a limit, as in JSON: "memory.max". */
NM_API const char *nm_limit_name(enum nm_limit_kind kind);

/*
 * Every limit above the process: V8's from `sample`, which is of the same target, the others read
 * now. NM_E_GONE, NM_E_PERM, NM_E_CORRUPT, NM_E_LIMIT, NM_E_IO, NM_E_NOMEM.
 */
NM_API int nm_limits_read(struct nm_target *target, const struct nm_sample *sample,
			  struct nm_limits *out, struct nm_error *err);
NM_API void nm_limits_done(struct nm_limits *limits);

/* ---- finding processes ----------------------------------------------------------------- */

struct nm_pid_list {
	pid_t *pids; /* owned, ascending */
	size_t count;
	size_t hidden;	    /* processes that could not be looked at: another user's */
	size_t hidden_node; /* those of them that were started as "node": behind the others in `pids` */
};

/* Every Node.js process that the caller may look at. */
NM_API int nm_find_node(struct nm_pid_list *out, struct nm_error *err);
NM_API void nm_pid_list_done(struct nm_pid_list *list);

/* ---- learning an unknown V8 ------------------------------------------------------------- */

struct nm_calibration {
	char node[32];
	char v8[40];
	char build_id[48];  /* hexadecimal, or empty */
	char saved_to[512]; /* the cache file which was written */
	char row[2048];	    /* the layout as a row of the layout table */
	unsigned runs;	    /* how often the binary was run */
	uint64_t took_us;
};

/*
 * Run the Node.js binary at `path` as the calling user, find where its V8 keeps its numbers,
 * prove that with a second run, and keep the result under XDG_CACHE_HOME for nm_target_open().
 * NM_E_UNSUPPORTED when a number could not be found or the proof failed.
 */
NM_API int nm_calibrate(const char *path, struct nm_calibration *out, struct nm_error *err);

#ifdef __cplusplus
}
#endif
#endif
