/*
 * detached.h - which native nodes belong to a document no longer
 *
 * Some nodes know whether they are attached. The native ones that they lead to are as they are, and those
 * of attached nodes attached even if detached ones lead there too. DevTools puts "Detached " before the
 * names of detached nodes.
 */
#ifndef NM_MODEL_DETACHED_H
#define NM_MODEL_DETACHED_H

#include "model/heap/graph.h"

/* Values of the graph's column `detachedness`. */
#define NM_ATTACHED 1
#define NM_DETACHED 2

/* The state of each node, to be freed with free(3); NULL in `out` when no node knows anything.
   NM_E_NOMEM. */
int nm_detached_make(const struct nm_graph *graph, uint8_t **out, struct nm_error *err);

#endif
