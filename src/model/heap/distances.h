/*
 * distances.h - how many edges lead to each node from what the program holds
 *
 * First from the objects which the root leads to, then from the root for what V8 alone holds. As in
 * Chrome DevTools some edges are not taken, as they lead to an object from where nobody would look
 * for it: a context's `sloppy_function_map`, most of an array of map descriptors, and the first of
 * the two edges to the value of a WeakMap's entry.
 *
 * Costs    4 bytes and a bit a node while they are found.
 */
#ifndef NM_MODEL_DISTANCES_H
#define NM_MODEL_DISTANCES_H

#include "model/heap/weakmap.h"

/* `out` has room for all nodes; NM_DISTANCE_NONE and NM_DISTANCE_SYSTEM are in heap.h. NM_E_NOMEM. */
int nm_distances_find(const struct nm_graph *graph, const struct nm_weakmap *weakmap, int32_t *out,
		      struct nm_error *err);

#endif
