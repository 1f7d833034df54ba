/*
 * collections.h - garbage collections, found from two looks at a heap
 *
 * V8 counts its collections. Where that counter is not known, a collection shows in what it frees: use of the
 * old generation falls in a major one only, use of the young one in any. What is freed and filled again between
 * two looks is not seen then, so drops find too few. V8 sweeps while the program runs again, which can take
 * seconds: use falls from look to look then, and that is one collection.
 */
#ifndef NM_MODEL_COLLECTIONS_H
#define NM_MODEL_COLLECTIONS_H

#include "nodemem.h"

/* One isolate's heap at one time. */
struct nm_heap_use {
	int64_t time_ms;     /* since 1970 */
	uint64_t old_used;   /* of all spaces but those of the young generation */
	uint64_t young_used; /* of new_space and new_large_object_space */
	bool has_counts;     /* of collections since the isolate began: */
	uint64_t majors, minors;
	bool old_falls, young_falls; /* set by nm_collections_find() */
};

/* From a sample. False when the use is not known, or is that of an earlier time
   because memory was being collected. */
bool nm_heap_use_of(const struct nm_isolate *isolate, int64_t time_ms, struct nm_heap_use *out);

/* Collections of one kind between two looks. */
struct nm_collection {
	bool is_major;
	bool by_counter; /* else found by a drop, and `count` is at least so many */
	uint64_t count;
	uint64_t before, after; /* used of the whole heap at the two looks */
};

#define NM_COLLECTIONS_MAX 2

/* The major and then the minor ones between two looks, 0 to 2 items. `before` was the `now` of the last call, or is
   the first look. */
unsigned nm_collections_find(const struct nm_heap_use *before, struct nm_heap_use *now,
			     struct nm_collection out[NM_COLLECTIONS_MAX]);

#endif
