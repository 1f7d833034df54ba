/*
 * last_heap.h - what filled a heap that came near its limit
 *
 * Histograms are taken a few times on the way to the limit; kept are the first one and the last one
 * of a process, so that what grew can be told after its end.
 *
 * Owns     both, until nm_last_heap_done().
 */
#ifndef NM_MODEL_LAST_HEAP_H
#define NM_MODEL_LAST_HEAP_H

#include "model/heap/classes.h"
#include "model/history.h"

/* So many times at most a process is stopped for it. */
#define NM_LAST_HEAP_MAX 6

struct nm_last_heap {
	pid_t pid;
	char isolate[24]; /* whose heap it is */
	unsigned taken;	  /* histograms so far */
	int64_t first_ms, last_ms;
	uint64_t first_used, last_used; /* heapUsed then, garbage and all */
	struct nm_classes first, last;	/* the same one when taken is 1 */
	uint64_t stopped_us;		/* of all */
	/* Filled by nm_last_heap_finish(): the classes, the largest first; with the growth when there
	   are two. Names are borrowed from above. */
	struct nm_class_row *rows;
	size_t row_count;
};

/* What was seen of one heap so far; zeroed at first. */
struct nm_last_heap_watch {
	unsigned level;	   /* what its use has passed */
	unsigned gc_looks; /* how often on end it was seen in a collection */
};

/*
 * Is it time for a histogram of the isolate? Yes once its use passed 75 % of what it may have for old
 * objects (young ones count half), then 88 % and 96 %; again when it had fallen below 60 % in between. A small heap may be
 * collected whenever it is looked at; then rss tells, less surely.
 */
bool nm_last_heap_is_due(const struct nm_sample *sample, const struct nm_isolate *isolate,
			 struct nm_last_heap_watch *watch);

/* Is so much of it in use that the next thing to happen may be its end? */
bool nm_last_heap_is_near(const struct nm_isolate *isolate);

/* Does any heap come near its limit, or can't that be told because it is being collected? */
bool nm_last_heap_is_close(const struct nm_sample *sample);

/* A histogram of that isolate was taken; takes ownership of the classes. One of another isolate than
   before begins anew. */
void nm_last_heap_add(struct nm_last_heap *heap, const char *isolate, int64_t time_ms,
		      uint64_t used, struct nm_classes *classes);

/* The first and the last histogram near the limit that a recording has of the process; finished. `out` is
   initialised here; `taken` is 0 when there is none. NM_E_NOMEM. */
int nm_last_heap_of_history(const struct nm_history_process *process, struct nm_last_heap *out);

/* NM_E_NOMEM. */
int nm_last_heap_finish(struct nm_last_heap *heap);

/*
 * The class to look at first, after nm_last_heap_finish(): of the program's own classes the one that grew
 * most, or has most where there is one histogram only; where none has a share worth a word, of all. NULL
 * when there are no rows.
 */
const struct nm_class_row *nm_last_heap_suspect(const struct nm_last_heap *heap);

void nm_last_heap_done(struct nm_last_heap *heap);

#endif
