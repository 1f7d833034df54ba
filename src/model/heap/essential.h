/*
 * essential.h - which edges count for dominators and retained sizes
 *
 * As in Chrome DevTools, these do not:
 *   - a WeakMap's edge to a value: the one from the key does, so that an entry is counted to its key
 *   - weak edges, and from a node to itself
 *   - shortcuts, but for those from the root
 *   - from what is not the page's to what is: a handle or a stack does not share what the program
 *     holds by itself. The page's is all that can be reached from the global objects; the root is
 *     exempt.
 *
 * Costs    a bit an edge; while it is found 4 bytes and a bit a node.
 */
#ifndef NM_MODEL_ESSENTIAL_H
#define NM_MODEL_ESSENTIAL_H

#include "base/bits.h"
#include "model/heap/weakmap.h"

/* A bit of each edge, to be freed with free(). NM_E_NOMEM. */
int nm_essential_find(const struct nm_graph *graph, const struct nm_weakmap *weakmap,
		      uint64_t **out, struct nm_error *err);

#endif
