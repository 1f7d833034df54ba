/*
 * paths.h - the shortest way from the root of a graph to each of its nodes
 *
 * Along edges that keep alive what they lead to: weak ones are not taken. Of ways of the same
 * length it is the one whose edges come first.
 *
 * Costs    8 bytes a node, and one pass over all edges.
 */
#ifndef NM_MODEL_PATHS_H
#define NM_MODEL_PATHS_H

#include "model/heap/graph.h"

#define NM_NO_EDGE UINT32_MAX

struct nm_paths {
	nm_node *from;	/* the node before; NM_NO_NODE: the root, or not to be reached */
	uint32_t *edge; /* by which; NM_NO_EDGE likewise */
};

/* NM_E_NOMEM. The graph is borrowed for the call only. */
int nm_paths_find(const struct nm_graph *graph, struct nm_paths *out, struct nm_error *err);

struct nm_heap;

/* The same by the distances of the heap, which begin at what the program itself holds: of several ways not
   the one through V8's handles or stack, if there is another. As long as Chrome DevTools says. What is not
   reached by any has an edge from what is, if there is one, perhaps a weak one. */
int nm_paths_by_distance(const struct nm_heap *heap, struct nm_paths *out, struct nm_error *err);

/*
 * The edges from the root to `node`, nearest to the root first, at most `room` of them: of a longer
 * way the last ones, which say who holds it. Returns how many were written.
 */
size_t nm_paths_get(const struct nm_paths *paths, nm_node node, uint32_t *out, size_t room);

void nm_paths_done(struct nm_paths *paths);

#endif
