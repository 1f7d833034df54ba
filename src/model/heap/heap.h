/*
 * heap.h - what a graph says of each of its nodes: shallow and retained size, distance, dominator
 *
 * The numbers are those of Chrome DevTools' heap snapshot view, node by node. Where its rules go beyond
 * what is known of graphs (which edges count, whose size a hidden part of an object is), they are told
 * in essential.h, shallow.h, distances.h and dominators.h.
 *
 * Owns     the columns, until nm_heap_free(). The graph is borrowed and must live on.
 * Costs    24 bytes a node; while it is made some 40 more a node, and 4 an edge.
 */
#ifndef NM_MODEL_HEAP_H
#define NM_MODEL_HEAP_H

#include "model/heap/graph.h"

/* Not to be reached from the root at all. */
#define NM_DISTANCE_NONE (-5)
/* From here on: reached only by way of (GC roots), not from what the program itself holds. */
#define NM_DISTANCE_SYSTEM 100000000

struct nm_heap {
	const struct nm_graph *graph;
	uint64_t *shallow;  /* bytes, with those of hidden parts that belong to one node only */
	uint64_t *retained; /* bytes: what would be free without the node */
	int32_t *distance;  /* edges from what the program holds */
	nm_node *dominator; /* the root's is the root */
	uint64_t total;	    /* bytes of the whole heap, the graph's extra_bytes included */
};

/* NM_E_NOMEM. */
int nm_heap_make(const struct nm_graph *graph, struct nm_heap **out, struct nm_error *err);

void nm_heap_free(struct nm_heap *heap);

#endif
