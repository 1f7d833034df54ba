/*
 * counters.h - the numbers of process.memoryUsage(), for all isolates of a process at once
 *
 * Prepared once for a set of isolates; after that, a sample is one system call. The words are
 * not read at one instant: the collector's state and all that changes when an area of memory is
 * used up are read first and last, and a sample is used only if both times no collection was
 * under way and they were the same.
 *
 * Formulas Heap::CommittedMemory, Heap::SizeOfObjects, Heap::MaxReserved and
 *          NewSpace::Size in V8's src/heap/; node's MemoryUsage in src/node_process_methods.cc.
 */
#ifndef NM_V8_COUNTERS_H
#define NM_V8_COUNTERS_H

#include "source/remote/gather.h"
#include "source/v8/isolate.h"

struct nm_v8_counters;

/* Borrows `process` and `isolates` for its life. NM_E_NOMEM, NM_E_GONE, NM_E_IO. */
int nm_v8_counters_new(const struct nm_v8_process *process, const struct nm_v8_isolates *isolates,
		       struct nm_v8_counters **out, struct nm_error *err);

enum nm_v8_reading {
	NM_V8_READING_GOOD,    /* every isolate's numbers are good */
	NM_V8_READING_TORN,    /* an isolate took new memory meanwhile: read again at once */
	NM_V8_READING_IN_GC,   /* one or more isolates were in a collection: wait for its end */
	NM_V8_READING_CHANGED, /* isolates came or went: find them anew */
	NM_V8_READING_GONE,    /* the memory cannot be read: the process has ended */
	NM_V8_READING_DENIED,  /* the kernel no longer lets us */
};

/*
 * One system call. `out` has an element for each isolate, in order. An isolate in a collection, or
 * torn, has in_gc set and its heap_used, spaces' used and gcs are not known; its other numbers are.
 */
enum nm_v8_reading nm_v8_counters_read(struct nm_v8_counters *counters, struct nm_isolate *out);

/* False when node's list has isolates which are not among ours: a worker may just be starting. */
bool nm_v8_counters_is_complete(const struct nm_v8_counters *counters);

void nm_v8_counters_free(struct nm_v8_counters *counters);

#endif
