/*
 * heap_diff.h - what came and went between snapshots of one process, by class
 *
 * Objects are told apart by their ids, which V8 gives each object of a process once; without them only by how
 * much a class grew is known. What came and went
 * is as in DevTools' comparison: only nodes with a size of their own, and an object that changed its
 * class (a plain one that got a property, say) went from the one and came to the other.
 *
 * Owns     the rows, until the struct is done. Their keys are borrowed from the classes.
 */
#ifndef NM_MODEL_HEAP_DIFF_H
#define NM_MODEL_HEAP_DIFF_H

#include "model/heap/constructors.h"

struct nm_diff_row {
	struct nm_class_key key;
	uint32_t now_class, base_class; /* its rows; NM_NO_CLASS where there is no such class */
	uint64_t added_count, removed_count; /* these four where the diff knows_both */
	uint64_t added_size, removed_size;
	int64_t count_delta, size_delta;
};

#define NM_NO_CLASS UINT32_MAX

struct nm_heap_diff {
	struct nm_diff_row *rows; /* those that grew most bytes first; none without a change */
	uint32_t count;
	bool knows_both; /* both heaps have stable ids */
};

/* `base` must have been made with the interfaces of `now`. NM_E_NOMEM. */
int nm_heap_diff_make(const struct nm_constructors *base, const struct nm_constructors *now,
		      struct nm_heap_diff *out, struct nm_error *err);

void nm_heap_diff_done(struct nm_heap_diff *diff);

/* Of three snapshots: what was born between the first and the second and is in the third. */
struct nm_survivor_row {
	uint32_t class; /* row of the last snapshot's classes */
	uint64_t count;
	uint64_t size; /* as of the last snapshot */
};

struct nm_survivors {
	struct nm_survivor_row *rows; /* those of most bytes first */
	uint32_t count;
	nm_node *nodes; /* of the last snapshot, by id */
	uint32_t node_count;
};

/* All must have stable ids. NM_E_NOMEM. */
int nm_survivors_make(const struct nm_heap *first, const struct nm_heap *second,
		      const struct nm_constructors *last, struct nm_survivors *out,
		      struct nm_error *err);

void nm_survivors_done(struct nm_survivors *survivors);

#endif
