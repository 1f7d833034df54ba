/*
 * graph.h - the live objects of a still heap as a graph, with the names of V8's own snapshots
 *
 * Node 0 is the root, below it stand the kinds of roots; then come the live objects in the order of
 * the heap, and behind them the memory of ArrayBuffers. References that keep nothing alive are weak
 * edges. A value in a WeakMap hangs on its key, as it does in truth.
 */
#ifndef NM_V8_GRAPH_H
#define NM_V8_GRAPH_H

#include "model/heap/graph.h"
#include "source/v8/names.h"

/* Longer strings are cut in the names of their nodes, as in V8's snapshots. */
#define NM_V8_NODE_NAME_MAX 1025

/* Of all isolates, or of the one with the Heap `only` if that is not 0. The heap's marks are then no
   longer those of the others. NM_E_LIMIT, NM_E_NOMEM. */
int nm_v8_graph_make(struct nm_v8_heap *heap, struct nm_v8_names *names, nm_addr only,
		     struct nm_graph **out, struct nm_error *err);

#endif
